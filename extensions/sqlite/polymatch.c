/* Which region has a point, in SQL: SELECT match_region('zones.pmx', x, y), as a loadable extension of SQLite.
 *
 * An index is opened once. A constant name is resolved at the first row of a statement and kept with the call
 * (sqlite3_set_auxdata); the connection keeps the index for its next statements. There the file is looked at again
 * (one stat() per statement), so that an index that was replaced is opened anew, and statements that run keep theirs.
 * Where the name is a column, that look is per row.
 *
 * A function that reads files is neither deterministic (the file may change, so no expression index may rely on it)
 * nor innocuous: with PRAGMA trusted_schema off, views and triggers of a foreign database can't call it. */
#include "polymatch_sqlite.h"
#include "region_name.h"
SQLITE_EXTENSION_INIT1

#include <string.h>

/* ---- the indexes of a connection ------------------------------------------------------------------------ */

static void let_go(void *index) {
    open_index_drop(index);
}

open_index *index_at(connection *db, const char *path, char **problem) {
    pm_error err;
    open_index *index = open_indexes_get(&db->indexes, path, strlen(path), &err);
    *problem = index || err.status == PM_ERR_NO_MEMORY ? NULL : sqlite3_mprintf("%s: %s", path, err.message);
    return index;
}

static void disconnect(void *pointer) {
    connection *db = pointer;
    if (--db->users > 0)
        return;
    open_indexes_clear(&db->indexes);
    sqlite3_free(db);
}

/* ---- functions ------------------------------------------------------------------------------------------ */

/* One call of a function. */
typedef struct call {
    const char *function;
    const pm_index *index; /* NULL for a name that is NULL, and after an error */
    open_index *mine;      /* to let go after the call */
} call;

/* Report a problem, which is released; NULL is no memory. */
static void fail(sqlite3_context *context, const char *function, char *problem) {
    char *sentence = problem ? sqlite3_mprintf("%s: %s", function, problem) : NULL;
    if (sentence)
        sqlite3_result_error(context, sentence, -1);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(sentence);
    sqlite3_free(problem);
}

/* Find the index that a call names. One with a constant name is kept by the statement from its first row on. */
static void find_index(sqlite3_context *context, sqlite3_value *name, call *c) {
    const open_index *kept = sqlite3_get_auxdata(context, 0);
    if (kept) {
        c->index = kept->held.index;
        return;
    }
    if (sqlite3_value_type(name) == SQLITE_NULL)
        return;
    const char *path = (const char *)sqlite3_value_text(name);
    char *problem = NULL;
    c->mine = path ? index_at(sqlite3_user_data(context), path, &problem) : NULL;
    if (!c->mine) {
        fail(context, c->function, problem);
        return;
    }
    c->index = c->mine->held.index;
    c->mine->users++; /* the statement, or, when it doesn't keep it, let_go() at once */
    sqlite3_set_auxdata(context, 0, c->mine, let_go);
}

/* Is there a number? Not for NULL, and not after an error. */
static int has_number(sqlite3_context *context, const char *function, sqlite3_value *value, const char *argument,
                      double *out) {
    const int type = sqlite3_value_numeric_type(value); /* text that is a number is one, as in a column of numbers */
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        const char *what = type == SQLITE_TEXT ? "text" : "a blob";
        fail(context, function, sqlite3_mprintf("%s: expected a number, got %s", argument, what));
    }
    *out = sqlite3_value_double(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* The region of a call's point: PM_NO_MATCH, too, for NULL and after an error. */
static int64_t answer(sqlite3_context *context, sqlite3_value **values, call *c) {
    double x, y;
    find_index(context, values[0], c);
    const int has_point = c->index && has_number(context, c->function, values[1], "x", &x) &&
                          has_number(context, c->function, values[2], "y", &y);
    return has_point ? pm_index_match_one(c->index, x, y) : PM_NO_MATCH;
}

static void end(call *c) {
    open_index_drop(c->mine);
}

static void match_region(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    call c = {.function = "match_region"};
    const int64_t region = answer(context, values, &c);
    if (region != PM_NO_MATCH)
        sqlite3_result_int64(context, region);
    end(&c);
}

static void match_name(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    call c = {.function = "match_name"};
    const int64_t region = answer(context, values, &c);
    size_t size;
    const char *name = region == PM_NO_MATCH ? NULL : region_name(c.index, region, &size);
    if (name)
        sqlite3_result_text64(context, name, size, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (c.index && pm_index_names(c.index) == PM_NAMES_NONE)
        fail(context, c.function, sqlite3_mprintf("the index has no names of its regions"));
    end(&c);
}

#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
int sqlite3_polymatch_init(sqlite3 *database, char **message, const sqlite3_api_routines *api);

int sqlite3_polymatch_init(sqlite3 *database, char **message, const sqlite3_api_routines *api) {
    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    connection *db = sqlite3_malloc(sizeof *db);
    if (!db)
        return SQLITE_NOMEM;
    *db = (connection){.users = 3}; /* one per registration, which gives it back even if it fails */
    int status = sqlite3_create_function_v2(database, "match_region", 3, SQLITE_UTF8, db, match_region, NULL, NULL,
                                            disconnect);
    const int named =
        sqlite3_create_function_v2(database, "match_name", 3, SQLITE_UTF8, db, match_name, NULL, NULL, disconnect);
    const int table = register_regions(database, db, disconnect);
    status = status != SQLITE_OK ? status : named;
    return status != SQLITE_OK ? status : table;
}
