/* tree.h — the picture of the regions, cut into cells. See tree_build.c for how it is painted, tree_find.c for how it
 * is read, cell.h for what is tested where a border runs through a cell. */
#ifndef PM_TREE_H
#define PM_TREE_H

#include "cover.h"

/* What a cell is: the two low bits of a word; the other 30 are its value. */
enum {
    PM_CELL_ANSWER = 0, /* value: 0 for no match, else the position in the input + 1 */
    PM_CELL_INNER = 1,  /* value: number of an inner cell, 64 words in `inner` */
    PM_CELL_LEAF = 2    /* value: position in `leaves` */
};

typedef struct pm_tree {
    double min_x, min_y, scale; /* coordinates -> [0, 1) x [0, 1), the root cell */
    int top_bits;               /* the first levels are one table of 2^bits x 2^bits words, row by row */
    uint32_t *top;              /* NULL: there is no tree */
    uint32_t *inner;            /* 8 x 8 words each, row by row */
    uint64_t *leaves;           /* pieces; see cell.h */
    size_t size;                /* bytes of the block that starts at `top` */
} pm_tree;

/* Paint the regions of `covers`, whose rank r stands at ids[r] in the input.
 *
 * tree->top stays NULL where a tree can't pay: extents out of range, or so many borders in one place that cells would
 * outgrow a budget that is linear in the vertices. PM_OK or PM_ERR_NO_MEMORY. */
pm_status pm_tree_build(pm_tree *tree, const pm_covers *covers, const uint32_t *ids, const pm_allocator *allocator);

void pm_tree_free(pm_tree *tree, const pm_allocator *allocator);

/* The position in the input of the best region that covers (x, y), or PM_NO_MATCH. Both finite. */
int64_t pm_tree_find(const pm_tree *tree, const pm_covers *covers, double x, double y);

#endif
