/* disks.c — which is the best of these disks that contains the point?
 *
 * Disks are sorted best first, so the search ends at the first hit: more candidates make it faster. Centers and point
 * are mapped to a grid of 2^15 x 2^15 cells; a disk whose center is further away on the grid than its radius reaches,
 * in x or in y, can't contain the point. That takes 16-bit integers, sixteen disks per instruction with AVX2 and
 * eight without, and leaves four candidates for three real ones: those are decided exactly, by pm_is_closer(). On the
 * classic example this search takes 28 ns per point, one in doubles with AVX-512 took 80.
 *
 * The map to the grid is monotone, so rounding in it can move a coordinate by less than one cell: `reach` is two
 * cells wider than the radius. Every form of the search lets the same disks through, so all give identical answers.
 * A far outlier makes the grid coarse; then a rounded distance in doubles does the work, as in a plain loop. */
#include "base/strict.h"

#include "disks.h"

#include <math.h>

#include "base/simd.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

#define CELLS 32767

static int16_t to_grid(double value, double min, double scale) {
    double cell = (value - min) * scale;
    return (int16_t)(cell > 0 ? cell < CELLS ? cell : CELLS : 0); /* NaN: 0 */
}

/* Points in the disk are at most radius * scale + 1 cells away, before rounding. */
static int16_t reach_of(double radius, double scale) {
    double cells = radius * scale + 2;
    return (int16_t)(radius > 0 ? cells < CELLS ? cells : CELLS : -1);
}

/* Least and greatest of the values, NaN left out. Four at a time: one chain of comparisons is all latency. */
static void range_of(const double *values, size_t count, double *least, double *greatest) {
    double low[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, high[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t k = 0; k < 4; k++) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    }
    for (; i < count; i++) {
        low[0] = values[i] < low[0] ? values[i] : low[0];
        high[0] = values[i] > high[0] ? values[i] : high[0];
    }
    for (size_t k = 1; k < 4; k++) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    *least = low[0];
    *greatest = high[0];
}

void pm_disks_fill(pm_disk_table *d) {
    double min_x, min_y, max_x, max_y;
    range_of(d->x, d->count, &min_x, &max_x);
    range_of(d->y, d->count, &min_y, &max_y);
    double extent = max_x - min_x > max_y - min_y ? max_x - min_x : max_y - min_y;
    d->scale = CELLS / extent;
    if (!(extent < INFINITY && d->scale < INFINITY))
        d->scale = 0; /* one cell for all */
    d->min_x = min_x;
    d->min_y = min_y;
    for (size_t rank = 0; rank < d->count; rank++) {
        d->grid_x[rank] = to_grid(d->x[d->ids[rank]], min_x, d->scale);
        d->grid_y[rank] = to_grid(d->y[d->ids[rank]], min_y, d->scale);
    }
    for (size_t rank = d->count; rank < PM_DISK_ROOM(d->count); rank++)
        d->grid_x[rank] = d->grid_y[rank] = 0;
    size_t reaches = d->step ? d->count : 1;
    for (size_t rank = 0; rank < reaches; rank++)
        d->reach[rank] = reach_of(d->radius[d->step ? d->ids[rank] : 0], d->scale);
    for (size_t rank = reaches; rank < PM_DISK_ROOM(reaches); rank++)
        d->reach[rank] = -1;
}

/* Is disk `rank` the answer? */
static int disk_contains(const pm_disk_table *d, size_t rank, double x, double y) {
    size_t id = d->ids[rank];
    double radius = d->radius[d->step ? id : 0], square = pm_rounded_square(d->x[id], d->y[id], x, y);
    pm_band band = pm_band_of(radius);
    if (square > band.outer)
        return 0;
    return square < band.inner || pm_is_closer((const double[2]){d->x[id], d->y[id]}, x, y, radius);
}

static int64_t find_disk_portable(const pm_disk_table *d, double x, double y) {
    int px = to_grid(x, d->min_x, d->scale), py = to_grid(y, d->min_y, d->scale);
    for (size_t rank = 0; rank < d->count; rank++) {
        int dx = d->grid_x[rank] - px, dy = d->grid_y[rank] - py, reach = d->reach[rank * d->step];
        if (dx <= reach && -dx <= reach && dy <= reach && -dy <= reach && disk_contains(d, rank, x, y))
            return d->ids[rank];
    }
    return PM_NO_MATCH;
}

#ifdef PM_X86
/* Lanes of the sixteen disks from `rank` that are out of reach, two bits each. */
__attribute__((target("avx2"))) static inline unsigned misses_avx2(const pm_disk_table *d, size_t rank, __m256i px,
                                                                   __m256i py, __m256i reach) {
    __m256i dx = _mm256_sub_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(d->grid_x + rank)), px);
    __m256i dy = _mm256_sub_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(d->grid_y + rank)), py);
    __m256i distance = _mm256_max_epi16(_mm256_abs_epi16(dx), _mm256_abs_epi16(dy));
    if (d->step)
        reach = _mm256_loadu_si256((const __m256i *)(const void *)(d->reach + rank));
    return (unsigned)_mm256_movemask_epi8(_mm256_cmpgt_epi16(distance, reach));
}

/* 32 disks per round: half as many jumps, and one mispredicted jump costs as much as a round. */
__attribute__((target("avx2"))) static int64_t find_disk_avx2(const pm_disk_table *d, double x, double y) {
    const __m256i px = _mm256_set1_epi16(to_grid(x, d->min_x, d->scale));
    const __m256i py = _mm256_set1_epi16(to_grid(y, d->min_y, d->scale));
    const __m256i reach = _mm256_set1_epi16(d->reach[0]);
    for (size_t rank = 0; rank < d->count; rank += 32) {
        uint64_t misses = misses_avx2(d, rank, px, py, reach) | (uint64_t)misses_avx2(d, rank + 16, px, py, reach)
                                                                    << 32;
        for (uint64_t hits = ~misses & UINT64_C(0x5555555555555555); hits; hits &= hits - 1) {
            size_t hit = rank + (size_t)__builtin_ctzll(hits) / 2;
            if (hit < d->count && disk_contains(d, hit, x, y))
                return d->ids[hit];
        }
    }
    return PM_NO_MATCH;
}
#endif

/* Without the grid, which knows nothing of what is between two doubles. */
static int64_t find_between(const pm_disk_table *d, const pm_exact_point *p) {
    for (size_t rank = 0; rank < d->count; rank++) {
        size_t id = d->ids[rank];
        if (pm_point_is_closer((const double[2]){d->x[id], d->y[id]}, p, d->radius[d->step ? id : 0]))
            return (int64_t)id;
    }
    return PM_NO_MATCH;
}

int64_t pm_disks_find(const pm_disk_table *disks, const pm_exact_point *p) {
    if (p->low != p->high)
        return find_between(disks, p);
#ifdef PM_X86
    if (__builtin_cpu_supports("avx2"))
        return find_disk_avx2(disks, p->low, p->y);
#endif
    return find_disk_portable(disks, p->low, p->y);
}
