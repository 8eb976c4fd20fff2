/* tree_build.c — what does the map of answers look like?
 *
 * The answer at a place is a property of the place: the best region that covers it. So the plane is cut into cells,
 * 8 x 8 at a time. A cell gets the parts that reach it, best first, cut off after the first that covers all of it:
 * nothing behind that can win. A cell whose list starts with such a part is an answer; one with few edges is a
 * leaf (cell.h); any other is cut again. Small cells arise only where borders crowd.
 *
 * A part in a cell is the edges that touch the cell and one bit: is its lower left corner inside? Going one level
 * down, each edge is handed to the children it touches, row by row, and flips the corners that lie behind it: 64
 * children are one 64-bit mask, so a part costs a few operations and its edges, not 64 tests.
 *
 * Everything is computed in doubles on vertices mapped to the root cell. Children take edges from a little outside
 * (SLACK), so rounding can't lose one. A corner closer than TINY to an edge, or an edge that crosses a line of
 * corners that close to one, is not trusted: the part's own coordinates decide, for that part in that cell.
 *
 * Depth-first, with stacks that shrink on the way back: beside the output, memory is a few copies of one path. Where
 * borders crowd beyond any use of cells (a thousand copies of one region), limits linear in the vertices end it, and
 * the scan stands in. */
#include <math.h>
#include <string.h>

#include "cell.h"
#include "status.h"
#include "tree.h"

/* A leaf may hold this much; fewer means deeper trees, more means longer tests. On counties and countries twice and
 * half as much are both slower. Where such a tree is beyond the limits, one with leaves COARSER times as large is
 * tried: a million squares side by side, a thousand rings in each other. */
enum { LEAF_EDGES = 16, LEAF_PARTS = 6, COARSER = 8 };
/* Cells at this depth are 2^-30 of the root: 2^-53 is then still 2^-10 of a step. */
enum { DEEPEST = 10 };
static const double SLACK = 1.0 / 512, TINY = 1.0 / (1 << 18);

/* A part in a cell. Without edges it covers all of the cell. */
typedef struct shape {
    uint32_t part;
    uint32_t edges; /* position in the edge stack */
    uint32_t count;
    uint8_t inside; /* the corner */
    uint8_t child;  /* while children are being collected */
} shape;

/* An edge, by its first vertex, and a child that it touches. */
typedef struct touch {
    uint32_t edge;
    uint32_t child;
} touch;

/* A growing array. */
typedef struct stack {
    void *items;
    size_t count, room, item_size;
} stack;

typedef struct builder {
    const pm_covers *covers;
    const uint32_t *ids;
    const pm_allocator *allocator;
    pm_tree *tree;
    uint32_t *part_ids;
    double *vertices; /* mapped to the root cell */
    stack shapes, edges, touches, staged, inner, leaves;
    size_t size_limit, work, work_limit; /* of inner and leaves in bytes; of edges handled */
    int deepest;                         /* at most DEEPEST */
    size_t leaf_edges, leaf_parts;
    pm_poll *poll;
    int no_memory, too_much;
} builder;

/* Make room for `more` items; 0 when memory has run out. */
static int reserve(builder *b, stack *s, size_t more) {
    if (s->count + more <= s->room)
        return 1;
    size_t room = 2 * (s->count + more) + 64;
    void *items = pm_allocate(b->allocator, room * s->item_size);
    if (!items) {
        b->no_memory = 1;
        return 0;
    }
    if (s->count > 0)
        memcpy(items, s->items, s->count * s->item_size);
    pm_release(b->allocator, s->items);
    s->items = items;
    s->room = room;
    return 1;
}

/* ---- a leaf ---- */

/* Clip an edge to the box around the cell that steps can express; 0 when nothing is left. Liang and Barsky (1984). */
static int clip(double a[2], double b[2]) {
    const double low = -0.45, high = 1.45;
    double delta[2] = {b[0] - a[0], b[1] - a[1]}, from = 0, to = 1;
    for (int axis = 0; axis < 2; axis++) {
        if (delta[axis] == 0) {
            if (a[axis] < low || a[axis] > high)
                return 0;
            continue;
        }
        double enter = (low - a[axis]) / delta[axis], leave = (high - a[axis]) / delta[axis];
        if (enter > leave) {
            double swap = enter;
            enter = leave;
            leave = swap;
        }
        from = enter > from ? enter : from;
        to = leave < to ? leave : to;
    }
    if (from > to)
        return 0;
    for (int axis = 0; axis < 2; axis++) {
        if (to < 1)
            b[axis] = a[axis] + to * delta[axis];
        if (from > 0)
            a[axis] += from * delta[axis];
    }
    return 1;
}

static int16_t step_of(double cells) {
    return (int16_t)lrint(cells * PM_CELL_STEPS);
}

/* The edges of a shape in steps; returns how many, and sets PM_PIECE_ASK where the corner is too near to one. */
static size_t write_edges(const builder *b, const shape *s, double x, double y, double size, pm_cell_edge *out,
                          int *flags) {
    size_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const double *vertex = b->vertices + 2 * (size_t)((const uint32_t *)b->edges.items)[s->edges + i];
        double from[2] = {(vertex[0] - x) / size, (vertex[1] - y) / size};
        double to[2] = {(vertex[2] - x) / size, (vertex[3] - y) / size};
        if (!clip(from, to))
            continue;
        pm_cell_edge edge = {step_of(from[0]), step_of(from[1]), step_of(to[0]), step_of(to[1])};
        if (pm_cell_near(edge, 0, 0, pm_cell_cross(edge, 0, 0)))
            *flags |= PM_PIECE_ASK;
        out[count++] = edge;
    }
    return count;
}

static uint32_t write_leaf(builder *b, double x, double y, double size, size_t begin, size_t end) {
    const shape *shapes = b->shapes.items;
    size_t units = 2 * (end - begin), start = b->leaves.count;
    for (size_t i = begin; i < end; i++) {
        units += shapes[i].count;
        b->too_much |= shapes[i].count > UINT16_MAX;
    }
    b->too_much |= start + units >= UINT32_C(1) << 30;
    if (b->too_much || !reserve(b, &b->leaves, units))
        return 0;
    uint64_t *leaves = b->leaves.items;
    for (size_t i = begin; i < end; i++) {
        int flags = (shapes[i].inside ? PM_PIECE_INSIDE : 0) | (i + 1 == end ? PM_PIECE_LAST : 0);
        size_t at = b->leaves.count;
        pm_cell_edge *edges = (pm_cell_edge *)(void *)(leaves + at + 1);
        size_t count = write_edges(b, &shapes[i], x, y, size, edges, &flags);
        pm_piece piece = {b->part_ids[shapes[i].part], (uint16_t)count, (uint16_t)flags};
        memcpy(leaves + at, &piece, sizeof piece);
        leaves[at + 1 + count] = shapes[i].part;
        b->leaves.count = at + 2 + count;
    }
    return (uint32_t)start << 2 | PM_CELL_LEAF;
}

/* ---- a cell's children ---- */

/* What one shape does to the 64 children: bit 8 * row + column. */
typedef struct spread {
    uint64_t touched; /* an edge is in or next to the child */
    uint64_t inside;  /* the child's corner is inside */
    int unsure;       /* the corners are not to be trusted */
} spread;

/* An edge in units of children, from the cell's corner. */
typedef struct local_edge {
    double ax, ay, bx, by, dx, dy, low_x, high_x, low_y, high_y;
} local_edge;

static local_edge localize(const double *v, double x, double y, double per_child) {
    local_edge e = {(v[0] - x) * per_child,
                    (v[1] - y) * per_child,
                    (v[2] - x) * per_child,
                    (v[3] - y) * per_child,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0};
    e.dx = e.bx - e.ax;
    e.dy = e.by - e.ay;
    e.low_x = e.ax < e.bx ? e.ax : e.bx;
    e.high_x = e.ax < e.bx ? e.bx : e.ax;
    e.low_y = e.ay < e.by ? e.ay : e.by;
    e.high_y = e.ay < e.by ? e.by : e.ay;
    return e;
}

/* Record the children that the edge touches, except those in `closed`. */
static int touch_children(builder *b, uint32_t edge, const local_edge *e, uint64_t closed, spread *out) {
    if (e->high_y + SLACK < 0 || e->low_y - SLACK >= 8)
        return 1;
    int first = e->low_y - SLACK < 0 ? 0 : (int)(e->low_y - SLACK);
    int last = e->high_y + SLACK >= 8 ? 7 : (int)(e->high_y + SLACK);
    double slope = e->dy == 0 ? 0 : e->dx / e->dy;
    if (!reserve(b, &b->touches, 64))
        return 0;
    for (int row = first; row <= last; row++) {
        double from = e->low_x, to = e->high_x;
        if (e->dy != 0 &&
            (e->low_y < row - SLACK || e->high_y > row + 1 + SLACK)) { /* only a stretch is in this row */
            double low = e->low_y > row - SLACK ? e->low_y : row - SLACK;
            double high = e->high_y < row + 1 + SLACK ? e->high_y : row + 1 + SLACK;
            double at_low = e->ax + (low - e->ay) * slope, at_high = e->ax + (high - e->ay) * slope;
            double left = at_low < at_high ? at_low : at_high, right = at_low < at_high ? at_high : at_low;
            from = left > from ? left : from;
            to = right < to ? right : to;
        }
        if (to + SLACK < 0 || from - SLACK >= 8)
            continue;
        int column = from - SLACK < 0 ? 0 : (int)(from - SLACK), end = to + SLACK >= 8 ? 7 : (int)(to + SLACK);
        for (; column <= end; column++) {
            uint32_t child = (uint32_t)(8 * row + column);
            if (closed >> child & 1)
                continue;
            out->touched |= UINT64_C(1) << child;
            ((touch *)b->touches.items)[b->touches.count++] = (touch){edge, child};
        }
    }
    return 1;
}

/* Is this crossing of a line of corners too close to one of them? */
static int near_corner(double at) {
    return at > -TINY && at < 7 + TINY && fabs(at - rint(at)) <= TINY;
}

/* Flip the corners behind the edge on the way up the left side and then across. */
static void flip_corners(const local_edge *e, spread *out) {
    if (e->low_x < TINY && e->high_x > -TINY && e->low_y < TINY && e->high_y > -TINY &&
        fabs(e->dy * e->ax - e->dx * e->ay) <= TINY * (fabs(e->dx) + fabs(e->dy)))
        out->unsure = 1; /* it runs through the cell's own corner */
    if ((e->ax > 0) != (e->bx > 0)) {
        double at = e->ay - e->ax * (e->dy / e->dx);
        out->unsure |= near_corner(at);
        if (at > 0 && at < 7)
            out->inside ^= UINT64_MAX << (8 * ((int)at + 1));
    }
    if (e->dy == 0 || e->high_y <= 0 || e->low_y > 7)
        return;
    double slope = e->dx / e->dy;
    int row = e->low_y > 0 ? (int)ceil(e->low_y) : 0; /* rows with low_y <= row < high_y */
    for (; row < 8 && row < e->high_y; row++) {
        double at = e->ax + (row - e->ay) * slope;
        out->unsure |= near_corner(at);
        if (at > 0 && at < 7)
            out->inside ^= ((UINT64_C(0xff) << ((int)at + 1)) & 0xff) << (8 * row);
    }
}

static size_t part_size(const pm_covers *covers, uint32_t part) {
    return covers->vertex_offsets[covers->ring_offsets[part + 1]] -
           covers->vertex_offsets[covers->ring_offsets[part]];
}

/* Ask the part itself about all corners. */
static uint64_t ask_corners(const builder *b, uint32_t part, double x, double y, double child_size) {
    uint64_t inside = 0;
    for (int child = 0; child < 64; child++) {
        double px = b->tree->min_x + (x + (child & 7) * child_size) / b->tree->scale;
        double py = b->tree->min_y + (y + (child >> 3) * child_size) / b->tree->scale;
        inside |= (uint64_t)pm_part_covers(b->covers, part, px, py) << child;
    }
    return inside;
}

/* Hand one shape to the children that it reaches and that are not closed; close those that it covers. */
static int hand_down(builder *b, shape s, double x, double y, double size, uint64_t *closed) {
    spread out = {0, s.inside ? UINT64_MAX : 0, 0};
    b->touches.count = 0;
    for (uint32_t i = 0; i < s.count; i++) {
        uint32_t edge = ((const uint32_t *)b->edges.items)[s.edges + i];
        local_edge e = localize(b->vertices + 2 * (size_t)edge, x, y, 8 / size);
        if (!touch_children(b, edge, &e, *closed, &out))
            return 0;
        flip_corners(&e, &out);
    }
    if (out.unsure) {
        out.inside = ask_corners(b, s.part, x, y, size / 8);
        b->work += 64 + part_size(b->covers, s.part); /* 64 searches of its spans */
    }

    /* Group the touches by child behind what is on the edge stack. */
    uint32_t counts[64] = {0}, places[64];
    const touch *touches = b->touches.items;
    b->work += s.count + b->touches.count + 16;
    b->too_much |= pm_poll_after(b->poll, s.count + b->touches.count + 16);
    for (size_t i = 0; i < b->touches.count; i++)
        counts[touches[i].child]++;
    if (!reserve(b, &b->edges, b->touches.count) || !reserve(b, &b->staged, 64))
        return 0;
    for (int child = 0; child < 64; child++) {
        uint64_t bit = UINT64_C(1) << child;
        if (!((out.touched | out.inside) & ~*closed & bit))
            continue;
        places[child] = (uint32_t)b->edges.count;
        ((shape *)b->staged.items)[b->staged.count++] =
            (shape){s.part, places[child], counts[child], (out.inside & bit) != 0, (uint8_t)child};
        b->edges.count += counts[child];
        if (counts[child] == 0)
            *closed |= bit;
    }
    for (size_t i = 0; i < b->touches.count; i++)
        ((uint32_t *)b->edges.items)[places[touches[i].child]++] = touches[i].edge;
    return 1;
}

static uint32_t build_cell(builder *b, double x, double y, double size, size_t begin, size_t end, int depth);

static uint32_t split_cell(builder *b, double x, double y, double size, size_t begin, size_t end, int depth) {
    size_t shape_mark = b->shapes.count, edge_mark = b->edges.count;
    uint64_t closed = 0;
    b->staged.count = 0;
    for (size_t i = begin; i < end && closed != UINT64_MAX && !b->too_much; i++) {
        if (!hand_down(b, ((const shape *)b->shapes.items)[i], x, y, size, &closed))
            return 0;
        b->too_much |= b->work > b->work_limit || b->edges.count >= UINT32_MAX / 2;
    }

    /* The children's shapes, child by child, each best first. */
    size_t starts[65] = {0}, places[64];
    const shape *staged = b->staged.items;
    if (!reserve(b, &b->shapes, b->staged.count) || !reserve(b, &b->inner, 64))
        return 0;
    for (size_t i = 0; i < b->staged.count; i++)
        starts[staged[i].child + 1]++;
    for (int child = 0; child < 64; child++) {
        places[child] = shape_mark + starts[child];
        starts[child + 1] += starts[child];
    }
    for (size_t i = 0; i < b->staged.count; i++)
        ((shape *)b->shapes.items)[places[staged[i].child]++] = staged[i];
    b->shapes.count += b->staged.count;

    size_t node = b->inner.count / 64;
    b->inner.count += 64;
    b->too_much |= b->inner.count * sizeof(uint32_t) + b->leaves.count * sizeof(uint64_t) > b->size_limit ||
                   node >= UINT32_C(1) << 30;
    for (size_t child = 0; child < 64 && !b->too_much && !b->no_memory; child++) {
        uint32_t word = build_cell(b, x + (double)(child & 7) * size / 8, y + (double)(child >> 3) * size / 8,
                                   size / 8, shape_mark + starts[child], shape_mark + starts[child + 1], depth + 1);
        ((uint32_t *)b->inner.items)[64 * node + child] = word;
    }
    b->shapes.count = shape_mark;
    b->edges.count = edge_mark;
    return (uint32_t)node << 2 | PM_CELL_INNER;
}

/* The word of the cell with this corner and size, reached by shapes [begin, end). */
static uint32_t build_cell(builder *b, double x, double y, double size, size_t begin, size_t end, int depth) {
    const shape *shapes = b->shapes.items;
    size_t edges = 0;
    for (size_t i = begin; i < end; i++) {
        edges += shapes[i].count;
        if (shapes[i].count == 0)
            end = i + 1; /* covers the cell: nothing behind it can win */
    }
    if (begin == end)
        return 0;
    if (shapes[begin].count == 0)
        return (b->part_ids[shapes[begin].part] + 1) << 2 | PM_CELL_ANSWER;
    int in_table = 3 * depth < (int)b->tree->root; /* the table's cells are all of one size */
    if (depth == b->deepest || (!in_table && edges <= b->leaf_edges && end - begin <= b->leaf_parts))
        return write_leaf(b, x, y, size, begin, end);
    return split_cell(b, x, y, size, begin, end, depth);
}

/* ---- the whole ---- */

/* Choose the root cell and map the vertices to it; 0 where doubles can't. The cell is a little larger than the
 * regions, by amounts that keep borders on round coordinates off the lines between cells. */
static int map_vertices(builder *b, size_t vertices) {
    const pm_covers *covers = b->covers;
    double low_x = INFINITY, low_y = INFINITY, high_x = -INFINITY, high_y = -INFINITY;
    for (size_t i = 0; i < covers->count; i++) {
        const pm_box *box = &covers->boxes[i];
        low_x = box->min_x < low_x ? box->min_x : low_x;
        low_y = box->min_y < low_y ? box->min_y : low_y;
        high_x = box->max_x > high_x ? box->max_x : high_x;
        high_y = box->max_y > high_y ? box->max_y : high_y;
    }
    double extent = high_x - low_x > high_y - low_y ? high_x - low_x : high_y - low_y;
    double magnitude = fmax(fmax(fabs(low_x), fabs(high_x)), fmax(fabs(low_y), fabs(high_y)));
    if (!(extent > 1e-100 && magnitude < 1e100 && extent > magnitude * 1e-6))
        return 0;
    /* A part is asked about a corner at the nearest doubles, this far off. That may be beyond an edge, so it must be
     * much less than TINY in the deepest cells: then the corner is not trusted on the next level either. */
    double off = 0x1p-53 * (magnitude / extent) + 0x1p-51;
    b->deepest = DEEPEST;
    while (off > TINY / 4 * ldexp(1, -3 * b->deepest))
        b->deepest--;
    b->tree->min_x = low_x - extent * 0.00137;
    b->tree->min_y = low_y - extent * 0.00171;
    b->tree->scale = 1 / (extent * 1.0041);
    for (size_t i = 0; i < vertices; i++) {
        b->vertices[2 * i] = (covers->vertices[2 * i] - b->tree->min_x) * b->tree->scale;
        b->vertices[2 * i + 1] = (covers->vertices[2 * i + 1] - b->tree->min_y) * b->tree->scale;
        if (!(b->vertices[2 * i] >= 0 && b->vertices[2 * i] < 1 && b->vertices[2 * i + 1] >= 0 &&
              b->vertices[2 * i + 1] < 1))
            return 0; /* NaN: somebody changed the coordinates after they were checked */
    }
    return 1;
}

/* Every part with all of its edges; the root's corner is outside of them all. */
static int push_parts(builder *b, size_t parts, size_t vertices) {
    const pm_covers *covers = b->covers;
    if (!reserve(b, &b->shapes, parts) || !reserve(b, &b->edges, vertices))
        return 0;
    for (size_t part = 0, rank = 0; part < parts; part++) {
        while (part >= covers->part_offsets[rank + 1])
            rank++;
        b->part_ids[part] = b->ids[rank];
        size_t begin = b->edges.count;
        for (size_t ring = covers->ring_offsets[part]; ring < covers->ring_offsets[part + 1]; ring++)
            for (size_t v = covers->vertex_offsets[ring]; v + 1 < covers->vertex_offsets[ring + 1]; v++)
                ((uint32_t *)b->edges.items)[b->edges.count++] = (uint32_t)v;
        ((shape *)b->shapes.items)[b->shapes.count++] =
            (shape){(uint32_t)part, (uint32_t)begin, (uint32_t)(b->edges.count - begin), 0, 0};
    }
    return 1;
}

/* Put table, inner cells and leaves into one piece of memory. */
static pm_status finish(builder *b, uint32_t root) {
    pm_tree *tree = b->tree;
    int bits = (int)tree->root;
    size_t side = (size_t)1 << bits;
    size_t inner_size = b->inner.count * sizeof(uint32_t), leaves_size = b->leaves.count * sizeof(uint64_t);
    uint32_t *nodes = pm_allocate(b->allocator, side * side * sizeof(uint32_t) + inner_size + leaves_size);
    if (!nodes)
        return PM_ERR_NO_MEMORY;
    uint32_t *inner = nodes + side * side, *leaves = inner + b->inner.count;
    if (inner_size > 0)
        memcpy(inner, b->inner.items, inner_size);
    if (leaves_size > 0)
        memcpy(leaves, b->leaves.items, leaves_size);
    for (size_t row = 0; row < side; row++) {
        for (size_t column = 0; column < side; column++) {
            uint32_t word = root;
            for (int bit = bits - 3; bit >= 0 && (word & 3) == PM_CELL_INNER; bit -= 3)
                word = inner[(size_t)(word >> 2) * 64 + 8 * (row >> bit & 7) + (column >> bit & 7)];
            nodes[row * side + column] = word;
        }
    }
    tree->nodes = nodes;
    tree->node_count = side * side + b->inner.count;
    tree->leaves = leaves;
    tree->leaf_count = 2 * b->leaves.count;
    return PM_OK;
}

/* All cells, with leaves `coarser` times as large as usual. */
static void paint(builder *b, size_t parts, size_t vertices, size_t coarser) {
    b->shapes.count = b->edges.count = b->inner.count = b->leaves.count = b->work = 0;
    b->too_much = 0;
    b->leaf_edges = LEAF_EDGES * coarser;
    b->leaf_parts = LEAF_PARTS * coarser;
    b->tree->root = coarser > 1 || vertices < 2000 ? 3 : vertices < 20000 ? 6 : 9;
    if (!push_parts(b, parts, vertices))
        return;
    uint32_t root = build_cell(b, 0, 0, 1, 0, parts, 0);
    if (!b->too_much && !b->no_memory)
        b->no_memory = finish(b, root) != PM_OK;
}

pm_status pm_tree_build(pm_tree *tree, const pm_covers *covers, const uint32_t *ids, size_t size_limit, pm_poll *poll,
                        const pm_allocator *allocator) {
    size_t parts = covers->part_offsets[covers->count];
    size_t vertices = covers->vertex_offsets[covers->ring_offsets[parts]];
    memset(tree, 0, sizeof *tree);
    if (parts == 0 || vertices >= UINT32_MAX / 2 || covers->count >= UINT32_C(1) << 29)
        return PM_OK;
    builder b = {.covers = covers, .ids = ids, .allocator = allocator, .tree = tree, .poll = poll};
    b.shapes.item_size = b.staged.item_size = sizeof(shape);
    b.edges.item_size = b.inner.item_size = sizeof(uint32_t);
    b.touches.item_size = sizeof(touch);
    b.leaves.item_size = sizeof(uint64_t);
    b.size_limit = size_limit;
    b.work_limit = 64 * vertices + (1 << 17); /* counties take 14 a vertex, countries 10 */
    b.part_ids = pm_allocate(allocator, parts * sizeof *b.part_ids);
    if (b.part_ids)
        b.vertices = pm_allocate(allocator, 2 * vertices * sizeof *b.vertices);
    b.no_memory = !b.vertices;
    if (!b.no_memory && map_vertices(&b, vertices)) {
        paint(&b, parts, vertices, 1);
        if (b.too_much && !b.no_memory && !poll->stopped)
            paint(&b, parts, vertices, COARSER);
    }
    pm_release(allocator, b.part_ids);
    pm_release(allocator, b.vertices);
    stack *stacks[] = {&b.shapes, &b.edges, &b.touches, &b.staged, &b.inner, &b.leaves};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        pm_release(allocator, stacks[i]->items);
    if (!tree->nodes)
        tree->scale = 0;
    return b.no_memory ? PM_ERR_NO_MEMORY : poll->stopped ? PM_ERR_STOPPED : PM_OK;
}

void pm_tree_free(pm_tree *tree, const pm_allocator *allocator) {
    pm_release(allocator, (void *)(uintptr_t)tree->nodes);
    tree->nodes = NULL;
}
