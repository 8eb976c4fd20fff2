/* oracle.c: what is the right answer, exactly?
 *
 * The definitions, implemented literally on exact integers (big.h): no filter, no early return but those that are
 * comparisons of input doubles, no shared code with src/. The tests rely on it being right for every finite double;
 * test_oracle.c compares it with known values. */
#include "oracle.h"

#include "big.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- predicates and measures --------------------------------------------------------------------------- */

static void difference(big *out, double a, double b) {
    big u, v;
    big_from_double(&u, a);
    big_from_double(&v, b);
    big_subtract(out, &u, &v);
}

/* +1: a, b, c turn left; -1: right; 0: on one line. (b - a) x (c - a). */
int oracle_orientation(const double a[2], const double b[2], const double c[2]) {
    big abx, aby, acx, acy, left, right;
    difference(&abx, b[0], a[0]);
    difference(&aby, b[1], a[1]);
    difference(&acx, c[0], a[0]);
    difference(&acy, c[1], a[1]);
    big_multiply(&left, &abx, &acy);
    big_multiply(&right, &aby, &acx);
    return big_compare(&left, &right);
}

int oracle_is_closer(const double center[2], double x, double y, double distance) {
    if (isnan(center[0]) || isnan(center[1]) || isnan(distance) || !isfinite(x) || !isfinite(y) || distance < 0)
        return 0;
    if (isinf(distance))
        return 1;
    if (isinf(center[0]) || isinf(center[1]))
        return 0;
    big dx, dy, d, dx2, dy2, d2;
    difference(&dx, center[0], x);
    difference(&dy, center[1], y);
    big_from_double(&d, distance);
    big_multiply(&dx2, &dx, &dx);
    big_multiply(&dy2, &dy, &dy);
    big_multiply(&d2, &d, &d);
    big_add(&dx2, &dx2, &dy2);
    return big_compare(&dx2, &d2) < 0;
}

/* u . v of two differences each. */
static void scalar_product(big *out, const big u[2], const big v[2]) {
    big other;
    big_multiply(out, &u[0], &v[0]);
    big_multiply(&other, &u[1], &v[1]);
    big_add(out, out, &other);
}

/* The squared distance as top / bottom: of p to the place a + t (b - a) where t is cut off to [0, 1]. */
static void squared_distance(big *top, big *bottom, const double edge[4], double x, double y) {
    big along[2], from[2], length, t, cross, other;
    difference(&along[0], edge[2], edge[0]);
    difference(&along[1], edge[3], edge[1]);
    difference(&from[0], x, edge[0]);
    difference(&from[1], y, edge[1]);
    scalar_product(&length, along, along);
    scalar_product(&t, from, along);  /* times the length */
    bottom->sign = bottom->count = 1; /* the integer 1 */
    bottom->low = 0;
    bottom->limb[0] = 1;
    if (t.sign <= 0) {
        scalar_product(top, from, from);
    } else if (big_compare(&t, &length) >= 0) {
        difference(&from[0], x, edge[2]);
        difference(&from[1], y, edge[3]);
        scalar_product(top, from, from);
    } else {
        big_multiply(&cross, &along[0], &from[1]);
        big_multiply(&other, &along[1], &from[0]);
        big_subtract(&cross, &cross, &other);
        big_multiply(top, &cross, &cross);
        big_copy(bottom, &length);
    }
}

int oracle_compare_edges(const double first[4], const double second[4], double x, double y) {
    big top[2], bottom[2], left, right;
    squared_distance(&top[0], &bottom[0], first, x, y);
    squared_distance(&top[1], &bottom[1], second, x, y);
    big_multiply(&left, &top[0], &bottom[1]);
    big_multiply(&right, &top[1], &bottom[0]);
    return big_compare(&left, &right);
}

int oracle_compare_limit(const double edge[4], double x, double y, double limit) {
    big top, bottom, root, square, right;
    if (isinf(limit))
        return -1;
    squared_distance(&top, &bottom, edge, x, y);
    big_from_double(&root, limit);
    big_multiply(&square, &root, &root);
    big_multiply(&right, &square, &bottom);
    return big_compare(&top, &right);
}

int oracle_edge_distance_is(const double edge[4], double x, double y, double value) {
    if (isnan(value) || value < 0)
        return 0;
    int beyond = oracle_compare_limit(edge, x, y, DBL_MAX) > 0;
    if (isinf(value) || beyond)
        return isinf(value) && beyond;
    double low = value, high = value;
    for (int i = 0; i < 4; i++) {
        low = nextafter(low, -INFINITY);
        high = nextafter(high, INFINITY);
    }
    return (low < 0 || oracle_compare_limit(edge, x, y, low) >= 0) && oracle_compare_limit(edge, x, y, high) <= 0;
}

/* |sum(x[i] y[i+1] - x[i+1] y[i])|: twice the area, in units of 2^-2148. */
static void twice_ring_area(big *sum, const double *x, const double *y, ptrdiff_t stride, size_t count) {
    big x0, y0, x1, y1, product;
    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < count; i++) {
        ptrdiff_t at = (ptrdiff_t)i * stride, next = (ptrdiff_t)((i + 1) % count) * stride;
        big_from_double(&x0, x[at]);
        big_from_double(&y0, y[at]);
        big_from_double(&x1, x[next]);
        big_from_double(&y1, y[next]);
        big_multiply(&product, &x0, &y1);
        big_add(sum, sum, &product);
        big_multiply(&product, &x1, &y0);
        big_subtract(sum, sum, &product);
    }
    sum->sign = abs(sum->sign);
}

double oracle_ring_area(const double *x, const double *y, ptrdiff_t stride, size_t count) {
    big twice;
    twice_ring_area(&twice, x, y, stride, count);
    return big_round(&twice, 2 * BIG_UNIT + 1);
}

static void add_vertices(big sum[2], const double *x, const double *y, ptrdiff_t stride, size_t count) {
    for (size_t i = 0; i < count; i++) {
        big value;
        big_from_double(&value, x[(ptrdiff_t)i * stride]);
        big_add(&sum[0], &sum[0], &value);
        big_from_double(&value, y[(ptrdiff_t)i * stride]);
        big_add(&sum[1], &sum[1], &value);
    }
}

void oracle_vertex_center(const double *x, const double *y, ptrdiff_t stride, size_t count, double center[2]) {
    big sum[2];
    memset(sum, 0, sizeof sum);
    add_vertices(sum, x, y, stride, count);
    for (int k = 0; k < 2; k++)
        center[k] = big_round(&sum[k], BIG_UNIT) / (double)count;
}

/* ---- regions ------------------------------------------------------------------------------------------- */

static size_t first_polygon(const pm_regions *regions, size_t region) {
    return regions->geom_offsets ? (size_t)regions->geom_offsets[region] : region;
}

static int kind_of(const pm_regions *regions, size_t polygon) {
    return regions->kinds ? regions->kinds[polygon] : PM_PART_POLYGON;
}

double oracle_area(const pm_regions *regions, size_t region) {
    big total, ring_area;
    memset(&total, 0, sizeof total);
    for (size_t p = first_polygon(regions, region); p < first_polygon(regions, region + 1); p++) {
        size_t shell = (size_t)regions->polygon_offsets[p], end = (size_t)regions->polygon_offsets[p + 1];
        for (size_t r = shell; r < end && kind_of(regions, p) == PM_PART_POLYGON; r++) {
            size_t start = (size_t)regions->ring_offsets[r], count = (size_t)regions->ring_offsets[r + 1] - start;
            twice_ring_area(&ring_area, regions->coords + 2 * start, regions->coords + 2 * start + 1, 2, count);
            if (r == shell)
                big_add(&total, &total, &ring_area);
            else
                big_subtract(&total, &total, &ring_area);
        }
    }
    return big_round(&total, 2 * BIG_UNIT + 1);
}

void oracle_center(const pm_regions *regions, size_t region, double center[2]) {
    big sum[2];
    size_t vertices = 0;
    memset(sum, 0, sizeof sum);
    for (size_t p = first_polygon(regions, region); p < first_polygon(regions, region + 1); p++) {
        size_t r = (size_t)regions->polygon_offsets[p], end = (size_t)regions->polygon_offsets[p + 1];
        for (; r < end; r++) {
            size_t start = (size_t)regions->ring_offsets[r], count = (size_t)regions->ring_offsets[r + 1] - start;
            const double *ring = regions->coords + 2 * start;
            if (kind_of(regions, p) == PM_PART_POLYGON && count > 1 && ring[0] == ring[2 * count - 2] &&
                ring[1] == ring[2 * count - 1])
                count--;
            add_vertices(sum, ring, ring + 1, 2, count);
            vertices += count;
        }
    }
    for (int k = 0; k < 2; k++)
        center[k] = vertices ? big_round(&sum[k], BIG_UNIT) / (double)vertices : NAN;
}

/* On the closed segment from a to b, which may be a single point: in its box and on its line. */
static int on_edge(const double a[2], const double b[2], const double p[2]) {
    for (int k = 0; k < 2; k++)
        if ((p[k] < a[k] && p[k] < b[k]) || (p[k] > a[k] && p[k] > b[k]))
            return 0;
    return oracle_orientation(a, b, p) == 0;
}

/* The ray from p to the right meets the edge: one end is above p, the other is not, and p is on the left. */
static int ray_crosses(const double a[2], const double b[2], const double p[2]) {
    if ((a[1] > p[1]) == (b[1] > p[1]))
        return 0;
    return a[1] < b[1] ? oracle_orientation(a, b, p) > 0 : oracle_orientation(b, a, p) > 0;
}

/* How many edges a ring of `count` vertices has: a line doesn't return to its first vertex, unless it has no other.
 */
static size_t edge_count(int kind, size_t count) {
    return kind == PM_PART_LINE && count > 1 ? count - 1 : count;
}

static int polygon_covers(const pm_regions *regions, size_t polygon, const double p[2]) {
    const int kind = kind_of(regions, polygon);
    int crossings = 0;
    size_t r = (size_t)regions->polygon_offsets[polygon], end = (size_t)regions->polygon_offsets[polygon + 1];
    for (; r < end; r++) {
        size_t start = (size_t)regions->ring_offsets[r], count = (size_t)regions->ring_offsets[r + 1] - start;
        const double *ring = regions->coords + 2 * start;
        for (size_t i = 0; i < edge_count(kind, count); i++) {
            const double *a = ring + 2 * i, *b = ring + 2 * ((i + 1) % count);
            if (on_edge(a, b, p))
                return 1;
            crossings += ray_crosses(a, b, p);
        }
    }
    return kind == PM_PART_POLYGON && crossings % 2;
}

int oracle_covers(const pm_regions *regions, size_t region, double x, double y) {
    const double p[2] = {x, y};
    if (!isfinite(x) || !isfinite(y))
        return 0;
    for (size_t i = first_polygon(regions, region); i < first_polygon(regions, region + 1); i++)
        if (polygon_covers(regions, i, p))
            return 1;
    return 0;
}

/* ---- the match ----------------------------------------------------------------------------------------- */

/* 1 when region a beats region b by the rule, 0 when it does not or they are equal. */
static int beats(const pm_options *options, const double *areas, size_t a, size_t b) {
    switch (options->best) {
    case PM_SMALLEST:
        return areas[a] < areas[b];
    case PM_LARGEST:
        return areas[a] > areas[b];
    case PM_FIRST:
        return 0;
    case PM_SCORE_DOUBLE:
        return ((const double *)options->scores)[a] < ((const double *)options->scores)[b];
    case PM_SCORE_INT64:
        return ((const int64_t *)options->scores)[a] < ((const int64_t *)options->scores)[b];
    case PM_SCORE_UINT64:
        return ((const uint64_t *)options->scores)[a] < ((const uint64_t *)options->scores)[b];
    }
    abort();
}

static double point_value(const double *base, ptrdiff_t stride, size_t i) {
    double value; /* the address may be unaligned */
    memcpy(&value, (const char *)base + (ptrdiff_t)i * stride, sizeof value);
    return value;
}

static int is_candidate(const pm_regions *regions, const double *centers, const pm_options *options, size_t i,
                        double x, double y) {
    if (options->predicate == PM_COVERS)
        return oracle_covers(regions, i, x, y);
    return oracle_is_closer(centers + 2 * i, x, y, options->distance[options->distance_count == 1 ? 0 : i]);
}

/* How far a region is: it covers the point, or this edge is nearest. */
typedef struct region_distance {
    int exists, covers;
    double edge[4];
    big top, bottom; /* the square of its distance */
} region_distance;

static int compare_fractions(const big *top, const big *bottom, const big *other_top, const big *other_bottom) {
    big left, right;
    big_multiply(&left, top, other_bottom);
    big_multiply(&right, other_top, bottom);
    return big_compare(&left, &right);
}

static void consider_ring(region_distance *found, int kind, const double *ring, size_t count, double x, double y) {
    for (size_t i = 0; i < edge_count(kind, count); i++) {
        const double *a = ring + 2 * i, *b = ring + 2 * ((i + 1) % count);
        const double edge[4] = {a[0], a[1], b[0], b[1]};
        big top, bottom;
        if (found->covers && found->exists)
            return;
        squared_distance(&top, &bottom, edge, x, y);
        if (found->exists && compare_fractions(&top, &bottom, &found->top, &found->bottom) >= 0)
            continue;
        memcpy(found->edge, edge, sizeof edge);
        big_copy(&found->top, &top);
        big_copy(&found->bottom, &bottom);
        found->exists = 1;
    }
}

static void distance_of(region_distance *found, const pm_regions *regions, size_t region, double x, double y) {
    found->exists = 0;
    found->covers = oracle_covers(regions, region, x, y);
    for (size_t i = first_polygon(regions, region); i < first_polygon(regions, region + 1); i++)
        for (int64_t ring = regions->polygon_offsets[i]; ring < regions->polygon_offsets[i + 1]; ring++)
            consider_ring(found, kind_of(regions, i), regions->coords + 2 * regions->ring_offsets[ring],
                          (size_t)(regions->ring_offsets[ring + 1] - regions->ring_offsets[ring]), x, y);
}

static int compare_distances(const region_distance *a, const region_distance *b) {
    return a->covers || b->covers ? b->covers - a->covers
                                  : compare_fractions(&a->top, &a->bottom, &b->top, &b->bottom);
}

static int is_within(const region_distance *distance, double x, double y, double limit) {
    return distance->exists && (distance->covers || oracle_compare_limit(distance->edge, x, y, limit) <= 0);
}

int oracle_distance_is(const pm_regions *regions, size_t region, double x, double y, double value) {
    region_distance distance;
    distance_of(&distance, regions, region, x, y);
    if (!distance.exists || distance.covers)
        return distance.covers && value == 0;
    return oracle_edge_distance_is(distance.edge, x, y, value);
}

static double limit_of(const pm_options *options, size_t i) {
    return options->distance_count ? options->distance[options->distance_count == 1 ? 0 : i] : INFINITY;
}

/* Every region at most as far away as its limit; for nearest the closest, else the best. */
static void match_distances(const pm_regions *regions, const double *areas, size_t count, const pm_options *options,
                            double x, double y, int64_t *out) {
    static region_distance best, distance;
    best.exists = 0;
    for (size_t i = 0; i < count && isfinite(x) && isfinite(y); i++) {
        distance_of(&distance, regions, i, x, y);
        if (!is_within(&distance, x, y, limit_of(options, i)))
            continue;
        int nearer = options->predicate == PM_NEAREST && best.exists ? compare_distances(&distance, &best) : 0;
        if (!best.exists || nearer < 0 || (nearer == 0 && beats(options, areas, i, (size_t)*out))) {
            best = distance;
            *out = (int64_t)i;
        }
    }
}

/* Every region is tested, in input order: a later one wins only when it beats the best so far. */
static void match_all(const pm_regions *regions, const double *centers, const double *areas, size_t count,
                      const pm_options *options, const pm_points *points, int64_t *out) {
    for (size_t k = 0; k < points->count; k++) {
        double x = point_value(points->x, points->x_stride, k);
        double y = point_value(points->y, points->y_stride, k);
        out[k] = PM_NO_MATCH;
        if (options->predicate >= PM_DWITHIN)
            match_distances(regions, areas, count, options, x, y, &out[k]);
        for (size_t i = 0; i < count && options->predicate < PM_DWITHIN; i++)
            if ((out[k] == PM_NO_MATCH || beats(options, areas, i, (size_t)out[k])) &&
                is_candidate(regions, centers, options, i, x, y))
                out[k] = (int64_t)i;
    }
}

void oracle_match(const pm_regions *regions, const pm_options *options, const pm_points *points, int64_t *out) {
    static const pm_options defaults;
    size_t count = regions->geom_offsets ? regions->geom_count : regions->polygon_count;
    double *areas = calloc(count + 1, sizeof *areas), *centers = calloc(count + 1, 2 * sizeof *centers);
    if (areas == NULL || centers == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        areas[i] = oracle_area(regions, i);
        oracle_center(regions, i, centers + 2 * i);
    }
    match_all(regions, centers, areas, count, options ? options : &defaults, points, out);
    free(areas);
    free(centers);
}

void oracle_match_disks(const pm_disks *disks, const pm_options *options, const pm_points *points, int64_t *out) {
    double *centers = calloc(disks->count + 1, 2 * sizeof *centers);
    pm_options rules = *options;
    if (centers == NULL)
        abort();
    for (size_t i = 0; i < disks->count; i++) {
        centers[2 * i] = disks->x[i];
        centers[2 * i + 1] = disks->y[i];
    }
    rules.predicate = PM_CENTER_WITHIN;
    match_all(NULL, centers, disks->area, disks->count, &rules, points, out);
    free(centers);
}

/* Is candidate a listed before b? */
static int is_before(const pm_options *options, const double *areas, const region_distance *distances, size_t a,
                     size_t b) {
    int nearer = options->predicate == PM_NEAREST ? compare_distances(&distances[a], &distances[b]) : 0;
    return nearer < 0 || (nearer == 0 && (beats(options, areas, a, b) || (!beats(options, areas, b, a) && a < b)));
}

size_t oracle_candidates(const pm_regions *regions, const pm_options *options, double x, double y, int64_t *ids) {
    enum { MOST = 64 };
    static region_distance distances[MOST];
    double areas[MOST], centers[2 * MOST];
    size_t count = regions->geom_offsets ? regions->geom_count : regions->polygon_count, found = 0;
    assert(count <= MOST);
    for (size_t i = 0; i < count && isfinite(x) && isfinite(y); i++) {
        areas[i] = oracle_area(regions, i);
        oracle_center(regions, i, centers + 2 * i);
        if (options->predicate >= PM_DWITHIN)
            distance_of(&distances[i], regions, i, x, y);
        if (options->predicate >= PM_DWITHIN ? is_within(&distances[i], x, y, limit_of(options, i))
                                             : is_candidate(regions, centers, options, i, x, y)) {
            size_t at = found++;
            for (; at > 0 && is_before(options, areas, distances, i, (size_t)ids[at - 1]); at--)
                ids[at] = ids[at - 1];
            ids[at] = (int64_t)i;
        }
    }
    return found;
}
