/* test_lines.c: are lines and points regions like polygons?
 *
 * First by hand: what a line covers and what it does not, where a better line beats the polygon it runs through, the
 * center of a line that returns to its start, what is refused. Then roads and stations among overlapping squares, so
 * many that the index has a tree: it must answer as the scan does, for every predicate. The oracle knows lines, too:
 * the random cases of the other tests have them wherever a predicate takes them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "tap.h"
#include "built.h"

/* A square, a line through it that ends outside, a point in it, a line that surrounds another place, an empty line.
 */
static const double coords[] = {0, 0, 4, 0, 4, 4, 0, 4, 2, 2, 6, 2, 1, 3, 10, 0, 14, 0, 14, 4, 10, 4, 10, 0};
static const int64_t rings[] = {0, 4, 6, 7, 12, 12}, polygons[] = {0, 1, 2, 3, 4, 5};
static const uint8_t kinds[] = {PM_PART_POLYGON, PM_PART_LINE, PM_PART_POINT, PM_PART_LINE, PM_PART_LINE};
static const pm_regions plan = {.coords = coords,
                                .coord_count = 12,
                                .ring_offsets = rings,
                                .ring_count = 5,
                                .polygon_offsets = polygons,
                                .polygon_count = 5,
                                .kinds = kinds};

static const double xs[] = {1, 2, 3, 4, 5, 1, 5, 12, 9, 12, 0};
static const double ys[] = {1, 2, 2, 2, 2, 3, 3, 2, 0, 0, 5};
enum { POINTS = sizeof xs / sizeof *xs };
static const pm_points points = {
    .x = xs, .y = ys, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};

static void expect(const char *what, pm_options options, const int64_t expected[POINTS],
                   const double expected_distances[POINTS]) {
    for (int engine = PM_ENGINE_AUTO; engine <= PM_ENGINE_TREE; engine++) {
        int64_t out[POINTS], again[POINTS];
        double distances[POINTS];
        options.engine = (pm_engine)engine;
        pm_index *index = build(&plan, &options);
        pm_index_match(index, &points, out);
        pm_status status = pm_index_match_distances(index, &points, again, distances, NULL);
        int right = status == PM_OK && memcmp(out, again, sizeof out) == 0;
        for (size_t i = 0; i < POINTS; i++)
            if (out[i] != expected[i] ||
                (expected_distances && distances[i] != expected_distances[i] && !isnan(expected_distances[i]))) {
                right = 0;
                printf("# %g %g: %lld at %g, expected %lld\n", xs[i], ys[i], (long long)out[i], distances[i],
                       (long long)expected[i]);
            }
        tap_ok(right, "%s, engine %d", what, engine);
        pm_index_free(index);
    }
}

static void test_by_hand(void) {
    static const double one = 1, limits[] = {0, 1, 1, 2, 5}, half = 0.5;
    static const int64_t smallest[] = {0, 1, 1, 1, 1, 2, 1, 3, 3, 3, 0};
    static const int64_t first[] = {0, 0, 0, 0, 1, 0, 0, 3, 3, 3, 0};
    static const double distances[] = {0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 1};
    expect("nearest: a line beats the square", (pm_options){.predicate = PM_NEAREST}, smallest, distances);
    expect("nearest, in input order: the square covers it", (pm_options){.predicate = PM_NEAREST, .best = PM_FIRST},
           first, distances);
    expect("nearest, the largest: a line has no area", (pm_options){.predicate = PM_NEAREST, .best = PM_LARGEST},
           first, distances);
    static const int64_t within[] = {1, 1, 1, 1, 1, 1, 1, -1, 3, 3, 0};
    expect("dwithin 1.5, the smallest",
           (pm_options){.predicate = PM_DWITHIN, .distance = (const double[]){1.5}, .distance_count = 1}, within,
           NULL);
    static const int64_t one_each[] = {0, 1, 1, 1, 1, 2, 1, 3, 3, 3, -1};
    expect("dwithin, one distance per region",
           (pm_options){.predicate = PM_DWITHIN, .distance = limits, .distance_count = 5}, one_each, NULL);
    static const int64_t exactly[] = {0, 1, 1, 1, 1, 2, -1, -1, -1, 3, -1};
    expect("nearest at most 0.5", (pm_options){.predicate = PM_NEAREST, .distance = &half, .distance_count = 1},
           exactly, NULL);
    static const int64_t centers[] = {-1, 0, -1, 1, -1, 2, -1, 3, -1, -1, -1};
    expect("center_within 1", (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &one, .distance_count = 1},
           centers, NULL);
}

static void test_measures(void) {
    double areas[5], centers[10];
    pm_regions_measure(&plan, areas, centers);
    tap_ok(areas[0] == 16 && areas[1] == 0 && areas[2] == 0 && areas[3] == 0 && areas[4] == 0,
           "lines and points have no area, not even one that returns to its start");
    tap_ok(centers[2] == 4 && centers[3] == 2 && centers[4] == 1 && centers[5] == 3, "the center of a line, a point");
    tap_ok(centers[6] == 58 / 5.0 && centers[7] == 8 / 5.0, "the repeated vertex of a line counts twice");
    tap_ok(isnan(centers[8]), "an empty line has none");
    static const int64_t geoms[] = {0, 3};
    pm_regions mixed = plan;
    mixed.geom_offsets = geoms;
    mixed.geom_count = 1;
    pm_regions_measure(&mixed, areas, centers);
    tap_ok(areas[0] == 16 && centers[0] == 17 / 7.0 && centers[1] == 15 / 7.0,
           "one region of a square, a line, a point");
    static const double line[] = {1, 1, 1, 1}, far[] = {7, 7, 1, 1};
    static const int64_t one_ring[] = {0, 1}, whole[] = {0, 1};
    static const uint8_t is_line[] = {PM_PART_LINE};
    const pm_regions single = {.coords = line,
                               .coord_count = 1,
                               .ring_offsets = one_ring,
                               .ring_count = 1,
                               .polygon_offsets = whole,
                               .polygon_count = 1,
                               .kinds = is_line};
    pm_index *index = build(&single, &(pm_options){.predicate = PM_NEAREST});
    const pm_points two = {.x = far, .y = far, .x_stride = 16, .y_stride = 16, .count = 2};
    int64_t out[2];
    double distances[2];
    tap_ok(pm_index_match_distances(index, &two, out, distances, NULL) == PM_OK && out[0] == 0 && out[1] == 0 &&
               distances[0] == sqrt(72) && distances[1] == 0,
           "a line of one vertex is a point");
    pm_index_free(index);
}

static void refused(const char *what, const pm_regions *regions, int64_t item, const char *says) {
    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err = {PM_OK, -7, ""};
    const pm_options options = {.predicate = PM_NEAREST};
    pm_status status = pm_index_build(regions, &options, &index, &err);
    tap_ok(status == PM_ERR_ARGUMENT && !index && err.item == item && strstr(err.message, says), "%s: %s", what,
           err.message);
}

static void test_refusals(void) {
    uint8_t own[5];
    pm_regions other = plan;
    pm_error err = {PM_OK, -7, ""};
    pm_index *index = NULL;
    tap_ok(pm_index_build(&plan, NULL, &index, &err) == PM_ERR_ARGUMENT && !index && err.item == 1 &&
               strstr(err.message, "covers takes polygons only"),
           "%s", err.message);
    memset(own, 0, sizeof own);
    other.kinds = own;
    if (tap_ok(pm_index_build(&other, NULL, &index, &err) == PM_OK, "kinds that are all polygons: as without"))
        pm_index_free(index);
    own[2] = 3;
    refused("no such kind", &other, 2, "kinds[2] is 3");
    own[2] = PM_PART_POINT;
    own[0] = PM_PART_POINT;
    refused("a point of four vertices", &other, 0, "a point has one vertex");
    static const int64_t two_rings[] = {0, 1, 3, 4, 5, 5};
    own[0] = PM_PART_POLYGON;
    own[1] = PM_PART_LINE;
    other.polygon_offsets = two_rings;
    refused("a line of two rings", &other, 1, "a line has one ring");
}

/* ---- many ---- */

enum { SIDE = 40, MOST = 3 * SIDE * SIDE };

static double many_coords[2 * 8 * MOST], many_x[MOST], many_y[MOST], limits[MOST];
static int64_t many_rings[MOST + 1], many_polygons[MOST + 1];
static uint8_t many_kinds[MOST];

/* Squares of halves, roads along and across them, stations on both and elsewhere; or stations only. */
static pm_regions draw(rng *r, size_t count) {
    size_t at = 0;
    const int are_sites = rng_below(r, 4) == 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t kind = are_sites ? PM_PART_POINT : rng_below(r, 3), vertices = kind == 0 ? 4
                                                                                      : kind == 1
                                                                                          ? 1 + rng_below(r, 8)
                                                                                          : 1;
        double x = rng_below(r, 2 * SIDE) / 2.0, y = rng_below(r, 2 * SIDE) / 2.0;
        const double size = 1 + rng_below(r, 6);
        many_kinds[i] = (uint8_t)kind;
        for (uint32_t k = 0; k < vertices; k++, at++) {
            many_coords[2 * at] = x;
            many_coords[2 * at + 1] = y;
            if (kind == 0)
                *(k % 2 ? &y : &x) += k < 2 ? size : -size;
            else
                *(rng_below(r, 2) ? &y : &x) += rng_below(r, 9) / 2.0 - 2;
        }
        limits[i] = rng_below(r, 8) / 2.0;
        many_rings[i + 1] = (int64_t)at;
        many_polygons[i + 1] = (int64_t)i + 1;
    }
    return (pm_regions){.coords = many_coords,
                        .coord_count = at,
                        .ring_offsets = many_rings,
                        .ring_count = count,
                        .polygon_offsets = many_polygons,
                        .polygon_count = count,
                        .kinds = many_kinds};
}

static void test_many(void) {
    static int64_t by_tree[MOST], by_scan[MOST];
    static double tree_distances[MOST], scan_distances[MOST];
    rng r = rng_new(91);
    tap_count answers = {"roads and stations among squares: as the scan", 0, 0};
    tap_count bytes = {"opened, and on no more than it needs", 0, 0};
    long lines = 0;
    for (long i = 0; i < tap_cases(12, 60); i++) {
        const size_t count = i % 6 ? 60 + rng_below(&r, 600) : 12, tested = 400;
        const pm_regions regions = draw(&r, count);
        for (size_t k = 0; k < tested; k++) {
            many_x[k] = rng_below(&r, 4 * SIDE) / (rng_below(&r, 4) ? 4.0 : 3.0);
            many_y[k] = rng_below(&r, 4 * SIDE) / 4.0;
        }
        const pm_points where = {
            .x = many_x, .y = many_y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = tested};
        pm_options options = {.predicate = (pm_predicate)(PM_CENTER_WITHIN + (int)(i % 3)), .best = (pm_best)(i % 5)};
        if (options.best >= PM_SCORE_DOUBLE)
            options.scores = limits;
        const int limited = options.predicate != PM_NEAREST || rng_below(&r, 2);
        options.distance = limited ? limits : NULL;
        options.distance_count = !limited ? 0 : rng_below(&r, 2) ? 1 : count;
        options.engine = PM_ENGINE_SCAN;
        pm_index *scan = build(&regions, &options);
        options.engine = i % 2 ? PM_ENGINE_AUTO : PM_ENGINE_TREE;
        pm_index *tree = build(&regions, &options), *opened = NULL;
        pm_status status = pm_index_match_distances(scan, &where, by_scan, scan_distances, NULL);
        status |= pm_index_match_distances(tree, &where, by_tree, tree_distances, NULL);
        for (size_t k = 0; k < tested; k++) {
            tap_case(&answers, status == PM_OK && by_scan[k] == by_tree[k] &&
                                   (scan_distances[k] == tree_distances[k] || by_scan[k] < 0));
            lines += by_scan[k] >= 0 && many_kinds[by_scan[k]] != 0 && scan_distances[k] == 0;
        }
        pm_index_match(tree, &where, by_tree);
        tap_case(&answers, memcmp(by_scan, by_tree, tested * sizeof *by_tree) == 0);
        size_t size;
        const void *block = pm_index_block(tree, &size);
        tap_case(&bytes, pm_index_open(block, size, 1, NULL, &opened, NULL) == PM_OK);
        if (opened)
            pm_index_match(opened, &where, by_tree);
        tap_case(&bytes, memcmp(by_scan, by_tree, tested * sizeof *by_tree) == 0);
        pm_index_free(opened);
        pm_index_free(tree);
        options.max_bytes = 2 * size / 3; /* without the tree, or without the runs */
        if (pm_index_build(&regions, &options, &tree, NULL) == PM_OK) {
            pm_index_match(tree, &where, by_tree);
            tap_case(&bytes, memcmp(by_scan, by_tree, tested * sizeof *by_tree) == 0);
            pm_index_free(tree);
        }
        pm_index_free(scan);
    }
    tap_tally(&answers);
    tap_tally(&bytes);
    tap_ok(lines > 30, "%ld points are on a line or a point that wins", lines);
}

int main(void) {
    test_by_hand();
    test_measures();
    test_refusals();
    test_many();
    return tap_end();
}
