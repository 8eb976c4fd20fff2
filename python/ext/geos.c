/* geos.c — geometries of shapely as coordinates, in one pass.
 *
 * shapely's own functions take a pass over all objects for each question: its type, its box, its rings, then the
 * coordinates, at 10 ns or more for each object and question. Here everything is asked while an object is in the
 * cache. shapely hands out the geometry in an object through the C interface that it has for other extensions; GEOS
 * is the one that shapely has loaded, found in it by the names of its C interface, so nothing is linked or shipped.
 *
 * Where that does not work (no dlopen, an older GEOS) or a row is anything unusual, these functions say so, and the
 * package goes on with shapely's. The geometries belong to the array of the caller, who must not change it meanwhile;
 * the GIL is held. */
#include "core.h"

#ifndef _WIN32
#include <dlfcn.h>
#endif

enum { GEOS_POINT = 0, GEOS_POLYGON = 3, GEOS_MULTIPOLYGON = 6 };
enum { CAPSULE_GET = 1 };     /* where shapely's interface has the function that gives the geometry of an object */
enum { BLOCK = 256 };         /* objects that are asked for before the first is read */
enum { AHEAD = 16 };          /* geometries */
enum { LINE = 64 };           /* of the cache, of which a Point is two */
enum { MANY_VERTICES = 100 }; /* from which one that no point reaches is not read, to see whether it is finite */

typedef const void *geometry;

struct geos {
    void *library, *context;
    char (*get)(PyObject *, geometry *);
    void *(*init)(void);
    void (*finish)(void *);
    int (*type)(void *, geometry);
    int (*extent)(void *, geometry, double *, double *, double *, double *);
    int (*x)(void *, geometry, double *);
    int (*y)(void *, geometry, double *);
    int (*area)(void *, geometry, double *);
    int (*vertices)(void *, geometry);
    int (*parts)(void *, geometry);
    geometry (*part)(void *, geometry, int);
    geometry (*shell)(void *, geometry);
    int (*holes)(void *, geometry);
    geometry (*hole)(void *, geometry, int);
    geometry (*sequence)(void *, geometry);
    int (*size)(void *, geometry, unsigned *);
    int (*copy)(void *, geometry, double *, int, int);
};

void geos_free(geos *g) {
#ifndef _WIN32
    if (g && g->context)
        g->finish(g->context);
    if (g && g->library)
        dlclose(g->library);
#endif
    PyMem_Free(g);
}

#ifndef _WIN32
/* Find all functions in the library of shapely; 0 where one is missing. */
static int load(geos *g, const char *path) {
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"GEOS_init_r", &g->init},
        {"GEOS_finish_r", &g->finish},
        {"GEOSGeomTypeId_r", &g->type},
        {"GEOSGeom_getExtent_r", &g->extent},
        {"GEOSGeomGetX_r", &g->x},
        {"GEOSGeomGetY_r", &g->y},
        {"GEOSArea_r", &g->area},
        {"GEOSGetNumCoordinates_r", &g->vertices},
        {"GEOSGetNumGeometries_r", &g->parts},
        {"GEOSGetGeometryN_r", &g->part},
        {"GEOSGetExteriorRing_r", &g->shell},
        {"GEOSGetNumInteriorRings_r", &g->holes},
        {"GEOSGetInteriorRingN_r", &g->hole},
        {"GEOSGeom_getCoordSeq_r", &g->sequence},
        {"GEOSCoordSeq_getSize_r", &g->size},
        {"GEOSCoordSeq_copyToBuffer_r", &g->copy},
    };
    g->library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    for (size_t i = 0; g->library && i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(g->library, functions[i].name);
        if (!found)
            return 0;
        memcpy(functions[i].place, &found, sizeof found);
    }
    g->context = g->library ? g->init() : NULL;
    return g->context != NULL;
}
#endif

static PyObject *use_shapely(PyObject *module, PyObject *args) {
    const char *path;
    PyObject *capsule;
    core_state *state = PyModule_GetState(module);
    if (!PyArg_ParseTuple(args, "sO:use_shapely", &path, &capsule))
        return NULL;
    if (state->geos)
        Py_RETURN_TRUE;
#ifndef _WIN32
    void **interface = PyCapsule_GetPointer(capsule, "shapely.lib._C_API");
    geos *g = interface ? PyMem_Calloc(1, sizeof *g) : NULL;
    if (!g)
        return interface ? PyErr_NoMemory() : NULL;
    memcpy(&g->get, &interface[CAPSULE_GET], sizeof g->get);
    if (load(g, path)) {
        state->geos = g;
        Py_RETURN_TRUE;
    }
    geos_free(g);
#endif
    Py_RETURN_FALSE;
}

/* ---- objects ---- */

/* A pass over the geometries in an array of objects. */
typedef struct pass {
    const geos *g;
    PyArrayObject *objects;
    npy_intp count;
    geometry block[BLOCK + AHEAD]; /* then NULL */
} pass;

static int pass_begin(pass *p, PyObject *module, PyObject *objects) {
    p->g = ((core_state *)PyModule_GetState(module))->geos;
    p->objects = (PyArrayObject *)objects;
    if (!p->g || !PyArray_Check(objects) || PyArray_TYPE(p->objects) != NPY_OBJECT || PyArray_NDIM(p->objects) != 1 ||
        !PyArray_ISBEHAVED_RO(p->objects)) {
        PyErr_SetString(PyExc_TypeError, "expected an array of objects of one dimension, after use_shapely()");
        return -1;
    }
    p->count = PyArray_DIM(p->objects, 0);
    return 0;
}

static PyObject *object_at(const pass *p, npy_intp i) {
    PyObject *object;
    memcpy(&object, (const char *)PyArray_DATA(p->objects) + i * PyArray_STRIDE(p->objects, 0), sizeof object);
    return object ? object : Py_None;
}

/* Get the geometries of the next rows, NULL for None. How many, up to an object that is neither. */
static npy_intp next_block(pass *p, npy_intp first) {
    const npy_intp end = p->count - first < BLOCK ? p->count : first + BLOCK;
    npy_intp i;
    for (i = first; i < end; i++)
        __builtin_prefetch(object_at(p, i));
    for (i = first; i < end && p->g->get(object_at(p, i), &p->block[i - first]); i++)
        if (i - first < AHEAD)
            __builtin_prefetch(p->block[i - first]);
    memset(&p->block[i - first], 0, AHEAD * sizeof *p->block);
    return i - first;
}

/* ---- points ---- */

static int read_point(const geos *g, geometry point, double *x, double *y) {
    double other[2];
    *x = *y = NAN;
    if (!point)
        return 1;
    if (g->type(g->context, point) != GEOS_POINT)
        return 0;
    if (g->extent(g->context, point, x, y, &other[0], &other[1]))
        return 1; /* with a single call */
    if (!g->x(g->context, point, x) || !g->y(g->context, point, y))
        *x = *y = NAN; /* it is empty */
    return 1;
}

static PyObject *shapely_points(PyObject *module, PyObject *objects) {
    pass p;
    if (pass_begin(&p, module, objects) < 0)
        return NULL;
    PyArrayObject *x = (PyArrayObject *)PyArray_SimpleNew(1, &p.count, NPY_DOUBLE);
    PyArrayObject *y = (PyArrayObject *)PyArray_SimpleNew(1, &p.count, NPY_DOUBLE);
    npy_intp row = 0;
    for (npy_intp size = BLOCK; x && y && size == BLOCK && row < p.count;) {
        size = next_block(&p, row);
        double *xs = (double *)PyArray_DATA(x) + row, *ys = (double *)PyArray_DATA(y) + row;
        npy_intp i;
        for (i = 0; i < size; i++) {
            __builtin_prefetch(p.block[i + AHEAD]);
            __builtin_prefetch((const char *)p.block[i + AHEAD] + LINE); /* 20 ns a point instead of 25 */
            if (!read_point(p.g, p.block[i], &xs[i], &ys[i]))
                break;
        }
        row += i;
        size = i;
    }
    if (x && y && row == p.count)
        return Py_BuildValue("NN", x, y);
    Py_XDECREF(x);
    Py_XDECREF(y);
    if (!x || !y)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- polygons ---- */

/* What has been found so far: rings, and the ends of rings, polygons and regions. */
typedef struct found {
    const geos *g;
    geometry *rings;
    int64_t *ring_ends, *polygon_ends, *region_ends;
    size_t ring_count, polygon_count, region_count, vertices;
    size_t ring_room, polygon_room, region_room;
} found;

static int grow(void *array, size_t count, size_t *room, size_t item) {
    if (count < *room)
        return 0;
    const size_t more = 2 * *room + 64;
    void *old, *made = NULL;
    memcpy(&old, array, sizeof old);
    if (more < SIZE_MAX / item)
        made = PyMem_RawRealloc(old, more * item);
    if (!made)
        return -1;
    memcpy(array, &made, sizeof made);
    *room = more;
    return 0;
}

static int add_ring(found *f, geometry ring) {
    unsigned size = 0;
    geometry sequence = ring ? f->g->sequence(f->g->context, ring) : NULL;
    if (!sequence || !f->g->size(f->g->context, sequence, &size))
        return 0;
    size_t room = f->ring_room;
    if (grow(&f->rings, f->ring_count, &room, sizeof *f->rings) < 0 ||
        grow(&f->ring_ends, f->ring_count, &f->ring_room, sizeof *f->ring_ends) < 0)
        return 0;
    f->vertices += size;
    f->rings[f->ring_count] = sequence;
    f->ring_ends[f->ring_count++] = (int64_t)f->vertices;
    return 1;
}

static int add_polygon(found *f, geometry polygon) {
    const size_t before = f->vertices;
    int right = add_ring(f, f->g->shell(f->g->context, polygon));
    int holes = 0;
    if (right && f->vertices - before < (size_t)f->g->vertices(f->g->context, polygon)) /* a cast of C++ less */
        holes = f->g->holes(f->g->context, polygon);
    for (int i = 0; right && i < holes; i++)
        right = add_ring(f, f->g->hole(f->g->context, polygon, i));
    if (!right || grow(&f->polygon_ends, f->polygon_count, &f->polygon_room, sizeof *f->polygon_ends) < 0)
        return 0;
    f->polygon_ends[f->polygon_count++] = (int64_t)f->ring_count;
    return 1;
}

/* Add a Polygon or MultiPolygon; 0 for another geometry. */
static int add_region(found *f, geometry region) {
    int right = 0;
    const int type = region ? f->g->type(f->g->context, region) : -1;
    if (type == GEOS_POLYGON)
        right = add_polygon(f, region);
    if (type == GEOS_MULTIPOLYGON) {
        const int parts = f->g->parts(f->g->context, region);
        right = parts >= 0;
        for (int i = 0; right && i < parts; i++)
            right = add_polygon(f, f->g->part(f->g->context, region, i));
    }
    if (!right || grow(&f->region_ends, f->region_count, &f->region_room, sizeof *f->region_ends) < 0)
        return 0;
    f->region_ends[f->region_count++] = (int64_t)f->polygon_count;
    return 1;
}

static void found_free(found *f) {
    PyMem_RawFree(f->rings);
    PyMem_RawFree(f->ring_ends);
    PyMem_RawFree(f->polygon_ends);
    PyMem_RawFree(f->region_ends);
}

/* An array of ends with a 0 before them. */
static PyObject *offsets_from(const int64_t *ends, size_t count) {
    npy_intp length = (npy_intp)count + 1;
    PyObject *array = PyArray_SimpleNew(1, &length, NPY_INT64);
    if (!array)
        return NULL;
    int64_t *offsets = PyArray_DATA((PyArrayObject *)array);
    offsets[0] = 0;
    if (count)
        memcpy(offsets + 1, ends, count * sizeof *ends);
    return array;
}

/* Copy the coordinates of all rings; 0 where that fails, or one is not finite. */
static int copy_rings(const found *f, double *coords) {
    double odd = 0;
    for (size_t i = 0; i < f->ring_count; i++) {
        const int64_t begin = i ? f->ring_ends[i - 1] : 0;
        if (f->ring_ends[i] == begin)
            continue;
        __builtin_prefetch(f->rings[i + AHEAD < f->ring_count ? i + AHEAD : i]);
        if (!f->g->copy(f->g->context, f->rings[i], coords + 2 * begin, 0, 0))
            return 0;
        for (int64_t k = 2 * begin; k < 2 * f->ring_ends[i]; k++)
            odd += 0 * coords[k];
    }
    return odd == 0;
}

/* coords, ring, polygon and region offsets (None where each polygon is a region); None where that fails. */
static PyObject *arrays_from(const found *f) {
    const npy_intp shape[] = {(npy_intp)f->vertices, 2};
    PyObject *coords = PyArray_SimpleNew(2, shape, NPY_DOUBLE);
    if (!coords)
        return NULL;
    if (!copy_rings(f, PyArray_DATA((PyArrayObject *)coords))) {
        Py_DECREF(coords);
        Py_RETURN_NONE;
    }
    int single = f->polygon_count == f->region_count;
    for (size_t i = 0; single && i < f->region_count; i++)
        single = f->region_ends[i] == (int64_t)i + 1;
    PyObject *geoms = single ? Py_NewRef(Py_None) : offsets_from(f->region_ends, f->region_count);
    return Py_BuildValue("NNNN", coords, offsets_from(f->ring_ends, f->ring_count),
                         offsets_from(f->polygon_ends, f->polygon_count), geoms);
}

static PyObject *shapely_polygons(PyObject *module, PyObject *objects) {
    pass p;
    if (pass_begin(&p, module, objects) < 0)
        return NULL;
    found f = {.g = p.g};
    npy_intp row = 0;
    for (npy_intp size = BLOCK; size == BLOCK && row < p.count;) {
        const npy_intp here = next_block(&p, row);
        for (size = 0; size < here; size++) {
            __builtin_prefetch(p.block[size + AHEAD]);
            if (!add_region(&f, p.block[size]))
                break;
        }
        row += size;
    }
    PyObject *arrays = row == p.count ? arrays_from(&f) : Py_NewRef(Py_None);
    found_free(&f);
    return arrays;
}

/* ---- those that points reach ---- */

/* The box of a region, and whether all its vertices are finite as far as that is looked at. 0 for another geometry.
 */
static int read_box(const geos *g, geometry region, double box[4]) {
    const int type = region ? g->type(g->context, region) : -1;
    double area = 0;
    if (type != GEOS_POLYGON && type != GEOS_MULTIPOLYGON)
        return 0;
    if (!g->extent(g->context, region, &box[0], &box[1], &box[2], &box[3]))
        box[0] = box[1] = box[2] = box[3] = NAN; /* it is empty */
    return g->vertices(g->context, region) > MANY_VERTICES || (g->area(g->context, region, &area) && isfinite(area));
}

static PyObject *shapely_polygons_at(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    pass p;
    pm_points points;
    if (nargs != 3) {
        PyErr_Format(PyExc_TypeError, "shapely_polygons_at() takes objects, x and y, got %zd arguments", nargs);
        return NULL;
    }
    if (pass_begin(&p, module, args[0]) < 0 || points_from(args[1], args[2], NULL, &points, NULL) < 0)
        return NULL;
    double *boxes = PyMem_RawMalloc(((size_t)p.count + 1) * (4 * sizeof *boxes + 1));
    if (!boxes)
        return PyErr_NoMemory();
    uint8_t *reached = (uint8_t *)(boxes + 4 * (p.count + 1));
    npy_intp row = 0;
    for (npy_intp size = BLOCK; size == BLOCK && row < p.count;) {
        const npy_intp here = next_block(&p, row);
        for (size = 0; size < here; size++) {
            __builtin_prefetch(p.block[size + AHEAD]);
            if (!read_box(p.g, p.block[size], boxes + 4 * (row + size)))
                break;
        }
        row += size;
    }
    pm_error err = {.item = -1};
    pm_status status = PM_OK;
    if (row == p.count)
        status = pm_points_reach(&points, boxes, (size_t)p.count, NULL, reached, &err);
    if (status || row < p.count) {
        PyMem_RawFree(boxes);
        if (status)
            return raise_status(PyModule_GetState(module), status, &err);
        Py_RETURN_NONE;
    }
    found f = {.g = p.g};
    npy_intp some = 0;
    for (npy_intp i = 0; i < p.count; i++)
        some += reached[i] != 0;
    some++;
    PyObject *rows = PyArray_SimpleNew(1, &some, NPY_INTP), *arrays = NULL;
    int right = rows != NULL;
    for (npy_intp i = 0, at = 0; right && i < p.count; i++) {
        geometry region = NULL;
        if (!reached[i])
            continue;
        ((npy_intp *)PyArray_DATA((PyArrayObject *)rows))[at++] = i;
        right = p.g->get(object_at(&p, i), &region) && add_region(&f, region);
    }
    if (rows) {
        ((npy_intp *)PyArray_DATA((PyArrayObject *)rows))[some - 1] = -1;
        arrays = right ? arrays_from(&f) : Py_NewRef(Py_None);
    }
    found_free(&f);
    PyMem_RawFree(boxes);
    if (arrays && arrays != Py_None)
        return Py_BuildValue("NN", rows, arrays);
    Py_XDECREF(rows);
    return arrays;
}

PyMethodDef geos_functions[] = {
    {"use_shapely", use_shapely, METH_VARARGS,
     "use_shapely(path, capsule) -> whether geometries can be read: the path of shapely's library, and its "
     "interface."},
    {"shapely_points", shapely_points, METH_O,
     "shapely_points(objects) -> x and y, NaN for what is missing or empty; None where a row is no Point."},
    {"shapely_polygons", shapely_polygons, METH_O,
     "shapely_polygons(objects) -> coords and three offsets; None where a row is no polygon, or one is not finite."},
    {"shapely_polygons_at", (PyCFunction)(void (*)(void))shapely_polygons_at, METH_FASTCALL,
     "shapely_polygons_at(objects, x, y) -> the rows whose box holds a point, then -1, and their arrays; None as "
     "above."},
    {NULL, NULL, 0, NULL},
};
