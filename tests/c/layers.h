/* layers.h — regions with the arrays and runs that an index of distances keeps of them, for tests of what is inside.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "cases.h"
#include "near/find.h"

/* Regions in the order of their input, as an index has them. */
typedef struct layer {
    pm_polygon_table table;
    pm_box *boxes, *polygon_boxes;
    uint32_t *ids;
    void *runs_memory;
    pm_runs runs;
} layer;

void *layer_memory(size_t size);
layer layer_of(const pm_regions *regions);
void layer_free(layer *l);

/* Room for many regions. */
enum { SIDE = 24, MOST = SIDE * SIDE, CORNERS = 40 };

extern double layer_coords[2 * CORNERS * MOST];
extern int64_t layer_rings[MOST + 1], layer_polygons[MOST + 1];
extern uint8_t layer_kinds[MOST];

/* What these arrays hold. */
pm_regions layer_made(size_t vertices, size_t count, int with_lines);

/* Rings on a grid, some of them sharing vertices, some large, perhaps some of them lines; at any scale and place. */
pm_regions layer_many(rng *r, double scale, double offset);

#endif
