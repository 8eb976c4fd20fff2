/* kind_polygons.c — an index of polygons: which is the best region that covers the point?
 *
 * Its sections are the polygons in rank order as boxes and edges (scan/polygons.c), and over the edges, unless they
 * are few, the tree (tree/paint_polygons.c). Boxes of regions are left out where each region has one polygon. The
 * sections of lines and points are the same with the kind of each; an index of distances has those, covers does not
 * take them. */
#include "base/strict.h"

#include "kind_polygons.h"

#include "costs.h"
#include "kind_compact.h"

#include <math.h>
#include <string.h>

#include "base/exact.h"
#include "base/status.h"
#include "input/measure.h"
#include "scan/scan.h"
#include "tree/check.h"
#include "tree/paint_polygons.h"
#include "tree/polygon_leaf.h"

static const pm_section_name POLYGON_SECTIONS[] = {
    PM_SECTION_BOXES,          PM_SECTION_POLYGON_OFFSETS, PM_SECTION_POLYGON_BOXES, PM_SECTION_RING_OFFSETS,
    PM_SECTION_VERTEX_OFFSETS, PM_SECTION_VERTICES,        PM_SECTION_SPANS,         PM_SECTION_TREE_ROOT,
    PM_SECTION_TREE_TABLES,    PM_SECTION_TREE_LEAVES,     PM_SECTION_TREE_ORIGINS};

const pm_tree_sections pm_polygon_tree = {PM_SECTION_TREE_ROOT, PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES,
                                          PM_SECTION_TREE_ORIGINS};

/* ---- building ---- */

/* All sizes but the tree's follow from how much there is. */
static void polygons_set_sizes(uint64_t sizes[PM_SECTIONS], uint64_t regions, const pm_polygon_sizes *of) {
    sizes[PM_SECTION_BOXES] = of->boxes * sizeof(pm_box);
    sizes[PM_SECTION_POLYGON_OFFSETS] = (regions + 1) * sizeof(uint32_t);
    sizes[PM_SECTION_POLYGON_BOXES] = of->polygons * sizeof(pm_box);
    sizes[PM_SECTION_RING_OFFSETS] = (of->polygons + 1) * sizeof(uint32_t);
    sizes[PM_SECTION_VERTEX_OFFSETS] = (of->rings + 1) * sizeof(uint32_t);
    sizes[PM_SECTION_VERTICES] = 2 * of->vertices * sizeof(double);
    sizes[PM_SECTION_SPANS] = 2 * (of->vertices / PM_SPAN + 1) * sizeof(double);
    sizes[PM_SECTION_KINDS] = of->kinds * sizeof(uint8_t);
}

static pm_status polygons_plan(pm_build *b, pm_error *err) {
    pm_polygon_sizes sizes = pm_polygons_measure(b->regions, &b->poll);
    if (b->poll.stopped)
        return pm_build_stopped(err);
    if (sizes.vertices >= UINT32_MAX || sizes.rings >= UINT32_MAX || sizes.polygons >= UINT32_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu vertices (rings closed) are more than 4294967294",
                       sizes.vertices);
    polygons_set_sizes(b->sizes, b->count, &sizes);
    pm_build_plan_tree(b, &pm_polygon_tree);
    size_t given = b->regions->coord_count < sizes.vertices ? b->regions->coord_count : sizes.vertices;
    b->default_limit = 3 * 2 * sizeof(double) * given + 128 * sizes.polygons + (16 << 20);
    return PM_OK;
}

static pm_status changed(pm_error *err) {
    return pm_fail(err, PM_ERR_COORDINATE, -1, "the coordinates changed while the index was built");
}

/* The coordinates were checked and counted where they lie; what is copied is checked again, since a poll or another
 * thread may have changed them. */
static pm_status polygons_fill(pm_build *b, void *view, pm_error *err) {
    const size_t room = (size_t)b->sizes[PM_SECTION_VERTICES] / (2 * sizeof(double));
    size_t after = 0;
    pm_polygon_table *table = &((pm_polygon_view *)view)->table;
    table->count = 0;
    table->polygon_offsets[0] = table->ring_offsets[0] = table->vertex_offsets[0] = 0;
    for (size_t rank = 0; rank < b->count; rank++) {
        size_t before = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[rank]]];
        if (!pm_polygons_append(table, b->regions, b->ids[rank], room))
            return changed(err);
        after = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[rank + 1]]];
        if (!pm_are_finite(table->vertices + 2 * before, 2 * (after - before)))
            return changed(err);
        if (pm_poll_after(&b->poll, after - before + 16))
            return pm_build_stopped(err);
        pm_box box = table->boxes[rank];
        pm_build_extend_bounds(b, box.min_x, box.min_y, box.max_x, box.max_y);
    }
    if (after != room)
        return changed(err);
    pm_polygons_seal(table);
    return PM_OK;
}

static pm_status polygons_paint(pm_build *b, void *view, pm_error *err) {
    const pm_polygon_view *v = view;
    pm_tree tree;
    if (b->options->engine == PM_ENGINE_AUTO && pm_polygons_are_few(&v->table))
        return PM_OK;
    const double points = b->only ? (double)b->only->count : INFINITY;
    const double vertices = (double)(b->sizes[PM_SECTION_VERTICES] / (2 * sizeof(double)));
    const pm_tree_aim aim = {.size_goal = b->goal,
                             .size_limit = b->budget,
                             .squares = b->squares,
                             .square_count = b->square_count,
                             .is_brief = pm_costs_favour_brief(points, vertices),
                             .only = pm_costs_favour_occupied(points, vertices) ? b->only : NULL};
    pm_status status =
        pm_tree_build_polygons(&tree, &v->table, v->ids, &aim, &b->poll, &b->runner, b->options->allocator);
    return pm_build_add_tree(b, &pm_polygon_tree, status, &tree, err);
}

/* ---- using a block ---- */

static int polygons_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    const pm_polygon_sizes of = {.boxes = (size_t)(sizes[PM_SECTION_BOXES] / sizeof(pm_box)),
                                 .kinds = (size_t)sizes[PM_SECTION_KINDS],
                                 .polygons = (size_t)(sizes[PM_SECTION_POLYGON_BOXES] / sizeof(pm_box)),
                                 .rings = (size_t)(sizes[PM_SECTION_VERTEX_OFFSETS] / sizeof(uint32_t)) - 1,
                                 .vertices = (size_t)(sizes[PM_SECTION_VERTICES] / (2 * sizeof(double)))};
    uint64_t again[PM_SECTIONS];
    memcpy(again, sizes, sizeof again);
    polygons_set_sizes(again, count, &of);
    return memcmp(again, sizes, sizeof again) == 0 && pm_tree_fits(sizes, &pm_polygon_tree) &&
           of.polygons < UINT32_MAX && of.rings < UINT32_MAX && of.vertices < UINT32_MAX &&
           (of.boxes == count || (of.boxes == 0 && of.polygons == count)) &&
           (of.kinds == 0 || of.kinds == of.polygons);
}

static void polygons_view(void *view, const pm_block *block) {
    const pm_section_name boxes =
        block->sections[PM_SECTION_BOXES].size ? PM_SECTION_BOXES : PM_SECTION_POLYGON_BOXES;
    *(pm_polygon_view *)view = (pm_polygon_view){
        .table = {.count = (size_t)block->header.count,
                  .boxes = pm_block_array(block, boxes),
                  .polygon_offsets = pm_block_array(block, PM_SECTION_POLYGON_OFFSETS),
                  .polygon_boxes = pm_block_array(block, PM_SECTION_POLYGON_BOXES),
                  .ring_offsets = pm_block_array(block, PM_SECTION_RING_OFFSETS),
                  .vertex_offsets = pm_block_array(block, PM_SECTION_VERTEX_OFFSETS),
                  .vertices = pm_block_array(block, PM_SECTION_VERTICES),
                  .spans = pm_block_array(block, PM_SECTION_SPANS),
                  .kinds = block->sections[PM_SECTION_KINDS].size ? pm_block_array(block, PM_SECTION_KINDS) : NULL},
        .ids = pm_block_array(block, PM_SECTION_IDS),
        .tree = pm_tree_view(block, &pm_polygon_tree)};
}

/* Do the offsets go from 0 to `end` in steps of at least `least`? */
static int offsets_are_right(const uint32_t *offsets, size_t count, size_t end, uint32_t least) {
    int right = offsets[0] == 0 && offsets[count] == end;
    for (size_t i = 0; i < count; i++)
        right &= offsets[i + 1] >= offsets[i] && offsets[i + 1] - offsets[i] >= least;
    return right;
}

int pm_polygon_offsets_are_right(const pm_polygon_table *table, size_t polygons, size_t rings, size_t vertices) {
    return offsets_are_right(table->polygon_offsets, table->count, polygons, 0) &&
           offsets_are_right(table->ring_offsets, polygons, rings, 1) &&
           offsets_are_right(table->vertex_offsets, rings, vertices, 2);
}

/* Offsets are right; coordinates are finite, as exact arithmetic needs them; the tree can be walked. Boxes and spans
 * need no check: they are only compared. */
static pm_status polygons_verify(const void *view, const pm_block *block, const pm_allocator *allocator,
                                 pm_error *err) {
    const pm_polygon_view *v = view;
    const pm_section *s = block->sections;
    const size_t polygons = (size_t)s[PM_SECTION_POLYGON_BOXES].size / sizeof(pm_box);
    const size_t rings = (size_t)s[PM_SECTION_VERTEX_OFFSETS].size / sizeof(uint32_t) - 1;
    const size_t vertices = (size_t)s[PM_SECTION_VERTICES].size / (2 * sizeof(double));
    if (!pm_polygon_offsets_are_right(&v->table, polygons, rings, vertices))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: offsets out of order");
    if (!pm_are_finite(v->table.vertices, 2 * vertices))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a vertex is not finite");
    for (size_t i = 0; i < (size_t)s[PM_SECTION_KINDS].size; i++)
        if (v->table.kinds[i] > PM_PART_POINT)
            return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a kind is not known");
    return pm_tree_check(&v->tree, pm_polygon_leaves_check, &v->table, v->table.count, allocator, err);
}

/* ---- searching ---- */

static int64_t polygons_find(const void *context, const pm_exact_point *p) {
    const pm_polygon_view *v = context;
    size_t rank = pm_polygons_find(&v->table, p);
    return rank < v->table.count ? (int64_t)v->ids[rank] : PM_NO_MATCH;
}

static void polygons_match(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    const pm_polygon_view *v = view;
    pm_isa isa = pm_isa_best();
    if (pm_tree_exists(&v->tree))
        pm_tree_match(&v->tree, points, turns, out, pm_polygon_kernel(isa), &v->table, isa);
    else
        pm_scan(points, turns, out, polygons_find, v);
}

static size_t polygons_beside_size(const void *view) {
    const pm_polygon_view *v = view;
    return pm_runs_fit(&v->table) ? pm_runs_size(&v->table) : 0;
}

static pm_status polygons_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                      const pm_allocator *allocator) {
    return pm_runs_fill(&((const pm_polygon_view *)view)->table, memory, size, poll, allocator);
}

static int add_covering(const pm_polygon_view *v, const pm_beside *beside, const pm_exact_point *p, size_t most,
                        pm_ranks *ranks) {
    pm_runs runs;
    const size_t before = ranks->count;
    if (pm_runs_view(&runs, beside->memory, beside->size)) {
        pm_spot spot = pm_spot_of(p, runs.scale);
        return pm_find_all_covering(&v->table, &runs, &spot, ranks);
    }
    for (size_t rank = 0; rank < v->table.count && ranks->count - before < most; rank++)
        if (pm_region_covers(&v->table, rank, p) && !pm_ranks_append(ranks, (uint32_t)rank))
            return 0;
    return 1;
}

int pm_polygons_covering(const pm_polygon_view *v, const pm_beside *beside, double x, double y, size_t most,
                         pm_ranks *ranks) {
    const pm_exact_point p = pm_point(x, y);
    ranks->count = 0;
    return add_covering(v, beside, &p, most, ranks);
}

static int polygons_list(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                         size_t most, pm_hits *hits) {
    const pm_polygon_view *v = view;
    hits->ranks.count = 0;
    for (size_t i = 0; i < turns; i++)
        if (!add_covering(v, beside, &places[i], most, &hits->ranks))
            return 0;
    if (turns > 1)
        pm_ranks_unite(&hits->ranks);
    for (size_t i = 0; i < hits->ranks.count && i < most; i++)
        pm_hits_add(hits, v->ids[hits->ranks.items[i]], 0);
    return 1;
}

static const pm_tree *polygons_tree(const void *view) {
    return &((const pm_polygon_view *)view)->tree;
}

const pm_kind pm_kind_polygons = {.name = "covers",
                                  .predicate = PM_COVERS,
                                  .compact = &pm_kind_compact,
                                  .distance = PM_DISTANCE_NONE,
                                  .view_size = sizeof(pm_polygon_view),
                                  .sections = POLYGON_SECTIONS,
                                  .section_count = sizeof POLYGON_SECTIONS / sizeof *POLYGON_SECTIONS,
                                  .area = pm_region_area,
                                  .plan = polygons_plan,
                                  .fill = polygons_fill,
                                  .paint = polygons_paint,
                                  .fits = polygons_fits,
                                  .view = polygons_view,
                                  .verify = polygons_verify,
                                  .match = polygons_match,
                                  .beside_size = polygons_beside_size,
                                  .beside_fill = polygons_beside_fill,
                                  .list = polygons_list,
                                  .tree = polygons_tree};
