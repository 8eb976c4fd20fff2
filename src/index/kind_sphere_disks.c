/* kind_sphere_disks.c — an index of disks on the sphere: which is the best region whose center is closer than the
 * distance?
 *
 * Its sections are centers (those of a pm_lonlat, NaN for none), radii and caps in the order of the input
 * (sphere/caps.c), and unless disks are few, the tree (tree/paint_caps.c). */
#include "base/strict.h"

#include "kind_sphere.h"

#include <string.h>

#include "base/status.h"
#include "scan/scan.h"
#include "sphere/bounds.h"
#include "sphere/cap_groups.h"
#include "sphere/caps.h"
#include "sphere/face.h"
#include "tree/cap_leaf.h"
#include "tree/paint_caps.h"

typedef struct pm_cap_view {
    pm_cap_table table;
    pm_tree tree;
} pm_cap_view;

/* With fewer, all are looked through before a table of cells is read. */
enum { FEW_CAPS = 16 };

static const pm_section_name CAPS_SECTIONS[] = {
    PM_SECTION_DISK_X,    PM_SECTION_DISK_Y,      PM_SECTION_DISK_RADIUS, PM_SECTION_CAPS,
    PM_SECTION_TREE_ROOT, PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES, PM_SECTION_TREE_ORIGINS};

static const pm_tree_sections CAPS_TREE = {PM_SECTION_TREE_ROOT, PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES,
                                           PM_SECTION_TREE_ORIGINS};

/* ---- building ---- */

static void caps_set_sizes(uint64_t sizes[PM_SECTIONS], uint64_t disks, uint64_t radii) {
    sizes[PM_SECTION_DISK_X] = disks * sizeof(double);
    sizes[PM_SECTION_DISK_Y] = disks * sizeof(double);
    sizes[PM_SECTION_DISK_RADIUS] = radii * sizeof(double);
    sizes[PM_SECTION_CAPS] = disks * sizeof(pm_cap);
}

static pm_status caps_plan(pm_build *b, pm_error *err) {
    (void)err;
    caps_set_sizes(b->sizes, b->count, b->options->distance_count);
    pm_build_plan_tree(b, &CAPS_TREE);
    b->default_limit = 320 * b->count + (4 << 20);
    return PM_OK;
}

static pm_status caps_fill(pm_build *b, void *view, pm_error *err) {
    const pm_cap_table *table = &((const pm_cap_view *)view)->table;
    double *lon = pm_block_array(&b->block, PM_SECTION_DISK_X), *lat = pm_block_array(&b->block, PM_SECTION_DISK_Y);
    double *radius = pm_block_array(&b->block, PM_SECTION_DISK_RADIUS);
    const size_t radii = b->options->distance_count;
    if (radii > 0)
        memcpy(radius, b->options->distance, radii * sizeof *radius);
    pm_status status = pm_distances_check(radius, radii, err); /* they may have changed */
    if (status)
        return status;
    for (size_t i = 0; i < b->count; i++) {
        const double x = b->disks->x[i], y = b->disks->y[i], r = radius[table->step * i];
        const int is_place = pm_is_lonlat(x, y);
        const pm_lonlat place = pm_lonlat_at(x, y);
        lon[i] = is_place ? place.lon : NAN;
        lat[i] = is_place ? place.lat : NAN;
        if (is_place && r > 0) {
            const pm_box box = pm_sphere_place_box(x, y, r);
            pm_build_extend_bounds(b, box.min_x, box.min_y, box.max_x, box.max_y);
        }
    }
    pm_caps_fill(table);
    return PM_OK;
}

static pm_status caps_paint(pm_build *b, void *view, pm_error *err) {
    const pm_cap_view *v = view;
    pm_tree tree;
    if (b->options->engine == PM_ENGINE_AUTO && b->count < FEW_CAPS)
        return PM_OK;
    const pm_status status = pm_tree_build_caps(&tree, &v->table, b->budget, &b->poll, b->options->allocator);
    return pm_build_add_tree(b, &CAPS_TREE, status, &tree, err);
}

/* ---- using a block ---- */

static int caps_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    const uint64_t radii = sizes[PM_SECTION_DISK_RADIUS] / sizeof(double);
    uint64_t again[PM_SECTIONS];
    memcpy(again, sizes, sizeof again);
    caps_set_sizes(again, count, radii);
    return memcmp(again, sizes, sizeof again) == 0 && (radii == 1 || radii == count) &&
           pm_tree_fits(sizes, &CAPS_TREE);
}

static void caps_make_view(void *view, const pm_block *block) {
    *(pm_cap_view *)view =
        (pm_cap_view){.table = {.count = (size_t)block->header.count,
                                .ids = pm_block_array(block, PM_SECTION_IDS),
                                .lon = pm_block_array(block, PM_SECTION_DISK_X),
                                .lat = pm_block_array(block, PM_SECTION_DISK_Y),
                                .radius = pm_block_array(block, PM_SECTION_DISK_RADIUS),
                                .step = block->sections[PM_SECTION_DISK_RADIUS].size != sizeof(double),
                                .caps = pm_block_array(block, PM_SECTION_CAPS)},
                      .tree = pm_tree_view(block, &CAPS_TREE)};
}

/* Caps and radii need no check: they are only compared. Centers are turned to angles. */
static pm_status caps_verify(const void *view, const pm_block *block, const pm_allocator *allocator, pm_error *err) {
    const pm_cap_table *table = &((const pm_cap_view *)view)->table;
    (void)block;
    int right = 1;
    for (size_t i = 0; i < table->count; i++)
        right &= (table->lon[i] >= -180 && table->lon[i] < 180 && fabs(table->lat[i]) <= 90) ||
                 (isnan(table->lon[i]) && isnan(table->lat[i]));
    if (!right)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a center is not on the sphere");
    const pm_tree *tree = &((const pm_cap_view *)view)->tree;
    return pm_tree_check(tree, pm_disk_leaves_check, table, table->count, allocator, err);
}

/* ---- searching ---- */

/* The best disk of each point. */
static void scan_caps(const pm_cap_table *table, const pm_points *points, int64_t *out) {
    for (size_t i = 0; i < points->count; i++) {
        const double lon = pm_load(points->x, points->x_stride, i), lat = pm_load(points->y, points->y_stride, i);
        out[i] = PM_NO_MATCH;
        if (!pm_is_lonlat(lon, lat))
            continue;
        const pm_observer origin = pm_observer_at(pm_lonlat_at(lon, lat));
        const size_t rank = pm_caps_find(table, &origin);
        if (rank < table->count)
            out[i] = (int64_t)table->ids[rank];
    }
}

/* The same by the tree: points by their one pair of coordinates, a batch at a time. */
static void walk_caps(const pm_cap_view *v, const pm_points *points, int64_t *out) {
    double lon[PM_BATCH], lat[PM_BATCH];
    for (size_t begin = 0; begin < points->count; begin += PM_BATCH) {
        const size_t count = points->count - begin < PM_BATCH ? points->count - begin : PM_BATCH;
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        pm_lonlat_load(points, begin, count, lon, lat);
        const pm_points places = {.x = lon, .y = lat, .x_stride = step, .y_stride = step, .count = count};
        pm_tree_match(&v->tree, &places, NULL, out + begin, pm_cap_leaf, &v->table, pm_isa_best());
    }
}

static void caps_match(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    const pm_cap_view *v = view;
    (void)turns; /* none on the sphere */
    if (pm_tree_exists(&v->tree))
        walk_caps(v, points, out);
    else
        scan_caps(&v->table, points, out);
}

static void caps_measure(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                         double *distances) {
    const pm_cap_table *table = &((const pm_cap_view *)view)->table;
    caps_match(view, points, turns, out);
    for (size_t i = 0; i < points->count; i++) {
        const double lon = pm_load(points->x, points->x_stride, i), lat = pm_load(points->y, points->y_stride, i);
        const pm_observer origin = pm_observer_at(pm_lonlat_at(lon, lat));
        distances[i] = out[i] < 0 ? NAN : pm_cap_distance(table, (size_t)out[i], &origin);
    }
}

/* ---- listing ---- */

static size_t caps_beside_size(const void *view) {
    return pm_cap_groups_size(&((const pm_cap_view *)view)->table);
}

static pm_status caps_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                  const pm_allocator *allocator) {
    (void)size;
    return pm_cap_groups_fill(&((const pm_cap_view *)view)->table, memory, poll, allocator);
}

/* The disks that contain a place, at least the first `most`. */
static int add_caps(const pm_cap_table *table, const pm_beside *beside, const pm_observer *origin, size_t most,
                    pm_ranks *ranks) {
    if (beside->memory) {
        pm_cap_groups groups;
        pm_cap_groups_view(&groups, beside->memory);
        return pm_caps_find_all(table, &groups, origin, ranks);
    }
    for (size_t rank = 0; rank < table->count && ranks->count < most; rank++)
        if (pm_cap_contains(table, table->ids[rank], origin->vector, origin->place) &&
            !pm_ranks_append(ranks, (uint32_t)rank))
            return 0;
    return 1;
}

static int caps_list(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                     size_t most, pm_hits *hits) {
    const pm_cap_table *table = &((const pm_cap_view *)view)->table;
    (void)turns;
    if (!pm_is_lonlat(places->low, places->y))
        return 1;
    const pm_observer origin = pm_observer_at(pm_lonlat_at(places->low, places->y));
    hits->ranks.count = 0;
    if (!add_caps(table, beside, &origin, most, &hits->ranks))
        return 0;
    for (size_t i = 0; i < hits->ranks.count && i < most; i++) {
        const size_t id = table->ids[hits->ranks.items[i]];
        pm_hits_add(hits, (int64_t)id, pm_hits_measure(hits) ? pm_cap_distance(table, id, &origin) : 0);
    }
    return 1;
}

const pm_kind pm_kind_sphere_disks = {.name = "center_within",
                                      .predicate = PM_CENTER_WITHIN,
                                      .metric = PM_SPHERE,
                                      .distance = PM_DISTANCE_NEEDED,
                                      .distances = PM_SECTION_DISK_RADIUS,
                                      .takes_disks = 1,
                                      .takes_lines = 1,
                                      .view_size = sizeof(pm_cap_view),
                                      .sections = CAPS_SECTIONS,
                                      .section_count = sizeof CAPS_SECTIONS / sizeof *CAPS_SECTIONS,
                                      .check = pm_sphere_check,
                                      .area = pm_sphere_region_area,
                                      .center = pm_sphere_region_center,
                                      .plan = caps_plan,
                                      .fill = caps_fill,
                                      .paint = caps_paint,
                                      .fits = caps_fits,
                                      .view = caps_make_view,
                                      .verify = caps_verify,
                                      .match = caps_match,
                                      .measure = caps_measure,
                                      .beside_size = caps_beside_size,
                                      .beside_fill = caps_beside_fill,
                                      .list = caps_list,
                                      .tree = pm_sphere_no_tree};
