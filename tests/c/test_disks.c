/* test_disks.c: do the two ways over disks agree with each other and with the definition?
 *
 * pm_match_disks() orders the disks only as far as it must, pm_index_build_disks() all of them: same answers, for
 * sizes around every block size a kernel may have, and for keys that are sorted, reversed, all equal, or full of
 * ties. Distances are exactly the rounded ones to some point; NaN centers match nothing. */
#include <math.h>
#include <string.h>

#include "cases.h"
#include "oracle.h"
#include "tap.h"

enum { MOST = 5000, POINTS = 120 };

static double x[MOST], y[MOST], key[MOST], distance[MOST];
static int64_t keys_int64[MOST];
static uint64_t keys_uint64[MOST];
static double px[POINTS], py[POINTS];

static void fill_keys(rng *r, size_t n, uint32_t order) {
    for (size_t i = 0; i < n; i++) {
        int64_t k = 0;
        if (order == 0)
            k = (int64_t)i;
        else if (order == 1)
            k = -(int64_t)i;
        else if (order == 2)
            k = (int64_t)rng_below(r, 3) - 1;
        else if (order == 3)
            k = (int64_t)(rng_next(r) >> 1) - INT64_MAX / 2;
        else if (order == 4) /* one better than the rest, all equal */
            k = i == n / 2 ? -1 : 1;
        /* else all equal */
        key[i] = order == 2 && k == 0 && i % 2 ? -0.0 : (double)k;
        keys_int64[i] = k == 1 && order == 2 ? INT64_MAX : k;
        keys_uint64[i] = (uint64_t)k;
    }
    if (order == 2 && n > 2) {
        key[rng_below(r, (uint32_t)n)] = INFINITY;
        key[rng_below(r, (uint32_t)n)] = -INFINITY;
    }
}

/* Radii such that about `hits` disks hold a point of [0, 1) x [0, 1), some of them with points exactly on the rim. */
static void fill_geometry(rng *r, size_t n, size_t points, double hits, family kind) {
    source s = source_new(r, kind);
    double radius = sqrt(hits / (3.14 * (double)(n + 1)));
    for (size_t i = 0; i < n; i++) {
        x[i] = kind == UNIFORM ? rng_unit(r) : source_draw(&s, r);
        y[i] = kind == UNIFORM ? rng_unit(r) : source_draw(&s, r);
        if (rng_below(r, 50) == 0)
            x[i] = NAN;
        if (rng_below(r, 50) == 0)
            y[i] = NAN;
    }
    for (size_t k = 0; k < points; k++) {
        int unreal = rng_below(r, 40) == 0;
        px[k] = unreal ? (k % 2 ? NAN : INFINITY) : kind == UNIFORM ? rng_unit(r) : source_draw(&s, r);
        py[k] = kind == UNIFORM ? rng_unit(r) : source_draw(&s, r);
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = rng_below(r, POINTS);
        double rim = k < points ? hypot(x[i] - px[k], y[i] - py[k]) : NAN;
        int take = rng_below(r, kind == UNIFORM ? 16 : 2) == 0 && rim >= 0 && (kind != UNIFORM || rim < 2 * radius);
        distance[i] = take ? rim : rng_below(r, 100) == 0 ? 0 : 2 * radius * rng_unit(r);
    }
}

static void check(tap_count *count, const pm_disks *disks, const pm_options *options, const pm_points *points,
                  long *hits) {
    static int64_t expected[POINTS], once[POINTS], indexed[POINTS];
    pm_index *index = NULL;
    pm_error err = {PM_OK, 0, ""};
    pm_options own = *options;
    own.engine = (pm_engine)(count->cases % 3);
    pm_status status = pm_index_build_disks(disks, &own, &index, &err);
    memset(once, 1, sizeof once);
    memset(indexed, 1, sizeof indexed);
    oracle_match_disks(disks, options, points, expected);
    if (status == PM_OK)
        pm_index_match(index, points, indexed);
    if (status == PM_OK)
        status = pm_match_disks(disks, options, points, once, &err);
    int right = status == PM_OK && pm_index_count(index) == disks->count;
    for (size_t k = 0; right && k < points->count; k++) {
        right = once[k] == expected[k] && indexed[k] == expected[k];
        if (!right && count->failures < 3)
            printf("# point %zu %a,%a: at once %lld, by index %lld, expected %lld\n", k, px[k], py[k],
                   (long long)once[k], (long long)indexed[k], (long long)expected[k]);
        *hits += expected[k] != PM_NO_MATCH;
    }
    if (right && points->count > 0) { /* as rows, from the last to the first */
        static double rows[2 * POINTS];
        size_t n = points->count;
        for (size_t k = 0; k < n; k++) {
            rows[2 * k] = px[k];
            rows[2 * k + 1] = py[k];
        }
        const ptrdiff_t row = -2 * (ptrdiff_t)sizeof(double);
        const pm_points backwards = {
            .x = rows + 2 * n - 2, .y = rows + 2 * n - 1, .x_stride = row, .y_stride = row, .count = n};
        right = pm_match_disks(disks, options, &backwards, once, &err) == PM_OK;
        pm_index_match(index, &backwards, indexed);
        for (size_t k = 0; k < n; k++)
            right = right && once[k] == expected[n - 1 - k] && indexed[k] == expected[n - 1 - k];
    }
    if (tap_case(count, right))
        printf("# %zu disks, %zu points, best %d, %zu distances: %s\n", disks->count, points->count,
               (int)options->best, options->distance_count, err.message);
    pm_index_free(index);
}

static void test_sizes(void) {
    static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 1000, MOST};
    rng r = rng_new(41);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        char name[80];
        size_t n = sizes[k];
        tap_count count = {name, 0, 0};
        long hits = 0;
        snprintf(name, sizeof name, "%zu disks", n);
        for (uint32_t i = 0; i < (uint32_t)tap_cases(n > 500 ? 72 : 216, n > 500 ? 216 : 1512); i++) {
            size_t points = i % 5 ? rng_below(&r, n > 500 ? 24 : POINTS) : i / 5 % 20;
            static const double densities[] = {0.3, 3, 50};
            fill_keys(&r, n, i % 6);
            fill_geometry(&r, n, points, densities[rng_below(&r, 3)],
                          i % 7 ? UNIFORM : (family)rng_below(&r, FAMILIES));
            pm_disks disks = {.x = x, .y = y, .area = key, .count = n};
            pm_options options = {.predicate = PM_CENTER_WITHIN, .best = (pm_best)(i / 6 % 6), .distance = distance};
            options.distance_count = rng_below(&r, 2) || n == 0 ? 1 : n;
            if (options.distance_count == 1 && (n == 0 || i % 2))
                distance[0] = rng_below(&r, 3) ? 0.2 : INFINITY;
            if (options.best == PM_SCORE_DOUBLE)
                options.scores = key;
            if (options.best == PM_SCORE_INT64)
                options.scores = keys_int64;
            if (options.best == PM_SCORE_UINT64)
                options.scores = keys_uint64;
            if (options.best >= PM_FIRST && i % 2)
                disks.area = NULL;
            const pm_points where = {
                .x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = points};
            check(&count, &disks, &options, &where, &hits);
        }
        tap_tally(&count);
        if (n > 0)
            tap_ok(hits > 100, "%zu disks: %ld points found one", n, hits);
    }
}

/* Disks and points of every adversarial family, few of each. */
static void test_families(void) {
    rng r = rng_new(42);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char name[80];
        tap_count count = {name, 0, 0};
        long hits = 0;
        snprintf(name, sizeof name, "disks, %s", family_names[kind]);
        for (uint32_t i = 0; i < (uint32_t)tap_cases(1500, 15000); i++) {
            size_t n = rng_below(&r, 20) + 1, points = rng_below(&r, 20) + 1;
            fill_keys(&r, n, rng_below(&r, 6));
            fill_geometry(&r, n, points, 1, (family)kind);
            const pm_disks disks = {.x = x, .y = y, .area = key, .count = n};
            const pm_options options = {
                .predicate = PM_CENTER_WITHIN, .best = (pm_best)(i % 3), .distance = distance, .distance_count = n};
            const pm_points where = {
                .x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = points};
            check(&count, &disks, &options, &where, &hits);
        }
        tap_tally(&count);
        tap_ok(hits > count.cases, "disks, %s: %ld points found one", family_names[kind], hits);
    }
}

/* Disks through the regions they come from: the same index, once the center and the area are known. */
static void test_from_regions(void) {
    static zoo z;
    rng r = rng_new(43);
    tap_count count = {"regions seen by their centers only", 0, 0};
    for (long i = 0; i < tap_cases(4000, 40000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        size_t n = rng_below(&r, 8);
        double centers[2 * MAX_REGIONS], cx[MAX_REGIONS], cy[MAX_REGIONS], areas[MAX_REGIONS];
        int64_t by_regions[8], by_disks[8];
        zoo_fill(&z, &r, &s, n);
        if (rng_below(&r, 2))
            zoo_draw_kinds(&z, &r);
        pm_regions_measure(&z.regions, areas, centers);
        for (size_t k = 0; k < n; k++) {
            cx[k] = centers[2 * k];
            cy[k] = centers[2 * k + 1];
        }
        for (size_t k = 0; k < 8; k++) {
            double p[2];
            zoo_point(&z, &r, &s, p);
            px[k] = p[0];
            py[k] = p[1];
        }
        double d = n ? hypot(cx[0] - px[0], cy[0] - py[0]) : 1;
        if (isnan(d))
            d = INFINITY;
        const pm_disks disks = {.x = cx, .y = cy, .area = areas, .count = n};
        const pm_options options = {
            .predicate = PM_CENTER_WITHIN, .best = (pm_best)(i % 3), .distance = &d, .distance_count = 1};
        const pm_points where = {
            .x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 8};
        pm_index *index = NULL;
        int built = pm_index_build(&z.regions, &options, &index, NULL) == PM_OK &&
                    pm_match_disks(&disks, &options, &where, by_disks, NULL) == PM_OK;
        if (built)
            pm_index_match(index, &where, by_regions);
        tap_case(&count, built && memcmp(by_regions, by_disks, sizeof by_disks) == 0);
        pm_index_free(index);
    }
    tap_tally(&count);
}

static void test_bounds(void) {
    const double cx[] = {1, 10, NAN, 3}, cy[] = {2, 20, 0, 3}, radii[] = {0.5, 2, 100, 0};
    const pm_disks disks = {.x = cx, .y = cy, .count = 4};
    const pm_options options = {
        .predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .distance = radii, .distance_count = 4};
    pm_index *index = NULL;
    double b[4];
    if (tap_ok(pm_index_build_disks(&disks, &options, &index, NULL) == PM_OK, "disks build")) {
        pm_index_bounds(index, b);
        tap_ok(b[0] <= 0.5 && b[0] > 0.5 - 1e-14 && b[1] <= 1.5 && b[1] > 1.5 - 1e-14 && b[2] >= 12 &&
                   b[2] < 12 + 1e-13 && b[3] >= 22 && b[3] < 22 + 1e-13,
               "bounds %g %g %g %g: neither NaN centers nor radius 0 count", b[0], b[1], b[2], b[3]);
    }
    pm_index_free(index);
    const double none = 0;
    const pm_options nothing = {
        .predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .distance = &none, .distance_count = 1};
    index = NULL;
    if (tap_ok(pm_index_build_disks(&disks, &nothing, &index, NULL) == PM_OK, "disks that hold nothing build")) {
        pm_index_bounds(index, b);
        tap_ok(isnan(b[0]) && isnan(b[1]) && isnan(b[2]) && isnan(b[3]), "nothing can match: NaN");
    }
    pm_index_free(index);
}

int main(void) {
    test_sizes();
    test_families();
    test_from_regions();
    test_bounds();
    return tap_end();
}
