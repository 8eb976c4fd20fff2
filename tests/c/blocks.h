/* blocks.h: the bytes of an index, and how to open them changed. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "index/block.h"

/* The section of this name, from the list that follows the header; all 0 if it is missing. */
static inline pm_section section_of(const char *block, pm_section_name name) {
    pm_block_header header;
    memcpy(&header, block, sizeof header);
    for (size_t i = 0; i < header.section_count; i++) {
        pm_section section;
        memcpy(&section, block + sizeof header + i * sizeof section, sizeof section);
        if (section.name == (uint32_t)name)
            return section;
    }
    return (pm_section){0, 0, 0, 0};
}

/* To be freed. */
static inline char *copy_of_block(const pm_index *index, size_t *size) {
    const void *bytes = pm_index_block(index, size);
    char *copy = malloc(*size);
    if (!copy)
        abort();
    memcpy(copy, bytes, *size);
    return copy;
}

static inline void seal(void *block, size_t size) {
    const uint64_t sum = pm_block_checksum(block, size);
    memcpy((char *)block + offsetof(pm_block_header, checksum), &sum, sizeof sum);
}

/* Open bytes that were changed, with the checksum of what they are now. */
static inline pm_status open_sealed(char *copy, size_t size, pm_index **opened) {
    seal(copy, size);
    *opened = NULL;
    return pm_index_open(copy, size, 1, NULL, opened, NULL);
}

#endif
