/* within_leaf.c — which edge of a leaf is the first within reach?
 *
 * Edges are in the order of their regions, and the first that is within reach decides. The outline tells where one
 * limit is for all and an edge is not about as far away as it; else bounds in doubles do, or exact comparisons. */
#include "base/strict.h"

#include "within_leaf.h"

#include "near/find.h"

/* The rank of the first region with an edge within reach, or PM_FOUND_NONE. */
static uint32_t find_within_leaf(const pm_field *field, const pm_run_leaf *leaf, const pm_spot *spot) {
    pm_leaf_edges e;
    pm_leaf_edges_measure(field, leaf, spot, &e);
    pm_bounds bounds = pm_spot_limit(pm_reach_of(&field->reach, e.rank[0]), spot);
    for (size_t i = 0; i < e.count; i++) {
        const double limit = pm_reach_of(&field->reach, e.rank[i]);
        if (field->reach.step)
            bounds = pm_spot_limit(limit, spot);
        if (e.low[i] > bounds.high)
            continue;
        if (pm_spot_high(spot, e.high[i]) < bounds.low)
            return e.rank[i];
        const pm_near near = pm_near_edge(field->table->vertices + 2 * (size_t)e.first[i], spot);
        if (pm_near_compare_limit(&near, limit, bounds, spot) <= 0)
            return e.rank[i];
    }
    return PM_FOUND_NONE;
}

/* The same by the outline, where one limit is for all; `is_sure` is 0 where it can't tell. */
static uint32_t find_within_outline(const pm_tree *tree, const pm_field *field, const pm_run_leaf *leaf,
                                    const pm_batch *b, uint32_t i, int *is_sure) {
    pm_outline_look look;
    pm_outline_measure(leaf, b, i, &look);
    const float limit = (float)pm_outline_units(tree, leaf, field->farthest);
    const float most = limit + look.margin, least = limit - look.margin;
    const uint32_t near = pm_outline_within(&look, most * most * (1 + 0x1p-18f));
    *is_sure = near == 0;
    if (near == 0)
        return PM_FOUND_NONE;
    const int first = pm_lowest_bit(near);
    *is_sure = least > 0 && look.squares[first] < least * least * (1 - 0x1p-18f);
    return pm_outline_rank(field->runs, leaf, first);
}

void pm_within_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    pm_run_leaf_prefetch(tree, field, b, count);
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k];
        const pm_run_leaf leaf = pm_run_leaf_read(tree->leaves + pm_cell_leaf(b->word[i]));
        const uint32_t rest = leaf.rest >> 1 ? (leaf.rest >> 1) - 1 : PM_FOUND_NONE;
        uint32_t rank = PM_FOUND_NONE;
        int is_sure = 0;
        const pm_exact_point p = pm_batch_point(b, i);
        if (leaf.outlined && !field->reach.step && p.low == p.high)
            rank = find_within_outline(tree, field, &leaf, b, i, &is_sure);
        if (!is_sure) {
            const pm_spot spot = pm_spot_of(&p, field->runs->scale);
            const size_t end = rest == PM_FOUND_NONE ? field->table->count : rest;
            rank = leaf.count > 0 ? find_within_leaf(field, &leaf, &spot) : pm_find_within(field, end, &spot).rank;
        }
        rank = rank == PM_FOUND_NONE ? rest : rank;
        b->out[i] = leaf.rest & 1           ? PM_NO_MATCH - 1 - (int64_t)rank
                    : rank == PM_FOUND_NONE ? PM_NO_MATCH
                                            : (int64_t)field->reach.ids[rank];
    }
}

int pm_within_leaves_check(const pm_check *c) {
    if (!pm_run_leaves_check(c, 1))
        return 0;
    for (size_t at = 0; at < c->tree->leaf_count - PM_LEAF_SLACK;) {
        const pm_run_leaf leaf = pm_run_leaf_read(c->tree->leaves + at);
        if (leaf.rest >> 1 > c->count)
            return 0;
        at += pm_run_leaf_size(leaf.count, leaf.outlined);
    }
    return 1;
}
