/* test_tree.c: does the map of answers agree with the scan?
 *
 * The tree cuts the plane into cells, rounds edges to steps of a cell and trusts corners: the maps are those that are
 * hard for that (hard_maps.c).
 *
 * Every answer, of every instruction set, is compared with the scan's, and in small cases with the oracle's. A build
 * that gives up would pass all that, so the trees are counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "hard_maps.h"
#include "index/index.h"
#include "index/kind_polygons.h"
#include "ledger.h"
#include "oracle.h"
#include "tree/polygon_leaf.h"
#include "tap.h"
#include "ways.h"

/* ---- comparing ---- */

static pm_index *build(const pm_regions *regions, pm_options options, pm_engine engine) {
    pm_index *index = NULL;
    pm_error err;
    options.engine = engine;
    if (pm_index_build(regions, &options, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    return index;
}

static int has_tree(const pm_index *index) {
    return pm_tree_exists(pm_index_tree(index));
}

static searched search(const pm_index *index) {
    return (searched){pm_index_tree(index), pm_polygon_kernel,
                      &((const pm_polygon_view *)(const void *)index->view)->table};
}

/* Forms of leaves that are read differently: by how many eights of edges and of polygons (the last: or more), and
 * those without edges. */
enum { EDGE_EIGHTS = PM_LEAF_WIDE / 8 + 1, POLYGON_EIGHTS = 3 };
typedef struct forms {
    long drawn[EDGE_EIGHTS][POLYGON_EIGHTS], exact;
} forms;

/* What is compared of a map. */
typedef struct tallies {
    tap_count answers, layouts, sizes, limited;
    long limited_trees, hubs;
    forms forms;
} tallies;

/* Count a tree's leaves by form. */
static void count_forms(const pm_tree *tree, forms *f) {
    for (size_t at = 0; at < tree->leaf_count - PM_LEAF_SLACK;) {
        pm_leaf leaf = pm_leaf_read(tree->leaves + at);
        size_t units = leaf.vertices + (size_t)leaf.vertex_count, eights = ((size_t)leaf.polygon_count - 1) / 8;
        if (leaf.polygon_count > 0 && leaf.vertex_count == 0)
            f->exact++;
        else if (leaf.polygon_count > 0)
            f->drawn[(leaf.vertex_count + 6) / 8][eights < POLYGON_EIGHTS ? eights : POLYGON_EIGHTS - 1]++;
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
}

/* Each form of leaves must have been compared; many polygons have many edges. */
static void report_forms(const forms *f) {
    for (int edges = 1; edges < EDGE_EIGHTS; edges++)
        for (int polygons = 0; polygons < POLYGON_EIGHTS && 3 * polygons < 2 * edges; polygons++)
            tap_ok(f->drawn[edges][polygons] > 0, "%ld leaves of up to %d edges and %d polygons",
                   f->drawn[edges][polygons], 8 * edges, 8 * polygons + 8);
    tap_ok(f->exact > 0, "%ld leaves without edges", f->exact);
}

/* Compare trees of the same map with less memory, whose leaves are larger. How many there were. */
static int compare_limited(const pm_regions *regions, pm_options options, const pm_index *tree, const pm_index *scan,
                           const double *x, const double *y, const int64_t *right, tallies *t, const char *what) {
    static const double shares[] = {0.7, 0.4, 0.15, 0.05};
    int built = 0;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        double spare = (double)(pm_index_size(tree) - pm_index_size(scan));
        options.max_bytes = pm_index_size(scan) + (size_t)(shares[i] * spare);
        pm_index *limited = build(regions, options, PM_ENGINE_TREE);
        if (has_tree(limited)) {
            const searched s = search(limited);
            ways_isas(&t->limited, &s, x, y, WAYS_MOST, right, what);
            count_forms(s.tree, &t->forms);
            built++;
        }
        pm_index_free(limited);
    }
    return built;
}

/* Compare the engines at points around the map, in some layouts, and with every number of points if `all_sizes`;
 * returns whether there was a tree. */
static int compare(const map *m, rng *r, tallies *t, int all_sizes, const char *what) {
    enum { POINTS = WAYS_MOST };
    static double x[POINTS], y[POINTS];
    static int64_t tree_says[POINTS], scan_says[POINTS];
    const pm_regions regions = map_regions(m);
    const pm_points places = {
        .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
    const pm_options options = {.best = (pm_best)rng_below(r, 3)};
    frame f = frame_of(m);
    for (size_t i = 0; i < POINTS; i++) {
        double p[2];
        point_near(m, &f, r, p);
        x[i] = p[0];
        y[i] = p[1];
    }
    pm_index *tree = build(&regions, options, PM_ENGINE_TREE), *scan = build(&regions, options, PM_ENGINE_SCAN);
    int built = has_tree(tree);
    pm_index_match(tree, &places, tree_says);
    pm_index_match(scan, &places, scan_says);
    for (size_t i = 0; i < POINTS; i++)
        if (tap_case(&t->answers, tree_says[i] == scan_says[i]))
            printf("# %s, %zu vertices, point %a,%a: tree %lld, scan %lld\n", what, m->vertex_count, x[i], y[i],
                   (long long)tree_says[i], (long long)scan_says[i]);
    if (built) {
        const searched s = search(tree);
        ways_isas(&t->answers, &s, x, y, POINTS, scan_says, what);
        ways_layouts(&t->layouts, r, &s, x, y, POINTS, scan_says);
        count_forms(s.tree, &t->forms);
        t->hubs += s.tree->hub_bits > 0;
        t->limited_trees += compare_limited(&regions, options, tree, scan, x, y, scan_says, t, what);
        if (all_sizes)
            ways_sizes(&t->sizes, &s, x, y, POINTS, scan_says);
    }
    pm_index_free(tree);
    pm_index_free(scan);
    return built;
}

static void test_kinds(void) {
    static map m;
    tallies t = {.layouts = {"any layout", 0, 0},
                 .sizes = {"any number of points", 0, 0},
                 .limited = {"with less memory", 0, 0}};
    for (size_t kind = 0; kind < MAP_KINDS; kind++) {
        rng r = rng_new(90 + kind);
        t.answers = (tap_count){map_kinds[kind].name, 0, 0};
        long trees = 0, cases = tap_cases(16, 1500);
        t.hubs = 0;
        for (long i = 0; i < cases; i++) {
            clear(&m);
            map_kinds[kind].fill(&m, &r);
            const char *where = place(&m, &r);
            trees += compare(&m, &r, &t, i < 2, where);
        }
        tap_tally(&t.answers);
        tap_ok(trees > cases / 4, "%s: %ld trees from %ld maps", map_kinds[kind].name, trees, cases);
        if (map_kinds[kind].has_hub)
            tap_ok(t.hubs > cases / 4, "%s: %ld trees with a hub", map_kinds[kind].name, t.hubs);
    }
    tap_tally(&t.layouts);
    tap_tally(&t.sizes);
    tap_tally(&t.limited);
    tap_ok(t.limited_trees > 500, "%ld trees with less memory", t.limited_trees);
    report_forms(&t.forms);
}

/* Far out, the corner of a deep cell has no double: a polygon tested at the nearest one may be tested on the other
 * side of an edge. A polygon with an edge along a line between cells, whose corners are therefore tested, and with a
 * tangle of edges in the cells beside it. */
static void test_far_corners(void) {
    static map m;
    rng r = rng_new(89);
    tallies t = {{"far out, beside a line between deep cells", 0, 0},
                 {"there in any layout", 0, 0},
                 {NULL, 0, 0},
                 {NULL, 0, 0},
                 0,
                 0,
                 {{{0}}, 0}};
    long trees = 0, cases = tap_cases(12, 200);
    for (long i = 0; i < cases; i++) {
        const double unit = 0x1p-33, low = 6e5 + floor(rng_unit(&r) * 3e5); /* unit: in the last place of low */
        clear(&m);
        rectangle(&m, low, low, 1, 1);
        end_simple(&m);
        frame f = frame_of(&m);
        double scale = 1 / f.size, x = low + 0.1 + rng_unit(&r) / 2;
        for (;; x += unit) {
            double cells = (x - f.min_x) * scale * 0x1p27;
            if (fabs(cells - rint(cells)) < 0x1p-21)
                break;
        }
        circle(&m, low + 0.95, low + 0.95, 0.02, 4000); /* many vertices: the tree may cost something */
        end_simple(&m);
        double y = low + 0.1 + floor(rng_unit(&r) * 0x1p32) * unit;
        for (int copy = 0; copy < 3; copy++) {
            vertex(&m, x, y - 10000 * unit);
            vertex(&m, x, y + 10000 * unit);
            for (int k = 0; k < 30; k++)
                vertex(&m, x + rng_below(&r, 128) * unit, y + rng_below(&r, 128) * unit);
            end_simple(&m);
        }
        trees += compare(&m, &r, &t, 0, "far corners");
    }
    tap_tally(&t.answers);
    tap_tally(&t.layouts);
    tap_ok(trees > cases / 2, "far out: %ld trees from %ld maps", trees, cases);
}

/* More borders in one place than a tree takes: once, since giving up takes time. */
static void test_hopeless(void) {
    static map m;
    rng r = rng_new(86);
    tallies t = {.answers = {"4000 spikes at one vertex", 0, 0},
                 .layouts = {"there in any layout", 0, 0},
                 .limited = {"there with less memory", 0, 0}};
    clear(&m);
    star(&m, &r, 4000);
    (void)compare(&m, &r, &t, 0, "4000 spikes");
    tap_tally(&t.answers);
}

/* Small cases of every family of numbers, against the definitions themselves. */
static void test_small(void) {
    static zoo z;
    rng r = rng_new(88);
    tap_count count = {"small cases, as the oracle says", 0, 0};
    long trees = 0, cases = tap_cases(300, 20000);
    for (long i = 0; i < cases; i++) {
        enum { POINTS = 24 };
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        double x[POINTS], y[POINTS];
        int64_t out[POINTS], expected[POINTS];
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
        const pm_options options = {.best = (pm_best)rng_below(&r, 3)};
        zoo_fill(&z, &r, &s, 1 + rng_below(&r, MAX_REGIONS));
        for (size_t k = 0; k < POINTS; k++) {
            double p[2];
            zoo_point(&z, &r, &s, p);
            x[k] = p[0];
            y[k] = p[1];
        }
        pm_index *tree = build(&z.regions, options, PM_ENGINE_TREE);
        pm_index_match(tree, &points, out);
        oracle_match(&z.regions, &options, &points, expected);
        for (size_t k = 0; k < POINTS; k++)
            if (tap_case(&count, out[k] == expected[k])) {
                printf("# point %a,%a: %lld, expected %lld\n", x[k], y[k], (long long)out[k], (long long)expected[k]);
                zoo_print(&z);
            }
        if (has_tree(tree)) {
            const searched how = search(tree);
            ways_isas(&count, &how, x, y, POINTS, expected, "small case");
            trees++;
        }
        pm_index_free(tree);
    }
    tap_tally(&count);
    tap_ok(trees > cases / 4, "small cases: %ld trees from %ld maps", trees, cases);
}

/* ---- memory ---- */

/* Painting grows many arrays: whichever allocation fails, the build says so and gives everything back. */
static void test_failing_memory(void) {
    static map m;
    rng r = rng_new(87);
    tap_count count = {"every allocation of a build fails once", 0, 0};
    for (long i = 0; i < tap_cases(6, 100); i++) {
        do { /* small ones: each is built hundreds of times */
            clear(&m);
            map_kinds[(size_t)i % MAP_KINDS].fill(&m, &r);
        } while (m.vertex_count > 400 && i < 6);
        const pm_regions regions = map_regions(&m);
        for (ledger l = ledger_new(0);; l = ledger_new(l.fail_at + 1)) {
            const pm_allocator allocator = ledger_allocator(&l);
            const pm_options options = {.engine = PM_ENGINE_TREE, .allocator = &allocator};
            pm_index *index = NULL;
            pm_status status = pm_index_build(&regions, &options, &index, NULL);
            int failed = l.calls > l.fail_at;
            tap_case(&count, status == (failed ? PM_ERR_NO_MEMORY : PM_OK) && (index == NULL) == failed);
            pm_index_free(index);
            tap_case(&count, l.live == 0 && !l.broken);
            if (!failed)
                break;
        }
    }
    tap_tally(&count);
}

int main(void) {
    test_kinds();
    test_far_corners();
    test_hopeless();
    test_small();
    test_failing_memory();
    ways_report();
    return tap_end();
}
