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
    uint32_t rank;       /* PM_FOUND_NONE: none; then near.high bounds what is looked for */
    uint32_t covers : 1; /* 1: it does */
    uint32_t turn : 31;  /* the spot that near was seen from */
    pm_near near;
} pm_found;

/* The order of nearest: by distance, then by rank. Negative when a is before b. `spot` is any of the point's. */
static inline int pm_found_compare(const pm_found *a, const pm_found *b, const pm_spot *spot) {
    int sign = (int)b->covers - (int)a->covers;
    if (!a->covers && !b->covers)
        sign = a->near.high < b->near.low   ? -1
               : a->near.low > b->near.high ? 1
                                            : pm_near_decide_turned(&a->near, pm_spot_at_turn(spot, a->turn),
                                                                    &b->near, pm_spot_at_turn(spot, b->turn));
    return sign ? sign : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Nothing yet, of what is at most `limit` away. */
static inline pm_found pm_found_none(double limit, const pm_spot *spot) {
    return (pm_found){.rank = PM_FOUND_NONE,
                      .near = {.high = pm_spot_limit(limit, spot).high, .place = PM_AT_UNKNOWN}};
}

/* A region that covers the point. */
static inline pm_found pm_found_covering(size_t rank) {
    return (pm_found){.rank = (uint32_t)rank, .covers = 1, .near = {.place = PM_AT_UNKNOWN}};
}

/* Take a region that does not cover the point, seen by one of its edges, where it is within reach and before what was
 * found. */
void pm_found_take(pm_found *best, const pm_found *found, const pm_reach *reach, const pm_spot *spot);

/* The same for an edge of region `rank`. */
void pm_found_consider(pm_found *best, const double *edge, size_t rank, const pm_reach *reach, const pm_spot *spot);

int pm_region_covers(const pm_polygon_table *table, size_t rank, const pm_exact_point *p);

/* The distance of one region; none when it is empty or out of reach. */
pm_found pm_scan_region(const pm_polygon_table *table, size_t rank, const pm_reach *reach, const pm_spot *spot);

/* The nearest of all regions within reach, the first of them in rank order where distances are equal. */
pm_found pm_scan_nearest(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot);

/* Improve what was found at other spots of the point, where no region covers it. */
void pm_scan_nearer(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot, pm_found *best);

/* The first region in rank order that is within reach. */
pm_found pm_scan_within(const pm_polygon_table *table, const pm_reach *reach, const pm_spot *spot);

#endif
