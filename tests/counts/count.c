/* count.c: fixed work for each hot path, whose instructions callgrind counts.
 *
 * `count CASE` prepares the case and runs it once inside of measured(), the only function that counts.py has
 * callgrind measure; `count` alone prints the compiler, then a line per case: the number and kind of units it
 * handles, and its name. Everything follows from a seed by exactly defined arithmetic, without library functions, so
 * with the same compiler every machine executes the same instructions. Vector forms are chosen by name, not by what
 * the machine has; where it lacks them the program exits with 77. AVX-512 is not among them: valgrind has none.
 *
 * The source of the search of disks is included because its forms are private to it. */
#include "../../src/scan/disks.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "index/index.h"
#include "index/kind_disks.h"
#include "index/kind_distances.h"
#include "index/kind_polygons.h"
#include "tree/polygon_leaf.h"
#include "tree/disk_leaf.h"
#include "tree/nearest_leaf.h"
#include "tree/within_leaf.h"

enum {
    SIDE = 40, /* regions along each side of the map */
    STEPS = 8, /* edges between two of its corners */
    FEW = 5,   /* regions along each side of the map that is scanned */
    DISKS = 5000,
    SCANNED = 1000, /* disks */
    POINTS = 20000,
    CALLS = 1000 /* of one point */
};

#if defined(__GNUC__)
#define NEVER_INLINE __attribute__((noinline))
#else
#define NEVER_INLINE
#endif

static double x[DISKS], y[DISKS], radius[DISKS], area[DISKS];
static double coords[2 * SIDE * SIDE * 4 * STEPS];
static int64_t offsets[SIDE * SIDE + 1], answers[POINTS];
static double px[POINTS], py[POINTS];
static pm_index *index_built;

_Noreturn static void fail(const char *what) {
    fprintf(stderr, "count: %s\n", what);
    exit(1);
}

/* ---- the data ---- */

/* Where a border of the map is: a point of the lattice of its corners and the steps between them, moved by noise
 * that depends on the lattice point alone, so that neighbours share it. */
static void border_point(int column, int row, double out[2]) {
    rng r = rng_new((uint64_t)(row * 10000 + column));
    out[0] = column + 0.8 * (rng_unit(&r) - 0.5);
    out[1] = row + 0.8 * (rng_unit(&r) - 0.5);
}

/* side x side regions like counties: every border is shared, none is straight. */
static pm_regions make_map(int side) {
    double *at = coords;
    for (int region = 0; region < side * side; region++) {
        int column = region % side * STEPS, row = region / side * STEPS;
        static const int turn_x[] = {1, 0, -1, 0}, turn_y[] = {0, 1, 0, -1};
        offsets[region] = (at - coords) / 2;
        for (int edge = 0; edge < 4; edge++) {
            for (int step = 0; step < STEPS; step++, at += 2) {
                border_point(column, row, at);
                column += turn_x[edge];
                row += turn_y[edge];
            }
        }
    }
    offsets[side * side] = (at - coords) / 2;
    size_t count = (size_t)(side * side);
    static int64_t polygon_offsets[SIDE * SIDE + 1];
    for (int64_t i = 0; i <= side * side; i++)
        polygon_offsets[i] = i;
    return (pm_regions){.coords = coords,
                        .coord_count = (size_t)(at - coords) / 2,
                        .ring_offsets = offsets,
                        .ring_count = count,
                        .polygon_offsets = polygon_offsets,
                        .polygon_count = count};
}

static pm_disks make_disks(size_t count) {
    rng r = rng_new(2);
    for (size_t i = 0; i < count; i++) {
        x[i] = rng_unit(&r);
        y[i] = rng_unit(&r);
        radius[i] = 0.1 * rng_unit(&r); /* some 50 candidates per point, of 5000 */
        area[i] = rng_unit(&r);
    }
    return (pm_disks){.x = x, .y = y, .area = area, .count = count};
}

static pm_points make_points(size_t count, double side) {
    rng r = rng_new(3);
    for (size_t i = 0; i < count; i++) {
        px[i] = side * rng_unit(&r);
        py[i] = side * rng_unit(&r);
    }
    return (pm_points){.x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = count};
}

/* ---- the cases ---- */

/* What a case works on, made before the counting starts. */
typedef struct work {
    pm_regions regions;
    pm_disks disks;
    pm_points points;
    pm_options options;
} work;

static void build_polygons(const work *w) {
    if (pm_index_build(&w->regions, &w->options, &index_built, NULL) != PM_OK)
        fail("no index of polygons");
}

/* Each center is a region that is one point. */
static void build_places(const work *w) {
    static int64_t each[DISKS + 1];
    static uint8_t kinds[DISKS];
    static double places[2 * DISKS];
    for (size_t i = 0; i < w->disks.count; i++) {
        each[i + 1] = (int64_t)i + 1;
        kinds[i] = PM_PART_POINT;
        places[2 * i] = w->disks.x[i];
        places[2 * i + 1] = w->disks.y[i];
    }
    const pm_regions regions = {.coords = places,
                                .coord_count = w->disks.count,
                                .ring_offsets = each,
                                .ring_count = w->disks.count,
                                .polygon_offsets = each,
                                .polygon_count = w->disks.count,
                                .kinds = kinds};
    if (pm_index_build(&regions, &w->options, &index_built, NULL) != PM_OK)
        fail("no index of places");
}

static void build_disks(const work *w) {
    if (pm_index_build_disks(&w->disks, &w->options, &index_built, NULL) != PM_OK)
        fail("no index of disks");
}

/* The search of a tree with these instructions, over the tables of the index. */
static void match_polygons(const work *w, pm_isa isa) {
    const pm_polygon_view *v = (const void *)index_built->view;
    pm_tree_match(&v->tree, &w->points, NULL, answers, pm_polygon_kernel(isa), &v->table, isa);
}

static void match_disks(const work *w, pm_isa isa) {
    const pm_disk_view *v = (const void *)index_built->view;
    pm_tree_match(&v->tree, &w->points, NULL, answers, pm_disk_kernel(isa), &v->table, isa);
}

static void polygons_portable(const work *w) {
    match_polygons(w, PM_ISA_PORTABLE);
}

static void polygons_avx2(const work *w) {
    match_polygons(w, PM_ISA_AVX2);
}

static void disks_portable(const work *w) {
    match_disks(w, PM_ISA_PORTABLE);
}

static void disks_avx2(const work *w) {
    match_disks(w, PM_ISA_AVX2);
}

static void nearest_avx2(const work *w) {
    const pm_distance_view *v = (const void *)index_built->view;
    pm_tree_match(&v->map, &w->points, NULL, answers, pm_nearest_leaf, &v->field, PM_ISA_AVX2);
}

static void within_avx2(const work *w) {
    const pm_distance_view *v = (const void *)index_built->view;
    pm_tree_match(&v->map, &w->points, NULL, answers, pm_within_leaf, &v->field, PM_ISA_AVX2);
}

/* With the best instructions that valgrind has, which are AVX2. */
static void match_all(const work *w) {
    pm_index_match(index_built, &w->points, answers);
}

static void scan_disks_portable(const work *w) {
    const pm_disk_table *table = &((const pm_disk_view *)(const void *)index_built->view)->table;
    for (size_t i = 0; i < w->points.count; i++)
        answers[i] = find_disk_portable(table, px[i], py[i]);
}

static void scan_disks_avx2(const work *w) {
#ifdef PM_X86
    const pm_disk_table *table = &((const pm_disk_view *)(const void *)index_built->view)->table;
    for (size_t i = 0; i < w->points.count; i++)
        answers[i] = find_disk_avx2(table, px[i], py[i]);
#else
    (void)w;
#endif
}

static void one_point(const work *w) {
    for (size_t i = 0; i < w->points.count; i++) {
        const pm_points one = {
            .x = px + i, .y = py + i, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 1};
        pm_index_match(index_built, &one, answers + i);
    }
}

static const struct test_case {
    const char *name;
    void (*run)(const work *);
    int side;     /* of the map, or 0: disks */
    size_t disks; /* without a map */
    pm_engine engine;
    size_t points; /* 0: the build is what is measured */
    int vectors;   /* takes AVX2 */
    pm_predicate predicate;
    pm_metric metric;
} cases[] = {
    {"tree of polygons, portable", polygons_portable, SIDE, 0, PM_ENGINE_TREE, POINTS, 0, PM_COVERS, PM_PLANAR},
    {"tree of polygons, AVX2", polygons_avx2, SIDE, 0, PM_ENGINE_TREE, POINTS, 1, PM_COVERS, PM_PLANAR},
    {"tree of disks, portable", disks_portable, 0, DISKS, PM_ENGINE_TREE, POINTS, 0, PM_CENTER_WITHIN, PM_PLANAR},
    {"tree of disks, AVX2", disks_avx2, 0, DISKS, PM_ENGINE_TREE, POINTS, 1, PM_CENTER_WITHIN, PM_PLANAR},
    {"scan of polygons", match_all, FEW, 0, PM_ENGINE_SCAN, POINTS / 4, 0, PM_COVERS, PM_PLANAR},
    {"scan of disks, portable", scan_disks_portable, 0, SCANNED, PM_ENGINE_SCAN, POINTS, 0, PM_CENTER_WITHIN,
     PM_PLANAR},
    {"scan of disks, AVX2", scan_disks_avx2, 0, SCANNED, PM_ENGINE_SCAN, POINTS, 1, PM_CENTER_WITHIN, PM_PLANAR},
    {"one point per call, AVX2", one_point, SIDE, 0, PM_ENGINE_TREE, CALLS, 1, PM_COVERS, PM_PLANAR},
    {"map of the nearest, AVX2", nearest_avx2, SIDE, 0, PM_ENGINE_TREE, POINTS, 1, PM_NEAREST, PM_PLANAR},
    {"map of dwithin, AVX2", within_avx2, SIDE, 0, PM_ENGINE_TREE, POINTS, 1, PM_DWITHIN, PM_PLANAR},
    {"polygons on the sphere, AVX2", match_all, SIDE, 0, PM_ENGINE_TREE, POINTS, 1, PM_COVERS, PM_SPHERE},
    {"edges on the sphere, AVX2", match_all, SIDE, 0, PM_ENGINE_TREE, POINTS / 20, 1, PM_NEAREST, PM_SPHERE},
    {"disks on the sphere, AVX2", match_all, 0, DISKS, PM_ENGINE_TREE, POINTS, 1, PM_CENTER_WITHIN, PM_SPHERE},
    {"places on the sphere, AVX2", match_all, 0, DISKS, PM_ENGINE_TREE, POINTS, 1, PM_NEAREST, PM_SPHERE},
    {"build of a tree of polygons", build_polygons, SIDE, 0, PM_ENGINE_TREE, 0, 0, PM_COVERS, PM_PLANAR},
    {"build of a tree of disks", build_disks, 0, DISKS, PM_ENGINE_TREE, 0, 0, PM_CENTER_WITHIN, PM_PLANAR},
};

enum { CASES = sizeof cases / sizeof cases[0] };

static void list(void) {
#if defined(__clang__)
    printf("clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
    printf("gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
    printf("another compiler");
#endif
#if defined(__x86_64__)
    printf(", x86-64\n");
#else
    printf(", not x86-64\n");
#endif
    for (size_t i = 0; i < CASES; i++) {
        const struct test_case *c = cases + i;
        size_t vertices = (size_t)(c->side * c->side) * 4 * STEPS;
        printf("%zu %s\t%s\n",
               c->points ? c->points
               : c->side ? vertices
                         : c->disks,
               c->points ? "point"
               : c->side ? "vertex"
                         : "disk",
               c->name);
    }
}

static int has_avx2(void) {
#ifdef PM_X86
    return __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

/* Not static, so that it keeps its name. */
void measured(const struct test_case *c, const work *w);

NEVER_INLINE void measured(const struct test_case *c, const work *w) {
    c->run(w);
}

/* From a square to all longitudes, and to latitudes that leave out the poles. */
static void spread(double *longitudes, double *latitudes, size_t stride, size_t count, double side) {
    for (size_t i = 0; i < stride * count; i += stride) {
        longitudes[i] = 360 * (longitudes[i] / side) - 180;
        latitudes[i] = 160 * (latitudes[i] / side) - 80;
    }
}

static void spread_all(work *w, double side) {
    spread(px, py, 1, w->points.count, side);
    spread(x, y, 1, w->disks.count, side);
    spread(coords, coords + 1, 2, w->regions.coord_count, side);
    for (size_t i = 0; i < w->disks.count; i++)
        radius[i] *= 2e7; /* metres */
}

static void run(const struct test_case *c) {
    static uint8_t lines[SIDE * SIDE];
    static const double distance = 0.5;
    work w = {.options = {.predicate = c->predicate, .best = PM_SMALLEST, .engine = c->engine, .metric = c->metric}};
    memset(lines, PM_PART_LINE, sizeof lines);
    if (c->side)
        w.regions = make_map(c->side);
    if (c->predicate == PM_NEAREST) /* polygons would cover all points */
        w.regions.kinds = lines;
    if (c->predicate == PM_DWITHIN) {
        w.options.distance = &distance;
        w.options.distance_count = 1;
    }
    if (!c->side)
        w.disks = make_disks(c->disks);
    if (c->predicate == PM_CENTER_WITHIN) {
        w.options.distance = radius;
        w.options.distance_count = c->disks;
    }
    w.points = make_points(c->points, c->side ? c->side * STEPS : 1);
    if (c->metric == PM_SPHERE)
        spread_all(&w, c->side ? c->side * STEPS : 1);
    if (c->points)
        (c->side ? build_polygons : c->predicate == PM_NEAREST ? build_places : build_disks)(&w);
    measured(c, &w);
    const pm_tree *tree = c->predicate == PM_NEAREST
                              ? &((const pm_distance_view *)(const void *)index_built->view)->map
                              : pm_index_tree(index_built);
    if (c->metric == PM_PLANAR && (c->engine == PM_ENGINE_TREE) != pm_tree_exists(tree))
        fail("the index is not of the kind that is measured");
    size_t found = 0;
    for (size_t i = 0; i < c->points; i++)
        found += answers[i] != PM_NO_MATCH;
    if (2 * found < c->points)
        fail("most points found nothing");
    pm_index_free(index_built);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        list();
        return 0;
    }
    for (size_t i = 0; i < CASES; i++) {
        if (strcmp(argv[1], cases[i].name) == 0) {
            if (cases[i].vectors && !has_avx2())
                return 77;
            run(cases + i);
            return 0;
        }
    }
    fail("no such case");
}
