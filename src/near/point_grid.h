/* point_grid.h — which of these points are in a box? See point_grid.c. */
#ifndef PM_POINT_GRID_H
#define PM_POINT_GRID_H

#include <stdint.h>

#include "polymatch.h"

/* A finite point, and where it is in the input. */
typedef struct pm_placed {
    double x, y;
    uint32_t number;
} pm_placed;

typedef struct pm_point_grid {
    double low[2], high[2], scale[2]; /* the box of all points; cells per unit */
    size_t side;                      /* cells in x and in y */
    pm_placed *points;                /* cell by cell; NULL where there are none */
    uint32_t *starts;                 /* of each cell's points, and where the last end */
} pm_point_grid;

/* Called with points that a box holds. */
typedef void pm_point_take(void *context, const pm_placed *point);

/* Sort points that are fewer than 2^32 - 1 into cells. PM_OK or PM_ERR_NO_MEMORY; pm_point_grid_free() in any case.
 */
pm_status pm_point_grid_build(pm_point_grid *grid, const pm_points *points, const pm_allocator *allocator);

void pm_point_grid_free(pm_point_grid *grid, const pm_allocator *allocator);

/* Give every point that this box, min x, min y, max x, max y, holds to `take`. A box of NaN holds none. */
void pm_point_grid_visit(const pm_point_grid *grid, const double box[4], pm_point_take *take, void *context);

#endif
