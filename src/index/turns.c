/* turns.c — which region is the best at any of the places x + k * period?
 *
 * A point is matched once at each turn that brings it between the smallest and the largest x that can match: nearly
 * always that is one. Points go in batches: first every point at its first turn, then those that have a second, and
 * so on; of two answers the one of the better rank is kept. The sum x + k * period may be no double: the search takes
 * the nearest and, where it decides exactly, the sum (base/turn.h).
 *
 * Which turns these are is computed in doubles, and with a little room on both sides: a turn too many costs time
 * only. Above 2^25 turns the products with the period would soon not be exact any more; there x is reduced by fmod()
 * before, which does not round. */
#include "turns.h"

#include <math.h>
#include <string.h>

#include "scan/scan.h"

enum { CHUNK = 512 };
static const double ROOM = 0x1p-20;                     /* in turns; quotients below 2^26 are right to 2^-25 */
static const double FARTHEST = 0x1p25, WIDEST = 0x1p16; /* in turns */

/* Points at one of their turns. */
typedef struct row {
    double x[CHUNK], y[CHUNK], start[CHUNK], turns[CHUNK];
} row;

int pm_period_fits(double period, const double range[2]) {
    double reach = fabs(range[0]) > fabs(range[1]) ? fabs(range[0]) : fabs(range[1]);
    if (period == 0)
        return range[0] == 0 && range[1] == 0;
    return period > 0 && isfinite(period) &&
           (isnan(reach) || (reach / period <= FARTHEST && (range[1] - range[0]) / period <= WIDEST));
}

/* The whole number above or below a value within int32_t; SSE2 has no instruction for either. */
static inline double whole_below(double value) {
    double whole = (double)(int32_t)value;
    return whole - (whole > value);
}

static inline double whole_above(double value) {
    double whole = (double)(int32_t)value;
    return whole + (whole < value);
}

/* Bring points to their first turn: row->x, and how many turns each has. Returns the most. */
static int first_turns(const pm_index *index, const pm_points *points, size_t done, size_t count, row *at,
                       int *turns) {
    const double low = index->range[0], high = index->range[1], period = index->period;
    const pm_period split = pm_period_split(period);
    const double most = FARTHEST * period;
    int all = 0;
    for (size_t i = 0; i < count; i++) {
        at->start[i] = pm_load(points->x, points->x_stride, done + i);
        at->y[i] = pm_load(points->y, points->y_stride, done + i);
    }
    for (size_t i = 0; i < count; i++)
        if (!(fabs(at->start[i]) < most) && isfinite(at->start[i]))
            at->start[i] = fmod(at->start[i], period);
    for (size_t i = 0; i < count; i++) {
        double x = at->start[i];
        double first = (low - x) / period - ROOM, last = (high - x) / period + ROOM;
        int known = fabs(first) < 0x1p27 && fabs(last) < 0x1p27; /* not when x or the range is NaN */
        first = whole_above(known ? first : 0);
        last = whole_below(known ? last : 0);
        turns[i] = last > first ? (int)(last - first) + 1 : 1;
        at->turns[i] = last >= first ? first : 0;
        at->x[i] = known ? pm_turned(x, at->turns[i], split) : x;
        all = turns[i] > all ? turns[i] : all;
    }
    return all;
}

static void match_row(const pm_index *index, const row *at, size_t count, int64_t *out) {
    const ptrdiff_t size = (ptrdiff_t)sizeof(double);
    const pm_points points = {.x = at->x, .y = at->y, .x_stride = size, .y_stride = size, .count = count};
    const pm_turns turns = {at->start, at->turns, index->period};
    index->kind->match(index->view, &points, &turns, out);
}

static inline int is_better(const pm_index *index, int64_t one, int64_t other) {
    return one >= 0 && (other < 0 || index->ranks[one] < index->ranks[other]);
}

/* The points that have more than `turn` turns, at the next one; the answers so far are improved. */
static void later_turn(const pm_index *index, const row *at, size_t count, const int *turns, int turn, int64_t *out) {
    const pm_period split = pm_period_split(index->period);
    row next;
    size_t from[CHUNK], more = 0;
    int64_t answers[CHUNK];
    for (size_t i = 0; i < count; i++) {
        if (turns[i] <= turn)
            continue;
        from[more] = i;
        next.start[more] = at->start[i];
        next.turns[more] = at->turns[i] + turn;
        next.x[more] = pm_turned(next.start[more], next.turns[more], split);
        next.y[more++] = at->y[i];
    }
    match_row(index, &next, more, answers);
    for (size_t k = 0; k < more; k++)
        if (is_better(index, answers[k], out[from[k]]))
            out[from[k]] = answers[k];
}

void pm_match_turned(const pm_index *index, const pm_points *points, int64_t *out) {
    row at;
    int turns[CHUNK];
    for (size_t done = 0; done < points->count; done += CHUNK) {
        size_t count = points->count - done < CHUNK ? points->count - done : CHUNK;
        int most = first_turns(index, points, done, count, &at, turns);
        match_row(index, &at, count, out + done);
        for (int turn = 1; turn < most; turn++)
            later_turn(index, &at, count, turns, turn, out + done);
    }
}
