/* nearest_leaf.c — which edge of a leaf is nearest?
 *
 * The outline decides where the edges that its margin can't tell from the nearest one belong to its region. Else
 * bounds in doubles decide, and what they can't tell apart is compared exactly. */
#include "base/strict.h"

#include "nearest_leaf.h"

/* By exact comparisons, the edge `first` first. */
static uint32_t decide_nearest(const pm_field *field, const pm_leaf_edges *e, const pm_spot *spot, size_t first) {
    const double *vertices = field->table->vertices;
    pm_found best = pm_found_none(field->farthest, spot);
    pm_found_consider(&best, vertices + 2 * (size_t)e->first[first], e->rank[first], &field->reach, spot);
    for (size_t i = 0; i < e->count; i++)
        if (i != first && !(e->low[i] > best.near.high))
            pm_found_consider(&best, vertices + 2 * (size_t)e->first[i], e->rank[i], &field->reach, spot);
    return best.rank;
}

/* The rank of the best of a leaf's edges, or PM_FOUND_NONE. */
static uint32_t find_in_leaf(const pm_field *field, const pm_run_leaf *leaf, const pm_spot *spot) {
    pm_leaf_edges e;
    pm_leaf_edges_measure(field, leaf, spot, &e);
    for (size_t i = 0; spot->slack > 0 && i < e.count; i++)
        e.high[i] = pm_spot_high(spot, e.high[i]);
    size_t least = 0;
    for (size_t i = 1; i < e.count; i++)
        least = e.high[i] < e.high[least] ? i : least;
    const uint32_t rank = e.rank[least];
    int is_sure =
        !field->reach.limits || e.high[least] < pm_limit_bounds(pm_reach_of(&field->reach, rank), spot->scale).low;
    for (size_t i = 0; i < e.count; i++)
        is_sure &= (e.rank[i] == rank) | (e.low[i] > e.high[least]);
    return is_sure ? rank : decide_nearest(field, &e, spot, least);
}

/* The same by the outline; `is_sure` is 0 where it can't tell. */
static uint32_t find_in_outline(const pm_tree *tree, const pm_field *field, const pm_run_leaf *leaf,
                                const pm_batch *b, uint32_t i, int *is_sure) {
    pm_outline_look look;
    pm_outline_measure(leaf, b, i, &look);
    float least = look.squares[0];
    for (int k = 1; k < PM_OUTLINE_STEP; k++)
        least = look.squares[k] < least ? look.squares[k] : least;
    for (int k = PM_OUTLINE_STEP; k < look.count; k++)
        least = look.squares[k] < least ? look.squares[k] : least;
    const float distance = sqrtf(least), reached = distance + 2 * look.margin;
    uint32_t doubt = pm_outline_within(&look, reached * reached * (1 + 0x1p-18f));
    *is_sure = doubt != 0;
    if (!*is_sure)
        return PM_FOUND_NONE;
    const uint32_t rank = pm_outline_rank(field->runs, leaf, pm_lowest_bit(doubt));
    for (doubt &= doubt - 1; doubt; doubt &= doubt - 1)
        *is_sure &= pm_outline_rank(field->runs, leaf, pm_lowest_bit(doubt)) == rank;
    if (field->reach.limits) {
        const double limit = pm_outline_units(tree, leaf, pm_reach_of(&field->reach, rank));
        *is_sure &= (double)(distance + look.margin) * (1 + 0x1p-18) < limit;
    }
    return rank;
}

void pm_nearest_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    pm_run_leaf_prefetch(tree, field, b, count);
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k];
        const pm_run_leaf leaf = pm_run_leaf_read(tree->leaves + pm_cell_leaf(b->word[i]));
        uint32_t rank = PM_FOUND_NONE;
        int is_sure = 0;
        const pm_exact_point p = pm_batch_point(b, i);
        if (leaf.outlined && p.low == p.high)
            rank = find_in_outline(tree, field, &leaf, b, i, &is_sure);
        if (!is_sure) {
            const pm_spot spot = pm_spot_of(&p, field->runs->scale);
            rank = find_in_leaf(field, &leaf, &spot);
        }
        b->out[i] = rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)field->reach.ids[rank];
    }
}

int pm_nearest_leaves_check(const pm_check *check) {
    return pm_run_leaves_check(check, 0);
}
