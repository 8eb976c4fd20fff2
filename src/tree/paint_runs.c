/* paint_runs.c — how are cells of runs of edges made into a tree?
 *
 * A cell keeps the runs that matter in it, and is cut in four until few are left: which runs matter, and what is
 * written for a cell, is for the map to say (paint_nearest.c, paint_within.c). Tables have 8 x 8 words, so a cell is
 * cut three times before it has a table of its own. Cells are a little larger than the places that are mapped into
 * them, so that rounding can't lose a run.
 *
 * Attempts end at limits linear in the input; the next has larger leaves. Where all fail there is no map, and the
 * tree over runs answers alone. */
#include "base/strict.h"

#include "paint_runs.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "run_leaf.h"

/* A leaf may have this many edges in the first attempt, and COARSER_MAP times as many in each of the others. Tables
 * pay where one in JOIN_MAP of their cells is cut again. Beyond FIRST_MAP bytes small leaves are hardly faster: of
 * 100,000 buildings they take 113 ns per point instead of 149, but twice the time to build, and 65 MB instead of 54.
 */
enum { LEAF_EDGES = 8, COARSER_MAP = 2, MAP_ATTEMPTS = 4, JOIN_MAP = 4, FIRST_MAP = 24 << 20 };

pm_place pm_place_quarter(const pm_run_painter *p, const pm_place *c, size_t k) {
    const double half = ldexp(p->side, -c->bits - 2);
    return (pm_place){k & 1 ? c->x + half : c->x - half, k & 2 ? c->y + half : c->y - half,
                      half * (1 + PM_RUNS_SLACK) + p->blur, c->bits + 1, c->share};
}

int pm_run_painter_open(pm_run_painter *p, pm_square *s) {
    pm_painter *base = &p->base;
    if (s->width > 1)
        return 1;
    const size_t first = base->tables.count;
    if (!pm_painter_reserve(base, &base->tables, 64))
        return 0;
    memset((uint32_t *)base->tables.items + first, 0, 64 * sizeof(uint32_t));
    base->tables.count += 64;
    ((uint32_t *)base->tables.items)[s->first] = (uint32_t)(first >> 6) << 4 | PM_CELL_INNER;
    *s = (pm_square){first, 8};
    return 1;
}

void pm_run_painter_set(pm_run_painter *p, pm_square s, uint32_t word) {
    for (size_t k = 0; k < s.width * s.width; k++)
        ((uint32_t *)p->base.tables.items)[s.first + 8 * (k / s.width) + k % s.width] = word;
}

/* Beyond these counts words could not number tables and leaves. */
int pm_run_painter_must_stop(pm_run_painter *p, size_t runs) {
    pm_painter *base = &p->base;
    base->work += 4 + runs;
    if (pm_poll_after(base->poll, 4 + 8 * runs))
        base->status = PM_ERR_STOPPED;
    base->too_much |= base->leaves.count >= UINT32_C(1) << 30 || base->tables.count >= UINT32_C(1) << 30;
    return pm_painter_must_stop(base);
}

int pm_run_painter_start(pm_run_painter *p, pm_tree *tree) {
    const size_t runs = p->field->runs->run_count;
    const pm_box all = pm_polygons_box(p->field->table);
    const double extent = fmax(all.max_x - all.min_x, all.max_y - all.min_y);
    const double magnitude = fmax(fmax(fabs(all.min_x), fabs(all.max_x)), fmax(fabs(all.min_y), fabs(all.max_y)));
    memset(tree, 0, sizeof *tree);
    if (runs == 0 || runs > PM_LEAF_RUNS || !(extent > 1e-100 && magnitude < 1e100 && extent > magnitude * 0x1p-20))
        return 0;
    const double margin = fmin(extent / 2, p->field->farthest) + extent * 0.00137;
    const double side = (extent + 2 * margin) * 1.0021, scale = p->field->runs->scale;
    tree->min_x = all.min_x - margin;
    tree->min_y = all.min_y - margin;
    tree->scale = 0x1p50 / side;
    p->side = side * scale;
    p->min_x = tree->min_x * scale;
    p->min_y = tree->min_y * scale;
    p->blur = (magnitude + side) * scale * 0x1p-32;
    p->farthest = p->field->farthest * scale * (1 + 0x1p-40);
    p->leaf_edges = LEAF_EDGES;
    p->base.work_limit = 1000 * runs + (1 << 14);
    p->base.join_fraction = JOIN_MAP;
    pm_painter_prepare(&p->base, sizeof(pm_near_candidate));
    p->base.shapes.item_size = sizeof(uint32_t);
    return 1;
}

int pm_run_painter_read(pm_run_painter *p) {
    const pm_runs *runs = p->field->runs;
    p->boxes = pm_allocate(p->base.allocator, runs->run_count * sizeof *p->boxes);
    for (size_t i = 0; p->boxes && i < runs->run_count; i++) {
        const float *node = runs->runs.nodes[0] + PM_PACKED_FLOATS * (i / PM_PACKED_FAN) + i % PM_PACKED_FAN;
        p->boxes[i] =
            (pm_run_box){{node[0], node[PM_PACKED_FAN], -node[2 * PM_PACKED_FAN], -node[3 * PM_PACKED_FAN]}};
    }
    return p->boxes != NULL;
}

static void paint_runs_once(pm_run_painter *p, pm_tree *tree, pm_run_paint *paint) {
    pm_painter *base = &p->base;
    pm_painter_clear(base);
    base->shapes.count = 0;
    if (!pm_painter_reserve(base, &base->shapes, p->field->runs->run_count) ||
        !pm_painter_reserve(base, &base->tables, 64))
        return;
    memset(base->tables.items, 0, 64 * sizeof(uint32_t));
    base->tables.count = 64;
    const double half = p->side / 2;
    paint(p, (pm_place){p->min_x + half, p->min_y + half, half * (1 + PM_RUNS_SLACK) + p->blur, 0, 1},
          (pm_square){0, 8});
    if (!pm_run_painter_must_stop(p, 0))
        pm_painter_finish(base, tree, PM_CELL_INNER);
}

pm_status pm_run_painter_paint(pm_run_painter *p, pm_tree *tree, pm_run_paint *paint) {
    pm_painter *base = &p->base;
    const size_t limit = base->size_limit;
    for (int attempt = 0; attempt < MAP_ATTEMPTS && !tree->tables && base->status == PM_OK; attempt++) {
        base->is_last = attempt + 1 == MAP_ATTEMPTS;
        base->size_limit = attempt == 0 && limit > FIRST_MAP ? FIRST_MAP : limit;
        paint_runs_once(p, tree, paint);
        p->leaf_edges *= COARSER_MAP;
    }
    if (!tree->tables)
        tree->scale = 0;
    pm_painter_release(base);
    pm_release(base->allocator, p->boxes);
    return base->status;
}
