/* measure.h — area and center of one region. See measure.c. */
#ifndef PM_MEASURE_H
#define PM_MEASURE_H

#include "polymatch.h"

double pm_region_area(const pm_regions *regions, size_t region);

/* An area that was rounded at each step, and the most that it is off: two of them that differ by more than both
 * errors together compare as the areas of pm_region_area() do. The error is infinite or NaN where nothing is known.
 */
typedef struct pm_about {
    double value, error;
} pm_about;

pm_about pm_region_area_about(const pm_regions *regions, size_t region);

/* (NaN, NaN) for a region without vertices. */
void pm_region_center(const pm_regions *regions, size_t region, double center[2]);

#endif
