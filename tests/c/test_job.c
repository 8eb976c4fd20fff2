/* test_job.c: does a job answer as the definitions do, whichever way it goes?
 *
 * Every way for the same regions and points, against the oracle: random regions of every family under every rule,
 * long rings, many regions, regions that are read one by one. Then what it refuses; allocations that fail; and that
 * it chooses each of the ways. What a job is made of: test_job_parts.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "input/regions.h"
#include "oracle.h"
#include "rules.h"
#include "scan/borrowed.h"
#include "tap.h"

static const char *const ways[] = {"auto", "scan", "tree", "boxes"};

static void test_families(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(71);
    tap_count counts[4], distances = {"distances, as those of an index", 0, 0};
    long hits = 0;
    for (int way = 0; way < 4; way++)
        counts[way] = (tap_count){ways[way], 0, 0};
    for (long i = 0; i < tap_cases(500, 15000); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        const size_t points = rng_below(&r, 40);
        int64_t out[MAX_POINTS], expected[MAX_POINTS];
        double measured[MAX_POINTS], known[MAX_POINTS];
        zoo_fill(&z, &r, &s, rng_below(&r, 32) ? rng_below(&r, 8) : MAX_REGIONS);
        rules_fill(&u, &r, &s, &z, points);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        for (int way = 0; way < 4; way++) {
            pm_job *job = NULL;
            pm_error err;
            u.options.engine = (pm_engine)way;
            tap_case(&counts[way], pm_job_build(&z.regions, &u.options, &u.points, &job, &err) == PM_OK);
            if (!job)
                continue;
            pm_job_match(job, &u.points, out);
            for (size_t k = 0; k < points; k++) {
                if (tap_case(&counts[way], out[k] == expected[k])) {
                    printf("# point %a,%a: %lld, expected %lld\n", u.x[k], u.y[k], (long long)out[k],
                           (long long)expected[k]);
                    rules_print(&u, pm_regions_count(&z.regions));
                    zoo_print(&z);
                }
                hits += expected[k] >= 0;
            }
            pm_status status = pm_job_match_distances(job, &u.points, out, measured, &err);
            if (u.options.predicate == PM_COVERS) {
                tap_case(&distances, status == PM_ERR_ARGUMENT && strstr(err.message, "nearest") != NULL);
            } else {
                pm_index *index = NULL;
                u.options.engine = PM_ENGINE_AUTO;
                int same = status == PM_OK && pm_index_build(&z.regions, &u.options, &index, NULL) == PM_OK &&
                           pm_index_match_distances(index, &u.points, out, known, NULL) == PM_OK;
                for (size_t k = 0; same && k < points; k++)
                    same = measured[k] == known[k] || (isnan(measured[k]) && isnan(known[k])) ||
                           fabs(measured[k] - known[k]) <= 0x1p-49 * known[k] + 0x1p-1071;
                tap_case(&distances, same);
                pm_index_free(index);
            }
            pm_job_free(job);
        }
    }
    for (int way = 0; way < 4; way++)
        tap_tally(&counts[way]);
    tap_tally(&distances);
    tap_ok(hits > 1000, "%ld points matched", hits);
}

/* Star-shaped rings of many vertices on a grid of 1/64, closed or not, with a hole, or of two polygons. */
static void test_long_rings(void) {
    enum { MOST = 1000, POINTS = 200 };
    static const size_t sizes[] = {3, 63, 64, 65, 66, 127, 128, 129, 130, 300, MOST};
    static double coords[2 * MOST + 4], x[POINTS], y[POINTS];
    static int64_t out[POINTS], expected[POINTS];
    rng r = rng_new(72);
    tap_count count = {"long rings", 0, 0};
    long inside = 0;
    for (long i = 0; i < tap_cases(22, 400); i++) {
        const size_t n = sizes[(size_t)i % (sizeof sizes / sizeof *sizes)];
        const int is_closed = rng_below(&r, 2) != 0;
        for (size_t k = 0; k < n; k++) {
            const double turn = 6.283185307179586 * (double)k / (double)n, radius = 4 + 4 * rng_unit(&r);
            coords[2 * k] = floor(64 * radius * cos(turn)) / 64;
            coords[2 * k + 1] = floor(64 * radius * sin(turn)) / 64;
        }
        memcpy(coords + 2 * n, coords, 2 * sizeof *coords);
        const int64_t all = (int64_t)n + is_closed, half = n >= 6 && i % 3 ? (int64_t)n / 2 : all;
        const int64_t rings[] = {0, half, all}, polygons[] = {0, i % 3 == 1 ? 2 : 1, 2}, geoms[] = {0, 2};
        const pm_regions regions = {.coords = coords,
                                    .coord_count = (size_t)all,
                                    .ring_offsets = rings,
                                    .ring_count = 2,
                                    .polygon_offsets = polygons,
                                    .polygon_count = 2,
                                    .geom_offsets = i % 2 ? geoms : NULL,
                                    .geom_count = 1};
        for (size_t k = 0; k < POINTS; k++) {
            const size_t vertex = rng_below(&r, (uint32_t)n);
            x[k] = rng_below(&r, 4) ? floor(64 * (16 * rng_unit(&r) - 8)) / 64 : coords[2 * vertex];
            y[k] = rng_below(&r, 2) ? floor(64 * (16 * rng_unit(&r) - 8)) / 64 : coords[2 * vertex + 1];
        }
        const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = POINTS};
        oracle_match(&regions, NULL, &points, expected);
        for (int way = PM_ENGINE_SCAN; way <= PM_ENGINE_BOXES; way++) {
            const pm_options options = {.engine = (pm_engine)way};
            pm_job *job = NULL;
            tap_case(&count, pm_job_build(&regions, &options, &points, &job, NULL) == PM_OK);
            if (!job)
                continue;
            pm_job_match(job, &points, out);
            for (size_t k = 0; k < POINTS; k++) {
                if (tap_case(&count, out[k] == expected[k]))
                    printf("# %s, %zu vertices, point %a,%a: %lld\n", ways[way], n, x[k], y[k], (long long)out[k]);
                inside += out[k] >= 0;
            }
            pm_job_free(job);
        }
    }
    tap_tally(&count);
    tap_ok(inside > 1000, "%ld points inside", inside);
}

/* ---- many regions ---- */

enum { SIDE = 40, MANY = SIDE * SIDE, PLACES = 20000 };
static double squares[8 * MANY], place_x[PLACES], place_y[PLACES];
static int64_t square_rings[MANY + 1], square_polygons[MANY + 1], found[PLACES], wanted[PLACES];

/* Squares around the places of a grid, from a half to three times its width, and points on its quarters. */
static pm_regions many(rng *r) {
    static const double corners[] = {-1, -1, 1, -1, 1, 1, -1, 1};
    for (size_t i = 0; i <= MANY; i++)
        square_rings[i] = 4 * (square_polygons[i] = (int64_t)i);
    for (size_t i = 0; i < MANY; i++) {
        const double half = (1 + (double)rng_below(r, 6)) / 4;
        for (size_t k = 0; k < 8; k++)
            squares[8 * i + k] = (double)(k % 2 ? i / SIDE : i % SIDE) + half * corners[k];
    }
    for (size_t i = 0; i < PLACES; i++) {
        place_x[i] = (double)rng_below(r, 4 * SIDE + 8) / 4 - 1;
        place_y[i] = (double)rng_below(r, 4 * SIDE + 8) / 4 - 1;
    }
    return (pm_regions){.coords = squares,
                        .coord_count = 4 * MANY,
                        .ring_offsets = square_rings,
                        .ring_count = MANY,
                        .polygon_offsets = square_polygons,
                        .polygon_count = MANY};
}

static pm_points places(size_t count) {
    return (pm_points){
        .x = place_x, .y = place_y, .x_stride = sizeof *place_x, .y_stride = sizeof *place_y, .count = count};
}

static void test_many(void) {
    rng r = rng_new(73);
    const pm_regions regions = many(&r);
    const pm_points points = places(500);
    int ties = 0;
    for (pm_best best = PM_SMALLEST; best <= PM_FIRST; best++) {
        pm_options options = {.best = best};
        oracle_match(&regions, &options, &points, wanted);
        for (int way = PM_ENGINE_AUTO; way <= PM_ENGINE_BOXES; way++) {
            pm_job *job = NULL;
            options.engine = (pm_engine)way;
            if (pm_job_build(&regions, &options, &points, &job, NULL) != PM_OK)
                exit(1);
            pm_job_match(job, &points, found);
            tap_ok(memcmp(found, wanted, points.count * sizeof *found) == 0, "%d squares, best %d, %s", MANY,
                   (int)best, ways[way]);
            pm_job_free(job);
        }
        for (size_t i = 0; i < points.count; i++)
            ties += wanted[i] >= 0;
    }
    tap_ok(ties > 800, "%d answers", ties);
}

/* One point looks through the boxes, some have a tree of them, many get an index. */
static void test_choice(void) {
    static const struct {
        size_t regions, points;
        pm_engine engine;
    } cases[] = {{MANY, 1, PM_ENGINE_SCAN},
                 {MANY, 7000, PM_ENGINE_BOXES},
                 {100, PLACES, PM_ENGINE_TREE},
                 {0, 10, PM_ENGINE_SCAN},
                 {MANY, 0, PM_ENGINE_SCAN}};
    rng r = rng_new(74);
    pm_regions regions = many(&r);
    for (size_t i = 0; i < PLACES; i++)
        place_y[i] = fmod(place_y[i], 3); /* where the first of the squares are */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pm_job *job = NULL;
        const pm_points points = places(cases[i].points);
        regions.polygon_count = regions.ring_count = cases[i].regions;
        regions.coord_count = 4 * cases[i].regions;
        int right = pm_job_build(&regions, NULL, &points, &job, NULL) == PM_OK;
        tap_ok(right && pm_job_engine(job) == cases[i].engine, "%zu regions, %zu points: %s", cases[i].regions,
               cases[i].points, right ? ways[pm_job_engine(job)] : "no job");
        pm_job_free(job);
    }
    const double huge[] = {-1e200, -1e200, 1e200, -1e200, 0, 1e200};
    const int64_t offsets[] = {0, 3}, one[] = {0, 1};
    const pm_regions triangle = {.coords = huge,
                                 .coord_count = 3,
                                 .ring_offsets = offsets,
                                 .ring_count = 1,
                                 .polygon_offsets = one,
                                 .polygon_count = 1};
    pm_job *job = NULL;
    const pm_points points = places(PLACES);
    int right = pm_job_build(&triangle, NULL, &points, &job, NULL) == PM_OK;
    tap_ok(right && pm_job_engine(job) != PM_ENGINE_TREE, "no index where its tree could not pay");
    pm_job_free(job);
}

/* ---- regions that are read one by one ---- */

typedef struct shelf {
    const pm_regions *regions;
    int64_t geoms[2];
    long reads, fail_at; /* the read that fails; -1: none */
} shelf;

static pm_status read_one(void *context, size_t region, pm_regions *one, pm_error *err) {
    shelf *s = context;
    const pm_regions *all = s->regions;
    (void)err;
    if (s->reads++ == s->fail_at)
        return PM_ERR_SIZE;
    const pm_range polygons =
        all->geom_offsets ? (pm_range){(size_t)all->geom_offsets[region], (size_t)all->geom_offsets[region + 1]}
                          : (pm_range){region, region + 1};
    s->geoms[0] = (int64_t)polygons.begin;
    s->geoms[1] = (int64_t)polygons.end;
    *one = *all;
    one->geom_offsets = s->geoms;
    one->geom_count = 1;
    return PM_OK;
}

/* The boxes of regions: of all their vertices, which is what a library knows. */
static void fill_boxes(const pm_regions *regions, double *boxes) {
    for (size_t i = 0; i < pm_regions_count(regions); i++) {
        const pm_range polygons = pm_region_polygons(regions, i);
        double *box = boxes + 4 * i;
        box[0] = box[1] = INFINITY;
        box[2] = box[3] = -INFINITY;
        for (size_t p = polygons.begin; p < polygons.end; p++)
            for (size_t r = pm_polygon_rings(regions, p).begin; r < pm_polygon_rings(regions, p).end; r++)
                for (size_t v = pm_ring_vertices(regions, r).begin; v < pm_ring_vertices(regions, r).end; v++)
                    for (size_t axis = 0; axis < 2; axis++) {
                        const double value = regions->coords[2 * v + axis];
                        box[axis] = fmin(box[axis], value);
                        box[2 + axis] = fmax(box[2 + axis], value);
                    }
        if (box[0] > box[2])
            box[0] = box[1] = box[2] = box[3] = NAN;
    }
}

static void test_reader(void) {
    static zoo z;
    static rules u;
    static double boxes[4 * MAX_REGIONS];
    rng r = rng_new(79);
    tap_count count = {"regions that are read one by one", 0, 0}, failing = {"reads and allocations that fail", 0, 0};
    long hits = 0, used = 0, reads = 0, regions = 0;
    for (long i = 0; i < tap_cases(800, 15000); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        const size_t points = rng_below(&r, 40);
        int64_t out[MAX_POINTS], expected[MAX_POINTS];
        zoo_fill(&z, &r, &s, rng_below(&r, 32) ? rng_below(&r, 8) : MAX_REGIONS);
        rules_fill(&u, &r, &s, &z, points);
        u.options.engine = PM_ENGINE_AUTO;
        if (u.options.predicate != PM_COVERS || u.options.period != 0 || u.options.areas || z.regions.kinds ||
            u.options.metric != PM_PLANAR)
            continue;
        oracle_match(&z.regions, &u.options, &u.points, expected);
        fill_boxes(&z.regions, boxes);
        shelf books = {.regions = &z.regions, .fail_at = -1};
        pm_reader reader = {.count = pm_regions_count(&z.regions),
                            .vertex_count = z.regions.coord_count,
                            .boxes = boxes,
                            .read = read_one,
                            .context = &books};
        int done = 7;
        ledger l = ledger_new(-1);
        pm_allocator allocator = ledger_allocator(&l);
        u.options.allocator = &allocator;
        pm_status status = pm_reader_match(&reader, &u.options, &u.points, out, i % 2 ? &done : NULL, NULL);
        tap_case(&count, status == PM_OK && l.live == 0 && !l.broken && (done == 0 || done == 1 || !(i % 2)));
        used++;
        reads += books.reads;
        regions += (long)reader.count;
        for (size_t k = 0; k < points && (done || !(i % 2)); k++) {
            tap_case(&count, out[k] == expected[k]);
            hits += expected[k] >= 0;
        }
        const long calls = l.calls, all_reads = books.reads;
        for (long k = 0; k < calls + all_reads && i % 8 < 2; k++) {
            l = ledger_new(k < calls ? k : -1);
            books.reads = 0;
            books.fail_at = k < calls ? -1 : k - calls;
            pm_error err = {.item = -1};
            status = pm_reader_match(&reader, &u.options, &u.points, out, i % 2 ? &done : NULL, &err);
            tap_case(&failing, status == (k < calls ? PM_ERR_NO_MEMORY : PM_ERR_SIZE) && l.live == 0 && !l.broken &&
                                   (!(i % 2) || done == 0));
        }
    }
    tap_tally(&count);
    tap_tally(&failing);
    tap_ok(used > 50 && hits > used && reads < regions, "%ld maps, %ld points matched, %ld reads of %ld regions",
           used, hits, reads, regions);
}

/* Long rings and equal areas: the same as a job; an index where that is cheaper. */
static void test_reader_many(void) {
    static double boxes[4 * MANY];
    rng r = rng_new(81);
    const pm_regions regions = many(&r);
    const pm_points some = places(600), all = places(PLACES);
    shelf books = {.regions = &regions, .fail_at = -1};
    pm_reader reader = {.count = MANY, .vertex_count = 4 * MANY, .boxes = boxes, .read = read_one, .context = &books};
    int done = 0, same = 1;
    fill_boxes(&regions, boxes);
    for (pm_best best = PM_SMALLEST; best <= PM_FIRST; best++) {
        const pm_options options = {.best = best};
        oracle_match(&regions, &options, &some, wanted);
        same = same && pm_reader_match(&reader, &options, &some, found, &done, NULL) == PM_OK && done &&
               memcmp(found, wanted, some.count * sizeof *found) == 0;
    }
    tap_ok(same, "squares, by each rule");
    reader.count = 20;
    reader.vertex_count = 80;
    books.reads = 0;
    tap_ok(pm_reader_match(&reader, NULL, &all, found, &done, NULL) == PM_OK && !done && books.reads == 0,
           "an index is cheaper for 20 squares and %d points", PLACES);
    pm_error err;
    tap_ok(pm_reader_match(NULL, NULL, &some, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_reader_match(&reader, NULL, NULL, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_reader_match(&reader, NULL, &some, NULL, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    pm_reader other = reader;
    other.boxes = NULL;
    tap_ok(pm_reader_match(&other, NULL, &some, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    other = reader;
    other.reserved[0] = 1;
    tap_ok(pm_reader_match(&other, NULL, &some, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    const pm_options turned = {.period = 360}, unknown = {.best = (pm_best)77};
    tap_ok(pm_reader_match(&reader, &turned, &some, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_reader_match(&reader, &unknown, &some, found, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    const double before = squares[9];
    squares[9] = NAN;
    tap_ok(pm_reader_match(&reader, NULL, &all, found, NULL, &err) == PM_ERR_COORDINATE && err.item == 1, "%s",
           err.message);
    squares[9] = before;
}

/* ---- failures ---- */

static void test_memory(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(77);
    tap_count failing = {"the k-th allocation of a job fails", 0, 0}, working = {"then none does", 0, 0};
    for (long i = 0; i < tap_cases(16, 1500); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        int64_t out[MAX_POINTS], expected[MAX_POINTS];
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 20);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        u.options.engine = (pm_engine)(i % 4);
        for (long k = 0;; k++) {
            ledger l = ledger_new(k);
            pm_allocator allocator = ledger_allocator(&l);
            pm_job *job = (pm_job *)(uintptr_t)1;
            pm_error err = {PM_OK, 5, ""};
            u.options.allocator = &allocator;
            pm_status status = pm_job_build(&z.regions, &u.options, &u.points, &job, k % 2 ? &err : NULL);
            if (l.calls <= k) {
                int right = status == PM_OK && l.live > 0 && !l.broken;
                if (right) {
                    allocator = (pm_allocator){NULL, NULL, NULL}; /* the job has a copy */
                    pm_job_match(job, &u.points, out);
                    right = memcmp(out, expected, 20 * sizeof *out) == 0;
                    pm_job_free(job);
                }
                tap_case(&working, right && l.live == 0 && !l.broken);
                break;
            }
            tap_case(&failing, status == PM_ERR_NO_MEMORY && job == NULL && l.live == 0 && !l.broken &&
                                   (k % 2 == 0 || (err.status == PM_ERR_NO_MEMORY && err.message[0] != '\0')));
        }
    }
    tap_tally(&failing);
    tap_tally(&working);
}

static int stop(void *context) {
    ++*(int *)context;
    return 1;
}

static void test_refused(void) {
    static const double bad[] = {0, 0, 1, 0, NAN, 1}, nan_scores[] = {NAN};
    static const int64_t rings[] = {0, 3}, polygons[] = {0, 1};
    pm_regions regions = {.coords = bad,
                          .coord_count = 3,
                          .ring_offsets = rings,
                          .ring_count = 1,
                          .polygon_offsets = polygons,
                          .polygon_count = 1};
    const pm_points points = places(10);
    pm_job *job = NULL;
    pm_error err, known;
    pm_index *index = NULL;
    pm_options options = {.engine = PM_ENGINE_BOXES};
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_COORDINATE && !job &&
               pm_index_build(&regions, NULL, &index, &known) == PM_ERR_COORDINATE && err.item == known.item &&
               strcmp(err.message, known.message) == 0,
           "a NaN, as an index: %s", err.message);
    tap_ok(pm_job_build(&regions, &options, NULL, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_job_build(&regions, &options, &points, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_job_build(NULL, &options, &points, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    options.engine = (pm_engine)4;
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    rng r = rng_new(78);
    regions = many(&r);
    regions.polygon_count = 1;
    options = (pm_options){.engine = PM_ENGINE_BOXES};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "an index: %s", err.message);
    options = (pm_options){.best = PM_SCORE_DOUBLE, .scores = nan_scores, .engine = PM_ENGINE_SCAN};
    tap_ok(pm_job_build(&regions, &options, &points, &job, &err) == PM_ERR_SCORE && err.item == 0, "%s", err.message);
    static double ring[2 * 2000000];
    static const int64_t long_ring[] = {0, 2000000};
    const pm_regions one = {.coords = ring,
                            .coord_count = 2000000,
                            .ring_offsets = long_ring,
                            .ring_count = 1,
                            .polygon_offsets = polygons,
                            .polygon_count = 1};
    int calls = 0;
    options = (pm_options){.poll = stop, .poll_context = &calls};
    tap_ok(pm_job_build(&one, &options, &points, &job, &err) == PM_ERR_STOPPED && !job && calls == 1, "stopped: %s",
           err.message);
    pm_job_free(NULL);
}

int main(void) {
    test_families();
    test_long_rings();
    test_many();
    test_choice();
    test_reader();
    test_reader_many();
    test_memory();
    test_refused();
    return tap_end();
}
