/* index.c — the library's index as a Python object.
 *
 * An Index is immutable. It is built in tp_new, or opened over the bytes of another one, which it keeps alive; it
 * exports its bytes as a buffer. The GIL is released while the library works, unless there are only a few points;
 * the arrays are held meanwhile. */
#include "core.h"

/* ---- as bytes ---- */

/* Can another owner write to these bytes? A read-only memoryview may cover a writeable object; pickle makes such
 * views. */
static int are_writable(const Py_buffer *bytes) {
    Py_buffer whole;
    if (!bytes->readonly || !bytes->obj || !PyMemoryView_Check(bytes->obj))
        return !bytes->readonly;
    PyObject *owner = PyMemoryView_GET_BUFFER(bytes->obj)->obj;
    if (!owner || PyObject_GetBuffer(owner, &whole, PyBUF_SIMPLE) < 0) {
        PyErr_Clear();
        return 1;
    }
    int writable = !whole.readonly;
    PyBuffer_Release(&whole);
    return writable;
}

/* Exchange a buffer for one of a private copy, at a multiple of 64. Returns where that begins; NULL on errors. */
static const void *copy_bytes(Py_buffer *bytes) {
    const Py_ssize_t line = 64;
    PyObject *copy = PyBytes_FromStringAndSize(NULL, bytes->len + line);
    if (!copy)
        return NULL;
    char *start = PyBytes_AS_STRING(copy);
    start += (line - (Py_ssize_t)((uintptr_t)start % (uintptr_t)line)) % line;
    memcpy(start, bytes->buf, (size_t)bytes->len);
    PyBuffer_Release(bytes);
    int status = PyObject_GetBuffer(copy, bytes, PyBUF_SIMPLE);
    Py_DECREF(copy);
    return status < 0 ? NULL : start;
}

/* Use the bytes in place; use a copy if others can write to them (unless the bytes are private), since an
 * index must not change after it is verified, or if they are not aligned. */
static PyObject *index_open(PyObject *type, PyObject *args) {
    PyObject *bytes;
    int verify, is_private = 0;
    pm_status status;
    pm_error err;
    if (!PyArg_ParseTuple(args, "Op|p:open", &bytes, &verify, &is_private))
        return NULL;
    index_object *self = (index_object *)((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 0);
    if (!self)
        return NULL;
    if (PyObject_GetBuffer(bytes, &self->bytes, PyBUF_SIMPLE) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    const size_t size = (size_t)self->bytes.len;
    const void *block = self->bytes.buf;
    if ((!is_private && are_writable(&self->bytes)) || (uintptr_t)block % 8 != 0)
        block = copy_bytes(&self->bytes);
    if (!block) {
        Py_DECREF(self);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = pm_index_open(block, size, verify, NULL, &self->index, &err);
    Py_END_ALLOW_THREADS
    if (!status)
        return (PyObject *)self;
    Py_DECREF(self);
    return raise_status(PyType_GetModuleState((PyTypeObject *)type), status, &err);
}

static int index_get_buffer(PyObject *object, Py_buffer *view, int flags) {
    size_t size;
    const void *block = pm_index_block(((index_object *)object)->index, &size);
    return PyBuffer_FillInfo(view, object, (void *)(uintptr_t)block, (Py_ssize_t)size, 1, flags);
}

static void index_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    pm_lister_free(((index_object *)object)->lister);
    pm_index_free(((index_object *)object)->index);
    PyBuffer_Release(&((index_object *)object)->bytes);
    type->tp_free(object);
    Py_DECREF(type);
}

/* ---- questions ---- */

static pm_status match_points(const pm_index *index, const pm_points *points, int64_t *answers, double *distances,
                              pm_error *err) {
    if (distances)
        return pm_index_match_distances(index, points, answers, distances, err);
    pm_index_match(index, points, answers);
    return PM_OK;
}

static PyObject *index_match(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    const pm_index *index = ((index_object *)object)->index;
    if (nargs != 3 && nargs != 4) {
        PyErr_Format(PyExc_TypeError, "match() takes x, y, out and distances, got %zd arguments", nargs);
        return NULL;
    }
    pm_points points;
    int64_t *answers;
    double *distances = NULL;
    if (points_from(args[0], args[1], args[2], &points, &answers) < 0 ||
        (nargs == 4 && distances_from(args[3], points.count, &distances) < 0))
        return NULL;
    pm_status status;
    pm_error err = {.item = -1};
    if (points.count < 16) { /* releasing the GIL costs more */
        status = match_points(index, &points, answers, distances, &err);
    } else {
        Py_BEGIN_ALLOW_THREADS
        status = match_points(index, &points, answers, distances, &err);
        Py_END_ALLOW_THREADS
    }
    if (status)
        return raise_status(PyType_GetModuleState(Py_TYPE(object)), status, &err);
    Py_RETURN_NONE;
}

static PyObject *index_match_one(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    double x, y;
    if (nargs != 2) {
        PyErr_Format(PyExc_TypeError, "match_one() takes x and y, got %zd arguments", nargs);
        return NULL;
    }
    if (!number_quickly(args[0], &x) || !number_quickly(args[1], &y))
        Py_RETURN_NONE;
    return PyLong_FromLongLong(pm_index_match_one(((index_object *)object)->index, x, y));
}

/* Once; callers hold a lock. */
static PyObject *index_prepare_lists(PyObject *object, PyObject *Py_UNUSED(nothing)) {
    index_object *self = (index_object *)object;
    pm_lister *lister = NULL;
    pm_status status;
    pm_error err;
    if (self->lister)
        Py_RETURN_NONE;
    Py_BEGIN_ALLOW_THREADS
    status = pm_lister_build(self->index, NULL, &lister, &err);
    Py_END_ALLOW_THREADS
    if (status)
        return raise_status(PyType_GetModuleState(Py_TYPE(object)), status, &err);
    self->lister = lister;
    Py_RETURN_NONE;
}

static PyObject *index_list(PyObject *object, PyObject *args) {
    index_object *self = (index_object *)object;
    PyObject *x, *y, *counts, *ids, *distances;
    Py_ssize_t most;
    pm_points points;
    pm_lists lists = {.ids = NULL};
    if (!PyArg_ParseTuple(args, "OOnOOO:list", &x, &y, &most, &counts, &ids, &distances) ||
        points_from(x, y, counts, &points, &lists.counts) < 0)
        return NULL;
    if (!self->lister) {
        PyErr_SetString(PyExc_RuntimeError, "prepare_lists() comes first");
        return NULL;
    }
    if (ids != Py_None) {
        PyArrayObject *array = check_array(ids, "ids", NPY_INT64, 1, 0);
        if (!array)
            return NULL;
        lists.ids = PyArray_DATA(array);
        lists.room = (size_t)PyArray_DIM(array, 0);
    }
    if (distances != Py_None && distances_from(distances, lists.room, &lists.distances) < 0)
        return NULL;
    size_t done;
    pm_status status;
    pm_error err = {.item = -1};
    Py_BEGIN_ALLOW_THREADS
    status = pm_lister_list(self->lister, &points, most < 0 ? SIZE_MAX : (size_t)most, &lists, &done, &err);
    Py_END_ALLOW_THREADS
    if (status)
        return raise_status(PyType_GetModuleState(Py_TYPE(object)), status, &err);
    return PyLong_FromSize_t(done);
}

/* The position of the next cell; in the first of two walks there are no arrays, and cells are only counted. */
typedef struct cell_arrays {
    npy_intp count;
    double *boxes;
    uint8_t *kinds;
    npy_intp *answers;
} cell_arrays;

static int add_cell(void *context, const pm_index_cell *cell) {
    cell_arrays *to = context;
    if (to->boxes) {
        const double box[4] = {cell->min_x, cell->min_y, cell->max_x, cell->max_y};
        memcpy(to->boxes + 4 * to->count, box, sizeof box);
        to->kinds[to->count] = cell->is_border ? 2 : 0;
        to->answers[to->count] = (npy_intp)cell->answer;
    }
    to->count++;
    return 0;
}

static PyObject *index_cells(PyObject *object, PyObject *Py_UNUSED(nothing)) {
    const pm_index *index = ((index_object *)object)->index;
    cell_arrays cells = {0, NULL, NULL, NULL};
    Py_BEGIN_ALLOW_THREADS
    pm_index_visit(index, add_cell, &cells);
    Py_END_ALLOW_THREADS
    npy_intp shape[2] = {cells.count, 4};
    PyObject *boxes = PyArray_SimpleNew(2, shape, NPY_DOUBLE), *kinds = PyArray_SimpleNew(1, shape, NPY_UINT8),
             *answers = PyArray_SimpleNew(1, shape, NPY_INTP);
    if (!boxes || !kinds || !answers) {
        Py_XDECREF(boxes);
        Py_XDECREF(kinds);
        Py_XDECREF(answers);
        return NULL;
    }
    cells = (cell_arrays){0, PyArray_DATA((PyArrayObject *)boxes), PyArray_DATA((PyArrayObject *)kinds),
                          PyArray_DATA((PyArrayObject *)answers)};
    Py_BEGIN_ALLOW_THREADS
    pm_index_visit(index, add_cell, &cells);
    Py_END_ALLOW_THREADS
    return Py_BuildValue("(NNN)", boxes, kinds, answers);
}

/* ---- properties ---- */

static Py_ssize_t index_length(PyObject *object) {
    return (Py_ssize_t)pm_index_count(((index_object *)object)->index);
}

static PyObject *index_nbytes(PyObject *object, void *Py_UNUSED(closure)) {
    size_t size;
    (void)pm_index_block(((index_object *)object)->index, &size);
    return PyLong_FromSize_t(size);
}

static PyObject *index_bounds(PyObject *object, void *Py_UNUSED(closure)) {
    double bounds[4];
    pm_index_bounds(((index_object *)object)->index, bounds);
    return Py_BuildValue("(dddd)", bounds[0], bounds[1], bounds[2], bounds[3]);
}

static PyObject *index_distance_count(PyObject *object, void *Py_UNUSED(closure)) {
    return PyLong_FromSize_t(pm_index_distance_count(((index_object *)object)->index));
}

static PyObject *index_predicate(PyObject *object, void *Py_UNUSED(closure)) {
    return PyUnicode_FromString(pm_predicate_name(pm_index_predicate(((index_object *)object)->index)));
}

static PyObject *index_compact(PyObject *object, void *Py_UNUSED(closure)) {
    return PyBool_FromLong(pm_index_is_compact(((index_object *)object)->index));
}

static PyObject *index_metric(PyObject *object, void *Py_UNUSED(closure)) {
    return PyUnicode_FromString(pm_metric_name(pm_index_metric(((index_object *)object)->index)));
}

static PyObject *index_best(PyObject *object, void *Py_UNUSED(closure)) {
    return PyUnicode_FromString(pm_best_name(pm_index_best(((index_object *)object)->index)));
}

static PyObject *index_period(PyObject *object, void *Py_UNUSED(closure)) {
    return PyFloat_FromDouble(pm_index_period(((index_object *)object)->index));
}

static PyObject *index_note(PyObject *object, void *Py_UNUSED(closure)) {
    size_t size;
    const void *note = pm_index_note(((index_object *)object)->index, &size);
    return PyBytes_FromStringAndSize(note, (Py_ssize_t)size);
}

static PyObject *index_block(PyObject *object, void *Py_UNUSED(closure)) {
    return PyMemoryView_FromObject(object);
}

static PyMethodDef index_methods[] = {
    {"from_disks", index_from_disks, METH_VARARGS | METH_CLASS,
     "from_disks(x, y, area, best, scores, distance, engine='auto', max_bytes=0, period=0.0, note=b'', show=None, "
     "metric='planar'): "
     "center_within over known centers and areas."},
    {"open", index_open, METH_VARARGS | METH_CLASS,
     "open(bytes, verify, private=False): over the bytes of another one, or a copy of what others may write to."},
    {"match", (PyCFunction)(void (*)(void))index_match, METH_FASTCALL,
     "match(x, y, out[, distances]): the best region of every point into out, and how far it is into distances."},
    {"match_one", (PyCFunction)(void (*)(void))index_match_one, METH_FASTCALL,
     "match_one(x, y): the best region of one point, -1 for none; None where x or y is not a plain number."},
    {"prepare_lists", index_prepare_lists, METH_NOARGS, "prepare_lists(): make what list() needs, once."},
    {"list", index_list, METH_VARARGS,
     "list(x, y, most, counts, ids, distances) -> done: up to `most` candidates of every point (-1: all), one list "
     "after the other, into ids and distances, which may be None, as far as they have room."},
    {"cells", index_cells, METH_NOARGS,
     "cells() -> (boxes, kinds, answers) of the cells of its tree: 0 is an answer, 2 a border cell."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef index_getset[] = {
    {"nbytes", index_nbytes, NULL, "Bytes of its block.", NULL},
    {"block", index_block, NULL, "Its bytes, as open() takes them.", NULL},
    {"distance_count", index_distance_count, NULL, "How many distances it was built with: 0, 1 or one per region.",
     NULL},
    {"predicate", index_predicate, NULL, "The rule it was built with.", NULL},
    {"best", index_best, NULL, "The rule it was built with; any scores are \"score\".", NULL},
    {"metric", index_metric, NULL, "The metric it was built with.", NULL},
    {"compact", index_compact, NULL, "Is it a compact index?", NULL},
    {"period", index_period, NULL, "After which x repeats, or 0.", NULL},
    {"note", index_note, NULL, "The bytes that it was given to keep.", NULL},
    {"bounds", index_bounds, NULL, "(min x, min y, max x, max y) around what can match.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot index_slots[] = {
    {Py_tp_doc,
     "Index(coords, ring_offsets, polygon_offsets, geom_offsets, kinds, predicate, best, scores, distance, "
     "engine='auto', areas=None, max_bytes=0, period=0.0, note=b'', show=None, metric='planar', compact=False)"},
    {Py_tp_new, index_new},
    {Py_tp_dealloc, index_dealloc},
    {Py_tp_methods, index_methods},
    {Py_tp_getset, index_getset},
    {Py_sq_length, index_length},
    {Py_bf_getbuffer, index_get_buffer},
    {0, NULL},
};

PyType_Spec index_spec = {
    .name = "poly_match._core.Index",
    .basicsize = sizeof(index_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = index_slots,
};
