/* block.h — an index as bytes: which arrays it has, where they are, and whether the bytes are still those that were
 * written. See block.c. */
#ifndef PM_BLOCK_H
#define PM_BLOCK_H

#include "polymatch.h"

typedef struct pm_kind pm_kind;

/* Another number whenever the meaning of any byte changes. */
enum { PM_BLOCK_VERSION = 9, PM_BLOCK_ALIGN = 64 };

/* What an array is. The numbers are stored in blocks: a new name goes to the end. Which of them a block has, and in
 * which order, is for the kind of its shapes to say (kind.h). */
typedef enum pm_section_name {
    PM_SECTION_IDS, /* of every block: rank -> position in the input */
    PM_SECTION_BOXES,
    PM_SECTION_POLYGON_OFFSETS,
    PM_SECTION_POLYGON_BOXES,
    PM_SECTION_RING_OFFSETS,
    PM_SECTION_VERTEX_OFFSETS,
    PM_SECTION_VERTICES,
    PM_SECTION_SPANS,
    PM_SECTION_DISK_X,
    PM_SECTION_DISK_Y,
    PM_SECTION_DISK_RADIUS,
    PM_SECTION_DISK_GRID, /* the map from coordinates to the grid */
    PM_SECTION_DISK_GRID_X,
    PM_SECTION_DISK_GRID_Y,
    PM_SECTION_DISK_REACH,
    PM_SECTION_TREE_ROOT,
    PM_SECTION_TREE_TABLES,
    PM_SECTION_TREE_LEAVES,
    PM_SECTION_TREE_ORIGINS,
    PM_SECTION_NOTE, /* of every block: bytes that belong to the caller */
    PM_SECTION_LIMITS,
    PM_SECTION_RANKS, /* position in the input -> rank */
    PM_SECTION_DISTANCE_MAP,
    PM_SECTION_RUNS,
    PM_SECTION_KINDS, /* of each polygon, where not all are polygons */
    PM_SECTION_NEAR_ROOT,
    PM_SECTION_NEAR_TABLES,
    PM_SECTION_NEAR_LEAVES,
    PM_SECTION_NEAR_ORIGINS,
    PM_SECTION_SITES,
    PM_SECTION_ARCS, /* edges on the sphere */
    PM_SECTION_CAPS,
    PM_SECTION_COMPACT, /* vertices as whole numbers */
    PM_SECTIONS
} pm_section_name;

/* An entry of the list of sections, which follows the header. */
typedef struct pm_section {
    uint32_t name;
    uint32_t reserved; /* 0 */
    uint64_t offset;   /* from the start of the block, a multiple of PM_BLOCK_ALIGN */
    uint64_t size;     /* in bytes; zeros fill up to the next section */
} pm_section;

/* The first bytes of a block. No padding. */
typedef struct pm_block_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version;
    uint64_t header_size; /* with the list of sections, and zeros up to a multiple of PM_BLOCK_ALIGN */
    uint64_t size;        /* of the whole block */
    uint64_t checksum;    /* of the whole block with this field 0 */
    uint32_t predicate;
    uint32_t best;
    uint64_t count; /* regions */
    double bounds[4];
    uint64_t section_count;
    double period;   /* 0: none */
    double range[2]; /* with a period: least and greatest finite x that can match */
    uint32_t metric;
    uint32_t is_compact;
} pm_block_header;

/* A block and a copy of what its header says, so that nothing of it has to be read from the block twice. */
typedef struct pm_block {
    void *bytes; /* NULL while it is only planned */
    pm_block_header header;
    pm_section sections[PM_SECTIONS]; /* by name; all 0 for those that the kind doesn't have */
} pm_block;

/* Where an array is. Writing to it is for who owns the block. */
static inline void *pm_block_array(const pm_block *block, pm_section_name name) {
    return (void *)((uintptr_t)block->bytes + (uintptr_t)block->sections[name].offset);
}

/* Plan a block: everything but bytes, checksum and bounds follows from the sizes of its sections. */
void pm_block_plan(pm_block *block, const pm_kind *kind, pm_best best, size_t count,
                   const uint64_t sizes[PM_SECTIONS]);

/* Write the header, the list of sections and, when all else is written, the checksum. */
void pm_block_seal(pm_block *block, const pm_kind *kind);

/* The checksum that `size` bytes (a multiple of 64, with a header) should have. */
uint64_t pm_block_checksum(const void *bytes, size_t size);

/* Is this a block that this library wrote, as far as the header shows? Then every section lies inside and has a size
 * that fits its kind. PM_OK, PM_ERR_BLOCK or PM_ERR_VERSION. */
pm_status pm_block_read(const void *bytes, size_t size, pm_block *block, const pm_kind **kind, pm_error *err);

#endif
