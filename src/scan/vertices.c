/* vertices.c — what are the coordinates of these vertices, when few of their bytes are kept?
 *
 * Most coordinates come from a grid: GeoJSON has a fixed number of digits, OpenStreetMap seven, others are integers
 * or binary fractions. A vertex is then two whole numbers, and the doubles are those numbers divided by one power of
 * ten or of two, correctly rounded: exactly what was given, or the builder (compact.c) takes the bits of the doubles
 * as the numbers. From one vertex to the next the numbers change little, so 32 vertices, a *chunk*, are the first one
 * and the steps between them, in as many bits as the largest step of the chunk takes. A border that two regions share
 * is there once: the second time a chunk only says where its vertices are, forward or backward, in chunks that are
 * stored. Time zones take 1.8 bytes per vertex instead of 16.
 *
 * To read one vertex the steps before it are added, which costs some 2 ns each. Only points next to an edge ask for
 * vertices, all others are answered by the tree. */
#include "base/strict.h"

#include "vertices.h"

#include <math.h>
#include <string.h>

int64_t pm_grid_number(const pm_grid *grid, double coordinate) {
    if (grid->divisor != 0)
        return (int64_t)nearbyint(coordinate * grid->divisor);
    uint64_t bits;
    memcpy(&bits, &coordinate, sizeof bits);
    return (int64_t)(bits >> 63 ? ~bits ^ UINT64_C(1) << 63 : bits);
}

/* The coordinate that has a number. */
static double coordinate_of(const pm_grid *grid, int64_t number) {
    if (grid->divisor != 0)
        return (double)number / grid->divisor;
    uint64_t bits = number < 0 ? ~((uint64_t)number ^ UINT64_C(1) << 63) : (uint64_t)number;
    double coordinate;
    memcpy(&coordinate, &bits, sizeof coordinate);
    return coordinate;
}

/* Where a reader is in the words. */
typedef struct reader {
    const uint64_t *words;
    uint64_t at; /* in bits */
} reader;

static inline uint64_t read_bits(reader *r, uint32_t bits) {
    const uint64_t *word = r->words + (r->at >> 6);
    const uint32_t shift = (uint32_t)(r->at & 63);
    uint64_t value = word[0] >> shift | word[1] << 1 << (63 - shift);
    r->at += bits;
    return bits ? value << (64 - bits) >> (64 - bits) : 0;
}

static inline uint64_t unzigzag(uint64_t step) {
    return step >> 1 ^ (0 - (step & 1));
}

/* Vertices [from, from + count) of a chunk that is stored. */
static void read_stored(const pm_vertices *v, size_t chunk, size_t from, size_t count, double *out) {
    reader r = {v->words, (uint64_t)pm_chunk_value(v->entries[chunk]) * 32};
    const uint32_t x_bits = (uint32_t)read_bits(&r, PM_WIDTH_BITS), y_bits = (uint32_t)read_bits(&r, PM_WIDTH_BITS);
    uint64_t x = (uint64_t)v->grid.min[0] + read_bits(&r, v->grid.first_bits[0]);
    uint64_t y = (uint64_t)v->grid.min[1] + read_bits(&r, v->grid.first_bits[1]);
    for (size_t i = 0;; i++) {
        if (i >= from) {
            out[0] = coordinate_of(&v->grid, (int64_t)x);
            out[1] = coordinate_of(&v->grid, (int64_t)y);
            out += 2;
        }
        if (i + 1 == from + count)
            return;
        x += unzigzag(read_bits(&r, x_bits));
        y += unzigzag(read_bits(&r, y_bits));
    }
}

/* Vertices [first, first + count), all of chunks that are stored. */
static void read_all_stored(const pm_vertices *v, size_t first, size_t count, double *out) {
    while (count > 0) {
        size_t from = first % PM_CHUNK, some = PM_CHUNK - from < count ? PM_CHUNK - from : count;
        read_stored(v, first / PM_CHUNK, from, some, out);
        first += some;
        count -= some;
        out += 2 * some;
    }
}

static void turn_round(double *vertices, size_t count) {
    for (size_t i = 0; i < count / 2; i++)
        for (size_t k = 0; k < 2; k++) {
            double *one = vertices + 2 * i + k, *other = vertices + 2 * (count - 1 - i) + k, kept = *one;
            *one = *other;
            *other = kept;
        }
}

void pm_vertices_read(const pm_vertices *v, size_t first, size_t count, double *out) {
    while (count > 0) {
        size_t from = first % PM_CHUNK, some = PM_CHUNK - from < count ? PM_CHUNK - from : count;
        const uint32_t entry = v->entries[first / PM_CHUNK];
        if (pm_chunk_what(entry) == PM_CHUNK_STORED) {
            read_stored(v, first / PM_CHUNK, from, some, out);
        } else if (pm_chunk_what(entry) == PM_CHUNK_COPY) {
            read_all_stored(v, pm_chunk_value(entry) + from, some, out);
        } else {
            read_all_stored(v, pm_chunk_value(entry) - from - (some - 1), some, out);
            turn_round(out, some);
        }
        first += some;
        count -= some;
        out += 2 * some;
    }
}

/* ---- what comes from elsewhere ---- */

/* Are the bits of `count` vertices there? */
static int stored_is_right(const pm_vertices *v, size_t chunk, size_t count) {
    const uint64_t end = ((uint64_t)v->word_count - 1) * 64, begin = (uint64_t)pm_chunk_value(v->entries[chunk]) * 32;
    reader r = {v->words, begin};
    if (begin + (uint64_t)2 * PM_WIDTH_BITS > end)
        return 0;
    uint64_t x_bits = read_bits(&r, PM_WIDTH_BITS), y_bits = read_bits(&r, PM_WIDTH_BITS);
    return x_bits <= 64 && y_bits <= 64 &&
           r.at + v->grid.first_bits[0] + v->grid.first_bits[1] + (count - 1) * (x_bits + y_bits) <= end;
}

/* Is each of the chunks with these vertices, the first and the last of few, stored? */
static int are_stored(const pm_vertices *v, size_t first, size_t last) {
    return pm_chunk_what(v->entries[first / PM_CHUNK]) == PM_CHUNK_STORED &&
           pm_chunk_what(v->entries[last / PM_CHUNK]) == PM_CHUNK_STORED;
}

int pm_vertices_check(const pm_vertices *v) {
    double out[2 * PM_CHUNK];
    if (v->grid.first_bits[0] > 64 || v->grid.first_bits[1] > 64 || !(v->grid.divisor >= 0) || isinf(v->grid.divisor))
        return 0;
    for (size_t first = 0; first < v->count; first += PM_CHUNK) {
        const size_t count = v->count - first < PM_CHUNK ? v->count - first : PM_CHUNK,
                     value = pm_chunk_value(v->entries[first / PM_CHUNK]);
        switch (pm_chunk_what(v->entries[first / PM_CHUNK])) {
        case PM_CHUNK_STORED:
            if (!stored_is_right(v, first / PM_CHUNK, count))
                return 0;
            read_stored(v, first / PM_CHUNK, 0, count, out);
            for (size_t i = 0; i < 2 * count; i++)
                if (!isfinite(out[i]))
                    return 0;
            break;
        case PM_CHUNK_COPY:
            if (value >= v->count || count > v->count - value || !are_stored(v, value, value + count - 1))
                return 0;
            break;
        case PM_CHUNK_BACKWARD:
            if (value >= v->count || value < count - 1 || !are_stored(v, value - (count - 1), value))
                return 0;
            break;
        default:
            return 0;
        }
    }
    return 1;
}
