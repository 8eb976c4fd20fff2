/* arrow_schema.c — which type does a column have that came through the Arrow PyCapsule interface?
 *
 * A schema becomes a field, the tuple (format, name, metadata, children), and its format one of a few layouts in
 * memory. Formats that points and polygons can't have are OTHER: arrow.c doesn't read their buffers and children.
 * Every value is checked before it is used, except that nothing says where metadata ends. */
#include "arrow.h"

enum { DEEPEST = 32 }; /* nesting: multipolygons in a table are 6 deep */

PyObject *malformed(origin where, const char *what) {
    PyErr_Format(PyExc_ValueError, "%s: malformed Arrow data, field \"%.100s\": %s", where.argument, where.field,
                 what);
    return NULL;
}

/* A string of a schema; a ValueError if it is not UTF-8. */
static PyObject *text_from(const char *text, Py_ssize_t length, origin where, const char *what) {
    PyObject *made = PyUnicode_DecodeUTF8(text, length, NULL);
    if (!made && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        return malformed(where, what);
    }
    return made;
}

/* ---- formats ---- */

/* Decimals are integers: "d:precision,scale" has 128 bits, or as many as a third number says. */
static memory_layout decimals_of(const char *format) {
    static const char *const widths[] = {",32", ",64", ",128", ",256"};
    static const memory_layout layouts[] = {
        {NUMBERS, NPY_INT32, 1}, {NUMBERS, NPY_INT64, 1}, {NUMBERS, NPY_INT64, 2}, {NUMBERS, NPY_INT64, 4}};
    char *end;
    (void)strtol(format + 2, &end, 10);
    if (end == format + 2 || *end != ',')
        return (memory_layout){OTHER, 0, 0};
    const char *scale = end + 1;
    (void)strtol(scale, &end, 10);
    if (end != scale)
        for (int i = 0; i < 4; i++)
            if (strcmp(*end ? end : ",128", widths[i]) == 0)
                return layouts[i];
    return (memory_layout){OTHER, 0, 0};
}

memory_layout layout_of(const struct ArrowSchema *schema) {
    static const struct {
        const char *format;
        memory_layout layout;
    } known[] = {
        {"c", {NUMBERS, NPY_INT8, 0}},   {"C", {NUMBERS, NPY_UINT8, 0}},  {"s", {NUMBERS, NPY_INT16, 0}},
        {"S", {NUMBERS, NPY_UINT16, 0}}, {"i", {NUMBERS, NPY_INT32, 0}},  {"I", {NUMBERS, NPY_UINT32, 0}},
        {"l", {NUMBERS, NPY_INT64, 0}},  {"L", {NUMBERS, NPY_UINT64, 0}}, {"e", {NUMBERS, NPY_HALF, 0}},
        {"f", {NUMBERS, NPY_FLOAT, 0}},  {"g", {NUMBERS, NPY_DOUBLE, 0}}, {"z", {BYTES, NPY_INT32, 0}},
        {"Z", {BYTES, NPY_INT64, 0}},    {"vz", {VIEWS, 0, 0}},           {"+l", {LIST, NPY_INT32, 0}},
        {"+L", {LIST, NPY_INT64, 0}},    {"+s", {STRUCT, 0, 0}},          {"u", {BYTES, NPY_INT32, 0}},
        {"U", {BYTES, NPY_INT64, 0}},    {"vu", {VIEWS, 0, 0}},
    };
    if (schema->dictionary)
        return (memory_layout){OTHER, 0, 0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(schema->format, known[i].format) == 0)
            return known[i].layout;
    if (strncmp(schema->format, "d:", 2) == 0)
        return decimals_of(schema->format);
    if (strncmp(schema->format, "+w:", 3) == 0 && schema->format[3] >= '1' && schema->format[3] <= '9' &&
        schema->format[4] == 0)
        return (memory_layout){FIXED_LIST, 0, schema->format[3] - '0'};
    return (memory_layout){OTHER, 0, 0};
}

/* ---- fields ---- */

/* The key-value pairs of a schema: a count, then each key and each value as a length and that many bytes. */
static PyObject *metadata_from(const char *at, origin where) {
    PyObject *pairs = PyDict_New();
    int32_t count = 0;
    if (at) {
        memcpy(&count, at, sizeof count);
        at += sizeof count;
    }
    for (int32_t i = 0; pairs && i < count; i++) {
        const char *text[2];
        int32_t length[2];
        for (int k = 0; k < 2; k++) {
            memcpy(&length[k], at, sizeof length[k]);
            text[k] = at + sizeof length[k];
            if (length[k] < 0) {
                Py_DECREF(pairs);
                return malformed(where, "metadata of a negative length");
            }
            at = text[k] + length[k];
        }
        PyObject *key = text_from(text[0], length[0], where, "a key of its metadata is not UTF-8");
        PyObject *value = key ? PyBytes_FromStringAndSize(text[1], length[1]) : NULL;
        if (!key || !value || PyDict_SetItem(pairs, key, value) < 0)
            Py_CLEAR(pairs);
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return pairs;
}

PyObject *field_from(const struct ArrowSchema *schema, const char *argument, int depth) {
    origin where = {argument, schema && schema->name ? schema->name : ""};
    if (!schema || !schema->release)
        return malformed(where, "the schema was released");
    if (!schema->format)
        return malformed(where, "no format");
    if (schema->n_children < 0 || schema->n_children > MOST || (schema->n_children > 0 && !schema->children))
        return malformed(where, "no children, or too many");
    if (depth > DEEPEST)
        return malformed(where, "nested too deep");
    layout_kind kind = layout_of(schema).kind;
    if ((kind == LIST || kind == FIXED_LIST) && schema->n_children != 1)
        return malformed(where, "the number of children does not fit the format");
    PyObject *children = PyTuple_New((Py_ssize_t)schema->n_children);
    for (Py_ssize_t i = 0; children && i < (Py_ssize_t)schema->n_children; i++) {
        PyObject *child = field_from(schema->children[i], argument, depth + 1);
        if (child)
            PyTuple_SET_ITEM(children, i, child);
        else
            Py_CLEAR(children);
    }
    PyObject *metadata = children ? metadata_from(schema->metadata, where) : NULL;
    PyObject *name =
        metadata ? text_from(where.field, (Py_ssize_t)strlen(where.field), where, "its name is not UTF-8") : NULL;
    /* A dictionary-encoded column holds indices, which are not coordinates. */
    const char *format = schema->dictionary ? "dictionary" : schema->format;
    PyObject *form = name ? text_from(format, (Py_ssize_t)strlen(format), where, "its format is not UTF-8") : NULL;
    if (!form) {
        Py_XDECREF(children);
        Py_XDECREF(metadata);
        Py_XDECREF(name);
        return NULL;
    }
    return Py_BuildValue("(NNNN)", form, name, metadata, children);
}
