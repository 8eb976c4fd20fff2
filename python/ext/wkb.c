/* wkb.c: well-known binary as coordinates.
 *
 * Points become x and y, polygons and multipolygons ragged arrays; nothing else of the format is understood, and
 * another geometry is an error that names the row. Both byte orders are read, in the dialects ISO and EWKB: z, m and
 * SRID are skipped. Strict, because the bytes are a stranger's: no count is believed before there are bytes for it,
 * and none may be left over.
 *
 * Regions are read twice, to count and to fill: that needs no guess and no growing memory. The same function walks
 * both times and looks at its limits both times, so bytes that another thread changes in between are an error like
 * others.
 *
 * Rows are (buffers, which, start, size): row i is size[i] bytes from start[i] in buffers[which[i]], missing when the
 * size is negative. */
#include "core.h"

enum { POINT = 1, POLYGON = 3, MULTIPOLYGON = 6 };

static const char *const NAMES[] = {NULL,
                                    "Point",
                                    "LineString",
                                    "Polygon",
                                    "MultiPoint",
                                    "MultiLineString",
                                    "MultiPolygon",
                                    "GeometryCollection",
                                    "CircularString",
                                    "CompoundCurve",
                                    "CurvePolygon",
                                    "MultiCurve",
                                    "MultiSurface",
                                    "Curve",
                                    "Surface",
                                    "PolyhedralSurface",
                                    "TIN",
                                    "Triangle"};

/* ---- one geometry ---- */

/* Where the reading is, and the byte order of the geometry it is in. */
typedef struct reader {
    const unsigned char *at;
    size_t left;
    int big;
    const char *wrong; /* a sentence: the bytes are no geometry */
    uint32_t other;    /* the type: they are one, of another kind */
} reader;

static int fail(reader *r, const char *wrong) {
    r->wrong = wrong;
    return -1;
}

static uint32_t word_at(const unsigned char *b, int big) {
    return big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
               : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static double double_at(const unsigned char *b, int big) {
    uint64_t first = word_at(b, big), second = word_at(b + 4, big);
    uint64_t bits = big ? first << 32 | second : second << 32 | first;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void skip(reader *r, size_t bytes) {
    r->at += bytes;
    r->left -= bytes;
}

/* Byte order, type and SRID: the type without its flags, and how many doubles a vertex has. */
static int read_head(reader *r, uint32_t *type, size_t *width) {
    if (r->left < 5)
        return fail(r, "ends within the head of a geometry");
    if (r->at[0] > 1)
        return fail(r, "has a byte order that is neither 0 nor 1");
    r->big = r->at[0] == 0;
    uint32_t code = word_at(r->at + 1, r->big), flags = code >> 28;
    skip(r, 5);
    if (flags & 2) {
        if (r->left < 4)
            return fail(r, "ends within its SRID");
        skip(r, 4);
    }
    code &= 0x0FFFFFFF;
    uint32_t iso = code / 1000; /* 1: z, 2: m, 3: both */
    *type = code % 1000;
    if (flags & 1 || iso > 3 || *type == 0 || *type >= sizeof NAMES / sizeof *NAMES)
        return fail(r, "has an unknown geometry type");
    *width = 2 + (size_t)(flags >> 3 || iso & 1) + (size_t)((flags >> 2 & 1) || iso & 2);
    return 0;
}

/* A count of things of at least `least` bytes each. */
static int read_count(reader *r, size_t least, size_t *count) {
    if (r->left < 4)
        return fail(r, "ends within a count");
    *count = word_at(r->at, r->big);
    skip(r, 4);
    return *count > r->left / least ? fail(r, "ends before what its counts announce") : 0;
}

static int read_point(reader *r, double *x, double *y) {
    uint32_t type;
    size_t width;
    if (read_head(r, &type, &width) < 0)
        return -1;
    if (type != POINT) {
        r->other = type;
        return -1;
    }
    if (r->left < 8 * width)
        return fail(r, "ends within a coordinate");
    *x = double_at(r->at, r->big);
    *y = double_at(r->at + 8, r->big);
    skip(r, 8 * width);
    return r->left ? fail(r, "has bytes left over") : 0;
}

/* Ragged arrays that are filled; while they are only counted, the pointers are NULL. */
typedef struct ragged {
    double *coords;
    int64_t *rings, *polygons; /* where each ends */
    size_t coord_count, ring_count, polygon_count;
    size_t coord_limit, ring_limit, polygon_limit;
} ragged;

static void copy_vertices(const reader *r, size_t count, size_t width, double *out) {
    const int one = 1;
    if (width == 2 && r->big == (*(const char *)&one == 0)) {
        memcpy(out, r->at, 16 * count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = double_at(r->at + 8 * width * i, r->big);
        out[2 * i + 1] = double_at(r->at + 8 * width * i + 8, r->big);
    }
}

static int read_polygon(reader *r, size_t width, ragged *out) {
    size_t rings, count;
    if (read_count(r, 4, &rings) < 0)
        return -1;
    for (size_t i = 0; i < rings; i++) {
        if (read_count(r, 8 * width, &count) < 0)
            return -1;
        if (out->coords) {
            if (count > out->coord_limit - out->coord_count || out->ring_count == out->ring_limit)
                return fail(r, "changed while it was read");
            copy_vertices(r, count, width, out->coords + 2 * out->coord_count);
            out->rings[out->ring_count] = (int64_t)(out->coord_count + count);
        }
        out->coord_count += count;
        out->ring_count++;
        skip(r, 8 * width * count);
    }
    if (out->coords) {
        if (out->polygon_count == out->polygon_limit)
            return fail(r, "changed while it was read");
        out->polygons[out->polygon_count] = (int64_t)out->ring_count;
    }
    out->polygon_count++;
    return 0;
}

static int read_region(reader *r, ragged *out) {
    uint32_t type;
    size_t width, parts;
    if (read_head(r, &type, &width) < 0)
        return -1;
    if (type == POLYGON) {
        if (read_polygon(r, width, out) < 0)
            return -1;
    } else if (type == MULTIPOLYGON) {
        if (read_count(r, 9, &parts) < 0)
            return -1;
        for (size_t i = 0; i < parts; i++) {
            if (read_head(r, &type, &width) < 0)
                return -1;
            if (type != POLYGON)
                return fail(r, "has a part that is no Polygon");
            if (read_polygon(r, width, out) < 0)
                return -1;
        }
    } else {
        r->other = type;
        return -1;
    }
    return r->left ? fail(r, "has bytes left over") : 0;
}

/* ---- rows ---- */

typedef struct rows {
    const core_state *state;
    const char *argument;
    PyObject *buffers; /* a tuple of uint8 arrays; the arrays below say where the rows are in them */
    const int64_t *which, *start, *size;
    Py_ssize_t count;
} rows;

static const int64_t *numbers_in(PyObject *object, Py_ssize_t *count) {
    PyArrayObject *array = (PyArrayObject *)object;
    if (!PyArray_Check(object) || PyArray_TYPE(array) != NPY_INT64 || PyArray_NDIM(array) != 1 ||
        !PyArray_ISCARRAY_RO(array) || (*count >= 0 && PyArray_DIM(array, 0) != *count)) {
        PyErr_SetString(PyExc_TypeError, "expected contiguous int64 arrays of one length");
        return NULL;
    }
    *count = PyArray_DIM(array, 0);
    return PyArray_DATA(array);
}

static int rows_from(PyObject *module, PyObject *args, rows *in) {
    PyObject *arrays[3];
    in->state = PyModule_GetState(module);
    in->count = -1;
    if (!PyArg_ParseTuple(args, "sO!OOO", &in->argument, &PyTuple_Type, &in->buffers, &arrays[0], &arrays[1],
                          &arrays[2]) ||
        !(in->which = numbers_in(arrays[0], &in->count)) || !(in->start = numbers_in(arrays[1], &in->count)) ||
        !(in->size = numbers_in(arrays[2], &in->count)))
        return -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(in->buffers); i++) {
        PyArrayObject *buffer = (PyArrayObject *)PyTuple_GET_ITEM(in->buffers, i);
        if (!PyArray_Check(buffer) || PyArray_TYPE(buffer) != NPY_UINT8 || !PyArray_IS_C_CONTIGUOUS(buffer)) {
            PyErr_SetString(PyExc_TypeError, "expected contiguous buffers of uint8");
            return -1;
        }
    }
    return 0;
}

/* A reader of a row: 1, 0 when the row is missing, -1 with an exception when there is no such place. */
static int open_row(const rows *in, Py_ssize_t row, reader *r) {
    int64_t which = in->which[row], start = in->start[row], size = in->size[row];
    if (size < 0)
        return 0;
    if (which >= 0 && which < PyTuple_GET_SIZE(in->buffers)) {
        PyArrayObject *buffer = (PyArrayObject *)PyTuple_GET_ITEM(in->buffers, which);
        int64_t length = PyArray_SIZE(buffer);
        if (start >= 0 && start <= length && size <= length - start) {
            *r = (reader){.at = (const unsigned char *)PyArray_DATA(buffer) + start, .left = (size_t)size};
            return 1;
        }
    }
    (void)raise_input_error(in->state->value_error, in->argument, row,
                            "its bytes lie outside of the buffers there are");
    return -1;
}

static PyObject *raise_wrong(const rows *in, Py_ssize_t row, const reader *r, const char *expected) {
    if (r->wrong)
        return raise_input_error(in->state->value_error, in->argument, row, "not valid WKB: it %s", r->wrong);
    return raise_input_error(in->state->type_error, in->argument, row, "expected %s, got %s", expected,
                             NAMES[r->other]);
}

static PyObject *wkb_points(PyObject *module, PyObject *args) {
    rows in;
    if (rows_from(module, args, &in) < 0)
        return NULL;
    PyObject *x = PyArray_SimpleNew(1, &in.count, NPY_DOUBLE), *y = PyArray_SimpleNew(1, &in.count, NPY_DOUBLE);
    int status = x && y ? 0 : -1;
    for (Py_ssize_t row = 0; status >= 0 && row < in.count; row++) {
        double *out[2] = {(double *)PyArray_DATA((PyArrayObject *)x) + row,
                          (double *)PyArray_DATA((PyArrayObject *)y) + row};
        reader r;
        status = open_row(&in, row, &r);
        if (status == 0) {
            *out[0] = *out[1] = Py_NAN;
        } else if (status > 0 && read_point(&r, out[0], out[1]) < 0) {
            (void)raise_wrong(&in, row, &r, "a Point");
            status = -1;
        }
    }
    if (status < 0) {
        Py_XDECREF(x);
        Py_XDECREF(y);
        return NULL;
    }
    return Py_BuildValue("(NN)", x, y);
}

/* Every row in turn: counted, or filled in. 0, or -1 with an exception. */
static int walk(const rows *in, ragged *out, int64_t *regions) {
    for (Py_ssize_t row = 0; row < in->count; row++) {
        reader r;
        int status = open_row(in, row, &r);
        if (status < 0)
            return -1;
        if (status > 0 && read_region(&r, out) < 0) {
            (void)raise_wrong(in, row, &r, "a Polygon or MultiPolygon");
            return -1;
        }
        if (regions)
            regions[row + 1] = (int64_t)out->polygon_count;
    }
    return 0;
}

static PyObject *wkb_regions(PyObject *module, PyObject *args) {
    rows in;
    ragged counts = {NULL}, out;
    if (rows_from(module, args, &in) < 0 || walk(&in, &counts, NULL) < 0)
        return NULL;
    npy_intp shape[2] = {(npy_intp)counts.coord_count, 2};
    npy_intp lengths[3] = {(npy_intp)counts.ring_count + 1, (npy_intp)counts.polygon_count + 1, in.count + 1};
    PyObject *arrays[4] = {PyArray_SimpleNew(2, shape, NPY_DOUBLE), NULL, NULL, NULL};
    int failed = !arrays[0];
    for (int i = 1; i < 4; i++)
        failed |= !(arrays[i] = PyArray_ZEROS(1, &lengths[i - 1], NPY_INT64, 0));
    if (!failed) {
        out = (ragged){.coords = PyArray_DATA((PyArrayObject *)arrays[0]),
                       .rings = (int64_t *)PyArray_DATA((PyArrayObject *)arrays[1]) + 1,
                       .polygons = (int64_t *)PyArray_DATA((PyArrayObject *)arrays[2]) + 1,
                       .coord_limit = counts.coord_count,
                       .ring_limit = counts.ring_count,
                       .polygon_limit = counts.polygon_count};
        failed = walk(&in, &out, PyArray_DATA((PyArrayObject *)arrays[3])) < 0;
    }
    if (failed) {
        for (int i = 0; i < 4; i++)
            Py_XDECREF(arrays[i]);
        return NULL;
    }
    return Py_BuildValue("(NNNN)", arrays[0], arrays[1], arrays[2], arrays[3]);
}

PyMethodDef wkb_functions[] = {
    {"wkb_points", wkb_points, METH_VARARGS, "x and y of rows of WKB Points, NaN where a row is missing."},
    {"wkb_regions", wkb_regions, METH_VARARGS, "Ragged arrays of rows of WKB Polygons and MultiPolygons."},
    {NULL, NULL, 0, NULL},
};
