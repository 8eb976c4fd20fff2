/* test_sphere_worlds.c: does every way to an answer on the sphere give the same one?
 *
 * Random regions around poles and the seam, under every predicate and engine, matched, listed, measured, as a block,
 * after an allocation failed, and after a block was forged; and one digest of all answers, which is the same on every
 * machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "built.h"
#include "ledger.h"
#include "lonlats.h"
#include "tap.h"

enum { REGIONS = 8, POINTS = 40, VERTICES = 200 };

/* ---- random regions ---- */

typedef struct world {
    double coords[2 * VERTICES], points[2 * POINTS], limits[REGIONS];
    int64_t rings[2 * REGIONS + 1], polygons[2 * REGIONS + 1], geoms[REGIONS + 1];
    uint8_t kinds[2 * REGIONS];
    pm_regions regions;
} world;

static world w;

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

/* ---- agreement ---- */

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
    enum { NUMBERS = 32 + 8 * 16 + 2 * 6 * 16 * 4 + 8 * 12 }; /* bytes before the numbers of the arcs */
    static const struct {
        const char *what;
        pm_predicate predicate;
        pm_section_name section;
        size_t at; /* in bytes */
        uint32_t word;
    } forgeries[] = {
        {"a limit that is negative", PM_DWITHIN, PM_SECTION_LIMITS, 4, UINT32_C(0xBFF00000)},
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
        {"a run that wraps around to the vertices", PM_NEAREST, PM_SECTION_ARCS, NUMBERS + 28, UINT32_C(0xFFFFFFFE)},
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

int main(void) {
    test_agreement();
    test_memory();
    test_each_check();
    test_forgery();
    return tap_end();
}
