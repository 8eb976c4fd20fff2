/* check.h — can every search of a tree be trusted to end and to stay inside? See check.c. */
#ifndef PM_CHECK_H
#define PM_CHECK_H

#include "tree.h"

/* A tree under test. */
typedef struct pm_check {
    const pm_tree *tree;
    const void *shapes; /* what its leaves speak of: as for the leaf kernel */
    size_t count;       /* regions: an answer is at most that */
    uint8_t *used;      /* fixed bits used at each 64 words of the tables, + 1; 0 where no word leads */
    uint8_t *starts;    /* of leaves: bits, one for two units */
} pm_check;

/* Can the leaves be searched, wherever one of them starts? Calls pm_check_leaf_start() for each. At least the last
 * PM_LEAF_SLACK units are there. */
typedef int pm_leaves_check(const pm_check *check);

static inline void pm_check_leaf_start(const pm_check *check, size_t at) {
    check->starts[at >> 4] = (uint8_t)(check->starts[at >> 4] | 1 << (at >> 1 & 7));
}

/* For bytes that come from elsewhere. A tree that doesn't exist is right. PM_OK, PM_ERR_BLOCK or PM_ERR_NO_MEMORY. */
pm_status pm_tree_check(const pm_tree *tree, pm_leaves_check *leaves_are_right, const void *shapes, size_t count,
                        const pm_allocator *allocator, pm_error *err);

#endif
