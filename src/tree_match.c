#include "part_leaf.h"
#include "tree.h"

int64_t pm_tree_find(const pm_tree *tree, const pm_covers *covers, double x, double y) {
    if (!pm_is_placed(x, tree->min_x, tree->scale) || !pm_is_placed(y, tree->min_y, tree->scale))
        return PM_NO_MATCH;
    uint64_t px = pm_place(x, tree->min_x, tree->scale), py = pm_place(y, tree->min_y, tree->scale), u = px, v = py;
    uint32_t word = tree->root;
    while ((word & 3) == PM_CELL_INNER) {
        int bits = pm_cell_bits(word);
        word = tree->nodes[pm_cell_children(word) + ((v >> (64 - bits) << bits) | u >> (64 - bits))];
        u <<= bits;
        v <<= bits;
    }
    if ((word & 3) == PM_CELL_ANSWER)
        return pm_cell_answer(word);
    return pm_part_leaf_find(tree, covers, tree->leaves + 2 * (size_t)(word >> 2), px, py, x, y);
}
