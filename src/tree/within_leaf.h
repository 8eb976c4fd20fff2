/* within_leaf.h — which of the regions around a cell is the first that is within reach of the point? See
 * within_leaf.c.
 *
 * A leaf has the edges that can be within reach of a place in the cell (run_leaf.h), of regions from the best on. Its
 * rest is the rank + 1 of the region that covers the cell or reaches all of it, or 0, times 2, + 1 where a border
 * runs through the cell: there better regions may cover the point. Without entries, the runs are searched. */
#ifndef PM_WITHIN_LEAF_H
#define PM_WITHIN_LEAF_H

#include "run_leaf.h"

static inline uint32_t pm_within_rest(uint32_t rank, int is_crossed) {
    return (rank == PM_FOUND_NONE ? 0 : rank + 1) << 1 | (uint32_t)is_crossed;
}

/* The kernel for maps of dwithin; its context is the pm_field. Its answers are positions in the input, or numbers
 * below PM_NO_MATCH where a region that covers the point wins if its rank is less than pm_within_rank(). */
pm_leaf_kernel pm_within_leaf;

static inline uint32_t pm_within_rank(int64_t answer) {
    return (uint32_t)(PM_NO_MATCH - 1 - answer);
}

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_within_leaves_check;

#endif
