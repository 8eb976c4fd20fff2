/* paint_disks.h — the tree of a table of disks. See paint_disks.c. */
#ifndef PM_PAINT_DISKS_H
#define PM_PAINT_DISKS_H

#include "base/poll.h"
#include "scan/disks.h"
#include "tree.h"

/* Paint the disks, in their rank order.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where one can't pay: radii are
 * infinite, extents out of range, or so many borders are in one place that cells would outgrow `size_limit` bytes or
 * work linear in the disks. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_disks(pm_tree *tree, const pm_disk_table *disks, size_t size_limit, pm_poll *poll,
                              const pm_allocator *allocator);

#endif
