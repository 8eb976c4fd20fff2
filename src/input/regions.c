/* regions.c — are these ragged arrays what they claim to be?
 *
 * Regions arrive as the caller's arrays, nested as in GeoArrow: coordinates, rings, polygons, regions. They are
 * checked once, here: offsets start at 0 or later, never decrease and stay in the level below; lines and points have
 * one ring, points one vertex; coordinates are finite. Everything after this check relies on it and checks nothing
 * again.
 * Vertices that no region uses are allowed (slices of larger arrays have them) and are not checked. */
#include "base/strict.h"

#include "regions.h"

#include <math.h>

#include "base/status.h"

size_t pm_regions_count(const pm_regions *regions) {
    return regions->geom_offsets ? regions->geom_count : regions->polygon_count;
}

static pm_status check_offsets(const char *name, const int64_t *offsets, size_t count, size_t limit, pm_error *err) {
    if (!offsets)
        return count == 0 ? PM_OK : pm_fail(err, PM_ERR_ARGUMENT, -1, "%s is NULL", name);
    if (offsets[0] < 0)
        return pm_fail(err, PM_ERR_OFFSETS, 0, "%s[0] is %lld: offsets can't be negative", name,
                       (long long)offsets[0]);
    for (size_t i = 0; i < count; i++)
        if (offsets[i + 1] < offsets[i])
            return pm_fail(err, PM_ERR_OFFSETS, (int64_t)i + 1, "%s[%zu] is %lld, less than the %lld before it", name,
                           i + 1, (long long)offsets[i + 1], (long long)offsets[i]);
    if ((uint64_t)offsets[count] > limit)
        return pm_fail(err, PM_ERR_OFFSETS, (int64_t)count, "%s[%zu] is %lld, but there are only %zu items", name,
                       count, (long long)offsets[count], limit);
    return PM_OK;
}

/* Is this a polygon, or a line or point of one ring? */
static pm_status check_part(const pm_regions *regions, size_t region, size_t polygon, pm_error *err) {
    const uint8_t kind = regions->kinds ? regions->kinds[polygon] : PM_PART_POLYGON;
    const pm_range rings = pm_polygon_rings(regions, polygon);
    if (kind == PM_PART_POLYGON)
        return PM_OK;
    if (kind > PM_PART_POINT)
        return pm_fail(err, PM_ERR_ARGUMENT, (int64_t)region,
                       "region %zu: kinds[%zu] is %u; 0 is a polygon, 1 a line, 2 a point", region, polygon, kind);
    if (rings.end > rings.begin + 1)
        return pm_fail(err, PM_ERR_ARGUMENT, (int64_t)region, "region %zu: a %s has one ring, polygon %zu has %zu",
                       region, kind == PM_PART_LINE ? "line" : "point", polygon, rings.end - rings.begin);
    if (kind == PM_PART_POINT && rings.end > rings.begin) {
        const pm_range v = pm_ring_vertices(regions, rings.begin);
        if (v.end > v.begin + 1)
            return pm_fail(err, PM_ERR_ARGUMENT, (int64_t)region,
                           "region %zu: a point has one vertex, polygon %zu has %zu", region, polygon,
                           v.end - v.begin);
    }
    return PM_OK;
}

pm_status pm_regions_check_offsets(const pm_regions *regions, pm_error *err) {
    if (!regions)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "regions is NULL");
    if (!pm_is_zero(regions->reserved, sizeof regions->reserved))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_RESERVED, "regions");
    if (!regions->coords && regions->coord_count > 0)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "coords is NULL");
    if (pm_regions_count(regions) > INT32_MAX)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%zu regions are more than 2147483647", pm_regions_count(regions));
    pm_status status =
        check_offsets("ring_offsets", regions->ring_offsets, regions->ring_count, regions->coord_count, err);
    if (!status)
        status = check_offsets("polygon_offsets", regions->polygon_offsets, regions->polygon_count,
                               regions->ring_count, err);
    if (!status && regions->geom_offsets)
        status =
            check_offsets("geom_offsets", regions->geom_offsets, regions->geom_count, regions->polygon_count, err);
    return status;
}

pm_status pm_regions_check(const pm_regions *regions, pm_error *err) {
    pm_status status = pm_regions_check_offsets(regions, err);
    if (status)
        return status;
    for (size_t region = 0; region < pm_regions_count(regions); region++) {
        pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
            pm_range rings = pm_polygon_rings(regions, polygon);
            status = check_part(regions, region, polygon, err);
            if (status)
                return status;
            for (size_t ring = rings.begin; ring < rings.end; ring++) {
                pm_range vertices = pm_ring_vertices(regions, ring);
                for (size_t i = vertices.begin; i < vertices.end; i++)
                    if (!isfinite(regions->coords[2 * i]) || !isfinite(regions->coords[2 * i + 1]))
                        return pm_fail(err, PM_ERR_COORDINATE, (int64_t)region,
                                       "region %zu has a NaN or infinite coordinate (vertex %zu)", region, i);
            }
        }
    }
    return PM_OK;
}
