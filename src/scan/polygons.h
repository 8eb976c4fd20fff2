/* polygons.h — the regions in rank order, and the test whether one covers a point. See polygons.c. */
#ifndef PM_POLYGONS_H
#define PM_POLYGONS_H

#include "base/poll.h"
#include "base/turn.h"
#include "vertices.h"

typedef struct pm_box {
    double min_x, min_y, max_x, max_y;
} pm_box;

/* All arrays in rank order, nested as the input: regions -> polygons -> rings -> vertices. */
typedef struct pm_polygon_table {
    size_t count;              /* regions */
    pm_box *boxes;             /* of each region, empty where it is; the polygon_boxes where each has one polygon */
    uint32_t *polygon_offsets; /* count + 1 positions in the polygons */
    pm_box *polygon_boxes;
    uint32_t *ring_offsets;   /* polygons + 1 positions in the rings */
    uint32_t *vertex_offsets; /* rings + 1 positions in the vertices */
    double *vertices;         /* x y each; every ring closed, so ring vertices begin .. end - 1 start its edges */
    double *spans;            /* min y, max y of the edges that start at each PM_SPAN vertices */
    uint8_t *kinds; /* of each polygon, a pm_part; NULL: all are polygons. Lines are not closed, points are */
    const pm_vertices *compact; /* NULL, or the vertices: then boxes, vertices and spans are NULL */
} pm_polygon_table;

enum { PM_SPAN = 64 };

/* How many items pm_polygons_append() writes for all regions, in any order. */
typedef struct pm_polygon_sizes {
    size_t polygons, rings, vertices;
    size_t boxes; /* 0 where each region has one polygon, whose box is the region's */
    size_t kinds; /* 0 where all are polygons */
} pm_polygon_sizes;

/* Not complete when the poll said stop. */
pm_polygon_sizes pm_polygons_measure(const pm_regions *regions, pm_poll *poll);

/* Append region `region` of the input as the next in rank; table->count and the offsets grow. `room` is the number
 * of vertices that were measured. 0 when it doesn't suffice: a ring that was closed no longer is. */
int pm_polygons_append(pm_polygon_table *table, const pm_regions *regions, size_t region, size_t room);

/* Compute the spans, when all regions are appended. */
void pm_polygons_seal(pm_polygon_table *table);

/* Are boxes and edges looked through before a table of cells is read? */
int pm_polygons_are_few(const pm_polygon_table *table);

/* The box of all regions; min > max where all are empty. */
pm_box pm_polygons_box(const pm_polygon_table *table);

/* Has it an inside? */
static inline int pm_polygon_is_surface(const pm_polygon_table *table, size_t polygon) {
    return !table->kinds || table->kinds[polygon] == PM_PART_POLYGON;
}

/* Where a point is to edges: a ray crosses them an even or an odd number of times, or it lies on one. */
enum { PM_OUTSIDE = 0, PM_INSIDE = 1, PM_BOUNDARY = 2 };

/* The edges between the vertices from `vertex` to `last`. */
int pm_edges_side(const double *vertex, const double *last, const pm_exact_point *p);

/* The edges between vertices `begin` to `last`, passing over those whose spans don't reach the point. */
int pm_ring_side(const double *vertices, size_t begin, size_t last, const double *spans, const pm_exact_point *p);

/* Does this polygon cover the point? A line and a point do where they are. */
int pm_polygon_covers(const pm_polygon_table *table, size_t polygon, const pm_exact_point *p);

/* The first region in rank order that covers the point, or count. */
size_t pm_polygons_find(const pm_polygon_table *table, const pm_exact_point *p);

#endif
