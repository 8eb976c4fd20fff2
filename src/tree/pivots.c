/* pivots.c — which runs and edges matter in a cell?
 *
 * For a place u and any set e, the squared distance to u less the squared distance to e is a convex function of the
 * point, since it is the greatest of |p - u|^2 - |p - q|^2 over the q of e, each of which is linear in p. So u is
 * nearer than e in all of a cell if it is at its four corners. Places on borders are such u, the *pivots*; what one
 * of them beats is left out. The usual rule, the least distance to one against the greatest to the other, needs far
 * more cells.
 *
 * All of it is certain: distances to edges are lower bounds (near/corners.c), those to pivots upper bounds, with how
 * far off the edge the pivot may lie. So an edge is kept where it is in doubt. One that meets the cell is never
 * beaten. */
#include "base/strict.h"

#include "pivots.h"

#include <math.h>
#include <string.h>

/* Farther away, in half sides, an edge is not drawn in floats. */
static const double COARSE = 1 << 14;

pm_pivot pm_pivot_of(const pm_run_painter *p, uint32_t run, double x, double y) {
    const pm_runs *runs = p->field->runs;
    double lows[PM_RUN_EDGES];
    pm_spot spot = pm_place_spot(p, x, y);
    size_t edges = pm_run_lows(p->field, run, &spot, lows), least = 0;
    for (size_t i = 1; i < edges; i++)
        least = lows[i] < lows[least] ? i : least;
    const double *v = p->field->table->vertices + 2 * ((size_t)runs->first[run] + least);
    double ax = v[0] * runs->scale, ay = v[1] * runs->scale, bx = v[2] * runs->scale, by = v[3] * runs->scale;
    double dx = bx - ax, dy = by - ay, along = (x - ax) * dx + (y - ay) * dy, length = dx * dx + dy * dy;
    const uint32_t rank = pm_run_rank(runs->owners[run]);
    pm_pivot u = {.rank = rank, .reach = pm_reach_of(&p->field->reach, rank)};
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

void pm_pivot_measure(const pm_run_painter *p, const pm_place *c, pm_pivot *u) {
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

int pm_few_edges_collect(const pm_run_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                         const uint32_t *runs, size_t run_count, size_t most, pm_few_edges *all) {
    const pm_runs *table = p->field->runs;
    all->count = 0;
    for (size_t i = 0; i < run_count; i++) {
        pm_corner_lows lows;
        const uint32_t owner = table->owners[runs[i]];
        pm_run_corners(p->field, runs[i], c->x, c->y, c->half, &lows);
        const double reached = pm_place_most(p, c, pm_run_rank(owner));
        for (size_t e = 0; e < pm_run_edges(owner); e++) {
            const float low[PM_CORNERS] = {lows.low[0][e], lows.low[1][e], lows.low[2][e], lows.low[3][e]};
            int beaten = lows.low[PM_CENTER][e] > reached;
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

/* Edges of a run follow each other. */
static size_t pack_edges(const pm_run_painter *p, const pm_few_edges *all, uint32_t *entries) {
    const pm_runs *runs = p->field->runs;
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

/* Draw a few edges in floats, from the cell's center in units of half its side; 0 where that would be too coarse. */
static int outline_edges(const pm_run_painter *p, const pm_place *c, const pm_few_edges *all, uint32_t *outline) {
    const double scale = p->field->runs->scale, half = ldexp(p->side, -c->bits - 1);
    double margin = 0;
    for (size_t e = 0; e < all->count; e++) {
        const double *v = p->field->table->vertices + 2 * (size_t)all->first[e];
        double sum = 2;
        for (size_t k = 0; k < 4; k++) {
            const double at = (v[k] * scale - (k & 1 ? c->y : c->x)) / half;
            const float value = (float)at;
            sum += fabs(at);
            if (!(sum < COARSE))
                return 0;
            memcpy(&outline[1 + k * all->count + e], &value, sizeof value);
        }
        margin = sum * 0x1p-19 > margin ? sum * 0x1p-19 : margin;
    }
    const float all_margin = (float)((margin + p->blur * 0x1p-14 / half) * (1 + 0x1p-20));
    memcpy(outline, &all_margin, sizeof all_margin);
    return all_margin < 1;
}

void pm_few_edges_write(pm_run_painter *p, const pm_place *c, const pm_few_edges *all, uint32_t rest,
                        uint32_t *word) {
    pm_painter *base = &p->base;
    if (!pm_painter_reserve(base, &base->leaves, pm_run_leaf_size(all->count, all->count)))
        return;
    uint32_t *leaf = (uint32_t *)base->leaves.items + base->leaves.count;
    const size_t count = pack_edges(p, all, leaf + PM_RUN_LEAF_HEAD);
    const int is_outlined =
        all->count > 0 && all->count <= PM_OUTLINE_MOST && outline_edges(p, c, all, leaf + PM_RUN_LEAF_HEAD + count);
    const size_t outlined = is_outlined ? all->count : 0, size = pm_run_leaf_size(count, outlined);
    const size_t last = PM_RUN_LEAF_HEAD + count + (outlined ? 1 + 4 * outlined : 0);
    leaf[0] = pm_run_leaf_head(count, outlined, c->bits);
    leaf[1] = rest;
    if (last < size)
        leaf[last] = 0;
    *word = (uint32_t)(base->leaves.count / 2) << 2 | PM_CELL_LEAF;
    base->leaves.count += size;
}
