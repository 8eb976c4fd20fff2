/* test_list.c: are all candidates listed, the best first, and no others?
 *
 * Random regions of every family under every rule, against the oracle: all of them and the first few, with distances,
 * counted only, with buffers that are repeatedly too small, over a built index and over its block; then many disks
 * against a loop over all, and an allocator that fails at every call. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"
#include "built.h"

enum { POINTS = 12, ROOM = POINTS * MAX_REGIONS };

static zoo z;
static rules u;

static pm_lister *lister_of(const pm_index *index) {
    pm_lister *lister = NULL;
    if (pm_lister_build(index, NULL, &lister, NULL) != PM_OK)
        abort();
    return lister;
}

/* As many points as fit into the buffer at a time; it grows only if a single point doesn't fit. */
static int list_in_rooms(const pm_lister *lister, const pm_points *points, size_t most, size_t room, int64_t *counts,
                         int64_t *ids, double *distances, size_t *total) {
    *total = 0;
    for (size_t first = 0; first < points->count;) {
        pm_points rest = *points;
        rest.x += first;
        rest.y += first;
        rest.count -= first;
        const pm_lists lists = {.counts = counts + first,
                                .ids = ids + *total,
                                .distances = distances ? distances + *total : NULL,
                                .room = room};
        size_t done = 0;
        if (pm_lister_list(lister, &rest, most, &lists, &done, NULL) != PM_OK || done > rest.count)
            return 0;
        if (done == 0 && (size_t)counts[first] <= room)
            return 0;
        if (done == 0)
            room = (size_t)counts[first];
        for (size_t i = first; i < first + done; i++)
            *total += (size_t)counts[i];
        first += done;
    }
    return 1;
}

static int is_distance(size_t region, double x, double y, double value) {
    double center[2];
    if (u.options.predicate != PM_CENTER_WITHIN)
        return oracle_distance_is(&z.regions, region, x, y, value);
    oracle_center(&z.regions, region, center);
    const double edge[4] = {center[0], center[1], center[0], center[1]};
    return isinf(center[0]) || isinf(center[1]) ? isinf(value) : oracle_edge_distance_is(edge, x, y, value);
}

static void check(tap_count *lists_count, tap_count *values, const pm_index *index, rng *r) {
    int64_t counts[POINTS], ids[ROOM], expected[MAX_REGIONS];
    double distances[ROOM];
    const int measured = u.options.predicate != PM_COVERS;
    pm_lister *lister = lister_of(index);
    size_t most = rng_below(r, 3) ? SIZE_MAX : 1 + rng_below(r, 4), total;
    size_t room = rng_below(r, 2) ? ROOM : rng_below(r, 4);
    int right = list_in_rooms(lister, &u.points, most, room, counts, ids, measured ? distances : NULL, &total);
    for (size_t i = 0, at = 0; right && i < u.points.count; at += (size_t)counts[i], i++) {
        size_t count = oracle_candidates(&z.regions, &u.options, u.x[i], u.y[i], expected);
        count = count < most ? count : most;
        right = (size_t)counts[i] == count && memcmp(ids + at, expected, count * sizeof *ids) == 0;
        for (size_t k = at; right && measured && k < at + count; k++)
            tap_case(values, is_distance((size_t)ids[k], u.x[i], u.y[i], distances[k]));
    }
    if (tap_case(lists_count, right)) {
        rules_print(&u, pm_regions_count(&z.regions));
        zoo_print(&z);
    }
    int64_t again[POINTS], others[ROOM];
    size_t done = 0;
    const pm_lists counted = {.counts = again};
    pm_status status = pm_lister_list(lister, &u.points, most, &counted, &done, NULL);
    tap_case(lists_count,
             status == PM_OK && done == u.points.count && memcmp(again, counts, done * sizeof *again) == 0);
    const pm_lists unmeasured = {.counts = again, .ids = others, .room = ROOM};
    status = pm_lister_list(lister, &u.points, most, &unmeasured, &done, NULL);
    tap_case(lists_count, status == PM_OK && done == u.points.count &&
                              memcmp(again, counts, done * sizeof *again) == 0 &&
                              memcmp(others, ids, total * sizeof *ids) == 0);
    pm_lister_free(lister);
}

static void test_families(void) {
    rng r = rng_new(71);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char names[2][80];
        tap_count count = {names[0], 0, 0}, values = {names[1], 0, 0};
        snprintf(names[0], 80, "lists, %s", family_names[kind]);
        snprintf(names[1], 80, "their distances, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(120, 4000); i++) {
            source s = source_new(&r, (family)kind);
            zoo_fill(&z, &r, &s, rng_below(&r, 10));
            rules_fill(&u, &r, &s, &z, POINTS);
            pm_index *index = build(&z.regions, &u.options), *opened = NULL;
            check(&count, &values, index, &r);
            size_t size;
            const void *block = pm_index_block(index, &size);
            if (pm_index_open(block, size, 1, NULL, &opened, NULL) != PM_OK)
                abort();
            check(&count, &values, opened, &r);
            pm_index_free(opened);
            pm_index_free(index);
        }
        tap_tally(&count);
        tap_tally(&values);
    }
}

/* Thousands of disks, of one size and of many, some without a center or with an infinite radius. */
static void test_disks(void) {
    enum { MOST = 4000, TESTED = 200 };
    static double x[MOST], y[MOST], radius[MOST], px[TESTED], py[TESTED];
    static int64_t counts[TESTED], ids[TESTED * MOST], expected[MOST];
    rng r = rng_new(72);
    tap_count count = {"lists of many disks", 0, 0};
    for (long i = 0; i < tap_cases(12, 60); i++) {
        size_t n = rng_below(&r, MOST), bound = 0, at = 0, done = 0;
        for (size_t k = 0; k < n; k++) {
            x[k] = rng_below(&r, 500) ? rng_below(&r, 200) / 4.0 : NAN;
            y[k] = rng_below(&r, 200) / 4.0;
            radius[k] = rng_below(&r, 400) ? rng_below(&r, 12) / 4.0 : INFINITY;
        }
        for (size_t k = 0; k < TESTED; k++) {
            px[k] = rng_below(&r, 200) / 4.0;
            py[k] = rng_below(&r, 8) ? rng_below(&r, 200) / 4.0 : 1e200;
        }
        const pm_disks disks = {.x = x, .y = y, .count = n};
        const pm_points points = {.x = px, .y = py, .x_stride = sizeof *px, .y_stride = sizeof *py, .count = TESTED};
        const pm_options options = {
            .predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .distance = radius, .distance_count = i % 2 ? 1 : n};
        pm_index *index = NULL;
        if (pm_index_build_disks(&disks, &options, &index, NULL) != PM_OK)
            abort();
        pm_lister *lister = lister_of(index);
        const pm_lists lists = {.counts = counts, .ids = ids, .room = TESTED * MOST};
        int right = pm_lister_list(lister, &points, SIZE_MAX, &lists, &done, NULL) == PM_OK && done == TESTED;
        for (size_t k = 0; right && k < TESTED; at += (size_t)counts[k], k++) {
            bound = 0;
            for (size_t id = 0; id < n; id++)
                if (pm_is_closer((const double[2]){x[id], y[id]}, px[k], py[k], radius[i % 2 ? 0 : id]))
                    expected[bound++] = (int64_t)id;
            right = (size_t)counts[k] == bound && memcmp(ids + at, expected, bound * sizeof *ids) == 0;
            tap_case(&count, right);
        }
        pm_lister_free(lister);
        pm_index_free(index);
    }
    tap_tally(&count);
}

static void test_memory(void) {
    rng r = rng_new(73);
    tap_count failing = {"the k-th allocation of a lister or a list fails", 0, 0}, working = {"then none does", 0, 0};
    for (long i = 0; i < tap_cases(40, 600); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, 1 + rng_below(&r, 8));
        rules_fill(&u, &r, &s, &z, POINTS);
        pm_index *index = build(&z.regions, &u.options);
        for (long k = 0, failed = 1; failed; k++) {
            ledger l = ledger_new(k);
            const pm_allocator allocator = ledger_allocator(&l);
            pm_lister *lister = NULL;
            int64_t counts[POINTS], ids[ROOM];
            const pm_lists lists = {.counts = counts, .ids = ids, .room = ROOM};
            size_t done = 0;
            pm_error err = {PM_OK, 0, ""};
            pm_status status = pm_lister_build(index, &allocator, &lister, &err);
            int alike = (status == PM_OK) == (lister != NULL);
            if (!status)
                status = pm_lister_list(lister, &u.points, SIZE_MAX, &lists, &done, &err);
            failed = l.calls > k;
            pm_lister_free(lister);
            alike = alike && l.live == 0 && !l.broken;
            if (failed)
                tap_case(&failing, alike && status == PM_ERR_NO_MEMORY && err.status == status);
            else
                tap_case(&working, alike && status == PM_OK && done == POINTS);
        }
        pm_index_free(index);
    }
    tap_tally(&failing);
    tap_tally(&working);
}

static void test_errors(void) {
    static const double coords[] = {0, 0, 1, 0, 0, 1}, zero = 0;
    static const int64_t offsets[] = {0, 3}, one[] = {0, 1};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 3,
                                .ring_offsets = offsets,
                                .ring_count = 1,
                                .polygon_offsets = one,
                                .polygon_count = 1};
    pm_index *index = build(&regions, NULL);
    pm_lister *lister = lister_of(index);
    const pm_points points = {.x = &zero, .y = &zero, .x_stride = 8, .y_stride = 8, .count = 1};
    int64_t counts[1], ids[1];
    double distances[1];
    size_t done = 5;
    pm_error err = {PM_OK, 0, ""};
    pm_lists lists = {.counts = counts, .ids = ids, .distances = distances, .room = 1};
    tap_ok(pm_lister_list(lister, &points, SIZE_MAX, &lists, &done, &err) == PM_ERR_ARGUMENT && done == 0 &&
               strstr(err.message, "nearest"),
           "covers has no distances: %s", err.message);
    lists.distances = NULL;
    lists.reserved[3] = 1;
    tap_ok(pm_lister_list(lister, &points, SIZE_MAX, &lists, &done, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_lister_build(index, NULL, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    pm_lister_free(NULL);
    pm_lister_free(lister);
    pm_index_free(index);
}

int main(void) {
    test_families();
    test_disks();
    test_memory();
    test_errors();
    return tap_end();
}
