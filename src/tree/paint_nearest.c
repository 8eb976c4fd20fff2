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

#include "base/status.h"
#include "near/pairs.h"

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

/* The squared distance from a place, in the coordinates of the tree over runs, to the box of a run: at most that. */
static inline float box_low(const pm_run_box *box, float x, float y, float off) {
    const float *side = box->sides;
    float left = side[0] - x - off, right = side[2] + x - off, below = side[1] - y - off, above = side[3] + y - off;
    float dx = left > right ? left : right, dy = below > above ? below : above;
    dx = dx > 0 ? dx : 0;
    dy = dy > 0 ? dy : 0;
    return dx * dx + dy * dy;
}

/* Put those of the runs [begin, end) on top of the stack that aren't out of the question by their boxes. */
static void keep_near_boxes(pm_run_painter *p, const near_cell *c, size_t begin, size_t end) {
    pm_painter *base = &p->base;
    if (!pm_painter_reserve(base, &base->shapes, end - begin))
        return;
    const pm_runs *runs = p->field->runs;
    const double diagonal = c->at.half * 1.41421356237310;
    double most = c->high + 2 * diagonal;
    most = most < p->farthest + diagonal ? most : p->farthest + diagonal;
    const double x = c->at.x - runs->origin[0], y = c->at.y - runs->origin[1];
    const float limit = most < 0x1p60 ? (float)(most * most * (1 + 0x1p-18) + 0x1p-110) : INFINITY;
    const float cx = (float)x, cy = (float)y, off = (float)((fabs(x) + fabs(y)) * 0x1p-22);
    uint32_t *list = pm_run_painter_list(p);
    size_t to = base->shapes.count;
    for (size_t i = begin; i < end; i++) {
        list[to] = list[i];
        to += box_low(&p->boxes[list[i]], cx, cy, off) <= limit;
    }
    base->shapes.count = to;
    base->work += end - begin;
}

/* The run among [begin, end) whose box is nearest to the center. */
static uint32_t nearest_box(const pm_run_painter *p, const pm_place *c, size_t begin, size_t end) {
    const pm_runs *runs = p->field->runs;
    const float x = (float)(c->x - runs->origin[0]), y = (float)(c->y - runs->origin[1]);
    const uint32_t *list = pm_run_painter_list(p);
    uint32_t nearest = list[begin];
    float least = INFINITY;
    for (size_t i = begin; i < end; i++) {
        float low = box_low(&p->boxes[list[i]], x, y, 0);
        nearest = low < least ? list[i] : nearest;
        least = low < least ? low : least;
    }
    return nearest;
}

/* Leave out what is too far from the center; the others end at the result. Which is nearest to each place? */
static size_t measure_place(pm_run_painter *p, const near_cell *c, size_t begin, size_t end,
                            size_t nearest[PM_SQUARE_PLACES]) {
    const pm_place *at = &c->at;
    uint32_t *list = pm_run_painter_list(p);
    pm_near_candidate *found = p->base.details.items;
    size_t closest = begin;
    for (size_t i = begin; i < end; i++) {
        pm_corner_lows lows;
        pm_run_corners(p->field, list[i], at->x, at->y, at->half, &lows);
        pm_corners_least(&lows, found[i - begin].low);
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

/* Cut a cell in four. */
static void cut_near(pm_run_painter *p, const near_cell *c, const pm_pivot *pivots, int count, size_t begin,
                     size_t end, pm_square s) {
    pm_painter *base = &p->base;
    const size_t mark = base->shapes.count;
    size_t starts[5];
    near_cell children[4];
    if (!pm_run_painter_open(p, &s))
        return;
    for (size_t k = 0; k < 4; k++) {
        near_cell *child = &children[k];
        *child = (near_cell){pm_place_quarter(p, &c->at, k), c->is_known, INFINITY};
        for (int j = 0; j < count; j++) {
            const double x = child->at.x - pivots[j].x, y = child->at.y - pivots[j].y;
            const double high = (sqrt(pm_square_of(x, y)) + pivots[j].off) * (1 + 0x1p-40);
            if ((pivots[j].is_reached || pivots[j].reach >= p->field->farthest) && high < child->high)
                child->high = high;
        }
        starts[k] = base->shapes.count;
        keep_near_boxes(p, child, begin, end);
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
static size_t drop_beaten_runs(const pm_run_painter *p, const pm_pivot *pivots, int pivot_count, size_t begin,
                               size_t end, int *is_one) {
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
    end = measure_place(p, &c, begin, end, nearest);
    if (begin < end && !is_covered((nearest_painter *)p, &c, begin, end)) {
        const int count = choose_pivots(p, &c.at, nearest, pivots);
        const uint32_t *list = pm_run_painter_list(p) + begin;
        int is_one;
        end = drop_beaten_runs(p, pivots, count, begin, end, &is_one);
        if (is_one)
            word = pm_nearest_answer(p, pivots, count, pm_run_rank(p->field->runs->owners[list[0]]));
        if (!word && !pm_nearest_draft(p, &c.at, pivots, count, list, end - begin, &word)) {
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
