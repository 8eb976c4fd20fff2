/* paint.h — what painting a tree of parts and painting one of disks have in common. See paint.c. */
#ifndef PM_PAINT_H
#define PM_PAINT_H

#include "base/poll.h"
#include "tree.h"

/* Cells of so many bits are 2^-36 of the root, and their steps 2^-49: two units of a place. */
enum { PM_DEEPEST = 36 };

/* A square of the root cell, which is [0, 1) x [0, 1). */
typedef struct pm_cell {
    double x, y, size;
    int bits;     /* of a place that number it: size is 2^-bits */
    double share; /* of all the work */
} pm_cell;

/* A part or a disk in a cell. Without edges it covers all of the cell. */
typedef struct pm_shape {
    uint32_t number;       /* part or rank */
    uint32_t first, count; /* its runs in the stack of runs, for parts */
    uint32_t edges;        /* that touch the cell; 1 for a circle */
    uint8_t inside;        /* the cell's lower left corner */
    uint8_t child;         /* while children are being collected */
} pm_shape;

/* A growing array. */
typedef struct pm_stack {
    void *items;
    size_t count, room, item_size;
} pm_stack;

/* A disk in the root cell; one of radius 0 is left out. */
typedef struct pm_circle {
    double x, y, radius;
} pm_circle;

typedef struct pm_painter pm_painter;

struct pm_painter {
    /* Hand a shape to the side x side children that it reaches and that are not closed, with pm_painter_stage();
     * close those that it covers. Sets `status` when memory runs out. */
    void (*distribute)(pm_painter *painter, const pm_cell *cell, int side, const pm_shape *shape, uint64_t *closed);
    /* Write a leaf of these shapes and set its word, or return 0: too many. At the deepest it must. */
    int (*write_leaf)(pm_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word);
    const pm_polygon_table *polygons; /* of parts */
    const pm_disk_table *disks;
    const pm_circle *circles;   /* of disks, by rank */
    size_t max_leaf_edges;      /* how many disks, or edges of parts, a leaf may be made of */
    int max_leaf_polygons;      /* how many of parts it may have */
    int max_leaf_vertices;      /* drawn with how many corners */
    int max_exact_polygons;     /* one that can't be drawn may ask so many parts */
    size_t gradual_below;       /* cells of so many edges or less are cut in fewer children than 8 x 8 at a time */
    size_t join_fraction;       /* cells become one table where one in so many of its cells is cut again */
    const uint32_t *answers;    /* of every item: its position in the input + 1 */
    double min_x, min_y, scale; /* coordinates -> [0, 1) */
    const pm_box *stretches;    /* of edges, for parts: see paint_polygons.c */
    const pm_allocator *allocator;
    pm_poll *poll;
    pm_stack shapes, staged, runs, touches, tables, leaves, origins;
    size_t size_limit, work, work_limit; /* bytes of tables, leaves and origins; runs and edges handled */
    int deepest;
    int is_last;  /* attempt: only a limit itself ends it */
    double done;  /* share of the work */
    int too_much; /* a limit was reached */
    pm_status status;
};

static inline int pm_lowest_bit(uint64_t bits) {
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int bit = 0;
    for (; !(bits & 1); bits >>= 1)
        bit++;
    return bit;
#endif
}

/* Make room for `more` items; 0 when memory has run out, with `status` set. */
int pm_painter_reserve(pm_painter *painter, pm_stack *stack, size_t more);

/* The children's shapes, one after the other; room for 64 must be reserved. */
void pm_painter_stage(pm_painter *painter, pm_shape shape);

/* Before anything else. A run has `run_size` bytes, a touch `touch_size`. */
void pm_painter_prepare(pm_painter *painter, size_t run_size, size_t touch_size);

/* Before each attempt. */
void pm_painter_clear(pm_painter *painter);

/* Paint the shapes that are on the stack, all in the root cell, best first. tree->tables stays NULL where limits end
 * it; the tree's map is the caller's. */
void pm_painter_run(pm_painter *painter, pm_tree *tree);

void pm_painter_release(pm_painter *painter);

#endif
