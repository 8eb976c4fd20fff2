/* arrow.c — what data did another library export through the Arrow PyCapsule interface?
 *
 * The structs of the Arrow C data interface become plain tuples, and their buffers read-only NumPy arrays over the
 * same memory: nothing is copied and no Arrow library is needed. Python interprets the columns; this file and
 * arrow_schema.c make them safe to read. Every value in a struct is checked before it is used, so a malformed struct
 * is a ValueError. A consumer can't see the real size of a buffer; it follows from lengths and offsets. A struct is
 * moved out of its capsule and released once: the arrays over its buffers keep it alive, and the last of them
 * releases it.
 *
 * An array is (length, offset, null count, buffers, children). */
#include "arrow.h"

static const int64_t LONGEST = PTRDIFF_MAX / 1024; /* of an array: sizes in bytes stay far from overflow */

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
