/* paint.h — what painting has in common for all kinds of shapes. See paint.c.
 *
 * A kind of shape brings two functions, distribute() and write_leaf(), and a struct of its own whose first member is
 * the pm_painter, so that they find there what else they need. */
#ifndef PM_PAINT_H
#define PM_PAINT_H

#include "base/bits.h"
#include "base/poll.h"
#include "tree.h"

/* Cells of this many bits are 2^-36 of the root, and their steps 2^-49: two units of a fixed coordinate. */
enum { PM_DEEPEST = 36 };

/* A square of the root cell, which is [0, 1) x [0, 1). */
typedef struct pm_cell {
    double x, y, size;
    int bits;     /* of a fixed coordinate that number it: size is 2^-bits */
    double share; /* of all the work */
} pm_cell;

/* A shape in a cell. Without edges it covers all of the cell. */
typedef struct pm_shape {
    uint32_t number;       /* of the polygon, or rank of the disk */
    uint32_t first, count; /* its details on the stack of details: a polygon's runs of edges; a disk has none */
    uint32_t edges;        /* that touch the cell; 1 for a circle */
    uint8_t inside;        /* it contains the cell's lower left corner; for polygons */
    uint8_t child;         /* while children are being collected */
} pm_shape;

/* A growing array. */
typedef struct pm_stack {
    void *items;
    size_t count, room, item_size;
} pm_stack;

/* ---- children by columns, for shapes that find theirs row by row ---- */

/* The number of the column or row that this is in; -1 before the first, `side` after the last. */
static inline int pm_child_at(double at, int side) {
    return at < 0 ? -1 : at >= side ? side : (int)at; /* floor() would be a call */
}

/* The bits of the columns first .. last, as far as they exist. */
static inline uint64_t pm_columns(int first, int last) {
    first = first < 0 ? 0 : first;
    last = last > 7 ? 7 : last;
    return first > last ? 0 : UINT64_C(0xff) >> (7 - (last - first)) << first;
}

/* The columns that an interval touches, and those that it covers. */
static inline uint64_t pm_columns_touched(double left, double right, int side) {
    return pm_columns(pm_child_at(left, side), pm_child_at(right, side));
}

static inline uint64_t pm_columns_covered(double left, double right, int side) {
    return pm_columns(side - pm_child_at(side - left, side), pm_child_at(right, side) - 1);
}

/* ---- the painter ---- */

typedef struct pm_painter pm_painter;

struct pm_painter {
    /* Give a shape to the side x side children that it reaches and that are not closed, with pm_painter_stage();
     * close those that it covers. Sets `status` when memory runs out. */
    void (*distribute)(pm_painter *painter, const pm_cell *cell, int side, const pm_shape *shape, uint64_t *closed);

    /* Write a leaf of these shapes and set its word, or return 0: too many. At the deepest it must. */
    int (*write_leaf)(pm_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word);

    /* Leaves were written with origins counted from 0: they begin at `first` of the origins now. NULL: they have
     * none. */
    void (*move_leaves)(uint32_t *leaves, size_t count, uint32_t first);

    const uint32_t *answers; /* of every shape number: its position in the input + 1 */
    size_t gradual_below;    /* cells of this many edges or less are cut in fewer children than 8 x 8 at a time */
    size_t join_fraction;    /* a cell's tables become one where one in this many of its cells is cut again */
    const pm_allocator *allocator;
    pm_poll *poll;
    struct pm_patches *patches;         /* while the root is cut into these */
    const struct pm_occupied *occupied; /* cells without points are left out; NULL: all are painted */
    pm_stack shapes, staged, details, tables, leaves, origins;
    pm_stack scratch;        /* of distribute() */
    size_t size_limit;       /* bytes of tables, leaves and origins */
    size_t work, work_limit; /* shapes and edges distributed */
    int deepest;
    int is_last;  /* attempt: only a limit itself ends it */
    double done;  /* share of the work */
    int too_much; /* a limit was reached */
    pm_status status;
};

/* Make room for `more` items of a stack; 0 when memory has run out, with `status` set. */
int pm_painter_reserve(pm_painter *painter, pm_stack *stack, size_t more);

/* The same, and no room beyond that. */
int pm_painter_reserve_exactly(pm_painter *painter, pm_stack *stack, size_t more);

/* Add a shape of a child to `staged`, where room for 64 is reserved before each call of distribute(). */
void pm_painter_stage(pm_painter *painter, pm_shape shape);

/* Before anything else. A detail has `detail_size` bytes. */
void pm_painter_prepare(pm_painter *painter, size_t detail_size);

/* Before each attempt. */
void pm_painter_clear(pm_painter *painter);

/* Paint a cell with the first `count` shapes of the stack, best first. Returns its word. */
uint32_t pm_painter_paint(pm_painter *painter, const pm_cell *cell, size_t count);

/* Paint the shapes that are on the stack, all in the root cell, best first. tree->tables stays NULL where limits end
 * it; the tree's map is the caller's. */
void pm_painter_run(pm_painter *painter, pm_tree *tree);

/* Has this attempt failed? One that is going to exceed a limit by far is ended long before. */
int pm_painter_must_stop(pm_painter *painter);

/* Hand the tables, leaves and origins over to the tree. */
void pm_painter_finish(pm_painter *painter, pm_tree *tree, uint32_t root);

void pm_painter_release(pm_painter *painter);

#endif
