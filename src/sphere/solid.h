/* solid.h — a tree over boxes in space: which of them are near a place of the sphere? See solid.c. */
#ifndef PM_SOLID_H
#define PM_SOLID_H

#include "near/packed.h"

enum { PM_SOLID_FLOATS = 6 * PM_PACKED_FAN };

/* As pm_packed, with nodes of sixteen min x, min y, min z, max x, max y and max z. */
typedef struct pm_solid {
    size_t count;
    int levels;
    const float *nodes[PM_PACKED_LEVELS];
} pm_solid;

/* Floats that a tree over `count` boxes takes. */
size_t pm_solid_size(size_t count);

void pm_solid_view(pm_solid *tree, size_t count, const float *memory);

/* Write box i of level 0 (the least x, y and z, then the greatest), rounded outwards; all of them before
 * pm_solid_fill(), which computes the levels above. */
void pm_solid_put(float *memory, size_t i, const double box[6]);
void pm_solid_fill(const pm_solid *tree, float *memory);

/* A vector of length 1, as intervals of floats. */
typedef struct pm_ray {
    float low[3], high[3];
} pm_ray;

pm_ray pm_ray_to(const double vector[3]);

/* What the squared chord to a box may be at most where something within `metres` is looked for: more by all that
 * rounding does. */
float pm_solid_limit(double metres);

/* Bounds of the squared chords to the boxes of a node, and as bits those that are at most `limit`. */
uint32_t pm_solid_near(const float *node, const pm_ray *ray, float limit, float bounds[PM_PACKED_FAN]);

/* A walk over the boxes that may be within a limit of a place, the nearest first. */
typedef struct pm_solid_walk {
    const pm_solid *tree;
    pm_ray ray;
    size_t begin, end; /* of the boxes */
    pm_packed_step steps[PM_PACKED_STEPS];
    size_t count;
} pm_solid_walk;

/* Over boxes [begin, end). */
void pm_solid_start(pm_solid_walk *walk, const pm_solid *tree, const pm_ray *ray, size_t begin, size_t end);

/* The next box whose bound is at most `limit`, or SIZE_MAX after the last. The limit may sink on the way. */
size_t pm_solid_next(pm_solid_walk *walk, float limit);

#endif
