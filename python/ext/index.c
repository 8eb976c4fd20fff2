/* index.c — the library's index as a Python object, and the arrays that go in and out.
 *
 * Private: the package converts users' input to the arrays expected here, so a wrong type is a plain TypeError. An
 * Index is immutable. It is built in tp_new, or opened over the bytes of another one, which it keeps alive; it
 * exports its bytes as a buffer. The GIL is released while the library works; the arrays are held meanwhile. A long
 * build takes it back about every 20 ms, to check for Ctrl-C. */
#include "core.h"

#include <time.h>

typedef struct index_object {
    PyObject_HEAD
    pm_index *index;
    pm_lister *lister; /* made when a list is first wanted */
    Py_buffer bytes;   /* what it was opened over; else all zero */
} index_object;

PyArrayObject *check_array(PyObject *object, const char *name, int type, int dimensions, int strided) {
    PyArrayObject *array = (PyArrayObject *)object;
    if (PyArray_Check(object) && PyArray_TYPE(array) == type && PyArray_NDIM(array) == dimensions &&
        PyArray_ISBEHAVED_RO(array) && (strided || PyArray_IS_C_CONTIGUOUS(array)))
        return array;
    PyErr_Format(PyExc_TypeError, "%s: expected a native array of %d dimension(s) and the documented type", name,
                 dimensions);
    return NULL;
}

/* Offsets: the array, and how many items they separate. */
static int check_offsets(PyObject *object, const char *name, const int64_t **offsets, size_t *count) {
    PyArrayObject *array = check_array(object, name, NPY_INT64, 1, 0);
    if (!array)
        return -1;
    if (PyArray_DIM(array, 0) == 0) {
        PyErr_Format(PyExc_ValueError, "%s: expected one more than there are items, got an empty array", name);
        return -1;
    }
    *offsets = PyArray_DATA(array);
    *count = (size_t)PyArray_DIM(array, 0) - 1;
    return 0;
}

int regions_from(PyObject *const *args, pm_regions *regions) {
    PyArrayObject *coords = check_array(args[0], "coords", NPY_DOUBLE, 2, 0);
    if (!coords)
        return -1;
    if (PyArray_DIM(coords, 1) != 2) {
        PyErr_SetString(PyExc_ValueError, "coords: expected shape (n, 2)");
        return -1;
    }
    *regions = (pm_regions){.coords = PyArray_DATA(coords), .coord_count = (size_t)PyArray_DIM(coords, 0)};
    if (check_offsets(args[1], "ring_offsets", &regions->ring_offsets, &regions->ring_count) < 0 ||
        check_offsets(args[2], "polygon_offsets", &regions->polygon_offsets, &regions->polygon_count) < 0)
        return -1;
    return args[3] == Py_None ? 0
                              : check_offsets(args[3], "geom_offsets", &regions->geom_offsets, &regions->geom_count);
}

static const char *best_name(int number) {
    return pm_best_name((pm_best)number);
}

static const char *predicate_name(int number) {
    return pm_predicate_name((pm_predicate)number);
}

/* The first number with this name, or -1 with a ValueError; the package checks names first and lists them in errors.
 * */
static int number_of(PyObject *name, const char *argument, const char *(*name_of)(int number)) {
    for (int number = 0; name_of(number); number++)
        if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, name_of(number)) == 0)
            return number;
    PyErr_Format(PyExc_ValueError, "%s: there is no %R", argument, name);
    return -1;
}

int disks_from(PyObject *const *args, pm_disks *disks) {
    PyArrayObject *x = check_array(args[0], "x", NPY_DOUBLE, 1, 0);
    PyArrayObject *y = x ? check_array(args[1], "y", NPY_DOUBLE, 1, 0) : NULL, *area = NULL;
    if (!y || (args[2] != Py_None && !(area = check_array(args[2], "area", NPY_DOUBLE, 1, 0))))
        return -1;
    npy_intp count = PyArray_DIM(x, 0);
    if (PyArray_DIM(y, 0) != count || (area && PyArray_DIM(area, 0) != count)) {
        PyErr_SetString(PyExc_ValueError, "x, y and area must have one length");
        return -1;
    }
    *disks = (pm_disks){
        .x = PyArray_DATA(x), .y = PyArray_DATA(y), .area = area ? PyArray_DATA(area) : NULL, .count = (size_t)count};
    return 0;
}

int options_from(PyObject *predicate, PyObject *best, PyObject *scores, PyObject *distance, PyObject *areas,
                 size_t count, pm_options *options) {
    int rule = predicate ? number_of(predicate, "predicate", predicate_name) : PM_CENTER_WITHIN;
    int best_rule = rule < 0 ? -1 : number_of(best, "best", best_name);
    if (best_rule < 0)
        return -1;
    *options = (pm_options){.predicate = (pm_predicate)rule, .best = (pm_best)best_rule};
    if (options->best == PM_SCORE_DOUBLE) {
        int type = NPY_DOUBLE;
        if (PyArray_Check(scores) && PyArray_ISINTEGER((PyArrayObject *)scores) &&
            PyArray_ITEMSIZE((PyArrayObject *)scores) == 8) { /* long, or where that is shorter, long long */
            type = PyArray_TYPE((PyArrayObject *)scores);
            options->best = PyTypeNum_ISSIGNED(type) ? PM_SCORE_INT64 : PM_SCORE_UINT64;
        }
        PyArrayObject *array = check_array(scores, "scores", type, 1, 0);
        if (!array)
            return -1;
        if ((size_t)PyArray_DIM(array, 0) != count) {
            PyErr_Format(PyExc_ValueError, "best: expected %zu scores, one per region, got %zd", count,
                         (Py_ssize_t)PyArray_DIM(array, 0));
            return -1;
        }
        options->scores = PyArray_DATA(array);
    }
    if (distance != Py_None) {
        PyArrayObject *array = check_array(distance, "distance", NPY_DOUBLE, 1, 0);
        if (!array)
            return -1;
        options->distance = PyArray_DATA(array);
        options->distance_count = (size_t)PyArray_DIM(array, 0);
    }
    if (areas != Py_None) {
        PyArrayObject *array = check_array(areas, "areas", NPY_DOUBLE, 1, 0);
        if (!array)
            return -1;
        if ((size_t)PyArray_DIM(array, 0) != count) {
            PyErr_SetString(PyExc_ValueError, "areas: expected one per region");
            return -1;
        }
        options->areas = PyArray_DATA(array);
    }
    return 0;
}

/* ---- building ---- */

/* The building thread, which has released the GIL, and when it last checked for signals. */
typedef struct watch {
    PyThreadState *thread;
    struct timespec last;
} watch;

/* Every 20 ms: another computing thread gives the GIL back after 5 ms. Nonzero: an exception is set. */
static int look_for_signals(void *context) {
    watch *w = context;
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    double passed = difftime(now.tv_sec, w->last.tv_sec) + 1e-9 * (double)(now.tv_nsec - w->last.tv_nsec);
    if (passed >= 0 && passed < 0.02)
        return 0;
    w->last = now;
    PyEval_RestoreThread(w->thread);
    int stop = PyErr_CheckSignals();
    w->thread = PyEval_SaveThread();
    return stop;
}

/* Build from regions or from disks; the other is NULL. */
static PyObject *build(PyTypeObject *type, const pm_regions *regions, const pm_disks *disks, pm_options *options) {
    index_object *self = (index_object *)type->tp_alloc(type, 0);
    pm_error err;
    if (!self)
        return NULL;
    watch w;
    (void)timespec_get(&w.last, TIME_UTC);
    options->poll = look_for_signals;
    options->poll_context = &w;
    w.thread = PyEval_SaveThread();
    pm_status status = regions ? pm_index_build(regions, options, &self->index, &err)
                               : pm_index_build_disks(disks, options, &self->index, &err);
    PyEval_RestoreThread(w.thread);
    if (status) {
        Py_DECREF(self);
        return raise_status(PyType_GetModuleState(type), status, &err);
    }
    return (PyObject *)self;
}

/* An unknown name becomes an unknown number, which the library rejects. */
static pm_engine engine_from(const char *name) {
    static const char *const engines[] = {"auto", "scan", "tree"};
    int number = 0;
    while (number < 3 && strcmp(name, engines[number]) != 0)
        number++;
    return (pm_engine)number;
}

static void set_rest(pm_options *options, const char *engine, Py_ssize_t max_bytes, double period,
                     const Py_buffer *note) {
    options->engine = engine_from(engine);
    options->max_bytes = (size_t)max_bytes;
    options->period = period;
    options->note = note->len > 0 ? note->buf : NULL;
    options->note_size = (size_t)note->len;
}

static PyObject *index_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *in[8], *areas = Py_None;
    const char *engine = "auto";
    Py_ssize_t max_bytes = 0;
    double period = 0;
    Py_buffer note = {.buf = NULL};
    pm_regions regions;
    pm_options options;
    if (keywords && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Index takes no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OOOOOOOO|sOndy*:Index", &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6],
                          &in[7], &engine, &areas, &max_bytes, &period, &note))
        return NULL;
    PyObject *self = NULL;
    if (regions_from(in, &regions) == 0 &&
        options_from(in[4], in[5], in[6], in[7], areas, pm_regions_count(&regions), &options) == 0) {
        set_rest(&options, engine, max_bytes, period, &note);
        self = build(type, &regions, NULL, &options);
    }
    PyBuffer_Release(&note);
    return self;
}

static PyObject *index_from_disks(PyObject *type, PyObject *args) {
    PyObject *in[3], *best, *scores, *distance;
    const char *engine = "auto";
    Py_ssize_t max_bytes = 0;
    double period = 0;
    Py_buffer note = {.buf = NULL};
    pm_options options;
    pm_disks disks;
    if (!PyArg_ParseTuple(args, "OOOOOO|sndy*:from_disks", &in[0], &in[1], &in[2], &best, &scores, &distance, &engine,
                          &max_bytes, &period, &note))
        return NULL;
    PyObject *self = NULL;
    if (disks_from(in, &disks) == 0 &&
        options_from(NULL, best, scores, distance, Py_None, disks.count, &options) == 0) {
        set_rest(&options, engine, max_bytes, period, &note);
        self = build((PyTypeObject *)type, NULL, &disks, &options);
    }
    PyBuffer_Release(&note);
    return self;
}

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

int points_from(PyObject *x, PyObject *y, PyObject *out, pm_points *points, int64_t **answers) {
    PyArrayObject *xs = check_array(x, "x", NPY_DOUBLE, 1, 1),
                  *ys = xs ? check_array(y, "y", NPY_DOUBLE, 1, 1) : NULL;
    PyArrayObject *outs = ys ? check_array(out, "out", NPY_INT64, 1, 0) : NULL;
    if (!outs)
        return -1;
    npy_intp count = PyArray_DIM(xs, 0);
    if (PyArray_DIM(ys, 0) != count || PyArray_DIM(outs, 0) != count || !PyArray_ISWRITEABLE(outs)) {
        PyErr_SetString(PyExc_ValueError, "x, y and out must have one length, and out must be writeable");
        return -1;
    }
    *points = (pm_points){.x = PyArray_DATA(xs),
                          .y = PyArray_DATA(ys),
                          .x_stride = PyArray_STRIDE(xs, 0),
                          .y_stride = PyArray_STRIDE(ys, 0),
                          .count = (size_t)count};
    *answers = PyArray_DATA(outs);
    return 0;
}

int distances_from(PyObject *object, size_t count, double **distances) {
    PyArrayObject *array = check_array(object, "distances", NPY_DOUBLE, 1, 0);
    if (!array)
        return -1;
    if ((size_t)PyArray_DIM(array, 0) != count || !PyArray_ISWRITEABLE(array)) {
        PyErr_SetString(PyExc_ValueError, "distances must have one entry per point and be writeable");
        return -1;
    }
    *distances = PyArray_DATA(array);
    return 0;
}

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
     "from_disks(x, y, area, best, scores, distance, engine='auto', max_bytes=0, period=0.0, note=b''): "
     "center_within over known centers and areas."},
    {"open", index_open, METH_VARARGS | METH_CLASS,
     "open(bytes, verify, private=False): over the bytes of another one, or a copy of what others may write to."},
    {"match", (PyCFunction)(void (*)(void))index_match, METH_FASTCALL,
     "match(x, y, out[, distances]): the best region of every point into out, and how far it is into distances."},
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
    {"period", index_period, NULL, "After which x repeats, or 0.", NULL},
    {"note", index_note, NULL, "The bytes that it was given to keep.", NULL},
    {"bounds", index_bounds, NULL, "(min x, min y, max x, max y) around what can match.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot index_slots[] = {
    {Py_tp_doc,
     "Index(coords, ring_offsets, polygon_offsets, geom_offsets, predicate, best, scores, distance, engine='auto', "
     "areas=None, max_bytes=0, period=0.0, note=b'')"},
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

/* ---- functions ---- */

static PyObject *regions_measure(PyObject *module, PyObject *args) {
    PyObject *in[4];
    pm_regions regions;
    pm_error err;
    if (!PyArg_ParseTuple(args, "OOOO:regions_measure", &in[0], &in[1], &in[2], &in[3]) ||
        regions_from(in, &regions) < 0)
        return NULL;
    pm_status status = pm_regions_check(&regions, &err);
    if (status)
        return raise_status(PyModule_GetState(module), status, &err);
    npy_intp shape[2] = {(npy_intp)pm_regions_count(&regions), 2};
    PyObject *areas = PyArray_SimpleNew(1, shape, NPY_DOUBLE), *centers = PyArray_SimpleNew(2, shape, NPY_DOUBLE);
    if (!areas || !centers) {
        Py_XDECREF(areas);
        Py_XDECREF(centers);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    pm_regions_measure(&regions, PyArray_DATA((PyArrayObject *)areas), PyArray_DATA((PyArrayObject *)centers));
    Py_END_ALLOW_THREADS
    return Py_BuildValue("(NN)", areas, centers);
}

/* x, y and area of a list of polygons; an overridden center or area() is called once. */
static int measure_items(const core_state *state, PyObject *items, double *x, double *y, double *area) {
    type_view look = {.type = NULL};
    int status = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items) && status == 0; i++) {
        PyObject *object = PyTuple_GET_ITEM(items, i);
        polygon *item = (polygon *)object;
        place where = {"polygons", -1, i, NULL};
        double center[2];
        view_type(state, Py_TYPE(object), &look);
        if (!look.own_center)
            status = read_center(state, object, "polygons", i, center);
        else
            memcpy(center, item->center, sizeof center);
        int is_own = status == 0 ? area_is_own(state, &look, object) : -1;
        if (is_own == 0)
            status = call_area(state, object, &where, area + i);
        else if (is_own == 1)
            area[i] = polygon_area(item);
        else
            status = -1;
        if (status == 0) {
            x[i] = center[0];
            y[i] = center[1];
        }
    }
    view_release(&look);
    return status;
}

/* A tuple of initialized polygons; a TypeError names the first item that isn't one. */
static PyObject *polygons_from(const core_state *state, PyObject *argument) {
    PyObject *items = PySequence_Tuple(argument);
    type_view look = {.type = NULL};
    for (Py_ssize_t i = 0; items && i < PyTuple_GET_SIZE(items); i++) {
        PyObject *item = PyTuple_GET_ITEM(items, i);
        view_type(state, Py_TYPE(item), &look);
        if (!look.is_polygon) {
            PyErr_Format(PyExc_TypeError, "polygons[%zd]: expected a Polygon, got %.200s", i, Py_TYPE(item)->tp_name);
            Py_CLEAR(items);
        } else if (!polygon_is_ready((polygon *)item)) {
            Py_CLEAR(items);
        }
    }
    view_release(&look);
    return items;
}

static PyObject *measure_polygons(PyObject *module, PyObject *argument) {
    const core_state *state = PyModule_GetState(module);
    PyObject *items = polygons_from(state, argument), *arrays[3] = {NULL, NULL, NULL}, *result = NULL;
    if (!items)
        return NULL;
    npy_intp count = PyTuple_GET_SIZE(items);
    for (int i = 0; i < 3; i++)
        arrays[i] = PyArray_SimpleNew(1, &count, NPY_DOUBLE);
    if (arrays[0] && arrays[1] && arrays[2] &&
        measure_items(state, items, PyArray_DATA((PyArrayObject *)arrays[0]),
                      PyArray_DATA((PyArrayObject *)arrays[1]), PyArray_DATA((PyArrayObject *)arrays[2])) == 0)
        result = PyTuple_Pack(3, arrays[0], arrays[1], arrays[2]);
    for (int i = 0; i < 3; i++)
        Py_XDECREF(arrays[i]);
    Py_DECREF(items);
    return result;
}

static PyObject *gather_polygons(PyObject *module, PyObject *argument) {
    PyObject *items = polygons_from(PyModule_GetState(module), argument), *result = NULL;
    if (!items)
        return NULL;
    npy_intp count = PyTuple_GET_SIZE(items), shape[2] = {0, 2}, places[1] = {count + 1};
    for (npy_intp i = 0; i < count; i++)
        shape[0] += ((polygon *)PyTuple_GET_ITEM(items, i))->count;
    PyObject *coords = PyArray_SimpleNew(2, shape, NPY_DOUBLE), *offsets = PyArray_SimpleNew(1, places, NPY_INT64);
    if (coords && offsets) {
        double *xy = PyArray_DATA((PyArrayObject *)coords);
        int64_t *offset = PyArray_DATA((PyArrayObject *)offsets);
        offset[0] = 0;
        for (npy_intp i = 0; i < count; i++) {
            const polygon *item = (const polygon *)PyTuple_GET_ITEM(items, i);
            for (Py_ssize_t k = 0; k < item->count; k++) {
                *xy++ = polygon_x(item)[k];
                *xy++ = polygon_y(item)[k];
            }
            offset[i + 1] = offset[i] + item->count;
        }
        result = PyTuple_Pack(2, coords, offsets);
    }
    Py_XDECREF(coords);
    Py_XDECREF(offsets);
    Py_DECREF(items);
    return result;
}

PyMethodDef index_functions[] = {
    {"regions_measure", regions_measure, METH_VARARGS,
     "regions_measure(coords, ring_offsets, polygon_offsets, geom_offsets) -> (areas, centers)"},
    {"gather_polygons", gather_polygons, METH_O, "gather_polygons(polygons) -> (coords, ring_offsets)"},
    {"measure_polygons", measure_polygons, METH_O,
     "measure_polygons(polygons) -> (x, y, area): centers and areas, as overridden."},
    {NULL, NULL, 0, NULL},
};
