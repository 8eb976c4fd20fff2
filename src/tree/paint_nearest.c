/* paint_nearest.c — how is the map of the nearest made?
 *
 * Where no region covers a place, the nearest one is a property of the place as well, and changes only along the
 * lines between two of them (Voronoi's). So the plane is cut into cells, as the map of answers is; a cell keeps the
 * runs of edges that are nearest somewhere in it; one whose runs all belong to one region is an answer, one with few
 * runs is a leaf, any other is cut in four.
 *
 * What makes the lists short: for a place u and any set e, the squared distance to u less the squared distance to e
 * is a convex function of the point, since it is the greatest of |p - u|^2 - |p - q|^2 over the q of e, each of which
 * is linear in p. So u is nearer than e in all of a cell if it is at its four corners. Places on borders nearest to
 * the corners and the center are such u, the *pivots*; a run that one of them beats is left out. The usual rule, the
 * least distance to one against the greatest to the other, needs far more cells.
 *
 * All of it is certain: distances to runs are lower bounds (near/corners.c), those to pivots upper bounds, with how
 * far off the edge the pivot may lie, and the cell is a little larger than the places that are mapped into it. So a
 * run is kept where it is in doubt, and leaves compare exactly.
 *
 * Where limits differ, a pivot counts only for regions that reach no farther than its own, or where it is within
 * reach in all of the cell. Cells that are covered altogether are never asked and are not cut: near/pairs.c says how
 * they are known, which on counties leaves a quarter of the cells.
 *
 * Attempts end at limits linear in the input; the next has larger leaves. Where all fail there is no map, and the
 * tree over runs answers alone. */
#include "base/strict.h"

#include "paint_nearest.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "join.h"
#include "near/pairs.h"
#include "nearest_leaf.h"

/* A leaf may have this many edges in the first attempt, and COARSER_MAP times as many in each of the others. Tables
 * pay where one in JOIN_MAP of their cells is cut again. */
enum { LEAF_EDGES = 8, COARSER_MAP = 2, MAP_ATTEMPTS = 4, JOIN_MAP = 4 };
/* Cells of more runs are cut at once. */
enum { MANY = 128 };
/* All rounding is less than NEAR_SLACK of a cell, unless coordinates are far larger than their extent; then runs are
 * in doubt more often. */
static const double NEAR_SLACK = 1.0 / (1 << 16);

/* A square of a table's words: those of a cell. */
typedef struct words {
    size_t first, width;
} words;

/* ---- cells ---- */

static uint32_t *list_of(const pm_nearest_painter *p) {
    return p->base.shapes.items;
}

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
static void keep_boxes(pm_nearest_painter *p, const pm_place *c, size_t begin, size_t end) {
    pm_painter *base = &p->base;
    if (!pm_painter_reserve(base, &base->shapes, end - begin))
        return;
    const pm_runs *runs = p->field->runs;
    const double diagonal = c->half * 1.41421356237310;
    double most = c->high + 2 * diagonal;
    most = most < p->farthest + diagonal ? most : p->farthest + diagonal;
    const double x = c->x - runs->origin[0], y = c->y - runs->origin[1];
    const float limit = most < 0x1p60 ? (float)(most * most * (1 + 0x1p-18) + 0x1p-110) : INFINITY;
    const float cx = (float)x, cy = (float)y, off = (float)((fabs(x) + fabs(y)) * 0x1p-22);
    uint32_t *list = list_of(p);
    size_t to = base->shapes.count;
    for (size_t i = begin; i < end; i++) {
        list[to] = list[i];
        to += box_low(&p->boxes[list[i]], cx, cy, off) <= limit;
    }
    base->shapes.count = to;
    base->work += end - begin;
}

/* The run among [begin, end) whose box is nearest to the center. */
static uint32_t nearest_box(const pm_nearest_painter *p, const pm_place *c, size_t begin, size_t end) {
    const pm_runs *runs = p->field->runs;
    const float x = (float)(c->x - runs->origin[0]), y = (float)(c->y - runs->origin[1]);
    const uint32_t *list = list_of(p);
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
static size_t measure_place(pm_nearest_painter *p, const pm_place *c, size_t begin, size_t end,
                            size_t nearest[PM_SQUARE_PLACES]) {
    uint32_t *list = list_of(p);
    pm_near_candidate *found = p->base.details.items;
    size_t closest = begin;
    for (size_t i = begin; i < end; i++) {
        pm_corner_lows lows;
        pm_run_corners(p->field, list[i], c->x, c->y, c->half, &lows);
        pm_corners_least(&lows, found[i - begin].low);
        if (found[i - begin].low[PM_CENTER] < found[closest - begin].low[PM_CENTER])
            closest = i;
    }
    if (begin == end)
        return end;
    /* the greatest distance between two places of the cell is twice the diagonal */
    const double diagonal = c->half * 1.41421356237310;
    const pm_pivot u = pm_pivot_of(p, list[closest], c->x, c->y);
    double most = (sqrt(pm_square_of(u.x - c->x, u.y - c->y)) + u.off) * (1 + 0x1p-40) + 2 * diagonal;
    most = u.reach >= p->field->farthest && most < c->high + 2 * diagonal ? most : c->high + 2 * diagonal;
    most = (most < p->farthest + diagonal ? most : p->farthest + diagonal) / c->half;
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

/* Has this attempt failed? Beyond these counts words could not number tables and leaves. */
static int must_stop(pm_painter *base) {
    base->too_much |= base->leaves.count >= UINT32_C(1) << 30 || base->tables.count >= UINT32_C(1) << 30;
    return pm_painter_must_stop(base);
}

static void set_words(pm_painter *base, words s, uint32_t word) {
    for (size_t k = 0; k < s.width * s.width; k++)
        ((uint32_t *)base->tables.items)[s.first + 8 * (k / s.width) + k % s.width] = word;
}

/* Is the cell, of the measured runs [begin, end), surely covered by regions everywhere? Where polygons of many edges
 * are nested, asking costs as much as all else: at its limit cells are cut as if they weren't covered. */
static int is_covered(pm_nearest_painter *p, pm_place *c, size_t begin, size_t end) {
    const pm_near_candidate *found = p->base.details.items;
    const uint32_t *list = list_of(p);
    float low = INFINITY, odd = INFINITY;
    for (size_t i = begin; i < end; i++) {
        const float here = found[i - begin].low[PM_CENTER];
        low = here < low ? here : low;
        odd = p->is_odd[list[i]] && here < odd ? here : odd;
    }
    /* An odd edge may run through the cell, or any edge through the center. */
    if (c->is_known || !(odd > 2) || !(low > 0) || p->parity_work > p->base.work_limit)
        return 0;
    const double scale = p->field->runs->scale;
    c->is_known = 1;
    return pm_runs_parity(p->field->table, p->field->runs, c->x / scale, c->y / scale, &p->parity_work);
}

static void fill_place(pm_nearest_painter *p, pm_place c, size_t begin, size_t end, words s);

/* Cut a cell in four. */
static void cut(pm_nearest_painter *p, const pm_place *c, const pm_pivot *pivots, int count, size_t begin, size_t end,
                words s) {
    pm_painter *base = &p->base;
    const size_t mark = base->shapes.count;
    if (s.width == 1) { /* a table of its own */
        size_t first = base->tables.count;
        if (!pm_painter_reserve(base, &base->tables, 64))
            return;
        memset((uint32_t *)base->tables.items + first, 0, 64 * sizeof(uint32_t));
        base->tables.count += 64;
        ((uint32_t *)base->tables.items)[s.first] = (uint32_t)(first >> 6) << 4 | PM_CELL_INNER;
        s = (words){first, 8};
    }
    const double side = ldexp(p->side, -c->bits - 1);
    size_t starts[5];
    pm_place children[4];
    for (size_t k = 0; k < 4; k++) {
        const double x = k & 1 ? c->x + side / 2 : c->x - side / 2, y = k & 2 ? c->y + side / 2 : c->y - side / 2;
        pm_place *child = &children[k];
        *child =
            (pm_place){x, y, side / 2 * (1 + NEAR_SLACK) + p->blur, c->bits + 1, c->is_known, INFINITY, c->share};
        for (int j = 0; j < count; j++) {
            double high = (sqrt(pm_square_of(x - pivots[j].x, y - pivots[j].y)) + pivots[j].off) * (1 + 0x1p-40);
            if ((pivots[j].is_reached || pivots[j].reach >= p->field->farthest) && high < child->high)
                child->high = high;
        }
        starts[k] = base->shapes.count;
        keep_boxes(p, child, begin, end);
    }
    starts[4] = base->shapes.count;
    const size_t width = s.width / 2, all = starts[4] - starts[0];
    for (size_t k = 0; k < 4; k++) {
        children[k].share *= (double)(starts[k + 1] - starts[k] + 1) / (double)(all + 4);
        fill_place(p, children[k], starts[k], starts[k + 1],
                   (words){s.first + (k & 2 ? 8 * width : 0) + (k & 1 ? width : 0), width});
    }
    base->shapes.count = mark;
}

/* Places on the borders nearest to the center and the corners. */
static int choose_pivots(const pm_nearest_painter *p, const pm_place *c, const size_t nearest[PM_SQUARE_PLACES],
                         pm_pivot pivots[PM_SQUARE_PLACES]) {
    int count = 0;
    for (int k = PM_SQUARE_PLACES - 1; k >= 0; k--) {
        double x, y;
        pm_place_at(c, k, &x, &y);
        pm_pivot u = pm_pivot_of(p, list_of(p)[nearest[k]], x, y);
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
static size_t drop_beaten(const pm_nearest_painter *p, const pm_pivot *pivots, int pivot_count, size_t begin,
                          size_t end, int *is_one) {
    const pm_near_candidate *found = p->base.details.items;
    const uint32_t *owners = p->field->runs->owners;
    uint32_t *list = list_of(p);
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
static void fill_place(pm_nearest_painter *p, pm_place c, size_t begin, size_t end, words s) {
    pm_painter *base = &p->base;
    pm_pivot pivots[PM_SQUARE_PLACES];
    uint32_t word = 0;
    base->work += 4 + (end - begin);
    if (pm_poll_after(base->poll, 4 + 8 * (end - begin)))
        base->status = PM_ERR_STOPPED;
    if (must_stop(base))
        return;
    if (end - begin > MANY && c.bits < PM_NEAREST_DEEPEST) {
        pivots[0] = pm_pivot_of(p, nearest_box(p, &c, begin, end), c.x, c.y);
        if (pm_square_of(pivots[0].x - c.x, pivots[0].y - c.y) < c.half * c.half) {
            cut(p, &c, pivots, 1, begin, end, s);
            return;
        }
    }
    base->details.count = 0;
    if (!pm_painter_reserve(base, &base->details, end - begin + 1))
        return;
    size_t nearest[PM_SQUARE_PLACES] = {0};
    end = measure_place(p, &c, begin, end, nearest);
    if (begin < end && !is_covered(p, &c, begin, end)) {
        const int count = choose_pivots(p, &c, nearest, pivots);
        int is_one;
        end = drop_beaten(p, pivots, count, begin, end, &is_one);
        if (is_one)
            word = pm_nearest_answer(p, pivots, count, pm_run_rank(p->field->runs->owners[list_of(p)[begin]]));
        if (!word && !pm_nearest_draft(p, &c, pivots, count, list_of(p) + begin, end - begin, &word)) {
            cut(p, &c, pivots, count, begin, end, s);
            return;
        }
    }
    base->done += c.share;
    set_words(base, s, word);
}

/* ---- the whole ---- */

/* The root cell: all regions, and around them half as much again, or as far as they reach; 0 where doubles can't. */
static int choose_near_root(pm_nearest_painter *p, pm_tree *tree) {
    const pm_box all = pm_polygons_box(p->field->table);
    const double extent = fmax(all.max_x - all.min_x, all.max_y - all.min_y);
    const double magnitude = fmax(fmax(fabs(all.min_x), fabs(all.max_x)), fmax(fabs(all.min_y), fabs(all.max_y)));
    if (!(extent > 1e-100 && magnitude < 1e100 && extent > magnitude * 0x1p-20))
        return 0;
    const double margin = fmin(extent / 2, p->field->farthest) + extent * 0.00137;
    const double side = (extent + 2 * margin) * 1.0021, scale = p->field->runs->scale;
    tree->min_x = all.min_x - margin;
    tree->min_y = all.min_y - margin;
    tree->scale = 0x1p50 / side;
    p->side = side * scale;
    p->min_x = tree->min_x * scale;
    p->min_y = tree->min_y * scale;
    p->blur = (magnitude + side) * scale * 0x1p-32;
    p->farthest = p->field->farthest * scale * (1 + 0x1p-40);
    return 1;
}

static void copy_boxes(const pm_runs *runs, pm_run_box *boxes) {
    for (size_t i = 0; i < runs->run_count; i++) {
        const float *node = runs->runs.nodes[0] + PM_PACKED_FLOATS * (i / PM_PACKED_FAN) + i % PM_PACKED_FAN;
        boxes[i] = (pm_run_box){{node[0], node[PM_PACKED_FAN], -node[2 * PM_PACKED_FAN], -node[3 * PM_PACKED_FAN]}};
    }
}

static void paint_map(pm_nearest_painter *p, pm_tree *tree) {
    pm_painter *base = &p->base;
    const size_t count = p->field->runs->run_count;
    pm_painter_clear(base);
    base->shapes.count = p->parity_work = 0;
    if (!pm_painter_reserve(base, &base->shapes, count) || !pm_painter_reserve(base, &base->tables, 64))
        return;
    for (size_t i = 0; i < count; i++)
        list_of(p)[i] = (uint32_t)i;
    base->shapes.count = count;
    memset(base->tables.items, 0, 64 * sizeof(uint32_t));
    base->tables.count = 64;
    pm_place root = {
        p->min_x + p->side / 2, p->min_y + p->side / 2, p->side / 2 * (1 + NEAR_SLACK) + p->blur, 0, 0, INFINITY, 1};
    fill_place(p, root, 0, count, (words){0, 8});
    if (!must_stop(base))
        pm_painter_finish(base, tree, PM_CELL_INNER);
}

pm_status pm_tree_build_nearest(pm_tree *tree, const pm_field *field, size_t size_limit, pm_poll *poll,
                                const pm_allocator *allocator) {
    const size_t runs = field->runs->run_count;
    memset(tree, 0, sizeof *tree);
    pm_nearest_painter painter = {.base = {.allocator = allocator,
                                           .poll = poll,
                                           .size_limit = size_limit,
                                           .work_limit = 1000 * runs + (1 << 14),
                                           .join_fraction = JOIN_MAP},
                                  .field = field,
                                  .leaf_edges = LEAF_EDGES};
    if (runs == 0 || runs > PM_NEAREST_RUNS || !choose_near_root(&painter, tree)) {
        tree->scale = 0;
        return PM_OK;
    }
    pm_painter *p = &painter.base;
    pm_painter_prepare(p, sizeof(pm_near_candidate));
    p->shapes.item_size = sizeof(uint32_t);
    pm_run_box *boxes = pm_allocate(allocator, runs * (sizeof *boxes + sizeof *painter.is_odd));
    uint8_t *is_odd = (uint8_t *)(boxes + runs);
    painter.boxes = boxes;
    painter.is_odd = is_odd;
    if (boxes && pm_runs_find_odd(field->table, field->runs, is_odd, allocator))
        copy_boxes(field->runs, boxes);
    else
        p->status = PM_ERR_NO_MEMORY;
    for (int attempt = 0; attempt < MAP_ATTEMPTS && !tree->tables && p->status == PM_OK; attempt++) {
        p->is_last = attempt + 1 == MAP_ATTEMPTS;
        paint_map(&painter, tree);
        painter.leaf_edges *= COARSER_MAP;
    }
    if (!tree->tables)
        tree->scale = 0;
    pm_painter_release(p);
    pm_release(allocator, boxes);
    return p->status;
}
