/* turns.c — which region is the best at any of the places x + k * period?
 *
 * A point is matched once at each turn that brings it between the smallest and the largest x that can match: nearly
 * always that is one. Points go in batches: first every point at its first turn, then those that have a second, and
 * so on; of two answers the one of the better rank is kept. The sum x + k * period may be no double: the search takes
 * the nearest and, where it decides exactly, the sum (base/turn.h). For nearest the kind compares its own turns.
 *
 * Which turns these are is computed in doubles, and with a little room on both sides: a turn too many costs time
 * only. Above 2^25 turns the products with the period would soon not be exact any more; there x is reduced by fmod()
 * before, which does not round. */
#include "base/strict.h"

#include "turns.h"

#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "scan/scan.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

enum { CHUNK = PM_TURN_ROW };
static const double TURN_ROOM = 0x1p-20;                      /* in turns; quotients below 2^27 are right to 2^-24 */
static const double FARTHEST = 0x1p25, WIDEST_TURNS = 0x1p16; /* in turns */

/* A row of points at one of their turns. */
typedef struct row {
    double start[CHUNK], x[CHUNK], turns[CHUNK];
    double more[CHUNK]; /* turns that follow; below 0 where none brings the point between the regions */
    const double *y;
    ptrdiff_t y_stride;
    size_t count;
} row;

int pm_period_fits(double period, const double range[2]) {
    double reach = fabs(range[0]) > fabs(range[1]) ? fabs(range[0]) : fabs(range[1]);
    if (period == 0)
        return range[0] == 0 && range[1] == 0;
    return period > 0 && isfinite(period) &&
           (isnan(reach) || (reach / period <= FARTHEST && range[1] / period - range[0] / period <= WIDEST_TURNS));
}

/* ---- the first turn ---- */

/* Bring points to their first turn. Returns bits: 1, some have another; 2, some are too far. A x that is NaN or
 * infinite, and a range that is NaN, give no turn: the point stays. */
typedef unsigned turn_function(row *at, const pm_index *index);

static unsigned turn_portable(row *at, const pm_index *index) {
    const double period = index->period;
    const double low = index->range[0] / period - TURN_ROOM, high = index->range[1] / period + TURN_ROOM;
    const pm_period split = pm_period_split(period);
    unsigned another = 0, far = 0;
    for (size_t i = 0; i < at->count; i++) {
        const double x = at->start[i];
        const double first = ceil(low - x / period), last = floor(high - x / period);
        at->turns[i] = last >= first ? first : 0;
        at->more[i] = last - first;
        at->x[i] = pm_turned(x, at->turns[i], split);
        another |= last - first >= 1;
        far |= !(fabs(x) < FARTHEST * period);
    }
    return another | far << 1;
}

#ifdef PM_X86
/* Four points at once, for periods of 27 bits or fewer, whose products are exact: 5 ns a point less. */
__attribute__((target("avx2"))) static unsigned turn_avx2(row *at, const pm_index *index) {
    const __m256d low = _mm256_set1_pd(index->range[0] / index->period - TURN_ROOM);
    const __m256d high = _mm256_set1_pd(index->range[1] / index->period + TURN_ROOM);
    const __m256d period = _mm256_set1_pd(index->period), most = _mm256_set1_pd(FARTHEST * index->period);
    const __m256d sign = _mm256_set1_pd(-0.0), one = _mm256_set1_pd(1);
    __m256d another = _mm256_setzero_pd(), far = _mm256_setzero_pd();
    for (size_t i = at->count; i % 4; i++)
        at->start[i] = at->start[i - 1];
    for (size_t i = 0; i < at->count; i += 4) {
        const __m256d x = _mm256_loadu_pd(at->start + i);
        const __m256d quotient = _mm256_div_pd(x, period);
        const __m256d first = _mm256_ceil_pd(_mm256_sub_pd(low, quotient));
        const __m256d last = _mm256_floor_pd(_mm256_sub_pd(high, quotient));
        const __m256d more = _mm256_sub_pd(last, first);
        const __m256d turns = _mm256_and_pd(first, _mm256_cmp_pd(last, first, _CMP_GE_OQ));
        _mm256_storeu_pd(at->turns + i, turns);
        _mm256_storeu_pd(at->more + i, more);
        _mm256_storeu_pd(at->x + i, _mm256_add_pd(x, _mm256_mul_pd(turns, period)));
        another = _mm256_or_pd(another, _mm256_cmp_pd(more, one, _CMP_GE_OQ));
        far = _mm256_or_pd(far, _mm256_cmp_pd(_mm256_andnot_pd(sign, x), most, _CMP_NLT_UQ));
    }
    return (unsigned)(_mm256_movemask_pd(another) != 0) | (unsigned)(_mm256_movemask_pd(far) != 0) << 1;
}
#endif

static turn_function *turn_of(double period) {
#ifdef PM_X86
    if (pm_isa_best() >= PM_ISA_AVX2 && pm_period_split(period).lower == 0)
        return turn_avx2;
#else
    (void)period;
#endif
    return turn_portable;
}

/* Bring the points from `done` on to their first turn. Returns the most turns that follow for one of them. */
static double first_turn(row *at, const pm_index *index, const pm_points *points, size_t done, turn_function *turn) {
    const char *x = (const char *)points->x + (ptrdiff_t)done * points->x_stride;
    at->y = (const double *)(const void *)((const char *)points->y + (ptrdiff_t)done * points->y_stride);
    at->y_stride = points->y_stride;
    if (points->x_stride == (ptrdiff_t)sizeof(double))
        memcpy(at->start, x, at->count * sizeof(double));
    else
        for (size_t i = 0; i < at->count; i++)
            memcpy(&at->start[i], x + (ptrdiff_t)i * points->x_stride, sizeof(double));
    unsigned found = turn(at, index);
    if (found & 2) { /* or NaN */
        for (size_t i = 0; i < at->count; i++)
            if (isfinite(at->start[i]) && !(fabs(at->start[i]) < FARTHEST * index->period))
                at->start[i] = fmod(at->start[i], index->period);
        found = turn(at, index);
    }
    double most = 0;
    for (size_t i = 0; i < at->count && found & 1; i++)
        most = at->more[i] > most ? at->more[i] : most;
    return most;
}

/* ---- all turns ---- */

static void match_row(const pm_index *index, const row *at, int64_t *out, double *distances) {
    const pm_points points = {
        .x = at->x, .y = at->y, .x_stride = (ptrdiff_t)sizeof(double), .y_stride = at->y_stride, .count = at->count};
    const pm_turns turns = {at->start, at->turns, index->period};
    if (distances)
        index->kind->measure(index->view, &points, &turns, out, distances);
    else
        index->kind->match(index->view, &points, &turns, out);
}

static inline int is_better(const pm_index *index, int64_t one, int64_t other) {
    return one >= 0 && (other < 0 || index->ranks[one] < index->ranks[other]);
}

/* The points that have `turn` more turns, there; the answers so far are improved. */
static void later_turn(const pm_index *index, const row *at, double turn, int64_t *out, double *distances) {
    const pm_period split = pm_period_split(index->period);
    double y[CHUNK], away[CHUNK];
    size_t from[CHUNK];
    int64_t answers[CHUNK];
    row next;
    next.y = y;
    next.y_stride = (ptrdiff_t)sizeof *y;
    next.count = 0;
    for (size_t i = 0; i < at->count; i++) {
        if (!(at->more[i] >= turn))
            continue;
        const size_t k = next.count++;
        from[k] = i;
        next.start[k] = at->start[i];
        y[k] = pm_load(at->y, at->y_stride, i);
        next.turns[k] = at->turns[i] + turn;
        next.x[k] = pm_turned(at->start[i], next.turns[k], split);
    }
    match_row(index, &next, answers, distances ? away : NULL);
    for (size_t k = 0; k < next.count; k++) {
        const int64_t other = out[from[k]];
        if (distances &&
            (is_better(index, answers[k], other) || (answers[k] == other && away[k] < distances[from[k]])))
            distances[from[k]] = away[k];
        if (is_better(index, answers[k], other))
            out[from[k]] = answers[k];
    }
}

/* A row that the kind takes over. */
static void match_turns(const pm_index *index, const row *at, int64_t *out, double *distances) {
    const pm_turn_row turned = {.start = at->start,
                                .turns = at->turns,
                                .more = at->more,
                                .y = at->y,
                                .y_stride = at->y_stride,
                                .count = at->count,
                                .period = index->period,
                                .range = index->range};
    index->kind->match_turns(index->view, &turned, out, distances);
}

void pm_match_turned(const pm_index *index, const pm_points *points, int64_t *out, double *distances) {
    turn_function *turn = turn_of(index->period);
    row at;
    for (size_t done = 0; done < points->count; done += at.count) {
        at.count = points->count - done < CHUNK ? points->count - done : CHUNK;
        const double most = first_turn(&at, index, points, done, turn);
        double *away = distances ? distances + done : NULL;
        if (index->kind->match_turns) {
            match_turns(index, &at, out + done, away);
            continue;
        }
        match_row(index, &at, out + done, away);
        for (double more = 1; more <= most; more++)
            later_turn(index, &at, more, out + done, away);
    }
}

size_t pm_turns_of(const pm_index *index, double x, double y, pm_exact_point *places, size_t room) {
    const ptrdiff_t step = sizeof(double);
    const pm_points point = {.x = &x, .y = &y, .x_stride = step, .y_stride = step, .count = 1};
    row at;
    at.count = 1;
    (void)first_turn(&at, index, &point, 0, turn_portable);
    const size_t count = at.more[0] >= 1 ? (size_t)at.more[0] + 1 : 1;
    for (size_t k = 0; k < count && k < room; k++) {
        const double turn = at.turns[0] + (double)k;
        const pm_turns turns = {at.start, &turn, index->period};
        places[k] = pm_turned_point(&turns, 0, pm_turned(at.start[0], turn, pm_period_split(index->period)), y);
    }
    return count;
}
