/* atlas.h — polygons of the sphere drawn on its six faces. See atlas.c. */
#ifndef PM_ATLAS_H
#define PM_ATLAS_H

#include "base/poll.h"
#include "face.h"
#include "input/sphere_regions.h"
#include "scan/polygons.h"

/* Regions of the plane of all faces; `regions` points into what it owns. */
typedef struct pm_atlas {
    pm_regions regions;
    const pm_allocator *allocator;
    double *coords;
    int64_t *rings, *polygons, *geoms;
    size_t coord_room, ring_room, polygon_room;
    pm_box squares[PM_FACES]; /* of that plane: all places are in these */
} pm_atlas;

/* Draw the polygons of regions that pm_sphere_check() has passed, without their lines and points. PM_OK,
 * PM_ERR_NO_MEMORY or PM_ERR_STOPPED; free it in any case. */
pm_status pm_atlas_draw(pm_atlas *atlas, const pm_regions *regions, pm_poll *poll, const pm_allocator *allocator);

void pm_atlas_free(pm_atlas *atlas);

#endif
