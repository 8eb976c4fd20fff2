/* index.c — build once, then one integer per point.
 *
 * An index is the regions in rank order, as boxes and edges (cover.c) or as disks (disks.c), and the position in the
 * input of each rank; over the edges, unless they are few, stands the tree (tree_build.c). It is copied from the
 * input and never changed afterwards, which is all that sharing it between threads needs. pm_match_disks() makes the
 * same table of disks, searches it and forgets it.
 *
 * Sizes can't overflow: everything is a small multiple of arrays that the caller holds in memory. */
#include <math.h>
#include <string.h>

#include "cover.h"
#include "disks.h"
#include "measure.h"
#include "polymatch.h"
#include "rank.h"
#include "regions.h"
#include "status.h"
#include "tree.h"

struct pm_index {
    pm_allocator allocator;
    int own_allocator; /* the caller gave one */
    pm_predicate predicate;
    size_t count, size;
    double bounds[4];
    uint32_t *ids;       /* rank -> position in the input */
    pm_covers covers;    /* for PM_COVERS */
    pm_tree tree;        /* over them, or without a table */
    pm_disk_table disks; /* for PM_CENTER_WITHIN; its inputs are the copies behind it */
    double *x, *y, *radius;
};

/* With fewer, boxes and edges are looked through before a table of cells is read. */
enum { FEW_VERTICES = 200 };

/* ---- options ---- */

static pm_status check_options(const pm_options *options, size_t count, int has_area, pm_error *err) {
    if (options->predicate != PM_COVERS && options->predicate != PM_CENTER_WITHIN)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_predicate", (int)options->predicate);
    if ((int)options->best < PM_SMALLEST || options->best > PM_SCORE_UINT64)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_best", (int)options->best);
    if ((int)options->engine < PM_ENGINE_AUTO || options->engine > PM_ENGINE_TREE)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_engine", (int)options->engine);
    if (options->engine == PM_ENGINE_TREE && options->predicate == PM_CENTER_WITHIN)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "PM_ENGINE_TREE has no PM_CENTER_WITHIN");
    if (options->best >= PM_SCORE_DOUBLE && !options->scores && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores is NULL");
    if (options->best < PM_SCORE_DOUBLE && options->scores)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores are given, but best does not ask for them");
    if (options->best <= PM_LARGEST && !has_area && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "area is NULL, but best asks for it");
    if (options->predicate == PM_COVERS)
        return options->distance || options->distance_count
                   ? pm_fail(err, PM_ERR_ARGUMENT, -1, "distance is given, but covers has none")
                   : PM_OK;
    if (options->distance_count != 1 && options->distance_count != count)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "distance_count is %zu, expected 1 or %zu", options->distance_count,
                       count);
    if (!options->distance && options->distance_count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "distance is NULL");
    for (size_t i = 0; i < options->distance_count; i++)
        if (!(options->distance[i] >= 0))
            return pm_fail(err, PM_ERR_DISTANCE, options->distance_count == 1 ? -1 : (int64_t)i,
                           "distance[%zu] is %g: it must be at least 0", i, options->distance[i]);
    return PM_OK;
}

/* ---- memory: one block, handed out front to back ---- */

typedef struct block {
    char *next; /* NULL: only count */
    size_t used;
} block;

static void *carve(block *b, size_t size) {
    void *piece = b->next ? b->next + b->used : NULL;
    b->used += (size + 63) & ~(size_t)63;
    return piece;
}

/* The arrays that pm_disks_fill() makes; `x`, `y`, `radius` and `ids` are the caller's. */
static void place_disks(pm_disk_table *disks, block *b, size_t count, size_t radii) {
    disks->count = count;
    disks->step = radii == 1 ? 0 : 1;
    disks->grid_x = carve(b, PM_DISK_ROOM(count) * sizeof(int16_t));
    disks->grid_y = carve(b, PM_DISK_ROOM(count) * sizeof(int16_t));
    disks->reach = carve(b, PM_DISK_ROOM(radii + 1) * sizeof(int16_t));
}

static void place_covers(pm_covers *covers, block *b, size_t count, pm_cover_sizes sizes) {
    covers->count = 0;
    covers->boxes = carve(b, count * sizeof(pm_box));
    covers->part_offsets = carve(b, (count + 1) * sizeof(size_t));
    covers->part_boxes = carve(b, sizes.parts * sizeof(pm_box));
    covers->ring_offsets = carve(b, (sizes.parts + 1) * sizeof(size_t));
    covers->vertex_offsets = carve(b, (sizes.rings + 1) * sizeof(size_t));
    covers->vertices = carve(b, 2 * sizes.vertices * sizeof(double));
    covers->spans = carve(b, 2 * (sizes.vertices / PM_SPAN + 1) * sizeof(double));
    if (b->next) {
        covers->part_offsets[0] = 0;
        covers->ring_offsets[0] = 0;
        covers->vertex_offsets[0] = 0;
    }
}

/* ---- filling ---- */

static void extend_bounds(double bounds[4], double min_x, double min_y, double max_x, double max_y) {
    if (!(min_x <= max_x))
        return;
    bounds[0] = bounds[0] <= min_x ? bounds[0] : min_x; /* a NaN bound is replaced */
    bounds[1] = bounds[1] <= min_y ? bounds[1] : min_y;
    bounds[2] = bounds[2] >= max_x ? bounds[2] : max_x;
    bounds[3] = bounds[3] >= max_y ? bounds[3] : max_y;
}

/* A little less than value (nextafter() is 20 times slower). */
static double below(double value) {
    return value - (fabs(value) * 0x1p-52 + 0x1p-1074);
}

static void disk_bounds(const pm_disk_table *disks, double bounds[4]) {
    for (size_t i = 0; i < disks->count; i++) {
        double x = disks->x[i], y = disks->y[i], r = disks->radius[disks->step ? i : 0];
        if (r > 0 && !isnan(x) && (isinf(r) || (isfinite(x) && isfinite(y))))
            extend_bounds(bounds, isinf(r) ? -r : below(x - r), isinf(r) ? -r : below(y - r),
                          isinf(r) ? r : -below(-(x + r)), isinf(r) ? r : -below(-(y + r)));
    }
}

/* ---- building ---- */

static void copy(void *to, const void *from, size_t size) {
    if (size > 0)
        memcpy(to, from, size);
}

static void point_disks_at(pm_disk_table *disks, const uint32_t *ids, const double *x, const double *y,
                           const double *radius) {
    disks->ids = ids;
    disks->x = x;
    disks->y = y;
    disks->radius = radius;
}

/* Exactly one of `regions` and `disks` is given; `areas` as pm_rank() takes them. */
static pm_status build(const pm_regions *regions, const pm_disks *disks, const double *areas, size_t count,
                       const pm_options *options, pm_index **out, pm_error *err) {
    const pm_allocator *allocator = options->allocator;
    pm_cover_sizes sizes = {0, 0, 0};
    pm_index *index = NULL, plan;
    const uint32_t *ids;
    pm_status status;

    void *scratch = pm_allocate(allocator, pm_rank_scratch(count + 1));
    if (!scratch)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory ordering %zu regions", count);
    status = pm_rank(options, areas, count, scratch, &ids, err);
    if (status)
        goto done;

    if (regions)
        sizes = pm_cover_measure(regions);
    for (block b = {NULL, 0};; b = (block){(char *)index, 0}) { /* first the size, then the places */
        pm_index *place = index ? index : &plan;
        (void)carve(&b, sizeof *index);
        place->ids = carve(&b, count * sizeof *index->ids);
        if (regions) {
            place_covers(&place->covers, &b, count, sizes);
        } else {
            place_disks(&place->disks, &b, count, options->distance_count);
            place->x = carve(&b, count * sizeof(double));
            place->y = carve(&b, count * sizeof(double));
            place->radius = carve(&b, options->distance_count * sizeof(double));
        }
        if (index) {
            index->size = b.used;
            break;
        }
        index = pm_allocate(allocator, b.used);
        if (!index) {
            status = pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory: an index of %zu bytes", b.used);
            goto done;
        }
    }
    index->own_allocator = allocator != NULL;
    if (allocator)
        index->allocator = *allocator;
    index->predicate = options->predicate;
    index->count = count;
    for (int i = 0; i < 4; i++)
        index->bounds[i] = NAN;
    copy(index->ids, ids, count * sizeof *ids);
    if (regions) {
        for (size_t rank = 0; rank < count; rank++) {
            pm_covers_append(&index->covers, regions, ids[rank]);
            pm_box box = index->covers.boxes[rank];
            extend_bounds(index->bounds, box.min_x, box.min_y, box.max_x, box.max_y);
        }
        pm_covers_seal(&index->covers);
        index->tree = (pm_tree){.nodes = NULL};
        if (options->engine == PM_ENGINE_TREE ||
            (options->engine == PM_ENGINE_AUTO && sizes.vertices >= FEW_VERTICES))
            status = pm_tree_build_parts(&index->tree, &index->covers, index->ids, 48 * sizes.vertices + (16 << 20), NULL, allocator);
        if (status) {
            pm_release(allocator, index);
            pm_fail(err, status, -1, "out of memory building the tree of %zu regions", count);
            goto done;
        }
        index->size += 4 * (index->tree.node_count + index->tree.leaf_count + index->tree.origin_count);
    } else {
        copy(index->x, disks->x, count * sizeof(double));
        copy(index->y, disks->y, count * sizeof(double));
        copy(index->radius, options->distance, options->distance_count * sizeof(double));
        point_disks_at(&index->disks, index->ids, index->x, index->y, index->radius);
        pm_disks_fill(&index->disks);
        disk_bounds(&index->disks, index->bounds);
    }
    *out = index;
done:
    pm_release(allocator, scratch);
    return status;
}

static const pm_options DEFAULTS = {PM_COVERS, PM_SMALLEST, NULL, NULL, 0, PM_ENGINE_AUTO, NULL};

pm_status pm_index_build(const pm_regions *regions, const pm_options *options, pm_index **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!options)
        options = &DEFAULTS;
    pm_status status = pm_regions_check(regions, err);
    if (status)
        return status;
    size_t count = pm_regions_count(regions);
    status = check_options(options, count, 1, err);
    if (status)
        return status;

    double *measures = pm_allocate(options->allocator, 3 * (count + 1) * sizeof *measures);
    if (!measures)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory measuring %zu regions", count);
    pm_disks disks = {measures, measures + count, measures + 2 * count, count};
    double *areas = measures + 2 * count;
    for (size_t i = 0; i < count; i++) {
        double center[2];
        if (options->best <= PM_LARGEST)
            areas[i] = pm_region_area(regions, i);
        if (options->predicate == PM_CENTER_WITHIN) {
            pm_region_center(regions, i, center);
            measures[i] = center[0];
            measures[count + i] = center[1];
        }
    }
    int covers = options->predicate == PM_COVERS;
    status = build(covers ? regions : NULL, covers ? NULL : &disks, areas, count, options, out, err);
    pm_release(options->allocator, measures);
    return status;
}

static pm_status check_disks(const pm_disks *disks, const pm_options *options, pm_error *err) {
    if (!disks || !options)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", disks ? "options" : "disks");
    if (disks->count > 0 && (!disks->x || !disks->y))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", disks->x ? "y" : "x");
    if (disks->count >= UINT32_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu disks are more than 4294967294", disks->count);
    if (options->predicate != PM_CENTER_WITHIN)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "disks answer PM_CENTER_WITHIN only");
    return check_options(options, disks->count, disks->area != NULL, err);
}

pm_status pm_index_build_disks(const pm_disks *disks, const pm_options *options, pm_index **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    pm_status status = check_disks(disks, options, err);
    return status ? status : build(NULL, disks, disks->area, disks->count, options, out, err);
}

void pm_index_free(pm_index *index) {
    if (!index)
        return;
    pm_allocator own = index->allocator;
    const pm_allocator *allocator = index->own_allocator ? &own : NULL;
    if (index->predicate == PM_COVERS)
        pm_tree_free(&index->tree, allocator);
    pm_release(allocator, index);
}

size_t pm_index_count(const pm_index *index) {
    return index->count;
}

size_t pm_index_size(const pm_index *index) {
    return index->size;
}

void pm_index_bounds(const pm_index *index, double bounds[4]) {
    memcpy(bounds, index->bounds, sizeof index->bounds);
}

/* ---- matching ---- */

static double load(const double *values, ptrdiff_t stride, size_t i) {
    double value;
    memcpy(&value, (const char *)values + (ptrdiff_t)i * stride, sizeof value);
    return value;
}

void pm_index_match(const pm_index *index, const pm_points *points, int64_t *out) {
    for (size_t i = 0; i < points->count; i++) {
        double x = load(points->x, points->x_stride, i), y = load(points->y, points->y_stride, i);
        out[i] = PM_NO_MATCH;
        if (!isfinite(x) || !isfinite(y))
            continue;
        if (index->predicate == PM_CENTER_WITHIN) {
            out[i] = pm_disks_find(&index->disks, x, y);
        } else if (index->tree.nodes) {
            out[i] = pm_tree_find(&index->tree, &index->covers, x, y);
        } else {
            size_t rank = pm_covers_find(&index->covers, x, y);
            if (rank < index->count)
                out[i] = index->ids[rank];
        }
    }
}

pm_status pm_match_disks(const pm_disks *disks, const pm_options *options, const pm_points *points, int64_t *out,
                         pm_error *err) {
    pm_status status = check_disks(disks, options, err);
    if (status)
        return status;
    pm_disk_table table;
    const uint32_t *ids;
    block b = {NULL, 0};
    (void)carve(&b, pm_rank_scratch(disks->count));
    place_disks(&table, &b, disks->count, options->distance_count);
    b = (block){pm_allocate(options->allocator, b.used), 0};
    if (!b.next)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory for %zu disks", disks->count);
    void *scratch = carve(&b, pm_rank_scratch(disks->count));
    place_disks(&table, &b, disks->count, options->distance_count);

    status = pm_rank(options, disks->area, disks->count, scratch, &ids, err);
    if (!status) {
        point_disks_at(&table, ids, disks->x, disks->y, options->distance);
        pm_disks_fill(&table);
        for (size_t i = 0; i < points->count; i++) {
            double x = load(points->x, points->x_stride, i), y = load(points->y, points->y_stride, i);
            out[i] = isfinite(x) && isfinite(y) ? pm_disks_find(&table, x, y) : PM_NO_MATCH;
        }
    }
    pm_release(options->allocator, b.next);
    return status;
}
