/* caps.c — which is the best of these disks on the sphere that contains the place?
 *
 * Disks are sorted best first, and the search ends at the first hit. The squared chord between two vectors decides
 * nearly always, with room for the errors of vectors and radius; where it is closer, the distance in metres is
 * computed and compared, as it is reported. So a place that is exactly the distance away by what is reported is in no
 * disk. */
#include "base/strict.h"

#include "caps.h"

void pm_caps_fill(const pm_cap_table *table) {
    for (size_t id = 0; id < table->count; id++) {
        const double radius = table->radius[table->step * id], square = pm_chord_square(radius);
        const double room = 8e-15 * sqrt(square) + 1e-13 * square + 1e-28;
        pm_cap *cap = &table->caps[id];
        *cap = (pm_cap){{NAN, NAN, NAN}, square - room, square + room};
        if (isnan(table->lon[id]))
            continue;
        const pm_observer center = pm_observer_at((pm_lonlat){table->lon[id], table->lat[id]});
        for (int axis = 0; axis < 3; axis++)
            cap->vector[axis] = center.vector[axis];
    }
}

double pm_cap_distance(const pm_cap_table *table, size_t id, const pm_observer *origin) {
    return pm_lonlat_distance(origin, (pm_lonlat){table->lon[id], table->lat[id]});
}

int pm_cap_decide(const pm_cap_table *table, size_t id, pm_lonlat place) {
    const pm_observer origin = pm_observer_at(place);
    return pm_cap_distance(table, id, &origin) < table->radius[table->step * id];
}

size_t pm_caps_find(const pm_cap_table *table, const pm_observer *origin) {
    size_t rank = 0;
    while (rank < table->count && !pm_cap_contains(table, table->ids[rank], origin->vector, origin->place))
        rank++;
    return rank;
}
