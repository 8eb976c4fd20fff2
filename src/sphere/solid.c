/* solid.c — which boxes in space are near a place of the sphere?
 *
 * Space has neither poles nor a seam, and the distance to a box takes a few operations and no sine: it bounds the
 * chord, which grows with the way over the sphere. Boxes are floats rounded outwards, which is half a metre, so they
 * find and don't measure. */
#include "base/strict.h"

#include "solid.h"

#include "base/sphere.h"

pm_ray pm_ray_to(const double vector[3]) {
    pm_ray ray = {.low = {0}};
    for (int axis = 0; axis < 3; axis++) {
        ray.low[axis] = pm_float_below(vector[axis] - 0x1p-50); /* the error of a vector */
        ray.high[axis] = pm_float_above(vector[axis] + 0x1p-50);
    }
    return ray;
}

float pm_solid_limit(double metres) {
    return (float)(pm_chord_square(metres * (1 + 1e-12) + 1e-7) * (1 + 0x1p-18) + 0x1p-100);
}

/* Bounds of the squared chords to the boxes of a node, and as bits those that are at most `limit`. */
static uint32_t look_in_space(const float *node, const void *to, float limit, float bounds[PM_PACKED_FAN]) {
    const pm_ray *ray = to;
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

uint32_t pm_solid_holding(const float *node, const pm_ray *ray) {
    uint32_t hold = 0;
#ifdef PM_X86
    for (int i = 0; i < PM_PACKED_FAN; i += 4) {
        __m128 all = _mm_castsi128_ps(_mm_set1_epi32(-1));
        for (int axis = 0; axis < 3; axis++) {
            const __m128 low = _mm_loadu_ps(node + axis * PM_PACKED_FAN + i);
            const __m128 high = _mm_loadu_ps(node + (axis + 3) * PM_PACKED_FAN + i);
            all = _mm_and_ps(all, _mm_cmple_ps(low, _mm_set1_ps(ray->high[axis])));
            all = _mm_and_ps(all, _mm_cmple_ps(_mm_set1_ps(ray->low[axis]), high));
        }
        hold |= (uint32_t)_mm_movemask_ps(all) << i;
    }
#else
    for (int i = 0; i < PM_PACKED_FAN; i++) {
        int all = 1;
        for (int axis = 0; axis < 3; axis++)
            all &= (node[axis * PM_PACKED_FAN + i] <= ray->high[axis]) &
                   (ray->low[axis] <= node[(axis + 3) * PM_PACKED_FAN + i]);
        hold |= (uint32_t)all << i;
    }
#endif
    return hold;
}

void pm_solid_start(pm_packed_walk *walk, const pm_packed *tree, const pm_ray *ray, size_t begin, size_t end) {
    pm_packed_begin(walk, tree, look_in_space, ray, begin, end);
}
