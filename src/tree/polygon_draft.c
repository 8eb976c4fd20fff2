/* polygon_draft.c — can the polygons of this cell be one leaf?
 *
 * Neighbours share their borders. In a leaf an edge is stored once, whoever it belongs to. As soon as the edges of
 * the last few polygons cancel and an odd number of them contains the corner, together they cover the cell: the list
 * ends, and the last of them needs no edges. A polygon with the same edges as a better one is dropped. Both compare
 * coordinates, not fixed coordinates. What is left is drawn with few vertices (simplify.c).
 *
 * The leaf polygons' bits are found at a place in the cell that no edge is near, exactly, for the mapped vertices, by
 * walking there from the corner that paint_polygons.c knows. */
#include "base/strict.h"

#include <string.h>

#include "paint_polygons.h"
#include "simplify.h"

/* A cell with more is cut again before anything is compared. A leaf has no more polygons and edges than the painter
 * allows; or it is a junction, with no more edges than polygons: cutting would only follow its vertex down. */
enum { FEW_SHAPES = 32, EDGES_COMPARED = 3 };

enum { SLOTS = 2 * PM_SKETCH_EDGES };

/* What a leaf is made from: its shapes' edges, each once. */
typedef struct draft {
    pm_polygon_painter *painter;
    pm_cell cell;
    int edge_count, polygon_count;
    int closed; /* the last polygon needs no edges */
    pm_shape polygons[FEW_SHAPES];
    uint32_t edges[PM_SKETCH_EDGES];  /* by first vertex */
    uint32_t owners[PM_SKETCH_EDGES]; /* the polygons that each belongs to, as bits */
    uint16_t slots[SLOTS];            /* edge + 1 by hash of its coordinates, from the second shape on */
    pm_sketch sketch;
} draft;

/* ---- which edges, whose ---- */

/* Are two edges the same, in either direction, in the coordinates of the input? */
static int same_edge(const pm_polygon_table *table, uint32_t one, uint32_t other) {
    const double *a = table->vertices + 2 * (size_t)one, *b = table->vertices + 2 * (size_t)other;
    return (a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]) ||
           (a[0] == b[2] && a[1] == b[3] && a[2] == b[0] && a[3] == b[1]);
}

/* Where an edge's slots begin, in either direction the same. Equal zeros differ in sign: + 0.0 makes them one. */
static size_t slot_of(const pm_polygon_table *table, uint32_t edge) {
    const double *v = table->vertices + 2 * (size_t)edge;
    double sums[2] = {v[0] + v[2] + 0.0, v[1] + v[3] + 0.0};
    uint64_t bits[2];
    memcpy(bits, sums, sizeof bits);
    return (size_t)((bits[0] * UINT64_C(0x9e3779b97f4a7c15) ^ bits[1]) * UINT64_C(0xd6e8feb86659fd93) >> 54) &
           (SLOTS - 1);
}

static void append_edge(draft *d, uint32_t edge, uint32_t owner) {
    d->edges[d->edge_count] = edge;
    d->owners[d->edge_count++] = owner;
}

/* An edge of a shape that is not the first: one of another shape that is there already, or a new one. */
static void share_edge(draft *d, uint32_t edge, uint32_t owner) {
    size_t slot = slot_of(d->painter->polygons, edge);
    for (; d->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
        int i = d->slots[slot] - 1;
        if (!(d->owners[i] & owner) && same_edge(d->painter->polygons, d->edges[i], edge)) {
            d->owners[i] |= owner;
            return;
        }
    }
    append_edge(d, edge, owner);
    d->slots[slot] = (uint16_t)d->edge_count;
}

/* Enter the edges of the first shape. */
static void fill_slots(draft *d) {
    memset(d->slots, 0, sizeof d->slots);
    for (int i = 0; i < d->edge_count; i++) {
        size_t slot = slot_of(d->painter->polygons, d->edges[i]);
        while (d->slots[slot])
            slot = (slot + 1) & (SLOTS - 1);
        d->slots[slot] = (uint16_t)(i + 1);
    }
}

/* Has a better polygon the same edges as the last one? */
static int is_twin(const draft *d) {
    int last = d->polygon_count - 1;
    for (int i = 0; i < last; i++) {
        uint32_t differ = (uint32_t)(d->polygons[i].inside != d->polygons[last].inside);
        for (int k = 0; k < d->edge_count; k++)
            differ |= (d->owners[k] >> i ^ d->owners[k] >> last) & 1;
        if (!differ)
            return 1;
    }
    return 0;
}

/* Do the last k polygons together cover the cell, for some k? Then each place is in an odd number of them. */
static int is_closed(const draft *d) {
    uint32_t odd[PM_SKETCH_EDGES];
    int inside = 0;
    memset(odd, 0, (size_t)d->edge_count * sizeof *odd);
    for (int i = d->polygon_count - 1; i >= 0; i--) {
        uint32_t left = 0;
        inside ^= d->polygons[i].inside;
        for (int k = 0; k < d->edge_count; k++) {
            odd[k] ^= d->owners[k] >> i;
            left |= odd[k];
        }
        if (!(left & 1) && inside)
            return 1;
    }
    return 0;
}

/* Add a polygon, unless a better one has the same edges; `closed` when no later one can win. */
static void add_polygon(draft *d, const pm_shape *shape) {
    const uint32_t owner = UINT32_C(1) << d->polygon_count;
    const pm_run *runs = (const pm_run *)d->painter->base.details.items + shape->first;
    int before = d->edge_count;
    if (d->polygon_count == 1)
        fill_slots(d);
    for (uint32_t i = 0; i < shape->count; i++)
        for (uint32_t k = 0; k < runs[i].count; k++)
            if (d->polygon_count == 0)
                append_edge(d, runs[i].first + k, owner);
            else
                share_edge(d, runs[i].first + k, owner);
    d->polygons[d->polygon_count++] = *shape;
    if (d->edge_count == before && is_twin(d)) {
        d->polygon_count--;
        for (int k = 0; k < d->edge_count; k++)
            d->owners[k] &= ~owner;
        return;
    }
    d->closed = is_closed(d);
}

/* ---- the leaf ---- */

/* Is (x, y) inside a polygon, walking from the corner up and then across? Exact for the mapped vertices. */
static int walk_inside(const draft *d, int polygon, double x, double y) {
    int inside = d->polygons[polygon].inside;
    for (int i = 0; i < d->edge_count; i++) {
        if (!(d->owners[i] >> polygon & 1))
            continue;
        pm_edge e = pm_map_edge(d->painter, d->edges[i]);
        if ((e.ax > d->cell.x) != (e.bx > d->cell.x))
            inside ^= pm_is_left(&e, d->cell.x, d->cell.y) != pm_is_left(&e, d->cell.x, y);
        if ((e.ay > y) != (e.by > y))
            inside ^= pm_is_left(&e, d->cell.x, y) != pm_is_left(&e, x, y);
    }
    return inside;
}

/* Zeroed room for a leaf with this head, whose origins come next; NULL when memory runs out. */
static uint32_t *new_leaf(pm_painter *p, uint32_t head, uint32_t *word) {
    const size_t line = 16;
    pm_leaf leaf = pm_leaf_read(&head);
    size_t units = leaf.vertices + (size_t)leaf.vertex_count, left = line - p->leaves.count % line, skip = 0;
    units += units & 1; /* positions are even */
    if (left < units && units <= line)
        skip = left;
    if (!pm_painter_reserve(p, &p->leaves, skip + units))
        return NULL;
    size_t at = p->leaves.count + skip;
    p->too_much |= at + units >= UINT32_C(1) << 31 || p->origins.count >= UINT32_MAX / 2;
    uint32_t *to = (uint32_t *)p->leaves.items;
    memset(to + p->leaves.count, 0, (skip + units) * sizeof *to);
    p->leaves.count = at + units;
    to[at] = head;
    to[at + PM_LEAF_ORIGINS] = (uint32_t)p->origins.count;
    *word = (uint32_t)(at >> 1) << 2 | PM_CELL_LEAF;
    return to + at;
}

/* The origin of the next polygon: its runs, unless it is as quickly decided as a whole. */
static void add_origin(pm_polygon_painter *painter, const pm_shape *shape, int is_drawn) {
    pm_painter *p = &painter->base;
    const pm_polygon_table *table = painter->polygons;
    const uint32_t *rings = table->vertex_offsets + table->ring_offsets[shape->number];
    uint32_t ring_count = table->ring_offsets[shape->number + 1] - table->ring_offsets[shape->number];
    uint32_t runs = is_drawn && rings[ring_count] - rings[0] > painter->max_whole_vertices ? shape->count : 0;
    if (!pm_painter_reserve(p, &p->origins, 2 + 2 * (size_t)runs))
        return;
    uint32_t *to = (uint32_t *)p->origins.items + p->origins.count;
    to[0] = shape->number;
    to[1] = runs;
    if (runs > 0)
        memcpy(to + 2, (const pm_run *)p->details.items + shape->first, runs * sizeof(pm_run));
    p->origins.count += 2 + 2 * (size_t)runs;
}

/* Draw the edges of the first `tested` polygons with few vertices; 0 when that can't be done. */
static int draw(draft *d, int tested) {
    const double per_step = PM_STEPS / d->cell.size;
    const uint32_t drawn = (uint32_t)((UINT64_C(1) << tested) - 1);
    d->sketch.count = 0;
    for (int i = 0; i < d->edge_count; i++) {
        if (!(d->owners[i] & drawn))
            continue;
        pm_edge e = pm_map_edge(d->painter, d->edges[i]);
        const double a[2] = {(e.ax - d->cell.x) * per_step, (e.ay - d->cell.y) * per_step};
        const double b[2] = {(e.bx - d->cell.x) * per_step, (e.by - d->cell.y) * per_step};
        pm_sketch_edge(&d->sketch, a, b, d->owners[i] & drawn);
    }
    return pm_sketch_simplify(&d->sketch, d->painter->max_leaf_vertices, d->painter->max_leaf_aside);
}

/* The polygons' bits, decided at a place that no edge is near. 0 when every place tried is near one. */
static int find_bits(const draft *d, const uint32_t *vertices, const uint64_t *edges, int count, uint32_t *answers) {
    for (int trial = 0; trial < 24; trial++) {
        int u = (4099 + 2741 * trial) & (PM_STEPS - 1), v = (3989 + 5171 * trial) & (PM_STEPS - 1);
        pm_seen seen = pm_leaf_look(vertices, d->sketch.count, d->sketch.near, u, v);
        if (seen.near)
            continue;
        double x = d->cell.x + (u + 0.5) / PM_STEPS * d->cell.size;
        double y = d->cell.y + (v + 0.5) / PM_STEPS * d->cell.size;
        for (int i = 0; i < count; i++)
            answers[i] |= (uint32_t)walk_inside(d, i, x, y) ^ pm_parity(seen.crossed & edges[i]);
        return 1;
    }
    return 0;
}

static void write_mask(uint32_t *leaf, const pm_leaf *layout, int polygon, uint64_t edges) {
    if (layout->vertex_count > PM_LEAF_NARROW) {
        leaf[layout->masks + 2 * (size_t)polygon] = (uint32_t)edges;
        leaf[layout->masks + 2 * (size_t)polygon + 1] = (uint32_t)(edges >> 32);
    } else {
        leaf[layout->masks + (size_t)(polygon >> 1)] |= (uint32_t)edges << 16 * (polygon & 1);
    }
}

/* Write what the draft says; 0 when it does not fit. */
static int write_draft(draft *d, uint32_t *word) {
    pm_painter *p = &d->painter->base;
    uint32_t answers[FEW_SHAPES + 1] = {0}, vertices[PM_LEAF_WIDE];
    uint64_t edges[FEW_SHAPES + 1] = {0};
    int tested = d->polygon_count - d->closed, polygon_count = d->polygon_count + !d->closed;
    if (!draw(d, tested))
        return 0;
    const pm_sketch *sketch = &d->sketch;
    for (int i = 0; i < sketch->count; i++) {
        vertices[i] = (uint32_t)(uint16_t)sketch->vertices[i].x | (uint32_t)(uint16_t)sketch->vertices[i].y << 16;
        for (int k = 0; k < tested; k++)
            edges[k] |= (uint64_t)(sketch->vertices[i].owners >> k & 1) << i;
    }
    for (int i = 0; i < d->polygon_count; i++)
        answers[i] = p->answers[d->polygons[i].number] << 2;
    if (!find_bits(d, vertices, edges, tested, answers))
        return 0;
    uint32_t *leaf = new_leaf(p, pm_leaf_head(polygon_count, sketch->count, d->cell.bits, sketch->near), word);
    if (!leaf)
        return 1;
    pm_leaf layout = pm_leaf_read(leaf);
    memcpy(leaf + PM_LEAF_ANSWERS, answers, (size_t)polygon_count * sizeof *answers);
    memcpy(leaf + layout.vertices, vertices, (size_t)sketch->count * sizeof *vertices);
    for (int i = 0; i + 1 < polygon_count; i++) {
        write_mask(leaf, &layout, i, edges[i]);
        add_origin(d->painter, &d->polygons[i], 1);
    }
    return 1;
}

/* A leaf whose polygons are all decided exactly. */
static int write_exact_leaf(pm_polygon_painter *painter, const pm_cell *cell, const pm_shape *shapes, size_t count,
                            uint32_t *word) {
    pm_painter *p = &painter->base;
    int covered = shapes[count - 1].edges == 0;
    size_t polygon_count = count + !covered;
    if (polygon_count > UINT8_MAX) {
        p->too_much = 1;
        return 1;
    }
    uint32_t *leaf = new_leaf(p, pm_leaf_head((int)polygon_count, 0, cell->bits, PM_NEAR), word);
    for (size_t i = 0; i < count && leaf; i++) {
        leaf[PM_LEAF_ANSWERS + i] = p->answers[shapes[i].number] << 2 | (i + 1 < polygon_count ? PM_LEAF_EXACT : 0);
        if (i + 1 < polygon_count)
            add_origin(painter, &shapes[i], 0);
    }
    return 1;
}

void pm_polygon_move_leaves(uint32_t *leaves, size_t count, uint32_t first) {
    for (size_t at = 0; at < count;) {
        pm_leaf leaf = pm_leaf_read(leaves + at);
        size_t units = leaf.vertices + (size_t)leaf.vertex_count;
        if (leaf.polygon_count > 0)
            leaves[at + PM_LEAF_ORIGINS] += first;
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
}

/* May this draft be a leaf, if it can be drawn? */
static int is_small(const draft *d) {
    const uint32_t drawn = (uint32_t)((UINT64_C(1) << (d->polygon_count - d->closed)) - 1);
    int polygon_count = d->polygon_count + !d->closed;
    size_t edges = 0;
    for (int i = 0; i < d->edge_count; i++)
        edges += (d->owners[i] & drawn) != 0;
    return (edges <= d->painter->max_leaf_edges && polygon_count <= d->painter->max_leaf_polygons) ||
           edges <= (size_t)polygon_count;
}

/* Can a point be in the cell? Beside the squares of the sphere's faces borders lie on each other, as many as there
 * are polygons, and cells would be cut to the last. */
static int can_be_asked(const pm_polygon_painter *p, const pm_cell *cell) {
    const double left = p->min_x + cell->x / p->scale, below = p->min_y + cell->y / p->scale;
    const double right = p->min_x + (cell->x + cell->size) / p->scale;
    const double above = p->min_y + (cell->y + cell->size) / p->scale;
    int can = p->square_count == 0;
    for (size_t i = 0; i < p->square_count && !can; i++) {
        const pm_box *square = &p->squares[i];
        can = square->min_x <= right && left <= square->max_x && square->min_y <= above && below <= square->max_y;
    }
    return can;
}

int pm_polygon_draft(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    pm_polygon_painter *painter = (pm_polygon_painter *)p;
    int must = cell->bits == p->deepest;
    if (!can_be_asked(painter, cell))
        return 1; /* none */
    size_t edges = 0, most = must ? PM_SKETCH_EDGES : EDGES_COMPARED * painter->max_leaf_edges;
    for (size_t i = 0; i < count; i++)
        edges += shapes[i].edges;
    if (edges <= (most < PM_SKETCH_EDGES ? most : PM_SKETCH_EDGES) && count <= FEW_SHAPES) {
        draft d;
        d.painter = painter;
        d.cell = *cell;
        d.edge_count = d.polygon_count = d.closed = 0;
        for (size_t i = 0; i < count && !d.closed; i++)
            add_polygon(&d, &shapes[i]);
        if ((must || is_small(&d)) && write_draft(&d, word))
            return 1;
    }
    return must || count <= (size_t)painter->max_exact_polygons ? write_exact_leaf(painter, cell, shapes, count, word)
                                                                : 0;
}
