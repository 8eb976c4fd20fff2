/* duckdb_api.h — DuckDB's stable C API, as it is since 1.2.0: a table of functions that the host hands over, so one
 * binary runs in every later version. */
#ifndef PM_DUCKDB_API_H
#define PM_DUCKDB_API_H

#define DUCKDB_EXTENSION_API_VERSION_MAJOR 1
#define DUCKDB_EXTENSION_API_VERSION_MINOR 2
#define DUCKDB_EXTENSION_API_VERSION_PATCH 0
#include "duckdb_extension.h"

#include "store.h"

/* Register all of them; `s` gets a user for each. 0 after a failure. */
int register_functions(duckdb_connection connection, store *s);
int register_regions(duckdb_connection connection, store *s);

/* Write a name into a column of text: NULL for none. 0 for bytes that are not UTF-8. */
int write_name(duckdb_vector out, idx_t row, const pm_index *index, int64_t region);

#endif
