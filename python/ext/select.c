/* select.c — which of these polygons is the smallest?
 *
 * A native polygon's area is read in place. For any other object area() is called, which may run Python code, and
 * only once per call: a hash table keeps the areas and owns the objects, so that no new object gets the address of
 * one. Sizes are read again after each call. */
#include "core.h"

static struct area_entry *memo_find(const area_memo *memo, const PyObject *object) {
    size_t at = ((uintptr_t)object >> 4) * (size_t)UINT64_C(0x9E3779B97F4A7C15);
    at ^= at >> (sizeof at * 4);
    while (memo->entries[at & (memo->room - 1)].object && memo->entries[at & (memo->room - 1)].object != object)
        at++;
    return &memo->entries[at & (memo->room - 1)];
}

static int memo_grow(area_memo *memo) {
    area_memo larger = {NULL, memo->count, memo->room ? 2 * memo->room : 256};
    larger.entries = PyMem_Calloc(larger.room, sizeof *larger.entries);
    if (!larger.entries) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < memo->room; i++)
        if (memo->entries[i].object)
            *memo_find(&larger, memo->entries[i].object) = memo->entries[i];
    PyMem_Free(memo->entries);
    *memo = larger;
    return 0;
}

void memo_release(area_memo *memo) {
    for (size_t i = 0; i < memo->room; i++)
        Py_XDECREF(memo->entries[i].object);
    PyMem_Free(memo->entries);
}

static int area_of_polygon(PyObject *object, double *area) {
    if (!polygon_is_ready((polygon *)object))
        return -1;
    *area = polygon_area((polygon *)object);
    return 0;
}

/* The area of any candidate; the caller owns `object`. */
static int area_of(const core_state *state, PyObject *object, const place *where, area_memo *memo, type_view *look,
                   double *area) {
    view_type(state, Py_TYPE(object), look);
    if (look->own_area == 1)
        return area_of_polygon(object, area);
    if (memo->room) {
        const struct area_entry *known = memo_find(memo, object);
        if (known->object) {
            *area = known->area;
            return 0;
        }
    }
    int is_own = area_is_own(state, look, object);
    if (is_own < 0 || (is_own ? area_of_polygon(object, area) : call_area(state, object, where, area)) < 0)
        return -1;
    if (2 * memo->count >= memo->room && memo_grow(memo) < 0)
        return -1;
    *memo_find(memo, object) = (struct area_entry){Py_NewRef(object), *area};
    memo->count++;
    return 0;
}

/* The smallest of `sequence` (a list or tuple), the first on ties: a new reference. */
static PyObject *select_smallest(const core_state *state, PyObject *sequence, place where, area_memo *memo) {
    PyObject *best = NULL;
    double best_area = 0;
    type_view look = {.type = NULL};
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence); i++) {
        PyObject *object = Py_NewRef(PySequence_Fast_GET_ITEM(sequence, i));
        double area;
        if (!where.among)
            where.position = i;
        if (area_of(state, object, &where, memo, &look, &area) < 0) {
            Py_DECREF(object);
            Py_XDECREF(best);
            view_release(&look);
            return NULL;
        }
        if (best && !(area < best_area)) {
            Py_DECREF(object);
        } else {
            Py_XSETREF(best, object);
            best_area = area;
        }
    }
    view_release(&look);
    if (!best)
        PyErr_Format(PyExc_IndexError, "%s[%zd] has no polygons to select from", where.argument, where.set);
    return best;
}

int append_best(const core_state *state, PyObject *list, PyObject *point, PyObject *candidates, place where,
                area_memo *memo) {
    PyObject *best = select_smallest(state, candidates, where, memo);
    PyObject *pair = best ? PyTuple_Pack(2, point, best) : NULL;
    int status = pair ? PyList_Append(list, pair) : -1;
    Py_XDECREF(best);
    Py_XDECREF(pair);
    return status;
}
