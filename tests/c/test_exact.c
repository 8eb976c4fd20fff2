/* test_exact.c: are the signs that decide answers those of real arithmetic?
 *
 * The two questions everything rests on, which side of an edge and how close to a center, and the accumulator
 * that decides them, are compared with the oracle, where the rounded evaluation is certain, where it is not, and
 * where products overflow or underflow: distances that are exactly equal (Pythagorean triples), one unit beside,
 * lines through neighbouring doubles. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cases.h"
#include "base/exact.h"
#include "big.h"
#include "oracle.h"
#include "tap.h"

static void check_closer(tap_count *count, const double center[2], double x, double y, double d) {
    int expected = oracle_is_closer(center, x, y, d), answer = pm_is_closer(center, x, y, d);
    if (tap_case(count, answer == expected))
        printf("# center %a,%a point %a,%a distance %a: %d, expected %d\n", center[0], center[1], x, y, d, answer,
               expected);
}

/* Any numbers of a family; the distance is a random number or the double nearest to the true one. */
static void test_closer_families(void) {
    rng r = rng_new(11);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80];
        tap_count count = {name, 0, 0};
        long yes = 0, n = tap_cases(20000, 180000);
        snprintf(name, sizeof name, "closer, %s", family_names[kind]);
        for (long i = 0; i < n; i++) {
            source s = source_new(&r, (family)kind);
            double c[2] = {source_draw(&s, &r), source_draw(&s, &r)};
            double x = source_draw(&s, &r), y = rng_below(&r, 8) ? source_draw(&s, &r) : c[1];
            double d = fabs(source_draw(&s, &r));
            check_closer(&count, c, x, y, d);
            d = hypot(c[0] - x, c[1] - y);
            for (int step = -1; step <= 1; step++) {
                double near = d < DBL_MAX ? fabs(ulps_away(d, step)) : DBL_MAX;
                check_closer(&count, c, x, y, near);
                yes += oracle_is_closer(c, x, y, near);
            }
        }
        tap_tally(&count);
        if (kind != NEARBY || yes > 0)
            tap_ok(yes > n / 8 && yes < 3 * n, "%s: %ld yes", name, yes);
    }
}

/* Exactly equal: (m^2 - n^2, 2 m n, m^2 + n^2), scaled and shifted without rounding. Never closer; one unit is. */
static void test_closer_ties(void) {
    rng r = rng_new(12);
    tap_count equal = {"distance equal: not closer", 0, 0}, above = {"one unit more: closer", 0, 0};
    tap_count below = {"one unit less: not closer", 0, 0};
    for (long i = 0; i < tap_cases(100000, 1000000); i++) {
        int64_t m = rng_below(&r, 2000) + 2, n = rng_below(&r, (uint32_t)m - 1) + 1;
        int scale = (int)rng_below(&r, 2050) - 1074;
        double a = ldexp((double)(m * m - n * n), scale), b = ldexp((double)(2 * m * n), scale);
        double d = ldexp((double)(m * m + n * n), scale);
        double shift_x = ldexp((double)rng_below(&r, 1u << 28), scale);
        double shift_y = ldexp((double)rng_below(&r, 1u << 28), scale);
        if (!isfinite(d) || !isfinite(shift_x + a) || !isfinite(shift_y + b))
            continue;
        double c[2] = {rng_below(&r, 2) ? shift_x : -shift_x, rng_below(&r, 2) ? shift_y : -shift_y};
        double x = c[0] + (rng_below(&r, 2) ? a : -a), y = c[1] + (rng_below(&r, 2) ? b : -b);
        tap_case(&equal, !pm_is_closer(c, x, y, d));
        tap_case(&below, !pm_is_closer(c, x, y, nextafter(d, 0)));
        tap_case(&above, pm_is_closer(c, x, y, nextafter(d, INFINITY)));
    }
    tap_tally(&equal);
    tap_tally(&below);
    tap_tally(&above);
}

static void test_closer_edges(void) {
    static const double values[] = {0, -0.0, 0x1p-1074, -0x1p-1074, 1e-320, 1, -1, 5, 1e200, DBL_MAX, -DBL_MAX};
    enum { N = sizeof values / sizeof values[0] };
    static const double distances[] = {
        0,       -0.0,     0x1p-1074, 0x1p-1073,  1e-320, 1,        0x1.fffffffffffffp-1, 2, 1e200,
        DBL_MAX, INFINITY, -1,        -0x1p-1074, NAN,    -INFINITY};
    tap_count all = {"closer, every combination of edge values", 0, 0};
    tap_count unreal = {"closer, NaN and infinity", 0, 0};
    for (size_t i = 0; i < N * N * N * N; i++)
        for (size_t k = 0; k < sizeof distances / sizeof distances[0]; k++) {
            const double c[2] = {values[i % N], values[i / N % N]};
            check_closer(&all, c, values[i / N / N % N], values[i / N / N / N], distances[k]);
        }
    const double zero[2] = {0, 0}, nan_x[2] = {NAN, 0}, nan_y[2] = {0, NAN}, far[2] = {INFINITY, 0};
    tap_case(&unreal, !pm_is_closer(nan_x, 0, 0, INFINITY) && !pm_is_closer(nan_y, 0, 0, INFINITY));
    tap_case(&unreal, !pm_is_closer(zero, NAN, 0, INFINITY) && !pm_is_closer(zero, 0, NAN, INFINITY));
    tap_case(&unreal, !pm_is_closer(zero, INFINITY, 0, INFINITY) && !pm_is_closer(zero, 0, -INFINITY, INFINITY));
    tap_case(&unreal, !pm_is_closer(far, 0, 0, DBL_MAX) && !pm_is_closer(far, INFINITY, 0, DBL_MAX));
    tap_case(&unreal,
             !pm_is_closer(zero, 0, 0, NAN) && !pm_is_closer(zero, 0, 0, 0) && !pm_is_closer(zero, 0, 0, -1));
    tap_case(&unreal, pm_is_closer(zero, DBL_MAX, -DBL_MAX, INFINITY) && pm_is_closer(zero, 0, 0, 0x1p-1074));
    tap_tally(&all);
    tap_tally(&unreal);
}

/* Three points of a family, and points put on or beside the line through two of them. */
static void test_orientation(void) {
    rng r = rng_new(13);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80];
        tap_count count = {name, 0, 0};
        long flat = 0;
        snprintf(name, sizeof name, "orientation, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(50000, 400000); i++) {
            source s = source_new(&r, (family)kind);
            double a[2] = {source_draw(&s, &r), source_draw(&s, &r)};
            double b[2] = {source_draw(&s, &r), source_draw(&s, &r)};
            double c[2] = {source_draw(&s, &r), source_draw(&s, &r)};
            double t = rng_below(&r, 2) ? 0.5 : rng_unit(&r) * 3 - 1;
            if (rng_below(&r, 2))
                for (int k = 0; k < 2; k++) {
                    double on_line = a[k] + t * (b[k] - a[k]);
                    if (isfinite(on_line))
                        c[k] = ulps_away(on_line, (int)rng_below(&r, 3) - 1);
                }
            int expected = oracle_orientation(a, b, c);
            int answer = pm_orientation(a[0], a[1], b[0], b[1], c[0], c[1]);
            flat += expected == 0;
            if (tap_case(&count, answer == expected))
                printf("# (%a,%a) (%a,%a) (%a,%a): %d, expected %d\n", a[0], a[1], b[0], b[1], c[0], c[1], answer,
                       expected);
            tap_case(&count, pm_orientation(b[0], b[1], a[0], a[1], c[0], c[1]) == -expected);
            tap_case(&count, pm_orientation(c[0], c[1], a[0], a[1], b[0], b[1]) == expected);
        }
        tap_tally(&count);
        if (kind == SMALL_INTEGERS || kind == NEARBY || kind == SPECIALS)
            tap_ok(flat > 100, "%s: %ld of them on one line", name, flat);
    }
}

/* Two products among the subnormal numbers, half-way between two of them but for the rounding of a difference: the
 * rounded ones are in the wrong order by a whole unit, and a bound relative to them is 0. */
static void test_orientation_underflow(void) {
    tap_count count = {"orientation, products that underflow past each other", 0, 0};
    for (int split = 0; split < 36; split++)
        for (int signs = 0; signs < 4; signs++) {
            double sx = signs & 1 ? -1 : 1, sy = signs & 2 ? -1 : 1;
            const double a[2] = {sx * 0x1p-592, 0},
                         b[2] = {sx * 0x1.8p-537, sy * ldexp(1.5 * (1 + 0x1p-28), -500 - split)};
            const double p[2] = {sx * (ldexp(1 - 0x1p-28, -574 + split) + 0x1p-592), sy * 0x1p-537};
            int expected = oracle_orientation(a, b, p);
            tap_case(&count, expected == (sx == sy ? -1 : 1) &&
                                 pm_orientation(a[0], a[1], b[0], b[1], p[0], p[1]) == expected);
        }
    tap_tally(&count);
}

/* Random sums of products, merged from two accumulators, against the oracle's integers. */
static void test_accumulator(void) {
    rng r = rng_new(14);
    tap_count count = {"sums of products, rounded once", 0, 0}, signs = {"their signs", 0, 0};
    for (long i = 0; i < tap_cases(50000, 500000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        pm_exact sums[2];
        big expected = {0, 0, 0, {0}};
        pm_exact_clear(&sums[0]);
        pm_exact_clear(&sums[1]);
        int merged = rng_below(&r, 2) ? 1 : -1;
        uint32_t terms = rng_below(&r, 7);
        double last_a = 0, last_b = 0;
        for (uint32_t k = 0; k < terms; k++) {
            int repeat = k > 0 && rng_below(&r, 3) == 0; /* lets sums cancel */
            double a = repeat ? last_a : source_draw(&s, &r), b = repeat ? last_b : source_draw(&s, &r);
            int sign = rng_below(&r, 2) ? 1 : -1, which = (int)rng_below(&r, 2);
            big u, v, product;
            big_from_double(&u, a);
            big_from_double(&v, b);
            big_multiply(&product, &u, &v);
            product.sign *= sign * (which ? merged : 1);
            big_add(&expected, &expected, &product);
            pm_exact_add(&sums[which], a, b, sign);
            last_a = a;
            last_b = b;
        }
        pm_exact_merge(&sums[0], &sums[1], merged);
        tap_case(&signs, pm_exact_sign(&sums[0]) == expected.sign);
        int halvings = (int)rng_below(&r, 2);
        double answer = pm_exact_round(&sums[0], halvings), right = big_round(&expected, 2 * BIG_UNIT + halvings);
        if (tap_case(&count, answer == right))
            printf("# %a, expected %a\n", answer, right);
    }
    tap_tally(&count);
    tap_tally(&signs);
}

int main(void) {
    test_closer_families();
    test_closer_ties();
    test_closer_edges();
    test_orientation();
    test_orientation_underflow();
    test_accumulator();
    return tap_end();
}
