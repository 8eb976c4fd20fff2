/* Which regions has an index: SELECT region, name FROM index_regions('zones.pmx'), a table with an argument.
 *
 * A row per region, in the order of the input; without names in the index the column is NULL. A search for one
 * region, as in a join on region = match_region(...), is one step, not a pass over the table. */
#include "polymatch_sqlite.h"
#include "region_name.h"
SQLITE_EXTENSION_INIT3

enum { COLUMN_REGION, COLUMN_NAME, COLUMN_PATH };
enum { HAS_PATH = 1, HAS_REGION = 2 }; /* what best_index() passes to filter() */

typedef struct table {
    sqlite3_vtab base;
    connection *db;
} table;

typedef struct cursor {
    sqlite3_vtab_cursor base;
    open_index *index;
    int64_t at, end;
} cursor;

static int connect(sqlite3 *database, void *db, int argc, const char *const *argv, sqlite3_vtab **out,
                   char **problem) {
    (void)argc, (void)argv, (void)problem;
    const int status = sqlite3_declare_vtab(database, "CREATE TABLE x(region INTEGER, name TEXT, file HIDDEN)");
    if (status != SQLITE_OK)
        return status;
    table *made = sqlite3_malloc(sizeof *made);
    if (!made)
        return SQLITE_NOMEM;
    *made = (table){.db = db};
    *out = &made->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *base) {
    sqlite3_free(base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    int path = -1, region = -1, is_blocked = 0;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        if (constraint->op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (constraint->iColumn == COLUMN_PATH && !constraint->usable)
            is_blocked = 1; /* by the order of a join: another order has it */
        else if (constraint->iColumn == COLUMN_PATH)
            path = i;
        else if (constraint->usable && (constraint->iColumn == COLUMN_REGION || constraint->iColumn == -1))
            region = i;
    }
    if (path < 0 && is_blocked)
        return SQLITE_CONSTRAINT;
    if (path < 0) {
        sqlite3_free(base->zErrMsg);
        base->zErrMsg = sqlite3_mprintf("index_regions: expected the file of an index, index_regions('zones.pmx')");
        return SQLITE_ERROR;
    }
    info->idxNum = HAS_PATH;
    info->aConstraintUsage[path].argvIndex = 1;
    info->aConstraintUsage[path].omit = 1;
    info->estimatedCost = 1e4;
    info->estimatedRows = 10000;
    if (region >= 0) {
        info->idxNum |= HAS_REGION;
        info->aConstraintUsage[region].argvIndex = 2; /* and SQLite compares again: '3' and 3.5 are up to it */
        info->estimatedCost = 1;
        info->estimatedRows = 1;
        info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    }
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    cursor *made = sqlite3_malloc(sizeof *made);
    if (!made)
        return SQLITE_NOMEM;
    *made = (cursor){.index = NULL};
    *out = &made->base;
    return SQLITE_OK;
}

static void clear(cursor *c) {
    open_index_drop(c->index);
    c->index = NULL;
    c->at = c->end = 0;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    clear((cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *text, int argc, sqlite3_value **values) {
    (void)text, (void)argc;
    cursor *c = (cursor *)base;
    clear(c);
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return SQLITE_OK;
    const char *path = (const char *)sqlite3_value_text(values[0]);
    char *problem;
    if (!path)
        return SQLITE_NOMEM;
    c->index = index_at(((table *)base->pVtab)->db, path, &problem);
    if (!c->index) {
        sqlite3_free(base->pVtab->zErrMsg);
        base->pVtab->zErrMsg = problem ? sqlite3_mprintf("index_regions: %s", problem) : NULL;
        sqlite3_free(problem);
        return base->pVtab->zErrMsg ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    c->end = (int64_t)pm_index_count(c->index->held.index);
    if (plan & HAS_REGION) {
        const int64_t region = sqlite3_value_int64(values[1]);
        if (sqlite3_value_type(values[1]) == SQLITE_NULL || region < 0 || region >= c->end)
            c->end = 0;
        else
            c->at = region, c->end = region + 1;
    }
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
    ((cursor *)base)->at++;
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base) {
    return ((cursor *)base)->at >= ((cursor *)base)->end;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const cursor *c = (cursor *)base;
    if (number == COLUMN_REGION)
        sqlite3_result_int64(context, c->at);
    if (number == COLUMN_PATH)
        sqlite3_result_text(context, c->index->path, -1, SQLITE_TRANSIENT);
    if (number == COLUMN_NAME) {
        size_t size;
        const char *name = region_name(c->index->held.index, c->at, &size);
        if (name)
            sqlite3_result_text64(context, name, size, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = ((cursor *)base)->at;
    return SQLITE_OK;
}

static const sqlite3_module MODULE = {
    .xConnect = connect, /* no xCreate: the table is there by its name alone */
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = is_at_end,
    .xColumn = column,
    .xRowid = row_id,
};

int register_regions(sqlite3 *database, connection *db, void (*disconnect)(void *db)) {
    return sqlite3_create_module_v2(database, "index_regions", &MODULE, db, disconnect);
}
