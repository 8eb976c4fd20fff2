/* sphere_regions.h — regions whose coordinates are longitude and latitude: are they valid, how large are they, what
 * do they hold? See sphere_regions.c. */
#ifndef PM_SPHERE_REGIONS_H
#define PM_SPHERE_REGIONS_H

#include "base/sphere.h"
#include "input/regions.h"

/* Are all vertices on the sphere, and no two next to each other opposite? The regions have passed
 * pm_regions_check(). PM_OK or PM_ERR_COORDINATE with the region. */
pm_status pm_sphere_check(const pm_regions *regions, pm_error *err);

static inline pm_lonlat pm_vertex_place(const pm_regions *regions, size_t vertex) {
    return pm_lonlat_at(regions->coords[2 * vertex], regions->coords[2 * vertex + 1]);
}

/* As pm_ring_distinct(), with places of the sphere. */
pm_range pm_sphere_ring(const pm_regions *regions, size_t polygon, size_t ring);

/* Square metres. */
double pm_sphere_region_area(const pm_regions *regions, size_t region);

/* (NaN, NaN) for a region without vertices. */
void pm_sphere_region_center(const pm_regions *regions, size_t region, double center[2]);

/* Is the place in an odd number of the polygon's rings? Not for places on an edge. `offset` is what
 * pm_sphere_polygon_offset() gives, once for all places. */
int pm_sphere_polygon_offset(const pm_regions *regions, size_t polygon);
int pm_sphere_polygon_holds(const pm_regions *regions, size_t polygon, int offset, pm_lonlat place);

#endif
