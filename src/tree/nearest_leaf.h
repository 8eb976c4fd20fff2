/* nearest_leaf.h — which of the regions around a cell is nearest to the point? See nearest_leaf.c.
 *
 * A leaf has the edges that can be nearest to a place in the cell (run_leaf.h). */
#ifndef PM_NEAREST_LEAF_H
#define PM_NEAREST_LEAF_H

#include "run_leaf.h"

/* The kernel for maps of the nearest; its context is the pm_field. */
pm_leaf_kernel pm_nearest_leaf;

/* The same for who wants distances: answers of a leaf name the nearest edge, too. */
pm_leaf_kernel pm_nearest_edge_leaf;

/* The first vertex of the edge that an answer names, which is in the upper half; -1: none. */
static inline int64_t pm_nearest_edge(int64_t answer) {
    return answer < 0 ? -1 : (answer >> 32) - 1;
}

/* The region that an answer names, or PM_NO_MATCH. */
static inline int64_t pm_nearest_region(int64_t answer) {
    return answer < 0 ? answer : answer & UINT32_MAX;
}

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_nearest_leaves_check;

#endif
