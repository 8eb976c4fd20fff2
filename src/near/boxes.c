/* boxes.c — which of these boxes hold this point?
 *
 * For few points the boxes are looked through: their sides are 16-bit places on a grid, sixteen boxes per
 * instruction with AVX2, about 0.1 ns per box, and there is next to nothing to build. For more points they stand in
 * a packed tree (packed.c), along a Hilbert curve; that takes a sort, and a point is a few nodes.
 *
 * Both maps of coordinates are monotone and what they round is rounded outwards, so no box that holds the point is
 * ever missed. Some that don't may be given: who wants to be sure compares the shape itself. */
#include "base/strict.h"

#include "boxes.h"

#include "base/exact.h"
#include "base/status.h"
#include "near/order.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

enum { LAST_PLACE = INT16_MAX, BOX_GROUP = 16, BOX_SIDES = 4 };

static int box_is_empty(const pm_box *box) {
    return !(box->min_x <= box->max_x && box->min_y <= box->max_y);
}

/* The box around all that are finite. */
static pm_box bound_boxes(const pm_box *sides, size_t count) {
    pm_box all = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        if (box_is_empty(&sides[i]) || !pm_are_finite(&sides[i].min_x, BOX_SIDES))
            continue;
        all.min_x = sides[i].min_x < all.min_x ? sides[i].min_x : all.min_x;
        all.min_y = sides[i].min_y < all.min_y ? sides[i].min_y : all.min_y;
        all.max_x = sides[i].max_x > all.max_x ? sides[i].max_x : all.max_x;
        all.max_y = sides[i].max_y > all.max_y ? sides[i].max_y : all.max_y;
    }
    return all;
}

/* ---- flat ---- */

/* Where a coordinate is on the grid; the nearest place for those outside. NaN, from extents that are infinite: 0. */
static int16_t box_place(double value, double corner, double scale) {
    double place = (value - corner) * scale;
    return (int16_t)(place > 0 ? place < LAST_PLACE ? place : LAST_PLACE : 0);
}

static void put_flat(int16_t *grid, const pm_boxes *b, size_t i, const pm_box *box) {
    int16_t *group = grid + BOX_SIDES * BOX_GROUP * (i / BOX_GROUP) + i % BOX_GROUP;
    int16_t places[BOX_SIDES] = {LAST_PLACE, LAST_PLACE, -1, -1}; /* no point is there */
    if (box && !box_is_empty(box)) {
        places[0] = box_place(box->min_x, b->corner[0], b->scale);
        places[1] = box_place(box->min_y, b->corner[1], b->scale);
        places[2] = box_place(box->max_x, b->corner[0], b->scale);
        places[3] = box_place(box->max_y, b->corner[1], b->scale);
    }
    for (int side = 0; side < BOX_SIDES; side++)
        group[BOX_GROUP * side] = places[side];
}

static pm_status build_flat(pm_boxes *b, const pm_box *sides, size_t count, double extent, pm_poll *poll,
                            const pm_allocator *allocator) {
    b->groups = (count + BOX_GROUP - 1) / BOX_GROUP;
    b->scale = LAST_PLACE / extent;
    if (!(extent < INFINITY && b->scale < INFINITY))
        b->scale = 0; /* one place for all */
    int16_t *grid = pm_allocate(allocator, (BOX_SIDES * BOX_GROUP * b->groups + 1) * sizeof *grid);
    if (!grid)
        return PM_ERR_NO_MEMORY;
    b->memory = grid;
    b->grid = grid;
    for (size_t i = 0; i < b->groups * BOX_GROUP; i++) {
        put_flat(grid, b, i, i < count ? &sides[i] : NULL);
        if (pm_poll_after(poll, 1))
            return PM_ERR_STOPPED;
    }
    return PM_OK;
}

static void visit_flat_portable(const pm_boxes *b, int16_t px, int16_t py, pm_box_take *take, void *context) {
    for (size_t group = 0; group < b->groups; group++) {
        const int16_t *side = b->grid + BOX_SIDES * BOX_GROUP * group;
        for (size_t i = 0; i < BOX_GROUP; i++)
            if (side[i] <= px && side[BOX_GROUP + i] <= py && px <= side[2 * BOX_GROUP + i] &&
                py <= side[3 * BOX_GROUP + i])
                take(context, BOX_GROUP * group + i);
    }
}

#ifdef PM_X86
/* The boxes of a group that don't hold the point, two bits each. */
__attribute__((target("avx2"))) static inline uint32_t box_misses_avx2(const int16_t *group, __m256i px, __m256i py) {
    const __m256i *side = (const __m256i *)(const void *)group;
    __m256i low_x = _mm256_cmpgt_epi16(_mm256_loadu_si256(side), px);
    __m256i low_y = _mm256_cmpgt_epi16(_mm256_loadu_si256(side + 1), py);
    __m256i high_x = _mm256_cmpgt_epi16(px, _mm256_loadu_si256(side + 2));
    __m256i high_y = _mm256_cmpgt_epi16(py, _mm256_loadu_si256(side + 3));
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_or_si256(low_x, low_y), _mm256_or_si256(high_x, high_y)));
}

__attribute__((target("avx2"))) static void visit_flat_avx2(const pm_boxes *b, int16_t x, int16_t y,
                                                            pm_box_take *take, void *context) {
    const __m256i px = _mm256_set1_epi16(x), py = _mm256_set1_epi16(y);
    for (size_t group = 0; group < b->groups; group++) {
        uint32_t misses = box_misses_avx2(b->grid + BOX_SIDES * BOX_GROUP * group, px, py);
        for (uint32_t hits = ~misses & UINT32_C(0x55555555); hits; hits &= hits - 1)
            take(context, BOX_GROUP * group + (size_t)pm_lowest_bit(hits) / 2);
    }
}
#endif

static void visit_flat(const pm_boxes *b, double x, double y, pm_box_take *take, void *context) {
    const int16_t px = box_place(x, b->corner[0], b->scale), py = box_place(y, b->corner[1], b->scale);
#ifdef PM_X86
    if (b->isa != PM_ISA_PORTABLE) {
        visit_flat_avx2(b, px, py, take, context);
        return;
    }
#endif
    visit_flat_portable(b, px, py, take, context);
}

/* ---- the tree ---- */

static pm_status build_tree(pm_boxes *b, const pm_box *sides, size_t count, double extent, pm_poll *poll,
                            const pm_allocator *allocator) {
    if (count >= PM_PACKED_MOST)
        return PM_ERR_ARGUMENT;
    const size_t floats = pm_packed_size(PM_PLANE, count);
    pm_entry *entries = pm_allocate(allocator, 2 * (count + 1) * sizeof *entries);
    b->memory = entries ? pm_allocate(allocator, floats * sizeof(float) + (count + 1) * sizeof(uint32_t)) : NULL;
    size_t filled = 0;
    for (size_t i = 0; b->memory && i < count && !pm_poll_after(poll, 4); i++)
        if (!box_is_empty(&sides[i])) {
            double x = sides[i].min_x / 2 + sides[i].max_x / 2, y = sides[i].min_y / 2 + sides[i].max_y / 2;
            entries[filled++] =
                (pm_entry){pm_curve_place(x - b->corner[0], y - b->corner[1], extent), (uint32_t)i, 0};
        }
    if (!b->memory || poll->stopped) {
        pm_release(allocator, entries);
        return b->memory ? PM_ERR_STOPPED : PM_ERR_NO_MEMORY;
    }
    pm_order(entries, entries + count + 1, filled);
    float *nodes = b->memory;
    uint32_t *numbers = (uint32_t *)(void *)(nodes + floats);
    b->numbers = numbers;
    pm_packed_view(&b->tree, PM_PLANE, filled, nodes);
    for (size_t i = 0; i < filled; i++) {
        const pm_box *box = &sides[entries[i].item];
        const double from[BOX_SIDES] = {box->min_x - b->corner[0], box->min_y - b->corner[1],
                                        box->max_x - b->corner[0], box->max_y - b->corner[1]};
        pm_packed_put(nodes, PM_PLANE, i, from);
        numbers[i] = entries[i].item;
    }
    pm_packed_fill(&b->tree, nodes);
    pm_release(allocator, entries);
    return PM_OK;
}

static void visit_tree(const pm_boxes *b, double x, double y, pm_box_take *take, void *context) {
    const pm_target target = pm_target_at(x - b->corner[0], y - b->corner[1]);
    uint64_t steps[PM_PACKED_STEPS]; /* a node's number above its level */
    size_t count = 0;
    if (b->tree.levels > 0)
        steps[count++] = (uint64_t)(b->tree.levels - 1);
    while (count > 0) {
        const uint64_t step = steps[--count];
        const size_t level = step & 15, node = (size_t)(step >> 4);
        uint32_t hold = pm_packed_holding(b->tree.nodes[level] + PM_PACKED_FLOATS * node, &target);
        for (; hold; hold &= hold - 1) {
            const size_t child = PM_PACKED_FAN * node + (size_t)pm_lowest_bit(hold);
            if (level == 0)
                take(context, b->numbers[child]);
            else
                steps[count++] = (uint64_t)child << 4 | (level - 1);
        }
    }
}

/* ---- either ---- */

pm_status pm_boxes_build(pm_boxes *boxes, const pm_box *sides, size_t count, int as_tree, pm_poll *poll,
                         const pm_allocator *allocator) {
    const pm_box all = bound_boxes(sides, count);
    *boxes = (pm_boxes){.isa = pm_isa_best(), .corner = {all.min_x, all.min_y}};
    if (!(all.min_x <= all.max_x))
        boxes->corner[0] = boxes->corner[1] = 0; /* there are none */
    double width = all.max_x - all.min_x, height = all.max_y - all.min_y, extent = width > height ? width : height;
    return (as_tree ? build_tree : build_flat)(boxes, sides, count, extent, poll, allocator);
}

void pm_boxes_free(pm_boxes *boxes, const pm_allocator *allocator) {
    pm_release(allocator, boxes->memory);
}

void pm_boxes_visit(const pm_boxes *boxes, double x, double y, pm_box_take *take, void *context) {
    (boxes->grid ? visit_flat : visit_tree)(boxes, x, y, take, context);
}
