/* polygon_leaf.h — is a point of this cell inside a polygon, when only the edges near the cell are known?
 *
 * A leaf holds the edges that touch its cell, clipped and rounded to a grid of 8192 steps per cell, each once, and
 * best first the *leaf polygons*: which of the edges belong to each. A ray from the point to the left crosses some of
 * a polygon's edges; whether that is an odd number, flipped by one bit of the polygon, is whether the point is
 * inside. Two or three edges instead of thousands, in 16-bit integers.
 *
 * An edge that leaves the cell to the left goes on straight up from there, so the ray sees it as it would see the
 * rest of the ring. The bit was decided at one place of the cell in exact arithmetic, and moving from there to the
 * point changes inside and outside exactly where the walk crosses an edge. Rounding moved the edges by a step at most
 * and the point by one. So only where an edge passes within PM_NEAR steps of the point can the answer be wrong: there
 * it is undecided, and decided exactly, by the coordinates themselves (polygon_leaf.c).
 *
 * Few edges may be drawn for many, and then pass a little beside them: a leaf says by how many steps PM_NEAR has to
 * be widened for that (simplify.c).
 *
 * A leaf, in units of four bytes: its head (how many polygons and vertices, how deep the cell, how near is
 * undecided); its position in `origins`; the answer of each polygon; the edges of each polygon but the last as bits,
 * two polygons in a unit, or two units each where there are more than PM_LEAF_NARROW vertices; the vertices. Vertices
 * i and i + 1 are edge i; where a chain of edges ends, the edge to the next belongs to no polygon. The last polygon
 * always contains the point: it covers what the others leave, or is no region. A leaf of up to 64 bytes lies in one
 * line of the cache.
 *
 * `origins` has what is needed to decide exactly. For each leaf polygon but the last, one after the other: the number
 * of the polygon; how many runs of its edges are in the cell; of each run its first edge, by the number of its first
 * vertex, and how many there are. A polygon without a run is decided as a whole: one of few edges, or of too many in
 * one cell. */
#ifndef PM_POLYGON_LEAF_H
#define PM_POLYGON_LEAF_H

#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "scan/polygons.h"
#include "walk.h"

enum { PM_NEAR = 4, PM_LEAF_NARROW = 16, PM_LEAF_WIDE = 64 };

/* The units after the head: position in origins, and where the answers begin. */
enum { PM_LEAF_ORIGINS = 1, PM_LEAF_ANSWERS = 2 };

/* Flags of an answer: (position in the input + 1) << 2, or 0 for none. */
enum { PM_LEAF_INSIDE = 1, PM_LEAF_EXACT = 2 };

/* The entry of one leaf polygon in origins; that of the next follows. */
typedef struct pm_origin {
    uint32_t polygon, run_count;
    const uint32_t *runs; /* two each */
} pm_origin;

static inline pm_origin pm_origin_read(const uint32_t *at) {
    return (pm_origin){at[0], at[1], at + 2};
}

typedef struct pm_leaf {
    int polygon_count, vertex_count;
    int bits;               /* of a fixed coordinate that number the cell */
    int near;               /* this many steps from an edge, or less, is undecided */
    size_t masks, vertices; /* where the polygons' bits and the vertices begin */
} pm_leaf;

static inline pm_leaf pm_leaf_read(const uint32_t *at) {
    int polygon_count = (int)(at[0] & 0xff);
    int vertex_count = (int)(at[0] >> 8 & 0xff);
    size_t masks =
        (size_t)(vertex_count > PM_LEAF_NARROW && polygon_count > 0 ? 2 * (polygon_count - 1) : polygon_count / 2);
    return (pm_leaf){polygon_count,
                     vertex_count,
                     (int)(at[0] >> 16 & 0xff),
                     (int)(at[0] >> 24),
                     PM_LEAF_ANSWERS + (size_t)polygon_count,
                     PM_LEAF_ANSWERS + (size_t)polygon_count + masks};
}

static inline uint32_t pm_leaf_head(int polygon_count, int vertex_count, int bits, int near) {
    return (uint32_t)polygon_count | (uint32_t)vertex_count << 8 | (uint32_t)bits << 16 | (uint32_t)near << 24;
}

/* Which edges belong to a polygon that is not the last. */
static inline uint64_t pm_leaf_mask(const uint32_t *at, const pm_leaf *leaf, int polygon) {
    if (leaf->vertex_count > PM_LEAF_NARROW) {
        const uint32_t *mask = at + leaf->masks + 2 * (size_t)polygon;
        return mask[0] | (uint64_t)mask[1] << 32;
    }
    return at[leaf->masks + (size_t)(polygon >> 1)] >> 16 * (polygon & 1) & 0xffff;
}

/* The step in the cell; `bits` number the cell. */
static inline int pm_step(uint64_t fixed, int bits) {
    return (int)(fixed << bits >> (64 - PM_STEP_BITS));
}

/* Parity of the number of bits. */
static inline uint32_t pm_parity(uint64_t bits) {
    bits ^= bits >> 32;
    bits ^= bits >> 16;
    bits ^= bits >> 8;
    bits ^= bits >> 4;
    return (uint32_t)(0x6996 >> (bits & 15)) & 1;
}

/* Edges, as bits: those that the ray from (u, v) to the left crosses, and those that are near. */
typedef struct pm_seen {
    uint64_t crossed, near;
} pm_seen;

static inline pm_seen pm_leaf_look(const uint32_t *vertices, int count, int near, int u, int v) {
    pm_seen seen = {0, 0};
    int bx = (int16_t)(vertices[0] & 0xffff), by = (int16_t)(vertices[0] >> 16);
    for (int i = 0; i + 1 < count; i++) {
        int ax = bx, ay = by;
        bx = (int16_t)(vertices[i + 1] & 0xffff);
        by = (int16_t)(vertices[i + 1] >> 16);
        int dx = bx - ax, dy = by - ay, cross = dx * (v - ay) - dy * (u - ax);
        int low_x = dx > 0 ? ax : bx, high_x = dx > 0 ? bx : ax;
        int low_y = dy > 0 ? ay : by, high_y = dy > 0 ? by : ay;
        int crossed = ((ay > v) != (by > v)) & ((cross < 0) != (dy < 0));
        int close = (abs(cross) <= near * (high_x - low_x + high_y - low_y)) & (u >= low_x - near) &
                    (u <= high_x + near) & (v >= low_y - near) & (v <= high_y + near);
        seen.crossed |= (uint64_t)crossed << i;
        seen.near |= (uint64_t)close << i;
    }
    return seen;
}

/* The kernel for trees of polygons; its context is the pm_polygon_table. */
pm_leaf_kernel *pm_polygon_kernel(pm_isa isa);

/* The check of their leaves; its shapes are the pm_polygon_table, whose offsets are right. */
pm_leaves_check pm_polygon_leaves_check;

#endif
