/* Which region has a point: pm_match(index, x, y), pm_match_name(index, x, y), and which regions has an index. */
#include "cache.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "region_name.h"

PG_MODULE_MAGIC;

void _PG_init(void);
void _PG_init(void) {
    define_settings();
}

/* A name as text in the encoding of the database. */
static text *text_of(const char *name, size_t size) {
    const char *converted = pg_any_to_server(name, (int)size, PG_UTF8);
    return cstring_to_text_with_len(converted, converted == name ? (int)size : (int)strlen(converted));
}

static Datum region(FunctionCallInfo fcinfo, const pm_index *index) {
    const int64_t found = pm_index_match_one(index, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
    if (found == PM_NO_MATCH)
        PG_RETURN_NULL();
    PG_RETURN_INT32((int32)found);
}

static Datum name(FunctionCallInfo fcinfo, const pm_index *index) {
    if (pm_index_names(index) == PM_NAMES_NONE)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("polymatch: the index has no names of its regions")));
    const int64_t found = pm_index_match_one(index, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
    size_t size;
    const char *bytes = found == PM_NO_MATCH ? NULL : region_name(index, found, &size);
    if (!bytes)
        PG_RETURN_NULL();
    PG_RETURN_TEXT_P(text_of(bytes, size));
}

PG_FUNCTION_INFO_V1(pm_match_bytea);
Datum pm_match_bytea(PG_FUNCTION_ARGS) {
    return region(fcinfo, index_of_bytea(call_site_of(fcinfo), fcinfo));
}

PG_FUNCTION_INFO_V1(pm_match_file);
Datum pm_match_file(PG_FUNCTION_ARGS) {
    return region(fcinfo, index_of_file(call_site_of(fcinfo), fcinfo));
}

PG_FUNCTION_INFO_V1(pm_match_name_bytea);
Datum pm_match_name_bytea(PG_FUNCTION_ARGS) {
    return name(fcinfo, index_of_bytea(call_site_of(fcinfo), fcinfo));
}

PG_FUNCTION_INFO_V1(pm_match_name_file);
Datum pm_match_name_file(PG_FUNCTION_ARGS) {
    return name(fcinfo, index_of_file(call_site_of(fcinfo), fcinfo));
}

/* ---- the regions of an index, a row per call ------------------------------------------------------------ */

typedef const pm_index *(*finder)(call_site *site, FunctionCallInfo fcinfo);

static Datum regions(FunctionCallInfo fcinfo, finder find) {
    FuncCallContext *scan;
    if (SRF_IS_FIRSTCALL()) {
        scan = SRF_FIRSTCALL_INIT();
        MemoryContext before = MemoryContextSwitchTo(scan->multi_call_memory_ctx);
        if (get_call_result_type(fcinfo, NULL, &scan->tuple_desc) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "pm_regions must return rows");
        scan->tuple_desc = BlessTupleDesc(scan->tuple_desc);
        scan->user_fctx = unconstify(pm_index *, find(new_call_site(scan->multi_call_memory_ctx), fcinfo));
        scan->max_calls = pm_index_count(scan->user_fctx);
        MemoryContextSwitchTo(before);
    }
    scan = SRF_PERCALL_SETUP();
    if (scan->call_cntr >= scan->max_calls)
        SRF_RETURN_DONE(scan);
    size_t size;
    const char *bytes = region_name(scan->user_fctx, (int64_t)scan->call_cntr, &size);
    Datum values[2] = {Int32GetDatum((int32)scan->call_cntr), (Datum)0};
    bool nulls[2] = {false, bytes == NULL};
    if (bytes)
        values[1] = PointerGetDatum(text_of(bytes, size));
    SRF_RETURN_NEXT(scan, HeapTupleGetDatum(heap_form_tuple(scan->tuple_desc, values, nulls)));
}

PG_FUNCTION_INFO_V1(pm_regions_bytea);
Datum pm_regions_bytea(PG_FUNCTION_ARGS) {
    return regions(fcinfo, index_of_bytea);
}

PG_FUNCTION_INFO_V1(pm_regions_file);
Datum pm_regions_file(PG_FUNCTION_ARGS) {
    return regions(fcinfo, index_of_file);
}
