/* find.c — which of these polygons have their center close to the point?
 *
 * The loop that was 99 % of the time in Python. Three speeds: Polygons that don't override center are compared in
 * place, four at a time; objects that hold an array as their center are read in batches, so that cache misses
 * overlap; all others have their attribute read one by one. A rounded square of the distance decides outside of a
 * narrow band, the library's exact comparison within (pm_band_of()).
 *
 * While no Python code runs, borrowed references and list sizes hold. Where it may run, the item is owned and sizes
 * are read again: if the list changes meanwhile, it is followed as a for loop would. */
#include "core.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* Owned objects, in a buffer that grows. */
typedef struct hits {
    PyObject **items;
    Py_ssize_t count, room;
    PyObject *buffer[128];
} hits;

static int hits_grow(hits *found) {
    Py_ssize_t room = 4 * found->room;
    PyObject **items = PyMem_Malloc((size_t)room * sizeof *items);
    if (!items) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(items, found->items, (size_t)found->count * sizeof *items);
    if (found->items != found->buffer)
        PyMem_Free(found->items);
    found->items = items;
    found->room = room;
    return 0;
}

static inline int hits_add(hits *found, PyObject *object) {
    if (found->count == found->room && hits_grow(found) < 0)
        return -1;
    found->items[found->count++] = Py_NewRef(object);
    return 0;
}

static void hits_release(hits *found) {
    for (Py_ssize_t i = 0; i < found->count; i++)
        Py_DECREF(found->items[i]);
    if (found->items != found->buffer)
        PyMem_Free(found->items);
}

/* Is a center that is not certainly too far closer than max_dist? */
static inline int is_closer(const double center[2], const double point[2], double max_dist, pm_band band,
                            double square) {
    return square < band.inner || pm_is_closer(center, point[0], point[1], max_dist);
}

/* One object that is not a plain Polygon: Python code may run. */
static int find_other(const core_state *state, PyObject *object, const char *argument, Py_ssize_t i,
                      const double point[2], double max_dist, pm_band band, hits *found) {
    double center[2];
    Py_INCREF(object);
    int status = read_center(state, object, argument, i, center);
    if (status == 0) {
        double square = pm_rounded_square(center[0], center[1], point[0], point[1]);
        if (!(square > band.outer) && is_closer(center, point, max_dist, band, square))
            status = hits_add(found, object);
    }
    Py_DECREF(object);
    return status;
}

enum { CHUNK = 256, BATCH = 16 };

/* Collect the first items that are of `type`, a Polygon that doesn't override center, and not certainly too far.
 * Returns how many were seen. NaN, which also marks an uninitialized Polygon, is never certain. */
static Py_ssize_t note_near(PyObject *const *items, Py_ssize_t count, const PyTypeObject *type, double x, double y,
                            double outer, PyObject **near, Py_ssize_t *near_count) {
    Py_ssize_t i = 0, noted = 0;
#ifdef __SSE2__
    /* Four at a time: 1000 polygons in 1.0 us instead of 1.4. The same operations as below, so the same bits. */
    const __m128d px = _mm_setr_pd(x, y), limit = _mm_set1_pd(outer);
    for (; i + 4 <= count; i += 4) {
        const polygon *const *at = (const polygon *const *)(const void *)(items + i);
        if (Py_TYPE(at[0]) != type || Py_TYPE(at[1]) != type || Py_TYPE(at[2]) != type || Py_TYPE(at[3]) != type)
            break;
        __m128d a = _mm_sub_pd(_mm_loadu_pd(at[0]->center), px), b = _mm_sub_pd(_mm_loadu_pd(at[1]->center), px);
        __m128d c = _mm_sub_pd(_mm_loadu_pd(at[2]->center), px), d = _mm_sub_pd(_mm_loadu_pd(at[3]->center), px);
        a = _mm_mul_pd(a, a);
        b = _mm_mul_pd(b, b);
        c = _mm_mul_pd(c, c);
        d = _mm_mul_pd(d, d);
        __m128d ab = _mm_add_pd(_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b));
        __m128d cd = _mm_add_pd(_mm_unpacklo_pd(c, d), _mm_unpackhi_pd(c, d));
        int far = _mm_movemask_pd(_mm_cmpgt_pd(ab, limit)) | _mm_movemask_pd(_mm_cmpgt_pd(cd, limit)) << 2;
        for (int k = 0; far != 15 && k < 4; k++) {
            near[noted] = items[i + k];
            noted += !(far >> k & 1);
        }
    }
#endif
    for (; i < count && Py_TYPE(items[i]) == type; i++) {
        const double *center = ((const polygon *)items[i])->center;
        near[noted] = items[i];
        noted += !(pm_rounded_square(center[0], center[1], x, y) > outer);
    }
    *near_count = noted;
    return i;
}

/* Search the head of `items`: Polygons of one type that don't override center. Returns how many, or -1. Runs no
 * Python code. */
static Py_ssize_t find_own(PyObject *const *items, Py_ssize_t count, const double point[2], double max_dist,
                           pm_band band, hits *found) {
    PyObject *near[CHUNK];
    Py_ssize_t near_count, seen = note_near(items, count < CHUNK ? count : CHUNK, Py_TYPE(items[0]), point[0],
                                            point[1], band.outer, near, &near_count);
    for (Py_ssize_t k = 0; k < near_count; k++) {
        const polygon *item = (const polygon *)near[k];
        double square = pm_rounded_square(item->center[0], item->center[1], point[0], point[1]);
        if (!polygon_is_ready(item) ||
            (is_closer(item->center, point, max_dist, band, square) && hits_add(found, near[k]) < 0))
            return -1;
    }
    return seen;
}

#ifndef Py_GIL_DISABLED
/* The center that an object stores as data, owned; NULL without an exception when only the attribute gives it. */
static PyObject *stored_center(const core_state *state, PyObject *object, int stored) {
    PyObject *value = NULL;
    if (stored == 1) {
        value = PyObject_GenericGetAttr(object, state->name_center);
    } else {
        PyObject **dict = _PyObject_GetDictPtr(object); /* a cached_property that has run made the dict already */
        value = dict && *dict ? Py_XNewRef(PyDict_GetItemWithError(*dict, state->name_center)) : NULL;
    }
    if (!value)
        PyErr_Clear();
    return value;
}

/* Search the head of `items`: objects of one type that store their center as an array. The arrays of a batch are all
 * fetched before the first is read, so that the cache misses overlap (12 ns per object instead of 16). Returns how
 * many, 0 when the first needs its attribute read, or -1. Python code only runs if a dict has keys that are not
 * strings; therefore everything is owned. */
static Py_ssize_t find_stored(const core_state *state, PyObject *const *items, Py_ssize_t count, int stored,
                              const double point[2], double max_dist, pm_band band, hits *found) {
    PyObject *objects[BATCH], *centers[BATCH];
    PyTypeObject *type = Py_TYPE(items[0]);
    Py_ssize_t owned = count < BATCH ? count : BATCH, seen = 0, used = 0;
    int status = 0;
    for (Py_ssize_t k = 0; k < owned; k++)
        objects[k] = Py_NewRef(items[k]);
    while (seen < owned && Py_TYPE(objects[seen]) == type) {
        centers[seen] = stored_center(state, objects[seen], stored);
        if (!centers[seen])
            break;
        if (PyArray_CheckExact(centers[seen])) {
            PREFETCH(PyArray_DATA((PyArrayObject *)centers[seen]));
            PREFETCH(PyArray_DIMS((PyArrayObject *)centers[seen]));
        }
        seen++;
    }
    double center[2];
    for (; used < seen && status == 0 && point_quickly(centers[used], center); used++) {
        double square = pm_rounded_square(center[0], center[1], point[0], point[1]);
        if (!(square > band.outer) && is_closer(center, point, max_dist, band, square))
            status = hits_add(found, objects[used]);
    }
    for (Py_ssize_t k = 0; k < seen; k++)
        Py_DECREF(centers[k]);
    for (Py_ssize_t k = 0; k < owned; k++)
        Py_DECREF(objects[k]);
    return status < 0 ? -1 : used;
}
#endif

/* Collect the items of `sequence` (a list or tuple) that are close. If the list changes meanwhile, it is followed as
 * a for loop would. */
static int find_hits(const core_state *state, PyObject *sequence, const char *argument, const double point[2],
                     double max_dist, hits *found) {
    const pm_band band = pm_band_of(max_dist);
    type_view look = {.type = NULL};
    Py_ssize_t i = 0, seen = 0;
    while (seen >= 0 && i < PySequence_Fast_GET_SIZE(sequence)) {
        PyObject **items = PySequence_Fast_ITEMS(sequence) + i;
        Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence) - i;
        if (Py_TYPE(items[0]) != look.type) { /* this may free the type in view, and so change the list */
            PyTypeObject *type = (PyTypeObject *)Py_NewRef(Py_TYPE(items[0]));
            view_type(state, type, &look);
            Py_DECREF(type);
            continue;
        }
        seen = 0;
        if (look.own_center)
            seen = find_own(items, count, point, max_dist, band, found);
#ifndef Py_GIL_DISABLED
        else if (look.stored)
            seen = find_stored(state, items, count, look.stored, point, max_dist, band, found);
#endif
        if (seen == 0)
            look.stored = 0; /* tuples, or not yet stored: don't try a batch for each of them */
        if (seen == 0 && i < PySequence_Fast_GET_SIZE(sequence))
            seen = find_other(state, PySequence_Fast_GET_ITEM(sequence, i), argument, i, point, max_dist, band,
                              found) < 0
                       ? -1
                       : 1;
        i += seen;
    }
    view_release(&look);
    return seen < 0 ? -1 : 0;
}

PyObject *find_close(const core_state *state, PyObject *sequence, const char *argument, const double point[2],
                     double max_dist) {
    hits found;
    found.items = found.buffer;
    found.count = 0;
    found.room = (Py_ssize_t)(sizeof found.buffer / sizeof *found.buffer);
    PyObject *list = NULL;
    if (find_hits(state, sequence, argument, point, max_dist, &found) == 0)
        list = PyList_New(found.count);
    if (!list) {
        hits_release(&found);
        return NULL;
    }
    if (found.count > 0)
        memcpy(((PyListObject *)list)->ob_item, found.items, (size_t)found.count * sizeof *found.items);
    found.count = 0; /* the list owns them now */
    hits_release(&found);
    return list;
}
