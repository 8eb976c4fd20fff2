/* walk.h — points on their way down a tree, a few hundred at a time. See walk.c. */
#ifndef PM_WALK_H
#define PM_WALK_H

#include "base/simd.h"
#include "base/turn.h"
#include "tree.h"

enum { PM_BATCH = 256 };

typedef struct pm_batch {
    double x[PM_BATCH], y[PM_BATCH];
    uint64_t fixed_x[PM_BATCH], fixed_y[PM_BATCH];    /* as pm_fixed() gives them */
    uint32_t word[PM_BATCH];                          /* of the cell that was reached last */
    uint8_t used[PM_BATCH];                           /* bits of the fixed coordinates that number it */
    uint32_t list[PM_BATCH + 8], other[PM_BATCH + 8]; /* points; room to store whole vectors */
    int64_t *out;
    const pm_turns *turns; /* NULL, or of these points */
    pm_isa isa;
} pm_batch;

/* Give out[i] its answer for the first `count` points i of batch->list; word[i] is a leaf. `other` is free
 * to use. `context` is what the leaves refer to. */
typedef void pm_leaf_kernel(const pm_tree *tree, const void *context, pm_batch *batch, size_t count);

/* What exact decisions about point i are made of. */
static inline pm_exact_point pm_batch_point(const pm_batch *b, uint32_t i) {
    return b->turns ? pm_turned_point(b->turns, i, b->x[i], b->y[i]) : pm_point(b->x[i], b->y[i]);
}

/* One answer per point. Points that are outside of the root cell or not finite have no match. `turns` as in
 * kind.h. */
void pm_tree_match(const pm_tree *tree, const pm_points *points, const pm_turns *turns, int64_t *out,
                   pm_leaf_kernel *kernel, const void *context, pm_isa isa);

#endif
