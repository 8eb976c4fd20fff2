/* hits.c — how are many regions kept in order?
 *
 * Arrays that grow by half, sorted by a heap: no memory of its own, and no order is slow. A few ranks, as most points
 * have, are counted into their places. */
#include "base/strict.h"

#include "hits.h"

#include <string.h>

#include "base/status.h"

/* A larger array with the same items; NULL, and the old one stays, when memory runs out. */
static void *grown(const pm_allocator *allocator, void *items, size_t count, size_t *room, size_t item_size) {
    const size_t more = *room + *room / 2 + 64;
    void *larger = pm_allocate(allocator, more * item_size);
    if (!larger)
        return NULL;
    if (count > 0)
        memcpy(larger, items, count * item_size);
    pm_release(allocator, items);
    *room = more;
    return larger;
}

void pm_list_free(pm_list *list) {
    pm_release(list->allocator, list->items);
    *list = (pm_list){.allocator = list->allocator};
}

int pm_list_append(pm_list *list, const pm_found *found) {
    if (list->count == list->room) {
        pm_found *items = grown(list->allocator, list->items, list->count, &list->room, sizeof *items);
        if (!items)
            return 0;
        list->items = items;
    }
    list->items[list->count++] = *found;
    return 1;
}

/* Is a before b: by rank where spot is NULL, else nearest first? */
static int is_before(const pm_found *a, const pm_found *b, const pm_spot *spot) {
    return spot ? pm_found_compare(a, b, spot) < 0 : a->rank < b->rank;
}

static void sift(pm_found *items, size_t at, size_t count, const pm_spot *spot) {
    pm_found item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(&items[child], &items[child + 1], spot))
            child++;
        if (!is_before(&item, &items[child], spot))
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

/* Sort what follows item `first`. A heap: no memory, and no order is slow. */
void pm_list_sort(pm_list *list, size_t first, const pm_spot *spot) {
    const size_t count = list->count - first;
    if (count == 0)
        return; /* there may be no items at all */
    pm_found *items = list->items + first;
    for (size_t i = count / 2; i-- > 0;)
        sift(items, i, count, spot);
    for (size_t end = count; end-- > 1;) {
        pm_found last = items[end];
        items[end] = items[0];
        items[0] = last;
        sift(items, 0, end, spot);
    }
}

void pm_list_unite(pm_list *list, const pm_spot *spot) {
    size_t to = 0;
    pm_list_sort(list, 0, NULL);
    for (size_t i = 0; i < list->count; i++) {
        const int again = to > 0 && list->items[to - 1].rank == list->items[i].rank;
        if (!again)
            list->items[to++] = list->items[i];
        else if (spot && pm_found_compare(&list->items[i], &list->items[to - 1], spot) < 0)
            list->items[to - 1] = list->items[i];
    }
    list->count = to;
}

/* ---- spots ---- */

void pm_spots_free(pm_spots *spots) {
    pm_release(spots->allocator, spots->items);
    *spots = (pm_spots){.allocator = spots->allocator};
}

int pm_spots_set(pm_spots *spots, const pm_exact_point *places, size_t count, double scale) {
    double slack = 0;
    if (count > spots->room) {
        pm_spot *items = pm_allocate(spots->allocator, count * sizeof *items);
        if (!items)
            return 0;
        pm_release(spots->allocator, spots->items);
        spots->items = items;
        spots->room = count;
    }
    for (size_t i = 0; i < count; i++) {
        spots->items[i] = pm_spot_of(&places[i], scale);
        spots->items[i].turn = (uint32_t)i;
        slack = spots->items[i].slack > slack ? spots->items[i].slack : slack;
    }
    for (size_t i = 0; i < count; i++)
        spots->items[i].slack = slack;
    return 1;
}

/* ---- ranks alone ---- */

void pm_ranks_free(pm_ranks *ranks) {
    pm_release(ranks->allocator, ranks->items);
    *ranks = (pm_ranks){.allocator = ranks->allocator};
}

int pm_ranks_append(pm_ranks *ranks, uint32_t rank) {
    if (ranks->count == ranks->room) {
        uint32_t *items = grown(ranks->allocator, ranks->items, ranks->count, &ranks->room, sizeof *items);
        if (!items)
            return 0;
        ranks->items = items;
    }
    ranks->items[ranks->count++] = rank;
    return 1;
}

static void sift_rank(uint32_t *items, size_t at, size_t count) {
    uint32_t item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && items[child] < items[child + 1])
            child++;
        if (item >= items[child])
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

/* Up to this many are sorted by counting how many are less than each: without a jump that can't be predicted, and by
 * vectors, which for 30 takes a quarter of the time of other ways. */
enum { FEW_RANKS = 96, RANKS_AT_ONCE = 8 };

static void sort_few(uint32_t *items, size_t count) {
    int32_t values[FEW_RANKS]; /* in the order of the ranks */
    const size_t room = (count + RANKS_AT_ONCE - 1) / RANKS_AT_ONCE * RANKS_AT_ONCE;
    for (size_t i = 0; i < room; i++)
        values[i] = i < count ? (int32_t)(items[i] ^ UINT32_C(0x80000000)) : INT32_MAX;
    memset(items, 0xff, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        int32_t less = 0;
        for (size_t j = 0; j < room; j++)
            less += values[j] < values[i];
        items[less] = (uint32_t)values[i] ^ UINT32_C(0x80000000);
    }
    for (size_t i = 1; i < count; i++) /* the places after the first of equal ones are empty */
        items[i] = items[i] == UINT32_MAX ? items[i - 1] : items[i];
}

void pm_ranks_sort(pm_ranks *ranks) {
    uint32_t *items = ranks->items;
    if (ranks->count < 2)
        return;
    if (ranks->count <= FEW_RANKS) {
        sort_few(items, ranks->count);
        return;
    }
    for (size_t i = ranks->count / 2; i-- > 0;)
        sift_rank(items, i, ranks->count);
    for (size_t end = ranks->count; end-- > 1;) {
        uint32_t last = items[end];
        items[end] = items[0];
        items[0] = last;
        sift_rank(items, 0, end);
    }
}

void pm_ranks_unite(pm_ranks *ranks) {
    size_t to = 0;
    pm_ranks_sort(ranks);
    for (size_t i = 0; i < ranks->count; i++)
        if (to == 0 || ranks->items[to - 1] != ranks->items[i])
            ranks->items[to++] = ranks->items[i];
    ranks->count = to;
}
