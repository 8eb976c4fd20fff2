/* held_index.h — an index in memory of its own, from a file or from bytes. See held_index.c. */
#ifndef PM_HELD_INDEX_H
#define PM_HELD_INDEX_H

#include "polymatch.h"

/* Which file it was: another one after it was replaced or written again. */
typedef struct file_stamp {
    uint64_t device, inode, size;
    int64_t seconds, nanoseconds; /* of the last change */
} file_stamp;

typedef struct held_index {
    pm_index *index;
    file_stamp stamp; /* all 0 for bytes */
    size_t size;
    void *block; /* the bytes, at a multiple of 64 */
    void *memory;
    const pm_allocator *allocator; /* NULL: malloc and free */
} held_index;

/* Read a file and verify it. PM_OK; or what pm_index_open() gives, PM_ERR_ARGUMENT for a file that can't be read. */
PM_MUST_USE pm_status held_index_read(const char *path, const pm_allocator *allocator, held_index *held,
                                      pm_error *err);

/* Copy a block and verify it. */
PM_MUST_USE pm_status held_index_copy(const void *bytes, size_t size, const pm_allocator *allocator, held_index *held,
                                      pm_error *err);

/* Release what was read or copied; nothing after a failure. */
void held_index_release(held_index *held);

/* Is the file under this name still the one that was read? */
int held_index_is_current(const held_index *held, const char *path);

#endif
