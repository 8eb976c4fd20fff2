/* store.h — the indexes of a database, shared by its connections and threads. See store.c. */
#ifndef PM_DUCKDB_STORE_H
#define PM_DUCKDB_STORE_H

#include "open_indexes.h"

typedef struct store store;

/* A sentence for SQL. */
typedef struct problem {
    char text[512];
} problem;

store *store_new(void); /* with one user; NULL for no memory */
void store_share(store *s);
void store_release(void *s);

/* The index in the file whose name has `size` bytes, opened if it isn't yet or has changed; let_go() afterwards. NULL
 * after an error. */
open_index *store_open(store *s, const char *path, size_t size, problem *why);

/* The index that match_region(x, y) asks; let_go() afterwards. NULL after an error. */
open_index *store_registered(store *s, problem *why);

/* Register an index for match_region(x, y), instead of an earlier one: a block, or the file of one. Gives the number
 * of its regions, or -1 after an error. */
int64_t store_register_block(store *s, const void *block, size_t size, problem *why);
int64_t store_register_file(store *s, const char *path, size_t size, problem *why);

void let_go(store *s, open_index *index);

#endif
