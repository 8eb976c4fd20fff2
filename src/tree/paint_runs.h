/* paint_runs.h — cells of runs of edges: what the map of the nearest and the map of dwithin have in common. See
 * paint_runs.c; pivots.c says what beats an edge in a cell. */
#ifndef PM_PAINT_RUNS_H
#define PM_PAINT_RUNS_H

#include "near/corners.h"
#include "paint.h"

/* Cells of this many bits are 2^-30 of the root. */
enum { PM_RUNS_DEEPEST = 30 };

/* All rounding is less than this part of a cell, unless coordinates are far larger than their extent; then runs are
 * in doubt more often. */
#define PM_RUNS_SLACK (1.0 / (1 << 16))

/* A square of the plane, in scaled coordinates. */
typedef struct pm_place {
    double x, y, half; /* its center, and half its side with slack */
    int bits;          /* its side is 2^-bits of the root's */
    double share;      /* of all the work */
} pm_place;

/* A square of a table's words: those of a cell. */
typedef struct pm_square {
    size_t first, width;
} pm_square;

/* The box of a run, for a quick bound: min x, min y, -max x, -max y, as in the tree over runs. */
typedef struct pm_run_box {
    float sides[4];
} pm_run_box;

/* A run in a cell: lower bounds of its squared distances, as pm_run_corners() gives them. */
typedef struct pm_near_candidate {
    float low[PM_SQUARE_PLACES];
} pm_near_candidate;

/* As many runs of a cell have the bounds of all edges at hand as well. */
enum { PM_FEW_RUNS = 64 };

typedef struct pm_run_painter {
    pm_painter base; /* its stacks, limits and poll; `shapes` are numbers of runs, `details` candidates */
    const pm_field *field;
    pm_run_box *boxes;
    double farthest; /* scaled, a little more */
    double blur;     /* scaled: more than all rounding of places */
    size_t leaf_edges;
    int by_rank;               /* a pivot beats only what its region is no worse than */
    double side, min_x, min_y; /* of the root, scaled */
    pm_corner_lows few[PM_FEW_RUNS];
} pm_run_painter;

static inline uint32_t *pm_run_painter_list(const pm_run_painter *p) {
    return p->base.shapes.items;
}

/* The scaled place as a point to measure from. */
static inline pm_spot pm_place_spot(const pm_run_painter *p, double x, double y) {
    const double scale = p->field->runs->scale;
    return (pm_spot){.x = x / scale, .y = y / scale, .scale = scale, .scaled_x = x, .scaled_y = y};
}

/* The corners of a place and its center: PM_SQUARE_PLACES. */
static inline void pm_place_at(const pm_place *c, int k, double *x, double *y) {
    *x = k == 4 ? c->x : k & 1 ? c->x + c->half : c->x - c->half;
    *y = k == 4 ? c->y : k & 2 ? c->y + c->half : c->y - c->half;
}

static inline double pm_square_of(double x, double y) {
    return x * x + y * y;
}

/* An edge of region `rank` is out of reach in all of the cell where the square of its distance from the center is
 * more than that, in the units of pm_run_corners(). It is at least 2, so that edges that meet the cell are not. */
static inline double pm_place_most(const pm_run_painter *p, const pm_place *c, uint32_t rank) {
    const double reach = pm_reach_of(&p->field->reach, rank) * p->field->runs->scale / c->half * (1 + 0x1p-40);
    return (reach + 1.41421356237310) * (reach + 1.41421356237310) * (1 + 0x1p-40);
}

/* Quarter k of a place; its share is all of it. */
pm_place pm_place_quarter(const pm_run_painter *painter, const pm_place *place, size_t k);

/* The words of quarter k of a square. */
static inline pm_square pm_square_quarter(pm_square s, size_t k) {
    const size_t width = s.width / 2;
    return (pm_square){s.first + (k & 2 ? 8 * width : 0) + (k & 1 ? width : 0), width};
}

/* The square whose quarters are those of a cell that is cut: its own words, or a table where it has one word. 0 when
 * memory runs out. */
int pm_run_painter_open(pm_run_painter *painter, pm_square *square);

/* Set all words of a cell. */
void pm_run_painter_set(pm_run_painter *painter, pm_square square, uint32_t word);

/* Count the work of a cell with this many runs; has this attempt failed? */
int pm_run_painter_must_stop(pm_run_painter *painter, size_t runs);

/* Set the words of the root cell: `place`, of all runs, with room for their numbers on the stack. */
typedef void pm_run_paint(pm_run_painter *painter, pm_place place, pm_square square);

/* Can doubles map the regions? Then set the map of the tree and the painter's: all regions, and around them half as
 * much again, or as far as they reach. The field, the limit of size, the poll and the allocator are set before. */
int pm_run_painter_start(pm_run_painter *painter, pm_tree *tree);

/* Read the boxes of all runs; 0 when memory runs out. */
int pm_run_painter_read(pm_run_painter *painter);

/* Paint, in several attempts with larger and larger leaves, and release all; tree->scale is 0 where none succeeds. */
pm_status pm_run_painter_paint(pm_run_painter *painter, pm_tree *tree, pm_run_paint *paint);

#endif
