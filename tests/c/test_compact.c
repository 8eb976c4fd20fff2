/* test_compact.c: is a compact index the same map in fewer bytes?
 *
 * Random regions of every family: every vertex comes back as it was given, from whatever place it is read, and the
 * answers are those of the oracle, also from the block. Tiles whose borders are long, on a decimal grid, a binary one
 * and none: copies are found in both directions, and points next to edges are answered as by the plain index. Then
 * what it refuses, allocations that fail, polls that stop it, and forged blocks. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "index/kind_compact.h"
#include "ledger.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"
#include "tree/polygon_leaf.h"
#include "built.h"

static zoo z;
static rules u;

static pm_index *built(const pm_regions *regions, const pm_options *options, int compact) {
    pm_options own = *options;
    own.compact = compact;
    return build(regions, &own);
}

static size_t block_size(const pm_index *index) {
    size_t size;
    (void)pm_index_block(index, &size);
    return size;
}

static pm_index *opened(void *copy, size_t size, pm_status *status) {
    pm_index *index = NULL;
    *status = pm_index_open(copy, size, 1, NULL, &index, NULL);
    return index;
}

static const pm_vertices *vertices_of(const pm_index *index) {
    return &((const pm_compact_view *)(const void *)index->view)->vertices;
}

/* All vertices, as pairs of doubles, and in pieces from anywhere. 0 and -0 are the same. */
static int same_vertices(const pm_index *plain, const pm_index *compact, rng *r) {
    const double *given = ((const pm_polygon_view *)(const void *)plain->view)->table.vertices;
    const pm_vertices *v = vertices_of(compact);
    double out[2 * (PM_SPAN + 1)];
    for (size_t trial = 0; trial < 3 * pm_chunk_count(v->count); trial++) {
        size_t first = trial % 3 ? rng_below(r, (uint32_t)v->count) : trial / 3 * PM_CHUNK;
        size_t most = v->count - first < PM_SPAN + 1 ? v->count - first : PM_SPAN + 1;
        size_t count = trial % 3 == 2 ? rng_below(r, (uint32_t)most) + 1 : most;
        pm_vertices_read(v, first, count, out);
        for (size_t i = 0; i < 2 * count; i++)
            if (!(out[i] == given[2 * first + i]))
                return 0;
    }
    return 1;
}

static void test_any_regions(void) {
    tap_count vertices = {"every vertex comes back", 0, 0}, answers = {"every answer is the oracle's", 0, 0};
    long of_grid[3] = {0};
    rng r = rng_new(77);
    for (long i = 0; i < tap_cases(1500, 30000); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        zoo_fill(&z, &r, &s, rng_below(&r, MAX_REGIONS));
        rules_fill(&u, &r, &s, &z, 30);
        if (u.options.predicate != PM_COVERS)
            continue;
        pm_index *plain = built(&z.regions, &u.options, 0), *compact = built(&z.regions, &u.options, 1);
        if (tap_case(&vertices, same_vertices(plain, compact, &r)))
            zoo_print(&z);
        double divisor = vertices_of(compact)->grid.divisor;
        of_grid[divisor == 0 ? 0 : fmod(divisor, 10) == 0 || divisor == 1 ? 1 : 2]++;
        int64_t expected[MAX_POINTS], out[MAX_POINTS], after[MAX_POINTS];
        size_t size = block_size(compact);
        void *copy = malloc(size);
        pm_status status;
        if (copy == NULL)
            abort();
        memcpy(copy, pm_index_block(compact, &size), size);
        pm_index_match(compact, &u.points, out);
        oracle_match(&z.regions, &u.options, &u.points, expected);
        pm_index *again = opened(copy, size, &status);
        if (again)
            pm_index_match(again, &u.points, after);
        if (tap_case(&answers, again && memcmp(out, expected, 30 * sizeof *out) == 0 &&
                                   memcmp(after, expected, 30 * sizeof *out) == 0))
            rules_print(&u, pm_regions_count(&z.regions));
        pm_index_free(again);
        free(copy);
        pm_index_free(compact);
        pm_index_free(plain);
    }
    tap_tally(&vertices);
    tap_tally(&answers);
    tap_ok(of_grid[0] > 0 && of_grid[1] > 0 && of_grid[2] > 0,
           "%ld on no grid, %ld on a decimal one, %ld on a binary", of_grid[0], of_grid[1], of_grid[2]);
}

/* ---- tiles with long borders ---- */

enum { SIDE = 7, STEPS = 120, TILE = 4 * STEPS, TILES = SIDE * SIDE };

/* Vertex k of the border between places (i, j) and its right or upper neighbour; ends are corners of tiles. */
static void border(int i, int j, int up, int k, double unit, double at[2]) {
    double along = (double)k / STEPS, aside = k % STEPS ? 0.08 * sin(k * 1.7 + i * 3 + j * 5 + up) : 0;
    double x = i + (up ? aside : along), y = j + (up ? along : aside);
    at[0] = unit == 0 ? x : floor(x * fabs(unit)) / fabs(unit);
    at[1] = unit == 0 ? y : floor(y * fabs(unit)) / fabs(unit);
}

/* Tiles, on the grid of 1 / unit; every border is there twice, in opposite order, or with `unit` < 0 in the same. */
static pm_regions tiles(double unit) {
    static double coords[2 * TILE * TILES];
    static int64_t rings[TILES + 1], polygons[TILES + 1];
    for (int t = 0; t < TILES; t++) {
        int i = t % SIDE, j = t / SIDE;
        for (int k = 0; k < STEPS; k++) {
            double *at = coords + 2 * (t * TILE + k);
            border(i, j, 0, k, unit, at);
            border(i + 1, j, 1, k, unit, at + 2 * STEPS);
            border(i, j + 1, 0, STEPS - k, unit, at + 4 * STEPS);
            border(i, j, 1, STEPS - k, unit, at + 6 * STEPS);
        }
        if (unit < 0 && (i + j) % 2) /* the other way round */
            for (int k = 0; k < TILE / 2; k++)
                for (int m = 0; m < 2; m++) {
                    double *one = coords + 2 * (t * TILE + k) + m,
                           *other = coords + 2 * (t * TILE + TILE - 1 - k) + m;
                    double kept = *one;
                    *one = *other;
                    *other = kept;
                }
        rings[t + 1] = TILE * (t + 1);
        polygons[t + 1] = t + 1;
    }
    return (pm_regions){.coords = coords,
                        .coord_count = TILE * TILES,
                        .ring_offsets = rings,
                        .ring_count = TILES,
                        .polygon_offsets = polygons,
                        .polygon_count = TILES};
}

enum { POINTS = 20000 };

static void test_tiles(void) {
    static const struct {
        const char *what;
        double unit, most; /* of the plain block */
    } cases[] = {{"seven digits", 1e7, 0.3},
                 {"seven digits, same order", -1e7, 0.3},
                 {"a binary grid", 0x1p20, 0.3},
                 {"no grid", 0, 0.6}};
    static double x[POINTS], y[POINTS];
    static int64_t expected[POINTS], out[POINTS];
    rng r = rng_new(78);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const pm_regions regions = tiles(cases[c].unit);
        const pm_options options = {.best = PM_FIRST};
        pm_index *plain = built(&regions, &options, 0), *compact = built(&regions, &options, 1);
        const pm_vertices *v = vertices_of(compact);
        long copies[3] = {0};
        for (size_t i = 0; i < pm_chunk_count(v->count); i++)
            copies[pm_chunk_what(v->entries[i])]++;
        tap_ok(copies[cases[c].unit < 0 ? PM_CHUNK_COPY : PM_CHUNK_BACKWARD] > copies[PM_CHUNK_STORED] / 3,
               "%s: %ld chunks are stored, %ld copies, %ld backward", cases[c].what, copies[0], copies[1], copies[2]);
        for (size_t i = 0; i < POINTS; i++) {
            const double *near = regions.coords + 2 * rng_below(&r, TILE * TILES);
            double far = i % 2 ? ldexp(1, -(int)rng_below(&r, 55)) : 4;
            x[i] = near[0] + far * (rng_unit(&r) - 0.5);
            y[i] = i % 16 ? near[1] + far * (rng_unit(&r) - 0.5) : near[1];
        }
        const pm_points points = {.x = x, .y = y, .x_stride = 8, .y_stride = 8, .count = POINTS};
        pm_index_match(plain, &points, expected);
        pm_index_match(compact, &points, out);
        tap_ok(memcmp(out, expected, sizeof out) == 0 && same_vertices(plain, compact, &r), "%s: the same answers",
               cases[c].what);
        tap_ok((double)block_size(compact) < cases[c].most * (double)block_size(plain), "%s: %zu bytes of %zu",
               cases[c].what, block_size(compact), block_size(plain));
        pm_index_free(compact);
        pm_index_free(plain);
    }
}

/* Leaves that ask the vertices themselves, 300 times as long as others, are for maps that can't be drawn. */
static void test_leaves(void) {
    const pm_regions regions = tiles(1e7);
    pm_index *index = built(&regions, &(pm_options){0}, 1);
    const pm_tree *tree = index->kind->tree(index->view);
    size_t leaves = 0, exact = 0;
    for (size_t at = 0; at < tree->leaf_count - PM_LEAF_SLACK;) {
        const pm_leaf leaf = pm_leaf_read(tree->leaves + at);
        const size_t units = leaf.vertices + (size_t)leaf.vertex_count;
        for (int i = 0; i + 1 < leaf.polygon_count; i++)
            exact += (tree->leaves[at + PM_LEAF_ANSWERS + (size_t)i] & PM_LEAF_EXACT) != 0;
        leaves += leaf.polygon_count > 0;
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
    tap_ok(leaves > 0 && exact == 0, "%zu polygons of %zu leaves ask the vertices", exact, leaves);
    pm_index_free(index);
}

/* ---- what it refuses ---- */

static void test_refusals(void) {
    const pm_regions regions = tiles(1e7);
    const double distance = 1;
    pm_error err;
    pm_lister *lister = NULL;
    int64_t answer;
    double measured;
    pm_index *index = built(&regions, &(pm_options){0}, 1), *none = NULL;
    tap_ok(pm_lister_build(index, NULL, &lister, &err) == PM_ERR_ARGUMENT && !lister, "%s", err.message);
    tap_ok(pm_index_match_arrays(index, &distance, &distance, 8, 8, 1, &answer, &measured, &err) == PM_ERR_ARGUMENT,
           "%s", err.message);
    pm_options options = {.compact = 1};
    pm_status status;
    int smaller = 0;
    do { /* leaves ask the vertices where that is the only way to fit */
        options.max_bytes = block_size(index) - 1;
        pm_index_free(index);
        index = NULL;
        status = pm_index_build(&regions, &options, &index, &err);
        if (status == PM_OK && block_size(index) > options.max_bytes)
            break;
    } while (status == PM_OK && ++smaller < 10);
    tap_ok(status == PM_ERR_SIZE && !index, "%s, after %d that take less", err.message, smaller);
    options = (pm_options){.compact = 2};
    tap_ok(pm_index_build(&regions, &options, &none, &err) == PM_ERR_ARGUMENT && !none, "%s", err.message);
    for (pm_predicate predicate = PM_CENTER_WITHIN; predicate <= PM_NEAREST; predicate++) {
        options = (pm_options){.compact = 1, .predicate = predicate, .distance = &distance, .distance_count = 1};
        tap_ok(pm_index_build(&regions, &options, &none, &err) == PM_ERR_ARGUMENT && !none, "%s", err.message);
    }
    pm_index_free(index);
}

typedef struct patience {
    long calls, until;
} patience;

static int count_calls(void *context) {
    patience *p = context;
    return p->calls++ == p->until;
}

static void test_failures(void) {
    const pm_regions regions = tiles(1e7);
    tap_count failing = {"an allocation fails: nothing is left", 0, 0};
    tap_count stopped = {"a poll stops it: nothing is left", 0, 0};
    for (int polls = 0; polls < 2; polls++)
        for (long k = 0, done = 0; !done; k++) {
            ledger l = ledger_new(polls ? -1 : k);
            patience p = {0, polls ? k : -1};
            const pm_allocator allocator = ledger_allocator(&l);
            const pm_options options = {
                .compact = 1, .allocator = &allocator, .poll = count_calls, .poll_context = &p};
            pm_index *index = NULL;
            pm_status status = pm_index_build(&regions, &options, &index, NULL);
            done = polls ? p.calls <= k : l.calls <= k;
            if (done)
                tap_ok(status == PM_OK && index && pm_index_size(index) == l.live_size && k > (polls ? 1 : 2),
                       "after %ld it is built, and pm_index_size() counts it", k);
            else
                tap_case(polls ? &stopped : &failing,
                         status == (polls ? PM_ERR_STOPPED : PM_ERR_NO_MEMORY) && !index && l.live == 0);
            pm_index_free(index);
            if (done)
                tap_ok(l.live == 0 && !l.broken, "all is given back");
        }
    tap_tally(&failing);
    tap_tally(&stopped);
}

/* ---- forgery ---- */

static pm_status reopened(char *copy, size_t size, const pm_points *points, int *in_range) {
    int64_t out[64];
    pm_status status;
    const uint64_t sum = pm_block_checksum(copy, size);
    memcpy(copy + offsetof(pm_block_header, checksum), &sum, sizeof sum);
    pm_index *index = opened(copy, size, &status);
    *in_range = 1;
    if (index) {
        pm_index_match(index, points, out);
        for (size_t i = 0; i < points->count; i++)
            *in_range &= out[i] >= PM_NO_MATCH && out[i] < (int64_t)pm_index_count(index);
    }
    pm_index_free(index);
    return status;
}

static void test_forgery(void) {
    const pm_regions regions = tiles(1e7);
    pm_index *index = built(&regions, &(pm_options){.best = PM_FIRST}, 1);
    const pm_vertices *v = vertices_of(index);
    const size_t chunks = pm_chunk_count(v->count), size = block_size(index);
    const char *block = pm_index_block(index, &(size_t){0});
    const size_t entries = (size_t)((const char *)v->entries - block), head = entries - sizeof(pm_compact_head);
    size_t copied = 0, backward = 0;
    for (size_t i = chunks; i-- > 0;)
        backward = pm_chunk_what(v->entries[i]) == PM_CHUNK_BACKWARD ? i : backward;
    for (size_t i = 0; i < chunks && !copied; i++)
        copied = pm_chunk_what(v->entries[i]) != PM_CHUNK_STORED ? i * PM_CHUNK : 0;
    const struct {
        const char *what;
        size_t at; /* of 4 bytes */
        uint32_t word;
    } forgeries[] = {
        {"more vertices than there are", head, (uint32_t)v->count + PM_CHUNK},
        {"fewer vertices", head, (uint32_t)v->count - PM_CHUNK},
        {"vertices without end", head + 4, UINT32_MAX},
        {"one vertex less", head, (uint32_t)v->count - 1},
        {"more words than there are", head + 8, (uint32_t)v->word_count + 1},
        {"words without end", head + 12, UINT32_C(0x20000000)},
        {"no words", head + 8, 0},
        {"a divisor that is NaN", head + 20, UINT32_C(0x7ff80000)},
        {"a divisor that is infinite", head + 20, UINT32_C(0x7ff00000)},
        {"a negative divisor", head + 20, UINT32_C(0xc0000000)},
        {"a divisor that makes infinity", head + 20, 1},
        {"first vertices of 65 bits", head + 40, 65},
        {"first vertices without end", head + 44, UINT32_MAX},
        {"a chunk of a kind that is none", entries, UINT32_C(3) << 30},
        {"a stored chunk beyond the words", entries, pm_chunk_entry(PM_CHUNK_STORED, 0x3fffffff)},
        {"a stored chunk that ends beyond", entries,
         pm_chunk_entry(PM_CHUNK_STORED, (uint32_t)(2 * v->word_count - 3))},
        {"a copy beyond the vertices", entries + 4 * backward,
         pm_chunk_entry(PM_CHUNK_COPY, (uint32_t)v->count - PM_CHUNK + 1)},
        {"a copy far beyond", entries + 4 * backward, pm_chunk_entry(PM_CHUNK_COPY, 0x3fffffff)},
        {"a backward copy before the vertices", entries + 4 * backward,
         pm_chunk_entry(PM_CHUNK_BACKWARD, PM_CHUNK - 2)},
        {"a backward copy beyond", entries + 4 * backward, pm_chunk_entry(PM_CHUNK_BACKWARD, (uint32_t)v->count)},
        {"a copy of a copy", entries, pm_chunk_entry(PM_CHUNK_COPY, (uint32_t)copied)},
        {"a copy that ends in one", entries, pm_chunk_entry(PM_CHUNK_COPY, (uint32_t)copied - 1)},
        {"a backward copy of a copy", entries, pm_chunk_entry(PM_CHUNK_BACKWARD, (uint32_t)copied + 1)},
        {"a copy of itself", entries, pm_chunk_entry(PM_CHUNK_COPY, 0)}};
    const pm_points points = {
        .x = regions.coords, .y = regions.coords + 1, .x_stride = 880, .y_stride = 880, .count = 64};
    char *copy = malloc(size);
    int in_range;
    if (copy == NULL)
        abort();
    tap_ok(copied > 0 && backward > 0, "there are copies");
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        memcpy(copy, block, size);
        memcpy(copy + forgeries[i].at, &forgeries[i].word, 4);
        tap_ok(reopened(copy, size, &points, &in_range) == PM_ERR_BLOCK, "%s", forgeries[i].what);
    }
    tap_count any = {"a word of a forged block is anything: refused, or answers in range", 0, 0};
    rng r = rng_new(79);
    for (long i = 0; i < tap_cases(3000, 60000); i++) {
        memcpy(copy, block, size);
        for (uint32_t k = rng_below(&r, 3) + 1; k > 0; k--) {
            size_t at = i % 4 ? head + 4 * (size_t)rng_below(&r, 12 + (uint32_t)chunks + 40)
                              : 4 * (size_t)rng_below(&r, (uint32_t)(size / 4));
            uint32_t word = (uint32_t)rng_next(&r) >> rng_below(&r, 32);
            memcpy(copy + at, &word, 4);
        }
        pm_status status = reopened(copy, size, &points, &in_range);
        tap_case(&any, in_range && (status == PM_OK || status == PM_ERR_BLOCK || status == PM_ERR_VERSION));
    }
    tap_tally(&any);
    free(copy);
    pm_index_free(index);
}

int main(void) {
    test_any_regions();
    test_tiles();
    test_leaves();
    test_refusals();
    test_failures();
    test_forgery();
    return tap_end();
}
