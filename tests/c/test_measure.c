/* test_measure.c: are areas and centers the correctly rounded ones?
 *
 * Rings and regions of every family against the oracle, bit for bit; areas exactly between two doubles,
 * or differ from such a tie by the smallest of triangles; areas that cancel to zero, overflow or become
 * subnormal. Turning, reversing and closing a ring must not change a bit of the area. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cases.h"
#include "oracle.h"
#include "tap.h"

/* The same bits; the sign of a zero area means nothing, NaN is the center of an empty region. */
static int same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (a == 0 && b == 0) || (isnan(a) && isnan(b));
}

static void print_ring(const double *x, const double *y, ptrdiff_t stride, size_t count) {
    printf("#");
    for (size_t i = 0; i < count; i++)
        printf(" (%a,%a)", x[(ptrdiff_t)i * stride], y[(ptrdiff_t)i * stride]);
    printf("\n");
}

static void check_area(tap_count *count, const double *ring, size_t vertices) {
    double answer = pm_ring_area(ring, ring + 1, 2, vertices),
           expected = oracle_ring_area(ring, ring + 1, 2, vertices);
    if (tap_case(count, same(answer, expected) && answer >= 0)) {
        printf("# %a, expected %a:\n", answer, expected);
        print_ring(ring, ring + 1, 2, vertices);
    }
}

enum { MOST = 40 };

static void test_rings(void) {
    rng r = rng_new(21);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80], center_name[80];
        tap_count areas = {name, 0, 0}, centers = {center_name, 0, 0}, order = {"reversed, turned, closed", 0, 0};
        snprintf(name, sizeof name, "area of a ring, %s", family_names[kind]);
        snprintf(center_name, sizeof center_name, "center of vertices, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(15000, 150000); i++) {
            source s = source_new(&r, (family)kind);
            size_t n = rng_below(&r, 32) ? rng_below(&r, 8) + 1 : rng_below(&r, MOST) + 1;
            double ring[2 * MOST + 2], turned[2 * MOST + 2], separate[2][MOST], center[2], expected[2];
            size_t turn = rng_below(&r, (uint32_t)n);
            for (size_t k = 0; k < 2 * n; k++)
                ring[k] = source_draw(&s, &r);
            for (size_t k = 0; k < n; k++)
                for (int axis = 0; axis < 2; axis++) {
                    turned[2 * k + (size_t)axis] = ring[2 * ((n - 1 - k + turn) % n) + (size_t)axis];
                    separate[axis][k] = ring[2 * k + (size_t)axis];
                }
            memcpy(turned + 2 * n, turned, 2 * sizeof turned[0]);
            check_area(&areas, ring, n);
            double area = pm_ring_area(ring, ring + 1, 2, n);
            tap_case(&order, same(area, pm_ring_area(turned, turned + 1, 2, n)));
            tap_case(&order, same(area, pm_ring_area(turned, turned + 1, 2, n + 1)));
            tap_case(&order, same(area, pm_ring_area(separate[0], separate[1], 1, n)));
            tap_case(&order, same(area, pm_ring_area(ring + 2 * n - 2, ring + 2 * n - 1, -2, n)));
            tap_case(&order, same(area, pm_ring_area(separate[1], separate[0], 1, n)));

            pm_vertex_center(ring, ring + 1, 2, n, center);
            oracle_vertex_center(ring, ring + 1, 2, n, expected);
            if (tap_case(&centers, same(center[0], expected[0]) && same(center[1], expected[1]))) {
                printf("# %a,%a, expected %a,%a:\n", center[0], center[1], expected[0], expected[1]);
                print_ring(ring, ring + 1, 2, n);
            }
            pm_vertex_center(separate[0], separate[1], 1, n, center);
            tap_case(&centers, same(center[0], expected[0]) && same(center[1], expected[1]));
        }
        tap_tally(&areas);
        tap_tally(&order);
        tap_tally(&centers);
    }
}

/* Rectangles of two odd numbers whose product has 54 bits: the area is half-way between two doubles. A spike of the
 * smallest area, a triangle of 2^-1074 height or less, breaks the tie upwards or downwards. */
static void test_ties(void) {
    rng r = rng_new(22);
    tap_count ties = {"areas half-way between two doubles", 0, 0}, broken = {"ties broken by a hair", 0, 0};
    for (long i = 0; i < tap_cases(50000, 500000); i++) {
        uint64_t a, b;
        do {
            a = rng_below(&r, 1u << 27) | 1 << 26 | 1;
            b = rng_below(&r, 1u << 27) | 1 << 26 | 1;
        } while (a * b < UINT64_C(1) << 53);
        int scale_x = (int)rng_below(&r, 900) - 450, scale_y = (int)rng_below(&r, 900) - 450;
        double w = ldexp((double)a, scale_x), h = ldexp((double)b, scale_y);
        double low = rng_below(&r, 2) ? 0 : -w; /* around the origin the same area comes from other products */
        double plain[] = {low, 0, low + w, 0, low + w, h, low, h};
        check_area(&ties, plain, 4);
        tap_case(&ties, pm_ring_area(plain, plain + 1, 2, 4) != 0);
        double hair = rng_below(&r, 2) ? 0x1p-1074 : h * 0x1p-60;
        double notched[] = {low, 0, low / 2 + (low + w) / 2, rng_below(&r, 2) ? hair : -hair, low + w, 0, low + w, h,
                            low, h};
        check_area(&broken, notched, 5);
    }
    tap_tally(&ties);
    tap_tally(&broken);

    tap_count tiny = {"ties and halves among subnormal areas", 0, 0};
    for (long i = 0; i < tap_cases(50000, 500000); i++) {
        int split = (int)rng_below(&r, 500) + 300;
        double w = ldexp((double)(rng_below(&r, 40) + 1), -split);
        double h = ldexp((double)(rng_below(&r, 40) + 1), -1074 + split - (int)rng_below(&r, 8));
        double triangle[] = {0, 0, w, 0, w * (double)rng_below(&r, 3), h};
        check_area(&tiny, triangle, 3);
        double rectangle[] = {-w, -h, w, -h, w, h, -w, h};
        check_area(&tiny, rectangle, 4);
    }
    tap_tally(&tiny);
}

static void test_known_areas(void) {
    static const double bow_tie[] = {0, 0, 1, 1, 1, 0, 0, 1},
                        huge[] = {-DBL_MAX, -DBL_MAX, DBL_MAX, -DBL_MAX, 0, DBL_MAX};
    static const double largest[] = {0, 0, 0x1p512, 0, 0x1p512, 0x1.fffffffffffffp510, 0, 0x1.fffffffffffffp510};
    static const double thin[] = {0, 0, 0x1p512, 0, 0x1p512, 0x1.fffffffffffffp511, 0, 0x1.fffffffffffffp511};
    static const double over[] = {0, 0, 0x1p512, 0, 0x1p512, 0x1p512, 0, 0x1p512};
    tap_ok(pm_ring_area(bow_tie, bow_tie + 1, 2, 4) == 0, "the lobes of a bow-tie cancel");
    tap_ok(pm_ring_area(huge, huge + 1, 2, 3) == INFINITY, "beyond the largest double: infinity");
    tap_ok(pm_ring_area(largest, largest + 1, 2, 4) == 0x1.fffffffffffffp1022, "a large area");
    tap_ok(pm_ring_area(thin, thin + 1, 2, 4) == DBL_MAX, "the largest area, though twice the area overflows");
    tap_ok(pm_ring_area(over, over + 1, 2, 4) == INFINITY, "one unit more");
    tap_ok(pm_ring_area(bow_tie, bow_tie + 1, 2, 0) == 0 && pm_ring_area(NULL, NULL, 1, 0) == 0 &&
               pm_ring_area(bow_tie, bow_tie + 1, 2, 1) == 0 && pm_ring_area(bow_tie, bow_tie + 1, 2, 2) == 0,
           "fewer than three vertices: 0");
    /* The project's first example: a quarter circle, moved. Its area must not depend on the position. */
    double ring[20], areas[2];
    for (int moved = 0; moved < 2; moved++) {
        for (int i = 0; i < 10; i++) {
            ring[2 * i] = i / 16.0 + 64 * moved;
            ring[2 * i + 1] = (double)(int)(1024 * sqrt(1 - i / 16.0 * i / 16.0)) / 1024 + 32 * moved;
        }
        areas[moved] = pm_ring_area(ring, ring + 1, 2, 10);
    }
    tap_ok(areas[0] == areas[1] && areas[0] > 0, "moved without rounding: the same area");
}

static void test_regions(void) {
    static zoo z;
    rng r = rng_new(23);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80], center_name[80];
        tap_count areas = {name, 0, 0}, centers = {center_name, 0, 0};
        long negative = 0, empty = 0;
        snprintf(name, sizeof name, "area of a region, %s", family_names[kind]);
        snprintf(center_name, sizeof center_name, "center of a region, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(4000, 40000); i++) {
            source s = source_new(&r, (family)kind);
            size_t n = rng_below(&r, 5);
            double area[5], center[10], only[10];
            zoo_fill(&z, &r, &s, n);
            if (rng_below(&r, 2))
                zoo_draw_kinds(&z, &r);
            if (pm_regions_check(&z.regions, NULL) != PM_OK)
                tap_ok(0, "the zoo is valid");
            memset(area, 1, sizeof area);
            memset(center, 1, sizeof center);
            memset(only, 1, sizeof only);
            pm_regions_measure(&z.regions, area, center);
            pm_regions_measure(&z.regions, NULL, only);
            pm_regions_measure(&z.regions, NULL, NULL);
            if (memcmp(center, only, sizeof only) != 0)
                tap_ok(0, "areas and centers are measured separately");
            for (size_t k = 0; k < n; k++) {
                double expected = oracle_area(&z.regions, k), c[2];
                oracle_center(&z.regions, k, c);
                negative += expected < 0;
                empty += isnan(c[0]) != 0;
                if (tap_case(&areas, same(area[k], expected))) {
                    printf("# region %zu: %a, expected %a\n", k, area[k], expected);
                    zoo_print(&z);
                }
                if (tap_case(&centers, same(center[2 * k], c[0]) && same(center[2 * k + 1], c[1]))) {
                    printf("# region %zu: %a,%a, expected %a,%a\n", k, center[2 * k], center[2 * k + 1], c[0], c[1]);
                    zoo_print(&z);
                }
            }
        }
        tap_tally(&areas);
        tap_tally(&centers);
        tap_ok(negative > 10 && empty > 10, "among them %ld with more hole than shell and %ld empty", negative,
               empty);
    }
}

int main(void) {
    test_rings();
    test_ties();
    test_known_areas();
    test_regions();
    return tap_end();
}
