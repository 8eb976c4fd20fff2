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

/* What has been found so far: rings, and where they, polygons and regions begin, and the last ends. */
typedef struct found {
    const geos *g;
    geometry *rings;
    int64_t *ring_offsets, *polygon_offsets, *region_offsets;
    size_t ring_count, polygon_count, region_count, vertices;
    size_t rings_room, ring_room, polygon_room, region_room;
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

static int found_begin(found *f, const geos *g) {
    *f = (found){.g = g};
    if (grow(&f->ring_offsets, 0, &f->ring_room, sizeof *f->ring_offsets) < 0 ||
        grow(&f->polygon_offsets, 0, &f->polygon_room, sizeof *f->polygon_offsets) < 0 ||
        grow(&f->region_offsets, 0, &f->region_room, sizeof *f->region_offsets) < 0)
        return -1;
    f->ring_offsets[0] = f->polygon_offsets[0] = f->region_offsets[0] = 0;
    return 0;
}

static int add_ring(found *f, geometry ring) {
    unsigned size = 0;
    geometry sequence = ring ? f->g->sequence(f->g->context, ring) : NULL;
    if (!sequence || !f->g->size(f->g->context, sequence, &size))
        return 0;
    if (grow(&f->rings, f->ring_count, &f->rings_room, sizeof *f->rings) < 0 ||
        grow(&f->ring_offsets, f->ring_count + 1, &f->ring_room, sizeof *f->ring_offsets) < 0)
        return 0;
    f->vertices += size;
    f->rings[f->ring_count++] = sequence;
    f->ring_offsets[f->ring_count] = (int64_t)f->vertices;
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
    if (!right || grow(&f->polygon_offsets, f->polygon_count + 1, &f->polygon_room, sizeof *f->polygon_offsets) < 0)
        return 0;
    f->polygon_offsets[++f->polygon_count] = (int64_t)f->ring_count;
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
    if (!right || grow(&f->region_offsets, f->region_count + 1, &f->region_room, sizeof *f->region_offsets) < 0)
        return 0;
    f->region_offsets[++f->region_count] = (int64_t)f->polygon_count;
    return 1;
}

static void found_free(found *f) {
    PyMem_RawFree(f->rings);
    PyMem_RawFree(f->ring_offsets);
    PyMem_RawFree(f->polygon_offsets);
    PyMem_RawFree(f->region_offsets);
}

static PyObject *offsets_from(const int64_t *from, size_t count) {
    npy_intp length = (npy_intp)count + 1;
    PyObject *array = PyArray_SimpleNew(1, &length, NPY_INT64);
    if (array)
        memcpy(PyArray_DATA((PyArrayObject *)array), from, (size_t)length * sizeof *from);
    return array;
}

/* Copy the coordinates of all rings; 0 where that fails, or one is not finite. */
static int copy_rings(const found *f, double *coords) {
    double odd = 0;
    for (size_t i = 0; i < f->ring_count; i++) {
        const int64_t begin = f->ring_offsets[i], end = f->ring_offsets[i + 1];
        if (end == begin)
            continue;
        __builtin_prefetch(f->rings[i + AHEAD < f->ring_count ? i + AHEAD : i]);
        if (!f->g->copy(f->g->context, f->rings[i], coords + 2 * begin, 0, 0))
            return 0;
        for (int64_t k = 2 * begin; k < 2 * end; k++)
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
        single = f->region_offsets[i] == (int64_t)i;
    PyObject *geoms = single ? Py_NewRef(Py_None) : offsets_from(f->region_offsets, f->region_count);
    return Py_BuildValue("NNNN", coords, offsets_from(f->ring_offsets, f->ring_count),
                         offsets_from(f->polygon_offsets, f->polygon_count), geoms);
}

static PyObject *shapely_polygons(PyObject *module, PyObject *objects) {
    pass p;
    if (pass_begin(&p, module, objects) < 0)
        return NULL;
    found f;
    int right = found_begin(&f, p.g) == 0;
    npy_intp row = 0;
    for (npy_intp size = BLOCK; right && size == BLOCK && row < p.count;) {
        const npy_intp here = next_block(&p, row);
        for (size = 0; size < here; size++) {
            __builtin_prefetch(p.block[size + AHEAD]);
            if (!add_region(&f, p.block[size]))
                break;
        }
        row += size;
    }
    PyObject *arrays = right && row == p.count ? arrays_from(&f) : Py_NewRef(Py_None);
    found_free(&f);
    return arrays;
}

/* ---- one by one ---- */

/* Regions that the library reads when a point is in their box. */
typedef struct stream {
    found f;
    geometry *regions;
    double *boxes, *coords;
    uint8_t *is_read;
    size_t room; /* vertices */
} stream;

static void stream_free(stream *s) {
    found_free(&s->f);
    PyMem_RawFree(s->boxes);
    PyMem_RawFree(s->coords);
}

/* The box of a region, and whether all its vertices are finite as far as that is looked at; adds its vertices. 0 for
 * another geometry. */
static int read_box(const geos *g, geometry region, double box[4], size_t *vertices) {
    const int type = region ? g->type(g->context, region) : -1;
    double area = 0;
    if (type != GEOS_POLYGON && type != GEOS_MULTIPOLYGON)
        return 0;
    if (!g->extent(g->context, region, &box[0], &box[1], &box[2], &box[3]))
        box[0] = box[1] = box[2] = box[3] = NAN; /* it is empty */
    const int own = g->vertices(g->context, region);
    *vertices += (size_t)(own > 0 ? own : 0);
    return own > MANY_VERTICES || (g->area(g->context, region, &area) && isfinite(area));
}

/* Find all geometries and their boxes; 0 where one is unusual, -1 without memory. */
static int stream_begin(stream *s, pass *p, size_t *vertices) {
    const size_t count = (size_t)p->count + 1;
    s->boxes = PyMem_RawMalloc(count * (4 * sizeof *s->boxes + sizeof *s->regions + 1));
    if (found_begin(&s->f, p->g) < 0 || !s->boxes)
        return -1;
    s->regions = (geometry *)(void *)(s->boxes + 4 * count);
    s->is_read = (uint8_t *)(s->regions + count);
    memset(s->is_read, 0, count);
    for (npy_intp row = 0; row < p->count; row += BLOCK) {
        const npy_intp here = next_block(p, row);
        if (here < BLOCK && row + here < p->count)
            return 0;
        for (npy_intp i = 0; i < here; i++) {
            __builtin_prefetch(p->block[i + AHEAD]);
            s->regions[row + i] = p->block[i];
            if (!read_box(p->g, p->block[i], s->boxes + 4 * (row + i), vertices))
                return 0;
        }
    }
    return 1;
}

/* The library's read(). */
static pm_status read_region(void *context, size_t region, pm_regions *one, pm_error *Py_UNUSED(err)) {
    stream *s = context;
    found *f = &s->f;
    f->ring_count = f->polygon_count = f->region_count = f->vertices = 0;
    if (!add_region(f, s->regions[region]))
        return PM_ERR_NO_MEMORY; /* its type is known */
    if (f->vertices > s->room) {
        PyMem_RawFree(s->coords);
        s->coords = PyMem_RawMalloc(f->vertices * 4 * sizeof *s->coords);
        s->room = s->coords ? 2 * f->vertices : 0;
        if (!s->coords)
            return PM_ERR_NO_MEMORY;
    }
    if (!copy_rings(f, s->coords))
        return PM_ERR_COORDINATE;
    s->is_read[region] = 1;
    *one = (pm_regions){.coords = s->coords,
                        .coord_count = f->vertices,
                        .ring_offsets = f->ring_offsets,
                        .ring_count = f->ring_count,
                        .polygon_offsets = f->polygon_offsets,
                        .polygon_count = f->polygon_count,
                        .geom_offsets = f->region_offsets,
                        .geom_count = 1};
    return PM_OK;
}

/* Are all regions finite that were not read? */
static int others_are_finite(const stream *s, size_t count) {
    double area;
    for (size_t i = 0; i < count; i++)
        if (!s->is_read[i] && (!s->f.g->area(s->f.g->context, s->regions[i], &area) || !isfinite(area)))
            return 0;
    return 1;
}

static int poll_signals(void *Py_UNUSED(context)) {
    return PyErr_CheckSignals() < 0;
}

static PyObject *shapely_match(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    pass p;
    pm_points points;
    pm_options options;
    int64_t *out;
    if (nargs != 8)
        return PyErr_Format(PyExc_TypeError, "shapely_match() takes objects and seven more, got %zd arguments",
                            nargs);
    if (pass_begin(&p, module, args[0]) < 0 || points_from(args[4], args[5], args[6], &points, &out) < 0 ||
        options_from(args[1], args[2], args[3], Py_None, Py_None, (size_t)p.count, &options) < 0)
        return NULL;
    PyObject *held =
        PyArray_NewCopy(p.objects, NPY_ANYORDER); /* a handler of a signal may change the caller's array */
    if (!held)
        return NULL;
    p.objects = (PyArrayObject *)held;
    options.poll = poll_signals;
    stream s = {.regions = NULL};
    pm_reader reader = {.count = (size_t)p.count, .read = read_region, .context = &s};
    int done = 0;
    const int right = stream_begin(&s, &p, &reader.vertex_count);
    pm_error err = {.item = -1};
    pm_status status = right < 0 ? PM_ERR_NO_MEMORY : PM_OK;
    reader.boxes = s.boxes;
    if (right > 0)
        status = pm_reader_match(&reader, &options, &points, out, &done, &err);
    done = done && (args[7] != Py_True || others_are_finite(&s, reader.count));
    stream_free(&s);
    Py_DECREF(held);
    if (PyErr_Occurred())
        return NULL;
    if (status && status != PM_ERR_COORDINATE)
        return status == PM_ERR_NO_MEMORY ? PyErr_NoMemory() : raise_status(PyModule_GetState(module), status, &err);
    return PyBool_FromLong(done);
}

PyMethodDef geos_functions[] = {
    {"use_shapely", use_shapely, METH_VARARGS,
     "use_shapely(path, capsule) -> whether geometries can be read: the path of shapely's library, and its "
     "interface."},
    {"shapely_points", shapely_points, METH_O,
     "shapely_points(objects) -> x and y, NaN for what is missing or empty; None where a row is no Point."},
    {"shapely_polygons", shapely_polygons, METH_O,
     "shapely_polygons(objects) -> coords and three offsets; None where a row is no polygon, or one is not finite."},
    {"shapely_match", (PyCFunction)(void (*)(void))shapely_match, METH_FASTCALL,
     "shapely_match(objects, predicate, best, scores, x, y, out, is_thorough) -> whether the answers are in out. "
     "Not: "
     "an index is cheaper, a row is no polygon, or one is not finite, also if no point is near where is_thorough."},
    {NULL, NULL, 0, NULL},
};
