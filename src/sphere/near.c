/* near.c — which regions are near this place of the sphere?
 *
 * Down the tree over runs, the nearest box first, past everything that lies behind the best region so far, and past
 * those edges of a run that do by vectors of floats: a distance takes some twenty times as long. For several regions
 * by the tree over their boxes, as find.c does it in the plane. Boxes and floats only say what to leave out, with
 * room for all rounding; distances are those of sphere.c, one number for the same coordinates, so the answer
 * depends neither on the order of a search nor on the tree. O(log edges) per place, about. */
#include "base/strict.h"

#include "near.h"

pm_post pm_post_at(double lon, double lat) {
    pm_post post = {.origin = pm_observer_at(pm_lonlat_at(lon, lat))};
    post.ray = pm_ray_to(post.origin.vector);
    for (int axis = 0; axis < 3; axis++)
        post.vector[axis] = (float)post.origin.vector[axis];
    return post;
}

/* ---- edges ---- */

/* More than the errors of floats: 25 m. */
static const float FLOAT_ROOM = 4e-6f;

/* Not more than the chord to any place of the arc between two vectors. The straight line between them takes a few
 * operations; the arc is at most 0.15 times its square from it, up to a quarter turn. */
static inline float chord_below(const float a[3], const float b[3], const float place[3]) {
    const float step[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    const float away[3] = {place[0] - a[0], place[1] - a[1], place[2] - a[2]};
    const float length = step[0] * step[0] + step[1] * step[1] + step[2] * step[2];
    float part = (step[0] * away[0] + step[1] * away[1] + step[2] * away[2]) / (length + 1e-30f);
    part = part > 0 ? part : 0;
    part = part < 1 ? part : 1;
    const float x = away[0] - part * step[0], y = away[1] - part * step[1], z = away[2] - part * step[2];
    return sqrtf(x * x + y * y + z * z) - (0.15f * length + FLOAT_ROOM);
}

/* What chord_below() may be at most where something within a limit of the tree is looked for. */
static float chord_limit(float limit) {
    return sqrtf(limit) * (1 + 0x1p-20f);
}

/* The distance to a run; infinity where it is beyond `limit`. The edges that look nearest are measured first, and
 * what lies behind them by floats is not measured at all: one or two of eight are. */
static double measure_run(const pm_arcs *arcs, size_t run, const pm_post *post, float limit) {
    const size_t first = arcs->first[run];
    const pm_lonlat *v = arcs->vertices + first;
    const float *vectors = arcs->vectors + 3 * first;
    const unsigned count = arcs->sizes[run] & 15u;
    double least = count == 0 ? pm_lonlat_distance(&post->origin, *v) : INFINITY;
    float bounds[PM_RUN_ARCS], most = chord_limit(limit);
    for (unsigned i = 0; i < count; i++)
        bounds[i] = chord_below(vectors + 3 * i, vectors + 3 * i + 3, post->vector);
    for (unsigned rest = count; rest > 0; rest--) {
        unsigned next = 0;
        for (unsigned i = 1; i < count; i++)
            next = bounds[i] < bounds[next] ? i : next;
        if (bounds[next] > most)
            break;
        const double distance = pm_arc_distance(&post->origin, v[next], v[next + 1]);
        bounds[next] = INFINITY;
        if (distance < least) {
            const float closer = chord_limit(pm_solid_limit(distance));
            least = distance;
            most = closer < most ? closer : most;
        }
    }
    return arcs->sizes[run] & PM_RUN_SURFACE && !(least > 0) ? PM_SPHERE_LEAST : least;
}

/* The best of the runs [begin, end), or any with `any`. */
static void globe_search(const pm_globe *globe, const pm_post *post, size_t begin, size_t end, int any,
                         pm_measure *best) {
    pm_packed_walk walk;
    float limit = pm_solid_limit(best->distance);
    pm_solid_start(&walk, &globe->arcs->runs, &post->ray, begin, end);
    for (size_t run; (run = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        const pm_measure found = {measure_run(globe->arcs, run, post, limit), globe->arcs->owners[run]};
        if (found.distance == INFINITY || !pm_measure_is_before(&found, best) ||
            found.distance > pm_reach_of(&globe->reach, found.rank))
            continue;
        *best = found;
        if (any)
            return;
        limit = pm_solid_limit(best->distance);
    }
}

pm_measure pm_globe_nearest(const pm_globe *globe, const pm_post *post, double most) {
    pm_measure best = {most < globe->farthest ? most : globe->farthest, PM_FOUND_NONE};
    globe_search(globe, post, 0, globe->arcs->run_count, 0, &best);
    return best;
}

pm_measure pm_globe_region(const pm_globe *globe, size_t place, const pm_post *post, int any) {
    const pm_arcs *arcs = globe->arcs;
    pm_measure best = {pm_reach_of(&globe->reach, arcs->ranks[place]), PM_FOUND_NONE};
    globe_search(globe, post, arcs->starts[place], arcs->starts[place + 1], any, &best);
    return best;
}

/* ---- regions ---- */

static void globe_start_regions(const pm_globe *globe, const pm_post *post, pm_packed_walk *walk) {
    pm_solid_start(walk, &globe->arcs->regions, &post->ray, 0, globe->arcs->region_count);
}

pm_measure pm_globe_within(const pm_globe *globe, size_t end, const pm_post *post) {
    pm_measure best = {globe->farthest, PM_FOUND_NONE};
    const float limit = pm_solid_limit(globe->farthest);
    pm_packed_walk walk;
    globe_start_regions(globe, post, &walk);
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        if (globe->arcs->ranks[place] >= end)
            continue;
        const pm_measure found = pm_globe_region(globe, place, post, 1);
        if (found.rank != PM_FOUND_NONE) {
            best = found;
            end = found.rank;
        }
    }
    return best;
}

static int globe_has_rank(const pm_ranks *ranks, uint32_t rank) {
    size_t begin = 0, end = ranks->count;
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        if (ranks->items[middle] < rank)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin < ranks->count && ranks->items[begin] == rank;
}

/* Begin a list with what covers the place: its edges may be far, so the walk over boxes may not come to it. */
static int globe_append_covering(const pm_ranks *covering, size_t most, pm_measured *list) {
    list->count = 0;
    for (size_t i = 0; i < covering->count && i < most; i++)
        if (!pm_measured_append(list, (pm_measure){0, covering->items[i]}))
            return 0;
    return 1;
}

/* Up to this many nearest regions are kept in order while the others are looked for, and end the search. */
enum { FEW_ON_GLOBE = 256 };

/* Put a region where it belongs among the nearest, and drop the last of one too many. */
static int globe_insert(pm_measured *list, size_t most, pm_measure found) {
    if (list->count == most) {
        if (!pm_measure_is_before(&found, &list->items[list->count - 1]))
            return 1;
        list->count--;
    }
    if (!pm_measured_append(list, found))
        return 0;
    size_t at = list->count - 1;
    for (; at > 0 && pm_measure_is_before(&found, &list->items[at - 1]); at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = found;
    return 1;
}

int pm_globe_all(const pm_globe *globe, const pm_post *post, const pm_ranks *covering, size_t most, int nearest,
                 pm_measured *list) {
    const int are_few = nearest && most <= FEW_ON_GLOBE;
    float limit = pm_solid_limit(globe->farthest);
    pm_packed_walk walk;
    if (!globe_append_covering(covering, nearest ? most : SIZE_MAX, list))
        return 0;
    globe_start_regions(globe, post, &walk);
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        if (globe_has_rank(covering, globe->arcs->ranks[place]))
            continue;
        const pm_measure found = pm_globe_region(globe, place, post, 0);
        if (found.rank == PM_FOUND_NONE)
            continue;
        if (!(are_few ? globe_insert(list, most, found) : pm_measured_append(list, found)))
            return 0;
        if (are_few && list->count == most)
            limit = pm_solid_limit(list->items[most - 1].distance);
    }
    if (!are_few)
        pm_measured_sort(list, nearest);
    return 1;
}
