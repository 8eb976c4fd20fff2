/* polygon.c — the type Polygon: vertices stored once, center at once, area on first use, both exact.
 *
 * A polygon never changes: its data is a bytes object, and `x`, `y` and `center` are read-only arrays over it. Bytes
 * can't be written, so NumPy refuses to make the arrays writeable, and nothing is copied on access. The arrays refer
 * to the bytes and not to the polygon, so there is no reference cycle.
 *
 * It behaves as a Python class does: a subclass may have its own __init__ (which must call this one, once),
 * attributes, and its own `area` or `center`. An uninitialized Polygon has a NaN center, which sends searches to
 * their slow path without a separate test. */
#include "core.h"

#include <math.h>
#include <stddef.h>
#include <structmember.h>

int polygon_is_ready(const polygon *self) {
    if (self->data)
        return 1;
    PyErr_Format(PyExc_RuntimeError, "this %.200s is not initialized: its __init__ must call super().__init__(x, y)",
                 Py_TYPE(self)->tp_name);
    return 0;
}

double polygon_area(polygon *self) {
    /* Without a GIL, several threads may be here at once: all store the same double. */
    if (isnan(self->area))
        self->area = pm_ring_area(polygon_x(self), polygon_y(self), 1, (size_t)self->count);
    return self->area;
}

static PyObject *polygon_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(keywords)) {
    polygon *self = (polygon *)type->tp_alloc(type, 0);
    if (self)
        self->center[0] = self->center[1] = self->area = Py_NAN;
    return (PyObject *)self;
}

static int check_finite(const double *values, Py_ssize_t count, const char *argument) {
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            PyErr_Format(PyExc_ValueError, "%s[%zd] is %s: coordinates must be finite", argument, i,
                         isnan(values[i]) ? "nan" : "infinite");
            return -1;
        }
    }
    return 0;
}

/* Set the data of `count` vertices, unless it is set. Checked last, since converting x or y may have run code that
 * initialized this polygon. */
static int polygon_adopt(polygon *self, PyObject *data, Py_ssize_t count) {
    const double *center = (const double *)(const void *)PyBytes_AS_STRING(data) + 2 * count;
    int is_new = 0;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
#endif
    if (!self->data) {
        is_new = 1;
        self->count = count;
        self->center[0] = center[0];
        self->center[1] = center[1];
        self->data = Py_NewRef(data);
    }
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
    if (is_new)
        return 0;
    PyErr_Format(PyExc_RuntimeError, "this %.200s is already initialized, and a polygon never changes",
                 Py_TYPE(self)->tp_name);
    return -1;
}

/* Set the vertices, once. */
static int polygon_set(polygon *self, PyObject *x_object, PyObject *y_object) {
    int status = -1;
    PyObject *data = NULL;
    PyArrayObject *x = doubles_from(x_object, "x"), *y = x ? doubles_from(y_object, "y") : NULL;
    if (!y)
        goto done;
    Py_ssize_t count = PyArray_DIM(x, 0);
    if (PyArray_DIM(y, 0) != count) {
        PyErr_Format(PyExc_ValueError, "x and y must have one length, got %zd and %zd", count,
                     (Py_ssize_t)PyArray_DIM(y, 0));
        goto done;
    }
    if (count == 0) {
        PyErr_SetString(PyExc_ValueError, "x and y are empty: a polygon has at least one vertex");
        goto done;
    }
    data = PyBytes_FromStringAndSize(NULL, (2 * count + 2) * (Py_ssize_t)sizeof(double));
    if (!data)
        goto done;
    double *values = (double *)(void *)PyBytes_AS_STRING(data);
    memcpy(values, PyArray_DATA(x), (size_t)count * sizeof(double));
    memcpy(values + count, PyArray_DATA(y), (size_t)count * sizeof(double));
    if (check_finite(values, count, "x") < 0 || check_finite(values + count, count, "y") < 0)
        goto done; /* checked in the copy, which nothing else can change */
    pm_vertex_center(values, values + count, 1, (size_t)count, values + 2 * count);
    status = polygon_adopt(self, data, count);
done:
    Py_XDECREF(data);
    Py_XDECREF(x);
    Py_XDECREF(y);
    return status;
}

static int polygon_init(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"x", "y", NULL};
    PyObject *x, *y;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:Polygon", names, &x, &y))
        return -1;
    return polygon_set((polygon *)self, x, y);
}

static int polygon_traverse(PyObject *object, visitproc visit, void *arg) {
    polygon *self = (polygon *)object;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->x);
    Py_VISIT(self->y);
    Py_VISIT(self->center_array);
    return 0;
}

/* The arrays are made again on next use. */
static int polygon_clear(PyObject *object) {
    polygon *self = (polygon *)object;
    Py_CLEAR(self->x);
    Py_CLEAR(self->y);
    Py_CLEAR(self->center_array);
    return 0;
}

static void polygon_dealloc(PyObject *object) {
    polygon *self = (polygon *)object;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->weak_references)
        PyObject_ClearWeakRefs(object);
    (void)polygon_clear(object);
    Py_CLEAR(self->data);
    type->tp_free(object);
    Py_DECREF(type);
}

/* The cached array over values [first, first + count) of the data, made on first use. */
static PyObject *view(polygon *self, PyObject **cache, Py_ssize_t first, Py_ssize_t count) {
    PyObject *array = NULL;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
#endif
    if (!*cache) {
        npy_intp shape[1] = {count};
        PyObject *made = PyArray_NewFromDescr(&PyArray_Type, PyArray_DescrFromType(NPY_DOUBLE), 1, shape, NULL,
                                              PyBytes_AS_STRING(self->data) + first * (Py_ssize_t)sizeof(double),
                                              NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED, NULL);
        if (made && PyArray_SetBaseObject((PyArrayObject *)made, Py_NewRef(self->data)) < 0)
            Py_CLEAR(made);
        *cache = made;
    }
    array = Py_XNewRef(*cache);
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
    return array;
}

static PyObject *get_x(PyObject *object, void *Py_UNUSED(closure)) {
    polygon *self = (polygon *)object;
    return polygon_is_ready(self) ? view(self, &self->x, 0, self->count) : NULL;
}

static PyObject *get_y(PyObject *object, void *Py_UNUSED(closure)) {
    polygon *self = (polygon *)object;
    return polygon_is_ready(self) ? view(self, &self->y, self->count, self->count) : NULL;
}

static PyObject *get_center(PyObject *object, void *Py_UNUSED(closure)) {
    polygon *self = (polygon *)object;
    return polygon_is_ready(self) ? view(self, &self->center_array, 2 * self->count, 2) : NULL;
}

static PyObject *method_area(PyObject *object, PyObject *Py_UNUSED(unused)) {
    polygon *self = (polygon *)object;
    return polygon_is_ready(self) ? PyFloat_FromDouble(polygon_area(self)) : NULL;
}

static PyObject *get_geo_interface(PyObject *object, void *Py_UNUSED(closure)) {
    polygon *self = (polygon *)object;
    if (!polygon_is_ready(self))
        return NULL;
    const double *x = polygon_x(self), *y = polygon_y(self);
    Py_ssize_t count = self->count;
    if (count > 1 && x[0] == x[count - 1] && y[0] == y[count - 1])
        count--; /* given closed */
    PyObject *ring = PyTuple_New(count + 1);
    for (Py_ssize_t i = 0; ring && i <= count; i++) {
        PyObject *vertex = Py_BuildValue("(dd)", x[i % count], y[i % count]);
        if (!vertex)
            Py_CLEAR(ring);
        else
            PyTuple_SET_ITEM(ring, i, vertex);
    }
    return ring ? Py_BuildValue("{s:s,s:(N)}", "type", "Polygon", "coordinates", ring) : NULL;
}

static PyObject *polygon_repr(PyObject *object) {
    polygon *self = (polygon *)object;
    PyObject *name = PyType_GetName(Py_TYPE(self)), *text = NULL;
    if (!name)
        return NULL;
    if (!self->data) {
        text = PyUnicode_FromFormat("<%U, not initialized>", name);
    } else {
        char *x = PyOS_double_to_string(self->center[0], 'g', 6, 0, NULL); /* the same in every locale */
        char *y = x ? PyOS_double_to_string(self->center[1], 'g', 6, 0, NULL) : NULL;
        if (y)
            text = PyUnicode_FromFormat("<%U of %zd %s around (%s, %s)>", name, self->count,
                                        self->count == 1 ? "vertex" : "vertices", x, y);
        PyMem_Free(x);
        PyMem_Free(y);
    }
    Py_DECREF(name);
    return text;
}

/* (x, y, what object.__getstate__() gives for the attributes of a subclass). */
static PyObject *method_getstate(PyObject *self, PyObject *Py_UNUSED(unused)) {
    PyObject *x = get_x(self, NULL), *y = x ? get_y(self, NULL) : NULL, *state = NULL;
    PyObject *rest = y ? PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__getstate__", "O", self) : NULL;
    if (rest)
        state = PyTuple_Pack(3, x, y, rest);
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(rest);
    return state;
}

/* What pickle does for any object: update the dict, set slots. */
static int restore(PyObject *self, PyObject *dict, PyObject *slots) {
    if (dict != Py_None) {
        PyObject *own = PyObject_GetAttrString(self, "__dict__");
        int status = own ? PyDict_Update(own, dict) : -1;
        Py_XDECREF(own);
        if (status < 0)
            return -1;
    }
    PyObject *pairs = PyDict_Check(slots) ? PyDict_Items(slots) : NULL;
    if (!pairs)
        return PyErr_Occurred() ? -1 : 0;
    int status = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(pairs) && status == 0; i++) {
        PyObject *pair = PyList_GET_ITEM(pairs, i);
        status = PyObject_SetAttr(self, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
    }
    Py_DECREF(pairs);
    return status;
}

static PyObject *method_setstate(PyObject *self, PyObject *state) {
    PyObject *x, *y, *rest, *dict, *slots;
    if (!PyTuple_Check(state)) {
        PyErr_SetString(PyExc_TypeError, "state: expected the tuple that __getstate__() makes");
        return NULL;
    }
    if (!PyArg_ParseTuple(state, "OOO:__setstate__", &x, &y, &rest) || polygon_set((polygon *)self, x, y) < 0)
        return NULL;
    dict = rest;
    slots = Py_None;
    if (PyTuple_Check(rest) && !PyArg_ParseTuple(rest, "OO:__setstate__", &dict, &slots))
        return NULL;
    if (restore(self, dict, slots) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* The arguments for a subclass's __new__: the type, then the result of its __getnewargs__(), if it has one. */
static PyObject *new_arguments(PyObject *self) {
    PyObject *type = PyTuple_Pack(1, (PyObject *)Py_TYPE(self)), *more = NULL, *arguments = NULL;
    if (type && !PyObject_HasAttrString(self, "__getnewargs__"))
        return type;
    if (type)
        more = PyObject_CallMethod(self, "__getnewargs__", NULL);
    if (more)
        arguments = PySequence_Concat(type, more);
    Py_XDECREF(type);
    Py_XDECREF(more);
    return arguments;
}

/* object's __reduce__ of protocol 2, for all protocols: the copy is made by __new__, so a subclass's __init__ is not
 * called. */
static PyObject *method_reduce(PyObject *self, PyObject *Py_UNUSED(unused)) {
    PyObject *copyreg = PyImport_ImportModule("copyreg"), *result = NULL;
    PyObject *make = copyreg ? PyObject_GetAttrString(copyreg, "__newobj__") : NULL;
    PyObject *arguments = make ? new_arguments(self) : NULL;
    PyObject *state = arguments ? PyObject_CallMethod(self, "__getstate__", NULL) : NULL;
    if (state)
        result = PyTuple_Pack(3, make, arguments, state);
    Py_XDECREF(copyreg);
    Py_XDECREF(make);
    Py_XDECREF(arguments);
    Py_XDECREF(state);
    return result;
}

/* For notebooks: the drawing by the function that was passed to draw_polygons_with(). */
static PyObject *method_repr_svg(PyObject *object, PyTypeObject *owner, PyObject *const *Py_UNUSED(args),
                                 Py_ssize_t count, PyObject *Py_UNUSED(names)) {
    const core_state *state = PyType_GetModuleState(owner);
    if (count) {
        PyErr_SetString(PyExc_TypeError, "_repr_svg_() takes no arguments");
        return NULL;
    }
    if (!polygon_is_ready((polygon *)object))
        return NULL;
    return state->draw_polygon ? PyObject_CallOneArg(state->draw_polygon, object) : Py_NewRef(Py_None);
}

static PyMethodDef polygon_methods[] = {
    {"area", method_area, METH_NOARGS,
     "area($self, /)\n--\n\n"
     "The absolute shoelace area, correctly rounded: the double nearest to the area of the given coordinates.\n\n"
     "Computed once, O(vertices). Fewer than three distinct vertices: 0. The lobes of a bow-tie cancel."},
    {"_repr_svg_", (PyCFunction)(void (*)(void))method_repr_svg, METH_METHOD | METH_FASTCALL | METH_KEYWORDS,
     "The outline, for notebooks."},
    {"__getstate__", method_getstate, METH_NOARGS, "The vertices and the attributes of a subclass."},
    {"__setstate__", method_setstate, METH_O, "Restore what __getstate__() gave."},
    {"__reduce__", method_reduce, METH_NOARGS, "For pickle and copy."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef polygon_getset[] = {
    {"x", get_x, NULL, "x of the vertices: a read-only float64 array of shape (n,), not copied.", NULL},
    {"y", get_y, NULL, "y of the vertices: a read-only float64 array of shape (n,), not copied.", NULL},
    {"center", get_center, NULL,
     "Mean of the vertices as given, (fsum(x) / n, fsum(y) / n): a read-only float64 array of shape (2,).", NULL},
    {"__geo_interface__", get_geo_interface, NULL, "The polygon as a GeoJSON-like mapping.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef polygon_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(polygon, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot polygon_slots[] = {
    {Py_tp_doc,
     "Polygon(x, y)\n--\n\n"
     "A polygon by its vertices.\n\n"
     "Parameters\n----------\n"
     "x, y : sequence of n >= 1 real numbers\n"
     "    The vertices, in either order, closed or not. Stored once as float64; a polygon never changes.\n\n"
     "Raises\n------\n"
     "ValueError\n    Lengths differ or are 0, more than one dimension, a coordinate is NaN or infinite.\n"
     "TypeError\n    Not real numbers.\n"
     "RuntimeError\n    Initialized twice, or used before.\n\n"
     "Notes\n-----\n"
     "Subclasses may add attributes and override `area()` and `center`; every function of this package\n"
     "honours that, an `area` set on an instance of a subclass too. Compares by identity."},
    {Py_tp_new, polygon_new},
    {Py_tp_init, polygon_init},
    {Py_tp_dealloc, polygon_dealloc},
    {Py_tp_traverse, polygon_traverse},
    {Py_tp_clear, polygon_clear},
    {Py_tp_repr, polygon_repr},
    {Py_tp_methods, polygon_methods},
    {Py_tp_getset, polygon_getset},
    {Py_tp_members, polygon_members},
    {0, NULL},
};

PyType_Spec polygon_spec = {
    .name = "poly_match.Polygon",
    .basicsize = sizeof(polygon),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = polygon_slots,
};
