/* test_tree_disks.c: does the tree of disks give the same answers as the disks?
 *
 * Mistakes are likely on rims and on lines between cells, where many rims meet, and at the limits of doubles. So the
 * disks here touch each other and the cells, share centers, are far out, huge and tiny; the points are on rims, a
 * unit in the last place beside, and on corners of cells. Every answer is compared with that of pm_is_closer() on
 * disk after disk. Every instruction set, stride and number of points must give the same; a build that gives up would
 * pass all these tests, so the trees are counted. */
#include <math.h>
#include <string.h>

#include "cases.h"
#include "tree/disk_leaf.h"
#include "tree/paint_disks.h"
#include "tap.h"
#include "ways.h"

enum { MOST = 60000, POINTS = WAYS_MOST };

static double x[MOST], y[MOST], radius[MOST], px[POINTS], py[POINTS];
static double marks[MOST][2]; /* a point worth testing, per disk */
static uint32_t ids[MOST];
static pm_disk_table table = {.ids = ids, .x = x, .y = y, .radius = radius};

/* ---- disks ---- */

static double between(rng *r, double low, double high) {
    return low + (high - low) * rng_unit(r);
}

static void fill_uniform(rng *r, size_t n) {
    double typical = sqrt(between(r, 0.2, rng_below(r, 2) ? 20 : 100) / (double)n);
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_unit(r);
        y[i] = rng_unit(r);
        radius[i] = typical * between(r, 0.2, 1);
    }
}

/* Centers and radii on a lattice: rims touch, cross in common points, and coincide. */
static void fill_lattice(rng *r, size_t n) {
    double step = ldexp(1, -(int)rng_below(r, 5)) * (rng_below(r, 2) ? 1 : 0.1);
    uint32_t side = 2 + rng_below(r, 20);
    for (size_t i = 0; i < n; i++) {
        x[i] = step * rng_below(r, side);
        y[i] = step * rng_below(r, side);
        radius[i] = step * (1 + rng_below(r, 3)) * (rng_below(r, 4) ? 1 : 0.5);
    }
}

/* Few centers, a few units in the last place apart, and many radii, some equal or almost. */
static void fill_nested(rng *r, size_t n) {
    for (size_t i = 0; i < n; i++) {
        x[i] = ulps_away(0.25 * (1 + rng_below(r, 3)), (int)(rng_below(r, 4) ? 0 : rng_below(r, 3)) - 1);
        y[i] = ulps_away(0.5, (int)(rng_below(r, 4) ? 0 : rng_below(r, 3)) - 1);
        radius[i] = ulps_away(0.001 * (1 + rng_below(r, 300)), (int)rng_below(r, 3) - 1);
    }
}

/* All through one point. */
static void fill_pencil(rng *r, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double turn = between(r, 0, 6.3);
        radius[i] = rng_below(r, 3) ? 1 : between(r, 0.01, 2);
        x[i] = 3 + radius[i] * cos(turn);
        y[i] = 3 + radius[i] * sin(turn);
    }
}

/* Of every size, and a far cluster. */
static void fill_sizes(rng *r, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double far = rng_below(r, 4) ? 0 : 1000;
        x[i] = far + rng_unit(r);
        y[i] = far + rng_unit(r);
        radius[i] = exp(between(r, -15, -1));
        if (i % 20 == 7)
            radius[i] = 0x1p-1074;
        if (i % 20 == 9) { /* squares underflow */
            x[i] = y[i] = 0;
            radius[i] = 1e-160 * rng_unit(r);
        }
    }
}

/* Dense, but far from another one: large tables deep down. */
static void fill_cluster(rng *r, size_t n) {
    fill_uniform(r, n);
    for (size_t i = 1; i < n; i++) {
        x[i] /= 300;
        y[i] /= 300;
        radius[i] /= 1000;
    }
    radius[0] /= 1000;
}

static pm_status build(pm_tree *tree, const pm_disk_table *disks) {
    pm_poll poll = {NULL, NULL, 0, 0};
    return pm_tree_build_disks(tree, disks, 256 * disks->count + (1 << 18), &poll, NULL);
}

/* The first disk fixes the root cell; the rims of the others run through corners of cells, the marks. */
static void fill_corners(rng *r, size_t n) {
    pm_tree tree;
    x[0] = y[0] = radius[0] = 1;
    ids[0] = 0;
    table.count = table.step = 1;
    if (build(&tree, &table) != PM_OK)
        return;
    for (size_t i = 1; i < n; i++) {
        double cells = ldexp(1, 3 * (int)(1 + rng_below(r, 3))), root = 0x1p50 / tree.scale;
        marks[i][0] = tree.min_x + floor(between(r, 0.2, 0.8) * cells) / cells * root;
        marks[i][1] = tree.min_y + floor(between(r, 0.2, 0.8) * cells) / cells * root;
        x[i] = marks[i][0] + between(r, -2, 2) / cells;
        y[i] = rng_below(r, 3) ? marks[i][1] + between(r, -2, 2) / cells : marks[i][1];
        radius[i] = hypot(x[i] - marks[i][0], y[i] - marks[i][1]);
        if (fabs(x[i] - 1) + radius[i] > 1 || fabs(y[i] - 1) + radius[i] > 1)
            radius[i] = 0;
    }
    pm_tree_free(&tree, NULL);
}

static const struct kind {
    const char *name;
    void (*fill)(rng *, size_t);
    size_t least; /* disks */
} kinds[] = {{"uniform", fill_uniform, 1}, {"lattice", fill_lattice, 1}, {"nested", fill_nested, 1},
             {"pencil", fill_pencil, 1},   {"sizes", fill_sizes, 1},     {"cluster", fill_cluster, 400},
             {"corners", fill_corners, 2}};

/* Best first in any order; some disks contain nothing. Moved and scaled. */
static void fill(rng *r, const struct kind *kind, size_t n) {
    static const double moves[] = {0, 0, 0, -17.3, 1e9, 0x1p40}, scales[] = {1, 1, 0x1p-300, 1e80, 40075016.7};
    int fixed = kind->fill == fill_corners;
    double move = fixed ? 0 : moves[rng_below(r, 6)], scale = !fixed && move == 0 ? scales[rng_below(r, 5)] : 1;
    kind->fill(r, n);
    for (size_t i = 0; i < n; i++) {
        if (!fixed)
            marks[i][0] = marks[i][1] = 0;
        x[i] = move + scale * x[i];
        y[i] = scale * y[i] - move / 2;
        radius[i] *= scale;
        if (rng_below(r, 100) == 0 && i > 0)
            radius[i] = 0;
        if (rng_below(r, 100) == 0 && i > 0)
            *(rng_below(r, 2) ? &x[i] : &y[i]) = NAN;
        ids[i] = (uint32_t)i;
    }
    for (size_t i = n; i > 1; i--) { /* where it is fixed, the first becomes the worst */
        size_t k = rng_below(r, (uint32_t)i);
        if (fixed)
            k = i == n ? 0 : k;
        uint32_t id = ids[i - 1];
        ids[i - 1] = ids[k];
        ids[k] = id;
    }
    table.count = n;
    table.step = fixed ? 1 : rng_below(r, 2);
}

/* ---- points ---- */

static void fill_points(rng *r, const pm_tree *tree) {
    double root = 0x1p50 / tree->scale;
    for (size_t k = 0; k < POINTS; k++) {
        size_t i = rng_below(r, (uint32_t)table.count);
        double p[2], turn = between(r, 0, 6.3), rim = radius[table.step ? i : 0];
        double cells = ldexp(1, 3 * (int)(1 + rng_below(r, 9)));
        switch (rng_below(r, 6)) {
        case 0: /* on the rim, roughly and exactly */
            p[0] = x[i] + rim * cos(turn);
            p[1] = y[i] + rim * sin(turn);
            break;
        case 1:
            p[0] = x[i] + (k % 4 < 2 ? k % 2 ? rim : -rim : 0);
            p[1] = y[i] + (k % 4 < 2 ? 0 : k % 2 ? rim : -rim);
            break;
        case 2:
            p[0] = marks[i][0] == 0 ? x[i] : marks[i][0];
            p[1] = marks[i][0] == 0 ? y[i] : marks[i][1];
            break;
        case 3: /* a corner of a cell */
            p[0] = tree->min_x + floor(rng_unit(r) * cells) / cells * root;
            p[1] = tree->min_y + floor(rng_unit(r) * cells) / cells * root;
            break;
        case 4: /* a line between cells and a rim */
            p[0] = tree->min_x + floor((x[i] + rim * cos(turn) - tree->min_x) / root * cells) / cells * root;
            p[1] = y[i] + sqrt(fmax(0, (rim - fabs(p[0] - x[i])) * (rim + fabs(p[0] - x[i]))));
            break;
        default: /* anywhere, some outside of the root cell */
            p[0] = tree->min_x + between(r, -0.02, 1.02) * root;
            p[1] = tree->min_y + between(r, -0.02, 1.02) * root;
            break;
        }
        static const double unreal[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308};
        for (int axis = 0; axis < 2; axis++) {
            if (rng_below(r, 3) == 0 && isfinite(p[axis]))
                p[axis] = ulps_away(p[axis], (int)rng_below(r, 3) - 1);
            if (rng_below(r, 60) == 0)
                p[axis] = unreal[rng_below(r, 5)];
        }
        px[k] = p[0];
        py[k] = p[1];
    }
}

static int64_t expected_at(double at_x, double at_y) {
    for (size_t rank = 0; rank < table.count; rank++) {
        size_t id = ids[rank];
        if (pm_is_closer((const double[2]){x[id], y[id]}, at_x, at_y, radius[table.step ? id : 0]))
            return (int64_t)id;
    }
    return PM_NO_MATCH;
}

/* ---- checks ---- */

static searched search(const pm_tree *tree) {
    return (searched){tree, pm_disk_kernel, &table};
}

static void test_kinds(void) {
    rng r = rng_new(81);
    tap_count layouts = {"any layout", 0, 0}, sizes = {"any number of points", 0, 0};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        tap_count count = {kinds[k].name, 0, 0};
        long trees = 0, builds = tap_cases(60, 1500), hits = 0;
        for (long i = 0; i < builds; i++) {
            static int64_t expected[POINTS];
            pm_tree tree;
            fill(&r, &kinds[k], kinds[k].least + rng_below(&r, i % 10 ? 60 : 800));
            if (build(&tree, &table) != PM_OK || !tree.tables)
                continue;
            trees++;
            fill_points(&r, &tree);
            for (size_t p = 0; p < POINTS; p++) {
                expected[p] = expected_at(px[p], py[p]);
                hits += expected[p] != PM_NO_MATCH;
            }
            const searched s = search(&tree);
            ways_isas(&count, &s, px, py, POINTS, expected, kinds[k].name);
            if (i % 4 == 0)
                ways_layouts(&layouts, &r, &s, px, py, POINTS, expected);
            if (i < 2)
                ways_sizes(&sizes, &s, px, py, POINTS, expected);
            pm_tree_free(&tree, NULL);
        }
        tap_tally(&count);
        tap_ok(trees > builds / 2 && hits > trees * POINTS / 4, "%s: %ld trees of %ld, %ld hits", kinds[k].name,
               trees, builds, hits);
    }
    tap_tally(&layouts);
    tap_tally(&sizes);
}

/* ---- crowds: many rims in one place ---- */

static void crowd(const char *name, size_t n, size_t bytes_per_disk, int must_build) {
    rng r = rng_new(82);
    tap_count count = {name, 0, 0};
    pm_tree tree;
    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)i;
    table.count = n;
    table.step = 1;
    pm_status status = build(&tree, &table);
    size_t size = (tree.table_words + tree.leaf_count) * sizeof(uint32_t);
    tap_ok(status == PM_OK && (tree.tables || !must_build) && size <= bytes_per_disk * n, "%s: %zu bytes", name,
           size);
    if (tree.tables) {
        static int64_t expected[POINTS];
        fill_points(&r, &tree);
        for (size_t p = 0; p < POINTS; p++)
            expected[p] = expected_at(px[p], py[p]);
        const searched s = search(&tree);
        ways_isas(&count, &s, px, py, POINTS, expected, name);
        tap_tally(&count);
    }
    pm_tree_free(&tree, NULL);
}

static void test_crowds(void) {
    rng r = rng_new(83);
    size_t n = MOST;
    for (size_t i = 0; i < n; i++) {
        x[i] = y[i] = 1;
        radius[i] = 2;
    }
    crowd("copies of one disk", n, 1, 1);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)(i % 7);
        y[i] = (double)(i / 7 % 9);
    }
    crowd("copies of 63 disks, in turn", n, 16, 1);
    for (size_t i = 0; i < n; i++) {
        x[i] = y[i] = 1;
        radius[i] = (double)(n - i);
    }
    crowd("one center, the largest first", n, 1, 1);
    for (size_t i = 0; i < n; i++)
        radius[i] = (double)(i + 1);
    crowd("one center, the smallest first", n, 300, 0);
    for (size_t i = 0; i < n; i++) {
        x[i] = 1 + 1e-9 * rng_unit(&r);
        y[i] = 1 + 1e-9 * rng_unit(&r);
        radius[i] = 1;
    }
    crowd("almost copies", n, 300, 0);
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_unit(&r);
        y[i] = rng_unit(&r);
        radius[i] = exp(-30 * rng_unit(&r));
    }
    crowd("huge and tiny", n, 300, 1);
}

/* No tree, but the right answer: the scan's. */
static void test_refused(void) {
    static const double cases[][4] = {/* two radii, the center of the second */
                                      {1, INFINITY, 0, 0},        {1e200, 1, 0, 0},   {1, 1, 1e300, 0},
                                      {1, 1e308, 1e308, 0},       {0, 0, 0, 0},       {1, 1, NAN, 0},
                                      {1, INFINITY, INFINITY, 0}, {1, 1, INFINITY, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const double cx[] = {0, cases[k][2]}, cy[] = {0, cases[k][3]};
        const pm_disks disks = {.x = cx, .y = cy, .count = 2};
        pm_options options = {.predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .engine = PM_ENGINE_TREE};
        options.distance = cases[k];
        options.distance_count = 2;
        const double at[] = {0, 0.5, 1, -1, 3, 1e200, -1e300, 1e308, INFINITY, NAN};
        const pm_points points = {
            .x = at, .y = at, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 10};
        int64_t out[10];
        pm_index *index = NULL;
        int right = pm_index_build_disks(&disks, &options, &index, NULL) == PM_OK;
        if (right)
            pm_index_match(index, &points, out);
        for (size_t p = 0; right && p < 10; p++) {
            int64_t best = PM_NO_MATCH;
            for (int i = 1; i >= 0; i--)
                if (pm_is_closer((const double[2]){cx[i], cy[i]}, at[p], at[p], cases[k][i]))
                    best = i;
            right = out[p] == best;
        }
        tap_ok(right, "radii %g %g, second center %g %g", cases[k][0], cases[k][1], cx[1], cy[1]);
        pm_index_free(index);
    }
}

int main(void) {
    test_kinds();
    test_crowds();
    test_refused();
    ways_report();
    return tap_end();
}
