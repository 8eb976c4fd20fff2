/* packed.c — how are boxes stacked so that the near ones are found in a few looks?
 *
 * Sixteen neighbours in an order share a node, sixteen nodes the node above, and so on: no pointers, a box takes 16
 * bytes, and a node is four lines of the cache that one look compares with a point (as packed Hilbert R-trees do:
 * Kamel and Faloutsos, "On packing R-trees", 1993). The order is the caller's; one that keeps neighbours together
 * makes small nodes.
 *
 * Boxes are floats rounded outwards, and a point is an interval of floats around it. So the bound of a box is at most
 * the true squared distance but for the rounding of its own four operations and for underflow; pm_packed_limit() adds
 * those to what it is compared with. */
#include "base/strict.h"

#include "packed.h"

#include <float.h>

size_t pm_packed_size(pm_sides sides, size_t count) {
    size_t floats = 0;
    while (count > 0) {
        const size_t nodes = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        floats += (size_t)sides * PM_PACKED_FAN * nodes;
        count = nodes > 1 ? nodes : 0;
    }
    return floats;
}

void pm_packed_view(pm_packed *tree, pm_sides sides, size_t count, const float *memory) {
    *tree = (pm_packed){.count = count, .sides = sides};
    while (count > 0) {
        const size_t nodes = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        tree->nodes[tree->levels++] = memory;
        memory += (size_t)sides * PM_PACKED_FAN * nodes;
        count = nodes > 1 ? nodes : 0;
    }
}

float pm_float_below(double value) {
    const double least = isfinite(value) ? value - fabs(value) * 0x1p-52 : value;
    const float rounded = (float)least;
    return (double)rounded > least ? nextafterf(rounded, -INFINITY) : rounded;
}

static float *packed_child(float *nodes, pm_sides sides, size_t i) {
    return nodes + (size_t)sides * PM_PACKED_FAN * (i / PM_PACKED_FAN) + i % PM_PACKED_FAN;
}

void pm_packed_put(float *memory, pm_sides sides, size_t i, const double *box) {
    float *child = packed_child(memory, sides, i);
    for (int side = 0; side < (int)sides; side++)
        child[PM_PACKED_FAN * side] = side < (int)sides / 2 ? pm_float_below(box[side]) : pm_float_above(box[side]);
}

/* The box around the boxes of a node becomes a child of the level above. */
static void bound_node(const float *node, pm_sides sides, float *child) {
    for (int side = 0; side < (int)sides; side++) {
        const float *values = node + PM_PACKED_FAN * side;
        float bound = values[0];
        for (int i = 1; i < PM_PACKED_FAN; i++)
            bound = (side < (int)sides / 2 ? values[i] < bound : values[i] > bound) ? values[i] : bound;
        child[PM_PACKED_FAN * side] = bound;
    }
}

/* A box that is nowhere, where there is no child. */
static void put_nothing(float *child, pm_sides sides) {
    for (int side = 0; side < (int)sides; side++)
        child[PM_PACKED_FAN * side] = side < (int)sides / 2 ? INFINITY : -INFINITY;
}

void pm_packed_fill(const pm_packed *tree, float *memory) {
    const pm_sides sides = tree->sides;
    size_t count = tree->count;
    float *nodes = memory;
    for (int level = 0; level < tree->levels; level++) {
        const size_t node_count = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        for (size_t i = count; i < PM_PACKED_FAN * node_count; i++)
            put_nothing(packed_child(nodes, sides, i), sides);
        float *next = nodes + (size_t)sides * PM_PACKED_FAN * node_count;
        for (size_t node = 0; level + 1 < tree->levels && node < node_count; node++)
            bound_node(nodes + (size_t)sides * PM_PACKED_FAN * node, sides, packed_child(next, sides, node));
        nodes = next;
        count = node_count;
    }
}

pm_target pm_target_at(double x, double y) {
    return (pm_target){x,
                       y,
                       pm_float_below(x),
                       pm_float_above(x),
                       pm_float_below(y),
                       pm_float_above(y),
                       !(fabs(x) < 0x1p60 && fabs(y) < 0x1p60)};
}

void pm_packed_bounds_far(const float *node, const pm_target *target, float bounds[PM_PACKED_FAN]) {
    const double room_x = fabs(target->x) * 0x1p-50, room_y = fabs(target->y) * 0x1p-50;
    for (int i = 0; i < PM_PACKED_FAN; i++) {
        double left = node[i] - target->x, right = target->x - node[2 * PM_PACKED_FAN + i];
        double down = node[PM_PACKED_FAN + i] - target->y, up = target->y - node[3 * PM_PACKED_FAN + i];
        double dx = (left > right ? left : right) - room_x, dy = (down > up ? down : up) - room_y;
        dx = dx > 0 ? dx : 0;
        dy = dy > 0 ? dy : 0;
        double square = dx * dx + dy * dy;
        bounds[i] = square < (double)FLT_MAX ? pm_float_below(square) : FLT_MAX;
    }
}

void pm_packed_begin(pm_packed_walk *walk, const pm_packed *tree, pm_packed_look *look, const void *target,
                     size_t begin, size_t end) {
    walk->tree = tree;
    walk->look = look;
    walk->target = target;
    walk->begin = begin;
    walk->end = end;
    walk->count = 0;
    if (begin < end)
        walk->steps[walk->count++] = pm_packed_top(begin, end);
}

static uint32_t look_in_plane(const float *node, const void *target, float limit, float bounds[PM_PACKED_FAN]) {
    return pm_packed_near(node, target, limit, bounds);
}

void pm_packed_start(pm_packed_walk *walk, const pm_packed *tree, const pm_target *target) {
    pm_packed_begin(walk, tree, look_in_plane, target, 0, tree->count);
}

size_t pm_packed_next(pm_packed_walk *walk, float limit) {
    const size_t floats = (size_t)walk->tree->sides * PM_PACKED_FAN;
    float bounds[PM_PACKED_FAN];
    while (walk->count > 0) {
        const pm_packed_step step = walk->steps[--walk->count];
        const int level = pm_packed_step_level(step);
        const size_t item = pm_packed_step_item(step);
        if (pm_packed_step_bound(step) > limit)
            continue;
        if (level < 0)
            return item;
        const float *node = walk->tree->nodes[level] + floats * item;
        const uint32_t near =
            walk->look(node, walk->target, limit, bounds) & pm_packed_children(item, level, walk->begin, walk->end);
        walk->count = pm_packed_push(walk->steps, walk->count, item, level, near, bounds);
    }
    return SIZE_MAX;
}
