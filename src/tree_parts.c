/* tree_parts.c — what do a part's edges do to the cells they run through?
 *
 * A part in a cell is the runs of edges that touch the cell and one bit: is the cell's lower left corner inside?
 * Going one level down, each edge is handed to the children it touches, row by row, and flips the corners that lie
 * behind it on the way up the left side and then across. Most edges stay inside one child, and a run of such edges
 * goes down as a whole.
 *
 * Vertices are mapped to the root cell by the map that points take. What the corners see is decided exactly for these
 * mapped vertices: in doubles, and where a corner is closer than TINY to an edge by the sign of an orientation. So
 * nothing about corners is ever in doubt, however deep the cell or round the coordinates; a corner on an edge counts
 * as a little to the right and, by much less, above. Children take edges from a little outside (SLACK), so rounding
 * can't lose one, and a cell that no edge comes near is covered by the part itself, not only by its mapped picture.
 *
 * Neighbours share their borders. In a leaf an edge stands once, whoever it belongs to; and as soon as the edges of
 * some pieces cancel and one of them contains the corner, together they cover the cell: the list ends, and the last
 * of them needs no edges. A piece with the same edges as a better one is dropped. Both compare coordinates, not
 * places. */
#include <math.h>
#include <string.h>

#include "exact.h"
#include "part_leaf.h"
#include "status.h"
#include "tree_build.h"

static const double SLACK = 1.0 / 512, TINY = 1.0 / 4096;

/* More than FEW is cut again before anything is compared. A leaf has at most LEAF_EDGES and LEAF_PIECES; or it is a
 * junction, with no more edges than pieces: cutting would only follow its vertex down. */
enum { FEW_EDGES = 40, FEW_SHAPES = 16, LEAF_EDGES = 14, LEAF_PIECES = 3 };

/* Edges that are looked at together where they are far from the sides of cells. */
enum { STRETCH = 32 };

/* Edges first .. first + count - 1 (an edge by its first vertex), and the child that they touch. */
typedef struct run {
    uint32_t first, count;
} run;

typedef struct touch {
    run edges;
    uint32_t child;
} touch;

/* A table of cells is worth its memory when one in so many of those it replaces would be cut again. While all fits a
 * second-level cache, looks are cheap and levels are not: counties are 20 % faster with 12 than with 6. */
enum { FILLED_SMALL = 12, FILLED_LARGE = 6, SMALL = 200000 };

/* An edge's mapped ends. */
typedef struct edge {
    double ax, ay, bx, by;
} edge;

static inline edge map_edge(const pm_painter *p, uint32_t first) {
    const double *v = p->covers->vertices + 2 * (size_t)first;
    return (edge){(v[0] - p->min_x) * p->scale, (v[1] - p->min_y) * p->scale, (v[2] - p->min_x) * p->scale,
                  (v[3] - p->min_y) * p->scale};
}

static inline double least(double a, double b) {
    return a < b ? a : b;
}

static inline double greatest(double a, double b) {
    return a > b ? a : b;
}

/* Is a place left of the edge, when on its line it counts as a little to the right and by much less above? */
static int is_left(const edge *e, double x, double y) {
    int side = pm_orientation(e->ax, e->ay, e->bx, e->by, x, y);
    return side > 0 || (side == 0 && (e->by < e->ay || (e->by == e->ay && e->bx > e->ax)));
}

/* ---- a cell's children: bit 8 * row + column of a mask ---- */

/* One shape on its way down. */
typedef struct spread {
    pm_painter *painter;
    pm_cell cell;
    double per_child;
    uint64_t closed;  /* children that take nothing more */
    uint64_t touched; /* an edge is in or next to the child */
    uint64_t inside;  /* the child's corner is inside */
    run open[64];     /* of touched children: the run that may still grow */
} spread;

static inline void touch_child(spread *s, uint32_t first, uint32_t count, int child) {
    uint64_t bit = UINT64_C(1) << child;
    run *open = &s->open[child];
    if (s->closed & bit)
        return;
    if (!(s->touched & bit)) {
        s->touched |= bit;
        *open = (run){first, count};
    } else if (open->first + open->count == first) {
        open->count += count;
    } else {
        pm_stack *touches = &s->painter->touches;
        if (!pm_painter_reserve(s->painter, touches, 1))
            return;
        ((touch *)touches->items)[touches->count++] = (touch){*open, (uint32_t)child};
        *open = (run){first, count};
    }
}

/* An edge in units of children, from the cell's corner. */
static inline edge localize(const spread *s, const edge *e) {
    return (edge){(e->ax - s->cell.x) * s->per_child, (e->ay - s->cell.y) * s->per_child,
                  (e->bx - s->cell.x) * s->per_child, (e->by - s->cell.y) * s->per_child};
}

static void touch_children(spread *s, uint32_t first, const edge *e) {
    double low_x = least(e->ax, e->bx), high_x = greatest(e->ax, e->bx);
    double low_y = least(e->ay, e->by), high_y = greatest(e->ay, e->by);
    if (high_y + SLACK < 0 || low_y - SLACK >= 8 || high_x + SLACK < 0 || low_x - SLACK >= 8)
        return;
    int row = low_y - SLACK < 0 ? 0 : (int)(low_y - SLACK), last = high_y + SLACK >= 8 ? 7 : (int)(high_y + SLACK);
    double slope = e->by == e->ay ? 0 : (e->bx - e->ax) / (e->by - e->ay);
    for (; row <= last; row++) {
        double from = low_x, to = high_x;
        if (e->by != e->ay && (low_y < row - SLACK || high_y > row + 1 + SLACK)) { /* only a stretch is in this row */
            double low = greatest(low_y, row - SLACK), high = least(high_y, row + 1 + SLACK);
            double at_low = e->ax + (low - e->ay) * slope, at_high = e->ax + (high - e->ay) * slope;
            from = greatest(from, least(at_low, at_high));
            to = least(to, greatest(at_low, at_high));
        }
        if (to + SLACK < 0 || from - SLACK >= 8)
            continue;
        int column = from - SLACK < 0 ? 0 : (int)(from - SLACK), end = to + SLACK >= 8 ? 7 : (int)(to + SLACK);
        for (; column <= end; column++)
            touch_child(s, first, 1, 8 * row + column);
    }
}

/* The first of 8 corners in a line that lies behind the edge, which crosses the line at about `at`: further along
 * than the crossing. `across` is 1 for a row of corners, 0 for the left side. Doubles decide but within `doubt`. */
static int first_behind(const spread *s, const edge *mapped, double at, double doubt, int across, int row) {
    double from = at - doubt, to = at + doubt;
    int first = from < 0 ? 0 : from > 7 ? 8 : (int)ceil(from), last = to < 0 ? -1 : to > 7 ? 7 : (int)to;
    int left_is_behind = across ? mapped->by < mapped->ay : mapped->bx > mapped->ax;
    for (; first <= last; first++) {
        double x = s->cell.x + (across ? first : 0) / s->per_child;
        double y = s->cell.y + (across ? row : first) / s->per_child;
        if (is_left(mapped, x, y) == left_is_behind)
            break;
    }
    return first;
}

/* Flip the corners behind the edge. */
static void flip_corners(spread *s, const edge *mapped, const edge *e) {
    double dx = mapped->bx - mapped->ax, dy = mapped->by - mapped->ay;
    if ((mapped->ax > s->cell.x) != (mapped->bx > s->cell.x)) {
        double slope = dy / dx, at = e->ay - e->ax * slope;
        int first = first_behind(s, mapped, at, TINY * (1 + fabs(slope)), 0, 0);
        if (first > 0 && first < 8)
            s->inside ^= UINT64_MAX << (8 * first);
    }
    double low = least(e->ay, e->by), high = greatest(e->ay, e->by);
    if (high < -TINY || low > 7 + TINY)
        return;
    int row = low - TINY <= 0 ? 0 : (int)(low - TINY), last = high + TINY >= 7 ? 7 : (int)(high + TINY);
    for (; row <= last; row++) {
        double y = s->cell.y + row / s->per_child; /* without rounding */
        if ((mapped->ay > y) == (mapped->by > y))
            continue;
        double slope = dx / dy, at = e->ax + (row - e->ay) * slope;
        int first = first_behind(s, mapped, at, TINY * (1 + fabs(slope)), 1, row);
        if (first > 0 && first < 8)
            s->inside ^= (UINT64_C(0xff) << first & 0xff) << (8 * row);
    }
}

/* The child in which a place is, away from its sides; -1 when in none. */
static inline int safe_child(double x, double y) {
    if (!(x > 0 && x < 8 && y > 0 && y < 8))
        return -1;
    int column = (int)x, row = (int)y;
    x -= column;
    y -= row;
    return (x > SLACK) & (x < 1 - SLACK) & (y > SLACK) & (y < 1 - SLACK) ? 8 * row + column : -1;
}

static void spread_edges(spread *s, run edges) {
    const pm_painter *p = s->painter;
    const double *v = p->covers->vertices + 2 * (size_t)edges.first;
    double mx = (v[0] - p->min_x) * p->scale, my = (v[1] - p->min_y) * p->scale;
    double x = (mx - s->cell.x) * s->per_child, y = (my - s->cell.y) * s->per_child;
    int child = safe_child(x, y);
    for (uint32_t i = 0; i < edges.count; i++) {
        edge mapped = {mx, my, (v[2] - p->min_x) * p->scale, (v[3] - p->min_y) * p->scale};
        edge local = {x, y, (mapped.bx - s->cell.x) * s->per_child, (mapped.by - s->cell.y) * s->per_child};
        int next = safe_child(local.bx, local.by);
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
    int child = safe_child((mapped->min_x - s->cell.x) * s->per_child, (mapped->min_y - s->cell.y) * s->per_child);
    int other = safe_child((mapped->max_x - s->cell.x) * s->per_child, (mapped->max_y - s->cell.y) * s->per_child);
    return child == other ? child : -1;
}

static void spread_run(spread *s, run edges) {
    while (edges.count >= STRETCH) { /* most of a long run is far from all sides */
        uint32_t stretch = (edges.first + STRETCH - 1) / STRETCH, skip = stretch * STRETCH - edges.first;
        int child = -1;
        if (edges.count >= skip + STRETCH)
            child = safe_child_of_all(s, s->painter->stretches + stretch);
        if (child < 0)
            skip = skip + STRETCH < edges.count ? skip + STRETCH : edges.count;
        if (skip > 0)
            spread_edges(s, (run){edges.first, skip});
        if (child >= 0) {
            touch_child(s, edges.first + skip, STRETCH, child);
            skip += STRETCH;
        }
        edges = (run){edges.first + skip, edges.count - skip};
    }
    if (edges.count > 0)
        spread_edges(s, edges);
}

/* Put the shape's runs onto the stack, child by child, and stage the children. */
static void stage_children(spread *s, const pm_shape *shape) {
    pm_painter *p = s->painter;
    uint32_t counts[64], edges[64], places[64];
    const touch *touches = p->touches.items;
    size_t closed_runs = p->touches.count, runs = closed_runs;
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
    if (!pm_painter_reserve(p, &p->runs, runs))
        return;
    p->too_much |= p->runs.count + runs >= UINT32_MAX / 2;
    for (uint64_t left = reached; left; left &= left - 1) {
        int child = pm_lowest_bit(left);
        places[child] = (uint32_t)p->runs.count;
        pm_painter_stage(p, (pm_shape){shape->item, places[child], counts[child], edges[child],
                                       (uint8_t)(s->inside >> child & 1), (uint8_t)child});
        p->runs.count += counts[child];
        if (edges[child] == 0)
            s->closed |= UINT64_C(1) << child;
    }
    run *out = p->runs.items;
    for (size_t i = 0; i < closed_runs; i++)
        out[places[touches[i].child]++] = touches[i].edges;
    for (uint64_t left = s->touched; left; left &= left - 1)
        out[places[pm_lowest_bit(left)]] = s->open[pm_lowest_bit(left)];
}

static void hand_down(pm_painter *p, const pm_cell *cell, const pm_shape *shape, uint64_t *closed) {
    spread s;
    s.painter = p;
    s.cell = *cell;
    s.per_child = 8 / cell->size;
    s.closed = *closed;
    s.touched = 0;
    s.inside = shape->inside ? UINT64_MAX : 0;
    p->touches.count = 0;
    for (uint32_t i = 0; i < shape->count; i++)
        spread_run(&s, ((const run *)p->runs.items)[shape->first + i]);
    if (p->status == PM_OK)
        stage_children(&s, shape);
    *closed = s.closed;
}

/* ---- a leaf ---- */

/* What a leaf is made from: its shapes' edges, each once. */
typedef struct draft {
    pm_painter *painter;
    pm_cell cell;
    uint32_t edges[FEW_EDGES]; /* by first vertex */
    int edge_count;
    struct {
        uint32_t item; /* part */
        uint64_t edges;
        int inside;
    } pieces[FEW_SHAPES];
    int piece_count;
    int closed; /* the last piece needs no edges */
    uint32_t vertices[PM_LEAF_VERTICES], origins[PM_LEAF_VERTICES];
    uint32_t slots[FEW_EDGES]; /* of each edge: its bits among the leaf's edges */
    int vertex_count;
} draft;

/* Are two edges the same line, in either direction, in the input's own coordinates? */
static int same_edge(const pm_covers *covers, uint32_t one, uint32_t other) {
    const double *a = covers->vertices + 2 * (size_t)one, *b = covers->vertices + 2 * (size_t)other;
    return (a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]) ||
           (a[0] == b[2] && a[1] == b[3] && a[2] == b[0] && a[3] == b[1]);
}

/* The bit of an edge in the draft, where `used` has the bits that the piece has already. */
static uint64_t draft_edge(draft *d, uint32_t first, uint64_t used) {
    int i = 0;
    while (i < d->edge_count && (used >> i & 1 || !same_edge(d->painter->covers, d->edges[i], first)))
        i++;
    if (i == d->edge_count)
        d->edges[d->edge_count++] = first;
    return UINT64_C(1) << i;
}

/* Add a shape's piece, unless a better one has the same edges; `closed` when nothing behind it can win. */
static void draft_piece(draft *d, const pm_shape *shape) {
    uint64_t edges = 0;
    for (uint32_t i = 0; i < shape->count; i++) {
        run r = ((const run *)d->painter->runs.items)[shape->first + i];
        for (uint32_t k = 0; k < r.count; k++)
            edges |= draft_edge(d, r.first + k, edges);
    }
    for (int i = 0; i < d->piece_count; i++)
        if (d->pieces[i].edges == edges && d->pieces[i].inside == shape->inside)
            return;
    d->pieces[d->piece_count].item = shape->item;
    d->pieces[d->piece_count].edges = edges;
    d->pieces[d->piece_count].inside = shape->inside;
    d->piece_count++;
    uint64_t left = 0;
    int inside = 0;
    for (int i = d->piece_count - 1; i >= 0 && !d->closed; i--) { /* an odd number of these contains any place? */
        left ^= d->pieces[i].edges;
        inside ^= d->pieces[i].inside;
        d->closed = left == 0 && inside;
    }
}

/* Clip an edge in steps to a box around the cell; 0 when nothing is left. Liang and Barsky (1984). */
static int clip(double a[2], double b[2]) {
    const double low = -15, high = PM_STEPS + 15;
    double delta[2] = {b[0] - a[0], b[1] - a[1]}, from = 0, to = 1;
    for (int axis = 0; axis < 2; axis++) {
        if (delta[axis] == 0) {
            if (a[axis] < low || a[axis] > high)
                return 0;
            continue;
        }
        double enter = (low - a[axis]) / delta[axis], leave = (high - a[axis]) / delta[axis];
        from = greatest(from, least(enter, leave));
        to = least(to, greatest(enter, leave));
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

static uint32_t pack_vertex(double x, double y) {
    return (uint32_t)(uint16_t)(int16_t)lrint(x) | (uint32_t)(uint16_t)(int16_t)lrint(y) << 16;
}

/* Append a vertex; the edge that it starts is `origin`. Returns the bit of that edge. */
static uint32_t draft_vertex(draft *d, uint32_t vertex, uint32_t origin) {
    if (d->vertex_count == PM_LEAF_VERTICES) {
        d->vertex_count++; /* too many */
        return 0;
    }
    if (d->vertex_count > PM_LEAF_VERTICES)
        return 0;
    d->vertices[d->vertex_count] = vertex;
    d->origins[d->vertex_count] = origin;
    return UINT32_C(1) << d->vertex_count++;
}

/* Edge i of the draft in steps: its own bit and, where it leaves the cell to the left, that of the edge going up. */
static void draft_steps(draft *d, int i) {
    const uint32_t up = pack_vertex(-15, PM_STEPS + 15);
    const double per_step = PM_STEPS / d->cell.size;
    edge e = map_edge(d->painter, d->edges[i]);
    double a[2] = {(e.ax - d->cell.x) * per_step, (e.ay - d->cell.y) * per_step};
    double b[2] = {(e.bx - d->cell.x) * per_step, (e.by - d->cell.y) * per_step};
    int from_left = a[0] < -15, to_left = b[0] < -15;
    d->slots[i] = 0;
    if (!clip(a, b))
        return;
    from_left = from_left && a[0] < -14;
    to_left = to_left && b[0] < -14;
    uint32_t first = pack_vertex(a[0], a[1]), last = pack_vertex(b[0], b[1]);
    if (from_left)
        d->slots[i] |= draft_vertex(d, up, PM_NO_ORIGIN);
    int n = d->vertex_count;
    if (!from_left && n > 0 && n <= PM_LEAF_VERTICES && d->vertices[n - 1] == first &&
        d->origins[n - 1] == PM_NO_ORIGIN) { /* go on where the last chain ended */
        d->origins[n - 1] = d->edges[i];
        d->slots[i] |= UINT32_C(1) << (n - 1);
    } else {
        d->slots[i] |= draft_vertex(d, first, d->edges[i]);
    }
    if (to_left) {
        d->slots[i] |= draft_vertex(d, last, PM_NO_ORIGIN);
        (void)draft_vertex(d, up, PM_NO_ORIGIN);
    } else {
        (void)draft_vertex(d, last, PM_NO_ORIGIN);
    }
}

/* Is a place inside a shape, walking from the corner up and then across? Exact for the mapped vertices. */
static int walk_inside(const pm_painter *p, const pm_cell *cell, const draft *d, int piece, double x, double y) {
    int inside = d->pieces[piece].inside;
    for (int i = 0; i < d->edge_count; i++) {
        if (!(d->pieces[piece].edges >> i & 1))
            continue;
        edge e = map_edge(p, d->edges[i]);
        if ((e.ax > cell->x) != (e.bx > cell->x))
            inside ^= is_left(&e, cell->x, cell->y) != is_left(&e, cell->x, y);
        if ((e.ay > y) != (e.by > y))
            inside ^= is_left(&e, cell->x, y) != is_left(&e, x, y);
    }
    return inside;
}

/* Zeroed room for a leaf with this head, in `leaves` and `origins` alike; NULL where memory or numbers end. */
static uint32_t *new_leaf(pm_painter *p, uint32_t head, uint32_t *word) {
    const size_t line = 16;
    pm_leaf leaf = pm_leaf_read(&head);
    size_t units = leaf.corners + (size_t)leaf.vertices, left = line - p->leaves.count % line, skip = 0;
    units += units & 1; /* positions are even */
    if (left < units && units <= line)
        skip = left;
    if (!pm_painter_reserve(p, &p->leaves, skip + units) || !pm_painter_reserve(p, &p->origins, skip + units))
        return NULL;
    size_t at = p->leaves.count + skip;
    p->too_much |= at + units >= UINT32_C(1) << 31;
    uint32_t *to = (uint32_t *)p->leaves.items;
    memset(to + p->leaves.count, 0, (skip + units) * sizeof *to);
    memset((uint32_t *)p->origins.items + p->leaves.count, 0, (skip + units) * sizeof *to);
    p->leaves.count = p->origins.count = at + units;
    to[at] = head;
    *word = (uint32_t)(at >> 1) << 2 | PM_CELL_LEAF;
    return to + at;
}

/* The pieces' bits: where no edge is near, asked there. 0 when every place tried is near one. */
static int find_bits(const draft *d, const uint32_t *bits, int count, uint32_t *answers) {
    for (int trial = 0; trial < 24; trial++) {
        int u = (4099 + 2741 * trial) & (PM_STEPS - 1), v = (3989 + 5171 * trial) & (PM_STEPS - 1);
        pm_seen seen = pm_leaf_look(d->vertices, d->vertex_count, u, v);
        if (seen.near)
            continue;
        double x = d->cell.x + (u + 0.5) / PM_STEPS * d->cell.size;
        double y = d->cell.y + (v + 0.5) / PM_STEPS * d->cell.size;
        for (int i = 0; i < count; i++)
            answers[i] |= (uint32_t)walk_inside(d->painter, &d->cell, d, i, x, y) ^ pm_parity(seen.crossed & bits[i]);
        return 1;
    }
    return 0;
}

/* Write what the draft says; 0 when it does not fit. */
static int write_draft(draft *d, uint32_t *word) {
    pm_painter *p = d->painter;
    uint32_t answers[FEW_SHAPES + 1] = {0}, bits[FEW_SHAPES + 1] = {0};
    int tested = d->piece_count - d->closed, pieces = d->piece_count + !d->closed;
    uint64_t used = 0;
    for (int i = 0; i < tested; i++)
        used |= d->pieces[i].edges;
    d->vertex_count = 0;
    for (int i = 0; i < d->edge_count; i++)
        if (used >> i & 1)
            draft_steps(d, i);
    if (d->vertex_count > PM_LEAF_VERTICES)
        return 0;
    for (int i = 0; i < d->piece_count; i++)
        answers[i] = p->answers[d->pieces[i].item] << 2;
    for (int i = 0; i < tested; i++)
        for (int k = 0; k < d->edge_count; k++)
            if (d->pieces[i].edges >> k & 1)
                bits[i] |= d->slots[k];
    if (!find_bits(d, bits, tested, answers))
        return 0;
    uint32_t *leaf = new_leaf(p, pm_leaf_head(pieces, d->vertex_count, 3 * d->cell.depth), word);
    if (!leaf)
        return 1;
    pm_leaf place = pm_leaf_read(leaf);
    uint32_t *origins = (uint32_t *)p->origins.items + (leaf - (uint32_t *)p->leaves.items);
    for (int i = 0; i < pieces; i++) {
        leaf[1 + i] = answers[i];
        origins[1 + i] = i < d->piece_count ? d->pieces[i].item : 0;
        if (i < tested)
            leaf[place.masks + (size_t)(i >> 1)] |= bits[i] << 16 * (i & 1);
    }
    for (int i = 0; i < d->vertex_count; i++) {
        leaf[place.corners + (size_t)i] = d->vertices[i];
        origins[place.corners + (size_t)i] = d->origins[i];
    }
    return 1;
}

/* A leaf whose parts are asked themselves. */
static int write_questions(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    int covered = shapes[count - 1].edges == 0;
    size_t pieces = count + !covered;
    if (pieces > PM_LEAF_PIECES) {
        p->too_much = 1;
        return 1;
    }
    uint32_t *leaf = new_leaf(p, pm_leaf_head((int)pieces, 0, 3 * cell->depth), word);
    for (size_t i = 0; i < count && leaf; i++) {
        leaf[1 + i] = p->answers[shapes[i].item] << 2 | (i + 1 < pieces ? PM_PIECE_ASK : 0);
        ((uint32_t *)p->origins.items)[leaf - (uint32_t *)p->leaves.items + 1 + (ptrdiff_t)i] = shapes[i].item;
    }
    return 1;
}

static int write_leaf(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    int must = cell->depth == p->deepest;
    size_t edges = 0;
    for (size_t i = 0; i < count; i++)
        edges += shapes[i].edges;
    if (edges <= FEW_EDGES && count <= FEW_SHAPES) {
        draft d;
        d.painter = p;
        d.cell = *cell;
        d.edge_count = d.piece_count = d.closed = 0;
        for (size_t i = 0; i < count && !d.closed; i++)
            draft_piece(&d, &shapes[i]);
        uint64_t used = 0;
        for (int i = 0; i < d.piece_count - d.closed; i++)
            used |= d.pieces[i].edges;
        int kept = 0, pieces = d.piece_count + !d.closed;
        for (; used; used &= used - 1)
            kept++;
        if (((kept <= LEAF_EDGES && pieces <= LEAF_PIECES) || kept <= pieces || must) && write_draft(&d, word))
            return 1;
    }
    return must || (p->coarse && count <= FEW_SHAPES) ? write_questions(p, cell, shapes, count, word) : 0;
}

/* ---- the root ---- */

/* Choose the root cell; 0 where doubles can't. It is a little larger than the regions, by amounts that keep borders
 * on round coordinates off the lines between cells. */
static int choose_root(pm_painter *p, pm_tree *tree) {
    const pm_covers *covers = p->covers;
    double low_x = INFINITY, low_y = INFINITY, high_x = -INFINITY, high_y = -INFINITY;
    for (size_t i = 0; i < covers->count; i++) {
        const pm_box *box = &covers->boxes[i];
        low_x = least(low_x, box->min_x);
        low_y = least(low_y, box->min_y);
        high_x = greatest(high_x, box->max_x);
        high_y = greatest(high_y, box->max_y);
    }
    double extent = greatest(high_x - low_x, high_y - low_y);
    double magnitude = greatest(greatest(fabs(low_x), fabs(high_x)), greatest(fabs(low_y), fabs(high_y)));
    if (!(extent > 1e-100 && magnitude < 1e100))
        return 0;
    tree->min_x = low_x - extent * 0.00137;
    tree->min_y = low_y - extent * 0.00171;
    tree->scale = ldexp(1, PM_PLACE_BITS) / (extent * 1.0041);
    p->min_x = tree->min_x;
    p->min_y = tree->min_y;
    p->scale = ldexp(tree->scale, -PM_PLACE_BITS);
    double corners[2] = {(low_x - p->min_x) * p->scale, (low_y - p->min_y) * p->scale};
    double others[2] = {(high_x - p->min_x) * p->scale, (high_y - p->min_y) * p->scale};
    return corners[0] > 0 && corners[1] > 0 && others[0] < 1 && others[1] < 1;
}

/* ---- copies: a part with the coordinates of a better one never wins ---- */

typedef struct part_view {
    const uint32_t *rings; /* where each ring begins, and the last ends */
    size_t ring_count;
    const double *vertices;
    size_t vertex_count;
} part_view;

static part_view view_part(const pm_covers *covers, size_t part) {
    const uint32_t *rings = covers->vertex_offsets + covers->ring_offsets[part];
    size_t count = covers->ring_offsets[part + 1] - covers->ring_offsets[part];
    return (part_view){rings, count, covers->vertices + 2 * (size_t)rings[0], rings[count] - rings[0]};
}

static uint64_t hash_part(const part_view *part) {
    uint64_t hash = part->vertex_count;
    for (size_t i = 0; i < 2 * part->vertex_count; i++) {
        uint64_t bits;
        memcpy(&bits, part->vertices + i, sizeof bits);
        hash = (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio: Knuth, TAOCP 6.4 */
        hash ^= hash >> 29;
    }
    return hash;
}

static int same_part(const part_view *a, const part_view *b) {
    if (a->vertex_count != b->vertex_count || a->ring_count != b->ring_count ||
        memcmp(a->vertices, b->vertices, 2 * a->vertex_count * sizeof *a->vertices) != 0)
        return 0;
    for (size_t i = 1; i < a->ring_count; i++)
        if (a->rings[i] - a->rings[0] != b->rings[i] - b->rings[0])
            return 0;
    return 1;
}

/* Is this part new? Remembers it in a table of part numbers + 1 with `mask` + 1 places, at most half full. */
static int is_new_part(const pm_covers *covers, uint32_t *table, size_t mask, size_t part) {
    part_view view = view_part(covers, part);
    size_t at = (size_t)hash_part(&view) & mask;
    for (; table[at]; at = (at + 1) & mask) {
        part_view other = view_part(covers, table[at] - 1);
        if (same_part(&view, &other))
            return 0;
    }
    table[at] = (uint32_t)part + 1;
    return 1;
}

/* ---- the whole ---- */

/* The mapped boxes of edges STRETCH * i .. STRETCH * (i + 1) - 1, so of one vertex more; NULL without memory. */
static pm_box *map_stretches(const pm_painter *p, size_t vertices) {
    pm_box *boxes = pm_allocate(p->allocator, (vertices / STRETCH + 1) * sizeof *boxes);
    for (size_t i = 0; boxes && i < vertices / STRETCH; i++) {
        const double *v = p->covers->vertices + 2 * STRETCH * i;
        pm_box box = {v[0], v[1], v[0], v[1]};
        for (size_t k = 1; k <= STRETCH && STRETCH * i + k < vertices; k++) {
            box.min_x = least(box.min_x, v[2 * k]);
            box.min_y = least(box.min_y, v[2 * k + 1]);
            box.max_x = greatest(box.max_x, v[2 * k]);
            box.max_y = greatest(box.max_y, v[2 * k + 1]);
        }
        boxes[i] = (pm_box){(box.min_x - p->min_x) * p->scale, (box.min_y - p->min_y) * p->scale,
                            (box.max_x - p->min_x) * p->scale, (box.max_y - p->min_y) * p->scale};
    }
    return boxes;
}

/* Every part with all of its edges; the root's corner is outside of them all. */
static void push_parts(pm_painter *p, size_t parts) {
    const pm_covers *covers = p->covers;
    size_t mask = 1;
    while (mask < 2 * parts)
        mask = 2 * mask + 1;
    uint32_t *table = pm_allocate(p->allocator, (mask + 1) * sizeof *table);
    p->shapes.count = p->runs.count = 0;
    if (!table)
        p->status = PM_ERR_NO_MEMORY;
    if (!table || !pm_painter_reserve(p, &p->shapes, parts) ||
        !pm_painter_reserve(p, &p->runs, covers->ring_offsets[parts])) {
        pm_release(p->allocator, table);
        return;
    }
    memset(table, 0, (mask + 1) * sizeof *table);
    for (size_t part = 0; part < parts; part++) {
        size_t begin = p->runs.count, edges = 0;
        if (!is_new_part(covers, table, mask, part))
            continue;
        for (size_t ring = covers->ring_offsets[part]; ring < covers->ring_offsets[part + 1]; ring++) {
            size_t first = covers->vertex_offsets[ring], end = covers->vertex_offsets[ring + 1];
            if (end > first + 1) {
                ((run *)p->runs.items)[p->runs.count++] = (run){(uint32_t)first, (uint32_t)(end - 1 - first)};
                edges += end - 1 - first;
            }
        }
        if (edges > 0)
            ((pm_shape *)p->shapes.items)[p->shapes.count++] =
                (pm_shape){(uint32_t)part, (uint32_t)begin, (uint32_t)(p->runs.count - begin), (uint32_t)edges, 0, 0};
    }
    pm_release(p->allocator, table);
}

pm_status pm_tree_build_parts(pm_tree *tree, const pm_covers *covers, const uint32_t *ids, size_t size_limit,
                              pm_poll *poll, const pm_allocator *allocator) {
    size_t parts = covers->part_offsets[covers->count];
    size_t vertices = covers->vertex_offsets[covers->ring_offsets[parts]];
    memset(tree, 0, sizeof *tree);
    if (parts == 0 || vertices >= UINT32_MAX / 2 || covers->count >= UINT32_C(1) << 29)
        return PM_OK;
    pm_painter p = {.hand_down = hand_down,
                    .write_leaf = write_leaf,
                    .covers = covers,
                    .allocator = allocator,
                    .poll = poll,
                    .filled = vertices < SMALL ? FILLED_SMALL : FILLED_LARGE,
                    .size_limit = size_limit,
                    .work_limit = 96 * vertices + (1 << 17),
                    .deepest = PM_DEEPEST};
    if (!choose_root(&p, tree)) {
        tree->scale = 0;
        return PM_OK;
    }
    uint32_t *answers = pm_allocate(allocator, parts * sizeof *answers);
    if (!answers) {
        tree->scale = 0;
        return PM_ERR_NO_MEMORY;
    }
    for (size_t rank = 0; rank < covers->count; rank++)
        for (size_t part = covers->part_offsets[rank]; part < covers->part_offsets[rank + 1]; part++)
            answers[part] = ids[rank] + 1;
    p.answers = answers;
    pm_box *stretches = map_stretches(&p, vertices);
    p.stretches = stretches;
    p.status = stretches ? PM_OK : PM_ERR_NO_MEMORY;
    pm_painter_prepare(&p, sizeof(run), sizeof(touch));
    for (int coarse = 0; coarse < 2 && !tree->nodes && p.status == PM_OK; coarse++) {
        pm_painter_clear(&p, coarse);
        push_parts(&p, parts);
        pm_painter_run(&p, tree);
    }
    if (!tree->nodes)
        tree->scale = 0;
    pm_painter_release(&p);
    pm_release(allocator, stretches);
    pm_release(allocator, answers);
    return p.status;
}
