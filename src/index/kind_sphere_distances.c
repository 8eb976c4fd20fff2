/* kind_sphere_distances.c — an index of distances on the sphere: which is the nearest region, or the best one within
 * a distance?
 *
 * A region that covers a point is at distance 0, so everything that answers covers is here as well
 * (kind_sphere_polygons.c). What edges, lines and points decide comes from the tree over them (sphere/near.c), which
 * is made in any case: it is what distances are defined by, and there is no other engine.
 *
 * Sections of its own: limits and ranks (limits.c); the greatest limit, and which ranks have lines; the arcs. */
#include "base/strict.h"

#include "kind_sphere.h"

#include <string.h>

#include "base/status.h"
#include "kind_polygons.h"
#include "limits.h"
#include "scan/scan.h"
#include "sphere/face.h"
#include "sphere/near.h"
#include "tree/check.h"
#include "tree/paint_places.h"
#include "tree/place_leaf.h"

typedef struct pm_sphere_view {
    pm_polygon_view polygons; /* drawn on the faces */
    const uint32_t *ids;
    const uint32_t *ranks;
    uint64_t first_line; /* the first rank with a line or a point; count where there is none */
    pm_arcs arcs;
    pm_globe globe;
    pm_places places; /* where each region is a point */
    pm_tree map;      /* of the nearest place */
} pm_sphere_view;

static const pm_section_name GLOBE_SECTIONS[] = {
    PM_SECTION_BOXES,          PM_SECTION_POLYGON_OFFSETS, PM_SECTION_POLYGON_BOXES, PM_SECTION_RING_OFFSETS,
    PM_SECTION_VERTEX_OFFSETS, PM_SECTION_VERTICES,        PM_SECTION_SPANS,         PM_SECTION_LIMITS,
    PM_SECTION_RANKS,          PM_SECTION_DISTANCE_MAP,    PM_SECTION_ARCS,          PM_SECTION_CAPS,
    PM_SECTION_TREE_ROOT,      PM_SECTION_NEAR_ROOT,       PM_SECTION_TREE_TABLES,   PM_SECTION_TREE_LEAVES,
    PM_SECTION_TREE_ORIGINS,   PM_SECTION_NEAR_TABLES,     PM_SECTION_NEAR_LEAVES,   PM_SECTION_NEAR_ORIGINS};

/* The section `distance map`. */
typedef struct sphere_map {
    double farthest;
    uint64_t first_line;
} sphere_map;

static const pm_tree_sections GLOBE_MAP = {PM_SECTION_NEAR_ROOT, PM_SECTION_NEAR_TABLES, PM_SECTION_NEAR_LEAVES,
                                           PM_SECTION_NEAR_ORIGINS};

/* ---- building ---- */

/* With more places a map of the nearest takes seconds. */
enum { FEWEST_PLACES = 16, MOST_PLACES = 200000 };

/* Is each region one point? Then there may be a map. */
static int takes_map(const pm_build *b) {
    const pm_regions *regions = b->sphere;
    if (b->options->predicate != PM_NEAREST || !regions->kinds || b->count < FEWEST_PLACES || b->count > MOST_PLACES)
        return 0;
    for (size_t region = 0; region < b->count; region++) {
        const pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++)
            if (regions->kinds[polygon] != PM_PART_POINT || polygons.end > polygons.begin + 1)
                return 0;
    }
    return 1;
}

/* Bytes that it may take. */
static size_t places_limit(const pm_build *b) {
    const size_t small = 96 * b->count < 12 << 20 ? 96 * b->count : 12 << 20;
    return 3 * 2 * sizeof(double) * b->count + (16 << 20) + small;
}

/* The places, NaN for empty regions. */
static void fill_places(pm_build *b) {
    pm_site_place *sites = pm_block_array(&b->block, PM_SECTION_CAPS);
    for (size_t region = 0; region < b->sizes[PM_SECTION_CAPS] / sizeof *sites; region++) {
        const pm_range polygons = pm_region_polygons(b->sphere, region);
        sites[region] = (pm_site_place){{NAN, NAN, NAN}, {0, 0}};
        if (polygons.end == polygons.begin)
            continue;
        const pm_range rings = pm_polygon_rings(b->sphere, polygons.begin);
        if (rings.end == rings.begin ||
            pm_ring_vertices(b->sphere, rings.begin).end == pm_ring_vertices(b->sphere, rings.begin).begin)
            continue;
        const pm_observer at =
            pm_observer_at(pm_vertex_place(b->sphere, pm_ring_vertices(b->sphere, rings.begin).begin));
        sites[region] = (pm_site_place){{at.vector[0], at.vector[1], at.vector[2]}, at.place};
    }
}

static pm_status globe_plan(pm_build *b, pm_error *err) {
    const pm_status status = pm_kind_polygons.plan(b, err);
    if (status)
        return status;
    pm_limits_set_sizes(b->sizes, b->count, b->options->distance_count);
    b->sizes[PM_SECTION_DISTANCE_MAP] = sizeof(sphere_map);
    const size_t size = pm_arcs_size(b->sphere, &b->poll);
    if (b->poll.stopped)
        return pm_build_stopped(err);
    if (size == SIZE_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu regions have too many edges for distances on the sphere",
                       b->count);
    b->sizes[PM_SECTION_ARCS] = size;
    pm_build_plan_tree(b, &GLOBE_MAP);
    b->sizes[PM_SECTION_CAPS] = takes_map(b) ? b->count * sizeof(pm_site_place) : 0;
    b->default_limit += size + (takes_map(b) ? b->sizes[PM_SECTION_CAPS] + places_limit(b) : 0);
    return PM_OK;
}

static int globe_has_line(const pm_regions *regions, size_t region) {
    const pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++)
        if (!pm_is_polygon(regions, polygon))
            return 1;
    return 0;
}

static pm_status globe_fill(pm_build *b, void *view, pm_error *err) {
    pm_sphere_view *v = view;
    pm_status status = pm_kind_polygons.fill(b, &v->polygons, err);
    if (status)
        return status;
    sphere_map *map = pm_block_array(&b->block, PM_SECTION_DISTANCE_MAP);
    status = pm_limits_fill(b, &map->farthest, err);
    if (status)
        return status;
    map->first_line = b->count;
    for (size_t rank = b->count; rank-- > 0;)
        if (globe_has_line(b->sphere, b->ids[rank]))
            map->first_line = rank;
    fill_places(b);
    status = pm_arcs_fill(b->sphere, b->ids, pm_block_array(&b->block, PM_SECTION_ARCS),
                          (size_t)b->sizes[PM_SECTION_ARCS], &b->poll, b->options->allocator);
    if (status == PM_ERR_STOPPED)
        return pm_build_stopped(err);
    if (status)
        return pm_fail(err, status, -1,
                       status == PM_ERR_NO_MEMORY
                           ? "out of memory for the edges of %zu regions"
                           : "the coordinates of %zu regions changed while the index was built",
                       b->count);
    const pm_reach reach = pm_limits_reach(&b->block);
    pm_sphere_extend_bounds(b, reach.limits, reach.step);
    for (int i = 0; i < 4 && !reach.limits && !isnan(b->bounds[0]); i++)
        b->bounds[i] = (i & 1 ? 90 : 180) * (i < 2 ? -1 : 1); /* every place */
    return PM_OK;
}

static pm_status globe_paint(pm_build *b, void *view, pm_error *err) {
    pm_sphere_view *v = view;
    pm_status status = pm_kind_polygons.paint(b, &v->polygons, err);
    if (status || b->sizes[PM_SECTION_CAPS] == 0)
        return status;
    pm_tree map;
    const size_t limit = places_limit(b) < b->budget ? places_limit(b) : b->budget;
    status = pm_tree_build_places(&map, &v->places, limit, &b->poll, b->options->allocator);
    return pm_build_add_tree(b, &GLOBE_MAP, status, &map, err);
}

/* ---- using a block ---- */

static int globe_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    return pm_limits_fit(sizes, count) && sizes[PM_SECTION_DISTANCE_MAP] == sizeof(sphere_map) &&
           pm_tree_fits(sizes, &GLOBE_MAP) &&
           (sizes[PM_SECTION_CAPS] == 0 || sizes[PM_SECTION_CAPS] == count * sizeof(pm_site_place)) &&
           pm_kind_polygons.fits(sizes, count);
}

static void globe_make_view(void *view, const pm_block *block) {
    pm_sphere_view *v = view;
    const sphere_map map = *(const sphere_map *)pm_block_array(block, PM_SECTION_DISTANCE_MAP);
    pm_kind_polygons.view(&v->polygons, block);
    v->ids = pm_block_array(block, PM_SECTION_IDS);
    v->ranks = pm_block_array(block, PM_SECTION_RANKS);
    v->first_line = map.first_line;
    (void)pm_arcs_view(&v->arcs, pm_block_array(block, PM_SECTION_ARCS),
                       (size_t)block->sections[PM_SECTION_ARCS].size);
    v->map = pm_tree_view(block, &GLOBE_MAP);
    v->places = (pm_places){.count = (size_t)(block->sections[PM_SECTION_CAPS].size / sizeof(pm_site_place)),
                            .sites = pm_block_array(block, PM_SECTION_CAPS),
                            .ids = v->ids,
                            .ranks = v->ranks};
    v->globe = (pm_globe){.arcs = &v->arcs, .reach = pm_limits_reach(block), .farthest = map.farthest};
}

static pm_status globe_verify(const void *view, const pm_block *block, const pm_allocator *allocator, pm_error *err) {
    const pm_sphere_view *v = view;
    const pm_status status = pm_kind_polygons.verify(&v->polygons, block, allocator, err);
    if (status)
        return status;
    const size_t count = v->polygons.table.count;
    int right = v->globe.farthest >= 0 && v->arcs.vertices != NULL && pm_arcs_check(&v->arcs, count) &&
                pm_limits_check(block, count);
    for (size_t i = 0; i < v->places.count; i++)
        right &= v->places.sites[i].place.lon >= -180 && v->places.sites[i].place.lon < 180 &&
                 fabs(v->places.sites[i].place.lat) <= 90;
    right &= !pm_tree_exists(&v->map) || v->places.count == count;
    if (!right)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the distances are not those of regions");
    return pm_tree_check(&v->map, pm_place_leaves_check, NULL, v->places.count, allocator, err);
}

/* ---- searching ---- */

/* The nearest region, or the first within reach, with what covers the point as pm_kind_polygons answers it. */
static pm_measure globe_find(const pm_sphere_view *v, const pm_post *post, int64_t covering, int nearest) {
    const uint32_t rank = covering >= 0 ? v->ranks[covering] : PM_FOUND_NONE;
    pm_measure found = {0, PM_FOUND_NONE};
    if (!nearest)
        found = pm_globe_within(&v->globe, covering >= 0 ? rank : v->polygons.table.count, post);
    else if (covering < 0)
        found = pm_globe_nearest(&v->globe, post, INFINITY);
    else if (rank > v->first_line)
        found = pm_globe_nearest(&v->globe, post, 0);
    return found.rank < rank || covering < 0 ? found : (pm_measure){0, rank};
}

/* The distance of a region that was found by any of its edges. */
static double globe_distance_of(const pm_sphere_view *v, const pm_post *post, const pm_points *point, uint32_t rank) {
    double x, y;
    pm_face_points(point, 0, 1, &x, &y);
    const pm_exact_point p = pm_point(x, y);
    return pm_region_covers(&v->polygons.table, rank, &p)
               ? 0
               : pm_globe_region(&v->globe, v->arcs.places[rank], post, 0).distance;
}

/* The answer and the distance where the nearest place of all is this one. Where it is beyond its own limit, another
 * one with a greater limit may be the answer. */
static double limit_nearest(const pm_sphere_view *v, pm_lonlat place, int64_t *answer) {
    const size_t id = (size_t)*answer;
    const pm_reach *reach = &v->globe.reach;
    const pm_observer from = pm_observer_at(place);
    const double metres = pm_lonlat_distance(&from, v->places.sites[id].place);
    if (!reach->limits || metres <= reach->limits[reach->step * id])
        return metres;
    *answer = PM_NO_MATCH;
    if (reach->step == 0 || metres > v->globe.farthest)
        return NAN;
    const pm_post post = pm_post_at(place.lon, place.lat);
    const pm_measure found = pm_globe_nearest(&v->globe, &post, INFINITY);
    if (found.rank == PM_FOUND_NONE)
        return NAN;
    *answer = (int64_t)v->ids[found.rank];
    return found.distance;
}

/* The nearest of places, by the map. */
static void search_map(const pm_sphere_view *v, const pm_points *points, int64_t *out, double *distances) {
    double lon[PM_BATCH], lat[PM_BATCH];
    for (size_t begin = 0; begin < points->count; begin += PM_BATCH) {
        const size_t count = points->count - begin < PM_BATCH ? points->count - begin : PM_BATCH;
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        const pm_points places = {.x = lon, .y = lat, .x_stride = step, .y_stride = step, .count = count};
        pm_lonlat_load(points, begin, count, lon, lat);
        pm_tree_match(&v->map, &places, NULL, out + begin, pm_place_leaf, &v->places, pm_isa_best());
        for (size_t i = 0; i < count && (distances || v->globe.reach.limits); i++) {
            double metres = NAN;
            if (out[begin + i] >= 0)
                metres = limit_nearest(v, (pm_lonlat){lon[i], lat[i]}, &out[begin + i]);
            if (distances)
                distances[begin + i] = metres;
        }
    }
}

static void globe_kind_search(const pm_sphere_view *v, const pm_points *points, int64_t *out, double *distances,
                              int nearest) {
    if (pm_tree_exists(&v->map)) {
        search_map(v, points, out, distances);
        return;
    }
    const pm_polygon_table *table = &v->polygons.table;
    const int has_surfaces = table->polygon_offsets[table->count] > 0;
    for (size_t i = 0; !has_surfaces && i < points->count; i++)
        out[i] = PM_NO_MATCH;
    if (has_surfaces)
        pm_sphere_match_drawn(&v->polygons, points, out);
    for (size_t i = 0; i < points->count; i++) {
        const double lon = pm_load(points->x, points->x_stride, i), lat = pm_load(points->y, points->y_stride, i);
        pm_measure found = {NAN, PM_FOUND_NONE};
        if (nearest && out[i] >= 0 && v->ranks[out[i]] <= v->first_line) {
            found = (pm_measure){0, v->ranks[out[i]]};
        } else if (pm_is_lonlat(lon, lat)) {
            const pm_points point = {.x = &lon, .y = &lat, .count = 1};
            const pm_post post = pm_post_at(lon, lat);
            found = globe_find(v, &post, out[i], nearest);
            if (!nearest && distances && found.rank != PM_FOUND_NONE && found.distance > 0)
                found.distance = globe_distance_of(v, &post, &point, found.rank);
        }
        out[i] = found.rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)v->ids[found.rank];
        if (distances)
            distances[i] = found.rank == PM_FOUND_NONE ? NAN : found.distance;
    }
}

static void globe_match_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    (void)turns;
    globe_kind_search(view, points, out, NULL, 1);
}

static void globe_match_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    (void)turns;
    globe_kind_search(view, points, out, NULL, 0);
}

static void globe_measure_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                  double *distances) {
    (void)turns;
    globe_kind_search(view, points, out, distances, 1);
}

static void globe_measure_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                 double *distances) {
    (void)turns;
    globe_kind_search(view, points, out, distances, 0);
}

/* ---- listing ---- */

static size_t globe_beside_size(const void *view) {
    return pm_kind_polygons.beside_size(&((const pm_sphere_view *)view)->polygons);
}

static pm_status globe_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                   const pm_allocator *allocator) {
    return pm_kind_polygons.beside_fill(&((const pm_sphere_view *)view)->polygons, memory, size, poll, allocator);
}

static int globe_list_all(const pm_sphere_view *v, const pm_beside *beside, const pm_exact_point *place, size_t most,
                          int nearest, pm_hits *hits) {
    const pm_points point = {.x = &place->low, .y = &place->y, .count = 1};
    double x, y;
    pm_face_points(&point, 0, 1, &x, &y);
    if (isnan(x))
        return 1;
    const pm_post post = pm_post_at(place->low, place->y);
    if (!pm_polygons_covering(&v->polygons, beside, x, y, SIZE_MAX, &hits->ranks) ||
        !pm_globe_all(&v->globe, &post, &hits->ranks, most, nearest, &hits->measured))
        return 0;
    for (size_t i = 0; i < hits->measured.count && i < most; i++)
        pm_hits_add(hits, v->ids[hits->measured.items[i].rank], hits->measured.items[i].distance);
    return 1;
}

static int globe_list_within(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                             size_t most, pm_hits *hits) {
    (void)turns;
    return globe_list_all(view, beside, places, most, 0, hits);
}

static int globe_list_nearest(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                              size_t most, pm_hits *hits) {
    (void)turns;
    return globe_list_all(view, beside, places, most, 1, hits);
}

const pm_kind pm_kind_sphere_dwithin = {.name = "dwithin",
                                        .predicate = PM_DWITHIN,
                                        .metric = PM_SPHERE,
                                        .distance = PM_DISTANCE_NEEDED,
                                        .distances = PM_SECTION_LIMITS,
                                        .takes_lines = 1,
                                        .view_size = sizeof(pm_sphere_view),
                                        .sections = GLOBE_SECTIONS,
                                        .section_count = sizeof GLOBE_SECTIONS / sizeof *GLOBE_SECTIONS,
                                        .check = pm_sphere_check,
                                        .area = pm_sphere_region_area,
                                        .draw = pm_atlas_draw,
                                        .plan = globe_plan,
                                        .fill = globe_fill,
                                        .paint = globe_paint,
                                        .fits = globe_fits,
                                        .view = globe_make_view,
                                        .verify = globe_verify,
                                        .match = globe_match_within,
                                        .measure = globe_measure_within,
                                        .beside_size = globe_beside_size,
                                        .beside_fill = globe_beside_fill,
                                        .list = globe_list_within,
                                        .tree = pm_sphere_no_tree};

const pm_kind pm_kind_sphere_nearest = {.name = "nearest",
                                        .predicate = PM_NEAREST,
                                        .metric = PM_SPHERE,
                                        .distance = PM_DISTANCE_OPTIONAL,
                                        .distances = PM_SECTION_LIMITS,
                                        .takes_lines = 1,
                                        .view_size = sizeof(pm_sphere_view),
                                        .sections = GLOBE_SECTIONS,
                                        .section_count = sizeof GLOBE_SECTIONS / sizeof *GLOBE_SECTIONS,
                                        .check = pm_sphere_check,
                                        .area = pm_sphere_region_area,
                                        .draw = pm_atlas_draw,
                                        .plan = globe_plan,
                                        .fill = globe_fill,
                                        .paint = globe_paint,
                                        .fits = globe_fits,
                                        .view = globe_make_view,
                                        .verify = globe_verify,
                                        .match = globe_match_nearest,
                                        .measure = globe_measure_nearest,
                                        .beside_size = globe_beside_size,
                                        .beside_fill = globe_beside_fill,
                                        .list = globe_list_nearest,
                                        .tree = pm_sphere_no_tree};
