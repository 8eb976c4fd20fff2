/* paint_disks.c — which cells does a disk reach, and which does it cover?
 *
 * The cells are those of paint.c; the shapes are disks, and disk_leaf.h says what their leaves are. Whether radii are
 * equal or not, more candidates make larger answers and fewer cells.
 *
 * A disk finds its children by rows: the nearest and the farthest place of a row from the center give the columns
 * that it reaches and those that it covers. Reaching is decided with a margin outwards and covering with one inwards,
 * DISK_SLACK, which is more than all rounding in the map and in the match together: some 2^-50 of the root cell.
 *
 * A disk around the same center as a better one, and no larger, never wins and is left out. Where too many rims crowd
 * for any cells all the same, limits linear in the disks end the attempt, and the index is scanned. */
#include "base/strict.h"

#include "paint_disks.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "disk_leaf.h"
#include "paint.h"

/* A leaf may hold this many disks whose rims cross it. With fewer, points look at fewer disks, but the tree grows and
 * so do its cache misses: where only FEW_ON_MAP disks are on the map, 2 are 20 to 30 % faster than 8; where many are,
 * 8 are as fast and built in a fifth of the time. Where such a tree is beyond the limits, one with leaves
 * COARSER_DISKS times as large is tried. Tables pay where one in JOIN_DISKS of their cells is cut again. */
enum { LEAF_DISKS = 2, LEAF_DISKS_OF_MANY = 8, FEW_ON_MAP = 1000, COARSER_DISKS = 8, JOIN_DISKS = 4 };
/* Cells of this many bits are 2^-30 of the root: 2^-50 is then 2^-20 of a cell. */
enum { DEEPEST = 30 };
static const double DISK_SLACK = 1.0 / (1 << 16), SMALLEST = 0x1p-1000; /* a radius that must not underflow */

/* A disk in the root cell; one of radius 0 is left out. */
typedef struct circle {
    double x, y, radius;
} circle;

typedef struct disk_painter {
    pm_painter base; /* without details */
    const pm_disk_table *disks;
    const circle *circles; /* by rank */
    size_t max_leaf_disks;
} disk_painter;

/* ---- a cell's children: bit 8 * row + column of a mask ---- */

/* How far a disk reaches in a row of cells, to both sides of its center, and how far it covers the row; negative
 * where it does neither. */
typedef struct chord {
    double reaches, covers;
} chord;

static inline chord chord_of(double below, double outer, double inner) {
    double above = below + 1;
    double near = below > 0 ? below : above < 0 ? -above : 0, far = -below > above ? -below : above;
    return (chord){near < outer ? sqrt((outer - near) * (outer + near)) + DISK_SLACK : -1,
                   far < inner ? sqrt((inner - far) * (inner + far)) - DISK_SLACK : -1};
}

/* Give one disk to the children that it reaches and that are not closed; close those that it covers. */
static void distribute_disk(pm_painter *p, const pm_cell *cell, int side, const pm_shape *shape, uint64_t *closed) {
    const double per_child = side / cell->size;
    const circle *disk = &((const disk_painter *)p)->circles[shape->number];
    double cx = (disk->x - cell->x) * per_child, cy = (disk->y - cell->y) * per_child;
    double r = disk->radius * per_child;
    double outer = r * (1 + 0x1p-44) + DISK_SLACK, inner = r * (1 - 0x1p-44) - DISK_SLACK;
    int first = pm_child_at(cy - outer, side), last = pm_child_at(cy + outer, side);
    first = first < 0 ? 0 : first;
    last = last < side ? last : side - 1;
    uint64_t touched = 0, covered = 0;
    for (int row = first; row <= last; row++) {
        chord c = chord_of(row - cy, outer, inner);
        if (c.reaches < 0)
            continue;
        touched |= pm_columns_touched(cx - c.reaches, cx + c.reaches, side) << (8 * row);
        if (c.covers > 0)
            covered |= pm_columns_covered(cx - c.covers, cx + c.covers, side) << (8 * row);
    }
    touched &= ~*closed;
    for (uint64_t left = touched; left; left &= left - 1) {
        int child = pm_lowest_bit(left);
        pm_painter_stage(p, (pm_shape){shape->number, 0, 0, !(covered >> child & 1), 0, (uint8_t)child});
    }
    *closed |= covered & touched;
}

int pm_disk_leaf_write(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, size_t most,
                       uint32_t *word) {
    int covered = shapes[count - 1].edges == 0;
    size_t start = p->leaves.count;
    if (count - (size_t)covered > most && cell->bits < p->deepest)
        return 0;
    p->too_much |= start + count >= UINT32_C(1) << 31;
    if (!pm_painter_reserve(p, &p->leaves, count + 2))
        return 1;
    uint32_t *leaves = p->leaves.items, *at = leaves + start;
    for (size_t i = 0; i < count; i++)
        *at++ = p->answers[shapes[i].number];
    if (!covered)
        *at++ = 0;
    at[-1] |= PM_DISK_LAST;
    if ((at - leaves) % 2)
        *at++ = PM_DISK_LAST;
    p->leaves.count = (size_t)(at - leaves);
    *word = (uint32_t)(start >> 1) << 2 | PM_CELL_LEAF;
    return 1;
}

static int write_leaf(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    return pm_disk_leaf_write(p, cell, shapes, count, ((const disk_painter *)p)->max_leaf_disks, word);
}

/* ---- disks that are nowhere the best ---- */

static int same_center(const pm_disk_table *d, size_t a, size_t b) {
    return d->x[a] == d->x[b] && d->y[a] == d->y[b];
}

/* Leave out each disk with the center of a better one, and no larger. */
static int drop_hidden(disk_painter *p, circle *circles) {
    const pm_disk_table *d = p->disks;
    size_t slots = 64, count = d->count;
    while (slots < 2 * count)
        slots *= 2;
    uint32_t *largest =
        pm_allocate(p->base.allocator, slots * sizeof *largest); /* rank + 1 of a center's largest yet */
    if (!largest) {
        p->base.status = PM_ERR_NO_MEMORY;
        return 0;
    }
    memset(largest, 0, slots * sizeof *largest);
    for (size_t rank = 0; rank < count; rank++) {
        size_t id = d->ids[rank];
        if (!(circles[rank].radius > 0))
            continue;
        uint64_t bits[2];
        memcpy(&bits[0], &d->x[id], sizeof bits[0]);
        memcpy(&bits[1], &d->y[id], sizeof bits[1]);
        uint64_t mixed = (bits[0] * UINT64_C(0x9E3779B97F4A7C15) ^ bits[1]) * UINT64_C(0xD6E8FEB86659FD93);
        size_t slot = (size_t)(mixed >> 32) & (slots - 1);
        while (largest[slot] && !same_center(d, d->ids[largest[slot] - 1], id))
            slot = (slot + 1) & (slots - 1);
        if (largest[slot] && d->radius[d->step * d->ids[largest[slot] - 1]] >= d->radius[d->step * id])
            circles[rank].radius = 0;
        else
            largest[slot] = (uint32_t)rank + 1;
    }
    pm_release(p->base.allocator, largest);
    return 1;
}

/* A grid over the root cell that knows which of its cells better disks cover, a bit each. */
enum { GRID_WORDS = 8, GRID_MOST = 64 * GRID_WORDS, GRID_LEAST = 8, CELLS_PER_RADIUS = 3, FEWEST = 64, CROWDED = 8 };

typedef struct grid {
    int side;
    uint64_t covered[GRID_MOST][GRID_WORDS];
} grid;

/* Those of the bits first .. last that are in word `word` of a row. */
static inline uint64_t bits_in(int first, int last, int word) {
    first = first > 64 * word ? first - 64 * word : 0;
    last = last < 64 * word + 63 ? last - 64 * word : 63;
    return first > last ? 0 : UINT64_MAX >> (63 - (last - first)) << first;
}

/* Does a disk reach a cell that is not covered? Cover those that it covers. */
static int shows(grid *g, const circle *disk) {
    double cx = disk->x * g->side, cy = disk->y * g->side, r = disk->radius * g->side;
    double outer = r * (1 + 0x1p-44) + DISK_SLACK, inner = r * (1 - 0x1p-44) - DISK_SLACK, end = g->side;
    int row = cy - outer > 0 ? (int)(cy - outer) : 0, last = cy + outer < end ? (int)(cy + outer) : g->side - 1;
    int is_seen = 0;
    for (; row <= last; row++) {
        chord c = chord_of(row - cy, outer, inner);
        if (c.reaches < 0)
            continue;
        int first = cx - c.reaches > 0 ? (int)(cx - c.reaches) : 0;
        int stop = cx + c.reaches < end ? (int)(cx + c.reaches) : g->side - 1;
        int from = 1, to = 0; /* the columns that it covers */
        if (c.covers > 0) {
            from = cx - c.covers > 0 ? g->side - (int)(end - cx + c.covers) : 0;
            to = (int)(cx + c.covers) - 1;
        }
        for (int word = first / 64; word <= stop / 64; word++) {
            is_seen |= (bits_in(first, stop, word) & ~g->covered[row][word]) != 0;
            g->covered[row][word] |= bits_in(from, to, word);
        }
    }
    return is_seen;
}

/* Leave out the disks that are nowhere the best, as far as a grid shows: nearly all of them where many lie over each
 * other. */
static void drop_covered(disk_painter *p, circle *circles) {
    double area = 0, shown = 0;
    for (size_t rank = 0; rank < p->disks->count; rank++) {
        area += circles[rank].radius * circles[rank].radius;
        shown += circles[rank].radius > 0;
    }
    double side = CELLS_PER_RADIUS / sqrt(area / shown); /* by the mean disk */
    if (!(shown >= FEWEST && side <= GRID_MOST && 3.14159265358979 * area > CROWDED))
        return;
    grid *g = pm_allocate(p->base.allocator, sizeof *g);
    if (!g) {
        p->base.status = PM_ERR_NO_MEMORY;
        return;
    }
    memset(g, 0, sizeof *g);
    g->side = side < GRID_LEAST ? GRID_LEAST : (int)side;
    for (size_t rank = 0; rank < p->disks->count; rank++)
        if (circles[rank].radius > 0 && !shows(g, &circles[rank]))
            circles[rank].radius = 0;
    pm_release(p->base.allocator, g);
}

/* ---- the whole ---- */

/* Choose the root cell, a little larger than the disks, and map them to it; 0 where doubles can't. */
static int map_disks(disk_painter *p, pm_tree *tree, circle *circles) {
    const pm_disk_table *d = p->disks;
    double low_x = INFINITY, low_y = INFINITY, high_x = -INFINITY, high_y = -INFINITY;
    for (size_t i = 0; i < d->count; i++) {
        double x = d->x[i], y = d->y[i], r = d->radius[d->step * i];
        if (!(r > 0) || isnan(x) || isnan(y))
            continue;
        if (isinf(r))
            return 0; /* contains every point, wherever its center is */
        if (isinf(x) || isinf(y))
            continue;
        low_x = x - r < low_x ? x - r : low_x;
        low_y = y - r < low_y ? y - r : low_y;
        high_x = x + r > high_x ? x + r : high_x;
        high_y = y + r > high_y ? y + r : high_y;
    }
    double extent = high_x - low_x > high_y - low_y ? high_x - low_x : high_y - low_y;
    double magnitude = fmax(fmax(fabs(low_x), fabs(high_x)), fmax(fabs(low_y), fabs(high_y)));
    if (!(extent > 1e-100 && magnitude < 1e100 && extent > magnitude * 0x1p-36))
        return 0;
    tree->min_x = low_x - extent * 0.00137;
    tree->min_y = low_y - extent * 0.00171;
    double scale = 1 / (extent * 1.0041);
    tree->scale = scale * 0x1p50;
    for (size_t rank = 0; rank < d->count; rank++) {
        size_t id = d->ids[rank];
        double r = d->radius[d->step * id];
        circle c = {(d->x[id] - tree->min_x) * scale, (d->y[id] - tree->min_y) * scale, 0};
        if (r > 0 && isfinite(c.x) && isfinite(c.y))
            c.radius = fmax(r * scale, SMALLEST);
        circles[rank] = c;
    }
    return 1;
}

/* About how many disks show on the map? When a place has c candidates, the first of them on top, 1 - exp(-c) of the
 * map is covered, and a disk shows on one c-th of its area. */
static double visible(const disk_painter *p) {
    double area = 1e-9;
    for (size_t rank = 0; rank < p->disks->count; rank++)
        area += 3.14159265358979 * p->circles[rank].radius * p->circles[rank].radius;
    return (double)p->disks->count * (1 - exp(-area)) / area;
}

/* Every disk that is left; none is known to cover the root cell. */
static void push_disks(disk_painter *painter) {
    pm_painter *p = &painter->base;
    const size_t count = painter->disks->count;
    p->shapes.count = 0;
    if (!pm_painter_reserve(p, &p->shapes, count))
        return;
    for (size_t rank = 0; rank < count; rank++)
        if (painter->circles[rank].radius > 0)
            ((pm_shape *)p->shapes.items)[p->shapes.count++] = (pm_shape){(uint32_t)rank, 0, 0, 1, 0, 0};
}

pm_status pm_tree_build_disks(pm_tree *tree, const pm_disk_table *disks, size_t size_limit, pm_poll *poll,
                              const pm_allocator *allocator) {
    memset(tree, 0, sizeof *tree);
    if (disks->count == 0 || disks->count >= UINT32_C(1) << 29)
        return PM_OK;
    disk_painter painter = {.base = {.distribute = distribute_disk,
                                     .write_leaf = write_leaf,
                                     .allocator = allocator,
                                     .poll = poll,
                                     .size_limit = size_limit,
                                     .work_limit = 4096 * disks->count + (1 << 20),
                                     .join_fraction = JOIN_DISKS,
                                     .deepest = DEEPEST},
                            .disks = disks};
    pm_painter *p = &painter.base;
    pm_painter_prepare(p, 1); /* no details */
    circle *circles = pm_allocate(allocator, disks->count * sizeof *circles);
    uint32_t *answers = circles ? pm_allocate(allocator, disks->count * sizeof *answers) : NULL;
    painter.circles = circles;
    p->answers = answers;
    if (!answers)
        p->status = PM_ERR_NO_MEMORY;
    for (size_t rank = 0; answers && rank < disks->count; rank++)
        answers[rank] = disks->ids[rank] + 1;
    if (answers && map_disks(&painter, tree, circles) && drop_hidden(&painter, circles)) {
        painter.max_leaf_disks = visible(&painter) < FEW_ON_MAP ? LEAF_DISKS : LEAF_DISKS_OF_MANY;
        drop_covered(&painter, circles);
        for (int coarse = 0; coarse < 2 && !tree->tables && p->status == PM_OK; coarse++) {
            pm_painter_clear(p);
            painter.max_leaf_disks *= coarse ? COARSER_DISKS : 1;
            p->is_last = coarse;
            push_disks(&painter);
            pm_painter_run(p, tree);
        }
    }
    if (!tree->tables)
        tree->scale = 0;
    pm_painter_release(p);
    pm_release(allocator, circles);
    pm_release(allocator, answers);
    return p->status;
}
