/* cache.h — the indexes that a backend has open. See cache.c. */
#ifndef PM_PG_CACHE_H
#define PM_PG_CACHE_H

#include "postgres.h"
#include "fmgr.h"

#include "polymatch.h"

typedef struct cached_index cached_index;

/* What a call in a query knows about the index of its last row. */
typedef struct call_site call_site;

/* The settings of the extension. */
void define_settings(void);

/* A new call site; its index stays open until `context` is reset. */
call_site *new_call_site(MemoryContext context);

/* The call site that is kept with a function call. */
call_site *call_site_of(FunctionCallInfo fcinfo);

/* The index in the first argument: a bytea, or the name of a file. An error is an SQL error. */
const pm_index *index_of_bytea(call_site *site, FunctionCallInfo fcinfo);
const pm_index *index_of_file(call_site *site, FunctionCallInfo fcinfo);

/* Memory of a context for the library. */
pm_allocator allocator_of(MemoryContext context);

#endif
