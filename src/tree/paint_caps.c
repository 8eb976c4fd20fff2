/* paint_caps.c — which cells of longitudes and latitudes does a disk on the sphere reach, and which does it cover?
 *
 * The cells are those of paint.c, over a square of 360 by 360 degrees whose middle half is the sphere; so a point
 * that is in no leaf needs no sine. A disk finds its children by rows. At a latitude it has a half width in
 * longitude, of which haversines give the sine: that grows up to the latitude where the disk is widest and shrinks
 * after it. So the greatest half width of a row is at one of its borders or where the disk is widest, the least at a
 * border; the first says which columns it reaches, the second which it covers, each also a turn to the left and
 * right. A disk over a pole has all longitudes beyond.
 *
 * Reaching is decided with a margin outwards and covering with one inwards, as in paint_disks.c: more than all
 * rounding in angles and in the match. */
#include "base/strict.h"

#include "paint_caps.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "paint.h"
#include "paint_disks.h"

/* Disks of a leaf, and of one where such a tree is beyond the limits. */
enum { LEAF_CAPS = 8, COARSER_CAPS = 8, JOIN_CAPS = 4, DEEPEST_CAPS = 26 };
static const double CAP_SLACK = 1.0 / (1 << 12), ROOT_SIDE = 361.7, ROOT_LON = -180.83, ROOT_LAT = -180.91;

/* A disk, in degrees. */
typedef struct disk_on_sphere {
    double lon, lat, radius;
    double turns_at;     /* the latitude where it is widest; of more than half the sphere, narrowest */
    double cos;          /* of lat */
    int is_edge_at_pole; /* or so near that the width there is not known well */
} disk_on_sphere;

typedef struct cap_painter {
    pm_painter base;             /* without details */
    const disk_on_sphere *disks; /* by rank; a radius that is not above 0 is left out */
    size_t max_leaf_caps;
} cap_painter;

/* The half width in degrees of a disk of this radius at a latitude; negative where it is not there. */
static double half_width(const disk_on_sphere *disk, double radius, double lat) {
    const double away = fabs(lat - disk->lat);
    if (!(away < radius))
        return -1;
    if (radius >= 180 || !(lat > -90 && lat < 90))
        return 180;
    const double sines = pm_direction_of(0.5 * (radius - away)).sin * pm_direction_of(0.5 * (radius + away)).sin;
    const double square = sines / (disk->cos * pm_direction_of(lat).cos);
    if (!(square < 1))
        return 180;
    return 2 * 57.29577951308232 * pm_angle_of(sqrt(1 - square), sqrt(square));
}

/* Columns of which all or any longitudes are at most `width` from the disk's; `at` is its longitude and `turn` a
 * whole turn, both in columns. */
static uint64_t columns_within(double at, double width, double turn, int side, int all) {
    uint64_t columns = 0;
    for (int shift = -1; shift <= 1; shift++) {
        const double left = at + shift * turn - width, right = at + shift * turn + width;
        columns |= all ? pm_columns_covered(left, right, side) : pm_columns_touched(left, right, side);
    }
    return columns;
}

static void distribute_cap(pm_painter *p, const pm_cell *cell, int side, const pm_shape *shape, uint64_t *closed) {
    const disk_on_sphere *disk = &((const cap_painter *)p)->disks[shape->number];
    const double step = cell->size * ROOT_SIDE / side, slack = CAP_SLACK * step;
    const double left = ROOT_LON + cell->x * ROOT_SIDE, bottom = ROOT_LAT + cell->y * ROOT_SIDE;
    const double outer = disk->radius * (1 + 0x1p-40) + slack, inner = disk->radius * (1 - 0x1p-40) - slack;
    const double at = (disk->lon - left) / step, turn = 360 / step;
    uint64_t touched = 0, covered = 0;
    double reach_below = half_width(disk, outer, fmax(bottom, -90)), cover_below = half_width(disk, inner, bottom);
    for (int row = 0; row < side; row++) {
        const double low = bottom + row * step, high = low + step;
        const double reach_above = half_width(disk, outer, fmin(high, 90)),
                     cover_above = half_width(disk, inner, high);
        double reaches = fmax(reach_below, reach_above);
        const int turns = disk->turns_at > low - slack && disk->turns_at < high + slack, is_large = disk->radius > 90;
        if (turns && !is_large)
            reaches = fmax(reaches, half_width(disk, outer, disk->turns_at));
        if (disk->is_edge_at_pole && fabs(disk->turns_at - low) < 1 + step)
            reaches = 180;
        if (reaches >= 0 && low <= 90 && high >= -90)
            touched |= columns_within(at, (reaches + slack) / step, turn, side, 0) << 8 * row;
        double covers = fmin(cover_below, cover_above);
        if (turns && is_large)
            covers = fmin(covers, half_width(disk, inner, disk->turns_at));
        if (covers > slack)
            covered |= columns_within(at, covers >= 180 ? turn : (covers - slack) / step, turn, side, 1) << 8 * row;
        reach_below = reach_above;
        cover_below = cover_above;
    }
    touched = (touched | covered) & ~*closed;
    for (uint64_t rest = touched; rest; rest &= rest - 1) {
        const int child = pm_lowest_bit(rest);
        pm_painter_stage(p, (pm_shape){shape->number, 0, 0, !(covered >> child & 1), 0, (uint8_t)child});
    }
    *closed |= covered & touched;
}

static int write_cap_leaf(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    return pm_disk_leaf_write(p, cell, shapes, count, ((const cap_painter *)p)->max_leaf_caps, word);
}

static void fill_disks(const pm_cap_table *table, disk_on_sphere *disks) {
    for (size_t rank = 0; rank < table->count; rank++) {
        const size_t id = table->ids[rank];
        const double degrees = table->radius[table->step * id] / PM_SPHERE_RADIUS * 57.29577951308232;
        disk_on_sphere *disk = &disks[rank];
        *disk = (disk_on_sphere){table->lon[id], table->lat[id], isnan(table->lon[id]) ? 0 : degrees, 0, 0, 0};
        if (!(disk->radius > 0))
            continue;
        disk->radius = fmin(disk->radius, 181);
        disk->cos = fabs(pm_direction_of(disk->lat).cos); /* of a pole may be -0 */
        const double ratio = pm_direction_of(disk->lat).sin / pm_direction_of(disk->radius).cos;
        const double sine = fabs(ratio) < 1 ? fabs(ratio) : 1;
        disk->turns_at = 57.29577951308232 * pm_angle_of(sqrt(1 - sine * sine), sine);
        disk->turns_at = ratio < 0 ? -disk->turns_at : disk->turns_at;
        disk->is_edge_at_pole = fabs(fabs(disk->lat) + disk->radius - 90) < 0.01;
    }
}

static void push_caps(cap_painter *painter, size_t count) {
    pm_painter *p = &painter->base;
    p->shapes.count = 0;
    if (!pm_painter_reserve(p, &p->shapes, count))
        return;
    for (size_t rank = 0; rank < count; rank++)
        if (painter->disks[rank].radius > 0)
            ((pm_shape *)p->shapes.items)[p->shapes.count++] = (pm_shape){(uint32_t)rank, 0, 0, 1, 0, 0};
}

pm_status pm_tree_build_caps(pm_tree *tree, const pm_cap_table *table, size_t size_limit, pm_poll *poll,
                             const pm_allocator *allocator) {
    memset(tree, 0, sizeof *tree);
    if (table->count == 0 || table->count >= UINT32_C(1) << 29)
        return PM_OK;
    tree->min_x = ROOT_LON;
    tree->min_y = ROOT_LAT;
    tree->scale = 0x1p50 / ROOT_SIDE;
    cap_painter painter = {.base = {.distribute = distribute_cap,
                                    .write_leaf = write_cap_leaf,
                                    .allocator = allocator,
                                    .poll = poll,
                                    .size_limit = size_limit,
                                    .work_limit = 4096 * table->count + (1 << 20),
                                    .join_fraction = JOIN_CAPS,
                                    .deepest = DEEPEST_CAPS}};
    pm_painter *p = &painter.base;
    pm_painter_prepare(p, 1); /* no details */
    disk_on_sphere *disks = pm_allocate(allocator, table->count * sizeof *disks);
    uint32_t *answers = disks ? pm_allocate(allocator, table->count * sizeof *answers) : NULL;
    painter.disks = disks;
    p->answers = answers;
    if (!answers)
        p->status = PM_ERR_NO_MEMORY;
    for (size_t rank = 0; answers && rank < table->count; rank++)
        answers[rank] = table->ids[rank] + 1;
    if (answers)
        fill_disks(table, disks);
    for (int coarse = 0; answers && coarse < 2 && !tree->tables && p->status == PM_OK; coarse++) {
        pm_painter_clear(p);
        painter.max_leaf_caps = coarse ? LEAF_CAPS * COARSER_CAPS : LEAF_CAPS;
        p->is_last = coarse;
        push_caps(&painter, table->count);
        pm_painter_run(p, tree);
    }
    if (!tree->tables)
        tree->scale = 0;
    pm_painter_release(p);
    pm_release(allocator, disks);
    pm_release(allocator, answers);
    return p->status;
}
