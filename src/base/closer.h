/* closer.h — strictly closer than a distance: the part that nearly always decides, inline. See pm_is_closer().
 *
 * |c - p|^2 < d^2 is decided by the rounded square of the distance unless it falls into a narrow band around d^2.
 * A difference has relative error u = 2^-53, so the square has at most 4u + O(u^2) and d^2 has u: outside of a band
 * of 8u the two can't change sides. Underflow can't matter while d^2 is far above the smallest normal number;
 * where it is not, and where d^2 overflows, the band is wide and the exact comparison decides. A square that
 * overflows is beyond any finite band. */
#ifndef PM_CLOSER_H
#define PM_CLOSER_H

#include <math.h>

/* Rounded squares below `inner` are certainly closer, above `outer` certainly not; NaN is neither. */
typedef struct pm_band {
    double inner, outer;
} pm_band;

static inline pm_band pm_band_of(double distance) {
    double square = distance * distance;
    if (!(distance > 0))
        return (pm_band){-1, -1};
    if (!(square < 1e300))
        return (pm_band){-1, INFINITY};
    if (!(square > 1e-280))
        return (pm_band){-1, 2e-280};
    return (pm_band){square * (1 - 0x1p-50), square * (1 + 0x1p-50)};
}

static inline double pm_rounded_square(double cx, double cy, double x, double y) {
    double dx = cx - x, dy = cy - y;
    return dx * dx + dy * dy;
}

#endif
