/* test_changes.c: what if the caller's arrays change while an index is built?
 *
 * They are borrowed, and a build calls the caller's poll function now and then: a signal handler that runs in it may
 * write into them, and so may another thread. At each of the first calls, every kind of change is made: then the
 * build fails with a message, or gives some index whose answers are in range. A sanitizer detects reads and writes
 * out of bounds. And large vertex numbers must be written to the right place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__) && defined(__LP64__)
#include <sys/mman.h>
#endif

#include "polymatch.h"
#include "scan/polygons.h"
#include "tap.h"

enum { SIDE = 142, COUNT = SIDE * SIDE, CORNERS = 5 };

static double coords[2 * CORNERS * COUNT], distances[COUNT], scores[COUNT], areas[COUNT];
static int64_t rings[COUNT + 1], polygons[COUNT + 1];
static const pm_regions regions = {.coords = coords,
                                   .coord_count = (size_t)CORNERS * COUNT,
                                   .ring_offsets = rings,
                                   .ring_count = COUNT,
                                   .polygon_offsets = polygons,
                                   .polygon_count = COUNT};

/* Squares side by side, each closed or not. */
static void reset(int is_closed) {
    for (int i = 0; i < COUNT; i++) {
        double x = i % SIDE, y = (i - i % SIDE) / SIDE;
        const double square[] = {x, y, x + 1, y, x + 1, y + 1, x, y + 1, x, is_closed ? y : y + 0.5};
        memcpy(coords + 2 * CORNERS * i, square, sizeof square);
        rings[i + 1] = CORNERS * (i + 1);
        polygons[i + 1] = i + 1;
        scores[i] = areas[i] = 1 + i % 7;
        distances[i] = 0.1 * scores[i];
    }
}

typedef enum change { NANS, INFINITE, OPENED, CLOSED, FAR_AWAY, DISTANCES, SCORES, CHANGES } change;

static const char *const names[] = {"NaN",      "infinite",           "opened", "closed",
                                    "far away", "negative distances", "scores"};

static void make(change kind) {
    for (int i = 0; i < COUNT; i++) {
        double *first = coords + 2 * CORNERS * i, *last = first + 2 * (CORNERS - 1);
        if (kind == NANS)
            first[2 * (i % CORNERS) + i % 2] = NAN;
        else if (kind == INFINITE)
            first[2 * (i % CORNERS) + i % 2] = i % 3 ? INFINITY : -INFINITY;
        else if (kind == OPENED)
            last[1] = first[1] + 0.5;
        else if (kind == CLOSED)
            memcpy(last, first, 2 * sizeof *first);
        else if (kind == FAR_AWAY)
            first[0] = i % 2 ? 1e300 : -1e300;
        else if (kind == DISTANCES)
            distances[i] = i % 2 ? NAN : -1;
        else
            scores[i] = areas[i] = NAN;
    }
}

typedef struct script {
    change kind;
    long at, calls;
} script;

static int count_and_change(void *context) {
    script *s = context;
    if (s->calls++ == s->at)
        make(s->kind);
    return 0;
}

static int answers_in_range(const pm_index *index) {
    enum { POINTS = 20 };
    double x[POINTS], y[POINTS];
    int64_t out[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = i * 9.37 - 10;
        y[i] = i * 8.71 - 10;
    }
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = POINTS};
    pm_index_match(index, &points, out);
    int right = 1;
    for (int i = 0; i < POINTS; i++)
        right &= out[i] >= PM_NO_MATCH && out[i] < COUNT;
    return right;
}

/* The calls until everything is copied, and some more. */
enum { CALLS = 6 };

/* Build repeatedly, with the change at one call after the other. Returns how many builds failed. */
static long change_at_every_call(const pm_options *rules, change kind, int is_closed, tap_count *count) {
    long failed = 0;
    for (script s = {kind, 0, 0}; s.at < CALLS; s.at++) {
        pm_options options = *rules;
        pm_index *index = NULL;
        pm_error err = {PM_OK, -1, ""};
        reset(is_closed);
        s.calls = 0;
        options.poll = count_and_change;
        options.poll_context = &s;
        pm_status status = pm_index_build(&regions, &options, &index, &err);
        int is_known = status == PM_ERR_COORDINATE || status == PM_ERR_SCORE || status == PM_ERR_DISTANCE;
        int fine = status == PM_OK ? answers_in_range(index) : is_known && !index && err.message[0] != '\0';
        if (tap_case(count, fine))
            printf("# %s at call %ld: %s\n", names[kind], s.at, pm_status_name(status));
        pm_index_free(index);
        failed += status != PM_OK;
    }
    return failed;
}

static void test_changes(void) {
    const pm_options rules[] = {
        {.engine = PM_ENGINE_TREE},
        {.engine = PM_ENGINE_SCAN},
        {.engine = PM_ENGINE_SCAN, .best = PM_SCORE_DOUBLE, .scores = scores},
        {.engine = PM_ENGINE_SCAN, .areas = areas},
        {.predicate = PM_NEAREST, .engine = PM_ENGINE_SCAN},
        {.predicate = PM_DWITHIN, .distance = distances, .distance_count = COUNT, .engine = PM_ENGINE_SCAN},
        {.predicate = PM_CENTER_WITHIN, .distance = distances, .distance_count = COUNT},
        {.predicate = PM_CENTER_WITHIN, .distance = distances, .distance_count = 1, .engine = PM_ENGINE_TREE}};
    for (change kind = 0; kind < CHANGES; kind++) {
        tap_count count = {names[kind], 0, 0};
        long failed = 0;
        int is_missed = 0;
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
            long here = change_at_every_call(&rules[i], kind, kind != CLOSED, &count);
            is_missed |= kind == DISTANCES && rules[i].distance && here == 0;
            failed += here;
        }
        tap_tally(&count);
        tap_ok(failed > 0 && !is_missed, "%s: %ld builds failed", names[kind], failed);
    }
}

/* A job reads the arrays where they are, so they may change until the last match. */
static void test_jobs(void) {
    enum { POINTS = 400 };
    static double x[POINTS], y[POINTS];
    static int64_t out[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = i * 0.43 - 10;
        y[i] = i * 0.39 - 10;
    }
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = POINTS};
    tap_count count = {"jobs", 0, 0};
    for (change kind = 0; kind < CHANGES; kind++)
        for (int way = PM_ENGINE_SCAN; way <= PM_ENGINE_BOXES; way++)
            for (script s = {kind, 0, 0}; s.at < CALLS; s.at++) {
                pm_options options = {
                    .engine = (pm_engine)way, .poll = count_and_change, .poll_context = &s, .areas = areas};
                pm_job *job = NULL;
                pm_error err = {PM_OK, -1, ""};
                reset(kind != CLOSED);
                s.calls = 0;
                if (s.at % 2)
                    options.areas = NULL;
                pm_status status = pm_job_build(&regions, &options, &points, &job, &err);
                int fine = status == PM_OK || (!job && err.message[0] != '\0');
                if (job) {
                    make(kind);
                    pm_job_match(job, &points, out);
                    for (int i = 0; i < POINTS; i++)
                        fine &= out[i] >= PM_NO_MATCH && out[i] < COUNT;
                }
                tap_case(&count, fine);
                pm_job_free(job);
            }
    tap_tally(&count);
}

/* A ring beyond vertex 2^31. The memory is reserved, and only touched pages exist. */
static void test_vertices_beyond_31_bits(void) {
#if defined(__linux__) && defined(__LP64__)
    const size_t first = ((size_t)1 << 31) + 5, size = (first + 100) * 2 * sizeof(double);
    double *vertices = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!tap_ok(vertices != MAP_FAILED, "%zu bytes are reserved", size))
        return;
    static const double triangle[] = {1, 2, 3, 4, 5, 7};
    static const int64_t ring[] = {0, 3}, polygon[] = {0, 1};
    const pm_regions one = {.coords = triangle,
                            .coord_count = 3,
                            .ring_offsets = ring,
                            .ring_count = 1,
                            .polygon_offsets = polygon,
                            .polygon_count = 1};
    uint32_t polygon_offsets[2] = {0}, ring_offsets[2] = {0}, vertex_offsets[2] = {(uint32_t)first};
    pm_box box, polygon_box;
    pm_polygon_table table = {.boxes = &box,
                              .polygon_boxes = &polygon_box,
                              .polygon_offsets = polygon_offsets,
                              .ring_offsets = ring_offsets,
                              .vertex_offsets = vertex_offsets,
                              .vertices = vertices};
    tap_ok(!pm_polygons_append(&table, &one, 0, first + 3), "no room for its last vertex");
    table.count = 0;
    int right = pm_polygons_append(&table, &one, 0, first + 4);
    right &= memcmp(vertices + 2 * first, triangle, sizeof triangle) == 0 && vertices[2 * first + 6] == 1;
    tap_ok(right && vertex_offsets[1] == first + 4, "a ring beyond vertex 2^31 is written there");
    tap_ok(vertices[10] == 0 && vertices[11] == 0, "and not at vertex 5");
    munmap(vertices, size);
#endif
}

int main(void) {
    test_changes();
    test_jobs();
    test_vertices_beyond_31_bits();
    return tap_end();
}
