/* wkb.c: well-known binary as coordinates.
 *
 * Points become x and y; polygons and multipolygons become ragged arrays, and so do the polygons of a collection.
 * Where lines and points are regions, too, a geometry without polygons becomes its lines, and one without those its
 * points. An empty geometry of any type counts as missing. A row with another type, or with bytes that are no
 * geometry, gets NaN coordinates or no vertices and an entry in the list of findings: one bad row doesn't stop the
 * rest. Both byte orders and both dialects, ISO and EWKB, are read; z, m and SRID are skipped. The bytes are not
 * trusted: a count is only used if there are bytes for it, and no bytes may be left over.
 *
 * Regions are read twice, to count and to fill: so the arrays never grow. The same function reads both times and
 * checks its limits both times, so bytes that another thread changes in between are an ordinary error.
 *
 * Rows are (buffers, which, start, size): row i is size[i] bytes from start[i] in buffers[which[i]], missing when the
 * size is negative. */
#include "core.h"

enum { POINT = 1, LINE = 2, POLYGON = 3, MULTIPOINT = 4, MULTILINE = 5, MULTIPOLYGON = 6, COLLECTION = 7 };
enum { DEEPEST = 64 }; /* collections in collections */

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

/* The current position, and the byte order of the current geometry. */
typedef struct reader {
    const unsigned char *at;
    size_t left;
    int big;
    const char *wrong; /* why the bytes are no geometry, or NULL */
    uint32_t other;    /* the type of a geometry that is not expected here */
    size_t lines;      /* vertices of lines that were read or skipped */
    size_t points;     /* and points */
    double point[2];   /* the last of these points */
    uint32_t taken;    /* 0, or only parts of this type are taken: POLYGON, LINE, POINT */
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
    return *count > r->left / least ? fail(r, "ends before its counts are met") : 0;
}

/* Ragged arrays to fill; in the first pass, which only counts, the pointers are NULL. */
typedef struct ragged {
    double *coords;
    int64_t *rings, *polygons; /* where each ends */
    uint8_t *kinds;            /* of each polygon, a pm_part */
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

/* Add vertices, for which there are bytes, as a ring. */
static int add_ring(reader *r, size_t count, size_t width, ragged *out) {
    if (out->coords) {
        if (count > out->coord_limit - out->coord_count || out->ring_count == out->ring_limit)
            return fail(r, "changed while it was read");
        copy_vertices(r, count, width, out->coords + 2 * out->coord_count);
        out->rings[out->ring_count] = (int64_t)(out->coord_count + count);
    }
    out->coord_count += count;
    out->ring_count++;
    skip(r, 8 * width * count);
    return 0;
}

/* The rings since the last part are one. */
static int add_part(reader *r, pm_part kind, ragged *out) {
    if (out->coords) {
        if (out->polygon_count == out->polygon_limit)
            return fail(r, "changed while it was read");
        out->polygons[out->polygon_count] = (int64_t)out->ring_count;
        out->kinds[out->polygon_count] = (uint8_t)kind;
    }
    out->polygon_count++;
    return 0;
}

static int read_polygon(reader *r, size_t width, ragged *out) {
    const int is_taken = r->taken == 0 || r->taken == POLYGON;
    size_t rings, count;
    if (read_count(r, 4, &rings) < 0)
        return -1;
    for (size_t i = 0; i < rings; i++) {
        if (read_count(r, 8 * width, &count) < 0)
            return -1;
        if (!is_taken)
            skip(r, 8 * width * count);
        else if (add_ring(r, count, width, out) < 0)
            return -1;
    }
    return is_taken ? add_part(r, PM_PART_POLYGON, out) : 0;
}

/* A point; an empty one has NaN coordinates. */
static int read_one_point(reader *r, size_t width, ragged *out) {
    if (r->left < 8 * width)
        return fail(r, "ends within a coordinate");
    double x = double_at(r->at, r->big), y = double_at(r->at + 8, r->big);
    const int is_empty = x != x && y != y;
    if (!is_empty) {
        r->point[0] = x;
        r->point[1] = y;
        r->points++;
    }
    if (!is_empty && r->taken == POINT)
        return add_ring(r, 1, width, out) < 0 ? -1 : add_part(r, PM_PART_POINT, out);
    skip(r, 8 * width);
    return 0;
}

static int read_line(reader *r, size_t width, ragged *out) {
    size_t count;
    if (read_count(r, 8 * width, &count) < 0)
        return -1;
    r->lines += count;
    if (count > 0 && r->taken == LINE)
        return add_ring(r, count, width, out) < 0 ? -1 : add_part(r, PM_PART_LINE, out);
    skip(r, 8 * width * count);
    return 0;
}

static int read_geometry(reader *r, ragged *out, uint32_t only, int depth);

/* The members of a multi-geometry or collection, each of type `only`; of any type if that is 0. */
static int read_members(reader *r, ragged *out, uint32_t only, int depth) {
    size_t count;
    if (depth == DEEPEST)
        return fail(r, "has collections in collections, too deep");
    if (read_count(r, 9, &count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (read_geometry(r, out, only, depth + 1) < 0)
            return -1;
    return 0;
}

/* Any geometry: count or fill its parts that are taken, skip the others. */
static int read_geometry(reader *r, ragged *out, uint32_t only, int depth) {
    uint32_t type;
    size_t width, count;
    if (read_head(r, &type, &width) < 0)
        return -1;
    if (only && type != only)
        return fail(r, only == POLYGON ? "has a part that is no Polygon" : "has a part of another type");
    switch (type) {
    case POINT:
        return read_one_point(r, width, out);
    case LINE:
        return read_line(r, width, out);
    case POLYGON:
        return read_polygon(r, width, out);
    case MULTIPOINT:
        return read_members(r, out, POINT, depth);
    case MULTILINE:
        return read_members(r, out, LINE, depth);
    case MULTIPOLYGON:
        return read_members(r, out, POLYGON, depth);
    case COLLECTION:
        return read_members(r, out, 0, depth);
    default: /* curves and surfaces: only whether they are empty is known */
        if (read_count(r, 1, &count) < 0)
            return -1;
        if (count == 0)
            return 0;
        r->other = type;
        return -1;
    }
}

/* The type of an opened row, 0 if it has too few bytes for one. */
static uint32_t type_of(reader r) {
    uint32_t type;
    size_t width;
    return read_head(&r, &type, &width) < 0 ? 0 : type;
}

static int read_point(reader *r, double *out) {
    uint32_t type = type_of(*r);
    ragged polygons = {NULL};
    out[0] = out[1] = Py_NAN;
    if (read_geometry(r, &polygons, 0, 0) < 0)
        return -1;
    if (r->left)
        return fail(r, "has bytes left over");
    if (r->points + r->lines == 0 && polygons.coord_count == 0)
        return 0;
    if (r->points + r->lines != 1 || (type != POINT && type != MULTIPOINT)) {
        r->other = type;
        return -1;
    }
    out[0] = r->point[0];
    out[1] = r->point[1];
    return 0;
}

/* A region of the parts that are taken; 1 if it has others. */
static int read_region(reader *r, uint32_t taken, ragged *out) {
    r->taken = taken;
    if (read_geometry(r, out, 0, 0) < 0)
        return -1;
    if (r->left)
        return fail(r, "has bytes left over");
    return (taken != LINE && r->lines > 0) || (taken != POINT && r->points > 0);
}

/* Count a region: its polygons, or with `takes_lines`, where it has none, its lines, else its points. Which of them
 * is set. 1 if it has others. */
static int count_region(reader *r, int takes_lines, ragged *out, uint32_t *taken) {
    const reader start = *r;
    const ragged before = *out;
    const uint32_t type = type_of(*r);
    *taken = POLYGON;
    int status = read_region(r, POLYGON, out);
    if (status <= 0)
        return status;
    if (takes_lines && out->coord_count == before.coord_count) {
        *taken = r->lines > 0 ? LINE : POINT;
        *r = start;
        *out = before;
        return read_region(r, *taken, out);
    }
    if (type == COLLECTION)
        return 1;
    r->other = type;
    return -1;
}

/* ---- rows ---- */

typedef struct rows {
    const core_state *state;
    const char *argument;
    PyObject *buffers; /* a tuple of uint8 arrays; the arrays below give the rows' positions in them */
    const int64_t *which, *start, *size;
    Py_ssize_t count;
    int takes_lines; /* of regions */
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
    in->takes_lines = 0;
    if (!PyArg_ParseTuple(args, "sO!OOO|p", &in->argument, &PyTuple_Type, &in->buffers, &arrays[0], &arrays[1],
                          &arrays[2], &in->takes_lines) ||
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

/* Open a row: 1, 0 if it is missing, -1 with an exception if it lies outside of the buffers. */
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
    (void)raise_input_error(in->state->value_error, in->argument, row, "its bytes lie outside of the buffers");
    return -1;
}

/* Record a finding: the name of the row's type, a sentence about its bytes, or "" if only a part was skipped.
 */
static int note(PyObject *found, Py_ssize_t row, const reader *r, int is_used) {
    const char *words = is_used ? "" : r->wrong ? r->wrong : NAMES[r->other];
    PyObject *each = Py_BuildValue("(nsO)", row, words, !is_used && !r->wrong ? Py_True : Py_False);
    int status = each ? PyList_Append(found, each) : -1;
    Py_XDECREF(each);
    return status;
}

static PyObject *wkb_points(PyObject *module, PyObject *args) {
    rows in;
    if (rows_from(module, args, &in) < 0)
        return NULL;
    PyObject *x = PyArray_SimpleNew(1, &in.count, NPY_DOUBLE), *y = PyArray_SimpleNew(1, &in.count, NPY_DOUBLE);
    PyObject *found = PyList_New(0);
    int status = x && y && found ? 0 : -1;
    for (Py_ssize_t row = 0; status >= 0 && row < in.count; row++) {
        double point[2] = {Py_NAN, Py_NAN};
        reader r;
        status = open_row(&in, row, &r);
        if (status > 0 && read_point(&r, point) < 0)
            status = note(found, row, &r, 0);
        ((double *)PyArray_DATA((PyArrayObject *)x))[row] = point[0];
        ((double *)PyArray_DATA((PyArrayObject *)y))[row] = point[1];
    }
    if (status < 0) {
        Py_XDECREF(x);
        Py_XDECREF(y);
        Py_XDECREF(found);
        return NULL;
    }
    return Py_BuildValue("(NNN)", x, y, found);
}

/* First pass: count every row, which parts of it are taken (0: none), and record those that are no regions. 0, or -1
 * with an exception. */
static int count_rows(const rows *in, int takes_lines, ragged *out, char *taken, PyObject *found) {
    for (Py_ssize_t row = 0; row < in->count; row++) {
        ragged before = *out;
        reader r;
        int status = open_row(in, row, &r);
        if (status < 0)
            return -1;
        if (status == 0)
            continue;
        uint32_t type;
        status = count_region(&r, takes_lines, out, &type);
        taken[row] = status >= 0 ? (char)type : 0;
        if (status < 0)
            *out = before;
        if (status != 0 && note(found, row, &r, status > 0) < 0)
            return -1;
    }
    return 0;
}

/* Second pass: fill in every row that is a region. 0, or -1 with an exception. */
static int fill_rows(const rows *in, ragged *out, const char *taken, int64_t *regions) {
    for (Py_ssize_t row = 0; row < in->count; row++) {
        reader r;
        if (taken[row]) {
            int status = open_row(in, row, &r);
            if (status < 0)
                return -1;
            if (status > 0 && read_region(&r, (uint32_t)taken[row], out) < 0) {
                (void)raise_input_error(in->state->value_error, in->argument, row, "changed while it was read");
                return -1;
            }
        }
        regions[row + 1] = (int64_t)out->polygon_count;
    }
    return 0;
}

static PyObject *wkb_regions(PyObject *module, PyObject *args) {
    rows in;
    ragged counts = {NULL}, out;
    PyObject *found = NULL, *arrays[5] = {NULL};
    if (rows_from(module, args, &in) < 0)
        return NULL;
    char *taken = PyMem_Calloc((size_t)in.count + 1, 1);
    if (!taken)
        return PyErr_NoMemory();
    int failed = !(found = PyList_New(0)) || count_rows(&in, in.takes_lines, &counts, taken, found) < 0;
    npy_intp shape[2] = {(npy_intp)counts.coord_count, 2};
    npy_intp lengths[3] = {(npy_intp)counts.ring_count + 1, (npy_intp)counts.polygon_count + 1, in.count + 1};
    failed = failed || !(arrays[0] = PyArray_SimpleNew(2, shape, NPY_DOUBLE));
    for (int i = 1; i < 4; i++)
        failed = failed || !(arrays[i] = PyArray_ZEROS(1, &lengths[i - 1], NPY_INT64, 0));
    npy_intp parts = (npy_intp)counts.polygon_count;
    failed = failed || !(arrays[4] = PyArray_ZEROS(1, &parts, NPY_UINT8, 0));
    if (!failed) {
        out = (ragged){.coords = PyArray_DATA((PyArrayObject *)arrays[0]),
                       .rings = (int64_t *)PyArray_DATA((PyArrayObject *)arrays[1]) + 1,
                       .polygons = (int64_t *)PyArray_DATA((PyArrayObject *)arrays[2]) + 1,
                       .kinds = PyArray_DATA((PyArrayObject *)arrays[4]),
                       .coord_limit = counts.coord_count,
                       .ring_limit = counts.ring_count,
                       .polygon_limit = counts.polygon_count};
        failed = fill_rows(&in, &out, taken, PyArray_DATA((PyArrayObject *)arrays[3])) < 0;
    }
    PyMem_Free(taken);
    if (failed) {
        Py_XDECREF(found);
        for (int i = 0; i < 5; i++)
            Py_XDECREF(arrays[i]);
        return NULL;
    }
    return Py_BuildValue("(NNNNNN)", arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], found);
}

PyMethodDef wkb_functions[] = {
    {"wkb_points", wkb_points, METH_VARARGS, "x and y of rows of WKB Points, NaN where a row is missing."},
    {"wkb_regions", wkb_regions, METH_VARARGS,
     "Rows of WKB as the five arrays of regions: Polygons "
     "and MultiPolygons, or with a last True lines and points as well."},
    {NULL, NULL, 0, NULL},
};
