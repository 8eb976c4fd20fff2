/* kind_distances_match.c — which region is nearest to each of these points, or the first within reach?
 *
 * What covers a point is asked first. For nearest, those that nothing covers go on to the map of the nearest, a batch
 * at a time; points beyond the map, and such as may be on a line that is better than the polygon around them, are
 * searched for in the runs. A distance is that to the edges of the region that was found. */
#include "base/strict.h"

#include "kind_distances.h"

#include <string.h>

#include "scan/scan.h"
#include "tree/nearest_leaf.h"
#include "tree/within_leaf.h"

/* May the point be on a line or point that is better than the region which covers it? */
static int may_be_on_line(const pm_distance_view *v, int64_t covering) {
    return v->ranks[covering] > v->first_line;
}

/* The nearest region, where `covering` is the position of the best one whose polygons cover the point, or
 * PM_NO_MATCH. */
static pm_found find_nearest(const pm_distance_view *v, int64_t covering, const pm_spot *spot) {
    if (!pm_distances_have_runs(v))
        return pm_scan_nearest(&v->polygons.table, &v->field.reach, spot);
    if (covering < 0)
        return pm_find_nearest(&v->field, spot);
    pm_found found = pm_find_on(&v->field, spot);
    if (found.rank > v->ranks[covering]) /* none as well */
        found.rank = v->ranks[covering];
    found.covers = 1;
    return found;
}

/* The first region within reach; without its distance. */
static pm_found find_within(const pm_distance_view *v, int64_t covering, const pm_spot *spot) {
    if (pm_distances_have_sites(v))
        return pm_sites_within(&v->sites, &v->field, spot);
    if (!pm_distances_have_runs(v))
        return pm_scan_within(&v->polygons.table, &v->field.reach, spot);
    size_t end = covering >= 0 ? v->ranks[covering] : v->polygons.table.count;
    pm_found found = pm_find_within(&v->field, end, spot);
    if (found.rank == PM_FOUND_NONE && covering >= 0)
        found = (pm_found){.rank = v->ranks[covering], .covers = 1};
    return found;
}

/* The distance of a region whose polygons don't cover the point. */
static double distance_of(const pm_distance_view *v, uint32_t rank, const pm_spot *spot) {
    const size_t place = pm_distances_have_runs(v) ? v->runs.places[rank] : SIZE_MAX;
    const pm_found found = place < v->runs.region_count
                               ? pm_find_region(&v->field, place, spot)
                               : pm_scan_region(&v->polygons.table, rank, &v->field.reach, spot);
    return found.covers ? 0 : pm_near_distance(&found.near, spot);
}

/* Where point i is looked from; it borrows `p`. Returns 0 where the point is not finite. */
static int spot_of_row(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, size_t i,
                       pm_exact_point *p, pm_spot *spot) {
    const double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
    if (!isfinite(x) || !isfinite(y))
        return 0;
    *p = pm_turned_point(turns, i, x, y);
    *spot = pm_distances_spot(v, p);
    return 1;
}

static int64_t id_of_found(const pm_distance_view *v, const pm_found *found) {
    return found->rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)v->ids[found->rank];
}

/* Every point where all regions are sites: some points at once. */
static void match_sites(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out,
                        double *distances) {
    pm_exact_point places[PM_SITES_AT_ONCE];
    pm_spot spots[PM_SITES_AT_ONCE];
    pm_found found[PM_SITES_AT_ONCE];
    size_t rows[PM_SITES_AT_ONCE], count = 0;
    for (size_t i = 0; i < points->count; i++) {
        out[i] = PM_NO_MATCH;
        if (distances)
            distances[i] = NAN;
        rows[count] = i;
        count += (size_t)spot_of_row(v, points, turns, i, &places[count], &spots[count]);
        if (count < PM_SITES_AT_ONCE && i + 1 < points->count)
            continue;
        pm_sites_nearest(&v->sites, &v->field, spots, count, found);
        for (size_t k = 0; k < count; k++) {
            if (found[k].rank == PM_FOUND_NONE)
                continue;
            out[rows[k]] = (int64_t)v->ids[found[k].rank];
            if (distances)
                distances[rows[k]] = pm_near_distance(&found[k].near, &spots[k]);
        }
        count = 0;
    }
}

void pm_distances_cover(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out) {
    for (size_t i = 0; v->surfaces == 0 && i < points->count; i++)
        out[i] = PM_NO_MATCH;
    if (v->surfaces > 0)
        pm_kind_polygons.match(&v->polygons, points, turns, out);
}

/* Every point: `out` receives what covers it, then what is nearest or within reach. */
static void match_all(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out,
                      double *distances, int nearest) {
    if (nearest && pm_distances_have_sites(v)) {
        match_sites(v, points, turns, out, distances);
        return;
    }
    pm_distances_cover(v, points, turns, out);
    for (size_t i = 0; i < points->count; i++) {
        if (nearest && out[i] >= 0 && !may_be_on_line(v, out[i])) { /* at distance 0 */
            if (distances)
                distances[i] = 0;
            continue;
        }
        pm_found found = {.rank = PM_FOUND_NONE};
        pm_exact_point p;
        pm_spot spot;
        if (spot_of_row(v, points, turns, i, &p, &spot))
            found = nearest ? find_nearest(v, out[i], &spot) : find_within(v, out[i], &spot);
        out[i] = id_of_found(v, &found);
        if (!distances)
            continue;
        if (found.rank == PM_FOUND_NONE)
            distances[i] = NAN;
        else if (nearest)
            distances[i] = found.covers ? 0 : pm_near_distance(&found.near, &spot);
        else
            distances[i] = found.covers ? 0 : distance_of(v, found.rank, &spot);
    }
}

/* Points on their way to another map, and such as are in none. */
typedef struct misses {
    double x[2 * PM_BATCH], y[2 * PM_BATCH];
    double start[2 * PM_BATCH], turns[2 * PM_BATCH]; /* where they are turned */
    size_t at[2 * PM_BATCH], count;
    size_t others[PM_BATCH], other_count;
} misses;

static pm_points points_of(const misses *m) {
    const ptrdiff_t step = sizeof(double);
    return (pm_points){.x = m->x, .y = m->y, .x_stride = step, .y_stride = step, .count = m->count};
}

/* Their turns, of those of all points; NULL where they have none. */
static const pm_turns *turns_of_misses(misses *m, const pm_turns *turns, pm_turns *own) {
    if (!turns)
        return NULL;
    for (size_t i = 0; i < m->count; i++) {
        m->start[i] = turns->start[m->at[i]];
        m->turns[i] = turns->turns[m->at[i]];
    }
    *own = (pm_turns){m->start, m->turns, turns->period};
    return own;
}

static void ask_map(const pm_distance_view *v, misses *m, const pm_turns *turns, int64_t *out, int with_edges) {
    const pm_points points = points_of(m);
    pm_turns own;
    int64_t answers[2 * PM_BATCH];
    pm_tree_match(&v->map, &points, turns_of_misses(m, turns, &own), answers,
                  with_edges ? pm_nearest_edge_leaf : pm_nearest_leaf, &v->field, pm_isa_best());
    for (size_t i = 0; i < m->count; i++)
        out[m->at[i]] = answers[i];
    m->count = 0;
}

/* Collect those of the points [begin, end), without a jump for each. */
static void collect_uncovered(const pm_distance_view *v, const pm_points *points, const int64_t *out, size_t begin,
                              size_t end, misses *m) {
    const pm_tree *map = &v->map;
    const int has_lines = v->first_line < v->polygons.table.count;
    size_t count = m->count, others = 0;
    for (size_t i = begin; i < end; i++) {
        const double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        const int inside = pm_is_in_root(x, map->min_x, map->scale) & pm_is_in_root(y, map->min_y, map->scale);
        const int missed = out[i] < 0;
        m->x[count] = x;
        m->y[count] = y;
        m->at[count] = i;
        count += (size_t)(missed & inside);
        m->others[others] = i;
        others += (size_t)(missed ? !inside : has_lines && may_be_on_line(v, out[i]));
    }
    m->count = count;
    m->other_count = others;
}

/* Where `out` has no region that covers the point, what the map says; beyond the map the runs are searched. */
static void match_others(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out,
                         int with_edges) {
    misses m;
    m.count = 0;
    for (size_t begin = 0; begin < points->count; begin += PM_BATCH) {
        collect_uncovered(v, points, out, begin, points->count - begin < PM_BATCH ? points->count : begin + PM_BATCH,
                          &m);
        for (size_t k = 0; k < m.other_count; k++) {
            const size_t i = m.others[k];
            pm_found found = {.rank = PM_FOUND_NONE};
            pm_exact_point p;
            pm_spot spot;
            if (spot_of_row(v, points, turns, i, &p, &spot))
                found = find_nearest(v, out[i], &spot);
            out[i] = id_of_found(v, &found);
        }
        if (m.count >= PM_BATCH)
            ask_map(v, &m, turns, out, with_edges);
    }
    ask_map(v, &m, turns, out, with_edges);
}

void pm_distances_match_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    const pm_distance_view *v = view;
    if (!pm_tree_exists(&v->map)) {
        match_all(v, points, turns, out, NULL, 1);
        return;
    }
    pm_distances_cover(v, points, turns, out);
    match_others(v, points, turns, out, 0);
}

/* At most `count` of the points from `begin` on. */
static pm_points some_points(const pm_points *points, size_t begin, size_t count) {
    pm_points some = *points;
    some.x = (const double *)(const void *)((const char *)points->x + (ptrdiff_t)begin * points->x_stride);
    some.y = (const double *)(const void *)((const char *)points->y + (ptrdiff_t)begin * points->y_stride);
    some.count = points->count - begin < count ? points->count - begin : count;
    return some;
}

/* Their turns. */
static const pm_turns *some_turns(const pm_turns *turns, size_t begin, pm_turns *own) {
    if (!turns)
        return NULL;
    *own = (pm_turns){turns->start + begin, turns->turns + begin, turns->period};
    return own;
}

/* ---- the map of dwithin ---- */

/* Points that a region which covers them may win. */
static void ask_surfaces(const pm_distance_view *v, misses *m, const pm_turns *turns, int64_t *out) {
    const pm_points points = points_of(m);
    pm_turns own;
    int64_t answers[2 * PM_BATCH];
    pm_kind_polygons.match(&v->polygons, &points, turns_of_misses(m, turns, &own), answers);
    for (size_t i = 0; i < m->count; i++) {
        const uint32_t rank = pm_within_rank(out[m->at[i]]);
        if (answers[i] >= 0 && v->ranks[answers[i]] < rank)
            out[m->at[i]] = answers[i];
        else
            out[m->at[i]] = rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)v->ids[rank];
    }
    m->count = 0;
}

/* Collect those of the points [begin, end), without a jump for each. */
static void collect_open(const pm_distance_view *v, const pm_points *points, const int64_t *out, size_t begin,
                         size_t end, misses *m) {
    const pm_tree *map = &v->map;
    size_t count = m->count, others = 0;
    for (size_t i = begin; i < end; i++) {
        const double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        const int inside = pm_is_in_root(x, map->min_x, map->scale) & pm_is_in_root(y, map->min_y, map->scale);
        m->x[count] = x;
        m->y[count] = y;
        m->at[count] = i;
        count += out[i] < PM_NO_MATCH;
        m->others[others] = i;
        others += (size_t)((out[i] == PM_NO_MATCH) & !inside);
    }
    m->count = count;
    m->other_count = others;
}

/* What the map says; then what covers those points of which it knows only who is within reach of a border. */
static void match_within_mapped(const pm_distance_view *v, const pm_points *points, const pm_turns *turns,
                                int64_t *out) {
    misses m;
    pm_turns own;
    m.count = 0;
    for (size_t begin = 0; begin < points->count; begin += PM_BATCH) {
        const pm_points some = some_points(points, begin, PM_BATCH);
        pm_tree_match(&v->map, &some, some_turns(turns, begin, &own), out + begin, pm_within_leaf, &v->field,
                      pm_isa_best());
        collect_open(v, points, out, begin, begin + some.count, &m);
        for (size_t k = 0; k < m.other_count; k++) {
            const size_t i = m.others[k];
            pm_exact_point p;
            pm_spot spot;
            if (spot_of_row(v, points, turns, i, &p, &spot)) { /* beyond all regions, so none covers it */
                const pm_found found = pm_find_within(&v->field, v->polygons.table.count, &spot);
                out[i] = id_of_found(v, &found);
            }
        }
        if (m.count >= PM_BATCH)
            ask_surfaces(v, &m, turns, out);
    }
    ask_surfaces(v, &m, turns, out);
}

void pm_distances_match_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    const pm_distance_view *v = view;
    if (pm_tree_exists(&v->map))
        match_within_mapped(v, points, turns, out);
    else
        match_all(v, points, turns, out, NULL, 0);
}

/* ---- with distances ---- */

/* The distance of what the map answered: of the edge it names, else the region is looked at alone. */
static double distance_of_answer(const pm_distance_view *v, int64_t answer, const pm_spot *spot) {
    const int64_t edge = pm_nearest_edge(answer);
    if (edge < 0)
        return distance_of(v, v->ranks[pm_nearest_region(answer)], spot);
    const pm_near near = pm_near_edge(v->polygons.table.vertices + 2 * edge, spot);
    return pm_near_distance(&near, spot);
}

static void measure_mapped(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out,
                           double *distances, int nearest) {
    pm_turns own;
    for (size_t begin = 0; begin < points->count; begin += PM_BATCH) {
        const pm_points some = some_points(points, begin, PM_BATCH);
        const pm_turns *these = some_turns(turns, begin, &own);
        int64_t inside[PM_BATCH];
        pm_distances_cover(v, &some, these, inside);
        if (nearest) {
            memcpy(out + begin, inside, some.count * sizeof *out);
            match_others(v, &some, these, out + begin, 1);
        } else {
            match_within_mapped(v, &some, these, out + begin);
        }
        for (size_t i = 0; i < some.count; i++) {
            const int64_t answer = out[begin + i];
            const int is_inside = nearest ? inside[i] >= 0 : inside[i] == answer;
            pm_exact_point p;
            pm_spot spot;
            distances[begin + i] = answer < 0 ? NAN : 0;
            if (answer >= 0 && !is_inside && spot_of_row(v, &some, these, i, &p, &spot))
                distances[begin + i] = distance_of_answer(v, answer, &spot);
            out[begin + i] = pm_nearest_region(answer);
        }
    }
}

static void measure(const pm_distance_view *v, const pm_points *points, const pm_turns *turns, int64_t *out,
                    double *distances, int nearest) {
    if (pm_tree_exists(&v->map))
        measure_mapped(v, points, turns, out, distances, nearest);
    else
        match_all(v, points, turns, out, distances, nearest);
}

void pm_distances_measure_nearest(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                  double *distances) {
    measure(view, points, turns, out, distances, 1);
}

void pm_distances_measure_within(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                                 double *distances) {
    measure(view, points, turns, out, distances, 0);
}
