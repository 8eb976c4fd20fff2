/* paint_polygons.h — the edges of parts on their way down a tree: paint_polygons.c hands them to cells,
 * polygon_draft.c makes leaves of them. */
#ifndef PM_PAINT_POLYGONS_H
#define PM_PAINT_POLYGONS_H

#include "base/exact.h"
#include "paint.h"

/* Edges first .. first + count - 1, an edge by its first vertex. */
typedef struct pm_run {
    uint32_t first, count;
} pm_run;

/* An edge's mapped ends. */
typedef struct pm_edge {
    double ax, ay, bx, by;
} pm_edge;

static inline pm_edge pm_map_edge(const pm_painter *p, uint32_t first) {
    const double *v = p->polygons->vertices + 2 * (size_t)first;
    return (pm_edge){(v[0] - p->min_x) * p->scale, (v[1] - p->min_y) * p->scale, (v[2] - p->min_x) * p->scale,
                     (v[3] - p->min_y) * p->scale};
}

/* Is a place left of the edge, when on its line it counts as a little to the right and by much less above? */
static inline int pm_is_left(const pm_edge *e, double x, double y) {
    int side = pm_orientation(e->ax, e->ay, e->bx, e->by, x, y);
    return side > 0 || (side == 0 && (e->by < e->ay || (e->by == e->ay && e->bx > e->ax)));
}

/* What pm_painter calls to write a leaf. */
int pm_polygon_draft(pm_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word);

#endif
