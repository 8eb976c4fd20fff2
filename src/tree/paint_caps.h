/* paint_caps.h — the tree of a table of disks on the sphere. See paint_caps.c. */
#ifndef PM_PAINT_CAPS_H
#define PM_PAINT_CAPS_H

#include "base/poll.h"
#include "sphere/caps.h"
#include "tree.h"

/* Paint the disks, in their rank order, over longitudes and latitudes as a pm_lonlat has them. As
 * pm_tree_build_disks(). */
pm_status pm_tree_build_caps(pm_tree *tree, const pm_cap_table *table, size_t size_limit, pm_poll *poll,
                             const pm_allocator *allocator);

#endif
