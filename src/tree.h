/* tree.h — the picture of the regions, cut into cells. See tree_build.c for how it is painted, tree_find.c for how it
 * is read, cell.h for what is tested where a border runs through a cell. */
#ifndef PM_TREE_H
#define PM_TREE_H

#include "cover.h"
#include "poll.h"

/* What a cell is: the two low bits of a word; the other 30 are its value. */
enum {
    PM_CELL_ANSWER = 0, /* value: 0 for no match, else the position in the input + 1 */
    PM_CELL_INNER = 1,  /* value: number of an inner cell, 64 words behind the first levels */
    PM_CELL_LEAF = 2    /* value: position in `leaves`, in units of 8 bytes */
};

typedef struct pm_tree {
    double min_x, min_y, scale; /* coordinates -> [0, 1) x [0, 1), the root cell; scale 0: there is no tree */
    uint32_t root;              /* the first levels are one table of 2^root x 2^root words, row by row */
    const uint32_t *nodes;      /* this table, then the inner cells, 8 x 8 words each, row by row */
    size_t node_count;
    const uint32_t *leaves; /* pieces; see cell.h */
    size_t leaf_count;      /* units of 4 bytes */
    const uint32_t *origins;
    size_t origin_count;
} pm_tree;

/* Paint the regions of `covers`, whose rank r stands at ids[r] in the input, in at most about `size_limit` bytes. The
 * tree owns its arrays, until pm_tree_free().
 *
 * tree->scale stays 0 where a tree can't pay: extents out of range, or so many borders in one place that cells would
 * outgrow the limit. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build(pm_tree *tree, const pm_covers *covers, const uint32_t *ids, size_t size_limit, pm_poll *poll,
                        const pm_allocator *allocator);

void pm_tree_free(pm_tree *tree, const pm_allocator *allocator);

/* TEMPORARY: stands for the check of the tree that will stay, which replaces both lines. Tests leave the bytes of the
 * tree alone while PM_TREE_IS_CHECKED is 0. */
enum { PM_TREE_IS_CHECKED = 0 };
static inline pm_status pm_tree_check(const pm_tree *tree, const pm_covers *covers, size_t count, pm_error *err) {
    (void)tree, (void)covers, (void)count, (void)err;
    return PM_OK;
}

/* The position in the input of the best region that covers (x, y), or PM_NO_MATCH. Both finite. */
int64_t pm_tree_find(const pm_tree *tree, const pm_covers *covers, double x, double y);

#endif
