/* distance.c — which of two edges is nearer to a point, is it within a limit, and how far is it?
 *
 * The squared distance from p to an edge a b is |p - a|^2 or |p - b|^2 where the nearest place is an end, and else
 * cross^2 / |b - a|^2. Two of those compare as integers once multiplied by the lengths: products of two differences
 * for two vertices, four for a line and a vertex or a limit, six for two lines (big.c). The unit of these integers is
 * the greatest power of two that divides all the coordinates, so ordinary ones make small integers.
 *
 * That is the second line: bounds in rounded arithmetic (distance.h) answer nearly always. Two of the exact cases are
 * common and need no arithmetic: the same vertex is nearest for two edges, where regions meet, and the same edge
 * belongs to two regions.
 *
 * A distance is rounded from pairs of doubles (Dekker, "A floating-point technique for extending the available
 * precision", 1971) where the cross product keeps enough of its bits, and from the integers where not; so it is where
 * the x of the point is no double. */
#include "strict.h"

#include "distance.h"

#include <float.h>
#include <string.h>

#include "big.h"

double pm_distance_scale(double extent) {
    int exponent = 1024;
    if (!(extent > 0) || (extent > 0x1p-20 && extent < 0x1p60))
        return 1;
    if (extent < INFINITY)
        (void)frexp(extent, &exponent);
    return ldexp(1, exponent > 1022 ? -1022 : exponent < -1022 ? 1022 : -exponent);
}

/* ---- bounds ---- */

static double lesser(double a, double b) {
    return a < b ? a : b;
}

static double greater(double a, double b) {
    return a > b ? a : b;
}

pm_near pm_near_edge(const double edge[4], const pm_spot *spot) {
    const double s = spot->scale, x = spot->scaled_x, y = spot->scaled_y;
    double ax = edge[0] * s, ay = edge[1] * s, bx = edge[2] * s, by = edge[3] * s;
    double dx = bx - ax, dy = by - ay, qx = x - ax, qy = y - ay, rx = x - bx, ry = y - by;
    pm_near near = {0, NAN, {edge[0], edge[1], edge[2], edge[3]}, PM_AT_UNKNOWN};
    pm_bounds to_a = pm_vertex_bounds(qx, qy), to_b = pm_vertex_bounds(rx, ry);
    double before = qx * dx + qy * dy, before_error = 0x1p-50 * (fabs(qx * dx) + fabs(qy * dy));
    double after = rx * dx + ry * dy, after_error = 0x1p-50 * (fabs(rx * dx) + fabs(ry * dy));
    if (spot->slack > 0) {
        before_error += spot->slack * fabs(dx) * (1 + 0x1p-50);
        after_error += spot->slack * fabs(dx) * (1 + 0x1p-50);
    }
    const int is_known = s == 1 && !spot->exact;
    int is_point = edge[0] == edge[2] && edge[1] == edge[3];
    /* A sum whose terms are all products with 0 is 0: on the perpendicular at a vertex. */
    int level_a = (qx == 0 || dx == 0) && (qy == 0 || dy == 0),
        level_b = (rx == 0 || dx == 0) && (ry == 0 || dy == 0);
    if (is_point || before < -before_error - PM_DISTANCE_ABSOLUTE || (level_a && is_known)) {
        near.low = to_a.low;
        near.high = pm_spot_high(spot, to_a.high);
        near.place = PM_AT_A;
        return near;
    }
    if (after > after_error + PM_DISTANCE_ABSOLUTE || (level_b && is_known)) {
        near.low = to_b.low;
        near.high = pm_spot_high(spot, to_b.high);
        near.place = PM_AT_B;
        return near;
    }
    near.high = pm_spot_high(spot, lesser(to_a.high, to_b.high));
    double left = dx * qy, right = dy * qx, length = dx * dx + dy * dy;
    if (!(length > PM_DISTANCE_LEAST_LENGTH))
        return near;
    double cross = fabs(left - right), error = 0x1p-50 * (fabs(left) + fabs(right));
    double inner = greater(cross - error, 0), outer = cross + error;
    near.low = pm_not_infinite(inner * inner) / length * (1 - 0x1p-48) - PM_DISTANCE_ABSOLUTE;
    if (before > before_error + PM_DISTANCE_ABSOLUTE && after < -after_error - PM_DISTANCE_ABSOLUTE) {
        near.high = pm_spot_high(spot, outer * outer / length * (1 + 0x1p-48) + PM_DISTANCE_ABSOLUTE);
        near.place = PM_AT_LINE;
    }
    return near;
}

pm_bounds pm_limit_bounds(double limit, double scale) {
    double scaled = limit * scale, square = scaled * scaled;
    if (isinf(limit))
        return (pm_bounds){INFINITY, INFINITY};
    return (pm_bounds){pm_not_infinite(square) * (1 - 0x1p-50) - PM_DISTANCE_ABSOLUTE,
                       square * (1 + 0x1p-50) + PM_DISTANCE_ABSOLUTE};
}

/* ---- in integers ---- */

/* A squared distance as a fraction of integers, in units; the denominator is 1 for a vertex. */
typedef struct fraction {
    pm_big top, bottom;
    int has_bottom;
    pm_big cross; /* of a line: top is its square */
} fraction;

static int unit_of(const double *values, int count, int unit) {
    for (int i = 0; i < count; i++)
        unit = pm_big_unit(values[i], unit);
    return unit;
}

static int common_unit(const pm_near *a, const pm_spot *spot) {
    const double point[2] = {spot->x, spot->y};
    const int unit = unit_of(point, 2, unit_of(a->edge, 4, 971)); /* the largest doubles are multiples of 2^971 */
    return spot->exact ? unit_of(spot->exact->terms, 3, unit) : unit;
}

static void set_x(pm_big *out, const pm_spot *spot, int unit) {
    pm_big term;
    pm_big_set(out, spot->exact ? spot->exact->terms[0] : spot->x, unit);
    for (int i = 1; i < 3 && spot->exact; i++) {
        pm_big_set(&term, spot->exact->terms[i], unit);
        pm_big_add(out, out, &term, 1);
    }
}

/* out = ax * bx + sign * ay * by. */
static void products(pm_big *out, const pm_big *ax, const pm_big *bx, const pm_big *ay, const pm_big *by, int sign) {
    pm_big other;
    pm_big_multiply(out, ax, bx);
    pm_big_multiply(&other, ay, by);
    pm_big_add(out, out, &other, sign);
}

static void square_of(fraction *out, const pm_near *near, const pm_spot *spot, int unit) {
    pm_big p[2], a[2], b[2], d[2], q[2], r[2], along;
    set_x(&p[0], spot, unit);
    pm_big_set(&p[1], spot->y, unit);
    for (int axis = 0; axis < 2; axis++) {
        pm_big_set(&a[axis], near->edge[axis], unit);
        pm_big_set(&b[axis], near->edge[2 + axis], unit);
        pm_big_add(&d[axis], &b[axis], &a[axis], -1);
        pm_big_add(&q[axis], &p[axis], &a[axis], -1);
        pm_big_add(&r[axis], &p[axis], &b[axis], -1);
    }
    out->has_bottom = 0;
    pm_nearest_place place = near->place;
    if (place == PM_AT_UNKNOWN) {
        products(&along, &q[0], &d[0], &q[1], &d[1], 1);
        place = along.sign <= 0 ? PM_AT_A : PM_AT_LINE;
        products(&along, &r[0], &d[0], &r[1], &d[1], 1);
        if (place == PM_AT_LINE && along.sign >= 0)
            place = PM_AT_B;
    }
    if (place == PM_AT_A) {
        products(&out->top, &q[0], &q[0], &q[1], &q[1], 1);
    } else if (place == PM_AT_B) {
        products(&out->top, &r[0], &r[0], &r[1], &r[1], 1);
    } else {
        out->has_bottom = 1;
        products(&out->cross, &d[0], &q[1], &d[1], &q[0], -1);
        pm_big_multiply(&out->top, &out->cross, &out->cross);
        products(&out->bottom, &d[0], &d[0], &d[1], &d[1], 1);
    }
}

static int compare_fractions(const fraction *a, const fraction *b) {
    pm_big left, right;
    if (b->has_bottom)
        pm_big_multiply(&left, &a->top, &b->bottom);
    if (a->has_bottom)
        pm_big_multiply(&right, &b->top, &a->bottom);
    return pm_big_compare(b->has_bottom ? &left : &a->top, a->has_bottom ? &right : &b->top);
}

static int same_vertex(const pm_near *a, const pm_near *b) {
    if (a->place > PM_AT_B || b->place > PM_AT_B)
        return 0;
    const double *v = a->edge + 2 * (a->place == PM_AT_B), *w = b->edge + 2 * (b->place == PM_AT_B);
    return v[0] == w[0] && v[1] == w[1];
}

static int on_same_edge(const pm_near *a, const pm_near *b) {
    const double *v = a->edge, *w = b->edge;
    return (v[0] == w[0] && v[1] == w[1] && v[2] == w[2] && v[3] == w[3]) ||
           (v[0] == w[2] && v[1] == w[3] && v[2] == w[0] && v[3] == w[1]);
}

int pm_near_decide_turned(const pm_near *a, const pm_spot *from_a, const pm_near *b, const pm_spot *from_b) {
    if (from_a == from_b && (same_vertex(a, b) || on_same_edge(a, b)))
        return 0;
    const int one = common_unit(a, from_a), other = common_unit(b, from_b), unit = one < other ? one : other;
    fraction first, second;
    square_of(&first, a, from_a, unit);
    square_of(&second, b, from_b, unit);
    return compare_fractions(&first, &second);
}

int pm_near_decide_limit(const pm_near *a, double limit, const pm_spot *spot) {
    if (isinf(limit))
        return -1;
    int unit = unit_of(&limit, 1, common_unit(a, spot));
    fraction square, other;
    pm_big root;
    square_of(&square, a, spot, unit);
    pm_big_set(&root, limit, unit);
    pm_big_multiply(&other.top, &root, &root);
    other.has_bottom = 0;
    return compare_fractions(&square, &other);
}

/* ---- the value ---- */

/* The square root of value, a double times a power of two. */
static double root_of(const pm_big *value, int *exponent) {
    double part = pm_big_fraction(value, exponent);
    if (*exponent & 1) {
        part *= 2;
        --*exponent;
    }
    *exponent /= 2;
    return sqrt(part);
}

/* Errors: u for each rounding to a double, half of that under a root; so 1.5 u for a vertex, 3.5 u for a line. */
static double distance_in_integers(const pm_near *a, const pm_spot *spot) {
    int unit = common_unit(a, spot), exponent, other;
    fraction square;
    square_of(&square, a, spot, unit);
    if (!square.has_bottom) {
        double root = root_of(&square.top, &exponent);
        return ldexp(root, exponent + unit);
    }
    double length = root_of(&square.bottom, &other), cross = pm_big_fraction(&square.cross, &exponent);
    return ldexp(cross / length, exponent - other + unit);
}

/* A number as the sum of two doubles. */
typedef struct pair {
    double high, low;
} pair;

static pair difference(double a, double b) {
    double high = a - b, part = high - a;
    return (pair){high, (a - (high - part)) - (b + part)};
}

static pair product(double a, double b) {
    const double splitter = 134217729; /* 2^27 + 1 */
    double high = a * b, a_part = splitter * a, b_part = splitter * b;
    double a1 = a_part - (a_part - a), a2 = a - a1, b1 = b_part - (b_part - b), b2 = b - b1;
    return (pair){high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2};
}

/* a * b + sign * c * d, rounded about once where the terms don't cancel: their low products are left out. */
static double sum_of_products(pair a, pair b, pair c, pair d, double sign) {
    pair left = product(a.high, b.high), right = product(c.high, d.high);
    left.low += a.high * b.low + a.low * b.high;
    right.low += c.high * d.low + c.low * d.high;
    double high = left.high + sign * right.high, part = high - left.high;
    double error = (left.high - (high - part)) + (sign * right.high - part);
    return high + (error + left.low + sign * right.low);
}

/* The distance to the line through an edge; NaN where pairs of doubles are not enough. */
static double distance_to_line(const pm_near *a, const pm_spot *spot) {
    const double *e = a->edge;
    pair dx = difference(e[2], e[0]), dy = difference(e[3], e[1]);
    pair qx = difference(spot->x, e[0]), qy = difference(spot->y, e[1]);
    double most = greater(greater(fabs(dx.high), fabs(dy.high)), greater(fabs(qx.high), fabs(qy.high)));
    double sides = fabs(dx.high * qy.high) + fabs(dy.high * qx.high);
    double length = sum_of_products(dx, dx, dy, dy, 1), cross = fabs(sum_of_products(dx, qy, dy, qx, -1));
    if (!(most < 0x1p200 && length > 0x1p-400 && cross > 0x1p-600 && cross > 0x1p-40 * sides))
        return NAN;
    return cross / sqrt(length);
}

double pm_near_distance(const pm_near *a, const pm_spot *spot) {
    double distance = NAN;
    if (!spot->exact && (a->place == PM_AT_A || a->place == PM_AT_B)) {
        const double *vertex = a->edge + 2 * (a->place == PM_AT_B);
        double dx = spot->x - vertex[0], dy = spot->y - vertex[1], most = greater(fabs(dx), fabs(dy));
        if (most == 0)
            return 0;
        if (most > 0x1p-400 && most < 0x1p400)
            return sqrt(dx * dx + dy * dy); /* 2 u of the square root of 4 u, and u of its own */
    } else if (!spot->exact && a->place == PM_AT_LINE) {
        distance = distance_to_line(a, spot);
        if (distance == distance)
            return distance;
    }
    distance = distance_in_integers(a, spot);
    if (distance > DBL_MAX * (1 - 0x1p-48)) /* a rounding must not carry it across the end of the doubles */
        return pm_near_decide_limit(a, DBL_MAX, spot) > 0 ? INFINITY : lesser(distance, DBL_MAX);
    return distance;
}

double pm_distance_turned(double ax, double ay, const pm_exact_point *p) {
    if (isinf(ax) || isinf(ay))
        return INFINITY;
    const pm_spot spot = pm_spot_of(p, 1);
    return pm_near_distance(&(pm_near){0, INFINITY, {ax, ay, ax, ay}, PM_AT_A}, &spot);
}
