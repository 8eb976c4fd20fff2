/* cap_leaf.h — which disk of a cell of longitudes and latitudes contains the point? See cap_leaf.c.
 *
 * A leaf is what one of the plane's disks is (disk_leaf.h): positions in the input + 1, best first, the last marked.
 */
#ifndef PM_CAP_LEAF_H
#define PM_CAP_LEAF_H

#include "disk_leaf.h"
#include "sphere/caps.h"

/* The kernel for trees of disks on the sphere; its context is the pm_cap_table. */
pm_leaf_kernel pm_cap_leaf;

#endif
