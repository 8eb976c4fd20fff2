/* What DuckDB calls when it loads the extension: every function is made known, with one store for all. */
#define DUCKDB_EXTENSION_NAME polymatch
#include "duckdb_api.h"

DUCKDB_EXTENSION_ENTRYPOINT(duckdb_connection connection, duckdb_extension_info info,
                            struct duckdb_extension_access *access) {
    store *s = store_new();
    const int is_ready = s && register_functions(connection, s) && register_regions(connection, s);
    if (s)
        store_release(s);
    if (!is_ready)
        access->set_error(info,
                          "polymatch: a function can't be registered: another one has its name, or memory is short");
    return is_ready;
}
