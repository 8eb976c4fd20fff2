/* run_leaf.h — how a leaf names edges: in entries of four bytes, a run of edges, times 256, and a bit for each of its
 * edges that matters in the cell. */
#ifndef PM_RUN_LEAF_H
#define PM_RUN_LEAF_H

#include "base/simd.h"
#include "near/edges.h"

/* The most edges of a leaf; and of runs, so that their numbers fit. */
enum { PM_LEAF_MOST = 256, PM_LEAF_RUNS = 1 << 24 };

/* The edges of a leaf by their first vertices, the ranks of their regions, and bounds of their distances. */
typedef struct pm_leaf_edges {
    uint32_t first[PM_LEAF_MOST + PM_RUN_EDGES], rank[PM_LEAF_MOST + PM_RUN_EDGES];
    double low[PM_LEAF_MOST + PM_RUN_EDGES], high[PM_LEAF_MOST + PM_RUN_EDGES];
    size_t count;
} pm_leaf_edges;

static inline void pm_leaf_edges_read(const pm_runs *runs, const uint32_t *entries, size_t count,
                                      pm_leaf_edges *edges) {
    edges->count = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t run = entries[i] >> 8, first = runs->first[run], rank = pm_run_rank(runs->owners[run]);
        for (uint32_t bits = entries[i] & 0xff; bits; bits &= bits - 1) {
            edges->first[edges->count] = first + (uint32_t)pm_lowest_bit(bits);
            edges->rank[edges->count++] = rank;
        }
    }
}

/* Runs whose vertices are prefetched, of those of a leaf. */
enum { PM_LEAF_AHEAD = 4 };

static inline void pm_leaf_edges_prefetch_runs(const pm_runs *runs, const uint32_t *entries, size_t count) {
    for (size_t i = 0; i < count && i < PM_LEAF_AHEAD; i++) {
        pm_prefetch(&runs->first[entries[i] >> 8]);
        pm_prefetch(&runs->owners[entries[i] >> 8]);
    }
}

static inline void pm_leaf_edges_prefetch(const pm_field *field, const uint32_t *entries, size_t count) {
    for (size_t i = 0; i < count && i < PM_LEAF_AHEAD; i++)
        pm_prefetch(field->table->vertices + 2 * (size_t)field->runs->first[entries[i] >> 8]);
}

/* How many edges these entries name; SIZE_MAX where one of them is not in its run, or too many. */
static inline size_t pm_leaf_edges_count(const pm_runs *runs, const uint32_t *entries, size_t count) {
    size_t edges = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = entries[i] & 0xff;
        if (entries[i] >> 8 >= runs->run_count || bits == 0 || bits >> pm_run_edges(runs->owners[entries[i] >> 8]))
            return SIZE_MAX;
        for (; bits; bits &= bits - 1)
            edges++;
    }
    return edges <= PM_LEAF_MOST ? edges : SIZE_MAX;
}

#endif
