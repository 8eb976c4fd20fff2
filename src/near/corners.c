/* corners.c — how far are these edges from the corners and the center of a square, at least?
 *
 * In floats relative to the square, eight edges at a time: the compiler makes vectors of these loops, and operations
 * are the same ones with and without AVX2, so bounds are too.
 *
 * With R the sum of an edge's coordinates' magnitudes + 2, in units of half a side: rounding moves its ends by less
 * than 2^-23 R, and what follows, with the place nearest to the point taken at a rounded t in [0, 1], adds less than
 * 2^-20 R to the distance. A margin of 2^-19 R is taken off, by (a - b)^2 >= (1 - t) a^2 - b^2 / t with t = 2^-14;
 * rounding of the square itself is below 2^-22 of it. Edges too short to divide by their length have the distance of
 * their first end, which is off by less than 2^-30. */
#include "base/strict.h"

#include "corners.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

/* Edges whose squared length is not more have the distance of their first end; what is left of a square, and what is
 * taken off it for R = 1. */
static const float SHORT = 0x1p-60f, LESS = 1 - 0x1p-14f, OFF = 0x1p-24f;

static const float PLACE_X[PM_SQUARE_PLACES] = {-1, 1, -1, 1, 0}, PLACE_Y[PM_SQUARE_PLACES] = {-1, -1, 1, 1, 0};

/* A square and a run on their way; vertices in its units. */
typedef struct frame {
    double scale, x, y, unit;
    float vx[PM_RUN_EDGES + 1], vy[PM_RUN_EDGES + 1];
} frame;

static void load(frame *f, const double *v, size_t edges) {
    for (size_t i = 0; i <= PM_RUN_EDGES; i++) {
        const size_t at = i < edges ? i : edges;
        f->vx[i] = (float)((v[2 * at] * f->scale - f->x) * f->unit);
        f->vy[i] = (float)((v[2 * at + 1] * f->scale - f->y) * f->unit);
    }
}

/* Returns the most that was taken off. */
static float measure_frame(const frame *f, pm_corner_lows *lows) {
    float most = 0;
    for (size_t i = 0; i < PM_RUN_EDGES; i++) {
        const float ax = f->vx[i], ay = f->vy[i], bx = f->vx[i + 1], by = f->vy[i + 1];
        const float dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
        const float inverse = length > SHORT ? 1 / length : 0;
        const float r = ((fabsf(ax) + fabsf(ay)) + (fabsf(bx) + fabsf(by))) + 2, off = r * r * OFF;
        for (size_t k = 0; k < PM_SQUARE_PLACES; k++) {
            const float qx = PLACE_X[k] - ax, qy = PLACE_Y[k] - ay;
            float t = (qx * dx + qy * dy) * inverse;
            t = t > 0 ? t : 0;
            t = t < 1 ? t : 1;
            const float ex = qx - t * dx, ey = qy - t * dy;
            lows->low[k][i] = (ex * ex + ey * ey) * LESS - off;
        }
        most = off > most ? off : most;
    }
    return most;
}

#ifdef PM_X86
/* Two vertices: x y x y. */
PM_AVX2 static inline __m128 pair_avx2(const frame *f, const double *v) {
    const __m256d center = _mm256_setr_pd(f->x, f->y, f->x, f->y);
    __m256d at = _mm256_sub_pd(_mm256_mul_pd(_mm256_loadu_pd(v), _mm256_set1_pd(f->scale)), center);
    return _mm256_cvtpd_ps(_mm256_mul_pd(at, _mm256_set1_pd(f->unit)));
}

/* The vertices of a run of eight edges. */
PM_AVX2 static void load_avx2(frame *f, const double *v) {
    for (size_t i = 0; i < PM_RUN_EDGES; i += 4) {
        __m128 low = pair_avx2(f, v + 2 * i), high = pair_avx2(f, v + 2 * i + 4);
        _mm_storeu_ps(f->vx + i, _mm_shuffle_ps(low, high, 0x88));
        _mm_storeu_ps(f->vy + i, _mm_shuffle_ps(low, high, 0xdd));
    }
    f->vx[PM_RUN_EDGES] = (float)((v[2 * PM_RUN_EDGES] * f->scale - f->x) * f->unit);
    f->vy[PM_RUN_EDGES] = (float)((v[2 * PM_RUN_EDGES + 1] * f->scale - f->y) * f->unit);
}

PM_AVX2 static inline __m256 absolute_avx2(__m256 value) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), value);
}

PM_AVX2 static float measure_avx2(const frame *f, pm_corner_lows *lows) {
    const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);
    const __m256 ax = _mm256_loadu_ps(f->vx), ay = _mm256_loadu_ps(f->vy);
    const __m256 bx = _mm256_loadu_ps(f->vx + 1), by = _mm256_loadu_ps(f->vy + 1);
    const __m256 dx = _mm256_sub_ps(bx, ax), dy = _mm256_sub_ps(by, ay);
    const __m256 length = _mm256_add_ps(_mm256_mul_ps(dx, dx), _mm256_mul_ps(dy, dy));
    const __m256 inverse =
        _mm256_and_ps(_mm256_div_ps(one, length), _mm256_cmp_ps(length, _mm256_set1_ps(SHORT), _CMP_GT_OQ));
    const __m256 r = _mm256_add_ps(_mm256_add_ps(_mm256_add_ps(absolute_avx2(ax), absolute_avx2(ay)),
                                                 _mm256_add_ps(absolute_avx2(bx), absolute_avx2(by))),
                                   _mm256_set1_ps(2));
    const __m256 off = _mm256_mul_ps(_mm256_mul_ps(r, r), _mm256_set1_ps(OFF));
    for (size_t k = 0; k < PM_SQUARE_PLACES; k++) {
        __m256 qx = _mm256_sub_ps(_mm256_set1_ps(PLACE_X[k]), ax), qy = _mm256_sub_ps(_mm256_set1_ps(PLACE_Y[k]), ay);
        __m256 t = _mm256_mul_ps(_mm256_add_ps(_mm256_mul_ps(qx, dx), _mm256_mul_ps(qy, dy)), inverse);
        t = _mm256_min_ps(_mm256_max_ps(t, zero), one);
        __m256 ex = _mm256_sub_ps(qx, _mm256_mul_ps(t, dx)), ey = _mm256_sub_ps(qy, _mm256_mul_ps(t, dy));
        __m256 square = _mm256_add_ps(_mm256_mul_ps(ex, ex), _mm256_mul_ps(ey, ey));
        _mm256_storeu_ps(lows->low[k], _mm256_sub_ps(_mm256_mul_ps(square, _mm256_set1_ps(LESS)), off));
    }
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(off), _mm256_extractf128_ps(off, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_shuffle_ps(most, most, 1)));
}
#endif

/* Edges of which more than this is taken off. */
static const float MUCH = 0x1p-6f;

static float low_in_doubles(const double *v, const pm_field *field, double x, double y, double half) {
    const double low = pm_edge_low(v[0], v[1], v[2], v[3], field->runs->scale, x, y) / (half * half);
    return low > 0 ? (float)(low * (1 - 0x1p-22)) : 0;
}

static void correct_long_edges(const pm_field *field, const double *v, size_t edges, double x, double y, double half,
                               pm_corner_lows *lows) {
    const double scale = field->runs->scale, unit = 1 / half;
    for (size_t i = 0; i < edges; i++) {
        const double *e = v + 2 * i;
        const double r =
            (fabs(e[0] * scale - x) + fabs(e[1] * scale - y) + fabs(e[2] * scale - x) + fabs(e[3] * scale - y)) *
                unit +
            2;
        if (r * r * (double)OFF > (double)MUCH)
            for (size_t k = 0; k < PM_SQUARE_PLACES; k++)
                lows->low[k][i] = low_in_doubles(e, field, x + PLACE_X[k] * half, y + PLACE_Y[k] * half, half);
    }
}

void pm_run_corners(const pm_field *field, size_t run, double x, double y, double half, pm_corner_lows *lows) {
    const double *v = field->table->vertices + 2 * (size_t)field->runs->first[run];
    const size_t edges = pm_run_edges(field->runs->owners[run]);
    frame f = {.scale = field->runs->scale, .x = x, .y = y, .unit = 1 / half};
    float most;
#ifdef PM_X86
    if (pm_isa_best() >= PM_ISA_AVX2) {
        if (edges == PM_RUN_EDGES)
            load_avx2(&f, v);
        else
            load(&f, v, edges);
        most = measure_avx2(&f, lows);
    } else
#endif
    {
        load(&f, v, edges);
        most = measure_frame(&f, lows);
    }
    if (most > MUCH)
        correct_long_edges(field, v, edges, x, y, half, lows);
}

void pm_corners_least(const pm_corner_lows *lows, float least[PM_SQUARE_PLACES]) {
    for (size_t k = 0; k < PM_SQUARE_PLACES; k++) {
        float few[4];
        for (size_t i = 0; i < 4; i++)
            few[i] = lows->low[k][i] < lows->low[k][i + 4] ? lows->low[k][i] : lows->low[k][i + 4];
        few[0] = few[0] < few[2] ? few[0] : few[2];
        few[1] = few[1] < few[3] ? few[1] : few[3];
        least[k] = few[0] < few[1] ? few[0] : few[1];
    }
}
