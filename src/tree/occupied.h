/* occupied.h — which cells hold a point? See occupied.c. */
#ifndef PM_OCCUPIED_H
#define PM_OCCUPIED_H

#include "paint.h"

enum { PM_OCCUPIED_LEVELS = 4 };

typedef struct pm_occupied {
    uint64_t *words; /* of all levels; NULL: nothing is known */
    int bits;        /* of a fixed coordinate that number the cell around all points: three for each table above it */
    uint64_t x, y;   /* its numbers */
    int levels;      /* below that cell; level k has 8^k x 8^k cells, one bit each */
    size_t starts[PM_OCCUPIED_LEVELS + 1]; /* of the levels in `words`; the first is level 1 */
} pm_occupied;

/* Mark the cells of a tree's map that hold one of these points. PM_OK or PM_ERR_NO_MEMORY; pm_occupied_free() in any
 * case. */
pm_status pm_occupied_mark(pm_occupied *o, const pm_tree *map, const pm_points *points,
                           const pm_allocator *allocator);

void pm_occupied_free(pm_occupied *o, const pm_allocator *allocator);

/* Which of the side x side children of a cell surely hold no point: bit 8 * row + column. The side is 8, where the
 * cell has a table of its own, or less. */
uint64_t pm_occupied_none(const pm_occupied *o, const pm_cell *cell, int side);

#endif
