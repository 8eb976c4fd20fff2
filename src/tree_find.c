/* tree_find.c — what is painted at this place?
 *
 * One look at the table of the first levels, at most a few more further down; most points end at an answer. In a leaf
 * the pieces are tested best first, and the first that contains the point wins. The cost depends neither on how many
 * regions cover the point nor on how many vertices they have.
 *
 * The map from coordinates to cells is the one that the cells were painted with; a point that rounding puts into the
 * neighbour cell is near no edge or undecided there, so it gets the same answer. */
#include <string.h>

#include "cell.h"
#include "tree.h"

static int64_t find_in_leaf(const uint64_t *at, const pm_covers *covers, int u, int v, double x, double y) {
    for (;;) {
        pm_piece piece;
        memcpy(&piece, at, sizeof piece);
        const pm_cell_edge *edges = (const pm_cell_edge *)(const void *)(at + 1);
        int inside = -1;
        if (!(piece.flags & PM_PIECE_ASK))
            inside = pm_cell_test(edges, piece.edges, piece.flags & PM_PIECE_INSIDE, u, v);
        if (inside < 0)
            inside = pm_part_covers(covers, (size_t)at[1 + piece.edges], x, y);
        if (inside)
            return piece.id;
        if (piece.flags & PM_PIECE_LAST)
            return PM_NO_MATCH;
        at += 2 + piece.edges;
    }
}

int64_t pm_tree_find(const pm_tree *tree, const pm_covers *covers, double x, double y) {
    const uint32_t *inner = tree->nodes + ((size_t)1 << 2 * tree->root);
    double cells = (double)(1 << tree->root);
    double cell_x = (x - tree->min_x) * tree->scale * cells, cell_y = (y - tree->min_y) * tree->scale * cells;
    if (!(cell_x >= 0 && cell_x < cells && cell_y >= 0 && cell_y < cells))
        return PM_NO_MATCH;
    int column = (int)cell_x, row = (int)cell_y;
    uint32_t word = tree->nodes[((size_t)row << tree->root) + (size_t)column];
    while ((word & 3) == PM_CELL_INNER) {
        cell_x = (cell_x - column) * 8; /* without rounding */
        cell_y = (cell_y - row) * 8;
        column = (int)cell_x;
        row = (int)cell_y;
        word = inner[(size_t)(word >> 2) * 64 + (size_t)(row * 8 + column)];
    }
    if ((word & 3) == PM_CELL_ANSWER)
        return (int64_t)(word >> 2) - 1;
    const uint64_t *leaves = (const uint64_t *)(const void *)tree->leaves;
    return find_in_leaf(leaves + (word >> 2), covers, (int)((cell_x - column) * PM_CELL_STEPS),
                        (int)((cell_y - row) * PM_CELL_STEPS), x, y);
}
