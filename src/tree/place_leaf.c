/* place_leaf.c — which of the few places of a leaf is nearest?
 *
 * The difference of the squared chords to two places is nearly linear in longitude and latitude within a cell: three
 * floats, whose error is known when the leaf is written, and no sine. That leaves one in twenty points or fewer
 * undecided. For these the squared chords between vectors are computed, and where two are equal within the error of
 * vectors, the distances in metres, as they are reported, and equal ones go by rank. */
#include "base/strict.h"

#include "place_leaf.h"

#include "base/bits.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

static const double RADIANS_OF_DEGREE = 0.017453292519943295;

/* ---- writing ---- */

/* Where a leaf's forms are linear, and how the vector moves with longitude and latitude there: its first derivatives
 * and its second ones, of which the one by latitude twice is the negative vector. */
typedef struct place_frame {
    float lon, lat;
    double wide, high; /* how far points are from there, in radians */
    double vector[3], by_lon[3], by_lat[3], by_lon_lon[3], by_lon_lat[3];
} place_frame;

static place_frame frame_at(pm_lonlat middle, double half) {
    const float at_lon = (float)middle.lon, at_lat = (float)middle.lat;
    const pm_direction lon = pm_direction_of((double)at_lon), lat = pm_direction_of((double)at_lat);
    return (place_frame){.lon = at_lon,
                         .lat = at_lat,
                         .wide = (half + fabs(middle.lon - (double)at_lon)) * RADIANS_OF_DEGREE,
                         .high = (half + fabs(middle.lat - (double)at_lat)) * RADIANS_OF_DEGREE,
                         .vector = {lat.cos * lon.cos, lat.cos * lon.sin, lat.sin},
                         .by_lon = {-lat.cos * lon.sin, lat.cos * lon.cos, 0},
                         .by_lat = {-lat.sin * lon.cos, -lat.sin * lon.sin, lat.cos},
                         .by_lon_lon = {-lat.cos * lon.cos, -lat.cos * lon.sin, 0},
                         .by_lon_lat = {lat.sin * lon.sin, -lat.sin * lon.cos, 0}};
}

/* Write the form of a place against the first one; how wrong it may be. */
static double write_form(const place_frame *f, const pm_site_place *first, const pm_site_place *site, float *at,
                         float *by_lon, float *by_lat) {
    double difference = 0, east = 0, north = 0, east_east = 0, east_north = 0, up = 0, apart = 0, away = 0;
    for (int axis = 0; axis < 3; axis++) {
        const double step = site->vector[axis] - first->vector[axis], back = f->vector[axis] - first->vector[axis];
        difference -= step * ((f->vector[axis] - site->vector[axis]) + back);
        east -= 2 * step * f->by_lon[axis];
        north -= 2 * step * f->by_lat[axis];
        east_east += step * f->by_lon_lon[axis];
        east_north += step * f->by_lon_lat[axis];
        up += step * f->vector[axis];
        apart += step * step;
        away += back * back;
    }
    *at = (float)difference;
    *by_lon = (float)(east * RADIANS_OF_DEGREE);
    *by_lat = (float)(north * RADIANS_OF_DEGREE);
    /* What follows the linear terms in Taylor's series; of third derivatives, none is above 1. */
    const double wide = f->wide, high = f->high, reach = wide + high;
    const double curve = fabs(east_east) * wide * wide + 2 * fabs(east_north) * wide * high + fabs(up) * high * high +
                         sqrt(apart) * reach * reach * reach / 3;
    const double largest = fabs(difference) + fabs(east) * wide + fabs(north) * high;
    const double farthest = sqrt(away) + sqrt(apart) + reach;
    return curve + 0x1p-20 * largest + 1e-13 * farthest + 1e-28; /* and of floats, of vectors and distances */
}

void pm_place_leaf_write(pm_place_line *lines, const pm_places *places, const uint32_t *positions, size_t count,
                         pm_lonlat middle, double half) {
    const place_frame frame = frame_at(middle, half);
    const pm_site_place *first = &places->sites[positions[0]];
    const size_t line_count = pm_place_lines(count);
    double most = 0;
    for (size_t line = 0, next = 1; line < line_count; line++) {
        pm_place_line *to = &lines[line];
        *to = (pm_place_line){.lon = frame.lon, .lat = frame.lat, .numbers = {positions[0] + 1}};
        for (size_t i = 0; i + 1 < PM_LINE_PLACES; i++, next++) {
            to->at[i] = INFINITY;
            to->numbers[i + 1] = positions[next < count ? next : 0] + 1;
            if (next >= count)
                continue;
            const double error = write_form(&frame, first, &places->sites[positions[next]], &to->at[i],
                                            &to->by_lon[i], &to->by_lat[i]);
            most = error > most ? error : most;
        }
    }
    for (size_t line = 0; line < line_count; line++)
        lines[line].room = (float)(2 * most * (1 + 0x1p-20)) + 0x1p-120f;
    lines[line_count - 1].numbers[PM_LINE_PLACES - 1] |= PM_PLACE_LAST;
}

/* ---- reading ---- */

static inline int is_last_line(const pm_place_line *line) {
    return line->numbers[PM_LINE_PLACES - 1] >= PM_PLACE_LAST;
}

static inline uint32_t number_of(const pm_place_line *line, int i) {
    return line->numbers[i] & ~PM_PLACE_LAST;
}

/* The nearest place of a leaf, by its number. */
static uint32_t nearest_exactly(const pm_places *places, const pm_place_line *line, pm_lonlat place) {
    const pm_observer from = pm_observer_at(place);
    uint32_t nearest = 0;
    double metres = INFINITY, least = INFINITY, most = INFINITY;
    for (int is_last = 0; !is_last; line++) {
        is_last = is_last_line(line);
        for (int i = 0; i < PM_LINE_PLACES; i++) {
            const uint32_t number = number_of(line, i);
            const pm_site_place *site = &places->sites[number - 1];
            const double square = pm_place_chord(site, from.vector);
            if (square > most || number == nearest)
                continue;
            if (square < least) {
                least = square;
                most = least + 4e-14 * sqrt(least) + 1e-28;
            }
            const double distance = pm_lonlat_distance(&from, site->place);
            if (nearest == 0 || distance < metres ||
                (distance == metres && places->ranks[number - 1] < places->ranks[nearest - 1])) {
                nearest = number;
                metres = distance;
            }
        }
    }
    return nearest;
}

/* The forms of a line for a point, 0 for the first place; as bits those that are not above `least` by more than
 * room, and `least` becomes the least of all. */
static inline uint32_t near_in_line(const pm_place_line *line, double lon, double lat, float *least) {
    const float east = (float)(lon - (double)line->lon), north = (float)(lat - (double)line->lat);
#ifdef PM_X86
    const __m128 others = _mm_castsi128_ps(_mm_setr_epi32(0, -1, -1, -1));
    const __m128 at = _mm_loadu_ps(&line->room), by_lon = _mm_loadu_ps(&line->lon), by_lat = _mm_loadu_ps(&line->lat);
    const __m128 move = _mm_add_ps(_mm_mul_ps(by_lon, _mm_set1_ps(east)), _mm_mul_ps(by_lat, _mm_set1_ps(north)));
    const __m128 values = _mm_and_ps(_mm_add_ps(at, move), others);
    __m128 low = _mm_min_ps(values, _mm_shuffle_ps(values, values, 0x4e));
    low = _mm_min_ps(_mm_min_ps(low, _mm_shuffle_ps(low, low, 0xb1)), _mm_set1_ps(*least));
    *least = _mm_cvtss_f32(low);
    return (uint32_t)_mm_movemask_ps(_mm_cmple_ps(values, _mm_add_ps(low, _mm_shuffle_ps(at, at, 0))));
#else
    float values[PM_LINE_PLACES] = {0};
    uint32_t near = 0;
    for (int i = 1; i < PM_LINE_PLACES; i++)
        values[i] = line->at[i - 1] + (line->by_lon[i - 1] * east + line->by_lat[i - 1] * north);
    for (int i = 0; i < PM_LINE_PLACES; i++)
        *least = values[i] < *least ? values[i] : *least;
    for (int i = 0; i < PM_LINE_PLACES; i++)
        near |= (uint32_t)(values[i] <= *least + line->room) << i;
    return near;
#endif
}

/* The nearest place of a leaf of several lines, by its number; 0 where forms can't tell. */
static uint32_t nearest_of_lines(const pm_place_line *line, double lon, double lat) {
    float least = 0; /* of the first place */
    uint32_t number = number_of(line, 0), count = 1;
    for (int is_last = 0; !is_last; line++) {
        const float before = least;
        const uint32_t near = near_in_line(line, lon, lat, &least) & 14u;
        is_last = is_last_line(line);
        if (least + line->room < before)
            count = 0; /* all that were near are farther */
        count += (uint32_t)(near != 0) + (uint32_t)((near & (near - 1)) != 0);
        number = near ? number_of(line, pm_lowest_bit(near)) : number;
    }
    return count == 1 ? number : 0;
}

static const pm_place_line *leaf_of(const pm_tree *tree, const pm_batch *b, uint32_t i) {
    return (const void *)(tree->leaves + pm_cell_leaf(b->word[i]));
}

void pm_place_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    size_t undecided = 0, rest = 0;
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k];
        const pm_place_line *line = leaf_of(tree, b, i);
        float least = 0;
        const uint32_t near = near_in_line(line, b->x[i], b->y[i], &least);
        b->out[i] = (int64_t)number_of(line, pm_lowest_bit(near | 8)) - 1;
        pm_prefetch(line + !is_last_line(line));
        b->other[undecided] = i;
        undecided += (near & (near - 1)) != 0 || !is_last_line(line);
    }
    for (size_t k = 0; k < undecided; k++) {
        const uint32_t i = b->other[k];
        const pm_place_line *line = leaf_of(tree, b, i);
        const uint32_t number = is_last_line(line) ? 0 : nearest_of_lines(line, b->x[i], b->y[i]);
        b->out[i] = (int64_t)number - 1;
        b->other[rest] = i;
        rest += number == 0;
    }
    for (size_t k = 0; k < rest; k++) {
        const uint32_t i = b->other[k];
        b->out[i] = (int64_t)nearest_exactly(context, leaf_of(tree, b, i), (pm_lonlat){b->x[i], b->y[i]}) - 1;
    }
}

/* ---- leaves that come from elsewhere ---- */

int pm_place_leaves_check(const pm_check *c) {
    const size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    int right = count % PM_PLACE_UNITS == 0;
    for (size_t at = 0; right && at < count; at += PM_PLACE_UNITS) {
        const pm_place_line *line = (const void *)(c->tree->leaves + at);
        for (int i = 0; i < PM_LINE_PLACES; i++)
            right &= number_of(line, i) > 0 && number_of(line, i) <= c->count;
        for (int i = 0; i + 1 < PM_LINE_PLACES; i++)
            right &= line->numbers[i] < PM_PLACE_LAST;
        right &= at + PM_PLACE_UNITS < count || is_last_line(line);
        pm_check_leaf_start(c, at);
    }
    return right;
}
