/* paint_disks.h — the tree of a table of disks. See paint_disks.c. */
#ifndef PM_PAINT_DISKS_H
#define PM_PAINT_DISKS_H

#include "base/poll.h"
#include "paint.h"
#include "scan/disks.h"
#include "tree.h"

/* Paint the disks, in their rank order.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where one can't pay: radii are
 * infinite, extents out of range, or so many borders are in one place that cells would outgrow `size_limit` bytes or
 * work linear in the disks. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_disks(pm_tree *tree, const pm_disk_table *disks, size_t size_limit, pm_poll *poll,
                              const pm_allocator *allocator);

/* Write a leaf of disk_leaf.h for a painter's write_leaf: a unit for each disk, the last of which may cover the cell.
 * At most `most` whose rim crosses it; in a cell of the deepest level, however many. */
int pm_disk_leaf_write(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, size_t most,
                       uint32_t *word);

#endif
