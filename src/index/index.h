/* index.h — what a pm_index is: a block, and where its arrays are found. See build.c and open.c. */
#ifndef PM_INDEX_H
#define PM_INDEX_H

#include "block.h"
#include "scan/polygons.h"
#include "scan/disks.h"
#include "tree/tree.h"

struct pm_index {
    pm_allocator allocator;
    int own_allocator; /* the caller gave one */
    void *memory;      /* around the block; NULL: it is borrowed */
    size_t memory_size;
    const void *block;
    size_t size;
    pm_predicate predicate;
    pm_best best;
    size_t count;
    double bounds[4];
    const uint32_t *ids;     /* rank -> position in the input */
    pm_polygon_table covers; /* for PM_COVERS */
    pm_disk_table disks;     /* for PM_CENTER_WITHIN */
    pm_tree tree;            /* over them; scale 0: none */
};

/* Let the index find its arrays in the block that this header describes. Everything that is no array is copied, so
 * that a block that changes later can't change it. Writing through the view is for who owns the block. */
void pm_index_view(pm_index *index, const void *block, const pm_block_header *header, const pm_block_counts *counts);

#endif
