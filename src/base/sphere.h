/* sphere.h — places on the sphere, and how far apart they are. See sphere.c. */
#ifndef PM_SPHERE_H
#define PM_SPHERE_H

#include <math.h>

#define PM_SPHERE_RADIUS 6371008.8 /* metres */
#define PM_SPHERE_LEAST 1e-150     /* metres, of places that are not equal */

/* A place, by its one pair of coordinates: longitude in [-180, 180), 0 at the poles; latitude in [-90, 90]; no
 * negative zero. */
typedef struct pm_lonlat {
    double lon, lat;
} pm_lonlat;

/* Is there such a place, of any finite longitude? */
static inline int pm_is_lonlat(double lon, double lat) {
    return isfinite(lon) && fabs(lat) <= 90;
}

/* Of what is no place, some place. */
pm_lonlat pm_lonlat_at(double lon, double lat);

static inline int pm_lonlats_equal(pm_lonlat a, pm_lonlat b) {
    return a.lon == b.lon && a.lat == b.lat;
}

/* Are these the two ends of a diameter? */
int pm_lonlats_opposite(pm_lonlat a, pm_lonlat b);

/* b.lon - a.lon, brought into [-180, 180]; of b and a exactly the negative one. */
double pm_turn_between(pm_lonlat a, pm_lonlat b);

/* Sine and cosine of an angle in degrees, up to 1e9, within 2 ulps; exact at multiples of 90. Odd and even. */
typedef struct pm_direction {
    double sin, cos;
} pm_direction;

pm_direction pm_direction_of(double degrees);

/* The angle of (x, y), both at least 0, in radians: 0 to a quarter turn. */
double pm_angle_of(double x, double y);

/* Of a place: what distances from it start with. */
typedef struct pm_observer {
    pm_lonlat place;
    pm_direction lat;
    double vector[3]; /* of length 1 */
} pm_observer;

pm_observer pm_observer_at(pm_lonlat place);

/* The distance between two places, in metres: within 1e-9 m + 1e-14 of it, 0 for equal ones only, and the same
 * whichever comes first. */
double pm_lonlat_distance(const pm_observer *origin, pm_lonlat other);

/* The distance to the nearest place of an arc, the shorter way from a to b, which is at most a quarter turn long. It
 * is the same from b to a, and that to an end wherever an end is nearest. */
double pm_arc_distance(const pm_observer *origin, pm_lonlat a, pm_lonlat b);

/* The squared length of the chord between places that are this many metres apart; 4 beyond half a turn. */
double pm_chord_square(double metres);

#endif
