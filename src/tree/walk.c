/* walk.c — which cell is this point in, and what is its answer?
 *
 * A point's two coordinates are made whole numbers; the top bits number the cell in the table of the root, the next
 * ones the cell in the table below that, as in the tries of Nilsson and Karlsson ("IP-address lookup using LC-tries",
 * 1999). Most points are at an answer after one or two looks, the others at a leaf, where a border is near.
 *
 * The time is cache misses and mispredicted jumps. So points go in batches, each step for all of them before the
 * next: looks don't wait for each other, and the points that have to go on are collected without a jump. Against
 * point by point that is a quarter of the time; prefetching the cells one round ahead brought 20 % on trees beyond
 * the second cache.
 *
 * Where regions crowd in a small part of their extent, nearly all points would take the same first steps. They begin
 * at the *hub*, the cell below which the crowd is (hub.c): of a city with one polygon far away that halves the time.
 *
 * The first step is the one that all points take, so it is written for AVX2 and AVX-512, too; fixed coordinates are
 * cut off, not rounded, in all of them, so the answers are the same. */
#include "base/strict.h"

#include <math.h>
#include <string.h>

#include "walk.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

/* ---- the points of a batch ---- */

/* Prefetch what the next batch reads, `distance` bytes ahead: hardware prefetch stops at the end of a page, which is
 * where a batch ends, too. */
static inline void prefetch_next(const char *at, size_t distance) {
    pm_prefetch((const void *)((uintptr_t)at + distance));
}

static void load_points(pm_batch *b, const pm_points *points, size_t first, size_t count) {
    const char *x = (const char *)points->x + (ptrdiff_t)first * points->x_stride;
    const char *y = (const char *)points->y + (ptrdiff_t)first * points->y_stride;
    const ptrdiff_t size = (ptrdiff_t)sizeof(double);
    if (points->x_stride == size && points->y_stride == size) {
        memcpy(b->x, x, count * sizeof(double));
        memcpy(b->y, y, count * sizeof(double));
        for (size_t i = 0; i < count; i += 8) {
            prefetch_next(x + 8 * i, PM_BATCH * sizeof(double));
            prefetch_next(y + 8 * i, PM_BATCH * sizeof(double));
        }
    } else if (points->x_stride == 2 * size && points->y_stride == 2 * size && y == x + size) {
        for (size_t i = 0; i < count; i++) {
            memcpy(&b->x[i], x + 16 * i, sizeof(double));
            memcpy(&b->y[i], x + 16 * i + 8, sizeof(double));
        }
        for (size_t i = 0; i < count; i += 4)
            prefetch_next(x + 16 * i, 2 * PM_BATCH * sizeof(double));
    } else {
        for (size_t i = 0; i < count; i++) {
            memcpy(&b->x[i], x + (ptrdiff_t)i * points->x_stride, sizeof(double));
            memcpy(&b->y[i], y + (ptrdiff_t)i * points->y_stride, sizeof(double));
        }
    }
    for (size_t i = count; i % 8; i++) /* whole vectors of points */
        b->x[i] = b->y[i] = -INFINITY;
}

/* ---- the first step ---- */

/* The hub may be a leaf or an answer, if it is the root: then no bits are used. */
static unsigned hub_bits(const pm_tree *tree) {
    return (tree->hub & 3) == PM_CELL_INNER ? (unsigned)pm_cell_bits(tree->hub) : 0;
}

/* A number of `bits`, at most 63, at the top of 64: none of them where there are none. */
static inline uint64_t top_bits(uint64_t value, unsigned bits) {
    return value >> 1 >> (63 - bits);
}

/* Points at an inner cell, in list[], and at a leaf, in other[]. */
typedef struct pending {
    size_t inner, leaf;
} pending;

/* The number of the child of the root that has these fixed coordinates, where the root is cut. */
static inline size_t root_child(const pm_tree *tree, uint64_t fixed_x, uint64_t fixed_y) {
    const unsigned bits = (unsigned)pm_cell_bits(tree->root);
    return (size_t)(fixed_y >> (64 - bits) << bits | fixed_x >> (64 - bits));
}

/* With a hub, points in it begin there, others at the root. */
static inline __attribute__((always_inline)) pending locate_any(const pm_tree *tree, pm_batch *b, size_t count,
                                                                int has_hub) {
    const unsigned bits = hub_bits(tree), above = has_hub ? (unsigned)tree->hub_bits : 0;
    const uint32_t *table = bits ? tree->tables + pm_cell_children(tree->hub) : &tree->root;
    const double min_x = tree->min_x, min_y = tree->min_y, scale = tree->scale;
    pending next = {0, 0};
    for (size_t i = 0; i < count; i++) {
        double x = (b->x[i] - min_x) * scale, y = (b->y[i] - min_y) * scale;
        int inside = (x >= 0) & (x < 0x1p50) & (y >= 0) & (y < 0x1p50);
        uint64_t fixed_x = (uint64_t)(int64_t)(inside ? x : 0) << 14;
        uint64_t fixed_y = (uint64_t)(int64_t)(inside ? y : 0) << 14;
        const uint32_t *at = table + (top_bits(fixed_y << above, bits) << bits | top_bits(fixed_x << above, bits));
        if (has_hub) {
            const int is_there = top_bits((fixed_x ^ tree->hub_x) | (fixed_y ^ tree->hub_y), above) == 0;
            at = is_there ? at : tree->tables + pm_cell_children(tree->root) + root_child(tree, fixed_x, fixed_y);
            b->used[i] = (uint8_t)(is_there ? above + bits : (unsigned)pm_cell_bits(tree->root));
        }
        uint32_t word = inside ? *at : 0;
        b->fixed_x[i] = fixed_x;
        b->fixed_y[i] = fixed_y;
        b->word[i] = word;
        b->out[i] = pm_cell_answer(word);
        b->list[next.inner] = b->other[next.leaf] = (uint32_t)i;
        next.inner += word & PM_CELL_INNER;
        next.leaf += word >> 1 & 1;
    }
    return next;
}

static pending locate_portable(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any(tree, b, count, 0);
}

static pending locate_hub_portable(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any(tree, b, count, 1);
}

#ifdef PM_X86
/* Four fixed coordinates: whole numbers below 2^52 are the last bits of the double once 2^52 is added. */
PM_AVX2 static inline __m256i fixed_avx2(__m256d at, __m256d inside) {
    __m256d whole = _mm256_add_pd(_mm256_floor_pd(_mm256_and_pd(at, inside)), _mm256_set1_pd(0x1p52));
    return _mm256_slli_epi64(_mm256_castpd_si256(whole), 14);
}

/* The numbers of four cells among those of their table. */
PM_AVX2 static inline __m256i cell_avx2(__m256i fixed_x, __m256i fixed_y, __m128i down, __m128i up) {
    return _mm256_or_si256(_mm256_sll_epi64(_mm256_srl_epi64(fixed_y, down), up), _mm256_srl_epi64(fixed_x, down));
}

PM_AVX2 static inline __attribute__((always_inline)) pending locate_any_avx2(const pm_tree *tree, pm_batch *b,
                                                                             size_t count, int has_hub) {
    const unsigned bits = hub_bits(tree), above = has_hub ? (unsigned)tree->hub_bits : 0;
    const uint32_t *table = bits ? tree->tables + pm_cell_children(tree->hub) : &tree->root;
    const __m256d min_x = _mm256_set1_pd(tree->min_x), min_y = _mm256_set1_pd(tree->min_y);
    const __m256d scale = _mm256_set1_pd(tree->scale), end = _mm256_set1_pd(0x1p50), zero = _mm256_setzero_pd();
    const __m128i down = _mm_cvtsi32_si128((int)(64 - bits)), up = _mm_cvtsi32_si128((int)bits);
    const unsigned root_bits = has_hub ? (unsigned)pm_cell_bits(tree->root) : bits;
    const __m128i skip = _mm_cvtsi32_si128((int)above), rest = _mm_cvtsi32_si128((int)(64 - above));
    const __m128i root_down = _mm_cvtsi32_si128((int)(64 - root_bits)), root_up = _mm_cvtsi32_si128((int)root_bits);
    const __m256i hub_x = _mm256_set1_epi64x((int64_t)tree->hub_x), hub_y = _mm256_set1_epi64x((int64_t)tree->hub_y);
    const __m256i hub = _mm256_set1_epi64x((int64_t)pm_cell_children(tree->hub));
    const __m256i root = _mm256_set1_epi64x((int64_t)pm_cell_children(tree->root));
    if (has_hub)
        table = tree->tables;
    pending next = {0, 0};
    for (size_t i = 0; i < count; i += 4) {
        __m256d x = _mm256_mul_pd(_mm256_sub_pd(_mm256_loadu_pd(b->x + i), min_x), scale);
        __m256d y = _mm256_mul_pd(_mm256_sub_pd(_mm256_loadu_pd(b->y + i), min_y), scale);
        __m256d inside =
            _mm256_and_pd(_mm256_and_pd(_mm256_cmp_pd(x, zero, _CMP_GE_OQ), _mm256_cmp_pd(x, end, _CMP_LT_OQ)),
                          _mm256_and_pd(_mm256_cmp_pd(y, zero, _CMP_GE_OQ), _mm256_cmp_pd(y, end, _CMP_LT_OQ)));
        __m256i fixed_x = fixed_avx2(x, inside), fixed_y = fixed_avx2(y, inside);
        __m256i cell = cell_avx2(fixed_x, fixed_y, down, up);
        if (has_hub) {
            __m256i beside = _mm256_or_si256(_mm256_xor_si256(fixed_x, hub_x), _mm256_xor_si256(fixed_y, hub_y));
            __m256i there = _mm256_cmpeq_epi64(_mm256_srl_epi64(beside, rest), _mm256_setzero_si256());
            __m256i below = cell_avx2(_mm256_sll_epi64(fixed_x, skip), _mm256_sll_epi64(fixed_y, skip), down, up);
            cell = cell_avx2(fixed_x, fixed_y, root_down, root_up);
            cell = _mm256_blendv_epi8(_mm256_add_epi64(cell, root), _mm256_add_epi64(below, hub), there);
            const int mask = _mm256_movemask_pd(_mm256_castsi256_pd(there));
            for (int k = 0; k < 4; k++)
                b->used[i + (size_t)k] = (uint8_t)(mask >> k & 1 ? above + bits : root_bits);
        }
        __m256i word = _mm256_cvtepu32_epi64(_mm256_i64gather_epi32((const int *)(const void *)table, cell, 4));
        word = _mm256_and_si256(word, _mm256_castpd_si256(inside));
        _mm256_storeu_si256((__m256i *)(void *)(b->fixed_x + i), fixed_x);
        _mm256_storeu_si256((__m256i *)(void *)(b->fixed_y + i), fixed_y);
        _mm256_storeu_si256((__m256i *)(void *)(b->out + i),
                            _mm256_sub_epi64(_mm256_srli_epi64(word, 2), _mm256_set1_epi64x(1)));
        _mm_storeu_si128((__m128i *)(void *)(b->word + i), _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(
                                                               word, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6))));
        for (size_t k = i; k < i + 4; k++) {
            b->list[next.inner] = b->other[next.leaf] = (uint32_t)k;
            next.inner += b->word[k] & PM_CELL_INNER;
            next.leaf += b->word[k] >> 1 & 1;
        }
    }
    return next;
}

PM_AVX2 static pending locate_avx2(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any_avx2(tree, b, count, 0);
}

PM_AVX2 static pending locate_hub_avx2(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any_avx2(tree, b, count, 1);
}

/* Append the chosen ones of eight points. In a register and stored whole: compressing into memory is slow. */
PM_AVX512 static inline void append(uint32_t *list, size_t *count, __m256i points, __mmask8 chosen) {
    _mm256_storeu_si256((__m256i *)(void *)(list + *count), _mm256_maskz_compress_epi32(chosen, points));
    *count += (size_t)__builtin_popcount(chosen);
}

/* The numbers of eight cells among those of their table. */
PM_AVX512 static inline __m512i cell_avx512(__m512i x, __m512i y, __m128i down, __m128i up) {
    return _mm512_or_si512(_mm512_sll_epi64(_mm512_srl_epi64(y, down), up), _mm512_srl_epi64(x, down));
}

PM_AVX512 static inline __attribute__((always_inline)) pending locate_any_avx512(const pm_tree *tree, pm_batch *b,
                                                                                 size_t count, int has_hub) {
    const unsigned bits = hub_bits(tree), above = has_hub ? (unsigned)tree->hub_bits : 0;
    const uint32_t *table = bits ? tree->tables + pm_cell_children(tree->hub) : &tree->root;
    const __m512d min_x = _mm512_set1_pd(tree->min_x), min_y = _mm512_set1_pd(tree->min_y);
    const __m512d scale = _mm512_set1_pd(tree->scale), end = _mm512_set1_pd(0x1p50), zero = _mm512_setzero_pd();
    const __m128i down = _mm_cvtsi32_si128((int)(64 - bits)), up = _mm_cvtsi32_si128((int)bits);
    const unsigned root_bits = has_hub ? (unsigned)pm_cell_bits(tree->root) : bits;
    const __m128i skip = _mm_cvtsi32_si128((int)above), rest = _mm_cvtsi32_si128((int)(64 - above));
    const __m128i root_down = _mm_cvtsi32_si128((int)(64 - root_bits)), root_up = _mm_cvtsi32_si128((int)root_bits);
    const __m512i hub_x = _mm512_set1_epi64((int64_t)tree->hub_x), hub_y = _mm512_set1_epi64((int64_t)tree->hub_y);
    const __m512i hub = _mm512_set1_epi64((int64_t)pm_cell_children(tree->hub));
    const __m512i root = _mm512_set1_epi64((int64_t)pm_cell_children(tree->root));
    if (has_hub)
        table = tree->tables;
    __m256i points = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    pending next = {0, 0};
    for (size_t i = 0; i < count; i += 8, points = _mm256_add_epi32(points, _mm256_set1_epi32(8))) {
        __m512d x = _mm512_mul_pd(_mm512_sub_pd(_mm512_loadu_pd(b->x + i), min_x), scale);
        __m512d y = _mm512_mul_pd(_mm512_sub_pd(_mm512_loadu_pd(b->y + i), min_y), scale);
        __mmask8 inside = _mm512_cmp_pd_mask(x, zero, _CMP_GE_OQ) & _mm512_cmp_pd_mask(x, end, _CMP_LT_OQ) &
                          _mm512_cmp_pd_mask(y, zero, _CMP_GE_OQ) & _mm512_cmp_pd_mask(y, end, _CMP_LT_OQ);
        __m512i X = _mm512_slli_epi64(_mm512_cvttpd_epi64(x), 14), Y = _mm512_slli_epi64(_mm512_cvttpd_epi64(y), 14);
        __m512i cell = cell_avx512(X, Y, down, up);
        if (has_hub) {
            __m512i beside = _mm512_or_si512(_mm512_xor_si512(X, hub_x), _mm512_xor_si512(Y, hub_y));
            __mmask8 there = _mm512_testn_epi64_mask(_mm512_srl_epi64(beside, rest), _mm512_set1_epi64(-1));
            cell = _mm512_add_epi64(cell_avx512(X, Y, root_down, root_up), root);
            cell = _mm512_mask_add_epi64(
                cell, there, cell_avx512(_mm512_sll_epi64(X, skip), _mm512_sll_epi64(Y, skip), down, up), hub);
            __m512i used = _mm512_mask_set1_epi64(_mm512_set1_epi64(root_bits), there, (int64_t)(above + bits));
            _mm_storel_epi64((__m128i *)(void *)(b->used + i), _mm512_cvtepi64_epi8(used));
        }
        __m256i word = _mm512_mask_i64gather_epi32(_mm256_setzero_si256(), inside, cell, table, 4);
        _mm512_storeu_si512(b->fixed_x + i, X);
        _mm512_storeu_si512(b->fixed_y + i, Y);
        _mm256_storeu_si256((__m256i *)(void *)(b->word + i), word);
        _mm512_storeu_si512(
            b->out + i, _mm512_sub_epi64(_mm512_cvtepu32_epi64(_mm256_srli_epi32(word, 2)), _mm512_set1_epi64(1)));
        append(b->list, &next.inner, points, _mm256_test_epi32_mask(word, _mm256_set1_epi32(PM_CELL_INNER)));
        append(b->other, &next.leaf, points, _mm256_test_epi32_mask(word, _mm256_set1_epi32(PM_CELL_LEAF)));
    }
    return next;
}

PM_AVX512 static pending locate_avx512(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any_avx512(tree, b, count, 0);
}

PM_AVX512 static pending locate_hub_avx512(const pm_tree *tree, pm_batch *b, size_t count) {
    return locate_any_avx512(tree, b, count, 1);
}
#endif

/* ---- the steps below ---- */

/* The position in `tables` of the child cell that point i is in. */
static inline size_t child_of(const pm_batch *b, uint32_t i, unsigned bits) {
    unsigned used = b->used[i];
    uint64_t row = b->fixed_y[i] << used >> (64 - bits), column = b->fixed_x[i] << used >> (64 - bits);
    return pm_cell_children(b->word[i]) + (size_t)(row << bits | column);
}

/* Take the points of list[] down to their answer or leaf; those in leaves are added to other[]. */
static size_t descend(const pm_tree *tree, pm_batch *b, pending next) {
    size_t children[PM_BATCH];
    if (tree->hub_bits == 0)
        memset(b->used, (int)hub_bits(tree), sizeof b->used);
    while (next.inner > 0) {
        size_t count = next.inner;
        for (size_t k = 0; k < count; k++) {
            uint32_t i = b->list[k];
            unsigned bits = (unsigned)pm_cell_bits(b->word[i]);
            children[k] = child_of(b, i, bits);
            pm_prefetch(tree->tables + children[k]);
            b->used[i] = (uint8_t)(b->used[i] + bits);
        }
        next.inner = 0;
        for (size_t k = 0; k < count; k++) {
            uint32_t i = b->list[k], word = tree->tables[children[k]];
            b->word[i] = word;
            b->out[i] = pm_cell_answer(word);
            b->list[next.inner] = b->other[next.leaf] = i;
            next.inner += word & PM_CELL_INNER;
            next.leaf += word >> 1 & 1;
        }
    }
    for (size_t k = 0; k < next.leaf; k++)
        pm_prefetch(tree->leaves + 2 * (size_t)(b->word[b->other[k]] >> 2));
    return next.leaf;
}

void pm_tree_match(const pm_tree *tree, const pm_points *points, const pm_turns *turns, int64_t *out,
                   pm_leaf_kernel *kernel, const void *context, pm_isa isa) {
    const int has_hub = tree->hub_bits > 0;
    pending (*first)(const pm_tree *, pm_batch *, size_t) = has_hub ? locate_hub_portable : locate_portable;
#ifdef PM_X86
    if (isa == PM_ISA_AVX512)
        first = has_hub ? locate_hub_avx512 : locate_avx512;
    else if (isa == PM_ISA_AVX2)
        first = has_hub ? locate_hub_avx2 : locate_avx2;
#else
    (void)isa;
#endif
    pm_batch b;
    int64_t rest[PM_BATCH];
    pm_turns these;
    b.turns = turns ? &these : NULL;
    b.isa = isa;
    for (size_t done = 0; done < points->count; done += PM_BATCH) {
        size_t count = points->count - done < PM_BATCH ? points->count - done : PM_BATCH;
        b.out = count < PM_BATCH ? rest : out + done; /* whole vectors of answers */
        if (turns)
            these = (pm_turns){turns->start + done, turns->turns + done, turns->period};
        load_points(&b, points, done, count);
        size_t leaves = descend(tree, &b, first(tree, &b, (count + 7) & ~(size_t)7));
        memcpy(b.list, b.other, leaves * sizeof *b.list);
        if (leaves > 0)
            kernel(tree, context, &b, leaves);
        if (count < PM_BATCH)
            memcpy(out + done, rest, count * sizeof *out);
    }
}
