/* face.h — the sphere as six squares of one plane. See face.c. */
#ifndef PM_FACE_H
#define PM_FACE_H

#include <stdint.h>

#include "base/sphere.h"
#include "polymatch.h"

enum { PM_FACES = 6, PM_FACE_NORTH = 4, PM_FACE_SOUTH = 5 };

/* A face's square reaches from -1 to 1 in both directions, its window a little further. */
#define PM_FACE_WINDOW (1 + 1 / 64.0)

/* A place on the plane of a face, from its center. */
typedef struct pm_spot_on_face {
    double u, v;
    int is_inside; /* of the window */
} pm_spot_on_face;

/* The face whose square has the place. */
int pm_face_of(pm_lonlat place);

pm_spot_on_face pm_face_spot(int face, pm_lonlat place);

/* Where the center of a face is in the plane of all. */
void pm_face_offset(int face, double offset[2]);

/* Where a place is on a curve through that plane: places that follow each other on it are near each other. */
uint32_t pm_face_curve(pm_lonlat place);

/* The one pair of coordinates of points; NaN for such as are not on the sphere. */
void pm_lonlat_load(const pm_points *points, size_t begin, size_t count, double *lon, double *lat);

/* Where points are in that plane, NaN for such as are not on the sphere. */
void pm_face_points(const pm_points *points, size_t begin, size_t count, double *x, double *y);

#endif
