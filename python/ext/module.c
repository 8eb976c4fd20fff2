/* module.c — poly_match._core: the C library as a Python extension.
 *
 * Multi-phase initialization, heap types, and a small state per module; nothing is computed at import. Everything
 * here is private to the package, except the drop-in functions, which the package exports unchanged. */
#define POLY_MATCH_IMPORTS_NUMPY
#include "core.h"

static PyObject *draw_polygons_with(PyObject *module, PyObject *function) {
    core_state *state = PyModule_GetState(module);
    Py_XSETREF(state->draw_polygon, Py_NewRef(function));
    Py_RETURN_NONE;
}

static PyMethodDef module_functions[] = {
    {"draw_polygons_with", draw_polygons_with, METH_O,
     "draw_polygons_with($module, draw, /)\n--\n\nSet the function that draws a Polygon for notebooks."},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
    import_array1(-1);
    core_state *state = PyModule_GetState(module);
    state->polygon_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &polygon_spec, NULL);
    state->index_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &index_spec, NULL);
    state->job_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &job_spec, NULL);
    state->name_area = PyUnicode_InternFromString("area");
    state->name_center = PyUnicode_InternFromString("center");
    if (!state->polygon_type || !state->index_type || !state->job_type || !state->name_area || !state->name_center)
        return -1;
    state->polygon_area = PyObject_GetAttr((PyObject *)state->polygon_type, state->name_area);
    state->polygon_center = PyObject_GetAttr((PyObject *)state->polygon_type, state->name_center);
    if (!state->polygon_area || !state->polygon_center)
        return -1;
    if (add_errors(module, state) < 0 || PyModule_AddType(module, state->polygon_type) < 0 ||
        PyModule_AddType(module, state->index_type) < 0 || PyModule_AddType(module, state->job_type) < 0 ||
        PyModule_AddFunctions(module, module_functions) < 0 || PyModule_AddFunctions(module, input_functions) < 0 ||
        PyModule_AddFunctions(module, dropin_methods) < 0 || PyModule_AddFunctions(module, measure_functions) < 0 ||
        PyModule_AddFunctions(module, group_functions) < 0 || PyModule_AddFunctions(module, arrow_functions) < 0 ||
        PyModule_AddFunctions(module, wkb_functions) < 0 || PyModule_AddFunctions(module, geos_functions) < 0)
        return -1;
    return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    core_state *state = PyModule_GetState(module);
    Py_VISIT(state->polygon_type);
    Py_VISIT(state->index_type);
    Py_VISIT(state->job_type);
    Py_VISIT(state->polygon_area);
    Py_VISIT(state->polygon_center);
    Py_VISIT(state->value_error);
    Py_VISIT(state->type_error);
    Py_VISIT(state->draw_polygon);
    return 0;
}

static int module_clear(PyObject *module) {
    core_state *state = PyModule_GetState(module);
    Py_CLEAR(state->polygon_type);
    Py_CLEAR(state->index_type);
    Py_CLEAR(state->job_type);
    Py_CLEAR(state->polygon_area);
    Py_CLEAR(state->polygon_center);
    Py_CLEAR(state->value_error);
    Py_CLEAR(state->type_error);
    Py_CLEAR(state->draw_polygon);
    Py_CLEAR(state->name_area);
    Py_CLEAR(state->name_center);
    return 0;
}

static void module_free(void *module) {
    (void)module_clear(module);
    geos_free(((core_state *)PyModule_GetState(module))->geos);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* as in NumPy */
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = "The poly-match engine. Private: use the package poly_match.",
    .m_size = sizeof(core_state),
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void) {
    return PyModuleDef_Init(&module_def);
}
