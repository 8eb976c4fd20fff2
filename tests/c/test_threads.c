/* test_threads.c: may any number of threads match on one index, and build one?
 *
 * Several threads match the same points at once, each in slices of a different size, over one index of each kind; all
 * must get the same answers as one thread. They paint a tree together, to the same bytes. Under ThreadSanitizer
 * (meson setup -Db_sanitize=thread) a write to anything shared is found even when the answers happen to be right. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "cases.h"
#include "tap.h"

enum { THREADS = 4, POINTS = 20000, SQUARES = 400 };

static double x[POINTS], y[POINTS], coords[8 * SQUARES];
static int64_t rings[SQUARES + 1], polygons[SQUARES + 1], alone[POINTS], together[THREADS][POINTS];

typedef struct work {
    const pm_index *index;
    size_t slice;
    int64_t *out;
} work;

static void *match_slices(void *argument) {
    const work *w = argument;
    for (size_t at = 0; at < POINTS; at += w->slice) {
        size_t count = POINTS - at < w->slice ? POINTS - at : w->slice;
        const pm_points slice = {
            .x = x + at, .y = y + at, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = count};
        pm_index_match(w->index, &slice, w->out + at);
    }
    return NULL;
}

static void check(const char *name, const pm_options *options) {
    const pm_regions regions = {.coords = coords,
                                .coord_count = 4 * SQUARES,
                                .ring_offsets = rings,
                                .ring_count = SQUARES,
                                .polygon_offsets = polygons,
                                .polygon_count = SQUARES};
    const pm_points all = {.x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
    pm_index *index = NULL;
    pthread_t threads[THREADS];
    work works[THREADS];
    long hits = 0;
    if (!tap_ok(pm_index_build(&regions, options, &index, NULL) == PM_OK, "%s builds", name))
        return;
    memset(together, 0x55, sizeof together);
    int started = 1;
    for (size_t i = 0; i < THREADS; i++) {
        works[i] = (work){index, 17 * i * i * i + 1, together[i]};
        started = started && pthread_create(&threads[i], NULL, match_slices, &works[i]) == 0;
    }
    if (!started) {
        printf("Bail out! no threads\n");
        exit(EXIT_FAILURE);
    }
    pm_index_match(index, &all, alone);
    int same = 1;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        same = same && memcmp(alone, together[i], sizeof alone) == 0;
    }
    for (size_t k = 0; k < POINTS; k++)
        hits += alone[k] >= 0;
    tap_ok(same && hits > POINTS / 10, "%s: %d threads agree on %d points, %ld matched", name, THREADS, POINTS, hits);
    pm_index_free(index);
}

/* Tasks that threads take one after the other. */
typedef struct queue {
    pthread_mutex_t lock;
    size_t next, count;
    void (*task)(void *tasks, size_t number);
    void *tasks;
    long done[THREADS];
    int threads; /* that have begun */
} queue;

static void *take_tasks(void *argument) {
    queue *q = argument;
    (void)pthread_mutex_lock(&q->lock);
    int self = q->threads++;
    while (q->next < q->count) {
        size_t number = q->next++;
        (void)pthread_mutex_unlock(&q->lock);
        q->task(q->tasks, number);
        (void)pthread_mutex_lock(&q->lock);
        q->done[self]++;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return NULL;
}

static int run_on_threads(void *context, void (*task)(void *tasks, size_t number), void *tasks, size_t count) {
    queue *q = context;
    pthread_t threads[THREADS];
    q->next = 0;
    q->count = count;
    q->task = task;
    q->tasks = tasks;
    q->threads = 0;
    int started = 0;
    while (started < THREADS && pthread_create(&threads[started], NULL, take_tasks, q) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return started == 0;
}

/* A tree of many tasks: rings around one another, rough ones. */
static void check_build(void) {
    enum { RINGS = 40, VERTICES = 2500 };
    static double rough[2 * RINGS * VERTICES];
    static int64_t ring_ends[RINGS + 1], polygon_ends[RINGS + 1];
    rng r = rng_new(92);
    for (size_t i = 0; i < RINGS * VERTICES; i++) {
        double turn = 6.283185307179586 * (double)(i % VERTICES) / VERTICES;
        double length = (double)(i / VERTICES) + 1 + 0.5 * rng_unit(&r);
        rough[2 * i] = length * cos(turn);
        rough[2 * i + 1] = length * sin(turn);
    }
    for (size_t i = 0; i <= RINGS; i++) {
        ring_ends[i] = (int64_t)(i * VERTICES);
        polygon_ends[i] = (int64_t)i;
    }
    const pm_regions regions = {.coords = rough,
                                .coord_count = RINGS * VERTICES,
                                .ring_offsets = ring_ends,
                                .ring_count = RINGS,
                                .polygon_offsets = polygon_ends,
                                .polygon_count = RINGS};
    static queue q = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pm_options options = {.best = PM_SMALLEST};
    pm_index *alone_built = NULL, *index = NULL;
    size_t size = 0, other = 1;
    int built = pm_index_build(&regions, &options, &alone_built, NULL) == PM_OK;
    options.run = run_on_threads;
    options.run_context = &q;
    built = built && pm_index_build(&regions, &options, &index, NULL) == PM_OK;
    if (!tap_ok(built, "threads build together"))
        return;
    const void *one = pm_index_block(alone_built, &size), *two = pm_index_block(index, &other);
    long tasks = 0;
    for (int i = 0; i < THREADS; i++)
        tasks += q.done[i];
    tap_ok(size == other && memcmp(one, two, size) == 0 && tasks > 10, "%d threads, %ld tasks: the same %zu bytes",
           THREADS, tasks, size);
    pm_index_free(alone_built);
    pm_index_free(index);
}

int main(void) {
    rng r = rng_new(91);
    for (size_t i = 0; i < SQUARES; i++) {
        double left = 20 * rng_unit(&r), low = 20 * rng_unit(&r), size = rng_unit(&r);
        const double square[] = {left, low, left + size, low, left + size, low + size, left, low + size};
        memcpy(coords + 8 * i, square, sizeof square);
        rings[i + 1] = 4 * (int64_t)(i + 1);
        polygons[i + 1] = (int64_t)(i + 1);
    }
    for (size_t k = 0; k < POINTS; k++) {
        x[k] = 20 * rng_unit(&r);
        y[k] = 20 * rng_unit(&r);
    }
    const double distance = 0.5;
    const pm_options within = {.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1};
    check("covers", NULL);
    check("center_within", &within);
    check_build();
    return tap_end();
}
