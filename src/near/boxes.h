/* boxes.h — which of these boxes hold a point? See boxes.c. */
#ifndef PM_BOXES_H
#define PM_BOXES_H

#include "base/poll.h"
#include "near/packed.h"
#include "scan/polygons.h"

/* Boxes by number, flat or in a tree. */
typedef struct pm_boxes {
    void *memory;
    const int16_t *grid;     /* flat: sixteen min x, min y, max x, max y, and so on; NULL: a tree */
    size_t groups;           /* of sixteen */
    pm_isa isa;              /* that they are looked through with */
    double corner[2], scale; /* of the grid; the corner is the origin of the tree, too */
    pm_packed tree;
    const uint32_t *numbers; /* of the boxes in the tree */
} pm_boxes;

/* Called with each box that may hold the point. */
typedef void pm_box_take(void *context, size_t box);

/* Arrange boxes for searches. Those that are empty or NaN hold nothing. `boxes` has to be freed, also after a
 * failure. PM_OK, PM_ERR_NO_MEMORY, PM_ERR_STOPPED or PM_ERR_ARGUMENT, when they are too many for a tree. */
pm_status pm_boxes_build(pm_boxes *boxes, const pm_box *sides, size_t count, int as_tree, pm_poll *poll,
                         const pm_allocator *allocator);

void pm_boxes_free(pm_boxes *boxes, const pm_allocator *allocator);

/* Every box that holds a finite point is given to `take`, and some that don't, in any order. */
void pm_boxes_visit(const pm_boxes *boxes, double x, double y, pm_box_take *take, void *context);

#endif
