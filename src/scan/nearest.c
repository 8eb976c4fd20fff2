/* nearest.c — which region is nearest to this point, and which is the first within its reach?
 *
 * The distance to a region is 0 where it covers the point, else that to the nearest of all its edges: here they are
 * looked at one after the other. Bounds keep most edges from more than a few operations; every comparison that bounds
 * can't decide is exact (distance.c). This is the simple engine, right by inspection, that the others are compared
 * with. O(edges) per point. */
#include "base/strict.h"

#include "nearest.h"

void pm_found_take(pm_found *best, const pm_found *found, const pm_reach *reach, const pm_spot *spot) {
    if (found->near.low > best->near.high)
        return;
    if (best->rank != PM_FOUND_NONE && pm_found_compare(found, best, spot) >= 0)
        return;
    double limit = pm_reach_of(reach, found->rank);
    if (limit < INFINITY && pm_near_compare_limit(&found->near, limit, pm_spot_limit(limit, spot), spot) > 0)
        return;
    *best = *found;
}

void pm_found_consider(pm_found *best, const double *edge, size_t rank, const pm_reach *reach, const pm_spot *spot) {
    const pm_found found = {
        .rank = (uint32_t)rank, .turn = spot->turn & 0x7fffffff, .near = pm_near_edge(edge, spot)};
    pm_found_take(best, &found, reach, spot);
}

int pm_region_covers(const pm_polygon_table *table, size_t rank, const pm_exact_point *p) {
    for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
        if (pm_polygon_covers(table, polygon, p))
            return 1;
    return 0;
}

static void consider_region(const pm_polygon_table *table, size_t rank, const pm_reach *reach, const pm_spot *spot,
                            pm_found *best) {
    size_t first = table->ring_offsets[table->polygon_offsets[rank]];
    size_t end = table->ring_offsets[table->polygon_offsets[rank + 1]];
    for (size_t ring = first; ring < end; ring++)
        for (size_t i = table->vertex_offsets[ring]; i + 1 < table->vertex_offsets[ring + 1]; i++) {
            const double *e = table->vertices + 2 * i;
            if (!(pm_edge_low(e[0], e[1], e[2], e[3], spot->scale, spot->scaled_x, spot->scaled_y) > best->near.high))
                pm_found_consider(best, e, rank, reach, spot);
        }
}

pm_found pm_scan_region(const pm_polygon_table *table, size_t rank, const pm_reach *reach, const pm_spot *spot) {
    const pm_exact_point p = pm_spot_point(spot);
    if (pm_region_covers(table, rank, &p))
        return pm_found_covering(rank);
    pm_found found = pm_found_none(pm_reach_of(reach, rank), spot);
    consider_region(table, rank, reach, spot, &found);
    return found;
}

pm_found pm_scan_nearest(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot) {
    pm_found best = pm_found_none(INFINITY, spot);
    const pm_exact_point p = pm_spot_point(spot);
    size_t covering = pm_polygons_find(table, &p);
    if (covering < table->count)
        return pm_found_covering(covering);
    pm_scan_nearer(table, reach, spot, &best);
    return best;
}

void pm_scan_nearer(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot, pm_found *best) {
    for (size_t rank = 0; rank < table->count; rank++)
        consider_region(table, rank, reach, spot, best);
}

pm_found pm_scan_within(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot) {
    pm_found found = pm_found_none(INFINITY, spot);
    for (size_t rank = 0; rank < table->count && found.rank == PM_FOUND_NONE; rank++)
        found = pm_scan_region(table, rank, reach, spot);
    return found;
}
