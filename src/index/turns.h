/* turns.h — matching where x repeats after a period. See turns.c. */
#ifndef PM_TURNS_H
#define PM_TURNS_H

#include "index.h"

/* Is this a period for regions that can match between these x, as it stands in a block? 0 is none. */
int pm_period_fits(double period, const double range[2]);

/* pm_index_match() of an index with a period, pm_index_match_distances() where distances are not NULL. */
void pm_match_turned(const pm_index *index, const pm_points *points, int64_t *out, double *distances);

/* The places of a finite point at its turns, at least one; how many there are, of which `room` are written. */
size_t pm_turns_of(const pm_index *index, double x, double y, pm_exact_point *places, size_t room);

#endif
