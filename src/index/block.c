/* block.c — an index as bytes: what stands where, and are they still the bytes that were written?
 *
 * A block is a header and some arrays, one behind the other at multiples of 64 bytes. Nothing in it is an address, so
 * it works wherever it lies: in memory, in a file that is mapped, in a message. The places of all arrays follow from
 * how many items they have. The header lists them all the same, for readers; a table that differs from what the
 * counts give is refused, so behind pm_block_read() every array is known to lie inside the block.
 *
 * The checksum finds damage, not forgery: what bytes with a right checksum may claim is checked in open.c. Eight
 * lanes take a word of 64 bits each in turn: xor, multiply by an odd number, rotate. These steps are one-to-one, so
 * no change within one word goes unseen; and eight of them overlap, so it takes a fraction of the time that reading
 * from anything but a cache does. */
#include "block.h"

#include <stddef.h>
#include <string.h>

#include "scan/polygons.h"
#include "scan/disks.h"
#include "base/status.h"

static const char MAGIC[8] = {'p', 'm', '-', 'i', 'n', 'd', 'e', 'x'};
enum { BYTE_ORDER_MARK = 0x01020304 };

_Static_assert(sizeof(pm_block_header) == 176 + PM_SECTIONS * sizeof(pm_section) &&
                   sizeof(pm_block_header) % PM_BLOCK_ALIGN == 0,
               "the header has no padding and ends where a section may start");
_Static_assert(sizeof(double) == 8 && sizeof(pm_box) == 32, "arrays are the same everywhere");

/* ---- what stands where ---- */

void pm_block_plan(pm_block_header *header, pm_predicate predicate, pm_best best, const pm_block_counts *counts) {
    uint64_t sizes[PM_SECTIONS] = {0};
    sizes[PM_SECTION_IDS] = counts->regions * sizeof(uint32_t);
    if (predicate == PM_COVERS) {
        sizes[PM_SECTION_BOXES] = counts->boxes * sizeof(pm_box);
        sizes[PM_SECTION_POLYGON_OFFSETS] = (counts->regions + 1) * sizeof(uint32_t);
        sizes[PM_SECTION_POLYGON_BOXES] = counts->parts * sizeof(pm_box);
        sizes[PM_SECTION_RING_OFFSETS] = (counts->parts + 1) * sizeof(uint32_t);
        sizes[PM_SECTION_VERTEX_OFFSETS] = (counts->rings + 1) * sizeof(uint32_t);
        sizes[PM_SECTION_VERTICES] = 2 * counts->vertices * sizeof(double);
        sizes[PM_SECTION_SPANS] = 2 * (counts->vertices / PM_SPAN + 1) * sizeof(double);
    } else {
        sizes[PM_SECTION_DISK_X] = counts->regions * sizeof(double);
        sizes[PM_SECTION_DISK_Y] = counts->regions * sizeof(double);
        sizes[PM_SECTION_DISK_RADIUS] = counts->radii * sizeof(double);
        sizes[PM_SECTION_DISK_GRID_X] = PM_DISK_ROOM(counts->regions) * sizeof(int16_t);
        sizes[PM_SECTION_DISK_GRID_Y] = PM_DISK_ROOM(counts->regions) * sizeof(int16_t);
        sizes[PM_SECTION_DISK_REACH] = PM_DISK_ROOM(counts->radii + 1) * sizeof(int16_t);
    }
    sizes[PM_SECTION_TREE_TABLES] = counts->tables * sizeof(uint32_t);
    sizes[PM_SECTION_TREE_LEAVES] = counts->leaves * sizeof(uint32_t);
    sizes[PM_SECTION_TREE_ORIGINS] = counts->origins * sizeof(uint32_t);

    memcpy(header->magic, MAGIC, sizeof MAGIC);
    header->byte_order = BYTE_ORDER_MARK;
    header->version = PM_BLOCK_VERSION;
    header->header_size = sizeof *header;
    header->predicate = (uint32_t)predicate;
    header->best = (uint32_t)best;
    header->count = counts->regions;
    memset(header->reserved, 0, sizeof header->reserved);
    uint64_t at = sizeof *header;
    for (int i = 0; i < PM_SECTIONS; i++) {
        header->sections[i] = (pm_section){at, sizes[i]};
        at = (at + sizes[i] + PM_BLOCK_ALIGN - 1) / PM_BLOCK_ALIGN * PM_BLOCK_ALIGN;
    }
    header->size = at;
}

/* The counts that a table of sections stands for. Sizes that no count gives are found when it is planned again. */
static pm_block_counts counts_of(const pm_block_header *header) {
    const pm_section *s = header->sections;
    pm_block_counts counts = {.regions = header->count,
                              .radii = s[PM_SECTION_DISK_RADIUS].size / sizeof(double),
                              .tables = s[PM_SECTION_TREE_TABLES].size / sizeof(uint32_t),
                              .leaves = s[PM_SECTION_TREE_LEAVES].size / sizeof(uint32_t),
                              .origins = s[PM_SECTION_TREE_ORIGINS].size / sizeof(uint32_t)};
    if (header->predicate == PM_COVERS) {
        counts.boxes = s[PM_SECTION_BOXES].size / sizeof(pm_box);
        counts.parts = s[PM_SECTION_POLYGON_BOXES].size / sizeof(pm_box);
        counts.rings = s[PM_SECTION_VERTEX_OFFSETS].size / sizeof(uint32_t) - 1; /* of 0 bytes: too many */
        counts.vertices = s[PM_SECTION_VERTICES].size / (2 * sizeof(double));
    }
    return counts;
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

pm_status pm_block_read(const void *block, size_t size, pm_block_header *header, pm_block_counts *counts,
                        pm_error *err) {
    memset(header, 0, sizeof *header);
    memcpy(header, block, size < sizeof *header ? size : sizeof *header);
    pm_status status = check_format(header, size, err);
    if (status)
        return status;
    if (size < sizeof *header)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: these %zu bytes end within the header of an index", size);
    if (header->size != size)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: it should have %llu bytes and has %zu",
                       (unsigned long long)header->size, size);
    int known = header->header_size == sizeof *header && header->predicate <= PM_CENTER_WITHIN &&
                header->best <= PM_SCORE_UINT64 && header->count < UINT32_MAX;
    for (int i = 0; i < PM_SECTIONS; i++)
        known &= header->sections[i].size <= size; /* so nothing planned from them can overflow */
    if (known) {
        pm_block_header plan = *header;
        *counts = counts_of(header);
        known = counts->parts < UINT32_MAX && counts->rings < UINT32_MAX && counts->vertices < UINT32_MAX &&
                (header->predicate == PM_COVERS
                     ? counts->boxes == counts->regions || (counts->boxes == 0 && counts->parts == counts->regions)
                     : counts->radii == 1 || counts->radii == counts->regions);
        pm_block_plan(&plan, (pm_predicate)header->predicate, (pm_best)header->best, counts);
        known &= memcmp(&plan, header, sizeof plan) == 0;
    }
    return known ? PM_OK : pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the header contradicts itself");
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

uint64_t pm_block_checksum(const void *block, size_t size) {
    pm_block_header header;
    memcpy(&header, block, sizeof header);
    header.checksum = 0;
    uint64_t lanes[LANES], sum = size * PRIMES[2];
    for (uint64_t i = 0; i < LANES; i++)
        lanes[i] = (i + 1) * PRIMES[1];
    add_lines(lanes, (const unsigned char *)&header, sizeof header / (8 * LANES));
    add_lines(lanes, (const unsigned char *)block + sizeof header, (size - sizeof header) / (8 * LANES));
    for (int i = 0; i < LANES; i++) {
        sum = step(sum, lanes[i]) + PRIMES[3];
        sum = (sum ^ sum >> 32) * PRIMES[1];
    }
    return sum ^ sum >> 29;
}
