/* Which indexes are open already, and which has a file become outdated under?
 *
 * A host asks by name whenever a statement or a batch of rows begins: a search in a short list, and one stat() to see
 * whether the file is still the one that was read. One that was replaced is taken out of the list and read again
 * under its name; whoever uses the old one keeps it, and the last user closes it. Names are compared as they are
 * given: two names of one file are two entries.
 *
 * There is no lock here: a connection of SQLite has one thread, a database of DuckDB has a lock (store.c).
 * PostgreSQL has a cache of its own (cache.c), since its indexes are mostly bytes in tables. */
#include "open_indexes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *fail(pm_error *err, pm_status status, const char *sentence) {
    *err = (pm_error){.status = status, .item = -1};
    snprintf(err->message, sizeof err->message, "%s", sentence);
    return NULL;
}

/* An index that isn't open so far, with one user; `path` may be NULL. */
static open_index *made(const char *path, size_t size, const pm_allocator *allocator, pm_error *err) {
    const size_t whole = sizeof(open_index) + size + 1; /* with the name behind it */
    open_index *index = allocator ? allocator->allocate(allocator->context, whole) : malloc(whole);
    if (!index)
        return fail(err, PM_ERR_NO_MEMORY, "there is not enough memory for the index");
    *index = (open_index){.users = 1, .path = path ? (char *)(index + 1) : NULL, .allocator = allocator};
    if (path) {
        memcpy(index->path, path, size);
        index->path[size] = 0;
    }
    return index;
}

void open_index_drop(open_index *index) {
    if (!index || --index->users > 0)
        return;
    const pm_allocator *allocator = index->allocator;
    held_index_release(&index->held);
    if (allocator)
        allocator->release(allocator->context, index);
    else
        free(index);
}

/* The index, or NULL after a failure. */
static open_index *checked(open_index *index, pm_status status) {
    if (status == PM_OK)
        return index;
    open_index_drop(index);
    return NULL;
}

static open_index *opened(const char *path, size_t size, const pm_allocator *allocator, pm_error *err) {
    if (memchr(path, 0, size))
        return fail(err, PM_ERR_ARGUMENT, strerror(ENOENT));
    open_index *index = made(path, size, allocator, err);
    return index ? checked(index, held_index_read(index->path, allocator, &index->held, err)) : NULL;
}

open_index *open_index_of_bytes(const void *bytes, size_t size, const pm_allocator *allocator, pm_error *err) {
    open_index *index = made(NULL, 0, allocator, err);
    return index ? checked(index, held_index_copy(bytes, size, allocator, &index->held, err)) : NULL;
}

/* The place of a name in the list, or the end of it. */
static open_index **place_of(open_indexes *list, const char *path, size_t size) {
    open_index **link = &list->first;
    while (*link && (strlen((*link)->path) != size || memcmp((*link)->path, path, size) != 0))
        link = &(*link)->next;
    return link;
}

open_index *open_indexes_get(open_indexes *list, const char *path, size_t size, pm_error *err) {
    open_index **link = place_of(list, path, size), *index = *link;
    if (index && !held_index_is_current(&index->held, index->path)) {
        *link = index->next;
        open_index_drop(index);
        index = NULL;
    }
    if (!index) {
        index = opened(path, size, list->allocator, err);
        if (!index)
            return NULL;
        index->next = list->first;
        list->first = index;
    }
    index->users++;
    return index;
}

void open_indexes_clear(open_indexes *list) {
    while (list->first) {
        open_index *index = list->first;
        list->first = index->next;
        open_index_drop(index);
    }
}
