/* build.c — build once, then one integer per point.
 *
 * An index is the regions in rank order, as boxes and edges (polygons.c) or as disks (disks.c), and the position in
 * the input of each rank; over the edges, unless they are few, stands the tree (paint.c). All of it is one block
 * (block.c), filled here and never changed afterwards, which is all that sharing it between threads needs. The block
 * is made when the arrays are counted; only the tree can't be counted before it is there, so then the block moves
 * once into a larger one. pm_match_disks() makes a table of disks, searches it and forgets it.
 *
 * Sizes in 64 bits can't overflow: everything is a small multiple of arrays that the caller holds in memory. */
#include "index.h"

#include <math.h>
#include <string.h>

#include "tree/disk_leaf.h"
#include "input/measure.h"
#include "tree/polygon_leaf.h"
#include "base/poll.h"
#include "input/rank.h"
#include "input/regions.h"
#include "base/status.h"

/* With fewer, boxes and edges, or disks, are looked through before a table of cells is read. */
enum { FEW_VERTICES = 200, FEW_DISKS = 32 };

/* ---- options ---- */

static pm_status check_options(const pm_options *options, size_t count, int has_area, pm_error *err) {
    if (options->predicate != PM_COVERS && options->predicate != PM_CENTER_WITHIN)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_predicate", (int)options->predicate);
    if ((int)options->best < PM_SMALLEST || options->best > PM_SCORE_UINT64)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_best", (int)options->best);
    if ((int)options->engine < PM_ENGINE_AUTO || options->engine > PM_ENGINE_TREE)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%d is not a pm_engine", (int)options->engine);
    if (options->best >= PM_SCORE_DOUBLE && !options->scores && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores is NULL");
    if (options->best < PM_SCORE_DOUBLE && options->scores)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "scores are given, but best does not ask for them");
    if (options->best <= PM_LARGEST && !has_area && count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "area is NULL, but best asks for it");
    if (options->best > PM_LARGEST && options->areas)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "areas are given, but best does not ask for them");
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

/* One build: what goes in, and the header as it grows. Exactly one of `regions` and `disks` is given; `areas` as
 * pm_rank() takes them. */
typedef struct build {
    const pm_regions *regions;
    const pm_disks *disks;
    const double *areas;
    size_t count;
    const pm_options *options;
    pm_poll poll;
    pm_block_counts counts;
    pm_block_header header;
    size_t budget; /* bytes left for the tree */
} build;

static pm_status stopped(pm_error *err) {
    return pm_fail(err, PM_ERR_STOPPED, -1, "the build was stopped");
}

/* Count what the arrays hold but for the tree, and what the tree may take. */
static pm_status plan(build *b, pm_error *err) {
    b->counts = (pm_block_counts){.regions = b->count};
    size_t limit = b->options->max_bytes;
    if (b->regions) {
        pm_polygon_sizes sizes = pm_polygons_measure(b->regions, &b->poll);
        if (b->poll.stopped)
            return stopped(err);
        if (sizes.vertices >= UINT32_MAX || sizes.rings >= UINT32_MAX || sizes.polygons >= UINT32_MAX)
            return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu vertices (rings closed) are more than 4294967294",
                           sizes.vertices);
        b->counts.boxes = sizes.boxes;
        b->counts.parts = sizes.polygons;
        b->counts.rings = sizes.rings;
        b->counts.vertices = sizes.vertices;
        size_t given = b->regions->coord_count < sizes.vertices ? b->regions->coord_count : sizes.vertices;
        limit = limit ? limit : 3 * 2 * sizeof(double) * given + (16 << 20);
    } else {
        b->counts.radii = b->options->distance_count;
        limit = limit ? limit : 256 * b->count + (4 << 20);
    }
    pm_block_plan(&b->header, b->options->predicate, b->options->best, &b->counts);
    if (b->options->max_bytes && b->header.size > limit)
        return pm_fail(err, PM_ERR_SIZE, -1, "the index takes %llu bytes or more, max_bytes is %zu",
                       (unsigned long long)b->header.size, limit);
    b->budget = b->header.size < limit ? limit - (size_t)b->header.size : 0;
    return PM_OK;
}

/* Memory for a block of the planned size, at a multiple of 64; NULL when there is none. */
static char *new_block(pm_index *index, const build *b) {
    index->memory_size = (size_t)b->header.size + PM_BLOCK_ALIGN - 1;
    index->memory = b->header.size <= SIZE_MAX - PM_BLOCK_ALIGN /* with 32 bits not always */
                        ? pm_allocate(b->options->allocator, index->memory_size)
                        : NULL;
    if (!index->memory)
        return NULL;
    char *block =
        (char *)index->memory + (PM_BLOCK_ALIGN - (uintptr_t)index->memory % PM_BLOCK_ALIGN) % PM_BLOCK_ALIGN;
    pm_index_view(index, block, &b->header, &b->counts);
    return block;
}

/* Zero the end of these sections, which may be filled to the brim or not: nothing in a block is left to chance. */
static void clear_ends(char *block, const pm_block_header *header, pm_section_name from, pm_section_name to) {
    for (pm_section_name name = from; name < to; name++) {
        uint64_t begin = header->sections[name].offset, room = (uint64_t)2 * PM_BLOCK_ALIGN;
        uint64_t end = name + 1 < PM_SECTIONS ? header->sections[name + 1].offset : header->size;
        begin = end - begin > room ? end - room : begin;
        memset(block + begin, 0, (size_t)(end - begin));
    }
}

static pm_status fill_covers(pm_index *index, build *b, const uint32_t *ids, pm_error *err) {
    pm_polygon_table *covers = &index->covers;
    covers->count = 0;
    covers->polygon_offsets[0] = covers->ring_offsets[0] = covers->vertex_offsets[0] = 0;
    for (size_t rank = 0; rank < b->count; rank++) {
        size_t before = covers->vertex_offsets[covers->ring_offsets[covers->polygon_offsets[rank]]];
        pm_polygons_append(covers, b->regions, ids[rank]);
        size_t after = covers->vertex_offsets[covers->ring_offsets[covers->polygon_offsets[rank + 1]]];
        if (pm_poll_after(&b->poll, after - before + 16))
            return stopped(err);
        pm_box box = covers->boxes[rank];
        extend_bounds(b->header.bounds, box.min_x, box.min_y, box.max_x, box.max_y);
    }
    pm_polygons_seal(covers);
    return PM_OK;
}

static void copy(char *block, const pm_block_header *header, pm_section_name name, const void *from) {
    if (header->sections[name].size > 0)
        memcpy(block + header->sections[name].offset, from, (size_t)header->sections[name].size);
}

static void fill_disks(pm_index *index, build *b, char *block) {
    copy(block, &b->header, PM_SECTION_DISK_X, b->disks->x);
    copy(block, &b->header, PM_SECTION_DISK_Y, b->disks->y);
    copy(block, &b->header, PM_SECTION_DISK_RADIUS, b->options->distance);
    pm_disks_fill(&index->disks);
    disk_bounds(&index->disks, b->header.bounds);
    const double map[3] = {index->disks.min_x, index->disks.min_y, index->disks.scale};
    memcpy(b->header.disk_map, map, sizeof map);
}

/* Copy much, asking now and then; what is left out when told to stop is lost with the rest. */
static void copy_much(build *b, char *to, const void *from, uint64_t size) {
    const uint64_t most = 1 << 20; /* some 100 us, most of them for new pages */
    for (uint64_t at = 0; at < size && !pm_poll_after(&b->poll, 10000); at += most)
        memcpy(to + at, (const char *)from + at, (size_t)(size - at < most ? size - at : most));
}

/* Move the block into a larger one, with the tree behind. */
static pm_status add_tree(pm_index *index, build *b, pm_tree *tree, char **block) {
    void *plain = index->memory;
    const char *from = *block;
    size_t size = (size_t)b->header.size;
    b->counts.tables = tree->table_words;
    b->counts.leaves = tree->leaf_count;
    b->counts.origins = tree->origin_count;
    const double map[3] = {tree->min_x, tree->min_y, tree->scale};
    memcpy(b->header.tree_map, map, sizeof map);
    b->header.tree_root = tree->root;
    pm_block_plan(&b->header, b->options->predicate, b->options->best, &b->counts);
    *block = new_block(index, b);
    if (!*block) {
        index->memory = plain; /* to be released */
        return PM_ERR_NO_MEMORY;
    }
    copy_much(b, *block, from, size);
    pm_release(b->options->allocator, plain);
    clear_ends(*block, &b->header, PM_SECTION_TREE_TABLES, PM_SECTIONS);
    const pm_section *sections = b->header.sections + PM_SECTION_TREE_TABLES;
    const uint32_t **arrays[3] = {&tree->tables, &tree->leaves, &tree->origins};
    for (int i = 0; i < 3; i++) { /* at no time is all of it there twice */
        copy_much(b, *block + sections[i].offset, *arrays[i], sections[i].size);
        pm_release(b->options->allocator, (void *)(uintptr_t)*arrays[i]);
        *arrays[i] = NULL;
    }
    return b->poll.stopped ? PM_ERR_STOPPED : PM_OK;
}

/* As sections. */
static size_t tree_size(const pm_tree *tree) {
    return (tree->table_words + tree->leaf_count + tree->origin_count) * sizeof(uint32_t) + 3 * PM_BLOCK_ALIGN;
}

static int wants_tree(const build *b) {
    pm_engine engine = b->options->engine;
    int many = b->regions ? b->counts.vertices >= FEW_VERTICES : b->count >= FEW_DISKS;
    return engine == PM_ENGINE_TREE || (engine == PM_ENGINE_AUTO && many);
}

/* The block of an index, from regions in the order `ids`. */
static pm_status fill(pm_index *index, build *b, const uint32_t *ids, pm_error *err) {
    pm_status status = plan(b, err);
    if (status)
        return status;
    char *block = new_block(index, b);
    if (!block)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory: an index of %llu bytes",
                       (unsigned long long)b->header.size);
    clear_ends(block, &b->header, PM_SECTION_IDS, PM_SECTIONS);
    copy(block, &b->header, PM_SECTION_IDS, ids);
    for (int i = 0; i < 4; i++)
        b->header.bounds[i] = NAN;
    if (b->regions)
        status = fill_covers(index, b, ids, err);
    else
        fill_disks(index, b, block);
    if (!status && wants_tree(b)) {
        pm_tree tree;
        const pm_allocator *allocator = b->options->allocator;
        status = b->regions
                     ? pm_tree_build_polygons(&tree, &index->covers, index->ids, b->budget, &b->poll, allocator)
                     : pm_tree_build_disks(&tree, &index->disks, b->budget, &b->poll, allocator);
        if (!status && pm_tree_exists(&tree) && tree_size(&tree) <= b->budget)
            status = add_tree(index, b, &tree, &block);
        if (status)
            (void)(status == PM_ERR_STOPPED
                       ? stopped(err)
                       : pm_fail(err, status, -1, "out of memory building the tree of %zu regions", b->count));
        pm_tree_free(&tree, b->options->allocator);
    }
    if (status)
        return status;
    memcpy(block, &b->header, sizeof b->header);
    b->header.checksum = pm_block_checksum(block, index->size);
    memcpy(block, &b->header, sizeof b->header);
    pm_index_view(index, block, &b->header, &b->counts);
    return PM_OK;
}

static pm_status run(build *b, pm_index **out, pm_error *err) {
    const pm_allocator *allocator = b->options->allocator;
    const uint32_t *ids;
    pm_index *index = NULL;
    void *scratch = pm_allocate(allocator, pm_rank_scratch(b->count + 1));
    if (scratch)
        index = pm_allocate(allocator, sizeof *index);
    if (!index) {
        pm_release(allocator, scratch);
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory ordering %zu regions", b->count);
    }
    *index = (pm_index){.own_allocator = allocator != NULL};
    if (allocator)
        index->allocator = *allocator;
    pm_status status = pm_rank(b->options, b->areas, b->count, scratch, &ids, err);
    if (!status)
        status = fill(index, b, ids, err);
    pm_release(allocator, scratch);
    if (status)
        pm_index_free(index);
    else
        *out = index;
    return status;
}

/* Areas and centers, as far as the rules ask for them. */
static pm_status measure(build *b, double *areas, double *x, double *y, pm_error *err) {
    for (size_t i = 0; i < b->count; i++) {
        pm_range polygons = pm_region_polygons(b->regions, i);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
            pm_range rings = pm_polygon_rings(b->regions, polygon);
            if (rings.end > rings.begin &&
                pm_poll_after(&b->poll, pm_ring_vertices(b->regions, rings.end - 1).end -
                                            pm_ring_vertices(b->regions, rings.begin).begin))
                return stopped(err);
        }
        double center[2];
        if (b->options->best <= PM_LARGEST)
            areas[i] = b->options->areas ? b->options->areas[i] : pm_region_area(b->regions, i);
        if (b->options->predicate == PM_CENTER_WITHIN) {
            pm_region_center(b->regions, i, center);
            x[i] = center[0];
            y[i] = center[1];
        }
    }
    return PM_OK;
}

static const pm_options DEFAULTS = {.predicate = PM_COVERS};

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
    double *x = measures, *y = measures + count, *areas = measures + 2 * count;
    const pm_disks disks = {x, y, areas, count};
    build b = {.regions = regions, .areas = areas, .count = count, .options = options};
    b.poll = (pm_poll){.ask = options->poll, .context = options->poll_context};
    status = measure(&b, areas, x, y, err);
    if (!status) {
        if (options->predicate == PM_CENTER_WITHIN) {
            b.regions = NULL;
            b.disks = &disks;
        }
        status = run(&b, out, err);
    }
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
    if (options->areas)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "areas are given twice: disks have their own");
    return check_options(options, disks->count, disks->area != NULL, err);
}

pm_status pm_index_build_disks(const pm_disks *disks, const pm_options *options, pm_index **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    pm_status status = check_disks(disks, options, err);
    if (status)
        return status;
    build b = {.disks = disks, .areas = disks->area, .count = disks->count, .options = options};
    b.poll = (pm_poll){.ask = options->poll, .context = options->poll_context};
    return run(&b, out, err);
}

void pm_index_free(pm_index *index) {
    if (!index)
        return;
    pm_allocator own = index->allocator;
    const pm_allocator *allocator = index->own_allocator ? &own : NULL;
    pm_release(allocator, index->memory);
    pm_release(allocator, index);
}

size_t pm_index_count(const pm_index *index) {
    return index->count;
}

size_t pm_index_size(const pm_index *index) {
    return sizeof *index + index->memory_size;
}

void pm_index_bounds(const pm_index *index, double bounds[4]) {
    memcpy(bounds, index->bounds, sizeof index->bounds);
}

pm_predicate pm_index_predicate(const pm_index *index) {
    return index->predicate;
}

pm_best pm_index_best(const pm_index *index) {
    return index->best;
}

const void *pm_index_block(const pm_index *index, size_t *size) {
    *size = index->size;
    return index->block;
}

/* ---- matching ---- */

static double load(const double *values, ptrdiff_t stride, size_t i) {
    double value;
    memcpy(&value, (const char *)values + (ptrdiff_t)i * stride, sizeof value);
    return value;
}

void pm_index_match(const pm_index *index, const pm_points *points, int64_t *out) {
    if (pm_tree_exists(&index->tree)) {
        pm_isa isa = pm_isa_best();
        if (index->predicate == PM_COVERS)
            pm_tree_match(&index->tree, points, out, pm_polygon_kernel(isa), &index->covers, isa);
        else
            pm_tree_match(&index->tree, points, out, pm_disk_kernel(isa), &index->disks, isa);
        return;
    }
    for (size_t i = 0; i < points->count; i++) {
        double x = load(points->x, points->x_stride, i), y = load(points->y, points->y_stride, i);
        out[i] = PM_NO_MATCH;
        if (!isfinite(x) || !isfinite(y))
            continue;
        if (index->predicate == PM_CENTER_WITHIN) {
            out[i] = pm_disks_find(&index->disks, x, y);
        } else {
            size_t rank = pm_polygons_find(&index->covers, x, y);
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
    const size_t room = PM_DISK_ROOM(disks->count), radii = PM_DISK_ROOM(options->distance_count + 1);
    const size_t ordering = pm_rank_scratch(disks->count), grid = (2 * room + radii) * sizeof(int16_t);
    char *scratch = pm_allocate(options->allocator, ordering + grid);
    if (!scratch)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory for %zu disks", disks->count);
    int16_t *cells = (int16_t *)(void *)(scratch + ordering);
    pm_disk_table table = {.count = disks->count,
                           .x = disks->x,
                           .y = disks->y,
                           .radius = options->distance,
                           .step = options->distance_count != 1,
                           .grid_x = cells,
                           .grid_y = cells + room,
                           .reach = cells + 2 * room};
    status = pm_rank(options, disks->area, disks->count, scratch, &table.ids, err);
    if (!status) {
        pm_disks_fill(&table);
        for (size_t i = 0; i < points->count; i++) {
            double x = load(points->x, points->x_stride, i), y = load(points->y, points->y_stride, i);
            out[i] = isfinite(x) && isfinite(y) ? pm_disks_find(&table, x, y) : PM_NO_MATCH;
        }
    }
    pm_release(options->allocator, scratch);
    return status;
}
