/* Which regions has an index: SELECT region, name FROM index_regions('zones.pmx').
 *
 * A row per region, in the order of the input; without names in the index the column is NULL. The file is opened when
 * the query is bound, and the query keeps that index. */
#include "duckdb_api.h"
#include "region_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DUCKDB_EXTENSION_EXTERN

/* Bytes of the UTF-8 character that starts here, or 0: none, one that is longer than needed, half of a pair, or
 * beyond the last one. */
static size_t character_size(const unsigned char *text, size_t size) {
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = text[0] < 0x80   ? 1
                          : text[0] < 0xC0 ? 0
                          : text[0] < 0xE0 ? 2
                          : text[0] < 0xF0 ? 3
                          : text[0] < 0xF8 ? 4
                                           : 0;
    if (length < 2 || length > size)
        return length > size ? 0 : length;
    uint32_t code = text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    return code < LEAST[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

static int is_utf8(const char *text, size_t size) {
    while (size > 0) {
        const size_t length = character_size((const unsigned char *)text, size);
        if (length == 0)
            return 0;
        text += length, size -= length;
    }
    return 1;
}

int write_name(duckdb_vector out, idx_t row, const pm_index *index, int64_t region) {
    size_t size = 0;
    const char *name = region == PM_NO_MATCH ? NULL : region_name(index, region, &size);
    if (!name) {
        duckdb_vector_ensure_validity_writable(out);
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(out), row);
        return 1;
    }
    if (!is_utf8(name, size))
        return 0;
    duckdb_vector_assign_string_element_len(out, row, name, size);
    return 1;
}

/* A query's index. */
typedef struct bound {
    store *s;
    open_index *index;
} bound;

static void unbind(void *pointer) {
    bound *b = pointer;
    let_go(b->s, b->index);
    store_release(b->s);
    free(b);
}

static void add_column(duckdb_bind_info info, const char *name, duckdb_type kind) {
    duckdb_logical_type type = duckdb_create_logical_type(kind);
    duckdb_bind_add_result_column(info, name, type);
    duckdb_destroy_logical_type(&type);
}

static void bind(duckdb_bind_info info) {
    store *s = duckdb_bind_get_extra_info(info);
    duckdb_value value = duckdb_bind_get_parameter(info, 0);
    char *path = duckdb_is_null_value(value) ? NULL : duckdb_get_varchar(value);
    problem why = {"expected the file of an index"};
    bound *b = calloc(1, sizeof *b);
    open_index *index = b && path ? store_open(s, path, strlen(path), &why) : NULL;
    if (index) {
        store_share(s);
        *b = (bound){s, index};
        duckdb_bind_set_bind_data(info, b, unbind);
        duckdb_bind_set_cardinality(info, pm_index_count(index->held.index), 1);
        add_column(info, "region", DUCKDB_TYPE_BIGINT);
        add_column(info, "name", DUCKDB_TYPE_VARCHAR);
    } else {
        char sentence[sizeof why.text + 32];
        snprintf(sentence, sizeof sentence, "index_regions: %s", why.text);
        duckdb_bind_set_error(info, sentence);
        free(b);
    }
    duckdb_free(path);
    duckdb_destroy_value(&value);
}

/* Where a scan is: the next region. */
static void init(duckdb_init_info info) {
    int64_t *next = calloc(1, sizeof *next);
    if (next)
        duckdb_init_set_init_data(info, next, free);
    else
        duckdb_init_set_error(info, "index_regions: there is not enough memory");
}

static void scan(duckdb_function_info info, duckdb_data_chunk out) {
    const bound *b = duckdb_function_get_bind_data(info);
    int64_t *next = duckdb_function_get_init_data(info);
    const pm_index *index = b->index->held.index;
    int64_t *regions = duckdb_vector_get_data(duckdb_data_chunk_get_vector(out, 0));
    const int64_t left = (int64_t)pm_index_count(index) - *next, most = (int64_t)duckdb_vector_size();
    const int64_t count = left < most ? left : most;
    for (int64_t i = 0; i < count; i++) {
        regions[i] = *next + i;
        if (!write_name(duckdb_data_chunk_get_vector(out, 1), (idx_t)i, index, regions[i])) {
            duckdb_function_set_error(info, "index_regions: a name is not UTF-8");
            return;
        }
    }
    *next += count;
    duckdb_data_chunk_set_size(out, (idx_t)count);
}

int register_regions(duckdb_connection connection, store *s) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_table_function_set_name(function, "index_regions");
    duckdb_table_function_add_parameter(function, type);
    store_share(s);
    duckdb_table_function_set_extra_info(function, s, store_release);
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, init);
    duckdb_table_function_set_function(function, scan);
    const int is_ready = duckdb_register_table_function(connection, function) == DuckDBSuccess;
    duckdb_destroy_table_function(&function);
    duckdb_destroy_logical_type(&type);
    return is_ready;
}
