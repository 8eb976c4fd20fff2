/* core.h — declarations shared by the files of the extension. Reading order: module.c, errors.c, input.c, polygon.c,
 * objects.c, find.c, select.c, dropin.c, arrays.c, measure.c, build.c, index.c, job.c, groups.c, arrow_schema.c,
 * arrow.c, wkb.c, geos.c. */
#ifndef POLY_MATCH_CORE_H
#define POLY_MATCH_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define PY_ARRAY_UNIQUE_SYMBOL poly_match_numpy_api
#ifndef POLY_MATCH_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <time.h>

#include "polymatch.h"

typedef struct geos geos;

typedef struct core_state {
    PyTypeObject *polygon_type;
    PyTypeObject *index_type;
    PyTypeObject *job_type;
    PyObject *polygon_area; /* Polygon's descriptors; a subclass that overrides nothing inherits them */
    PyObject *polygon_center;
    PyObject *value_error; /* the two kinds of InputError */
    PyObject *type_error;
    PyObject *draw_polygon; /* returns the drawing that notebooks show; NULL: nothing is shown */
    PyObject *name_area;    /* interned */
    PyObject *name_center;
    geos *geos; /* NULL until a geometry of shapely arrives, or where it can't be read */
} core_state;

/* A Polygon. The center comes first: a search reads only the center and the type, in one cache line. */
typedef struct polygon {
    PyObject_HEAD
    double center[2]; /* NaN until __init__ has run */
    double area;      /* NaN until first use */
    Py_ssize_t count; /* vertices */
    PyObject *data;   /* bytes: count x, count y, center x and y */
    PyObject *x;      /* read-only arrays over data, made on first use */
    PyObject *y;
    PyObject *center_array;
    PyObject *weak_references;
} polygon;

static inline const double *polygon_x(const polygon *self) {
    return (const double *)(const void *)PyBytes_AS_STRING(self->data);
}

static inline const double *polygon_y(const polygon *self) {
    return polygon_x(self) + self->count;
}

/* errors.c */

/* Make the classes of errors. 0 or -1. */
int add_errors(PyObject *module, core_state *state);

/* Raise one of the two kinds of InputError, with the argument, the row unless it is -1, and the reason, formatted as
 * PyErr_Format() does. Returns NULL. */
PyObject *raise_input_error(PyObject *kind, const char *argument, Py_ssize_t row, const char *reason, ...);

/* Turn a failed status into an exception. No other function does this. Returns NULL. */
PyObject *raise_status(const core_state *state, pm_status status, const pm_error *err);

/* input.c */

/* A real number; `argument` names it in errors. 0 or -1. */
int real_from(PyObject *object, const char *argument, double *value);

/* A contiguous float64 array of one dimension (a new reference) from any sequence of real numbers. */
PyArrayObject *doubles_from(PyObject *object, const char *argument);

/* Two coordinates; `argument` names the point in errors, with its position unless that is -1. 0 or -1. */
int point_from(PyObject *object, double point[2], const char *argument, Py_ssize_t position);

/* Fast path: read a float or an int, also one of NumPy's usual types, that is exactly a double. Returns 1 if it was
 * one, else 0. Runs no Python code. */
int number_quickly(PyObject *object, double *value);

/* Fast path: read a native array of two float64, the usual point. Returns 1 if it was one, else 0. Runs no Python
 * code. */
int point_quickly(PyObject *object, double point[2]);

extern PyMethodDef input_functions[];

/* polygon.c */
extern PyType_Spec polygon_spec;

/* 1 when __init__ has run, else 0 with an exception. */
int polygon_is_ready(const polygon *self);

double polygon_area(polygon *self);

/* objects.c */

/* How a type provides center and area: is it a Polygon, and does it override them? Kept for a run of objects of one
 * type within a call. The view owns the type, so the type survives any Python code that runs meanwhile. */
typedef struct type_view {
    PyTypeObject *type;
    int is_polygon, own_center;
    int own_area; /* 2: unless an object's dict has another, see area_is_own() */
    int stored;   /* center is overridden by stored data: 1, a plain attribute or a slot; 2, once it is in the dict */
} type_view;

/* Fill the view for this type, unless it already is. The view starts all zero. Runs no Python code. */
void view_type(const core_state *state, PyTypeObject *type, type_view *view);

void view_release(type_view *view);

/* Is area() of an object of the viewed type Polygon's own? 1, 0, or -1 on errors. Where own_area is 2, Python code
 * may run (if the dict has keys that are not plain strings), so own the object. */
int area_is_own(const core_state *state, const type_view *view, PyObject *object);

/* The place of an object in the caller's arguments, formatted only for errors: argument, argument[position], or
 * argument[set][1][position]. -1 leaves a level out. With `among`, a list or tuple, the position is found in it. */
typedef struct place {
    const char *argument;
    Py_ssize_t set, position;
    PyObject *among;
} place;

/* float(object.area()) of any object; a NaN is an error. 0 or -1. */
int call_area(const core_state *state, PyObject *object, const place *where, double *area);

/* object.center of any object; 0 or -1. */
int read_center(const core_state *state, PyObject *object, const char *argument, Py_ssize_t position,
                double center[2]);

/* The items of any iterable as a list (a snapshot under free threading) or tuple; a new reference. */
PyObject *sequence_from(PyObject *object, place where);

/* find.c */

/* A list of the items of `sequence` (a list or tuple) whose center is closer; `argument` names it in errors. */
PyObject *find_close(const core_state *state, PyObject *sequence, const char *argument, const double point[2],
                     double max_dist);

/* select.c */

/* Areas that may come from Python code, one per object: an open hash table that owns its objects. */
typedef struct area_memo {
    struct area_entry {
        PyObject *object;
        double area;
    } *entries;
    size_t count, room; /* room is 0 or a power of two, at least half of it free */
} area_memo;

void memo_release(area_memo *memo);

/* Append (point, the smallest of candidates, the first on ties) to list. `candidates` is a list or tuple; an object
 * whose area is in `memo` is not called again. 0 or -1. */
int append_best(const core_state *state, PyObject *list, PyObject *point, PyObject *candidates, place where,
                area_memo *memo);

/* dropin.c */
extern PyMethodDef dropin_methods[];

/* arrays.c */

/* A borrowed array of this type and dimension, C-contiguous unless `strided`; NULL with a TypeError. */
PyArrayObject *check_array(PyObject *object, const char *name, int type, int dimensions, int strided);

/* Views of the arrays that the package passes; 0, or -1 with an exception. */
int regions_from(PyObject *const *args, pm_regions *regions); /* the five arrays of `Regions` */
int disks_from(PyObject *const *args, pm_disks *disks);
int points_from(PyObject *x, PyObject *y, PyObject *out, pm_points *points, int64_t **answers); /* out may be NULL */
int distances_from(PyObject *object, size_t count, double **distances);

/* measure.c */
extern PyMethodDef measure_functions[];

/* index.c */
typedef struct index_object {
    PyObject_HEAD
    pm_index *index;
    pm_lister *lister; /* made when a list is first wanted */
    Py_buffer bytes;   /* what it was opened over; else all zero */
} index_object;

extern PyType_Spec index_spec;

/* build.c */

/* The options of a build; 0, or -1 with an exception. A NULL `predicate` means center_within. `count` is the number
 * of regions. */
int options_from(PyObject *predicate, PyObject *best, PyObject *scores, PyObject *distance, PyObject *areas,
                 size_t count, pm_options *options);

/* "auto", "scan", "tree", "boxes"; an unknown name becomes a number that the library rejects. */
pm_engine engine_from(const char *name);

/* A thread that builds without the GIL, and lets Python run now and then. */
typedef struct watch {
    PyThreadState *thread;
    unsigned long ident;
    struct timespec last;    /* when it had the GIL */
    PyObject *show;          /* called then; NULL: nothing */
    PyObject *run;           /* runs tasks on threads; NULL: this thread does */
    volatile int is_stopped; /* threads that help end their task when the one that builds was stopped */
} watch;

/* Give the GIL back, and have a build with these options call `show` (or None), and run(work, count), which calls
 * work(first, end) until all of `count` tasks are done, and then returns (or None); take it again. */
void watch_begin(watch *w, PyObject *show, PyObject *run, pm_options *options);
void watch_end(watch *w);

/* The number of a metric's name, planar for NULL; -1 with an exception. */
int metric_from(PyObject *name);

/* The constructors of an Index: from regions, the type's tp_new; from disks, a class method. */
PyObject *index_new(PyTypeObject *type, PyObject *args, PyObject *keywords);
PyObject *index_from_disks(PyObject *type, PyObject *args);

/* job.c */
extern PyType_Spec job_spec;

/* groups.c */
extern PyMethodDef group_functions[];

/* arrow.c */
extern PyMethodDef arrow_functions[];

/* wkb.c */
extern PyMethodDef wkb_functions[];

/* geos.c */
extern PyMethodDef geos_functions[];

void geos_free(geos *g);

#endif
