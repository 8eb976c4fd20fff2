/* build.c — how do regions become an index?
 *
 * They are measured as far as the rules need it, ranked (input/rank.c), and handed to the kind of the predicate
 * (kind.h), which says how large its arrays are and fills them. All of it is one block (block.c), which is never
 * changed afterwards, and that is all that sharing it between threads needs. The block is allocated when the arrays
 * are counted; only a tree can't be counted before it is there, so then the block moves once into a larger one.
 *
 * Sizes in 64 bits can't overflow: everything is a small multiple of arrays that the caller holds in memory. */
#include "base/strict.h"

#include "build.h"

#include <math.h>
#include <string.h>

#include "base/poll.h"
#include "base/outward.h"
#include "base/status.h"
#include "index.h"
#include "input/rank.h"
#include "input/regions.h"
#include "sphere/atlas.h"
#include "kind_compact.h"
#include "turns.h"

/* ---- options ---- */

pm_status pm_distances_check(const double *distances, size_t count, pm_error *err) {
    for (size_t i = 0; i < count; i++)
        if (!(distances[i] >= 0))
            return pm_fail(err, PM_ERR_DISTANCE, count == 1 ? -1 : (int64_t)i,
                           "distance[%zu] is %g: it must be at least 0", i, distances[i]);
    return PM_OK;
}

static pm_status check_distance(const pm_options *options, const pm_kind *kind, size_t count, pm_error *err) {
    if (kind->distance == PM_DISTANCE_NONE)
        return options->distance || options->distance_count
                   ? pm_fail(err, PM_ERR_ARGUMENT, -1, "distance is given, but %s has none", kind->name)
                   : PM_OK;
    if (kind->distance == PM_DISTANCE_OPTIONAL && !options->distance && options->distance_count == 0)
        return PM_OK;
    if (options->distance_count != 1 && options->distance_count != count)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "distance_count is %zu, expected 1 or %zu", options->distance_count,
                       count);
    if (!options->distance && options->distance_count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "distance is NULL");
    return pm_distances_check(options->distance, options->distance_count, err);
}

pm_status pm_options_check(const pm_options *options, size_t count, int has_areas, pm_error *err) {
    const int is_planar = options->metric == PM_PLANAR;
    const pm_kind *kind = pm_kind_of(options->predicate, is_planar ? PM_PLANAR : PM_SPHERE);
    const pm_best_rule *rule = pm_best_rule_of(options->best);
    if (!pm_is_zero(options->reserved, sizeof options->reserved))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_RESERVED, "options");
    if (!kind)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_predicate", (int)options->predicate);
    if (!rule)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_best", (int)options->best);
    if (!pm_metric_name(options->metric))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_metric", (int)options->metric);
    if ((int)options->engine < PM_ENGINE_AUTO || options->engine > PM_ENGINE_TREE)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_engine of an index", (int)options->engine);
    if (options->compact != 0 && options->compact != 1)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "compact is %d: it must be 0 or 1", options->compact);
    if (options->compact && !kind->compact)
        return pm_fail(err, PM_ERR_ARGUMENT, -1,
                       "compact is given, but an index of %s (%s) can't be, one of covers (planar) can", kind->name,
                       pm_metric_name(kind->metric));
    if (rule->needs_scores && !options->scores && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores is NULL");
    if (!rule->needs_scores && options->scores)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores are given, but %s does not use them", rule->name);
    if (rule->needs_areas && !has_areas && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "area is NULL, but %s needs it", rule->name);
    if (!rule->needs_areas && options->areas)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "areas are given, but %s does not use them", rule->name);
    if (options->note_size > 0 && !options->note)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "note is NULL, but note_size is %zu", options->note_size);
    if (!(options->period >= 0) || isinf(options->period))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "period is %g: it must be positive and finite", options->period);
    if (!is_planar && options->period != 0 && options->period != 360)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "period is %g: on the sphere it is 360, or none", options->period);
    return check_distance(options, kind, count, err);
}

pm_status pm_disks_check(const pm_disks *disks, const pm_options *options, pm_error *err) {
    if (!disks || !options)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", disks ? "options" : "disks");
    if (!pm_is_zero(disks->reserved, sizeof disks->reserved))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_RESERVED, "disks");
    if (disks->count > 0 && (!disks->x || !disks->y))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", disks->x ? "y" : "x");
    if (disks->count > INT32_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu disks are more than 2147483647", disks->count);
    if (options->predicate != PM_CENTER_WITHIN)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "disks answer PM_CENTER_WITHIN only");
    for (size_t i = 0; options->metric == PM_SPHERE && i < disks->count; i++)
        if (fabs(disks->y[i]) > 90)
            return pm_fail(err, PM_ERR_COORDINATE, (int64_t)i,
                           "the center of disk %zu is at latitude %.17g, beyond the poles", i, disks->y[i]);
    if (options->areas)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "areas are given twice: disks have their own");
    return pm_options_check(options, disks->count, disks->area != NULL, err);
}

/* ---- the block ---- */

pm_status pm_build_stopped(pm_error *err) {
    return pm_fail(err, PM_ERR_STOPPED, -1, "the build was stopped");
}

static void extend_range(pm_build *b, double min_x, double max_x) {
    if (!(min_x <= max_x) || isinf(min_x) || isinf(max_x))
        return;
    b->range[0] = b->range[0] <= min_x ? b->range[0] : min_x;
    b->range[1] = b->range[1] >= max_x ? b->range[1] : max_x;
}

static void widen_bounds(pm_build *b, double min_x, double min_y, double max_x, double max_y) {
    if (!(min_x <= max_x))
        return;
    double *bounds = b->bounds;
    bounds[0] = bounds[0] <= min_x ? bounds[0] : min_x; /* a NaN bound is replaced */
    bounds[1] = bounds[1] <= min_y ? bounds[1] : min_y;
    bounds[2] = bounds[2] >= max_x ? bounds[2] : max_x;
    bounds[3] = bounds[3] >= max_y ? bounds[3] : max_y;
}

void pm_build_extend_bounds(pm_build *b, double min_x, double min_y, double max_x, double max_y) {
    widen_bounds(b, min_x, min_y, max_x, max_y);
    extend_range(b, min_x, max_x);
}

void pm_build_extend_reach(pm_build *b, const pm_box *box, double reach) {
    const double turn = fmin(reach, b->options->period != 0 ? b->options->period / 2 : INFINITY);
    if (!(reach > 0)) {
        pm_build_extend_bounds(b, box->min_x, box->min_y, box->max_x, box->max_y);
        return;
    }
    if (isinf(reach))
        widen_bounds(b, -reach, -reach, reach, reach);
    else
        widen_bounds(b, pm_below(box->min_x - reach), pm_below(box->min_y - reach), -pm_below(-box->max_x - reach),
                     -pm_below(-box->max_y - reach));
    extend_range(b, pm_below(box->min_x - turn), -pm_below(-box->max_x - turn));
}

/* Count what the arrays hold, and what may be added to them. */
static pm_status plan_block(pm_build *b, pm_error *err) {
    b->sizes[PM_SECTION_IDS] = b->count * sizeof(uint32_t);
    b->sizes[PM_SECTION_NOTE] = b->options->note_size;
    pm_status status = b->kind->plan(b, err);
    if (status)
        return status;
    pm_block_plan(&b->block, b->kind, b->options->best, b->count, b->sizes);
    b->goal = SIZE_MAX;
    if (b->options->compact) { /* max_bytes is about what it becomes: half of that for the tree */
        const size_t most = b->options->max_bytes ? b->options->max_bytes / 2 : b->default_limit;
        b->goal = pm_compact_tree_goal((size_t)b->sizes[PM_SECTION_VERTICES] / (2 * sizeof(double)), b->count);
        b->budget = most > b->goal ? most : b->goal;
        return PM_OK;
    }
    const uint64_t size = b->block.header.size;
    const size_t limit = b->options->max_bytes ? b->options->max_bytes : b->default_limit + b->options->note_size;
    if (b->options->max_bytes && size > limit)
        return pm_fail(err, PM_ERR_SIZE, -1, "the index takes %llu bytes or more, max_bytes is %zu",
                       (unsigned long long)size, limit);
    b->budget = size < limit ? limit - (size_t)size : 0;
    return PM_OK;
}

/* Advice that huge pages be used would bring 3 to 7 % per point on most large maps, and 0 to 10 % of the build: it is
 * left to the allocator of the options. */
int pm_index_allocate(pm_index *index, pm_block *block, const pm_allocator *allocator) {
    const uint64_t size = block->header.size;
    index->memory_size = (size_t)size + PM_BLOCK_ALIGN - 1;
    index->memory = size <= SIZE_MAX - PM_BLOCK_ALIGN /* with 32 bits not always */
                        ? pm_allocate(allocator, index->memory_size)
                        : NULL;
    if (!index->memory)
        return 0;
    block->bytes =
        (char *)index->memory + (PM_BLOCK_ALIGN - (uintptr_t)index->memory % PM_BLOCK_ALIGN) % PM_BLOCK_ALIGN;
    return 1;
}

/* Zero the end of a section and the padding after it, so that equal inputs give equal bytes, and its first bytes,
 * which a view may read before they are filled. */
static void clear_ends(const pm_block *block, const pm_section *section) {
    const uint64_t room = (uint64_t)2 * PM_BLOCK_ALIGN;
    memset((char *)block->bytes + section->offset, 0, section->size < 64 ? (size_t)section->size : 64);
    uint64_t end = (section->offset + section->size + PM_BLOCK_ALIGN - 1) / PM_BLOCK_ALIGN * PM_BLOCK_ALIGN;
    uint64_t begin = end - section->offset > room ? end - room : section->offset;
    memset((char *)block->bytes + begin, 0, (size_t)(end - begin));
}

/* Move the block into a larger one, with what the kind added at the end. Each array is released once it is copied:
 * at the peak there are both blocks, then one block and what is not copied yet. */
static pm_status append_added(pm_index *index, pm_build *b) {
    void *plain = index->memory;
    const void *from = b->block.bytes;
    const uint64_t size = b->block.header.size;
    pm_block_plan(&b->block, b->kind, b->options->best, b->count, b->sizes);
    if (!pm_index_allocate(index, &b->block, b->options->allocator)) {
        index->memory = plain; /* to be released */
        return PM_ERR_NO_MEMORY;
    }
    pm_tasks_copy(&b->runner, &b->poll, b->block.bytes, from, (size_t)size);
    pm_release(b->options->allocator, plain);
    for (int name = 0; name < PM_SECTIONS; name++) {
        if (!b->added[name])
            continue;
        clear_ends(&b->block, &b->block.sections[name]);
        pm_tasks_copy(&b->runner, &b->poll, pm_block_array(&b->block, (pm_section_name)name), b->added[name],
                      (size_t)b->sizes[name]);
        pm_release(b->options->allocator, (void *)(uintptr_t)b->added[name]);
        b->added[name] = NULL;
    }
    return b->poll.stopped ? PM_ERR_STOPPED : PM_OK;
}

static int has_added(const pm_build *b) {
    int added = 0;
    for (int name = 0; name < PM_SECTIONS; name++)
        added |= b->added[name] != NULL;
    return added;
}

/* The block of an index, from regions in the order of b->ids. */
static pm_status fill_block(pm_index *index, pm_build *b, pm_error *err) {
    pm_status status = plan_block(b, err);
    if (status)
        return status;
    if (!pm_index_allocate(index, &b->block, b->options->allocator))
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory: an index of %llu bytes",
                       (unsigned long long)b->block.header.size);
    pm_tasks_touch(&b->runner, &b->poll, (void *)(uintptr_t)b->block.bytes, (size_t)b->block.header.size);
    for (int name = 0; name < PM_SECTIONS; name++)
        if (b->block.sections[name].offset > 0)
            clear_ends(&b->block, &b->block.sections[name]);
    if (b->count > 0)
        memcpy(pm_block_array(&b->block, PM_SECTION_IDS), b->ids, (size_t)b->sizes[PM_SECTION_IDS]);
    pm_tasks_copy(&b->runner, &b->poll, pm_block_array(&b->block, PM_SECTION_NOTE), b->options->note,
                  (size_t)b->sizes[PM_SECTION_NOTE]);
    if (b->poll.stopped)
        return pm_build_stopped(err);
    b->kind->view(index->view, &b->block);
    status = b->kind->fill(b, index->view, err);
    if (!status && b->kind->paint && b->options->engine != PM_ENGINE_SCAN)
        status = b->kind->paint(b, index->view, err);
    if (!status && has_added(b)) {
        status = append_added(index, b);
        if (status)
            (void)(status == PM_ERR_STOPPED
                       ? pm_build_stopped(err)
                       : pm_fail(err, status, -1, "out of memory for the tree of %zu regions", b->count));
    }
    for (int name = 0; name < PM_SECTIONS; name++)
        pm_release(b->options->allocator, (void *)(uintptr_t)b->added[name]);
    if (status)
        return status;
    memcpy(b->block.header.bounds, b->bounds, sizeof b->bounds);
    if (b->options->period != 0 && b->options->metric == PM_PLANAR) {
        b->block.header.period = b->options->period;
        memcpy(b->block.header.range, b->range, sizeof b->range);
        if (!pm_period_fits(b->options->period, b->range))
            return pm_fail(err, PM_ERR_ARGUMENT, -1, "period %g is too small for regions between x = %g and %g",
                           b->options->period, b->range[0], b->range[1]);
    }
    pm_block_seal(&b->block, b->kind);
    pm_index_use(index, &b->block);
    if (!pm_index_rank(index))
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory ordering %zu regions", b->count);
    return PM_OK;
}

/* ---- building ---- */

/* Regions are measured in this many tasks at most, of so many vertices at least. */
enum { MEASURE_TASKS = 64, MEASURE_VERTICES = 30000 };

static pm_status build_index(pm_build *b, pm_index **out, pm_error *err) {
    const pm_allocator *allocator = b->options->allocator;
    pm_index *index = NULL;
    void *scratch = pm_allocate(allocator, pm_rank_scratch(b->count + 1));
    if (scratch)
        index = pm_index_new(b->kind, allocator);
    if (!index) {
        pm_release(allocator, scratch);
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory ordering %zu regions", b->count);
    }
    pm_status status = pm_rank(b->options, b->areas, b->count, scratch, &b->ids, err);
    if (!status)
        status = fill_block(index, b, err);
    pm_release(allocator, scratch);
    if (!status && b->options->compact)
        status = pm_index_compact(&index, b->options, &b->poll, err);
    if (status)
        pm_index_free(index);
    else
        *out = index;
    return status;
}

static pm_build new_build(const pm_options *options, size_t count) {
    pm_build b = {.kind = pm_kind_of(options->predicate, options->metric),
                  .count = count,
                  .options = options,
                  .poll = {.callback = options->poll, .context = options->poll_context},
                  .runner = {.run = options->run, .context = options->run_context}};
    for (int i = 0; i < 4; i++)
        b.bounds[i] = b.range[i / 2] = NAN;
    return b;
}

/* What measuring a build's regions fills in, NULL: not needed; and the ranges of regions that are tasks. */
typedef struct measuring {
    pm_build *build;
    double *areas, *x, *y;
    size_t tasks;
    pm_poll polls[MEASURE_TASKS];
} measuring;

/* Count the vertices of a region for the poll. Should it stop? */
static int poll_region(const pm_regions *regions, size_t region, pm_poll *poll) {
    pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        pm_range rings = pm_polygon_rings(regions, polygon);
        if (rings.end > rings.begin && pm_poll_after(poll, pm_ring_vertices(regions, rings.end - 1).end -
                                                               pm_ring_vertices(regions, rings.begin).begin))
            return 1;
    }
    return 0;
}

static void measure_some(void *context, size_t number) {
    measuring *m = context;
    const pm_build *b = m->build;
    const size_t end = b->count * (number + 1) / m->tasks;
    for (size_t i = b->count * number / m->tasks; i < end; i++) {
        double center[2];
        if (poll_region(b->regions, i, &m->polls[number]))
            return;
        if (m->areas)
            m->areas[i] = b->options->areas ? b->options->areas[i] : b->kind->area(b->regions, i);
        if (m->x) {
            b->kind->center(b->regions, i, center);
            m->x[i] = center[0];
            m->y[i] = center[1];
        }
    }
}

/* Areas and centers, as far as the rules need them. */
static pm_status measure_regions(pm_build *b, double *areas, double *x, double *y, pm_error *err) {
    const size_t most = b->regions->coord_count / MEASURE_VERTICES;
    measuring m = {.build = b, .tasks = 1};
    m.areas = pm_best_rule_of(b->options->best)->needs_areas ? areas : NULL;
    m.x = b->kind->takes_disks ? x : NULL;
    m.y = y;
    if (b->runner.run && most > 1)
        m.tasks = most < MEASURE_TASKS ? most : MEASURE_TASKS;
    for (size_t i = 0; i < m.tasks; i++)
        m.polls[i] = (pm_poll){.callback = b->poll.callback, .context = b->poll.context};
    b->poll.stopped |= pm_tasks_run(&b->runner, measure_some, &m, m.tasks) != 0;
    for (size_t i = 0; i < m.tasks; i++)
        b->poll.stopped |= m.polls[i].stopped;
    return b->poll.stopped ? pm_build_stopped(err) : PM_OK;
}

/* Does the kind take the lines and points among these regions? */
static pm_status check_kinds(const pm_regions *regions, const pm_kind *kind, pm_error *err) {
    for (size_t region = 0; !kind->takes_lines && regions->kinds && region < pm_regions_count(regions); region++) {
        pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++)
            if (!pm_is_polygon(regions, polygon))
                return pm_fail(err, PM_ERR_ARGUMENT, (int64_t)region,
                               "region %zu has a %s: %s takes polygons only, the other predicates take it", region,
                               regions->kinds[polygon] == PM_PART_LINE ? "line" : "point", kind->name);
    }
    return PM_OK;
}

static const pm_options DEFAULTS = {.predicate = PM_COVERS};

pm_status pm_index_build(const pm_regions *regions, const pm_options *options, pm_index **out, pm_error *err) {
    return pm_index_build_for(regions, options, NULL, out, err);
}

pm_status pm_index_build_for(const pm_regions *regions, const pm_options *options, const pm_points *only,
                             pm_index **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!options)
        options = &DEFAULTS;
    pm_status status = pm_regions_check(regions, err);
    if (status)
        return status;
    size_t count = pm_regions_count(regions);
    status = pm_options_check(options, count, 1, err);
    if (status)
        return status;
    const pm_kind *kind = pm_kind_of(options->predicate, options->metric);
    status = check_kinds(regions, kind, err);
    if (!status && kind->check)
        status = kind->check(regions, err);
    if (status)
        return status;

    double *measures = pm_allocate(options->allocator, 3 * (count + 1) * sizeof *measures);
    if (!measures)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory measuring %zu regions", count);
    double *x = measures, *y = measures + count, *areas = measures + 2 * count;
    const pm_disks disks = {.x = x, .y = y, .area = areas, .count = count};
    pm_build b = new_build(options, count);
    b.regions = regions;
    b.areas = areas;
    b.only = only;
    status = measure_regions(&b, areas, x, y, err);
    if (kind->takes_disks) {
        b.regions = NULL;
        b.disks = &disks;
    }
    pm_atlas atlas = {.allocator = options->allocator};
    if (!status && kind->draw) {
        status = kind->draw(&atlas, regions, &b.poll, options->allocator);
        b.sphere = regions;
        b.regions = &atlas.regions;
        b.squares = atlas.squares;
        b.square_count = PM_FACES;
        if (status == PM_ERR_STOPPED)
            (void)pm_build_stopped(err);
        else if (status)
            (void)pm_fail(err, status, -1, "out of memory drawing %zu regions", count);
    }
    if (!status)
        status = build_index(&b, out, err);
    pm_atlas_free(&atlas);
    pm_release(options->allocator, measures);
    return status;
}

pm_status pm_index_build_disks(const pm_disks *disks, const pm_options *options, pm_index **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    pm_status status = pm_disks_check(disks, options, err);
    if (status)
        return status;
    pm_build b = new_build(options, disks->count);
    b.disks = disks;
    b.areas = disks->area;
    return build_index(&b, out, err);
}
