/* places.h — regions on the sphere that are one point each, in input order. */
#ifndef PM_PLACES_H
#define PM_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/sphere.h"

/* A region and the vector to it. */
typedef struct pm_site_place {
    double vector[3];
    pm_lonlat place;
} pm_site_place;

typedef struct pm_places {
    size_t count;
    const pm_site_place *sites;
    const uint32_t *ids;   /* rank -> position in the input */
    const uint32_t *ranks; /* the other way around */
} pm_places;

static inline double pm_place_chord(const pm_site_place *site, const double vector[3]) {
    const double x = site->vector[0] - vector[0], y = site->vector[1] - vector[1], z = site->vector[2] - vector[2];
    return x * x + y * y + z * z;
}

#endif
