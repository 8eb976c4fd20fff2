/* cell.h — is a point of this cell inside a part, when only the part's edges near the cell are known?
 *
 * A leaf holds, best first, a *piece* of each part whose border runs through the cell: whether the cell's lower left
 * corner is inside, and the edges that touch the cell, clipped and rounded to a grid of 8192 steps a cell. Walking
 * from the corner up the left side to the point's height, then across to the point, every edge crossed flips inside
 * and outside. Two or three edges instead of thousands, in 32-bit integers, without rounding.
 *
 * Rounding moved the edges by half a step and the point by one. That can change the parity only if an edge passes
 * over the point or over the corner, so only when one is within two steps: within NEAR steps nothing is decided here,
 * and the part is asked with its own coordinates. The walk itself needs no distance: it crosses the rounded edges,
 * which is exact in integers. Where it meets an end of an edge, or an edge at its turn, it counts as running a little
 * to the right and, by much less, above: the half-open comparisons and side() are that rule. */
#ifndef PM_CELL_H
#define PM_CELL_H

#include <stdint.h>
#include <stdlib.h>

enum { PM_CELL_STEPS = 8192, PM_CELL_NEAR = 4 };

/* An edge in steps from the corner; within [-4096, 12288], so that products fit 32 bits. */
typedef struct pm_cell_edge {
    int16_t ax, ay, bx, by;
} pm_cell_edge;

enum { PM_PIECE_INSIDE = 1, PM_PIECE_ASK = 2, PM_PIECE_LAST = 4 };

/* In `leaves`: this, `edges` edges, and the part's number, in units of eight bytes. */
typedef struct pm_piece {
    uint32_t id;
    uint16_t edges;
    uint16_t flags; /* the corner is inside; always ask the part; last of its leaf */
} pm_piece;

static inline int pm_cell_cross(pm_cell_edge e, int u, int v) {
    return (e.bx - e.ax) * (v - e.ay) - (e.by - e.ay) * (u - e.ax);
}

/* Can rounding have moved the edge over (u, v)? Every edge within NEAR steps is, few others are. */
static inline int pm_cell_near(pm_cell_edge e, int u, int v, int cross) {
    int low_x = e.ax < e.bx ? e.ax : e.bx, high_x = e.ax < e.bx ? e.bx : e.ax;
    int low_y = e.ay < e.by ? e.ay : e.by, high_y = e.ay < e.by ? e.by : e.ay;
    return (abs(cross) <= PM_CELL_NEAR * (high_x - low_x + high_y - low_y)) & (u >= low_x - PM_CELL_NEAR) &
           (u <= high_x + PM_CELL_NEAR) & (v >= low_y - PM_CELL_NEAR) & (v <= high_y + PM_CELL_NEAR);
}

/* Is a place with this cross product left of the edge, when on its line the place counts as a little to the right and
 * by much less above? */
static inline int pm_cell_side(pm_cell_edge e, int cross) {
    int dx = e.bx - e.ax, dy = e.by - e.ay;
    return (cross > 0) | ((cross == 0) & ((dy < 0) | ((dy == 0) & (dx > 0))));
}

/* 1 inside, 0 outside, -1 undecided; 0 <= u, v < PM_CELL_STEPS. */
static inline int pm_cell_test(const pm_cell_edge *edges, int count, int inside, int u, int v) {
    int undecided = 0;
    for (int i = 0; i < count; i++) {
        pm_cell_edge e = edges[i];
        int cross = pm_cell_cross(e, u, v);
        undecided |= pm_cell_near(e, u, v, cross);
        int turn = pm_cell_side(e, pm_cell_cross(e, 0, v));
        int across = ((e.ay > v) != (e.by > v)) & ((cross > 0) != turn);
        int up = ((e.ax > 0) != (e.bx > 0)) & (pm_cell_side(e, pm_cell_cross(e, 0, 0)) != turn);
        inside ^= across ^ up;
    }
    return undecided ? -1 : inside;
}

#endif
