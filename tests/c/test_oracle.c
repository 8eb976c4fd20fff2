/* test_oracle.c: is the oracle itself right?
 *
 * It is compared with known values, with the machine's arithmetic where that is exact (small integers, powers of two,
 * single operations, which the hardware rounds correctly), and with the laws of a ring. The other tests compare it
 * with the library. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cases.h"
#include "big.h"
#include "oracle.h"
#include "tap.h"

static int same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (a == 0 && b == 0);
}

/* One addition, subtraction, multiplication: the processor rounds them correctly, so must big_round(). */
static void test_against_hardware(void) {
    tap_count sums = {"sums round as the processor's", 0, 0}, products = {"products round as the processor's", 0, 0};
    tap_count trips = {"doubles survive the way there and back", 0, 0};
    rng r = rng_new(1);
    for (long i = 0; i < tap_cases(300000, 2000000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        double a = source_draw(&s, &r), b = rng_below(&r, 2) ? source_draw(&s, &r) : rng_any_finite(&r);
        big u, v, w;
        big_from_double(&u, a);
        big_from_double(&v, b);
        if (tap_case(&trips, same(big_round(&u, BIG_UNIT), a)))
            printf("# %a\n", a);
        big_add(&w, &u, &v);
        if (tap_case(&sums, same(big_round(&w, BIG_UNIT), a + b)))
            printf("# %a + %a\n", a, b);
        big_subtract(&w, &u, &v);
        if (tap_case(&sums, same(big_round(&w, BIG_UNIT), a - b)))
            printf("# %a - %a\n", a, b);
        big_multiply(&w, &u, &v);
        if (tap_case(&products, same(big_round(&w, 2 * BIG_UNIT), a * b)))
            printf("# %a * %a\n", a, b);
        tap_case(&sums, big_compare(&u, &v) == (a > b) - (a < b));
    }
    tap_tally(&trips);
    tap_tally(&sums);
    tap_tally(&products);
}

/* (a + b)(a - b) = a a - b b, and a sum does not depend on the order, for any magnitudes. */
static void test_laws(void) {
    tap_count laws = {"ring laws", 0, 0};
    rng r = rng_new(2);
    for (long i = 0; i < tap_cases(50000, 500000); i++) {
        big a, b, sum, difference, left, aa, bb;
        big_from_double(&a, rng_any_finite(&r));
        big_from_double(&b, rng_any_finite(&r));
        big_add(&sum, &a, &b);
        big_subtract(&difference, &a, &b);
        big_multiply(&left, &sum, &difference);
        big_multiply(&aa, &a, &a);
        big_multiply(&bb, &b, &b);
        big_subtract(&aa, &aa, &bb);
        tap_case(&laws, big_compare(&left, &aa) == 0);
        big_add(&difference, &difference, &b);
        tap_case(&laws, big_compare(&difference, &a) == 0);
        big_subtract(&a, &a, &a);
        tap_case(&laws, a.sign == 0 && a.count == 0);
    }
    tap_tally(&laws);
}

static void test_known_values(void) {
    static const double square[] = {0, 0, 2, 0, 2, 2, 0, 2}, unit[] = {0, 0, 1, 0, 0, 1};
    const double up[2] = {0, 1}, right[2] = {1, 0}, origin[2] = {0, 0};
    tap_ok(oracle_orientation(origin, right, up) == 1 && oracle_orientation(origin, up, right) == -1, "turns");
    const double big_a[2] = {-DBL_MAX, -DBL_MAX}, big_b[2] = {DBL_MAX, DBL_MAX}, beside[2] = {0, 0x1p-1074};
    tap_ok(oracle_orientation(big_a, big_b, beside) == 1 && oracle_orientation(big_a, big_b, origin) == 0,
           "the smallest number beside the longest line");
    const double five[2] = {3 * 0x1p-1074, 4 * 0x1p-1074};
    tap_ok(!oracle_is_closer(origin, five[0], five[1], 5 * 0x1p-1074), "3-4-5 at the smallest scale: not closer");
    tap_ok(oracle_is_closer(origin, five[0], five[1], 6 * 0x1p-1074), "3-4-6: closer");
    tap_ok(!oracle_is_closer(origin, 3, 4, 5) && oracle_is_closer(origin, 3, 4, nextafter(5, 6)), "3-4-5 is strict");
    tap_ok(oracle_ring_area(square, square + 1, 2, 4) == 4 && oracle_ring_area(unit, unit + 1, 2, 3) == 0.5, "areas");
    const double tie[] = {0, 0, 134217727, 0, 134217727, 134217729, 0, 134217729}; /* 2^54 - 1: between two doubles */
    tap_ok(oracle_ring_area(tie, tie + 1, 2, 4) == 0x1p54, "a tie goes to the even neighbour above");
    const double tie_low[] = {0, 0, 3, 0, 3, 3002399751580331, 0, 3002399751580331}; /* 2^53 + 1 */
    tap_ok(oracle_ring_area(tie_low, tie_low + 1, 2, 4) == 0x1p53, "a tie goes to the even neighbour below");
    double center[2];
    oracle_vertex_center(square, square + 1, 2, 4, center);
    tap_ok(center[0] == 1 && center[1] == 1, "center");
    const double cancel[] = {DBL_MAX, 0.1, DBL_MAX, 0.1, -DBL_MAX, 0.1, 3, 0.1};
    oracle_vertex_center(cancel, cancel + 1, 2, 4, center);
    tap_ok(center[0] == DBL_MAX / 4 && center[1] == 0.1, "center over the largest numbers");
}

static void test_cover_rules(void) {
    /* a 4 x 4 square with a 2 x 2 hole, and a second polygon over the hole's corner */
    static const double coords[] = {0, 0, 4, 0, 4, 4, 0, 4, 1, 1, 3, 1, 3, 3, 1, 3, 2, 2, 6, 2, 6, 6};
    static const int64_t rings[] = {0, 4, 8, 11}, polygons[] = {0, 2, 3}, geoms[] = {0, 2};
    const pm_regions two = {.coords = coords,
                            .coord_count = 11,
                            .ring_offsets = rings,
                            .ring_count = 3,
                            .polygon_offsets = polygons,
                            .polygon_count = 2};
    const pm_regions one = {.coords = coords,
                            .coord_count = 11,
                            .ring_offsets = rings,
                            .ring_count = 3,
                            .polygon_offsets = polygons,
                            .polygon_count = 2,
                            .geom_offsets = geoms,
                            .geom_count = 1};
    tap_ok(oracle_covers(&two, 0, 0.5, 0.5) && !oracle_covers(&two, 0, 2, 2), "a hole is not covered");
    tap_ok(oracle_covers(&two, 0, 1, 2) && oracle_covers(&two, 0, 3, 3), "its boundary is");
    tap_ok(!oracle_covers(&two, 0, 4.5, 2) && oracle_covers(&two, 0, 4, 4), "nor is the outside, but the corner");
    tap_ok(oracle_covers(&one, 0, 2.5, 2.25) && oracle_covers(&one, 0, 0, 0),
           "a region is the union of its polygons");
    tap_ok(oracle_area(&two, 0) == 12 && oracle_area(&one, 0) == 20, "areas add up, overlap twice");
    double center[2];
    oracle_center(&one, 0, center);
    tap_ok(center[0] == 30 / 11.0 && center[1] == 26 / 11.0, "center over all the rings");
    const double x[] = {0.5, 4, NAN, 5.5}, y[] = {0.5, 4, 1, 5};
    const pm_points points = {.x = x, .y = y, .x_stride = 8, .y_stride = 8, .count = 4};
    int64_t out[4];
    oracle_match(&two, NULL, &points, out);
    tap_ok(out[0] == 0 && out[1] == 1 && out[2] == -1 && out[3] == 1, "the smaller one wins");
}

int main(void) {
    test_against_hardware();
    test_laws();
    test_known_values();
    test_cover_rules();
    return tap_end();
}
