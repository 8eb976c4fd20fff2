/* block.c — an index as bytes: what is where, and are they still the bytes that were written?
 *
 * A block is a header, a list of sections, and the sections, which are arrays, one after the other at multiples of 64
 * bytes. Nothing in it is an address, so it works wherever it lies: in memory, in a file that is mapped, in a
 * message. The list says of each section what it is, where it begins and how long it is. All of it follows from the
 * kind and the sizes, so a list that differs from what they give is refused: after pm_block_read() every section is
 * known to lie inside the block.
 *
 * The checksum finds damage, not forgery: what bytes with a right checksum may claim is checked by the kind
 * (open.c). Eight lanes take a word of 64 bits each in turn: xor, multiply by an odd number, rotate. These steps are
 * one-to-one, so no change within one word goes unseen; and eight of them overlap, so it takes a fraction of the time
 * that reading from anything but a cache does. */
#include "base/strict.h"

#include "block.h"

#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "input/rank.h"
#include "kind.h"
#include "turns.h"

static const char MAGIC[8] = {'p', 'm', '-', 'i', 'n', 'd', 'e', 'x'};
enum { BYTE_ORDER_MARK = 0x01020304 };

_Static_assert(sizeof(pm_block_header) == 128 && sizeof(pm_section) == 24 && sizeof(double) == 8,
               "a block is the same everywhere");

/* ---- what is where ---- */

static uint64_t align(uint64_t size) {
    return (size + PM_BLOCK_ALIGN - 1) / PM_BLOCK_ALIGN * PM_BLOCK_ALIGN;
}

/* The sections of every block, and after them the kind's own. */
static const pm_section_name COMMON[] = {PM_SECTION_IDS, PM_SECTION_NOTE};
enum { COMMON_COUNT = sizeof COMMON / sizeof *COMMON };

static size_t count_sections(const pm_kind *kind) {
    return COMMON_COUNT + kind->section_count;
}

static pm_section_name section_at(const pm_kind *kind, size_t i) {
    return i < COMMON_COUNT ? COMMON[i] : kind->sections[i - COMMON_COUNT];
}

void pm_block_plan(pm_block *block, const pm_kind *kind, pm_best best, size_t count,
                   const uint64_t sizes[PM_SECTIONS]) {
    const size_t sections = count_sections(kind);
    memset(block, 0, sizeof *block);
    pm_block_header *header = &block->header;
    memcpy(header->magic, MAGIC, sizeof MAGIC);
    header->byte_order = BYTE_ORDER_MARK;
    header->version = PM_BLOCK_VERSION;
    header->header_size = align(sizeof *header + sections * sizeof(pm_section));
    header->predicate = (uint32_t)kind->predicate;
    header->best = (uint32_t)best;
    header->metric = (uint32_t)kind->metric;
    header->is_compact = (uint32_t)kind->is_compact;
    header->count = count;
    header->section_count = sections;
    uint64_t at = header->header_size;
    for (size_t i = 0; i < sections; i++) {
        pm_section_name name = section_at(kind, i);
        block->sections[name] = (pm_section){(uint32_t)name, 0, at, sizes[name]};
        at = align(at + sizes[name]);
    }
    header->size = at;
}

void pm_block_seal(pm_block *block, const pm_kind *kind) {
    unsigned char *at = block->bytes;
    block->header.checksum = 0;
    memset(at, 0, (size_t)block->header.header_size);
    memcpy(at, &block->header, sizeof block->header);
    for (size_t i = 0; i < count_sections(kind); i++)
        memcpy(at + sizeof block->header + i * sizeof(pm_section), &block->sections[section_at(kind, i)],
               sizeof(pm_section));
    block->header.checksum = pm_block_checksum(at, (size_t)block->header.size);
    memcpy(at, &block->header, sizeof block->header);
}

/* What every version starts with: magic, byte order and version. */
static pm_status check_format(const pm_block_header *header, size_t size, pm_error *err) {
    if (size < sizeof MAGIC || memcmp(header->magic, MAGIC, sizeof MAGIC) != 0)
        return pm_fail(err, PM_ERR_BLOCK, -1, "not an index: these %zu bytes do not start as one", size);
    if (size < offsetof(pm_block_header, header_size))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: these %zu bytes end within the header of an index", size);
    if (header->byte_order == UINT32_C(0x04030201))
        return pm_fail(err, PM_ERR_VERSION, -1, "written on a machine of the other byte order: rebuild the index");
    if (header->byte_order != BYTE_ORDER_MARK)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: no known byte order");
    if (header->version != PM_BLOCK_VERSION)
        return pm_fail(err, PM_ERR_VERSION, -1,
                       "written in format %lu, this version of the library reads format %d: rebuild the index",
                       (unsigned long)header->version, PM_BLOCK_VERSION);
    return PM_OK;
}

/* Is the list what a kind makes of the sizes in it? Copies the sections. */
static int read_sections(const unsigned char *bytes, pm_block *block, const pm_kind *kind) {
    const pm_block_header header = block->header;
    const size_t sections = count_sections(kind);
    uint64_t sizes[PM_SECTIONS] = {0};
    pm_section list[PM_SECTIONS];
    if (header.section_count != sections || header.size < align(sizeof header + sections * sizeof *list))
        return 0;
    memcpy(list, bytes + sizeof header, sections * sizeof *list);
    for (size_t i = 0; i < sections; i++) {
        if (list[i].size > header.size) /* so nothing that is planned from it can overflow */
            return 0;
        sizes[section_at(kind, i)] = list[i].size;
    }
    if (sizes[PM_SECTION_IDS] != header.count * sizeof(uint32_t) || !kind->fits(sizes, header.count))
        return 0;
    pm_block_plan(block, kind, (pm_best)header.best, (size_t)header.count, sizes);
    block->header.checksum = header.checksum;
    memcpy(block->header.bounds, header.bounds, sizeof header.bounds);
    memcpy(block->header.range, header.range, sizeof header.range);
    block->header.period = header.period;
    int same = memcmp(&block->header, &header, sizeof header) == 0;
    for (size_t i = 0; i < sections; i++)
        same &= memcmp(&block->sections[section_at(kind, i)], &list[i], sizeof *list) == 0;
    return same;
}

pm_status pm_block_read(const void *bytes, size_t size, pm_block *block, const pm_kind **kind, pm_error *err) {
    pm_block_header *header = &block->header;
    memset(block, 0, sizeof *block);
    memcpy(header, bytes, size < sizeof *header ? size : sizeof *header);
    pm_status status = check_format(header, size, err);
    if (status)
        return status;
    if (size < sizeof *header)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: these %zu bytes end within the header of an index", size);
    if (header->size != size)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: it should have %llu bytes and has %zu",
                       (unsigned long long)header->size, size);
    *kind = pm_kind_of((pm_predicate)header->predicate, (pm_metric)header->metric);
    if (*kind && header->is_compact)
        *kind = (*kind)->compact;
    if (!*kind || !pm_best_rule_of((pm_best)header->best) || header->count > INT32_MAX || size % PM_BLOCK_ALIGN ||
        !pm_period_fits(header->period, header->range) || (header->period != 0 && (*kind)->metric != PM_PLANAR) ||
        !read_sections(bytes, block, *kind))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the header contradicts itself");
    block->bytes = (void *)(uintptr_t)bytes;
    return PM_OK;
}

/* ---- checksum ---- */

/* Prime numbers with random looking bits, those of XXH64 (Collet, 2012). */
static const uint64_t PRIMES[4] = {UINT64_C(0x9E3779B185EBCA87), UINT64_C(0xC2B2AE3D27D4EB4F),
                                   UINT64_C(0x165667B19E3779F9), UINT64_C(0x85EBCA77C2B2AE63)};

enum { LANES = 8 };

static uint64_t word_at(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static uint64_t step(uint64_t lane, uint64_t word) {
    lane = (lane ^ word) * PRIMES[0];
    return lane << 29 | lane >> 35;
}

/* One word into each lane, `lines` times. */
static void add_lines(uint64_t lanes[LANES], const unsigned char *bytes, size_t lines) {
    uint64_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
    uint64_t e = lanes[4], f = lanes[5], g = lanes[6], h = lanes[7];
    for (size_t line = 0; line < lines; line++, bytes += 8 * LANES) {
        a = step(a, word_at(bytes));
        b = step(b, word_at(bytes + 8));
        c = step(c, word_at(bytes + 16));
        d = step(d, word_at(bytes + 24));
        e = step(e, word_at(bytes + 32));
        f = step(f, word_at(bytes + 40));
        g = step(g, word_at(bytes + 48));
        h = step(h, word_at(bytes + 56));
    }
    const uint64_t out[LANES] = {a, b, c, d, e, f, g, h};
    memcpy(lanes, out, sizeof out);
}

uint64_t pm_block_checksum(const void *bytes, size_t size) {
    pm_block_header header;
    memcpy(&header, bytes, sizeof header);
    header.checksum = 0;
    uint64_t lanes[LANES], sum = size * PRIMES[2];
    for (uint64_t i = 0; i < LANES; i++)
        lanes[i] = (i + 1) * PRIMES[1];
    add_lines(lanes, (const unsigned char *)&header, sizeof header / (8 * LANES));
    add_lines(lanes, (const unsigned char *)bytes + sizeof header, (size - sizeof header) / (8 * LANES));
    for (int i = 0; i < LANES; i++) {
        sum = step(sum, lanes[i]) + PRIMES[3];
        sum = (sum ^ sum >> 32) * PRIMES[1];
    }
    return sum ^ sum >> 29;
}
