/* nearest_leaf.h — which of the regions around a cell is nearest to the point? See nearest_leaf.c.
 *
 * A leaf is a number of entries, then as many entries (run_leaf.h): the edges that can be nearest to a place in the
 * cell. */
#ifndef PM_NEAREST_LEAF_H
#define PM_NEAREST_LEAF_H

#include "check.h"
#include "run_leaf.h"
#include "walk.h"

/* The kernel for maps of the nearest; its context is the pm_field. */
pm_leaf_kernel pm_nearest_leaf;

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_nearest_leaves_check;

#endif
