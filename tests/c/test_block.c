/* test_block.c: is an index the same one after it was bytes, and what if the bytes are not?
 *
 * Blocks of random indexes under every rule and engine are copied elsewhere, the index is freed, and the copy must
 * answer as the index did. Then the bytes are cut at every length, flipped bit by bit, and forged: changed at random
 * where it hurts, under a checksum that was made right again. What is refused must say so; what is accepted is asked,
 * and must answer in range. Blocks lie in memory of exactly their size, so that a sanitizer sees the first byte
 * read beyond. At the end: limits of memory and time of a build, and what they leave behind. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"
#include "tree.h"

static zoo z;
static rules u;

static void *exactly(const void *bytes, size_t size) {
    void *copy = malloc(size ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static pm_index *build(const pm_regions *regions, const pm_options *options) {
    pm_index *index = NULL;
    pm_error err;
    if (pm_index_build(regions, options, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    return index;
}

static pm_status open_status(const void *bytes, size_t size, int verify) {
    void *copy = exactly(bytes, size);
    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err = {PM_OK, 0, ""};
    pm_status status = pm_index_open(copy, size, verify, NULL, &index, &err);
    if (status != PM_OK && (index != NULL || err.status != status || err.message[0] == '\0'))
        status = PM_OK; /* no proper refusal */
    if (status == PM_OK && index != (pm_index *)(uintptr_t)1)
        pm_index_free(index);
    free(copy);
    return status;
}

static void seal(void *block, size_t size) {
    uint64_t sum = pm_block_checksum(block, size);
    memcpy((char *)block + offsetof(pm_block_header, checksum), &sum, sizeof sum);
}

/* ---- there and back ---- */

static int same_facts(const pm_index *a, const pm_index *b) {
    double of_a[4], of_b[4];
    pm_index_bounds(a, of_a);
    pm_index_bounds(b, of_b);
    return pm_index_count(a) == pm_index_count(b) && pm_index_predicate(a) == pm_index_predicate(b) &&
           pm_index_best(a) == pm_index_best(b) && memcmp(of_a, of_b, sizeof of_a) == 0;
}

static void test_round_trip(void) {
    rng r = rng_new(61);
    tap_count right = {"an opened block answers as the index did", 0, 0}, twice = {"same input, same bytes", 0, 0};
    long of_rule[2][6] = {{0}}, trees = 0;
    for (long i = 0; i < tap_cases(2000, 40000); i++) {
        int64_t before[MAX_POINTS], after[MAX_POINTS], expected[MAX_POINTS];
        size_t size, again_size;
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 30);
        pm_index *index = build(&z.regions, &u.options), *again = build(&z.regions, &u.options), *opened = NULL;
        const void *block = pm_index_block(index, &size), *other = pm_index_block(again, &again_size);
        tap_case(&twice, size == again_size && memcmp(block, other, size) == 0);
        pm_index_match(index, &u.points, before);
        void *copy = exactly(block, size);
        pm_status status = pm_index_open(copy, size, (int)(i % 2), NULL, &opened, NULL);
        int alike = status == PM_OK && same_facts(index, opened) &&
                    pm_index_predicate(opened) == u.options.predicate && pm_index_best(opened) == u.options.best;
        pm_index_free(index);
        pm_index_free(again);
        if (alike) {
            pm_index_match(opened, &u.points, after);
            oracle_match(&z.regions, &u.options, &u.points, expected);
            alike =
                memcmp(before, after, 30 * sizeof *after) == 0 && memcmp(expected, after, 30 * sizeof *after) == 0;
            alike = alike && pm_index_block(opened, &again_size) == copy && again_size == size;
            of_rule[u.options.predicate][u.options.best]++;
            trees += ((const pm_block_header *)copy)->tree_map[2] != 0;
        }
        if (tap_case(&right, alike))
            rules_print(&u, pm_regions_count(&z.regions));
        pm_index_free(opened);
        free(copy);
    }
    tap_tally(&right);
    tap_tally(&twice);
    long least = of_rule[0][0];
    for (int predicate = 0; predicate < 2; predicate++)
        for (int best = 0; best < 6; best++)
            least = of_rule[predicate][best] < least ? of_rule[predicate][best] : least;
    tap_ok(least > 0 && trees > right.cases / 30, "every rule at least %ld times, %ld trees", least, trees);
}

/* ---- damage ---- */

static void damage(const char *kind, const pm_index *index) {
    size_t size;
    const void *bytes = pm_index_block(index, &size);
    tap_count cut = {"cut off anywhere: refused", 0, 0}, longer = {"with more behind: refused", 0, 0};
    tap_count flipped = {"any bit flipped: refused", 0, 0};
    for (size_t length = 0; length < size; length++)
        for (int verify = 0; verify < 2; verify++)
            tap_case(&cut, open_status(bytes, length, verify) == PM_ERR_BLOCK);
    unsigned char *copy = malloc(size + 64);
    if (copy == NULL)
        abort();
    memset(copy, 0, size + 64);
    memcpy(copy, bytes, size);
    for (size_t more = 1; more <= 64; more++)
        tap_case(&longer, open_status(copy, size + more, 1) == PM_ERR_BLOCK);
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            copy[at] ^= (unsigned char)(1 << bit);
            pm_status status = open_status(copy, size, 1);
            int of_version = at >= offsetof(pm_block_header, version) && at < offsetof(pm_block_header, header_size);
            if (tap_case(&flipped, status == (of_version ? PM_ERR_VERSION : PM_ERR_BLOCK)))
                printf("# byte %zu, bit %d: %s\n", at, bit, pm_status_name(status));
            copy[at] ^= (unsigned char)(1 << bit);
        }
    tap_ok(open_status(copy, size, 1) == PM_OK, "%s: %zu bytes open when whole", kind, size);
    tap_tally(&cut);
    tap_tally(&longer);
    tap_tally(&flipped);
    free(copy);
}

/* A small index of each kind. */
static pm_index *small(int kind) {
    static const double coords[] = {0, 0, 4, 0, 4, 4, 0, 4, 1, 1, 2, 1, 2, 2, 5, 5, 9, 5, 9, 9};
    static const int64_t rings[] = {0, 4, 7, 10}, polygons[] = {0, 2, 3};
    static const double distance[] = {2, 3};
    const pm_regions regions = {coords, 10, rings, 3, polygons, 2, NULL, 0};
    pm_options options = {.engine = kind == 1 ? PM_ENGINE_TREE : PM_ENGINE_AUTO};
    if (kind == 2)
        options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = distance, .distance_count = 2};
    return build(&regions, &options);
}

static const char *const kinds[] = {"scan", "tree", "disks"};

static void test_damage(void) {
    for (int kind = 0; kind < 3; kind++) {
        pm_index *index = small(kind);
        damage(kinds[kind], index);
        pm_index_free(index);
    }
}

static void test_refusals(void) {
    pm_index *index = small(0), *out = (pm_index *)(uintptr_t)1;
    size_t size;
    const void *block = pm_index_block(index, &size);
    pm_error err;
    char *copy = malloc(size + 8);
    if (copy == NULL)
        abort();
    memcpy(copy + 4, block, size);
    tap_ok(pm_index_open(copy + 4, size, 1, NULL, &out, &err) == PM_ERR_ARGUMENT && out == NULL, "%s", err.message);
    tap_ok(pm_index_open(NULL, size, 1, NULL, &out, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    tap_ok(pm_index_open(block, size, 1, NULL, NULL, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    memcpy(copy, block, size);
    pm_block_header *header = (pm_block_header *)(void *)copy;
    header->version++;
    seal(copy, size);
    tap_ok(pm_index_open(copy, size, 0, NULL, &out, &err) == PM_ERR_VERSION && strstr(err.message, "rebuild"), "%s",
           err.message);
    memcpy(copy, block, size);
    header->byte_order = UINT32_C(0x04030201);
    header->version = UINT32_C(0x01000000);
    tap_ok(pm_index_open(copy, size, 0, NULL, &out, &err) == PM_ERR_VERSION && strstr(err.message, "rebuild"), "%s",
           err.message);
    static const uint64_t text[2] = {UINT64_C(0x7420657469614c), 0};
    tap_ok(pm_index_open(text, 16, 1, NULL, &out, &err) == PM_ERR_BLOCK, "%s", err.message);
    free(copy);
    pm_index_free(index);

    unsigned char bytes[1024];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i + i / 7);
    tap_ok(pm_block_checksum(bytes, sizeof bytes) == UINT64_C(0xd3866d74884fc758),
           "the checksum is the one of format %d (%llx)", PM_BLOCK_VERSION,
           (unsigned long long)pm_block_checksum(bytes, sizeof bytes));
}

/* ---- forgery ---- */

/* Overwrite a few numbers, most often some that searches steer by. */
static void forge(char *block, size_t size, rng *r) {
    static const double doubles[] = {NAN, INFINITY, -INFINITY, 0, -0.0, 1e308, 0x1p-1074, 1, -1};
    const pm_block_header before = *(const pm_block_header *)(void *)block;
    for (uint32_t changes = 1 + rng_below(r, 3); changes > 0; changes--) {
        pm_section part = {0, sizeof before};
        if (rng_below(r, 8))
            part = before.sections[rng_below(r, PM_TREE_IS_CHECKED ? PM_SECTIONS : PM_SECTION_TREE_NODES)];
        if (part.size < 4)
            continue;
        size_t at = (size_t)part.offset + rng_below(r, (uint32_t)part.size / 4) * 4;
        uint32_t word;
        memcpy(&word, block + at, 4);
        const uint32_t words[] = {0,
                                  1,
                                  word + 1,
                                  word - 1,
                                  word ^ 1u << rng_below(r, 32),
                                  UINT32_MAX,
                                  (uint32_t)before.count,
                                  (uint32_t)(rng_next(r) >> 32)};
        word = words[rng_below(r, 8)];
        memcpy(block + at, &word, 4);
        if (rng_below(r, 3) == 0 && at % 8 == 0)
            memcpy(block + at, &doubles[rng_below(r, 9)], 8);
    }
    if (!PM_TREE_IS_CHECKED) {
        pm_block_header *header = (pm_block_header *)(void *)block;
        header->tree_root = before.tree_root;
        memcpy(header->tree_map, before.tree_map, sizeof before.tree_map);
    }
    seal(block, size);
}

static void test_forgery(void) {
    rng r = rng_new(62);
    tap_count forged = {"forged blocks are refused or answer in range", 0, 0};
    long accepted = 0, by_section = 0;
    for (long i = 0; i < tap_cases(3000, 100000); i++) {
        size_t size;
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 30);
        pm_index *index = build(&z.regions, &u.options);
        const void *block = pm_index_block(index, &size);
        for (int k = 0; k < 20; k++) {
            int64_t out[MAX_POINTS];
            pm_index *opened = NULL;
            char *copy = exactly(block, size);
            forge(copy, size, &r);
            pm_status status = pm_index_open(copy, size, 1, NULL, &opened, NULL);
            int fine = status == PM_OK || ((status == PM_ERR_BLOCK || status == PM_ERR_VERSION) && opened == NULL);
            if (status == PM_OK) {
                pm_index_match(opened, &u.points, out);
                for (size_t p = 0; p < u.points.count; p++)
                    fine = fine && out[p] >= -1 && out[p] < (int64_t)pm_index_count(opened);
                accepted++;
            } else {
                by_section++;
            }
            tap_case(&forged, fine);
            pm_index_free(opened);
            free(copy);
        }
        pm_index_free(index);
    }
    tap_tally(&forged);
    tap_ok(accepted > forged.cases / 10 && by_section > forged.cases / 10, "%ld accepted, %ld refused", accepted,
           by_section);
}

/* ---- limits ---- */

enum { SIDE = 180 };

/* Squares side by side. */
static pm_regions squares(void) {
    static double coords[8 * SIDE * SIDE];
    static int64_t rings[SIDE * SIDE + 1], polygons[SIDE * SIDE + 1];
    for (int i = 0; i < SIDE * SIDE; i++) {
        double x = i % SIDE, y = (i - i % SIDE) / SIDE;
        const double square[] = {x, y, x + 1, y, x + 1, y + 1, x, y + 1};
        memcpy(coords + 8 * i, square, sizeof square);
        rings[i + 1] = 4 * (i + 1);
        polygons[i + 1] = i + 1;
    }
    return (pm_regions){coords, 4 * SIDE * SIDE, rings, SIDE * SIDE, polygons, SIDE * SIDE, NULL, 0};
}

static size_t block_size(const pm_index *index) {
    size_t size;
    (void)pm_index_block(index, &size);
    return size;
}

static void test_max_bytes(void) {
    const pm_regions regions = squares();
    pm_options options = {.engine = PM_ENGINE_SCAN};
    pm_index *index = build(&regions, &options);
    size_t plain = block_size(index);
    pm_index_free(index);
    options.engine = PM_ENGINE_TREE;
    index = build(&regions, &options);
    size_t whole = block_size(index);
    pm_index_free(index);
    tap_ok(whole > plain, "%zu bytes, with a tree %zu", plain, whole);
    tap_count within = {"max_bytes is never exceeded", 0, 0};
    for (size_t limit = plain; limit < whole + whole / 8; limit += whole / 32) {
        options.max_bytes = limit;
        index = build(&regions, &options);
        tap_case(&within, block_size(index) <= limit);
        pm_index_free(index);
    }
    tap_tally(&within);
    pm_error err;
    options.max_bytes = plain - 1;
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_SIZE && index == NULL, "%s", err.message);
    const double x[3] = {0, 1, 2}, distance = 1;
    const pm_disks disks = {x, x, x, 3};
    options =
        (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1, .max_bytes = 100};
    tap_ok(pm_index_build_disks(&disks, &options, &index, &err) == PM_ERR_SIZE && index == NULL, "disks: %s",
           err.message);
}

typedef struct patience {
    long asked, until; /* -1: for ever */
    long live;
    int broken;
} patience;

static int ask(void *context) {
    patience *p = context;
    p->broken |= p->until >= 0 && p->asked > p->until;
    return p->asked++ == p->until;
}

static void *counted_allocate(void *context, size_t size) {
    ((patience *)context)->live++;
    return malloc(size);
}

static void counted_release(void *context, void *block) {
    ((patience *)context)->live--;
    free(block);
}

static void test_poll(void) {
    const pm_regions regions = squares();
    const double distance = 1;
    tap_count stops = {"a build stops where poll says so, and leaves nothing", 0, 0};
    for (int kind = 0; kind < 2; kind++) {
        pm_index *plain = NULL, *index = NULL;
        pm_options options = {.engine = PM_ENGINE_TREE};
        if (kind == 1)
            options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1};
        plain = build(&regions, &options);
        for (long k = 0;; k++) {
            patience p = {0, k, 0, 0};
            const pm_allocator allocator = {counted_allocate, counted_release, &p};
            pm_error err;
            options.poll = ask;
            options.poll_context = &p;
            options.allocator = &allocator;
            pm_status status = pm_index_build(&regions, &options, &index, &err);
            if (p.asked <= k) {
                int same = status == PM_OK && block_size(index) == block_size(plain);
                size_t size = block_size(plain);
                same = same && memcmp(pm_index_block(index, &size), pm_index_block(plain, &size), size) == 0;
                pm_index_free(index);
                tap_ok(same && k >= (kind ? 1 : 2) && p.live == 0, "%s: asked %ld times; the index is the same",
                       kind ? "disks" : "tree", p.asked);
                break;
            }
            tap_case(&stops, status == PM_ERR_STOPPED && index == NULL && p.live == 0 && !p.broken &&
                                 err.status == PM_ERR_STOPPED);
        }
        pm_index_free(plain);
    }
    tap_tally(&stops);
}

static void *no_memory(void *context, size_t size) {
    (void)context, (void)size;
    return NULL;
}

static void test_memory(void) {
    pm_index *index = small(1), *out = (pm_index *)(uintptr_t)1;
    size_t size;
    const void *block = pm_index_block(index, &size);
    pm_error err;
    patience p = {0, -1, 0, 0};
    pm_allocator none = {no_memory, NULL, NULL}, counted = {counted_allocate, counted_release, &p};
    tap_ok(pm_index_open(block, size, 1, &none, &out, &err) == PM_ERR_NO_MEMORY && out == NULL, "%s", err.message);
    tap_ok(pm_index_open(block, size - 64, 1, &counted, &out, NULL) == PM_ERR_BLOCK && p.live == 0,
           "a refusal leaves nothing");
    pm_status status = pm_index_open(block, size, 1, &counted, &out, NULL);
    counted = (pm_allocator){NULL, NULL, NULL}; /* the index has a copy */
    tap_ok(status == PM_OK && p.live == 1 && pm_index_size(out) < 1000, "an opened index owns little");
    pm_index_free(out);
    tap_ok(p.live == 0, "and gives it back");
    pm_index_free(index);
}

/* Areas that are given count instead of those measured. */
static void test_areas(void) {
    static const double coords[] = {0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 2, 0, 2, 2, 0, 2}, x[] = {1}, y[] = {1};
    static const int64_t rings[] = {0, 4, 8}, polygons[] = {0, 1, 2};
    static const double areas[] = {1, 2}, bad[] = {1, NAN};
    const pm_regions regions = {coords, 8, rings, 2, polygons, 2, NULL, 0};
    const pm_points points = {x, y, 8, 8, 1};
    for (pm_best best = PM_SMALLEST; best <= PM_LARGEST; best++) {
        int64_t out = -1;
        const pm_options options = {.best = best, .areas = areas};
        pm_index *index = build(&regions, &options);
        pm_index_match(index, &points, &out);
        tap_ok(out == (best == PM_SMALLEST ? 0 : 1), "given areas decide (%d)", (int)best);
        pm_index_free(index);
    }
    pm_index *index;
    pm_error err;
    pm_options options = {.areas = bad};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_SCORE && err.item == 1, "%s", err.message);
    options = (pm_options){.best = PM_FIRST, .areas = areas};
    tap_ok(pm_index_build(&regions, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
    const double distance = 1;
    const pm_disks disks = {x, y, areas, 1};
    options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1, .areas = areas};
    tap_ok(pm_index_build_disks(&disks, &options, &index, &err) == PM_ERR_ARGUMENT, "%s", err.message);
}

int main(void) {
    test_round_trip();
    test_damage();
    test_refusals();
    test_forgery();
    test_max_bytes();
    test_poll();
    test_memory();
    test_areas();
    return tap_end();
}
