/* bounds.h — boxes of longitude and latitude. See bounds.c. */
#ifndef PM_SPHERE_BOUNDS_H
#define PM_SPHERE_BOUNDS_H

#include "input/sphere_regions.h"
#include "scan/polygons.h"

/* A box with all places that are at most `metres` from a region; empty where the region is. */
pm_box pm_sphere_region_box(const pm_regions *regions, size_t region, double metres);

/* The same of a place. */
pm_box pm_sphere_place_box(double lon, double lat, double metres);

#endif
