/* arrays.c — the package's NumPy arrays as the views that the library reads and writes.
 *
 * Private: the package converts users' input to exactly these arrays, so another type, another number of dimensions
 * or lengths that don't fit are a plain TypeError or ValueError. Nothing is copied; the caller of a function here
 * holds the arrays as long as the library uses the view. The contents of regions are checked by the library. */
#include "core.h"

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
    if (args[3] != Py_None &&
        check_offsets(args[3], "geom_offsets", &regions->geom_offsets, &regions->geom_count) < 0)
        return -1;
    PyArrayObject *kinds = args[4] == Py_None ? NULL : check_array(args[4], "kinds", NPY_UINT8, 1, 0);
    if (args[4] == Py_None)
        return 0;
    if (!kinds)
        return -1;
    if ((size_t)PyArray_DIM(kinds, 0) != regions->polygon_count) {
        PyErr_SetString(PyExc_ValueError, "kinds: expected one for each polygon");
        return -1;
    }
    regions->kinds = PyArray_DATA(kinds);
    return 0;
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

int points_from(PyObject *x, PyObject *y, PyObject *out, pm_points *points, int64_t **answers) {
    PyArrayObject *xs = check_array(x, "x", NPY_DOUBLE, 1, 1),
                  *ys = xs ? check_array(y, "y", NPY_DOUBLE, 1, 1) : NULL;
    PyArrayObject *outs = ys && out ? check_array(out, "out", NPY_INT64, 1, 0) : NULL;
    if (!ys || (out && !outs))
        return -1;
    npy_intp count = PyArray_DIM(xs, 0);
    if (PyArray_DIM(ys, 0) != count || (outs && (PyArray_DIM(outs, 0) != count || !PyArray_ISWRITEABLE(outs)))) {
        PyErr_SetString(PyExc_ValueError, "x, y and out must have one length, and out must be writeable");
        return -1;
    }
    *points = (pm_points){.x = PyArray_DATA(xs),
                          .y = PyArray_DATA(ys),
                          .x_stride = PyArray_STRIDE(xs, 0),
                          .y_stride = PyArray_STRIDE(ys, 0),
                          .count = (size_t)count};
    if (outs)
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
