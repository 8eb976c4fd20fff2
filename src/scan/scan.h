/* scan.h — every point by itself: the loop of the reference engine.
 *
 * Inline, so that a search that is known where it is called is called directly. */
#ifndef PM_SCAN_H
#define PM_SCAN_H

#include <math.h>
#include <string.h>

#include "base/turn.h"
#include "polymatch.h"

/* The position in the input of the best region for a point, or PM_NO_MATCH. */
typedef int64_t pm_find(const void *context, const pm_exact_point *p);

static inline double pm_load(const double *values, ptrdiff_t stride, size_t i) {
    double value;
    memcpy(&value, (const char *)values + (ptrdiff_t)i * stride, sizeof value);
    return value;
}

/* One answer per point; one that is not finite has no match. `turns` as in kind.h. */
static inline void pm_scan(const pm_points *points, const pm_turns *turns, int64_t *out, pm_find *find,
                           const void *context) {
    for (size_t i = 0; i < points->count; i++) {
        double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        out[i] = PM_NO_MATCH;
        if (isfinite(x) && isfinite(y)) {
            pm_exact_point p = turns ? pm_turned_point(turns, i, x, y) : pm_point(x, y);
            out[i] = find(context, &p);
        }
    }
}

#endif
