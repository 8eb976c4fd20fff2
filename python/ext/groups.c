/* groups.c — match each point to the regions of its own group only: one small match per group.
 *
 * A group is the regions and the points with one key: two lists of rows of the caller's arrays, in input order, so
 * ties are decided as in one match. Each group's regions are copied together, indexed, matched and freed: a group of
 * ten squares and ten points takes about 3 us, most of it for allocating and building. Any number of threads may call
 * this for ranges of the groups: they write to different points.
 *
 * Python makes an Index of a group that is large enough for several threads and for Ctrl-C; here a range of groups
 * runs to its end, without the GIL. */
#include "core.h"

typedef struct group_job {
    pm_regions regions;
    pm_disks disks; /* instead of the regions, where x is given */
    pm_options options;
    const int64_t *region_rows, *region_offsets, *point_rows, *point_offsets; /* of group g: offsets[g] .. [g + 1] */
    const uint8_t *engines; /* the pm_engine of each group, or NOT_HERE */
    pm_points points;
    int64_t *out;
    double *distances; /* or NULL */
} group_job;

/* A buffer that grows without keeping its content. */
typedef struct buffer {
    void *bytes;
    size_t size;
} buffer;

static void *reserve(buffer *b, size_t items, size_t item_size) {
    size_t size = (items + 1) * item_size;
    if (size > b->size) {
        PyMem_RawFree(b->bytes);
        b->size = 0;
        b->bytes = PyMem_RawMalloc(size + size / 2);
        if (b->bytes)
            b->size = size + size / 2;
    }
    return b->bytes;
}

enum { NOT_HERE = 255 }; /* a group whose points are matched elsewhere */

/* One buffer for each array of a group. */
enum {
    COORDS,
    RINGS,
    POLYGONS,
    GEOMS,
    KINDS,
    SCORES,
    DISTANCES,
    AREAS,
    DISK_X,
    DISK_Y,
    DISK_AREAS,
    POINTS,
    ANSWERS,
    MEASURED,
    BUFFERS
};

static size_t as_size(int64_t value) {
    return (size_t)value;
}

/* Copy the regions of these rows together, as ragged arrays of their own. 0, or -1 without memory. */
static int gather_regions(const pm_regions *from, const int64_t *rows, size_t count, buffer *buffers,
                          pm_regions *to) {
    const int64_t *geoms = from->geom_offsets;
    size_t polygons = 0, rings = 0, vertices = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t first = geoms ? geoms[rows[i]] : rows[i], last = geoms ? geoms[rows[i] + 1] : rows[i] + 1;
        int64_t ring = from->polygon_offsets[first], last_ring = from->polygon_offsets[last];
        polygons += as_size(last - first);
        rings += as_size(last_ring - ring);
        vertices += as_size(from->ring_offsets[last_ring] - from->ring_offsets[ring]);
    }
    double *coords = reserve(&buffers[COORDS], 2 * vertices, sizeof *coords);
    int64_t *ring_offsets = reserve(&buffers[RINGS], rings, sizeof *ring_offsets);
    int64_t *polygon_offsets = reserve(&buffers[POLYGONS], polygons, sizeof *polygon_offsets);
    int64_t *geom_offsets = reserve(&buffers[GEOMS], count, sizeof *geom_offsets);
    uint8_t *kinds = reserve(&buffers[KINDS], polygons, sizeof *kinds);
    if (!coords || !ring_offsets || !polygon_offsets || !geom_offsets || !kinds)
        return -1;
    int64_t next_polygon = 0, next_ring = 0, next_vertex = 0;
    geom_offsets[0] = polygon_offsets[0] = ring_offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t first = geoms ? geoms[rows[i]] : rows[i], last = geoms ? geoms[rows[i] + 1] : rows[i] + 1;
        for (int64_t p = first; p < last; p++) {
            int64_t begin = from->polygon_offsets[p], end = from->polygon_offsets[p + 1];
            for (int64_t r = begin; r < end; r++) {
                int64_t size = from->ring_offsets[r + 1] - from->ring_offsets[r];
                memcpy(coords + 2 * next_vertex, from->coords + 2 * from->ring_offsets[r],
                       as_size(size) * 2 * sizeof *coords);
                ring_offsets[++next_ring] = next_vertex += size;
            }
            kinds[next_polygon] = from->kinds ? from->kinds[p] : PM_PART_POLYGON;
            polygon_offsets[++next_polygon] = next_ring;
        }
        geom_offsets[i + 1] = next_polygon;
    }
    *to = (pm_regions){.coords = coords,
                       .coord_count = vertices,
                       .ring_offsets = ring_offsets,
                       .ring_count = rings,
                       .polygon_offsets = polygon_offsets,
                       .polygon_count = polygons,
                       .geom_offsets = geom_offsets,
                       .geom_count = count,
                       .kinds = from->kinds ? kinds : NULL};
    return 0;
}

/* Copy the doubles, or other numbers of 8 bytes, of these rows; NULL without memory. */
static const void *gather(const void *from, const int64_t *rows, size_t count, buffer *b) {
    const uint64_t *numbers = from;
    uint64_t *to = reserve(b, count, sizeof *to);
    for (size_t i = 0; to && i < count; i++)
        to[i] = numbers[rows[i]];
    return to;
}

/* Copy the options that have one value per region. 0, or -1 without memory. */
static int gather_options(const pm_options *from, const int64_t *rows, size_t count, buffer *buffers,
                          pm_options *to) {
    *to = *from;
    if (from->scores && !(to->scores = gather(from->scores, rows, count, &buffers[SCORES])))
        return -1;
    if (from->areas && !(to->areas = gather(from->areas, rows, count, &buffers[AREAS])))
        return -1;
    if (from->distance_count == 1 || !from->distance)
        return 0;
    to->distance_count = count;
    return (to->distance = gather(from->distance, rows, count, &buffers[DISTANCES])) ? 0 : -1;
}

static int gather_points(const pm_points *from, const int64_t *rows, size_t count, buffer *b, pm_points *to) {
    double *xy = reserve(b, 2 * count, sizeof *xy);
    if (!xy)
        return -1;
    for (size_t i = 0; i < count; i++) {
        memcpy(xy + 2 * i, (const char *)from->x + rows[i] * from->x_stride, sizeof *xy);
        memcpy(xy + 2 * i + 1, (const char *)from->y + rows[i] * from->y_stride, sizeof *xy);
    }
    *to = (pm_points){.x = xy, .y = xy + 1, .x_stride = 2 * sizeof *xy, .y_stride = 2 * sizeof *xy, .count = count};
    return 0;
}

static pm_status match_group(const group_job *job, size_t group, buffer *buffers, pm_error *err) {
    const int64_t *rows = job->region_rows + job->region_offsets[group];
    const int64_t *point_rows = job->point_rows + job->point_offsets[group];
    size_t count = as_size(job->region_offsets[group + 1] - job->region_offsets[group]);
    size_t point_count = as_size(job->point_offsets[group + 1] - job->point_offsets[group]);
    if (point_count == 0 || job->engines[group] == NOT_HERE)
        return PM_OK;
    pm_options options;
    pm_points points;
    pm_regions regions;
    pm_index *index = NULL;
    int64_t *answers = reserve(&buffers[ANSWERS], point_count, sizeof *answers);
    double *measured = reserve(&buffers[MEASURED], job->distances ? point_count : 0, sizeof *measured);
    if (!answers || !measured || gather_options(&job->options, rows, count, buffers, &options) < 0 ||
        gather_points(&job->points, point_rows, point_count, &buffers[POINTS], &points) < 0)
        return PM_ERR_NO_MEMORY;
    options.engine = (pm_engine)job->engines[group];
    pm_status status;
    if (job->disks.x) {
        pm_disks disks = {.x = gather(job->disks.x, rows, count, &buffers[DISK_X]),
                          .y = gather(job->disks.y, rows, count, &buffers[DISK_Y]),
                          .count = count};
        if (job->disks.area)
            disks.area = gather(job->disks.area, rows, count, &buffers[DISK_AREAS]);
        if (!disks.x || !disks.y || (job->disks.area && !disks.area))
            return PM_ERR_NO_MEMORY;
        status = pm_index_build_disks(&disks, &options, &index, err);
    } else {
        if (gather_regions(&job->regions, rows, count, buffers, &regions) < 0)
            return PM_ERR_NO_MEMORY;
        status = pm_index_build(&regions, &options, &index, err);
    }
    if (status)
        return status;
    if (job->distances)
        status = pm_index_match_distances(index, &points, answers, measured, err);
    else
        pm_index_match(index, &points, answers);
    pm_index_free(index);
    for (size_t i = 0; !status && i < point_count; i++) {
        job->out[point_rows[i]] = answers[i] < 0 ? PM_NO_MATCH : rows[answers[i]];
        if (job->distances)
            job->distances[point_rows[i]] = measured[i];
    }
    return status;
}

/* A list of rows and where each group's begin; the number of groups, or -1. */
static Py_ssize_t rows_from(PyObject *rows, PyObject *offsets, const char *name, const int64_t **to_rows,
                            const int64_t **to_offsets) {
    PyArrayObject *row_array = check_array(rows, name, NPY_INT64, 1, 0);
    PyArrayObject *offset_array = row_array ? check_array(offsets, name, NPY_INT64, 1, 0) : NULL;
    if (!offset_array)
        return -1;
    *to_rows = PyArray_DATA(row_array);
    *to_offsets = PyArray_DATA(offset_array);
    Py_ssize_t groups = PyArray_DIM(offset_array, 0) - 1;
    if (groups < 0 || (*to_offsets)[0] != 0 || (*to_offsets)[groups] != PyArray_DIM(row_array, 0)) {
        PyErr_Format(PyExc_ValueError, "%s: the offsets are not those of the rows", name);
        return -1;
    }
    return groups;
}

static PyObject *match_groups(PyObject *module, PyObject *args) {
    PyObject *shapes, *predicate, *best, *scores, *distance, *areas, *in[5], *x, *y, *out, *distances = Py_None,
                                                                                           *metric = NULL;
    Py_ssize_t max_bytes, first, last;
    double period;
    group_job job = {.options = {.predicate = PM_COVERS}};
    if (!PyArg_ParseTuple(args, "O!OOOOOndOOOOOOOOnn|OO:match_groups", &PyTuple_Type, &shapes, &predicate, &best,
                          &scores, &distance, &areas, &max_bytes, &period, &in[0], &in[1], &in[2], &in[3], &in[4], &x,
                          &y, &out, &first, &last, &distances, &metric))
        return NULL;
    size_t count;
    PyObject *const *arrays = &PyTuple_GET_ITEM(shapes, 0);
    if (PyTuple_GET_SIZE(shapes) == 5 && regions_from(arrays, &job.regions) == 0) {
        count = pm_regions_count(&job.regions);
    } else if (PyTuple_GET_SIZE(shapes) == 3 && disks_from(arrays, &job.disks) == 0) {
        count = job.disks.count;
    } else {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "shapes: expected the five arrays of regions or the three of disks");
        return NULL;
    }
    if (options_from(predicate, best, scores, distance, areas, count, &job.options) < 0)
        return NULL;
    const int number = metric_from(metric);
    if (number < 0)
        return NULL;
    job.options.metric = (pm_metric)number;
    job.options.max_bytes = (size_t)max_bytes;
    job.options.period = period;
    Py_ssize_t groups = rows_from(in[0], in[1], "region rows", &job.region_rows, &job.region_offsets);
    if (groups < 0)
        return NULL;
    Py_ssize_t same = rows_from(in[2], in[3], "point rows", &job.point_rows, &job.point_offsets);
    PyArrayObject *engines = same < 0 ? NULL : check_array(in[4], "engines", NPY_UINT8, 1, 0);
    if (!engines || points_from(x, y, out, &job.points, &job.out) < 0 ||
        (distances != Py_None && distances_from(distances, job.points.count, &job.distances) < 0))
        return NULL;
    job.engines = PyArray_DATA(engines);
    if (same != groups || PyArray_DIM(engines, 0) != groups || first < 0 || last > groups) {
        PyErr_SetString(PyExc_ValueError, "the groups of regions and points differ");
        return NULL;
    }
    buffer buffers[BUFFERS] = {{NULL, 0}};
    pm_error err = {.item = -1};
    pm_status status = PM_OK;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t group = first; !status && group < last; group++)
        status = match_group(&job, (size_t)group, buffers, &err);
    for (int i = 0; i < BUFFERS; i++)
        PyMem_RawFree(buffers[i].bytes);
    Py_END_ALLOW_THREADS
    if (status)
        return raise_status(PyModule_GetState(module), status, &err);
    Py_RETURN_NONE;
}

PyMethodDef group_functions[] = {
    {"match_groups", match_groups, METH_VARARGS,
     "match_groups(shapes, predicate, best, scores, distance, areas, max_bytes, period, region_rows, "
     "region_offsets, "
     "point_rows, point_offsets, engines, x, y, out, first, last, distances=None, metric='planar'): the best region "
     "of its own group "
     "for every point of these groups, into out, and how far it is into distances. Shapes are the ragged arrays "
     "of regions, or (x, y, area) of disks."},
    {NULL, NULL, 0, NULL},
};
