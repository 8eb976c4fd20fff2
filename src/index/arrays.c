/* arrays.c — an index for callers that have pointers and numbers, but no C structs.
 *
 * Foreign-function interfaces of other languages pass structs badly or not at all. What takes more than pm_error is
 * here once more, one argument per member; the other functions of the header can be called as they are.
 *
 * Answers of 32 bits are those of 64 bits, converted a row at a time: a position always fits, since an index has no
 * more than 2^31 - 1 regions. */
#include "base/strict.h"

#include "base/status.h"
#include "polymatch.h"

enum { ROW = 1024 };

pm_status pm_index_build_arrays(const double *coords, size_t coord_count, const int64_t *ring_offsets,
                                size_t ring_count, const int64_t *polygon_offsets, size_t polygon_count,
                                const int64_t *geom_offsets, size_t geom_count, const uint8_t *kinds, int predicate,
                                int best, const void *scores, const double *distance, size_t distance_count,
                                double period, size_t max_bytes, const void *note, size_t note_size, int flags,
                                pm_index **out, pm_error *err) {
    const pm_regions regions = {.coords = coords,
                                .coord_count = coord_count,
                                .ring_offsets = ring_offsets,
                                .ring_count = ring_count,
                                .polygon_offsets = polygon_offsets,
                                .polygon_count = polygon_count,
                                .geom_offsets = geom_offsets,
                                .geom_count = geom_count,
                                .kinds = kinds};
    const pm_options options = {.predicate = (pm_predicate)predicate,
                                .best = (pm_best)best,
                                .scores = scores,
                                .distance = distance,
                                .distance_count = distance_count,
                                .period = period,
                                .max_bytes = max_bytes,
                                .note = note,
                                .note_size = note_size,
                                .compact = (flags & PM_FLAG_COMPACT) != 0,
                                .metric = flags & PM_FLAG_SPHERE ? PM_SPHERE : PM_PLANAR};
    if (out)
        *out = NULL;
    if (flags & ~(PM_FLAG_COMPACT | PM_FLAG_SPHERE))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "flags is %d: there are PM_FLAG_COMPACT and PM_FLAG_SPHERE", flags);
    return pm_index_build(&regions, &options, out, err);
}

pm_status pm_index_match_arrays(const pm_index *index, const double *x, const double *y, ptrdiff_t x_stride,
                                ptrdiff_t y_stride, size_t count, int64_t *out, double *distances, pm_error *err) {
    const pm_points points = {.x = x, .y = y, .x_stride = x_stride, .y_stride = y_stride, .count = count};
    if (distances)
        return pm_index_match_distances(index, &points, out, distances, err);
    pm_index_match(index, &points, out);
    return PM_OK;
}

pm_status pm_lister_list_arrays(const pm_lister *lister, const double *x, const double *y, ptrdiff_t x_stride,
                                ptrdiff_t y_stride, size_t count, size_t most, int64_t *counts, int64_t *ids,
                                double *distances, size_t room, size_t *done, pm_error *err) {
    const pm_points points = {.x = x, .y = y, .x_stride = x_stride, .y_stride = y_stride, .count = count};
    const pm_lists lists = {.counts = counts, .ids = ids, .distances = distances, .room = room};
    return pm_lister_list(lister, &points, most, &lists, done, err);
}

void pm_index_match_int32(const pm_index *index, const double *x, const double *y, ptrdiff_t x_stride,
                          ptrdiff_t y_stride, size_t count, int32_t *out) {
    int64_t answers[ROW];
    for (size_t done = 0; done < count; done += ROW) {
        const pm_points points = {.x = (const double *)((uintptr_t)x + (uintptr_t)(x_stride * (ptrdiff_t)done)),
                                  .y = (const double *)((uintptr_t)y + (uintptr_t)(y_stride * (ptrdiff_t)done)),
                                  .x_stride = x_stride,
                                  .y_stride = y_stride,
                                  .count = count - done < ROW ? count - done : ROW};
        pm_index_match(index, &points, answers);
        for (size_t i = 0; i < points.count; i++)
            out[done + i] = (int32_t)answers[i];
    }
}
