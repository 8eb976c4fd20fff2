/* hard_maps.c: where does a map of answers go wrong, if anywhere?
 *
 * Mistakes live where edges, vertices and corners of cells meet, at the precision where cells end, and where many
 * borders crowd. The regions here are built for those places: grids of every spacing, with extents that put the lines
 * between cells onto edges; edges through corners of cells; slivers, spikes, nested rings, copies, crowds; all of
 * them moved and scaled, as far as doubles go. Points are on vertices, edges and corners of cells, and a unit in the
 * last place beside. */
#include "hard_maps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void clear(map *m) {
    m->vertex_count = m->ring_count = m->polygon_count = m->geom_count = 0;
    m->rings[0] = m->polygons[0] = m->geoms[0] = 0;
}

void vertex(map *m, double x, double y) {
    if (m->vertex_count == MOST_VERTICES)
        abort();
    m->coords[2 * m->vertex_count] = x;
    m->coords[2 * m->vertex_count++ + 1] = y;
}

static void end_ring(map *m) {
    if (m->ring_count == MOST_RINGS)
        abort();
    m->rings[++m->ring_count] = (int64_t)m->vertex_count;
}

static void end_polygon(map *m) {
    m->polygons[++m->polygon_count] = (int64_t)m->ring_count;
}

static void end_region(map *m) {
    m->geoms[++m->geom_count] = (int64_t)m->polygon_count;
}

void end_simple(map *m) {
    end_ring(m);
    end_polygon(m);
    end_region(m);
}

void rectangle(map *m, double x, double y, double width, double height) {
    vertex(m, x, y);
    vertex(m, x + width, y);
    vertex(m, x + width, y + height);
    vertex(m, x, y + height);
}

void circle(map *m, double x, double y, double radius, size_t vertices) {
    for (size_t i = 0; i < vertices; i++) {
        double turn = 6.283185307179586 * (double)i / (double)vertices;
        vertex(m, x + radius * cos(turn), y + radius * sin(turn));
    }
}

pm_regions map_regions(const map *m) {
    return (pm_regions){.coords = m->coords,
                        .coord_count = m->vertex_count,
                        .ring_offsets = m->rings,
                        .ring_count = m->ring_count,
                        .polygon_offsets = m->polygons,
                        .polygon_count = m->polygon_count,
                        .geom_offsets = m->geoms,
                        .geom_count = m->geom_count};
}

frame frame_of(const map *m) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < 2 * m->vertex_count; i++) {
        low[i % 2] = fmin(low[i % 2], m->coords[i]);
        high[i % 2] = fmax(high[i % 2], m->coords[i]);
    }
    double extent = fmax(high[0] - low[0], high[1] - low[1]);
    return (frame){low[0] - extent * 0.00137, low[1] - extent * 0.00171, extent * 1.0041};
}

/* A corner of a cell, or a place on a line between cells, of any depth. */
static void cell_corner(const frame *f, rng *r, double p[2]) {
    double cells = ldexp(1, 3 * (int)(rng_below(r, 10) + 1));
    p[0] = f->min_x + floor(rng_unit(r) * cells) / cells * f->size;
    p[1] = f->min_y + floor(rng_unit(r) * cells) / cells * f->size;
}

/* Squares that share sides and corners; some rows are missing. */
static void fill_squares(map *m, rng *r) {
    static const double steps[] = {1, 0.5, 0.25, 0.1, 3, 1.0 / 3, 1.0041};
    double step = steps[rng_below(r, 7)];
    size_t side = 3 + rng_below(r, 30);
    for (size_t i = 0; i < side * side; i++) {
        if (i % 97 == 13)
            continue;
        rectangle(m, (double)(i % side) * step, (double)(i / side) * step, step, step); /* NOLINT: whole rows */
        end_simple(m);
    }
}

/* An outer square fixes the extent; edges and vertices inside lie on the lines and corners of the cells. */
static void fill_on_cells(map *m, rng *r) {
    rectangle(m, 0, 0, 1, 1);
    end_simple(m);
    frame f = frame_of(m);
    size_t count = 5 + rng_below(r, 60);
    for (size_t i = 0; i < count; i++) {
        size_t corners = 1 + rng_below(r, 6);
        for (size_t k = 0; k < corners; k++) {
            double p[2];
            do
                cell_corner(&f, r, p);
            while (p[0] < 0 || p[1] < 0 || p[0] > 1 || p[1] > 1);
            if (rng_below(r, 4) == 0 && k > 0)
                p[rng_below(r, 2)] = m->coords[2 * m->vertex_count - 2 + rng_below(r, 2)]; /* often axis-parallel */
            p[0] = ulps_away(p[0], (int)rng_below(r, 5) - 2);
            vertex(m, fmin(fmax(p[0], 0), 1), fmin(fmax(p[1], 0), 1));
        }
        end_simple(m);
    }
}

/* Edges through corners of cells, in all directions; at the corner they differ by rounding alone. */
static void fill_through_corners(map *m, rng *r) {
    rectangle(m, 0, 0, 1, 1);
    end_simple(m);
    frame f = frame_of(m);
    for (size_t i = 0; i < 60; i++) {
        double cells = ldexp(1, 3 * (int)(rng_below(r, 3) + 1)), p[2], d[2], reach = 0.25 * rng_unit(r);
        for (size_t axis = 0; axis < 2; axis++) {
            double at = floor((0.15 + 0.7 * rng_unit(r)) * cells) / cells;
            p[axis] = (axis ? f.min_y : f.min_x) + at * f.size;
            d[axis] = reach * (rng_unit(r) - 0.5);
        }
        double far = 0.05 + rng_unit(r);
        vertex(m, p[0] - d[0], p[1] - d[1]);
        vertex(m, p[0] + far * d[0], p[1] + far * d[1]);
        vertex(m, fmin(fmax(p[0] + rng_unit(r) - 0.5, 0), 1), fmin(fmax(p[1] + rng_unit(r) - 0.5, 0), 1));
        end_simple(m);
    }
}

/* Long edges that are almost horizontal, almost vertical, or diagonal, crossing at every height. */
static void fill_slants(map *m, rng *r) {
    size_t count = 10 + rng_below(r, 60);
    for (size_t i = 0; i < count; i++) {
        double tilt = ldexp(rng_unit(r) - 0.5, -(int)rng_below(r, 50)), at = rng_unit(r), wide = rng_unit(r);
        double width = ldexp(wide, -(int)rng_below(r, 40));
        int swap = (int)rng_below(r, 2);
        const double q[8] = {0, at, 1, at + tilt, 1, at + tilt + width, 0, at + width};
        for (size_t k = 0; k < 4; k++)
            vertex(m, q[2 * k + (size_t)swap], q[2 * k + 1 - (size_t)swap]);
        end_simple(m);
    }
}

/* Slivers, zero-length edges, collapsed rings and single points. */
static void fill_slivers(map *m, rng *r) {
    for (size_t i = 0; i < 60; i++) {
        double x = rng_unit(r), y = rng_unit(r), dx = rng_unit(r) - 0.5, dy = rng_unit(r) - 0.5;
        vertex(m, x, y);
        for (uint32_t k = rng_below(r, 3); k > 0; k--)
            vertex(m, x, y);
        if (rng_below(r, 5)) {
            vertex(m, x + dx, y + dy);
            vertex(m, x + dx + (rng_below(r, 2) ? 1e-12 : 0), y + dy + (rng_below(r, 2) ? 1e-12 : 0));
        }
        end_simple(m);
    }
}

void star(map *m, rng *r, size_t spikes) {
    double x = rng_unit(r), y = rng_unit(r), span = rng_below(r, 2) ? 6.283185307179586 : 1e-6;
    for (size_t i = 0; i < spikes; i++) {
        double turn = span * ((double)i + rng_unit(r)) / (double)spikes, length = 0.5 + rng_unit(r);
        vertex(m, x, y);
        vertex(m, x + length * cos(turn), y + length * sin(turn));
    }
    end_simple(m);
    rectangle(m, x - 0.25, y - 0.25, 0.5, 0.5);
    end_simple(m);
}

static void fill_star(map *m, rng *r) {
    star(m, r, rng_below(r, 2) ? 40 : 400);
}

/* Rings in rings: as one polygon, as polygons of one region, or as regions; far apart or close together. */
static void fill_nested(map *m, rng *r) {
    size_t count = 3 + rng_below(r, 120), kind = rng_below(r, 3), n = 3 + rng_below(r, 20);
    double gap = rng_below(r, 2) ? 1 : 1e-7;
    for (size_t i = 0; i < count; i++) {
        if (rng_below(r, 8) == 0)
            rectangle(m, -1 - gap * (double)i, -1 - gap * (double)i, 2 * (1 + gap * (double)i), 2);
        else
            circle(m, 0, 0, 1 + gap * (double)i, n);
        end_ring(m);
        if (kind > 0)
            end_polygon(m);
        if (kind > 1)
            end_region(m);
    }
    if (kind == 0)
        end_polygon(m);
    if (kind < 2)
        end_region(m);
}

/* Regions of overlapping polygons whose holes may equal, touch or leave their shells. */
static void fill_polygons(map *m, rng *r) {
    for (size_t i = 0; i < 40; i++) {
        for (uint32_t left = 1 + rng_below(r, 4); left > 0; left--) {
            double x = rng_below(r, 16), y = rng_below(r, 16), w = 1 + rng_below(r, 5), h = 1 + rng_below(r, 5);
            rectangle(m, x, y, w, h);
            end_ring(m);
            uint32_t hole = rng_below(r, 5);
            if (hole < 4) {
                rectangle(m, x + (hole == 1) * w / 4, y + (hole == 2) * h / 2, hole == 3 ? w / 2 : w, h);
                end_ring(m);
            }
            end_polygon(m);
        }
        end_region(m);
    }
}

/* Random polygons, self-crossing, over and over each other; or one far larger than the rest. */
static void fill_random(map *m, rng *r) {
    size_t count = 4 + rng_below(r, 100);
    double small = ldexp(1, -(int)rng_below(r, 25));
    for (size_t i = 0; i < count; i++) {
        size_t n = 1 + rng_below(r, 12);
        double x = rng_unit(r), y = rng_unit(r), size = i % 8 ? small : 1;
        for (size_t k = 0; k < n; k++)
            vertex(m, x + size * rng_unit(r), y + size * rng_unit(r));
        end_simple(m);
    }
}

/* The same few regions many times, among small ones that are worth cells. */
static void fill_copies(map *m, rng *r) {
    size_t copies = 2 + rng_below(r, 60);
    for (size_t i = 0; i < 300; i++) {
        if (i < copies)
            rectangle(m, 0.25, 0.25, 0.5, 0.5);
        else
            rectangle(m, rng_unit(r), rng_unit(r), 0.02, 0.02);
        end_simple(m);
    }
}

/* A star of many vertices around a center: tiny edges, deep cells. */
static void fill_coast(map *m, rng *r) {
    size_t n = 300 + rng_below(r, 3000);
    double rough = rng_below(r, 2) ? 0.01 : 1e-5;
    for (size_t i = 0; i < n; i++) {
        double turn = 6.283185307179586 * (double)i / (double)n, length = 1 + rough * rng_unit(r);
        vertex(m, length * cos(turn), length * sin(turn));
    }
    end_simple(m);
}

/* Vertices a little beside corners of cells, at distances down to the precision of doubles. */
static void fill_beside_corners(map *m, rng *r) {
    rectangle(m, 0, 0, 1, 1);
    end_simple(m);
    frame f = frame_of(m);
    double p[2], depth = ldexp(1, -3 * (int)rng_below(r, 10));
    cell_corner(&f, r, p);
    p[0] = 0.1 + 0.8 * p[0];
    for (size_t i = 0; i < 60; i++) { /* many regions near one corner make the cells there deep */
        size_t n = 2 + rng_below(r, 3);
        for (size_t k = 0; k < n; k++) {
            double scale = depth * ldexp(1, -(int)rng_below(r, 24));
            vertex(m, fmin(fmax(p[0] + scale * (rng_unit(r) - 0.5), 0), 1),
                   fmin(fmax(p[1] + scale * (rng_unit(r) - 0.5), 0), 1));
        }
        end_simple(m);
    }
}

/* A crowd in a small place, and a few regions far away, on one side or around it. */
static void fill_crowd(map *m, rng *r) {
    const size_t count = 260 + rng_below(r, 400);
    const double size = ldexp(1 + rng_unit(r), -2 - (int)rng_below(r, 18)), x = rng_unit(r), y = rng_unit(r);
    const uint32_t whole = rng_below(r, 2);
    for (size_t i = 0; i < count; i++) {
        if (i % 128 == 3)
            circle(m, rng_unit(r), rng_unit(r), 0.3 * rng_unit(r), 3 + rng_below(r, 60));
        else if (whole)
            rectangle(m, x + (double)(i % 20) * size / 20, y + (double)(i / 20) * size / 20, size / 20,
                      size / 20); /* NOLINT: whole rows */
        else
            circle(m, x + size * rng_unit(r), y + size * rng_unit(r), size / 30, 3 + rng_below(r, 6));
        end_simple(m);
    }
}

const map_kind map_kinds[MAP_KINDS] = {
    {"squares that share sides", fill_squares, 0},
    {"edges on lines between cells", fill_on_cells, 0},
    {"edges through corners of cells", fill_through_corners, 0},
    {"almost horizontal and vertical edges", fill_slants, 0},
    {"slivers", fill_slivers, 0},
    {"spikes at one vertex", fill_star, 0},
    {"nested rings", fill_nested, 0},
    {"overlapping polygons and odd holes", fill_polygons, 0},
    {"random polygons", fill_random, 0},
    {"copies", fill_copies, 0},
    {"coasts", fill_coast, 0},
    {"beside corners of cells", fill_beside_corners, 0},
    {"a crowd, and some far away", fill_crowd, 1},
};

const char *place(map *m, rng *r) {
    double factor = 1, x = 0, y = 0;
    const char *name = "as they are";
    switch (rng_below(r, 8)) {
    case 0:
        name = "at 1e9, as large as 1000 to 8000";
        x = y = 1e9;
        factor = 1000 * (double)(1 + rng_below(r, 8));
        break;
    case 1:
        name = "at 500000, 5000000, of some meters";
        x = 500000;
        y = 5000000;
        factor = 5 + rng_unit(r) * 100;
        break;
    case 2:
        name = "times 1e90, 1e-90 or a power of two";
        factor = rng_below(r, 2) ? rng_below(r, 2) ? 1e90 : 1e-90 : ldexp(1, (int)rng_below(r, 600) - 300);
        break;
    case 3:
        name = "so far out that half of them are refused";
        x = -factor * 7e5 * (1 + rng_unit(r));
        y = rng_unit(r);
        break;
    case 4:
        name = "at 1e9, as large as 1 or less";
        x = 1e9;
        factor = rng_below(r, 2) ? 1 : 1e-3;
        break;
    default:
        break;
    }
    for (size_t i = 0; i < m->vertex_count; i++) {
        m->coords[2 * i] = x + factor * m->coords[2 * i];
        m->coords[2 * i + 1] = y + factor * m->coords[2 * i + 1];
    }
    return name;
}

/* ---- points ---- */

void point_near(const map *m, const frame *f, rng *r, double p[2]) {
    size_t ring = rng_below(r, (uint32_t)m->ring_count), begin = (size_t)m->rings[ring];
    size_t n = (size_t)m->rings[ring + 1] - begin, at = rng_below(r, (uint32_t)n);
    const double *a = m->coords + 2 * (begin + at), *b = m->coords + 2 * (begin + (at + 1) % n);
    double t = rng_unit(r);
    const double *c = m->coords + 2 * (begin + rng_below(r, (uint32_t)n));
    switch (rng_below(r, 9)) {
    case 0:
        p[0] = a[0];
        p[1] = a[1];
        break;
    case 1:
        p[0] = a[0] / 2 + b[0] / 2;
        p[1] = a[1] / 2 + b[1] / 2;
        break;
    case 2: /* as high as a vertex */
        p[0] = f->min_x + t * f->size;
        p[1] = a[1];
        break;
    case 3: /* on or near an edge, or beside it by some steps of a deep cell */
    case 4:
        p[0] = a[0] + t * (b[0] - a[0]);
        p[1] = a[1] + t * (b[1] - a[1]);
        if (rng_below(r, 2)) {
            double away = f->size * ldexp(rng_unit(r) - 0.5, -(int)rng_below(r, 50));
            p[rng_below(r, 2)] += away;
        }
        break;
    case 5:
        cell_corner(f, r, p);
        break;
    case 6: /* between vertices of one ring */
        p[0] = a[0] + t * (c[0] - a[0]);
        p[1] = a[1] + rng_unit(r) * (c[1] - a[1]);
        break;
    case 7: /* on a line between cells */
        cell_corner(f, r, p);
        if (rng_below(r, 2))
            p[1] = a[1] + t * (b[1] - a[1]);
        else
            p[0] = a[0] + t * (b[0] - a[0]);
        break;
    default: /* anywhere, some outside of the root cell */
        p[0] = f->min_x + (1.004 * t - 0.002) * f->size;
        p[1] = f->min_y + (1.004 * rng_unit(r) - 0.002) * f->size;
        break;
    }
    for (size_t axis = 0; axis < 2; axis++)
        if (rng_below(r, 3) == 0)
            p[axis] = ulps_away(p[axis], (int)rng_below(r, 3) - 1);
}
