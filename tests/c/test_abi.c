/* test_abi.c: is the binary interface the one that programs were compiled for?
 *
 * Callers fill these structs themselves. A new member takes the first of the reserved words and is recorded here;
 * moving a member or changing a size requires a higher soversion in src/meson.build. docs/abi.md lists the other
 * reasons. Sizes are for pointers of 64 bits. */
#include <string.h>

#include "polymatch.h"
#include "tap.h"

#define AT(type, member, place) tap_ok(offsetof(type, member) == (place), #type "." #member " at %d", place)
#define SIZE(type, size) tap_ok(sizeof(type) == (size), #type " has %d bytes", size)

static void test_inputs(void) {
    SIZE(pm_regions, 96);
    AT(pm_regions, coords, 0);
    AT(pm_regions, coord_count, 8);
    AT(pm_regions, ring_offsets, 16);
    AT(pm_regions, ring_count, 24);
    AT(pm_regions, polygon_offsets, 32);
    AT(pm_regions, polygon_count, 40);
    AT(pm_regions, geom_offsets, 48);
    AT(pm_regions, geom_count, 56);
    AT(pm_regions, kinds, 64);
    AT(pm_regions, reserved, 72);
    SIZE(pm_points, 64);
    AT(pm_points, x, 0);
    AT(pm_points, y, 8);
    AT(pm_points, x_stride, 16);
    AT(pm_points, y_stride, 24);
    AT(pm_points, count, 32);
    AT(pm_points, reserved, 40);
    SIZE(pm_disks, 64);
    AT(pm_disks, x, 0);
    AT(pm_disks, y, 8);
    AT(pm_disks, area, 16);
    AT(pm_disks, count, 24);
    AT(pm_disks, reserved, 32);
}

static void test_options(void) {
    SIZE(pm_options, 176);
    AT(pm_options, predicate, 0);
    AT(pm_options, best, 4);
    AT(pm_options, scores, 8);
    AT(pm_options, distance, 16);
    AT(pm_options, distance_count, 24);
    AT(pm_options, engine, 32);
    AT(pm_options, allocator, 40);
    AT(pm_options, areas, 48);
    AT(pm_options, max_bytes, 56);
    AT(pm_options, poll, 64);
    AT(pm_options, poll_context, 72);
    AT(pm_options, note, 80);
    AT(pm_options, note_size, 88);
    AT(pm_options, period, 96);
    AT(pm_options, metric, 104);
    AT(pm_options, compact, 108);
    AT(pm_options, run, 112);
    AT(pm_options, run_context, 120);
    AT(pm_options, reserved, 128);
    SIZE(pm_band, 16);
    AT(pm_band, inner, 0);
    AT(pm_band, outer, 8);
    SIZE(pm_allocator, 24);
    AT(pm_allocator, allocate, 0);
    AT(pm_allocator, release, 8);
    AT(pm_allocator, context, 16);
    SIZE(pm_error, 216);
    AT(pm_error, status, 0);
    AT(pm_error, item, 8);
    AT(pm_error, message, 16);
}

/* Names may be added at the end. */
static void test_names(void) {
    static const char *const predicates[] = {"covers", "center_within", "dwithin", "nearest"};
    static const char *const bests[] = {"smallest", "largest", "first", "score", "score", "score"};
    for (int i = 0; i < (int)(sizeof predicates / sizeof *predicates); i++)
        tap_ok(strcmp(pm_predicate_name((pm_predicate)i), predicates[i]) == 0, "predicate %d is %s", i,
               predicates[i]);
    for (int i = 0; i < (int)(sizeof bests / sizeof *bests); i++)
        tap_ok(strcmp(pm_best_name((pm_best)i), bests[i]) == 0, "best %d is %s", i, bests[i]);
    tap_ok(!pm_predicate_name((pm_predicate)-1) && !pm_predicate_name((pm_predicate)1000), "no other predicates");
    tap_ok(strcmp(pm_metric_name(PM_PLANAR), "planar") == 0 && strcmp(pm_metric_name(PM_SPHERE), "sphere") == 0 &&
               !pm_metric_name((pm_metric)-1) && !pm_metric_name((pm_metric)2),
           "metrics");
    tap_ok(!pm_best_name((pm_best)-1) && !pm_best_name((pm_best)1000), "no other rules");
}

static void test_numbers(void) {
    tap_ok(PM_OK == 0 && PM_ERR_NO_MEMORY == -1 && PM_ERR_ARGUMENT == -2 && PM_ERR_OFFSETS == -3 &&
               PM_ERR_COORDINATE == -4 && PM_ERR_SCORE == -5 && PM_ERR_DISTANCE == -6 && PM_ERR_BLOCK == -7 &&
               PM_ERR_VERSION == -8 && PM_ERR_STOPPED == -9 && PM_ERR_SIZE == -10,
           "statuses");
    tap_ok(PM_COVERS == 0 && PM_CENTER_WITHIN == 1 && PM_DWITHIN == 2 && PM_NEAREST == 3 && PM_NO_MATCH == -1,
           "predicates, and no match");
    tap_ok(PM_SMALLEST == 0 && PM_LARGEST == 1 && PM_FIRST == 2 && PM_SCORE_DOUBLE == 3 && PM_SCORE_INT64 == 4 &&
               PM_SCORE_UINT64 == 5,
           "best");
    tap_ok(PM_PLANAR == 0 && PM_SPHERE == 1, "metrics");
    tap_ok(PM_PART_POLYGON == 0 && PM_PART_LINE == 1 && PM_PART_POINT == 2, "parts");
    tap_ok(PM_NAMES_NONE == 0 && PM_NAMES_TEXT == 1 && PM_NAMES_JSON == 2, "names");
    tap_ok(PM_ENGINE_AUTO == 0 && PM_ENGINE_SCAN == 1 && PM_ENGINE_TREE == 2 && PM_ENGINE_BOXES == 3, "engines");
}

int main(void) {
    if (sizeof(void *) == 8) {
        test_inputs();
        test_options();
    }
    test_numbers();
    test_names();
    return tap_end();
}
