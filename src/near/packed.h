/* packed.h — a tree over boxes, in the plane or in space: which of them are near a point? See packed.c; solid.h for
 * what only space needs. */
#ifndef PM_PACKED_H
#define PM_PACKED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "base/distance.h"
#include "base/simd.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

/* Children of a node, and the most levels that fewer than 2^32 boxes have. */
enum { PM_PACKED_FAN = 16, PM_PACKED_LEVELS = 8, PM_PACKED_FLOATS = 4 * PM_PACKED_FAN };

/* How many sides a box has: min x, min y, max x, max y; or the least and then the greatest x, y and z. */
typedef enum pm_sides { PM_PLANE = 4, PM_SPACE = 6 } pm_sides;

/* Box i of level l is child i % 16 of node i / 16 there, and bounds node i of level l - 1; level 0 has the boxes that
 * the tree is over, the highest level has one node. A node is sixteen of the first side, then of the second, and so
 * on. */
typedef struct pm_packed {
    size_t count; /* of boxes; 0: an empty tree without a level */
    pm_sides sides;
    int levels;
    const float *nodes[PM_PACKED_LEVELS];
} pm_packed;

/* Floats that a tree over `count` boxes takes. */
size_t pm_packed_size(pm_sides sides, size_t count);

void pm_packed_view(pm_packed *tree, pm_sides sides, size_t count, const float *memory);

/* Write box i of level 0, rounded outwards; all of them before pm_packed_fill(). The sides may be differences that
 * were rounded once. */
void pm_packed_put(float *memory, pm_sides sides, size_t i, const double *box);

/* The greatest float that is certainly no more than a value which was rounded once. */
float pm_float_below(double value);

static inline float pm_float_above(double value) {
    return -pm_float_below(-value);
}

/* Compute the levels above. */
void pm_packed_fill(const pm_packed *tree, float *memory);

/* A place whose boxes are looked for. */
typedef struct pm_target {
    double x, y;
    float low_x, high_x, low_y, high_y; /* around it */
    int far;                            /* beyond what squares of floats can hold */
} pm_target;

/* As the sides of boxes, coordinates may be differences that were rounded once. */
pm_target pm_target_at(double x, double y);

/* What the bound of a box may be at most where something within the squared distance `high` is looked for: more by
 * all that rounding in pm_packed_near() does. */
static inline float pm_packed_limit(double high) {
    double limit = high * (1 + 0x1p-18) + 0x1p-110;
    return limit < 0x1p126 ? (float)limit : INFINITY; /* of NaN as well */
}

/* Bounds of the squared distances to boxes of a node, for a target that is far. */
void pm_packed_bounds_far(const float *node, const pm_target *target, float bounds[PM_PACKED_FAN]);

/* Bounds of the squared distances to the boxes of a node, and as bits those that are at most `limit`. Where a node is
 * not full, the bits of what is not there have no meaning. */
static inline uint32_t pm_packed_near(const float *node, const pm_target *target, float limit,
                                      float bounds[PM_PACKED_FAN]) {
    uint32_t near = 0;
    if (target->far) {
        pm_packed_bounds_far(node, target, bounds);
        for (int i = 0; i < PM_PACKED_FAN; i++)
            near |= (uint32_t)(bounds[i] <= limit) << i;
        return near;
    }
#ifdef PM_X86
    const __m128 low_x = _mm_set1_ps(target->low_x), high_x = _mm_set1_ps(target->high_x);
    const __m128 low_y = _mm_set1_ps(target->low_y), high_y = _mm_set1_ps(target->high_y);
    const __m128 most = _mm_set1_ps(limit), zero = _mm_setzero_ps();
    for (int i = 0; i < PM_PACKED_FAN; i += 4) {
        __m128 left = _mm_sub_ps(_mm_loadu_ps(node + i), high_x);
        __m128 right = _mm_sub_ps(low_x, _mm_loadu_ps(node + 2 * PM_PACKED_FAN + i));
        __m128 below = _mm_sub_ps(_mm_loadu_ps(node + PM_PACKED_FAN + i), high_y);
        __m128 above = _mm_sub_ps(low_y, _mm_loadu_ps(node + 3 * PM_PACKED_FAN + i));
        __m128 dx = _mm_max_ps(_mm_max_ps(left, right), zero), dy = _mm_max_ps(_mm_max_ps(below, above), zero);
        __m128 square = _mm_add_ps(_mm_mul_ps(dx, dx), _mm_mul_ps(dy, dy));
        _mm_storeu_ps(bounds + i, square);
        near |= (uint32_t)_mm_movemask_ps(_mm_cmple_ps(square, most)) << i;
    }
#else
    for (int i = 0; i < PM_PACKED_FAN; i++) {
        float left = node[i] - target->high_x, right = target->low_x - node[2 * PM_PACKED_FAN + i];
        float below = node[PM_PACKED_FAN + i] - target->high_y, above = target->low_y - node[3 * PM_PACKED_FAN + i];
        float dx = left > right ? left : right, dy = below > above ? below : above;
        dx = dx > 0 ? dx : 0;
        dy = dy > 0 ? dy : 0;
        bounds[i] = dx * dx + dy * dy;
        near |= (uint32_t)(bounds[i] <= limit) << i;
    }
#endif
    return near;
}

/* As bits the boxes of a node that hold the target. */
static inline uint32_t pm_packed_holding(const float *node, const pm_target *target) {
    uint32_t hold = 0;
#ifdef PM_X86
    const __m128 low_x = _mm_set1_ps(target->low_x), high_x = _mm_set1_ps(target->high_x);
    const __m128 low_y = _mm_set1_ps(target->low_y), high_y = _mm_set1_ps(target->high_y);
    for (int i = 0; i < PM_PACKED_FAN; i += 4) {
        __m128 x = _mm_and_ps(_mm_cmple_ps(_mm_loadu_ps(node + i), high_x),
                              _mm_cmple_ps(low_x, _mm_loadu_ps(node + 2 * PM_PACKED_FAN + i)));
        __m128 y = _mm_and_ps(_mm_cmple_ps(_mm_loadu_ps(node + PM_PACKED_FAN + i), high_y),
                              _mm_cmple_ps(low_y, _mm_loadu_ps(node + 3 * PM_PACKED_FAN + i)));
        hold |= (uint32_t)_mm_movemask_ps(_mm_and_ps(x, y)) << i;
    }
#else
    for (int i = 0; i < PM_PACKED_FAN; i++)
        hold |= (uint32_t)((node[i] <= target->high_x) & (node[PM_PACKED_FAN + i] <= target->high_y) &
                           (target->low_x <= node[2 * PM_PACKED_FAN + i]) &
                           (target->low_y <= node[3 * PM_PACKED_FAN + i]))
                << i;
#endif
    return hold;
}

/* Of bounds of a node, as bits those that are at most `limit`. */
static inline uint32_t pm_packed_within(const float bounds[PM_PACKED_FAN], float limit) {
    uint32_t near = 0;
#ifdef PM_X86
    for (int i = 0; i < PM_PACKED_FAN; i += 4)
        near |= (uint32_t)_mm_movemask_ps(_mm_cmple_ps(_mm_loadu_ps(bounds + i), _mm_set1_ps(limit))) << i;
#else
    for (int i = 0; i < PM_PACKED_FAN; i++)
        near |= (uint32_t)(bounds[i] <= limit) << i;
#endif
    return near;
}

/* The bits of a node's children that lead to boxes [begin, end) of level 0. */
static inline uint32_t pm_packed_children(size_t node, int level, size_t begin, size_t end) {
    size_t first = begin >> 4 * level, last = (end - 1) >> 4 * level, own = PM_PACKED_FAN * node;
    uint32_t bits = 0xffff;
    if (first > own)
        bits = first - own < PM_PACKED_FAN ? bits << (first - own) & 0xffff : 0;
    if (last < own + PM_PACKED_FAN - 1)
        bits = last >= own ? bits & 0xffffu >> (own + PM_PACKED_FAN - 1 - last) : 0;
    return bits;
}

/* A node on the way, or a box of level 0: its bound, as the bits of a float that is not negative, above its number
 * and its level + 1. So steps compare as their bounds do. */
typedef uint64_t pm_packed_step;

/* The most boxes that steps can number. */
enum { PM_PACKED_MOST = 1 << 28 };

static inline pm_packed_step pm_packed_step_of(float bound, int level, size_t item) {
    uint32_t bits;
    memcpy(&bits, &bound, sizeof bits);
    return (uint64_t)bits << 32 | (uint64_t)item << 4 | (uint64_t)(level + 1);
}

static inline float pm_packed_step_bound(pm_packed_step step) {
    uint32_t bits = (uint32_t)(step >> 32);
    float bound;
    memcpy(&bound, &bits, sizeof bound);
    return bound;
}

/* -1: the item is a box of level 0. */
static inline int pm_packed_step_level(pm_packed_step step) {
    return (int)(step & 15) - 1;
}

static inline size_t pm_packed_step_item(pm_packed_step step) {
    return (size_t)(step >> 4 & (PM_PACKED_MOST - 1));
}

/* The most steps that a walk down has before it: those of one node for each level. */
enum { PM_PACKED_STEPS = PM_PACKED_LEVELS * PM_PACKED_FAN + 1 };

/* The first of the least bounds of a node. */
static inline int pm_packed_least(const float bounds[PM_PACKED_FAN]) {
#ifdef PM_X86
    const __m128 a = _mm_loadu_ps(bounds), b = _mm_loadu_ps(bounds + 4), c = _mm_loadu_ps(bounds + 8),
                 d = _mm_loadu_ps(bounds + 12);
    __m128 least = _mm_min_ps(_mm_min_ps(a, b), _mm_min_ps(c, d));
    least = _mm_min_ps(least, _mm_shuffle_ps(least, least, 0x4e));
    least = _mm_min_ps(least, _mm_shuffle_ps(least, least, 0xb1));
    const int equal = _mm_movemask_ps(_mm_cmpeq_ps(a, least)) | _mm_movemask_ps(_mm_cmpeq_ps(b, least)) << 4 |
                      _mm_movemask_ps(_mm_cmpeq_ps(c, least)) << 8 | _mm_movemask_ps(_mm_cmpeq_ps(d, least)) << 12;
    return pm_lowest_bit((uint32_t)equal | UINT32_C(1) << (PM_PACKED_FAN - 1));
#else
    int least = 0;
    for (int i = 1; i < PM_PACKED_FAN; i++)
        least = bounds[i] < bounds[least] ? i : least;
    return least;
#endif
}

/* Put the chosen children of a node on the stack, the nearest on top; how many steps there are now. */
static inline size_t pm_packed_push(pm_packed_step *steps, size_t count, size_t node, int level, uint32_t chosen,
                                    const float bounds[PM_PACKED_FAN]) {
    size_t first = count;
    for (; chosen; chosen &= chosen - 1) {
        int child = pm_lowest_bit(chosen);
        pm_packed_step step = pm_packed_step_of(bounds[child], level - 1, PM_PACKED_FAN * node + (size_t)child);
        size_t at = count++;
        for (; at > first && steps[at - 1] < step; at--)
            steps[at] = steps[at - 1];
        steps[at] = step;
    }
    return count;
}

/* The lowest node that all boxes [begin, end) are below. */
static inline pm_packed_step pm_packed_top(size_t begin, size_t end) {
    int level = 0;
    while (begin >> 4 * (level + 1) != (end - 1) >> 4 * (level + 1))
        level++;
    return pm_packed_step_of(0, level, begin >> 4 * (level + 1));
}

/* Bounds of the squared distances from a target to the boxes of a node, as pm_packed_near() gives them. */
typedef uint32_t pm_packed_look(const float *node, const void *target, float limit, float bounds[PM_PACKED_FAN]);

/* A walk over the boxes that may be within a limit of a target, the nearest first. */
typedef struct pm_packed_walk {
    const pm_packed *tree;
    pm_packed_look *look;
    const void *target;
    size_t begin, end; /* of the boxes */
    pm_packed_step steps[PM_PACKED_STEPS];
    size_t count;
} pm_packed_walk;

/* Over boxes [begin, end), of any tree. The target is borrowed for the walk. */
void pm_packed_begin(pm_packed_walk *walk, const pm_packed *tree, pm_packed_look *look, const void *target,
                     size_t begin, size_t end);

/* Over all boxes of a plane. */
void pm_packed_start(pm_packed_walk *walk, const pm_packed *tree, const pm_target *target);

/* The next box whose bound is at most `limit`, or SIZE_MAX after the last. The limit may sink on the way. */
size_t pm_packed_next(pm_packed_walk *walk, float limit);

#endif
