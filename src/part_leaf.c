/* part_leaf.c — which piece of this leaf contains the point?
 *
 * The pieces are tried best first. One that is undecided, because an edge is near the point, is decided by the
 * coordinates themselves: on an edge is inside; else some place in the same row or column of the cell that no edge is
 * near is looked at as before, and the edges between there and the point are counted in exact arithmetic. That costs
 * as much as the leaf has edges, not the part: a point next to a coast is answered in a fraction of a microsecond,
 * however long the coast. Only where no such place is found is the whole part asked. */
#include "part_leaf.h"

#include <math.h>

#include "exact.h"

typedef struct look {
    const pm_tree *tree;
    const pm_covers *covers;
    pm_leaf leaf;
    const uint32_t *vertices, *origins; /* the edges' */
} look;

/* Is q, which differs from p along one axis only, on the other side of an odd number of the piece's edges? -1 when p is
 * on one of them. */
static int edges_between(const look *l, uint32_t edges, const double p[2], const double q[2], int axis) {
    int odd = 0;
    for (int i = 0; i < l->leaf.vertices; i++) {
        if (!(edges >> i & 1) || l->origins[i] == PM_NO_ORIGIN)
            continue;
        const double *a = l->covers->vertices + 2 * (size_t)l->origins[i], *b = a + 2;
        double along = p[1 - axis]; /* both are on this line */
        if ((a[1 - axis] > along && b[1 - axis] > along) || (a[1 - axis] < along && b[1 - axis] < along))
            continue;
        int side = pm_orientation(a[0], a[1], b[0], b[1], p[0], p[1]);
        if (side == 0) {
            double low = a[axis] < b[axis] ? a[axis] : b[axis], high = a[axis] < b[axis] ? b[axis] : a[axis];
            if (p[axis] >= low && p[axis] <= high)
                return -1;
        } else if ((a[1 - axis] > along) != (b[1 - axis] > along)) {
            odd ^= side != pm_orientation(a[0], a[1], b[0], b[1], q[0], q[1]);
        }
    }
    return odd;
}

/* Is a piece that is undecided at p inside there? */
static int ask(const look *l, uint32_t answer, uint32_t edges, size_t part, const uint64_t place[2], const double p[2]) {
    static const int steps[] = {12, -12, 60, -60, 300, -300, 1500, -1500};
    const int bits = l->leaf.bits;
    const double min[2] = {l->tree->min_x, l->tree->min_y};
    const double step = ldexp(1, PM_PLACE_BITS - PM_STEP_BITS - bits) / l->tree->scale;
    for (int trial = 0; trial < 16 && !(answer & PM_PIECE_ASK); trial++) {
        int axis = trial & 1;
        double q[2] = {p[0], p[1]};
        uint64_t other[2] = {place[0], place[1]};
        q[axis] += steps[trial >> 1] * step;
        if (!pm_is_placed(q[axis], min[axis], l->tree->scale))
            continue;
        other[axis] = pm_place(q[axis], min[axis], l->tree->scale);
        if (((other[axis] ^ place[axis]) >> 1) >> (63 - bits))
            continue; /* in another cell */
        pm_seen seen = pm_leaf_look(l->vertices, l->leaf.vertices, pm_step(other[0], bits), pm_step(other[1], bits));
        if (seen.near & edges)
            continue;
        int odd = edges_between(l, edges, p, q, axis);
        return odd < 0 ? 1 : (int)(answer & PM_PIECE_INSIDE) ^ (int)pm_parity(seen.crossed & edges) ^ odd;
    }
    return pm_part_covers(l->covers, part, p[0], p[1]);
}

int64_t pm_part_leaf_find(const pm_tree *tree, const pm_covers *covers, const uint32_t *at, uint64_t place_x,
                          uint64_t place_y, double x, double y) {
    pm_leaf leaf = pm_leaf_read(at);
    const uint32_t *origins = tree->origins + (at - tree->leaves);
    look l = {tree, covers, leaf, at + leaf.corners, origins + leaf.corners};
    pm_seen seen = pm_leaf_look(l.vertices, leaf.vertices, pm_step(place_x, leaf.bits), pm_step(place_y, leaf.bits));
    for (int i = 0; i + 1 < leaf.pieces; i++) {
        uint32_t answer = at[1 + i], edges = pm_leaf_mask(at, &leaf, i);
        int inside = (int)((answer ^ pm_parity(seen.crossed & edges)) & PM_PIECE_INSIDE);
        if ((seen.near & edges) | (answer & PM_PIECE_ASK))
            inside = ask(&l, answer, edges, origins[1 + i], (const uint64_t[2]){place_x, place_y},
                         (const double[2]){x, y});
        if (inside)
            return pm_cell_answer(answer);
    }
    return pm_cell_answer(at[leaf.pieces]);
}
