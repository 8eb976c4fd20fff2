/* vertices.h — the vertices of a compact index: whole numbers of a grid, in chunks of few bits. See vertices.c. */
#ifndef PM_VERTICES_H
#define PM_VERTICES_H

#include <stddef.h>
#include <stdint.h>

/* What is done for compact vertices only stays out of the way of what is done for all: inlined, it costs points that
 * are matched one by one 5 % more instructions. */
#if defined(__GNUC__)
#define PM_COMPACT_ONLY __attribute__((noinline, cold))
#else
#define PM_COMPACT_ONLY
#endif

enum { PM_CHUNK = 32 };

/* What a chunk is: the two high bits of its entry; the other 30 are its value. */
enum {
    PM_CHUNK_STORED = 0,  /* value: the bits before its own, a multiple of 32, by 32 */
    PM_CHUNK_COPY = 1,    /* value: the vertex that its first one is a copy of; the next ones follow there */
    PM_CHUNK_BACKWARD = 2 /* as PM_CHUNK_COPY; there they come before */
};

static inline uint32_t pm_chunk_entry(uint32_t what, uint32_t value) {
    return what << 30 | value;
}

static inline uint32_t pm_chunk_what(uint32_t entry) {
    return entry >> 30;
}

static inline uint32_t pm_chunk_value(uint32_t entry) {
    return entry & 0x3fffffff;
}

/* How many fractions of a unit: a coordinate is its whole number divided by `divisor`. With 0 its bits themselves, as
 * an integer of the same order, are the number. */
typedef struct pm_grid {
    double divisor;
    int64_t min[2];         /* of x and y; what a stored chunk begins with counts from there */
    uint32_t first_bits[2]; /* that this takes */
} pm_grid;

typedef struct pm_vertices {
    size_t count;
    pm_grid grid;
    const uint32_t *entries; /* of each chunk */
    const uint64_t *words;   /* the last is 0 */
    size_t word_count;
} pm_vertices;

static inline size_t pm_chunk_count(size_t vertices) {
    return (vertices + PM_CHUNK - 1) / PM_CHUNK;
}

/* The number of a coordinate that is on the grid. */
int64_t pm_grid_number(const pm_grid *grid, double coordinate);

/* A difference of numbers as an unsigned number, small for small ones of both signs. */
static inline uint64_t pm_zigzag(uint64_t difference) {
    return difference << 1 ^ (0 - (difference >> 63));
}

/* How many bits a stored chunk's steps take is in this many bits each, before its first vertex. */
enum { PM_WIDTH_BITS = 7 };

/* Write vertices [first, first + count) as x y x y ... */
void pm_vertices_read(const pm_vertices *vertices, size_t first, size_t count, double *out);

/* May they be read, wherever they come from? Every entry leads to bits that are there, and all coordinates are
 * finite. */
int pm_vertices_check(const pm_vertices *vertices);

#endif
