/* kind_compact.h — the kind of compact index that answers covers. See kind_compact.c and compact.c. */
#ifndef PM_KIND_COMPACT_H
#define PM_KIND_COMPACT_H

#include "index.h"
#include "kind_polygons.h"

typedef struct pm_compact_view {
    pm_polygon_view polygons; /* whose table reads the vertices below */
    pm_vertices vertices;
} pm_compact_view;

/* The first bytes of the section of vertices; entries and words follow, each at a multiple of 8. */
typedef struct pm_compact_head {
    uint64_t vertex_count, word_count;
    pm_grid grid;
} pm_compact_head;

/* Of the section; the numbers in the head are small. */
uint64_t pm_compact_size(const pm_compact_head *head);

extern const pm_kind pm_kind_compact;

/* Bytes that the tree of an index of so many vertices and regions should take, if the index becomes compact. */
size_t pm_compact_tree_goal(size_t vertices, size_t regions);

/* Replace an index of polygons by a compact one with the same answers. It is kept where this fails. PM_OK,
 * PM_ERR_NO_MEMORY, PM_ERR_STOPPED, PM_ERR_SIZE, or PM_ERR_ARGUMENT for too many vertices. */
pm_status pm_index_compact(pm_index **index, const pm_options *options, pm_poll *poll, pm_error *err);

#endif
