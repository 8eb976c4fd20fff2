/* tree.h — the map of answers, cut into cells. See paint.c for how it is made, walk.c for how points are matched with
 * it, polygon_leaf.h and disk_leaf.h for what is tested where a border runs through a cell. */
#ifndef PM_TREE_H
#define PM_TREE_H

#include "polymatch.h"

/* What a cell is: the two low bits of a word; the other 30 are its value.
 *
 * An inner cell is cut into 2^b x 2^b children, its table; the two low bits of its value are b / 3 - 1, the others,
 * times 64, are where the table begins in `tables`, row by row. */
enum {
    PM_CELL_ANSWER = 0, /* value: 0 for no match, else the position in the input + 1 */
    PM_CELL_INNER = 1,
    PM_CELL_LEAF = 2 /* value: half the position in `leaves` */
};

static inline int pm_cell_bits(uint32_t word) {
    return 3 * (int)((word >> 2 & 3) + 1);
}

static inline size_t pm_cell_children(uint32_t word) {
    return (size_t)(word >> 4) << 6;
}

static inline size_t pm_cell_leaf(uint32_t word) {
    return (size_t)(word >> 2) * 2;
}

static inline int64_t pm_cell_answer(uint32_t word) {
    return (int64_t)(word >> 2) - 1;
}

/* A point in the root cell has two fixed coordinates: whole numbers of PM_FIXED_BITS at the top of 64 bits. Their
 * first b bits number the child of the root, the next ones its child, and so on. In a leaf the next PM_STEP_BITS are
 * the step in the cell. */
enum { PM_FIXED_BITS = 50, PM_STEP_BITS = 13, PM_STEPS = 1 << PM_STEP_BITS };

typedef struct pm_tree {
    double min_x, min_y, scale; /* coordinates -> [0, 2^PM_FIXED_BITS); scale: pm_tree_exists() */
    uint32_t root;              /* a word */
    const uint32_t *tables;     /* words of the children of inner cells */
    size_t table_words;
    const uint32_t *leaves; /* the last PM_LEAF_SLACK are zeros, so that whole vectors can be read */
    size_t leaf_count;
    const uint32_t *origins; /* the edges of the input that leaves were made of */
    size_t origin_count;
    uint32_t hub; /* the word of a cell in which nearly all points are, pm_tree_find_hub(); else the root's */
    int hub_bits; /* of a fixed coordinate that number it, 0 for the root; it is an inner cell unless that is 0 */
    uint64_t hub_x, hub_y; /* the fixed coordinates of its corner */
} pm_tree;

enum { PM_LEAF_SLACK = 16 };

static inline int pm_tree_exists(const pm_tree *tree) {
    return tree->scale != 0;
}

/* Is a coordinate in the root cell? Not when it is NaN. */
static inline int pm_is_in_root(double value, double min, double scale) {
    double at = (value - min) * scale;
    return (at >= 0) & (at < (double)(UINT64_C(1) << PM_FIXED_BITS));
}

static inline uint64_t pm_fixed(double value, double min, double scale) {
    return (uint64_t)((value - min) * scale) << (64 - PM_FIXED_BITS);
}

/* Set the hub: the smallest cell below which nearly all of the tables are. The tables may be any words. */
void pm_tree_find_hub(pm_tree *tree);

void pm_tree_free(pm_tree *tree, const pm_allocator *allocator);

#endif
