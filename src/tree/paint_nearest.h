/* paint_nearest.h — the map of the nearest: which region is nearest to a place that none covers? paint_nearest.c
 * makes its cells, nearest_draft.c leaves of what is left in them.
 */
#ifndef PM_PAINT_NEAREST_H
#define PM_PAINT_NEAREST_H

#include "near/corners.h"
#include "paint.h"

/* Paint the nearest regions of a field. The map's answers hold for points that no region covers; at any other it may
 * say anything. Points outside of its root cell are the caller's.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where extents are out of range or
 * cells would outgrow `size_limit` bytes or work linear in the runs. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_nearest(pm_tree *tree, const pm_field *field, size_t size_limit, pm_poll *poll,
                                const pm_allocator *allocator);

/* ---- between the two files ---- */

/* Cells of this many bits are 2^-30 of the root. */
enum { PM_NEAREST_DEEPEST = 30 };

/* A place on a border, scaled, and how far off the border it may be. */
typedef struct pm_pivot {
    double x, y, off;
    uint32_t run;
    double reach;   /* of its region */
    int is_reached; /* it is within reach in all of the cell */
    double high[4]; /* upper bounds of the squared distances from the cell's corners to the border there, in the units
                       of pm_run_corners() */
} pm_pivot;

/* A square of the plane, in scaled coordinates. */
typedef struct pm_place {
    double x, y, half; /* its center, and half its side with slack */
    int bits;          /* its side is 2^-bits of the root's */
    int is_known;      /* it meets no odd edge, and is covered by an even number of polygons */
    double high;       /* upper bound of the distance from the center to a border */
    double share;      /* of all the work */
} pm_place;

/* The box of a run, for a quick bound: min x, min y, -max x, -max y, as in the tree over runs. */
typedef struct pm_run_box {
    float sides[4];
} pm_run_box;

/* A run that may be nearest in a cell: lower bounds of its squared distances, as pm_run_corners() gives them. */
typedef struct pm_near_candidate {
    float low[PM_SQUARE_PLACES];
} pm_near_candidate;

typedef struct pm_nearest_painter {
    pm_painter base; /* its stacks, limits and poll; `shapes` are numbers of runs, `details` candidates */
    const pm_field *field;
    const pm_run_box *boxes;
    const uint8_t *is_odd; /* of a run: see pairs.h */
    double farthest;       /* scaled, a little more */
    double blur;           /* scaled: more than all rounding of places */
    size_t leaf_edges;
    size_t parity_work;        /* spans of edges that were looked at for is_covered() */
    double side, min_x, min_y; /* of the root, scaled */
} pm_nearest_painter;

/* The scaled place as a point to measure from. */
static inline pm_spot pm_place_spot(const pm_nearest_painter *p, double x, double y) {
    const double scale = p->field->runs->scale;
    return (pm_spot){x / scale, y / scale, scale, x, y};
}

/* The corners of a place and its center: PM_SQUARE_PLACES. */
static inline void pm_place_at(const pm_place *c, int k, double *x, double *y) {
    *x = k == 4 ? c->x : k & 1 ? c->x + c->half : c->x - c->half;
    *y = k == 4 ? c->y : k & 2 ? c->y + c->half : c->y - c->half;
}

static inline double pm_square_of(double x, double y) {
    return x * x + y * y;
}

/* The place of a run nearest to (x, y), about, for a cell. */
pm_pivot pm_pivot_of(const pm_nearest_painter *painter, uint32_t run, double x, double y);

/* Measure it from the corners of a cell. */
void pm_pivot_measure(const pm_nearest_painter *painter, const pm_place *cell, pm_pivot *pivot);

/* Does it beat something of region `rank` with these bounds in all of the cell? */
static inline int pm_pivot_beats(const pm_nearest_painter *p, const pm_pivot *u, const float low[PM_CORNERS],
                                 uint32_t rank) {
    return (low[0] > u->high[0]) & (low[1] > u->high[1]) & (low[2] > u->high[2]) & (low[3] > u->high[3]) &&
           (u->is_reached || pm_reach_of(&p->field->reach, rank) <= u->reach);
}

/* The word of a cell in which one region is left; 0, if none of these pivots shows that something is within reach in
 * all of it. */
uint32_t pm_nearest_answer(const pm_nearest_painter *painter, const pm_pivot *pivots, int pivot_count, uint32_t rank);

/* Make an answer or a leaf of a cell, if few enough edges are left in it, and set its word; else return 0. */
int pm_nearest_draft(pm_nearest_painter *painter, const pm_place *cell, const pm_pivot *pivots, int pivot_count,
                     const uint32_t *runs, size_t run_count, uint32_t *word);

#endif
