/* job.c — how are regions matched with points that they meet once?
 *
 * An index copies, ranks, measures and paints: microseconds for each region, which many points repay and few don't.
 * So a job begins with the least: the regions stay where they are (scan/borrowed.c), found by their boxes
 * (near/boxes.c), looked through one after the other or in a tree. A point is compared with the polygons whose box
 * holds it, and the best of those that cover it wins. Nothing is ranked: of two regions that cover a point the
 * rounded areas tell the better one nearly always, and the exact areas otherwise.
 *
 * Then a few of the points, evenly spread, say how many candidates and edges there are for a point, and costs.c
 * whether an index is cheaper from here on. What only an index knows makes one at once. */
#include "base/strict.h"

#include <string.h>

#include "base/exact.h"
#include "base/status.h"
#include "costs.h"
#include "index.h"
#include "input/measure.h"
#include "input/rank.h"
#include "input/regions.h"
#include "near/boxes.h"
#include "scan/borrowed.h"
#include "scan/scan.h"

/* Points that are looked at before all others: one of so many, up to a number that tells enough. */
enum { SAMPLE_PART = 32, SAMPLE = 128 };

struct pm_job {
    pm_allocator allocator;
    int own_allocator; /* the caller gave one */
    pm_engine engine;
    pm_index *index; /* NULL: all that follows */
    pm_best best;
    pm_borrowed polygons;
    pm_boxes boxes;
    uint32_t *owners; /* of the polygons: their regions; NULL: each is one */
    uint64_t *keys;   /* of the regions, the lowest is best; NULL: by area, or by position for PM_FIRST */
    pm_about *areas;  /* of the regions; NULL: measured for each comparison */
};

static const pm_allocator *job_allocator(const pm_job *job) {
    return job->own_allocator ? &job->allocator : NULL;
}

/* ---- matching ---- */

/* Is region `a` better than `b`? */
static int region_is_better(const pm_job *job, size_t a, size_t b) {
    if (job->keys && job->keys[a] != job->keys[b])
        return job->keys[a] < job->keys[b];
    if (job->keys || job->best == PM_FIRST)
        return a < b;
    const pm_regions *regions = &job->polygons.regions;
    const pm_about about_a = job->areas ? job->areas[a] : pm_region_area_about(regions, a);
    const pm_about about_b = job->areas ? job->areas[b] : pm_region_area_about(regions, b);
    double area_a = about_a.value, area_b = about_b.value;
    if (!(fabs(area_a - area_b) > about_a.error + about_b.error)) {
        area_a = pm_region_area(regions, a);
        area_b = pm_region_area(regions, b);
    }
    return area_a == area_b ? a < b : (area_a < area_b) == (job->best == PM_SMALLEST);
}

typedef struct looking {
    const pm_job *job;
    const pm_exact_point *p;
    int64_t best;
    size_t comparisons; /* of areas that had to be measured */
    pm_work work;
} looking;

static void take_polygon(void *context, size_t number) {
    looking *l = context;
    const pm_job *job = l->job;
    const size_t region = job->owners ? job->owners[number] : number;
    const int costly = !job->keys && !job->areas && job->best != PM_FIRST; /* to compare */
    if (l->best == (int64_t)region || (!costly && l->best >= 0 && !region_is_better(job, region, (size_t)l->best)))
        return;
    if (!pm_borrowed_covers(&job->polygons, number, l->p))
        return;
    if (costly && l->best >= 0) {
        l->comparisons++;
        if (!region_is_better(job, region, (size_t)l->best))
            return;
    }
    l->best = (int64_t)region;
}

static int64_t find_in_boxes(const void *context, const pm_exact_point *p) {
    looking l = {.job = context, .p = p, .best = PM_NO_MATCH};
    pm_boxes_visit(&l.job->boxes, p->low, p->y, take_polygon, &l);
    return l.best;
}

void pm_job_match(const pm_job *job, const pm_points *points, int64_t *out) {
    if (job->index)
        pm_index_match(job->index, points, out);
    else
        pm_scan(points, NULL, out, find_in_boxes, job);
}

pm_status pm_job_match_distances(const pm_job *job, const pm_points *points, int64_t *out, double *distances,
                                 pm_error *err) {
    if (!job->index)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_NO_DISTANCES, "covers");
    return pm_index_match_distances(job->index, points, out, distances, err);
}

pm_engine pm_job_engine(const pm_job *job) {
    return job->engine;
}

/* ---- choosing ---- */

/* The index that answers the options' rules, in the engine that they say or that is the cheapest. */
static pm_status make_index(pm_job *job, const pm_regions *regions, const pm_options *options,
                            const pm_points *points, const pm_size *size, pm_error *err) {
    const int knows = options->period == 0 && options->metric == PM_PLANAR && !options->compact;
    pm_options own = *options;
    if (own.engine == PM_ENGINE_AUTO || own.engine == PM_ENGINE_BOXES)
        own.engine = pm_costs_engine(size, own.predicate);
    job->engine = PM_ENGINE_TREE;
    return pm_index_build_for(regions, &own, knows ? points : NULL, &job->index, err);
}

/* Is there something that only an index does? */
static int needs_index(const pm_regions *regions, const pm_options *options) {
    return options->predicate != PM_COVERS || options->engine == PM_ENGINE_TREE || options->period != 0 ||
           options->metric != PM_PLANAR || options->max_bytes > 0 || options->note_size > 0 || regions->kinds;
}

static pm_status no_memory_for_job(pm_error *err) {
    return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory for the boxes of the regions");
}

/* Scores, or areas of the caller, as keys. */
static pm_status make_keys(pm_job *job, const pm_options *options, size_t regions, pm_error *err) {
    const void *values = options->scores ? options->scores : (const void *)options->areas;
    if (!values)
        return PM_OK;
    job->keys = pm_allocate(options->allocator, (regions + 1) * sizeof *job->keys);
    return job->keys ? pm_best_rule_of(options->best)->make_keys(values, regions, job->keys, err)
                     : no_memory_for_job(err);
}

static pm_status make_owners(pm_job *job, const pm_allocator *allocator, pm_error *err) {
    const pm_regions *regions = &job->polygons.regions;
    if (!regions->geom_offsets)
        return PM_OK;
    job->owners = pm_allocate(allocator, (job->polygons.count + 1) * sizeof *job->owners);
    if (!job->owners)
        return no_memory_for_job(err);
    for (size_t region = 0; region < regions->geom_count; region++) {
        const pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++)
            job->owners[polygon - job->polygons.first] = (uint32_t)region;
    }
    return PM_OK;
}

/* Borrow the regions, and arrange the boxes of their polygons. */
static pm_status arrange(pm_job *job, const pm_regions *regions, const pm_options *options, const pm_size *size,
                         pm_error *err) {
    pm_poll poll = {.callback = options->poll, .context = options->poll_context};
    const pm_allocator *allocator = options->allocator;
    pm_status status = pm_borrowed_init(&job->polygons, regions, allocator);
    pm_box *boxes = status ? NULL : pm_allocate(allocator, (job->polygons.count + 1) * sizeof *boxes);
    if (!boxes)
        return no_memory_for_job(err);
    if (!pm_borrowed_read(&job->polygons, boxes, &poll)) {
        status = pm_regions_check(regions, err);
        if (!status)
            status = pm_fail(err, PM_ERR_COORDINATE, -1, "the coordinates changed while they were read");
    }
    int as_tree = options->engine == PM_ENGINE_BOXES;
    if (options->engine == PM_ENGINE_AUTO)
        as_tree = !pm_costs_favour_flat(size);
    job->engine = as_tree ? PM_ENGINE_BOXES : PM_ENGINE_SCAN;
    if (!status && !poll.stopped)
        status = pm_boxes_build(&job->boxes, boxes, job->polygons.count, as_tree, &poll, allocator);
    if (status == PM_ERR_NO_MEMORY)
        status = no_memory_for_job(err);
    if (poll.stopped)
        status = pm_build_stopped(err);
    pm_release(allocator, boxes);
    if (!status)
        status = make_owners(job, allocator, err);
    return status ? status : make_keys(job, options, pm_regions_count(regions), err);
}

static void count_work(void *context, size_t number) {
    looking *l = context;
    const pm_regions *regions = &l->job->polygons.regions;
    const pm_range rings = pm_polygon_rings(regions, l->job->polygons.first + number);
    l->work.candidates++;
    for (size_t ring = rings.begin; ring < rings.end; ring++) {
        const pm_range v = pm_ring_vertices(regions, ring);
        l->work.edges += pm_costs_edges(v.end - v.begin);
    }
}

/* What a point costs on average, and how many areas are measured for it. */
static pm_work sample_points(const pm_job *job, const pm_points *points, double *comparisons) {
    const size_t step = points->count / SAMPLE + SAMPLE_PART;
    looking l = {.job = job};
    double seen = 0;
    for (size_t i = step / 2; i < points->count; i += step) {
        const double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        const pm_exact_point p = pm_point(x, y);
        seen++;
        if (!isfinite(x) || !isfinite(y))
            continue;
        pm_boxes_visit(&job->boxes, x, y, count_work, &l);
        l.p = &p;
        l.best = PM_NO_MATCH;
        pm_boxes_visit(&job->boxes, x, y, take_polygon, &l);
    }
    if (seen == 0)
        return l.work;
    *comparisons = (double)l.comparisons / seen;
    return (pm_work){l.work.candidates / seen, l.work.edges / seen};
}

/* Measure all regions now if there are more measurements to come. */
static pm_status measure_all(pm_job *job, double comparisons, pm_error *err) {
    const pm_regions *regions = &job->polygons.regions;
    const size_t count = pm_regions_count(regions);
    if (2 * comparisons <= (double)count)
        return PM_OK;
    job->areas = pm_allocate(job_allocator(job), (count + 1) * sizeof *job->areas);
    if (!job->areas)
        return no_memory_for_job(err);
    for (size_t region = 0; region < count; region++)
        job->areas[region] = pm_region_area_about(regions, region);
    return PM_OK;
}

static void free_arranged(pm_job *job) {
    const pm_allocator *allocator = job_allocator(job);
    pm_release(allocator, job->areas);
    pm_release(allocator, job->keys);
    pm_release(allocator, job->owners);
    pm_boxes_free(&job->boxes, allocator);
    pm_borrowed_free(&job->polygons, allocator);
    job->areas = NULL;
    job->keys = NULL;
    job->owners = NULL;
    job->boxes = (pm_boxes){.memory = NULL};
    job->polygons = (pm_borrowed){.spans = NULL};
}

/* Go on with an index where the sample says so; without one if its tree could not pay. */
static pm_status improve(pm_job *job, const pm_regions *regions, const pm_options *options, const pm_points *points,
                         const pm_size *size, pm_error *err) {
    double comparisons = 0;
    if (points->count <= SAMPLE)
        return PM_OK; /* no index pays */
    const pm_work work = sample_points(job, points, &comparisons);
    if (options->engine != PM_ENGINE_AUTO || !pm_costs_favour_index(size, &work))
        return measure_all(job, comparisons * size->points, err);
    const pm_engine before = job->engine;
    pm_options own = *options;
    own.engine = PM_ENGINE_TREE;
    pm_status status = make_index(job, regions, &own, points, size, err);
    if (status)
        return status;
    if (pm_tree_exists(pm_index_tree(job->index))) {
        free_arranged(job);
        return PM_OK;
    }
    pm_index_free(job->index);
    job->index = NULL;
    job->engine = before;
    return measure_all(job, comparisons * size->points, err);
}

static const pm_options JOB_DEFAULTS = {.predicate = PM_COVERS};

static pm_status check_job(const pm_regions *regions, const pm_options *options, const pm_points *points,
                           pm_error *err) {
    if (!points)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "points is NULL");
    if ((int)options->engine < PM_ENGINE_AUTO || options->engine > PM_ENGINE_BOXES)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_engine", (int)options->engine);
    pm_status status = pm_regions_check_offsets(regions, err);
    pm_options own = *options;
    own.engine = PM_ENGINE_AUTO;
    return status ? status : pm_options_check(&own, pm_regions_count(regions), 1, err);
}

pm_status pm_job_build(const pm_regions *regions, const pm_options *options, const pm_points *points, pm_job **out,
                       pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!options)
        options = &JOB_DEFAULTS;
    pm_status status = check_job(regions, options, points, err);
    if (status)
        return status;
    pm_job *job = pm_allocate(options->allocator, sizeof *job);
    if (!job)
        return no_memory_for_job(err);
    *job = (pm_job){.own_allocator = options->allocator != NULL, .best = options->best};
    if (options->allocator)
        job->allocator = *options->allocator;
    const pm_size size = {.points = (double)points->count,
                          .regions = (double)pm_regions_count(regions),
                          .polygons = (double)regions->polygon_count,
                          .vertices = (double)regions->coord_count};
    if (needs_index(regions, options)) {
        status = make_index(job, regions, options, points, &size, err);
    } else {
        status = arrange(job, regions, options, &size, err);
        if (!status)
            status = improve(job, regions, options, points, &size, err);
    }
    if (status)
        pm_job_free(job);
    else
        *out = job;
    return status;
}

void pm_job_free(pm_job *job) {
    if (!job)
        return;
    const pm_allocator own = job->allocator, *allocator = job->own_allocator ? &own : NULL;
    pm_index_free(job->index);
    free_arranged(job);
    pm_release(allocator, job);
}
