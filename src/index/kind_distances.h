/* kind_distances.h — the kinds of index that answer dwithin and nearest. kind_distances.c builds and checks it,
 * kind_distances_match.c answers, with a period kind_distances_turns.c. */
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

/* ---- between the files ---- */

static inline int pm_distances_have_runs(const pm_distance_view *v) {
    return v->runs.starts != NULL;
}

static inline int pm_distances_have_sites(const pm_distance_view *v) {
    return v->sites.sites != NULL;
}

/* The point is borrowed. */
static inline pm_spot pm_distances_spot(const pm_distance_view *v, const pm_exact_point *p) {
    return pm_spot_of(p, pm_distances_have_runs(v)    ? v->runs.scale
                         : pm_distances_have_sites(v) ? v->sites.scale
                                                      : v->scale);
}

/* match() and measure() of the kinds. */
void pm_distances_match_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out);
void pm_distances_match_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out);
void pm_distances_measure_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                  double *distances);
void pm_distances_measure_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                 double *distances);

/* What covers each point. */
void pm_distances_cover(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out);

/* The nearest region of all turns, see kind_distances_turns.c. */
void pm_distances_match_turns(const void *view, const pm_turn_row *row, int64_t *out, double *distances);

#endif
