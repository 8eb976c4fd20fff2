/* test_cells.c: are the cells that pm_index_visit() shows those that answers come from?
 *
 * The cells must fill a square without gap or overlap, every point of an answer cell must have the cell's answer, and
 * border cells must be the leaves of the tree, one each and as large as the leaf says: so no cell that a table holds
 * as copies is shown twice. The maps are large enough for tables of several levels; one has little memory, so that
 * its cells are cut gradually. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "tree/disk_leaf.h"
#include "index/index.h"
#include "tree/polygon_leaf.h"
#include "tree/run_leaf.h"
#include "tap.h"

enum { MOST_CELLS = 2000000, REGIONS = 400, CORNERS = 40 };

typedef struct cells {
    pm_index_cell items[MOST_CELLS];
    size_t count, stop_at; /* 0: never */
} cells;

static int keep(void *context, const pm_index_cell *cell) {
    cells *c = context;
    if (c->count == MOST_CELLS)
        abort();
    c->items[c->count++] = *cell;
    return c->count == c->stop_at ? 42 : 0;
}

/* ---- maps ---- */

typedef struct map {
    double coords[2 * REGIONS * CORNERS];
    int64_t rings[REGIONS + 1], geoms[REGIONS / 2 + 1];
    double x[REGIONS], y[REGIONS], area[REGIONS], radius[REGIONS];
} map;

/* Stars of many vertices, overlapping; two make a region. Disks around the same centers. */
static void fill(map *m, rng *r) {
    for (size_t i = 0; i < REGIONS; i++) {
        double size = 0.02 + 0.1 * rng_unit(r);
        m->x[i] = rng_unit(r);
        m->y[i] = rng_unit(r);
        m->area[i] = rng_unit(r);
        m->radius[i] = size;
        for (size_t k = 0; k < CORNERS; k++) {
            double turn = 6.283185307179586 * (double)k / CORNERS, length = size * (0.7 + 0.3 * rng_unit(r));
            m->coords[2 * (i * CORNERS + k)] = m->x[i] + length * cos(turn);
            m->coords[2 * (i * CORNERS + k) + 1] = m->y[i] + length * sin(turn);
        }
    }
    for (int64_t i = 0; i <= REGIONS; i++)
        m->rings[i] = CORNERS * i;
    for (int64_t i = 0; i <= REGIONS / 2; i++)
        m->geoms[i] = 2 * i;
}

static const int64_t *each(void) {
    static int64_t offsets[REGIONS + 1];
    for (int64_t i = 0; i <= REGIONS; i++)
        offsets[i] = i;
    return offsets;
}

static pm_regions regions_of(const map *m, int multi) {
    return (pm_regions){.coords = m->coords,
                        .coord_count = REGIONS * CORNERS,
                        .ring_offsets = m->rings,
                        .ring_count = REGIONS,
                        .polygon_offsets = each(),
                        .polygon_count = REGIONS,
                        .geom_offsets = multi ? m->geoms : NULL,
                        .geom_count = multi ? REGIONS / 2 : 0};
}

static pm_index *must(pm_status status, pm_index *index, const pm_error *err) {
    if (status != PM_OK) {
        tap_ok(0, "build: %s", err->message);
        exit(tap_end());
    }
    return index;
}

static pm_index *build_regions(const map *m, int multi, pm_engine engine, size_t max_bytes) {
    const pm_regions regions = regions_of(m, multi);
    const pm_options options = {.engine = engine, .max_bytes = max_bytes};
    pm_index *index = NULL;
    pm_error err;
    pm_status status = pm_index_build(&regions, &options, &index, &err);
    return must(status, index, &err);
}

static pm_index *build_within(const map *m, pm_engine engine) {
    static const double distance = 0.02;
    const pm_regions regions = regions_of(m, 0);
    const pm_options options = {
        .predicate = PM_DWITHIN, .distance = &distance, .distance_count = 1, .engine = engine};
    pm_index *index = NULL;
    pm_error err;
    pm_status status = pm_index_build(&regions, &options, &index, &err);
    return must(status, index, &err);
}

static pm_index *build_disks(const map *m, size_t radii) {
    const pm_disks disks = {.x = m->x, .y = m->y, .area = m->area, .count = REGIONS};
    const pm_options options = {
        .predicate = PM_CENTER_WITHIN, .distance = m->radius, .distance_count = radii, .engine = PM_ENGINE_TREE};
    pm_index *index = NULL;
    pm_error err;
    pm_status status = pm_index_build_disks(&disks, &options, &index, &err);
    return must(status, index, &err);
}

/* ---- what must hold ---- */

static int64_t answer_at(const pm_index *index, double x, double y) {
    const pm_points point = {.x = &x, .y = &y, .x_stride = sizeof x, .y_stride = sizeof y, .count = 1};
    int64_t answer;
    pm_index_match(index, &point, &answer);
    return answer;
}

/* Leaves, and what share of the root their cells take; unknown for leaves of disks. */
typedef struct leaves {
    size_t count;
    double share;
    int gradual_below; /* some are of cells that were not cut in 8 x 8 */
} leaves;

/* One after the other, as they are stored. */
static leaves leaves_of(const pm_index *index) {
    const uint32_t *units = pm_index_tree(index)->leaves;
    const size_t end = pm_index_tree(index)->leaf_count - PM_LEAF_SLACK;
    leaves found = {0, 0, 0};
    for (size_t at = 0; at < end;) {
        size_t begin = at;
        if (pm_index_predicate(index) == PM_COVERS) {
            pm_leaf leaf = pm_leaf_read(units + at);
            if (leaf.polygon_count > 0) {
                found.count++;
                found.share += ldexp(1, -2 * leaf.bits);
                found.gradual_below |= leaf.bits % 3 != 0;
            }
            at += leaf.polygon_count > 0 ? leaf.vertices + (size_t)leaf.vertex_count : 2;
        } else if (pm_index_predicate(index) == PM_DWITHIN) {
            const pm_run_leaf leaf = pm_run_leaf_read(units + at);
            at += pm_run_leaf_size(leaf.count, leaf.outlined);
            found.count++;
        } else {
            while (!(units[at++] & PM_DISK_LAST))
                continue;
            found.count++;
        }
        at += (at - begin) & 1;
    }
    return found;
}

/* Sides are exact here: the same whole numbers give the same doubles. */
static void check_that_cells_fill_the_root(const cells *c, rng *r, const char *what) {
    tap_count count = {"each place is in one cell", 0, 0};
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY}, area = 0;
    for (size_t i = 0; i < c->count; i++) {
        const pm_index_cell *cell = &c->items[i];
        box[0] = fmin(box[0], cell->min_x);
        box[1] = fmin(box[1], cell->min_y);
        box[2] = fmax(box[2], cell->max_x);
        box[3] = fmax(box[3], cell->max_y);
        area += (cell->max_x - cell->min_x) * (cell->max_y - cell->min_y);
    }
    double root = (box[2] - box[0]) * (box[3] - box[1]);
    tap_ok(fabs(area - root) < 1e-10 * root, "%s: areas add up to the root's: %.17g of %.17g", what, area, root);
    for (int trial = 0; trial < 400; trial++) {
        const pm_index_cell *near = &c->items[rng_below(r, (uint32_t)c->count)]; /* often on sides and corners */
        double x = trial % 2 ? near->min_x : box[0] + rng_unit(r) * (box[2] - box[0]);
        double y = trial % 3 ? near->min_y : box[1] + rng_unit(r) * (box[3] - box[1]);
        int found = 0;
        for (size_t i = 0; i < c->count; i++)
            found +=
                c->items[i].min_x <= x && x < c->items[i].max_x && c->items[i].min_y <= y && y < c->items[i].max_y;
        if (tap_case(&count, found == 1))
            printf("# %s: %a,%a is in %d cells\n", what, x, y, found);
    }
    tap_tally(&count);
}

static void check_answers(const pm_index *index, const pm_index *scan, const cells *c, const char *what) {
    static const double places[] = {0.5, 0.5, 0.001, 0.001, 0.999, 0.001, 0.001, 0.999, 0.999, 0.999};
    tap_count count = {"cells answer as the index does", 0, 0};
    size_t borders = 0;
    double share = 0, root = ldexp(1, PM_FIXED_BITS) / pm_index_tree(index)->scale;
    for (size_t i = 0; i < c->count; i++) {
        const pm_index_cell *cell = &c->items[i];
        borders += cell->is_border != 0;
        share += cell->is_border ? (cell->max_x - cell->min_x) / root * (cell->max_y - cell->min_y) / root : 0;
        if (cell->is_border) {
            tap_case(&count, cell->is_border == 1 && cell->answer == PM_NO_MATCH);
            continue;
        }
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k += 2) {
            double x = cell->min_x + places[k] * (cell->max_x - cell->min_x);
            double y = cell->min_y + places[k + 1] * (cell->max_y - cell->min_y);
            int64_t found = answer_at(index, x, y);
            if (tap_case(&count, found == cell->answer && (i % 64 || !scan || found == answer_at(scan, x, y))))
                printf("# %s: %a,%a: %lld, the cell says %lld\n", what, x, y, (long long)found,
                       (long long)cell->answer);
        }
    }
    tap_tally(&count);
    leaves there = leaves_of(index);
    tap_ok(borders == there.count && borders > 0 && borders < c->count,
           "%s: %zu border cells of %zu cells, %zu leaves", what, borders, c->count, there.count);
    if (pm_index_predicate(index) == PM_COVERS)
        tap_ok(fabs(share - there.share) < 1e-9,
               "%s: border cells are as large as their leaves say: %g and %g of all", what, share, there.share);
}

static void check(const pm_index *index, const pm_index *scan, rng *r, const char *what) {
    static cells c;
    c.count = c.stop_at = 0;
    tap_ok(pm_index_visit(index, keep, &c) == 0, "%s: the walk goes to the end", what);
    tap_ok(pm_cell_bits(pm_index_tree(index)->root) > 3 && c.count < pm_index_tree(index)->table_words,
           "%s: %zu cells from tables with %zu entries, the first with %d bits", what, c.count,
           pm_index_tree(index)->table_words, pm_cell_bits(pm_index_tree(index)->root));
    check_that_cells_fill_the_root(&c, r, what);
    check_answers(index, scan, &c, what);
    size_t all = c.count;
    for (size_t stop_at = 1; stop_at <= all; stop_at = 7 * stop_at + 1) {
        c.count = 0;
        c.stop_at = stop_at;
        int returned = pm_index_visit(index, keep, &c);
        if (returned != 42 || c.count != stop_at)
            tap_ok(0, "%s: stopped at cell %zu, returned %d after %zu", what, stop_at, returned, c.count);
    }
}

/* A part of the memory that the whole tree would take: then cells are cut gradually. */
static void test_little_memory(const map *m, const pm_index *index, rng *r) {
    size_t size, tree = sizeof(uint32_t) * (pm_index_tree(index)->table_words + pm_index_tree(index)->leaf_count);
    (void)pm_index_block(index, &size);
    pm_index *small = build_regions(m, 0, PM_ENGINE_TREE, size - tree / 2);
    tap_ok(leaves_of(small).gradual_below && !leaves_of(index).gradual_below,
           "cells are cut gradually where memory is short");
    check(small, NULL, r, "polygons in little memory");
    pm_index_free(small);
}

static void test_nothing_to_show(const map *m) {
    static cells c;
    const pm_regions none = {.polygon_offsets = each(), .ring_offsets = each()};
    pm_index *scan = build_regions(m, 0, PM_ENGINE_SCAN, 0), *empty = NULL;
    pm_error err;
    pm_status status = pm_index_build(&none, NULL, &empty, &err);
    empty = must(status, empty, &err);
    c.count = c.stop_at = 0;
    tap_ok(pm_index_visit(scan, keep, &c) == 0 && c.count == 0, "a scan has no cells");
    tap_ok(pm_index_visit(empty, keep, &c) == 0 && c.count == 0, "nor has an index of nothing");
    pm_index_free(scan);
    pm_index_free(empty);
}

static void test_one_leaf(void) {
    static const double triangle[] = {0, 0, 1, 0, 0, 1};
    static const int64_t ring[] = {0, 3};
    static cells c;
    const pm_regions one = {.coords = triangle,
                            .coord_count = 3,
                            .ring_offsets = ring,
                            .ring_count = 1,
                            .polygon_offsets = each(),
                            .polygon_count = 1};
    const pm_options options = {.engine = PM_ENGINE_TREE};
    pm_index *index = NULL;
    pm_error err;
    pm_status status = pm_index_build(&one, &options, &index, &err);
    index = must(status, index, &err);
    c.count = c.stop_at = 0;
    (void)pm_index_visit(index, keep, &c);
    const pm_index_cell *cell = c.items;
    tap_ok(c.count == 1 && cell->is_border && cell->min_x < 0 && cell->min_y < 0 && cell->max_x > 1 &&
               cell->max_y > 1,
           "one triangle is one border cell around it");
    pm_index_free(index);
}

int main(void) {
    static map m;
    rng r = rng_new(71);
    fill(&m, &r);
    pm_index *simple = build_regions(&m, 0, PM_ENGINE_TREE, 0), *scan = build_regions(&m, 0, PM_ENGINE_SCAN, 0);
    pm_index *multi = build_regions(&m, 1, PM_ENGINE_TREE, 0), *opened = NULL;
    pm_index *equal = build_disks(&m, 1), *disks = build_disks(&m, REGIONS);
    pm_index *within = build_within(&m, PM_ENGINE_TREE), *all_within = build_within(&m, PM_ENGINE_SCAN);
    check(simple, scan, &r, "polygons");
    check(multi, NULL, &r, "regions of two polygons");
    check(equal, NULL, &r, "disks of one radius");
    check(disks, NULL, &r, "disks");
    check(within, all_within, &r, "regions within a distance");
    size_t size;
    const void *block = pm_index_block(multi, &size);
    pm_error err;
    pm_status status = pm_index_open(block, size, 1, NULL, &opened, &err);
    opened = must(status, opened, &err);
    check(opened, NULL, &r, "an opened block");
    test_little_memory(&m, simple, &r);
    test_nothing_to_show(&m);
    test_one_leaf();
    pm_index *all[] = {opened, simple, scan, multi, equal, disks, within, all_within};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        pm_index_free(all[i]);
    return tap_end();
}
