/* occupied.c — indexes here are built for all points, so nothing is known of cells without one. In the place of
 * src/tree/occupied.c, which serves calls that build an index once for points that they have. */
#include "base/strict.h"

#include "tree/occupied.h"

pm_status pm_occupied_mark(pm_occupied *o, const pm_tree *map, const pm_points *points,
                           const pm_allocator *allocator) {
    (void)o, (void)map, (void)points, (void)allocator;
    return PM_OK;
}

void pm_occupied_free(pm_occupied *o, const pm_allocator *allocator) {
    (void)o, (void)allocator;
}

uint64_t pm_occupied_none(const pm_occupied *o, const pm_cell *cell, int side) {
    (void)o, (void)cell, (void)side;
    return 0;
}
