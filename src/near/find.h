/* find.h — the regions near a point, by the tree over runs of edges. See find.c. */
#ifndef PM_FIND_H
#define PM_FIND_H

#include "near/edges.h"
#include "near/hits.h"

/* The greatest of these limits, infinity where there are none. */
double pm_farthest(const double *limits, size_t count);

/* The nearest region within reach of a point that none covers. */
pm_found pm_find_nearest(const pm_field *field, const pm_spot *spot);

/* Improve what was found at other spots of the point, where no region covers it. */
void pm_find_nearer(const pm_field *field, const pm_spot *spot, pm_found *best);

/* An upper bound of the scaled squared distance to the nearest region within reach, mostly not much greater; or the
 * square of the greatest limit. Takes a fifth of the time. */
double pm_find_bound(const pm_field *field, const pm_spot *spot);

/* The first region in rank order with an edge, a line or a point exactly where the point is. */
pm_found pm_find_on(const pm_field *field, const pm_spot *spot);

/* The distance of the region at place `place` of the runs, whose polygons don't cover the point. */
pm_found pm_find_region(const pm_field *field, size_t place, const pm_spot *spot);

/* The first region in rank order, before rank `end`, that is within reach of a point which no region before `end`
 * covers; none is PM_FOUND_NONE. Its distance is not the least one but that of any edge within reach. */
pm_found pm_find_within(const pm_field *field, size_t end, const pm_spot *spot);

/* ---- all of them ---- */

/* Each of the following appends what it finds in order, best first, and returns 0 when memory runs out. */

/* All regions within reach, in rank order; with distances if `measured`. */
int pm_find_all_within(const pm_field *field, const pm_spot *spot, int measured, pm_list *list);

/* The `most` nearest regions within reach, nearest first. */
int pm_find_all_nearest(const pm_field *field, const pm_spot *spot, size_t most, pm_list *list);

/* The same without runs: the first `most` in rank order, or with `nearest` the nearest. */
int pm_scan_all(const pm_field *field, const pm_spot *spot, size_t most, int nearest, pm_list *list);

/* All regions that cover the point, in rank order. */
int pm_find_all_covering(const pm_polygon_table *table, const pm_runs *runs, const pm_spot *spot, pm_ranks *ranks);

#endif
