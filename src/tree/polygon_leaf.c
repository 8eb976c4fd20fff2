/* polygon_leaf.c — which polygon of this leaf contains the point?
 *
 * The leaf polygons are tried best first. One that is undecided, because an edge is near the point, is decided
 * exactly: a point on an edge is inside; else a place in the same row or column of the cell that no edge is near is
 * looked up as before, and the edges between there and the point are counted in exact arithmetic. That costs as much
 * as the leaf has edges, not the polygon: a point next to a coast is answered in a fraction of a microsecond, however
 * long the coast. Only where no such place is found is the whole polygon tested. */
#include "base/strict.h"

#include "polygon_leaf.h"

#include <math.h>

#ifdef PM_X86
#include <immintrin.h>
#endif

typedef struct look {
    const pm_tree *tree;
    const pm_polygon_table *polygons;
    const uint32_t *at;
    pm_leaf leaf;
    const pm_batch *batch;
    uint32_t point;
} look;

static inline look look_into(const pm_tree *tree, const void *polygons, const pm_batch *b, uint32_t i) {
    const uint32_t *at = tree->leaves + pm_cell_leaf(b->word[i]);
    return (look){tree, polygons, at, pm_leaf_read(at), b, i};
}

/* Is q, which differs from p along one axis only, on the other side of an odd number of these edges? -1 when p is on
 * one of them. */
static int edges_between(const double *a, const double *end, const pm_exact_point *p, const pm_exact_point *q,
                         int axis) {
    const double low = axis ? p->low : p->y, high = axis ? p->high : p->y; /* both are on the line between these */
    const double from = axis ? p->y : p->low, to = axis ? p->y : p->high;
    int odd = 0;
    for (; a < end; a += 2) {
        const double *b = a + 2;
        if ((a[1 - axis] > low && b[1 - axis] > low) || (a[1 - axis] < high && b[1 - axis] < high))
            continue;
        int side = pm_point_side(a[0], a[1], b[0], b[1], p);
        if (side == 0) {
            double first = a[axis] < b[axis] ? a[axis] : b[axis], last = a[axis] < b[axis] ? b[axis] : a[axis];
            if (from >= first && to <= last)
                return -1;
        } else if ((a[1 - axis] > low) != (b[1 - axis] > low)) {
            odd ^= side != pm_point_side(a[0], a[1], b[0], b[1], q);
        }
    }
    return odd;
}

/* The same for all runs of a polygon. */
static int runs_between(const pm_polygon_table *polygons, const pm_origin *origin, const pm_exact_point *p,
                        const pm_exact_point *q, int axis) {
    int odd = 0;
    for (uint32_t i = 0; i < origin->run_count; i++) {
        const double *first = polygons->vertices + 2 * (size_t)origin->runs[2 * (size_t)i];
        int between = edges_between(first, first + 2 * (size_t)origin->runs[2 * (size_t)i + 1], p, q, axis);
        if (between < 0)
            return -1;
        odd ^= between;
    }
    return odd;
}

/* Does an undecided polygon contain the point? */
static int decide_exactly(const look *l, uint32_t answer, uint64_t edges, const pm_origin *origin) {
    static const int steps[] = {3, -3, 15, -15, 75, -75, 375, -375};
    const int bits = l->leaf.bits;
    const double min[2] = {l->tree->min_x, l->tree->min_y};
    const uint64_t fixed[2] = {l->batch->fixed_x[l->point], l->batch->fixed_y[l->point]};
    const pm_exact_point p = pm_batch_point(l->batch, l->point);
    const double step = ldexp(1, PM_FIXED_BITS - PM_STEP_BITS - bits) / l->tree->scale;
    for (int trial = 0; trial < 16 && origin->run_count > 0; trial++) {
        int axis = trial & 1;
        uint64_t other[2] = {fixed[0], fixed[1]};
        double moved = (axis ? p.y : p.low) + steps[trial >> 1] * l->leaf.near * step;
        if (!pm_is_in_root(moved, min[axis], l->tree->scale))
            continue;
        other[axis] = pm_fixed(moved, min[axis], l->tree->scale);
        if (((other[axis] ^ fixed[axis]) >> 1) >> (63 - bits))
            continue; /* in another cell */
        pm_seen seen = pm_leaf_look(l->at + l->leaf.vertices, l->leaf.vertex_count, l->leaf.near,
                                    pm_step(other[0], bits), pm_step(other[1], bits));
        if (seen.near & edges)
            continue;
        pm_exact_point q = axis ? p : pm_point(moved, p.y);
        q.y = axis ? moved : p.y;
        int odd = runs_between(l->polygons, origin, &p, &q, axis);
        return odd < 0 ? 1 : (int)(answer & PM_LEAF_INSIDE) ^ (int)pm_parity(seen.crossed & edges) ^ odd;
    }
    return pm_polygon_covers(l->polygons, origin->polygon, &p);
}

/* The polygons one by one, after the edges were looked at. */
static int64_t find(const look *l, pm_seen seen) {
    const uint32_t *answers = l->at + PM_LEAF_ANSWERS, *origins = l->tree->origins + l->at[PM_LEAF_ORIGINS];
    for (int i = 0; i + 1 < l->leaf.polygon_count; i++) {
        pm_origin origin = pm_origin_read(origins);
        uint64_t edges = pm_leaf_mask(l->at, &l->leaf, i);
        int inside = (int)((answers[i] ^ pm_parity(seen.crossed & edges)) & PM_LEAF_INSIDE);
        if ((seen.near & edges) != 0 || answers[i] & PM_LEAF_EXACT)
            inside = decide_exactly(l, answers[i], edges, &origin);
        if (inside)
            return pm_cell_answer(answers[i]);
        origins = origin.runs + 2 * (size_t)origin.run_count;
    }
    return pm_cell_answer(answers[l->leaf.polygon_count - 1]);
}

static void find_portable(const pm_tree *tree, const void *polygons, pm_batch *b, size_t count) {
    for (size_t k = 0; k < count; k++) {
        uint32_t i = b->list[k];
        look l = look_into(tree, polygons, b, i);
        b->out[i] = find(&l, pm_leaf_look(l.at + l.leaf.vertices, l.leaf.vertex_count, l.leaf.near,
                                          pm_step(b->fixed_x[i], l.leaf.bits), pm_step(b->fixed_y[i], l.leaf.bits)));
    }
}

#ifdef PM_X86
/* pm_leaf_look() for eight edges: coordinates are pairs of 16 bits, products sums of two in 32. */
PM_AVX2 static inline pm_seen look_avx2(const uint32_t *vertices, __m256i point, __m256i near) {
    const __m256i swap = _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4,
                                          5, 10, 11, 8, 9, 14, 15, 12, 13);
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)vertices);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(vertices + 1));
    __m256i delta = _mm256_sub_epi16(b, a);
    __m256i turned = _mm256_sign_epi16(_mm256_shuffle_epi8(delta, swap), _mm256_set1_epi32(0x0001ffff)); /* -dy, dx */
    __m256i cross = _mm256_madd_epi16(turned, _mm256_sub_epi16(point, a));
    __m256i spans =
        _mm256_xor_si256(_mm256_cmpgt_epi16(a, point), _mm256_cmpgt_epi16(b, point)); /* in y: the signs */
    __m256i crossed = _mm256_and_si256(spans, _mm256_xor_si256(cross, delta));
    __m256i low = _mm256_sub_epi16(_mm256_min_epi16(a, b), near),
            high = _mm256_add_epi16(_mm256_max_epi16(a, b), near);
    __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi16(low, point), _mm256_cmpgt_epi16(point, high));
    __m256i far = _mm256_cmpgt_epi32(_mm256_abs_epi32(cross), _mm256_madd_epi16(_mm256_abs_epi16(delta), near));
    __m256i close = _mm256_cmpeq_epi32(_mm256_or_si256(outside, far), _mm256_setzero_si256());
    return (pm_seen){(uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(crossed)),
                     (uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(close))};
}

/* Any leaf. */
PM_AVX2 static void find_any_avx2(const pm_tree *tree, const void *polygons, pm_batch *b, uint32_t i, __m256i point) {
    look l = look_into(tree, polygons, b, i);
    __m256i near = _mm256_set1_epi16((short)l.leaf.near);
    pm_seen seen = {0, 0};
    for (int k = 0; k + 1 < l.leaf.vertex_count; k += 8) {
        pm_seen more = look_avx2(l.at + l.leaf.vertices + k, point, near);
        seen.crossed |= more.crossed << k;
        seen.near |= more.near << k;
    }
    seen.near &= (UINT64_C(1) << (l.leaf.vertex_count - (l.leaf.vertex_count > 0))) - 1;
    b->out[i] = find(&l, seen);
}

/* Nearly all leaves are narrow, of two or three polygons, and no edge is near the point: no jumps for these. */
PM_AVX2 static void find_avx2(const pm_tree *tree, const void *polygons, pm_batch *b, size_t count) {
    for (size_t k = 0; k < count; k++) {
        uint32_t i = b->list[k];
        const uint32_t *at = tree->leaves + pm_cell_leaf(b->word[i]);
        pm_leaf leaf = pm_leaf_read(at);
        int u = pm_step(b->fixed_x[i], leaf.bits), v = pm_step(b->fixed_y[i], leaf.bits);
        __m256i point = _mm256_set1_epi32(u | v << 16), near = _mm256_set1_epi16((short)leaf.near);
        pm_seen seen = look_avx2(at + leaf.vertices, point, near);
        if (leaf.vertex_count > 9) {
            pm_seen more = look_avx2(at + leaf.vertices + 8, point, near);
            seen.crossed |= more.crossed << 8;
            seen.near |= more.near << 8;
        }
        uint32_t first = at[PM_LEAF_ANSWERS], second = at[PM_LEAF_ANSWERS + 1], masks = at[leaf.masks],
                 crossed = (uint32_t)seen.crossed;
        if (((uint32_t)seen.near & ((UINT32_C(1) << (leaf.vertex_count & 31) >> 1) - 1)) |
            ((unsigned)leaf.polygon_count - 2 > 1) | (leaf.vertex_count > PM_LEAF_NARROW) | (first & PM_LEAF_EXACT)) {
            find_any_avx2(tree, polygons, b, i, point);
            continue;
        }
        unsigned in_first = (unsigned)__builtin_popcount(crossed & masks & 0xffff) ^ first;
        unsigned in_second =
            ((unsigned)__builtin_popcount(crossed & masks >> 16) ^ second) | (leaf.polygon_count == 2);
        uint32_t answer = in_second & 1 ? second : at[PM_LEAF_ANSWERS + 2];
        b->out[i] = pm_cell_answer(in_first & 1 ? first : answer);
    }
}
#endif

pm_leaf_kernel *pm_polygon_kernel(pm_isa isa) {
#ifdef PM_X86
    return isa >= PM_ISA_AVX2 ? find_avx2 : find_portable;
#else
    (void)isa;
    return find_portable;
#endif
}

/* ---- leaves that come from elsewhere: one after the other, zeros between ---- */

/* Do the runs of a polygon's edges lie within it, one after the other? */
static int runs_are_right(const pm_polygon_table *table, const pm_origin *origin) {
    uint64_t at = table->vertex_offsets[table->ring_offsets[origin->polygon]];
    const uint64_t last = table->vertex_offsets[table->ring_offsets[origin->polygon + 1]] - (uint64_t)1;
    uint32_t right = 1;
    for (size_t k = 0; k < 2 * (size_t)origin->run_count; k += 2) {
        right &= origin->runs[k] >= at;
        at = (uint64_t)origin->runs[k] + origin->runs[k + 1];
        right &= at <= last;
    }
    return (int)right;
}

/* Are `count` origins, from *at on, those of different polygons in rank order? Then no edge is looked at twice for a
 * point. Moves *at to their end, where the next leaf's begin: so each is checked once. */
static int origins_are_right(const pm_check *c, size_t *at, int count) {
    const pm_polygon_table *table = c->shapes;
    const size_t polygons = table->polygon_offsets[table->count];
    for (size_t least = 0; count > 0; count--) {
        size_t left = c->tree->origin_count - *at;
        if (left < 2)
            return 0;
        pm_origin origin = pm_origin_read(c->tree->origins + *at);
        if (origin.polygon < least || origin.polygon >= polygons || origin.run_count > (left - 2) / 2 ||
            !runs_are_right(table, &origin))
            return 0;
        least = (size_t)origin.polygon + 1;
        *at += 2 + 2 * (size_t)origin.run_count;
    }
    return 1;
}

static int polygon_leaf_is_right(const pm_check *c, size_t at, const pm_leaf *leaf, size_t *origins) {
    const uint32_t *units = c->tree->leaves + at;
    uint32_t right =
        (leaf->near >= PM_NEAR) & (leaf->vertex_count <= PM_LEAF_WIDE) & (leaf->bits <= PM_FIXED_BITS - PM_STEP_BITS);
    for (int i = 0; i < leaf->polygon_count; i++)
        right &= units[PM_LEAF_ANSWERS + i] >> 2 <= c->count;
    return right && units[PM_LEAF_ORIGINS] == *origins && origins_are_right(c, origins, leaf->polygon_count - 1);
}

int pm_polygon_leaves_check(const pm_check *c) {
    const size_t end = c->tree->leaf_count - PM_LEAF_SLACK;
    size_t origins = 0;
    for (size_t at = 0; at < end;) {
        pm_leaf leaf = pm_leaf_read(c->tree->leaves + at);
        size_t units = leaf.vertices + (size_t)leaf.vertex_count;
        if (leaf.polygon_count > 0) {
            if (units > end - at || !polygon_leaf_is_right(c, at, &leaf, &origins))
                return 0;
            pm_check_leaf_start(c, at);
        }
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
    return 1;
}
