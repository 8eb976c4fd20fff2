/* round_group.h — sixteen disks, in the plane or on the sphere, as floats: which of them contain a place?
 *
 * A group is sixteen of each: the coordinates of the centers, axis after axis, then the squared distances `inner` and
 * `outer`. Closer than `inner` is in the disk, beyond `outer` is not, whatever floats round; what is between is
 * decided exactly by the caller. */
#ifndef PM_ROUND_GROUP_H
#define PM_ROUND_GROUP_H

#include "packed.h"

enum { PM_ROUND_GROUP = PM_PACKED_FAN };

/* How far squares of floats may be off by their rounding alone. */
static const double PM_ROUND_SQUARE_OFF = 0x1p-20;

/* Write one. Distances that floats can't be off by more than `off` count from `inner`, and to `outer`. */
static inline void pm_round_group_put(float *group, int axes, size_t lane, const double *center, double inner,
                                      double outer, double off) {
    inner -= off;
    outer += off;
    for (int axis = 0; axis < axes; axis++)
        group[(size_t)axis * PM_ROUND_GROUP + lane] = (float)center[axis];
    group += (size_t)axes * PM_ROUND_GROUP + lane;
    group[0] = inner > 0 ? pm_float_below(inner * inner * (1 - PM_ROUND_SQUARE_OFF)) : 0;
    group[PM_ROUND_GROUP] = pm_float_above(outer * outer * (1 + PM_ROUND_SQUARE_OFF));
}

/* Write that there is none. */
static inline void pm_round_group_put_nothing(float *group, int axes, size_t lane) {
    group += (size_t)axes * PM_ROUND_GROUP + lane;
    group[0] = group[PM_ROUND_GROUP] = -1; /* no distance is so short */
}

/* As bits the disks of a group that contain a place, and those that may. */
typedef struct pm_round_hits {
    uint32_t inside, near;
} pm_round_hits;

static inline pm_round_hits pm_round_group_compare(const float *group, int axes, const float *place) {
    pm_round_hits hits = {0, 0};
#ifdef PM_X86
    for (int i = 0; i < PM_ROUND_GROUP; i += 4) {
        const float *column = group + i;
        __m128 square = _mm_setzero_ps();
        for (int axis = 0; axis < axes; axis++, column += PM_ROUND_GROUP) {
            const __m128 away = _mm_sub_ps(_mm_loadu_ps(column), _mm_set1_ps(place[axis]));
            square = _mm_add_ps(square, _mm_mul_ps(away, away));
        }
        const __m128 inside = _mm_cmplt_ps(square, _mm_loadu_ps(column));
        const __m128 near = _mm_cmple_ps(square, _mm_loadu_ps(column + PM_ROUND_GROUP));
        hits.inside |= (uint32_t)_mm_movemask_ps(inside) << i;
        hits.near |= (uint32_t)_mm_movemask_ps(near) << i;
    }
#else
    for (int i = 0; i < PM_ROUND_GROUP; i++) {
        const float *column = group + i;
        float square = 0;
        for (int axis = 0; axis < axes; axis++, column += PM_ROUND_GROUP) {
            const float away = *column - place[axis];
            square += away * away;
        }
        hits.inside |= (uint32_t)(square < *column) << i;
        hits.near |= (uint32_t)(square <= column[PM_ROUND_GROUP]) << i;
    }
#endif
    return hits;
}

#endif
