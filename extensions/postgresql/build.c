/* An index from rows: the aggregate pm_build(shape [, name [, predicate, distance, best]]).
 *
 * A row is a region, in the order of the aggregate; NULL is an empty one, so that positions stay those of the rows.
 * The rules must be the same in every row. The library builds in memory of a context that an error resets, and asks
 * every few milliseconds whether the query was cancelled: PostgreSQL then leaves the library by a long jump, which is
 * safe as the context is all that it has. */
#include "shapes.h"

#include "cache.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

typedef struct state {
    shapes shapes;
    bool has_names;
    array names, name_offsets;
    int srid; /* 0: none */
    pm_predicate predicate;
    pm_best best;
    bool has_distance;
    double distance;
} state;

enum { SHAPE = 1, NAME, PREDICATE, DISTANCE, BEST }; /* the arguments of a step */

/* ---- the rules ------------------------------------------------------------------------------------------ */

static int position_of(const char *word, const char *(*name_of)(int), const char *argument) {
    for (int i = 0; name_of(i); i++)
        if (strcmp(word, name_of(i)) == 0)
            return i;
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("pm_build: %s: there is no '%s'", argument, word)));
}

static const char *predicate_name(int i) {
    return pm_predicate_name((pm_predicate)i);
}

static const char *best_name(int i) {
    return i <= PM_FIRST ? pm_best_name((pm_best)i) : NULL; /* for scores: ORDER BY, and 'first' */
}

static void read_rules(FunctionCallInfo fcinfo, state *st, bool is_first) {
    state rules = {.predicate = PM_COVERS, .best = PM_SMALLEST};
    if (PG_NARGS() > PREDICATE) {
        if (!PG_ARGISNULL(PREDICATE))
            rules.predicate =
                (pm_predicate)position_of(text_to_cstring(PG_GETARG_TEXT_PP(PREDICATE)), predicate_name, "predicate");
        if (!PG_ARGISNULL(BEST))
            rules.best = (pm_best)position_of(text_to_cstring(PG_GETARG_TEXT_PP(BEST)), best_name, "best");
        rules.has_distance = !PG_ARGISNULL(DISTANCE);
        rules.distance = rules.has_distance ? PG_GETARG_FLOAT8(DISTANCE) : 0;
    }
    if (is_first) {
        st->predicate = rules.predicate, st->best = rules.best;
        st->has_distance = rules.has_distance, st->distance = rules.distance;
    } else if (st->predicate != rules.predicate || st->best != rules.best || st->has_distance != rules.has_distance ||
               memcmp(&st->distance, &rules.distance, sizeof st->distance) != 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("pm_build: predicate, distance and best must be the same in every row")));
    }
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

static state *state_of(FunctionCallInfo fcinfo, bool *is_first) {
    MemoryContext context;
    if (!AggCheckCallContext(fcinfo, &context))
        elog(ERROR, "pm_build_step is called by an aggregate only");
    *is_first = PG_ARGISNULL(0);
    if (!*is_first)
        return (state *)PG_GETARG_POINTER(0);
    state *st = MemoryContextAllocZero(context, sizeof *st);
    shapes_init(&st->shapes, context);
    growing_in(&st->names, context);
    growing_in(&st->name_offsets, context);
    st->has_names = PG_NARGS() > NAME;
    return st;
}

static void add_name(FunctionCallInfo fcinfo, state *st) {
    const uint64_t start = st->names.size;
    append(&st->name_offsets, &start, sizeof start);
    if (PG_ARGISNULL(NAME))
        bad_shape(&st->shapes, "the name is NULL: give another one, as by coalesce(name, '')");
    const text *name = PG_GETARG_TEXT_PP(NAME);
    char *utf8 = pg_server_to_any(VARDATA_ANY(name), (int)VARSIZE_ANY_EXHDR(name), PG_UTF8);
    append(&st->names, utf8, utf8 == VARDATA_ANY(name) ? VARSIZE_ANY_EXHDR(name) : strlen(utf8));
}

static void check_srid(state *st, int srid, bool is_first) {
    if (!is_first && st->shapes.row > 0 && srid != st->srid)
        bad_shape(&st->shapes, "the SRID is %d, and %d in an earlier row: ST_Transform makes them one", srid,
                  st->srid);
    st->srid = srid;
}

/* The end of every step: the name and the rules of the row, and the end of its region. */
static Datum end_step(FunctionCallInfo fcinfo, state *st, bool is_first) {
    if (st->has_names)
        add_name(fcinfo, st);
    read_rules(fcinfo, st, is_first);
    end_region(&st->shapes);
    PG_RETURN_POINTER(st);
}

PG_FUNCTION_INFO_V1(pm_build_step_wkb);
Datum pm_build_step_wkb(PG_FUNCTION_ARGS) {
    bool is_first;
    state *st = state_of(fcinfo, &is_first);
    if (!PG_ARGISNULL(SHAPE)) {
        const bytea *shape = PG_GETARG_BYTEA_PP(SHAPE);
        int srid = 0;
        read_wkb(&st->shapes, VARDATA_ANY(shape), VARSIZE_ANY_EXHDR(shape), &srid);
        check_srid(st, srid, is_first);
    }
    return end_step(fcinfo, st, is_first);
}

PG_FUNCTION_INFO_V1(pm_build_step_geojson);
Datum pm_build_step_geojson(PG_FUNCTION_ARGS) {
    bool is_first;
    state *st = state_of(fcinfo, &is_first);
    if (!PG_ARGISNULL(SHAPE))
        read_geojson(&st->shapes, &PG_GETARG_JSONB_P(SHAPE)->root);
    return end_step(fcinfo, st, is_first);
}

/* ---- the end -------------------------------------------------------------------------------------------- */

/* The note of docs/abi.md: names as text, and the CRS, for an SRID in the range of EPSG's codes. */
static array note_of(const state *st) {
    const bool has_crs = st->srid >= 1024 && st->srid <= 32767;
    const uint64_t flags = (has_crs ? 1 : 0) | (st->has_names ? 2 : 0), end = st->names.size;
    char crs[32];
    const uint64_t head[3] = {flags, has_crs ? snprintf(crs, sizeof crs, "EPSG:%d", st->srid) : 0,
                              st->has_names ? (uint64_t)st->shapes.row : 0};
    array note;
    growing_in(&note, CurrentMemoryContext);
    if (flags == 0)
        return note;
    append(&note, "pm-note1", 8);
    append(&note, head, sizeof head);
    if (st->has_names) {
        append(&note, st->name_offsets.items, st->name_offsets.size);
        append(&note, &end, sizeof end);
        append(&note, st->names.items, st->names.size);
    }
    append(&note, crs, head[1]);
    return note;
}

static int poll(void *context) {
    (void)context;
    CHECK_FOR_INTERRUPTS();
    return 0;
}

PG_FUNCTION_INFO_V1(pm_build_end);
Datum pm_build_end(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL(); /* no rows */
    const state *st = (const state *)PG_GETARG_POINTER(0);
    MemoryContext building = AllocSetContextCreate(CurrentMemoryContext, "pm_build", ALLOCSET_DEFAULT_SIZES);
    MemoryContext before = MemoryContextSwitchTo(building);
    const array note = note_of(st);
    const pm_regions regions = view_of(&st->shapes);
    const pm_allocator allocator = allocator_of(building);
    const pm_options options = {
        .predicate = st->predicate,
        .best = st->best,
        .distance = st->has_distance ? &st->distance : NULL,
        .distance_count = st->has_distance ? 1 : 0,
        .allocator = &allocator,
        .poll = poll,
        .note = note.items,
        .note_size = note.size,
    };
    pm_index *index;
    pm_error err;
    const pm_status status = pm_index_build(&regions, &options, &index, &err);
    MemoryContextSwitchTo(before);
    if (status != PM_OK)
        ereport(ERROR, (errcode(status == PM_ERR_NO_MEMORY ? ERRCODE_OUT_OF_MEMORY : ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("pm_build: %s", err.message)));
    size_t size;
    const void *block = pm_index_block(index, &size);
    if (size > MaxAllocSize - VARHDRSZ)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("pm_build: an index of %zu bytes is larger than a bytea can be", size)));
    bytea *result = palloc(VARHDRSZ + size);
    SET_VARSIZE(result, VARHDRSZ + size);
    memcpy(VARDATA(result), block, size);
    MemoryContextDelete(building);
    PG_RETURN_BYTEA_P(result);
}
