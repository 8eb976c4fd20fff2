/* test_status.c: what happens with bad input?
 *
 * Every status the header promises, with the item at fault and a sentence, through every function that can give
 * it; odd input that is allowed (NULL for empty arrays, empty levels, unused vertices); and that no error is written
 * on success. */
#include <math.h>
#include <string.h>

#include "polymatch.h"
#include "tap.h"

static const double square[] = {0, 0, 1, 0, 1, 1, 0, 1, 2, 0, 3, 0, 3, 1, 2, 1};
static const int64_t ring_offsets[] = {0, 4, 8}, polygon_offsets[] = {0, 1, 2}, geom_offsets[] = {0, 1, 2};
static const pm_regions good = {.coords = square,
                                .coord_count = 8,
                                .ring_offsets = ring_offsets,
                                .ring_count = 2,
                                .polygon_offsets = polygon_offsets,
                                .polygon_count = 2,
                                .geom_offsets = geom_offsets,
                                .geom_count = 2};

static const double xs[] = {0.5, 2.5}, ys[] = {0.5, 0.5}, areas[] = {1, 1};
static const pm_disks good_disks = {.x = xs, .y = ys, .area = areas, .count = 2};
static const double radius = 1;
static const pm_options within = {.predicate = PM_CENTER_WITHIN, .distance = &radius, .distance_count = 1};
static const pm_points here = {.x = xs, .y = ys, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 2};

/* The error says what it is, where, and one sentence. */
static void expect(const char *what, pm_status got, const pm_error *err, pm_status status, int64_t item) {
    const char *end = memchr(err->message, 0, sizeof err->message);
    int sentence = end != NULL && end - err->message > 5 && !strchr(err->message, '\n');
    if (!tap_ok(got == status && err->status == status && err->item == item && sentence, "%s: %s, item %lld", what,
                pm_status_name(status), (long long)item))
        printf("# got %s, item %lld, \"%.200s\"\n", pm_status_name(got), (long long)err->item, err->message);
}

static void expect_build(const char *what, const pm_regions *regions, const pm_options *options, pm_status status,
                         int64_t item) {
    pm_index *index = (pm_index *)(uintptr_t)1, *quiet = index;
    pm_error err;
    memset(&err, 'x', sizeof err);
    pm_status got = pm_index_build(regions, options, &index, &err);
    expect(what, got, &err, status, item);
    pm_status again = pm_index_build(regions, options, &quiet, NULL);
    if (index != NULL || quiet != NULL || again != status)
        tap_ok(0, "%s: *out is NULL, and no pm_error is needed", what);
}

static void expect_disks(const char *what, const pm_disks *disks, const pm_options *options, pm_status status,
                         int64_t item) {
    pm_index *index = (pm_index *)(uintptr_t)1;
    int64_t out[2];
    pm_error err;
    memset(&err, 'x', sizeof err);
    pm_status got = pm_index_build_disks(disks, options, &index, &err);
    expect(what, got, &err, status, item);
    if (index != NULL || pm_index_build_disks(disks, options, &index, NULL) != status)
        tap_ok(0, "%s: *out is NULL, and no pm_error is needed", what);
    memset(&err, 'x', sizeof err);
    got = pm_match_disks(disks, options, &here, out, &err);
    expect(what, got, &err, status, item);
    if (pm_match_disks(disks, options, &here, out, NULL) != status)
        tap_ok(0, "%s: no pm_error is needed", what);
}

static void expect_regions(const char *what, const pm_regions *regions, pm_status status, int64_t item) {
    pm_error err;
    memset(&err, 'x', sizeof err);
    pm_status got = pm_regions_check(regions, &err);
    expect(what, got, &err, status, item);
    if (pm_regions_check(regions, NULL) != status)
        tap_ok(0, "%s: no pm_error is needed", what);
    expect_build(what, regions, NULL, status, item);
}

static void test_names(void) {
    static const char *const names[] = {"PM_OK",           "PM_ERR_NO_MEMORY",  "PM_ERR_ARGUMENT",
                                        "PM_ERR_OFFSETS",  "PM_ERR_COORDINATE", "PM_ERR_SCORE",
                                        "PM_ERR_DISTANCE", "PM_ERR_BLOCK",      "PM_ERR_VERSION",
                                        "PM_ERR_STOPPED",  "PM_ERR_SIZE"};
    int right = 1;
    for (int i = 0; i < 11; i++)
        right = right && strcmp(pm_status_name((pm_status)-i), names[i]) == 0;
    tap_ok(right, "every status has its name");
    tap_ok(pm_status_name((pm_status)-99) != NULL && pm_status_name((pm_status)1) != NULL, "others have one as well");
}

static void test_offsets(void) {
    static const struct {
        const char *what;
        int64_t offsets[3];
        int64_t item;
    } bad[] = {
        {"negative first", {-1, 1, 2}, 0},
        {"smallest first", {INT64_MIN, 1, 2}, 0},
        {"decreasing", {1, 0, 2}, 1},
        {"decreasing at the end", {0, 2, 1}, 2},
        {"negative later", {0, -1, 2}, 1},
        {"leaving the array", {0, 1, 9}, 2},
        {"far out", {0, 1, INT64_MAX}, 2},
        {"wrapping when doubled", {0, 1, INT64_C(1) << 62}, 2},
        {"wrapping when scaled", {0, 1, (INT64_C(1) << 60) + 1}, 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char what[80];
        for (int level = 0; level < 3; level++) {
            pm_regions regions = good;
            snprintf(what, sizeof what, "%s in level %d", bad[i].what, level);
            if (level == 0)
                regions.ring_offsets = bad[i].offsets;
            if (level == 1)
                regions.polygon_offsets = bad[i].offsets;
            if (level == 2)
                regions.geom_offsets = bad[i].offsets;
            expect_regions(what, &regions, PM_ERR_OFFSETS, bad[i].item);
        }
    }
    pm_regions fewer = good;
    fewer.coord_count = 7;
    expect_regions("fewer coordinates than the rings say", &fewer, PM_ERR_OFFSETS, 2);
}

static void test_nulls(void) {
    pm_regions regions = good;
    regions.coords = NULL;
    expect_regions("coords NULL", &regions, PM_ERR_ARGUMENT, -1);
    regions = good;
    regions.ring_offsets = NULL;
    expect_regions("ring_offsets NULL", &regions, PM_ERR_ARGUMENT, -1);
    regions = good;
    regions.polygon_offsets = NULL;
    expect_regions("polygon_offsets NULL", &regions, PM_ERR_ARGUMENT, -1);
    expect_regions("regions NULL", NULL, PM_ERR_ARGUMENT, -1);
    pm_error err;
    memset(&err, 'x', sizeof err);
    pm_status got = pm_index_build(&good, NULL, NULL, &err);
    expect("out NULL", got, &err, PM_ERR_ARGUMENT, -1);
    got = pm_index_build_disks(&good_disks, &within, NULL, &err);
    expect("out NULL for disks", got, &err, PM_ERR_ARGUMENT, -1);
    pm_index_free(NULL);

    pm_disks disks = good_disks;
    disks.x = NULL;
    expect_disks("x NULL", &disks, &within, PM_ERR_ARGUMENT, -1);
    disks = good_disks;
    disks.y = NULL;
    expect_disks("y NULL", &disks, &within, PM_ERR_ARGUMENT, -1);
    disks = good_disks;
    disks.area = NULL;
    expect_disks("area NULL", &disks, &within, PM_ERR_ARGUMENT, -1);
    expect_disks("disks NULL", NULL, &within, PM_ERR_ARGUMENT, -1);
    expect_disks("options NULL: covers, which disks can't answer", &good_disks, NULL, PM_ERR_ARGUMENT, -1);
}

static void test_coordinates(void) {
    static const double unreal[] = {NAN, INFINITY, -INFINITY};
    tap_count count = {"every coordinate, unreal, names its region", 0, 0};
    for (size_t i = 0; i < 16; i++)
        for (size_t k = 0; k < 3; k++) {
            double coords[16];
            pm_regions regions = good;
            pm_index *index = NULL;
            pm_error err;
            memset(&err, 'x', sizeof err);
            memcpy(coords, square, sizeof coords);
            coords[i] = unreal[k];
            regions.coords = coords;
            tap_case(&count, pm_index_build(&regions, NULL, &index, &err) == PM_ERR_COORDINATE && index == NULL &&
                                 err.status == PM_ERR_COORDINATE && err.item == (int64_t)(i / 8) &&
                                 err.message[0] != '\0');
            tap_case(&count, pm_regions_check(&regions, NULL) == PM_ERR_COORDINATE);
        }
    tap_tally(&count);
    double coords[16];
    memcpy(coords, square, sizeof coords);
    coords[11] = NAN;
    pm_regions regions = good;
    regions.coords = coords;
    expect_regions("a NaN in the second region", &regions, PM_ERR_COORDINATE, 1);
    const int64_t both[] = {0, 2};
    regions.geom_offsets = both;
    regions.geom_count = 1;
    expect_regions("the same of two polygons of one region", &regions, PM_ERR_COORDINATE, 0);
}

static void test_options(void) {
    static const double nan_score[] = {0, NAN}, infinite[] = {INFINITY, -INFINITY}, bad_radii[] = {1, -1};
    static const double nan_radii[] = {NAN, 1}, negative = -0x1p-1074, minus = -INFINITY, not_a_number = NAN;
    pm_options options = {.best = PM_SCORE_DOUBLE, .scores = nan_score};
    expect_build("a NaN score", &good, &options, PM_ERR_SCORE, 1);
    options.predicate = PM_CENTER_WITHIN;
    options.distance = &radius;
    options.distance_count = 1;
    expect_build("a NaN score by centers", &good, &options, PM_ERR_SCORE, 1);
    expect_disks("a NaN score of disks", &good_disks, &options, PM_ERR_SCORE, 1);
    const pm_disks nan_area = {.x = xs, .y = ys, .area = nan_score, .count = 2};
    expect_disks("a NaN area", &nan_area, &within, PM_ERR_SCORE, 1);
    options.best = PM_LARGEST;
    options.scores = NULL;
    expect_disks("a NaN area for largest", &nan_area, &options, PM_ERR_SCORE, 1);

    for (int best = PM_SCORE_DOUBLE; best <= PM_SCORE_UINT64; best++) {
        options = within;
        options.best = (pm_best)best;
        expect_build("scores NULL", &good, &options, PM_ERR_ARGUMENT, -1);
        expect_disks("scores NULL", &good_disks, &options, PM_ERR_ARGUMENT, -1);
    }
    static const int unknown[] = {-1, 6, 7, 99, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        options = within;
        options.predicate = (pm_predicate)unknown[i];
        expect_build("an unknown predicate", &good, &options, PM_ERR_ARGUMENT, -1);
        expect_disks("an unknown predicate", &good_disks, &options, PM_ERR_ARGUMENT, -1);
        options = within;
        options.best = (pm_best)unknown[i];
        options.scores = infinite; /* not because scores are missing */
        if (unknown[i] != 2) {
            expect_build("an unknown best", &good, &options, PM_ERR_ARGUMENT, -1);
            expect_disks("an unknown best", &good_disks, &options, PM_ERR_ARGUMENT, -1);
        }
    }
    const double periods[] = {-1, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        options = within;
        options.period = periods[i];
        expect_build("no period", &good, &options, PM_ERR_ARGUMENT, -1);
        expect_disks("no period", &good_disks, &options, PM_ERR_ARGUMENT, -1);
    }
    options = (pm_options){.period = 1e-9};
    expect_build("a period that is too small", &good, &options, PM_ERR_ARGUMENT, -1);
    options.period = 0x1p-1074;
    expect_build("the smallest", &good, &options, PM_ERR_ARGUMENT, -1);
    static const double *const single[] = {&negative, &minus, &not_a_number};
    for (size_t i = 0; i < 3; i++) {
        options = within;
        options.distance = single[i];
        expect_build("no distance", &good, &options, PM_ERR_DISTANCE, -1);
        expect_disks("no distance", &good_disks, &options, PM_ERR_DISTANCE, -1);
    }
    options = within;
    options.distance_count = 2;
    options.distance = bad_radii;
    expect_build("a negative distance", &good, &options, PM_ERR_DISTANCE, 1);
    expect_disks("a negative distance", &good_disks, &options, PM_ERR_DISTANCE, 1);
    options.distance = nan_radii;
    expect_build("a NaN distance", &good, &options, PM_ERR_DISTANCE, 0);
    expect_disks("a NaN distance", &good_disks, &options, PM_ERR_DISTANCE, 0);
    options.distance = NULL;
    expect_build("distance NULL", &good, &options, PM_ERR_ARGUMENT, -1);
    expect_disks("distance NULL", &good_disks, &options, PM_ERR_ARGUMENT, -1);
    options = within;
    for (size_t i = 0; i < 4; i += i == 0 ? 3 : 1) { /* neither 1 nor 2 */
        options.distance_count = i;
        options.distance = i ? nan_radii : &radius;
        expect_build("another number of distances", &good, &options, PM_ERR_ARGUMENT, -1);
        expect_disks("another number of distances", &good_disks, &options, PM_ERR_ARGUMENT, -1);
    }
    options = within;
    options.best = PM_SCORE_DOUBLE;
    options.scores = infinite;
    pm_index *index = NULL;
    int64_t out[2] = {7, 7};
    const double center_x[] = {1.5, 1.5}, center_y[] = {0.5, 0.5};
    const pm_points middle = {
        .x = center_x, .y = center_y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = 2};
    double far = INFINITY;
    options.distance = &far;
    if (tap_ok(pm_index_build(&good, &options, &index, NULL) == PM_OK, "infinite scores and distances are allowed")) {
        pm_index_match(index, &middle, out);
        tap_ok(out[0] == 1 && out[1] == 1, "the lowest score is minus infinity");
    }
    pm_index_free(index);
}

/* Nothing at all, at every level: allowed, and covers nothing. */
static void test_empty(void) {
    static const int64_t zero[] = {0}, zeros[] = {0, 0, 0}, used[] = {4, 8, 8};
    const struct {
        const char *what;
        pm_regions regions;
        size_t count;
    } views[] = {
        {"no regions, all NULL", {NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, {0}}, 0},
        {"no regions", {NULL, 0, zero, 0, zero, 0, zero, 0, NULL, {0}}, 0},
        {"no polygons, geom_count ignored", {NULL, 0, zero, 0, zero, 0, NULL, 9, NULL, {0}}, 0},
        {"regions without polygons", {NULL, 0, NULL, 0, NULL, 0, zeros, 2, NULL, {0}}, 2},
        {"polygons without rings", {NULL, 0, NULL, 0, zeros, 2, NULL, 0, NULL, {0}}, 2},
        {"rings without vertices", {NULL, 0, zeros, 2, polygon_offsets, 2, NULL, 0, NULL, {0}}, 2},
        {"vertices no region uses", {square, 8, zeros, 2, polygon_offsets, 2, NULL, 0, NULL, {0}}, 2},
        {"rings and polygons no region uses",
         {square, 8, ring_offsets, 2, polygon_offsets, 2, zeros, 2, NULL, {0}},
         2},
        {"a slice that starts later", {square, 8, used, 2, polygon_offsets, 2, NULL, 0, NULL, {0}}, 2},
    };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        for (int predicate = PM_COVERS; predicate <= PM_CENTER_WITHIN; predicate++) {
            const pm_options *options = predicate == PM_COVERS ? NULL : &within;
            pm_index *index = NULL;
            int64_t out[] = {77, 77, 77};
            double bounds[4] = {0, 0, 0, 0}, area[2] = {7, 7}, center[4] = {7, 7, 7, 7};
            pm_error err = {PM_OK, 4, "untouched"};
            int built = pm_regions_check(&views[i].regions, &err) == PM_OK &&
                        pm_index_build(&views[i].regions, options, &index, &err) == PM_OK;
            if (!tap_ok(built && err.item == 4 && strcmp(err.message, "untouched") == 0, "%s: no error, none written",
                        views[i].what))
                continue;
            size_t n = views[i].count;
            pm_index_match(index, &here, out);
            pm_index_bounds(index, bounds);
            pm_regions_measure(&views[i].regions, area, center);
            int nothing = i < 8, hit = nothing ? PM_NO_MATCH : 0;
            tap_ok(out[0] == PM_NO_MATCH && out[1] == hit && out[2] == 77, "%s: the answers are right",
                   views[i].what);
            tap_ok(pm_regions_count(&views[i].regions) == n && pm_index_count(index) == n &&
                       pm_index_size(index) > 0 &&
                       (nothing ? isnan(bounds[0]) && isnan(bounds[3]) : bounds[0] < bounds[2]),
                   "%s: count and bounds", views[i].what);
            tap_ok(n == 0    ? area[0] == 7
                   : nothing ? area[0] == 0 && isnan(center[0]) && isnan(center[1])
                             : area[0] == 1,
                   "%s: area and center", views[i].what);
            const pm_points none = {.x = NULL, .y = NULL, .x_stride = 8, .y_stride = 8, .count = 0};
            pm_index_match(index, &none, NULL);
            pm_index_match(index, &none, out);
            tap_ok(out[2] == 77, "%s: no points, nothing written", views[i].what);
            pm_index_free(index);
        }
    /* nothing is covered, but another region follows */
    static const int64_t gap_polygons[] = {0, 0, 2, 2}, gap_geoms[] = {0, 1, 1, 2, 3};
    const pm_regions gaps = {.coords = square,
                             .coord_count = 8,
                             .ring_offsets = ring_offsets,
                             .ring_count = 2,
                             .polygon_offsets = gap_polygons,
                             .polygon_count = 3,
                             .geom_offsets = gap_geoms,
                             .geom_count = 4};
    for (int best = PM_SMALLEST; best <= PM_FIRST; best++) {
        pm_options options = {.best = (pm_best)best};
        pm_index *index = NULL;
        int64_t out[2] = {77, 77};
        if (pm_index_build(&gaps, &options, &index, NULL) == PM_OK)
            pm_index_match(index, &here, out);
        tap_ok(out[0] == 2 && out[1] == 2, "empty regions keep their numbers, best %d", best);
        pm_index_free(index);
    }
    const pm_disks no_disks = {.x = NULL, .y = NULL, .count = 0};
    int64_t out[2] = {77, 77};
    tap_ok(pm_match_disks(&no_disks, &within, &here, out, NULL) == PM_OK && out[0] == -1 && out[1] == -1, "no disks");
    const pm_points none = {.x = NULL, .y = NULL, .x_stride = 0, .y_stride = 0, .count = 0};
    tap_ok(pm_match_disks(&good_disks, &within, &none, NULL, NULL) == PM_OK, "disks and no points");
}

/* Options of later versions are refused, not ignored. */
static void test_reserved(void) {
    pm_regions regions = good;
    pm_disks disks = good_disks;
    pm_options options = within;
    for (size_t i = 0; i < sizeof regions.reserved / sizeof *regions.reserved; i++) {
        regions.reserved[i] = 1;
        expect_regions("a reserved member of regions", &regions, PM_ERR_ARGUMENT, -1);
        regions.reserved[i] = 0;
    }
    for (size_t i = 0; i < sizeof disks.reserved / sizeof *disks.reserved; i++) {
        disks.reserved[i] = UINT64_C(1) << 63;
        expect_disks("a reserved member of disks", &disks, &within, PM_ERR_ARGUMENT, -1);
        disks.reserved[i] = 0;
    }
    for (size_t i = 0; i < sizeof options.reserved / sizeof *options.reserved; i++) {
        options.reserved[i] = 1;
        expect_build("a reserved member of options", &good, &options, PM_ERR_ARGUMENT, -1);
        expect_disks("a reserved member of options for disks", &good_disks, &options, PM_ERR_ARGUMENT, -1);
        options.reserved[i] = 0;
    }
}

int main(void) {
    test_names();
    test_offsets();
    test_nulls();
    test_coordinates();
    test_options();
    test_reserved();
    test_empty();
    return tap_end();
}
