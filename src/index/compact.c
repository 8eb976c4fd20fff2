/* compact.c — how does an index of polygons become a compact one?
 *
 * First the grid: the least power of ten, or else of two, whose fractions all coordinates are. Then the chunks of
 * vertices (scan/vertices.c): one whose vertices all lie somewhere before, in the same order or backward, becomes a
 * reference; so a border of two regions is stored once, wherever both have long stretches of it. Vertices are found
 * by a table of hashes. The others are stored as steps, counted first and written when their place is known.
 *
 * Tree, ids and note are copied. The tree was painted towards pm_compact_tree_goal(), so its leaves are as large as
 * they can be: of time zones it takes 16 MB instead of 76. It is larger than that where the largest leaves need more,
 * since leaves that ask the vertices themselves take 300 times as long: 5 us per point for countries of 99,293
 * vertices. */
#include "base/strict.h"

#include "kind_compact.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

/* Numbers beyond this are not all doubles. */
static const double MOST_NUMBER = 0x1p53;

size_t pm_compact_tree_goal(size_t vertices, size_t regions) {
    return 2 * vertices + 160 * regions + (64 << 10);
}

/* ---- the grid ---- */

static int is_on_grid(double coordinate, double divisor) {
    double number = nearbyint(coordinate * divisor);
    return fabs(number) <= MOST_NUMBER && number / divisor == coordinate;
}

/* Let the divisor grow by `factor` until all coordinates are on the grid; 0 when it exceeds `most`. */
static double grow_divisor(const double *coordinates, size_t count, double divisor, double factor, double most) {
    for (size_t i = 0; i < count; i++)
        while (!is_on_grid(coordinates[i], divisor)) {
            divisor *= factor;
            if (divisor > most)
                return 0;
        }
    for (size_t i = 0; i < count; i++) /* a coarse number may be too large for a fine grid */
        if (!is_on_grid(coordinates[i], divisor))
            return 0;
    return divisor;
}

static uint32_t bits_of_number(uint64_t number) {
    uint32_t bits = 0;
    for (; number; number >>= 1)
        bits++;
    return bits;
}

static pm_grid choose_grid(const double *coordinates, size_t count) {
    pm_grid grid = {.divisor = grow_divisor(coordinates, count, 1, 10, 1e15)};
    if (grid.divisor == 0)
        grid.divisor = grow_divisor(coordinates, count, 0x1p-1000, 2, 0x1p1000);
    int64_t max[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        int64_t number = pm_grid_number(&grid, coordinates[i]);
        if (i < 2 || number < grid.min[i % 2])
            grid.min[i % 2] = number;
        if (i < 2 || number > max[i % 2])
            max[i % 2] = number;
    }
    for (int k = 0; k < 2; k++)
        grid.first_bits[k] = bits_of_number((uint64_t)max[k] - (uint64_t)grid.min[k]);
    return grid;
}

/* ---- chunks ---- */

typedef struct compactor {
    const double *vertices;
    size_t count;
    pm_grid grid;
    uint32_t *entries;
    uint64_t half_words; /* of 32 bits, that stored chunks take */
    uint32_t *heads;     /* by hash: the last vertex of a stored chunk, + 1 */
    uint32_t *next;      /* of a vertex: the one before it with the same hash, + 1 */
    size_t mask;
    pm_poll *poll;
} compactor;

enum { MOST_TRIED = 16 };

static size_t vertex_hash(const compactor *c, size_t i) {
    uint64_t x = (uint64_t)pm_grid_number(&c->grid, c->vertices[2 * i]);
    uint64_t y = (uint64_t)pm_grid_number(&c->grid, c->vertices[2 * i + 1]);
    x = (x * UINT64_C(0x9e3779b97f4a7c15)) ^ (y * UINT64_C(0xc2b2ae3d27d4eb4f));
    return (size_t)(x ^ x >> 32) & c->mask;
}

static int same_vertex_as(const compactor *c, size_t a, size_t b) {
    return c->vertices[2 * a] == c->vertices[2 * b] && c->vertices[2 * a + 1] == c->vertices[2 * b + 1];
}

static int is_stored(const compactor *c, size_t vertex, size_t chunk) {
    return vertex / PM_CHUNK < chunk && pm_chunk_what(c->entries[vertex / PM_CHUNK]) == PM_CHUNK_STORED;
}

/* Are the vertices from `first` on also at `other`, one after the other or backward, in stored chunks? */
static int is_copied(const compactor *c, size_t first, size_t count, size_t other, int backward) {
    const size_t chunk = first / PM_CHUNK;
    if (backward ? other + 1 < count : other + count > c->count)
        return 0;
    const size_t last = backward ? other - (count - 1) : other + (count - 1);
    if (!is_stored(c, other, chunk) || !is_stored(c, last, chunk))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!same_vertex_as(c, first + i, backward ? other - i : other + i))
            return 0;
    return 1;
}

/* The entry of a chunk whose vertices are elsewhere; 0 when they are not. */
static int find_copy(const compactor *c, size_t first, size_t count, uint32_t *entry) {
    uint32_t other = c->heads[vertex_hash(c, first)];
    for (int tried = 0; other > 0 && tried < MOST_TRIED; tried++, other = c->next[other - 1])
        for (uint32_t backward = 0; backward < 2; backward++)
            if (is_copied(c, first, count, other - 1, (int)backward)) {
                *entry = pm_chunk_entry(backward ? PM_CHUNK_BACKWARD : PM_CHUNK_COPY, other - 1);
                return 1;
            }
    return 0;
}

static uint64_t step_to(const compactor *c, size_t i, int k) {
    return pm_zigzag((uint64_t)pm_grid_number(&c->grid, c->vertices[2 * i + (size_t)k]) -
                     (uint64_t)pm_grid_number(&c->grid, c->vertices[2 * i + (size_t)k - 2]));
}

/* The bits of the largest steps. */
static void step_widths(const compactor *c, size_t first, size_t count, uint32_t bits[2]) {
    uint64_t all[2] = {0, 0};
    for (size_t i = first + 1; i < first + count; i++)
        for (int k = 0; k < 2; k++)
            all[k] |= step_to(c, i, k);
    bits[0] = bits_of_number(all[0]);
    bits[1] = bits_of_number(all[1]);
}

/* Say what each chunk is. 0 when they take more than an entry can name, or the poll says stop. */
static int plan_chunks(compactor *c) {
    for (size_t first = 0; first < c->count; first += PM_CHUNK) {
        const size_t count = c->count - first < PM_CHUNK ? c->count - first : PM_CHUNK;
        uint32_t *entry = &c->entries[first / PM_CHUNK], bits[2];
        if (pm_poll_after(c->poll, 4 * PM_CHUNK))
            return 0;
        if (find_copy(c, first, count, entry))
            continue;
        if (c->half_words >> 30)
            return 0;
        *entry = pm_chunk_entry(PM_CHUNK_STORED, (uint32_t)c->half_words);
        step_widths(c, first, count, bits);
        const uint64_t size = 2 * PM_WIDTH_BITS + (uint64_t)c->grid.first_bits[0] + c->grid.first_bits[1] +
                              (count - 1) * (uint64_t)(bits[0] + bits[1]);
        c->half_words += (size + 31) / 32;
        for (size_t i = first; i < first + count; i++) {
            uint32_t *head = &c->heads[vertex_hash(c, i)];
            c->next[i] = *head;
            *head = (uint32_t)i + 1;
        }
    }
    return 1;
}

typedef struct writer {
    uint64_t *words; /* zeros */
    uint64_t at;
} writer;

static void write_bits(writer *w, uint64_t value, uint32_t bits) {
    uint64_t *word = w->words + (w->at >> 6);
    const uint32_t shift = (uint32_t)(w->at & 63);
    word[0] |= value << shift;
    if (shift + bits > 64)
        word[1] |= value >> (64 - shift);
    w->at += bits;
}

static void write_chunks(const compactor *c, uint64_t *words) {
    for (size_t first = 0; first < c->count; first += PM_CHUNK) {
        const size_t count = c->count - first < PM_CHUNK ? c->count - first : PM_CHUNK;
        const uint32_t entry = c->entries[first / PM_CHUNK];
        uint32_t bits[2];
        if (pm_chunk_what(entry) != PM_CHUNK_STORED)
            continue;
        if (pm_poll_after(c->poll, 2 * PM_CHUNK))
            return;
        writer w = {words, (uint64_t)pm_chunk_value(entry) * 32};
        step_widths(c, first, count, bits);
        for (int k = 0; k < 2; k++)
            write_bits(&w, bits[k], PM_WIDTH_BITS);
        for (int k = 0; k < 2; k++)
            write_bits(
                &w, (uint64_t)pm_grid_number(&c->grid, c->vertices[2 * first + (size_t)k]) - (uint64_t)c->grid.min[k],
                c->grid.first_bits[k]);
        for (size_t i = first + 1; i < first + count; i++)
            for (int k = 0; k < 2; k++)
                write_bits(&w, step_to(c, i, k), bits[k]);
    }
}

/* ---- the index ---- */

/* What is the same in both. */
static void copy_sections(const pm_block *from, const pm_block *to) {
    for (int name = 0; name < PM_SECTIONS; name++)
        if (name != PM_SECTION_COMPACT && to->sections[name].size > 0)
            memcpy(pm_block_array(to, (pm_section_name)name), pm_block_array(from, (pm_section_name)name),
                   (size_t)to->sections[name].size);
}

static pm_status write_index(const compactor *c, const pm_index *plain, const pm_block *from,
                             const pm_options *options, pm_index **out, pm_error *err) {
    const pm_compact_head head = {c->count, (c->half_words + 1) / 2 + 1, c->grid};
    uint64_t sizes[PM_SECTIONS];
    pm_block block;
    for (int name = 0; name < PM_SECTIONS; name++)
        sizes[name] = from->sections[name].size;
    sizes[PM_SECTION_COMPACT] = pm_compact_size(&head);
    pm_block_plan(&block, plain->kind->compact, plain->best, plain->count, sizes);
    if (options->max_bytes > 0 && block.header.size > options->max_bytes)
        return pm_fail(err, PM_ERR_SIZE, -1, "the compact index takes %llu bytes, max_bytes is %zu",
                       (unsigned long long)block.header.size, options->max_bytes);
    pm_index *index = pm_index_new(plain->kind->compact, options->allocator);
    if (!index || !pm_index_allocate(index, &block, options->allocator)) {
        pm_index_free(index);
        return PM_ERR_NO_MEMORY;
    }
    memset(block.bytes, 0, (size_t)block.header.size);
    memcpy(block.header.bounds, plain->bounds, sizeof plain->bounds);
    memcpy(block.header.range, plain->range, sizeof plain->range);
    block.header.period = plain->period;
    copy_sections(from, &block);
    pm_compact_head *section = pm_block_array(&block, PM_SECTION_COMPACT);
    *section = head;
    memcpy(section + 1, c->entries, pm_chunk_count(c->count) * sizeof *c->entries);
    write_chunks(c, (uint64_t *)section + (pm_compact_size(&head) / 8 - head.word_count));
    if (c->poll->stopped) {
        pm_index_free(index);
        return PM_ERR_STOPPED;
    }
    pm_block_seal(&block, plain->kind->compact);
    pm_index_use(index, &block);
    if (!pm_index_rank(index)) {
        pm_index_free(index);
        return PM_ERR_NO_MEMORY;
    }
    *out = index;
    return PM_OK;
}

pm_status pm_index_compact(pm_index **index, const pm_options *options, pm_poll *poll, pm_error *err) {
    const pm_allocator *allocator = options->allocator;
    pm_index *plain = *index, *made = NULL;
    const pm_kind *kind;
    pm_block from;
    pm_status status = pm_block_read(plain->block, plain->size, &from, &kind, err);
    if (status)
        return status;
    compactor c = {.vertices = pm_block_array(&from, PM_SECTION_VERTICES),
                   .count = (size_t)from.sections[PM_SECTION_VERTICES].size / (2 * sizeof(double)),
                   .poll = poll};
    if (c.count >> 30)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu vertices (rings closed) are too many for a compact index",
                       c.count);
    for (c.mask = 1; c.mask < c.count; c.mask *= 2) {
    }
    c.entries = pm_allocate(allocator, (pm_chunk_count(c.count) + 1) * sizeof *c.entries);
    c.heads = pm_allocate(allocator, c.mask * sizeof *c.heads);
    c.next = pm_allocate(allocator, (c.count + 1) * sizeof *c.next);
    if (!c.entries || !c.heads || !c.next) {
        status = PM_ERR_NO_MEMORY;
        goto done;
    }
    memset(c.heads, 0, c.mask * sizeof *c.heads);
    c.mask--;
    c.grid = choose_grid(c.vertices, 2 * c.count);
    if (plan_chunks(&c))
        status = write_index(&c, plain, &from, options, &made, err);
    else if (poll->stopped)
        status = PM_ERR_STOPPED;
    else
        status = pm_fail(err, PM_ERR_ARGUMENT, -1, "the vertices are too many for a compact index");
done:
    pm_release(allocator, c.entries);
    pm_release(allocator, c.heads);
    pm_release(allocator, c.next);
    if (status == PM_ERR_NO_MEMORY)
        return pm_fail(err, status, -1, "out of memory for the compact index of %zu vertices", c.count);
    if (status == PM_ERR_STOPPED)
        return pm_build_stopped(err);
    if (!status) {
        pm_index_free(plain);
        *index = made;
    }
    return status;
}
