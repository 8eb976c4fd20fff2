/* corners.h — how far are the edges of a run from a square, at least? See corners.c. */
#ifndef PM_CORNERS_H
#define PM_CORNERS_H

#include "near/edges.h"

/* The corners of a square, the lower left one first, then to the right, and its center. */
enum { PM_CORNERS = 4, PM_CENTER = 4, PM_SQUARE_PLACES = 5 };

/* Lower bounds of the squared distances to edge e of a run, in units of half the square's side; edges that the run
 * doesn't have repeat its last vertex. */
typedef struct pm_corner_lows {
    float low[PM_SQUARE_PLACES][PM_RUN_EDGES];
} pm_corner_lows;

/* Of the square around (x, y), scaled, with sides of 2 * half. */
void pm_run_corners(const pm_field *field, size_t run, double x, double y, double half, pm_corner_lows *lows);

/* The least of them for each place. */
void pm_corners_least(const pm_corner_lows *lows, float least[PM_SQUARE_PLACES]);

#endif
