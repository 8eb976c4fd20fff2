/* kind_sphere_polygons.c — an index of polygons on the sphere: which is the best region that covers the point?
 *
 * The regions were drawn on the six faces of a cube, which lie in one plane (sphere/atlas.h). There great circles are
 * straight, so everything is what it is for polygons of a plane (kind_polygons.c): the sections, the tree, the
 * checks. Points are projected to the faces, a batch at a time, and matched there. */
#include "base/strict.h"

#include "kind_sphere.h"

#include "kind_polygons.h"
#include "scan/scan.h"
#include "sphere/bounds.h"
#include "sphere/face.h"

enum { FACE_BATCH = 512 };

void pm_sphere_match_drawn(const void *view, const pm_points *points, int64_t *out) {
    double x[FACE_BATCH], y[FACE_BATCH];
    for (size_t begin = 0; begin < points->count; begin += FACE_BATCH) {
        const size_t count = points->count - begin < FACE_BATCH ? points->count - begin : FACE_BATCH;
        const ptrdiff_t step = (ptrdiff_t)sizeof(double);
        const pm_points projected = {.x = x, .y = y, .x_stride = step, .y_stride = step, .count = count};
        pm_face_points(points, begin, count, x, y);
        pm_kind_polygons.match(view, &projected, NULL, out + begin);
    }
}

void pm_sphere_extend_bounds(pm_build *b, const double *limits, size_t step) {
    for (int i = 0; i < 4; i++)
        b->bounds[i] = NAN;
    for (size_t region = 0; region < b->count; region++) {
        const pm_box box = pm_sphere_region_box(b->sphere, region, limits ? limits[step * region] : 0);
        pm_build_extend_bounds(b, box.min_x, box.min_y, box.max_x, box.max_y);
    }
}

const pm_tree *pm_sphere_no_tree(const void *view) {
    (void)view;
    static const pm_tree none;
    return &none;
}

static const pm_section_name DRAWN_SECTIONS[] = {
    PM_SECTION_BOXES,          PM_SECTION_POLYGON_OFFSETS, PM_SECTION_POLYGON_BOXES, PM_SECTION_RING_OFFSETS,
    PM_SECTION_VERTEX_OFFSETS, PM_SECTION_VERTICES,        PM_SECTION_SPANS,         PM_SECTION_TREE_ROOT,
    PM_SECTION_TREE_TABLES,    PM_SECTION_TREE_LEAVES,     PM_SECTION_TREE_ORIGINS};

static pm_status drawn_plan(pm_build *b, pm_error *err) {
    return pm_kind_polygons.plan(b, err);
}

static pm_status drawn_fill(pm_build *b, void *view, pm_error *err) {
    const pm_status status = pm_kind_polygons.fill(b, view, err);
    if (!status)
        pm_sphere_extend_bounds(b, NULL, 0);
    return status;
}

static pm_status drawn_paint(pm_build *b, void *view, pm_error *err) {
    return pm_kind_polygons.paint(b, view, err);
}

static int drawn_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    return pm_kind_polygons.fits(sizes, count);
}

static void drawn_make_view(void *view, const pm_block *block) {
    pm_kind_polygons.view(view, block);
}

static pm_status drawn_verify(const void *view, const pm_block *block, const pm_allocator *allocator, pm_error *err) {
    return pm_kind_polygons.verify(view, block, allocator, err);
}

static void drawn_match(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    (void)turns; /* none on the sphere */
    pm_sphere_match_drawn(view, points, out);
}

static size_t drawn_beside_size(const void *view) {
    return pm_kind_polygons.beside_size(view);
}

static pm_status drawn_beside_fill(const void *view, void *memory, size_t size, pm_poll *poll,
                                   const pm_allocator *allocator) {
    return pm_kind_polygons.beside_fill(view, memory, size, poll, allocator);
}

static int drawn_list(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns,
                      size_t most, pm_hits *hits) {
    const pm_points point = {.x = &places->low, .y = &places->y, .count = 1};
    double x, y;
    pm_face_points(&point, 0, 1, &x, &y);
    const pm_exact_point drawn = pm_point(x, y);
    return isnan(x) || pm_kind_polygons.list(view, beside, &drawn, turns, most, hits);
}

const pm_kind pm_kind_sphere_polygons = {.name = "covers",
                                         .predicate = PM_COVERS,
                                         .metric = PM_SPHERE,
                                         .distance = PM_DISTANCE_NONE,
                                         .view_size = sizeof(pm_polygon_view),
                                         .sections = DRAWN_SECTIONS,
                                         .section_count = sizeof DRAWN_SECTIONS / sizeof *DRAWN_SECTIONS,
                                         .check = pm_sphere_check,
                                         .area = pm_sphere_region_area,
                                         .draw = pm_atlas_draw,
                                         .plan = drawn_plan,
                                         .fill = drawn_fill,
                                         .paint = drawn_paint,
                                         .fits = drawn_fits,
                                         .view = drawn_make_view,
                                         .verify = drawn_verify,
                                         .match = drawn_match,
                                         .beside_size = drawn_beside_size,
                                         .beside_fill = drawn_beside_fill,
                                         .list = drawn_list,
                                         .tree = pm_sphere_no_tree};
