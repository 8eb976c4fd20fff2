/* find.h — the regions near a point, by the tree over runs of edges. See find.c. */
#ifndef PM_FIND_H
#define PM_FIND_H

#include "near/runs.h"
#include "scan/nearest.h"

/* Where regions are looked for. */
typedef struct pm_field {
    const pm_polygon_table *table;
    const pm_runs *runs;
    pm_reach reach;
    double farthest; /* the greatest limit within reach */
} pm_field;

/* The greatest of these limits, infinity where there are none. */
double pm_farthest(const double *limits, size_t count);

/* The nearest region within reach of a point that none covers. */
pm_found pm_find_nearest(const pm_field *field, const pm_spot *spot);

/* The distance of the region at place `place` of the runs. */
pm_found pm_find_region(const pm_field *field, size_t place, const pm_spot *spot);

/* The first region in rank order, before rank `end`, that is within reach of a point which no region before `end`
 * covers; none is PM_FOUND_NONE. Its distance is not the least one but that of any edge within reach. */
pm_found pm_find_within(const pm_field *field, size_t end, const pm_spot *spot);

/* ---- all of them ---- */

/* Regions that were found; what a search appends is in order, best first. */
typedef struct pm_list {
    pm_found *items;
    size_t count, room;
    const pm_allocator *allocator;
} pm_list;

void pm_list_free(pm_list *list);

/* Each of the following returns 0 when memory runs out. */

/* All regions within reach, in rank order; with distances if `measured`. */
int pm_find_all_within(const pm_field *field, const pm_spot *spot, int measured, pm_list *list);

/* The `most` nearest regions within reach, nearest first. */
int pm_find_all_nearest(const pm_field *field, const pm_spot *spot, size_t most, pm_list *list);

/* The same without runs: the first `most` in rank order, or with `nearest` the nearest. */
int pm_scan_all(const pm_field *field, const pm_spot *spot, size_t most, int nearest, pm_list *list);

/* Ranks alone. */
typedef struct pm_ranks {
    uint32_t *items;
    size_t count, room;
    const pm_allocator *allocator;
} pm_ranks;

void pm_ranks_free(pm_ranks *ranks);
int pm_ranks_append(pm_ranks *ranks, uint32_t rank); /* 0 when memory runs out */
void pm_ranks_sort(pm_ranks *ranks);

/* All regions that cover the point, in rank order. */
int pm_find_all_covering(const pm_polygon_table *table, const pm_runs *runs, const pm_spot *spot, pm_ranks *ranks);

#endif
