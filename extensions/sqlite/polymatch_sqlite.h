/* polymatch_sqlite.h — the indexes of a connection. See polymatch.c. */
#ifndef PM_SQLITE_H
#define PM_SQLITE_H

#include "held_index.h"
#include <sqlite3ext.h>

/* An open index, shared by the connection and by the statements that use it. */
typedef struct open_index {
    struct open_index *next; /* of the connection's list */
    char *path;
    int users;
    held_index held;
} open_index;

/* The indexes of a connection. */
typedef struct connection {
    open_index *first;
    int users; /* functions and tables that refer to it */
} connection;

/* The index in a file, opened if it isn't yet; the caller is a user of it. NULL after an error: then *problem is
 * its sentence, to be freed by sqlite3_free(), or NULL for no memory. */
open_index *index_at(connection *db, const char *path, char **problem);

void let_go(void *index);

/* Register the table index_regions; `disconnect` is called with `db` when it is gone. */
int register_regions(sqlite3 *database, connection *db, void (*disconnect)(void *db));

#endif
