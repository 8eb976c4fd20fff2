/* check.c — can this tree be walked, whatever its bytes are?
 *
 * A walk goes from a word to a table further on, or ends: at an answer, or in a leaf. So it ends and stays inside
 * when every table comes after the word that leads to it, belongs to that word alone, and leaves bits of the fixed
 * coordinates to be read; when every word of a leaf leads to where one starts; and when all that a leaf refers to
 * lies inside the arrays. One pass over the leaves, which their kind does, one over the words, with a byte for 64
 * words and a bit for 8 bytes of leaves. Whether the answers are right can't be checked. */
#include "base/strict.h"

#include "check.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

/* A table of 2^bits x 2^bits words, reached with `used` bits of the fixed coordinates. */
static int claim_table(const pm_check *c, size_t first, int bits, int used) {
    size_t size = (size_t)1 << 2 * bits;
    if (first >= c->tree->table_words || size > c->tree->table_words - first || used + bits > PM_FIXED_BITS)
        return 0;
    for (size_t i = first / 64; i < (first + size) / 64; i++) {
        if (c->used[i])
            return 0;
        c->used[i] = (uint8_t)(used + bits + 1);
    }
    return 1;
}

/* A word at position `at` of the tables; SIZE_MAX: the root. */
static int word_is_right(const pm_check *c, uint32_t word, size_t at, int used) {
    switch (word & 3) {
    case PM_CELL_ANSWER:
        return word >> 2 <= c->count;
    case PM_CELL_INNER:
        return (at == SIZE_MAX || pm_cell_children(word) > at) &&
               claim_table(c, pm_cell_children(word), pm_cell_bits(word), used);
    case PM_CELL_LEAF:
        return pm_cell_leaf(word) < c->tree->leaf_count && c->starts[word >> 5] >> (word >> 2 & 7) & 1;
    default:
        return 0;
    }
}

static int tables_are_right(const pm_check *c) {
    const uint32_t *tables = c->tree->tables;
    if (c->tree->table_words % 64 != 0 || !word_is_right(c, c->tree->root, SIZE_MAX, 0))
        return 0;
    for (size_t i = 0; i < c->tree->table_words; i += 64) {
        if (!c->used[i / 64])
            return 0;
        int used = c->used[i / 64] - 1;
        for (size_t k = i; k < i + 64; k++)
            if (!word_is_right(c, tables[k], k, used))
                return 0;
    }
    return 1;
}

pm_status pm_tree_check(const pm_tree *tree, pm_leaves_check *leaves_are_right, const void *shapes, size_t count,
                        const pm_allocator *allocator, pm_error *err) {
    if (!pm_tree_exists(tree))
        return PM_OK;
    if (!isfinite(tree->min_x) || !isfinite(tree->min_y) || !(tree->scale > 0) || !isfinite(tree->scale))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the tree's origin or scale is not finite");
    pm_check c = {tree, shapes, count, NULL, NULL};
    size_t tables = tree->table_words / 64 + 1, starts = tree->leaf_count / 16 + 1;
    c.used = pm_allocate(allocator, tables + starts);
    if (!c.used)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory checking a tree");
    c.starts = c.used + tables;
    memset(c.used, 0, tables + starts);
    int right = tree->leaf_count >= PM_LEAF_SLACK && leaves_are_right(&c) && tables_are_right(&c);
    pm_release(allocator, c.used);
    return right ? PM_OK : pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a cell points outside the index");
}
