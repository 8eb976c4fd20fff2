/* root.h — the square that a tree of polygons cuts. See root.c. */
#ifndef PM_ROOT_H
#define PM_ROOT_H

#include "scan/polygons.h"
#include "tree.h"

/* Set the map of the tree; 0 where doubles can't have one. O(polygons), allocates nothing. */
int pm_root_choose(pm_tree *tree, const pm_polygon_table *polygons);

#endif
