/* nearest_leaf.h — which of the regions around a cell is nearest to the point? See nearest_leaf.c.
 *
 * A leaf is a number of entries, then as many entries of four bytes: a run of edges, times 256, and a bit for each of
 * its edges that can be nearest to a place in the cell. */
#ifndef PM_NEAREST_LEAF_H
#define PM_NEAREST_LEAF_H

#include "check.h"
#include "near/edges.h"
#include "walk.h"

/* The most edges of a leaf; and of runs, so that their numbers fit. */
enum { PM_NEAREST_MOST = 256, PM_NEAREST_RUNS = 1 << 24 };

/* The kernel for maps of the nearest; its context is the pm_field. */
pm_leaf_kernel pm_nearest_leaf;

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_nearest_leaves_check;

#endif
