/* How does a database hold an index?
 *
 * As a copy in memory of its own, read once and verified once: the checksum, then every offset. A damaged file is so
 * an error before the first point. Mapping the file would save the copy, but a file that somebody truncates while it
 * is mapped kills the process, here a database with all its clients: a copy of a county map takes a millisecond.
 *
 * A file is known by its stamp (device, inode, size, time of the last change), so that one that was replaced is
 * noticed by a call of stat(). Hosts decide when to ask: once per statement or per batch of rows, never per row of a
 * constant name. */
#define _DEFAULT_SOURCE 1 /* glibc: the nanoseconds of a stat */
#define _DARWIN_C_SOURCE 1
#include "held_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGN = 64 };

static void *allocate(const pm_allocator *allocator, size_t size) {
    return allocator ? allocator->allocate(allocator->context, size) : malloc(size);
}

static void release(const pm_allocator *allocator, void *memory) {
    if (memory && allocator)
        allocator->release(allocator->context, memory);
    else
        free(memory);
}

static file_stamp stamp_of(const struct stat *status) {
#ifdef __APPLE__
    const struct timespec changed = status->st_mtimespec;
#else
    const struct timespec changed = status->st_mtim;
#endif
    return (file_stamp){(uint64_t)status->st_dev, (uint64_t)status->st_ino, (uint64_t)status->st_size,
                        (int64_t)changed.tv_sec, (int64_t)changed.tv_nsec};
}

int held_index_is_current(const held_index *held, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return 0;
    const file_stamp now = stamp_of(&status);
    return now.device == held->stamp.device && now.inode == held->stamp.inode && now.size == held->stamp.size &&
           now.seconds == held->stamp.seconds && now.nanoseconds == held->stamp.nanoseconds;
}

static pm_status fail(pm_error *err, pm_status status, const char *sentence) {
    *err = (pm_error){.status = status, .item = -1};
    snprintf(err->message, sizeof err->message, "%s", sentence);
    return status;
}

/* Room for a block of `size` bytes. */
static pm_status make_room(uint64_t size, const pm_allocator *allocator, held_index *held, pm_error *err) {
    *held = (held_index){.size = (size_t)size, .allocator = allocator};
    if (size > SIZE_MAX - ALIGN || !(held->memory = allocate(allocator, held->size + ALIGN)))
        return fail(err, PM_ERR_NO_MEMORY, "there is not enough memory for the index");
    held->block = (void *)(((uintptr_t)held->memory + ALIGN - 1) / ALIGN * ALIGN);
    return PM_OK;
}

static pm_status open_block(held_index *held, pm_error *err) {
    return pm_index_open(held->block, held->size, 1, held->allocator, &held->index, err);
}

pm_status held_index_copy(const void *bytes, size_t size, const pm_allocator *allocator, held_index *held,
                          pm_error *err) {
    pm_status status = make_room(size, allocator, held, err);
    if (status == PM_OK) {
        memcpy(held->block, bytes, size);
        status = open_block(held, err);
    }
    if (status != PM_OK)
        held_index_release(held);
    return status;
}

static pm_status read_stream(FILE *file, const pm_allocator *allocator, held_index *held, pm_error *err) {
    struct stat status;
    if (fstat(fileno(file), &status) != 0)
        return fail(err, PM_ERR_ARGUMENT, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(err, PM_ERR_ARGUMENT, "this is not a file");
    const file_stamp stamp = stamp_of(&status);
    const pm_status room = make_room(stamp.size, allocator, held, err);
    if (room != PM_OK)
        return room;
    held->stamp = stamp;
    if (fread(held->block, 1, held->size, file) != held->size)
        return fail(err, PM_ERR_ARGUMENT, ferror(file) ? strerror(errno) : "the file is being written");
    return open_block(held, err);
}

pm_status held_index_read(const char *path, const pm_allocator *allocator, held_index *held, pm_error *err) {
    *held = (held_index){.allocator = allocator};
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!file) {
        const pm_status status = fail(err, PM_ERR_ARGUMENT, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    const pm_status status = read_stream(file, allocator, held, err);
    fclose(file);
    if (status != PM_OK)
        held_index_release(held);
    return status;
}

void held_index_release(held_index *held) {
    pm_index_free(held->index);
    release(held->allocator, held->memory);
    *held = (held_index){.index = NULL};
}
