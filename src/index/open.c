/* open.c — may these bytes be used as an index?
 *
 * A block comes from somewhere: a file that was cut off, a message, somebody else. Its header was compared with
 * itself (block.c), so all arrays lie inside. Here their contents are checked, in one pass over them: the checksum,
 * the ids, which are positions in the input, and everything else that a search takes for granted, which its kind
 * knows. Then a search ends and reads nothing outside of the block, even if someone forged the checksum. Answers of
 * forged bytes are forged answers: positions in range, but not more. */
#include "base/strict.h"

#include "base/status.h"
#include "index.h"

static pm_status check_contents(const pm_index *index, const pm_block *block, pm_error *err) {
    if (pm_block_checksum(block->bytes, index->size) != block->header.checksum)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the checksum is wrong");
    const uint32_t *ids = pm_block_array(block, PM_SECTION_IDS);
    uint32_t highest = 0;
    for (size_t i = 0; i < index->count; i++)
        highest = ids[i] > highest ? ids[i] : highest;
    if (index->count > 0 && highest >= index->count)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: no region %lu", (unsigned long)highest);
    return index->kind->verify(index->view, block, pm_index_allocator(index), err);
}

pm_status pm_index_open(const void *bytes, size_t size, int verify, const pm_allocator *allocator, pm_index **out,
                        pm_error *err) {
    pm_block block;
    const pm_kind *kind;
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!bytes)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "block is NULL");
    if ((uintptr_t)bytes % 8 != 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "block does not start at a multiple of 8 bytes");
    pm_status status = pm_block_read(bytes, size, &block, &kind, err);
    if (status)
        return status;
    pm_index *index = pm_index_new(kind, allocator);
    if (!index)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory opening an index");
    pm_index_use(index, &block);
    status = verify ? check_contents(index, &block, err) : PM_OK;
    if (!status && !pm_index_rank(index))
        status = pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory opening an index");
    if (status)
        pm_index_free(index);
    else
        *out = index;
    return status;
}
