/* kind_distances_turns.c — which region is nearest at any of the places x + k * period?
 *
 * A point is matched where it is least far beyond the regions in x. That is final where a region covers it and no
 * other place is between them; or where the nearest region is surely nearer than the regions' box is to any other
 * place, for which the tree over runs gives a bound in a fraction of a search. Few points are left, around the seam:
 * all their places are searched, each for what is nearer than what was found before, and compared exactly. */
#include "base/strict.h"

#include "kind_distances.h"

#include <math.h>

#include "scan/scan.h"

/* The regions from left to right, without what is within reach; perhaps a little more. */
typedef struct hull {
    double low, high;
} hull;

/* The range of the index has as much on both sides as every region reaches, up to half a period. */
static hull hull_of(const pm_distance_view *v, const pm_turn_row *row) {
    const double reach = v->field.reach.step ? 0 : fmin(v->field.farthest, row->period / 2);
    const double room = (fabs(row->range[0]) + fabs(row->range[1])) * 0x1p-48;
    return (hull){row->range[0] + reach - room, row->range[1] - reach + room};
}

/* A place is at least that far from all regions. */
static double gap_of(hull h, double x) {
    const double gap = fmax(h.low - x, x - h.high) - fabs(x) * 0x1p-48;
    return gap > 0 ? gap : 0;
}

/* ---- one point ---- */

/* A point at one of its turns; the second of two spots, the first is where the best was found. */
typedef struct spot_pair {
    pm_exact_point points[2];
    pm_spot spots[2];
    double slack;
} spot_pair;

static double x_at(const pm_turn_row *row, size_t i, double turn) {
    return pm_turned(row->start[i], turn, pm_period_split(row->period));
}

static void look_from(const pm_distance_view *v, const pm_turn_row *row, size_t i, double turn, spot_pair *p) {
    const pm_turns turns = {&row->start[i], &turn, row->period};
    p->points[1] = pm_turned_point(&turns, 0, x_at(row, i, turn), pm_load(row->y, row->y_stride, i));
    p->spots[1] = pm_distances_spot(v, &p->points[1]);
    p->spots[1].slack = p->slack;
    p->spots[1].turn = 1;
}

/* What was found from the second spot is the best. */
static void keep(spot_pair *p, pm_found *best) {
    if (best->turn == 0)
        return;
    p->points[0] = p->points[1];
    p->spots[0] = p->spots[1];
    p->spots[0].exact = p->spots[1].exact ? &p->points[0] : NULL;
    p->spots[0].turn = 0;
    best->turn = 0;
}

/* The first region that is at distance 0. */
static uint32_t rank_here(const pm_distance_view *v, const pm_turn_row *row, size_t i, double turn,
                          const pm_spot *spot) {
    const double x = x_at(row, i, turn), y = spot->y;
    const ptrdiff_t step = sizeof(double);
    const pm_points point = {.x = &x, .y = &y, .x_stride = step, .y_stride = step, .count = 1};
    const pm_turns turns = {&row->start[i], &turn, row->period};
    int64_t covering;
    uint32_t rank = PM_FOUND_NONE;
    pm_distances_cover(v, &point, &turns, &covering);
    if (covering >= 0)
        rank = v->ranks[covering];
    if (v->first_line < rank && v->first_line < v->polygons.table.count && pm_distances_have_runs(v)) {
        const pm_found on = pm_find_on(&v->field, spot);
        rank = on.rank < rank ? on.rank : rank;
    } else if (!pm_distances_have_runs(v) && !pm_distances_have_sites(v)) {
        const size_t first = pm_polygons_find(
            &v->polygons.table,
            spot->exact ? spot->exact : &(const pm_exact_point){.low = spot->x, .high = spot->x, .y = y});
        rank = first < rank ? (uint32_t)first : rank;
    }
    return rank < v->polygons.table.count ? rank : PM_FOUND_NONE;
}

static void improve_from(const pm_distance_view *v, const pm_spot *spot, pm_found *best) {
    if (pm_distances_have_sites(v)) {
        pm_found found;
        pm_sites_nearest(&v->sites, &v->field, spot, 1, &found);
        if (found.rank != PM_FOUND_NONE && (best->rank == PM_FOUND_NONE || pm_found_compare(&found, best, spot) < 0))
            *best = found;
    } else if (pm_distances_have_runs(v)) {
        pm_find_nearer(&v->field, spot, best);
    } else {
        pm_scan_nearer(&v->polygons.table, &v->field.reach, spot, best);
    }
}

static int is_farther(double gap, double scale, double high) {
    return gap * scale * (gap * scale) * (1 - 0x1p-40) > high;
}

/* The nearest region at any turn of point i, from `first` on. */
static void search_turns(const pm_distance_view *v, const pm_turn_row *row, size_t i, hull h, double first,
                         int64_t *out, double *distance) {
    const double begin = row->turns[i], end = begin + row->more[i];
    const double most = fmax(fabs(x_at(row, i, begin)), fabs(x_at(row, i, end)));
    pm_found best = {.rank = PM_FOUND_NONE};
    spot_pair p = {.slack = 0};
    look_from(v, row, i, first, &p);
    p.slack = (nextafter(most, INFINITY) - most) * p.spots[1].scale;
    for (double turn = begin; turn <= end; turn++) {
        look_from(v, row, i, turn, &p);
        const uint32_t rank =
            gap_of(h, x_at(row, i, turn)) > 0 ? PM_FOUND_NONE : rank_here(v, row, i, turn, &p.spots[1]);
        if (rank < best.rank)
            best = pm_found_covering(rank);
    }
    if (!best.covers) {
        look_from(v, row, i, first, &p);
        best = pm_found_none(v->field.farthest, &p.spots[1]);
        best.turn = 1;
        improve_from(v, &p.spots[1], &best);
        keep(&p, &best);
    }
    for (double turn = begin; turn <= end && !best.covers; turn++) {
        if (turn == first || is_farther(gap_of(h, x_at(row, i, turn)), p.spots[0].scale, best.near.high))
            continue;
        look_from(v, row, i, turn, &p);
        improve_from(v, &p.spots[1], &best);
        keep(&p, &best);
    }
    *out = best.rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)v->ids[best.rank];
    if (distance)
        *distance = best.rank == PM_FOUND_NONE ? NAN : best.covers ? 0 : pm_near_distance(&best.near, &p.spots[0]);
}

/* ---- a row of points ---- */

/* An upper bound of the scaled squared distance to the answer. */
static double bound_of(const pm_distance_view *v, const pm_spot *spot, int64_t answer) {
    if (pm_distances_have_sites(v) && answer >= 0) {
        const pm_polygon_table *table = &v->polygons.table;
        const size_t ring = table->ring_offsets[table->polygon_offsets[v->ranks[answer]]];
        const double *vertex = table->vertices + 2 * (size_t)table->vertex_offsets[ring];
        return pm_near_edge((const double[4]){vertex[0], vertex[1], vertex[0], vertex[1]}, spot).high;
    }
    return pm_distances_have_runs(v) ? pm_find_bound(&v->field, spot) : INFINITY;
}

/* Is another place of point i between the regions, or as near to them as the square root of `high`? */
static int is_open(const pm_turn_row *row, size_t i, hull h, double chosen, double scale, double high) {
    for (double turn = row->turns[i]; turn <= row->turns[i] + row->more[i]; turn++)
        if (turn != chosen && !is_farther(gap_of(h, x_at(row, i, turn)), scale, high))
            return 1;
    return 0;
}

/* The turn at which each point is least far from the regions. */
static void choose_turns(const pm_turn_row *row, hull h, double *x, double *turns) {
    for (size_t i = 0; i < row->count; i++) {
        double least = INFINITY;
        turns[i] = row->turns[i];
        for (double turn = row->turns[i]; row->more[i] >= 1 && turn <= row->turns[i] + row->more[i]; turn++) {
            const double gap = gap_of(h, x_at(row, i, turn));
            turns[i] = gap < least ? turn : turns[i];
            least = gap < least ? gap : least;
        }
        x[i] = x_at(row, i, turns[i]);
    }
}

void pm_distances_match_turns(const void *view, const pm_turn_row *row, int64_t *out, double *distances) {
    const pm_distance_view *v = view;
    const hull h = hull_of(v, row);
    double x[PM_TURN_ROW], turns[PM_TURN_ROW];
    int64_t inside[PM_TURN_ROW];
    choose_turns(row, h, x, turns);
    const pm_points points = {
        .x = x, .y = row->y, .x_stride = (ptrdiff_t)sizeof *x, .y_stride = row->y_stride, .count = row->count};
    const pm_turns chosen = {row->start, turns, row->period};
    if (distances)
        pm_distances_measure_nearest(v, &points, &chosen, out, distances);
    else
        pm_distances_match_nearest(v, &points, &chosen, out);
    pm_distances_cover(v, &points, &chosen, inside);
    for (size_t i = 0; i < row->count; i++) {
        const double y = pm_load(row->y, row->y_stride, i);
        if (!(row->more[i] >= 1) || !isfinite(x[i]) || !isfinite(y))
            continue;
        double high = 0;
        const pm_exact_point p = pm_turned_point(&chosen, i, x[i], y);
        const pm_spot spot = pm_distances_spot(v, &p);
        if (inside[i] < 0)
            high = bound_of(v, &spot, out[i]);
        if (is_open(row, i, h, turns[i], spot.scale, high))
            search_turns(v, row, i, h, turns[i], &out[i], distances ? &distances[i] : NULL);
    }
}
