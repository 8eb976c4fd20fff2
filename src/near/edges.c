/* edges.c — which edge of a run is nearest to a point?
 *
 * Bounds of all its edges at once, without a jump and with AVX2 four at a time; then only those that can be the
 * nearest are considered, the likeliest first, which leaves out most of the others. */
#include "base/strict.h"

#include "edges.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

#ifdef PM_X86
PM_AVX2 static inline __m256d absolute(__m256d value) {
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), value);
}

/* Bounds of four edges. */
typedef struct four_bounds {
    __m256d low, high;
} four_bounds;

/* pm_edge_bounds() of four edges, whose ends are scaled. */
PM_AVX2 static inline four_bounds bounds_avx2(__m256d ax, __m256d ay, __m256d bx, __m256d by, const pm_spot *spot) {
    const __m256d x = _mm256_set1_pd(spot->scaled_x), y = _mm256_set1_pd(spot->scaled_y);
    const __m256d tiny = _mm256_set1_pd(PM_DISTANCE_ABSOLUTE), zero = _mm256_setzero_pd();
    const __m256d error = _mm256_set1_pd(0x1p-50), most = _mm256_set1_pd(PM_DISTANCE_MOST);
    __m256d dx = _mm256_sub_pd(bx, ax), dy = _mm256_sub_pd(by, ay);
    __m256d qx = _mm256_sub_pd(x, ax), qy = _mm256_sub_pd(y, ay), rx = _mm256_sub_pd(x, bx),
            ry = _mm256_sub_pd(y, by);
    __m256d qx_dx = _mm256_mul_pd(qx, dx), qy_dy = _mm256_mul_pd(qy, dy);
    __m256d rx_dx = _mm256_mul_pd(rx, dx), ry_dy = _mm256_mul_pd(ry, dy);
    __m256d before = _mm256_add_pd(qx_dx, qy_dy), after = _mm256_add_pd(rx_dx, ry_dy);
    __m256d before_error = _mm256_add_pd(_mm256_mul_pd(error, _mm256_add_pd(absolute(qx_dx), absolute(qy_dy))), tiny);
    __m256d after_error = _mm256_add_pd(_mm256_mul_pd(error, _mm256_add_pd(absolute(rx_dx), absolute(ry_dy))), tiny);
    __m256d left = _mm256_mul_pd(dx, qy), right = _mm256_mul_pd(dy, qx);
    __m256d length = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
    __m256d off = _mm256_mul_pd(error, _mm256_add_pd(absolute(left), absolute(right)));
    __m256d cross = _mm256_sub_pd(absolute(_mm256_sub_pd(left, right)), off);
    __m256d outer = _mm256_add_pd(cross, _mm256_add_pd(off, off));
    __m256d to_a = _mm256_add_pd(_mm256_mul_pd(qx, qx), _mm256_mul_pd(qy, qy));
    __m256d to_b = _mm256_add_pd(_mm256_mul_pd(rx, rx), _mm256_mul_pd(ry, ry));
    __m256d is_long = _mm256_cmp_pd(length, _mm256_set1_pd(PM_DISTANCE_LEAST_LENGTH), _CMP_GT_OQ);
    __m256d is_b = _mm256_cmp_pd(after, after_error, _CMP_GT_OQ);
    __m256d is_a = _mm256_or_pd(_mm256_cmp_pd(before, _mm256_sub_pd(zero, before_error), _CMP_LT_OQ),
                                _mm256_cmp_pd(length, zero, _CMP_EQ_OQ));
    __m256d is_line =
        _mm256_and_pd(is_long, _mm256_and_pd(_mm256_cmp_pd(before, before_error, _CMP_GT_OQ),
                                             _mm256_cmp_pd(after, _mm256_sub_pd(zero, after_error), _CMP_LT_OQ)));
    __m256d inverse = _mm256_div_pd(_mm256_set1_pd(1), length);
    __m256d line = _mm256_and_pd(_mm256_mul_pd(_mm256_min_pd(_mm256_mul_pd(cross, cross), most), inverse),
                                 _mm256_and_pd(is_long, _mm256_cmp_pd(cross, zero, _CMP_GT_OQ)));
    __m256d low = _mm256_blendv_pd(_mm256_blendv_pd(line, to_b, is_b), to_a, is_a);
    __m256d high =
        _mm256_blendv_pd(_mm256_min_pd(to_a, to_b), _mm256_mul_pd(_mm256_mul_pd(outer, outer), inverse), is_line);
    high = _mm256_blendv_pd(_mm256_blendv_pd(high, to_b, is_b), to_a, is_a);
    low = _mm256_sub_pd(_mm256_mul_pd(_mm256_min_pd(low, most), _mm256_set1_pd(1 - 0x1p-48)), tiny);
    return (four_bounds){low, _mm256_add_pd(_mm256_mul_pd(high, _mm256_set1_pd(1 + 0x1p-48)), tiny)};
}

/* Of four edges from vertex v on. */
PM_AVX2 static inline __m256d row_lows_avx2(const double *v, const pm_spot *spot) {
    const __m256d scale = _mm256_set1_pd(spot->scale);
    __m256d a01 = _mm256_mul_pd(_mm256_loadu_pd(v), scale), a23 = _mm256_mul_pd(_mm256_loadu_pd(v + 4), scale);
    __m256d b01 = _mm256_mul_pd(_mm256_loadu_pd(v + 2), scale), b23 = _mm256_mul_pd(_mm256_loadu_pd(v + 6), scale);
    __m256d ax = _mm256_unpacklo_pd(a01, a23), ay = _mm256_unpackhi_pd(a01, a23); /* edges 0, 2, 1, 3 */
    __m256d bx = _mm256_unpacklo_pd(b01, b23), by = _mm256_unpackhi_pd(b01, b23);
    return _mm256_permute4x64_pd(bounds_avx2(ax, ay, bx, by, spot).low, 0xd8);
}

PM_AVX2 static void run_lows_avx2(const double *v, const pm_spot *spot, double lows[PM_RUN_EDGES]) {
    _mm256_storeu_pd(lows, row_lows_avx2(v, spot));
    _mm256_storeu_pd(lows + 4, row_lows_avx2(v + 8, spot));
}

/* Of four edges anywhere, by their first vertices; the last of fewer is taken again. */
PM_AVX2 static inline four_bounds four_avx2(const double *vertices, const uint32_t *first, size_t count,
                                            const pm_spot *spot) {
    const __m256d scale = _mm256_set1_pd(spot->scale);
    __m256d edge[4];
    for (size_t i = 0; i < 4; i++)
        edge[i] = _mm256_mul_pd(_mm256_loadu_pd(vertices + 2 * (size_t)first[i < count ? i : count - 1]), scale);
    __m256d a01 = _mm256_unpacklo_pd(edge[0], edge[1]), a23 = _mm256_unpacklo_pd(edge[2], edge[3]);
    __m256d b01 = _mm256_unpackhi_pd(edge[0], edge[1]), b23 = _mm256_unpackhi_pd(edge[2], edge[3]);
    __m256d ax = _mm256_permute2f128_pd(a01, a23, 0x20), bx = _mm256_permute2f128_pd(a01, a23, 0x31);
    __m256d ay = _mm256_permute2f128_pd(b01, b23, 0x20), by = _mm256_permute2f128_pd(b01, b23, 0x31);
    return bounds_avx2(ax, ay, bx, by, spot);
}

PM_AVX2 static void edges_measure_avx2(const double *vertices, const uint32_t *first, size_t count,
                                       const pm_spot *spot, double *low, double *high) {
    for (size_t i = 0; i < count; i += 4) {
        const four_bounds bounds = four_avx2(vertices, first + i, count - i, spot);
        _mm256_storeu_pd(low + i, bounds.low);
        _mm256_storeu_pd(high + i, bounds.high);
    }
}
#endif

size_t pm_run_lows(const pm_field *field, size_t run, const pm_spot *spot, double lows[PM_RUN_EDGES]) {
    const double *v = field->table->vertices + 2 * (size_t)field->runs->first[run];
    const size_t edges = pm_run_edges(field->runs->owners[run]);
#ifdef PM_X86
    if (edges == PM_RUN_EDGES && pm_isa_best() >= PM_ISA_AVX2) {
        run_lows_avx2(v, spot, lows);
        return edges;
    }
#endif
    for (size_t i = 0; i < edges; i++)
        lows[i] = pm_edge_low(v[2 * i], v[2 * i + 1], v[2 * i + 2], v[2 * i + 3], spot->scale, spot->scaled_x,
                              spot->scaled_y);
    return edges;
}

void pm_edges_measure(const pm_field *field, const uint32_t *first, size_t count, const pm_spot *spot, double *low,
                      double *high) {
    const double *vertices = field->table->vertices;
#ifdef PM_X86
    if (pm_isa_best() >= PM_ISA_AVX2) {
        edges_measure_avx2(vertices, first, count, spot, low, high);
        return;
    }
#endif
    for (size_t i = 0; i < count; i++) {
        const double *v = vertices + 2 * (size_t)first[i];
        const pm_bounds bounds = pm_edge_bounds(v[0], v[1], v[2], v[3], spot->scale, spot->scaled_x, spot->scaled_y);
        low[i] = bounds.low;
        high[i] = bounds.high;
    }
}

void pm_run_consider(const pm_field *field, size_t run, const pm_spot *spot, pm_found *best) {
    const uint32_t rank = pm_run_rank(field->runs->owners[run]);
    const double *v = field->table->vertices + 2 * (size_t)field->runs->first[run];
    double lows[PM_RUN_EDGES];
    const size_t edges = pm_run_lows(field, run, spot, lows);
    size_t least = 0;
    for (size_t i = 1; i < edges; i++)
        least = lows[i] < lows[least] ? i : least;
    if (lows[least] > best->near.high)
        return;
    pm_found_consider(best, v + 2 * least, rank, &field->reach, spot);
    for (size_t i = 0; i < edges; i++)
        if (i != least && !(lows[i] > best->near.high))
            pm_found_consider(best, v + 2 * i, rank, &field->reach, spot);
}
