/* distance.h — how far is a point from an edge: bounds that are cheap, comparisons that are exact. See distance.c.
 *
 * pm_near_edge() gives bounds of the squared distance in rounded arithmetic. Two edges whose bounds don't overlap are
 * compared by them, which is nearly always; else pm_near_decide_turned() does in integers.
 *
 * The bounds, with u = 2^-53. A difference of two coordinates has the relative error u. So a squared distance to a
 * vertex has 4u, the scalar products and the cross product at most 4u of the sum of their terms' magnitudes, and the
 * squared length 4u; products and a quotient of those add one u each. All constants below leave a factor of two for
 * terms in u^2. Underflow changes any product by less than 2^-1074: coordinates are scaled by a power of two, so that
 * their differences are far from both ends, and what is so small that underflow could matter gets bounds that exclude
 * nothing (LEAST_LENGTH, ABSOLUTE). Overflow gives infinities and NaN, for which no comparison of bounds is true. */
#ifndef PM_DISTANCE_H
#define PM_DISTANCE_H

#include <math.h>
#include <stdint.h>

#include "turn.h"

/* A point, also in the scale at which distances to edges are estimated.
 *
 * The x of a turned point may be no double. Then bounds are of the double below it, and exact comparisons of the x
 * itself. Lower bounds stay as they are; upper ones are raised by twice the slack, once for each of the two distances
 * that are compared, so that they are right of one another (pm_spot_high()). */
typedef struct pm_spot {
    double x, y;
    double scale;                /* a power of two */
    double scaled_x, scaled_y;   /* x * scale, y * scale */
    double slack;                /* scaled; x is less than that below the point, at each of its turns */
    const pm_exact_point *exact; /* NULL: x is exact */
    uint32_t turn;               /* the number of this spot among those of a point, which lie next to each other */
} pm_spot;

static inline pm_spot pm_spot_at(double x, double y, double scale) {
    return (pm_spot){.x = x, .y = y, .scale = scale, .scaled_x = x * scale, .scaled_y = y * scale};
}

/* The point is borrowed. */
static inline pm_spot pm_spot_of(const pm_exact_point *p, double scale) {
    pm_spot spot = pm_spot_at(p->low, p->y, scale);
    if (p->low != p->high) {
        spot.slack = (p->high - p->low) * scale;
        spot.exact = p;
    }
    return spot;
}

static inline pm_exact_point pm_spot_point(const pm_spot *spot) {
    return spot->exact ? *spot->exact : pm_point(spot->x, spot->y);
}

/* Another spot of the same point. */
static inline const pm_spot *pm_spot_at_turn(const pm_spot *spot, uint32_t turn) {
    return spot + ((ptrdiff_t)turn - (ptrdiff_t)spot->turn);
}

/* The power of two by which coordinates should be scaled that are all in a square of this side: 1 for ordinary ones.
 */
double pm_distance_scale(double extent);

/* Where on an edge the place nearest to the point is. */
typedef enum pm_nearest_place { PM_AT_A, PM_AT_B, PM_AT_LINE, PM_AT_UNKNOWN } pm_nearest_place;

/* An edge as seen from a point. */
typedef struct pm_near {
    double low, high; /* bounds of the scaled squared distance; (0, NaN) is possible and excludes nothing */
    double edge[4];   /* ax ay bx by, as given */
    pm_nearest_place place;
} pm_near;

/* Bounds of the scaled square of a distance. */
typedef struct pm_bounds {
    double low, high;
} pm_bounds;

#define PM_DISTANCE_LEAST_LENGTH 0x1p-400 /* squared, of an edge whose line can be measured */
#define PM_DISTANCE_ABSOLUTE 0x1p-600     /* more than all underflow does to a squared distance */
#define PM_DISTANCE_MOST 0x1p1000         /* a squared distance may be greater, but no lower bound is */

/* A lower bound of what may have overflowed. */
static inline double pm_not_infinite(double square) {
    return square > PM_DISTANCE_MOST ? PM_DISTANCE_MOST : square;
}

static inline pm_bounds pm_vertex_bounds(double qx, double qy) {
    double square = qx * qx + qy * qy;
    return (pm_bounds){pm_not_infinite(square) * (1 - 0x1p-50) - PM_DISTANCE_ABSOLUTE,
                       square * (1 + 0x1p-50) + PM_DISTANCE_ABSOLUTE};
}

/* The bounds of pm_near_edge() without a jump; an upper bound may be greater than its, or NaN. The edge is scaled
 * here. */
static inline pm_bounds pm_edge_bounds(double ax, double ay, double bx, double by, double scale, double x, double y) {
    double dx = bx * scale - ax * scale, dy = by * scale - ay * scale;
    double qx = x - ax * scale, qy = y - ay * scale, rx = x - bx * scale, ry = y - by * scale;
    double before = qx * dx + qy * dy, after = rx * dx + ry * dy;
    double before_error = 0x1p-50 * (fabs(qx * dx) + fabs(qy * dy)) + PM_DISTANCE_ABSOLUTE;
    double after_error = 0x1p-50 * (fabs(rx * dx) + fabs(ry * dy)) + PM_DISTANCE_ABSOLUTE;
    double left = dx * qy, right = dy * qx, length = dx * dx + dy * dy;
    double off = 0x1p-50 * (fabs(left) + fabs(right)), cross = fabs(left - right) - off, outer = cross + 2 * off;
    double to_a = qx * qx + qy * qy, to_b = rx * rx + ry * ry, most = to_a < to_b ? to_a : to_b;
    int is_a = before < -before_error || length == 0, is_b = after > after_error;
    int is_long = length > PM_DISTANCE_LEAST_LENGTH;
    int is_line = is_long && before > before_error && after < -after_error;
    double low = is_a ? to_a : is_b ? to_b : is_long && cross > 0 ? pm_not_infinite(cross * cross) / length : 0;
    double high = is_a ? to_a : is_b ? to_b : is_line ? outer * outer / length : most;
    return (pm_bounds){pm_not_infinite(low) * (1 - 0x1p-48) - PM_DISTANCE_ABSOLUTE,
                       high * (1 + 0x1p-48) + PM_DISTANCE_ABSOLUTE};
}

/* The lower one alone. */
static inline double pm_edge_low(double ax, double ay, double bx, double by, double scale, double x, double y) {
    return pm_edge_bounds(ax, ay, bx, by, scale, x, y).low;
}

/* An upper bound that holds for a place within the slack, when compared with lower bounds that do not. */
static inline double pm_spot_high(const pm_spot *spot, double high) {
    if (!(spot->slack > 0))
        return high;
    const double root = sqrt(high) + 2 * spot->slack;
    return root * root * (1 + 0x1p-48) + PM_DISTANCE_ABSOLUTE;
}

pm_near pm_near_edge(const double edge[4], const pm_spot *spot);

/* Bounds of a distance that is given, for comparison with those of edges: finite or infinite, at least 0. */
pm_bounds pm_limit_bounds(double limit, double scale);

/* The same for edges seen from a spot. */
static inline pm_bounds pm_spot_limit(double limit, const pm_spot *spot) {
    pm_bounds bounds = pm_limit_bounds(limit, spot->scale);
    bounds.high = pm_spot_high(spot, bounds.high);
    return bounds;
}

/* The sign of distance(a) - distance(b), each from a spot of its own, exactly, when bounds can't tell. */
int pm_near_decide_turned(const pm_near *a, const pm_spot *from_a, const pm_near *b, const pm_spot *from_b);

/* The sign of distance(a) - limit, exactly, when bounds can't tell. */
int pm_near_decide_limit(const pm_near *a, double limit, const pm_spot *spot);

static inline int pm_near_compare_limit(const pm_near *a, double limit, pm_bounds bounds, const pm_spot *spot) {
    return a->high < bounds.low ? -1 : a->low > bounds.high ? 1 : pm_near_decide_limit(a, limit, spot);
}

/* The distance itself, within 4 ulps; infinity where the true value exceeds the largest double. */
double pm_near_distance(const pm_near *a, const pm_spot *spot);

/* The distance between two places, as good; the second is finite. */
double pm_distance_turned(double ax, double ay, const pm_exact_point *p);

#endif
