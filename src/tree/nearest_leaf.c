/* nearest_leaf.c — which edge of a leaf is nearest?
 *
 * The outline decides where the edges that its margin can't tell from the nearest one belong to its region. Else
 * bounds in doubles decide, and what they can't tell apart is compared exactly. Where the distance is wanted, too,
 * the edge is found that it is to. */
#include "base/strict.h"

#include "nearest_leaf.h"

#include <string.h>

/* By exact comparisons, the edge `first` first. */
static pm_found decide_nearest(const pm_field *field, const pm_leaf_edges *e, const pm_spot *spot, size_t first) {
    const double *vertices = field->table->vertices;
    pm_found best = pm_found_none(field->farthest, spot);
    pm_found_consider(&best, vertices + 2 * (size_t)e->first[first], e->rank[first], &field->reach, spot);
    for (size_t i = 0; i < e->count; i++)
        if (i != first && !(e->low[i] > best.near.high))
            pm_found_consider(&best, vertices + 2 * (size_t)e->first[i], e->rank[i], &field->reach, spot);
    return best;
}

static int64_t answer_of(const pm_field *field, uint32_t rank) {
    return rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)field->reach.ids[rank];
}

/* An answer with the edge of a region by its first vertex; without it where that doesn't fit. */
static int64_t name_edge(const pm_field *field, uint32_t rank, uint32_t first) {
    const int64_t upper = first < INT32_MAX ? (int64_t)first + 1 : 0;
    return (int64_t)field->reach.ids[rank] | upper << 32;
}

/* An answer with the edge that was found, one of these. */
static int64_t with_edge(const pm_field *field, const pm_found *found, const uint32_t *first, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(found->near.edge, field->table->vertices + 2 * (size_t)first[i], sizeof found->near.edge) == 0)
            return name_edge(field, found->rank, first[i]);
    return answer_of(field, found->rank);
}

/* The region of the best of a leaf's edges, or PM_NO_MATCH. */
static int64_t find_in_leaf(const pm_field *field, const pm_run_leaf *leaf, const pm_spot *spot, int with_edges) {
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
    if (is_sure && !with_edges)
        return answer_of(field, rank);
    const pm_found found = decide_nearest(field, &e, spot, least);
    return with_edges && found.rank != PM_FOUND_NONE ? with_edge(field, &found, e.first, e.count)
                                                     : answer_of(field, found.rank);
}

/* The same by the outline, as a rank; `candidates` are the edges that may be the nearest, and `is_sure` is 0 where it
 * can't tell the region. */
static uint32_t find_in_outline(const pm_tree *tree, const pm_field *field, const pm_run_leaf *leaf,
                                const pm_batch *b, uint32_t i, uint32_t *candidates, int *is_sure) {
    pm_outline_look look;
    pm_outline_measure(leaf, b, i, &look);
    float least = look.squares[0];
    for (int k = 1; k < PM_OUTLINE_STEP; k++)
        least = look.squares[k] < least ? look.squares[k] : least;
    for (int k = PM_OUTLINE_STEP; k < look.count; k++)
        least = look.squares[k] < least ? look.squares[k] : least;
    const float distance = sqrtf(least), reached = distance + 2 * look.margin;
    uint32_t doubt = pm_outline_within(&look, reached * reached * (1 + 0x1p-18f));
    *candidates = doubt;
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

/* Of these edges of an outline, all of one region, the nearest. */
static int64_t choose_edge(const pm_field *field, const pm_run_leaf *leaf, uint32_t candidates, uint32_t rank,
                           const pm_spot *spot) {
    uint32_t first[PM_OUTLINE_MOST];
    size_t count = 0, edge = 0;
    for (size_t i = 0; i < leaf->count; i++)
        for (uint32_t bits = leaf->entries[i] & 0xff; bits; bits &= bits - 1)
            if (candidates >> edge++ & 1)
                first[count++] = field->runs->first[leaf->entries[i] >> 8] + (uint32_t)pm_lowest_bit(bits);
    if (count == 1)
        return name_edge(field, rank, first[0]);
    pm_found best = pm_found_none(field->farthest, spot);
    for (size_t i = 0; i < count; i++)
        pm_found_consider(&best, field->table->vertices + 2 * (size_t)first[i], rank, &field->reach, spot);
    best.rank = rank;
    return with_edge(field, &best, first, count);
}

static inline void find_all(const pm_tree *tree, const pm_field *field, pm_batch *b, size_t count, int with_edges) {
    pm_run_leaf_prefetch(tree, field, b, count);
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k];
        const pm_run_leaf leaf = pm_run_leaf_read(tree->leaves + pm_cell_leaf(b->word[i]));
        uint32_t rank = PM_FOUND_NONE, candidates = 0;
        int is_sure = 0;
        const pm_exact_point p = pm_batch_point(b, i);
        if (leaf.outlined && p.low == p.high)
            rank = find_in_outline(tree, field, &leaf, b, i, &candidates, &is_sure);
        if (is_sure && !with_edges) {
            b->out[i] = answer_of(field, rank);
            continue;
        }
        const pm_spot spot = pm_spot_of(&p, field->runs->scale);
        b->out[i] = is_sure ? choose_edge(field, &leaf, candidates, rank, &spot)
                            : find_in_leaf(field, &leaf, &spot, with_edges);
    }
}

void pm_nearest_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    find_all(tree, context, b, count, 0);
}

void pm_nearest_edge_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    find_all(tree, context, b, count, 1);
}

int pm_nearest_leaves_check(const pm_check *check) {
    return pm_run_leaves_check(check, 0);
}
