/* kind_sphere.h — the kinds of index that answer on the sphere: kind_sphere_polygons.c, kind_sphere_disks.c and
 * kind_sphere_distances.c. */
#ifndef PM_KIND_SPHERE_H
#define PM_KIND_SPHERE_H

#include "kind.h"

extern const pm_kind pm_kind_sphere_polygons, pm_kind_sphere_disks, pm_kind_sphere_dwithin, pm_kind_sphere_nearest;

/* ---- between them ---- */

/* Polygons that are drawn on the faces of the sphere: what pm_kind_polygons is in their plane, for places. */
void pm_sphere_match_drawn(const void *view, const pm_points *points, int64_t *out);

/* Make the bounds those of the regions as they were given, and of what is within the limits (NULL: none). */
void pm_sphere_extend_bounds(pm_build *build, const double *limits, size_t step);

/* The map of answers is not one of longitude and latitude: none is shown. */
const pm_tree *pm_sphere_no_tree(const void *view);

#endif
