/* near.h — the regions near a place of the sphere. See near.c. */
#ifndef PM_SPHERE_NEAR_H
#define PM_SPHERE_NEAR_H

#include "arcs.h"
#include "measured.h"
#include "near/hits.h"
#include "scan/nearest.h"

/* Where regions are looked for. */
typedef struct pm_globe {
    const pm_arcs *arcs;
    pm_reach reach;  /* limits in metres */
    double farthest; /* the greatest limit within reach */
} pm_globe;

/* A place from which they are looked for. */
typedef struct pm_post {
    pm_observer origin;
    float vector[3];
    pm_ray ray;
} pm_post;

pm_post pm_post_at(double lon, double lat);

/* Edges of a polygon are never 0 away: what it covers is asked first, and elsewhere. In each of the following a rank
 * of PM_FOUND_NONE means none. */

/* The nearest region within `most` metres and its own reach, the first in rank order of equally near ones. */
pm_measure pm_globe_nearest(const pm_globe *globe, const pm_post *post, double most);

/* The region at place `place` of the arcs, where it is within reach; any distance within it with `any`. */
pm_measure pm_globe_region(const pm_globe *globe, size_t place, const pm_post *post, int any);

/* The first region in rank order, before rank `end`, that is within reach. */
pm_measure pm_globe_within(const pm_globe *globe, size_t end, const pm_post *post);

/* Make a list of all regions within reach, among them `covering`, in rank order, at distance 0: in rank order, or
 * with `nearest` the nearest first, at least the `most` nearest ones. 0 when memory runs out. */
int pm_globe_all(const pm_globe *globe, const pm_post *post, const pm_ranks *covering, size_t most, int nearest,
                 pm_measured *list);

#endif
