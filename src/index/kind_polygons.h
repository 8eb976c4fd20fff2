/* kind_polygons.h — the kind of index that answers covers. See kind_polygons.c. */
#ifndef PM_KIND_POLYGONS_H
#define PM_KIND_POLYGONS_H

#include "kind.h"
#include "scan/polygons.h"

typedef struct pm_polygon_view {
    pm_polygon_table table;
    const uint32_t *ids; /* rank -> position in the input */
    pm_tree tree;        /* of polygons, without lines and points */
} pm_polygon_view;

extern const pm_kind pm_kind_polygons;
extern const pm_tree_sections pm_polygon_tree;

#endif
