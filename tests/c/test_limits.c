/* test_limits.c: does a build stay within its limits?
 *
 * max_bytes holds for every budget from the least possible one to more than enough. poll may stop a build at every
 * call, and then everything is freed; polled and not stopped, the index is the same. So it is in whatever order `run`
 * runs its tasks, and it may stop the build as well. Given areas are used instead of measured ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "polymatch.h"
#include "ledger.h"
#include "tap.h"
#include "built.h"

static size_t block_size(const pm_index *index) {
    size_t size;
    (void)pm_index_block(index, &size);
    return size;
}

enum { SIDE = 180 };

/* Squares side by side. */
static pm_regions squares(void) {
    static double coords[8 * SIDE * SIDE];
    static int64_t rings[SIDE * SIDE + 1], polygons[SIDE * SIDE + 1];
    for (int i = 0; i < SIDE * SIDE; i++) {
        double x = i % SIDE, y = (i - i % SIDE) / SIDE;
        const double square[] = {x, y, x + 1, y, x + 1, y + 1, x, y + 1};
        memcpy(coords + 8 * i, square, sizeof square);
        rings[i + 1] = 4 * (i + 1);
        polygons[i + 1] = i + 1;
    }
    return (pm_regions){.coords = coords,
                        .coord_count = 4 * SIDE * SIDE,
                        .ring_offsets = rings,
                        .ring_count = SIDE * SIDE,
                        .polygon_offsets = polygons,
                        .polygon_count = SIDE * SIDE};
}

static void test_max_bytes(void) {
    const pm_regions regions = squares();
    pm_options options = {.engine = PM_ENGINE_SCAN};
    pm_index *index = build(&regions, &options);
    size_t plain = block_size(index);
    pm_index_free(index);
    options.engine = PM_ENGINE_TREE;
    index = build(&regions, &options);
    size_t whole = block_size(index);
    pm_index_free(index);
    tap_ok(whole > plain, "%zu bytes, with a tree %zu", plain, whole);
    tap_count within = {"max_bytes is never exceeded", 0, 0};
    for (size_t limit = plain; limit < whole + whole / 8; limit += whole / 32) {
        options.max_bytes = limit;
        index = build(&regions, &options);
        tap_case(&within, block_size(index) <= limit);
        pm_index_free(index);
    }
    tap_tally(&within);
    pm_error err;
    options.max_bytes = plain - 1;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_SIZE && index == NULL, "%s", err.message);
    const double x[3] = {0, 1, 2}, distance = 1;
    const pm_disks disks = {.x = x, .y = x, .area = x, .count = 3};
    options =
        (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1, .max_bytes = 100};
    tap_ok(pm_index_build_disks(&disks, &options, &index, &err) == PM_ERR_SIZE && index == NULL, "disks: %s",
           err.message);
}

typedef struct patience {
    long calls, until; /* -1: for ever */
    int broken;
} patience;

static int count_calls(void *context) {
    patience *p = context;
    p->broken |= p->until >= 0 && p->calls > p->until;
    return p->calls++ == p->until;
}

static void test_poll(void) {
    const pm_regions regions = squares();
    const double distance = 1;
    static const char *const names[] = {"tree", "disks", "scan"};
    tap_count stops = {"a build stops where poll says so, and leaves nothing", 0, 0};
    for (int kind = 0; kind < 3; kind++) {
        pm_index *plain = NULL, *index = NULL;
        pm_options options = {.engine = PM_ENGINE_TREE};
        if (kind == 2)
            options.engine = PM_ENGINE_SCAN;
        if (kind == 1)
            options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1};
        plain = build(&regions, &options);
        for (long k = 0;; k++) {
            patience p = {0, k, 0};
            ledger l = ledger_new(-1);
            const pm_allocator allocator = ledger_allocator(&l);
            pm_error err;
            options.poll = count_calls;
            options.poll_context = &p;
            options.allocator = &allocator;
            pm_status status = pm_index_build(&regions, &options, &index, &err);
            if (p.calls <= k) {
                int same = status == PM_OK && block_size(index) == block_size(plain);
                size_t size = block_size(plain);
                same = same && memcmp(pm_index_block(index, &size), pm_index_block(plain, &size), size) == 0;
                pm_index_free(index);
                tap_ok(same && k >= (kind == 1 ? 1 : 2) && l.live == 0 && !l.broken,
                       "%s: polled %ld times; the index is the same", names[kind], p.calls);
                break;
            }
            tap_case(&stops, status == PM_ERR_STOPPED && index == NULL && l.live == 0 && !l.broken && !p.broken &&
                                 err.status == PM_ERR_STOPPED);
        }
        pm_index_free(plain);
    }
    tap_tally(&stops);
}

/* Runs tasks from the last to the first, and stops when `until` have run; -1: never. */
typedef struct backwards {
    long until, tasks, calls;
} backwards;

static int run_backwards(void *context, void (*task)(void *tasks, size_t number), void *tasks, size_t count) {
    backwards *r = context;
    r->calls++;
    for (size_t i = count; i-- > 0; r->tasks++) {
        if (r->tasks == r->until)
            return 1;
        task(tasks, i);
    }
    return 0;
}

static void test_run(void) {
    const pm_regions regions = squares();
    pm_options options = {.engine = PM_ENGINE_TREE};
    tap_count stops = {"a build stops where run says so, and leaves nothing", 0, 0};
    pm_index *plain = build(&regions, &options), *index = NULL;
    size_t size;
    const void *block = pm_index_block(plain, &size);
    for (long k = 0;; k += 5) {
        backwards r = {k, 0, 0};
        ledger l = ledger_new(-1);
        const pm_allocator allocator = ledger_allocator(&l);
        options.run = run_backwards;
        options.run_context = &r;
        options.allocator = &allocator;
        pm_status status = pm_index_build(&regions, &options, &index, NULL);
        if (r.tasks < k) {
            int same = status == PM_OK && block_size(index) == size;
            same = same && memcmp(pm_index_block(index, &size), block, size) == 0;
            pm_index_free(index);
            tap_ok(same && r.tasks > 10 && r.calls > 1 && l.live == 0 && !l.broken,
                   "%ld tasks run backwards: the index is the same", r.tasks);
            break;
        }
        tap_case(&stops, status == PM_ERR_STOPPED && index == NULL && l.live == 0 && !l.broken);
    }
    pm_index_free(plain);
    tap_tally(&stops);
}

/* Given areas are used instead of measured ones. */
static void test_areas(void) {
    static const double coords[] = {0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 2, 0, 2, 2, 0, 2}, x[] = {1}, y[] = {1};
    static const int64_t rings[] = {0, 4, 8}, polygons[] = {0, 1, 2};
    static const double areas[] = {1, 2}, bad[] = {1, NAN};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 8,
                                .ring_offsets = rings,
                                .ring_count = 2,
                                .polygon_offsets = polygons,
                                .polygon_count = 2};
    const pm_points points = {.x = x, .y = y, .x_stride = 8, .y_stride = 8, .count = 1};
    for (pm_best best = PM_SMALLEST; best <= PM_LARGEST; best++) {
        int64_t out = -1;
        const pm_options options = {.best = best, .areas = areas};
        pm_index *index = build(&regions, &options);
        pm_index_match(index, &points, &out);
        tap_ok(out == (best == PM_SMALLEST ? 0 : 1), "given areas decide (%d)", (int)best);
        pm_index_free(index);
    }
    pm_index *index;
    pm_error err;
    pm_options options = {.areas = bad};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_SCORE && err.item == 1, "%s", err.message);
    options = (pm_options){.best = PM_FIRST, .areas = areas};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    const double distance = 1;
    const pm_disks disks = {.x = x, .y = y, .area = areas, .count = 1};
    options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1, .areas = areas};
    tap_ok(pm_index_build_disks(&disks, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
}

int main(void) {
    test_max_bytes();
    test_poll();
    test_run();
    test_areas();
    return tap_end();
}
