/* patches.h — a tree painted in parts, each by itself. See patches.c. */
#ifndef PM_PATCHES_H
#define PM_PATCHES_H

#include "base/runner.h"
#include "paint.h"

typedef struct pm_patches {
    pm_painter *painter;
    size_t painter_size; /* of the struct around it */
    const pm_runner *runner;
    int (*write_leaf)(pm_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word);
    double patch_share;                /* of the work, at most: a larger cell is cut */
    pm_stack patches, shapes, details; /* what each patch is painted from */
    pm_stack tasks, order, starts;     /* neighbouring patches; which tasks come first; where their arrays go */
    size_t top_count;                  /* words in the painter's tables above the patches */
    uint32_t root;
    size_t sampled; /* this many tasks in `order` are a sample of all */
    size_t begin;   /* the first task in `order` of those that run now */
    double part;    /* of the limits, which a task that runs now may take */
} pm_patches;

/* Cut the root cell of the shapes on the painter's stack into patches. 0, and nothing to paint, where its limit on
 * work or its status ends that. */
int pm_patches_cut(pm_patches *set, pm_painter *painter, size_t painter_size, const pm_runner *runner);

/* Paint all patches as the painter is set now, and make one tree of them; tree->tables stays NULL where limits end
 * it. The same bytes for every runner. */
void pm_patches_paint(pm_patches *set, pm_tree *tree);

void pm_patches_release(pm_patches *set);

#endif
