/* nearest_leaf.c — which edge of a leaf is nearest?
 *
 * Bounds of all distances first, four at a time with AVX2. Where they can't tell the nearest from one of another
 * region or from the limit, those in doubt are compared exactly. */
#include "base/strict.h"

#include "nearest_leaf.h"

/* By exact comparisons. */
static pm_found decide_in_leaf(const pm_field *field, const pm_leaf_edges *e, const pm_spot *spot, size_t first) {
    const double *vertices = field->table->vertices;
    pm_found best = pm_found_none(field->farthest, spot->scale);
    pm_found_consider(&best, vertices + 2 * (size_t)e->first[first], e->rank[first], &field->reach, spot);
    for (size_t i = 0; i < e->count; i++)
        if (i != first && !(e->low[i] > best.near.high))
            pm_found_consider(&best, vertices + 2 * (size_t)e->first[i], e->rank[i], &field->reach, spot);
    return best;
}

/* The rank of the best of a leaf's edges, or PM_FOUND_NONE. */
static uint32_t find_in_leaf(const pm_field *field, const uint32_t *leaf, const pm_spot *spot) {
    pm_leaf_edges e;
    pm_leaf_edges_read(field->runs, leaf + 1, leaf[0], &e);
    pm_edges_measure(field, e.first, e.count, spot, e.low, e.high);
    size_t least = 0;
    for (size_t i = 1; i < e.count; i++)
        least = e.high[i] < e.high[least] ? i : least;
    const uint32_t rank = e.rank[least];
    int is_sure =
        !field->reach.limits || e.high[least] < pm_limit_bounds(pm_reach_of(&field->reach, rank), spot->scale).low;
    for (size_t i = 0; i < e.count; i++)
        is_sure &= (e.rank[i] == rank) | (e.low[i] > e.high[least]);
    return is_sure ? rank : decide_in_leaf(field, &e, spot, least).rank;
}

void pm_nearest_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    const pm_runs *runs = field->runs;
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        pm_leaf_edges_prefetch_runs(runs, leaf + 1, leaf[0]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        pm_leaf_edges_prefetch(field, leaf + 1, leaf[0]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *leaf = tree->leaves + pm_cell_leaf(b->word[i]);
        const pm_spot spot = pm_spot_at(b->x[i], b->y[i], runs->scale);
        const uint32_t rank = find_in_leaf(field, leaf, &spot);
        b->out[i] = rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)field->reach.ids[rank];
    }
}

int pm_nearest_leaves_check(const pm_check *c) {
    const pm_field *field = c->shapes;
    const uint32_t *leaves = c->tree->leaves;
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < count;) {
        const size_t entries = leaves[at], size = entries / 2 * 2 + 2;
        if (entries == 0 || entries > PM_LEAF_MOST || size > count - at ||
            pm_leaf_edges_count(field->runs, leaves + at + 1, entries) == SIZE_MAX)
            return 0;
        pm_check_leaf_start(c, at);
        at += size;
    }
    return 1;
}
