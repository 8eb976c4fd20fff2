/* kind_distances.h — the kinds of index that answer dwithin and nearest. See kind_distances.c. */
#ifndef PM_KIND_DISTANCES_H
#define PM_KIND_DISTANCES_H

#include "kind_polygons.h"
#include "near/find.h"
#include "near/sites.h"

typedef struct pm_distance_view {
    pm_polygon_view polygons;
    const uint32_t *ids;   /* rank -> position in the input */
    const uint32_t *ranks; /* the other way around */
    double scale;          /* of distances where there are no runs */
    size_t surfaces;       /* regions with polygons */
    size_t first_line;     /* the first rank with a line or a point; count where there is none */
    pm_sites sites;        /* where each region is a point */
    pm_runs runs;
    pm_tree map;    /* of the nearest */
    pm_field field; /* of the runs; its table and reach also where there are none */
} pm_distance_view;

extern const pm_kind pm_kind_dwithin, pm_kind_nearest;

#endif
