/* paint_polygons.c — which cells does a polygon's border run through, and which does the polygon cover?
 *
 * A polygon in a cell is the runs of edges that touch the cell and one bit: is the cell's lower left corner inside?
 * One level down, each edge goes to the children that it touches, row by row, and flips the corners beyond it: those
 * that a walk reaches after crossing the edge, up the left side and then across. Most edges stay inside one child,
 * and a run of such edges goes down as a whole.
 *
 * Vertices are mapped to the root cell by the map that points take. Whether a corner is inside is decided exactly for
 * these mapped vertices: in doubles, and where a corner is closer than TINY to an edge by the sign of an orientation.
 * So nothing about corners is ever in doubt, however deep the cell or round the coordinates; a corner on an edge
 * counts as a little to the right and, by much less, above. Children take edges from a little outside (SLACK), so
 * rounding can't lose one, and a cell that no edge comes near is covered by the polygon itself, not only by its
 * mapped picture. What becomes a leaf, and how it is drawn: polygon_draft.c. */
#include "base/strict.h"

#include "paint_polygons.h"

#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/status.h"
#include "copies.h"
#include "occupied.h"
#include "patches.h"
#include "polygon_leaf.h"
#include "root.h"

static const double SLACK = 1.0 / 512, TINY = 1.0 / 4096;

/* Edges that are handled together where they are far from the sides of cells. */
enum { STRETCH = 32 };

/* Edges, and the child that they touch. */
typedef struct touch {
    pm_run edges;
    uint32_t child;
} touch;

/* A joined table is worth its memory when one in this many of its cells would be cut again. While all fits a
 * second-level cache, looks are cheap and levels are not: counties are 20 % faster with 12 than with 6. */
enum { JOIN_SMALL = 12, JOIN_LARGE = 6, SMALL = 200000 };

/* How large a leaf may be: in edges, polygons, vertices, in how far vertices may be from what is drawn, and in
 * polygons that are decided exactly. The first attempt whose tree stays within the limits and below the bytes up to
 * which such leaves pay is the tree; later ones have larger leaves and cut cells gradually, so that leaves are full.
 *
 * Small leaves take less time while the tree is in the caches: of 10,000 tiles, 25 ns a point with up to 14 edges and
 * 50 with up to 42. Beyond, the caches' misses are all the time, and large leaves take as much: of 100,000 tiles, 60
 * to 80 ns each way, with a sixth of the memory and half of the time to build. Coasts are drawn with few vertices,
 * and most points are in no leaf: there small ones take 5 to 20 % less at any size that fits. Of 4.3 and 8.2 million
 * vertices of countries, 56 edges are as fast as fewer, built in 60 % of the time, and a third smaller. Runs of
 * edges, instead of whole polygons, are 2 to 4 % faster for polygons of 100 vertices, and a tenth of a tree of large
 * leaves. Who needs the tree once, for few points, begins with the second attempt: counties take 18 ms instead of 31,
 * and 17 instead of 13 ns a point.
 *
 * Where memory lacks, time grows gradually: 156,000 zones of 97 vertices, whose tree of 42 edges takes 133 MB and 64
 * ns, take 78, 102 and 151 ns with 84, 43 and 25 MB. The last of these has few vertices in large cells, so that many
 * points are undecided; only with less, all of them are, and take ten times as long. */
enum { BRIEF = 1, ROOM = 14, ROOM_OF_MANY = 56, GRADUAL = 16, ASIDE = 60, FAR_ASIDE = 250, WHOLE = 64, MB = 1 << 20 };
static const struct attempt {
    int times, gradual, polygons, vertices, aside, whole, exact;
    size_t pays, pays_small; /* bytes of a tree; where polygons are small */
    int beyond_goal;         /* up to the limit, whatever the goal */
    int is_last;             /* ended by a limit itself only, not because it will reach it */
} ATTEMPTS[] = {{1, 0, 3, PM_LEAF_NARROW, ASIDE, WHOLE, 0, SIZE_MAX, 24 * MB, 0, 0},
                {1, GRADUAL, 8, PM_LEAF_NARROW, ASIDE, WHOLE, 0, 12 * MB, 12 * MB, 0, 0},
                {3, GRADUAL, 8, 40, ASIDE, WHOLE, 0, SIZE_MAX, SIZE_MAX, 0, 0},
                {5, GRADUAL, 12, 56, ASIDE, 2 * WHOLE, 0, SIZE_MAX, SIZE_MAX, 0, 0},
                {6, GRADUAL, 16, PM_LEAF_WIDE, ASIDE, 2 * WHOLE, 0, SIZE_MAX, SIZE_MAX, 0, 0},
                {8, GRADUAL, 24, PM_LEAF_WIDE, ASIDE, 2 * WHOLE, 0, SIZE_MAX, SIZE_MAX, 1, 0},
                {28, GRADUAL, 32, 32, FAR_ASIDE, 2 * WHOLE, 0, SIZE_MAX, SIZE_MAX, 1, 1},
                {1, GRADUAL, 3, PM_LEAF_NARROW, ASIDE, WHOLE, 16, SIZE_MAX, SIZE_MAX, 1, 1}};
#ifndef PM_MANY_VERTICES /* tests draw all maps as large ones, of large polygons */
#define PM_MANY_VERTICES 1000000
#define PM_SMALL_POLYGON 100 /* vertices */
#endif

/* Work that a small map may take beyond what its vertices allow, some 20 ms: 1,000 nested squares take most of it. */
enum { SPARE_WORK = 1 << 22 };

/* ---- a cell's children: bit 8 * row + column of a mask ---- */

/* One shape on its way down. */
typedef struct spread {
    pm_polygon_painter *painter;
    pm_cell cell;
    int side; /* children along a side */
    double per_child;
    uint64_t closed;  /* children that take nothing more */
    uint64_t touched; /* an edge is in or next to the child */
    uint64_t inside;  /* the child's corner is inside */
    pm_run open[64];  /* of touched children: the run that may still grow */
} spread;

static inline void touch_child(spread *s, uint32_t first, uint32_t count, int child) {
    uint64_t bit = UINT64_C(1) << child;
    pm_run *open = &s->open[child];
    if (s->closed & bit)
        return;
    if (!(s->touched & bit)) {
        s->touched |= bit;
        *open = (pm_run){first, count};
    } else if (open->first + open->count == first) {
        open->count += count;
    } else {
        pm_stack *touches = &s->painter->base.scratch;
        if (!pm_painter_reserve(&s->painter->base, touches, 1))
            return;
        ((touch *)touches->items)[touches->count++] = (touch){*open, (uint32_t)child};
        *open = (pm_run){first, count};
    }
}

static void touch_children(spread *s, uint32_t first, const pm_edge *e) {
    double low_x = pm_least(e->ax, e->bx), high_x = pm_greatest(e->ax, e->bx);
    double low_y = pm_least(e->ay, e->by), high_y = pm_greatest(e->ay, e->by);
    if (high_y + SLACK < 0 || low_y - SLACK >= s->side || high_x + SLACK < 0 || low_x - SLACK >= s->side)
        return;
    int row = low_y - SLACK < 0 ? 0 : (int)(low_y - SLACK),
        last = high_y + SLACK >= s->side ? s->side - 1 : (int)(high_y + SLACK);
    double slope = e->by == e->ay ? 0 : (e->bx - e->ax) / (e->by - e->ay);
    for (; row <= last; row++) {
        double from = low_x, to = high_x;
        if (e->by != e->ay && (low_y < row - SLACK || high_y > row + 1 + SLACK)) { /* only a stretch is in this row */
            double low = pm_greatest(low_y, row - SLACK), high = pm_least(high_y, row + 1 + SLACK);
            double at_low = e->ax + (low - e->ay) * slope, at_high = e->ax + (high - e->ay) * slope;
            from = pm_greatest(from, pm_least(at_low, at_high));
            to = pm_least(to, pm_greatest(at_low, at_high));
        }
        if (to + SLACK < 0 || from - SLACK >= s->side)
            continue;
        int column = from - SLACK < 0 ? 0 : (int)(from - SLACK),
            end = to + SLACK >= s->side ? s->side - 1 : (int)(to + SLACK);
        for (; column <= end; column++)
            touch_child(s, first, 1, 8 * row + column);
    }
}

/* The first of the corners in a line that lies beyond the edge, which crosses the line at about `at`: further along
 * than the crossing. `across` is 1 for a row of corners, 0 for the left side. Doubles decide but within `doubt`. */
static int first_beyond(const spread *s, const pm_edge *mapped, double at, double doubt, int across, int row) {
    double from = at - doubt, to = at + doubt;
    int end = s->side - 1, first = from < 0 ? 0 : from > end ? s->side : (int)ceil(from);
    int last = to < 0 ? -1 : to > end ? end : (int)to;
    int left_is_beyond = across ? mapped->by < mapped->ay : mapped->bx > mapped->ax;
    for (; first <= last; first++) {
        double x = s->cell.x + (across ? first : 0) / s->per_child;
        double y = s->cell.y + (across ? row : first) / s->per_child;
        if (pm_is_left(mapped, x, y) == left_is_beyond)
            break;
    }
    return first;
}

/* Flip the corners beyond the edge. */
static void flip_corners(spread *s, const pm_edge *mapped, const pm_edge *e) {
    double dx = mapped->bx - mapped->ax, dy = mapped->by - mapped->ay;
    if ((mapped->ax > s->cell.x) != (mapped->bx > s->cell.x)) {
        double slope = dy / dx, at = e->ay - e->ax * slope;
        int first = first_beyond(s, mapped, at, TINY * (1 + fabs(slope)), 0, 0);
        if (first > 0 && first < s->side)
            s->inside ^= UINT64_MAX << (8 * first);
    }
    double low = pm_least(e->ay, e->by), high = pm_greatest(e->ay, e->by);
    const int end = s->side - 1;
    if (high < -TINY || low > end + TINY)
        return;
    int row = low - TINY <= 0 ? 0 : (int)(low - TINY), last = high + TINY >= end ? end : (int)(high + TINY);
    for (; row <= last; row++) {
        double y = s->cell.y + row / s->per_child; /* without rounding */
        if ((mapped->ay > y) == (mapped->by > y))
            continue;
        double slope = dx / dy, at = e->ax + (row - e->ay) * slope;
        int first = first_beyond(s, mapped, at, TINY * (1 + fabs(slope)), 1, row);
        if (first > 0 && first < s->side)
            s->inside ^= (UINT64_C(0xff) << first & 0xff) << (8 * row);
    }
}

/* The child that (x, y) is in, away from its sides; -1 when in none. */
static inline int safe_child(int side, double x, double y) {
    if (!(x > 0 && x < side && y > 0 && y < side))
        return -1;
    int column = (int)x, row = (int)y;
    x -= column;
    y -= row;
    int is_safe = (x > SLACK) & (x < 1 - SLACK) & (y > SLACK) & (y < 1 - SLACK);
    return is_safe ? 8 * row + column : -1;
}

static void spread_edges(spread *s, pm_run edges) {
    const pm_polygon_painter *p = s->painter;
    const double *v = p->polygons->vertices + 2 * (size_t)edges.first;
    double mx = (v[0] - p->min_x) * p->scale, my = (v[1] - p->min_y) * p->scale;
    double x = (mx - s->cell.x) * s->per_child, y = (my - s->cell.y) * s->per_child;
    int child = safe_child(s->side, x, y);
    for (uint32_t i = 0; i < edges.count; i++) {
        pm_edge mapped = {mx, my, (v[2] - p->min_x) * p->scale, (v[3] - p->min_y) * p->scale};
        pm_edge local = {x, y, (mapped.bx - s->cell.x) * s->per_child, (mapped.by - s->cell.y) * s->per_child};
        int next = safe_child(s->side, local.bx, local.by);
        if (child >= 0 && child == next) {
            touch_child(s, edges.first + i, 1, child);
        } else {
            touch_children(s, edges.first + i, &local);
            flip_corners(s, &mapped, &local);
        }
        v += 2;
        mx = mapped.bx;
        my = mapped.by;
        x = local.bx;
        y = local.by;
        child = next;
    }
}

/* The child in which all of these edges are, away from its sides; -1 when in none. */
static int safe_child_of_all(const spread *s, const pm_box *mapped) {
    int child =
        safe_child(s->side, (mapped->min_x - s->cell.x) * s->per_child, (mapped->min_y - s->cell.y) * s->per_child);
    int other =
        safe_child(s->side, (mapped->max_x - s->cell.x) * s->per_child, (mapped->max_y - s->cell.y) * s->per_child);
    return child == other ? child : -1;
}

static void spread_run(spread *s, pm_run edges) {
    while (edges.count >= STRETCH) { /* most of a long run is far from all sides */
        uint32_t stretch = (edges.first + STRETCH - 1) / STRETCH, skip = stretch * STRETCH - edges.first;
        int child = -1;
        if (edges.count >= skip + STRETCH)
            child = safe_child_of_all(s, s->painter->stretches + stretch);
        if (child < 0)
            skip = skip + STRETCH < edges.count ? skip + STRETCH : edges.count;
        if (skip > 0)
            spread_edges(s, (pm_run){edges.first, skip});
        if (child >= 0) {
            touch_child(s, edges.first + skip, STRETCH, child);
            skip += STRETCH;
        }
        edges = (pm_run){edges.first + skip, edges.count - skip};
    }
    if (edges.count > 0)
        spread_edges(s, edges);
}

/* Put the shape's runs onto the stack, child by child, and stage the children. */
static void stage_children(spread *s, const pm_shape *shape) {
    pm_polygon_painter *painter = s->painter;
    pm_painter *p = &painter->base;
    uint32_t counts[64], edges[64], next[64];
    const touch *touches = painter->base.scratch.items;
    size_t closed_runs = painter->base.scratch.count, runs = closed_runs;
    uint64_t reached = (s->touched | s->inside) & ~s->closed;
    for (uint64_t left = reached; left; left &= left - 1) {
        int child = pm_lowest_bit(left), touched = (int)(s->touched >> child & 1);
        counts[child] = (uint32_t)touched;
        edges[child] = touched ? s->open[child].count : 0;
        runs += (size_t)touched;
    }
    for (size_t i = 0; i < closed_runs; i++) {
        counts[touches[i].child]++;
        edges[touches[i].child] += touches[i].edges.count;
    }
    if (!pm_painter_reserve(p, &p->details, runs))
        return;
    p->too_much |= p->details.count + runs >= UINT32_MAX / 2;
    for (uint64_t left = reached; left; left &= left - 1) {
        int child = pm_lowest_bit(left);
        next[child] = (uint32_t)p->details.count;
        pm_painter_stage(p, (pm_shape){shape->number, next[child], counts[child], edges[child],
                                       (uint8_t)(s->inside >> child & 1), (uint8_t)child});
        p->details.count += counts[child];
        if (edges[child] == 0)
            s->closed |= UINT64_C(1) << child;
    }
    pm_run *out = p->details.items;
    for (size_t i = 0; i < closed_runs; i++)
        out[next[touches[i].child]++] = touches[i].edges;
    for (uint64_t left = s->touched; left; left &= left - 1)
        out[next[pm_lowest_bit(left)]] = s->open[pm_lowest_bit(left)];
}

/* A small polygon goes to a child as a whole. Of a million squares that takes half of the time of the upper levels.
 */
static void stage_whole(pm_painter *p, const pm_shape *shape, int child, uint64_t closed) {
    if (closed >> child & 1 || !pm_painter_reserve(p, &p->details, shape->count))
        return;
    pm_run *runs = p->details.items;
    const uint32_t first = (uint32_t)p->details.count;
    memcpy(runs + first, runs + shape->first, shape->count * sizeof *runs);
    p->details.count += shape->count;
    p->too_much |= p->details.count >= UINT32_MAX / 2;
    pm_painter_stage(p, (pm_shape){shape->number, first, shape->count, shape->edges, 0, (uint8_t)child});
}

static void distribute(pm_painter *p, const pm_cell *cell, int side, const pm_shape *shape, uint64_t *closed) {
    pm_polygon_painter *painter = (pm_polygon_painter *)p;
    const pm_box *box = painter->polygons->polygon_boxes + shape->number;
    const pm_box mapped = {
        (box->min_x - painter->min_x) * painter->scale, (box->min_y - painter->min_y) * painter->scale,
        (box->max_x - painter->min_x) * painter->scale, (box->max_y - painter->min_y) * painter->scale};
    spread s;
    s.painter = painter;
    s.cell = *cell;
    s.side = side;
    s.per_child = side / cell->size;
    s.closed = *closed;
    s.touched = 0;
    s.inside = shape->inside ? UINT64_MAX : 0;
    painter->base.scratch.count = 0;
    const int child = safe_child_of_all(&s, &mapped);
    if (child >= 0) {
        stage_whole(p, shape, child, *closed);
        return;
    }
    for (uint32_t i = 0; i < shape->count; i++)
        spread_run(&s, ((const pm_run *)p->details.items)[shape->first + i]);
    if (p->status == PM_OK)
        stage_children(&s, shape);
    *closed = s.closed;
}

/* ---- the whole ---- */

/* The mapped boxes of edges STRETCH * i .. STRETCH * (i + 1) - 1, so of one vertex more; NULL without memory. */
static pm_box *map_stretches(const pm_polygon_painter *p, size_t vertices) {
    pm_box *boxes = pm_allocate(p->base.allocator, (vertices / STRETCH + 1) * sizeof *boxes);
    for (size_t i = 0; boxes && i < vertices / STRETCH; i++) {
        const double *v = p->polygons->vertices + 2 * STRETCH * i;
        pm_box box = {v[0], v[1], v[0], v[1]};
        for (size_t k = 1; k <= STRETCH && STRETCH * i + k < vertices; k++) {
            box.min_x = pm_least(box.min_x, v[2 * k]);
            box.min_y = pm_least(box.min_y, v[2 * k + 1]);
            box.max_x = pm_greatest(box.max_x, v[2 * k]);
            box.max_y = pm_greatest(box.max_y, v[2 * k + 1]);
        }
        boxes[i] = (pm_box){(box.min_x - p->min_x) * p->scale, (box.min_y - p->min_y) * p->scale,
                            (box.max_x - p->min_x) * p->scale, (box.max_y - p->min_y) * p->scale};
    }
    return boxes;
}

/* Every polygon with all of its edges; the root's corner is outside of them all. */
static void push_polygons(pm_polygon_painter *painter, size_t count) {
    pm_painter *p = &painter->base;
    const pm_polygon_table *polygons = painter->polygons;
    size_t mask = 1;
    while (mask < 2 * count)
        mask = 2 * mask + 1;
    uint32_t *table = pm_allocate(p->allocator, (mask + 1) * sizeof *table);
    p->shapes.count = p->details.count = 0;
    if (!table)
        p->status = PM_ERR_NO_MEMORY;
    if (!table || !pm_painter_reserve(p, &p->shapes, count) ||
        !pm_painter_reserve(p, &p->details, polygons->ring_offsets[count])) {
        pm_release(p->allocator, table);
        return;
    }
    memset(table, 0, (mask + 1) * sizeof *table);
    for (size_t polygon = 0; polygon < count; polygon++) {
        size_t begin = p->details.count, edges = 0;
        if (!pm_polygon_is_surface(polygons, polygon) || !pm_is_new_polygon(polygons, table, mask, polygon))
            continue;
        for (size_t ring = polygons->ring_offsets[polygon]; ring < polygons->ring_offsets[polygon + 1]; ring++) {
            size_t first = polygons->vertex_offsets[ring], end = polygons->vertex_offsets[ring + 1];
            if (end > first + 1) {
                ((pm_run *)p->details.items)[p->details.count++] =
                    (pm_run){(uint32_t)first, (uint32_t)(end - 1 - first)};
                edges += end - 1 - first;
            }
        }
        if (edges > 0)
            ((pm_shape *)p->shapes.items)[p->shapes.count++] = (pm_shape){
                (uint32_t)polygon, (uint32_t)begin, (uint32_t)(p->details.count - begin), (uint32_t)edges, 0, 0};
    }
    pm_release(p->allocator, table);
}

/* What an attempt says becomes the painter's. */
static void set_leaves(pm_polygon_painter *painter, const struct attempt *attempt, size_t vertices, size_t count,
                       const pm_tree_aim *aim) {
    pm_painter *p = &painter->base;
    const size_t limit = attempt->beyond_goal || aim->size_limit < aim->size_goal ? aim->size_limit : aim->size_goal;
    const int small = vertices / PM_SMALL_POLYGON < count;
    const size_t pays = small ? attempt->pays_small : attempt->pays;
    painter->max_leaf_edges = (size_t)attempt->times * (vertices < PM_MANY_VERTICES || small ? ROOM : ROOM_OF_MANY);
    painter->max_leaf_polygons = attempt->polygons;
    painter->max_leaf_vertices = attempt->vertices;
    painter->max_leaf_aside = attempt->aside;
    painter->max_whole_vertices = (size_t)attempt->whole;
    painter->max_exact_polygons = attempt->exact;
    p->gradual_below = (size_t)attempt->gradual * painter->max_leaf_edges;
    p->size_limit = limit < pays ? limit : pays;
    p->is_last = attempt->is_last;
}

pm_status pm_tree_build_polygons(pm_tree *tree, const pm_polygon_table *polygons, const uint32_t *ids,
                                 const pm_tree_aim *aim, pm_poll *poll, const pm_runner *runner,
                                 const pm_allocator *allocator) {
    size_t count = polygons->polygon_offsets[polygons->count];
    size_t vertices = polygons->vertex_offsets[polygons->ring_offsets[count]];
    memset(tree, 0, sizeof *tree);
    if (count == 0 || vertices >= UINT32_MAX / 2 || polygons->count >= UINT32_C(1) << 29)
        return PM_OK;
    pm_polygon_painter painter = {.base = {.distribute = distribute,
                                           .write_leaf = pm_polygon_draft,
                                           .move_leaves = pm_polygon_move_leaves,
                                           .scratch = {.item_size = sizeof(touch)},
                                           .allocator = allocator,
                                           .poll = poll,
                                           .join_fraction = vertices < SMALL ? JOIN_SMALL : JOIN_LARGE,
                                           .work_limit = 96 * vertices + SPARE_WORK,
                                           .deepest = PM_DEEPEST},
                                  .polygons = polygons,
                                  .squares = aim->squares,
                                  .square_count = aim->square_count};
    pm_painter *p = &painter.base;
    if (!pm_root_choose(tree, polygons)) {
        tree->scale = 0;
        return PM_OK;
    }
    painter.min_x = tree->min_x;
    painter.min_y = tree->min_y;
    painter.scale = ldexp(tree->scale, -PM_FIXED_BITS);
    uint32_t *answers = pm_allocate(allocator, count * sizeof *answers);
    if (!answers) {
        tree->scale = 0;
        return PM_ERR_NO_MEMORY;
    }
    for (size_t rank = 0; rank < polygons->count; rank++)
        for (size_t i = polygons->polygon_offsets[rank]; i < polygons->polygon_offsets[rank + 1]; i++)
            answers[i] = ids[rank] + 1;
    p->answers = answers;
    pm_box *stretches = map_stretches(&painter, vertices);
    painter.stretches = stretches;
    p->status = stretches ? PM_OK : PM_ERR_NO_MEMORY;
    pm_occupied occupied = {.words = NULL};
    if (aim->only && !p->status) {
        p->status = pm_occupied_mark(&occupied, tree, aim->only, allocator);
        p->occupied = &occupied;
    }
    pm_painter_prepare(p, sizeof(pm_run));
    pm_patches patches = {.painter = p};
    if (!p->status)
        push_polygons(&painter, count);
    const int is_cut = !p->status && pm_patches_cut(&patches, p, sizeof painter, runner);
    const size_t attempts = is_cut ? sizeof ATTEMPTS / sizeof *ATTEMPTS : 0;
    for (size_t i = aim->is_brief ? BRIEF : 0; i < attempts && !tree->tables && p->status == PM_OK; i++) {
        set_leaves(&painter, &ATTEMPTS[i], vertices, count, aim);
        pm_patches_paint(&patches, tree);
    }
    pm_patches_release(&patches);
    if (!tree->tables)
        tree->scale = 0;
    pm_painter_release(p);
    pm_occupied_free(&occupied, allocator);
    pm_release(allocator, stretches);
    pm_release(allocator, answers);
    return p->status;
}
