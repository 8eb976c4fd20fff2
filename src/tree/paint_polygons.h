/* paint_polygons.h — the tree of a table of polygons: paint_polygons.c distributes their edges to cells,
 * polygon_draft.c makes leaves of them. */
#ifndef PM_PAINT_POLYGONS_H
#define PM_PAINT_POLYGONS_H

#include "base/exact.h"
#include "base/runner.h"
#include "paint.h"
#include "scan/polygons.h"

/* What a tree is built for. */
typedef struct pm_tree_aim {
    size_t size_goal;      /* bytes: a larger one has the largest leaves */
    size_t size_limit;     /* bytes, at most */
    int is_brief;          /* few points will come: leaves that take less time to make */
    const pm_points *only; /* these will come: cells that hold none of them are left out; NULL: any */
    const pm_box *squares; /* no points are beside these: what is drawn there is left out; without any, none is */
    size_t square_count;
} pm_tree_aim;

/* Paint the polygons of a table whose rank r is the region at ids[r] of the input. Lines and points are left out.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where one can't pay: extents are
 * out of range, or so many borders are in one place that cells would outgrow the limit or work linear in the
 * vertices. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. Parts are painted as tasks of the runner. */
pm_status pm_tree_build_polygons(pm_tree *tree, const pm_polygon_table *polygons, const uint32_t *ids,
                                 const pm_tree_aim *aim, pm_poll *poll, const pm_runner *runner,
                                 const pm_allocator *allocator);

/* ---- between the two files ---- */

typedef struct pm_polygon_painter {
    pm_painter base; /* its details are pm_run */
    const pm_polygon_table *polygons;
    double min_x, min_y, scale; /* coordinates -> [0, 1) */
    const pm_box *squares;      /* in coordinates; with none, points may be anywhere */
    size_t square_count;
    const pm_box *stretches; /* the mapped box of each stretch of edges */
    size_t max_leaf_edges;   /* a leaf may be made of */
    int max_leaf_polygons, max_leaf_vertices;
    int max_leaf_aside;        /* steps from a vertex to what is drawn for it */
    size_t max_whole_vertices; /* of a polygon that is decided as a whole */
    int max_exact_polygons;    /* in a leaf that can't be drawn, so that all of them are decided exactly */
} pm_polygon_painter;

/* Edges first .. first + count - 1, an edge by its first vertex. */
typedef struct pm_run {
    uint32_t first, count;
} pm_run;

/* An edge's mapped ends. */
typedef struct pm_edge {
    double ax, ay, bx, by;
} pm_edge;

static inline pm_edge pm_map_edge(const pm_polygon_painter *p, uint32_t first) {
    const double *v = p->polygons->vertices + 2 * (size_t)first;
    return (pm_edge){(v[0] - p->min_x) * p->scale, (v[1] - p->min_y) * p->scale, (v[2] - p->min_x) * p->scale,
                     (v[3] - p->min_y) * p->scale};
}

/* Is a place left of the edge, when on its line it counts as a little to the right and by much less above? */
static inline int pm_is_left(const pm_edge *e, double x, double y) {
    int side = pm_orientation(e->ax, e->ay, e->bx, e->by, x, y);
    return side > 0 || (side == 0 && (e->by < e->ay || (e->by == e->ay && e->bx > e->ax)));
}

/* The painter's move_leaves(). */
void pm_polygon_move_leaves(uint32_t *leaves, size_t count, uint32_t first);

/* The painter's write_leaf(). */
int pm_polygon_draft(pm_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word);

#endif
