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

/* Do all offsets of a table from elsewhere grow, end where the next level ends, and leave no ring without an edge? */
int pm_polygon_offsets_are_right(const pm_polygon_table *table, size_t polygons, size_t rings, size_t vertices);
extern const pm_tree_sections pm_polygon_tree;

/* The first `most` regions that cover a place, in rank order, and maybe more, by what the kind keeps beside the view.
 * 0 when memory runs out. */
int pm_polygons_covering(const pm_polygon_view *view, const pm_beside *beside, double x, double y, size_t most,
                         pm_ranks *ranks);

#endif
