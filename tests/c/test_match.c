/* test_match.c: does an index answer as the definitions do?
 *
 * Random regions of every family under every rule, a few dozen points each in critical places;
 * then cases that need size: rings of many vertices, many regions that share their borders, and points in
 * every memory layout. The expected answers are the oracle's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "rules.h"
#include "tap.h"

/* With the engine of the options, or else with both in turn. */
static pm_index *build(const pm_regions *regions, const pm_options *options) {
    static int turn;
    pm_index *index = NULL;
    pm_error err;
    pm_options own = {0};
    if (options)
        own = *options;
    if (own.engine == PM_ENGINE_AUTO)
        own.engine = turn++ % 2 ? PM_ENGINE_TREE : PM_ENGINE_SCAN;
    if (pm_index_build(regions, &own, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    return index;
}

/* Of all vertices of all regions for covers: exact, as no rounding is involved. */
static int bounds_are_right(const zoo *z, const rules *u, const pm_index *index, const int64_t *out) {
    double bounds[4], box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    pm_index_bounds(index, bounds);
    for (size_t i = 0; i < u->points.count; i++)
        if (out[i] != PM_NO_MATCH &&
            !(u->x[i] >= bounds[0] && u->y[i] >= bounds[1] && u->x[i] <= bounds[2] && u->y[i] <= bounds[3]))
            return 0;
    if (u->options.predicate != PM_COVERS)
        return 1;
    for (size_t i = 0; i < z->regions.coord_count; i++)
        for (size_t k = 0; k < 2; k++) {
            box[k] = fmin(box[k], z->coords[2 * i + k]);
            box[k + 2] = fmax(box[k + 2], z->coords[2 * i + k]);
        }
    for (size_t k = 0; k < 4; k++)
        if (z->regions.coord_count ? bounds[k] != box[k] : !isnan(bounds[k]))
            return 0;
    return 1;
}

/* The same answers with distances; for covers an error instead. */
static void check_distances(tap_count *count, const zoo *z, const rules *u, const pm_index *index,
                            const int64_t *expected) {
    int64_t out[MAX_POINTS];
    double distances[MAX_POINTS];
    pm_error err = {PM_OK, 0, ""};
    pm_status status = pm_index_match_distances(index, &u->points, out, distances, &err);
    if (u->options.predicate == PM_COVERS) {
        tap_case(count, status == PM_ERR_ARGUMENT && err.status == status && strstr(err.message, "nearest"));
        return;
    }
    tap_case(count, status == PM_OK);
    for (size_t i = 0; i < u->points.count; i++) {
        int right = out[i] == expected[i];
        if (expected[i] == PM_NO_MATCH) {
            right = right && isnan(distances[i]);
        } else if (u->options.predicate == PM_CENTER_WITHIN) {
            double center[2];
            oracle_center(&z->regions, (size_t)expected[i], center);
            const double edge[4] = {center[0], center[1], center[0], center[1]};
            right = right && (isinf(center[0]) || isinf(center[1])
                                  ? isinf(distances[i])
                                  : oracle_edge_distance_is(edge, u->x[i], u->y[i], distances[i]));
        } else {
            right = right && oracle_distance_is(&z->regions, (size_t)expected[i], u->x[i], u->y[i], distances[i]);
        }
        if (tap_case(count, right)) {
            printf("# point %a,%a: %lld at %a, expected %lld\n", u->x[i], u->y[i], (long long)out[i], distances[i],
                   (long long)expected[i]);
            rules_print(u, pm_regions_count(&z->regions));
            zoo_print(z);
        }
    }
}

static void test_families(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(31);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80];
        tap_count count = {name, 0, 0}, bounds = {"bounds hold what matches", 0, 0};
        tap_count distances = {"their distances", 0, 0};
        long hits[4] = {0}, later = 0;
        snprintf(name, sizeof name, "match, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(500, 15000); i++) {
            source s = source_new(&r, (family)kind);
            size_t regions = rng_below(&r, 32) ? rng_below(&r, 8) : MAX_REGIONS, points = rng_below(&r, 40);
            int64_t out[MAX_POINTS], expected[MAX_POINTS];
            zoo_fill(&z, &r, &s, regions);
            rules_fill(&u, &r, &s, &z, points);
            pm_index *index = build(&z.regions, &u.options);
            pm_index_match(index, &u.points, out);
            oracle_match(&z.regions, &u.options, &u.points, expected);
            for (size_t k = 0; k < points; k++) {
                int64_t one = pm_index_match_one(index, u.x[k], u.y[k]);
                if (tap_case(&count, out[k] == expected[k] && one == expected[k])) {
                    printf("# point %a,%a: %lld, alone %lld, expected %lld\n", u.x[k], u.y[k], (long long)out[k],
                           (long long)one, (long long)expected[k]);
                    rules_print(&u, regions);
                    zoo_print(&z);
                }
                hits[u.options.predicate] += expected[k] != PM_NO_MATCH;
                later += expected[k] > 0;
            }
            check_distances(&distances, &z, &u, index, expected);
            if (tap_case(&bounds, bounds_are_right(&z, &u, index, out) && pm_index_count(index) == regions))
                zoo_print(&z);
            pm_index_free(index);
        }
        tap_tally(&count);
        tap_tally(&bounds);
        tap_tally(&distances);
        tap_ok(hits[0] > count.cases / 12 && hits[1] > count.cases / 50 && hits[2] > count.cases / 25 &&
                   hits[3] > count.cases / 25 && later > count.cases / 20,
               "%s: %ld covered, %ld near a center, %ld within, %ld nearest, %ld not by the first region",
               family_names[kind], hits[0], hits[1], hits[2], hits[3], later);
    }
}

/* Star-shaped rings of many vertices on a grid of 1/64: long walks, points on edges and as high as vertices. */
static void test_many_vertices(void) {
    enum { MOST = 3000, POINTS = 300 };
    static double coords[2 * MOST], x[POINTS], y[POINTS];
    static int64_t out[POINTS], expected[POINTS];
    static const size_t sizes[] = {3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 255, 257, 1000, MOST};
    rng r = rng_new(32);
    tap_count count = {"rings of many vertices", 0, 0};
    long inside = 0;
    for (long i = 0; i < tap_cases(32, 240); i++) {
        size_t n = sizes[(size_t)i % (sizeof sizes / sizeof sizes[0])];
        for (size_t k = 0; k < n; k++) {
            double turn = 6.283185307179586 * (double)k / (double)n, radius = 4 + 4 * rng_unit(&r);
            coords[2 * k] = floor(64 * radius * cos(turn)) / 64;
            coords[2 * k + 1] = floor(64 * radius * sin(turn)) / 64;
        }
        size_t half = n / 2; /* one ring; or shell and hole; or two polygons */
        const int64_t rings[] = {0, n >= 6 && i % 3 ? (int64_t)half : (int64_t)n, (int64_t)n};
        const int64_t polygons[] = {0, i % 3 == 1 ? 2 : 1, 2}, geoms[] = {0, 2};
        const pm_regions regions = {.coords = coords,
                                    .coord_count = n,
                                    .ring_offsets = rings,
                                    .ring_count = 2,
                                    .polygon_offsets = polygons,
                                    .polygon_count = 2,
                                    .geom_offsets = geoms,
                                    .geom_count = 1};
        for (size_t k = 0; k < POINTS; k++) {
            size_t a = rng_below(&r, (uint32_t)n), b = (a + 1) % n;
            x[k] = floor(64 * (16 * rng_unit(&r) - 8)) / 64;
            y[k] = rng_below(&r, 2) ? coords[2 * a + 1] : floor(64 * (16 * rng_unit(&r) - 8)) / 64;
            if (rng_below(&r, 4) == 0) {
                x[k] = (coords[2 * a] + coords[2 * b]) / 2;
                y[k] = (coords[2 * a + 1] + coords[2 * b + 1]) / 2;
            }
        }
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
        pm_index *index = build(&regions, NULL);
        pm_index_match(index, &points, out);
        oracle_match(&regions, NULL, &points, expected);
        for (size_t k = 0; k < POINTS; k++) {
            inside += expected[k] == 0;
            if (tap_case(&count, out[k] == expected[k]))
                printf("# %zu vertices, point %a,%a: %lld\n", n, x[k], y[k], (long long)out[k]);
        }
        pm_index_free(index);
    }
    tap_tally(&count);
    tap_ok(inside > count.cases / 5 && inside < count.cases * 4 / 5, "%ld of them inside", inside);
}

/* A board of squares that share their sides, numbered in a shuffled order: every corner is covered by four. */
static void test_board(void) {
    enum { SIDE = 12, SQUARES = SIDE * SIDE, POINTS = (2 * SIDE + 3) * (2 * SIDE + 3) };
    static double coords[8 * SQUARES], x[POINTS], y[POINTS], scores[SQUARES];
    static int64_t rings[SQUARES + 1], polygons[SQUARES + 1], out[POINTS], expected[POINTS];
    rng r = rng_new(33);
    tap_count count = {"squares that share their sides", 0, 0};
    for (long i = 0; i < tap_cases(12, 60); i++) {
        uint32_t order[SQUARES];
        for (uint32_t k = 0; k < SQUARES; k++) {
            uint32_t other = rng_below(&r, k + 1);
            order[k] = order[other];
            order[other] = k;
        }
        for (size_t k = 0; k < SQUARES; k++) {
            double left = order[k] % SIDE, low = order[k] / SIDE; /* NOLINT: whole rows are meant */
            const double square[] = {left, low, left + 1, low, left + 1, low + 1, left, low + 1};
            memcpy(coords + 8 * k, square, sizeof square);
            rings[k + 1] = 4 * (int64_t)(k + 1);
            polygons[k + 1] = (int64_t)(k + 1);
            scores[k] = rng_below(&r, 4);
        }
        for (size_t k = 0; k < POINTS; k++) {
            x[k] = (double)(k % (2 * SIDE + 3)) / 2 - 0.5;
            y[k] = (double)(k / (2 * SIDE + 3)) / 2 - 0.5; /* NOLINT: whole rows are meant */
        }
        const pm_regions regions = {.coords = coords,
                                    .coord_count = 4 * SQUARES,
                                    .ring_offsets = rings,
                                    .ring_count = SQUARES,
                                    .polygon_offsets = polygons,
                                    .polygon_count = SQUARES};
        const pm_points points = {
            .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
        pm_options options = {.best = (pm_best)(i % 4)};
        options.scores = options.best == PM_SCORE_DOUBLE ? scores : NULL;
        pm_index *index = build(&regions, &options);
        pm_index_match(index, &points, out);
        oracle_match(&regions, &options, &points, expected);
        for (size_t k = 0; k < POINTS; k++)
            if (tap_case(&count, out[k] == expected[k]))
                printf("# point %g,%g: %lld, expected %lld\n", x[k], y[k], (long long)out[k], (long long)expected[k]);
        pm_index_free(index);
    }
    tap_tally(&count);
}

/* The same points through every layout: rows, columns, backwards, every second one, unaligned, one point repeated. */
static void test_strides(void) {
    enum { N = 203 };
    static zoo z;
    static double rows[2 * N], columns[2][N], wide[6 * N];
    static unsigned char bytes[2 * N * 9 + 16];
    int64_t expected[N], out[N + 2];
    rng r = rng_new(34);
    tap_count count = {"every layout of points", 0, 0};
    for (long i = 0; i < tap_cases(30, 600); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, 5);
        size_t n = i % 4 ? rng_below(&r, N) + 1 : (size_t)i % N + 1;
        double radius = 1;
        pm_options options = {0};
        if (rng_below(&r, 2))
            options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &radius, .distance_count = 1};
        for (size_t k = 0; k < n; k++) {
            double p[2];
            zoo_point(&z, &r, &s, p);
            for (size_t axis = 0; axis < 2; axis++) {
                rows[2 * k + axis] = columns[axis][k] = wide[6 * (n - 1 - k) + 3 * axis] = p[axis];
                memcpy(bytes + 1 + 18 * k + 9 * axis, p + axis, sizeof p[0]);
            }
        }
        const double *odd_x, *odd_y; /* an address that is no multiple of 8, as the header allows */
        unsigned char *first = bytes + 1, *second = bytes + 10;
        memcpy(&odd_x, &first, sizeof odd_x);
        memcpy(&odd_y, &second, sizeof odd_y);
        const ptrdiff_t w = sizeof(double);
        const pm_points layouts[] = {
            {rows, rows + 1, 2 * w, 2 * w, n, {0}},
            {columns[0], columns[1], w, w, n, {0}},
            {wide + 6 * (n - 1), wide + 6 * (n - 1) + 3, -6 * w, -6 * w, n, {0}},
            {columns[0], rows + 1, w, 2 * w, n, {0}},
            {odd_x, odd_y, 18, 18, n, {0}},
            {rows, rows + 1, 0, 0, n, {0}},   /* every point is the first one */
            {rows, columns[1], 0, w, n, {0}}, /* a column of points */
            {columns[0] + n - 1, columns[1], -w, w, n, {0}},
        };
        pm_index *index = build(&z.regions, &options);
        for (size_t k = 0; k < sizeof layouts / sizeof layouts[0]; k++) {
            oracle_match(&z.regions, &options, &layouts[k], expected);
            out[0] = out[n + 1] = 77;
            pm_index_match(index, &layouts[k], out + 1);
            if (tap_case(&count,
                         memcmp(expected, out + 1, n * sizeof out[0]) == 0 && out[0] == 77 && out[n + 1] == 77))
                printf("# layout %zu, %zu points\n", k, n);
        }
        /* any slice of the points, in any order, gives the same answers */
        oracle_match(&z.regions, &options, &layouts[1], expected);
        size_t cut = rng_below(&r, (uint32_t)n + 1);
        const pm_points head = {.x = columns[0], .y = columns[1], .x_stride = w, .y_stride = w, .count = cut};
        const pm_points tail = {
            .x = columns[0] + cut, .y = columns[1] + cut, .x_stride = w, .y_stride = w, .count = n - cut};
        memset(out, 1, sizeof out);
        pm_index_match(index, &tail, out + cut);
        pm_index_match(index, &head, out);
        tap_case(&count, memcmp(expected, out, n * sizeof out[0]) == 0);
        pm_index_free(index);
    }
    tap_tally(&count);
}

int main(void) {
    test_families();
    test_many_vertices();
    test_board();
    test_strides();
    return tap_end();
}
