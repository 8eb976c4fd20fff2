/* test_vectors.c: does C give the recorded answers?
 *
 * Reads the vectors that the Python tests read too (the file is the argument) and compares areas, centers and every
 * match, from the library and from the C oracle. The file was made with rational arithmetic, so the two oracles are
 * compared here. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "json.h"
#include "oracle.h"
#include "tap.h"

enum { MOST = 1000 };

static double coords[2 * MOST], areas[MOST], centers[2 * MOST], distance[MOST], px[MOST], py[MOST];
static int64_t ring_offsets[MOST], polygon_offsets[MOST], geom_offsets[MOST], expected[MOST], out[MOST];
static union {
    double of_double[MOST];
    int64_t of_int64[MOST];
    uint64_t of_uint64[MOST];
} scores;

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        json_fail("can't open", path);
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    for (size_t got = 1; text != NULL && got > 0; size += got) {
        if (size == room)
            text = realloc(text, (room *= 2) + 1);
        got = text ? fread(text + size, 1, room - size, file) : 0;
    }
    fclose(file);
    if (text == NULL)
        json_fail("no memory", path);
    text[size] = '\0';
    return text;
}

static const json *need(const json *object, const char *name) {
    const json *value = json_get(object, name);
    if (value == NULL)
        json_fail("missing", name);
    return value;
}

static pm_regions read_regions(const json *value) {
    size_t vertices = 0, rings = 0, polygons = 0, regions = 0;
    for (const json *region = value->first; region; region = region->next) {
        for (const json *polygon = region->first; polygon; polygon = polygon->next) {
            for (const json *ring = polygon->first; ring; ring = ring->next) {
                for (const json *vertex = ring->first; vertex; vertex = vertex->next, vertices++) {
                    if (vertices >= MOST - 1)
                        json_fail("too many vertices", vertex->text);
                    coords[2 * vertices] = json_double(vertex->first);
                    coords[2 * vertices + 1] = json_double(vertex->first->next);
                }
                ring_offsets[++rings] = (int64_t)vertices;
            }
            polygon_offsets[++polygons] = (int64_t)rings;
        }
        geom_offsets[++regions] = (int64_t)polygons;
    }
    return (pm_regions){.coords = coords,
                        .coord_count = vertices,
                        .ring_offsets = ring_offsets,
                        .ring_count = rings,
                        .polygon_offsets = polygon_offsets,
                        .polygon_count = polygons,
                        .geom_offsets = geom_offsets,
                        .geom_count = regions};
}

static pm_options read_rules(const json *match) {
    pm_options options = {0};
    const json *predicate = need(match, "predicate"), *best = need(match, "best");
    const json *radii = json_get(match, "distance"), *given = json_get(match, "scores");
    while (!json_is(predicate, pm_predicate_name(options.predicate)))
        if (!pm_predicate_name(++options.predicate))
            json_fail("unknown predicate", predicate->text);
    while (!json_is(best, pm_best_name(options.best)))
        if (!pm_best_name(++options.best))
            json_fail("unknown best", best->text);
    if (radii != NULL) {
        options.distance = distance;
        if (radii->type == '[')
            for (const json *item = radii->first; item; item = item->next)
                distance[options.distance_count++] = json_double(item);
        else
            distance[options.distance_count++] = json_double(radii);
    }
    if (given != NULL) {
        const json *type = need(match, "score_type");
        size_t i = 0;
        options.scores = &scores;
        options.best = json_is(type, "int64")    ? PM_SCORE_INT64
                       : json_is(type, "uint64") ? PM_SCORE_UINT64
                                                 : options.best;
        for (const json *item = given->first; item; item = item->next, i++)
            if (options.best == PM_SCORE_INT64)
                scores.of_int64[i] = json_int64(item);
            else if (options.best == PM_SCORE_UINT64)
                scores.of_uint64[i] = json_uint64(item);
            else
                scores.of_double[i] = json_double(item);
    }
    return options;
}

static int same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static int measures_are_right(const json *test, const pm_regions *regions) {
    const json *area = need(test, "areas")->first, *center = need(test, "centers")->first;
    int right = 1;
    pm_regions_measure(regions, areas, centers);
    for (size_t i = 0; i < regions->geom_count; i++, area = area->next, center = center->next) {
        double c[2], x = center->first ? json_double(center->first) : (double)NAN;
        double y = center->first ? json_double(center->first->next) : (double)NAN;
        oracle_center(regions, i, c);
        right = right && areas[i] == json_double(area) && oracle_area(regions, i) == json_double(area) &&
                same(centers[2 * i], x) && same(centers[2 * i + 1], y) && same(c[0], x) && same(c[1], y);
    }
    return right;
}

static int match_is_right(const pm_regions *regions, const pm_options *options, const pm_points *points) {
    int right = 1;
    const int can_be_compact = options->predicate == PM_COVERS && options->metric == PM_PLANAR;
    for (int way = PM_ENGINE_AUTO; way <= PM_ENGINE_TREE + can_be_compact; way++) {
        pm_index *index = NULL;
        pm_error err;
        pm_options own = *options;
        own.compact = way > PM_ENGINE_TREE;
        own.engine = own.compact ? PM_ENGINE_TREE : (pm_engine)way;
        if (pm_index_build(regions, &own, &index, &err) != PM_OK) {
            printf("# %s\n", err.message);
            return 0;
        }
        pm_index_match(index, points, out);
        pm_index_free(index);
        right = right && memcmp(out, expected, points->count * sizeof out[0]) == 0;
    }
    for (int way = PM_ENGINE_AUTO; way <= PM_ENGINE_BOXES; way++) {
        pm_job *job = NULL;
        pm_options own = *options;
        own.engine = (pm_engine)way;
        if (pm_job_build(regions, &own, points, &job, NULL) != PM_OK)
            return 0;
        pm_job_match(job, points, out);
        pm_job_free(job);
        right = right && memcmp(out, expected, points->count * sizeof out[0]) == 0;
    }
    oracle_match(regions, options, points, out);
    return right && memcmp(out, expected, points->count * sizeof out[0]) == 0;
}

int main(int argc, char **argv) {
    json document;
    if (argc != 2)
        json_fail("usage: test_vectors", "FILE");
    char *text = read_file(argv[1]);
    json_parse(text, &document);
    for (const json *test = need(&document, "cases")->first; test; test = test->next) {
        const json *name = need(test, "name");
        pm_regions regions = read_regions(need(test, "regions"));
        size_t count = 0, matches = 0, right = 0;
        for (const json *point = need(test, "points")->first; point; point = point->next, count++) {
            if (count >= MOST)
                json_fail("too many points", point->text);
            px[count] = json_double(point->first);
            py[count] = json_double(point->first->next);
        }
        const pm_points points = {
            .x = px, .y = py, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = count};
        tap_ok(measures_are_right(test, &regions), "%.*s: areas and centers", (int)name->length, name->text);
        for (const json *match = need(test, "matches")->first; match; match = match->next, matches++) {
            const pm_options options = read_rules(match);
            size_t k = 0;
            for (const json *answer = need(match, "answers")->first; answer; answer = answer->next)
                expected[k++] = json_int64(answer);
            if (k == count && match_is_right(&regions, &options, &points))
                right++;
            else
                printf("# rule %zu\n", matches);
        }
        tap_ok(matches > 0 && right == matches, "%.*s: %zu of %zu matches of %zu points", (int)name->length,
               name->text, right, matches, count);
    }
    json_free(&document);
    free(text);
    return tap_end();
}
