/* measure.c — how large is a region, and where is its center?
 *
 * Both are sums that cancel: a shoelace sum in plain doubles is off by 1e-11 where two equal polygons should tie, and
 * then noise picks the winner. So both are *correctly rounded*: the double nearest to the real value of the given
 * coordinates, the same on every machine, whichever vertex comes first.
 *
 * The sum is carried as two doubles (compensated, as twice the precision would give; Ogita, Rump, Oishi, "Accurate
 * sum and dot product", 2005). Its error bound shows whether every real number within it rounds to the same double;
 * if not (ties, cancellation to zero, over- and underflow) the exact accumulator sums again: for 3 and 4 rings in a
 * thousand of US counties and of countries. */
#include "base/strict.h"

#include "measure.h"

#include <math.h>

#include "base/exact.h"
#include "regions.h"

/* sum + rest is the value, with an error below bound(). */
typedef struct compensated {
    double sum, rest;
    double magnitude; /* sum of |terms| */
    double terms;     /* how many were added */
} compensated;

static void add(compensated *c, double value) {
    double sum = c->sum + value, back = sum - c->sum;
    c->rest += (c->sum - (sum - back)) + (value - back);
    c->sum = sum;
    c->terms++;
}

/* The rounding error of a * b (Dekker 1971, Veltkamp's splitting), exact unless something over- or underflows. */
static double product_error(double a, double b, double product) {
    double sa = 134217729.0 * a, sb = 134217729.0 * b;
    double ah = sa - (sa - a), bh = sb - (sb - b), al = a - ah, bl = b - bh;
    return al * bl - (((product - ah * bh) - al * bh) - ah * bl);
}

static void add_product(compensated *c, double a, double b) {
    double product = a * b;
    add(c, product);
    c->rest += product_error(a, b, product);
    c->magnitude += fabs(product);
}

/* Ogita, Rump, Oishi prove gamma(n)^2 * magnitude, gamma(n) = n u / (1 - n u), u = 2^-53; here with a factor of 8 to
 * spare for the rounding of the bound itself, and what products that underflow can lose. */
static double bound(const compensated *c) {
    double gamma = c->terms * 0x1p-53;
    return 8 * gamma * gamma * c->magnitude + c->terms * 0x1p-1060;
}

/* Round sum + rest to one double; 0 when the bound leaves more than one. */
static int rounds_to(const compensated *c, double *result) {
    double high = c->sum + c->rest, low = c->rest - (high - c->sum);
    if (!(fabs(c->rest) <= fabs(c->sum)))
        return 0;
    double slack = bound(c) + fabs(low) * 0x1p-50;
    *result = high + (low - slack);
    return *result == high + (low + slack) && fabs(*result) > 1e-290 && isfinite(*result);
}

/* Twice the signed area. */
static compensated shoelace(const double *x, const double *y, ptrdiff_t stride, size_t count) {
    compensated c = {0, 0, 0, 0};
    double px = x[(ptrdiff_t)(count - 1) * stride], py = y[(ptrdiff_t)(count - 1) * stride];
    for (size_t i = 0; i < count; i++) {
        double qx = x[(ptrdiff_t)i * stride], qy = y[(ptrdiff_t)i * stride];
        add_product(&c, px, qy);
        add_product(&c, -qx, py);
        px = qx;
        py = qy;
    }
    return c;
}

static void shoelace_exact(pm_exact *sum, const double *x, const double *y, ptrdiff_t stride, size_t count) {
    pm_exact_clear(sum);
    double px = x[(ptrdiff_t)(count - 1) * stride], py = y[(ptrdiff_t)(count - 1) * stride];
    for (size_t i = 0; i < count; i++) {
        double qx = x[(ptrdiff_t)i * stride], qy = y[(ptrdiff_t)i * stride];
        pm_exact_add(sum, px, qy, 1);
        pm_exact_add(sum, qx, py, -1);
        px = qx;
        py = qy;
    }
}

double pm_ring_area(const double *x, const double *y, ptrdiff_t stride, size_t count) {
    if (count < 3)
        return 0.0;
    compensated c = shoelace(x, y, stride, count);
    double twice;
    if (rounds_to(&c, &twice))
        return 0.5 * fabs(twice);
    pm_exact sum;
    shoelace_exact(&sum, x, y, stride, count);
    return fabs(pm_exact_round(&sum, 1));
}

/* The rings that have an area. */
static pm_range surfaces(const pm_regions *regions, size_t polygon) {
    return pm_is_polygon(regions, polygon) ? pm_polygon_rings(regions, polygon) : (pm_range){0, 0};
}

/* Exactly: the sum over polygons of |shell| - sum |holes|, rounded once. */
static double region_area_exact(const pm_regions *regions, size_t region) {
    pm_exact total, ring_sum;
    pm_exact_clear(&total);
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        pm_range rings = surfaces(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            pm_range v = pm_ring_vertices(regions, ring);
            if (v.end - v.begin < 3)
                continue;
            const double *xy = regions->coords + 2 * v.begin;
            shoelace_exact(&ring_sum, xy, xy + 1, 2, v.end - v.begin);
            int sign = pm_exact_sign(&ring_sum);
            if (sign != 0)
                pm_exact_merge(&total, &ring_sum, ring == rings.begin ? sign : -sign);
        }
    }
    return pm_exact_round(&total, 1);
}

double pm_region_area(const pm_regions *regions, size_t region) {
    compensated total = {0, 0, 0, 0};
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        pm_range rings = surfaces(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            pm_range v = pm_ring_vertices(regions, ring);
            if (v.end - v.begin < 3)
                continue;
            const double *xy = regions->coords + 2 * v.begin;
            compensated c = shoelace(xy, xy + 1, 2, v.end - v.begin);
            if (!(fabs(c.sum) > fabs(c.rest) + bound(&c)))
                return region_area_exact(regions, region); /* the ring's orientation is in doubt */
            double sign = (c.sum > 0) == (ring == rings.begin) ? 1 : -1;
            add(&total, sign * c.sum);
            total.rest += sign * c.rest;
            total.magnitude += c.magnitude;
            total.terms += c.terms;
        }
    }
    if (total.terms == 0)
        return 0.0;
    double twice;
    return rounds_to(&total, &twice) ? 0.5 * twice : region_area_exact(regions, region);
}

/* Relative to the first vertex, whose differences cancel little. A term is off by 4 units of its last place, a sum by
 * one for each of its terms (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 4.2), of
 * 2^-53; here there are at least two for one, and what terms that underflow can lose. */
pm_about pm_region_area_about(const pm_regions *regions, size_t region) {
    pm_about about = {0, 0};
    double total = 0, count = 16;
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        pm_range rings = surfaces(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_ring_vertices(regions, ring);
            if (v.end - v.begin < 3)
                continue;
            const double *xy = regions->coords + 2 * v.begin, ox = xy[0], oy = xy[1];
            double sum = 0, magnitude = 0, px = 0, py = 0;
            for (size_t i = 1; i < v.end - v.begin; i++) {
                const double qx = xy[2 * i] - ox, qy = xy[2 * i + 1] - oy, left = px * qy, right = qx * py;
                sum += left - right;
                magnitude += fabs(left) + fabs(right);
                px = qx;
                py = qy;
            }
            about.value += 0.5 * (ring == rings.begin ? fabs(sum) : -fabs(sum));
            total += fabs(sum);
            count++;
            about.error += (double)(v.end - v.begin + 16) * (0x1p-52 * magnitude + 0x1p-1060);
        }
    }
    about.error += count * 0x1p-52 * total + 0x1p-50 * fabs(about.value);
    return about;
}

/* The sums of both coordinates. */
typedef struct mean {
    compensated c[2];
    size_t count;
} mean;

static void mean_add(mean *m, const double *x, const double *y, ptrdiff_t stride, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double vx = x[(ptrdiff_t)i * stride], vy = y[(ptrdiff_t)i * stride];
        add(&m->c[0], vx);
        add(&m->c[1], vy);
        m->c[0].magnitude += fabs(vx);
        m->c[1].magnitude += fabs(vy);
    }
    m->count += count;
}

void pm_vertex_center(const double *x, const double *y, ptrdiff_t stride, size_t count, double center[2]) {
    mean m = {{{0, 0, 0, 0}, {0, 0, 0, 0}}, 0};
    mean_add(&m, x, y, stride, count);
    for (int axis = 0; axis < 2; axis++) {
        double sum;
        if (!rounds_to(&m.c[axis], &sum)) {
            pm_exact exact;
            pm_exact_clear(&exact);
            for (size_t i = 0; i < count; i++)
                pm_exact_add(&exact, (axis ? y : x)[(ptrdiff_t)i * stride], 1.0, 1);
            sum = pm_exact_round(&exact, 0);
        }
        center[axis] = sum / (double)count;
    }
}

/* Add the vertices of a region that count for its center: to `m`, or one axis of them to `exact`. */
static void add_region(const pm_regions *regions, size_t region, mean *m, pm_exact *exact, size_t axis) {
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        pm_range rings = pm_polygon_rings(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            pm_range v = pm_ring_distinct(regions, polygon, ring);
            if (!exact && v.end > v.begin)
                mean_add(m, regions->coords + 2 * v.begin, regions->coords + 2 * v.begin + 1, 2, v.end - v.begin);
            for (size_t i = v.begin; exact && i < v.end; i++)
                pm_exact_add(exact, regions->coords[2 * i + axis], 1.0, 1);
        }
    }
}

void pm_region_center(const pm_regions *regions, size_t region, double center[2]) {
    mean m = {{{0, 0, 0, 0}, {0, 0, 0, 0}}, 0};
    add_region(regions, region, &m, NULL, 0);
    for (size_t axis = 0; axis < 2; axis++) {
        double sum;
        if (m.count == 0) {
            center[axis] = NAN;
            continue;
        }
        if (!rounds_to(&m.c[axis], &sum)) {
            pm_exact exact;
            pm_exact_clear(&exact);
            add_region(regions, region, NULL, &exact, axis);
            sum = pm_exact_round(&exact, 0);
        }
        center[axis] = sum / (double)m.count;
    }
}

void pm_regions_measure(const pm_regions *regions, double *areas, double *centers) {
    for (size_t region = 0; region < pm_regions_count(regions); region++) {
        if (areas)
            areas[region] = pm_region_area(regions, region);
        if (centers)
            pm_region_center(regions, region, centers + 2 * region);
    }
}
