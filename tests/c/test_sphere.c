/* test_sphere.c: does every way to an answer on the sphere give the same one?
 *
 * tests/python/test_sphere.py compares the library with definitions in 50 digits. Here are the rules that need no
 * sines, and what must agree whatever the places: random regions around poles and the seam, under every predicate and
 * engine, matched, listed, measured, as a block and after an allocation failed; and one digest of all answers, which
 * is the same on every machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sphere.h"
#include "base/twice.h"
#include "built.h"
#include "cases.h"
#include "index/block.h"
#include "ledger.h"
#include "sphere/face.h"
#include "tap.h"

enum { REGIONS = 8, POINTS = 40, VERTICES = 200 };

/* ---- places ---- */

static int is_at(double lon, double lat, double at_lon, double at_lat) {
    const pm_lonlat place = pm_lonlat_at(lon, lat);
    return place.lon == at_lon && place.lat == at_lat && !signbit(place.lon + 0.0) == !signbit(at_lon);
}

static int is_about(double value, double expected) {
    return fabs(value - expected) <= 1e-8 + 1e-14 * expected;
}

static void test_places(void) {
    tap_ok(is_at(180, 5, -180, 5) && is_at(-180, 5, -180, 5) && is_at(540, 5, -180, 5) && is_at(359, 5, -1, 5) &&
               is_at(-361, 5, -1, 5) && is_at(360, 5, 0, 5) && is_at(-0.0, -0.0, 0, 0),
           "longitudes modulo 360");
    tap_ok(is_at(77, 90, 0, 90) && is_at(-200, -90, 0, -90), "every longitude at a pole");
    tap_ok(pm_is_lonlat(1e300, 90) && !pm_is_lonlat(0, nextafter(90, 91)) && !pm_is_lonlat(INFINITY, 0) &&
               !pm_is_lonlat(NAN, 0) && !pm_is_lonlat(0, NAN),
           "places");
    tap_ok(pm_lonlats_opposite(pm_lonlat_at(0, 90), pm_lonlat_at(5, -90)) &&
               pm_lonlats_opposite(pm_lonlat_at(190, 10), pm_lonlat_at(10, -10)) &&
               !pm_lonlats_opposite(pm_lonlat_at(190, 10), pm_lonlat_at(10, -10.000000000000002)) &&
               !pm_lonlats_opposite(pm_lonlat_at(0, 90), pm_lonlat_at(0, 90)),
           "opposite places");
    for (int degrees = -720; degrees <= 720; degrees += 90) {
        static const double sines[] = {0, 1, 0, -1};
        const int quarter = ((degrees / 90) % 4 + 4) % 4;
        const pm_direction d = pm_direction_of(degrees);
        tap_ok(d.sin == sines[quarter] && d.cos == sines[(quarter + 1) % 4], "sine and cosine of %d degrees",
               degrees);
    }
    const pm_observer pole = pm_observer_at(pm_lonlat_at(3, 90)), origin = pm_observer_at(pm_lonlat_at(0, 0));
    const double quarter = 1.5707963267948966 * PM_SPHERE_RADIUS;
    tap_ok(pm_lonlat_distance(&pole, pm_lonlat_at(8, 90)) == 0 &&
               is_about(pm_lonlat_distance(&pole, pm_lonlat_at(8, 0)), quarter) &&
               is_about(pm_lonlat_distance(&origin, pm_lonlat_at(180, 0)), 2 * quarter) &&
               pm_lonlat_distance(&origin, pm_lonlat_at(1e-300, 0)) > 0,
           "distances that are known");
    tap_ok(pm_arc_distance(&origin, pm_lonlat_at(-20, 0), pm_lonlat_at(30, 0)) == 0 &&
               is_about(pm_arc_distance(&pole, pm_lonlat_at(-20, 0), pm_lonlat_at(30, 0)), quarter),
           "distances of an arc that are known");
    const pm_lonlat middle = pm_lonlat_between(pm_lonlat_at(10, 0), pm_lonlat_at(150, 0));
    tap_ok(middle.lon == 80 && middle.lat == 0, "the middle of an arc");
}

static pm_section section_of(const char *block, pm_section_name name) {
    pm_block_header header;
    memcpy(&header, block, sizeof header);
    for (size_t i = 0; i < header.section_count; i++) {
        pm_section section;
        memcpy(&section, block + sizeof header + i * sizeof section, sizeof section);
        if (section.name == (uint32_t)name)
            return section;
    }
    return (pm_section){0, 0, 0, 0};
}

/* ---- random regions ---- */

typedef struct world {
    double coords[2 * VERTICES], points[2 * POINTS], limits[REGIONS];
    int64_t rings[2 * REGIONS + 1], polygons[2 * REGIONS + 1], geoms[REGIONS + 1];
    uint8_t kinds[2 * REGIONS];
    pm_regions regions;
} world;

static world w;

static double some_lon(rng *r) {
    static const double odd[] = {-180, 180, 0, 90, -90, 45, 359, 720.5, -179.99999999999997};
    return rng_below(r, 3) ? 720 * rng_unit(r) - 360 : odd[rng_below(r, 9)];
}

static double some_lat(rng *r) {
    static const double odd[] = {-90, 90, 0, 45, -45, 89.99999999999999, 35.26438968275465};
    return rng_below(r, 3) ? 180 * rng_unit(r) - 90 : odd[rng_below(r, 7)];
}

static void fill_world(rng *r, int lines) {
    size_t vertices = 0, rings = 0, polygons = 0;
    w.rings[0] = w.polygons[0] = w.geoms[0] = 0;
    for (size_t region = 0; region < REGIONS; region++) {
        for (unsigned parts = 1 + (rng_below(r, 4) == 0); parts > 0; parts--) {
            const uint8_t kind = lines ? (uint8_t)rng_below(r, 3) : PM_PART_POLYGON;
            const double lon = some_lon(r), lat = some_lat(r), size = ldexp(180, -(int)rng_below(r, 20));
            const size_t count = kind == PM_PART_POINT ? 1 : 1 + rng_below(r, 10);
            for (size_t i = 0; i < count; i++, vertices++) {
                const int any = rng_below(r, 8) == 0;
                const double y = any ? some_lat(r) : lat + size * (rng_unit(r) - 0.5);
                w.coords[2 * vertices] = any ? some_lon(r) : lon + 2 * size * (rng_unit(r) - 0.5);
                w.coords[2 * vertices + 1] = y > 90 ? 90 : y < -90 ? -90 : y;
            }
            w.rings[++rings] = (int64_t)vertices;
            w.kinds[polygons] = kind;
            w.polygons[++polygons] = (int64_t)rings;
        }
        w.geoms[region + 1] = (int64_t)polygons;
        w.limits[region] = ldexp(3e7, -(int)rng_below(r, 30));
    }
    w.regions = (pm_regions){.coords = w.coords,
                             .coord_count = vertices,
                             .ring_offsets = w.rings,
                             .ring_count = rings,
                             .polygon_offsets = w.polygons,
                             .polygon_count = polygons,
                             .geom_offsets = w.geoms,
                             .geom_count = REGIONS,
                             .kinds = lines ? w.kinds : NULL};
    for (size_t i = 0; i < POINTS; i++) {
        const size_t vertex = rng_below(r, (uint32_t)vertices);
        const int halvings = (int)rng_below(r, 60);
        const double away = halvings < 40 ? ldexp(rng_unit(r) - 0.5, -halvings) : 0;
        const int near = rng_below(r, 2) == 0;
        w.points[2 * i] = near ? w.coords[2 * vertex] + away : some_lon(r);
        w.points[2 * i + 1] = near ? w.coords[2 * vertex + 1] + away : some_lat(r);
    }
}

static pm_points all_points(void) {
    const ptrdiff_t step = 2 * (ptrdiff_t)sizeof(double);
    return (pm_points){.x = w.points, .y = w.points + 1, .x_stride = step, .y_stride = step, .count = POINTS};
}

static pm_options some_options(rng *r, pm_predicate predicate) {
    pm_options options = {.metric = PM_SPHERE, .predicate = predicate, .best = (pm_best)rng_below(r, 3)};
    options.period = rng_below(r, 2) ? 360 : 0;
    if (predicate != PM_COVERS && !(predicate == PM_NEAREST && rng_below(r, 2))) {
        options.distance = w.limits;
        options.distance_count = rng_below(r, 2) ? 1 : REGIONS;
    }
    return options;
}

static uint64_t digest = UINT64_C(0x9E3779B97F4A7C15);

static void digest_add(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001B3);
}

/* Do lists say what matches and distances say? */
static int lists_agree(const pm_index *index, const pm_points *points, const int64_t *answers,
                       const double *distances) {
    enum { ROOM = POINTS * REGIONS };
    const int measured = pm_index_predicate(index) != PM_COVERS;
    int64_t counts[POINTS], ids[ROOM];
    double found[ROOM];
    const pm_lists lists = {.counts = counts, .ids = ids, .distances = measured ? found : NULL, .room = ROOM};
    pm_lister *lister = NULL;
    size_t done = 0;
    int agree = pm_lister_build(index, NULL, &lister, NULL) == PM_OK &&
                pm_lister_list(lister, points, SIZE_MAX, &lists, &done, NULL) == PM_OK && done == POINTS;
    for (size_t i = 0, at = 0; agree && i < POINTS; at += (size_t)counts[i++]) {
        agree = answers[i] == (counts[i] ? ids[at] : PM_NO_MATCH);
        if (measured && counts[i])
            agree = agree && distances[i] == found[at];
        else if (measured)
            agree = agree && isnan(distances[i]);
        if (measured)
            digest_add(found + at, (size_t)counts[i] * sizeof *found);
        digest_add(ids + at, (size_t)counts[i] * sizeof *ids);
    }
    pm_lister_free(lister);
    return agree;
}

static int opens_the_same(const pm_index *index, const pm_points *points, const int64_t *answers) {
    size_t size;
    const void *bytes = pm_index_block(index, &size);
    void *copy = malloc(size);
    int64_t again[POINTS];
    pm_index *opened = NULL;
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    int same = pm_index_open(copy, size, 1, NULL, &opened, NULL) == PM_OK && pm_index_metric(opened) == PM_SPHERE &&
               pm_index_period(opened) == 0;
    if (same) {
        pm_index_match(opened, points, again);
        same = memcmp(again, answers, sizeof again) == 0;
    }
    pm_index_free(opened);
    free(copy);
    return same;
}

static int is_in_bounds(const pm_index *index, double lon, double lat) {
    double b[4];
    pm_index_bounds(index, b);
    int inside = lat >= b[1] && lat <= b[3], turned = 0;
    for (int turns = -5; turns <= 5; turns++)
        turned |= lon + 360 * turns >= b[0] && lon + 360 * turns <= b[2];
    return inside && (turned || fabs(lat) == 90);
}

static void test_agreement(void) {
    rng r = rng_new(91);
    tap_count engines = {"both engines give the same answers", 0, 0}, lists = {"lists agree", 0, 0};
    tap_count blocks = {"an opened block answers as the index did", 0, 0},
              bounds = {"what matches is in bounds", 0, 0};
    tap_count turned = {"and a whole turn away", 0, 0};
    long matched = 0, refused = 0;
    for (long i = 0; i < tap_cases(600, 20000); i++) {
        const pm_predicate predicate = (pm_predicate)(i % 4);
        fill_world(&r, predicate != PM_COVERS && rng_below(&r, 2));
        const pm_points points = all_points();
        pm_options options = some_options(&r, predicate);
        pm_index *scan = NULL, *tree = NULL;
        int64_t answers[POINTS], others[POINTS];
        double distances[POINTS];
        pm_error err;
        options.engine = PM_ENGINE_SCAN;
        const pm_status status = pm_index_build(&w.regions, &options, &scan, &err);
        if (status == PM_ERR_COORDINATE) { /* opposite places */
            refused++;
            continue;
        }
        options.engine = PM_ENGINE_TREE;
        if (status || pm_index_build(&w.regions, &options, &tree, &err)) {
            tap_ok(0, "a build: %s", err.message);
            continue;
        }
        pm_index_match(scan, &points, answers);
        pm_index_match(tree, &points, others);
        tap_case(&engines, memcmp(answers, others, sizeof answers) == 0);
        if (predicate != PM_COVERS) {
            const int64_t *expected = answers;
            tap_case(&engines, pm_index_match_distances(tree, &points, others, distances, NULL) == PM_OK &&
                                   memcmp(expected, others, sizeof others) == 0);
        }
        tap_case(&lists, lists_agree(tree, &points, answers, distances));
        tap_case(&blocks, opens_the_same(tree, &points, answers));
        for (size_t p = 0; p < POINTS; p++) {
            const double lon = w.points[2 * p], lat = w.points[2 * p + 1];
            matched += answers[p] >= 0;
            if (answers[p] >= 0)
                tap_case(&bounds, is_in_bounds(tree, lon, lat));
            if (lon + 360 - 360 == lon)
                tap_case(&turned, pm_index_match_one(tree, lon + 360, lat) == answers[p]);
        }
        pm_index_free(scan);
        pm_index_free(tree);
    }
    tap_tally(&engines);
    tap_tally(&lists);
    tap_tally(&blocks);
    tap_tally(&bounds);
    tap_tally(&turned);
    tap_ok(matched > 2000 && refused < 200, "%ld points were matched, %ld indexes refused", matched, refused);
    if (!getenv("PM_TEST_FULL") && !getenv("PM_TEST_SEED"))
        tap_ok(digest == UINT64_C(0x9c5e583be3bc36bd), "the digest of all lists and distances is %llx",
               (unsigned long long)digest);
}

/* Many disks, by the tree and one after the other: small and large ones, over poles and the seam, with one radius for
 * all or one each. */
static void test_many_disks(void) {
    enum { DISKS = 400, PLACES = 2000 };
    static double lon[DISKS], lat[DISKS], metres[DISKS], x[PLACES], y[PLACES];
    static int64_t tree_answers[PLACES], scan_answers[PLACES];
    rng r = rng_new(95);
    tap_count same = {"many disks, by the tree and by the scan", 0, 0};
    long hits = 0, trees = 0;
    for (long i = 0; i < tap_cases(25, 500); i++) {
        const size_t count = 20 + rng_below(&r, DISKS - 20);
        const double size = ldexp(2e7, -(int)rng_below(&r, 12));
        for (size_t k = 0; k < count; k++) {
            lon[k] = some_lon(&r);
            lat[k] = some_lat(&r);
            metres[k] = size * rng_unit(&r);
        }
        for (size_t k = 0; k < PLACES; k++) {
            x[k] = some_lon(&r);
            y[k] = some_lat(&r);
        }
        const pm_disks disks = {.x = lon, .y = lat, .count = count};
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        const pm_points points = {.x = x, .y = y, .x_stride = step, .y_stride = step, .count = PLACES};
        pm_options options = {.metric = PM_SPHERE,
                              .predicate = PM_CENTER_WITHIN,
                              .best = PM_FIRST,
                              .distance = metres,
                              .distance_count = i % 2 ? 1 : count,
                              .engine = PM_ENGINE_TREE};
        pm_index *tree = NULL, *scan = NULL;
        size_t size_of_block;
        if (pm_index_build_disks(&disks, &options, &tree, NULL))
            abort();
        options.engine = PM_ENGINE_SCAN;
        if (pm_index_build_disks(&disks, &options, &scan, NULL))
            abort();
        pm_index_match(tree, &points, tree_answers);
        pm_index_match(scan, &points, scan_answers);
        tap_case(&same, memcmp(tree_answers, scan_answers, sizeof scan_answers) == 0);
        for (size_t k = 0; k < PLACES; k++)
            hits += scan_answers[k] >= 0;
        trees += section_of(pm_index_block(tree, &size_of_block), PM_SECTION_TREE_TABLES).size > 0;
        pm_index_free(tree);
        pm_index_free(scan);
    }
    tap_tally(&same);
    tap_ok(hits > 5000 && trees > same.cases / 2, "%ld hits, %ld trees", hits, trees);
}

/* Many places, by the map and by the search over all: everywhere or in a few towns, some of them at the same place,
 * some regions empty, with a limit or without. */
static void test_many_places(void) {
    enum { SITES = 600, PLACES = 1500 };
    static double coords[2 * SITES], x[PLACES], y[PLACES], distances[2][PLACES];
    static int64_t rings[SITES + 1], polygons[SITES + 1], answers[2][PLACES];
    static uint8_t kinds[SITES];
    rng r = rng_new(96);
    tap_count same = {"many places, by the map and by the search", 0, 0};
    long maps = 0, hits = 0;
    for (long i = 0; i < tap_cases(25, 500); i++) {
        const size_t count = 16 + rng_below(&r, SITES - 16);
        const double spread = ldexp(180, -(int)rng_below(&r, 30)), metres = ldexp(2e7, -(int)rng_below(&r, 24));
        const double lon = some_lon(&r), lat = some_lat(&r);
        size_t vertices = 0;
        for (size_t k = 0; k < count; k++) {
            const double away = rng_unit(&r) - 0.5, north = lat + spread * (rng_unit(&r) - 0.5);
            const size_t twin = rng_below(&r, (uint32_t)vertices + 1), kind = rng_below(&r, 20);
            coords[2 * vertices] = kind == 0 ? some_lon(&r) : lon + 2 * spread * away;
            coords[2 * vertices + 1] = kind == 0 ? some_lat(&r) : north > 90 ? 90 : north < -90 ? -90 : north;
            if (kind == 1 && twin < vertices)
                memcpy(coords + 2 * vertices, coords + 2 * twin, 2 * sizeof *coords);
            vertices += kind != 2;
            rings[k + 1] = (int64_t)vertices;
            polygons[k + 1] = (int64_t)k + 1;
            kinds[k] = PM_PART_POINT;
        }
        for (size_t k = 0; k < PLACES; k++) {
            const int is_near = rng_below(&r, 2) == 0;
            const size_t site = vertices ? rng_below(&r, (uint32_t)vertices) : 0;
            const double away = spread * (rng_unit(&r) - 0.5);
            x[k] = is_near ? coords[2 * site] + away : some_lon(&r);
            y[k] = is_near ? coords[2 * site + 1] + away / 3 : some_lat(&r);
        }
        const pm_regions regions = {.coords = coords,
                                    .coord_count = vertices,
                                    .ring_offsets = rings,
                                    .ring_count = count,
                                    .polygon_offsets = polygons,
                                    .polygon_count = count,
                                    .kinds = kinds};
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        const pm_points points = {.x = x, .y = y, .x_stride = step, .y_stride = step, .count = PLACES};
        for (int way = 0; way < 2; way++) {
            const pm_options options = {.metric = PM_SPHERE,
                                        .predicate = PM_NEAREST,
                                        .best = PM_FIRST,
                                        .distance = i % 3 ? NULL : &metres,
                                        .distance_count = i % 3 == 0,
                                        .engine = way ? PM_ENGINE_TREE : PM_ENGINE_SCAN};
            pm_index *index = build(&regions, &options);
            size_t size;
            maps += section_of(pm_index_block(index, &size), PM_SECTION_NEAR_TABLES).size > 0;
            if (pm_index_match_distances(index, &points, answers[way], distances[way], NULL))
                abort();
            int64_t again[PLACES];
            pm_index_match(index, &points, again);
            tap_case(&same, memcmp(again, answers[way], sizeof again) == 0);
            pm_index_free(index);
        }
        int alike = memcmp(answers[0], answers[1], sizeof *answers) == 0;
        for (size_t k = 0; k < PLACES; k++) {
            hits += answers[0][k] >= 0;
            alike = alike && (answers[0][k] < 0 ? isnan(distances[1][k]) : distances[0][k] == distances[1][k]);
        }
        tap_case(&same, alike);
    }
    tap_tally(&same);
    tap_ok(hits > 10000 && maps > same.cases / 6, "%ld hits, %ld maps", hits, maps);
}

/* ---- the rules ---- */

static int64_t answer_of(const double *ring, size_t count, pm_predicate predicate, double lon, double lat) {
    const int64_t rings[] = {0, (int64_t)count}, polygons[] = {0, 1};
    const pm_regions regions = {.coords = ring,
                                .coord_count = count,
                                .ring_offsets = rings,
                                .ring_count = 1,
                                .polygon_offsets = polygons,
                                .polygon_count = 1};
    const pm_options options = {.metric = PM_SPHERE, .predicate = predicate};
    pm_index *index = build(&regions, &options);
    const int64_t answer = pm_index_match_one(index, lon, lat);
    pm_index_free(index);
    return answer;
}

static void test_sides(void) {
    static const double cap[] = {0, 60, 90, 60, 180, 60, 270, 60}, other_way[] = {270, 60, 180, 60, 90, 60, 0, 60};
    static const double large[] = {0, -60, 90, -60, 180, -60, 270, -60};
    static const double equator[] = {0, 0, 120, 0, 240, 0}, west[] = {240, 0, 120, 0, 0, 0};
    static const double world_box[] = {-180, -89, 180, -89, 180, 89, -180, 89};
    static const double across[] = {170, -10, 190, -10, 190, 10, 170, 10};
    tap_ok(answer_of(cap, 4, PM_COVERS, 12, 90) == 0 && answer_of(cap, 4, PM_COVERS, 12, 50) < 0 &&
               answer_of(other_way, 4, PM_COVERS, 12, 90) == 0,
           "a cap around the pole, in both directions");
    tap_ok(answer_of(large, 4, PM_COVERS, 12, -90) == 0 && answer_of(large, 4, PM_COVERS, 12, 90) < 0,
           "the smaller side of a ring");
    tap_ok(answer_of(equator, 3, PM_COVERS, 12, 5) == 0 && answer_of(equator, 3, PM_COVERS, 12, -5) < 0 &&
               answer_of(west, 3, PM_COVERS, 12, 5) == 0 && answer_of(west, 3, PM_COVERS, 12, -5) < 0,
           "of two halves, the one with the north pole");
    tap_ok(answer_of(world_box, 4, PM_COVERS, 0, 0) < 0 && answer_of(world_box, 4, PM_COVERS, 180, 20) == 0,
           "a box around the world is a line");
    tap_ok(answer_of(across, 4, PM_COVERS, -175, 0) == 0 && answer_of(across, 4, PM_COVERS, 175, 0) == 0 &&
               answer_of(across, 4, PM_COVERS, 0, 0) < 0 && answer_of(across, 4, PM_COVERS, 190, 10) == 0 &&
               answer_of(across, 4, PM_COVERS, -170, -10) == 0,
           "a box across the seam");
    tap_ok(answer_of(across, 4, PM_COVERS, 180, 90.00000000000001) < 0 &&
               answer_of(across, 4, PM_NEAREST, 180, -91) < 0 && answer_of(across, 4, PM_NEAREST, 180, -90) == 0,
           "points beyond the poles");
}

static void test_measures(void) {
    static const double octant[] = {0, 0, 90, 0, 0, 90}, ring[] = {350, 10, 10, 10, 0, 20, 710, 10};
    static const int64_t rings[] = {0, 3, 7}, polygons[] = {0, 1, 2};
    static double coords[14];
    double areas[2], centers[4];
    memcpy(coords, octant, sizeof octant);
    memcpy(coords + 6, ring, sizeof ring);
    pm_regions regions = {.coords = coords,
                          .coord_count = 7,
                          .ring_offsets = rings,
                          .ring_count = 2,
                          .polygon_offsets = polygons,
                          .polygon_count = 2};
    tap_ok(pm_regions_measure_sphere(&regions, areas, centers, NULL) == PM_OK, "measures");
    const double expected = PM_SPHERE_RADIUS * PM_SPHERE_RADIUS * 1.5707963267948966;
    tap_ok(fabs(areas[0] - expected) < 0.2, "an eighth of the sphere has %.17g square metres", areas[0]);
    tap_ok(centers[0] == 30 && centers[1] == 30, "its center is the mean of longitudes and latitudes");
    tap_ok(centers[2] == 360 && fabs(centers[3] - 40.0 / 3) < 1e-14,
           "longitudes are moved to the first vertex, its repetition is left out: %g %g", centers[2], centers[3]);
    coords[1] = 90.5;
    pm_error err;
    tap_ok(pm_regions_measure_sphere(&regions, areas, centers, &err) == PM_ERR_COORDINATE && err.item == 0, "%s",
           err.message);
    rng r = rng_new(92);
    tap_count same = {"an area does not depend on direction and first vertex", 0, 0};
    for (int i = 0; i < 500; i++) {
        double one[20], other[20], area[2];
        const size_t count = 3 + rng_below(&r, 7), shift = rng_below(&r, 10);
        for (size_t k = 0; k < count; k++) {
            one[2 * k] = some_lon(&r);
            one[2 * k + 1] = some_lat(&r);
        }
        for (size_t k = 0; k < count; k++)
            memcpy(other + 2 * ((2 * count - 1 - k + shift) % count), one + 2 * k, 2 * sizeof *one);
        const int64_t offsets[] = {0, (int64_t)count}, single[] = {0, 1};
        regions = (pm_regions){.coord_count = count,
                               .ring_offsets = offsets,
                               .ring_count = 1,
                               .polygon_offsets = single,
                               .polygon_count = 1};
        regions.coords = one;
        if (pm_regions_measure_sphere(&regions, area, NULL, NULL))
            continue;
        regions.coords = other;
        tap_case(&same, pm_regions_measure_sphere(&regions, area + 1, NULL, NULL) == PM_OK && area[0] == area[1]);
    }
    tap_tally(&same);
}

static void test_refusals(void) {
    static const double beyond[] = {0, 0, 1, 0, 1, 90.1}, opposite[] = {0, 10, 5, 5, 180, -10};
    static const int64_t rings[] = {0, 0, 3}, polygons[] = {0, 1, 2};
    pm_regions regions = {.coords = beyond,
                          .coord_count = 3,
                          .ring_offsets = rings,
                          .ring_count = 2,
                          .polygon_offsets = polygons,
                          .polygon_count = 2};
    pm_options options = {.metric = PM_SPHERE};
    pm_index *index;
    pm_error err;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_COORDINATE && err.item == 1, "%s", err.message);
    regions.coords = opposite;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_COORDINATE && err.item == 1, "%s", err.message);
    static const uint8_t kinds[] = {PM_PART_LINE, PM_PART_LINE};
    regions.kinds = kinds;
    options.predicate = PM_NEAREST;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_OK, "a line does not go back");
    pm_index_free(index);
    regions.kinds = NULL;
    regions.coord_count = 0;
    regions.ring_offsets = (const int64_t[]){0, 0, 0};
    options.period = 180;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    options.period = 360;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_OK && pm_index_match_one(index, 0, 0) < 0,
           "regions without vertices");
    pm_index_free(index);
    options.metric = (pm_metric)2;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    static const double x[] = {0, 0, NAN}, y[] = {0, -90.5, NAN}, metres = 1;
    const pm_disks disks = {.x = x, .y = y, .count = 3};
    options = (pm_options){.metric = PM_SPHERE,
                           .predicate = PM_CENTER_WITHIN,
                           .best = PM_FIRST,
                           .distance = &metres,
                           .distance_count = 1};
    tap_ok(pm_index_build_disks(&disks, &options, &index, &err) == PM_ERR_COORDINATE && err.item == 1, "%s",
           err.message);
    const pm_disks nowhere = {.x = x + 2, .y = y + 2, .count = 1};
    tap_ok(pm_index_build_disks(&nowhere, &options, &index, &err) == PM_OK && pm_index_match_one(index, 0, 0) < 0,
           "a center that is nowhere");
    pm_index_free(index);
}

/* ---- memory and forgery ---- */

static void test_memory(void) {
    rng r = rng_new(93);
    tap_count failing = {"the k-th allocation fails", 0, 0}, working = {"then none does", 0, 0};
    for (long i = 0; i < tap_cases(30, 1000); i++) {
        const pm_predicate predicate = (pm_predicate)(i % 4);
        fill_world(&r, predicate != PM_COVERS && rng_below(&r, 2));
        pm_options options = some_options(&r, predicate);
        options.engine = i % 8 < 4 ? PM_ENGINE_TREE : PM_ENGINE_AUTO;
        for (long k = 0;; k++) {
            ledger l = ledger_new(k);
            const pm_allocator allocator = ledger_allocator(&l);
            options.allocator = &allocator;
            pm_index *index = NULL;
            pm_lister *lister = NULL;
            pm_status status = pm_index_build(&w.regions, &options, &index, NULL);
            if (status == PM_ERR_COORDINATE)
                break;
            if (!status)
                status = pm_lister_build(index, &allocator, &lister, NULL);
            if (!status) {
                int64_t counts[POINTS], ids[POINTS * REGIONS];
                const pm_lists lists = {.counts = counts, .ids = ids, .room = POINTS * REGIONS};
                const pm_points points = all_points();
                size_t done;
                status = pm_lister_list(lister, &points, SIZE_MAX, &lists, &done, NULL);
            }
            pm_lister_free(lister);
            pm_index_free(index);
            const int done = l.calls <= k;
            tap_case(done ? &working : &failing,
                     status == (done ? PM_OK : PM_ERR_NO_MEMORY) && l.live == 0 && !l.broken);
            if (done)
                break;
        }
    }
    tap_tally(&failing);
    tap_tally(&working);
}

static char *copy_of_block(const pm_index *index, size_t *size) {
    const void *bytes = pm_index_block(index, size);
    char *copy = malloc(*size);
    if (!copy)
        abort();
    memcpy(copy, bytes, *size);
    return copy;
}

static pm_status open_sealed(char *copy, size_t size, pm_index **opened) {
    const uint64_t sum = pm_block_checksum(copy, size);
    memcpy(copy + offsetof(pm_block_header, checksum), &sum, sizeof sum);
    *opened = NULL;
    return pm_index_open(copy, size, 1, NULL, opened, NULL);
}

/* One forgery at a time, each with a correct checksum: its check must find it. */
static void test_each_check(void) {
    static const double coords[] = {0, 0, 10, 0, 0, 10, 20, 0, 30, 0, 20, 10}, metres = 1000;
    static const int64_t rings[] = {0, 3, 6}, polygons[] = {0, 1, 2};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 6,
                                .ring_offsets = rings,
                                .ring_count = 2,
                                .polygon_offsets = polygons,
                                .polygon_count = 2};
    enum { NUMBERS = 32 + 8 * 16 + 2 * 6 * 16 * 4 }; /* bytes before the numbers of the arcs */
    static const struct {
        const char *what;
        pm_predicate predicate;
        pm_section_name section;
        size_t at; /* in bytes */
        uint32_t word;
    } forgeries[] = {{"a limit that is negative", PM_DWITHIN, PM_SECTION_LIMITS, 4, UINT32_C(0xBFF00000)},
                     {"a rank of no region", PM_DWITHIN, PM_SECTION_RANKS, 0, 2},
                     {"a greatest limit that is NaN", PM_DWITHIN, PM_SECTION_DISTANCE_MAP, 4, UINT32_C(0x7FF80000)},
                     {"more arcs than there are", PM_NEAREST, PM_SECTION_ARCS, 16, 3},
                     {"more vertices of arcs", PM_NEAREST, PM_SECTION_ARCS, 24, 9},
                     {"another number of regions", PM_NEAREST, PM_SECTION_ARCS, 0, 3},
                     {"a longitude beyond the seam", PM_NEAREST, PM_SECTION_ARCS, 32 + 4, UINT32_C(0x40690000)},
                     {"a latitude that is NaN", PM_NEAREST, PM_SECTION_ARCS, 32 + 12, UINT32_C(0x7FF80000)},
                     {"a place of no region", PM_NEAREST, PM_SECTION_ARCS, NUMBERS, 2},
                     {"a region in another place", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 8, 0},
                     {"runs that do not begin", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 16, 1},
                     {"runs that end elsewhere", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 24, 3},
                     {"a region without runs", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 20, 0},
                     {"a run beyond the vertices", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 28, 5},
                     {"a run of no region", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 36, 2},
                     {"a run of nine arcs", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 44, 0x1309},
                     {"a run of no known kind", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 44, 0x1333},
                     {"a vertex on the faces at infinity", PM_NEAREST, PM_SECTION_VERTICES, 4, UINT32_C(0x7FF00000)},
                     {"a center beyond the seam", PM_CENTER_WITHIN, PM_SECTION_DISK_X, 4, UINT32_C(0x40690000)},
                     {"a center beyond the pole", PM_CENTER_WITHIN, PM_SECTION_DISK_Y, 12, UINT32_C(0x40590000)},
                     {"half a center", PM_CENTER_WITHIN, PM_SECTION_DISK_X, 4, UINT32_C(0x7FF80000)}};
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        pm_options options = {.metric = PM_SPHERE, .predicate = forgeries[i].predicate};
        if (options.predicate != PM_NEAREST) {
            options.distance = &metres;
            options.distance_count = 1;
        }
        pm_index *index = build(&regions, &options), *opened;
        size_t size;
        char *copy = copy_of_block(index, &size);
        tap_ok(open_sealed(copy, size, &opened) == PM_OK, "a block opens");
        pm_index_free(opened);
        char *at = copy + section_of(copy, forgeries[i].section).offset + forgeries[i].at;
        tap_ok(memcmp(at, &forgeries[i].word, 4) != 0, "something is changed");
        memcpy(at, &forgeries[i].word, 4);
        tap_ok(open_sealed(copy, size, &opened) == PM_ERR_BLOCK, "%s", forgeries[i].what);
        pm_index_free(opened);
        free(copy);
        pm_index_free(index);
    }
}

static void test_forgery(void) {
    rng r = rng_new(94);
    tap_count forged = {"forged blocks are refused or answer in range", 0, 0};
    long accepted = 0;
    for (long i = 0; i < tap_cases(200, 10000); i++) {
        const pm_predicate predicate = (pm_predicate)(i % 4);
        fill_world(&r, predicate != PM_COVERS && rng_below(&r, 2));
        const pm_points points = all_points();
        const pm_options options = some_options(&r, predicate);
        pm_index *index;
        if (pm_index_build(&w.regions, &options, &index, NULL))
            continue;
        for (int k = 0; k < 20; k++) {
            size_t size;
            char *copy = copy_of_block(index, &size);
            pm_index *opened;
            for (uint32_t changes = 1 + rng_below(&r, 3); changes > 0; changes--) {
                uint32_t word = (uint32_t)rng_next(&r);
                const size_t at = 4 * rng_below(&r, (uint32_t)size / 4);
                if (rng_below(&r, 2)) {
                    memcpy(&word, copy + at, 4);
                    word ^= 1u << rng_below(&r, 32);
                }
                memcpy(copy + at, &word, 4);
            }
            const pm_status status = open_sealed(copy, size, &opened);
            int fine = status == PM_OK || status == PM_ERR_BLOCK || status == PM_ERR_VERSION;
            if (status == PM_OK) {
                int64_t answers[POINTS];
                pm_lister *lister = NULL;
                pm_index_match(opened, &points, answers);
                for (size_t p = 0; p < POINTS; p++)
                    fine = fine && answers[p] >= -1 && answers[p] < REGIONS;
                if (pm_lister_build(opened, NULL, &lister, NULL) == PM_OK) {
                    int64_t counts[POINTS], ids[POINTS * REGIONS];
                    const pm_lists lists = {.counts = counts, .ids = ids, .room = POINTS * REGIONS};
                    size_t done;
                    fine = fine && pm_lister_list(lister, &points, 3, &lists, &done, NULL) == PM_OK;
                }
                pm_lister_free(lister);
                accepted++;
            }
            tap_case(&forged, fine);
            pm_index_free(opened);
            free(copy);
        }
        pm_index_free(index);
    }
    tap_tally(&forged);
    tap_ok(accepted > forged.cases / 10, "%ld accepted", accepted);
}

/* The trees of disks and of places: the k-th allocation of a build fails, and bytes are forged. */
static void test_trees(void) {
    enum { SITES = 60 };
    static double coords[2 * SITES], lon[SITES], lat[SITES];
    static int64_t each[SITES + 1];
    static uint8_t kinds[SITES];
    static const double metres = 2e6;
    rng r = rng_new(97);
    tap_count failing = {"the k-th allocation of a tree fails", 0, 0}, forged = {"forged trees are safe", 0, 0};
    for (size_t k = 0; k < SITES; k++) {
        coords[2 * k] = lon[k] = some_lon(&r);
        coords[2 * k + 1] = lat[k] = some_lat(&r);
        each[k + 1] = (int64_t)k + 1;
        kinds[k] = PM_PART_POINT;
    }
    const pm_regions regions = {.coords = coords,
                                .coord_count = SITES,
                                .ring_offsets = each,
                                .ring_count = SITES,
                                .polygon_offsets = each,
                                .polygon_count = SITES,
                                .kinds = kinds};
    const pm_disks disks = {.x = lon, .y = lat, .count = SITES};
    const ptrdiff_t step = (ptrdiff_t)sizeof(double);
    const pm_points points = {.x = lon, .y = lat, .x_stride = step, .y_stride = step, .count = SITES};
    for (int way = 0; way < 2; way++) {
        pm_options options = {.metric = PM_SPHERE, .best = PM_FIRST, .engine = PM_ENGINE_TREE};
        options.predicate = way ? PM_NEAREST : PM_CENTER_WITHIN;
        options.distance = &metres;
        options.distance_count = 1;
        pm_index *index = NULL;
        for (long k = 0; !index; k++) {
            ledger l = ledger_new(k);
            const pm_allocator allocator = ledger_allocator(&l);
            options.allocator = &allocator;
            const pm_status status = way ? pm_index_build(&regions, &options, &index, NULL)
                                         : pm_index_build_disks(&disks, &options, &index, NULL);
            const int done = l.calls <= k;
            if (done)
                pm_index_free(index);
            tap_case(&failing, status == (done ? PM_OK : PM_ERR_NO_MEMORY) && l.live == 0 && !l.broken);
            if (done)
                break;
        }
        options.allocator = NULL;
        if (way ? pm_index_build(&regions, &options, &index, NULL)
                : pm_index_build_disks(&disks, &options, &index, NULL))
            abort();
        size_t size;
        const pm_section_name names[] = {PM_SECTION_TREE_LEAVES, PM_SECTION_NEAR_LEAVES, PM_SECTION_TREE_TABLES,
                                         PM_SECTION_NEAR_TABLES, PM_SECTION_CAPS};
        for (long i = 0; i < tap_cases(1500, 100000); i++) {
            char *copy = copy_of_block(index, &size);
            const pm_section section = section_of(copy, names[rng_below(&r, 5)]);
            pm_index *opened = NULL;
            if (section.size >= 4) {
                const uint32_t word = rng_below(&r, 2) ? (uint32_t)rng_next(&r) : rng_below(&r, 300);
                memcpy(copy + section.offset + 4 * rng_below(&r, (uint32_t)section.size / 4), &word, 4);
            }
            const pm_status status = open_sealed(copy, size, &opened);
            int fine = status == PM_OK || status == PM_ERR_BLOCK;
            if (status == PM_OK) {
                int64_t answers[SITES];
                pm_index_match(opened, &points, answers);
                for (size_t p = 0; p < SITES; p++)
                    fine = fine && answers[p] >= -1 && answers[p] < SITES;
            }
            tap_case(&forged, fine);
            pm_index_free(opened);
            free(copy);
        }
        pm_index_free(index);
    }
    tap_tally(&failing);
    tap_tally(&forged);
}

int main(void) {
    test_places();
    test_sides();
    test_measures();
    test_refusals();
    test_agreement();
    test_many_disks();
    test_many_places();
    test_memory();
    test_each_check();
    test_forgery();
    test_trees();
    return tap_end();
}
