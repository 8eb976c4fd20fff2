/* test_job.c: does a job answer as the definitions do, whichever way it goes?
 *
 * Every way for the same regions and points, against the oracle: random regions of every family under every rule,
 * long rings, many regions. Then what a job is made of: the boxes of both kinds, the areas that were rounded; what it
 * refuses; allocations that fail; and that it chooses each of the ways. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "input/measure.h"
#include "ledger.h"
#include "near/boxes.h"
#include "oracle.h"
#include "rules.h"
#include "scan/borrowed.h"
#include "tap.h"
#include "tree/occupied.h"

static const char *const ways[] = {"auto", "scan", "tree", "boxes"};

static void test_families(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(71);
    tap_count counts[4], distances = {"distances, as those of an index", 0, 0};
    long hits = 0;
    for (int way = 0; way < 4; way++)
        counts[way] = (tap_count){ways[way], 0, 0};
    for (long i = 0; i < tap_cases(500, 15000); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        const size_t points = rng_below(&r, 40);
        int64_t out[MAX_POINTS], expected[MAX_POINTS];
        double measured[MAX_POINTS], known[MAX_POINTS];
        zoo_fill(&z, &r, &s, rng_below(&r, 32) ? rng_below(&r, 8) : MAX_REGIONS);
        rules_fill(&u, &r, &s, &z, points);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        for (int way = 0; way < 4; way++) {
            pm_job *job = NULL;
            pm_error err;
            u.options.engine = (pm_engine)way;
            tap_case(&counts[way], pm_job_build(&z.regions, &u.options, &u.points, &job, &err) == PM_OK);
            if (!job)
                continue;
            pm_job_match(job, &u.points, out);
            for (size_t k = 0; k < points; k++) {
                if (tap_case(&counts[way], out[k] == expected[k])) {
                    printf("# point %a,%a: %lld, expected %lld\n", u.x[k], u.y[k], (long long)out[k],
                           (long long)expected[k]);
                    rules_print(&u, pm_regions_count(&z.regions));
                    zoo_print(&z);
                }
                hits += expected[k] >= 0;
            }
            pm_status status = pm_job_match_distances(job, &u.points, out, measured, &err);
            if (u.options.predicate == PM_COVERS) {
                tap_case(&distances, status == PM_ERR_ARGUMENT && strstr(err.message, "nearest") != NULL);
            } else {
                pm_index *index = NULL;
                u.options.engine = PM_ENGINE_AUTO;
                int same = status == PM_OK && pm_index_build(&z.regions, &u.options, &index, NULL) == PM_OK &&
                           pm_index_match_distances(index, &u.points, out, known, NULL) == PM_OK;
                for (size_t k = 0; same && k < points; k++)
                    same = measured[k] == known[k] || (isnan(measured[k]) && isnan(known[k])) ||
                           fabs(measured[k] - known[k]) <= 0x1p-49 * known[k] + 0x1p-1071;
                tap_case(&distances, same);
                pm_index_free(index);
            }
            pm_job_free(job);
        }
    }
    for (int way = 0; way < 4; way++)
        tap_tally(&counts[way]);
    tap_tally(&distances);
    tap_ok(hits > 1000, "%ld points matched", hits);
}

/* Star-shaped rings of many vertices on a grid of 1/64, closed or not, with a hole, or of two polygons. */
static void test_long_rings(void) {
    enum { MOST = 1000, POINTS = 200 };
    static const size_t sizes[] = {3, 63, 64, 65, 66, 127, 128, 129, 130, 300, MOST};
    static double coords[2 * MOST + 4], x[POINTS], y[POINTS];
    static int64_t out[POINTS], expected[POINTS];
    rng r = rng_new(72);
    tap_count count = {"long rings", 0, 0};
    long inside = 0;
    for (long i = 0; i < tap_cases(22, 400); i++) {
        const size_t n = sizes[(size_t)i % (sizeof sizes / sizeof *sizes)];
        const int is_closed = rng_below(&r, 2) != 0;
        for (size_t k = 0; k < n; k++) {
            const double turn = 6.283185307179586 * (double)k / (double)n, radius = 4 + 4 * rng_unit(&r);
            coords[2 * k] = floor(64 * radius * cos(turn)) / 64;
            coords[2 * k + 1] = floor(64 * radius * sin(turn)) / 64;
        }
        memcpy(coords + 2 * n, coords, 2 * sizeof *coords);
        const int64_t all = (int64_t)n + is_closed, half = n >= 6 && i % 3 ? (int64_t)n / 2 : all;
        const int64_t rings[] = {0, half, all}, polygons[] = {0, i % 3 == 1 ? 2 : 1, 2}, geoms[] = {0, 2};
        const pm_regions regions = {.coords = coords,
                                    .coord_count = (size_t)all,
                                    .ring_offsets = rings,
                                    .ring_count = 2,
                                    .polygon_offsets = polygons,
                                    .polygon_count = 2,
                                    .geom_offsets = i % 2 ? geoms : NULL,
                                    .geom_count = 1};
        for (size_t k = 0; k < POINTS; k++) {
            const size_t vertex = rng_below(&r, (uint32_t)n);
            x[k] = rng_below(&r, 4) ? floor(64 * (16 * rng_unit(&r) - 8)) / 64 : coords[2 * vertex];
            y[k] = rng_below(&r, 2) ? floor(64 * (16 * rng_unit(&r) - 8)) / 64 : coords[2 * vertex + 1];
        }
        const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = POINTS};
        oracle_match(&regions, NULL, &points, expected);
        for (int way = PM_ENGINE_SCAN; way <= PM_ENGINE_BOXES; way++) {
            const pm_options options = {.engine = (pm_engine)way};
            pm_job *job = NULL;
            tap_case(&count, pm_job_build(&regions, &options, &points, &job, NULL) == PM_OK);
            if (!job)
                continue;
            pm_job_match(job, &points, out);
            for (size_t k = 0; k < POINTS; k++) {
                if (tap_case(&count, out[k] == expected[k]))
                    printf("# %s, %zu vertices, point %a,%a: %lld\n", ways[way], n, x[k], y[k], (long long)out[k]);
                inside += out[k] >= 0;
            }
            pm_job_free(job);
        }
    }
    tap_tally(&count);
    tap_ok(inside > 1000, "%ld points inside", inside);
}

/* ---- many regions ---- */

enum { SIDE = 40, MANY = SIDE * SIDE, PLACES = 20000 };
static double squares[8 * MANY], place_x[PLACES], place_y[PLACES];
static int64_t square_rings[MANY + 1], square_polygons[MANY + 1], found[PLACES], wanted[PLACES];

/* Squares around the places of a grid, from a half to three times its width, and points on its quarters. */
static pm_regions many(rng *r) {
    static const double corners[] = {-1, -1, 1, -1, 1, 1, -1, 1};
    for (size_t i = 0; i <= MANY; i++)
        square_rings[i] = 4 * (square_polygons[i] = (int64_t)i);
    for (size_t i = 0; i < MANY; i++) {
        const double half = (1 + (double)rng_below(r, 6)) / 4;
        for (size_t k = 0; k < 8; k++)
            squares[8 * i + k] = (double)(k % 2 ? i / SIDE : i % SIDE) + half * corners[k];
    }
    for (size_t i = 0; i < PLACES; i++) {
        place_x[i] = (double)rng_below(r, 4 * SIDE + 8) / 4 - 1;
        place_y[i] = (double)rng_below(r, 4 * SIDE + 8) / 4 - 1;
    }
    return (pm_regions){.coords = squares,
                        .coord_count = 4 * MANY,
                        .ring_offsets = square_rings,
                        .ring_count = MANY,
                        .polygon_offsets = square_polygons,
                        .polygon_count = MANY};
}

static pm_points places(size_t count) {
    return (pm_points){
        .x = place_x, .y = place_y, .x_stride = sizeof *place_x, .y_stride = sizeof *place_y, .count = count};
}

static void test_many(void) {
    rng r = rng_new(73);
    const pm_regions regions = many(&r);
    const pm_points points = places(500);
    int ties = 0;
    for (pm_best best = PM_SMALLEST; best <= PM_FIRST; best++) {
        pm_options options = {.best = best};
        oracle_match(&regions, &options, &points, wanted);
        for (int way = PM_ENGINE_AUTO; way <= PM_ENGINE_BOXES; way++) {
            pm_job *job = NULL;
            options.engine = (pm_engine)way;
            if (pm_job_build(&regions, &options, &points, &job, NULL) != PM_OK)
                exit(1);
            pm_job_match(job, &points, found);
            tap_ok(memcmp(found, wanted, points.count * sizeof *found) == 0, "%d squares, best %d, %s", MANY,
                   (int)best, ways[way]);
            pm_job_free(job);
        }
        for (size_t i = 0; i < points.count; i++)
            ties += wanted[i] >= 0;
    }
    tap_ok(ties > 800, "%d answers", ties);
}

/* One point looks through the boxes, some have a tree of them, many get an index. */
static void test_choice(void) {
    static const struct {
        size_t regions, points;
        pm_engine engine;
    } cases[] = {{MANY, 1, PM_ENGINE_SCAN},
                 {MANY, 7000, PM_ENGINE_BOXES},
                 {100, PLACES, PM_ENGINE_TREE},
                 {0, 10, PM_ENGINE_SCAN},
                 {MANY, 0, PM_ENGINE_SCAN}};
    rng r = rng_new(74);
    pm_regions regions = many(&r);
    for (size_t i = 0; i < PLACES; i++)
        place_y[i] = fmod(place_y[i], 3); /* where the first of the squares are */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pm_job *job = NULL;
        const pm_points points = places(cases[i].points);
        regions.polygon_count = regions.ring_count = cases[i].regions;
        regions.coord_count = 4 * cases[i].regions;
        int right = pm_job_build(&regions, NULL, &points, &job, NULL) == PM_OK;
        tap_ok(right && pm_job_engine(job) == cases[i].engine, "%zu regions, %zu points: %s", cases[i].regions,
               cases[i].points, right ? ways[pm_job_engine(job)] : "no job");
        pm_job_free(job);
    }
    const double huge[] = {-1e200, -1e200, 1e200, -1e200, 0, 1e200};
    const int64_t offsets[] = {0, 3}, one[] = {0, 1};
    const pm_regions triangle = {.coords = huge,
                                 .coord_count = 3,
                                 .ring_offsets = offsets,
                                 .ring_count = 1,
                                 .polygon_offsets = one,
                                 .polygon_count = 1};
    pm_job *job = NULL;
    const pm_points points = places(PLACES);
    int right = pm_job_build(&triangle, NULL, &points, &job, NULL) == PM_OK;
    tap_ok(right && pm_job_engine(job) != PM_ENGINE_TREE, "no index where its tree could not pay");
    pm_job_free(job);
}

/* ---- parts ---- */

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

/* Every box that holds a point, and no other; with memory that runs out, and without points. */
static void test_reach(void) {
    rng r = rng_new(79);
    tap_count count = {"boxes that points reach", 0, 0}, failing = {"without memory", 0, 0};
    long hits = 0, all = 0;
    for (long i = 0; i < tap_cases(500, 15000); i++) {
        double boxes[4 * 50], x[40], y[40];
        uint8_t reached[50];
        source s = source_new(&r, (family)(i % FAMILIES));
        const size_t boxes_count = rng_below(&r, 50), points_count = rng_below(&r, 40);
        for (size_t k = 0; k < points_count; k++) {
            x[k] = rng_below(&r, 30) ? source_draw(&s, &r) : rng_below(&r, 2) ? NAN : -INFINITY;
            y[k] = rng_below(&r, 30) ? source_draw(&s, &r) : INFINITY;
        }
        for (size_t k = 0; k < boxes_count; k++)
            for (int axis = 0; axis < 2; axis++) {
                const double *own = axis ? y : x;
                double a = source_draw(&s, &r), b = source_draw(&s, &r);
                if (points_count > 0 && rng_below(&r, 3) == 0)
                    a = own[rng_below(&r, (uint32_t)points_count)];
                boxes[4 * k + (size_t)axis] = rng_below(&r, 20) ? fmin(a, b) : rng_below(&r, 2) ? NAN : -INFINITY;
                boxes[4 * k + 2 + (size_t)axis] = rng_below(&r, 20) ? fmax(a, b) : INFINITY;
            }
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = points_count};
        ledger l = ledger_new(-1);
        pm_allocator allocator = ledger_allocator(&l);
        memset(reached, 7, sizeof reached);
        int right = pm_points_reach(&points, boxes, boxes_count, &allocator, reached, NULL) == PM_OK && l.live == 0;
        for (size_t k = 0; k < 50; k++) {
            int holds = k < boxes_count ? 0 : 7;
            const double *box = boxes + 4 * k;
            for (size_t p = 0; k < boxes_count && p < points_count; p++)
                holds |= isfinite(x[p]) && isfinite(y[p]) && box[0] <= x[p] && x[p] <= box[2] && box[1] <= y[p] &&
                         y[p] <= box[3];
            tap_case(&count, right && reached[k] == holds);
            hits += holds == 1;
            all += k < boxes_count;
        }
        if (l.calls == 1) {
            pm_error err;
            l = ledger_new(0);
            tap_case(&failing,
                     pm_points_reach(&points, boxes, boxes_count, &allocator, reached, &err) == PM_ERR_NO_MEMORY &&
                         err.message[0] != '\0');
        }
    }
    tap_tally(&count);
    tap_tally(&failing);
    tap_ok(hits > all / 8 && hits < all, "%ld of %ld boxes hold a point", hits, all);
    tap_ok(pm_points_reach(NULL, NULL, 0, NULL, NULL, NULL) == PM_ERR_ARGUMENT, "no points");
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

/* ---- failures ---- */

static void test_memory(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(77);
    tap_count failing = {"the k-th allocation of a job fails", 0, 0}, working = {"then none does", 0, 0};
    for (long i = 0; i < tap_cases(16, 1500); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        int64_t out[MAX_POINTS], expected[MAX_POINTS];
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 20);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        u.options.engine = (pm_engine)(i % 4);
        for (long k = 0;; k++) {
            ledger l = ledger_new(k);
            pm_allocator allocator = ledger_allocator(&l);
            pm_job *job = (pm_job *)(uintptr_t)1;
            pm_error err = {PM_OK, 5, ""};
            u.options.allocator = &allocator;
            pm_status status = pm_job_build(&z.regions, &u.options, &u.points, &job, k % 2 ? &err : NULL);
            if (l.calls <= k) {
                int right = status == PM_OK && l.live > 0 && !l.broken;
                if (right) {
                    allocator = (pm_allocator){NULL, NULL, NULL}; /* the job has a copy */
                    pm_job_match(job, &u.points, out);
                    right = memcmp(out, expected, 20 * sizeof *out) == 0;
                    pm_job_free(job);
                }
                tap_case(&working, right && l.live == 0 && !l.broken);
                break;
            }
            tap_case(&failing, status == PM_ERR_NO_MEMORY && job == NULL && l.live == 0 && !l.broken &&
                                   (k % 2 == 0 || (err.status == PM_ERR_NO_MEMORY && err.message[0] != '\0')));
        }
    }
    tap_tally(&failing);
    tap_tally(&working);
}

static int stop(void *context) {
    ++*(int *)context;
    return 1;
}

static void test_refused(void) {
    static const double bad[] = {0, 0, 1, 0, NAN, 1}, nan_scores[] = {NAN};
    static const int64_t rings[] = {0, 3}, polygons[] = {0, 1};
    pm_regions regions = {.coords = bad,
                          .coord_count = 3,
                          .ring_offsets = rings,
                          .ring_count = 1,
                          .polygon_offsets = polygons,
                          .polygon_count = 1};
    const pm_points points = places(10);
    pm_job *job = NULL;
    pm_error err, known;
    pm_index *index = NULL;
    pm_options options = {.engine = PM_ENGINE_BOXES};
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_COORDINATE && !job &&
               pm_index_build(&regions, NULL, &index, &known) == PM_ERR_COORDINATE && err.item == known.item &&
               strcmp(err.message, known.message) == 0,
           "a NaN, as an index: %s", err.message);
    tap_ok(pm_job_build(&regions, &options, NULL, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_job_build(&regions, &options, &points, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_job_build(NULL, &options, &points, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    options.engine = (pm_engine)4;
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    rng r = rng_new(78);
    regions = many(&r);
    regions.polygon_count = 1;
    options = (pm_options){.engine = PM_ENGINE_BOXES};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "an index: %s", err.message);
    options = (pm_options){.best = PM_SCORE_DOUBLE, .scores = nan_scores, .engine = PM_ENGINE_SCAN};
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_SCORE && err.item == 0, "%s", err.message);
    static double ring[2 * 2000000];
    static const int64_t long_ring[] = {0, 2000000};
    const pm_regions one = {.coords = ring,
                            .coord_count = 2000000,
                            .ring_offsets = long_ring,
                            .ring_count = 1,
                            .polygon_offsets = polygons,
                            .polygon_count = 1};
    int calls = 0;
    options = (pm_options){.poll = stop, .poll_context = &calls};
    tap_ok(pm_job_build(&one, &options, &points, &job, &err) == PM_ERR_STOPPED && !job && calls == 1, "stopped: %s",
           err.message);
    pm_job_free(NULL);
}

int main(void) {
    test_families();
    test_long_rings();
    test_many();
    test_choice();
    test_boxes();
    test_reach();
    test_occupied();
    test_areas();
    test_memory();
    test_refused();
    return tap_end();
}
