/* regions.h — walking the ragged arrays of a pm_regions. See regions.c. */
#ifndef PM_REGIONS_H
#define PM_REGIONS_H

#include "polymatch.h"

/* Half-open range of positions. */
typedef struct pm_range {
    size_t begin, end;
} pm_range;

static inline pm_range pm_region_polygons(const pm_regions *regions, size_t region) {
    if (!regions->geom_offsets)
        return (pm_range){region, region + 1};
    return (pm_range){(size_t)regions->geom_offsets[region], (size_t)regions->geom_offsets[region + 1]};
}

static inline pm_range pm_polygon_rings(const pm_regions *regions, size_t polygon) {
    return (pm_range){(size_t)regions->polygon_offsets[polygon], (size_t)regions->polygon_offsets[polygon + 1]};
}

/* The ring's vertices as given. */
static inline pm_range pm_ring_vertices(const pm_regions *regions, size_t ring) {
    return (pm_range){(size_t)regions->ring_offsets[ring], (size_t)regions->ring_offsets[ring + 1]};
}

/* The first part of pm_regions_check(): neither kinds nor coordinates. */
pm_status pm_regions_check_offsets(const pm_regions *regions, pm_error *err);

/* A polygon, a line or a point; only a polygon is closed and has an inside. */
static inline int pm_is_polygon(const pm_regions *regions, size_t polygon) {
    return !regions->kinds || regions->kinds[polygon] == PM_PART_POLYGON;
}

/* The vertices of a ring of this polygon without a first one repeated at the end; of a line all. */
static inline pm_range pm_ring_distinct(const pm_regions *regions, size_t polygon, size_t ring) {
    pm_range v = pm_ring_vertices(regions, ring);
    if (v.end - v.begin > 1 && pm_is_polygon(regions, polygon)) {
        const double *first = regions->coords + 2 * v.begin, *last = regions->coords + 2 * (v.end - 1);
        if (first[0] == last[0] && first[1] == last[1])
            v.end--;
    }
    return v;
}

#endif
