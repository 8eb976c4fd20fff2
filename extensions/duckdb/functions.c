/* Which region has a point: match_region(file, x, y) and match_region(x, y), a vector of rows at a time.
 *
 * Rows with the same file are one call of the library; a constant file is all rows. Answers are written where DuckDB
 * reads them, and every row that is -1, or has a NULL, is marked NULL afterwards. The form without a file asks the
 * index that register_index() was given. */
#include "duckdb_api.h"
#include "region_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DUCKDB_EXTENSION_EXTERN

/* The points of a batch, and what they are matched to. */
typedef struct batch {
    store *s;
    idx_t count;
    const double *x, *y;
    uint64_t *valid[3]; /* of file, x, y; NULL: all of them */
    duckdb_string_t *files;
} batch;

static int is_valid(const uint64_t *valid, idx_t row) {
    return !valid || (valid[row / 64] >> row % 64 & 1);
}

static batch batch_of(duckdb_function_info info, duckdb_data_chunk in) {
    batch b = {.s = duckdb_scalar_function_get_extra_info(info), .count = duckdb_data_chunk_get_size(in)};
    const idx_t files = duckdb_data_chunk_get_column_count(in) - 2; /* 0 or 1 */
    void *data[3] = {NULL};
    for (idx_t i = 0; i < files + 2; i++) {
        const duckdb_vector column = duckdb_data_chunk_get_vector(in, i);
        data[i + 1 - files] = duckdb_vector_get_data(column);
        b.valid[i + 1 - files] = duckdb_vector_get_validity(column);
    }
    b.files = data[0], b.x = data[1], b.y = data[2];
    return b;
}

/* In a column of answers, which has its bits after duckdb_vector_ensure_validity_writable(). */
static void set_null(uint64_t *valid, idx_t row) {
    valid[row / 64] &= ~((uint64_t)1 << row % 64);
}

static void fail(duckdb_function_info info, const char *function, const problem *why) {
    char sentence[sizeof why->text + 32];
    snprintf(sentence, sizeof sentence, "%s: %s", function, why->text);
    duckdb_scalar_function_set_error(info, sentence);
}

/* Do two rows name the same file? */
static int is_same_file(const batch *b, idx_t i, idx_t k) {
    if (!is_valid(b->valid[0], i) || !is_valid(b->valid[0], k))
        return is_valid(b->valid[0], i) == is_valid(b->valid[0], k);
    const uint32_t size = duckdb_string_t_length(b->files[i]);
    return size == duckdb_string_t_length(b->files[k]) &&
           memcmp(duckdb_string_t_data(&b->files[i]), duckdb_string_t_data(&b->files[k]), size) == 0;
}

/* The index of a row, to be let go afterwards; NULL for the file NULL, and after an error, whose text is in `why`. */
static open_index *index_of(const batch *b, idx_t row, problem *why) {
    why->text[0] = 0;
    if (!b->files)
        return store_registered(b->s, why);
    if (!is_valid(b->valid[0], row))
        return NULL;
    duckdb_string_t *file = &b->files[row];
    return store_open(b->s, duckdb_string_t_data(file), duckdb_string_t_length(*file), why);
}

/* The row after those that have the file of the row `start`. A constant is in every row with the same bytes. */
static idx_t end_of_run(const batch *b, idx_t start) {
    if (!b->files)
        return b->count;
    idx_t end = start + 1;
    if (!b->valid[0])
        while (end < b->count && memcmp(&b->files[start], &b->files[end], sizeof *b->files) == 0)
            end++;
    while (end < b->count && is_same_file(b, start, end))
        end++;
    return end;
}

/* Match the rows from `start` that have one file; gives the row after them. */
static idx_t match_run(const batch *b, idx_t start, int64_t *regions, open_index **index, problem *why) {
    const idx_t end = end_of_run(b, start);
    *index = index_of(b, start, why);
    if (*index) {
        pm_points points = {b->x + start, b->y + start, sizeof(double), sizeof(double), end - start, {0}};
        pm_index_match((*index)->held.index, &points, regions + start);
    }
    for (idx_t i = start; i < end; i++)
        if (!*index || !is_valid(b->valid[1], i) || !is_valid(b->valid[2], i))
            regions[i] = PM_NO_MATCH;
    return end;
}

static void match_region(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    const batch b = batch_of(info, in);
    int64_t *regions = duckdb_vector_get_data(out);
    problem why;
    for (idx_t start = 0; start < b.count;) {
        open_index *index;
        start = match_run(&b, start, regions, &index, &why);
        let_go(b.s, index);
        if (why.text[0]) {
            fail(info, "match_region", &why);
            return;
        }
    }
    duckdb_vector_ensure_validity_writable(out);
    uint64_t *valid = duckdb_vector_get_validity(out);
    for (idx_t i = 0; i < b.count; i++)
        if (regions[i] == PM_NO_MATCH)
            set_null(valid, i);
}

/* Write the names of the regions of some rows. */
static void write_names(const pm_index *index, const int64_t *regions, idx_t start, idx_t end, duckdb_vector out,
                        problem *why) {
    if (pm_index_names(index) == PM_NAMES_NONE)
        snprintf(why->text, sizeof why->text, "the index has no names of its regions");
    for (idx_t i = start; i < end && !why->text[0]; i++)
        if (!write_name(out, i, index, regions[i]))
            snprintf(why->text, sizeof why->text, "the name of region %lld is not UTF-8", (long long)regions[i]);
}

static void match_name(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    const batch b = batch_of(info, in);
    int64_t *regions = malloc((b.count + 1) * sizeof *regions);
    problem why = {"there is not enough memory"};
    for (idx_t start = 0; regions && start < b.count;) {
        open_index *index;
        const idx_t end = match_run(&b, start, regions, &index, &why);
        if (index) {
            write_names(index->held.index, regions, start, end, out, &why);
        } else if (!why.text[0]) {
            duckdb_vector_ensure_validity_writable(out);
            for (idx_t i = start; i < end; i++)
                set_null(duckdb_vector_get_validity(out), i);
        }
        let_go(b.s, index);
        if (why.text[0])
            break;
        start = end;
    }
    if (!regions || (b.count && why.text[0]))
        fail(info, "match_name", &why);
    free(regions);
}

/* register_index(file) and register_index(block). */
static void register_index(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out, int is_file) {
    store *s = duckdb_scalar_function_get_extra_info(info);
    const duckdb_vector column = duckdb_data_chunk_get_vector(in, 0);
    duckdb_string_t *values = duckdb_vector_get_data(column);
    const uint64_t *valid = duckdb_vector_get_validity(column);
    int64_t *counts = duckdb_vector_get_data(out);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(in); i++) {
        problem why = {"index: expected the file of an index, or its bytes, got NULL"};
        const char *data = is_valid(valid, i) ? duckdb_string_t_data(&values[i]) : NULL;
        const size_t size = data ? duckdb_string_t_length(values[i]) : 0;
        counts[i] = !data     ? -1
                    : is_file ? store_register_file(s, data, size, &why)
                              : store_register_block(s, data, size, &why);
        if (counts[i] < 0) {
            fail(info, "register_index", &why);
            return;
        }
    }
}

static void register_file(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    register_index(info, in, out, 1);
}

static void register_block(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    register_index(info, in, out, 0);
}

/* ---- what DuckDB is told about them --------------------------------------------------------------------- */

/* One form of a function. */
typedef struct form {
    const char *name;
    duckdb_type parameters[3]; /* up to DUCKDB_TYPE_INVALID, which is 0 */
    duckdb_type result;
    duckdb_scalar_function_t function;
    int is_volatile;
} form;

static const form FORMS[] = {
    {"match_region",
     {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_DOUBLE, DUCKDB_TYPE_DOUBLE},
     DUCKDB_TYPE_BIGINT,
     match_region,
     0},
    {"match_region", {DUCKDB_TYPE_DOUBLE, DUCKDB_TYPE_DOUBLE}, DUCKDB_TYPE_BIGINT, match_region, 0},
    {"match_name", {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_DOUBLE, DUCKDB_TYPE_DOUBLE}, DUCKDB_TYPE_VARCHAR, match_name, 0},
    {"match_name", {DUCKDB_TYPE_DOUBLE, DUCKDB_TYPE_DOUBLE}, DUCKDB_TYPE_VARCHAR, match_name, 0},
    {"register_index", {DUCKDB_TYPE_VARCHAR}, DUCKDB_TYPE_BIGINT, register_file, 1},
    {"register_index", {DUCKDB_TYPE_BLOB}, DUCKDB_TYPE_BIGINT, register_block, 1},
};
enum { FORM_COUNT = sizeof FORMS / sizeof *FORMS };

static duckdb_scalar_function function_of(const form *f, store *s) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, f->name);
    for (int i = 0; i < 3 && f->parameters[i]; i++) {
        duckdb_logical_type type = duckdb_create_logical_type(f->parameters[i]);
        duckdb_scalar_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type type = duckdb_create_logical_type(f->result);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_destroy_logical_type(&type);
    store_share(s);
    duckdb_scalar_function_set_extra_info(function, s, store_release);
    duckdb_scalar_function_set_special_handling(function); /* NULL comes in and may go out */
    if (f->is_volatile)
        duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_function(function, f->function);
    return function;
}

int register_functions(duckdb_connection connection, store *s) {
    int is_ready = 1;
    for (int i = 0; i < FORM_COUNT; i += 2) {
        duckdb_scalar_function_set set = duckdb_create_scalar_function_set(FORMS[i].name);
        for (int k = i; k < i + 2; k++) {
            duckdb_scalar_function function = function_of(&FORMS[k], s);
            is_ready &= duckdb_add_scalar_function_to_set(set, function) == DuckDBSuccess;
            duckdb_destroy_scalar_function(&function);
        }
        is_ready &= duckdb_register_scalar_function_set(connection, set) == DuckDBSuccess;
        duckdb_destroy_scalar_function_set(&set);
    }
    return is_ready;
}
