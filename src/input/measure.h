/* measure.h — area and center of one region. See measure.c. */
#ifndef PM_MEASURE_H
#define PM_MEASURE_H

#include "polymatch.h"

double pm_region_area(const pm_regions *regions, size_t region);

/* (NaN, NaN) for a region without vertices. */
void pm_region_center(const pm_regions *regions, size_t region, double center[2]);

#endif
