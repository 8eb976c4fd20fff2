/* pivots.h — places on borders that are nearer than others in all of a cell. See pivots.c. */
#ifndef PM_PIVOTS_H
#define PM_PIVOTS_H

#include "paint_runs.h"
#include "run_leaf.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

/* A bit for each of four numbers that is greater than the other. */
static inline unsigned pm_greater_of_four(const float some[PM_CORNERS], const float others[PM_CORNERS]) {
#ifdef PM_X86
    return (unsigned)_mm_movemask_ps(_mm_cmpgt_ps(_mm_loadu_ps(some), _mm_loadu_ps(others)));
#else
    unsigned bits = 0;
    for (int k = 0; k < PM_CORNERS; k++)
        bits |= (unsigned)(some[k] > others[k]) << k;
    return bits;
#endif
}

/* A place on a border, scaled, and how far off the border it may be. */
typedef struct pm_pivot {
    double x, y, off;
    uint32_t rank;  /* of its region */
    double reach;   /* of it */
    int is_reached; /* it is within reach in all of the cell */
    double high[4]; /* upper bounds of the squared distances from the cell's corners to the border there, in the units
                       of pm_run_corners() */
} pm_pivot;

/* The place of a run nearest to (x, y), about, for a cell. */
pm_pivot pm_pivot_of(const pm_run_painter *painter, uint32_t run, double x, double y);

/* Measure it from the corners of a cell. */
void pm_pivot_measure(const pm_run_painter *painter, const pm_place *cell, pm_pivot *pivot);

/* Can the pivot beat something of region `rank`? */
static inline int pm_pivot_counts(const pm_run_painter *p, const pm_pivot *u, uint32_t rank) {
    return p->by_rank ? u->rank <= rank && pm_reach_of(&p->field->reach, rank) <= u->reach
                      : u->is_reached || pm_reach_of(&p->field->reach, rank) <= u->reach;
}

/* Is something of region `rank` with these bounds of no matter in the cell, since the pivot is nearer in all of it?
 */
static inline int pm_pivot_beats(const pm_run_painter *p, const pm_pivot *u, const float low[PM_CORNERS],
                                 uint32_t rank) {
    return (low[0] > u->high[0]) & (low[1] > u->high[1]) & (low[2] > u->high[2]) & (low[3] > u->high[3]) &&
           pm_pivot_counts(p, u, rank);
}

/* What is left of a cell's edges: their first vertices, the ranks of their regions, their runs, and bounds from the
 * corners. */
typedef struct pm_few_edges {
    uint32_t first[PM_LEAF_MOST], rank[PM_LEAF_MOST], run[PM_LEAF_MOST];
    float low[PM_CORNERS][PM_LEAF_MOST];
    size_t count;
} pm_few_edges;

/* The edges of these runs that no pivot beats; 0 where they are more than PM_LEAF_MOST. `lows` is what
 * pm_run_corners() says of the runs, or NULL. */
int pm_few_edges_collect(const pm_run_painter *painter, const pm_place *cell, const pm_pivot *pivots, int pivot_count,
                         const uint32_t *runs, size_t run_count, const pm_corner_lows *lows, pm_few_edges *edges);

/* Keep edge `from` as edge `to`. */
static inline void pm_few_edges_keep(pm_few_edges *all, size_t to, size_t from) {
    all->first[to] = all->first[from];
    all->rank[to] = all->rank[from];
    all->run[to] = all->run[from];
    for (int k = 0; k < PM_CORNERS; k++)
        all->low[k][to] = all->low[k][from];
}

/* Write a leaf of these edges and set its word, unless memory runs out. */
void pm_few_edges_write(pm_run_painter *painter, const pm_place *cell, const pm_few_edges *edges, uint32_t rest,
                        uint32_t *word);

#endif
