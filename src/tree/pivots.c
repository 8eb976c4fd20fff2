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

/* Farther away, in half sides, an edge is not drawn in integers. */
static const double COARSE = 1 << 12;

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

/* As bits, the edges of a run of region `rank` that are out of reach or that a pivot beats. */
static unsigned beaten_edges(const pm_run_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                             uint32_t rank, const pm_corner_lows *lows) {
    const double reached = pm_place_most(p, c, rank);
    unsigned all = 0;
    for (unsigned e = 0; e < PM_RUN_EDGES; e++)
        all |= (unsigned)(lows->low[PM_CENTER][e] > reached) << e;
    for (int j = 0; j < pivot_count; j++) {
        unsigned beaten = pm_pivot_counts(p, &pivots[j], rank) ? (1 << PM_RUN_EDGES) - 1 : 0;
        for (int k = 0; k < PM_CORNERS && beaten; k++) {
            const float high = (float)(pivots[j].high[k] * (1 + 0x1p-22)), highs[4] = {high, high, high, high};
            beaten &= pm_greater_of_four(lows->low[k], highs) | pm_greater_of_four(lows->low[k] + 4, highs) << 4;
        }
        all |= beaten;
    }
    return all;
}

int pm_few_edges_collect(const pm_run_painter *p, const pm_place *c, const pm_pivot *pivots, int pivot_count,
                         const uint32_t *runs, size_t run_count, const pm_corner_lows *known, pm_few_edges *all) {
    const pm_runs *table = p->field->runs;
    all->count = 0;
    for (size_t i = 0; i < run_count; i++) {
        pm_corner_lows own;
        const pm_corner_lows *lows = known ? &known[i] : &own;
        const uint32_t owner = table->owners[runs[i]];
        if (!known)
            pm_run_corners(p->field, runs[i], c->x, c->y, c->half, &own);
        const unsigned out = beaten_edges(p, c, pivots, pivot_count, pm_run_rank(owner), lows);
        for (size_t e = 0; e < pm_run_edges(owner); e++) {
            int is_known = (int)(out >> e & 1);
            for (size_t k = 0; k < all->count && !is_known; k++)
                is_known = all->first[k] == table->first[runs[i]] + e; /* of two runs */
            if (is_known)
                continue;
            if (all->count == PM_LEAF_MOST)
                return 0;
            all->first[all->count] = table->first[runs[i]] + (uint32_t)e;
            all->rank[all->count] = pm_run_rank(owner);
            all->run[all->count] = runs[i];
            for (int k = 0; k < PM_CORNERS; k++)
                all->low[k][all->count] = lows->low[k][e];
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

/* Draw a few edges in integers, from the cell's center; 0 where the unit would be too coarse. */
static int outline_edges(const pm_run_painter *p, const pm_place *c, const pm_few_edges *all, uint32_t *outline,
                         int *unit) {
    const double scale = p->field->runs->scale, half = ldexp(p->side, -c->bits - 1);
    double at[4 * PM_OUTLINE_MOST], most = 0, sum_most = 0;
    for (size_t e = 0; e < all->count; e++) {
        const double *v = p->field->table->vertices + 2 * (size_t)all->first[e];
        double sum = 2;
        for (size_t k = 0; k < 4; k++) {
            const double side = (v[k] * scale - (k & 1 ? c->y : c->x)) / half;
            at[k * all->count + e] = side;
            sum += fabs(side);
        }
        sum_most = sum > sum_most ? sum : sum_most;
    }
    for (size_t i = 0; i < 4 * all->count; i++) /* apart: gcc 12 for ARM fails over both sums in one loop */
        most = fmax(most, fabs(at[i]));
    if (!(most < COARSE))
        return 0;
    (void)frexp(most * (1 + 0x1p-15), unit);
    *unit = *unit - 15 > -PM_OUTLINE_FINEST ? *unit - 15 : -PM_OUTLINE_FINEST;
    int16_t *numbers = (int16_t *)(void *)(outline + 1);
    for (size_t i = 0; i < 4 * all->count; i++)
        numbers[i] = (int16_t)floor(ldexp(at[i], -*unit) + 0.5);
    const double moved = sum_most * 0x1p-19 + p->blur * 0x1p-14 / half;
    const float margin = (float)((0.7072 + ldexp(moved, -*unit)) * (1 + 0x1p-20));
    memcpy(outline, &margin, sizeof margin);
    return ldexp(margin, *unit) < 1;
}

void pm_few_edges_write(pm_run_painter *p, const pm_place *c, const pm_few_edges *all, uint32_t rest,
                        uint32_t *word) {
    pm_painter *base = &p->base;
    if (!pm_painter_reserve(base, &base->leaves, pm_run_leaf_size(all->count, all->count)))
        return;
    uint32_t *leaf = (uint32_t *)base->leaves.items + base->leaves.count;
    const size_t count = pack_edges(p, all, leaf + PM_RUN_LEAF_HEAD);
    int unit = -PM_OUTLINE_FINEST;
    const int is_outlined = all->count > 0 && all->count <= PM_OUTLINE_MOST &&
                            outline_edges(p, c, all, leaf + PM_RUN_LEAF_HEAD + count, &unit);
    const size_t outlined = is_outlined ? all->count : 0, size = pm_run_leaf_size(count, outlined);
    const size_t last = PM_RUN_LEAF_HEAD + count + (outlined ? 1 + 2 * outlined : 0);
    leaf[0] = pm_run_leaf_head(count, outlined, c->bits, unit);
    leaf[1] = rest;
    if (last < size)
        leaf[last] = 0;
    *word = (uint32_t)(base->leaves.count / 2) << 2 | PM_CELL_LEAF;
    base->leaves.count += size;
}
