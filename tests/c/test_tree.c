/* test_tree.c: does the map of answers agree with the scan?
 *
 * The tree cuts the plane into cells, rounds edges to steps of a cell and trusts corners, so mistakes live where
 * edges, vertices and corners of cells meet, at the precision where cells end, and where many borders crowd. The
 * regions here are built for those places: grids of every spacing, with extents that put the lines between cells onto
 * edges; edges through corners of cells; slivers, spikes, nested rings, copies; all of them moved and scaled, as far
 * as doubles go. Points are on vertices, edges and corners of cells, and a unit in the last place beside.
 *
 * Every answer, of every instruction set, is compared with the scan's, and in small cases with the oracle's. A build
 * that gives up would pass all that, so the trees are counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "index/index.h"
#include "index/kind_polygons.h"
#include "ledger.h"
#include "oracle.h"
#include "tree/polygon_leaf.h"
#include "tap.h"
#include "ways.h"

/* ---- regions ---- */

enum { MOST_VERTICES = 40000, MOST_RINGS = 10000 };

/* Regions as they grow: vertices, then the end of the ring, of the polygon, of the region. */
typedef struct map {
    double coords[2 * MOST_VERTICES];
    int64_t rings[MOST_RINGS + 1], polygons[MOST_RINGS + 1], geoms[MOST_RINGS + 1];
    size_t vertex_count, ring_count, polygon_count, geom_count;
} map;

static void clear(map *m) {
    m->vertex_count = m->ring_count = m->polygon_count = m->geom_count = 0;
    m->rings[0] = m->polygons[0] = m->geoms[0] = 0;
}

static void vertex(map *m, double x, double y) {
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

static void end_simple(map *m) {
    end_ring(m);
    end_polygon(m);
    end_region(m);
}

static void rectangle(map *m, double x, double y, double width, double height) {
    vertex(m, x, y);
    vertex(m, x + width, y);
    vertex(m, x + width, y + height);
    vertex(m, x, y + height);
}

static void circle(map *m, double x, double y, double radius, size_t vertices) {
    for (size_t i = 0; i < vertices; i++) {
        double turn = 6.283185307179586 * (double)i / (double)vertices;
        vertex(m, x + radius * cos(turn), y + radius * sin(turn));
    }
}

/* What the tree maps to [0, 1): a little more than the extent, as paint.c chooses it. */
typedef struct frame {
    double min_x, min_y, size;
} frame;

static frame frame_of(const map *m) {
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

/* Many spikes from one vertex, whole turns or a narrow fan. */
static void fill_star(map *m, rng *r) {
    /* 4000 are more than the tree takes, and take it half a second. */
    static const size_t sizes[] = {40, 40, 40, 40, 400, 400, 400, 4000};
    size_t spikes = sizes[rng_below(r, 8)];
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

static const struct kind {
    const char *name;
    void (*fill)(map *m, rng *r);
} kinds[] = {
    {"squares that share sides", fill_squares},
    {"edges on lines between cells", fill_on_cells},
    {"edges through corners of cells", fill_through_corners},
    {"almost horizontal and vertical edges", fill_slants},
    {"slivers", fill_slivers},
    {"spikes at one vertex", fill_star},
    {"nested rings", fill_nested},
    {"overlapping polygons and odd holes", fill_polygons},
    {"random polygons", fill_random},
    {"copies", fill_copies},
    {"coasts", fill_coast},
    {"beside corners of cells", fill_beside_corners},
};

/* Where in the plane: most as they are, the others far out, tiny, huge, or at the limits of what the tree takes. */
static const char *place(map *m, rng *r) {
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

static void point_near(const map *m, const frame *f, rng *r, double p[2]) {
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

/* ---- comparing ---- */

static pm_index *build(const pm_regions *regions, pm_options options, pm_engine engine) {
    pm_index *index = NULL;
    pm_error err;
    options.engine = engine;
    if (pm_index_build(regions, &options, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    return index;
}

static int has_tree(const pm_index *index) {
    return pm_tree_exists(pm_index_tree(index));
}

static searched search(const pm_index *index) {
    return (searched){pm_index_tree(index), pm_polygon_kernel,
                      &((const pm_polygon_view *)(const void *)index->view)->table};
}

/* Forms of leaves that are read differently: by how many eights of edges and of polygons (the last: or more), and
 * those without edges. */
enum { EDGE_EIGHTS = PM_LEAF_WIDE / 8 + 1, POLYGON_EIGHTS = 3 };
typedef struct forms {
    long drawn[EDGE_EIGHTS][POLYGON_EIGHTS], exact;
} forms;

/* What is compared of a map. */
typedef struct tallies {
    tap_count answers, layouts, sizes, limited;
    long limited_trees;
    forms forms;
} tallies;

/* Count a tree's leaves by form. */
static void count_forms(const pm_tree *tree, forms *f) {
    for (size_t at = 0; at < tree->leaf_count - PM_LEAF_SLACK;) {
        pm_leaf leaf = pm_leaf_read(tree->leaves + at);
        size_t units = leaf.vertices + (size_t)leaf.vertex_count, eights = ((size_t)leaf.polygon_count - 1) / 8;
        if (leaf.polygon_count > 0 && leaf.vertex_count == 0)
            f->exact++;
        else if (leaf.polygon_count > 0)
            f->drawn[(leaf.vertex_count + 6) / 8][eights < POLYGON_EIGHTS ? eights : POLYGON_EIGHTS - 1]++;
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
}

/* Each form of leaves must have been compared; many polygons have many edges. */
static void report_forms(const forms *f) {
    for (int edges = 1; edges < EDGE_EIGHTS; edges++)
        for (int polygons = 0; polygons < POLYGON_EIGHTS && 3 * polygons < 2 * edges; polygons++)
            tap_ok(f->drawn[edges][polygons] > 0, "%ld leaves of up to %d edges and %d polygons",
                   f->drawn[edges][polygons], 8 * edges, 8 * polygons + 8);
    tap_ok(f->exact > 0, "%ld leaves without edges", f->exact);
}

/* Compare trees of the same map with less memory, whose leaves are larger. How many there were. */
static int compare_limited(const pm_regions *regions, pm_options options, const pm_index *tree, const pm_index *scan,
                           const double *x, const double *y, const int64_t *right, tallies *t, const char *what) {
    static const double shares[] = {0.7, 0.4, 0.15, 0.05};
    int built = 0;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        double spare = (double)(pm_index_size(tree) - pm_index_size(scan));
        options.max_bytes = pm_index_size(scan) + (size_t)(shares[i] * spare);
        pm_index *limited = build(regions, options, PM_ENGINE_TREE);
        if (has_tree(limited)) {
            const searched s = search(limited);
            ways_isas(&t->limited, &s, x, y, WAYS_MOST, right, what);
            count_forms(s.tree, &t->forms);
            built++;
        }
        pm_index_free(limited);
    }
    return built;
}

/* Compare the engines at points around the map, in some layouts, and with every number of points if `all_sizes`;
 * returns whether there was a tree. */
static int compare(const map *m, rng *r, tallies *t, int all_sizes, const char *what) {
    enum { POINTS = WAYS_MOST };
    static double x[POINTS], y[POINTS];
    static int64_t tree_says[POINTS], scan_says[POINTS];
    const pm_regions regions = {.coords = m->coords,
                                .coord_count = m->vertex_count,
                                .ring_offsets = m->rings,
                                .ring_count = m->ring_count,
                                .polygon_offsets = m->polygons,
                                .polygon_count = m->polygon_count,
                                .geom_offsets = m->geoms,
                                .geom_count = m->geom_count};
    const pm_points places = {
        .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
    const pm_options options = {.best = (pm_best)rng_below(r, 3)};
    frame f = frame_of(m);
    for (size_t i = 0; i < POINTS; i++) {
        double p[2];
        point_near(m, &f, r, p);
        x[i] = p[0];
        y[i] = p[1];
    }
    pm_index *tree = build(&regions, options, PM_ENGINE_TREE), *scan = build(&regions, options, PM_ENGINE_SCAN);
    int built = has_tree(tree);
    pm_index_match(tree, &places, tree_says);
    pm_index_match(scan, &places, scan_says);
    for (size_t i = 0; i < POINTS; i++)
        if (tap_case(&t->answers, tree_says[i] == scan_says[i]))
            printf("# %s, %zu vertices, point %a,%a: tree %lld, scan %lld\n", what, m->vertex_count, x[i], y[i],
                   (long long)tree_says[i], (long long)scan_says[i]);
    if (built) {
        const searched s = search(tree);
        ways_isas(&t->answers, &s, x, y, POINTS, scan_says, what);
        ways_layouts(&t->layouts, r, &s, x, y, POINTS, scan_says);
        count_forms(s.tree, &t->forms);
        t->limited_trees += compare_limited(&regions, options, tree, scan, x, y, scan_says, t, what);
        if (all_sizes)
            ways_sizes(&t->sizes, &s, x, y, POINTS, scan_says);
    }
    pm_index_free(tree);
    pm_index_free(scan);
    return built;
}

static void test_kinds(void) {
    static map m;
    tallies t = {.layouts = {"any layout", 0, 0},
                 .sizes = {"any number of points", 0, 0},
                 .limited = {"with less memory", 0, 0}};
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        rng r = rng_new(90 + kind);
        t.answers = (tap_count){kinds[kind].name, 0, 0};
        long trees = 0, cases = tap_cases(9, 1500);
        for (long i = 0; i < cases; i++) {
            clear(&m);
            kinds[kind].fill(&m, &r);
            const char *where = place(&m, &r);
            trees += compare(&m, &r, &t, i < 2, where);
        }
        tap_tally(&t.answers);
        tap_ok(trees > cases / 4, "%s: %ld trees from %ld maps", kinds[kind].name, trees, cases);
    }
    tap_tally(&t.layouts);
    tap_tally(&t.sizes);
    tap_tally(&t.limited);
    tap_ok(t.limited_trees > 100, "%ld trees with less memory", t.limited_trees);
    report_forms(&t.forms);
}

/* Far out, the corner of a deep cell has no double: a polygon tested at the nearest one may be tested on the other
 * side of an edge. A polygon with an edge along a line between cells, whose corners are therefore tested, and with a
 * tangle of edges in the cells beside it. */
static void test_far_corners(void) {
    static map m;
    rng r = rng_new(89);
    tallies t = {{"far out, beside a line between deep cells", 0, 0},
                 {"there in any layout", 0, 0},
                 {NULL, 0, 0},
                 {NULL, 0, 0},
                 0,
                 {{{0}}, 0}};
    long trees = 0, cases = tap_cases(12, 200);
    for (long i = 0; i < cases; i++) {
        const double unit = 0x1p-33, low = 6e5 + floor(rng_unit(&r) * 3e5); /* unit: in the last place of low */
        clear(&m);
        rectangle(&m, low, low, 1, 1);
        end_simple(&m);
        frame f = frame_of(&m);
        double scale = 1 / f.size, x = low + 0.1 + rng_unit(&r) / 2;
        for (;; x += unit) {
            double cells = (x - f.min_x) * scale * 0x1p27;
            if (fabs(cells - rint(cells)) < 0x1p-21)
                break;
        }
        circle(&m, low + 0.95, low + 0.95, 0.02, 4000); /* many vertices: the tree may cost something */
        end_simple(&m);
        double y = low + 0.1 + floor(rng_unit(&r) * 0x1p32) * unit;
        for (int copy = 0; copy < 3; copy++) {
            vertex(&m, x, y - 10000 * unit);
            vertex(&m, x, y + 10000 * unit);
            for (int k = 0; k < 30; k++)
                vertex(&m, x + rng_below(&r, 128) * unit, y + rng_below(&r, 128) * unit);
            end_simple(&m);
        }
        trees += compare(&m, &r, &t, 0, "far corners");
    }
    tap_tally(&t.answers);
    tap_tally(&t.layouts);
    tap_ok(trees > cases / 2, "far out: %ld trees from %ld maps", trees, cases);
}

/* Small cases of every family of numbers, against the definitions themselves. */
static void test_small(void) {
    static zoo z;
    rng r = rng_new(88);
    tap_count count = {"small cases, as the oracle says", 0, 0};
    long trees = 0, cases = tap_cases(300, 20000);
    for (long i = 0; i < cases; i++) {
        enum { POINTS = 24 };
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        double x[POINTS], y[POINTS];
        int64_t out[POINTS], expected[POINTS];
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
        const pm_options options = {.best = (pm_best)rng_below(&r, 3)};
        zoo_fill(&z, &r, &s, 1 + rng_below(&r, MAX_REGIONS));
        for (size_t k = 0; k < POINTS; k++) {
            double p[2];
            zoo_point(&z, &r, &s, p);
            x[k] = p[0];
            y[k] = p[1];
        }
        pm_index *tree = build(&z.regions, options, PM_ENGINE_TREE);
        pm_index_match(tree, &points, out);
        oracle_match(&z.regions, &options, &points, expected);
        for (size_t k = 0; k < POINTS; k++)
            if (tap_case(&count, out[k] == expected[k])) {
                printf("# point %a,%a: %lld, expected %lld\n", x[k], y[k], (long long)out[k], (long long)expected[k]);
                zoo_print(&z);
            }
        if (has_tree(tree)) {
            const searched how = search(tree);
            ways_isas(&count, &how, x, y, POINTS, expected, "small case");
            trees++;
        }
        pm_index_free(tree);
    }
    tap_tally(&count);
    tap_ok(trees > cases / 4, "small cases: %ld trees from %ld maps", trees, cases);
}

/* ---- memory ---- */

/* Painting grows many arrays: whichever allocation fails, the build says so and gives everything back. */
static void test_failing_memory(void) {
    static map m;
    rng r = rng_new(87);
    tap_count count = {"every allocation of a build fails once", 0, 0};
    for (long i = 0; i < tap_cases(6, 100); i++) {
        clear(&m);
        kinds[(size_t)i % (sizeof kinds / sizeof kinds[0])].fill(&m, &r);
        const pm_regions regions = {.coords = m.coords,
                                    .coord_count = m.vertex_count,
                                    .ring_offsets = m.rings,
                                    .ring_count = m.ring_count,
                                    .polygon_offsets = m.polygons,
                                    .polygon_count = m.polygon_count,
                                    .geom_offsets = m.geoms,
                                    .geom_count = m.geom_count};
        for (ledger l = ledger_new(0);; l = ledger_new(l.fail_at + 1)) {
            const pm_allocator allocator = ledger_allocator(&l);
            const pm_options options = {.engine = PM_ENGINE_TREE, .allocator = &allocator};
            pm_index *index = NULL;
            pm_status status = pm_index_build(&regions, &options, &index, NULL);
            int failed = l.calls > l.fail_at;
            tap_case(&count, status == (failed ? PM_ERR_NO_MEMORY : PM_OK) && (index == NULL) == failed);
            pm_index_free(index);
            tap_case(&count, l.live == 0 && !l.broken);
            if (!failed)
                break;
        }
    }
    tap_tally(&count);
}

int main(void) {
    test_kinds();
    test_far_corners();
    test_small();
    test_failing_memory();
    ways_report();
    return tap_end();
}
