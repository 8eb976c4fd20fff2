/* polygons.c — does this region cover this point?
 *
 * A polygon covers the points on any edge of any of its rings, and those from which a ray crosses its rings, all
 * together, an odd number of times. So holes need no case of their own, and every ring has an answer, valid or not.
 * The ray runs towards greater x; an edge counts when one end is above the ray's line and the other is not, so a
 * vertex on the line is counted once. Only edges whose box contains the point need arithmetic: the exact orientation.
 * A line or a point covers what is on its edges, and nothing has to be counted; a point is an edge between two equal
 * vertices.
 *
 * Regions are sorted best first, with their boxes in one array. The search compares the point with the boxes in rank
 * order, and with edges only where the box contains it; 64 edges are skipped at once when the point's y is outside
 * their span. The first region that covers the point is the answer. O(regions + edges of the boxes that contain the
 * point) per point: the reference engine, right by inspection. The tree is compared with it, and calls it where
 * rounding can't decide. */
#include "base/strict.h"

#include "polygons.h"

#include <math.h>

#include "input/regions.h"

enum { FEW_VERTICES = 200 };

static const pm_box EMPTY = {INFINITY, INFINITY, -INFINITY, -INFINITY};

static void box_add(pm_box *box, double x, double y) {
    box->min_x = x < box->min_x ? x : box->min_x;
    box->min_y = y < box->min_y ? y : box->min_y;
    box->max_x = x > box->max_x ? x : box->max_x;
    box->max_y = y > box->max_y ? y : box->max_y;
}

static inline int box_contains(const pm_box *box, const pm_exact_point *p) {
    return (box->min_x <= p->low) & (p->high <= box->max_x) & (box->min_y <= p->y) & (p->y <= box->max_y);
}

/* How many vertices these are once stored: a ring is closed, a line is not, but one of a single vertex becomes an
 * edge, as points do. */
static size_t stored_vertices(const pm_regions *regions, size_t polygon, pm_range v) {
    const size_t count = v.end - v.begin;
    return count + (count == 1 || (count > 0 && pm_is_polygon(regions, polygon)));
}

/* Empty rings and polygons are dropped. */
pm_polygon_sizes pm_polygons_measure(const pm_regions *regions, pm_poll *poll) {
    pm_polygon_sizes sizes = {0, 0, 0, 0, 0};
    int are_polygons = 1;
    for (size_t region = 0; region < pm_regions_count(regions) && !pm_poll_after(poll, 1); region++) {
        pm_range polygons = pm_region_polygons(regions, region);
        size_t before_region = sizes.polygons;
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
            pm_range rings = pm_polygon_rings(regions, polygon);
            size_t before = sizes.rings;
            for (size_t ring = rings.begin; ring < rings.end; ring++) {
                size_t count = stored_vertices(regions, polygon, pm_ring_distinct(regions, polygon, ring));
                sizes.rings += count > 0;
                sizes.vertices += count;
            }
            sizes.polygons += sizes.rings > before;
            are_polygons &= sizes.rings == before || pm_is_polygon(regions, polygon);
        }
        if (sizes.polygons != before_region + 1)
            sizes.boxes = pm_regions_count(regions);
    }
    sizes.kinds = are_polygons ? 0 : sizes.polygons;
    return sizes;
}

/* `stored` vertices: `count`, and the first one again. */
static void append_ring(pm_polygon_table *table, size_t ring, const double *xy, size_t count, size_t stored,
                        pm_box *box) {
    size_t at = table->vertex_offsets[ring];
    for (size_t i = 0; i < stored; i++, at++) {
        const double *vertex = xy + 2 * (i < count ? i : 0);
        table->vertices[2 * at] = vertex[0];
        table->vertices[2 * at + 1] = vertex[1];
        box_add(box, vertex[0], vertex[1]);
    }
    table->vertex_offsets[ring + 1] = (uint32_t)at;
}

int pm_polygons_append(pm_polygon_table *table, const pm_regions *regions, size_t region, size_t room) {
    size_t rank = table->count++;
    uint32_t out = table->polygon_offsets[rank];
    pm_box box = EMPTY;
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        uint32_t ring_out = table->ring_offsets[out];
        pm_box polygon_box = EMPTY;
        pm_range rings = pm_polygon_rings(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            pm_range v = pm_ring_distinct(regions, polygon, ring);
            const size_t stored = stored_vertices(regions, polygon, v);
            if (v.end == v.begin)
                continue;
            if (stored > room - table->vertex_offsets[ring_out])
                return 0;
            append_ring(table, ring_out++, regions->coords + 2 * v.begin, v.end - v.begin, stored, &polygon_box);
        }
        if (ring_out == table->ring_offsets[out])
            continue;
        box_add(&box, polygon_box.min_x, polygon_box.min_y);
        box_add(&box, polygon_box.max_x, polygon_box.max_y);
        if (table->kinds) /* those of the caller may have changed to anything */
            table->kinds[out] = pm_is_polygon(regions, polygon)            ? PM_PART_POLYGON
                                : regions->kinds[polygon] == PM_PART_POINT ? PM_PART_POINT
                                                                           : PM_PART_LINE;
        table->polygon_boxes[out++] = polygon_box;
        table->ring_offsets[out] = ring_out;
    }
    table->boxes[rank] = box;
    table->polygon_offsets[rank + 1] = out;
    return 1;
}

int pm_polygons_are_few(const pm_polygon_table *table) {
    return table->vertex_offsets[table->ring_offsets[table->polygon_offsets[table->count]]] < FEW_VERTICES;
}

pm_box pm_polygons_box(const pm_polygon_table *table) {
    pm_box all = EMPTY;
    for (size_t rank = 0; rank < table->count; rank++) {
        const pm_box *box = &table->boxes[rank];
        if (!(box->min_x <= box->max_x))
            continue; /* an empty region's */
        box_add(&all, box->min_x, box->min_y);
        box_add(&all, box->max_x, box->max_y);
    }
    return all;
}

void pm_polygons_seal(pm_polygon_table *table) {
    size_t count = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[table->count]]];
    for (size_t begin = 0; begin < count; begin += PM_SPAN) {
        pm_box box = EMPTY;
        for (size_t i = begin; i <= begin + PM_SPAN && i < count; i++)
            box_add(&box, 0, table->vertices[2 * i + 1]);
        table->spans[2 * (begin / PM_SPAN)] = box.min_y;
        table->spans[2 * (begin / PM_SPAN) + 1] = box.max_y;
    }
}

int pm_edges_side(const double *vertex, const double *last, const pm_exact_point *p) {
    const double low = p->low, high = p->high, y = p->y;
    int parity = PM_OUTSIDE;
    for (; vertex < last; vertex += 2) {
        double ax = vertex[0], ay = vertex[1], bx = vertex[2], by = vertex[3];
        if (((ay > y) & (by > y)) | ((ay < y) & (by < y)))
            continue;
        if ((ax < high) & (bx < high))
            continue;
        int crosses = (ay > y) != (by > y);
        if ((ax > low) & (bx > low)) {
            parity ^= crosses;
            continue;
        }
        int side = pm_point_side(ax, ay, bx, by, p);
        if (side == 0)
            return PM_BOUNDARY; /* on the edge's line and in its box */
        parity ^= crosses & ((side > 0) == (by > ay));
    }
    return parity;
}

int pm_ring_side(const double *vertices, size_t begin, size_t last, const double *spans, const pm_exact_point *p) {
    int parity = PM_OUTSIDE;
    for (size_t at = begin, next; at < last; at = next) {
        size_t span = at / PM_SPAN;
        next = (span + 1) * PM_SPAN < last ? (span + 1) * PM_SPAN : last;
        if (p->y < spans[2 * span] || p->y > spans[2 * span + 1])
            continue;
        int side = pm_edges_side(vertices + 2 * at, vertices + 2 * next, p);
        if (side == PM_BOUNDARY)
            return PM_BOUNDARY;
        parity ^= side;
    }
    return parity;
}

/* The same where vertices are compact, without boxes and spans. */
PM_COMPACT_ONLY static int compact_covers(const pm_polygon_table *table, size_t polygon, const pm_exact_point *p) {
    double edges[2 * PM_SPAN + 2];
    int parity = PM_OUTSIDE;
    for (size_t ring = table->ring_offsets[polygon]; ring < table->ring_offsets[polygon + 1]; ring++) {
        const size_t last = (size_t)table->vertex_offsets[ring + 1] - 1;
        for (size_t at = table->vertex_offsets[ring], some; at < last; at += some) {
            some = last - at < PM_SPAN ? last - at : PM_SPAN;
            pm_vertices_read(table->compact, at, some + 1, edges);
            int side = pm_edges_side(edges, edges + 2 * some, p);
            if (side == PM_BOUNDARY)
                return 1;
            parity ^= side;
        }
    }
    return parity == PM_INSIDE;
}

static inline int plain_covers(const pm_polygon_table *table, size_t polygon, const pm_exact_point *p) {
    int parity = PM_OUTSIDE;
    if (!box_contains(&table->polygon_boxes[polygon], p))
        return 0;
    for (size_t ring = table->ring_offsets[polygon]; ring < table->ring_offsets[polygon + 1]; ring++) {
        int side = pm_ring_side(table->vertices, table->vertex_offsets[ring],
                                (size_t)table->vertex_offsets[ring + 1] - 1, table->spans, p);
        if (side == PM_BOUNDARY)
            return 1;
        parity ^= side;
    }
    return parity == PM_INSIDE && pm_polygon_is_surface(table, polygon);
}

int pm_polygon_covers(const pm_polygon_table *table, size_t polygon, const pm_exact_point *p) {
    return table->compact ? compact_covers(table, polygon, p) : plain_covers(table, polygon, p);
}

PM_COMPACT_ONLY static size_t compact_find(const pm_polygon_table *table, const pm_exact_point *p) {
    for (size_t rank = 0; rank < table->count; rank++)
        for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
            if (compact_covers(table, polygon, p))
                return rank;
    return table->count;
}

size_t pm_polygons_find(const pm_polygon_table *table, const pm_exact_point *p) {
    if (table->compact)
        return compact_find(table, p);
    for (size_t rank = 0; rank < table->count; rank++) {
        if (!box_contains(&table->boxes[rank], p))
            continue;
        for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
            if (plain_covers(table, polygon, p))
                return rank;
    }
    return table->count;
}
