/* kind_distances.c — an index of distances: which is the nearest region, or the best one within a distance?
 *
 * A region that covers a point is at distance 0. So everything that answers covers is here as well
 * (kind_polygons.c), and says for nearest who wins where any region covers the point, for dwithin which is the first
 * to beat. What borders decide comes from the tree over runs of edges (near/find.c), or without it from the scan of
 * all edges (scan/nearest.c); for nearest a map of it is painted (tree/paint_nearest.c).
 *
 * The part for covers knows polygons only. Where a line or a point may be better than a polygon that covers the
 * point, the runs say whether the point is on one, at distance 0 as well.
 *
 * Sections of its own: limits and ranks (limits.c); the scale of distances, the greatest limit, and which ranks have
 * lines; the runs; where every region is one point a tree over these (near/sites.c), and with many of them no runs.
 */
#include "base/strict.h"

#include "kind_distances.h"

#include <string.h>

#include "base/outward.h"
#include "base/status.h"
#include "input/measure.h"
#include "limits.h"
#include "tree/nearest_leaf.h"
#include "tree/paint_nearest.h"
#include "tree/paint_within.h"
#include "tree/within_leaf.h"

static const pm_section_name DISTANCE_SECTIONS[] = {PM_SECTION_BOXES,          PM_SECTION_POLYGON_OFFSETS,
                                                    PM_SECTION_POLYGON_BOXES,  PM_SECTION_RING_OFFSETS,
                                                    PM_SECTION_VERTEX_OFFSETS, PM_SECTION_VERTICES,
                                                    PM_SECTION_SPANS,          PM_SECTION_KINDS,
                                                    PM_SECTION_LIMITS,         PM_SECTION_RANKS,
                                                    PM_SECTION_DISTANCE_MAP,   PM_SECTION_TREE_ROOT,
                                                    PM_SECTION_NEAR_ROOT,      PM_SECTION_RUNS,
                                                    PM_SECTION_SITES,          PM_SECTION_TREE_TABLES,
                                                    PM_SECTION_TREE_LEAVES,    PM_SECTION_TREE_ORIGINS,
                                                    PM_SECTION_NEAR_TABLES,    PM_SECTION_NEAR_LEAVES,
                                                    PM_SECTION_NEAR_ORIGINS};

/* The map of the nearest, or of dwithin. */
static const pm_tree_sections MAP = {PM_SECTION_NEAR_ROOT, PM_SECTION_NEAR_TABLES, PM_SECTION_NEAR_LEAVES,
                                     PM_SECTION_NEAR_ORIGINS};

/* The section `distance map`. */
typedef struct distance_map {
    double scale, farthest;
    uint64_t surfaces, first_line; /* as in the view */
} distance_map;

/* ---- building ---- */

static pm_status distances_plan(pm_build *b, pm_error *err) {
    pm_status status = pm_kind_polygons.plan(b, err);
    pm_limits_set_sizes(b->sizes, b->count, b->options->distance_count);
    b->sizes[PM_SECTION_DISTANCE_MAP] = sizeof(distance_map);
    pm_build_plan_tree(b, &MAP);
    b->default_limit =
        3 * b->default_limit + 128 * b->count; /* of covers, the runs, the map; many regions are small */
    return status;
}

/* All places that are within the limits of some region. */
static void extend_bounds(pm_build *b, const pm_distance_view *v) {
    for (int i = 0; i < 4; i++)
        b->bounds[i] = NAN;
    for (size_t rank = 0; rank < b->count; rank++) {
        const pm_box *box = &v->polygons.table.boxes[rank];
        const double r = pm_reach_of(&v->field.reach, rank);
        if (!(box->min_x <= box->max_x))
            continue;
        pm_build_extend_reach(b, box, r);
    }
}

static void count_kinds(const pm_polygon_table *table, distance_map *map) {
    map->surfaces = map->first_line = table->count;
    for (size_t rank = table->count; table->kinds && rank-- > 0;) {
        const size_t end = table->polygon_offsets[rank + 1];
        size_t lines = 0, polygon = table->polygon_offsets[rank];
        for (; polygon < end; polygon++)
            lines += !pm_polygon_is_surface(table, polygon);
        map->surfaces -= lines == end - table->polygon_offsets[rank];
        if (lines > 0)
            map->first_line = rank;
    }
}

static pm_status distances_fill(pm_build *b, void *view, pm_error *err) {
    pm_distance_view *v = view;
    pm_status status = pm_kind_polygons.fill(b, &v->polygons, err);
    if (status)
        return status;
    double extent = fmax(b->bounds[2] - b->bounds[0], b->bounds[3] - b->bounds[1]);
    status = pm_limits_fill(b, &v->field.farthest, err);
    if (status)
        return status;
    v->scale = pm_distance_scale(extent);
    distance_map *map = pm_block_array(&b->block, PM_SECTION_DISTANCE_MAP);
    *map = (distance_map){.scale = v->scale, .farthest = v->field.farthest};
    count_kinds(&v->polygons.table, map);
    v->surfaces = (size_t)map->surfaces;
    extend_bounds(b, v);
    return PM_OK;
}

/* The sites or the runs become a section, where the budget allows. */
static pm_status add_near(pm_build *b, const pm_distance_view *v, pm_section_name section, pm_error *err) {
    const pm_polygon_table *table = &v->polygons.table;
    const pm_allocator *allocator = b->options->allocator;
    const int are_sites = section == PM_SECTION_SITES;
    size_t size = are_sites ? pm_sites_size(table) : pm_runs_size(table);
    if (size + PM_BLOCK_ALIGN > b->budget || !(are_sites || pm_runs_fit(table)))
        return PM_OK;
    void *memory = pm_allocate(allocator, size);
    pm_status status = PM_ERR_NO_MEMORY;
    if (memory)
        status = are_sites ? pm_sites_fill(table, memory, size, allocator)
                           : pm_runs_fill(table, memory, size, &b->poll, allocator);
    if (status) {
        pm_release(allocator, memory);
        return status == PM_ERR_STOPPED
                   ? pm_build_stopped(err)
                   : pm_fail(err, status, -1, "out of memory for the edges of %zu regions", b->count);
    }
    b->added[section] = memory;
    b->sizes[section] = size;
    b->budget -= size + PM_BLOCK_ALIGN;
    return PM_OK;
}

/* With more sites a map of the nearest takes seconds: of a million 9 s, twenty times as long as their tree, for half
 * of the time per point. Of 10,000 it takes 0.05 s. */
enum { FEW_SITES = 50000 };

/* What the map is made of, and all of it without one. */
static pm_status add_to_distances(pm_build *b, pm_distance_view *v, pm_error *err) {
    const int are_sites = pm_sites_fit(&v->polygons.table);
    pm_status status = are_sites ? add_near(b, v, PM_SECTION_SITES, err) : PM_OK;
    if (!status && (!are_sites || b->count <= FEW_SITES))
        status = add_near(b, v, PM_SECTION_RUNS, err);
    if (!status)
        status = pm_kind_polygons.paint(b, &v->polygons, err);
    v->polygons.tree = pm_build_tree(b, &pm_polygon_tree);
    (void)pm_runs_view(&v->runs, b->added[PM_SECTION_RUNS], (size_t)b->sizes[PM_SECTION_RUNS]);
    return status;
}

/* Bytes that the map may take. */
static size_t map_limit(const pm_build *b) {
    const size_t small = 96 * b->count < 12 << 20 ? 96 * b->count : 12 << 20; /* for many small regions */
    const size_t most = (size_t)b->sizes[PM_SECTION_VERTICES] * 3 + (16 << 20) + small;
    return most < b->budget ? most : b->budget;
}

static pm_status paint_nearest_map(pm_build *b, void *view, pm_error *err) {
    pm_distance_view *v = view;
    pm_tree map;
    pm_status status = add_to_distances(b, v, err);
    if (status || !pm_distances_have_runs(v))
        return status;
    status = pm_tree_build_nearest(&map, &v->field, map_limit(b), &b->poll, b->options->allocator);
    return pm_build_add_tree(b, &MAP, status, &map, err);
}

static uint32_t rank_covering(const void *context, double x, double y) {
    const pm_distance_view *v = context;
    const ptrdiff_t stride = sizeof(double);
    const pm_points point = {.x = &x, .y = &y, .x_stride = stride, .y_stride = stride, .count = 1};
    int64_t id;
    pm_kind_polygons.match(&v->polygons, &point, NULL, &id);
    return id >= 0 ? v->ranks[id] : PM_FOUND_NONE;
}

/* Without a tree of many polygons what covers a cell would take too long to find. */
static pm_status paint_within_map(pm_build *b, void *view, pm_error *err) {
    pm_distance_view *v = view;
    pm_tree map;
    pm_status status = add_to_distances(b, v, err);
    const int is_known = pm_tree_exists(&v->polygons.tree) || pm_polygons_are_few(&v->polygons.table);
    if (status || !pm_distances_have_runs(v) || (v->surfaces > 0 && !is_known))
        return status;
    status = pm_tree_build_within(&map, &v->field, v->surfaces > 0 ? rank_covering : NULL, v, map_limit(b), &b->poll,
                                  b->options->allocator);
    return pm_build_add_tree(b, &MAP, status, &map, err);
}

/* ---- using a block ---- */

static int distances_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    return pm_limits_fit(sizes, count) && sizes[PM_SECTION_DISTANCE_MAP] == sizeof(distance_map) &&
           pm_tree_fits(sizes, &MAP) && pm_kind_polygons.fits(sizes, count);
}

static void distances_view(void *view, const pm_block *block) {
    pm_distance_view *v = view;
    const distance_map map = *(const distance_map *)pm_block_array(block, PM_SECTION_DISTANCE_MAP);
    pm_kind_polygons.view(&v->polygons, block);
    v->ids = pm_block_array(block, PM_SECTION_IDS);
    v->ranks = pm_block_array(block, PM_SECTION_RANKS);
    v->scale = map.scale;
    v->surfaces = (size_t)map.surfaces;
    v->first_line = (size_t)map.first_line;
    (void)pm_runs_view(&v->runs, pm_block_array(block, PM_SECTION_RUNS),
                       (size_t)block->sections[PM_SECTION_RUNS].size);
    v->map = pm_tree_view(block, &MAP);
    (void)pm_sites_view(&v->sites, pm_block_array(block, PM_SECTION_SITES),
                        (size_t)block->sections[PM_SECTION_SITES].size);
    v->field = (pm_field){
        .table = &v->polygons.table, .runs = &v->runs, .reach = pm_limits_reach(block), .farthest = map.farthest};
}

static int is_scale(double scale) {
    int exponent;
    return scale > 0 && isfinite(scale) && frexp(scale, &exponent) == 0.5;
}

static pm_status distances_verify(const void *view, const pm_block *block, const pm_allocator *allocator,
                                  pm_error *err) {
    const pm_distance_view *v = view;
    pm_status status = pm_kind_polygons.verify(&v->polygons, block, allocator, err);
    if (status)
        return status;
    int right = is_scale(v->scale) && v->field.farthest >= 0 && pm_limits_check(block, v->polygons.table.count);
    if (right && block->sections[PM_SECTION_RUNS].size > 0)
        right = v->runs.starts != NULL && pm_runs_check(&v->runs, &v->polygons.table) && is_scale(v->runs.scale);
    if (right && block->sections[PM_SECTION_SITES].size > 0)
        right = v->sites.sites != NULL && pm_sites_check(&v->sites, &v->polygons.table) && is_scale(v->sites.scale);
    if (!right)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the distances are not those of regions");
    if (pm_tree_exists(&v->map) && block->sections[PM_SECTION_RUNS].size == 0)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a map of distances without edges");
    pm_leaves_check *leaves_check =
        block->header.predicate == PM_DWITHIN ? pm_within_leaves_check : pm_nearest_leaves_check;
    return pm_tree_check(&v->map, leaves_check, &v->field, v->polygons.table.count, allocator, err);
}

/* ---- listing ---- */

static size_t distances_beside_size(const void *view) {
    const pm_distance_view *v = view;
    return !pm_distances_have_runs(v) && pm_runs_fit(&v->polygons.table) ? pm_runs_size(&v->polygons.table) : 0;
}

static pm_status distances_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                       const pm_allocator *allocator) {
    return pm_runs_fill(&((const pm_distance_view *)view)->polygons.table, memory, size, poll, allocator);
}

static int list_all(const pm_distance_view *v, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                    size_t most, int nearest, pm_hits *hits) {
    pm_runs beside_runs;
    pm_field field = v->field;
    if (!pm_distances_have_runs(v) && pm_runs_view(&beside_runs, beside->memory, beside->size))
        field.runs = &beside_runs;
    const int has = pm_distances_have_runs(v) || field.runs == &beside_runs, measured = pm_hits_measure(hits);
    pm_list *list = &hits->list;
    list->count = 0;
    if (!pm_spots_set(&hits->spots, places, turns, has ? field.runs->scale : v->scale))
        return 0;
    const pm_spot *spots = hits->spots.items;
    for (size_t i = 0; i < turns; i++)
        if (!(!has      ? pm_scan_all(&field, &spots[i], most, nearest, list)
              : nearest ? pm_find_all_nearest(&field, &spots[i], most, list)
                        : pm_find_all_within(&field, &spots[i], measured, list)))
            return 0;
    if (turns > 1)
        pm_list_unite(list, measured || nearest ? spots : NULL);
    if (turns > 1 && nearest)
        pm_list_sort(list, 0, spots);
    for (size_t i = 0; i < list->count && i < most; i++) {
        const pm_found *found = &list->items[i];
        const double distance = measured && !found->covers ? pm_near_distance(&found->near, &spots[found->turn]) : 0;
        pm_hits_add(hits, v->ids[found->rank], distance);
    }
    return 1;
}

static int list_within(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                       size_t most, pm_hits *hits) {
    return list_all(view, beside, places, turns, most, 0, hits);
}

static int list_nearest(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                        size_t most, pm_hits *hits) {
    return list_all(view, beside, places, turns, most, 1, hits);
}

static const pm_tree *within_tree(const void *view) {
    return &((const pm_distance_view *)view)->map;
}

/* Two maps together are the map of answers, and neither alone. */
static const pm_tree *nearest_tree(const void *view) {
    (void)view;
    static const pm_tree none;
    return &none;
}

const pm_kind pm_kind_dwithin = {.name = "dwithin",
                                 .predicate = PM_DWITHIN,
                                 .distance = PM_DISTANCE_NEEDED,
                                 .distances = PM_SECTION_LIMITS,
                                 .takes_lines = 1,
                                 .view_size = sizeof(pm_distance_view),
                                 .sections = DISTANCE_SECTIONS,
                                 .section_count = sizeof DISTANCE_SECTIONS / sizeof *DISTANCE_SECTIONS,
                                 .area = pm_region_area,
                                 .plan = distances_plan,
                                 .fill = distances_fill,
                                 .paint = paint_within_map,
                                 .fits = distances_fits,
                                 .view = distances_view,
                                 .verify = distances_verify,
                                 .match = pm_distances_match_within,
                                 .measure = pm_distances_measure_within,
                                 .beside_size = distances_beside_size,
                                 .beside_fill = distances_beside_fill,
                                 .list = list_within,
                                 .tree = within_tree};

const pm_kind pm_kind_nearest = {.name = "nearest",
                                 .predicate = PM_NEAREST,
                                 .distance = PM_DISTANCE_OPTIONAL,
                                 .distances = PM_SECTION_LIMITS,
                                 .takes_lines = 1,
                                 .view_size = sizeof(pm_distance_view),
                                 .sections = DISTANCE_SECTIONS,
                                 .section_count = sizeof DISTANCE_SECTIONS / sizeof *DISTANCE_SECTIONS,
                                 .area = pm_region_area,
                                 .plan = distances_plan,
                                 .fill = distances_fill,
                                 .paint = paint_nearest_map,
                                 .fits = distances_fits,
                                 .view = distances_view,
                                 .verify = distances_verify,
                                 .match = pm_distances_match_nearest,
                                 .measure = pm_distances_measure_nearest,
                                 .match_turns = pm_distances_match_turns,
                                 .beside_size = distances_beside_size,
                                 .beside_fill = distances_beside_fill,
                                 .list = list_nearest,
                                 .tree = nearest_tree};
