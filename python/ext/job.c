/* job.c — regions and points that meet once, as a Python object.
 *
 * The library borrows the arrays of the regions, so the object holds them. The GIL is released while the library
 * works; the arrays of the points are held by the call. */
#include "core.h"

typedef struct job_object {
    PyObject_HEAD
    pm_job *job;
    size_t count;   /* regions */
    PyObject *held; /* the arrays of the regions, and the other arguments that are not points */
} job_object;

static PyObject *job_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    PyObject *in[9], *areas, *x, *y, *show = Py_None, *metric = NULL, *run = Py_None;
    const char *engine;
    Py_ssize_t max_bytes;
    double period;
    pm_regions regions;
    pm_options options;
    pm_points points;
    if (keywords && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Job takes no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OOOOOOOOOsOndOO|OOO:Job", &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6],
                          &in[7], &in[8], &engine, &areas, &max_bytes, &period, &x, &y, &show, &metric, &run) ||
        regions_from(in, &regions) < 0 ||
        options_from(in[5], in[6], in[7], in[8], areas, pm_regions_count(&regions), &options) < 0 ||
        points_from(x, y, NULL, &points, NULL) < 0)
        return NULL;
    const int number = metric_from(metric);
    if (number < 0)
        return NULL;
    options.metric = (pm_metric)number;
    options.engine = engine_from(engine);
    options.max_bytes = (size_t)max_bytes;
    options.period = period;
    job_object *self = (job_object *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->count = pm_regions_count(&regions);
    self->held = PyTuple_GetSlice(args, 0, 11);
    if (!self->held) {
        Py_DECREF(self);
        return NULL;
    }
    pm_error err;
    watch w;
    watch_begin(&w, show, run, &options);
    pm_status status = pm_job_build(&regions, &options, &points, &self->job, &err);
    watch_end(&w);
    if (!status)
        return (PyObject *)self;
    Py_DECREF(self);
    return raise_status(PyType_GetModuleState(type), status, &err);
}

static void job_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    pm_job_free(((job_object *)object)->job);
    Py_XDECREF(((job_object *)object)->held);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *job_match(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    const pm_job *job = ((job_object *)object)->job;
    pm_points points;
    int64_t *answers;
    double *distances = NULL;
    if (nargs != 3 && nargs != 4) {
        PyErr_Format(PyExc_TypeError, "match() takes x, y, out and distances, got %zd arguments", nargs);
        return NULL;
    }
    if (points_from(args[0], args[1], args[2], &points, &answers) < 0 ||
        (nargs == 4 && distances_from(args[3], points.count, &distances) < 0))
        return NULL;
    pm_status status = PM_OK;
    pm_error err = {.item = -1};
    Py_BEGIN_ALLOW_THREADS
    if (distances)
        status = pm_job_match_distances(job, &points, answers, distances, &err);
    else
        pm_job_match(job, &points, answers);
    Py_END_ALLOW_THREADS
    if (status)
        return raise_status(PyType_GetModuleState(Py_TYPE(object)), status, &err);
    Py_RETURN_NONE;
}

static Py_ssize_t job_length(PyObject *object) {
    return (Py_ssize_t)((job_object *)object)->count;
}

static PyObject *job_engine(PyObject *object, void *Py_UNUSED(closure)) {
    const pm_engine engine = pm_job_engine(((job_object *)object)->job);
    return PyUnicode_FromString(engine == PM_ENGINE_SCAN ? "scan" : engine == PM_ENGINE_BOXES ? "boxes" : "tree");
}

static PyMethodDef job_methods[] = {
    {"match", (PyCFunction)(void (*)(void))job_match, METH_FASTCALL,
     "match(x, y, out[, distances]): the best region of every point into out, and how far it is into distances."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef job_getset[] = {
    {"engine", job_engine, NULL, "The way that was chosen: \"scan\" or \"boxes\", or \"tree\" for an index.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot job_slots[] = {
    {Py_tp_doc, "Job(coords, ring_offsets, polygon_offsets, geom_offsets, kinds, predicate, best, scores, distance, "
                "engine, areas, "
                "max_bytes, period, x, y, show=None, metric='planar')"},
    {Py_tp_new, job_new},
    {Py_tp_dealloc, job_dealloc},
    {Py_tp_methods, job_methods},
    {Py_tp_getset, job_getset},
    {Py_sq_length, job_length},
    {0, NULL},
};

PyType_Spec job_spec = {
    .name = "poly_match._core.Job",
    .basicsize = sizeof(job_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = job_slots,
};
