/* test_memory.c: what happens when memory runs out?
 *
 * Every function that allocates runs under an allocator that fails at its k-th call, for every k until no call is
 * left to fail: the status says so, *out is NULL, and everything allocated is freed, each block once. The same
 * allocator checks the library's contract: no size of 0, no NULL released, no memory but the allocator's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"

static zoo z;
static rules u;
static int64_t out[MAX_POINTS], expected[MAX_POINTS];

static void test_build(void) {
    rng r = rng_new(51);
    tap_count failing = {"the k-th allocation of a build fails", 0, 0}, working = {"then none does", 0, 0};
    tap_count size = {"pm_index_size() is what the index holds", 0, 0};
    long most = 0;
    for (long i = 0; i < tap_cases(400, 4000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 20);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        for (long k = 0;; k++) {
            ledger l = ledger_new(k);
            pm_allocator allocator = ledger_allocator(&l);
            pm_index *index = (pm_index *)(uintptr_t)1;
            pm_error err = {PM_OK, 5, ""};
            u.options.allocator = &allocator;
            pm_status status = pm_index_build(&z.regions, &u.options, &index, k % 2 ? &err : NULL);
            if (l.calls <= k) { /* no k-th allocation any more */
                int right = status == PM_OK && l.live > 0 && !l.broken;
                if (right) {
                    tap_case(&size, pm_index_size(index) == l.live_size);
                    allocator = (pm_allocator){NULL, NULL, NULL}; /* the index has a copy */
                    pm_index_match(index, &u.points, out);
                    right = memcmp(out, expected, 20 * sizeof out[0]) == 0;
                    long calls = l.calls;
                    pm_index_free(index);
                    right = right && l.calls == calls;
                }
                tap_case(&working, right && l.live == 0 && !l.broken);
                most = k > most ? k : most;
                break;
            }
            tap_case(&failing, status == PM_ERR_NO_MEMORY && index == NULL && l.live == 0 && !l.broken &&
                                   l.calls == k + 1 &&
                                   (k % 2 == 0 || (err.status == PM_ERR_NO_MEMORY && err.message[0] != '\0')));
        }
    }
    tap_tally(&failing);
    tap_tally(&working);
    tap_tally(&size);
    tap_ok(most >= 1, "a build allocates (at most %ld times)", most);
}

static void test_disks(void) {
    static const size_t sizes[] = {0, 1, 8, 100, 5000};
    static double x[5000], y[5000], area[5000];
    rng r = rng_new(52);
    tap_count failing = {"the k-th allocation over disks fails", 0, 0},
              working = {"then none does, over disks", 0, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const double d = 0.125;
        double px[20], py[20];
        for (size_t k = 0; k < sizes[i]; k++) {
            x[k] = rng_unit(&r);
            y[k] = rng_unit(&r);
            area[k] = rng_unit(&r);
        }
        for (size_t k = 0; k < 20; k++) {
            px[k] = rng_unit(&r);
            py[k] = rng_unit(&r);
        }
        const pm_disks disks = {.x = x, .y = y, .area = area, .count = sizes[i]};
        const pm_points points = {
            .x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 20};
        pm_options options = {.predicate = PM_CENTER_WITHIN, .distance = &d, .distance_count = 1};
        oracle_match_disks(&disks, &options, &points, expected);
        for (int at_once = 0; at_once < 2; at_once++)
            for (long k = 0;; k++) {
                ledger l = ledger_new(k);
                const pm_allocator allocator = ledger_allocator(&l);
                pm_index *index = NULL;
                options.allocator = &allocator;
                pm_status status = at_once ? pm_match_disks(&disks, &options, &points, out, NULL)
                                           : pm_index_build_disks(&disks, &options, &index, NULL);
                int done = l.calls <= k;
                if (done && index != NULL)
                    pm_index_match(index, &points, out);
                if (!done)
                    tap_case(&failing, status == PM_ERR_NO_MEMORY && index == NULL && l.live == 0 && !l.broken);
                pm_index_free(index);
                if (done) {
                    tap_case(&working, status == PM_OK && l.live == 0 && !l.broken &&
                                           memcmp(out, expected, 20 * sizeof out[0]) == 0);
                    break;
                }
            }
    }
    tap_tally(&failing);
    tap_tally(&working);
}

/* Failures for other reasons free everything as well. */
static void test_other_failures(void) {
    static const double x[] = {0, 1}, y[] = {0, 1}, nan_scores[] = {0, NAN}, d = 1;
    ledger l = ledger_new(-1);
    const pm_allocator allocator = ledger_allocator(&l);
    const pm_disks disks = {.x = x, .y = y, .count = 2};
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 2};
    const pm_options options = {.predicate = PM_CENTER_WITHIN,
                                .best = PM_SCORE_DOUBLE,
                                .scores = nan_scores,
                                .distance = &d,
                                .distance_count = 1,
                                .allocator = &allocator};
    pm_index *index = NULL;
    tap_ok(pm_index_build_disks(&disks, &options, &index, NULL) == PM_ERR_SCORE && index == NULL && l.live == 0,
           "a NaN score leaks nothing");
    tap_ok(pm_match_disks(&disks, &options, &points, out, NULL) == PM_ERR_SCORE && l.live == 0, "nor at once");
    static const double coords[] = {0, 0, 1, 0, 0, 1};
    static const int64_t rings[] = {0, 1, 3}, polygons[] = {0, 1, 2};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 3,
                                .ring_offsets = rings,
                                .ring_count = 2,
                                .polygon_offsets = polygons,
                                .polygon_count = 2};
    tap_ok(pm_index_build(&regions, &options, &index, NULL) == PM_ERR_SCORE && index == NULL && l.live == 0 &&
               !l.broken,
           "nor over regions");
}

/* With a period an index has an array in addition to its block, built or opened. */
static void test_period(void) {
    static const double x[] = {0, 8, 11}, y[] = {0, 0, 0}, d = 2;
    const pm_disks disks = {.x = x, .y = y, .count = 3};
    pm_options options = {
        .predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .distance = &d, .distance_count = 1, .period = 10};
    pm_index *index = NULL, *opened = NULL;
    size_t size;
    long made = 0;
    for (long k = 0; !index && k < 20; k++) {
        ledger l = ledger_new(k);
        const pm_allocator allocator = ledger_allocator(&l);
        options.allocator = &allocator;
        pm_status status = pm_index_build_disks(&disks, &options, &index, NULL);
        if (index) {
            tap_ok(pm_index_size(index) == l.live_size, "pm_index_size() counts the ranks");
            made = l.calls;
            pm_index_free(index);
            tap_ok(l.live == 0 && !l.broken, "all is given back");
        } else {
            tap_ok(status == PM_ERR_NO_MEMORY && l.live == 0 && !l.broken, "allocation %ld of a build fails", k);
        }
    }
    options.allocator = NULL;
    if (!tap_ok(made > 0 && pm_index_build_disks(&disks, &options, &index, NULL) == PM_OK, "then none does"))
        return;
    const void *block = pm_index_block(index, &size);
    for (long k = 0; !opened && k < 20; k++) {
        ledger l = ledger_new(k);
        const pm_allocator allocator = ledger_allocator(&l);
        pm_status status = pm_index_open(block, size, 1, &allocator, &opened, NULL);
        if (opened)
            pm_index_free(opened);
        tap_ok(l.live == 0 && !l.broken && status == (opened ? PM_OK : PM_ERR_NO_MEMORY),
               "allocation %ld of opening one fails", k);
    }
    tap_ok(opened != NULL, "then none does");
    pm_index_free(index);
}

/* Lists over several turns of a point take the places of each. */
static void test_lists_of_turns(pm_predicate predicate) {
    static const double coords[] = {0, 0, 4, 0, 4, 4, 20, 0, 24, 0, 24, 4}, d = 30;
    static const int64_t rings[] = {0, 3, 6}, polygons[] = {0, 1, 2};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 6,
                                .ring_offsets = rings,
                                .ring_count = 2,
                                .polygon_offsets = polygons,
                                .polygon_count = 2};
    pm_options options = {.predicate = predicate, .best = PM_FIRST, .period = 10};
    options.distance = predicate == PM_COVERS ? NULL : &d;
    options.distance_count = predicate != PM_COVERS;
    pm_index *index = NULL;
    if (!tap_ok(pm_index_build(&regions, &options, &index, NULL) == PM_OK, "an index with a period"))
        return;
    const double x = 1002, y = 1;
    const ptrdiff_t step = sizeof x;
    const pm_points point = {.x = &x, .y = &y, .x_stride = step, .y_stride = step, .count = 1};
    long listed = 0;
    for (long k = 0; !listed && k < 30; k++) {
        ledger l = ledger_new(k);
        const pm_allocator allocator = ledger_allocator(&l);
        pm_lister *lister = NULL;
        int64_t counts[1], ids[4];
        const pm_lists lists = {.counts = counts, .ids = ids, .room = 4};
        size_t done;
        pm_status status = pm_lister_build(index, &allocator, &lister, NULL);
        if (!status)
            status = pm_lister_list(lister, &point, SIZE_MAX, &lists, &done, NULL);
        listed = status == PM_OK ? k : 0;
        pm_lister_free(lister);
        tap_ok(l.live == 0 && !l.broken && (listed ? counts[0] == 2 : status == PM_ERR_NO_MEMORY),
               "allocation %ld of listing over turns fails", k);
    }
    tap_ok(listed > 2, "then none does");
    pm_index_free(index);
}

int main(void) {
    test_build();
    test_disks();
    test_other_failures();
    test_period();
    test_lists_of_turns(PM_COVERS);
    test_lists_of_turns(PM_CENTER_WITHIN);
    test_lists_of_turns(PM_DWITHIN);
    test_lists_of_turns(PM_NEAREST);
    return tap_end();
}
