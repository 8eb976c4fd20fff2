/* test_sphere.c: what is known of places, distances, sides and measures on the sphere without a sine.
 *
 * tests/python/test_sphere.py compares the library with definitions in 50 digits. test_sphere_worlds.c and
 * test_sphere_trees.c say what must agree whatever the places are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sphere.h"
#include "base/twice.h"
#include "built.h"
#include "lonlats.h"
#include "tap.h"

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

int main(void) {
    test_places();
    test_sides();
    test_measures();
    test_refusals();
    return tap_end();
}
