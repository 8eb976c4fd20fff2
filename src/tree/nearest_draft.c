/* nearest_draft.c — which edges can be nearest in this cell, and are they few enough for a leaf?
 *
 * Pivots beat edges as they beat runs (paint_nearest.c), so that of a run only the edges near the cell are kept.
 * Where one vertex is nearest of several edges, which is where regions meet at a coast, a wedge of points has all of
 * them at the same distance: one edge of the best region stands for all there, decided by coordinates alone. */
#include "base/strict.h"

#include <string.h>

#include "nearest_leaf.h"
#include "paint_nearest.h"

pm_pivot pm_pivot_of(const pm_nearest_painter *p, uint32_t run, double x, double y) {
    const pm_runs *runs = p->field->runs;
    double lows[PM_RUN_EDGES];
    pm_spot spot = pm_place_spot(p, x, y);
    size_t edges = pm_run_lows(p->field, run, &spot, lows), least = 0;
    for (size_t i = 1; i < edges; i++)
        least = lows[i] < lows[least] ? i : least;
    const double *v = p->field->table->vertices + 2 * ((size_t)runs->first[run] + least);
    double ax = v[0] * runs->scale, ay = v[1] * runs->scale, bx = v[2] * runs->scale, by = v[3] * runs->scale;
    double dx = bx - ax, dy = by - ay, along = (x - ax) * dx + (y - ay) * dy, length = dx * dx + dy * dy;
    pm_pivot u = {.run = run, .reach = pm_reach_of(&p->field->reach, pm_run_rank(runs->owners[run]))};
    if (!(along > 0) || !(length > 0x1p-900)) {
        u.x = ax;
        u.y = ay;
    } else if (along >= length) {
        u.x = bx;
        u.y = by;
    } else {
        u.x = ax + along / length * dx;
        u.y = ay + along / length * dy;
        u.off = 0x1p-49 * (fabs(ax) + fabs(ay) + fabs(bx) + fabs(by));
    }
    return u;
}

void pm_pivot_measure(const pm_nearest_painter *p, const pm_place *c, pm_pivot *u) {
    const double reach = u->reach * p->field->runs->scale * (1 - 0x1p-40);
    u->is_reached = 1;
    for (int k = 0; k < PM_CORNERS; k++) {
        double x, y;
        pm_place_at(c, k, &x, &y);
        /* (a + b)^2 <= (1 + t) a^2 + (1 + 1 / t) b^2 */
        double high =
            pm_square_of(x - u->x, y - u->y) * (1 + (u->off > 0 ? 0x1p-20 : 0x1p-45)) + u->off * u->off * 0x1p21;
        u->is_reached &= high <= reach * reach;
        u->high[k] = high / (c->half * c->half) * (1 + 0x1p-45);
    }
}

/* ---- edges ---- */

/* What is left of a cell's edges: their first vertices, the ranks of their regions, and bounds from the corners. */
typedef struct few_edges {
    uint32_t first[PM_NEAREST_MOST], rank[PM_NEAREST_MOST], run[PM_NEAREST_MOST];
    float low[PM_CORNERS][PM_NEAREST_MOST];
    size_t count;
} few_edges;

/* The edges of these runs that no pivot beats; 0 where they are more than `most`. */
static int collect_edges(const pm_nearest_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                         const uint32_t *runs, size_t run_count, size_t most, few_edges *all) {
    const pm_runs *table = p->field->runs;
    all->count = 0;
    for (size_t i = 0; i < run_count; i++) {
        pm_corner_lows lows;
        const uint32_t owner = table->owners[runs[i]];
        pm_run_corners(p->field, runs[i], c->x, c->y, c->half, &lows);
        for (size_t e = 0; e < pm_run_edges(owner); e++) {
            const float low[PM_CORNERS] = {lows.low[0][e], lows.low[1][e], lows.low[2][e], lows.low[3][e]};
            int beaten = 0;
            for (int j = 0; j < pivot_count && !beaten; j++)
                beaten = pm_pivot_beats(p, &pivots[j], low, pm_run_rank(owner));
            for (size_t known = 0; known < all->count && !beaten; known++)
                beaten = all->first[known] == table->first[runs[i]] + e; /* of two runs */
            if (beaten)
                continue;
            if (all->count == most)
                return 0;
            all->first[all->count] = table->first[runs[i]] + (uint32_t)e;
            all->rank[all->count] = pm_run_rank(owner);
            all->run[all->count] = runs[i];
            for (int k = 0; k < PM_CORNERS; k++)
                all->low[k][all->count] = low[k];
            all->count++;
        }
    }
    return 1;
}

static int is_end(const pm_nearest_painter *p, uint32_t first, const double vertex[2]) {
    const double *v = p->field->table->vertices + 2 * (size_t)first;
    return (v[0] == vertex[0] && v[1] == vertex[1]) || (v[2] == vertex[0] && v[3] == vertex[1]);
}

/* Is this end of the edge its nearest place, or else the edge farther away than it, from all of the cell? It is when
 * it is from the corners. */
static int is_at_end(const pm_nearest_painter *p, const pm_place *c, const few_edges *all, size_t e,
                     const double vertex[2], const pm_pivot *u) {
    const double *v = p->field->table->vertices + 2 * (size_t)all->first[e];
    const int at_a = v[0] == vertex[0] && v[1] == vertex[1];
    for (int k = 0; k < PM_CORNERS; k++) {
        if (all->low[k][e] > u->high[k])
            continue;
        double x, y;
        pm_place_at(c, k, &x, &y);
        pm_spot spot = pm_place_spot(p, x, y);
        if (pm_near_edge(v, &spot).place != (at_a ? PM_AT_A : PM_AT_B))
            return 0;
    }
    return 1;
}

/* Where a vertex is nearest of several edges, one of the best region among them stands for all. */
static void drop_ties(const pm_nearest_painter *p, const pm_place *c, const pm_pivot *u, few_edges *all) {
    const double scale = p->field->runs->scale, vertex[2] = {u->x / scale, u->y / scale};
    size_t owner = SIZE_MAX, to = 0;
    if (u->off > 0)
        return;
    for (size_t e = 0; e < all->count; e++)
        if (is_end(p, all->first[e], vertex) && (owner == SIZE_MAX || all->rank[e] < all->rank[owner]))
            owner = e;
    if (owner == SIZE_MAX)
        return;
    const double reach = pm_reach_of(&p->field->reach, all->rank[owner]);
    for (size_t e = 0; e < all->count; e++) {
        if (e != owner && is_end(p, all->first[e], vertex) && pm_reach_of(&p->field->reach, all->rank[e]) <= reach &&
            is_at_end(p, c, all, e, vertex, u))
            continue;
        all->first[to] = all->first[e];
        all->rank[to] = all->rank[e];
        all->run[to] = all->run[e];
        for (int k = 0; k < PM_CORNERS; k++)
            all->low[k][to] = all->low[k][e];
        to++;
    }
    all->count = to;
}

/* A word and bits for each run; edges of a run follow each other. */
static size_t pack_edges(const pm_runs *runs, const few_edges *all, uint32_t *entries) {
    size_t count = 0;
    for (size_t e = 0; e < all->count; e++) {
        const uint32_t run = all->run[e], bit = UINT32_C(1) << (all->first[e] - runs->first[run]);
        if (count > 0 && entries[count - 1] >> 8 == run)
            entries[count - 1] |= bit;
        else
            entries[count++] = run << 8 | bit;
    }
    return count;
}

uint32_t pm_nearest_answer(const pm_nearest_painter *p, const pm_pivot *pivots, int pivot_count, uint32_t rank) {
    int is_reached = 0;
    for (int j = 0; j < pivot_count; j++)
        is_reached |= pivots[j].is_reached;
    return is_reached ? (p->field->reach.ids[rank] + 1) << 2 | PM_CELL_ANSWER : 0;
}

int pm_nearest_draft(pm_nearest_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                     const uint32_t *runs, size_t run_count, uint32_t *word) {
    pm_painter *base = &p->base;
    const int is_deepest = c->bits >= PM_NEAREST_DEEPEST;
    few_edges all;
    if (!is_deepest && run_count > p->leaf_edges)
        return 0;
    if (!collect_edges(p, c, pivots, pivot_count, runs, run_count, PM_NEAREST_MOST, &all)) {
        base->too_much |= is_deepest;
        return is_deepest;
    }
    for (int j = 0; j < pivot_count; j++)
        drop_ties(p, c, &pivots[j], &all);
    int is_one = 1;
    for (size_t e = 1; e < all.count; e++)
        is_one &= all.rank[e] == all.rank[0];
    *word = is_one && all.count > 0 ? pm_nearest_answer(p, pivots, pivot_count, all.rank[0]) : 0;
    if (*word || all.count == 0)
        return 1;
    if (!is_deepest && all.count > p->leaf_edges)
        return 0;
    if (!pm_painter_reserve(base, &base->leaves, all.count + 2))
        return 1;
    uint32_t *leaf = (uint32_t *)base->leaves.items + base->leaves.count;
    *word = (uint32_t)(base->leaves.count / 2) << 2 | PM_CELL_LEAF;
    leaf[0] = (uint32_t)pack_edges(p->field->runs, &all, leaf + 1);
    leaf[1 + leaf[0]] = 0;
    base->leaves.count += leaf[0] / 2 * 2 + 2;
    return 1;
}
