/* errors.c — problems that the caller can mend, as exceptions with attributes.
 *
 * InputError and its two kinds, one also a ValueError and one a TypeError, name the argument, the row and the reason,
 * in their message and as attributes. Every failed status of the library becomes an exception here. */
#include "core.h"

/* A class of this name over `bases`; a new reference. */
static PyObject *make_class(const char *name, const char *doc, PyObject *bases) {
    PyObject *attributes = Py_BuildValue("{sOsOsO}", "argument", Py_None, "row", Py_None, "reason", Py_None);
    PyObject *class = attributes ? PyErr_NewExceptionWithDoc(name, doc, bases, attributes) : NULL;
    Py_XDECREF(attributes);
    return class;
}

/* The same, derived from InputError and from one of Python's exceptions. */
static PyObject *make_kind(const char *name, const char *doc, PyObject *input_error, PyObject *python) {
    PyObject *bases = PyTuple_Pack(2, input_error, python);
    PyObject *class = bases ? make_class(name, doc, bases) : NULL;
    Py_XDECREF(bases);
    return class;
}

int add_errors(PyObject *module, core_state *state) {
    PyObject *input_error = make_class("poly_match.InputError",
                                       "Something is wrong with an argument.\n\n"
                                       "The message says all of it. The attributes say it once more: `argument`, its "
                                       "name; `row`, the position\nof the first wrong row in it, or None; `reason`, "
                                       "what was expected and what was there instead.",
                                       NULL);
    if (!input_error)
        return -1;
    state->value_error = make_kind("poly_match.InputValueError",
                                   "A value that can't be used; a ValueError as well, and an InputError.",
                                   input_error, PyExc_ValueError);
    state->type_error = make_kind("poly_match.InputTypeError",
                                  "A type that is not understood; a TypeError as well, and an InputError.",
                                  input_error, PyExc_TypeError);
    int status = state->value_error && state->type_error &&
                         PyModule_AddObjectRef(module, "InputError", input_error) == 0 &&
                         PyModule_AddObjectRef(module, "InputValueError", state->value_error) == 0 &&
                         PyModule_AddObjectRef(module, "InputTypeError", state->type_error) == 0
                     ? 0
                     : -1;
    Py_DECREF(input_error);
    return status;
}

/* Raise with this message; steals the message and the reason, either of which may be NULL after a failure. */
static void raise_with(PyObject *kind, PyObject *message, const char *argument, Py_ssize_t row, PyObject *reason) {
    PyObject *error = message && reason ? PyObject_CallOneArg(kind, message) : NULL;
    PyObject *name = error ? Py_BuildValue("z", argument) : NULL;
    PyObject *position = error ? (row < 0 ? Py_NewRef(Py_None) : PyLong_FromSsize_t(row)) : NULL;
    if (name && position && PyObject_SetAttrString(error, "argument", name) == 0 &&
        PyObject_SetAttrString(error, "row", position) == 0 && PyObject_SetAttrString(error, "reason", reason) == 0)
        PyErr_SetObject(kind, error);
    Py_XDECREF(error);
    Py_XDECREF(name);
    Py_XDECREF(position);
    Py_XDECREF(message);
    Py_XDECREF(reason);
}

PyObject *raise_input_error(PyObject *kind, const char *argument, Py_ssize_t row, const char *reason, ...) {
    va_list values;
    va_start(values, reason);
    PyObject *text = PyUnicode_FromFormatV(reason, values), *message = NULL;
    va_end(values);
    if (text)
        message = row < 0 ? PyUnicode_FromFormat("%s: %U", argument, text)
                          : PyUnicode_FromFormat("%s[%zd]: %U", argument, row, text);
    raise_with(kind, message, argument, row, text);
    return NULL;
}

/* The package's argument that a status is about; NULL: none, or it is unknown. */
static const char *argument_of(pm_status status) {
    switch (status) {
    case PM_ERR_COORDINATE:
    case PM_ERR_OFFSETS:
        return "polygons";
    case PM_ERR_SCORE:
        return "best";
    case PM_ERR_DISTANCE:
        return "distance";
    case PM_ERR_SIZE:
        return "max_bytes";
    default:
        return NULL;
    }
}

PyObject *raise_status(const core_state *state, pm_status status, const pm_error *err) {
    if (status == PM_ERR_NO_MEMORY)
        return PyErr_NoMemory();
    if (status == PM_ERR_STOPPED)
        return NULL; /* with the exception of a signal handler */
    PyObject *message = PyUnicode_FromString(err->message);
    raise_with(state->value_error, message, argument_of(status), (Py_ssize_t)err->item, Py_XNewRef(message));
    return NULL;
}
