/* nearest_leaf.h — which of the regions around a cell is nearest to the point? See nearest_leaf.c.
 *
 * A leaf is a number of edges, then the first vertices of all of them, then the ranks of their regions, a unit of
 * four bytes each: all edges that can be nearest to a place in the cell. */
#ifndef PM_NEAREST_LEAF_H
#define PM_NEAREST_LEAF_H

#include "check.h"
#include "near/edges.h"
#include "walk.h"

/* The most edges of a leaf. */
enum { PM_NEAREST_MOST = 256 };

/* The kernel for maps of the nearest; its context is the pm_field. */
pm_leaf_kernel pm_nearest_leaf;

/* The check of their leaves; its shapes are the pm_field's. */
pm_leaves_check pm_nearest_leaves_check;

#endif
