/* pivots.h — places on borders that are nearer than others in all of a cell. See pivots.c. */
#ifndef PM_PIVOTS_H
#define PM_PIVOTS_H

#include "paint_runs.h"
#include "run_leaf.h"

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

/* Is something of region `rank` with these bounds of no matter in the cell, since the pivot is nearer in all of it?
 */
static inline int pm_pivot_beats(const pm_run_painter *p, const pm_pivot *u, const float low[PM_CORNERS],
                                 uint32_t rank) {
    return (low[0] > u->high[0]) & (low[1] > u->high[1]) & (low[2] > u->high[2]) & (low[3] > u->high[3]) &&
           (p->by_rank ? u->rank <= rank && pm_reach_of(&p->field->reach, rank) <= u->reach
                       : u->is_reached || pm_reach_of(&p->field->reach, rank) <= u->reach);
}

/* What is left of a cell's edges: their first vertices, the ranks of their regions, their runs, and bounds from the
 * corners. */
typedef struct pm_few_edges {
    uint32_t first[PM_LEAF_MOST], rank[PM_LEAF_MOST], run[PM_LEAF_MOST];
    float low[PM_CORNERS][PM_LEAF_MOST];
    size_t count;
} pm_few_edges;

/* The edges of these runs that no pivot beats; 0 where they are more than `most`. */
int pm_few_edges_collect(const pm_run_painter *painter, const pm_place *cell, const pm_pivot *pivots, int pivot_count,
                         const uint32_t *runs, size_t run_count, size_t most, pm_few_edges *edges);

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
