/* open.c — may these bytes be used as an index?
 *
 * A block comes from somewhere: a file that was cut off, a message, somebody else. Its header was compared with
 * itself (block.c), so all arrays lie inside. Here their contents are checked, in one pass over them: the checksum,
 * and everything that a search takes for granted. Ids are positions in the input; offsets grow, end where the next
 * level ends, and leave no ring without an edge; coordinates are finite, as exact arithmetic needs them; the tree can
 * be walked. Then a search ends and reads nothing outside of the block, even if someone forged the checksum. Answers
 * of forged bytes are forged answers: positions in range, but not more.
 *
 * Boxes, spans, grids and radii need no check: they are only compared, and any bits can be. */
#include <string.h>

#include "index.h"
#include "base/status.h"

static void *array_at(const void *block, const pm_block_header *header, pm_section_name name) {
    return (void *)((uintptr_t)block + (uintptr_t)header->sections[name].offset);
}

void pm_index_view(pm_index *index, const void *block, const pm_block_header *header, const pm_block_counts *counts) {
    index->block = block;
    index->size = (size_t)header->size;
    index->predicate = (pm_predicate)header->predicate;
    index->best = (pm_best)header->best;
    index->count = (size_t)header->count;
    memcpy(index->bounds, header->bounds, sizeof index->bounds);
    index->ids = array_at(block, header, PM_SECTION_IDS);
    index->covers = (pm_polygon_table){
        .count = index->count,
        .boxes = array_at(block, header, counts->boxes ? PM_SECTION_BOXES : PM_SECTION_POLYGON_BOXES),
        .polygon_offsets = array_at(block, header, PM_SECTION_POLYGON_OFFSETS),
        .polygon_boxes = array_at(block, header, PM_SECTION_POLYGON_BOXES),
        .ring_offsets = array_at(block, header, PM_SECTION_RING_OFFSETS),
        .vertex_offsets = array_at(block, header, PM_SECTION_VERTEX_OFFSETS),
        .vertices = array_at(block, header, PM_SECTION_VERTICES),
        .spans = array_at(block, header, PM_SECTION_SPANS)};
    index->disks = (pm_disk_table){.count = index->count,
                                   .ids = index->ids,
                                   .x = array_at(block, header, PM_SECTION_DISK_X),
                                   .y = array_at(block, header, PM_SECTION_DISK_Y),
                                   .radius = array_at(block, header, PM_SECTION_DISK_RADIUS),
                                   .step = counts->radii != 1,
                                   .min_x = header->disk_map[0],
                                   .min_y = header->disk_map[1],
                                   .scale = header->disk_map[2],
                                   .grid_x = array_at(block, header, PM_SECTION_DISK_GRID_X),
                                   .grid_y = array_at(block, header, PM_SECTION_DISK_GRID_Y),
                                   .reach = array_at(block, header, PM_SECTION_DISK_REACH)};
    index->tree = (pm_tree){.min_x = header->tree_map[0],
                            .min_y = header->tree_map[1],
                            .scale = header->tree_map[2],
                            .root = (uint32_t)header->tree_root,
                            .tables = array_at(block, header, PM_SECTION_TREE_TABLES),
                            .table_words = (size_t)counts->tables,
                            .leaves = array_at(block, header, PM_SECTION_TREE_LEAVES),
                            .leaf_count = (size_t)counts->leaves,
                            .origins = array_at(block, header, PM_SECTION_TREE_ORIGINS),
                            .origin_count = (size_t)counts->origins};
}

/* ---- contents ---- */

/* Do the offsets go from 0 to `end` in steps of at least `least`? */
static int offsets_are_right(const uint32_t *offsets, size_t count, size_t end, uint32_t least) {
    int right = offsets[0] == 0 && offsets[count] == end;
    for (size_t i = 0; i < count; i++)
        right &= offsets[i + 1] >= offsets[i] && offsets[i + 1] - offsets[i] >= least;
    return right;
}

static int are_finite(const double *values, size_t count) {
    const uint64_t exponent = UINT64_C(0x7FF) << 52;
    uint64_t carry = 0; /* an exponent of all ones carries into the sign */
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, sizeof bits);
        carry |= (bits & exponent) + (UINT64_C(1) << 52);
    }
    return !(carry >> 63);
}

static pm_status check_contents(const pm_index *index, const pm_block_header *header, const pm_block_counts *counts,
                                pm_error *err) {
    const pm_polygon_table *covers = &index->covers;
    if (pm_block_checksum(index->block, index->size) != header->checksum)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the checksum is wrong");
    uint32_t highest = 0;
    for (size_t i = 0; i < index->count; i++)
        highest = index->ids[i] > highest ? index->ids[i] : highest;
    if (index->count > 0 && highest >= index->count)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: no region %lu", (unsigned long)highest);
    if (index->predicate == PM_COVERS) {
        size_t parts = (size_t)counts->parts, rings = (size_t)counts->rings, vertices = (size_t)counts->vertices;
        if (!offsets_are_right(covers->polygon_offsets, index->count, parts, 0) ||
            !offsets_are_right(covers->ring_offsets, parts, rings, 1) ||
            !offsets_are_right(covers->vertex_offsets, rings, vertices, 2))
            return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: offsets out of order");
        if (!are_finite(covers->vertices, 2 * vertices))
            return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a vertex is not finite");
    }
    const pm_allocator *allocator = index->own_allocator ? &index->allocator : NULL;
    return pm_tree_exists(&index->tree) ? pm_tree_check(&index->tree, index->predicate == PM_COVERS ? covers : NULL,
                                                        index->count, allocator, err)
                                        : PM_OK;
}

pm_status pm_index_open(const void *block, size_t size, int verify, const pm_allocator *allocator, pm_index **out,
                        pm_error *err) {
    pm_block_header header;
    pm_block_counts counts;
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!block)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "block is NULL");
    if ((uintptr_t)block % 8 != 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "block does not start at a multiple of 8 bytes");
    pm_status status = pm_block_read(block, size, &header, &counts, err);
    if (status)
        return status;
    pm_index *index = pm_allocate(allocator, sizeof *index);
    if (!index)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory opening an index");
    *index = (pm_index){.own_allocator = allocator != NULL};
    if (allocator)
        index->allocator = *allocator;
    pm_index_view(index, block, &header, &counts);
    status = verify ? check_contents(index, &header, &counts, err) : PM_OK;
    if (status)
        pm_release(allocator, index);
    else
        *out = index;
    return status;
}
