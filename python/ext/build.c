/* build.c — an index built from the arrays and rules that the package gives.
 *
 * The GIL is released while the library works; the arrays are held meanwhile. A long build takes it back about every
 * 20 ms, to check for Ctrl-C and to show the progress. */
#include "core.h"

static const char *best_name(int number) {
    return pm_best_name((pm_best)number);
}

static const char *predicate_name(int number) {
    return pm_predicate_name((pm_predicate)number);
}

static const char *metric_name(int number) {
    return pm_metric_name((pm_metric)number);
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

int metric_from(PyObject *name) {
    return name ? number_of(name, "metric", metric_name) : PM_PLANAR;
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

/* Run signal handlers and show the progress, every 20 ms: another computing thread gives the GIL back after 5 ms.
 * Nonzero: an exception is set. */
static int let_python_run(void *context) {
    watch *w = context;
    struct timespec now;
    if (PyThread_get_thread_ident() != w->ident) /* one that helps: it holds no GIL to ask with */
        return w->is_stopped;
    (void)timespec_get(&now, TIME_UTC);
    double passed = difftime(now.tv_sec, w->last.tv_sec) + 1e-9 * (double)(now.tv_nsec - w->last.tv_nsec);
    if (passed >= 0 && passed < 0.02)
        return 0;
    w->last = now;
    PyEval_RestoreThread(w->thread);
    int stop = PyErr_CheckSignals();
    if (!stop && w->show) {
        PyObject *nothing = PyObject_CallNoArgs(w->show);
        stop = !nothing;
        Py_XDECREF(nothing);
    }
    w->is_stopped |= stop;
    w->thread = PyEval_SaveThread();
    return stop;
}

/* Tasks that Python threads may do. */
typedef struct lent {
    void (*task)(void *tasks, size_t number);
    void *tasks;
    size_t count;
    watch *watch;
} lent;

/* Do the tasks from the first to the end of a range, without the GIL. */
static PyObject *do_tasks(PyObject *capsule, PyObject *args) {
    Py_ssize_t first, end;
    const lent *l = PyCapsule_GetPointer(capsule, NULL);
    if (!l || !PyArg_ParseTuple(args, "nn:work", &first, &end))
        return NULL;
    if (first < 0 || end < first || (size_t)end > l->count) {
        PyErr_SetString(PyExc_ValueError, "work: expected a range of the tasks");
        return NULL;
    }
    PyThreadState *thread = PyEval_SaveThread();
    const int is_building = PyThread_get_thread_ident() == l->watch->ident;
    if (is_building)
        l->watch->thread = thread; /* its polls take the GIL */
    for (Py_ssize_t i = first; i < end; i++)
        l->task(l->tasks, (size_t)i);
    PyEval_RestoreThread(is_building ? l->watch->thread : thread);
    if (PyErr_Occurred()) /* of a poll */
        return NULL;
    Py_RETURN_NONE;
}

/* Have Python run the tasks on its threads. Nonzero: an exception is set. */
static int lend_threads(void *context, void (*task)(void *tasks, size_t number), void *tasks, size_t count) {
    static PyMethodDef method = {"work", do_tasks, METH_VARARGS, "work(first, end): do these tasks."};
    watch *w = context;
    lent l = {task, tasks, count, w};
    PyEval_RestoreThread(w->thread);
    PyObject *capsule = PyCapsule_New(&l, NULL, NULL), *work = NULL, *done = NULL;
    if (capsule)
        work = PyCFunction_New(&method, capsule);
    if (work)
        done = PyObject_CallFunction(w->run, "On", work, (Py_ssize_t)count);
    const int stop = !done;
    Py_XDECREF(done);
    Py_XDECREF(work);
    Py_XDECREF(capsule);
    w->thread = PyEval_SaveThread();
    return stop;
}

void watch_begin(watch *w, PyObject *show, PyObject *run, pm_options *options) {
    w->show = show == Py_None ? NULL : show;
    w->run = run == Py_None ? NULL : run;
    w->is_stopped = 0;
    w->ident = PyThread_get_thread_ident();
    (void)timespec_get(&w->last, TIME_UTC);
    options->poll = let_python_run;
    options->poll_context = w;
    options->run = w->run ? lend_threads : NULL;
    options->run_context = w;
    w->thread = PyEval_SaveThread();
}

void watch_end(watch *w) {
    PyEval_RestoreThread(w->thread);
}

/* Build from regions or from disks; the other is NULL. `show` and `run` as watch_begin() has them. */
static PyObject *build(PyTypeObject *type, const pm_regions *regions, const pm_disks *disks, pm_options *options,
                       PyObject *show, PyObject *run) {
    index_object *self = (index_object *)type->tp_alloc(type, 0);
    pm_error err;
    if (!self)
        return NULL;
    watch w;
    watch_begin(&w, show, run, options);
    pm_status status = regions ? pm_index_build(regions, options, &self->index, &err)
                               : pm_index_build_disks(disks, options, &self->index, &err);
    watch_end(&w);
    if (status) {
        Py_DECREF(self);
        return raise_status(PyType_GetModuleState(type), status, &err);
    }
    return (PyObject *)self;
}

pm_engine engine_from(const char *name) {
    static const char *const engines[] = {"auto", "scan", "tree", "boxes"};
    int number = 0;
    while (number < 4 && strcmp(name, engines[number]) != 0)
        number++;
    return (pm_engine)number;
}

/* 0, or -1 with an exception. */
static int set_rest(pm_options *options, const char *engine, Py_ssize_t max_bytes, double period,
                    const Py_buffer *note, PyObject *metric) {
    const int number = metric_from(metric);
    if (number < 0)
        return -1;
    options->metric = (pm_metric)number;
    options->engine = engine_from(engine);
    options->max_bytes = (size_t)max_bytes;
    options->period = period;
    options->note = note->len > 0 ? note->buf : NULL;
    options->note_size = (size_t)note->len;
    return 0;
}

PyObject *index_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *in[9], *areas = Py_None, *show = Py_None, *metric = NULL, *run = Py_None;
    const char *engine = "auto";
    Py_ssize_t max_bytes = 0;
    double period = 0;
    int compact = 0;
    Py_buffer note = {.buf = NULL};
    pm_regions regions;
    pm_options options;
    if (keywords && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Index takes no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OOOOOOOOO|sOndy*OOpO:Index", &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6],
                          &in[7], &in[8], &engine, &areas, &max_bytes, &period, &note, &show, &metric, &compact,
                          &run))
        return NULL;
    PyObject *self = NULL;
    if (regions_from(in, &regions) == 0 &&
        options_from(in[5], in[6], in[7], in[8], areas, pm_regions_count(&regions), &options) == 0 &&
        set_rest(&options, engine, max_bytes, period, &note, metric) == 0) {
        options.compact = compact;
        self = build(type, &regions, NULL, &options, show, run);
    }
    PyBuffer_Release(&note);
    return self;
}

PyObject *index_from_disks(PyObject *type, PyObject *args) {
    PyObject *in[3], *best, *scores, *distance, *show = Py_None, *metric = NULL;
    const char *engine = "auto";
    Py_ssize_t max_bytes = 0;
    double period = 0;
    Py_buffer note = {.buf = NULL};
    pm_options options;
    pm_disks disks;
    if (!PyArg_ParseTuple(args, "OOOOOO|sndy*OO:from_disks", &in[0], &in[1], &in[2], &best, &scores, &distance,
                          &engine, &max_bytes, &period, &note, &show, &metric))
        return NULL;
    PyObject *self = NULL;
    if (disks_from(in, &disks) == 0 &&
        options_from(NULL, best, scores, distance, Py_None, disks.count, &options) == 0 &&
        set_rest(&options, engine, max_bytes, period, &note, metric) == 0) {
        self = build((PyTypeObject *)type, NULL, &disks, &options, show, Py_None);
    }
    PyBuffer_Release(&note);
    return self;
}
