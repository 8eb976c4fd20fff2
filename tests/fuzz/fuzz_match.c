/* fuzz_match.c: can any bytes make the library crash, or answer wrong?
 *
 * Bytes become regions or disks, options and points: sane offsets or hostile ones, coordinates on a small grid or
 * any 64 bits, options in and out of range. Input that the library refuses must leave *out NULL and a message; input
 * that it accepts must match as the exact oracle does, for every point, and as pm_match_disks() does; on the sphere,
 * of which there is no exact oracle, as the other engine does and as candidates are listed. Every array has exactly
 * the size it claims, so that a sanitizer detects the first byte read past the end. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sphere.h"
#include "fuzz.h"
#include "index/block.h"
#include "oracle.h"
#include "tap.h"

static struct {
    long inputs, refused[7], built, jobs, maps, within, disks, spheres, compact, points, hits;
} reached;

static void print_reached(void) {
    printf("# %ld inputs: refused %ld argument, %ld offsets, %ld coordinate, %ld score, %ld distance; "
           "built %ld regions (%ld with a map of the nearest, %ld of dwithin) and %ld disks, %ld of them on the "
           "sphere; %ld points, %ld matched\n",
           reached.inputs, reached.refused[2], reached.refused[3], reached.refused[4], reached.refused[5],
           reached.refused[6], reached.built, reached.maps, reached.within, reached.disks, reached.spheres,
           reached.points, reached.hits);
}

static void require(int condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "wrong: %s\n", what);
        abort();
    }
}

/* ---- bytes to input ------------------------------------------------------------------------------------ */

typedef struct reader {
    const uint8_t *data;
    size_t left;
} reader;

static unsigned take(reader *r, unsigned limit) { /* 0 when nothing is left */
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->data++ % limit;
}

static void take_bytes(reader *r, void *out, size_t size) {
    size_t n = size < r->left ? size : r->left;
    memset(out, 0, size);
    memcpy(out, r->data, n);
    r->data += n;
    r->left -= n;
}

static double take_double(reader *r, int raw) {
    double value;
    if (!raw)
        return ((double)take(r, 64) - 32) / 4;
    take_bytes(r, &value, sizeof value);
    return value;
}

static void *sized(size_t size) { /* exactly: one byte more is an error that is seen */
    void *block = malloc(size ? size : 1);
    if (block == NULL)
        abort();
    return block;
}

static double *take_doubles(reader *r, size_t count, int raw) {
    double *values = sized(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = take_double(r, raw);
    return values;
}

/* count + 1 offsets into `limit` items; hostile ones may be anything. */
static int64_t *take_offsets(reader *r, size_t count, size_t limit, int hostile) {
    int64_t *offsets = sized((count + 1) * sizeof *offsets), at = 0;
    for (size_t i = 0; i <= count; i++) {
        if (hostile && take(r, 8) == 0)
            take_bytes(r, &at, take(r, 2) ? 8 : 1);
        else if (i > 0)
            at += take(r, (unsigned)(2 * limit / count + 2));
        if (!hostile && at > (int64_t)limit)
            at = (int64_t)limit;
        offsets[i] = at;
    }
    return offsets;
}

/* Polygons, lines and points, or anything. */
static uint8_t *take_kinds(reader *r, size_t count) {
    uint8_t *kinds = sized(count);
    const unsigned limit = take(r, 16) ? 3 : 256;
    for (size_t i = 0; i < count; i++)
        kinds[i] = (uint8_t)take(r, limit);
    return kinds;
}

static void *take_scores(reader *r, pm_best best, size_t count) {
    uint64_t *values = sized(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        if (best == PM_SCORE_DOUBLE) {
            double score = take(r, 16) ? (double)take(r, 3) : take_double(r, 1);
            memcpy(&values[i], &score, sizeof score);
        } else
            values[i] = take(r, 4) ? UINT64_MAX - take(r, 3) : take(r, 3);
    return values;
}

/* ---- one input ----------------------------------------------------------------------------------------- */

static int refused(pm_status status, const pm_index *index, const pm_error *err) {
    if (status == PM_OK)
        return 0;
    require(status < 0 && status >= PM_ERR_DISTANCE && status != PM_ERR_NO_MEMORY, "an unexpected status");
    require(index == NULL, "*out is NULL after a failure");
    require(err->status == status && memchr(err->message, 0, sizeof err->message) && err->message[0], "the error");
    reached.refused[-status]++;
    return 1;
}

static void check_answers(const pm_index *index, const pm_points *points, const int64_t *answers,
                          const int64_t *expected) {
    for (size_t i = 0; i < points->count; i++) {
        require(answers[i] == expected[i], "an answer");
        require(pm_index_match_one(index, points->x[i], points->y[i]) == expected[i], "the answer of one point");
        reached.points++;
        reached.hits += answers[i] >= 0;
    }
}

static int has_map(const pm_index *index) {
    size_t size;
    const char *bytes = pm_index_block(index, &size);
    const pm_block_header *header = (const pm_block_header *)(const void *)bytes;
    const pm_section *sections = (const pm_section *)(const void *)(bytes + sizeof *header);
    size_t words = 0;
    for (size_t i = 0; i < header->section_count; i++)
        words += sections[i].name == PM_SECTION_NEAR_TABLES ? (size_t)sections[i].size : 0;
    return words > 0;
}

/* Every way of a job: the answers of the index, or refused as the index is. */
static void check_jobs(const pm_regions *regions, const pm_options *options, const pm_points *points,
                       const int64_t *expected) {
    int64_t *answers = sized(points->count * sizeof *answers);
    for (int way = PM_ENGINE_AUTO; way <= PM_ENGINE_BOXES; way++) {
        pm_options own = *options;
        pm_job *job = (pm_job *)(uintptr_t)1;
        pm_error err;
        own.engine = (pm_engine)way;
        pm_status status = pm_job_build(regions, &own, points, &job, &err);
        require(expected ? status == PM_OK : status < 0 && !job && err.status == status && err.message[0], "a job");
        if (job)
            pm_job_match(job, points, answers);
        for (size_t i = 0; job && i < points->count; i++)
            require(answers[i] == expected[i], "the answer of a job");
        reached.jobs += job != NULL;
        pm_job_free(job);
    }
    free(answers);
}

/* On the sphere: the answers without a tree, which must be the first candidates as well. */
static void match_simply(const pm_regions *regions, const pm_options *options, const pm_points *points,
                         int64_t *expected) {
    pm_options simple = *options;
    simple.engine = PM_ENGINE_SCAN;
    pm_index *index = NULL;
    pm_lister *lister = NULL;
    size_t done = 0;
    int64_t *ids = sized(points->count * sizeof *ids), *counts = sized(points->count * sizeof *counts);
    const pm_lists lists = {.counts = counts, .ids = ids, .room = points->count};
    require(pm_index_build(regions, &simple, &index, NULL) == PM_OK, "the other engine");
    pm_index_match(index, points, expected);
    require(pm_lister_build(index, NULL, &lister, NULL) == PM_OK, "a lister");
    require(pm_lister_list(lister, points, 1, &lists, &done, NULL) == PM_OK && done == points->count, "lists");
    for (size_t i = 0, at = 0; i < points->count; at += (size_t)counts[i++])
        require(expected[i] == (counts[i] ? ids[at] : PM_NO_MATCH), "the first candidate");
    pm_lister_free(lister);
    pm_index_free(index);
    free(ids);
    free(counts);
    reached.spheres++;
}

/* A compact index has the same answers. */
static void check_compact(const pm_regions *regions, const pm_options *options, const pm_points *points,
                          const int64_t *expected) {
    pm_options own = *options;
    pm_index *index = NULL;
    own.compact = 1;
    require(pm_index_build(regions, &own, &index, NULL) == PM_OK, "a compact index");
    int64_t *answers = sized(points->count * sizeof *answers);
    pm_index_match(index, points, answers);
    check_answers(index, points, answers, expected);
    reached.compact++;
    free(answers);
    pm_index_free(index);
}

static void run_regions(reader *r, const pm_options *options, const pm_points *points, unsigned mode) {
    int hostile = (mode & 3) == 3, raw = (mode & 12) == 12;
    size_t n = take(r, 7), polygons = mode & 16 ? n + take(r, 4) : n, rings = polygons + take(r, 6);
    size_t vertices = take(r, 60);
    pm_regions regions = {.coord_count = vertices, .ring_count = rings, .polygon_count = polygons};
    double *coords = take_doubles(r, 2 * vertices, raw);
    int64_t *ring_offsets = take_offsets(r, rings, vertices, hostile);
    int64_t *polygon_offsets = take_offsets(r, polygons, rings, hostile);
    int64_t *geom_offsets = mode & 16 ? take_offsets(r, n, polygons, hostile) : NULL;
    uint8_t *kinds = mode & 32 && mode & 128 ? take_kinds(r, polygons) : NULL;
    regions.kinds = kinds;
    regions.coords = coords;
    regions.ring_offsets = ring_offsets;
    regions.polygon_offsets = polygon_offsets;
    regions.geom_offsets = geom_offsets;
    regions.geom_count = n;

    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err;
    const pm_options defaults = {.engine = PM_ENGINE_AUTO};
    pm_status status = pm_index_build(&regions, mode & 32 ? options : NULL, &index, &err);
    if (refused(status, index, &err)) {
        check_jobs(&regions, mode & 32 ? options : &defaults, points, NULL);
    } else {
        int64_t *answers = sized(points->count * sizeof *answers),
                *expected = sized(points->count * sizeof *expected);
        reached.built++;
        reached.maps += has_map(index) && pm_index_predicate(index) == PM_NEAREST;
        reached.within += has_map(index) && pm_index_predicate(index) == PM_DWITHIN;
        pm_index_match(index, points, answers);
        if (mode & 32 && options->metric == PM_SPHERE)
            match_simply(&regions, options, points, expected);
        else
            oracle_match(&regions, mode & 32 ? options : NULL, points, expected);
        check_answers(index, points, answers, expected);
        check_jobs(&regions, mode & 32 ? options : &defaults, points, expected);
        if (pm_index_predicate(index) == PM_COVERS && pm_index_metric(index) == PM_PLANAR)
            check_compact(&regions, mode & 32 ? options : &defaults, points, expected);
        pm_index_free(index);
        free(answers);
        free(expected);
    }
    free(coords);
    free(ring_offsets);
    free(polygon_offsets);
    free(geom_offsets);
    free(kinds);
}

/* On the sphere: candidates are the disks that are closer than their radius, the answer first. */
static void check_disk_lists(const pm_index *index, const pm_disks *disks, const pm_options *options,
                             const pm_points *points, const int64_t *answers) {
    const size_t room = points->count * disks->count;
    int64_t *ids = sized(room * sizeof *ids), *counts = sized(points->count * sizeof *counts);
    const pm_lists lists = {.counts = counts, .ids = ids, .room = room};
    pm_lister *lister = NULL;
    size_t done = 0;
    require(pm_lister_build(index, NULL, &lister, NULL) == PM_OK, "a lister of disks");
    require(pm_lister_list(lister, points, SIZE_MAX, &lists, &done, NULL) == PM_OK && done == points->count,
            "lists of disks");
    for (size_t i = 0, at = 0; i < points->count; at += (size_t)counts[i++]) {
        require(answers[i] == (counts[i] ? ids[at] : PM_NO_MATCH), "the first disk");
        int64_t inside = 0;
        const pm_observer from = pm_observer_at(pm_lonlat_at(points->x[i], points->y[i]));
        for (size_t k = 0; k < disks->count && pm_is_lonlat(points->x[i], points->y[i]); k++) {
            const double radius = options->distance[options->distance_count > 1 ? k : 0];
            const int is_inside = pm_is_lonlat(disks->x[k], disks->y[k]) &&
                                  pm_lonlat_distance(&from, pm_lonlat_at(disks->x[k], disks->y[k])) < radius;
            inside += is_inside;
            int is_listed = 0;
            for (size_t j = at; j < at + (size_t)counts[i]; j++)
                is_listed |= ids[j] == (int64_t)k;
            require(is_listed == is_inside, "a disk of a list");
        }
        require(counts[i] == inside, "the length of a list of disks");
    }
    pm_lister_free(lister);
    free(ids);
    free(counts);
    reached.spheres++;
}

static void run_disks(reader *r, const pm_options *options, const pm_points *points, size_t n, unsigned mode) {
    int raw = (mode & 12) == 12;
    double *x = take_doubles(r, n, raw), *y = take_doubles(r, n, raw), *area = take_doubles(r, n, mode & 16);
    const pm_disks disks = {.x = x, .y = y, .area = mode & 32 ? area : NULL, .count = n};
    int64_t *answers = sized(points->count * sizeof *answers), *expected = sized(points->count * sizeof *expected);
    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err, other;
    pm_status status = pm_index_build_disks(&disks, options, &index, &err);
    require(pm_match_disks(&disks, options, points, expected, &other) == status, "the same status at once");
    if (!refused(status, index, &err)) {
        reached.disks++;
        pm_index_match(index, points, answers);
        check_answers(index, points, answers, expected);
        if (options->metric == PM_SPHERE)
            check_disk_lists(index, &disks, options, points, expected);
        else
            oracle_match_disks(&disks, options, points, expected);
        check_answers(index, points, answers, expected);
        pm_index_free(index);
    }
    free(x);
    free(y);
    free(area);
    free(answers);
    free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader r = {data, size};
    unsigned mode = take(&r, 256), raw = take(&r, 4) == 0, disks = mode & 64;
    size_t n = disks ? take(&r, 40) : take(&r, 7), count = take(&r, 12); /* run_regions() draws n for itself */
    pm_options options = {.predicate = disks ? PM_CENTER_WITHIN : (pm_predicate)take(&r, PM_NEAREST + 1)};
    if (options.predicate != PM_CENTER_WITHIN)
        options.engine = (pm_engine)take(&r, 3);
    options.best = (pm_best)take(&r, 6);
    options.metric = take(&r, 4) == 3 ? (pm_metric)(take(&r, 64) == 63 ? take(&r, 8) : PM_SPHERE) : PM_PLANAR;
    if (take(&r, 32) == 31)
        options.predicate = (pm_predicate)take(&r, 8);
    if (take(&r, 32) == 31)
        options.best = (pm_best)take(&r, 16);
    void *scores = take_scores(&r, options.best, n + 8);
    if (options.best >= PM_SCORE_DOUBLE)
        options.scores = scores;
    options.distance_count = options.predicate == PM_COVERS ? 0 : take(&r, 2) ? 1 : n;
    if (options.predicate == PM_NEAREST && take(&r, 2))
        options.distance_count = 0;
    double *distance = take_doubles(&r, options.distance_count, (int)raw);
    for (size_t i = 0; i < options.distance_count; i++)
        if (take(&r, 16)) /* few enough negative ones to come through */
            distance[i] = fabs(distance[i]);
    options.distance = options.distance_count ? distance : NULL;
    double *x = take_doubles(&r, count, (int)raw), *y = take_doubles(&r, count, (int)raw);
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = count};
    if (reached.inputs++ == 0)
        atexit(print_reached);
    if (disks)
        run_disks(&r, &options, &points, n, mode);
    else
        run_regions(&r, &options, &points, mode);
    free(scores);
    free(distance);
    free(x);
    free(y);
    return 0;
}

/* ---- without libFuzzer --------------------------------------------------------------------------------- */

const fuzz_sizes fuzz_made_up = {81, 0, 1024};

int fuzz_reached(long count) {
    int all = 1;
    for (int status = -PM_ERR_ARGUMENT; status <= -PM_ERR_DISTANCE; status++)
        all = all && reached.refused[status] > 0;
    tap_ok(all, "%ld made-up inputs: every kind of refusal", count);
    tap_ok(reached.built > count / 8 && reached.disks > count / 16, "the library built %ld and %ld indexes",
           reached.built, reached.disks);
    tap_ok(reached.jobs > count / 2, "%ld jobs", reached.jobs);
    tap_ok(reached.maps > count / 256, "%ld of them have a map of the nearest", reached.maps);
    tap_ok(reached.within > count / 1000, "%ld have one of dwithin", reached.within);
    tap_ok(reached.spheres > count / 32, "%ld of them are on the sphere", reached.spheres);
    tap_ok(reached.compact > count / 16, "%ld were built as compact ones, too", reached.compact);
    tap_ok(reached.hits > count / 4, "%ld of %ld points were matched", reached.hits, reached.points);
    return tap_end();
}
