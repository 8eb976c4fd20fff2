/* solid.h — which boxes in space are near a place of the sphere? See solid.c; the tree over them is packed.h's. */
#ifndef PM_SOLID_H
#define PM_SOLID_H

#include "near/packed.h"

/* A vector of length 1, as intervals of floats. */
typedef struct pm_ray {
    float low[3], high[3];
} pm_ray;

pm_ray pm_ray_to(const double vector[3]);

/* What the squared chord to a box may be at most where something within `metres` is looked for: more by all that
 * rounding does. */
float pm_solid_limit(double metres);

/* As bits the boxes of a node that hold some of a ray. */
uint32_t pm_solid_holding(const float *node, const pm_ray *ray);

/* Over boxes [begin, end) of a tree in space, the nearest to a ray first; the next is pm_packed_next(). */
void pm_solid_start(pm_packed_walk *walk, const pm_packed *tree, const pm_ray *ray, size_t begin, size_t end);

#endif
