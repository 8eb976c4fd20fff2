/* scan.h — every point by itself: the loop of the reference engine.
 *
 * Inline, so that a search that is known where it is called is called directly. */
#ifndef PM_SCAN_H
#define PM_SCAN_H

#include <math.h>
#include <string.h>

#include "polymatch.h"

/* The position in the input of the best region for (x, y), both finite, or PM_NO_MATCH. */
typedef int64_t pm_find(const void *context, double x, double y);

static inline double pm_load(const double *values, ptrdiff_t stride, size_t i) {
    double value;
    memcpy(&value, (const char *)values + (ptrdiff_t)i * stride, sizeof value);
    return value;
}

/* One answer per point; one that is not finite has no match. */
static inline void pm_scan(const pm_points *points, int64_t *out, pm_find *find, const void *context) {
    for (size_t i = 0; i < points->count; i++) {
        double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        out[i] = isfinite(x) && isfinite(y) ? find(context, x, y) : PM_NO_MATCH;
    }
}

#endif
