/* test_distance.c: are distances to edges compared as in real arithmetic, and measured within 4 ulps?
 *
 * Bounds, comparisons and values of src/base/distance.h against the oracle's integers: edges and points of every
 * family of numbers, near ties (points half-way between two edges and a few units beside, limits that are the
 * distance and its neighbours), exact ties (mirrored edges, shared vertices, Pythagorean triples), and extremes of
 * the exponent at every scale. What bounds say must always be true; how often they have to be silent is counted. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/big.h"
#include "base/distance.h"
#include "cases.h"
#include "big.h"
#include "oracle.h"
#include "tap.h"

static double magnitude(const double *values, int count, double most) {
    for (int i = 0; i < count; i++)
        most = fabs(values[i]) > most ? fabs(values[i]) : most;
    return most;
}

static void print_case(const char *what, const double *e, const double *f, double x, double y, double value) {
    printf("# %s: edge (%a,%a %a,%a)", what, e[0], e[1], e[2], e[3]);
    if (f)
        printf(" edge (%a,%a %a,%a)", f[0], f[1], f[2], f[3]);
    printf(" point (%a,%a) value %a\n", x, y, value);
}

typedef struct tallies {
    tap_count bounds, compare, limit, value;
    long undecided, ties;
} tallies;

static void check_limit(tallies *t, const pm_near *near, const pm_spot *spot, double limit) {
    int expected = oracle_compare_limit(near->edge, spot->x, spot->y, limit);
    pm_bounds bounds = pm_limit_bounds(limit, spot->scale);
    int answer = pm_near_compare_limit(near, limit, bounds, spot);
    if (tap_case(&t->limit, answer == expected && pm_near_decide_limit(near, limit, spot) == expected))
        print_case("limit", near->edge, NULL, spot->x, spot->y, limit);
}

/* The sign of distance(a) - distance(b) from one spot, exactly. */
static int decide_near(const pm_near *a, const pm_near *b, const pm_spot *spot) {
    return pm_near_decide_turned(a, spot, b, spot);
}

/* The same by bounds, where they can tell. */
static int compare_near(const pm_near *a, const pm_near *b, const pm_spot *spot) {
    return a->high < b->low ? -1 : a->low > b->high ? 1 : decide_near(a, b, spot);
}

static void check(tallies *t, const double e[4], const double f[4], double x, double y) {
    double most = magnitude(f, 4, magnitude(e, 4, 0));
    pm_spot spot = pm_spot_at(x, y, pm_distance_scale(most));
    pm_near a = pm_near_edge(e, &spot), b = pm_near_edge(f, &spot);
    int expected = oracle_compare_edges(e, f, x, y);
    int by_bounds = a.high < b.low ? -1 : a.low > b.high ? 1 : 0;
    t->undecided += by_bounds == 0;
    t->ties += expected == 0;
    if (tap_case(&t->bounds, by_bounds == 0 || by_bounds == expected))
        print_case("bounds", e, f, x, y, by_bounds);
    int low_tells = pm_edge_low(e[0], e[1], e[2], e[3], spot.scale, spot.scaled_x, spot.scaled_y) > b.high;
    if (tap_case(&t->bounds, !low_tells || expected > 0))
        print_case("low", e, f, x, y, 0);
    if (e[0] == e[2] && e[1] == e[3]) { /* a repeated vertex has the bound of a vertex, not of any line */
        double low = pm_edge_low(e[0], e[1], e[2], e[3], spot.scale, spot.scaled_x, spot.scaled_y);
        if (tap_case(&t->bounds, !(a.low > 0x1p-500 && a.low < 0x1p900) || low > a.low * (1 - 0x1p-40)))
            print_case("vertex", e, NULL, x, y, low);
    }
    if (tap_case(&t->compare, compare_near(&a, &b, &spot) == expected))
        print_case("compare", e, f, x, y, expected);
    if (tap_case(&t->compare, decide_near(&b, &a, &spot) == -expected))
        print_case("decide", e, f, x, y, expected);
    double value = pm_near_distance(&a, &spot);
    if (tap_case(&t->value, oracle_edge_distance_is(e, x, y, value)))
        print_case("value", e, NULL, x, y, value);
    double limit = value;
    if (isinf(limit))
        limit = DBL_MAX;
    check_limit(t, &a, &spot, limit);
    check_limit(t, &a, &spot, nextafter(limit, INFINITY));
    if (limit > 0)
        check_limit(t, &a, &spot, nextafter(limit, 0));
    check_limit(t, &a, &spot, fabs(f[0]));
}

static tallies tallies_of(const char *name, char names[4][100]) {
    static const char *const parts[] = {"what bounds say", "comparisons", "limits", "values"};
    for (int i = 0; i < 4; i++)
        snprintf(names[i], 100, "%s, %s", parts[i], name);
    return (tallies){{names[0], 0, 0}, {names[1], 0, 0}, {names[2], 0, 0}, {names[3], 0, 0}, 0, 0};
}

static void report(const tallies *t) {
    tap_tally(&t->bounds);
    tap_tally(&t->compare);
    tap_tally(&t->limit);
    tap_tally(&t->value);
    printf("# %ld of %ld undecided by bounds, %ld ties\n", t->undecided, t->bounds.cases / 2, t->ties);
}

static void test_families(void) {
    rng r = rng_new(31);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char names[4][100];
        tallies t = tallies_of(family_names[kind], names);
        for (long i = 0; i < tap_cases(6000, 60000); i++) {
            source s = source_new(&r, (family)kind);
            double v[10];
            for (int k = 0; k < 10; k++)
                v[k] = source_draw(&s, &r);
            if (rng_below(&r, 4) == 0) /* a shared vertex */
                memcpy(v + 4, v + 2, 2 * sizeof *v);
            if (rng_below(&r, 8) == 0) /* a point */
                memcpy(v + 2, v, 2 * sizeof *v);
            double x = v[8], y = v[9];
            if (rng_below(&r, 3) == 0) { /* near the perpendicular at a vertex, or on the edge */
                double along = rng_below(&r, 2) ? 0 : rng_unit(&r), beside = rng_below(&r, 2) ? 0 : rng_unit(&r);
                double px = v[0] + along * (v[2] - v[0]) - beside * (v[3] - v[1]);
                double py = v[1] + along * (v[3] - v[1]) + beside * (v[2] - v[0]);
                if (isfinite(px) && isfinite(py)) {
                    x = px;
                    y = py;
                }
            }
            check(&t, v, v + 4, x, y);
        }
        report(&t);
    }
}

/* Edges mirrored at a line through the point, and then one end a unit beside; at every scale. */
static void test_ties(void) {
    rng r = rng_new(32);
    char names[4][100];
    tallies t = tallies_of("mirrored edges at every scale", names);
    for (long i = 0; i < tap_cases(30000, 300000); i++) {
        int scale = (int)rng_below(&r, 2020) - 1060;
        double unit = ldexp(1, scale), e[4], f[4];
        for (int k = 0; k < 4; k++)
            e[k] = ((double)rng_below(&r, 2001) - 1000) * unit;
        double x = ((double)rng_below(&r, 2001) - 1000) * unit, y = ((double)rng_below(&r, 2001) - 1000) * unit;
        int turned = (int)rng_below(&r, 3);
        for (int k = 0; k < 4; k += 2) {
            double dx = e[k] - x, dy = e[k + 1] - y;
            f[k] = x + (turned == 0 ? -dx : turned == 1 ? dy : -dy);
            f[k + 1] = y + (turned == 0 ? dy : dx);
        }
        int beside = (int)rng_below(&r, 8);
        if (beside < 4)
            f[beside] = ulps_away(f[beside], rng_below(&r, 2) ? 1 : -1);
        check(&t, e, f, x, y);
    }
    report(&t);
    tap_ok(t.ties > t.bounds.cases / 8, "%ld ties among them", t.ties);
}

/* Distances that are whole: 5 of 3 and 4, to vertices and to lines, at every scale. */
static void test_triples(void) {
    rng r = rng_new(33);
    char names[4][100];
    tallies t = tallies_of("Pythagorean triples", names);
    tap_count exact = {"limits that are the distance", 0, 0};
    for (long i = 0; i < tap_cases(20000, 200000); i++) {
        int64_t m = rng_below(&r, 2000) + 2, n = rng_below(&r, (uint32_t)m - 1) + 1;
        int scale = (int)rng_below(&r, 2000) - 1060;
        double a = ldexp((double)(m * m - n * n), scale), b = ldexp((double)(2 * m * n), scale);
        double c = ldexp((double)(m * m + n * n), scale), k = (double)rng_below(&r, 50) + 1;
        const double edge[4] = {a, b, a + (rng_below(&r, 2) ? k * a : 0), b + k * b};
        const double line[4] = {a + k * b, b - k * a, a - k * b, b + k * a}; /* its nearest place is a b as well */
        if (!isfinite(c) || !isfinite(magnitude(line, 4, 0)) || magnitude(line, 4, 0) > DBL_MAX / 4)
            continue;
        pm_spot spot = pm_spot_at(0, 0, pm_distance_scale(magnitude(line, 4, 0)));
        pm_near at_end = pm_near_edge(edge, &spot), at_line = pm_near_edge(line, &spot);
        pm_bounds bounds = pm_limit_bounds(c, spot.scale);
        tap_case(&exact, pm_near_compare_limit(&at_end, c, bounds, &spot) == 0);
        tap_case(&exact, pm_near_compare_limit(&at_line, c, bounds, &spot) == 0);
        tap_case(&exact, compare_near(&at_end, &at_line, &spot) == 0);
        tap_case(&exact, fabs(pm_near_distance(&at_end, &spot) - c) <= 4 * (nextafter(c, INFINITY) - c));
        check(&t, edge, line, 0, 0);
    }
    tap_tally(&exact);
    report(&t);
}

/* Two edges of a map of ordinary coordinates, and points about half-way between them. */
static void test_near_ties(void) {
    rng r = rng_new(34);
    char names[4][100];
    tallies t = tallies_of("half-way between two edges", names);
    for (long i = 0; i < tap_cases(30000, 300000); i++) {
        double e[4], f[4], offset = rng_below(&r, 2) ? 500000 : 0;
        for (int k = 0; k < 4; k++) {
            e[k] = offset + rng_unit(&r);
            f[k] = offset + 2 + rng_unit(&r);
        }
        /* Bisect between the edges' first ends. */
        double low = 0, high = 1, x = 0, y = 0;
        for (int step = 0; step < 60; step++) {
            double half = (low + high) / 2;
            x = e[0] + half * (f[0] - e[0]);
            y = e[1] + half * (f[1] - e[1]);
            pm_spot spot = pm_spot_at(x, y, 1);
            pm_near a = pm_near_edge(e, &spot), b = pm_near_edge(f, &spot);
            if (a.low < b.low)
                low = half;
            else
                high = half;
        }
        check(&t, e, f, ulps_away(x, (int)rng_below(&r, 5) - 2), y);
    }
    report(&t);
    tap_ok(t.undecided > 1000, "%ld of them are undecided by bounds", t.undecided);
}

/* The integers themselves: as fractions of 53 bits and signs, of sums and products of doubles of all sizes. */
static void test_integers(void) {
    rng r = rng_new(35);
    tap_count signs = {"signs of products of differences", 0, 0}, values = {"rounded products", 0, 0};
    for (long i = 0; i < tap_cases(30000, 300000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        double v[4];
        int unit = 971, exponent;
        for (int k = 0; k < 4; k++) {
            v[k] = source_draw(&s, &r);
            unit = pm_big_unit(v[k], unit);
        }
        pm_big a, b, c, d, left, right;
        pm_big_set(&a, v[0], unit);
        pm_big_set(&b, v[1], unit);
        pm_big_set(&c, v[2], unit);
        pm_big_set(&d, v[3], unit);
        pm_big_multiply(&left, &a, &b);
        pm_big_multiply(&right, &c, &d);
        int sign = rng_below(&r, 2) ? 1 : -1;
        pm_big_add(&left, &left, &right, sign);
        big u, w, first, second;
        big_from_double(&u, v[0]);
        big_from_double(&w, v[1]);
        big_multiply(&first, &u, &w);
        big_from_double(&u, v[2]);
        big_from_double(&w, v[3]);
        big_multiply(&second, &u, &w);
        second.sign *= sign;
        big_add(&first, &first, &second);
        double fraction = pm_big_fraction(&left, &exponent), value = ldexp(fraction, exponent + 2 * unit);
        tap_case(&signs, left.sign == first.sign);
        if (value > 0x1p-1000 || first.sign == 0) /* else rounded twice */
            tap_case(&values, value == fabs(big_round(&first, 2 * BIG_UNIT)));
    }
    tap_tally(&signs);
    tap_tally(&values);
}

int main(void) {
    test_integers();
    test_families();
    test_ties();
    test_triples();
    test_near_ties();
    return tap_end();
}
