/* nearest.h — distances from a point to regions in rank order, edge by edge. See nearest.c. */
#ifndef PM_NEAREST_H
#define PM_NEAREST_H

#include "base/distance.h"
#include "scan/polygons.h"

/* How far away regions may be to be found: at most limits[step * ids[rank]], at any distance where limits is NULL. */
typedef struct pm_reach {
    const double *limits;
    size_t step;         /* 0: one for all, 1: one for each */
    const uint32_t *ids; /* rank -> position in the input */
} pm_reach;

static inline double pm_reach_of(const pm_reach *reach, size_t rank) {
    return reach->limits ? reach->limits[reach->step * (reach->step ? reach->ids[rank] : 0)] : INFINITY;
}

static const uint32_t PM_FOUND_NONE = UINT32_MAX;

/* A region, and how far it is from a point: 0 where it covers the point, else the distance to its nearest edge. */
typedef struct pm_found {
    uint32_t rank; /* PM_FOUND_NONE: none; then near.high bounds what is looked for */
    int covers;
    pm_near near;
} pm_found;

/* The order of nearest: by distance, then by rank. Negative when a is before b. */
static inline int pm_found_compare(const pm_found *a, const pm_found *b, const pm_spot *spot) {
    int sign = a->covers || b->covers ? b->covers - a->covers : pm_near_compare(&a->near, &b->near, spot);
    return sign ? sign : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Nothing yet, of what is at most `limit` away. */
static inline pm_found pm_found_none(double limit, double scale) {
    return (pm_found){PM_FOUND_NONE, 0, {0, pm_limit_bounds(limit, scale).high, {0, 0, 0, 0}, PM_AT_UNKNOWN}};
}

/* Take a region that does not cover the point, seen by one of its edges, where it is within reach and before what was
 * found. */
void pm_found_take(pm_found *best, const pm_found *found, const pm_reach *reach, const pm_spot *spot);

/* The same for an edge of region `rank`. */
void pm_found_consider(pm_found *best, const double *edge, size_t rank, const pm_reach *reach, const pm_spot *spot);

int pm_region_covers(const pm_polygon_table *table, size_t rank, double x, double y);

/* The distance of one region; none when it is empty or out of reach. */
pm_found pm_scan_region(const pm_polygon_table *table, size_t rank, const pm_reach *reach, const pm_spot *spot);

/* The nearest of all regions within reach, the first of them in rank order where distances are equal. */
pm_found pm_scan_nearest(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot);

/* The first region in rank order that is within reach. */
pm_found pm_scan_within(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot);

#endif
