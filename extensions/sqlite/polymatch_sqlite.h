/* polymatch_sqlite.h — the indexes of a connection. See polymatch.c. */
#ifndef PM_SQLITE_H
#define PM_SQLITE_H

#include "open_indexes.h"
#include <sqlite3ext.h>

/* What a connection has open; the statements that use an index are users of it, too. */
typedef struct connection {
    open_indexes indexes;
    int users; /* functions and tables that refer to it */
} connection;

/* The index in a file, opened if it isn't yet; the caller is a user of it. NULL after an error: then *problem is
 * its sentence, to be freed by sqlite3_free(), or NULL for no memory. */
open_index *index_at(connection *db, const char *path, char **problem);

/* Register the table index_regions; `disconnect` is called with `db` when it is gone. */
int register_regions(sqlite3 *database, connection *db, void (*disconnect)(void *db));

#endif
