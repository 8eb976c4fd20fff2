/* open_indexes.h — the indexes in files that a host has open, by name. See open_indexes.c. */
#ifndef PM_OPEN_INDEXES_H
#define PM_OPEN_INDEXES_H

#include "held_index.h"

/* An index that is open, for several users. */
typedef struct open_index {
    struct open_index *next; /* of the list */
    char *path;              /* NULL for one of bytes, which is in no list */
    int users;               /* the list is one */
    held_index held;
    const pm_allocator *allocator; /* of all of it */
} open_index;

/* All of a connection, or of a database. Threads that share it have a lock for every call. */
typedef struct open_indexes {
    open_index *first;
    const pm_allocator *allocator; /* NULL: malloc and free */
} open_indexes;

/* The index in the file whose name has `size` bytes, opened if it isn't yet or if the file has changed. The caller is
 * a user of it until open_index_drop(). NULL after an error, which *err says. */
open_index *open_indexes_get(open_indexes *list, const char *path, size_t size, pm_error *err);

/* The list is no user any more. */
void open_indexes_clear(open_indexes *list);

/* An index of bytes, which are copied, with one user. NULL after an error, which *err says. */
open_index *open_index_of_bytes(const void *bytes, size_t size, const pm_allocator *allocator, pm_error *err);

/* One user less; the last one closes it. Nothing for NULL. */
void open_index_drop(open_index *index);

#endif
