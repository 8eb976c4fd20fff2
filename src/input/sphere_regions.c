/* sphere_regions.c — what do rings on the sphere hold, and how much?
 *
 * A ring divides the sphere in two or, where it crosses itself, in more parts, and no part is the outside. Count for
 * a place how often the ring crosses the meridian to its south, eastward as 1 and westward as -1: from one part to
 * the next this changes by one, and its integral over the sphere is the sum over the edges of the areas to their
 * north. Another count for all places changes the integral by whole spheres, so one count makes it at most half a
 * sphere: that is the ring's signed area, and the places of an odd count are its inside. A ring that doesn't cross
 * itself so has the smaller side.
 *
 * The area to the north of an edge, or down to the equator or the south pole, follows from the ends alone (the
 * excess of a spherical triangle), and from the other end first it is exactly the negative. These are summed exactly
 * and rounded once: the area depends neither on the first vertex nor on the direction. Of the three, the one is taken
 * in which no whole hemisphere has to cancel.
 *
 * Longitudes are compared as they are, so that a meridian crosses a ring an even number of times, if not around a
 * pole. Which side of an edge a place is on is decided with twice the digits of a double. */
#include "base/strict.h"

#include "sphere_regions.h"

#include "base/exact.h"
#include "base/status.h"
#include "base/twice.h"

#define WHOLE_TURN 6.283185307179586
#define WHOLE_SPHERE 12.566370614359172

/* ---- valid? ---- */

pm_range pm_sphere_ring(const pm_regions *regions, size_t polygon, size_t ring) {
    pm_range v = pm_ring_vertices(regions, ring);
    if (v.end - v.begin > 1 && pm_is_polygon(regions, polygon) &&
        pm_lonlats_equal(pm_vertex_place(regions, v.begin), pm_vertex_place(regions, v.end - 1)))
        v.end--;
    return v;
}

static pm_status check_sphere_ring(const pm_regions *regions, size_t region, size_t polygon, size_t ring,
                                   pm_error *err) {
    const pm_range v = pm_ring_vertices(regions, ring);
    for (size_t i = v.begin; i < v.end; i++)
        if (!(fabs(regions->coords[2 * i + 1]) <= 90))
            return pm_fail(err, PM_ERR_COORDINATE, (int64_t)region,
                           "region %zu has a vertex at latitude %.17g (vertex %zu), beyond the poles", region,
                           regions->coords[2 * i + 1], i);
    for (size_t i = v.begin; i < v.end; i++) {
        const size_t next = i + 1 < v.end ? i + 1 : v.begin;
        if ((next > i || pm_is_polygon(regions, polygon)) &&
            pm_lonlats_opposite(pm_vertex_place(regions, i), pm_vertex_place(regions, next)))
            return pm_fail(err, PM_ERR_COORDINATE, (int64_t)region,
                           "region %zu has an edge between opposite places of the sphere (from vertex %zu), which "
                           "has no shortest way",
                           region, i);
    }
    return PM_OK;
}

pm_status pm_sphere_check(const pm_regions *regions, pm_error *err) {
    for (size_t region = 0; region < pm_regions_count(regions); region++) {
        const pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
            const pm_range rings = pm_polygon_rings(regions, polygon);
            for (size_t ring = rings.begin; ring < rings.end; ring++) {
                const pm_status status = check_sphere_ring(regions, region, polygon, ring, err);
                if (status)
                    return status;
            }
        }
    }
    return PM_OK;
}

/* ---- how large? ---- */

/* Areas in the unit of the sphere whose radius is 1. */
typedef enum area_bound { TO_NORTH, FROM_EQUATOR, TO_SOUTH } area_bound;

/* Of what an edge bounds to the north or south, up to the pole; or its area above the equator. */
static double edge_area(pm_lonlat a, pm_lonlat b, area_bound side) {
    const double turn = 0.5 * pm_turn_between(a, b);
    const pm_direction lon = pm_direction_of(fabs(turn));
    double y, x, area;
    if (side == FROM_EQUATOR) {
        y = lon.sin * pm_direction_of(0.5 * (a.lat + b.lat)).sin;
        x = lon.cos * pm_direction_of(0.5 * (a.lat - b.lat)).cos;
    } else { /* with the distances to the pole */
        const double far_a = side == TO_NORTH ? 90 - a.lat : a.lat + 90,
                     far_b = side == TO_NORTH ? 90 - b.lat : b.lat + 90;
        const pm_direction half_a = pm_direction_of(0.5 * far_a), half_b = pm_direction_of(0.5 * far_b);
        const double sines = half_a.sin * half_b.sin, cosines = half_a.cos * half_b.cos;
        y = 2 * sines * lon.sin * lon.cos;
        x = cosines + sines * (lon.cos * lon.cos - lon.sin * lon.sin);
    }
    area = 2 * pm_angle_of(fabs(x), fabs(y));
    area = x < 0 ? WHOLE_TURN - area : area;
    return (y < 0) != (turn < 0) ? -area : area;
}

/* The sum over the edges of a ring, rounded once. */
static double sum_of_edges(const pm_regions *regions, pm_range v, area_bound side) {
    pm_exact sum;
    pm_exact_clear(&sum);
    pm_lonlat a = pm_vertex_place(regions, v.end - 1);
    for (size_t i = v.begin; i < v.end; i++) {
        const pm_lonlat b = pm_vertex_place(regions, i);
        pm_exact_add(&sum, edge_area(a, b, side), 1.0, 1);
        a = b;
    }
    return pm_exact_round(&sum, 0);
}

/* How often a ring goes around the axis, eastward. */
static int turns_of(const pm_regions *regions, pm_range v) {
    double sum = 0;
    pm_lonlat a = pm_vertex_place(regions, v.end - 1);
    for (size_t i = v.begin; i < v.end; i++) {
        const pm_lonlat b = pm_vertex_place(regions, i);
        sum += pm_turn_between(a, b) - (b.lon - a.lon); /* -360, 0 or 360, but for rounding */
        a = b;
    }
    return (int)floor(sum / 360 + 0.5);
}

/* A ring's signed area, at most half the sphere, and how many spheres less that is than the count of its meridians.
 */
typedef struct ring_measure {
    double area;
    int spheres;
} ring_measure;

static ring_measure measure_ring(const pm_regions *regions, pm_range v) {
    if (v.end == v.begin)
        return (ring_measure){0, 0};
    const int turns = turns_of(regions, v);
    const double above = sum_of_edges(regions, v, FROM_EQUATOR), area = WHOLE_TURN * turns - above;
    const double spheres = floor(area / WHOLE_SPHERE + 0.5), rest = area / WHOLE_SPHERE - spheres;
    int whole = (int)spheres;
    /* Half the sphere on both sides: the one with the north pole. To the south of it all that goes around is counted.
     */
    if (fabs(fabs(rest) - 0.5) < 1e-13 && ((turns + whole) & 1) == 0)
        whole += rest > 0 ? 1 : -1;
    const int left = turns - 2 * whole; /* hemispheres to cancel */
    if (left == 0)
        return (ring_measure){-above, whole};
    if (left == turns)
        return (ring_measure){sum_of_edges(regions, v, TO_NORTH), whole};
    if (left == -turns)
        return (ring_measure){-sum_of_edges(regions, v, TO_SOUTH), whole};
    return (ring_measure){area - WHOLE_SPHERE * whole, whole};
}

double pm_sphere_region_area(const pm_regions *regions, size_t region) {
    double total = 0;
    const pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        const pm_range rings = pm_polygon_rings(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end && pm_is_polygon(regions, polygon); ring++) {
            const double area = fabs(measure_ring(regions, pm_sphere_ring(regions, polygon, ring)).area);
            total += ring == rings.begin ? area : -area;
        }
    }
    return total * (PM_SPHERE_RADIUS * PM_SPHERE_RADIUS);
}

/* ---- where? ---- */

/* By how many whole turns a longitude is to be moved to be within half a turn of another. */
static double turns_to(double lon, double other) {
    const double between = lon - other;
    return fabs(between) <= 180 ? 0 : -floor(between / 360 + 0.5);
}

/* Add the longitudes or latitudes of a region's vertices, exactly; returns how many there are. */
static size_t add_sphere_vertices(const pm_regions *regions, size_t region, size_t axis, pm_exact *sum) {
    size_t count = 0;
    double first = 0;
    const pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        const pm_range rings = pm_polygon_rings(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_sphere_ring(regions, polygon, ring);
            for (size_t i = v.begin; i < v.end; i++) {
                const double value = regions->coords[2 * i + axis];
                first = count++ == 0 ? value : first;
                pm_exact_add(sum, value, 1.0, 1);
                if (axis == 0 && turns_to(value, first) != 0)
                    pm_exact_add(sum, turns_to(value, first), 360, 1);
            }
        }
    }
    return count;
}

void pm_sphere_region_center(const pm_regions *regions, size_t region, double center[2]) {
    for (size_t axis = 0; axis < 2; axis++) {
        pm_exact sum;
        pm_exact_clear(&sum);
        const size_t count = add_sphere_vertices(regions, region, axis, &sum);
        center[axis] = count > 0 ? pm_exact_round(&sum, 0) / (double)count : NAN;
    }
}

pm_status pm_regions_measure_sphere(const pm_regions *regions, double *areas, double *centers, pm_error *err) {
    const pm_status status = pm_sphere_check(regions, err);
    for (size_t region = 0; !status && region < pm_regions_count(regions); region++) {
        if (areas)
            areas[region] = pm_sphere_region_area(regions, region);
        if (centers)
            pm_sphere_region_center(regions, region, centers + 2 * region);
    }
    return status;
}

/* ---- what does it hold? ---- */

/* How often, modulo 2, does a ring cross the meridian of a place to its south? */
static int crossings(const pm_regions *regions, pm_range v, pm_lonlat place, const pm_vector *vector) {
    int odd = 0;
    pm_lonlat a = pm_vertex_place(regions, v.end - 1);
    for (size_t i = v.begin; i < v.end; i++) {
        const pm_lonlat b = pm_vertex_place(regions, i);
        const int is_east = pm_turn_between(a, b) > 0, wraps = is_east != (b.lon > a.lon);
        const int between = (a.lon <= place.lon) != (b.lon <= place.lon);
        if (between != wraps) {
            const pm_vector from = pm_vector_to(a), to = pm_vector_to(b);
            const int is_south = pm_vector_side(&from, &to, vector) == (is_east ? 1 : -1);
            odd ^= fabs(place.lat) == 90 ? place.lat > 0 : is_south;
        }
        a = b;
    }
    return odd;
}

int pm_sphere_polygon_offset(const pm_regions *regions, size_t polygon) {
    int odd = 0;
    const pm_range rings = pm_polygon_rings(regions, polygon);
    for (size_t ring = rings.begin; ring < rings.end; ring++)
        odd ^= measure_ring(regions, pm_sphere_ring(regions, polygon, ring)).spheres & 1;
    return odd;
}

int pm_sphere_polygon_holds(const pm_regions *regions, size_t polygon, int offset, pm_lonlat place) {
    int odd = offset;
    const pm_vector vector = pm_vector_to(place);
    const pm_range rings = pm_polygon_rings(regions, polygon);
    for (size_t ring = rings.begin; ring < rings.end; ring++) {
        const pm_range v = pm_sphere_ring(regions, polygon, ring);
        if (v.end > v.begin)
            odd ^= crossings(regions, v, place, &vector);
    }
    return odd;
}
