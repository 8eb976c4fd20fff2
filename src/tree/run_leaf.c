/* run_leaf.c — how far are the edges of a leaf from a point?
 *
 * Most leaves have an outline of their edges in small integers, which lies right behind them: eight edges are
 * measured at once, and a place is what follows of the point's fixed coordinates. So nothing else has to be read, and
 * a point takes a third of what the coordinates of the input take.
 *
 * Rounding an edge's ends to the unit moves its places by at most half of it in x and y. With R the sum of an edge's
 * coordinates' magnitudes + 2, in half sides, arithmetic in floats adds less than 2^-20 R, as in near/corners.c; the
 * margin is more than both, and what mapping the point adds. Where it is too much to decide, and where there is no
 * outline, bounds in doubles come from the coordinates themselves (near/edges.c). */
#include "base/strict.h"

#include "run_leaf.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

/* Where a fixed coordinate is in its cell, from -1 to 1. */
static inline float place_in_cell(uint64_t fixed, int bits) {
    return (float)((double)(int64_t)(fixed << bits >> 11) * 0x1p-52 - 1);
}

#ifdef PM_X86
/* Eight numbers as floats. */
__attribute__((target("avx2"))) static inline __m256 eight_floats(const int16_t *at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at)));
}

/* Edges 0 to 7 of `left`; x, y and squares are in units. */
__attribute__((target("avx2"))) static inline __m256 measure_eight(const int16_t *v, size_t count, size_t left,
                                                                   __m256 x, __m256 y) {
    const __m256 ax = eight_floats(v), ay = eight_floats(v + count);
    const __m256 dx = _mm256_sub_ps(eight_floats(v + 2 * count), ax);
    const __m256 dy = _mm256_sub_ps(eight_floats(v + 3 * count), ay);
    const __m256 length = _mm256_add_ps(_mm256_mul_ps(dx, dx), _mm256_mul_ps(dy, dy));
    const __m256 qx = _mm256_sub_ps(x, ax), qy = _mm256_sub_ps(y, ay), one = _mm256_set1_ps(1);
    const __m256 along = _mm256_add_ps(_mm256_mul_ps(qx, dx), _mm256_mul_ps(qy, dy));
    __m256 t = _mm256_div_ps(along, _mm256_max_ps(length, one));
    t = _mm256_min_ps(_mm256_max_ps(t, _mm256_setzero_ps()), one);
    const __m256 ex = _mm256_sub_ps(qx, _mm256_mul_ps(t, dx)), ey = _mm256_sub_ps(qy, _mm256_mul_ps(t, dy));
    const __m256 square = _mm256_add_ps(_mm256_mul_ps(ex, ex), _mm256_mul_ps(ey, ey));
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), lanes);
    return _mm256_blendv_ps(_mm256_set1_ps(INFINITY), square, _mm256_castsi256_ps(there));
}

__attribute__((target("avx2"))) static void measure_outline_avx2(const int16_t *v, size_t count, float x, float y,
                                                                 float *squares) {
    const __m256 xs = _mm256_set1_ps(x), ys = _mm256_set1_ps(y);
    _mm256_storeu_ps(squares, measure_eight(v, count, count, xs, ys));
    if (count > PM_OUTLINE_STEP)
        _mm256_storeu_ps(squares + PM_OUTLINE_STEP,
                         measure_eight(v + PM_OUTLINE_STEP, count, count - PM_OUTLINE_STEP, xs, ys));
}
#endif

/* An edge without length counts as its first end: t is 0. */
static void measure_outline(const int16_t *v, size_t count, float x, float y, float *squares) {
    for (size_t i = 0; i < PM_OUTLINE_MOST; i++) {
        squares[i] = INFINITY;
        if (i >= count)
            continue;
        const float ax = v[i], ay = v[count + i], dx = v[2 * count + i] - ax, dy = v[3 * count + i] - ay;
        const float qx = x - ax, qy = y - ay, length = dx * dx + dy * dy;
        float t = (qx * dx + qy * dy) / (length > 1 ? length : 1);
        t = t > 0 ? t : 0;
        t = t < 1 ? t : 1;
        const float ex = qx - t * dx, ey = qy - t * dy;
        squares[i] = ex * ex + ey * ey;
    }
}

void pm_outline_measure(const pm_run_leaf *leaf, const pm_batch *b, uint32_t i, pm_outline_look *look) {
    const float x = place_in_cell(b->fixed_x[i], leaf->bits) * leaf->units;
    const float y = place_in_cell(b->fixed_y[i], leaf->bits) * leaf->units;
    const int16_t *v = (const int16_t *)(const void *)(leaf->outline + 1);
    memcpy(&look->margin, leaf->outline, sizeof look->margin);
    look->count = leaf->outlined <= PM_OUTLINE_STEP ? PM_OUTLINE_STEP : PM_OUTLINE_MOST;
#ifdef PM_X86
    if (b->isa >= PM_ISA_AVX2) {
        measure_outline_avx2(v, leaf->outlined, x, y, look->squares);
        return;
    }
#endif
    measure_outline(v, leaf->outlined, x, y, look->squares);
}

/* Of eight squares, those that are at most `most`, as bits. */
static inline uint32_t within_of_eight(const float *squares, float most) {
    uint32_t found = 0;
#ifdef PM_X86
    for (int i = 0; i < PM_OUTLINE_STEP; i += 4)
        found |= (uint32_t)_mm_movemask_ps(_mm_cmple_ps(_mm_loadu_ps(squares + i), _mm_set1_ps(most))) << i;
#else
    for (int i = 0; i < PM_OUTLINE_STEP; i++)
        found |= (uint32_t)(squares[i] <= most) << i;
#endif
    return found;
}

uint32_t pm_outline_within(const pm_outline_look *look, float most) {
    uint32_t found = within_of_eight(look->squares, most);
    if (look->count > PM_OUTLINE_STEP)
        found |= within_of_eight(look->squares + PM_OUTLINE_STEP, most) << PM_OUTLINE_STEP;
    return found;
}

/* ---- by the coordinates ---- */

void pm_leaf_edges_measure(const pm_field *field, const pm_run_leaf *leaf, const pm_spot *spot,
                           pm_leaf_edges *edges) {
    const pm_runs *runs = field->runs;
    edges->count = 0;
    for (size_t i = 0; i < leaf->count; i++) {
        const uint32_t run = leaf->entries[i] >> 8, first = runs->first[run], rank = pm_run_rank(runs->owners[run]);
        for (uint32_t bits = leaf->entries[i] & 0xff; bits; bits &= bits - 1) {
            edges->first[edges->count] = first + (uint32_t)pm_lowest_bit(bits);
            edges->rank[edges->count++] = rank;
        }
    }
    pm_edges_measure(field, edges->first, edges->count, spot, edges->low, edges->high);
}

/* Entries of a leaf whose runs are prefetched. */
enum { ENTRIES_AHEAD = 4 };

void pm_run_leaf_prefetch(const pm_tree *tree, const pm_field *field, const pm_batch *b, size_t count) {
    for (size_t k = 0; k < count; k++) {
        const pm_run_leaf leaf = pm_run_leaf_read(tree->leaves + pm_cell_leaf(b->word[b->list[k]]));
        for (size_t i = 0; i < leaf.count && i < ENTRIES_AHEAD; i++) {
            pm_prefetch(&field->runs->owners[leaf.entries[i] >> 8]);
            if (!leaf.outlined)
                pm_prefetch(&field->runs->first[leaf.entries[i] >> 8]);
        }
        pm_prefetch(leaf.outline + 8);
        pm_prefetch(leaf.outline + 24);
    }
}

/* ---- checks ---- */

/* How many edges these entries name; SIZE_MAX where one of them is not in its run, or too many. */
static size_t count_entries(const pm_runs *runs, const pm_run_leaf *leaf) {
    size_t edges = 0;
    for (size_t i = 0; i < leaf->count; i++) {
        uint32_t bits = leaf->entries[i] & 0xff;
        if (leaf->entries[i] >> 8 >= runs->run_count || bits == 0 ||
            bits >> pm_run_edges(runs->owners[leaf->entries[i] >> 8]))
            return SIZE_MAX;
        for (; bits; bits &= bits - 1)
            edges++;
    }
    return edges <= PM_LEAF_MOST ? edges : SIZE_MAX;
}

/* An outline may be anything, as long as it is there. */
int pm_run_leaves_check(const pm_check *c, int may_be_empty) {
    const pm_field *field = c->shapes;
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < count;) {
        const pm_run_leaf leaf = pm_run_leaf_read(c->tree->leaves + at); /* there are the last zeros behind it */
        const size_t size = pm_run_leaf_size(leaf.count, leaf.outlined);
        if ((leaf.count == 0 && !may_be_empty) || leaf.count > PM_LEAF_MOST || size > count - at ||
            leaf.bits > PM_FIXED_BITS)
            return 0;
        const size_t edges = count_entries(field->runs, &leaf);
        if (edges == SIZE_MAX || (leaf.outlined && leaf.outlined != edges) || leaf.outlined > PM_OUTLINE_MOST)
            return 0;
        pm_check_leaf_start(c, at);
        at += size;
    }
    return 1;
}
