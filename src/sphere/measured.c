/* measured.c — how are regions with distances kept in order?
 *
 * An array that grows by half, sorted by a heap: no memory of its own, and no order is slow. */
#include "base/strict.h"

#include "measured.h"

#include <string.h>

#include "base/status.h"

void pm_measured_free(pm_measured *list) {
    pm_release(list->allocator, list->items);
    *list = (pm_measured){.allocator = list->allocator};
}

int pm_measured_append(pm_measured *list, pm_measure item) {
    if (list->count == list->room) {
        const size_t room = list->room + list->room / 2 + 64;
        pm_measure *items = pm_allocate(list->allocator, room * sizeof *items);
        if (!items)
            return 0;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        pm_release(list->allocator, list->items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return 1;
}

static int measured_is_before(const pm_measure *a, const pm_measure *b, int by_distance) {
    return by_distance ? pm_measure_is_before(a, b) : a->rank < b->rank;
}

static void measured_sift(pm_measure *items, size_t at, size_t count, int by_distance) {
    const pm_measure item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && measured_is_before(&items[child], &items[child + 1], by_distance))
            child++;
        if (!measured_is_before(&item, &items[child], by_distance))
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

void pm_measured_sort(pm_measured *list, int by_distance) {
    for (size_t i = list->count / 2; i-- > 0;)
        measured_sift(list->items, i, list->count, by_distance);
    for (size_t end = list->count; end-- > 1;) {
        const pm_measure last = list->items[end];
        list->items[end] = list->items[0];
        list->items[0] = last;
        measured_sift(list->items, 0, end, by_distance);
    }
}
