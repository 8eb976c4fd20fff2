/* kind_disks.c — an index of disks: which is the best region whose center is closer than the distance?
 *
 * Its sections are centers and radii in the order of the input, the grid that the scan runs over in rank order
 * (scan/disks.c), and unless disks are few, the tree (tree/paint_disks.c). pm_match_disks() makes a table of disks,
 * searches it and forgets it. */
#include "base/strict.h"

#include "kind_disks.h"

#include <math.h>
#include <string.h>

#include "base/distance.h"
#include "base/outward.h"
#include "base/status.h"
#include "near/disk_groups.h"
#include "index.h"
#include "input/measure.h"
#include "input/rank.h"
#include "scan/scan.h"
#include "tree/check.h"
#include "tree/disk_leaf.h"
#include "tree/paint_disks.h"

/* With fewer, all are looked through before a table of cells is read. */
enum { FEW_DISKS = 32 };

static const pm_section_name DISK_SECTIONS[] = {
    PM_SECTION_DISK_X,      PM_SECTION_DISK_Y,      PM_SECTION_DISK_RADIUS, PM_SECTION_DISK_GRID,
    PM_SECTION_DISK_GRID_X, PM_SECTION_DISK_GRID_Y, PM_SECTION_DISK_REACH,  PM_SECTION_TREE_ROOT,
    PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES, PM_SECTION_TREE_ORIGINS};

static const pm_tree_sections DISK_TREE = {PM_SECTION_TREE_ROOT, PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES,
                                           PM_SECTION_TREE_ORIGINS};

/* The section `grid`. */
typedef struct grid_map {
    double min_x, min_y, scale;
} grid_map;

/* ---- building ---- */

/* All sizes but the tree's; `radii` is 1, or as many as there are disks. */
static void disks_set_sizes(uint64_t sizes[PM_SECTIONS], uint64_t disks, uint64_t radii) {
    sizes[PM_SECTION_DISK_X] = disks * sizeof(double);
    sizes[PM_SECTION_DISK_Y] = disks * sizeof(double);
    sizes[PM_SECTION_DISK_RADIUS] = radii * sizeof(double);
    sizes[PM_SECTION_DISK_GRID] = sizeof(grid_map);
    sizes[PM_SECTION_DISK_GRID_X] = PM_DISK_ROOM(disks) * sizeof(int16_t);
    sizes[PM_SECTION_DISK_GRID_Y] = PM_DISK_ROOM(disks) * sizeof(int16_t);
    sizes[PM_SECTION_DISK_REACH] = PM_DISK_ROOM(radii + 1) * sizeof(int16_t);
}

static pm_status disks_plan(pm_build *b, pm_error *err) {
    (void)err;
    disks_set_sizes(b->sizes, b->count, b->options->distance_count);
    pm_build_plan_tree(b, &DISK_TREE);
    b->default_limit = 256 * b->count + (4 << 20);
    return PM_OK;
}

static void copy_doubles(const pm_build *b, pm_section_name name, const double *from) {
    if (b->sizes[name] > 0)
        memcpy(pm_block_array(&b->block, name), from, (size_t)b->sizes[name]);
}

static void extend_by_disks(pm_build *b, const pm_disk_table *disks) {
    for (size_t i = 0; i < disks->count; i++) {
        double x = disks->x[i], y = disks->y[i], r = disks->radius[disks->step ? i : 0];
        if (r > 0 && !isnan(x) && (isinf(r) || (isfinite(x) && isfinite(y))))
            pm_build_extend_reach(b, &(const pm_box){x, y, x, y}, r);
    }
}

static pm_status disks_fill(pm_build *b, void *view, pm_error *err) {
    pm_disk_table *table = &((pm_disk_view *)view)->table;
    copy_doubles(b, PM_SECTION_DISK_X, b->disks->x);
    copy_doubles(b, PM_SECTION_DISK_Y, b->disks->y);
    copy_doubles(b, PM_SECTION_DISK_RADIUS, b->options->distance);
    pm_status status = pm_distances_check(table->radius, b->options->distance_count, err); /* they may have changed */
    if (status)
        return status;
    pm_disks_fill(table);
    extend_by_disks(b, table);
    *(grid_map *)pm_block_array(&b->block, PM_SECTION_DISK_GRID) =
        (grid_map){table->min_x, table->min_y, table->scale};
    return PM_OK;
}

static pm_status disks_paint(pm_build *b, void *view, pm_error *err) {
    const pm_disk_view *v = view;
    pm_tree tree;
    if (b->options->engine == PM_ENGINE_AUTO && b->count < FEW_DISKS)
        return PM_OK;
    pm_status status = pm_tree_build_disks(&tree, &v->table, b->budget, &b->poll, b->options->allocator);
    return pm_build_add_tree(b, &DISK_TREE, status, &tree, err);
}

/* ---- using a block ---- */

static int disks_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    const uint64_t radii = sizes[PM_SECTION_DISK_RADIUS] / sizeof(double);
    uint64_t again[PM_SECTIONS];
    memcpy(again, sizes, sizeof again);
    disks_set_sizes(again, count, radii);
    return memcmp(again, sizes, sizeof again) == 0 && pm_tree_fits(sizes, &DISK_TREE) &&
           (radii == 1 || radii == count);
}

static void disks_view(void *view, const pm_block *block) {
    const grid_map grid = *(const grid_map *)pm_block_array(block, PM_SECTION_DISK_GRID);
    *(pm_disk_view *)view =
        (pm_disk_view){.table = {.count = (size_t)block->header.count,
                                 .ids = pm_block_array(block, PM_SECTION_IDS),
                                 .x = pm_block_array(block, PM_SECTION_DISK_X),
                                 .y = pm_block_array(block, PM_SECTION_DISK_Y),
                                 .radius = pm_block_array(block, PM_SECTION_DISK_RADIUS),
                                 .step = block->sections[PM_SECTION_DISK_RADIUS].size != sizeof(double),
                                 .min_x = grid.min_x,
                                 .min_y = grid.min_y,
                                 .scale = grid.scale,
                                 .grid_x = pm_block_array(block, PM_SECTION_DISK_GRID_X),
                                 .grid_y = pm_block_array(block, PM_SECTION_DISK_GRID_Y),
                                 .reach = pm_block_array(block, PM_SECTION_DISK_REACH)},
                       .tree = pm_tree_view(block, &DISK_TREE)};
}

/* Centers, radii and grids need no check: they are only compared, and any bits can be. */
static pm_status disks_verify(const void *view, const pm_block *block, const pm_allocator *allocator, pm_error *err) {
    const pm_disk_view *v = view;
    (void)block;
    return pm_tree_check(&v->tree, pm_disk_leaves_check, &v->table, v->table.count, allocator, err);
}

/* ---- searching ---- */

static int64_t disks_find(const void *context, const pm_exact_point *p) {
    return pm_disks_find(context, p);
}

static void disks_match(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    const pm_disk_view *v = view;
    pm_isa isa = pm_isa_best();
    if (pm_tree_exists(&v->tree))
        pm_tree_match(&v->tree, points, turns, out, pm_disk_kernel(isa), &v->table, isa);
    else
        pm_scan(points, turns, out, disks_find, &v->table);
}

static void disks_measure(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                          double *distances) {
    const pm_disk_table *table = &((const pm_disk_view *)view)->table;
    disks_match(view, points, turns, out);
    for (size_t i = 0; i < points->count; i++) {
        double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        const pm_exact_point p = out[i] < 0 ? pm_point(x, y) : pm_turned_point(turns, i, x, y);
        distances[i] = out[i] < 0 ? NAN : pm_distance_turned(table->x[out[i]], table->y[out[i]], &p);
    }
}

static size_t disks_beside_size(const void *view) {
    return pm_disk_groups_size(&((const pm_disk_view *)view)->table);
}

static pm_status disks_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                   const pm_allocator *allocator) {
    const pm_disk_view *v = view;
    (void)size;
    return pm_poll_after(poll, v->table.count) ? PM_ERR_STOPPED : pm_disk_groups_fill(&v->table, memory, allocator);
}

/* Add the disks that contain a place. */
static int add_disks(const pm_disk_table *table, const pm_beside *beside, const pm_exact_point *p, size_t most,
                     pm_ranks *ranks) {
    const size_t before = ranks->count;
    if (beside->memory) {
        pm_disk_groups groups;
        pm_disk_groups_view(&groups, beside->memory);
        return pm_disks_find_all(table, &groups, p, ranks);
    }
    for (size_t rank = 0; rank < table->count && ranks->count - before < most; rank++) {
        const size_t id = table->ids[rank];
        const double center[2] = {table->x[id], table->y[id]};
        if (pm_point_is_closer(center, p, table->radius[table->step * id]) && !pm_ranks_append(ranks, (uint32_t)rank))
            return 0;
    }
    return 1;
}

static int disks_list(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                      size_t most, pm_hits *hits) {
    const pm_disk_table *table = &((const pm_disk_view *)view)->table;
    hits->ranks.count = 0;
    for (size_t k = 0; k < turns; k++)
        if (!add_disks(table, beside, &places[k], most, &hits->ranks))
            return 0;
    if (turns > 1)
        pm_ranks_unite(&hits->ranks);
    for (size_t i = 0; i < hits->ranks.count && i < most; i++) {
        const size_t id = table->ids[hits->ranks.items[i]];
        double distance = INFINITY;
        for (size_t k = 0; k < turns && pm_hits_measure(hits); k++)
            distance = fmin(distance, pm_distance_turned(table->x[id], table->y[id], &places[k]));
        pm_hits_add(hits, (int64_t)id, distance);
    }
    return 1;
}

static const pm_tree *disks_tree(const void *view) {
    return &((const pm_disk_view *)view)->tree;
}

const pm_kind pm_kind_disks = {.name = "center_within",
                               .predicate = PM_CENTER_WITHIN,
                               .distance = PM_DISTANCE_NEEDED,
                               .distances = PM_SECTION_DISK_RADIUS,
                               .takes_disks = 1,
                               .takes_lines = 1,
                               .view_size = sizeof(pm_disk_view),
                               .sections = DISK_SECTIONS,
                               .section_count = sizeof DISK_SECTIONS / sizeof *DISK_SECTIONS,
                               .area = pm_region_area,
                               .center = pm_region_center,
                               .plan = disks_plan,
                               .fill = disks_fill,
                               .paint = disks_paint,
                               .fits = disks_fits,
                               .view = disks_view,
                               .verify = disks_verify,
                               .match = disks_match,
                               .measure = disks_measure,
                               .beside_size = disks_beside_size,
                               .beside_fill = disks_beside_fill,
                               .list = disks_list,
                               .tree = disks_tree};

/* ---- without an index ---- */

/* On the sphere with one, which is freed again. */
static pm_status match_caps(const pm_disks *disks, const pm_options *options, const pm_points *points, int64_t *out,
                            pm_error *err) {
    pm_index *index;
    const pm_status status = pm_index_build_disks(disks, options, &index, err);
    if (!status)
        pm_index_match(index, points, out);
    pm_index_free(index);
    return status;
}

pm_status pm_match_disks(const pm_disks *disks, const pm_options *options, const pm_points *points, int64_t *out,
                         pm_error *err) {
    pm_status status = pm_disks_check(disks, options, err);
    if (status)
        return status;
    if (options->metric == PM_SPHERE)
        return match_caps(disks, options, points, out, err);
    const size_t room = PM_DISK_ROOM(disks->count), radii = PM_DISK_ROOM(options->distance_count + 1);
    const size_t ordering = pm_rank_scratch(disks->count), grid = (2 * room + radii) * sizeof(int16_t);
    char *scratch = pm_allocate(options->allocator, ordering + grid);
    if (!scratch)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory for %zu disks", disks->count);
    int16_t *cells = (int16_t *)(void *)(scratch + ordering);
    pm_disk_table table = {.count = disks->count,
                           .x = disks->x,
                           .y = disks->y,
                           .radius = options->distance,
                           .step = options->distance_count != 1,
                           .grid_x = cells,
                           .grid_y = cells + room,
                           .reach = cells + 2 * room};
    status = pm_rank(options, disks->area, disks->count, scratch, &table.ids, err);
    if (!status) {
        pm_disks_fill(&table);
        pm_scan(points, NULL, out, disks_find, &table);
    }
    pm_release(options->allocator, scratch);
    return status;
}
