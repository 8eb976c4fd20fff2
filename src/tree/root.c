/* root.c — which square is cut into cells?
 *
 * The extent of all polygons, a little larger by amounts that keep borders on round coordinates off the lines between
 * cells. Where nearly all polygons are a *crowd* in a small part of it, the root is larger still, so that the crowd
 * is one cell some levels down: it is cut as it would be alone, and walks begin there (hub.c). 100,000 buildings of a
 * city take the same time to build and to match with a polygon on another continent as without, where the extent
 * alone took 2.4 times as long per point. */
#include "base/strict.h"

#include "root.h"

#include <math.h>

#include "base/least.h"

/* All but one in NEARLY_ALL polygons are a crowd where they take less than one in FAR of the extent. */
enum { NEARLY_ALL = 16, FAR = 10, CROWD_BITS = 18 };

/* The box of the surfaces whose boxes are within this one. */
static pm_box bound_surfaces(const pm_polygon_table *polygons, const pm_box *within, size_t *count) {
    pm_box all = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    *count = 0;
    for (size_t i = 0; i < polygons->polygon_offsets[polygons->count]; i++) {
        const pm_box *box = &polygons->polygon_boxes[i];
        if (!pm_polygon_is_surface(polygons, i) || !(box->min_x >= within->min_x && box->min_y >= within->min_y &&
                                                     box->max_x <= within->max_x && box->max_y <= within->max_y))
            continue;
        all.min_x = pm_least(all.min_x, box->min_x);
        all.min_y = pm_least(all.min_y, box->min_y);
        all.max_x = pm_greatest(all.max_x, box->max_x);
        all.max_y = pm_greatest(all.max_y, box->max_y);
        ++*count;
    }
    return all;
}

static double extent_of(const pm_box *box) {
    return pm_greatest(box->max_x - box->min_x, box->max_y - box->min_y);
}

static void sort(double *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* The box of nearly all polygons, where that is far smaller than `all`; else `all`. Some of their boxes show where
 * most are, and those as far from there as that is wide belong to them. */
static pm_box find_crowd(const pm_polygon_table *polygons, const pm_box *all) {
    enum { SOME = 256, OUTER = SOME / 20 };
    double x[SOME], y[SOME];
    const size_t count = polygons->polygon_offsets[polygons->count];
    size_t inner, surfaces;
    if (count < SOME)
        return *all;
    for (size_t i = 0; i < SOME; i++) {
        const pm_box *box = &polygons->polygon_boxes[i * count / SOME];
        x[i] = box->min_x;
        y[i] = box->min_y;
    }
    sort(x, SOME);
    sort(y, SOME);
    const pm_box core = {x[OUTER], y[OUTER], x[SOME - 1 - OUTER], y[SOME - 1 - OUTER]};
    const double width = extent_of(&core) / 2;
    const pm_box around = {core.min_x - width, core.min_y - width, core.max_x + width, core.max_y + width};
    const pm_box crowd = bound_surfaces(polygons, &around, &inner);
    (void)bound_surfaces(polygons, all, &surfaces);
    return inner >= surfaces - surfaces / NEARLY_ALL && extent_of(all) > FAR * extent_of(&crowd) ? crowd : *all;
}

/* The map whose root has this crowd as one cell. Returns the bits of a fixed coordinate that number it. */
static int fit_root(pm_tree *tree, const pm_box *all, const pm_box *crowd) {
    const double extent = extent_of(crowd), cell = extent * 1.0041, spare = 0.002;
    const double left = ceil((crowd->min_x - all->min_x) / cell), below = ceil((crowd->min_y - all->min_y) / cell);
    const double right = ceil((all->max_x - crowd->min_x) / cell + spare);
    const double above = ceil((all->max_y - crowd->min_y) / cell + spare);
    int bits = 0;
    while (bits <= CROWD_BITS && ldexp(1, bits) < pm_greatest(left + right, below + above))
        bits += 3;
    tree->min_x = crowd->min_x - left * cell - extent * 0.00137;
    tree->min_y = crowd->min_y - below * cell - extent * 0.00171;
    tree->scale = ldexp(1, PM_FIXED_BITS - bits) / cell;
    return bits;
}

int pm_root_choose(pm_tree *tree, const pm_polygon_table *polygons) {
    size_t count;
    const pm_box all = bound_surfaces(polygons, &(pm_box){-INFINITY, -INFINITY, INFINITY, INFINITY}, &count);
    double magnitude =
        pm_greatest(pm_greatest(fabs(all.min_x), fabs(all.max_x)), pm_greatest(fabs(all.min_y), fabs(all.max_y)));
    if (!(extent_of(&all) > 1e-100 && magnitude < 1e100))
        return 0;
    const pm_box crowd = find_crowd(polygons, &all);
    if (!(extent_of(&crowd) > 0) || fit_root(tree, &all, &crowd) > CROWD_BITS)
        (void)fit_root(tree, &all, &all);
    const double scale = ldexp(tree->scale, -PM_FIXED_BITS);
    double corners[2] = {(all.min_x - tree->min_x) * scale, (all.min_y - tree->min_y) * scale};
    double others[2] = {(all.max_x - tree->min_x) * scale, (all.max_y - tree->min_y) * scale};
    return corners[0] > 0 && corners[1] > 0 && others[0] < 1 && others[1] < 1;
}
