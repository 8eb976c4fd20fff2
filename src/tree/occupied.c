/* occupied.c — which cells hold a point?
 *
 * An index that is built for points that are known needs no cells where none of them is. One bit for each cell of a
 * grid says whether a point is there; the bits of 8 x 8 cells are a word, as their own words are a table of the tree,
 * and a bit one level up says whether any of them is set. So the painter closes children that nothing will ask for
 * with one look at a word. The grid has some 16 cells for a point, up to 4096 x 4096, in the smallest cell of the
 * tree that has all the points. */
#include "base/strict.h"

#include "occupied.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "scan/scan.h"

enum { CELLS_PER_POINT = 16, LEVEL_BITS = 3 };

/* The words of a level: one for each cell of the level above. */
static size_t words_of_level(int level) {
    return (size_t)1 << (2 * LEVEL_BITS * (level - 1));
}

/* The fixed coordinates of a point; 0 where it is not in the root. */
static inline int locate_point(const pm_tree *map, const pm_points *points, size_t i, uint64_t *x, uint64_t *y) {
    const double px = pm_load(points->x, points->x_stride, i), py = pm_load(points->y, points->y_stride, i);
    if (!pm_is_in_root(px, map->min_x, map->scale) || !pm_is_in_root(py, map->min_y, map->scale))
        return 0;
    *x = pm_fixed(px, map->min_x, map->scale);
    *y = pm_fixed(py, map->min_y, map->scale);
    return 1;
}

/* Find the cell around all points. Returns how many are in the root. */
static size_t find_common_cell(pm_occupied *o, const pm_tree *map, const pm_points *points) {
    uint64_t x, y, first_x = 0, first_y = 0, differ = 0;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (!locate_point(map, points, i, &x, &y))
            continue;
        if (count++ == 0) {
            first_x = x;
            first_y = y;
        }
        differ |= (x ^ first_x) | (y ^ first_y);
    }
    while (o->bits < PM_DEEPEST && differ >> (64 - LEVEL_BITS - o->bits) == 0)
        o->bits += LEVEL_BITS;
    o->x = first_x >> 1 >> (63 - o->bits);
    o->y = first_y >> 1 >> (63 - o->bits);
    return count;
}

static void mark_points(pm_occupied *o, const pm_tree *map, const pm_points *points) {
    uint64_t x, y, *words = o->words + o->starts[o->levels - 1];
    const int tile_bits = LEVEL_BITS * (o->levels - 1), all_bits = o->bits + tile_bits + LEVEL_BITS;
    const uint64_t tile_mask = (UINT64_C(1) << tile_bits) - 1;
    for (size_t i = 0; i < points->count; i++) {
        if (!locate_point(map, points, i, &x, &y))
            continue;
        x >>= 64 - all_bits;
        y >>= 64 - all_bits;
        words[(y >> LEVEL_BITS & tile_mask) << tile_bits | (x >> LEVEL_BITS & tile_mask)] |=
            UINT64_C(1) << ((y & 7) << 3 | (x & 7));
    }
}

/* The bits of a level say which words below have any. */
static void fill_level(pm_occupied *o, int level) {
    uint64_t *words = o->words + o->starts[level - 1];
    const uint64_t *below = o->words + o->starts[level];
    const size_t bits = (size_t)(LEVEL_BITS * level), side = (size_t)1 << bits;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            words[y >> 3 << (bits - LEVEL_BITS) | x >> 3] |= (uint64_t)(below[y << bits | x] != 0)
                                                             << ((y & 7) << 3 | (x & 7));
}

pm_status pm_occupied_mark(pm_occupied *o, const pm_tree *map, const pm_points *points,
                           const pm_allocator *allocator) {
    size_t words = 0;
    *o = (pm_occupied){.words = NULL};
    const size_t count = find_common_cell(o, map, points);
    do {
        words += words_of_level(++o->levels);
        o->starts[o->levels] = words;
    } while (o->levels < PM_OCCUPIED_LEVELS && words_of_level(o->levels + 1) / CELLS_PER_POINT < count);
    o->words = pm_allocate(allocator, words * sizeof *o->words);
    if (!o->words)
        return PM_ERR_NO_MEMORY;
    memset(o->words, 0, words * sizeof *o->words);
    mark_points(o, map, points);
    for (int level = o->levels - 1; level > 0; level--)
        fill_level(o, level);
    return PM_OK;
}

void pm_occupied_free(pm_occupied *o, const pm_allocator *allocator) {
    pm_release(allocator, o->words);
}

uint64_t pm_occupied_none(const pm_occupied *o, const pm_cell *cell, int side) {
    const int child_bits = cell->bits + pm_lowest_bit((uint64_t)side), below = cell->bits - o->bits;
    const uint64_t x = (uint64_t)ldexp(cell->x, cell->bits), y = (uint64_t)ldexp(cell->y, cell->bits);
    if (below < 0) { /* one child at most has the cell around all points */
        const uint64_t at_x = o->x >> (o->bits - child_bits), at_y = o->y >> (o->bits - child_bits);
        const uint64_t column = at_x - x * (uint64_t)side, row = at_y - y * (uint64_t)side;
        return column < (uint64_t)side && row < (uint64_t)side ? ~(UINT64_C(1) << (8 * row + column)) : UINT64_MAX;
    }
    if (x >> below != o->x || y >> below != o->y)
        return UINT64_MAX;
    const int level = below / LEVEL_BITS + 1, part = below % LEVEL_BITS; /* the cell is a part of this level's tile */
    if (level > o->levels)
        return 0;
    const int tile_bits = below - part;
    const uint64_t mask = (UINT64_C(1) << tile_bits) - 1;
    const uint64_t word =
        o->words[o->starts[level - 1] + (size_t)((y >> part & mask) << tile_bits | (x >> part & mask))];
    if (side == 8)
        return ~word;
    const int width = 8 >> (part + pm_lowest_bit((uint64_t)side)); /* of a child, in bits */
    const int left = (int)(x << (LEVEL_BITS - part) & 7), low = (int)(y << (LEVEL_BITS - part) & 7);
    uint64_t square = 0, none = 0;
    for (int row = 0; row < width; row++)
        square |= ((UINT64_C(1) << width) - 1) << 8 * row;
    for (int row = 0; row < side; row++)
        for (int column = 0; column < side; column++)
            if (!(word >> (8 * (low + width * row) + left + width * column) & square))
                none |= UINT64_C(1) << (8 * row + column);
    return none;
}
