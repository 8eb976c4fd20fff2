/* place_leaf.h — which of the few places of a cell is nearest? See place_leaf.c. */
#ifndef PM_PLACE_LEAF_H
#define PM_PLACE_LEAF_H

#include "check.h"
#include "sphere/places.h"
#include "walk.h"

/* Units and places of a line of a leaf. */
enum { PM_PLACE_UNITS = 16, PM_LINE_PLACES = 4 };

/* A leaf is one line of the cache, or more where more places may be the nearest. The first place of all its lines is
 * the same one. The difference of the squared chords to another and to that one is
 * at[] + by_lon[] * (longitude - lon) + by_lat[] * (latitude - lat), within half of `room`, in which the errors of
 * distances are, too. Where there is no other place the first is repeated, infinitely far. PM_PLACE_LAST is added to
 * the last number of the last line. */
typedef struct pm_place_line {
    float room, at[PM_LINE_PLACES - 1];
    float lon, by_lon[PM_LINE_PLACES - 1];
    float lat, by_lat[PM_LINE_PLACES - 1];
    uint32_t numbers[PM_LINE_PLACES]; /* positions in the input + 1 */
} pm_place_line;

#define PM_PLACE_LAST UINT32_C(0x80000000)

/* Lines that a leaf of this many places has. */
static inline size_t pm_place_lines(size_t count) {
    return count > 2 ? (count + 1) / 3 : 1;
}

/* Write them: places by their position, of which at least one, for points at most `half` degrees from a middle. */
void pm_place_leaf_write(pm_place_line *lines, const pm_places *places, const uint32_t *positions, size_t count,
                         pm_lonlat middle, double half);

/* The kernel of a map of places; its context is the pm_places. */
pm_leaf_kernel pm_place_leaf;

/* The check of its leaves. */
pm_leaves_check pm_place_leaves_check;

#endif
