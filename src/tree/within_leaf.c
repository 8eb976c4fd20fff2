/* within_leaf.c — which edge of a leaf is the first within reach?
 *
 * Bounds of all distances first, four at a time with AVX2; then the edges in the order of their regions, and exact
 * comparisons with the limit where a bound can't tell. */
#include "base/strict.h"

#include "within_leaf.h"

#include "near/find.h"

/* The rank of the first region with an edge within reach, or PM_FOUND_NONE. */
static uint32_t find_within_leaf(const pm_field *field, const uint32_t *entries, size_t count, const pm_spot *spot) {
    pm_leaf_edges e;
    pm_leaf_edges_read(field->runs, entries, count, &e);
    pm_edges_measure(field, e.first, e.count, spot, e.low, e.high);
    pm_bounds bounds = pm_limit_bounds(pm_reach_of(&field->reach, e.rank[0]), spot->scale);
    for (size_t i = 0; i < e.count; i++) {
        const double limit = pm_reach_of(&field->reach, e.rank[i]);
        if (field->reach.step)
            bounds = pm_limit_bounds(limit, spot->scale);
        if (e.low[i] > bounds.high)
            continue;
        if (e.high[i] < bounds.low)
            return e.rank[i];
        const pm_near near = pm_near_edge(field->table->vertices + 2 * (size_t)e.first[i], spot);
        if (pm_near_compare_limit(&near, limit, bounds, spot) <= 0)
            return e.rank[i];
    }
    return PM_FOUND_NONE;
}

void pm_within_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    const pm_runs *runs = field->runs;
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        pm_leaf_edges_prefetch_runs(runs, leaf + 2, leaf[0]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        pm_leaf_edges_prefetch(field, leaf + 2, leaf[0]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *leaf = tree->leaves + pm_cell_leaf(b->word[i]);
        const uint32_t rest = leaf[1] >> 1 ? (leaf[1] >> 1) - 1 : PM_FOUND_NONE;
        const pm_spot spot = pm_spot_at(b->x[i], b->y[i], runs->scale);
        uint32_t rank = leaf[0] ? find_within_leaf(field, leaf + 2, leaf[0], &spot)
                                : pm_find_within(field, leaf[1] >> 1 ? rest : field->table->count, &spot).rank;
        rank = rank == PM_FOUND_NONE ? rest : rank;
        b->out[i] = leaf[1] & 1             ? PM_NO_MATCH - 1 - (int64_t)rank
                    : rank == PM_FOUND_NONE ? PM_NO_MATCH
                                            : (int64_t)field->reach.ids[rank];
    }
}

int pm_within_leaves_check(const pm_check *c) {
    const pm_field *field = c->shapes;
    const uint32_t *leaves = c->tree->leaves;
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < count;) {
        const size_t entries = leaves[at], size = (entries + 3) / 2 * 2;
        if (entries > PM_LEAF_MOST || size > count - at || leaves[at + 1] >> 1 > c->count ||
            pm_leaf_edges_count(field->runs, leaves + at + 2, entries) == SIZE_MAX)
            return 0;
        pm_check_leaf_start(c, at);
        at += size;
    }
    return 1;
}
