/* pairs.h — which edges lie on no other? See pairs.c. */
#ifndef PM_PAIRS_H
#define PM_PAIRS_H

#include "near/runs.h"

/* Set is_odd[run] to 1 for every run with an edge that is there an odd number of times, else 0. Where no such edge
 * meets a convex place, the number of polygons that cover a point of it, edges apart, is odd everywhere or even
 * everywhere. 0 when memory runs out. */
int pm_runs_find_odd(const pm_polygon_table *table, const pm_runs *runs, uint8_t *is_odd,
                     const pm_allocator *allocator);

/* Is the number of polygons that cover a point odd? Adds the spans of edges that were looked at to *work. */
int pm_runs_parity(const pm_polygon_table *table, const pm_runs *runs, double x, double y, size_t *work);

#endif
