/* dropin.c — find_close_polygons, find_all_close_polygons, select_best_polygon and main over plain Python lists.
 *
 * find.c finds the candidates of a point, select.c the best of them. main does both, as the original does: first the
 * candidates of every point, then the best of each. When nothing is overridden it reads every center and area into
 * flat arrays and leaves the search to the library.
 *
 * Where Python code may run (an attribute, a conversion, the garbage collector), objects are owned and sizes are read
 * again. Nothing is kept from one call to the next. */
#include "core.h"

#include <math.h>

/* Put the positional and keyword arguments of a FASTCALL into `values`, in the order of `names`; 0 or -1. */
static int parse(const char *function, const char *const *names, Py_ssize_t count, Py_ssize_t required,
                 PyObject *const *args, Py_ssize_t nargs, PyObject *keywords, PyObject **values) {
    if (nargs > count) {
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, got %zd", function, count, nargs);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        values[i] = i < nargs ? args[i] : NULL;
    for (Py_ssize_t k = 0; keywords && k < PyTuple_GET_SIZE(keywords); k++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, k);
        Py_ssize_t i = 0;
        while (i < count && PyUnicode_CompareWithASCIIString(keyword, names[i]) != 0)
            i++;
        if (i == count || values[i]) {
            PyErr_Format(PyExc_TypeError, i == count ? "%s() has no argument '%U'" : "%s() got two values for '%U'",
                         function, keyword);
            return -1;
        }
        values[i] = args[nargs + k];
    }
    for (Py_ssize_t i = 0; i < required; i++) {
        if (!values[i]) {
            PyErr_Format(PyExc_TypeError, "%s() is missing argument '%s'", function, names[i]);
            return -1;
        }
    }
    return 0;
}

static PyObject *function_find_close_polygons(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                                              PyObject *keywords) {
    static const char *const names[] = {"polygon_subset", "point", "max_dist"};
    PyObject *values[3];
    double point[2], max_dist;
    if (parse("find_close_polygons", names, 3, 3, args, nargs, keywords, values) < 0 ||
        point_from(values[1], point, "point", -1) < 0 || real_from(values[2], "max_dist", &max_dist) < 0)
        return NULL;
    PyObject *sequence = sequence_from(values[0], (place){"polygon_subset", -1, -1, NULL});
    if (!sequence)
        return NULL;
    PyObject *list = find_close(PyModule_GetState(module), sequence, "polygon_subset", point, max_dist);
    Py_DECREF(sequence);
    return list;
}

/* ---- select_best_polygon ---- */

/* One (point, polygons) pair of polygon_sets. */
static int append_set(const core_state *state, PyObject *list, PyObject *set, Py_ssize_t i, area_memo *memo) {
    PyObject *pair = sequence_from(set, (place){"polygon_sets", -1, i, NULL}), *point = NULL, *candidates = NULL;
    const place where = {"polygon_sets", i, -1, NULL};
    int status = -1;
    if (pair && PySequence_Fast_GET_SIZE(pair) == 2) {
        point = Py_NewRef(PySequence_Fast_GET_ITEM(pair, 0));
        candidates = sequence_from(PySequence_Fast_GET_ITEM(pair, 1), where);
        if (candidates)
            status = append_best(state, list, point, candidates, where, memo);
    } else if (pair) {
        PyErr_Format(PyExc_ValueError, "polygon_sets[%zd]: expected a pair (point, polygons), got %zd items", i,
                     PySequence_Fast_GET_SIZE(pair));
    }
    Py_XDECREF(pair);
    Py_XDECREF(point);
    Py_XDECREF(candidates);
    return status;
}

static PyObject *function_select_best_polygon(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                                              PyObject *keywords) {
    static const char *const names[] = {"polygon_sets"};
    PyObject *argument;
    if (parse("select_best_polygon", names, 1, 1, args, nargs, keywords, &argument) < 0)
        return NULL;
    PyObject *sets = sequence_from(argument, (place){"polygon_sets", -1, -1, NULL});
    PyObject *list = sets ? PyList_New(0) : NULL;
    area_memo memo = {NULL, 0, 0};
    for (Py_ssize_t i = 0; list && i < PySequence_Fast_GET_SIZE(sets); i++) {
        PyObject *set = Py_NewRef(PySequence_Fast_GET_ITEM(sets, i));
        if (append_set(PyModule_GetState(module), list, set, i, &memo) < 0)
            Py_CLEAR(list);
        Py_DECREF(set);
    }
    memo_release(&memo);
    Py_XDECREF(sets);
    return list;
}

/* ---- main ---- */

/* Points as the caller gave them and as numbers. `objects` is a tuple, or the (n, 2) array itself. */
typedef struct point_list {
    PyObject *objects;
    Py_ssize_t count;
    PyArrayObject *array; /* float64 (n, 2), when they came as one array */
} point_list;

static int points_open(PyObject *object, point_list *points) {
    *points = (point_list){NULL, 0, NULL};
    if (!PyArray_Check(object)) {
        points->objects = PyList_CheckExact(object) ? PyList_AsTuple(object)
                                                    : sequence_from(object, (place){"points", -1, -1, NULL});
        points->count = points->objects ? PyTuple_GET_SIZE(points->objects) : 0;
        return points->objects ? 0 : -1;
    }
    PyArrayObject *given = (PyArrayObject *)object;
    int dimensions = PyArray_NDIM(given);
    if ((PyArray_TYPE(given) == NPY_OBJECT && dimensions > 0) || (dimensions == 1 && PyArray_DIM(given, 0) == 0)) {
        points->objects = PySequence_Tuple(object); /* an array of points */
        points->count = points->objects ? PyTuple_GET_SIZE(points->objects) : 0;
        return points->objects ? 0 : -1;
    }
    if (dimensions != 2 || PyArray_DIM(given, 1) != 2) {
        PyErr_SetString(PyExc_ValueError, "points: expected an array of shape (n, 2)");
        return -1;
    }
    if (!PyArray_ISINTEGER(given) && !PyArray_ISFLOAT(given) && !PyArray_ISBOOL(given)) {
        PyErr_Format(PyExc_TypeError, "points: expected real numbers, got dtype %S",
                     (PyObject *)PyArray_DESCR(given));
        return -1;
    }
    points->array = (PyArrayObject *)PyArray_FromArray(given, PyArray_DescrFromType(NPY_DOUBLE),
                                                       NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    if (!points->array)
        return -1;
    points->objects = Py_NewRef(object);
    points->count = PyArray_DIM(points->array, 0);
    return 0;
}

static void points_close(point_list *points) {
    Py_CLEAR(points->objects);
    Py_CLEAR(points->array);
}

static int point_at(const point_list *points, Py_ssize_t i, double point[2]) {
    if (!points->array)
        return point_from(PyTuple_GET_ITEM(points->objects, i), point, "points", i);
    memcpy(point, (const double *)PyArray_DATA(points->array) + 2 * i, 2 * sizeof(double));
    return 0;
}

/* The point that the caller gave, or its row of an array. A new reference. */
static PyObject *point_object(const point_list *points, Py_ssize_t i) {
    return points->array ? PySequence_GetItem(points->objects, i) : Py_NewRef(PyTuple_GET_ITEM(points->objects, i));
}

/* The points that have candidates, each with a list of these. */
static PyObject *find_sets(const core_state *state, PyObject *polygons, const point_list *points, double max_dist) {
    PyObject *sets = PyList_New(0);
    for (Py_ssize_t i = 0; sets && i < points->count; i++) {
        double point[2];
        PyObject *close =
            point_at(points, i, point) < 0 ? NULL : find_close(state, polygons, "polygons", point, max_dist);
        PyObject *object = close && PyList_GET_SIZE(close) > 0 ? point_object(points, i) : NULL;
        PyObject *set = object ? PyTuple_Pack(2, object, close) : NULL;
        if (!close || (PyList_GET_SIZE(close) > 0 && (!set || PyList_Append(sets, set) < 0)))
            Py_CLEAR(sets);
        Py_XDECREF(close);
        Py_XDECREF(object);
        Py_XDECREF(set);
    }
    return sets;
}

/* For objects of any type, in the original's order: first every point's candidates, then the best of each. */
static PyObject *main_general(const core_state *state, PyObject *polygons, const point_list *points,
                              double max_dist) {
    PyObject *sets = find_sets(state, polygons, points, max_dist), *list = sets ? PyList_New(0) : NULL;
    area_memo memo = {NULL, 0, 0};
    for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(sets); i++) {
        PyObject *set = PyList_GET_ITEM(sets, i);
        const place where = {"polygons", -1, -1, polygons};
        if (append_best(state, list, PyTuple_GET_ITEM(set, 0), PyTuple_GET_ITEM(set, 1), where, &memo) < 0)
            Py_CLEAR(list);
    }
    memo_release(&memo);
    Py_XDECREF(sets);
    return list;
}

/* Centers and areas of polygons that override nothing. 1, 0 when one does, -1 on errors. Python code can only run
 * where an object's dict is read; if that changes the list's length, the general path takes over. */
static int read_polygons(const core_state *state, PyObject *polygons, double *x, double *y, double *area) {
    Py_ssize_t count = PySequence_Fast_GET_SIZE(polygons);
    PyObject **items = PySequence_Fast_ITEMS(polygons);
    type_view look = {.type = NULL};
    int status = 1;
    for (Py_ssize_t i = 0; i < count && status == 1; i++) {
        polygon *item = (polygon *)items[i];
        if (Py_TYPE(item) != look.type) {
            view_type(state, Py_TYPE(item), &look);
            status = look.own_center && look.own_area;
            if (status != 1)
                break;
        }
        if (look.own_area == 2) {
            Py_INCREF(item);
            status = area_is_own(state, &look, (PyObject *)item);
            int is_kept = PySequence_Fast_GET_SIZE(polygons) == count;
            items = PySequence_Fast_ITEMS(polygons);
            is_kept = is_kept && (polygon *)items[i] == item;
            Py_DECREF(item); /* the list's reference, if the item is still in it */
            if (status != 1 || !is_kept) {
                status = status < 0 ? -1 : 0;
                break;
            }
        }
        x[i] = item->center[0];
        y[i] = item->center[1];
        area[i] = item->area;
        if (isnan(item->area)) {
            if (polygon_is_ready(item))
                area[i] = polygon_area(item);
            else
                status = -1;
        }
    }
    view_release(&look);
    return status;
}

/* The pairs of the points that have an answer. The winners are owned before any other object is made: making one may
 * run the garbage collector, and so any code. */
static PyObject *pairs_of(PyObject *polygons, const point_list *points, const int64_t *answers, PyObject **winners) {
    Py_ssize_t matched = 0;
    for (Py_ssize_t i = 0; i < points->count; i++) {
        winners[i] = answers[i] == PM_NO_MATCH ? NULL : Py_NewRef(PySequence_Fast_GET_ITEM(polygons, answers[i]));
        matched += winners[i] != NULL;
    }
    PyObject *list = PyList_New(matched);
    for (Py_ssize_t i = 0, next = 0; i < points->count; i++) {
        if (!winners[i])
            continue;
        PyObject *pair = list ? PyTuple_New(2) : NULL, *point = pair ? point_object(points, i) : NULL;
        if (!point) {
            Py_XDECREF(pair);
            Py_DECREF(winners[i]);
            Py_CLEAR(list);
            continue;
        }
        PyTuple_SET_ITEM(pair, 0, point);
        PyTuple_SET_ITEM(pair, 1, winners[i]);
        PyList_SET_ITEM(list, next++, pair);
    }
    return list;
}

/* The path when nothing is overridden: flat arrays and the library's search. */
static PyObject *main_native(const core_state *state, PyObject *polygons, const point_list *points, double max_dist,
                             int *is_native) {
    size_t count = (size_t)PySequence_Fast_GET_SIZE(polygons), queries = (size_t)points->count;
    PyObject *list = NULL;
    double *x = PyMem_Malloc((3 * count + 3 * queries + 1) * sizeof *x + queries * sizeof(PyObject *));
    if (!x)
        return PyErr_NoMemory();
    double *y = x + count, *area = y + count, *xy = area + count;
    int64_t *answers = (int64_t *)(void *)(xy + 2 * queries);
    PyObject **winners = (PyObject **)(void *)(answers + queries);
    for (Py_ssize_t i = 0; i < points->count; i++)
        if (point_at(points, i, xy + 2 * i) < 0)
            goto done;
    if ((size_t)PySequence_Fast_GET_SIZE(polygons) != count) { /* converting a point changed the list */
        *is_native = 0;
        goto done;
    }
    *is_native = read_polygons(state, polygons, x, y, area);
    if (*is_native <= 0)
        goto done;
    double distance = max_dist >= 0 ? max_dist : 0; /* negative or NaN: no point is closer than 0 */
    pm_disks disks = {.x = x, .y = y, .area = area, .count = count};
    pm_options options = {.predicate = PM_CENTER_WITHIN, .distance = &distance, .distance_count = 1};
    pm_points view = {
        .x = xy, .y = xy + 1, .x_stride = 2 * sizeof(double), .y_stride = 2 * sizeof(double), .count = queries};
    pm_error err;
    pm_status status;
    if ((double)count * (double)queries < 1e6) {
        status = pm_match_disks(&disks, &options, &view, answers, &err);
    } else {
        Py_BEGIN_ALLOW_THREADS
        status = pm_match_disks(&disks, &options, &view, answers, &err);
        Py_END_ALLOW_THREADS
    }
    list = status ? raise_status(state, status, &err) : pairs_of(polygons, points, answers, winners);
done:
    PyMem_Free(x);
    return list;
}

static PyObject *function_find_all_close_polygons(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                                                  PyObject *keywords) {
    static const char *const names[] = {"polygons", "points", "max_dist"};
    PyObject *values[3];
    double max_dist;
    point_list points;
    if (parse("find_all_close_polygons", names, 3, 3, args, nargs, keywords, values) < 0 ||
        real_from(values[2], "max_dist", &max_dist) < 0 || points_open(values[1], &points) < 0)
        return NULL;
    PyObject *polygons = sequence_from(values[0], (place){"polygons", -1, -1, NULL});
    PyObject *sets = polygons ? find_sets(PyModule_GetState(module), polygons, &points, max_dist) : NULL;
    Py_XDECREF(polygons);
    points_close(&points);
    return sets;
}

static PyObject *function_main(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords) {
    static const char *const names[] = {"polygons", "points", "max_dist"};
    const core_state *state = PyModule_GetState(module);
    PyObject *values[3], *polygons, *list = NULL;
    double max_dist = 10.0;
    point_list points;
    if (parse("main", names, 3, 2, args, nargs, keywords, values) < 0 ||
        (values[2] && real_from(values[2], "max_dist", &max_dist) < 0) || points_open(values[1], &points) < 0)
        return NULL;
    polygons = sequence_from(values[0], (place){"polygons", -1, -1, NULL});
    if (polygons) {
        int large = (double)PySequence_Fast_GET_SIZE(polygons) * (double)points.count >= 1e6;
        if (large && PyList_CheckExact(polygons)) /* the GIL is released meanwhile: hold the current items */
            Py_SETREF(polygons, PyList_AsTuple(polygons));
    }
    if (polygons) {
        int is_native = 1;
        list = main_native(state, polygons, &points, max_dist, &is_native);
        if (!list && !is_native && !PyErr_Occurred())
            list = main_general(state, polygons, &points, max_dist);
    }
    Py_XDECREF(polygons);
    points_close(&points);
    return list;
}

PyMethodDef dropin_methods[] = {
    {"find_close_polygons", (PyCFunction)(void (*)(void))function_find_close_polygons, METH_FASTCALL | METH_KEYWORDS,
     "find_close_polygons($module, polygon_subset, point, max_dist)\n--\n\n"
     "The polygons whose center is strictly closer to the point than max_dist, in the order of the list.\n\n"
     "Parameters\n----------\n"
     "polygon_subset : list of Polygon, or of any objects with a `center` of two numbers\n"
     "point : two numbers\n    NaN or infinite: nothing is close.\n"
     "max_dist : float\n    Infinity matches every finite point, a negative number or NaN nothing.\n\n"
     "Returns\n-------\nlist\n    The very objects that were passed in.\n\n"
     "Raises\n------\n"
     "TypeError, ValueError\n    The point or a center is not two real numbers; the message names the position.\n"
     "AttributeError\n    An object without `center`.\n\n"
     "Notes\n-----\nThe comparison is exact. O(polygons). A list that changes meanwhile is followed as a for loop\n"
     "would; free-threaded Python reads it as it was when the call began."},
    {"find_all_close_polygons", (PyCFunction)(void (*)(void))function_find_all_close_polygons,
     METH_FASTCALL | METH_KEYWORDS,
     "find_all_close_polygons($module, polygons, points, max_dist)\n--\n\n"
     "Each point with all polygons that are close to it: find_close_polygons of every point.\n\n"
     "Parameters\n----------\n"
     "polygons : list of Polygon, or of any objects with a `center` of two numbers\n"
     "points : list of points, or array of shape (n, 2)\n"
     "max_dist : float\n    As for find_close_polygons.\n\n"
     "Returns\n-------\nlist of (point, list of polygons)\n"
     "    In the order of the points; those without a polygon are left out. The very objects that were passed in.\n\n"
     "Raises\n------\n"
     "TypeError, ValueError\n    A point or a center is not two real numbers; the message names the position.\n"
     "AttributeError\n    An object without `center`.\n\n"
     "Notes\n-----\nselect_best_polygon takes the result; main does both and is faster. O(polygons x points)."},
    {"select_best_polygon", (PyCFunction)(void (*)(void))function_select_best_polygon, METH_FASTCALL | METH_KEYWORDS,
     "select_best_polygon($module, polygon_sets)\n--\n\n"
     "The polygon with the smallest area of each set, the first on ties.\n\n"
     "Parameters\n----------\n"
     "polygon_sets : list of (point, polygons)\n"
     "    polygons: Polygon, or any objects with `area()`, which is called once per object and call.\n\n"
     "Returns\n-------\nlist of (point, polygon)\n\n"
     "Raises\n------\n"
     "IndexError\n    A set without polygons.\n"
     "ValueError\n    An area is NaN."},
    {"main", (PyCFunction)(void (*)(void))function_main, METH_FASTCALL | METH_KEYWORDS,
     "main($module, polygons, points, max_dist=10.0)\n--\n\n"
     "Each point with its best polygon: the smallest of those whose center is strictly closer than max_dist.\n\n"
     "Parameters\n----------\n"
     "polygons : list of Polygon, or of any objects with `center` and `area()`\n"
     "points : list of points, or array of shape (n, 2)\n"
     "max_dist : float\n\n"
     "Returns\n-------\nlist of (point, polygon)\n"
     "    In the order of the points; those without a polygon are left out. The very objects that were passed in.\n\n"
     "Notes\n-----\nEqual areas: the polygon that comes first. See find_close_polygons and select_best_polygon."},
    {NULL, NULL, 0, NULL},
};
