/* simplify.h — how few vertices can be drawn for the edges in a cell? See simplify.c. */
#ifndef PM_SIMPLIFY_H
#define PM_SIMPLIFY_H

#include "polygon_leaf.h"

/* Edges that a sketch can be made of; each makes three vertices at most. */
enum { PM_SKETCH_EDGES = 512, PM_SKETCH_ROOM = 3 * PM_SKETCH_EDGES };

typedef struct pm_sketch {
    int count; /* vertices */
    int near;  /* as in a leaf */
    struct {
        int16_t x, y;    /* steps from the cell's corner */
        uint32_t owners; /* of the edge to the next vertex: the polygons it belongs to, as bits; 0 for none */
        int is_fixed;    /* the edge goes up outside of the cell, or comes from there */
    } vertices[PM_SKETCH_ROOM];
} pm_sketch;

/* Add the edge a -> b, in steps from the cell's corner. */
void pm_sketch_edge(pm_sketch *sketch, const double a[2], const double b[2], uint32_t owners);

/* Leave out vertices until no more than `most` are left, at most PM_LEAF_WIDE, and none is farther than `most_aside`
 * from what is drawn: the more, the more points are undecided. 0 when it can't be done. */
int pm_sketch_simplify(pm_sketch *sketch, int most, int most_aside);

#endif
