/* twice.c — arithmetic with twice the digits of a double.
 *
 * Two places that are nearly opposite are the ends of an edge whose way depends on their last digits; there, and
 * where an edge has to be cut, doubles are not enough for an error of less than a millionth of a millimetre. Sums are
 * Knuth's and products Dekker's ("A floating-point technique for extending the available precision", 1971), without
 * fused operations, so that all machines give the same bits. Sines are Taylor series of less than an eighth of a
 * turn. It takes a microsecond for a vertex, and few vertices need it. */
#include "base/strict.h"

#include "twice.h"

/* a + b exactly, for |a| >= |b|. */
static pm_twice twice_quick_sum(double a, double b) {
    const double sum = a + b;
    return (pm_twice){sum, b - (sum - a)};
}

static pm_twice twice_exact_sum(double a, double b) {
    const double sum = a + b, other = sum - a;
    return (pm_twice){sum, (a - (sum - other)) + (b - other)};
}

static pm_twice twice_exact_product(double a, double b) {
    const double sa = 134217729.0 * a, sb = 134217729.0 * b; /* 2^27 + 1 */
    const double ah = sa - (sa - a), bh = sb - (sb - b), al = a - ah, bl = b - bh, product = a * b;
    return (pm_twice){product, al * bl - (((product - ah * bh) - al * bh) - ah * bl)};
}

pm_twice pm_twice_sum(pm_twice a, pm_twice b) {
    pm_twice high = twice_exact_sum(a.high, b.high), low = twice_exact_sum(a.low, b.low);
    high = twice_quick_sum(high.high, high.low + low.high);
    return twice_quick_sum(high.high, high.low + low.low);
}

pm_twice pm_twice_difference(pm_twice a, pm_twice b) {
    return pm_twice_sum(a, (pm_twice){-b.high, -b.low});
}

pm_twice pm_twice_product(pm_twice a, pm_twice b) {
    const pm_twice high = twice_exact_product(a.high, b.high);
    return twice_quick_sum(high.high, high.low + (a.high * b.low + a.low * b.high));
}

pm_twice pm_twice_quotient(pm_twice a, pm_twice b) {
    const double first = a.high / b.high;
    pm_twice rest = pm_twice_difference(a, pm_twice_product(b, (pm_twice){first, 0}));
    const double second = rest.high / b.high;
    rest = pm_twice_difference(rest, pm_twice_product(b, (pm_twice){second, 0}));
    return pm_twice_sum(twice_quick_sum(first, second), (pm_twice){rest.high / b.high, 0});
}

/* ---- vectors ---- */

static const pm_twice TWICE_RADIANS = {0.017453292519943295, 2.9486522708701687e-19}; /* per degree */

typedef struct twice_direction {
    pm_twice sin, cos;
} twice_direction;

static pm_twice twice_negative(pm_twice a) {
    return (pm_twice){-a.high, -a.low};
}

/* Of degrees in [-360, 360]. */
static twice_direction twice_direction_of(double degrees) {
    const double turn = fabs(degrees);
    const unsigned quarters = (unsigned)(turn * (1 / 90.0) + 0.5);
    const pm_twice x = pm_twice_product(TWICE_RADIANS, (pm_twice){turn - 90.0 * quarters, 0});
    const pm_twice square = pm_twice_product(x, x);
    pm_twice sin = x, cos = {1, 0}, odd = x, even = {1, 0};
    for (int i = 1; i < 16; i++) { /* the next terms are below 1e-36 */
        even = pm_twice_quotient(twice_negative(pm_twice_product(even, square)),
                                 (pm_twice){(2.0 * i - 1) * (2.0 * i), 0});
        odd = pm_twice_quotient(twice_negative(pm_twice_product(odd, square)),
                                (pm_twice){(2.0 * i) * (2.0 * i + 1), 0});
        cos = pm_twice_sum(cos, even);
        sin = pm_twice_sum(sin, odd);
    }
    twice_direction d = quarters & 1 ? (twice_direction){cos, sin} : (twice_direction){sin, cos};
    d.sin = quarters & 2 ? twice_negative(d.sin) : d.sin;
    d.cos = (quarters + 1) & 2 ? twice_negative(d.cos) : d.cos;
    d.sin = degrees < 0 ? twice_negative(d.sin) : d.sin;
    return d;
}

pm_vector pm_vector_to(pm_lonlat place) {
    const twice_direction lon = twice_direction_of(place.lon), lat = twice_direction_of(place.lat);
    return (pm_vector){pm_twice_product(lat.cos, lon.cos), pm_twice_product(lat.cos, lon.sin), lat.sin};
}

static pm_twice twice_cross(pm_twice ax, pm_twice ay, pm_twice bx, pm_twice by) {
    return pm_twice_difference(pm_twice_product(ax, by), pm_twice_product(ay, bx));
}

int pm_vector_side(const pm_vector *a, const pm_vector *b, const pm_vector *c) {
    const pm_twice x = pm_twice_product(twice_cross(a->y, a->z, b->y, b->z), c->x);
    const pm_twice y = pm_twice_product(twice_cross(a->z, a->x, b->z, b->x), c->y);
    const pm_twice z = pm_twice_product(twice_cross(a->x, a->y, b->x, b->y), c->z);
    return pm_twice_sign(pm_twice_sum(pm_twice_sum(x, y), z));
}

/* ---- the middle of an arc ---- */

/* The place in the direction of a vector, to a few units in the last place of the angles. */
static pm_lonlat place_near(double x, double y, double z) {
    const double degrees = 57.29577951308232;
    const double lon = pm_angle_of(fabs(x), fabs(y)) * degrees,
                 lat = pm_angle_of(sqrt(x * x + y * y), fabs(z)) * degrees;
    const double turn = x < 0 ? 180 - lon : lon;
    return pm_lonlat_at(y < 0 ? -turn : turn, z < 0 ? -lat : lat);
}

pm_lonlat pm_lonlat_between(pm_lonlat a, pm_lonlat b) {
    const pm_vector to_a = pm_vector_to(a), to_b = pm_vector_to(b);
    const pm_twice x = pm_twice_sum(to_a.x, to_b.x), y = pm_twice_sum(to_a.y, to_b.y),
                   z = pm_twice_sum(to_a.z, to_b.z);
    const double length = sqrt(x.high * x.high + y.high * y.high + z.high * z.high);
    const pm_lonlat near = place_near(x.high / length, y.high / length, z.high / length);
    /* What is left to the east and to the north: both vectors are nearly the same, so it is small. */
    const pm_observer origin = pm_observer_at(near);
    const twice_direction lon = twice_direction_of(near.lon), lat = twice_direction_of(near.lat);
    const double east = twice_cross(lon.cos, lon.sin, x, y).high / length;
    const pm_twice out = pm_twice_sum(pm_twice_product(lon.cos, x), pm_twice_product(lon.sin, y));
    const double north = twice_cross(lat.cos, lat.sin, out, z).high / length, degrees = 57.29577951308232;
    const double turn = origin.lat.cos > 1e-9 ? east / origin.lat.cos * degrees : 0;
    const double climbed = near.lat + north * degrees;
    return pm_lonlat_at(near.lon + turn, climbed > 90 ? 90 : climbed < -90 ? -90 : climbed);
}
