/* edges.h — how far is a point from the edges of a run? See edges.c. */
#ifndef PM_EDGES_H
#define PM_EDGES_H

#include "near/runs.h"
#include "scan/nearest.h"

/* Where regions are looked for. */
typedef struct pm_field {
    const pm_polygon_table *table;
    const pm_runs *runs;
    pm_reach reach;
    double farthest; /* the greatest limit within reach */
} pm_field;

/* Lower bounds of the scaled squared distances to the edges of a run; returns how many it has. */
size_t pm_run_lows(const pm_field *field, size_t run, const pm_spot *spot, double lows[PM_RUN_EDGES]);

/* Bounds of edges anywhere, by their first vertices; writes whole fours. An upper bound may be NaN. */
void pm_edges_measure(const pm_field *field, const uint32_t *first, size_t count, const pm_spot *spot, double *low,
                      double *high);

/* Take the edges of a run where they are within reach and before what was found. */
void pm_run_consider(const pm_field *field, size_t run, const pm_spot *spot, pm_found *best);

#endif
