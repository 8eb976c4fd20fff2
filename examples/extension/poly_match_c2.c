/* poly_match_c2.c — the third step: nothing is allocated per polygon.
 *
 * The type `Polygon` is that of poly_match_c2_allocating.c, line by line. Only `find_close_polygons` differs: it
 * reads the center from the polygon's struct, where it lies as two doubles. No array is made, no attribute is looked
 * up, and no Python code runs in the loop. That last point also makes it short: a borrowed reference is enough, for
 * nobody can change the list meanwhile.
 *
 * The price: what a subclass has as its own `center` is ignored. */
#include <Python.h>
#include <structmember.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <math.h>

/* What Python sees as one object: first what every object has (its reference count and its type), then our own.
 * Python hands it out filled with zeros, so x == NULL says that __init__ has not run: a subclass may forget to call
 * it. */
typedef struct {
    PyObject_HEAD
    PyObject *x, *y; /* owned; arrays that nothing in this file reads again */
    double center[2];
} Polygon;

/* Polygon.__init__(x, y): 0, or -1 with an exception set. */
static int polygon_init(PyObject *object, PyObject *args, PyObject *keywords) {
    static char *names[] = {"x", "y", NULL};
    Polygon *self = (Polygon *)object;
    PyObject *x, *y; /* borrowed from the caller, who keeps them during the call */
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:Polygon", names, &x, &y))
        return -1;
    /* vertices = np.array((x, y)), in two steps: from array to array NumPy takes only real numbers, from a list None
     * too (as NaN). Lengths that differ are NumPy's error. PyArray_EnsureArray is one of the few that *take* a
     * reference, that of the tuple: nobody has to give it back. */
    PyObject *array = PyArray_EnsureArray(PyTuple_Pack(2, x, y)), *center = NULL;
    PyObject *vertices = array ? PyArray_FROM_OTF(array, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY) : NULL;
    if (vertices && (PyArray_NDIM((PyArrayObject *)vertices) != 2 || PyArray_SIZE((PyArrayObject *)vertices) == 0))
        PyErr_SetString(PyExc_ValueError, "x and y: expected two sequences of numbers");
    else if (vertices && self->x) /* looked at last: reading x and y can run Python code that calls __init__ */
        PyErr_SetString(PyExc_RuntimeError, "this Polygon is already initialized");
    else if (vertices && (center = PyObject_CallMethod(vertices, "mean", "i", 1))) { /* vertices.mean(axis=1) */
        memcpy(self->center, PyArray_DATA((PyArrayObject *)center), sizeof self->center);
        Py_XSETREF(self->y, PySequence_GetItem(vertices, 1)); /* a new reference, from here on the polygon's */
        Py_XSETREF(self->x, self->y ? PySequence_GetItem(vertices, 0) : NULL);
    }
    Py_XDECREF(center); /* the one way out: what was made here is given back. X: it may be NULL. */
    Py_XDECREF(vertices);
    Py_XDECREF(array);
    return PyErr_Occurred() ? -1 : 0;
}

/* Called when the last reference is gone. (Arrays of doubles refer to no polygon, so x and y are part of no cycle of
 * references, and the garbage collector needs no help. A subclass written in Python gets its own from Python.) */
static void polygon_dealloc(PyObject *self) {
    Py_XDECREF(((Polygon *)self)->x);
    Py_XDECREF(((Polygon *)self)->y);
    Py_TYPE(self)->tp_free(self);
}

/* polygon.center: a new array at each access. */
static PyObject *polygon_center(PyObject *self, void *Py_UNUSED(closure)) {
    if (!((Polygon *)self)->x)
        return PyErr_Format(PyExc_AttributeError, "no center: call super().__init__(x, y) first"); /* NULL */
    npy_intp shape[] = {2};
    PyObject *array = PyArray_SimpleNew(1, shape, NPY_DOUBLE);
    if (array)
        memcpy(PyArray_DATA((PyArrayObject *)array), ((Polygon *)self)->center, 2 * sizeof(double));
    return array;
}

/* Attributes that are fields of the struct (_EX: an AttributeError while it is NULL), and those that are computed. */
static PyMemberDef polygon_members[] = {{"x", T_OBJECT_EX, offsetof(Polygon, x), READONLY, "x of the vertices"},
                                        {"y", T_OBJECT_EX, offsetof(Polygon, y), READONLY, "y of the vertices"},
                                        {NULL, 0, 0, 0, NULL}};
static PyGetSetDef polygon_getset[] = {{"center", polygon_center, NULL, "mean of the vertices", NULL},
                                       {NULL, NULL, NULL, NULL, NULL}};

static PyTypeObject PolygonType = {
    PyVarObject_HEAD_INIT(NULL, 0) // what every type begins with; its comma is in the macro
        .tp_name = "poly_match_c2.Polygon",
    .tp_doc = "Polygon(x, y)\n--\n\nA polygon by its vertices, which are copied.",
    .tp_basicsize = sizeof(Polygon),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, /* BASETYPE: it can be subclassed */
    .tp_new = PyType_GenericNew,
    .tp_init = polygon_init,
    .tp_dealloc = polygon_dealloc,
    .tp_members = polygon_members,
    .tp_getset = polygon_getset,
};

static PyObject *find_close_polygons(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *polygons; /* borrowed from the caller, who keeps it during the call */
    double x, y, max_dist;
    if (!PyArg_ParseTuple(args, "O!(dd)d", &PyList_Type, &polygons, &x, &y, &max_dist))
        return NULL;
    PyObject *close = PyList_New(0);
    for (Py_ssize_t i = 0; close && i < PyList_GET_SIZE(polygons); i++) {
        Polygon *polygon = (Polygon *)PyList_GET_ITEM(polygons, i);      /* borrowed: no Python code runs here */
        if (!PyObject_TypeCheck(polygon, &PolygonType) || !polygon->x) { /* or other memory is read as a Polygon */
            PyErr_Format(PyExc_TypeError, "polygons[%zd]: expected a Polygon that is initialized", i);
            goto error;
        }
        double dx = polygon->center[0] - x, dy = polygon->center[1] - y;
        if (sqrt(dx * dx + dy * dy) < max_dist && PyList_Append(close, (PyObject *)polygon) < 0)
            goto error;
    }
    return close; /* NULL if there was no memory for it, with its exception set */
error:
    Py_DECREF(close);
    return NULL;
}

static PyMethodDef methods[] = {
    {"find_close_polygons", find_close_polygons, METH_VARARGS, "The polygons whose center is closer than max_dist."},
    {NULL, NULL, 0, NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "poly_match_c2", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_poly_match_c2(void) {
    import_array();
    PyObject *self = PyModule_Create(&module);
    if (self && PyModule_AddType(self, &PolygonType) < 0) /* completes the type and puts it into the module */
        Py_CLEAR(self);
    return self;
}
