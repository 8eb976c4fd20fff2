/* The counties in C: in_c INDEX POINTS prints one line of JSON. The digest is that of poly_match.digest(ids,
 * ordered=True): the sum of h(h(place) + id) modulo 2^64, h(w) being the output of SplitMix64 for the state w. */
#define _POSIX_C_SOURCE 200809L
#include "polymatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURNS = 5 };

static uint64_t mix(uint64_t word) {
    uint64_t state = word + 0x9E3779B97F4A7C15u;
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9u;
    state = (state ^ state >> 27) * 0x94D049BB133111EBu;
    return state ^ state >> 31;
}

/* The bytes of a file, at a multiple of 64; ends the program when it can't be read. */
static void *contents(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        exit(2);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = aligned_alloc(64, (*size + 63) / 64 * 64);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        exit(2);
    fclose(file);
    return bytes;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3)
        return 2;
    size_t block_size, points_size;
    void *block = contents(arguments[1], &block_size);
    double *xy = contents(arguments[2], &points_size);
    const size_t count = points_size / (2 * sizeof *xy);
    int64_t *ids = malloc(count * sizeof *ids);
    pm_index *index;
    pm_error err;
    if (!ids || pm_index_open(block, block_size, 1, NULL, &index, &err) != PM_OK) {
        fprintf(stderr, "%s\n", ids ? err.message : "no memory");
        return 1;
    }
    double least = 1e9;
    for (int turn = 0; turn < TURNS; turn++) {
        const pm_points points = {.x = xy, .y = xy + 1, .x_stride = 16, .y_stride = 16, .count = count};
        const double start = now();
        pm_index_match(index, &points, ids);
        const double taken = now() - start;
        least = taken < least ? taken : least;
    }
    uint64_t digest = 0;
    for (size_t i = 0; i < count; i++)
        digest += mix(mix(i) + (uint64_t)ids[i]);
    printf("{\"host\": \"C\", \"points\": %zu, \"seconds\": %.6f, \"digest\": \"0x%" PRIx64 "\"}\n", count, least,
           digest);
    pm_index_free(index);
    free(ids);
    free(xy);
    free(block);
    return 0;
}
