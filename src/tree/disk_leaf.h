/* disk_leaf.h — which disk of a cell contains the point? See disk_leaf.c.
 *
 * A leaf is two entries or more, best first, a unit of four bytes each: the position in the input + 1 of a disk whose
 * rim runs through the cell. The last is marked; it is the answer when no entry before it contains the point: a disk
 * that covers the cell, or 0 for none. */
#ifndef PM_DISK_LEAF_H
#define PM_DISK_LEAF_H

#include "check.h"
#include "scan/disks.h"
#include "walk.h"

#define PM_DISK_LAST UINT32_C(0x80000000)

/* The kernel for trees of disks; its context is the pm_disk_table. */
pm_leaf_kernel *pm_disk_kernel(pm_isa isa);

/* The check of their leaves. */
pm_leaves_check pm_disk_leaves_check;

#endif
