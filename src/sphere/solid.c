/* solid.c — how are boxes in space stacked so that those near a place of the sphere are found in a few looks?
 *
 * As packed.c does it in the plane: sixteen neighbours share a node. In space there are neither poles nor a seam, and
 * the distance to a box takes a few operations and no sine: it bounds the chord, which grows with the way over the
 * sphere. Boxes are floats rounded outwards, which is half a metre, so they find and don't measure. */
#include "base/strict.h"

#include "solid.h"

#include "base/sphere.h"

size_t pm_solid_size(size_t count) {
    return pm_packed_size(count) / PM_PACKED_FLOATS * PM_SOLID_FLOATS;
}

void pm_solid_view(pm_solid *tree, size_t count, const float *memory) {
    *tree = (pm_solid){.count = count};
    while (count > 0) {
        const size_t nodes = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        tree->nodes[tree->levels++] = memory;
        memory += PM_SOLID_FLOATS * nodes;
        count = nodes > 1 ? nodes : 0;
    }
}

static float solid_below(double value) {
    const float rounded = (float)value;
    return (double)rounded > value ? nextafterf(rounded, -INFINITY) : rounded;
}

static float solid_above(double value) {
    return -solid_below(-value);
}

static void solid_put(float *nodes, size_t i, const float box[6]) {
    float *child = nodes + PM_SOLID_FLOATS * (i / PM_PACKED_FAN) + i % PM_PACKED_FAN;
    for (int side = 0; side < 6; side++)
        child[PM_PACKED_FAN * side] = box[side];
}

void pm_solid_put(float *memory, size_t i, const double box[6]) {
    const float sides[6] = {solid_below(box[0]), solid_below(box[1]), solid_below(box[2]),
                            solid_above(box[3]), solid_above(box[4]), solid_above(box[5])};
    solid_put(memory, i, sides);
}

static void solid_bound_node(const float *node, float box[6]) {
    for (int side = 0; side < 6; side++) {
        const float *values = node + PM_PACKED_FAN * side;
        box[side] = values[0];
        for (int i = 1; i < PM_PACKED_FAN; i++)
            box[side] = (side < 3 ? values[i] < box[side] : values[i] > box[side]) ? values[i] : box[side];
    }
}

void pm_solid_fill(const pm_solid *tree, float *memory) {
    static const float NOWHERE[6] = {INFINITY, INFINITY, INFINITY, -INFINITY, -INFINITY, -INFINITY};
    size_t count = tree->count;
    float *nodes = memory;
    for (int level = 0; level < tree->levels; level++) {
        const size_t node_count = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        for (size_t i = count; i < PM_PACKED_FAN * node_count; i++)
            solid_put(nodes, i, NOWHERE);
        float *next = nodes + PM_SOLID_FLOATS * node_count, box[6];
        for (size_t node = 0; level + 1 < tree->levels && node < node_count; node++) {
            solid_bound_node(nodes + PM_SOLID_FLOATS * node, box);
            solid_put(next, node, box);
        }
        nodes = next;
        count = node_count;
    }
}

/* ---- looking ---- */

pm_ray pm_ray_to(const double vector[3]) {
    pm_ray ray = {.low = {0}};
    for (int axis = 0; axis < 3; axis++) {
        ray.low[axis] = solid_below(vector[axis] - 0x1p-50); /* the error of a vector */
        ray.high[axis] = solid_above(vector[axis] + 0x1p-50);
    }
    return ray;
}

float pm_solid_limit(double metres) {
    return (float)(pm_chord_square(metres * (1 + 1e-12) + 1e-7) * (1 + 0x1p-18) + 0x1p-100);
}

uint32_t pm_solid_near(const float *node, const pm_ray *ray, float limit, float bounds[PM_PACKED_FAN]) {
    uint32_t near = 0;
#ifdef PM_X86
    const __m128 most = _mm_set1_ps(limit), zero = _mm_setzero_ps();
    for (int i = 0; i < PM_PACKED_FAN; i += 4) {
        __m128 square = zero;
        for (int axis = 0; axis < 3; axis++) {
            const __m128 low = _mm_loadu_ps(node + axis * PM_PACKED_FAN + i);
            const __m128 high = _mm_loadu_ps(node + (axis + 3) * PM_PACKED_FAN + i);
            const __m128 before = _mm_sub_ps(low, _mm_set1_ps(ray->high[axis]));
            const __m128 after = _mm_sub_ps(_mm_set1_ps(ray->low[axis]), high);
            const __m128 away = _mm_max_ps(_mm_max_ps(before, after), zero);
            square = _mm_add_ps(square, _mm_mul_ps(away, away));
        }
        _mm_storeu_ps(bounds + i, square);
        near |= (uint32_t)_mm_movemask_ps(_mm_cmple_ps(square, most)) << i;
    }
#else
    for (int i = 0; i < PM_PACKED_FAN; i++) {
        float square = 0;
        for (int axis = 0; axis < 3; axis++) {
            const float before = node[axis * PM_PACKED_FAN + i] - ray->high[axis];
            const float after = ray->low[axis] - node[(axis + 3) * PM_PACKED_FAN + i];
            float away = before > after ? before : after;
            away = away > 0 ? away : 0;
            square += away * away;
        }
        bounds[i] = square;
        near |= (uint32_t)(square <= limit) << i;
    }
#endif
    return near;
}

void pm_solid_start(pm_solid_walk *walk, const pm_solid *tree, const pm_ray *ray, size_t begin, size_t end) {
    walk->tree = tree;
    walk->ray = *ray;
    walk->begin = begin;
    walk->end = end;
    walk->count = 0;
    if (begin < end)
        walk->steps[walk->count++] = pm_packed_top(begin, end);
}

size_t pm_solid_next(pm_solid_walk *walk, float limit) {
    float bounds[PM_PACKED_FAN];
    while (walk->count > 0) {
        const pm_packed_step step = walk->steps[--walk->count];
        const int level = pm_packed_step_level(step);
        const size_t item = pm_packed_step_item(step);
        if (pm_packed_step_bound(step) > limit)
            continue;
        if (level < 0)
            return item;
        const float *node = walk->tree->nodes[level] + PM_SOLID_FLOATS * item;
        const uint32_t near =
            pm_solid_near(node, &walk->ray, limit, bounds) & pm_packed_children(item, level, walk->begin, walk->end);
        walk->count = pm_packed_push(walk->steps, walk->count, item, level, near, bounds);
    }
    return SIZE_MAX;
}
