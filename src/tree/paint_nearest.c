/* paint_nearest.c — how is the map of the nearest made?
 *
 * Where no region covers a place, the nearest one is a property of the place as well, and changes only along the
 * lines between two of them (Voronoi's). So the plane is cut into cells, as the map of answers is; a cell keeps the
 * runs of edges that are nearest somewhere in it; one whose runs all belong to one region is an answer, one with few
 * runs is a leaf, any other is cut in four.
 *
 * What makes the lists short are pivots (pivots.c): the places on borders nearest to the corners and the center. A
 * run that one of them beats is left out. A run is kept where it is in doubt, and leaves compare exactly.
 *
 * Where limits differ, a pivot counts only for regions that reach no farther than its own, or where it is within
 * reach in all of the cell. Cells that are covered altogether are never asked and are not cut: near/pairs.c says how
 * they are known, which on counties leaves a quarter of the cells. */
#include "base/strict.h"

#include "paint_nearest.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "near/pairs.h"
#include "pivots.h"

/* Cells of more runs are cut at once. */
enum { MANY_NEAR = 128 };

/* A cell, and what is known of it. */
typedef struct near_cell {
    pm_place at;
    int is_known; /* it meets no odd edge, and is covered by an even number of polygons */
    double high;  /* upper bound of the distance from the center to a border */
} near_cell;

/* The painter of this map. */
typedef struct nearest_painter {
    pm_run_painter base;
    uint8_t *is_odd;    /* of a run: see pairs.h */
    size_t parity_work; /* spans of edges that were looked at for is_covered() */
} nearest_painter;

/* ---- cells ---- */

/* Four places, in the coordinates of the tree over runs, and how far off they may be. */
typedef struct four_places {
    float x[PM_CORNERS], y[PM_CORNERS], off;
} four_places;

static void set_place(const pm_run_painter *p, four_places *f, int k, double x, double y) {
    const double *origin = p->field->runs->origin;
    f->x[k] = (float)(x - origin[0]);
    f->y[k] = (float)(y - origin[1]);
    const float off = (fabsf(f->x[k]) + fabsf(f->y[k])) * 0x1p-22f;
    f->off = k == 0 || off > f->off ? off : f->off;
}

/* The squared distances from the places to the box of a run: at most that. */
static void box_lows(const pm_run_box *box, const four_places *f, float low[PM_CORNERS]) {
    const float *side = box->sides;
#ifdef PM_X86
    const __m128 x = _mm_loadu_ps(f->x), y = _mm_loadu_ps(f->y), zero = _mm_setzero_ps();
    const __m128 left = _mm_sub_ps(_mm_set1_ps(side[0] - f->off), x);
    const __m128 right = _mm_add_ps(_mm_set1_ps(side[2] - f->off), x);
    const __m128 below = _mm_sub_ps(_mm_set1_ps(side[1] - f->off), y);
    const __m128 above = _mm_add_ps(_mm_set1_ps(side[3] - f->off), y);
    const __m128 dx = _mm_max_ps(_mm_max_ps(left, right), zero), dy = _mm_max_ps(_mm_max_ps(below, above), zero);
    _mm_storeu_ps(low, _mm_add_ps(_mm_mul_ps(dx, dx), _mm_mul_ps(dy, dy)));
#else
    for (int k = 0; k < PM_CORNERS; k++) {
        const float left = side[0] - f->off - f->x[k], right = side[2] - f->off + f->x[k];
        const float below = side[1] - f->off - f->y[k], above = side[3] - f->off + f->y[k];
        float dx = left > right ? left : right, dy = below > above ? below : above;
        dx = dx > 0 ? dx : 0;
        dy = dy > 0 ? dy : 0;
        low[k] = dx * dx + dy * dy;
    }
#endif
}

/* Put those of the runs [begin, end) that aren't out of the question by their boxes on top of the stack: those of
 * child k from starts[k] to ends[k], with room between. */
static int keep_near_boxes(pm_run_painter *p, const near_cell children[4], size_t begin, size_t end, size_t starts[4],
                           size_t ends[4]) {
    pm_painter *base = &p->base;
    const size_t count = end - begin;
    four_places centers;
    float limits[4];
    if (!pm_painter_reserve(base, &base->shapes, 4 * count))
        return 0;
    for (int k = 0; k < 4; k++) {
        const near_cell *c = &children[k];
        const double diagonal = c->at.half * 1.41421356237310;
        double most = c->high + 2 * diagonal;
        most = most < p->farthest + diagonal ? most : p->farthest + diagonal;
        limits[k] = most < 0x1p60 ? (float)(most * most * (1 + 0x1p-18) + 0x1p-110) : INFINITY;
        set_place(p, &centers, k, c->at.x, c->at.y);
        starts[k] = ends[k] = base->shapes.count + (size_t)k * count;
    }
    uint32_t *list = pm_run_painter_list(p);
    for (size_t i = begin; i < end; i++) {
        float lows[4];
        const uint32_t run = list[i];
        box_lows(&p->boxes[run], &centers, lows);
        const unsigned far = pm_greater_of_four(lows, limits);
        for (int k = 0; k < 4; k++) {
            list[ends[k]] = run;
            ends[k] += ~far >> k & 1;
        }
    }
    base->work += 4 * count;
    return 1;
}

/* The run among [begin, end) whose box is nearest to the center. */
static uint32_t nearest_box(const pm_run_painter *p, const pm_place *c, size_t begin, size_t end) {
    const uint32_t *list = pm_run_painter_list(p);
    four_places center;
    uint32_t nearest = list[begin];
    float least = INFINITY;
    for (int k = 0; k < PM_CORNERS; k++)
        set_place(p, &center, k, c->x, c->y);
    for (size_t i = begin; i < end; i++) {
        float lows[4];
        box_lows(&p->boxes[list[i]], &center, lows);
        nearest = lows[0] < least ? list[i] : nearest;
        least = lows[0] < least ? lows[0] : least;
    }
    return nearest;
}

/* Put those of the runs [begin, end) on top of the stack whose boxes no pivot beats, measured for this cell. That
 * costs a tenth of measuring the edges of all, and on a coast leaves a third of them. */
static void keep_unbeaten_boxes(pm_run_painter *p, const pm_place *c, const pm_pivot *pivots, int count, size_t begin,
                                size_t end) {
    const float units = (float)(c->half * c->half * (1 + 0x1p-18));
    float highs[PM_SQUARE_PLACES + 1][PM_CORNERS];
    four_places corners;
    for (int k = 0; k < PM_CORNERS; k++) {
        double x, y;
        pm_place_at(c, k, &x, &y);
        set_place(p, &corners, k, x, y);
        for (int j = 0; j < count; j++)
            highs[j][k] = (float)pivots[j].high[k] * units;
    }
    const uint32_t *owners = p->field->runs->owners;
    uint32_t *list = pm_run_painter_list(p);
    size_t to = p->base.shapes.count;
    for (size_t i = begin; i < end; i++) {
        const uint32_t run = list[i];
        float lows[PM_CORNERS];
        int beaten = 0;
        box_lows(&p->boxes[run], &corners, lows);
        for (int j = 0; j < count && !beaten; j++)
            beaten =
                pm_greater_of_four(lows, highs[j]) == 15 && pm_pivot_counts(p, &pivots[j], pm_run_rank(owners[run]));
        list[to] = run;
        to += !beaten;
    }
    p->base.shapes.count = to;
}

/* Leave out what is too far from the center; the others end at the result. Which is nearest to each place? */
static size_t measure_place(pm_run_painter *p, const near_cell *c, size_t begin, size_t end,
                            size_t nearest[PM_SQUARE_PLACES]) {
    const pm_place *at = &c->at;
    uint32_t *list = pm_run_painter_list(p);
    pm_near_candidate *found = p->base.details.items;
    const int is_few = end - begin <= PM_FEW_RUNS;
    size_t closest = begin;
    for (size_t i = begin; i < end; i++) {
        pm_corner_lows own, *lows = is_few ? &p->few[i - begin] : &own;
        pm_run_corners(p->field, list[i], at->x, at->y, at->half, lows);
        pm_corners_least(lows, found[i - begin].low);
        if (found[i - begin].low[PM_CENTER] < found[closest - begin].low[PM_CENTER])
            closest = i;
    }
    if (begin == end)
        return end;
    /* the greatest distance between two places of the cell is twice the diagonal */
    const double diagonal = at->half * 1.41421356237310;
    const pm_pivot u = pm_pivot_of(p, list[closest], at->x, at->y);
    double most = (sqrt(pm_square_of(u.x - at->x, u.y - at->y)) + u.off) * (1 + 0x1p-40) + 2 * diagonal;
    most = u.reach >= p->field->farthest && most < c->high + 2 * diagonal ? most : c->high + 2 * diagonal;
    most = (most < p->farthest + diagonal ? most : p->farthest + diagonal) / at->half;
    most = most * most * (1 + 0x1p-40);
    size_t to = begin;
    for (size_t i = begin; i < end; i++) {
        if (found[i - begin].low[PM_CENTER] > most)
            continue;
        list[to] = list[i];
        found[to - begin] = found[i - begin];
        if (is_few && to < i)
            p->few[to - begin] = p->few[i - begin];
        for (int k = 0; k < PM_SQUARE_PLACES; k++)
            if (to == begin || found[to - begin].low[k] < found[nearest[k] - begin].low[k])
                nearest[k] = to;
        to++;
    }
    return to;
}

/* Is the cell, of the measured runs [begin, end), surely covered by regions everywhere? Where polygons of many edges
 * are nested, asking costs as much as all else: at its limit cells are cut as if they weren't covered. */
static int is_covered(nearest_painter *painter, near_cell *c, size_t begin, size_t end) {
    const pm_run_painter *p = &painter->base;
    const pm_near_candidate *found = p->base.details.items;
    const uint32_t *list = pm_run_painter_list(p);
    float low = INFINITY, odd = INFINITY;
    for (size_t i = begin; i < end; i++) {
        const float here = found[i - begin].low[PM_CENTER];
        low = here < low ? here : low;
        odd = painter->is_odd[list[i]] && here < odd ? here : odd;
    }
    /* An odd edge may run through the cell, or any edge through the center. */
    if (c->is_known || !(odd > 2) || !(low > 0) || painter->parity_work > p->base.work_limit)
        return 0;
    const double scale = p->field->runs->scale;
    c->is_known = 1;
    return pm_runs_parity(p->field->table, p->field->runs, c->at.x / scale, c->at.y / scale, &painter->parity_work);
}

static void fill_near(pm_run_painter *p, near_cell c, size_t begin, size_t end, pm_square s);

/* With as many runs the one whose box is nearest is worth a pivot. */
enum { PIVOT_OF_BOXES = 12 };

/* A quarter of a cell, and what the cell's pivots say of its runs. */
static near_cell quarter_of(const pm_run_painter *p, const near_cell *c, size_t k, const pm_pivot *pivots,
                            int count) {
    near_cell child = {pm_place_quarter(p, &c->at, k), c->is_known, INFINITY};
    for (int j = 0; j < count; j++) {
        const double x = child.at.x - pivots[j].x, y = child.at.y - pivots[j].y;
        const double high = (sqrt(pm_square_of(x, y)) + pivots[j].off) * (1 + 0x1p-40);
        if ((pivots[j].is_reached || pivots[j].reach >= p->field->farthest) && high < child.high)
            child.high = high;
    }
    return child;
}

/* Cut a cell in four. */
static void cut_near(pm_run_painter *p, const near_cell *c, const pm_pivot *pivots, int count, size_t begin,
                     size_t end, pm_square s) {
    pm_painter *base = &p->base;
    const size_t mark = base->shapes.count;
    size_t starts[5], wide_starts[4], wide_ends[4];
    near_cell children[4];
    pm_pivot own[PM_SQUARE_PLACES + 1];
    if (!pm_run_painter_open(p, &s))
        return;
    for (size_t k = 0; k < 4; k++)
        children[k] = quarter_of(p, c, k, pivots, count);
    if (!keep_near_boxes(p, children, begin, end, wide_starts, wide_ends))
        return;
    memcpy(own, pivots, (size_t)count * sizeof *own);
    for (size_t k = 0; k < 4; k++) {
        const pm_place *at = &children[k].at;
        int pivot_count = count;
        if (wide_ends[k] - wide_starts[k] > PIVOT_OF_BOXES)
            own[pivot_count++] = pm_pivot_of(p, nearest_box(p, at, wide_starts[k], wide_ends[k]), at->x, at->y);
        for (int j = 0; j < pivot_count; j++)
            pm_pivot_measure(p, at, &own[j]);
        starts[k] = base->shapes.count;
        keep_unbeaten_boxes(p, at, own, pivot_count, wide_starts[k], wide_ends[k]);
    }
    starts[4] = base->shapes.count;
    const size_t all = starts[4] - starts[0];
    for (size_t k = 0; k < 4; k++) {
        children[k].at.share *= (double)(starts[k + 1] - starts[k] + 1) / (double)(all + 4);
        fill_near(p, children[k], starts[k], starts[k + 1], pm_square_quarter(s, k));
    }
    base->shapes.count = mark;
}

/* Places on the borders nearest to the center and the corners. */
static int choose_pivots(const pm_run_painter *p, const pm_place *c, const size_t nearest[PM_SQUARE_PLACES],
                         pm_pivot pivots[PM_SQUARE_PLACES]) {
    int count = 0;
    for (int k = PM_SQUARE_PLACES - 1; k >= 0; k--) {
        double x, y;
        pm_place_at(c, k, &x, &y);
        pm_pivot u = pm_pivot_of(p, pm_run_painter_list(p)[nearest[k]], x, y);
        int known = 0;
        for (int j = 0; j < count; j++)
            known |= u.x == pivots[j].x && u.y == pivots[j].y && u.reach <= pivots[j].reach;
        if (known)
            continue;
        pm_pivot_measure(p, c, &u);
        pivots[count++] = u;
    }
    return count;
}

/* Leave out the runs that a pivot beats; where the others end. */
static size_t drop_beaten_runs(pm_run_painter *p, const pm_pivot *pivots, int pivot_count, size_t begin, size_t end,
                               int is_few, int *is_one) {
    const pm_near_candidate *found = p->base.details.items;
    const uint32_t *owners = p->field->runs->owners;
    uint32_t *list = pm_run_painter_list(p);
    size_t to = begin;
    *is_one = 1;
    for (size_t i = begin; i < end; i++) {
        int beaten = 0;
        for (int j = 0; j < pivot_count && !beaten; j++)
            beaten = pm_pivot_beats(p, &pivots[j], found[i - begin].low, pm_run_rank(owners[list[i]]));
        if (beaten)
            continue;
        list[to] = list[i];
        if (is_few && to < i)
            p->few[to - begin] = p->few[i - begin];
        *is_one &= pm_run_rank(owners[list[to]]) == pm_run_rank(owners[list[begin]]);
        to++;
    }
    return to;
}

/* Set the words of a cell from the runs [begin, end) on top of the stack, which may be nearest in it. */
static void fill_near(pm_run_painter *p, near_cell c, size_t begin, size_t end, pm_square s) {
    pm_painter *base = &p->base;
    pm_pivot pivots[PM_SQUARE_PLACES];
    uint32_t word = 0;
    if (pm_run_painter_must_stop(p, end - begin))
        return;
    if (end - begin > MANY_NEAR && c.at.bits < PM_RUNS_DEEPEST) {
        pivots[0] = pm_pivot_of(p, nearest_box(p, &c.at, begin, end), c.at.x, c.at.y);
        if (pm_square_of(pivots[0].x - c.at.x, pivots[0].y - c.at.y) < c.at.half * c.at.half) {
            cut_near(p, &c, pivots, 1, begin, end, s);
            return;
        }
    }
    base->details.count = 0;
    if (!pm_painter_reserve(base, &base->details, end - begin + 1))
        return;
    size_t nearest[PM_SQUARE_PLACES] = {0};
    const int is_few = end - begin <= PM_FEW_RUNS;
    end = measure_place(p, &c, begin, end, nearest);
    if (begin < end && !is_covered((nearest_painter *)p, &c, begin, end)) {
        const int count = choose_pivots(p, &c.at, nearest, pivots);
        const uint32_t *list = pm_run_painter_list(p) + begin;
        int is_one;
        end = drop_beaten_runs(p, pivots, count, begin, end, is_few, &is_one);
        if (is_one)
            word = pm_nearest_answer(p, pivots, count, pm_run_rank(p->field->runs->owners[list[0]]));
        if (!word && !pm_nearest_draft(p, &c.at, pivots, count, list, end - begin, is_few ? p->few : NULL, &word)) {
            cut_near(p, &c, pivots, count, begin, end, s);
            return;
        }
    }
    base->done += c.at.share;
    pm_run_painter_set(p, s, word);
}

/* ---- the whole ---- */

static void paint_near(pm_run_painter *p, pm_place place, pm_square s) {
    const size_t count = p->field->runs->run_count;
    ((nearest_painter *)p)->parity_work = 0;
    for (size_t i = 0; i < count; i++)
        pm_run_painter_list(p)[i] = (uint32_t)i;
    p->base.shapes.count = count;
    fill_near(p, (near_cell){place, 0, INFINITY}, 0, count, s);
}

pm_status pm_tree_build_nearest(pm_tree *tree, const pm_field *field, size_t size_limit, pm_poll *poll,
                                const pm_allocator *allocator) {
    nearest_painter painter = {
        .base = {.base = {.allocator = allocator, .poll = poll, .size_limit = size_limit}, .field = field}};
    pm_run_painter *p = &painter.base;
    if (!pm_run_painter_start(p, tree))
        return PM_OK;
    painter.is_odd = pm_allocate(allocator, field->runs->run_count);
    if (!painter.is_odd || !pm_run_painter_read(p) ||
        !pm_runs_find_odd(field->table, field->runs, painter.is_odd, allocator))
        p->base.status = PM_ERR_NO_MEMORY;
    const pm_status status = pm_run_painter_paint(p, tree, paint_near);
    pm_release(allocator, painter.is_odd);
    return status;
}
