/* lonlats.h: longitudes and latitudes at random, the odd ones often. */
#ifndef LONLATS_H
#define LONLATS_H

#include "cases.h"

static inline double some_lon(rng *r) {
    static const double odd[] = {-180, 180, 0, 90, -90, 45, 359, 720.5, -179.99999999999997};
    return rng_below(r, 3) ? 720 * rng_unit(r) - 360 : odd[rng_below(r, 9)];
}

static inline double some_lat(rng *r) {
    static const double odd[] = {-90, 90, 0, 45, -45, 89.99999999999999, 35.26438968275465};
    return rng_below(r, 3) ? 180 * rng_unit(r) - 90 : odd[rng_below(r, 7)];
}

#endif
