/* paint_within.h — the map of dwithin: which is the first region in rank order within reach of a place? See
 * paint_within.c. */
#ifndef PM_PAINT_WITHIN_H
#define PM_PAINT_WITHIN_H

#include "paint_runs.h"

/* The rank of the best region whose polygons cover a point, or PM_FOUND_NONE. */
typedef uint32_t pm_covering(const void *context, double x, double y);

/* Paint the first regions within reach of a field; `covering` is NULL where no region has an inside. An answer of the
 * map is one of dwithin, or below PM_NO_MATCH as within_leaf.h says. Points outside of its root cell are the
 * caller's.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where extents are out of range or
 * cells would outgrow `size_limit` bytes or work linear in the runs. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_within(pm_tree *tree, const pm_field *field, pm_covering *covering, const void *context,
                               size_t size_limit, pm_poll *poll, const pm_allocator *allocator);

#endif
