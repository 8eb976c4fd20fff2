/* join.c — how do dense places cost as few looks as sparse ones?
 *
 * Where most children of a cell are cut again, their children become the cell's own: one table of 64 x 64 or
 * 512 x 512 words instead of two or three levels of 8 x 8, wherever they are (level compression: Nilsson and
 * Karlsson, IP-address lookup using LC-tries, 1999). */
#include "base/strict.h"

#include "join.h"

#include "base/status.h"

typedef struct packer {
    const uint32_t *from; /* tables of 8 x 8 */
    uint32_t *to;         /* NULL: only count */
    size_t count;
    size_t join_fraction;
} packer;

static size_t inner_children(const uint32_t *tables, uint32_t word, int levels) {
    const uint32_t *child = tables + pm_cell_children(word);
    size_t count = 0;
    for (int i = 0; i < 64; i++)
        if ((child[i] & 3) == PM_CELL_INNER)
            count += levels > 1 ? inner_children(tables, child[i], levels - 1) : 1;
    return count;
}

static int joined_bits(const packer *p, uint32_t word) {
    if (inner_children(p->from, word, 1) * p->join_fraction < 64)
        return 3;
    return inner_children(p->from, word, 2) * p->join_fraction < 4096 ? 6 : 9;
}

/* The word of the cell in this row and column, `bits` further down. */
static uint32_t find_cell(const uint32_t *tables, uint32_t word, int bits, size_t row, size_t column) {
    for (int bit = bits - 3; bit >= 0 && (word & 3) == PM_CELL_INNER; bit -= 3)
        word = tables[pm_cell_children(word) + 8 * (row >> bit & 7) + (column >> bit & 7)];
    return word;
}

/* Append a cell's table, then those of its children; returns its new word. */
static uint32_t pack_cell(packer *p, uint32_t word) {
    if ((word & 3) != PM_CELL_INNER)
        return word;
    int bits = joined_bits(p, word);
    size_t side = (size_t)1 << bits, first = p->count;
    p->count += side * side;
    for (size_t row = 0; row < side; row++)
        for (size_t column = 0; column < side; column++) {
            uint32_t child = pack_cell(p, find_cell(p->from, word, bits, row, column));
            if (p->to)
                p->to[first + row * side + column] = child;
        }
    return (uint32_t)(first >> 6) << 4 | (uint32_t)(bits / 3 - 1) << 2 | PM_CELL_INNER;
}

/* How many words the tables take. Fewer cells are joined where they would be too many. */
static size_t plan_tables(packer *p, uint32_t root, size_t most) {
    for (;; p->join_fraction /= 2) {
        p->count = 0;
        (void)pack_cell(p, root);
        if (p->count <= most || p->join_fraction <= 1)
            return p->count;
    }
}

pm_status pm_join_tables(pm_tree *tree, const uint32_t *tables, uint32_t root, size_t fraction, size_t most,
                         const pm_allocator *allocator) {
    packer p = {tables, NULL, 0, fraction};
    size_t count = plan_tables(&p, root, most);
    p.to = pm_allocate(allocator, (count + 1) * sizeof *p.to);
    if (!p.to)
        return PM_ERR_NO_MEMORY;
    p.count = 0;
    tree->tables = p.to;
    tree->root = pack_cell(&p, root);
    tree->table_words = p.count;
    return PM_OK;
}
