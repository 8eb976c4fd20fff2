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

size_t pm_packed_size(size_t count) {
    size_t floats = 0;
    while (count > 0) {
        size_t nodes = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        floats += PM_PACKED_FLOATS * nodes;
        count = nodes > 1 ? nodes : 0;
    }
    return floats;
}

void pm_packed_view(pm_packed *tree, size_t count, const float *memory) {
    *tree = (pm_packed){.count = count};
    while (count > 0) {
        size_t nodes = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        tree->nodes[tree->levels++] = memory;
        memory += PM_PACKED_FLOATS * nodes;
        count = nodes > 1 ? nodes : 0;
    }
}

/* The greatest float that is certainly no more than a value which was rounded once. */
static float below(double value) {
    double least = isfinite(value) ? value - fabs(value) * 0x1p-52 : value;
    float rounded = (float)least;
    return (double)rounded > least ? nextafterf(rounded, -INFINITY) : rounded;
}

static float above(double value) {
    return -below(-value);
}

static void put(float *nodes, size_t i, const float box[4]) {
    float *child = nodes + PM_PACKED_FLOATS * (i / PM_PACKED_FAN) + i % PM_PACKED_FAN;
    for (int side = 0; side < 4; side++)
        child[PM_PACKED_FAN * side] = box[side];
}

void pm_packed_put(float *memory, size_t i, const double box[4]) {
    put(memory, i, (const float[4]){below(box[0]), below(box[1]), above(box[2]), above(box[3])});
}

/* The box around the boxes of a node. */
static void bound_node(const float *node, float box[4]) {
    for (int side = 0; side < 4; side++) {
        const float *values = node + PM_PACKED_FAN * side;
        box[side] = values[0];
        for (int i = 1; i < PM_PACKED_FAN; i++)
            box[side] = (side < 2 ? values[i] < box[side] : values[i] > box[side]) ? values[i] : box[side];
    }
}

void pm_packed_fill(const pm_packed *tree, float *memory) {
    size_t count = tree->count;
    float *nodes = memory;
    for (int level = 0; level < tree->levels; level++) {
        size_t node_count = (count + PM_PACKED_FAN - 1) / PM_PACKED_FAN;
        for (size_t i = count; i < PM_PACKED_FAN * node_count; i++)
            put(nodes, i, (const float[4]){INFINITY, INFINITY, -INFINITY, -INFINITY});
        float *next = nodes + PM_PACKED_FLOATS * node_count, box[4];
        for (size_t node = 0; level + 1 < tree->levels && node < node_count; node++) {
            bound_node(nodes + PM_PACKED_FLOATS * node, box);
            put(next, node, box);
        }
        nodes = next;
        count = node_count;
    }
}

pm_target pm_target_at(double x, double y) {
    return (pm_target){x, y, below(x), above(x), below(y), above(y), !(fabs(x) < 0x1p60 && fabs(y) < 0x1p60)};
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
        bounds[i] = square < (double)FLT_MAX ? below(square) : FLT_MAX;
    }
}

void pm_packed_start(pm_packed_walk *walk, const pm_packed *tree, const pm_target *target) {
    walk->tree = tree;
    walk->target = *target;
    walk->count = 0;
    if (tree->count > 0)
        walk->steps[walk->count++] = pm_packed_top(0, tree->count);
}

size_t pm_packed_next(pm_packed_walk *walk, float limit) {
    float bounds[PM_PACKED_FAN];
    while (walk->count > 0) {
        pm_packed_step step = walk->steps[--walk->count];
        const int level = pm_packed_step_level(step);
        const size_t item = pm_packed_step_item(step);
        if (pm_packed_step_bound(step) > limit)
            continue;
        if (level < 0)
            return item;
        const float *node = walk->tree->nodes[level] + PM_PACKED_FLOATS * item;
        uint32_t near = pm_packed_near(node, &walk->target, limit, bounds) &
                        pm_packed_children(item, level, 0, walk->tree->count);
        walk->count = pm_packed_push(walk->steps, walk->count, item, level, near, bounds);
    }
    return SIZE_MAX;
}
