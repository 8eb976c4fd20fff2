/* join.h — tables of 8 x 8 words become larger ones where most of their cells are cut again. See join.c. */
#ifndef PM_JOIN_H
#define PM_JOIN_H

#include "tree.h"

/* The words of tables of 8 x 8 below `root`, joined where one in `fraction` of a table's cells is cut again, and in
 * fewer places where they would be more than `most` words. Sets the tree's root and tables, a new array. PM_OK or
 * PM_ERR_NO_MEMORY. */
pm_status pm_join_tables(pm_tree *tree, const uint32_t *tables, uint32_t root, size_t fraction, size_t most,
                         const pm_allocator *allocator);

#endif
