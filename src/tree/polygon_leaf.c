/* polygon_leaf.c — which polygon of this leaf contains the point?
 *
 * The leaf polygons are tried best first. One that is undecided, because an edge is near the point, is decided
 * exactly: a point on an edge is inside; else a place in the same row or column of the cell that no edge is near is
 * looked up as before, and the edges between there and the point are counted in exact arithmetic. That costs as much
 * as the leaf has edges, not the polygon: a point next to a coast is answered in a fraction of a microsecond, however
 * long the coast. Only where no such place is found is the whole polygon tested.
 *
 * With AVX2 eight edges are looked at together, and then eight polygons. How many of each a leaf has can't be
 * predicted, and a jump guessed wrong costs as much as three vectors of edges. So the points of a batch are sorted by
 * that first, and no jump is left but for points near an edge: on the same leaves of squares, tiles, contours and
 * winding roads that takes 40 to 55 % of the time of one leaf after the other. Origins are not read then. */
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

/* The same for edges whose vertices are compact. */
PM_COMPACT_ONLY static int compact_between(const pm_vertices *vertices, size_t first, size_t count,
                                           const pm_exact_point *p, const pm_exact_point *q, int axis) {
    double edges[2 * PM_SPAN + 2];
    int odd = 0;
    for (size_t some; count > 0; first += some, count -= some) {
        some = count < PM_SPAN ? count : PM_SPAN;
        pm_vertices_read(vertices, first, some + 1, edges);
        int between = edges_between(edges, edges + 2 * some, p, q, axis);
        if (between < 0)
            return -1;
        odd ^= between;
    }
    return odd;
}

/* The same for all runs of a polygon. */
static int runs_between(const pm_polygon_table *polygons, const pm_origin *origin, const pm_exact_point *p,
                        const pm_exact_point *q, int axis) {
    int odd = 0;
    for (uint32_t i = 0; i < origin->run_count; i++) {
        const size_t first = origin->runs[2 * (size_t)i], count = origin->runs[2 * (size_t)i + 1];
        int between = polygons->compact ? compact_between(polygons->compact, first, count, p, q, axis)
                                        : edges_between(polygons->vertices + 2 * first,
                                                        polygons->vertices + 2 * (first + count), p, q, axis);
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

/* The entry of this leaf polygon in origins. */
static pm_origin origin_of(const look *l, int polygon) {
    pm_origin origin = pm_origin_read(l->tree->origins + l->at[PM_LEAF_ORIGINS]);
    for (; polygon > 0; polygon--)
        origin = pm_origin_read(origin.runs + 2 * (size_t)origin.run_count);
    return origin;
}

/* The polygons one by one, after the edges were looked at. Origins are read only where a polygon is undecided. */
static int64_t find(const look *l, pm_seen seen) {
    const uint32_t *answers = l->at + PM_LEAF_ANSWERS;
    for (int i = 0; i + 1 < l->leaf.polygon_count; i++) {
        uint64_t edges = pm_leaf_mask(l->at, &l->leaf, i);
        int inside = (int)((answers[i] ^ pm_parity(seen.crossed & edges)) & PM_LEAF_INSIDE);
        if ((seen.near & edges) != 0 || answers[i] & PM_LEAF_EXACT) {
            pm_origin origin = origin_of(l, i);
            inside = decide_exactly(l, answers[i], edges, &origin);
        }
        if (inside)
            return pm_cell_answer(answers[i]);
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

/* As many polygons as a vector has places. */
enum { FEW = 8 };

/* The PM_LEAF_INSIDE of FEW answers, as bits. */
PM_AVX2 static inline unsigned inside_avx2(const uint32_t *answers) {
    __m256i all = _mm256_loadu_si256((const __m256i *)(const void *)answers);
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32(all, 31)));
}

/* Which of the first FEW polygons have an odd number of these edges, as bits. Further bits are 0. */
PM_AVX2 static inline unsigned odd_avx2(const uint32_t *masks, uint64_t edges, int is_wide) {
    const __m128i parities = _mm_setr_epi8(0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0);
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)masks), odd;
    if (is_wide) { /* 64 bits each: folded to 32, then to 16 */
        const __m256i chosen = _mm256_set1_epi64x((int64_t)edges);
        __m256i low = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)masks), chosen);
        __m256i high = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)(masks + 8)), chosen);
        __m256 l = _mm256_castsi256_ps(low), h = _mm256_castsi256_ps(high);
        __m256i folded =
            _mm256_castps_si256(_mm256_xor_ps(_mm256_shuffle_ps(l, h, 0x88), _mm256_shuffle_ps(l, h, 0xdd)));
        folded = _mm256_permute4x64_epi64(folded, 0xd8);
        folded = _mm256_and_si256(_mm256_xor_si256(folded, _mm256_srli_epi32(folded, 16)), _mm256_set1_epi32(0xffff));
        all = _mm_packus_epi32(_mm256_castsi256_si128(folded), _mm256_extracti128_si256(folded, 1));
    } else {
        all = _mm_and_si128(all, _mm_set1_epi16((short)edges));
    }
    all = _mm_xor_si128(all, _mm_srli_epi16(all, 8));
    all = _mm_and_si128(_mm_xor_si128(all, _mm_srli_epi16(all, 4)), _mm_set1_epi16(15));
    odd = _mm_slli_epi16(_mm_shuffle_epi8(parities, all), 15);
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(odd, _mm_setzero_si128()));
}

/* The answer where no edge is near, for any number of polygons. */
PM_AVX2 static int64_t first_inside_avx2(const look *l, uint64_t crossed) {
    const int is_wide = l->leaf.vertex_count > PM_LEAF_NARROW, last = l->leaf.polygon_count - 1;
    for (int first = 0;; first += FEW) {
        const uint32_t *answers = l->at + PM_LEAF_ANSWERS + first, *masks = l->at + l->leaf.masks;
        unsigned inside = is_wide ? odd_avx2(masks + 2 * first, crossed, 1) : odd_avx2(masks + first / 2, crossed, 0);
        inside ^= inside_avx2(answers);
        if (last - first < FEW)
            inside |= 1U << (last - first);
        if (inside)
            return pm_cell_answer(answers[__builtin_ctz(inside)]);
    }
}

/* Any leaf. */
PM_AVX2 static void find_any_avx2(const pm_tree *tree, const void *polygons, pm_batch *b, uint32_t i) {
    look l = look_into(tree, polygons, b, i);
    int u = pm_step(b->fixed_x[i], l.leaf.bits), v = pm_step(b->fixed_y[i], l.leaf.bits);
    __m256i point = _mm256_set1_epi32(u | v << 16), near = _mm256_set1_epi16((short)l.leaf.near);
    pm_seen seen = {0, 0};
    for (int k = 0; k + 1 < l.leaf.vertex_count; k += 8) {
        pm_seen more = look_avx2(l.at + l.leaf.vertices + k, point, near);
        seen.crossed |= more.crossed << k;
        seen.near |= more.near << k;
    }
    seen.near &= (UINT64_C(1) << (l.leaf.vertex_count - (l.leaf.vertex_count > 0))) - 1;
    if (seen.near | (l.at[PM_LEAF_ANSWERS] & PM_LEAF_EXACT))
        b->out[i] = find(&l, seen);
    else
        b->out[i] = first_inside_avx2(&l, seen.crossed);
}

/* Points in leaves, in the order that they are looked at. */
typedef struct queue {
    const uint32_t *points;
    size_t count;
} queue;

/* A wide leaf takes up to seven lines of the cache, and all of them for all points of a batch would wait for each
 * other and fall out of the first level again. So they are prefetched while a few points before are looked at: of
 * contours, winding roads and tiles in leaves as large as they can be that takes 60, 75 and 47 % of the time. */
enum { POINTS_AHEAD = 12 };

/* Prefetch lines of a point's leaf: those between the first and the last, which were prefetched before, about.
 * Exactly these would be a jump that can't be predicted. */
static inline void prefetch_leaf(const pm_tree *tree, const pm_batch *b, const queue *q, size_t k, int vectors) {
    if (k >= q->count)
        return;
    const uintptr_t at = (uintptr_t)(tree->leaves + pm_cell_leaf(b->word[q->points[k]]));
    for (int line = 1; line <= (vectors + 1) / 2; line++)
        pm_prefetch((const void *)(at + 64 * (uintptr_t)line));
}

/* Points first .. end - 1, whose leaves have up to FEW polygons and edges of this many vectors; leaves are wide from
 * the third on. */
PM_AVX2 static inline __attribute__((always_inline)) void find_few_avx2(const pm_tree *tree, const void *polygons,
                                                                        pm_batch *b, const queue *q, size_t first,
                                                                        size_t end, int vectors) {
    const int is_wide = vectors > 2;
    for (size_t k = first; k < end; k++) {
        uint32_t i = q->points[k];
        if (is_wide)
            prefetch_leaf(tree, b, q, k + POINTS_AHEAD, vectors);
        const uint32_t *at = tree->leaves + pm_cell_leaf(b->word[i]);
        const uint32_t head = at[0], polygon_count = head & 0xff, vertex_count = head >> 8 & 0xff;
        const int bits = (int)(head >> 16 & 0xff);
        const uint32_t *masks = at + PM_LEAF_ANSWERS + polygon_count;
        const uint32_t *vertices = masks + (is_wide ? 2 * polygon_count - 2 : polygon_count / 2);
        int u = pm_step(b->fixed_x[i], bits), v = pm_step(b->fixed_y[i], bits);
        __m256i point = _mm256_set1_epi32(u | v << 16), near = _mm256_set1_epi16((short)(head >> 24));
        pm_seen seen = look_avx2(vertices, point, near);
        for (int k8 = 1; k8 < vectors; k8++) {
            pm_seen more = look_avx2(vertices + 8 * k8, point, near);
            seen.crossed |= more.crossed << 8 * k8;
            seen.near |= more.near << 8 * k8;
        }
        if (__builtin_expect((seen.near & ((UINT64_C(1) << (vertex_count - 1)) - 1)) != 0, 0)) {
            find_any_avx2(tree, polygons, b, i);
            continue;
        }
        const uint32_t *answers = at + PM_LEAF_ANSWERS;
        unsigned inside = inside_avx2(answers) ^ odd_avx2(masks, seen.crossed, is_wide);
        inside |= 1U << (polygon_count - 1);
        b->out[i] = pm_cell_answer(answers[__builtin_ctz(inside)]);
    }
}

/* The points sorted by how many vectors their leaf's edges take; first, as 0, those for find_any_avx2(). */
PM_AVX2 static void find_avx2(const pm_tree *tree, const void *polygons, pm_batch *b, size_t count) {
    enum { KINDS = PM_LEAF_WIDE / 8 + 1, ANY = PM_LEAF_WIDE / 8 };
    uint32_t *sorted = b->other, ends[KINDS + 1] = {0};
    uint8_t kinds[PM_BATCH];
    if (count == 1) { /* often, where calls have one point: nothing to sort */
        find_any_avx2(tree, polygons, b, b->list[0]);
        return;
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t *at = tree->leaves + pm_cell_leaf(b->word[b->list[k]]);
        pm_leaf leaf = pm_leaf_read(at);
        unsigned vectors = (unsigned)(leaf.vertex_count + 6 + (leaf.vertex_count == PM_LEAF_NARROW + 1)) / 8;
        vectors = (leaf.polygon_count > FEW) | (at[PM_LEAF_ANSWERS] & PM_LEAF_EXACT) ? 0 : vectors;
        kinds[k] = (uint8_t)vectors;
        ends[vectors + 1]++;
        pm_prefetch(at + leaf.vertices + leaf.vertex_count - 1);
    }
    for (int kind = 0; kind < KINDS; kind++)
        ends[kind + 1] += ends[kind];
    for (size_t k = 0; k < count; k++)
        sorted[ends[kinds[k]]++] = b->list[k];
    const queue q = {sorted, count};
    for (size_t k = 0; k < ends[0]; k++) {
        prefetch_leaf(tree, b, &q, k + POINTS_AHEAD, ANY);
        find_any_avx2(tree, polygons, b, sorted[k]);
    }
    find_few_avx2(tree, polygons, b, &q, ends[0], ends[1], 1);
    for (size_t k = ends[1]; k < ends[1] + POINTS_AHEAD; k++)
        prefetch_leaf(tree, b, &q, k, 3);
    find_few_avx2(tree, polygons, b, &q, ends[1], ends[2], 2);
    for (int vectors = 3; ends[vectors - 1] < count; vectors++)
        find_few_avx2(tree, polygons, b, &q, ends[vectors - 1], ends[vectors], vectors);
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
