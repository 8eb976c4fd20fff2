/* test_block.c: is an index the same after a round trip through bytes, and what if the bytes are damaged?
 *
 * Blocks of random indexes under every rule and engine are copied elsewhere, the index is freed, and the copy must
 * answer as the index did. Then the bytes are cut at every length, flipped bit by bit, and forged: changed at random
 * in critical places, with a corrected checksum. A refused block must give an error; an accepted one is searched, and
 * must answer in range. Blocks are in memory of exactly their size, so that a sanitizer detects the first byte read
 * past the end. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "index/kind.h"
#include "ledger.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"
#include "built.h"
#include "tree/nearest_leaf.h"
#include "tree/within_leaf.h"
#include "tree/polygon_leaf.h"
#include "tree/tree.h"

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

static pm_status open_status(const void *bytes, size_t size, int verify) {
    void *copy = exactly(bytes, size);
    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err = {PM_OK, 0, ""};
    pm_status status = pm_index_open(copy, size, verify, NULL, &index, &err);
    if (status != PM_OK && (index != NULL || err.status != status || err.message[0] == '\0'))
        status = PM_OK; /* not a proper error */
    if (status == PM_OK && index != (pm_index *)(uintptr_t)1)
        pm_index_free(index);
    free(copy);
    return status;
}

static size_t block_size(const pm_index *index) {
    size_t size;
    (void)pm_index_block(index, &size);
    return size;
}

/* ---- round trips ---- */

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
    long of_rule[4][6] = {{0}}, trees = 0;
    for (long i = 0; i < tap_cases(1000, 40000); i++) {
        int64_t before[MAX_POINTS], after[MAX_POINTS], expected[MAX_POINTS];
        size_t size, again_size;
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        zoo_fill(&z, &r, &s, rng_below(&r, 10));
        rules_fill(&u, &r, &s, &z, 30);
        ledger first = ledger_new(-1), second = ledger_new(-1);
        second.fill = 0x5A; /* unwritten bytes show */
        const pm_allocator one = ledger_allocator(&first), two = ledger_allocator(&second);
        u.options.allocator = &one;
        pm_index *index = build(&z.regions, &u.options), *opened = NULL;
        u.options.allocator = &two;
        pm_index *again = build(&z.regions, &u.options);
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
            trees += section_of(copy, PM_SECTION_TREE_TABLES).size != 0;
        }
        if (tap_case(&right, alike))
            rules_print(&u, pm_regions_count(&z.regions));
        pm_index_free(opened);
        free(copy);
    }
    tap_tally(&right);
    tap_tally(&twice);
    long least = of_rule[0][0];
    for (int predicate = PM_COVERS; predicate <= PM_NEAREST; predicate++)
        for (int best = 0; best < 6; best++)
            least = of_rule[predicate][best] < least ? of_rule[predicate][best] : least;
    tap_ok(least > 0 && trees > right.cases / 30, "every rule at least %ld times, %ld trees", least, trees);
}

/* Of every size up to 200, so that every array ends everywhere within its last line. */
static void test_same_bytes(void) {
    static double x[200], coords[400], radii[200];
    tap_count twice = {"same input, same bytes, whatever the size", 0, 0};
    for (size_t count = 0; count <= 200; count++) {
        const int64_t rings[] = {0, (int64_t)count}, polygons[] = {0, 1};
        const pm_regions regions = {.coords = coords,
                                    .coord_count = count,
                                    .ring_offsets = rings,
                                    .ring_count = 1,
                                    .polygon_offsets = polygons,
                                    .polygon_count = 1};
        const pm_disks disks = {.x = x, .y = x, .area = x, .count = count};
        for (int kind = 0; kind < 3; kind++) {
            pm_index *index[2] = {NULL, NULL};
            const void *blocks[2];
            size_t sizes[2];
            pm_status status = PM_OK;
            ledger ledgers[2];
            for (int i = 0; i < 2; i++) {
                ledgers[i] = ledger_new(-1);
                ledgers[i].fill = i ? 0x5A : 0xA5;
                const pm_allocator allocator = ledger_allocator(&ledgers[i]);
                pm_options options = {.allocator = &allocator};
                if (kind > 0) {
                    options.predicate = PM_CENTER_WITHIN;
                    options.distance = radii;
                    options.distance_count = kind == 1 ? 1 : count;
                }
                status |= kind ? pm_index_build_disks(&disks, &options, &index[i], NULL)
                               : pm_index_build(&regions, &options, &index[i], NULL);
                blocks[i] = index[i] ? pm_index_block(index[i], &sizes[i]) : NULL;
            }
            tap_case(&twice, status == PM_OK && sizes[0] == sizes[1] && memcmp(blocks[0], blocks[1], sizes[0]) == 0);
            pm_index_free(index[0]);
            pm_index_free(index[1]);
        }
        if (count < 200)
            coords[2 * count] = coords[2 * count + 1] = x[count] = (double)(count * count % 17);
    }
    tap_tally(&twice);
}

/* A note is unchanged wherever the block goes, and doesn't affect the answers. */
static void test_note(void) {
    static const double x[] = {0, 5}, distance[] = {2, 3};
    static const char names[] = "one\0two";
    const pm_disks disks = {.x = x, .y = x, .count = 2};
    pm_options options = {.predicate = PM_CENTER_WITHIN, .best = PM_FIRST, .distance = distance, .distance_count = 2};
    pm_index *plain = NULL, *noted = NULL, *opened = NULL;
    size_t size = 7, plain_size, noted_size;
    if (pm_index_build_disks(&disks, &options, &plain, NULL) != PM_OK)
        abort();
    tap_ok(pm_index_note(plain, &size) == NULL && size == 0, "no note");
    char *note = exactly(names, sizeof names);
    options.note = note;
    options.note_size = sizeof names;
    if (pm_index_build_disks(&disks, &options, &noted, NULL) != PM_OK)
        abort();
    free(note); /* it was copied */
    const void *kept = pm_index_note(noted, &size);
    tap_ok(size == sizeof names && memcmp(kept, names, size) == 0, "a note is kept");
    void *copy = exactly(pm_index_block(noted, &noted_size), block_size(noted));
    tap_ok(pm_index_open(copy, noted_size, 1, NULL, &opened, NULL) == PM_OK, "and opened");
    kept = pm_index_note(opened, &size);
    tap_ok(size == sizeof names && memcmp(kept, names, size) == 0 && (const char *)kept > (const char *)copy &&
               (const char *)kept < (const char *)copy + noted_size && ((uintptr_t)kept - (uintptr_t)copy) % 64 == 0,
           "where the block is");
    (void)pm_index_block(plain, &plain_size);
    tap_ok(noted_size == plain_size + 64, "it takes a line");
    options.max_bytes = plain_size;
    pm_index *none = NULL;
    tap_ok(pm_index_build_disks(&disks, &options, &none, NULL) == PM_ERR_SIZE, "which counts against max_bytes");
    options.max_bytes = 0;
    options.note = NULL;
    tap_ok(pm_index_build_disks(&disks, &options, &none, NULL) == PM_ERR_ARGUMENT, "a note that is NULL");
    ((char *)copy)[(const char *)kept - (const char *)copy] ^= 1;
    tap_ok(open_status(copy, noted_size, 1) == PM_ERR_BLOCK, "a note that was damaged");
    pm_index_free(opened);
    free(copy);
    pm_index_free(noted);
    pm_index_free(plain);
}

/* ---- damage ---- */

static void damage(const char *kind, const pm_index *index) {
    size_t size;
    const void *bytes = pm_index_block(index, &size);
    tap_count cut = {"cut off anywhere: refused", 0, 0}, longer = {"longer: refused", 0, 0};
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
    static const uint8_t parts[] = {PM_PART_POLYGON, PM_PART_LINE}, sites[] = {PM_PART_POINT, PM_PART_POINT};
    static const int64_t single[] = {0, 1, 2, 3};
    pm_regions regions = {.coords = coords,
                          .coord_count = 10,
                          .ring_offsets = rings,
                          .ring_count = 3,
                          .polygon_offsets = polygons,
                          .polygon_count = 2};
    pm_options options = {.engine = kind == 1 ? PM_ENGINE_TREE : PM_ENGINE_AUTO};
    if (kind == 2)
        options = (pm_options){.predicate = PM_CENTER_WITHIN, .distance = distance, .distance_count = 2};
    if (kind == 3) {
        options = (pm_options){.predicate = PM_NEAREST, .distance = distance, .distance_count = 2};
        regions.kinds = parts;
    }
    if (kind == 4) {
        options = (pm_options){.predicate = PM_DWITHIN, .distance = distance, .distance_count = 2};
        regions.kinds = sites;
        regions.ring_offsets = single;
        regions.polygon_offsets = single;
    }
    if (kind == 5)
        options = (pm_options){.engine = PM_ENGINE_TREE, .predicate = PM_NEAREST};
    if (kind == 6)
        options = (pm_options){
            .engine = PM_ENGINE_TREE, .predicate = PM_DWITHIN, .distance = distance, .distance_count = 2};
    if (kind == 7)
        options = (pm_options){.engine = PM_ENGINE_SCAN, .predicate = PM_NEAREST};
    return build(&regions, &options);
}

static const char *const kinds[] = {"scan",  "tree",    "disks",  "lines",
                                    "sites", "nearest", "within", "scan of nearest"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void test_damage(void) {
    for (int kind = 0; kind < KINDS; kind++) {
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
    tap_ok(pm_index_open(copy, 16, 0, NULL, &out, &err) == PM_ERR_VERSION, "however short: %s", err.message);
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

/* One forgery at a time, each with a correct checksum: its check must find it. */
static void test_each_check(void) {
    static const struct {
        const char *what;
        int kind; /* of small() */
        pm_section_name section;
        uint32_t item; /* of 4 bytes */
        uint32_t word;
    } forgeries[] = {{"an id out of range", 0, PM_SECTION_IDS, 1, 2},
                     {"an id of a disk out of range", 2, PM_SECTION_IDS, 0, UINT32_MAX},
                     {"polygons that don't start at 0", 0, PM_SECTION_POLYGON_OFFSETS, 0, 1},
                     {"polygons that decrease", 0, PM_SECTION_POLYGON_OFFSETS, 1, 3},
                     {"polygons that end elsewhere", 0, PM_SECTION_POLYGON_OFFSETS, 2, 1},
                     {"a polygon without rings", 0, PM_SECTION_RING_OFFSETS, 1, 0},
                     {"rings that end elsewhere", 0, PM_SECTION_RING_OFFSETS, 2, 4},
                     {"a ring without edges", 0, PM_SECTION_VERTEX_OFFSETS, 1, 1},
                     {"vertices that end elsewhere", 0, PM_SECTION_VERTEX_OFFSETS, 3, UINT32_MAX},
                     {"a vertex at infinity", 0, PM_SECTION_VERTICES, 5, UINT32_C(0x7FF00000)},
                     {"a vertex that is NaN", 0, PM_SECTION_VERTICES, 3, UINT32_C(0xFFF80000)},
                     {"a kind that is none", 3, PM_SECTION_KINDS, 0, 3},
                     {"another kind that is none", 3, PM_SECTION_KINDS, 0, 0xff00},
                     {"a site of no region", 4, PM_SECTION_SITES, 16 + 4, 2},
                     {"a site of a region far away", 4, PM_SECTION_SITES, 16 + 5, 1},
                     {"a site that is infinite", 4, PM_SECTION_SITES, 16 + 1, UINT32_C(0x7FF00000)},
                     {"a scale of sites that is no power of two", 4, PM_SECTION_SITES, 3, UINT32_C(0x3FF80000)},
                     {"more buckets than there are", 4, PM_SECTION_SITES, 0, 2},
                     {"a tree at infinity", 1, PM_SECTION_TREE_ROOT, 1, UINT32_C(0x7FF00000)},
                     {"a tree whose scale is NaN", 1, PM_SECTION_TREE_ROOT, 5, UINT32_C(0x7FF80000)},
                     {"a tree whose scale is negative", 1, PM_SECTION_TREE_ROOT, 5, UINT32_C(0xBFF00000)},
                     {"a root that is no cell", 1, PM_SECTION_TREE_ROOT, 6, 3},
                     {"a root that is an answer out of range", 1, PM_SECTION_TREE_ROOT, 6, 3 << 2},
                     {"a table beyond the tables", 1, PM_SECTION_TREE_ROOT, 6, UINT32_MAX - 2},
                     {"a map at infinity", 5, PM_SECTION_NEAR_ROOT, 3, UINT32_C(0x7FF00000)},
                     {"a map whose scale is NaN", 5, PM_SECTION_NEAR_ROOT, 5, UINT32_C(0x7FF80000)},
                     {"a map's root that is no cell", 5, PM_SECTION_NEAR_ROOT, 6, 3},
                     {"a map where there is none", 7, PM_SECTION_NEAR_ROOT, 5, UINT32_C(0x3FF00000)},
                     {"an answer of the map out of range", 5, PM_SECTION_NEAR_TABLES, 0, 3 << 2},
                     {"a table of the map in itself", 5, PM_SECTION_NEAR_TABLES, 63, PM_CELL_INNER},
                     {"a cell in the middle of a leaf", 5, PM_SECTION_NEAR_TABLES, 0, 1 << 2 | PM_CELL_LEAF},
                     {"a cell beyond the leaves", 5, PM_SECTION_NEAR_TABLES, 0, 1 << 20 | PM_CELL_LEAF},
                     {"a leaf without runs", 5, PM_SECTION_NEAR_LEAVES, 0, 0},
                     {"a leaf of more runs than there are", 5, PM_SECTION_NEAR_LEAVES, 0, 100},
                     {"a leaf without end", 5, PM_SECTION_NEAR_LEAVES, 0, UINT32_MAX},
                     {"a run that is none", 5, PM_SECTION_NEAR_LEAVES, 2, 3 << 8 | 1},
                     {"a run without edges", 5, PM_SECTION_NEAR_LEAVES, 2, 0},
                     {"an edge beyond its run", 5, PM_SECTION_NEAR_LEAVES, 2, 1 << 3},
                     {"a rest of dwithin out of range", 6, PM_SECTION_NEAR_LEAVES, 1, 3 << 1},
                     {"a leaf of dwithin without end", 6, PM_SECTION_NEAR_LEAVES, 0, UINT32_MAX},
                     {"a run of dwithin that is none", 6, PM_SECTION_NEAR_LEAVES, 2, 3 << 8 | 1}};
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        pm_index *index = small(forgeries[i].kind);
        size_t size;
        char *copy = exactly(pm_index_block(index, &size), block_size(index));
        const pm_section section = section_of(copy, forgeries[i].section);
        memcpy(copy + section.offset + 4 * forgeries[i].item, &forgeries[i].word, 4);
        tap_ok(open_status(copy, size, 1) == PM_ERR_BLOCK, "without a new checksum: %s", forgeries[i].what);
        seal(copy, size);
        tap_ok(open_status(copy, size, 1) == PM_ERR_BLOCK, "with: %s", forgeries[i].what);
        free(copy);
        pm_index_free(index);
    }
}

/* The most edges that a leaf of a map may have, and one more; less than it says; an outline of other edges than it
 * names, or of too many; a cell of more bits than there are; for dwithin also a rest that is no region. */
static void test_map_leaves(void) {
    static const struct {
        const char *what;
        uint32_t entries, last, outlined, bits, rest,
            cut;             /* of the entries the last one's edges, all of the others' */
        int nearest, within; /* is it right? */
    } cases[] = {{"256 edges", 32, 0xff, 0, 30, 7, 0, 1, 1},
                 {"257 edges", 33, 1, 0, 30, 7, 0, 0, 0},
                 {"256 edges, cut off", 32, 0xff, 0, 30, 7, 2, 0, 0},
                 {"a rest that is none", 32, 0xff, 0, 30, 8, 0, 1, 0},
                 {"three edges, outlined", 1, 7, 3, 30, 0, 0, 1, 1},
                 {"three edges, outlined, cut off", 1, 7, 3, 30, 0, 2, 0, 0},
                 {"three edges, two of them outlined", 1, 7, 2, 30, 0, 0, 0, 0},
                 {"sixteen edges, outlined", 2, 0xff, 16, 30, 0, 0, 1, 1},
                 {"seventeen edges, outlined", 3, 1, 17, 30, 0, 0, 0, 0},
                 {"too many bits", 1, 7, 3, 51, 0, 0, 0, 0},
                 {"no edges", 0, 0, 0, 30, 1, 0, 0, 1}};
    const uint32_t first[] = {0}, owners[] = {UINT32_C(7) << 29};
    const pm_runs runs = {.run_count = 1, .first = first, .owners = owners};
    const pm_field field = {.runs = &runs};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t leaves[80] = {pm_run_leaf_head(cases[i].entries, cases[i].outlined, (int)cases[i].bits, 0),
                               cases[i].rest};
        for (uint32_t k = 0; k < cases[i].entries; k++)
            leaves[PM_RUN_LEAF_HEAD + k] = k + 1 < cases[i].entries ? 0xff : cases[i].last;
        const size_t size = pm_run_leaf_size(cases[i].entries, cases[i].outlined);
        const pm_tree tree = {.leaves = leaves, .leaf_count = size - cases[i].cut + PM_LEAF_SLACK};
        for (int within = 0; within < 2; within++) {
            uint8_t starts[8] = {0};
            const pm_check check = {.tree = &tree, .shapes = &field, .count = 3, .starts = starts};
            const int is_right = within ? cases[i].within : cases[i].nearest;
            tap_ok((within ? pm_within_leaves_check : pm_nearest_leaves_check)(&check) == is_right,
                   "a leaf of %s: %s", within ? "dwithin" : "the nearest", cases[i].what);
        }
    }
}

/* The map of the nearest, or of dwithin, in a block whose edges were left out. */
static void test_map_without_edges(pm_predicate predicate) {
    pm_index *index = small(predicate == PM_NEAREST ? 5 : 6);
    const pm_kind *kind = pm_kind_of(predicate, PM_PLANAR);
    const char *bytes = pm_index_block(index, &(size_t){0});
    for (int without = 0; without < 2; without++) {
        uint64_t sizes[PM_SECTIONS];
        pm_block block;
        for (int name = 0; name < PM_SECTIONS; name++)
            sizes[name] = without && name == PM_SECTION_RUNS ? 0 : section_of(bytes, (pm_section_name)name).size;
        pm_block_plan(&block, kind, PM_FIRST, pm_index_count(index), sizes);
        char *copy = block.bytes = calloc(1, (size_t)block.header.size);
        if (copy == NULL)
            abort();
        for (int name = 0; name < PM_SECTIONS; name++)
            memcpy(copy + block.sections[name].offset, bytes + section_of(bytes, (pm_section_name)name).offset,
                   (size_t)sizes[name]);
        pm_block_seal(&block, kind);
        tap_ok(open_status(copy, (size_t)block.header.size, 1) == (without ? PM_ERR_BLOCK : PM_OK),
               "a map of %s with%s the edges it is made of", kind->name, without ? "out" : "");
        free(copy);
    }
    pm_index_free(index);
}

/* A header that contradicts itself, with a correct checksum: refused without reading the contents. */
static void test_each_header(void) {
    static const struct {
        const char *what;
        size_t offset;
        uint32_t word;
    } forgeries[] = {
        {"no such predicate", offsetof(pm_block_header, predicate), 77},
        {"the predicate of another kind", offsetof(pm_block_header, predicate), PM_CENTER_WITHIN},
        {"no such metric", offsetof(pm_block_header, metric), 2},
        {"no such best", offsetof(pm_block_header, best), 6},
        {"another number of regions", offsetof(pm_block_header, count), 3},
        {"a longer header", offsetof(pm_block_header, header_size), 512},
        {"more sections", offsetof(pm_block_header, section_count), 14},
        {"sections without end", offsetof(pm_block_header, section_count), UINT32_MAX},
        {"compact in another way", offsetof(pm_block_header, is_compact), 2},
        {"a range without a period", offsetof(pm_block_header, range), 1},
        {"a period that is infinite", offsetof(pm_block_header, period) + 4, 0x7ff00000},
        {"a negative period", offsetof(pm_block_header, period) + 4, 0xc0000000},
        {"a section of another name", sizeof(pm_block_header) + sizeof(pm_section), PM_SECTION_DISK_X},
        {"a section somewhere else", sizeof(pm_block_header) + offsetof(pm_section, offset), 512},
        {"a section of another size", sizeof(pm_block_header) + offsetof(pm_section, size), 12},
        {"a section beyond the block", sizeof(pm_block_header) + 3 * sizeof(pm_section) + offsetof(pm_section, size),
         UINT32_MAX},
        {"a section with something reserved", sizeof(pm_block_header) + offsetof(pm_section, reserved), 1},
    };
    pm_index *index = small(1);
    size_t size;
    const void *bytes = pm_index_block(index, &size);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        char *copy = exactly(bytes, size);
        memcpy(copy + forgeries[i].offset, &forgeries[i].word, 4);
        seal(copy, size);
        tap_ok(open_status(copy, size, 0) == PM_ERR_BLOCK, "%s", forgeries[i].what);
        free(copy);
    }
    pm_index_free(index);
    for (size_t radii = 0; radii < 12; radii++) {
        const pm_kind *kind = pm_kind_of(PM_CENTER_WITHIN, PM_PLANAR);
        const pm_options options = {.distance_count = radii};
        pm_build b = {.kind = kind, .count = 10, .options = &options};
        b.sizes[PM_SECTION_IDS] = 10 * sizeof(uint32_t);
        pm_status status = kind->plan(&b, NULL);
        pm_block_plan(&b.block, kind, PM_FIRST, 10, b.sizes);
        size = (size_t)b.block.header.size;
        char *block = b.block.bytes = calloc(1, size);
        if (block == NULL || status)
            abort();
        pm_block_seal(&b.block, kind);
        tap_ok(open_status(block, size, 1) == (radii == 1 || radii == 10 ? PM_OK : PM_ERR_BLOCK),
               "%d radii for 10 disks", (int)radii);
        free(block);
    }
}

/* Rough rings that overlap, so that leaves keep runs of the edges of several. */
static pm_index *rough(void) {
    enum { RINGS = 6, VERTICES = 400 };
    static double coords[2 * RINGS * VERTICES];
    static int64_t rings[RINGS + 1], polygons[RINGS + 1];
    rng r = rng_new(63);
    for (int i = 0; i < RINGS * VERTICES; i++) {
        double angle = 6.283185307179586 * i / VERTICES, radius = 10 + 0.001 * rng_below(&r, 1000);
        coords[2 * i] = radius * cos(angle) + (i - i % VERTICES) / VERTICES;
        coords[2 * i + 1] = radius * sin(angle);
    }
    for (int i = 0; i <= RINGS; i++) {
        rings[i] = i * VERTICES;
        polygons[i] = i;
    }
    const pm_regions regions = {.coords = coords,
                                .coord_count = RINGS * VERTICES,
                                .ring_offsets = rings,
                                .ring_count = RINGS,
                                .polygon_offsets = polygons,
                                .polygon_count = RINGS};
    const pm_options options = {.engine = PM_ENGINE_TREE, .best = PM_FIRST};
    return build(&regions, &options);
}

/* Would a leaf with forged origins make a search read the same edges again and again? */
static void test_origins(void) {
    pm_index *index = rough();
    size_t size;
    const char *block = pm_index_block(index, &size);
    const pm_section section = section_of(block, PM_SECTION_TREE_ORIGINS);
    const size_t origins = (size_t)section.offset;
    const uint32_t *units = (const uint32_t *)(const void *)(block + origins);
    const size_t count = (size_t)section.size / sizeof *units;
    size_t other = 0, twice = 0, last = 0; /* a polygon after that of the origin before, one of two runs, the last */
    for (size_t at = 0, before = 0; at < count; before = at, at += 2 + 2 * (size_t)units[at + 1]) {
        other = units[at] > units[before] && units[at + 1] > 0 ? at : other;
        twice = units[at + 1] > 1 ? at : twice;
        last = at;
    }
    tap_ok(other > 0 && twice > 0 && open_status(block, size, 1) == PM_OK, "%zu units of origins", count);
    const struct {
        const char *what;
        size_t unit;
        uint32_t word;
    } forgeries[] = {{"a polygon before the one before", other, 0},
                     {"a run of another polygon", other + 2, 0},
                     {"a run that goes on into the next polygon", twice + 3, units[twice + 3] + 401},
                     {"a run that begins within the one before", twice + 4, units[twice + 2]},
                     {"a run that ends within the next one", twice + 3, units[twice + 4] - units[twice + 2] + 1},
                     {"no polygon", other, 6},
                     {"runs beyond the origins", last + 1, units[last + 1] + 1},
                     {"runs without end", other + 1, UINT32_MAX}};
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        char *copy = exactly(block, size);
        memcpy(copy + origins + forgeries[i].unit * sizeof *units, &forgeries[i].word, sizeof *units);
        seal(copy, size);
        tap_ok(open_status(copy, size, 1) == PM_ERR_BLOCK, "origins: %s", forgeries[i].what);
        free(copy);
    }
    char *copy = exactly(block, size);
    uint32_t *leaves = (uint32_t *)(void *)(copy + section_of(block, PM_SECTION_TREE_LEAVES).offset);
    size_t at = 0;
    for (pm_leaf leaf; (leaf = pm_leaf_read(leaves + at)).polygon_count == 0 || leaves[at + PM_LEAF_ORIGINS] == 0;)
        at += leaf.polygon_count ? (leaf.vertices + (size_t)leaf.vertex_count + 1) & ~(size_t)1 : 2;
    leaves[at + PM_LEAF_ORIGINS] = 0;
    seal(copy, size);
    tap_ok(open_status(copy, size, 1) == PM_ERR_BLOCK, "origins of another leaf");
    free(copy);
    pm_index_free(index);
}

/* Overwrite a few numbers, most often some that steer a search. */
static void forge(char *block, size_t size, rng *r) {
    static const double doubles[] = {NAN, INFINITY, -INFINITY, 0, -0.0, 1e308, 0x1p-1074, 1, -1};
    const pm_block_header before = *(const pm_block_header *)(void *)block;
    pm_section sections[PM_SECTIONS];
    for (int name = 0; name < PM_SECTIONS; name++)
        sections[name] = section_of(block, (pm_section_name)name);
    for (uint32_t changes = 1 + rng_below(r, 3); changes > 0; changes--) {
        pm_section section = {0, 0, 0, before.header_size};
        if (rng_below(r, 8))
            section = sections[rng_below(r, PM_SECTIONS)];
        if (section.size < 4)
            continue;
        size_t at = (size_t)section.offset + rng_below(r, (uint32_t)section.size / 4) * 4;
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
    seal(block, size);
}

static void test_forgery(void) {
    rng r = rng_new(62);
    tap_count forged = {"forged blocks are refused or answer in range", 0, 0};
    long accepted = 0, by_section = 0;
    for (long i = 0; i < tap_cases(1500, 100000); i++) {
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

/* ---- memory ---- */

static void test_memory(void) {
    pm_index *index = small(1), *out = (pm_index *)(uintptr_t)1;
    size_t size;
    const void *block = pm_index_block(index, &size);
    pm_error err;
    ledger empty = ledger_new(0), p = ledger_new(-1);
    pm_allocator none = ledger_allocator(&empty), counted = ledger_allocator(&p);
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

int main(void) {
    test_round_trip();
    test_same_bytes();
    test_note();
    test_damage();
    test_refusals();
    test_each_check();
    test_map_leaves();
    test_map_without_edges(PM_NEAREST);
    test_map_without_edges(PM_DWITHIN);
    test_origins();
    test_each_header();
    test_forgery();
    test_memory();
    return tap_end();
}
