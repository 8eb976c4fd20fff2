/* disk_leaf.c — which disk of a leaf contains the point?
 *
 * The first whose center is closer than its radius. The rounded square of the distance decides, outside of the narrow
 * band of pm_band_of(); inside of it pm_is_closer() does. Nothing but the disk's number is in the leaf: reading 1.6
 * MB of centers of 100,000 disks takes at most 5 % longer than half as much in floats, which would need a band of
 * their own.
 *
 * Most leaves are one disk and the answer outside of it. Which of the two it is can't be predicted, so a pair of
 * entries is read together and one of them chosen without a jump; the points that need the next pair are collected,
 * again without a jump. Against points one by one that takes 30 % less where few disks overlap. With AVX-512 eight
 * points do so at once. */
#include "base/strict.h"

#include "disk_leaf.h"

#include <math.h>

#ifdef PM_X86
#include <immintrin.h>
#endif

/* Is the point in disk `id`, whose radius has this band? */
static inline int contains(const pm_disk_table *d, size_t id, pm_band band, double x, double y) {
    double square = pm_rounded_square(d->x[id], d->y[id], x, y);
    int inside = square<band.inner, outside = square> band.outer;
    if (inside == outside)
        inside = pm_is_closer((const double[2]){d->x[id], d->y[id]}, x, y, d->radius[d->step ? id : 0]);
    return inside;
}

/* Turned points lie between two doubles, so each disk is decided exactly. */
static void leaf_turned(const pm_tree *tree, const pm_disk_table *d, pm_batch *b, size_t count) {
    for (size_t k = 0; k < count; k++) {
        uint32_t i = b->list[k];
        const uint32_t *entry = tree->leaves + pm_cell_leaf(b->word[i]);
        const pm_exact_point p = pm_batch_point(b, i);
        for (; *entry < PM_DISK_LAST; entry++) {
            size_t id = *entry - 1;
            if (pm_point_is_closer((const double[2]){d->x[id], d->y[id]}, &p, d->radius[d->step ? id : 0]))
                break;
        }
        b->out[i] = (int64_t)(*entry & ~PM_DISK_LAST) - 1;
    }
}

static void leaf_portable(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_disk_table *d = context;
    if (b->turns) {
        leaf_turned(tree, d, b, count);
        return;
    }
    const pm_band shared = pm_band_of(d->radius[0]);
    uint32_t *list = b->list, *entry = b->other; /* points, and the position of their next entry in `leaves` */
    for (size_t k = 0; k < count; k++) {
        entry[k] = (uint32_t)pm_cell_leaf(b->word[list[k]]);
        size_t id = tree->leaves[entry[k]] - 1;
        pm_prefetch(d->x + id);
        pm_prefetch(d->y + id);
    }
    for (size_t next; count > 0; count = next) {
        next = 0;
        for (size_t k = 0; k < count; k++) {
            uint32_t i = list[k], at = entry[k], first = tree->leaves[at], second = tree->leaves[at + 1];
            size_t id = first - 1;
            uint32_t inside =
                (uint32_t)contains(d, id, d->step ? pm_band_of(d->radius[id]) : shared, b->x[i], b->y[i]);
            uint32_t answer = second ^ ((first ^ second) & -inside);
            b->out[i] = (int64_t)(answer & ~PM_DISK_LAST) - 1;
            list[next] = i;
            entry[next] = at + 1;
            next += !(inside | (second >= PM_DISK_LAST));
        }
    }
}

#ifdef PM_X86
PM_AVX512 static inline void append_chosen(uint32_t *list, size_t count, __m256i values, __mmask8 chosen) {
    _mm256_storeu_si256((__m256i *)(void *)(list + count), _mm256_maskz_compress_epi32(chosen, values));
}

/* Which of the points i lie in their disks, the entries less 1? Both are read where `live` only. */
PM_AVX512 static inline __mmask8 inside_avx512(const pm_disk_table *d, const pm_batch *b, __m256i ids, __m256i i,
                                               __mmask8 live, __m512d inner, __m512d outer) {
    const __m512d zero = _mm512_setzero_pd();
    __m512d dx = _mm512_sub_pd(_mm512_mask_i32gather_pd(zero, live, ids, d->x, 8),
                               _mm512_mask_i32gather_pd(zero, live, i, b->x, 8));
    __m512d dy = _mm512_sub_pd(_mm512_mask_i32gather_pd(zero, live, ids, d->y, 8),
                               _mm512_mask_i32gather_pd(zero, live, i, b->y, 8));
    __m512d square = _mm512_add_pd(_mm512_mul_pd(dx, dx), _mm512_mul_pd(dy, dy));
    __mmask8 doubtful = 0;
    if (d->step) { /* the bands of pm_band_of(); beyond their range nothing is sure here */
        __m512d radius = _mm512_mask_i32gather_pd(zero, live, ids, d->radius, 8), r2 = _mm512_mul_pd(radius, radius);
        inner = _mm512_mul_pd(r2, _mm512_set1_pd(1 - 0x1p-50));
        outer = _mm512_mul_pd(r2, _mm512_set1_pd(1 + 0x1p-50));
        doubtful = live & ~(_mm512_cmp_pd_mask(r2, _mm512_set1_pd(1e300), _CMP_LT_OQ) &
                            _mm512_cmp_pd_mask(r2, _mm512_set1_pd(1e-280), _CMP_GT_OQ));
    }
    __mmask8 inside = _mm512_mask_cmp_pd_mask(live, square, inner, _CMP_LT_OQ);
    doubtful |= live & ~(inside | _mm512_cmp_pd_mask(square, outer, _CMP_GT_OQ));
    if (__builtin_expect(doubtful, 0)) {
        uint32_t id[8], point[8];
        _mm256_storeu_si256((__m256i *)(void *)id, ids);
        _mm256_storeu_si256((__m256i *)(void *)point, i);
        for (; doubtful; doubtful &= (__mmask8)(doubtful - 1)) {
            int lane = __builtin_ctz(doubtful), bit = 1 << lane;
            size_t disk = id[lane], p = point[lane];
            int in = pm_is_closer((const double[2]){d->x[disk], d->y[disk]}, b->x[p], b->y[p],
                                  d->radius[d->step ? disk : 0]);
            inside = (__mmask8)(in ? inside | bit : inside & ~bit);
        }
    }
    return inside;
}

PM_AVX512 static void leaf_avx512(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_disk_table *d = context;
    if (b->turns) {
        leaf_turned(tree, d, b, count);
        return;
    }
    const pm_band band = pm_band_of(d->radius[0]);
    const __m512d inner = _mm512_set1_pd(band.inner), outer = _mm512_set1_pd(band.outer);
    const __m256i one = _mm256_set1_epi32(1), number = _mm256_set1_epi32((int)~PM_DISK_LAST);
    uint32_t *list = b->list, *entry = b->other; /* points, and the position of their next entry in `leaves` */
    for (size_t k = 0; k < count; k++)
        entry[k] = (uint32_t)pm_cell_leaf(b->word[list[k]]);
    for (size_t next; count > 0; count = next) {
        next = 0;
        for (size_t k = 0; k < count; k += 8) {
            __mmask8 live = (__mmask8)(count - k < 8 ? (1 << (count - k)) - 1 : 0xff);
            __m256i i = _mm256_maskz_loadu_epi32(live, list + k), at = _mm256_maskz_loadu_epi32(live, entry + k);
            __m512i pair = _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), live, at, tree->leaves, 4);
            __m256i first = _mm512_cvtepi64_epi32(pair), second = _mm512_cvtepi64_epi32(_mm512_srli_epi64(pair, 32));
            __mmask8 inside = inside_avx512(d, b, _mm256_sub_epi32(first, one), i, live, inner, outer);
            __m256i answer =
                _mm256_sub_epi32(_mm256_and_si256(_mm256_mask_mov_epi32(second, inside, first), number), one);
            int32_t answers[8];
            _mm256_storeu_si256((__m256i *)(void *)answers, answer);
            if (live == 0xff)
                for (size_t lane = 0; lane < 8; lane++)
                    b->out[list[k + lane]] = answers[lane];
            else
                for (size_t lane = 0; k + lane < count; lane++)
                    b->out[list[k + lane]] = answers[lane];
            __mmask8 more = live & ~(inside | _mm256_movepi32_mask(second));
            append_chosen(list, next, i, more);
            append_chosen(entry, next, _mm256_add_epi32(at, one), more);
            next += (size_t)__builtin_popcount(more);
        }
    }
}
#endif

pm_leaf_kernel *pm_disk_kernel(pm_isa isa) {
#ifdef PM_X86
    return isa == PM_ISA_AVX512 ? leaf_avx512 : leaf_portable;
#else
    (void)isa;
    return leaf_portable;
#endif
}

/* ---- leaves that come from elsewhere: entries up to one with PM_DISK_LAST ---- */

int pm_disk_leaves_check(const pm_check *c) {
    const uint32_t *leaves = c->tree->leaves;
    size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    if (count > 0 && !(leaves[count - 1] & PM_DISK_LAST))
        return 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = leaves[i] & ~PM_DISK_LAST;
        if (number > c->count || (number == 0 && !(leaves[i] & PM_DISK_LAST)))
            return 0;
        if (i % 2 == 0 && !(leaves[i] & PM_DISK_LAST))
            pm_check_leaf_start(c, i);
    }
    return 1;
}
