/* test_sphere_trees.c: do the maps of polygons, disks and places answer as the search over all does?
 *
 * Many of each: everywhere or close together, at the same place, over poles and the seam; points anywhere, and on
 * both sides of the borders between answers, as near as doubles are. And no allocation that fails, and no byte of a
 * map that is forged, does harm. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sphere.h"
#include "blocks.h"
#include "built.h"
#include "ledger.h"
#include "lonlats.h"
#include "tap.h"

/* Both indexes at places between two points with different answers, nearer and nearer to where they change. */
static void compare_at_borders(const pm_index *map, const pm_index *search, rng *r, const double *x, const double *y,
                               size_t count, tap_count *same) {
    for (int border = 0; border < 40; border++) {
        const size_t from = rng_below(r, (uint32_t)count), to = rng_below(r, (uint32_t)count);
        double a[2] = {x[from], y[from]}, b[2] = {x[to], y[to]};
        const int64_t answer = pm_index_match_one(search, a[0], a[1]);
        if (answer == pm_index_match_one(search, b[0], b[1]))
            continue;
        int agree = 1;
        for (int halvings = 0; halvings < 60; halvings++) {
            const double middle[2] = {a[0] + (b[0] - a[0]) / 2, a[1] + (b[1] - a[1]) / 2};
            const int64_t found = pm_index_match_one(search, middle[0], middle[1]);
            agree = agree && found == pm_index_match_one(map, middle[0], middle[1]);
            memcpy(found == answer ? a : b, middle, sizeof middle);
        }
        tap_case(same, agree);
    }
}

/* Are the candidates of points those disks that are closer than their radius, in the order of the input; the first
 * `most` of them, with their distances? Returns how many there are, -1 where they are others. */
static long list_disks(const pm_index *index, const pm_disks *disks, const double *metres, size_t metres_step,
                       const pm_points *points, size_t most) {
    enum { ROOM = 30000 };
    static int64_t counts[ROOM], ids[ROOM];
    static double distances[ROOM];
    const pm_lists lists = {.counts = counts, .ids = ids, .distances = distances, .room = ROOM};
    pm_lister *lister = NULL;
    size_t done = 0, at = 0;
    if (pm_lister_build(index, NULL, &lister, NULL) || pm_lister_list(lister, points, most, &lists, &done, NULL))
        abort();
    pm_lister_free(lister);
    for (size_t p = 0; p < done; p++) {
        const pm_observer origin = pm_observer_at(pm_lonlat_at(points->x[p], points->y[p]));
        const size_t all = pm_is_lonlat(points->x[p], points->y[p]) ? disks->count : 0;
        size_t found = 0;
        for (size_t k = 0; k < all && found < most; k++) {
            const double away = pm_lonlat_distance(&origin, pm_lonlat_at(disks->x[k], disks->y[k]));
            if (!(away < metres[metres_step * k]))
                continue;
            if (ids[at] != (int64_t)k || distances[at] != away)
                return -1;
            found++;
            at++;
        }
        if (counts[p] != (int64_t)found)
            return -1;
    }
    return (long)at;
}

/* Many disks, by the tree and one after the other: small and large ones, over poles and the seam, with one radius for
 * all or one each. */
static void test_many_disks(void) {
    enum { DISKS = 400, PLACES = 2000 };
    static double lon[DISKS], lat[DISKS], metres[DISKS], x[PLACES], y[PLACES];
    static int64_t tree_answers[PLACES], scan_answers[PLACES];
    rng r = rng_new(95);
    tap_count same = {"many disks, by the tree and by the scan", 0, 0};
    tap_count borders = {"the same where answers change", 0, 0}, lists = {"all disks that contain a point", 0, 0};
    long hits = 0, trees = 0, listed = 0;
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
        compare_at_borders(tree, scan, &r, x, y, PLACES, &borders);
        for (size_t k = 0; k < count; k++) { /* points as far away as the radius, and a little nearer or farther */
            metres[k] = i % 2 && k ? metres[0] : metres[k];
            x[k] = lon[k];
            y[k] = lat[k] + metres[k] / 111195.0797343687 * (1 + ldexp(rng_unit(&r) - 0.5, -(int)rng_below(&r, 60)));
        }
        const long candidates = list_disks(tree, &disks, metres, i % 2 == 0, &points, i % 3 ? SIZE_MAX : 3);
        tap_case(&lists, candidates >= 0);
        listed += candidates;
        for (size_t k = 0; k < PLACES; k++)
            hits += scan_answers[k] >= 0;
        trees += section_of(pm_index_block(tree, &size_of_block), PM_SECTION_TREE_TABLES).size > 0;
        pm_index_free(tree);
        pm_index_free(scan);
    }
    tap_tally(&same);
    tap_tally(&borders);
    tap_tally(&lists);
    tap_ok(hits > 5000 && borders.cases > 100 && trees > same.cases / 2 && listed > hits,
           "%ld hits, %ld trees, %ld candidates", hits, trees, listed);
}

/* Many polygons that lie on each other across the borders of the faces, as nets of borders or as footprints: there is
 * a map of them, and it answers as the scan does. */
static void test_many_polygons(void) {
    enum { RINGS = 300, SIDES = 10, PLACES = 1500 };
    static double coords[2 * RINGS * SIDES], x[PLACES], y[PLACES];
    static int64_t offsets[RINGS + 1], each[RINGS + 1], answers[2][PLACES];
    rng r = rng_new(99);
    tap_count same = {"many polygons, by the tree and by the scan", 0, 0};
    tap_count borders = {"the same where answers change", 0, 0}, maps = {"they have a map", 0, 0};
    for (size_t k = 0; k <= RINGS; k++) {
        offsets[k] = (int64_t)(SIDES * k);
        each[k] = (int64_t)k;
    }
    for (long i = 0; i < tap_cases(8, 200); i++) {
        const double radius = ldexp(80, -(int)(i % 8));
        for (size_t k = 0; k < RINGS; k++) {
            const double lon = 360 * rng_unit(&r), lat = 140 * rng_unit(&r) - 70;
            for (size_t side = 0; side < SIDES; side++) {
                const double turn = 6.283185307179586 * ((double)side + 0.9 * rng_unit(&r)) / SIDES;
                const double north = lat + radius * sin(turn);
                coords[2 * (SIDES * k + side)] = lon + fmin(radius, 80) * cos(turn);
                coords[2 * (SIDES * k + side) + 1] = fmax(-90, fmin(north, 90));
            }
        }
        for (size_t k = 0; k < PLACES; k++) {
            x[k] = some_lon(&r);
            y[k] = some_lat(&r);
        }
        const pm_regions regions = {.coords = coords,
                                    .coord_count = SIDES * RINGS,
                                    .ring_offsets = offsets,
                                    .ring_count = RINGS,
                                    .polygon_offsets = each,
                                    .polygon_count = RINGS};
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        const pm_points points = {.x = x, .y = y, .x_stride = step, .y_stride = step, .count = PLACES};
        pm_index *indexes[2]; /* the scan, the tree */
        size_t size;
        for (int way = 0; way < 2; way++) {
            const pm_options options = {.metric = PM_SPHERE, .engine = way ? PM_ENGINE_TREE : PM_ENGINE_SCAN};
            indexes[way] = build(&regions, &options);
            pm_index_match(indexes[way], &points, answers[way]);
        }
        tap_case(&maps, section_of(pm_index_block(indexes[1], &size), PM_SECTION_TREE_TABLES).size > 0);
        tap_case(&same, memcmp(answers[0], answers[1], sizeof *answers) == 0);
        compare_at_borders(indexes[1], indexes[0], &r, x, y, PLACES, &borders);
        pm_index_free(indexes[0]);
        pm_index_free(indexes[1]);
    }
    tap_tally(&same);
    tap_tally(&borders);
    tap_tally(&maps);
}

/* Many places, by the map and by the search over all: everywhere or in a few towns, some of them at the same place,
 * some regions empty, with a limit or without. */
static void test_many_places(void) {
    enum { SITES = 600, PLACES = 1500 };
    static double coords[2 * SITES], limits[SITES], x[PLACES], y[PLACES], distances[2][PLACES];
    static int64_t rings[SITES + 1], polygons[SITES + 1], answers[2][PLACES];
    static uint8_t kinds[SITES];
    rng r = rng_new(96);
    tap_count same = {"many places, by the map and by the search", 0, 0};
    tap_count borders = {"the same where answers change", 0, 0};
    long maps = 0, hits = 0;
    for (long i = 0; i < tap_cases(25, 500); i++) {
        const size_t count = 16 + rng_below(&r, SITES - 16);
        const double spread = ldexp(180, -(int)rng_below(&r, 30)), metres = ldexp(2e7, -(int)rng_below(&r, 24));
        const size_t limit_count = i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : count; /* none, one for all, one each */
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
            limits[k] = k == 0 ? metres : spread * 1e5 * rng_unit(&r);
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
        pm_index *indexes[2]; /* the search, the map */
        for (int way = 0; way < 2; way++) {
            const pm_options options = {.metric = PM_SPHERE,
                                        .predicate = PM_NEAREST,
                                        .best = PM_FIRST,
                                        .distance = limit_count ? limits : NULL,
                                        .distance_count = limit_count,
                                        .engine = way ? PM_ENGINE_TREE : PM_ENGINE_SCAN};
            pm_index *index = indexes[way] = build(&regions, &options);
            size_t size;
            maps += section_of(pm_index_block(index, &size), PM_SECTION_NEAR_TABLES).size > 0;
            if (pm_index_match_distances(index, &points, answers[way], distances[way], NULL))
                abort();
            int64_t again[PLACES];
            pm_index_match(index, &points, again);
            tap_case(&same, memcmp(again, answers[way], sizeof again) == 0);
        }
        compare_at_borders(indexes[1], indexes[0], &r, x, y, PLACES, &borders);
        pm_index_free(indexes[0]);
        pm_index_free(indexes[1]);
        int alike = memcmp(answers[0], answers[1], sizeof *answers) == 0;
        for (size_t k = 0; k < PLACES; k++) {
            hits += answers[0][k] >= 0;
            alike = alike && (answers[0][k] < 0 ? isnan(distances[1][k]) : distances[0][k] == distances[1][k]);
        }
        tap_case(&same, alike);
    }
    tap_tally(&same);
    tap_tally(&borders);
    tap_ok(hits > 10000 && borders.cases > 100 && maps > same.cases / 6, "%ld hits, %ld maps", hits, maps);
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
    test_many_disks();
    test_many_polygons();
    test_many_places();
    test_trees();
    return tap_end();
}
