/* bounds.c — between which longitudes and latitudes is a region?
 *
 * An arc rises above its ends towards the pole, and a region around a pole has all longitudes. Longitudes are those
 * that were given, so a region from 170 to 190 is a narrow box, unless an edge takes the way across the seam: then
 * all of them are in the box. Boxes are for people, and a little too large. */
#include "base/strict.h"

#include "bounds.h"

static const double BOUNDS_ROOM = 1e-9;                                          /* degrees */
static const double METRES_PER_DEGREE = PM_SPHERE_RADIUS * 0.017453292519943295; /* per degree */

/* The greatest sine of latitude on the arc between two places, of 1, or the least, of -1. */
static double arc_summit(pm_lonlat a, pm_lonlat b, double sign) {
    const pm_observer from = pm_observer_at(a), to = pm_observer_at(b);
    const double *p = from.vector, *q = to.vector;
    const double n[3] = {p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]};
    const double cosine = p[0] * q[0] + p[1] * q[1] + p[2] * q[2], flat = n[0] * n[0] + n[1] * n[1];
    const double end = sign * fmax(sign * p[2], sign * q[2]);
    /* Does the way climb from both ends? */
    const int climbs = sign * (q[2] - cosine * p[2]) > 0 && sign * (p[2] - cosine * q[2]) > 0;
    return climbs && flat + n[2] * n[2] > 0 ? sign * sqrt(flat / (flat + n[2] * n[2])) : end;
}

static double latitude_of(double sine) {
    const double angle = pm_angle_of(sqrt(fmax(1 - sine * sine, 0)), fabs(sine)) * 57.29577951308232;
    return sine < 0 ? -angle : angle;
}

/* All places that are at most `metres` from those of a box. */
static pm_box widened_box(pm_box box, double metres) {
    if (metres == 0)
        return box;
    const double degrees = metres / METRES_PER_DEGREE + BOUNDS_ROOM, highest = fmax(fabs(box.min_y), fabs(box.max_y));
    if (!(highest + degrees < 90))
        return (pm_box){-180, fmax(box.min_y - degrees, -90), 180, fmin(box.max_y + degrees, 90)};
    const double ratio = pm_direction_of(degrees).sin / pm_direction_of(highest).cos;
    const double turn = latitude_of(fmin(ratio, 1)) + BOUNDS_ROOM;
    return (pm_box){box.min_x - turn, box.min_y - degrees, box.max_x + turn, box.max_y + degrees};
}

pm_box pm_sphere_place_box(double lon, double lat, double metres) {
    return widened_box((pm_box){lon, lat, lon, lat}, metres);
}

/* Make a box include an edge, as it was given; `wraps` is set where that goes across the seam. */
static void bounds_add_edge(pm_box *box, const double *a, const double *b, int *wraps) {
    const pm_lonlat from = pm_lonlat_at(a[0], a[1]), to = pm_lonlat_at(b[0], b[1]);
    *wraps |= fabs(a[0] - b[0]) >= 180 || fabs(a[0]) > 720;
    box->min_x = fmin(box->min_x, a[0]);
    box->max_x = fmax(box->max_x, a[0]);
    box->min_y = fmin(box->min_y, a[1]);
    box->max_y = fmax(box->max_y, a[1]);
    if (from.lat == to.lat && from.lat == 0)
        return;
    const double high = latitude_of(arc_summit(from, to, 1)), low = latitude_of(arc_summit(from, to, -1));
    if (high > fmax(a[1], b[1]))
        box->max_y = fmax(box->max_y, fmin(high + BOUNDS_ROOM, 90));
    if (low < fmin(a[1], b[1]))
        box->min_y = fmin(box->min_y, fmax(low - BOUNDS_ROOM, -90));
}

pm_box pm_sphere_region_box(const pm_regions *regions, size_t region, double metres) {
    pm_box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    int wraps = 0;
    const pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        const pm_range rings = pm_polygon_rings(regions, polygon);
        const int is_surface = pm_is_polygon(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_ring_vertices(regions, ring);
            for (size_t i = v.begin; i < v.end; i++) {
                const size_t next = i + 1 < v.end ? i + 1 : is_surface ? v.begin : i;
                bounds_add_edge(&box, regions->coords + 2 * i, regions->coords + 2 * next, &wraps);
            }
        }
        if (!is_surface || !(box.min_x <= box.max_x) || !(wraps || box.max_x - box.min_x >= 180))
            continue;
        const int offset = pm_sphere_polygon_offset(regions, polygon);
        box.max_y = pm_sphere_polygon_holds(regions, polygon, offset, (pm_lonlat){0, 90}) ? 90 : box.max_y;
        box.min_y = pm_sphere_polygon_holds(regions, polygon, offset, (pm_lonlat){0, -90}) ? -90 : box.min_y;
    }
    if (!(box.min_x <= box.max_x))
        return box;
    if (wraps) {
        box.min_x = -180;
        box.max_x = 180;
    }
    return widened_box(box, metres);
}
