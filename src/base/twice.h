/* twice.h — numbers of twice the precision of a double, where a sphere's edges need them. See twice.c. */
#ifndef PM_TWICE_H
#define PM_TWICE_H

#include "base/sphere.h"

/* The sum of two doubles, the second one below half a unit of the first one's last place. */
typedef struct pm_twice {
    double high, low;
} pm_twice;

pm_twice pm_twice_sum(pm_twice a, pm_twice b);
pm_twice pm_twice_difference(pm_twice a, pm_twice b);
pm_twice pm_twice_product(pm_twice a, pm_twice b);
pm_twice pm_twice_quotient(pm_twice a, pm_twice b);

static inline int pm_twice_sign(pm_twice a) {
    return (a.high > 0) - (a.high < 0);
}

/* The vector of length 1 to a place, within 1e-30. */
typedef struct pm_vector {
    pm_twice x, y, z;
} pm_vector;

pm_vector pm_vector_to(pm_lonlat place);

/* Sign of the volume that three vectors span: 1 where c is to the left of the way from a to b, -1 to the right, 0
 * on their great circle. */
int pm_vector_side(const pm_vector *a, const pm_vector *b, const pm_vector *c);

/* The middle of the shorter way between two places that are not opposite, rounded once; the same in both directions.
 */
pm_lonlat pm_lonlat_between(pm_lonlat a, pm_lonlat b);

#endif
