/* paint_places.h — the map of the nearest place on the sphere. See paint_places.c; its leaves are place_leaf.h. */
#ifndef PM_PAINT_PLACES_H
#define PM_PAINT_PLACES_H

#include "base/poll.h"
#include "sphere/places.h"
#include "tree.h"

/* Paint the map over longitudes and latitudes as a pm_lonlat has them.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none where the places are so crowded that it would outgrow
 * `size_limit` bytes or work linear in the places. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_places(pm_tree *tree, const pm_places *places, size_t size_limit, pm_poll *poll,
                               const pm_allocator *allocator);

#endif
