/* disks.h — disks in rank order, and the best one that contains a point. See disks.c. */
#ifndef PM_DISKS_H
#define PM_DISKS_H

#include "base/turn.h"
#include "polymatch.h"

/* Centers and radii in input order; what the search runs over in rank order. With one radius for all, `radius` and
 * `reach` have one entry and `step` is 0, else 1. */
typedef struct pm_disk_table {
    size_t count;
    const uint32_t *ids; /* rank -> position in the input */
    const double *x, *y, *radius;
    size_t step;
    double min_x, min_y, scale; /* the map from coordinates to the grid */
    int16_t *grid_x, *grid_y;   /* centers on the grid, in rank order, room for PM_DISK_ROOM(count) */
    int16_t *reach;             /* no point of the disk is further from its center on the grid, in x or in y */
} pm_disk_table;

/* Entries that the arrays in rank order need: whole vectors. */
#define PM_DISK_ROOM(count) (((count) + 31) & ~(size_t)31)

/* Compute min, scale, grid and reach from the rest. */
void pm_disks_fill(pm_disk_table *disks);

/* The position in the input of the best disk that contains the point, or PM_NO_MATCH. */
int64_t pm_disks_find(const pm_disk_table *disks, const pm_exact_point *p);

#endif
