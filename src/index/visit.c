/* visit.c — which cells is the map of answers cut into?
 *
 * For those who want to see it: every final cell once, with its sides in the coordinates of the input. The walk goes
 * down the tables, one quarter of a square after the other. A cell that is larger than the words of its table has
 * copies of its word side by side: where a table was joined from several levels, or its cells were cut gradually
 * (paint.c). Copies are recognized by their words: every leaf is written once, so a square of equal words is one
 * border cell. Equal answers may be one cell or many, which makes no difference, so they are shown as one as well.
 *
 * Sides are computed from whole numbers, the same for both neighbours, so cells meet without gap or overlap. */
#include "base/strict.h"

#include <math.h>

#include "index.h"

/* A square of the root cell: one of 2^bits x 2^bits. */
typedef struct shown {
    uint64_t column, row;
    int bits;
} shown;

typedef struct walk {
    const pm_tree *tree;
    int (*visit)(void *context, const pm_index_cell *cell);
    void *context;
} walk;

static double side(double min, uint64_t number, int bits, double scale) {
    return min + ldexp((double)number, PM_FIXED_BITS - bits) / scale;
}

static int show(const walk *w, uint32_t word, shown s) {
    const pm_tree *t = w->tree;
    const int is_border = (word & 3) == PM_CELL_LEAF;
    const pm_index_cell cell = {.min_x = side(t->min_x, s.column, s.bits, t->scale),
                                .min_y = side(t->min_y, s.row, s.bits, t->scale),
                                .max_x = side(t->min_x, s.column + 1, s.bits, t->scale),
                                .max_y = side(t->min_y, s.row + 1, s.bits, t->scale),
                                .is_border = is_border,
                                .answer = is_border ? PM_NO_MATCH : pm_cell_answer(word)};
    return w->visit(w->context, &cell);
}

/* A square of 2^bits x 2^bits words within a table whose rows have 2^row_bits. */
typedef struct window {
    const uint32_t *first;
    int bits, row_bits;
} window;

/* Are they all the same final cell? */
static int is_one_cell(const window *p) {
    const size_t end = (size_t)1 << p->bits;
    for (size_t row = 0; row < end; row++)
        for (size_t column = 0; column < end; column++)
            if (p->first[row << p->row_bits | column] != *p->first)
                return 0;
    return (*p->first & 3) != PM_CELL_INNER;
}

static int walk_window(const walk *w, window p, shown s) {
    if (is_one_cell(&p))
        return show(w, *p.first, s);
    if (p.bits == 0) {
        const int bits = pm_cell_bits(*p.first);
        return walk_window(w, (window){w->tree->tables + pm_cell_children(*p.first), bits, bits}, s);
    }
    int stop = 0;
    for (size_t quarter = 0; quarter < 4 && !stop; quarter++) {
        const size_t row = quarter >> 1, column = quarter & 1;
        const uint32_t *first = p.first + ((row << p.row_bits | column) << (p.bits - 1));
        stop = walk_window(w, (window){first, p.bits - 1, p.row_bits},
                           (shown){s.column << 1 | column, s.row << 1 | row, s.bits + 1});
    }
    return stop;
}

int pm_index_visit(const pm_index *index, int (*visit)(void *context, const pm_index_cell *cell), void *context) {
    const walk w = {pm_index_tree(index), visit, context};
    return pm_tree_exists(w.tree) ? walk_window(&w, (window){&w.tree->root, 0, 0}, (shown){0, 0, 0}) : 0;
}
