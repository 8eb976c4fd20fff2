/* fuzz_open.c: can any bytes that are opened as an index do harm?
 *
 * A small index is built, of any predicate, with a period or without, by some of the bytes, and the rest of the bytes
 * say what to write over its block, where, and how often; or the bytes are a block themselves. Then the checksum is
 * corrected, since no fuzzer guesses one. A block that pm_index_open() refuses must leave *out NULL and a message;
 * one that it accepts must answer a position in range or PM_NO_MATCH for every point, and list such positions. Blocks
 * are in memory of exactly their size. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "index/block.h"
#include "fuzz.h"
#include "tap.h"
#include "tree/tree.h"

static struct {
    long inputs, refused, opened, points, matched, spheres;
} reached;

static void print_reached(void) {
    printf("# %ld inputs: %ld refused, %ld opened, %ld on the sphere; %ld points, %ld matched\n", reached.inputs,
           reached.refused, reached.opened, reached.spheres, reached.points, reached.matched);
}

static void require(int condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "wrong: %s\n", what);
        abort();
    }
}

typedef struct reader {
    const uint8_t *data;
    size_t left;
} reader;

static uint64_t take(reader *r, size_t bytes) { /* 0 where nothing is left */
    uint64_t value = 0;
    for (; bytes > 0; bytes--) {
        value <<= 8;
        if (r->left > 0) {
            r->left--;
            value |= *r->data++;
        }
    }
    return value;
}

/* As many places as there are vertices: enough for a map on the sphere. */
static pm_regions places_of(const double *coords, uint8_t kinds[24], int64_t offsets[25]) {
    for (int64_t i = 0; i <= 24; i++)
        offsets[i] = i;
    memset(kinds, PM_PART_POINT, 24);
    return (pm_regions){.coords = coords,
                        .coord_count = 24,
                        .ring_offsets = offsets,
                        .ring_count = 24,
                        .polygon_offsets = offsets,
                        .polygon_count = 24,
                        .kinds = kinds};
}

/* An index of a few triangles, lines, points or disks on a small grid, which may be on the sphere. */
static pm_index *build(reader *r) {
    double coords[3 * 2 * 8], distance[8], x[8], y[8];
    int64_t rings[9], polygons[9], each[25];
    uint8_t kinds[8], all_points[24];
    size_t mode = take(r, 1), count = mode % 8 + 1;
    for (size_t i = 0; i < 6 * count; i++)
        coords[i] = (double)(take(r, 1) % 16);
    for (size_t i = 0; i < count; i++) {
        x[i] = coords[6 * i];
        y[i] = coords[6 * i + 1];
        distance[i] = (double)(take(r, 1) % 8);
        kinds[i] = (uint8_t)((int)distance[i] % 2);
    }
    for (size_t i = 0; i <= count; i++) {
        rings[i] = 3 * (int64_t)i;
        polygons[i] = (int64_t)i;
    }
    pm_regions regions = {.coords = coords,
                          .coord_count = 3 * count,
                          .ring_offsets = rings,
                          .ring_count = count,
                          .polygon_offsets = polygons,
                          .polygon_count = count};
    const pm_disks disks = {.x = x, .y = y, .area = distance, .count = count};
    const size_t rules = take(r, 1), sphere = rules & 8;
    pm_options options = {.predicate = (pm_predicate)(rules % (PM_NEAREST + 1)),
                          .metric = sphere ? PM_SPHERE : PM_PLANAR};
    if (options.predicate != PM_CENTER_WITHIN || sphere)
        options.engine = mode & 16 ? PM_ENGINE_TREE : PM_ENGINE_SCAN;
    options.compact = options.predicate == PM_COVERS && !sphere && mode & 32;
    options.period = mode & 8 ? (sphere ? 360 : 8) : 0;
    if (options.predicate != PM_COVERS) {
        regions.kinds = mode & 128 ? kinds : NULL;
        options.distance = distance;
        options.distance_count = mode & 64 ? 1 : count;
        for (size_t i = 0; sphere && i < count; i++)
            distance[i] *= 1e5; /* metres */
    }
    if (sphere && options.predicate == PM_NEAREST && count == 8 && mode & 128) {
        regions = places_of(coords, all_points, each);
        options.distance = NULL;
        options.distance_count = 0;
    }
    pm_index *index = NULL;
    pm_status status;
    if (options.predicate == PM_CENTER_WITHIN && mode & 32)
        status = pm_index_build_disks(&disks, &options, &index, NULL);
    else
        status = pm_index_build(&regions, &options, &index, NULL);
    require(status == PM_OK, "the build");
    return index;
}

/* Write over some of it, words at multiples of four bytes: there the numbers are. */
static void overwrite(reader *r, unsigned char *block, size_t size) {
    while (r->left >= 4) {
        size_t how = (size_t)take(r, 1), at = (size_t)take(r, 2) * 4 % size;
        uint64_t value = how & 1 ? take(r, 8) : how & 2 ? take(r, 4) : take(r, 1);
        if (how & 4) { /* a little more or less */
            uint32_t word;
            memcpy(&word, block + at, sizeof word);
            value = word + (value & 8 ? value % 8 : UINT32_MAX - value % 8);
        }
        size_t width = how & 1 && at + 8 <= size ? 8 : 4;
        memcpy(block + at, &value, width);
    }
}

static void list_grid(const pm_index *index, const pm_points *points) {
    int64_t counts[256], ids[512];
    const pm_lists lists = {.counts = counts, .ids = ids, .room = 512};
    size_t done = 0;
    pm_lister *lister = NULL;
    if (pm_lister_build(index, NULL, &lister, NULL))
        return; /* of a compact index */
    require(pm_lister_list(lister, points, 2, &lists, &done, NULL) == PM_OK, "the lists");
    for (size_t i = 0, k = 0; i < done; i++) {
        require(counts[i] >= 0 && counts[i] <= 2, "at most two");
        for (int64_t j = 0; j < counts[i]; j++, k++)
            require(ids[k] >= 0 && ids[k] < (int64_t)pm_index_count(index), "a candidate in range");
    }
    pm_lister_free(lister);
}

static void match_grid(const pm_index *index) {
    double x[256], y[256], distances[256];
    int64_t out[256];
    for (size_t i = 0; i < 256; i++) {
        x[i] = (double)(i % 16) + (i % 3 ? 0.25 : 0);
        y[i] = (double)(i / 16) + (i % 5 ? 0.125 : 0);
    }
    x[255] = 1e300;
    y[254] = -1e-300;
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = 256};
    pm_index_match(index, &points, out);
    for (size_t i = 0; i < 256; i++) {
        require(out[i] >= PM_NO_MATCH && out[i] < (int64_t)pm_index_count(index), "an answer in range");
        if (i % 8 == 0)
            require(pm_index_match_one(index, x[i], y[i]) == out[i], "the answer of one point");
        reached.points++;
        reached.matched += out[i] >= 0;
    }
    if (pm_index_match_distances(index, &points, out, distances, NULL) == PM_OK)
        for (size_t i = 0; i < 256; i++)
            require(out[i] >= PM_NO_MATCH && out[i] < (int64_t)pm_index_count(index), "an answer with a distance");
    list_grid(index, &points);
}

static void try(const void *bytes, size_t size) {
    pm_index *index = (pm_index *)(uintptr_t)1;
    pm_error err = {PM_OK, 0, ""};
    void *copy = malloc(size ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    pm_status status = pm_index_open(copy, size, 1, NULL, &index, &err);
    if (status == PM_OK) {
        reached.opened++;
        reached.spheres += pm_index_metric(index) == PM_SPHERE;
        match_grid(index);
        pm_index_free(index);
    } else {
        require((status == PM_ERR_BLOCK || status == PM_ERR_VERSION) && index == NULL && err.status == status &&
                    err.message[0],
                "the refusal");
        reached.refused++;
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader r = {data, size};
    if (reached.inputs++ == 0)
        atexit(print_reached);
    try(data, size);
    pm_index *index = build(&r);
    size_t length;
    const void *block = pm_index_block(index, &length);
    unsigned char *copy = malloc(length);
    if (copy == NULL)
        abort();
    memcpy(copy, block, length);
    overwrite(&r, copy, length);
    pm_block_header *header = (pm_block_header *)(void *)copy;
    header->checksum = pm_block_checksum(copy, length);
    try(copy, length);
    free(copy);
    pm_index_free(index);
    return 0;
}

/* ---- without libFuzzer --------------------------------------------------------------------------------- */

const fuzz_sizes fuzz_made_up = {82, 60, 90};

int fuzz_reached(long count) {
    tap_ok(reached.opened > count / 20 && reached.refused > count, "%ld opened, %ld refused", reached.opened,
           reached.refused);
    tap_ok(reached.spheres > count / 64, "%ld on the sphere", reached.spheres);
    tap_ok(reached.matched > count, "%ld of %ld points were matched", reached.matched, reached.points);
    return tap_end();
}
