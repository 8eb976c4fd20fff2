/* caps.h — disks on the sphere in rank order, and the best one that contains a place. See caps.c. */
#ifndef PM_CAPS_H
#define PM_CAPS_H

#include "base/sphere.h"

#include <stddef.h>
#include <stdint.h>

/* What a disk's center is to a search: the vector to it, NaN for none, and squared chords. A place whose chord is
 * shorter than `inner` is in the disk, one with a longer one than `outer` is not. */
typedef struct pm_cap {
    double vector[3], inner, outer;
} pm_cap;

/* All in input order. */
typedef struct pm_cap_table {
    size_t count;
    const uint32_t *ids;     /* rank -> position in the input */
    const double *lon, *lat; /* those of a pm_lonlat, NaN for none */
    const double *radius;    /* metres */
    size_t step;             /* 0: one radius for all */
    pm_cap *caps;
} pm_cap_table;

/* Compute the caps from the rest. */
void pm_caps_fill(const pm_cap_table *table);

/* Is a place strictly closer to the center of disk `id` than its radius, by the vector to the place or, where that
 * can't tell, by its coordinates? */
int pm_cap_decide(const pm_cap_table *table, size_t id, pm_lonlat place);

static inline int pm_cap_contains(const pm_cap_table *table, size_t id, const double vector[3], pm_lonlat place) {
    const pm_cap *cap = &table->caps[id];
    const double x = cap->vector[0] - vector[0], y = cap->vector[1] - vector[1], z = cap->vector[2] - vector[2];
    const double square = x * x + y * y + z * z;
    return square < cap->inner || (square <= cap->outer && pm_cap_decide(table, id, place));
}

/* The distance to the center of a disk, by its position in the input. */
double pm_cap_distance(const pm_cap_table *table, size_t id, const pm_observer *origin);

/* The first rank whose disk contains the place, or count. */
size_t pm_caps_find(const pm_cap_table *table, const pm_observer *origin);

#endif
