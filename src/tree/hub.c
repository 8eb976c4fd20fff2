/* hub.c — where do nearly all points begin?
 *
 * One far region makes the root large, and the way down to a city long: a look for each factor of eight. Those looks
 * are the same for all points in the city. So a walk begins at the *hub*, the smallest cell that has nearly all of
 * the tables below it, wherever a point is in that; else at the root. Tables follow their parents (join.c), and what
 * is below a cell is there before the next one, so where children's tables begin says how much is below each.
 *
 * It is found anew whenever a tree is viewed, from the tables of a few cells, and changes no answer: a point is in
 * the hub by the same bits that would lead it there. A tree that comes from elsewhere may have any words in its
 * tables, so what is read here is checked to be inside of them. */
#include "base/strict.h"

#include "tree.h"

enum { NEARLY = 16, MOST_BITS = 6 }; /* all but one in NEARLY; in tables that are quick to look through */

/* The word at this place of a cell's table that has most tables below it, of those in [first, end). Sets where these
 * begin and end. */
static size_t largest_child(const uint32_t *tables, size_t from, size_t count, size_t *first, size_t *end) {
    size_t best = 0, most = 0, last = SIZE_MAX, begin = 0, whole_end = *end, best_end = *end;
    for (size_t i = 0; i <= count; i++) {
        const uint32_t word = i < count ? tables[from + i] : 0;
        const size_t at = i < count ? pm_cell_children(word) : whole_end;
        if (i < count && ((word & 3) != PM_CELL_INNER || at <= begin || at >= whole_end))
            continue;
        if (last != SIZE_MAX && at - begin > most) {
            most = at - begin;
            best = last;
            *first = begin;
            best_end = at;
        }
        last = i;
        begin = at;
    }
    *end = best_end;
    return most > 0 ? best : SIZE_MAX;
}

void pm_tree_find_hub(pm_tree *tree) {
    uint32_t word = tree->root;
    size_t first = 0, end = tree->table_words;
    int used = 0;
    uint64_t x = 0, y = 0;
    tree->hub = word;
    tree->hub_bits = 0;
    tree->hub_x = tree->hub_y = 0;
    while ((word & 3) == PM_CELL_INNER && pm_cell_bits(word) <= MOST_BITS) {
        const int bits = pm_cell_bits(word);
        const size_t from = pm_cell_children(word), count = (size_t)1 << 2 * bits;
        const size_t all = end - first - count;
        if (from != first || count >= end - first || used + bits > PM_FIXED_BITS - PM_STEP_BITS)
            return;
        const size_t child = largest_child(tree->tables, from, count, &first, &end);
        if (child == SIZE_MAX || end - first < all - all / NEARLY)
            return;
        used += bits;
        x |= (uint64_t)(child & (((size_t)1 << bits) - 1)) << (64 - used);
        y |= (uint64_t)(child >> bits) << (64 - used);
        word = tree->tables[from + child];
        tree->hub = word;
        tree->hub_bits = used;
        tree->hub_x = x;
        tree->hub_y = y;
    }
}
