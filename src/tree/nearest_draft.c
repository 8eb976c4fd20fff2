/* nearest_draft.c — which edges can be nearest in this cell, and are they few enough for a leaf?
 *
 * Pivots beat edges as they beat runs (paint_nearest.c), so that of a run only the edges near the cell are kept.
 * Where one vertex is nearest of several edges, which is where regions meet at a coast, a wedge of points has all of
 * them at the same distance: one edge of the best region stands for all there, decided by coordinates alone. */
#include <string.h>

#include "base/strict.h"

#include "nearest_leaf.h"
#include "paint_nearest.h"

static int is_end(const pm_run_painter *p, uint32_t first, const double vertex[2]) {
    const double *v = p->field->table->vertices + 2 * (size_t)first;
    return (v[0] == vertex[0] && v[1] == vertex[1]) || (v[2] == vertex[0] && v[3] == vertex[1]);
}

/* Is this end of the edge its nearest place, or else the edge farther away than it, from all of the cell? It is when
 * it is from the corners. */
static int is_at_end(const pm_run_painter *p, const pm_place *c, const pm_few_edges *all, size_t e,
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
static void drop_ties(const pm_run_painter *p, const pm_place *c, const pm_pivot *u, pm_few_edges *all) {
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
        pm_few_edges_keep(all, to++, e);
    }
    all->count = to;
}

uint32_t pm_nearest_answer(const pm_run_painter *p, const pm_pivot *pivots, int pivot_count, uint32_t rank) {
    int is_reached = 0;
    for (int j = 0; j < pivot_count; j++)
        is_reached |= pivots[j].is_reached;
    return is_reached ? (p->field->reach.ids[rank] + 1) << 2 | PM_CELL_ANSWER : 0;
}

int pm_nearest_draft(pm_run_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                     const uint32_t *runs, size_t run_count, const pm_corner_lows *lows, uint32_t *word) {
    pm_painter *base = &p->base;
    const int is_deepest = c->bits >= PM_RUNS_DEEPEST;
    pm_few_edges all;
    if (!is_deepest && run_count > p->leaf_edges)
        return 0;
    if (!pm_few_edges_collect(p, c, pivots, pivot_count, runs, run_count, lows, &all)) {
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
    pm_few_edges_write(p, c, &all, 0, word);
    return 1;
}
