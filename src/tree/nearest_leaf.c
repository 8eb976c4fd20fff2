/* nearest_leaf.c — which edge of a leaf is nearest?
 *
 * Lower bounds of all distances first, four at a time with AVX2. The edge with the least is measured; what its bounds
 * can't tell from others of another region is compared exactly. */
#include "base/strict.h"

#include "nearest_leaf.h"

/* The edges of a leaf by their first vertices, and the ranks of their regions. */
typedef struct leaf_edges {
    uint32_t first[PM_NEAREST_MOST + PM_RUN_EDGES], rank[PM_NEAREST_MOST + PM_RUN_EDGES];
    double low[PM_NEAREST_MOST + PM_RUN_EDGES];
    size_t count;
} leaf_edges;

static void unpack(const pm_runs *runs, const uint32_t *leaf, leaf_edges *edges) {
    edges->count = 0;
    for (uint32_t i = 1; i <= leaf[0]; i++) {
        const uint32_t run = leaf[i] >> 8, first = runs->first[run], rank = pm_run_rank(runs->owners[run]);
        for (uint32_t bits = leaf[i] & 0xff; bits; bits &= bits - 1) {
            edges->first[edges->count] = first + (uint32_t)pm_lowest_bit(bits);
            edges->rank[edges->count++] = rank;
        }
    }
}

/* The best of a leaf's edges. Where all that bounds can't tell from the first belong to its region, it is that one.
 */
static pm_found find_in_leaf(const pm_field *field, const uint32_t *leaf, const pm_spot *spot) {
    const double *vertices = field->table->vertices;
    leaf_edges e;
    unpack(field->runs, leaf, &e);
    pm_edge_lows(field, e.first, e.count, spot, e.low);
    size_t least = 0;
    for (size_t i = 1; i < e.count; i++)
        least = e.low[i] < e.low[least] ? i : least;
    pm_found best = pm_found_none(field->farthest, spot->scale);
    pm_found_consider(&best, vertices + 2 * (size_t)e.first[least], e.rank[least], &field->reach, spot);
    int is_sure = 1;
    for (size_t i = 0; i < e.count; i++)
        is_sure &= e.rank[i] == best.rank || e.low[i] > best.near.high;
    for (size_t i = 0; i < e.count && !is_sure; i++)
        if (i != least && !(e.low[i] > best.near.high))
            pm_found_consider(&best, vertices + 2 * (size_t)e.first[i], e.rank[i], &field->reach, spot);
    return best;
}

void pm_nearest_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_field *field = context;
    const pm_runs *runs = field->runs;
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        for (uint32_t i = 1; i <= leaf[0] && i <= 4; i++) {
            pm_prefetch(&runs->first[leaf[i] >> 8]);
            pm_prefetch(&runs->owners[leaf[i] >> 8]);
        }
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t *leaf = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        for (uint32_t i = 1; i <= leaf[0] && i <= 4; i++)
            pm_prefetch(field->table->vertices + 2 * (size_t)runs->first[leaf[i] >> 8]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *leaf = tree->leaves + pm_cell_leaf(b->word[i]);
        const pm_spot spot = pm_spot_at(b->x[i], b->y[i], runs->scale);
        const pm_found best = find_in_leaf(field, leaf, &spot);
        b->out[i] = best.rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)field->reach.ids[best.rank];
    }
}

/* How many edges these are; 0 where one of them is not in its run. */
static size_t edges_of(const pm_runs *runs, const uint32_t *entries, size_t count) {
    size_t edges = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = entries[i] & 0xff;
        if (entries[i] >> 8 >= runs->run_count || bits == 0 || bits >> pm_run_edges(runs->owners[entries[i] >> 8]))
            return 0;
        for (; bits; bits &= bits - 1)
            edges++;
    }
    return edges;
}

int pm_nearest_leaves_check(const pm_check *c) {
    const pm_field *field = c->shapes;
    const uint32_t *leaves = c->tree->leaves;
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < count;) {
        const size_t entries = leaves[at], size = entries / 2 * 2 + 2;
        if (entries == 0 || entries > PM_NEAREST_MOST || size > count - at)
            return 0;
        const size_t edges = edges_of(field->runs, leaves + at + 1, entries);
        if (edges == 0 || edges > PM_NEAREST_MOST)
            return 0;
        pm_check_leaf_start(c, at);
        at += size;
    }
    return 1;
}
