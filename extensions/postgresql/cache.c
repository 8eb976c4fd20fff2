/* How does a backend open an index once, and not per row?
 *
 * An index in a table is a TOAST value, and a row carries only a pointer to it: the id of a value that never changes.
 * A call site compares the id with that of its last row, a few instructions. The first row of a query looks the id up
 * among the indexes that the backend has open, and compares the header of the block, which has the checksum of all
 * its bytes, in case the id was given to another value meanwhile. Only an unknown id is read, and verified.
 *
 * Bytes that come without an id (a parameter, the result of a function) are compared with the open indexes, byte by
 * byte: at the speed of memory, and never a wrong index. A constant is looked at once.
 *
 * Each open index has a memory context of its own, a child of one that lives as long as the backend. Call sites count
 * as its users until their query ends, by success or error; the least recently used ones go when polymatch.cache_size
 * is exceeded. */
#include "cache.h"

#include <limits.h>

#include "access/detoast.h"
#include "catalog/pg_authid.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "held_index.h"

enum { HEADER_SIZE = 64 }; /* of a block: it has the checksum */

struct cached_index {
    cached_index *next;
    MemoryContext context; /* of all that it has */
    pm_allocator allocator;
    held_index held;
    Oid relation, value; /* the TOAST value, 0 for none */
    char *path;          /* NULL for bytes */
    int users;
    bool is_outdated; /* not in the list any more: goes with its last user */
    uint64 last_used;
};

struct call_site {
    cached_index *index;
    bool is_constant;
    Oid relation, value;
    Oid user; /* who may read the file `name` */
    char *name;
    Size name_size;
    MemoryContext context;
    MemoryContextCallback at_end;
};

static cached_index *first;
static MemoryContext cache_context;
static uint64 uses;

static int cache_kilobytes = 256 * 1024;
static char *directory;

void define_settings(void) {
    DefineCustomIntVariable("polymatch.cache_size", "Memory for the open indexes of a backend.",
                            "The least recently used ones are closed when they take more and no query uses them.",
                            &cache_kilobytes, 256 * 1024, 0, INT_MAX, PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
    DefineCustomStringVariable("polymatch.directory", "The folder of the index files that everybody may use.",
                               "A relative name of a file is looked up there; empty: there is none.", &directory, "",
                               PGC_SUSET, 0, NULL, NULL, NULL);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

/* The library expects the alignment of malloc(); a context gives less. The address to free is before the block. */
enum { ALIGN = 16 };

static void *allocate(void *context, size_t size) {
    const int flags = MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM;
    char *start = MemoryContextAllocExtended(context, size + ALIGN + sizeof start, flags);
    if (!start)
        return NULL;
    char *block = (char *)TYPEALIGN(ALIGN, start + sizeof start);
    memcpy(block - sizeof start, &start, sizeof start);
    return block;
}

static void release(void *context, void *block) {
    char *start;
    (void)context;
    memcpy(&start, (char *)block - sizeof start, sizeof start);
    pfree(start);
}

pm_allocator allocator_of(MemoryContext context) {
    return (pm_allocator){allocate, release, context};
}

/* ---- the list of open indexes --------------------------------------------------------------------------- */

static void close_index(cached_index *index) {
    MemoryContextDelete(index->context);
}

/* Take an index out of the list. Its users keep it. */
static void unlist(cached_index *index) {
    for (cached_index **link = &first; *link; link = &(*link)->next)
        if (*link == index) {
            *link = index->next;
            break;
        }
    index->is_outdated = true;
    if (index->users == 0)
        close_index(index);
}

static void shrink_cache(void) {
    for (;;) {
        uint64 size = 0;
        cached_index *oldest = NULL;
        for (cached_index *index = first; index; index = index->next) {
            size += index->held.size;
            if (index->users == 0 && (!oldest || index->last_used < oldest->last_used))
                oldest = index;
        }
        if (!oldest || size <= (uint64)cache_kilobytes * 1024)
            return;
        unlist(oldest);
    }
}

static cached_index *new_index(void) {
    if (!cache_context)
        cache_context = AllocSetContextCreate(TopMemoryContext, "polymatch indexes", ALLOCSET_SMALL_SIZES);
    MemoryContext context = AllocSetContextCreate(cache_context, "polymatch index", ALLOCSET_SMALL_SIZES);
    cached_index *index = MemoryContextAllocZero(context, sizeof *index);
    index->context = context;
    index->allocator = allocator_of(context);
    return index;
}

static void enlist(cached_index *index) {
    index->next = first;
    first = index;
}

static void refuse(cached_index *index, pm_status status, const char *name, const pm_error *err) {
    const pm_error copy = *err;
    const int code = status == PM_ERR_NO_MEMORY  ? ERRCODE_OUT_OF_MEMORY
                     : status == PM_ERR_ARGUMENT ? ERRCODE_UNDEFINED_FILE
                                                 : ERRCODE_INVALID_BINARY_REPRESENTATION;
    close_index(index);
    ereport(ERROR, (errcode(code), name ? errmsg("polymatch: %s: %s", name, copy.message)
                                        : errmsg("polymatch: the index: %s", copy.message)));
}

/* ---- call sites ----------------------------------------------------------------------------------------- */

static void leave(call_site *site) {
    cached_index *index = site->index;
    site->index = NULL;
    if (index && --index->users == 0 && index->is_outdated)
        close_index(index);
}

static void leave_at_end(void *site) {
    leave(site);
}

static const pm_index *use(call_site *site, cached_index *index) {
    index->users++; /* before leave(): it may be the same one */
    leave(site);
    site->index = index;
    index->last_used = ++uses;
    shrink_cache();
    return index->held.index;
}

call_site *new_call_site(MemoryContext context) {
    call_site *site = MemoryContextAllocZero(context, sizeof *site);
    site->context = context;
    site->at_end = (MemoryContextCallback){.func = leave_at_end, .arg = site};
    MemoryContextRegisterResetCallback(context, &site->at_end);
    return site;
}

call_site *call_site_of(FunctionCallInfo fcinfo) {
    if (!fcinfo->flinfo->fn_extra)
        fcinfo->flinfo->fn_extra = new_call_site(fcinfo->flinfo->fn_mcxt);
    return fcinfo->flinfo->fn_extra;
}

/* ---- an index in a bytea -------------------------------------------------------------------------------- */

/* Is the first argument written as a constant? (A parameter is not: PL/pgSQL calls again with another value.) */
static bool has_constant(FunctionCallInfo fcinfo) {
    Node *call = fcinfo->flinfo->fn_expr;
    return call && IsA(call, FuncExpr) && IsA(linitial(((FuncExpr *)call)->args), Const);
}

static bool has_header(const cached_index *index, Datum value) {
    bytea *header = DatumGetByteaPSlice(value, 0, HEADER_SIZE);
    const bool is_same = VARSIZE_ANY_EXHDR(header) == HEADER_SIZE && index->held.size >= HEADER_SIZE &&
                         memcmp(VARDATA_ANY(header), index->held.block, HEADER_SIZE) == 0;
    pfree(header);
    return is_same;
}

static cached_index *index_of_value(Oid relation, Oid value, Datum datum) {
    if (value)
        for (cached_index *index = first; index; index = index->next)
            if (index->value == value && index->relation == relation && has_header(index, datum))
                return index;
    return NULL;
}

/* The open index of these bytes; opened if there is none. */
static cached_index *index_of_bytes(const char *bytes, Size size) {
    for (cached_index *index = first; index; index = index->next)
        if (!index->path && index->held.size == size && memcmp(index->held.block, bytes, size) == 0)
            return index;
    cached_index *index = new_index();
    pm_error err;
    const pm_status status = held_index_copy(bytes, size, &index->allocator, &index->held, &err);
    if (status != PM_OK)
        refuse(index, status, NULL, &err);
    enlist(index);
    return index;
}

const pm_index *index_of_bytea(call_site *site, FunctionCallInfo fcinfo) {
    const Datum datum = PG_GETARG_DATUM(0);
    struct varlena *given = (struct varlena *)DatumGetPointer(datum);
    struct varatt_external pointer = {0};
    if (VARATT_IS_EXTERNAL_ONDISK(given))
        VARATT_EXTERNAL_GET_POINTER(pointer, given);
    if (site->index && (site->is_constant || (pointer.va_valueid && pointer.va_valueid == site->value &&
                                              pointer.va_toastrelid == site->relation)))
        return site->index->held.index;
    cached_index *index = index_of_value(pointer.va_toastrelid, pointer.va_valueid, datum);
    if (!index) {
        bytea *bytes = DatumGetByteaPP(datum);
        index = index_of_bytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
        if ((void *)bytes != (void *)given)
            pfree(bytes);
        if (pointer.va_valueid) {
            index->value = pointer.va_valueid;
            index->relation = pointer.va_toastrelid;
        }
    }
    site->value = pointer.va_valueid;
    site->relation = pointer.va_toastrelid;
    site->is_constant = has_constant(fcinfo);
    return use(site, index);
}

/* ---- an index in a file --------------------------------------------------------------------------------- */

/* The path of a file that the user may read. */
static char *allowed_path(char *name) {
    if (is_absolute_path(name)) {
        if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
            ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                            errmsg("polymatch: an absolute name of a file needs the role pg_read_server_files"),
                            errhint("Give the name of a file in the folder of the setting polymatch.directory.")));
        return name;
    }
    canonicalize_path(name);
    if (!path_is_relative_and_below_cwd(name))
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("polymatch: the name of a file leads out of the folder polymatch.directory")));
    if (!directory || !*directory)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FILE), errmsg("polymatch: there is no folder of index files"),
                        errhint("A superuser can set polymatch.directory.")));
    return psprintf("%s/%s", directory, name);
}

static cached_index *index_at(const char *path, const char *name) {
    for (cached_index *index = first; index; index = index->next)
        if (index->path && strcmp(index->path, path) == 0) {
            if (held_index_is_current(&index->held, path))
                return index;
            unlist(index);
            break;
        }
    cached_index *index = new_index();
    pm_error err;
    index->path = MemoryContextStrdup(index->context, path);
    const pm_status status = held_index_read(path, &index->allocator, &index->held, &err);
    if (status != PM_OK)
        refuse(index, status, name, &err);
    enlist(index);
    return index;
}

const pm_index *index_of_file(call_site *site, FunctionCallInfo fcinfo) {
    text *given = PG_GETARG_TEXT_PP(0);
    const Size size = VARSIZE_ANY_EXHDR(given);
    if (site->index && site->user == GetUserId() && size == site->name_size &&
        memcmp(VARDATA_ANY(given), site->name, size) == 0)
        return site->index->held.index;
    char *name = text_to_cstring(given);
    cached_index *index = index_at(allowed_path(pstrdup(name)), name);
    if (site->name)
        pfree(site->name);
    site->name = MemoryContextStrdup(site->context, name);
    site->name_size = size;
    site->user = GetUserId();
    return use(site, index);
}
