/* objects.c — how does this object provide its center and its area?
 *
 * A Polygon whose type overrides nothing is read in place; for any other object the attribute is read or called,
 * which may run Python code. A type is examined once for a run of objects, by the rules of attribute look-up on an
 * instance, and forgotten at the end of the call. An error names the place of the object in the caller's arguments;
 * the place is formatted only then. */
#include "core.h"

#include <math.h>

/* Is an overridden center stored in the object as data? This is only known for ordinary attribute access. Under free
 * threading it is never assumed, since another thread may remove the data meanwhile. */
static int stored_how(PyTypeObject *type, PyObject *center) {
#ifndef Py_GIL_DISABLED
    if (type->tp_getattro == PyObject_GenericGetAttr) {
        if (!center || Py_IS_TYPE(center, &PyMemberDescr_Type) || !Py_TYPE(center)->tp_descr_get)
            return 1;
        if (!Py_TYPE(center)->tp_descr_set) /* the object's dict takes precedence: a cached_property */
            return 2;
    }
#else
    (void)type;
    (void)center;
#endif
    return 0;
}

void view_type(const core_state *state, PyTypeObject *type, type_view *look) {
    if (look->type == type)
        return;
    view_release(look);
    *look = (type_view){.type = (PyTypeObject *)Py_NewRef(type)};
    /* The look-up of an instance: it involves no metaclass and no descriptor, and runs none of their code. It
     * includes Polygon itself, since its attributes may be replaced as in any class. */
    PyObject *center = _PyType_Lookup(type, state->name_center);
    int plain = type->tp_getattro == PyObject_GenericGetAttr; /* no __getattribute__ in between */
    look->is_polygon = PyType_IsSubtype(type, state->polygon_type);
    look->own_center = look->is_polygon && plain && center == state->polygon_center;
    if (look->is_polygon && plain && _PyType_Lookup(type, state->name_area) == state->polygon_area)
        look->own_area = type->tp_dictoffset ? 2 : 1;
    look->stored = look->own_center ? 0 : stored_how(type, center);
}

void view_release(type_view *look) {
    Py_CLEAR(look->type);
}

/* Does the object's dict have an area? It takes precedence over the type's area, which is a method. */
static int holds_area(const core_state *state, PyObject *object) {
#if PY_VERSION_HEX < 0x030D0000 /* the dict is made on first use: don't make it here */
    PyObject *method = NULL;
    int is_of_type = _PyObject_GetMethod(object, state->name_area, &method);
    if (!method)
        return -1;
    Py_DECREF(method);
    return !is_of_type;
#else
    PyObject *dict = NULL;
    Py_BEGIN_CRITICAL_SECTION(object);
    PyObject **where = _PyObject_GetDictPtr(object);
    dict = where ? Py_XNewRef(*where) : NULL;
    Py_END_CRITICAL_SECTION();
    int status = dict ? PyDict_Contains(dict, state->name_area) : 0;
    Py_XDECREF(dict);
    return status;
#endif
}

int area_is_own(const core_state *state, const type_view *look, PyObject *object) {
    if (look->own_area != 2)
        return look->own_area;
    int status = holds_area(state, object);
    return status < 0 ? -1 : !status;
}

static void place_name(const place *where, const PyObject *object, char *name, size_t size) {
    Py_ssize_t position = where->position, count = where->among ? PySequence_Fast_GET_SIZE(where->among) : 0;
    for (Py_ssize_t i = 0; i < count && position < 0; i++)
        if (PySequence_Fast_GET_ITEM(where->among, i) == object)
            position = i;
    if (where->set >= 0 && position >= 0)
        PyOS_snprintf(name, size, "%s[%zd][1][%zd]", where->argument, where->set, position);
    else if (where->set >= 0)
        PyOS_snprintf(name, size, "%s[%zd][1]", where->argument, where->set);
    else if (position >= 0)
        PyOS_snprintf(name, size, "%s[%zd]", where->argument, position);
    else
        PyOS_snprintf(name, size, "%s", where->argument);
}

/* Put the place of the object in front of an AttributeError; the original is kept as the cause. */
static void name_place(const place *where, const PyObject *object) {
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return;
    char name[96];
    PyObject *type, *value, *traceback, *cause;
    place_name(where, object, name, sizeof name);
    PyErr_Fetch(&type, &cause, &traceback);
    PyErr_NormalizeException(&type, &cause, &traceback);
    if (traceback)
        PyException_SetTraceback(cause, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    PyErr_Format(PyExc_AttributeError, "%s: %S", name, cause);
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyException_SetCause(value, cause);
    PyErr_Restore(type, value, traceback);
}

int read_center(const core_state *state, PyObject *object, const char *argument, Py_ssize_t position,
                double center[2]) {
    PyObject *value = Py_TYPE(object)->tp_getattro == PyObject_GenericGetAttr
                          ? PyObject_GenericGetAttr(object, state->name_center)
                          : PyObject_GetAttr(object, state->name_center);
    if (!value) {
        place where = {argument, -1, position, NULL};
        name_place(&where, object);
        return -1;
    }
    int status = point_from(value, center, argument, position);
    Py_DECREF(value);
    return status;
}

int call_area(const core_state *state, PyObject *object, const place *where, double *area) {
    char name[96];
    PyObject *value = PyObject_CallMethodNoArgs(object, state->name_area);
    if (!value) {
        name_place(where, object);
        return -1;
    }
    *area = PyFloat_AsDouble(value);
    if (*area == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Clear();
            place_name(where, object, name, sizeof name);
            PyErr_Format(PyExc_TypeError, "%s: area() must be a real number, got %R", name, value);
        }
        Py_DECREF(value);
        return -1;
    }
    Py_DECREF(value);
    if (isnan(*area)) {
        place_name(where, object, name, sizeof name);
        PyErr_Format(PyExc_ValueError, "%s: area() is NaN", name);
        return -1;
    }
    return 0;
}

/* The items of any iterable as a list (a snapshot under free threading) or tuple; a new reference. */
PyObject *sequence_from(PyObject *object, place where) {
#ifdef Py_GIL_DISABLED
    if (PyList_CheckExact(object))
        return PyList_AsTuple(object);
#endif
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object))
        return Py_NewRef(object);
    if (!Py_TYPE(object)->tp_iter && !PySequence_Check(object)) {
        char name[96];
        place_name(&where, object, name, sizeof name);
        PyErr_Format(PyExc_TypeError, "%s: expected a sequence, got %.200s", name, Py_TYPE(object)->tp_name);
        return NULL;
    }
    return PySequence_Tuple(object);
}
