/* test_job_parts.c: what jobs are made of, part by part.
 *
 * The boxes of both kinds give every box that holds a point; cells that are said to hold no point hold none; areas
 * that were rounded compare as the exact ones. */
#include <math.h>
#include <stdlib.h>

#include "input/measure.h"
#include "ledger.h"
#include "near/boxes.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"
#include "tree/occupied.h"

typedef struct seen_boxes {
    unsigned char boxes[200];
} seen_boxes;

static void see_box(void *context, size_t box) {
    ((seen_boxes *)context)->boxes[box]++;
}

static void test_boxes(void) {
    rng r = rng_new(75);
    tap_count held = {"boxes that hold a point are found, once", 0, 0};
    long given = 0, right = 0;
    for (long i = 0; i < tap_cases(150, 4000); i++) {
        pm_box boxes[200];
        pm_boxes arranged;
        pm_poll poll = {0};
        source s = source_new(&r, (family)(i % FAMILIES));
        const size_t count = rng_below(&r, rng_below(&r, 8) ? 40 : 200);
        const int as_tree = rng_below(&r, 2) != 0;
        for (size_t k = 0; k < count; k++) {
            const double a = source_draw(&s, &r), b = source_draw(&s, &r), c = source_draw(&s, &r),
                         d = source_draw(&s, &r);
            boxes[k] = (pm_box){fmin(a, b), fmin(c, d), fmax(a, b), fmax(c, d)};
            if (rng_below(&r, 16) == 0)
                boxes[k] = (pm_box){INFINITY, INFINITY, -INFINITY, -INFINITY};
            else if (rng_below(&r, 16) == 0)
                boxes[k].max_x = INFINITY;
            else if (rng_below(&r, 16) == 0)
                boxes[k].min_y = -INFINITY;
            else if (rng_below(&r, 16) == 0)
                boxes[k].min_x = NAN;
        }
        if (pm_boxes_build(&arranged, boxes, count, as_tree, &poll, NULL) != PM_OK)
            exit(1);
        for (int k = 0; k < 20; k++) {
            const double x = source_draw(&s, &r), y = source_draw(&s, &r);
            for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best(); isa++) {
                seen_boxes given_to = {{0}};
                arranged.isa = (pm_isa)isa;
                pm_boxes_visit(&arranged, x, y, see_box, &given_to);
                for (size_t box = 0; box < 200; box++) {
                    const int holds = box < count && boxes[box].min_x <= x && x <= boxes[box].max_x &&
                                      boxes[box].min_y <= y && y <= boxes[box].max_y;
                    tap_case(&held, holds ? given_to.boxes[box] == 1 : given_to.boxes[box] <= (box < count));
                    given += given_to.boxes[box];
                    right += holds;
                }
            }
        }
        pm_boxes_free(&arranged, NULL);
    }
    tap_tally(&held);
    tap_ok(right > 1000 && given < 4 * right, "%ld boxes are given, %ld hold their point", given, right);
}

/* Children of cells at every level, and whether a point is there; without memory. */
static void test_occupied(void) {
    enum { POINTS = 3000 };
    static double x[POINTS], y[POINTS];
    rng r = rng_new(80);
    tap_count count = {"cells without points", 0, 0};
    long empty = 0, known = 0, cells = 0;
    for (long i = 0; i < tap_cases(40, 400); i++) {
        const size_t points_count = i % 8 ? 1 + rng_below(&r, i % 2 ? 20 : POINTS) : 0;
        const double width = ldexp(1, -(int)rng_below(&r, 40)), corner = rng_unit(&r) * (1 - width);
        const pm_tree map = {.min_x = -3, .min_y = 5, .scale = ldexp(1, PM_FIXED_BITS - 4)}; /* 16 wide */
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = points_count};
        for (size_t k = 0; k < points_count; k++) {
            x[k] = 16 * (corner + width * rng_unit(&r)) - 3;
            y[k] = rng_below(&r, 50) ? 16 * (corner + width * rng_unit(&r)) + 5 : NAN;
        }
        pm_occupied o;
        if (pm_occupied_mark(&o, &map, &points, NULL) != PM_OK)
            exit(1);
        for (int k = 0; k < 60; k++) {
            const int step = (int)rng_below(&r, 3), bits = 3 * (int)rng_below(&r, 11) + (step == 2 ? 2 : 0);
            const int side = step == 0 ? 8 : step == 1 ? 4 : 2;
            const size_t near = points_count ? rng_below(&r, (uint32_t)points_count) : 0;
            const double size = ldexp(1, -bits), at_x = points_count ? (x[near] + 3) / 16 : rng_unit(&r),
                         at_y = points_count && !isnan(y[near]) ? (y[near] - 5) / 16 : rng_unit(&r);
            const pm_cell cell = {floor(at_x / size) * size, floor(at_y / size) * size, size, bits, 1};
            uint64_t none = pm_occupied_none(&o, &cell, side), there = 0;
            for (size_t p = 0; p < points_count; p++) {
                const double column = ((x[p] + 3) / 16 - cell.x) / size * side,
                             row = ((y[p] - 5) / 16 - cell.y) / size * side;
                if (column >= 0 && column < side && row >= 0 && row < side)
                    there |= UINT64_C(1) << (8 * (int)row + (int)column);
            }
            tap_case(&count, (none & there) == 0);
            empty += none != 0;
            known += none != 0 && side == 8 && (none | there) == UINT64_MAX;
            cells += there != 0;
        }
        pm_occupied_free(&o, NULL);
        ledger l = ledger_new(0);
        pm_allocator allocator = ledger_allocator(&l);
        tap_case(&count, pm_occupied_mark(&o, &map, &points, &allocator) == PM_ERR_NO_MEMORY);
        pm_occupied_free(&o, &allocator);
    }
    tap_tally(&count);
    tap_ok(cells > 1000 && empty > cells / 2 && known > empty / 8, "%ld cells with points, %ld with empty children",
           cells, empty);
}

/* Two rounded areas that differ by more than their errors compare as the correctly rounded ones. */
static void test_areas(void) {
    static zoo z;
    rng r = rng_new(76);
    tap_count count = {"areas that are known roughly", 0, 0};
    long decided = 0, pairs = 0;
    for (long i = 0; i < tap_cases(300, 8000); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        zoo_fill(&z, &r, &s, 6);
        for (size_t a = 0; a < 6; a++)
            for (size_t b = 0; b < a; b++) {
                const pm_about one = pm_region_area_about(&z.regions, a), other = pm_region_area_about(&z.regions, b);
                const double exact_one = oracle_area(&z.regions, a), exact_other = oracle_area(&z.regions, b);
                pairs++;
                if (!(fabs(one.value - other.value) > one.error + other.error))
                    continue;
                decided++;
                tap_case(&count, (one.value < other.value) == (exact_one < exact_other) && exact_one != exact_other);
            }
    }
    tap_tally(&count);
    tap_ok(decided > pairs / 3 && decided < pairs, "%ld of %ld pairs are decided", decided, pairs);
}

int main(void) {
    test_boxes();
    test_occupied();
    test_areas();
    return tap_end();
}
