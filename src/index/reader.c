/* reader.c — how are points matched with regions that are read one by one?
 *
 * Geometries of another library know their boxes, but each has to be copied before its edges can be looked at. A copy
 * of all of them is memory that is written, read again and given back: most of the time of a call where regions are
 * long and points few. So here the points are arranged (near/point_grid.c), and regions come one after the other.
 * One whose box holds no point isn't read; of the others each point in the box is compared while the vertices are in
 * the cache, and then they are forgotten. 10,000 regions of 1,000 vertices and as many points take 60 ms instead of
 * 300, and no memory but for the points.
 *
 * The best region so far is kept for each point. Rounded areas nearly always tell which of two is better; where they
 * don't, both are read again for their exact areas, once each. */
#include "base/strict.h"

#include <math.h>

#include "base/poll.h"
#include "base/status.h"
#include "build.h"
#include "costs.h"
#include "index.h"
#include "input/measure.h"
#include "input/rank.h"
#include "input/regions.h"
#include "near/point_grid.h"
#include "scan/borrowed.h"

enum { SAMPLE_REGIONS = 64, SAMPLE_POINTS = 1024 };

typedef struct reading {
    const pm_reader *reader;
    const pm_options *options;
    int64_t *out;
    uint64_t *keys;  /* of the regions, the lowest is best; NULL: by area, or by position for PM_FIRST */
    pm_about *about; /* areas of the regions that cover a point; NULL: not by area */
    double *exact;   /* and those that were needed; NaN: not yet */
    pm_point_grid grid;
    pm_poll poll;
    size_t region;  /* whose points come */
    size_t current; /* the region that is read; SIZE_MAX: none */
    pm_regions one; /* it alone */
    pm_borrowed polygons;
    pm_box *boxes; /* of its polygons */
    size_t room;
    size_t points; /* that came */
    pm_status status;
    pm_error *err;
} reading;

static const pm_allocator *own_allocator(const reading *r) {
    return r->options->allocator;
}

static void no_memory_to_read(reading *r) {
    r->status =
        pm_fail(r->err, PM_ERR_NO_MEMORY, -1, "out of memory for %zu regions and their points", r->reader->count);
}

/* Read a region, unless it is the one that was read last. */
static void load_region(reading *r, size_t region) {
    if (r->current == region || r->status)
        return;
    r->current = SIZE_MAX;
    pm_borrowed_free(&r->polygons, own_allocator(r));
    r->polygons = (pm_borrowed){.spans = NULL};
    r->one = (pm_regions){.coord_count = 0};
    r->status = r->reader->read(r->reader->context, region, &r->one, r->err);
    if (!r->status)
        r->status = pm_regions_check_offsets(&r->one, r->err);
    if (!r->status && (pm_regions_count(&r->one) != 1 || r->one.kinds))
        r->status =
            pm_fail(r->err, PM_ERR_ARGUMENT, (int64_t)region, "region %zu was not read as one of polygons", region);
    if (r->status)
        return;
    if (pm_borrowed_init(&r->polygons, &r->one, own_allocator(r)) != PM_OK) {
        no_memory_to_read(r);
        return;
    }
    if (r->room < r->polygons.count + 1) {
        pm_release(own_allocator(r), r->boxes);
        r->room = 2 * r->polygons.count + 1;
        r->boxes = pm_allocate(own_allocator(r), r->room * sizeof *r->boxes);
        if (!r->boxes) {
            r->room = 0;
            no_memory_to_read(r);
            return;
        }
    }
    if (!pm_borrowed_read(&r->polygons, r->boxes, &r->poll))
        r->status = pm_fail(r->err, PM_ERR_COORDINATE, (int64_t)region, "region %zu has a NaN or infinite coordinate",
                            region);
    else if (r->poll.stopped)
        r->status = pm_build_stopped(r->err);
    else
        r->current = region;
}

static double exact_area(reading *r, size_t region) {
    if (isnan(r->exact[region])) {
        load_region(r, region);
        if (!r->status)
            r->exact[region] = pm_region_area(&r->one, 0);
    }
    return r->exact[region];
}

/* Is the region that covers a point now better than one before it? */
static int is_better_now(reading *r, size_t region, size_t before) {
    if (r->keys)
        return r->keys[region] < r->keys[before];
    if (r->options->best == PM_FIRST)
        return 0;
    double area = r->about[region].value, other = r->about[before].value;
    if (!(fabs(area - other) > r->about[region].error + r->about[before].error)) {
        other = exact_area(r, before);
        area = exact_area(r, region);
    }
    return r->options->best == PM_SMALLEST ? area < other : area > other;
}

static void take_point(void *context, const pm_placed *point) {
    reading *r = context;
    const pm_exact_point p = pm_point(point->x, point->y);
    int64_t *best = &r->out[point->number];
    r->points++;
    if (*best >= 0 && !r->about && !is_better_now(r, r->region, (size_t)*best))
        return;
    load_region(r, r->region);
    int covers = 0;
    for (size_t i = 0; !covers && !r->status && i < r->polygons.count; i++) {
        const pm_box *box = &r->boxes[i];
        covers = box->min_x <= p.low && p.low <= box->max_x && box->min_y <= p.y && p.y <= box->max_y &&
                 pm_borrowed_covers(&r->polygons, i, &p);
    }
    if (!covers)
        return;
    if (r->about && isnan(r->about[r->region].error))
        r->about[r->region] = pm_region_area_about(&r->one, 0);
    if (*best < 0 || !r->about || is_better_now(r, r->region, (size_t)*best))
        *best = (int64_t)r->region;
}

static void read_all(reading *r) {
    for (size_t region = 0; region < r->reader->count && !r->status; region++) {
        r->region = region;
        r->points = 0;
        pm_point_grid_visit(&r->grid, r->reader->boxes + 4 * region, take_point, r);
        if (pm_poll_after(&r->poll, 1 + r->points) && !r->status)
            r->status = pm_build_stopped(r->err);
    }
}

/* ---- choosing ---- */

static void count_point(void *context, const pm_placed *point) {
    (void)point;
    ++*(size_t *)context;
}

/* Some of the points and of the regions tell how many points are in a box. */
static int reading_is_cheaper(reading *r, const pm_points *points) {
    const pm_reader *reader = r->reader;
    const pm_size size = {.points = (double)points->count,
                          .regions = (double)reader->count,
                          .polygons = (double)reader->count,
                          .vertices = (double)reader->vertex_count};
    if (!pm_costs_favour_reading(&size, 0, 0))
        return 0;
    const size_t every = points->count / SAMPLE_POINTS + 1, step = reader->count / SAMPLE_REGIONS + 1;
    const pm_points some = {.x = points->x,
                            .y = points->y,
                            .x_stride = points->x_stride * (ptrdiff_t)every,
                            .y_stride = points->y_stride * (ptrdiff_t)every,
                            .count = points->count / every};
    pm_point_grid grid;
    double seen = 0, reached = 0, pairs = 0;
    if (pm_point_grid_build(&grid, &some, own_allocator(r)) != PM_OK)
        no_memory_to_read(r);
    for (size_t region = step / 2; region < reader->count && !r->status; region += step) {
        size_t here = 0;
        pm_point_grid_visit(&grid, reader->boxes + 4 * region, count_point, &here);
        seen++;
        reached += 1 - exp(-(double)(here * every)); /* as if points were anywhere */
        pairs += (double)(here * every);
    }
    pm_point_grid_free(&grid, own_allocator(r));
    const double times = seen > 0 ? (double)reader->count / seen : 0;
    return !r->status && pm_costs_favour_reading(&size, times * reached, times * pairs);
}

static pm_status check_reader(const pm_reader *reader, const pm_options *options, const pm_points *points,
                              const int64_t *out, pm_error *err) {
    if (!reader || !points || (points->count > 0 && !out))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", !reader ? "reader" : !points ? "points" : "out");
    if (!pm_is_zero(reader->reserved, sizeof reader->reserved))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_RESERVED, "reader");
    if (reader->count > 0 && (!reader->boxes || !reader->read))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", reader->boxes ? "read" : "boxes");
    if (points->count >= UINT32_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu points are more than 4294967294", points->count);
    if (options->predicate != PM_COVERS || options->metric != PM_PLANAR || options->period != 0 || options->areas)
        return pm_fail(err, PM_ERR_ARGUMENT, -1,
                       "regions are read for covers only, in the plane, without a period and areas");
    return pm_options_check(options, reader->count, 1, err);
}

/* Keys or areas, as far as the rule needs them. */
static void prepare_rule(reading *r) {
    const pm_options *options = r->options;
    const size_t count = r->reader->count;
    if (options->scores) {
        r->keys = pm_allocate(options->allocator, (count + 1) * sizeof *r->keys);
        if (!r->keys)
            no_memory_to_read(r);
        else
            r->status = pm_best_rule_of(options->best)->make_keys(options->scores, count, r->keys, r->err);
    } else if (options->best != PM_FIRST) {
        r->about = pm_allocate(options->allocator, (count + 1) * (sizeof *r->about + sizeof *r->exact));
        if (!r->about) {
            no_memory_to_read(r);
            return;
        }
        r->exact = (double *)(void *)(r->about + count);
        for (size_t i = 0; i < count; i++) {
            r->about[i].error = NAN;
            r->exact[i] = NAN;
        }
    }
}

static const pm_options READER_DEFAULTS = {.predicate = PM_COVERS};

pm_status pm_reader_match(const pm_reader *reader, const pm_options *options, const pm_points *points, int64_t *out,
                          int *done, pm_error *err) {
    if (!options)
        options = &READER_DEFAULTS;
    pm_status status = check_reader(reader, options, points, out, err);
    if (status)
        return status;
    reading r = {.reader = reader, .options = options, .out = out, .current = SIZE_MAX, .err = err};
    r.poll = (pm_poll){.callback = options->poll, .context = options->poll_context};
    const int goes_on = !done || reading_is_cheaper(&r, points);
    if (goes_on && pm_point_grid_build(&r.grid, points, options->allocator) != PM_OK)
        no_memory_to_read(&r);
    if (goes_on && !r.status) {
        for (size_t i = 0; i < points->count; i++)
            out[i] = PM_NO_MATCH;
        prepare_rule(&r);
        read_all(&r);
    }
    if (done)
        *done = goes_on && !r.status;
    pm_point_grid_free(&r.grid, options->allocator);
    pm_borrowed_free(&r.polygons, options->allocator);
    pm_release(options->allocator, r.boxes);
    pm_release(options->allocator, r.keys);
    pm_release(options->allocator, r.about);
    return r.status;
}
