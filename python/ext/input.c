/* input.c — which numbers did the caller pass?
 *
 * Numbers arrive as arrays of every type and layout, as lists, tuples and single points. Here they become doubles, or
 * an exception that names the argument and the position. Text is never parsed and complex numbers are never
 * truncated. */
#include "core.h"

#include <numpy/arrayscalars.h>

/* Real numbers: bool, integers, floats. */
static int is_real(PyArrayObject *array) {
    return PyArray_ISBOOL(array) || PyArray_ISINTEGER(array) || PyArray_ISFLOAT(array);
}

/* Types that float() would accept although they are not real numbers: text, complex numbers, dates, arrays. */
static int is_no_number(PyObject *object) {
    if (PyUnicode_Check(object) || PyBytes_Check(object) || PyByteArray_Check(object) || PyComplex_Check(object) ||
        (PyArray_Check(object) && PyArray_NDIM((PyArrayObject *)object) > 0))
        return 1;
    return PyArray_CheckScalar(object) && !PyArray_IsScalar(object, Bool) && !PyArray_IsScalar(object, Floating) &&
           (!PyArray_IsScalar(object, Integer) || PyArray_IsScalar(object, Timedelta)) &&
           !(PyArray_Check(object) && is_real((PyArrayObject *)object));
}

int real_from(PyObject *object, const char *argument, double *value) {
    if (PyFloat_CheckExact(object)) {
        *value = PyFloat_AS_DOUBLE(object);
        return 0;
    }
    if (is_no_number(object) || !PyNumber_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s: expected a real number, got %.200s", argument, Py_TYPE(object)->tp_name);
        return -1;
    }
    *value = PyFloat_AsDouble(object);
    if (*value != -1 || !PyErr_Occurred())
        return 0;
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s: beyond the range of a float", argument);
    }
    return -1;
}

/* Doubles of an array of Python objects, such as large integers, fractions and decimals, one by one. */
static PyArrayObject *doubles_from_objects(PyArrayObject *objects, const char *argument) {
    npy_intp count = PyArray_DIM(objects, 0);
    PyArrayObject *doubles = (PyArrayObject *)PyArray_SimpleNew(1, &count, NPY_DOUBLE);
    for (npy_intp i = 0; doubles && i < count; i++) {
        char name[96];
        PyOS_snprintf(name, sizeof name, "%s[%zd]", argument, (Py_ssize_t)i);
        PyObject *item = PySequence_GetItem((PyObject *)objects, i);
        if (!item || real_from(item, name, (double *)PyArray_DATA(doubles) + i) < 0)
            Py_CLEAR(doubles);
        Py_XDECREF(item);
    }
    return doubles;
}

/* An array from any object. For a ragged list, NumPy's ValueError gets the argument's name. */
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
    if (PyArray_NDIM(array) == 0)
        PyErr_Format(PyExc_TypeError, "%s: expected a 1-D sequence of numbers, got %.200s", argument,
                     Py_TYPE(object)->tp_name);
    else if (PyArray_NDIM(array) != 1)
        PyErr_Format(PyExc_ValueError, "%s: expected a 1-D sequence of numbers, got %d dimensions", argument,
                     PyArray_NDIM(array));
    else if (PyArray_TYPE(array) == NPY_OBJECT)
        doubles = doubles_from_objects(array, argument);
    else if (!is_real(array) && PyArray_SIZE(array) > 0)
        PyErr_Format(PyExc_TypeError, "%s: expected real numbers, got dtype %S", argument,
                     (PyObject *)PyArray_DESCR(array));
    else
        doubles = (PyArrayObject *)PyArray_FromArray(array, PyArray_DescrFromType(NPY_DOUBLE),
                                                     NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    Py_DECREF(array);
    return doubles;
}

int number_quickly(PyObject *object, double *value) {
    const long long most = 1LL << 53;
    long long whole;
    int overflow = 0;
    if (PyFloat_CheckExact(object) || Py_IS_TYPE(object, &PyDoubleArrType_Type)) { /* which is a float */
        *value = PyFloat_AS_DOUBLE(object);
        return 1;
    }
    if (Py_IS_TYPE(object, &PyFloatArrType_Type)) {
        *value = (double)PyArrayScalar_VAL(object, Float);
        return 1;
    }
    if (PyLong_CheckExact(object))
        whole = PyLong_AsLongLongAndOverflow(object, &overflow);
    else if (Py_IS_TYPE(object, &PyIntArrType_Type))
        whole = PyArrayScalar_VAL(object, Int);
    else if (Py_IS_TYPE(object, &PyLongArrType_Type))
        whole = PyArrayScalar_VAL(object, Long);
    else if (Py_IS_TYPE(object, &PyLongLongArrType_Type))
        whole = PyArrayScalar_VAL(object, LongLong);
    else
        return 0;
    *value = (double)whole;
    return !overflow && whole >= -most && whole <= most;
}

int point_quickly(PyObject *object, double point[2]) {
    PyArrayObject *array = (PyArrayObject *)object;
    if (!PyArray_CheckExact(object) || PyArray_TYPE(array) != NPY_DOUBLE || PyArray_NDIM(array) != 1 ||
        PyArray_DIM(array, 0) != 2 || !PyArray_ISBEHAVED_RO(array))
        return 0;
    const char *data = PyArray_BYTES(array);
    point[0] = *(const double *)(const void *)data;
    point[1] = *(const double *)(const void *)(data + PyArray_STRIDE(array, 0));
    return 1;
}

int point_from(PyObject *object, double point[2], const char *argument, Py_ssize_t position) {
    if (point_quickly(object, point))
        return 0;
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
        PyErr_Format(PyExc_ValueError, "%s: expected two coordinates, got %zd", name,
                     (Py_ssize_t)PyArray_DIM(doubles, 0));
    } else {
        const double *data = PyArray_DATA(doubles);
        point[0] = data[0];
        point[1] = data[1];
        status = 0;
    }
    Py_DECREF(doubles);
    return status;
}

/* ---- lists of points ---- */

/* An item of a list or tuple, a new reference; NULL if another thread has made the list shorter. */
static PyObject *item_of(PyObject *sequence, Py_ssize_t i) {
#ifdef Py_GIL_DISABLED
    if (PyList_CheckExact(sequence)) {
        PyObject *item = PyList_GetItemRef(sequence, i);
        PyErr_Clear();
        return item;
    }
#endif
    return Py_NewRef(PySequence_Fast_GET_ITEM(sequence, i));
}

/* Read a list or tuple of two numbers, or an array, if that runs no Python code. Returns 1 if it was one, else 0. */
static int pair_quickly(PyObject *object, double pair[2]) {
    if (!PyTuple_CheckExact(object) && !PyList_CheckExact(object))
        return point_quickly(object, pair);
    if (PySequence_Fast_GET_SIZE(object) != 2)
        return 0;
    int known = 1;
    for (int axis = 0; axis < 2 && known; axis++) {
        PyObject *item = item_of(object, axis);
        known = item && number_quickly(item, pair + axis);
        Py_XDECREF(item);
    }
    return known;
}

static PyObject *plain_points(PyObject *Py_UNUSED(module), PyObject *points) {
    if (!PyList_CheckExact(points))
        Py_RETURN_NONE;
    npy_intp count = PyList_GET_SIZE(points);
    PyObject *x = PyArray_SimpleNew(1, &count, NPY_DOUBLE), *y = PyArray_SimpleNew(1, &count, NPY_DOUBLE);
    if (!x || !y) {
        Py_XDECREF(x);
        Py_XDECREF(y);
        return NULL;
    }
    double *xs = PyArray_DATA((PyArrayObject *)x), *ys = PyArray_DATA((PyArrayObject *)y);
    int known = 1;
    for (npy_intp i = 0; i < count && known; i++) {
        PyObject *row = item_of(points, i);
        double pair[2];
        known = row && pair_quickly(row, pair);
        if (known) {
            xs[i] = pair[0];
            ys[i] = pair[1];
        }
        Py_XDECREF(row);
    }
    if (known)
        return Py_BuildValue("(NN)", x, y);
    Py_DECREF(x);
    Py_DECREF(y);
    Py_RETURN_NONE;
}

PyMethodDef input_functions[] = {
    {"plain_points", plain_points, METH_O,
     "plain_points(points) -> (x, y) of a list of pairs of plain numbers; None for anything else."},
    {NULL, NULL, 0, NULL},
};
