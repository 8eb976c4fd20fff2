/* run_leaf.h — how a leaf of a map of distances keeps its edges. See run_leaf.c.
 *
 * A leaf is its head: how many entries and outlined edges it has, how many bits number the cell, and the unit of the
 * outline; the rest, of which only dwithin makes use (within_leaf.h); entries of four bytes, a run of edges, times
 * 256, and a bit for each of its edges that matters in the cell; and where these are few their *outline*: a margin,
 * then as 16-bit integers all ax, ay, bx and by, from the cell's center. The unit is half the cell's side times a
 * power of two, so small that the numbers fit. */
#ifndef PM_RUN_LEAF_H
#define PM_RUN_LEAF_H

#include "check.h"
#include "near/edges.h"
#include "walk.h"

/* The most edges of a leaf; and of runs, so that their numbers fit; and of edges in an outline. */
enum { PM_LEAF_MOST = 256, PM_LEAF_RUNS = 1 << 24, PM_OUTLINE_MOST = 16 };

/* Units are 2^-PM_OUTLINE_FINEST to 2^(31 - PM_OUTLINE_FINEST). */
enum { PM_OUTLINE_FINEST = 20 };

/* What precedes the entries. */
enum { PM_RUN_LEAF_HEAD = 2 };

typedef struct pm_run_leaf {
    size_t count;    /* entries */
    size_t outlined; /* edges; 0: no outline */
    int bits;        /* of a fixed coordinate that number the cell */
    float units;     /* of the outline, per half side */
    uint32_t rest;
    const uint32_t *entries, *outline;
} pm_run_leaf;

/* `unit` is the exponent of it. */
static inline uint32_t pm_run_leaf_head(size_t count, size_t outlined, int bits, int unit) {
    return (uint32_t)count | (uint32_t)outlined << 9 | (uint32_t)bits << 14 |
           (uint32_t)(unit + PM_OUTLINE_FINEST) << 20;
}

static inline pm_run_leaf pm_run_leaf_read(const uint32_t *at) {
    const size_t count = at[0] & 0x1ff;
    const uint32_t power = (127 + PM_OUTLINE_FINEST - (at[0] >> 20 & 31)) << 23; /* a float */
    float units;
    memcpy(&units, &power, sizeof units);
    return (pm_run_leaf){.count = count,
                         .outlined = at[0] >> 9 & 31,
                         .bits = (int)(at[0] >> 14 & 63),
                         .units = units,
                         .rest = at[1],
                         .entries = at + PM_RUN_LEAF_HEAD,
                         .outline = at + PM_RUN_LEAF_HEAD + count};
}

static inline size_t pm_run_leaf_size(size_t count, size_t outlined) {
    const size_t size = PM_RUN_LEAF_HEAD + count + (outlined ? 1 + 2 * outlined : 0);
    return size + (size & 1);
}

/* ---- by the outline ---- */

/* Squared distances in units, about, infinite beyond the edges that are there; and by how many units a distance may
 * be off. */
typedef struct pm_outline_look {
    float squares[PM_OUTLINE_MOST];
    float margin;
    int count; /* of the squares, a multiple of PM_OUTLINE_STEP */
} pm_outline_look;

/* Edges that are measured at once. */
enum { PM_OUTLINE_STEP = 8 };

/* Look at an outline from point i of a batch. */
void pm_outline_measure(const pm_run_leaf *leaf, const pm_batch *batch, uint32_t i, pm_outline_look *look);

/* As bits, the edges whose squares are at most `most`. */
uint32_t pm_outline_within(const pm_outline_look *look, float most);

/* A distance of the input in the units of a leaf's outline. */
static inline double pm_outline_units(const pm_tree *tree, const pm_run_leaf *leaf, double distance) {
    const uint64_t exponent = (uint64_t)(1023 + leaf->bits + 1 - PM_FIXED_BITS) << 52;
    double power;
    memcpy(&power, &exponent, sizeof power);
    return distance * tree->scale * power * leaf->units;
}

/* The rank of the region of edge `edge` of an outline. */
static inline uint32_t pm_outline_rank(const pm_runs *runs, const pm_run_leaf *leaf, int edge) {
    size_t i = 0;
    for (int before = 0; i + 1 < leaf->count; i++) {
        for (uint32_t bits = leaf->entries[i] & 0xff; bits; bits &= bits - 1)
            before++;
        if (edge < before)
            break;
    }
    return pm_run_rank(runs->owners[leaf->entries[i] >> 8]);
}

/* ---- by the coordinates ---- */

/* The edges of a leaf by their first vertices, the ranks of their regions, and bounds of their distances. */
typedef struct pm_leaf_edges {
    uint32_t first[PM_LEAF_MOST + PM_RUN_EDGES], rank[PM_LEAF_MOST + PM_RUN_EDGES];
    double low[PM_LEAF_MOST + PM_RUN_EDGES], high[PM_LEAF_MOST + PM_RUN_EDGES];
    size_t count;
} pm_leaf_edges;

void pm_leaf_edges_measure(const pm_field *field, const pm_run_leaf *leaf, const pm_spot *spot, pm_leaf_edges *edges);

/* Prefetch what the first points of a batch's list will need. */
void pm_run_leaf_prefetch(const pm_tree *tree, const pm_field *field, const pm_batch *batch, size_t count);

/* ---- checks ---- */

/* The check of leaves; its shapes are the pm_field's. A leaf may be without entries only if `may_be_empty`. */
int pm_run_leaves_check(const pm_check *check, int may_be_empty);

#endif
