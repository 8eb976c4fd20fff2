/* arrow.c: what data did another library export through the Arrow PyCapsule interface?
 *
 * The structs of the Arrow C data interface, declared below as its specification allows, become plain tuples, and
 * their buffers read-only NumPy arrays over the same memory: nothing is copied and no Arrow library is needed. Python
 * interprets the columns; this file makes them safe to read. Every value in a struct is checked before it is used, so
 * a malformed struct is a ValueError. A consumer can't see the real size of a buffer; it follows from lengths and
 * offsets. A struct is moved out of its capsule and released once: the arrays over its buffers keep it alive, and the
 * last of them releases it.
 *
 * A field is (format, name, metadata, children); an array is (length, offset, null count, buffers, children). If
 * points and polygons can't have a format, its buffers and children are not read. */
#include "core.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

enum { DEEPEST = 32 };                             /* nesting: multipolygons in a table are 6 deep */
enum { MOST = 1 << 20 };                           /* children or buffers of one struct */
static const int64_t LONGEST = PTRDIFF_MAX / 1024; /* of an array: sizes in bytes stay far from overflow */

/* For the message about a malformed struct: its argument and field. */
typedef struct origin {
    const char *argument, *field;
} origin;

static PyObject *malformed(origin where, const char *what) {
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

typedef enum layout_kind { OTHER, NUMBERS, BYTES, VIEWS, LIST, FIXED_LIST, STRUCT } layout_kind;

/* How a format lies in memory. */
typedef struct memory_layout {
    layout_kind kind;
    int numbers;   /* NumPy's type of NUMBERS, or of the offsets of BYTES and LIST */
    int64_t width; /* FIXED_LIST: items per list; NUMBERS: words per number, 0 for one */
} memory_layout;

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

static memory_layout layout_of(const struct ArrowSchema *schema) {
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

static PyObject *field_from(const struct ArrowSchema *schema, const char *argument, int depth) {
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

/* ---- arrays ---- */

static const char OWNER[] = "poly_match: an Arrow array";

/* A producer may be written in Python, so its release() must not run while an exception is set here. */
#if PY_VERSION_HEX >= 0x030C0000
#define KEEP_EXCEPTION(statement)                                                                                    \
    do {                                                                                                             \
        PyObject *raised = PyErr_GetRaisedException();                                                               \
        statement;                                                                                                   \
        PyErr_SetRaisedException(raised);                                                                            \
    } while (0)
#else
#define KEEP_EXCEPTION(statement)                                                                                    \
    do {                                                                                                             \
        PyObject *type, *value, *traceback;                                                                          \
        PyErr_Fetch(&type, &value, &traceback);                                                                      \
        statement;                                                                                                   \
        PyErr_Restore(type, value, traceback);                                                                       \
    } while (0)
#endif

static void release_owned(PyObject *owner) {
    struct ArrowArray *array = PyCapsule_GetPointer(owner, OWNER);
    if (array->release)
        KEEP_EXCEPTION(array->release(array));
    PyMem_Free(array);
}

/* A new capsule that the struct is moved into; NULL leaves the struct to the caller. */
static PyObject *own(struct ArrowArray *array) {
    struct ArrowArray *moved = PyMem_Malloc(sizeof *moved);
    if (!moved)
        return PyErr_NoMemory();
    *moved = (struct ArrowArray){.release = NULL};
    PyObject *owner = PyCapsule_New(moved, OWNER, release_owned);
    if (!owner) {
        PyMem_Free(moved);
        return NULL;
    }
    *moved = *array;
    array->release = NULL;
    return owner;
}

/* `count` items of a NumPy type over an owner's memory; 2-D with `columns` columns unless that is 0. */
static PyObject *view_of(PyObject *owner, int type, int64_t count, int columns, const void *data, origin where) {
    npy_intp shape[2] = {(npy_intp)count, columns};
    int dimensions = columns ? 2 : 1;
    if (count == 0)
        return PyArray_ZEROS(dimensions, shape, type, 0);
    if (!data)
        return malformed(where, "a buffer is missing");
    /* Not writeable. NumPy checks the alignment itself. */
    PyObject *view = PyArray_New(&PyArray_Type, dimensions, shape, type, NULL, (void *)(uintptr_t)data, 0, 0, NULL);
    if (view && PyArray_SetBaseObject((PyArrayObject *)view, Py_NewRef(owner)) < 0)
        Py_CLEAR(view);
    return view;
}

static int64_t offset_at(const void *offsets, int type, int64_t position) {
    int64_t wide;
    int32_t narrow;
    if (type == NPY_INT64) {
        memcpy(&wide, (const char *)offsets + position * 8, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)offsets + position * 4, sizeof narrow);
    return narrow;
}

/* Offsets up to the end, and the last one. An empty array may have none. */
static PyObject *offsets_from(const struct ArrowArray *array, PyObject *owner, memory_layout layout, origin where,
                              int64_t *last) {
    int64_t end = array->offset + array->length;
    npy_intp one = 1;
    *last = 0;
    if (!array->buffers[1])
        return end ? malformed(where, "the offsets are missing") : PyArray_ZEROS(1, &one, layout.numbers, 0);
    *last = offset_at(array->buffers[1], layout.numbers, end);
    if (*last < 0 || *last > PTRDIFF_MAX / 8)
        return malformed(where, "an offset is out of range");
    return view_of(owner, layout.numbers, end + 1, 0, array->buffers[1], where);
}

/* The buffers of binary views: the views, rows of 16 bytes, and the data that they point into. */
static PyObject *view_buffers_from(const struct ArrowArray *array, PyObject *owner, PyObject *valid, origin where) {
    Py_ssize_t count = (Py_ssize_t)array->n_buffers - 3;
    PyObject *buffers = PyTuple_New(count + 2);
    if (!buffers)
        return NULL;
    PyTuple_SET_ITEM(buffers, 0, Py_NewRef(valid));
    PyObject *views = view_of(owner, NPY_UINT8, array->offset + array->length, 16, array->buffers[1], where);
    int failed = !views;
    PyTuple_SET_ITEM(buffers, 1, views);
    const void *sizes = array->buffers[array->n_buffers - 1];
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        int64_t size = sizes ? offset_at(sizes, NPY_INT64, i) : -1;
        PyObject *data = NULL;
        if (size < 0 || size > PTRDIFF_MAX / 8)
            (void)malformed(where, "the size of a buffer is out of range");
        else
            data = view_of(owner, NPY_UINT8, size, 0, array->buffers[i + 2], where);
        failed = !data;
        PyTuple_SET_ITEM(buffers, i + 2, data);
    }
    if (failed)
        Py_CLEAR(buffers);
    return buffers;
}

/* The buffers of an array as a tuple, the first one None if nothing is missing; and the least number of items that
 * each child must have. */
static PyObject *buffers_from(const struct ArrowArray *array, PyObject *owner, memory_layout layout, origin where,
                              int64_t *below) {
    int64_t end = array->offset + array->length, last = 0;
    PyObject *valid, *second = NULL, *third = NULL, *buffers = NULL;
    *below = 0;
    if (!array->buffers[0] && array->null_count > 0)
        return malformed(where, "nulls without a validity bitmap");
    valid = array->buffers[0] ? view_of(owner, NPY_UINT8, (end + 7) / 8, 0, array->buffers[0], where)
                              : Py_NewRef(Py_None);
    if (!valid)
        return NULL;
    switch (layout.kind) {
    case NUMBERS:
        second = view_of(owner, layout.numbers, end, (int)layout.width, array->buffers[1], where);
        buffers = second ? PyTuple_Pack(2, valid, second) : NULL;
        break;
    case BYTES:
        second = offsets_from(array, owner, layout, where, &last);
        third = second ? view_of(owner, NPY_UINT8, last, 0, array->buffers[2], where) : NULL;
        buffers = third ? PyTuple_Pack(3, valid, second, third) : NULL;
        break;
    case VIEWS:
        buffers = view_buffers_from(array, owner, valid, where);
        break;
    case LIST:
        second = offsets_from(array, owner, layout, where, below);
        buffers = second ? PyTuple_Pack(2, valid, second) : NULL;
        break;
    default:
        *below = layout.kind == FIXED_LIST ? end * layout.width : end;
        buffers = PyTuple_Pack(1, valid);
    }
    Py_DECREF(valid);
    Py_XDECREF(second);
    Py_XDECREF(third);
    return buffers;
}

/* The problem with the head of an array, or NULL. */
static const char *wrong_with(const struct ArrowArray *array, const struct ArrowSchema *schema,
                              memory_layout layout) {
    static const int64_t counts[] = {
        [NUMBERS] = 2, [BYTES] = 3, [VIEWS] = 3, [LIST] = 2, [STRUCT] = 1, [FIXED_LIST] = 1};
    int64_t expected = counts[layout.kind], children = layout.kind == STRUCT ? schema->n_children : 0;
    if (layout.kind == LIST || layout.kind == FIXED_LIST)
        children = 1;
    if (array->length < 0 || array->offset < 0 || array->length > LONGEST || array->offset > LONGEST)
        return "a length or an offset is out of range";
    if (array->null_count < -1 || array->null_count > array->length)
        return "the number of nulls is out of range";
    if (layout.kind == VIEWS ? array->n_buffers < expected || array->n_buffers > MOST : array->n_buffers != expected)
        return "the number of buffers does not fit the format";
    if (!array->buffers)
        return "the buffers are missing";
    if (array->n_children != children || schema->n_children != children)
        return "the number of children does not fit the format";
    if (children > 0 && !array->children)
        return "the children are missing";
    return NULL;
}

/* An array of a schema that field_from() has accepted. */
static PyObject *array_from(const struct ArrowArray *array, const struct ArrowSchema *schema, PyObject *owner,
                            const char *argument) {
    origin where = {argument, schema->name ? schema->name : ""};
    if (!array || !array->release)
        return malformed(where, "the array was released");
    memory_layout layout = layout_of(schema);
    if (layout.kind == OTHER)
        return Py_BuildValue("(LLL()())", (long long)array->length, (long long)array->offset, -1LL);
    const char *wrong = wrong_with(array, schema, layout);
    if (wrong)
        return malformed(where, wrong);
    int64_t below;
    PyObject *buffers = buffers_from(array, owner, layout, where, &below);
    PyObject *children = buffers ? PyTuple_New((Py_ssize_t)array->n_children) : NULL;
    for (Py_ssize_t i = 0; children && i < (Py_ssize_t)array->n_children; i++) {
        PyObject *child = array_from(array->children[i], schema->children[i], owner, argument);
        if (child && array->children[i]->length < below) {
            (void)malformed(where, "a child is too short");
            Py_CLEAR(child);
        }
        if (child)
            PyTuple_SET_ITEM(children, i, child);
        else
            Py_CLEAR(children);
    }
    if (!children) {
        Py_XDECREF(buffers);
        return NULL;
    }
    return Py_BuildValue("(LLLNN)", (long long)array->length, (long long)array->offset, (long long)array->null_count,
                         buffers, children);
}

/* ---- the functions ---- */

static PyObject *arrow_schema(PyObject *Py_UNUSED(module), PyObject *args) {
    const char *argument;
    PyObject *capsule;
    if (!PyArg_ParseTuple(args, "sO:arrow_schema", &argument, &capsule))
        return NULL;
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    return schema ? field_from(schema, argument, 0) : NULL;
}

static PyObject *arrow_array(PyObject *Py_UNUSED(module), PyObject *args) {
    const char *argument;
    PyObject *capsules[2];
    if (!PyArg_ParseTuple(args, "sOO:arrow_array", &argument, &capsules[0], &capsules[1]))
        return NULL;
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsules[0], "arrow_schema");
    struct ArrowArray *array = schema ? PyCapsule_GetPointer(capsules[1], "arrow_array") : NULL;
    PyObject *field = array ? field_from(schema, argument, 0) : NULL, *owner = NULL, *chunk = NULL;
    if (field && (owner = own(array)))
        chunk = array_from(PyCapsule_GetPointer(owner, OWNER), schema, owner, argument);
    Py_XDECREF(owner);
    if (!chunk) {
        Py_XDECREF(field);
        return NULL;
    }
    return Py_BuildValue("(N[N])", field, chunk);
}

static PyObject *stream_failed(struct ArrowArrayStream *stream, const char *argument, int code) {
    const char *message = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    PyErr_Format(PyExc_ValueError, "%s: the Arrow stream failed: %.500s", argument,
                 message ? message : strerror(code));
    return NULL;
}

/* Append the next chunk to a list: 1, or 0 at the end, -1 with an exception. The GIL is released while the producer
 * works, since it may use other threads. */
static int append_next(struct ArrowArrayStream *stream, const struct ArrowSchema *schema, const char *argument,
                       PyObject *chunks) {
    struct ArrowArray array = {.release = NULL};
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = stream->get_next(stream, &array);
    Py_END_ALLOW_THREADS
    if (code) {
        (void)stream_failed(stream, argument, code);
        return -1;
    }
    if (!array.release)
        return 0;
    PyObject *owner = own(&array), *chunk = NULL;
    if (!owner)
        KEEP_EXCEPTION(array.release(&array));
    else
        chunk = array_from(PyCapsule_GetPointer(owner, OWNER), schema, owner, argument);
    int status = chunk && PyList_Append(chunks, chunk) == 0 && PyErr_CheckSignals() == 0 ? 1 : -1;
    Py_XDECREF(owner);
    Py_XDECREF(chunk);
    return status;
}

static PyObject *arrow_stream(PyObject *Py_UNUSED(module), PyObject *args) {
    const char *argument;
    PyObject *capsule, *field = NULL, *chunks = NULL;
    if (!PyArg_ParseTuple(args, "sO:arrow_stream", &argument, &capsule))
        return NULL;
    struct ArrowArrayStream *source = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (!source)
        return NULL;
    struct ArrowArrayStream stream = *source; /* moved, so that no other thread reads it meanwhile */
    struct ArrowSchema schema = {.release = NULL};
    source->release = NULL;
    if (!stream.release) {
        PyErr_Format(PyExc_ValueError, "%s: the Arrow stream was already read or released", argument);
        return NULL;
    }
    if (!stream.get_schema || !stream.get_next) {
        stream.release(&stream);
        PyErr_Format(PyExc_ValueError, "%s: malformed Arrow data: a stream without its functions", argument);
        return NULL;
    }
    int code, more = -1;
    Py_BEGIN_ALLOW_THREADS
    code = stream.get_schema(&stream, &schema);
    Py_END_ALLOW_THREADS
    if (code)
        (void)stream_failed(&stream, argument, code);
    else if ((field = field_from(&schema, argument, 0)) && (chunks = PyList_New(0)))
        while ((more = append_next(&stream, &schema, argument, chunks)) > 0)
            ;
    if (schema.release)
        KEEP_EXCEPTION(schema.release(&schema));
    KEEP_EXCEPTION(stream.release(&stream));
    if (more < 0) {
        Py_XDECREF(field);
        Py_XDECREF(chunks);
        return NULL;
    }
    return Py_BuildValue("(NN)", field, chunks);
}

PyMethodDef arrow_functions[] = {
    {"arrow_schema", arrow_schema, METH_VARARGS, "The field of a schema capsule; the capsule keeps it."},
    {"arrow_array", arrow_array, METH_VARARGS, "The field and the chunk of a schema capsule and an array capsule."},
    {"arrow_stream", arrow_stream, METH_VARARGS, "The field and all chunks of a stream capsule."},
    {NULL, NULL, 0, NULL},
};
