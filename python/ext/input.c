/* input.c — what did the caller hand over?
 *
 * Numbers arrive as arrays of every type and layout, as lists, tuples and single points. Here they become doubles, or
 * an exception that names the argument and the position. Text is never parsed, complex numbers never truncated. */
#include "core.h"

PyObject *raise_status(pm_status status, const pm_error *err) {
    if (status == PM_ERR_NO_MEMORY)
        return PyErr_NoMemory();
    PyErr_SetString(PyExc_ValueError, err->message);
    return NULL;
}

/* Real numbers: bool, integers, floats. */
static int is_real(PyArrayObject *array) {
    return PyArray_ISBOOL(array) || PyArray_ISINTEGER(array) || PyArray_ISFLOAT(array);
}

/* An array of whatever was given. A ragged list is numpy's ValueError, with the argument named. */
static PyArrayObject *array_from(PyObject *object, const char *argument) {
    if (PyArray_Check(object))
        return (PyArrayObject *)Py_NewRef(object);
    PyObject *array = PyArray_FROM_O(object);
    if (!array && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s: expected a sequence of numbers, all rows of one length", argument);
    }
    return (PyArrayObject *)array;
}

PyArrayObject *doubles_from(PyObject *object, const char *argument) {
    PyArrayObject *array = array_from(object, argument), *doubles = NULL;
    if (!array)
        return NULL;
    if (PyArray_NDIM(array) != 1)
        PyErr_Format(PyArray_NDIM(array) == 0 ? PyExc_TypeError : PyExc_ValueError,
                     "%s: expected a 1-D sequence of numbers, got %d dimensions", argument, PyArray_NDIM(array));
    else if (!is_real(array) && PyArray_SIZE(array) > 0)
        PyErr_Format(PyExc_TypeError, "%s: expected real numbers, got dtype %S", argument,
                     (PyObject *)PyArray_DESCR(array));
    else
        doubles = (PyArrayObject *)PyArray_FromArray(array, PyArray_DescrFromType(NPY_DOUBLE),
                                                     NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    Py_DECREF(array);
    return doubles;
}

int point_from(PyObject *object, double point[2], const char *argument, Py_ssize_t position) {
    PyArrayObject *array = (PyArrayObject *)object;
    if (PyArray_CheckExact(object) && PyArray_TYPE(array) == NPY_DOUBLE && PyArray_NDIM(array) == 1 &&
        PyArray_DIM(array, 0) == 2 && PyArray_ISBEHAVED_RO(array)) {
        const char *data = PyArray_BYTES(array);
        point[0] = *(const double *)(const void *)data;
        point[1] = *(const double *)(const void *)(data + PyArray_STRIDE(array, 0));
        return 0;
    }
    char name[64];
    if (position < 0)
        PyOS_snprintf(name, sizeof name, "%s", argument);
    else
        PyOS_snprintf(name, sizeof name, "%s[%zd]", argument, position);
    PyArrayObject *doubles = doubles_from(object, name);
    if (!doubles)
        return -1;
    int status = -1;
    if (PyArray_DIM(doubles, 0) != 2) {
        PyErr_Format(PyExc_ValueError, "%s: expected two coordinates, got %zd", name, (Py_ssize_t)PyArray_DIM(doubles, 0));
    } else {
        const double *data = PyArray_DATA(doubles);
        point[0] = data[0];
        point[1] = data[1];
        status = 0;
    }
    Py_DECREF(doubles);
    return status;
}
