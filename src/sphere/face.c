/* face.c — where is a place of the sphere in a plane in which great circles are straight lines?
 *
 * The sphere is projected from its center to the six faces of a cube (gnomonic): then arcs of great circles are
 * straight, and what the plane has for "covers", from the scan to the painted tree, serves the sphere as it is. The
 * six squares lie in one plane, three in each of two rows. A place belongs to one of them; each has a window, a
 * little larger, and what is drawn there ends beyond the square, where no point comes.
 *
 * The same coordinates give the same place of the plane whether they are a vertex's or a point's, so a point with
 * those of a vertex is on it. Meridians are straight on the four faces around the equator, bit by bit. Otherwise
 * places move by up to 5e-16, mostly where the face's offset is added: less than 5e-9 m. */
#include "base/strict.h"

#include "face.h"

#include "near/order.h"
#include "scan/scan.h"

#define FACE_PITCH 2.0625

void pm_face_offset(int face, double offset[2]) {
    offset[0] = (face % 3 - 1) * FACE_PITCH;
    offset[1] = face < 3 ? -FACE_PITCH / 2 : FACE_PITCH / 2;
}

/* Longitude from the center of the nearest face at the equator, and which that is. */
static double from_center(pm_lonlat place, int *face) {
    const int quarters = (int)(place.lon * (1 / 90.0) + 2.5); /* 0 is at -180 */
    *face = (quarters + 2) & 3;
    return place.lon - 90.0 * (quarters - 2);
}

static pm_spot_on_face at_equator(pm_direction lon, pm_direction lat) {
    return (pm_spot_on_face){lon.sin / lon.cos, lat.sin / (lat.cos * lon.cos), 1};
}

static pm_spot_on_face at_pole(pm_direction lon, pm_direction lat) {
    const double sin = fabs(lat.sin);
    return (pm_spot_on_face){lat.cos * lon.cos / sin, lat.cos * lon.sin / sin, 1};
}

/* Is it on a face at the equator, of which `lon` is from the center? */
static int is_at_equator(pm_direction lon, pm_direction lat) {
    return fabs(lat.sin) <= lat.cos * lon.cos;
}

int pm_face_of(pm_lonlat place) {
    int face;
    const pm_direction lon = pm_direction_of(from_center(place, &face)), lat = pm_direction_of(place.lat);
    return is_at_equator(lon, lat) ? face : place.lat > 0 ? PM_FACE_NORTH : PM_FACE_SOUTH;
}

pm_spot_on_face pm_face_spot(int face, pm_lonlat place) {
    static const double CENTERS[4] = {0, 90, -180, -90};
    const pm_direction lat = pm_direction_of(place.lat);
    pm_spot_on_face spot = {0, 0, 0};
    if (face >= PM_FACE_NORTH) {
        if ((face == PM_FACE_NORTH) == (place.lat > 0) && fabs(place.lat) > 20)
            spot = at_pole(pm_direction_of(place.lon), lat);
    } else {
        const double lon = pm_turn_between((pm_lonlat){CENTERS[face], 0}, place);
        if (fabs(lon) < 60 && fabs(place.lat) < 60)
            spot = at_equator(pm_direction_of(lon), lat);
    }
    spot.is_inside &= fabs(spot.u) <= PM_FACE_WINDOW && fabs(spot.v) <= PM_FACE_WINDOW;
    return spot;
}

void pm_lonlat_load(const pm_points *points, size_t begin, size_t count, double *lon, double *lat) {
    for (size_t i = 0; i < count; i++) {
        const double x = pm_load(points->x, points->x_stride, begin + i);
        const double y = pm_load(points->y, points->y_stride, begin + i);
        lon[i] = x + 0.0;
        lat[i] = y + 0.0;
        if (!((x >= -180) & (x < 180) & (fabs(y) < 90))) {
            const pm_lonlat place = pm_lonlat_at(x, y);
            lon[i] = pm_is_lonlat(x, y) ? place.lon : NAN;
            lat[i] = place.lat;
        }
    }
}

void pm_face_points(const pm_points *points, size_t begin, size_t count, double *x, double *y) {
    for (size_t i = 0; i < count; i++) {
        const double at_lon = pm_load(points->x, points->x_stride, begin + i);
        const double at_lat = pm_load(points->y, points->y_stride, begin + i);
        x[i] = y[i] = NAN;
        if (!pm_is_lonlat(at_lon, at_lat))
            continue;
        int face;
        double offset[2];
        const pm_lonlat place = pm_lonlat_at(at_lon, at_lat);
        const pm_direction lon = pm_direction_of(from_center(place, &face)), lat = pm_direction_of(place.lat);
        pm_spot_on_face spot;
        if (is_at_equator(lon, lat)) {
            spot = at_equator(lon, lat);
        } else {
            face = place.lat > 0 ? PM_FACE_NORTH : PM_FACE_SOUTH;
            spot = at_pole(pm_direction_of(place.lon), lat);
        }
        pm_face_offset(face, offset);
        x[i] = spot.u + offset[0];
        y[i] = spot.v + offset[1];
    }
}

uint32_t pm_face_curve(pm_lonlat place) {
    const pm_points point = {.x = &place.lon, .y = &place.lat, .count = 1};
    double x, y;
    pm_face_points(&point, 0, 1, &x, &y);
    return pm_curve_place(x + 4, y + 4, 8);
}
