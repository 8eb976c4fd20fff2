/* block.h — an index as bytes: what stands where, and whether the bytes are still those that were written. See
 * block.c. */
#ifndef PM_BLOCK_H
#define PM_BLOCK_H

#include "polymatch.h"

/* Another number whenever the meaning of any byte changes. */
enum { PM_BLOCK_VERSION = 1 };

/* The arrays, in the order in which they stand. The tree's are last: they are added when the others are there. */
typedef enum pm_section_name {
    PM_SECTION_IDS,
    PM_SECTION_BOXES, /* of the covers */
    PM_SECTION_POLYGON_OFFSETS,
    PM_SECTION_POLYGON_BOXES,
    PM_SECTION_RING_OFFSETS,
    PM_SECTION_VERTEX_OFFSETS,
    PM_SECTION_VERTICES,
    PM_SECTION_SPANS,
    PM_SECTION_DISK_X, /* of the disks */
    PM_SECTION_DISK_Y,
    PM_SECTION_DISK_RADIUS,
    PM_SECTION_DISK_GRID_X,
    PM_SECTION_DISK_GRID_Y,
    PM_SECTION_DISK_REACH,
    PM_SECTION_TREE_TABLES, /* of the tree */
    PM_SECTION_TREE_LEAVES,
    PM_SECTION_TREE_ORIGINS,
    PM_SECTIONS
} pm_section_name;

typedef struct pm_section {
    uint64_t offset; /* from the start of the block, a multiple of PM_BLOCK_ALIGN */
    uint64_t size;   /* in bytes; zeros fill up to the next section */
} pm_section;

enum { PM_BLOCK_ALIGN = 64 };

/* The first bytes of a block. No padding; a multiple of PM_BLOCK_ALIGN long. */
typedef struct pm_block_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version;
    uint64_t header_size;
    uint64_t size;     /* of the whole block */
    uint64_t checksum; /* of the whole block with this field 0 */
    uint32_t predicate;
    uint32_t best;
    uint64_t count; /* regions */
    uint64_t tree_root;
    double tree_map[3]; /* min x, min y, scale; all 0: there is no tree */
    double disk_map[3];
    double bounds[4];
    pm_section sections[PM_SECTIONS];
    uint64_t reserved[4]; /* 0 */
} pm_block_header;

/* How many items the arrays have: all that the sections' places and sizes follow from. */
typedef struct pm_block_counts {
    uint64_t regions, boxes, parts, rings, vertices; /* all but the first of covers; boxes: of regions, or 0 */
    uint64_t radii;                                  /* of disks: 1, or as many as regions */
    uint64_t tables, leaves, origins;                /* of the tree, in units of 4 bytes */
} pm_block_counts;

/* Write everything but checksum, bounds and maps into a header that is all zero otherwise. */
void pm_block_plan(pm_block_header *header, pm_predicate predicate, pm_best best, const pm_block_counts *counts);

/* The checksum that `size` bytes (a multiple of 64, with a header) should have. */
uint64_t pm_block_checksum(const void *block, size_t size);

/* Is this a block that this library wrote, as far as the header tells? Copies the header, so that nothing has to be
 * read from the block twice. PM_OK, PM_ERR_BLOCK or PM_ERR_VERSION. */
pm_status pm_block_read(const void *block, size_t size, pm_block_header *header, pm_block_counts *counts,
                        pm_error *err);

#endif
