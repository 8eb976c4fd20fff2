/* nearest_leaf.c — which edge of a leaf is nearest?
 *
 * Lower bounds of all distances first, four at a time with AVX2. The edge with the least is measured; what its bounds
 * can't tell from others of another region is compared exactly. */
#include "nearest_leaf.h"

static inline void prefetch(const void *at) {
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

/* The best of a leaf's edges. Where all that bounds can't tell from the first belong to its region, it is that one.
 */
static pm_found find(const pm_field *field, const uint32_t *leaf, const pm_spot *spot) {
    const size_t count = leaf[0];
    const uint32_t *first = leaf + 1, *rank = first + count;
    double lows[PM_NEAREST_MOST + 4];
    pm_edge_lows(field, first, count, spot, lows);
    size_t least = 0;
    for (size_t i = 1; i < count; i++)
        least = lows[i] < lows[least] ? i : least;
    pm_found best = pm_found_none(field->farthest, spot->scale);
    pm_found_consider(&best, field->table->vertices + 2 * (size_t)first[least], rank[least], &field->reach, spot);
    int is_sure = 1;
    for (size_t i = 0; i < count; i++)
        is_sure &= rank[i] == best.rank || lows[i] > best.near.high;
    for (size_t i = 0; i < count && !is_sure; i++)
        if (i != least && !(lows[i] > best.near.high))
            pm_found_consider(&best, field->table->vertices + 2 * (size_t)first[i], rank[i], &field->reach, spot);
    return best;
}

void pm_nearest_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        for (uint32_t i = 1; i <= leaf[0] && i <= 4; i++)
            prefetch(field->table->vertices + 2 * (size_t)leaf[i]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *leaf = tree->leaves + pm_cell_leaf(b->word[i]);
        const pm_spot spot = pm_spot_at(b->x[i], b->y[i], field->runs->scale);
        const pm_found best = find(field, leaf, &spot);
        b->out[i] = best.rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)field->reach.ids[best.rank];
    }
}

int pm_nearest_leaves_check(const pm_check *c) {
    const pm_field *field = c->shapes;
    const pm_polygon_table *table = field->table;
    const size_t vertices = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[table->count]]];
    const uint32_t *leaves = c->tree->leaves;
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < count;) {
        const size_t edges = leaves[at], size = (2 * edges + 2) / 2 * 2;
        if (edges == 0 || edges > PM_NEAREST_MOST || size > count - at)
            return 0;
        pm_check_leaf_start(c, at);
        for (size_t i = at + 1; i <= at + edges; i++)
            if (leaves[i] >= vertices - 1 || leaves[i + edges] >= table->count)
                return 0;
        at += size;
    }
    return 1;
}
