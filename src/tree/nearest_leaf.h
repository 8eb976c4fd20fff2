/* nearest_leaf.h — which of the regions around a cell is nearest to the point? See nearest_leaf.c.
 *
 * A leaf has the edges that can be nearest to a place in the cell (run_leaf.h). */
#ifndef PM_NEAREST_LEAF_H
#define PM_NEAREST_LEAF_H

#include "run_leaf.h"

/* The kernel for maps of the nearest; its context is the pm_field. */
pm_leaf_kernel pm_nearest_leaf;

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_nearest_leaves_check;

#endif
