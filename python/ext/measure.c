/* measure.c — areas, centers and coordinates of many regions or polygons, as arrays.
 *
 * The library measures regions that are arrays. Polygon objects answer for themselves, since a subclass may override
 * center and area(): Python code runs then, so the objects are held in a tuple that it can't change. */
#include "core.h"

static PyObject *regions_measure(PyObject *module, PyObject *args) {
    PyObject *in[5], *name = NULL;
    pm_regions regions;
    pm_error err;
    if (!PyArg_ParseTuple(args, "OOOOO|O:regions_measure", &in[0], &in[1], &in[2], &in[3], &in[4], &name) ||
        regions_from(in, &regions) < 0)
        return NULL;
    const int metric = metric_from(name);
    if (metric < 0)
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
    double *to_areas = PyArray_DATA((PyArrayObject *)areas), *to_centers = PyArray_DATA((PyArrayObject *)centers);
    Py_BEGIN_ALLOW_THREADS
    if (metric == PM_SPHERE)
        status = pm_regions_measure_sphere(&regions, to_areas, to_centers, &err);
    else
        pm_regions_measure(&regions, to_areas, to_centers);
    Py_END_ALLOW_THREADS
    if (status) {
        Py_DECREF(areas);
        Py_DECREF(centers);
        return raise_status(PyModule_GetState(module), status, &err);
    }
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

PyMethodDef measure_functions[] = {
    {"regions_measure", regions_measure, METH_VARARGS,
     "regions_measure(coords, ring_offsets, polygon_offsets, geom_offsets, kinds, metric='planar') -> "
     "(areas, centers)"},
    {"gather_polygons", gather_polygons, METH_O, "gather_polygons(polygons) -> (coords, ring_offsets)"},
    {"measure_polygons", measure_polygons, METH_O,
     "measure_polygons(polygons) -> (x, y, area): centers and areas, as overridden."},
    {NULL, NULL, 0, NULL},
};
