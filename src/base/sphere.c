/* sphere.c — how far apart are two places on the sphere, and how far is an arc?
 *
 * Distances are computed from differences of degrees, by the haversine: its relative error is that of a few
 * operations, however close the places are, where a chord between vectors loses digits. Beyond a quarter turn the
 * haversine to the opposite place is taken, for the same reason. An arc and the place
 * are looked at from one of its ends: both lie so far to the east and to the north, and the cross product of the two
 * is the height of the place above the arc's plane, with an error relative to the length of the arc.
 *
 * Everything here consists of +, -, *, / and sqrt in doubles, in a fixed order, which IEEE 754 rounds in one way:
 * sines and arc sines are computed by polynomials of our own (the constants are those of fdlibm, Sun 1993, whose
 * error is below 1 ulp). So nothing depends on the machine's libm, and all machines give the same bits. */
#include "base/strict.h"

#include "sphere.h"

#include <stdint.h>
#include <string.h>

#define RADIANS_PER_DEGREE 0.017453292519943295 /* per degree */
#define QUARTER_TURN 1.5707963267948966

/* ---- places ---- */

pm_lonlat pm_lonlat_at(double lon, double lat) {
    if (!pm_is_lonlat(lon, lat))
        return (pm_lonlat){0, 0};
    if (!(lon >= -180 && lon < 180)) {
        lon = fmod(lon, 360); /* exact, as are the sums */
        lon = lon >= 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
    }
    return (pm_lonlat){fabs(lat) == 90 ? 0 : lon + 0.0, lat + 0.0};
}

int pm_lonlats_opposite(pm_lonlat a, pm_lonlat b) {
    return a.lat == -b.lat && (fabs(a.lat) == 90 || a.lon - b.lon == 180 || b.lon - a.lon == 180);
}

/* A difference that is rounded to half a turn may be more: near an opposite place the way depends on it. */
double pm_turn_between(pm_lonlat a, pm_lonlat b) {
    const double turn = b.lon - a.lon, half = turn > 0 ? 180 : -180;
    if (fabs(turn) < 180)
        return turn;
    const double beyond =
        fabs(b.lon) >= 90 ? (b.lon - half) - a.lon : b.lon - (a.lon + half); /* with the right sign */
    return beyond * half > 0 ? (b.lon - half) - (a.lon + half) : turn;
}

/* ---- angles ---- */

/* Of radians up to a little more than pi / 4. */
static inline double sine_of(double x) {
    const double z = x * x;
    const double r =
        8.33333333332248946124e-03 +
        z * (-1.98412698298579493134e-04 +
             z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
    return x + x * z * (-1.66666666666666324348e-01 + z * r);
}

static inline double cosine_of(double x) {
    const double z = x * x, half = 0.5 * z, one = 1 - half;
    const double r = z * (4.16666666666666019037e-02 +
                          z * (-1.38888888888741095749e-03 +
                               z * (2.48015872894767294178e-05 +
                                    z * (-2.75573143513906633035e-07 +
                                         z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
    return one + (((1 - one) - half) + z * r);
}

static inline uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Which quarter turn it is can't be predicted, so sine and cosine are exchanged and negated without a jump. */
pm_direction pm_direction_of(double degrees) {
    const double turn = fabs(degrees);
    const uint64_t quarters = (uint64_t)(int64_t)(turn * (1 / 90.0) + 0.5);
    const double rest = (turn - 90.0 * (double)(int64_t)quarters) * RADIANS_PER_DEGREE; /* the difference is exact */
    const uint64_t s = bits_of(sine_of(rest)), c = bits_of(cosine_of(rest)), both = (s ^ c) & (0 - (quarters & 1));
    const uint64_t sin_sign = (quarters & 2) << 62 ^ (uint64_t)(degrees < 0) << 63;
    return (pm_direction){double_of((s ^ both) ^ sin_sign), double_of((c ^ both) ^ ((quarters + 1) & 2) << 62)};
}

/* (asin(x) - x) / x of 0 to 1/2, by the square of x. */
static inline double arc_sine_rest(double z) {
    const double p = z * (1.66666666666666657415e-01 +
                          z * (-3.25565818622400915405e-01 +
                               z * (2.01212532134862925881e-01 +
                                    z * (-4.00555345006794114027e-02 +
                                         z * (7.91534994289814532176e-04 + z * 3.47933107596021167570e-05)))));
    const double q =
        1 +
        z * (-2.40339491173441421878e+00 +
             z * (2.02094576023350569471e+00 + z * (-6.88283971605453293030e-01 + z * 7.70381505559019352791e-02)));
    return p / q;
}

/* Of 0 to 1, whose square is given as well, for those above 1/2 as 1 - x^2, too. */
static double arc_sine(double x) {
    if (x <= 0.5)
        return x + x * arc_sine_rest(x * x);
    const double z = x < 1 ? (1 - x) * 0.5 : 0, root = sqrt(z);
    return QUARTER_TURN - 2 * (root + root * arc_sine_rest(z));
}

double pm_angle_of(double x, double y) {
    const double length = sqrt(x * x + y * y);
    if (!(length > 0))
        return 0;
    return y <= x ? arc_sine(y / length) : QUARTER_TURN - arc_sine(x / length);
}

/* ---- seen from a place ---- */

pm_observer pm_observer_at(pm_lonlat place) {
    const pm_direction lon = pm_direction_of(place.lon), lat = pm_direction_of(place.lat);
    return (pm_observer){place, lat, {lat.cos * lon.cos, lat.cos * lon.sin, lat.sin}};
}

/* Another place as seen from the origin, less than half a turn away. */
typedef struct sphere_sight {
    double near; /* the haversine of the distance */
    double east, north;
} sphere_sight;

static sphere_sight sight_of(const pm_observer *origin, pm_lonlat other, double other_cos) {
    const pm_direction turn = pm_direction_of(0.5 * pm_turn_between(origin->place, other));
    const pm_direction climb = pm_direction_of(0.5 * (other.lat - origin->place.lat));
    const double across = turn.sin * turn.sin;
    return (sphere_sight){.near = climb.sin * climb.sin + origin->lat.cos * other_cos * across,
                          .east = 2 * (other_cos * (turn.sin * turn.cos)),
                          .north = 2 * (climb.sin * climb.cos + origin->lat.sin * other_cos * across)};
}

/* The distance whose haversine is `near`; what is not the same place is not 0 away, though squares underflow. */
static double distance_of_sight(const pm_observer *origin, pm_lonlat other, double other_cos, double near) {
    if (near <= 0.5) {
        const double metres = PM_SPHERE_RADIUS * (2 * arc_sine(sqrt(near)));
        return metres > PM_SPHERE_LEAST ? metres : PM_SPHERE_LEAST;
    }
    const pm_direction turn = pm_direction_of(0.5 * pm_turn_between(origin->place, other));
    const pm_direction climb = pm_direction_of(0.5 * (other.lat + origin->place.lat));
    const double far = climb.sin * climb.sin + origin->lat.cos * other_cos * (turn.cos * turn.cos);
    return PM_SPHERE_RADIUS * (2 * (QUARTER_TURN - arc_sine(sqrt(far))));
}

double pm_lonlat_distance(const pm_observer *origin, pm_lonlat other) {
    if (pm_lonlats_equal(origin->place, other))
        return 0;
    const double other_cos = pm_direction_of(other.lat).cos;
    return distance_of_sight(origin, other, other_cos, sight_of(origin, other, other_cos).near);
}

double pm_arc_distance(const pm_observer *origin, pm_lonlat a, pm_lonlat b) {
    if (b.lon < a.lon || (b.lon == a.lon && b.lat < a.lat)) {
        const pm_lonlat swap = a;
        a = b;
        b = swap;
    }
    if (pm_lonlats_equal(a, b))
        return pm_lonlat_distance(origin, a);
    if (pm_lonlats_equal(origin->place, a) || pm_lonlats_equal(origin->place, b))
        return 0;
    const pm_observer start = {.place = a, .lat = pm_direction_of(a.lat)};
    const double b_cos = pm_direction_of(b.lat).cos;
    const sphere_sight ahead = sight_of(&start, b, b_cos), aside = sight_of(&start, origin->place, origin->lat.cos);
    const double near_a = aside.near, near_b = sight_of(origin, b, b_cos).near;
    double end;
    if (near_a > 0.5 && near_b > 0.5) {
        const double far_a = distance_of_sight(origin, a, start.lat.cos, near_a);
        const double far_b = distance_of_sight(origin, b, b_cos, near_b);
        end = far_a < far_b ? far_a : far_b;
    } else {
        end = near_a <= near_b ? distance_of_sight(origin, a, start.lat.cos, near_a)
                               : distance_of_sight(origin, b, b_cos, near_b);
    }
    /* In the arc's plane, from its center: the place is so far towards a, and so far across that towards b, each
     * times the sine of the arc's length. Where it is beyond an end, or more than a quarter turn away, an end is
     * nearest. */
    const double sine = sqrt(ahead.east * ahead.east + ahead.north * ahead.north), cosine = 1 - 2 * ahead.near;
    const double towards_a = (1 - 2 * near_a) * sine;
    const double across_a = ahead.east * aside.east + ahead.north * aside.north;
    if (!(across_a > 0 && towards_a * sine > across_a * cosine && near_a < 0.6 && near_b < 0.6))
        return end;
    const double height = fabs(ahead.east * aside.north - ahead.north * aside.east);
    const double line = PM_SPHERE_RADIUS * pm_angle_of(sqrt(towards_a * towards_a + across_a * across_a), height);
    return line < end ? line : end;
}

double pm_chord_square(double metres) {
    const double half = metres * (0.5 / (PM_SPHERE_RADIUS * RADIANS_PER_DEGREE));
    if (!(half < 90))
        return 4;
    const double sin = pm_direction_of(half).sin;
    return 4 * sin * sin;
}
