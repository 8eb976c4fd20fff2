/* limits.h — how far regions may be, and their ranks, in an index of distances. See limits.c. */
#ifndef PM_LIMITS_H
#define PM_LIMITS_H

#include "kind.h"
#include "scan/nearest.h"

void pm_limits_set_sizes(uint64_t sizes[PM_SECTIONS], uint64_t regions, uint64_t limits);

/* Fill both sections; the greatest limit, infinity where there are none, into `farthest`. PM_OK or
 * PM_ERR_ARGUMENT. */
pm_status pm_limits_fill(pm_build *build, double *farthest, pm_error *err);

/* Can sections of these sizes be those of `count` regions? */
int pm_limits_fit(const uint64_t sizes[PM_SECTIONS], uint64_t count);

pm_reach pm_limits_reach(const pm_block *block);

/* Can a search trust what they say of `count` regions? */
int pm_limits_check(const pm_block *block, size_t count);

#endif
