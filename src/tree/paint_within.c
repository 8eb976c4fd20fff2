/* paint_within.c — how is the map of dwithin made?
 *
 * Regions are painted as those of covers are, the worst first and the best on top, but with borders as wide as they
 * reach. A cell has the runs of edges that are within reach of some place in it, in rank order, up to the first
 * region that owns all of it. That is one that covers the cell; or one with an edge within reach of the cell's four
 * corners, and so, since the distance to an edge is a convex function of the point, of all places in it. A cell
 * without runs is an answer, one with few edges a leaf, any other is cut in four.
 *
 * What covers a cell comes from the map of answers, asked for the cell's center: the best region there covers all of
 * the cell if its border does not meet it. Where no border of a better region meets a cell, that holds below it as
 * well. Where one does, its leaves say so, and a point there that is within reach of no edge is looked up in the map
 * of answers, too. Cells that are small against the distance have no such leaves: a border reaches all of them.
 *
 * An edge that a better region's pivot beats in a cell (pivots.c) is left out where that region reaches as far. An
 * edge that a better region has, too, is left out of leaves: borders of neighbours are there once. */
#include "base/strict.h"

#include "paint_within.h"

#include <math.h>

#include "base/status.h"
#include "pivots.h"
#include "within_leaf.h"

/* Cells of more runs are cut at once where no edge can reach all of them; pivots that are kept. */
enum { MANY_WITHIN = 128, PIVOTS_KEPT = 4 };

/* A cell, and what is known of it. */
typedef struct within_cell {
    pm_place at;
    uint32_t rest; /* the rank of a region that owns all of it, or PM_FOUND_NONE; no better one covers any of it: */
    int is_clear;  /* no border of a better region meets it */
} within_cell;

/* The painter of this map. */
typedef struct within_painter {
    pm_run_painter base;
    pm_covering *covering;
    const void *context;
} within_painter;

static inline uint32_t rank_of_run(const pm_run_painter *p, uint32_t run) {
    return pm_run_rank(p->field->runs->owners[run]);
}

/* Put those of the runs [begin, end) on top of the stack whose boxes, which are as wide as they reach, meet the cell.
 */
static void keep_wide_boxes(pm_run_painter *p, const pm_place *c, size_t begin, size_t end) {
    pm_painter *base = &p->base;
    if (!pm_painter_reserve(base, &base->shapes, end - begin))
        return;
    const pm_runs *runs = p->field->runs;
    const double x = c->x - runs->origin[0], y = c->y - runs->origin[1];
    const float most = (float)(c->half * (1 + 0x1p-20) + (fabs(x) + fabs(y)) * 0x1p-22), cx = (float)x, cy = (float)y;
    uint32_t *list = pm_run_painter_list(p);
    size_t to = base->shapes.count;
    for (size_t i = begin; i < end; i++) {
        const float *side = p->boxes[list[i]].sides;
        list[to] = list[i];
        to += (side[0] - cx <= most) & (side[1] - cy <= most) & (side[2] + cx <= most) & (side[3] + cy <= most);
    }
    base->shapes.count = to;
    base->work += end - begin;
}

/* ---- the runs of one region ---- */

/* What is left of a cell's runs, from the first on. */
typedef struct within_look {
    uint32_t *list;
    pm_near_candidate *found;
    size_t count;
    pm_pivot pivots[PIVOTS_KEPT + 1];
    int pivot_count;
    int is_crossed; /* a border meets the cell */
} within_look;

/* Is the edge surely within reach of the whole cell? */
static int reaches_all(const pm_run_painter *p, const pm_place *c, const double *edge, double reach) {
    const pm_bounds limit = pm_limit_bounds(reach, p->field->runs->scale);
    for (int k = 0; k < PM_CORNERS; k++) {
        double x, y;
        pm_place_at(c, k, &x, &y);
        const pm_spot spot = pm_place_spot(p, x, y);
        if (!(pm_near_edge(edge, &spot).high <= limit.low))
            return 0;
    }
    return 1;
}

/* Keep those of the runs [begin, end), of one region, that are within reach of some place in the cell. Sets
 * *is_crossed if one may meet it. Returns 1 if one reaches all of it. */
static int measure_region(pm_run_painter *p, const pm_place *c, size_t begin, size_t end, within_look *l,
                          int *is_crossed) {
    const uint32_t rank = rank_of_run(p, l->list[begin]);
    const double reach = pm_reach_of(&p->field->reach, rank), most = pm_place_most(p, c, rank);
    const double units = reach * p->field->runs->scale / c->half;
    const float all = units < 0x1p60 ? (float)(units * units) : INFINITY;
    for (size_t i = begin; i < end; i++) {
        const uint32_t run = l->list[i];
        pm_corner_lows lows;
        pm_near_candidate least;
        pm_run_corners(p->field, run, c->x, c->y, c->half, &lows);
        pm_corners_least(&lows, least.low);
        *is_crossed |= least.low[PM_CENTER] <= 2;
        if (least.low[PM_CENTER] > most)
            continue;
        const double *v = p->field->table->vertices + 2 * (size_t)p->field->runs->first[run];
        for (size_t e = 0; e < pm_run_edges(p->field->runs->owners[run]); e++)
            if ((lows.low[0][e] <= all) & (lows.low[1][e] <= all) & (lows.low[2][e] <= all) &
                    (lows.low[3][e] <= all) &&
                reaches_all(p, c, v + 2 * e, reach))
                return 1;
        l->list[l->count] = run;
        l->found[l->count++] = least;
    }
    return 0;
}

/* Of the runs from `first` on, those of a region, leave out such as a pivot beats: of a better region, or the
 * region's own, which is added. */
static void drop_beaten_of_region(const pm_run_painter *p, const pm_place *c, size_t first, within_look *l) {
    size_t nearest = first, to = first;
    if (first == l->count)
        return;
    for (size_t i = first; i < l->count; i++)
        nearest = l->found[i].low[PM_CENTER] < l->found[nearest].low[PM_CENTER] ? i : nearest;
    pm_pivot *own = &l->pivots[l->pivot_count];
    *own = pm_pivot_of(p, l->list[nearest], c->x, c->y);
    pm_pivot_measure(p, c, own);
    for (size_t i = first; i < l->count; i++) {
        int beaten = 0;
        for (int j = 0; j <= l->pivot_count && !beaten; j++)
            beaten = pm_pivot_beats(p, &l->pivots[j], l->found[i].low, own->rank);
        if (!beaten)
            l->list[to++] = l->list[i];
    }
    l->pivot_count += to > first && l->pivot_count < PIVOTS_KEPT;
    l->count = to;
}

/* ---- leaves ---- */

/* Has a better region this edge, too, and reaches as far? */
static int is_edge_known(const pm_run_painter *p, const pm_few_edges *all, size_t e, size_t count) {
    const double *vertices = p->field->table->vertices, *v = vertices + 2 * (size_t)all->first[e];
    const double reach = pm_reach_of(&p->field->reach, all->rank[e]);
    for (size_t i = 0; i < count; i++) {
        const double *w = vertices + 2 * (size_t)all->first[i];
        if (((v[0] == w[0] && v[1] == w[1] && v[2] == w[2] && v[3] == w[3]) ||
             (v[0] == w[2] && v[1] == w[3] && v[2] == w[0] && v[3] == w[1])) &&
            pm_reach_of(&p->field->reach, all->rank[i]) >= reach)
            return 1;
    }
    return 0;
}

static uint32_t owner_of(const pm_run_painter *p, const within_cell *c) {
    return c->rest == PM_FOUND_NONE ? 0 : (p->field->reach.ids[c->rest] + 1) << 2 | PM_CELL_ANSWER;
}

/* Write a leaf of the edges that can matter; 0 where they are too many. At the deepest it is one without edges. */
static int draft_within(pm_run_painter *p, const within_cell *c, const within_look *l, uint32_t *word) {
    const int is_deepest = c->at.bits >= PM_RUNS_DEEPEST;
    pm_few_edges all;
    all.count = 0;
    if (!is_deepest) {
        if (l->count > p->leaf_edges ||
            !pm_few_edges_collect(p, &c->at, l->pivots, l->pivot_count, l->list, l->count, NULL, &all))
            return 0;
        size_t to = 0;
        for (size_t e = 0; e < all.count; e++)
            if (!is_edge_known(p, &all, e, to))
                pm_few_edges_keep(&all, to++, e);
        all.count = to;
        if (all.count > p->leaf_edges)
            return 0;
        if (all.count == 0 && !l->is_crossed) {
            *word = owner_of(p, c);
            return 1;
        }
    }
    const int is_open = l->is_crossed && ((const within_painter *)p)->covering;
    pm_few_edges_write(p, &c->at, &all, pm_within_rest(c->rest, is_open), word);
    return 1;
}

/* ---- cells ---- */

static void fill_within(pm_run_painter *p, within_cell c, size_t begin, size_t end, pm_square s);

/* Cut a cell in four. */
static void cut_within(pm_run_painter *p, const within_cell *c, size_t begin, size_t end, pm_square s) {
    pm_painter *base = &p->base;
    const size_t mark = base->shapes.count;
    size_t starts[5];
    within_cell children[4];
    if (!pm_run_painter_open(p, &s))
        return;
    for (size_t k = 0; k < 4; k++) {
        children[k] = (within_cell){pm_place_quarter(p, &c->at, k), c->rest, c->is_clear};
        starts[k] = base->shapes.count;
        keep_wide_boxes(p, &children[k].at, begin, end);
    }
    starts[4] = base->shapes.count;
    const size_t all = starts[4] - starts[0];
    for (size_t k = 0; k < 4; k++) {
        children[k].at.share *= (double)(starts[k + 1] - starts[k] + 1) / (double)(all + 4);
        fill_within(p, children[k], starts[k], starts[k + 1], pm_square_quarter(s, k));
    }
    base->shapes.count = mark;
}

/* What covers the center of a cell. */
static uint32_t center_of(const within_painter *w, const within_cell *c) {
    const double scale = w->base.field->runs->scale;
    if (c->is_clear || !w->covering)
        return c->rest;
    return w->covering(w->context, c->at.x / scale, c->at.y / scale);
}

/* Look at runs [0, count) of the list, and set what owns the cell. */
static void look_at(pm_run_painter *p, within_cell *c, size_t count, within_look *l) {
    uint32_t center = center_of((const within_painter *)p, c);
    for (size_t i = 0, next; i < count; i = next) {
        const uint32_t rank = rank_of_run(p, l->list[i]);
        const size_t first = l->count;
        int is_crossed = 0;
        for (next = i + 1; next < count && rank_of_run(p, l->list[next]) == rank;)
            next++;
        if (center < rank)
            break;
        if (measure_region(p, &c->at, i, next, l, &is_crossed) || (center == rank && !is_crossed)) {
            l->count = first;
            center = rank;
            break;
        }
        if (center == rank)
            center = PM_FOUND_NONE; /* its border is here, so it may cover less than all */
        l->is_crossed |= is_crossed;
        drop_beaten_of_region(p, &c->at, first, l);
    }
    c->rest = center < c->rest ? center : c->rest;
    c->is_clear = !l->is_crossed;
}

/* Set the words of a cell from the runs [begin, end) on top of the stack, by rank, whose boxes meet it. */
static void fill_within(pm_run_painter *p, within_cell c, size_t begin, size_t end, pm_square s) {
    pm_painter *base = &p->base;
    const size_t count = end - begin;
    const int is_deepest = c.at.bits >= PM_RUNS_DEEPEST;
    uint32_t word;
    if (pm_run_painter_must_stop(p, count))
        return;
    if (count > MANY_WITHIN && c.at.half > p->farthest && !is_deepest) {
        cut_within(p, &c, begin, end, s);
        return;
    }
    base->details.count = 0;
    if (!pm_painter_reserve(base, &base->details, count + 1))
        return;
    within_look l = {.list = pm_run_painter_list(p) + begin, .found = base->details.items};
    look_at(p, &c, count, &l);
    if (l.count == 0 && !l.is_crossed) {
        word = owner_of(p, &c);
    } else if (!draft_within(p, &c, &l, &word)) {
        cut_within(p, &c, begin, begin + l.count, s);
        return;
    }
    base->done += c.at.share;
    pm_run_painter_set(p, s, word);
}

/* ---- the whole ---- */

/* Boxes as wide as the regions reach. */
static void widen_boxes(pm_run_painter *p) {
    const pm_runs *runs = p->field->runs;
    for (size_t i = 0; i < runs->run_count; i++) {
        const double reach = pm_reach_of(&p->field->reach, rank_of_run(p, (uint32_t)i)) * runs->scale * (1 + 0x1p-20);
        for (int k = 0; k < 4; k++) {
            float *side = &p->boxes[i].sides[k];
            *side = reach < 0x1p100 ? (float)((double)*side - reach) : -INFINITY;
            *side -= fabsf(*side) * 0x1p-22f;
        }
    }
}

static void paint_within(pm_run_painter *p, pm_place place, pm_square s) {
    const pm_runs *runs = p->field->runs;
    size_t count = 0;
    for (size_t rank = 0; rank < runs->rank_count; rank++) {
        const size_t region = runs->places[rank];
        for (uint32_t i = 0; region < runs->region_count && i < runs->starts[region + 1] - runs->starts[region]; i++)
            pm_run_painter_list(p)[count++] = runs->starts[region] + i;
    }
    p->base.shapes.count = count;
    fill_within(p, (within_cell){place, PM_FOUND_NONE, 0}, 0, count, s);
}

pm_status pm_tree_build_within(pm_tree *tree, const pm_field *field, pm_covering *covering, const void *context,
                               size_t size_limit, pm_poll *poll, const pm_allocator *allocator) {
    within_painter painter = {.base = {.base = {.allocator = allocator, .poll = poll, .size_limit = size_limit},
                                       .field = field,
                                       .by_rank = 1},
                              .covering = covering,
                              .context = context};
    pm_run_painter *p = &painter.base;
    if (!pm_run_painter_start(p, tree))
        return PM_OK;
    if (pm_run_painter_read(p))
        widen_boxes(p);
    else
        p->base.status = PM_ERR_NO_MEMORY;
    return pm_run_painter_paint(p, tree, paint_within);
}
