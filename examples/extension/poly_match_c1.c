/* poly_match_c1.c — the first step: `find_close_polygons` from Python to C, line by line, and nothing else.
 *
 *     def find_close_polygons(polygons, point, max_dist):
 *         close = []
 *         for polygon in polygons:
 *             if np.linalg.norm(polygon.center - point) < max_dist:
 *                 close.append(polygon)
 *         return close
 *
 * The polygons stay ordinary Python objects with an attribute `center`. Read this file from top to bottom.
 *
 * Three rules explain nearly every line:
 *
 * 1. References. Python frees an object when nobody refers to it. Each function of Python's C API says whether the
 *    reference that it returns is *new* (it is ours: we give it back once, with Py_DECREF) or *borrowed* (somebody
 *    else's: valid only as long as that somebody keeps it).
 * 2. Errors. There is no try. A function that fails sets an exception and returns NULL (or -1); we give back what we
 *    own, return NULL as well, and so on until Python code sees the exception.
 * 3. Foreign code. An attribute may be a property, so a harmless `polygon.center` can run any Python code, which can
 *    empty the list that we are reading. After each such call only what we own is certain to be still there. */
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <math.h>

/* Is the polygon's center strictly closer to (x, y) than max_dist? 1 yes, 0 no, -1 with an exception set. */
static int is_close(PyObject *polygon, double x, double y, double max_dist) {
    PyObject *attribute = PyObject_GetAttrString(polygon, "center"); /* new; may run Python code */
    /* An array, whatever it was. One of the few functions that *take* our reference: we don't give it back. */
    PyObject *any = PyArray_EnsureArray(attribute);
    /* An array of doubles, a new reference: to the same array if it has doubles already. In two steps, since NumPy
     * refuses what is not a real number only from array to array: None in a list would become NaN. */
    PyArrayObject *array = any ? (PyArrayObject *)PyArray_FROM_OTF(any, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY) : NULL;
    Py_XDECREF(any); /* X: it may be NULL, after an error */
    if (!array)
        return -1;
    int answer = -1;
    if (PyArray_NDIM(array) != 1 || PyArray_DIM(array, 0) != 2) { /* C would read past the end of a shorter one */
        PyErr_SetString(PyExc_ValueError, "center: expected an array of two numbers");
    } else {
        const double *center = PyArray_DATA(array);
        double dx = center[0] - x, dy = center[1] - y;
        answer = sqrt(dx * dx + dy * dy) < max_dist; /* no for NaN, as in Python */
    }
    Py_DECREF(array);
    return answer;
}

static PyObject *find_close_polygons(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *polygons; /* borrowed from the caller, who keeps it during the call */
    double x, y, max_dist;
    /* An object, a sequence of two numbers, a number. If the arguments are something else, it sets the exception. */
    if (!PyArg_ParseTuple(args, "O(dd)d", &polygons, &x, &y, &max_dist))
        return NULL;
    PyObject *close = PyList_New(0), *iterator = PyObject_GetIter(polygons); /* both new */
    if (!close || !iterator)
        goto error;
    PyObject *polygon;
    /* A new reference in each round: the polygon stays even if `center` takes it out of the list. And an iterator
     * copes with a list that changes its length; C code that counts up to the length at the start does not. */
    while ((polygon = PyIter_Next(iterator))) {
        int answer = is_close(polygon, x, y, max_dist);
        if (answer == 1)
            answer = PyList_Append(close, polygon); /* the list takes a reference of its own; 0, or -1 */
        Py_DECREF(polygon);
        if (answer < 0)
            goto error;
    }
    if (PyErr_Occurred()) /* PyIter_Next returns NULL at the end and after an error: this tells them apart */
        goto error;
    Py_DECREF(iterator);
    return close; /* ours until here, from here on the caller's */
error:
    Py_XDECREF(iterator);
    Py_XDECREF(close);
    return NULL;
}

static PyMethodDef methods[] = {
    {"find_close_polygons", find_close_polygons, METH_VARARGS, "The polygons whose center is closer than max_dist."},
    {NULL, NULL, 0, NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "poly_match_c1", .m_size = -1, .m_methods = methods};

/* What `import poly_match_c1` calls; the name must be PyInit_ and the name of the module. */
PyMODINIT_FUNC PyInit_poly_match_c1(void) {
    import_array(); /* connects us with NumPy. Without it the first PyArray_… call crashes. */
    return PyModule_Create(&module);
}
