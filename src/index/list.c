/* list.c — which are all of the candidates?
 *
 * An index holds what one answer per point needs. Lists need to find regions by place: for distances the tree over
 * runs of edges, which their index has; for others a tree over boxes that a lister makes once and keeps beside the
 * index. Where neither is possible all regions are looked through.
 *
 * A lister never changes once it is built: any number of threads may list at once, each call with its own scratch. */
#include "base/strict.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "index.h"
#include "scan/scan.h"
#include "turns.h"

struct pm_lister {
    const pm_index *index;
    pm_allocator allocator;
    int own_allocator;
    pm_beside beside;
};

static const pm_allocator *allocator_of(const pm_lister *lister) {
    return lister->own_allocator ? &lister->allocator : NULL;
}

pm_status pm_lister_build(const pm_index *index, const pm_allocator *allocator, pm_lister **out, pm_error *err) {
    if (!out)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (!index->kind->list)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "a compact index has no candidates: build it without compact");
    pm_lister *lister = pm_allocate(allocator, sizeof *lister);
    if (!lister)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory for a lister");
    *lister = (pm_lister){.index = index, .own_allocator = allocator != NULL};
    if (allocator)
        lister->allocator = *allocator;
    size_t size = index->kind->beside_size(index->view);
    pm_status status = PM_OK;
    if (size > 0) {
        pm_poll poll = {0};
        void *memory = pm_allocate(allocator, size);
        lister->beside = (pm_beside){memory, size};
        status = memory ? index->kind->beside_fill(index->view, memory, size, &poll, allocator) : PM_ERR_NO_MEMORY;
    }
    if (status) {
        pm_lister_free(lister);
        return pm_fail(err, status, -1, "out of memory for the boxes of %zu regions", index->count);
    }
    *out = lister;
    return PM_OK;
}

void pm_lister_free(pm_lister *lister) {
    if (!lister)
        return;
    const pm_allocator own = lister->allocator, *allocator = lister->own_allocator ? &own : NULL;
    pm_release(allocator, (void *)(uintptr_t)lister->beside.memory);
    pm_release(allocator, lister);
}

/* The places of one point at all of its turns. */
typedef struct place_list {
    pm_exact_point *items;
    size_t room;
} place_list;

/* The candidates of a finite point. 0 when memory runs out. */
static int list_point(const pm_lister *lister, double x, double y, size_t most, place_list *places, pm_hits *hits) {
    const pm_index *index = lister->index;
    if (index->period == 0) {
        const pm_exact_point place = pm_point(x, y);
        return index->kind->list(index->view, &lister->beside, &place, 1, most, hits);
    }
    const size_t turns = pm_turns_of(index, x, y, NULL, 0);
    if (turns > places->room) {
        pm_exact_point *items = pm_allocate(allocator_of(lister), turns * sizeof *items);
        if (!items)
            return 0;
        pm_release(allocator_of(lister), places->items);
        places->items = items;
        places->room = turns;
    }
    (void)pm_turns_of(index, x, y, places->items, turns);
    return index->kind->list(index->view, &lister->beside, places->items, turns, most, hits);
}

pm_status pm_lister_list(const pm_lister *lister, const pm_points *points, size_t most, const pm_lists *lists,
                         size_t *done, pm_error *err) {
    const pm_index *index = lister->index;
    pm_hits hits = {.ids = lists->ids,
                    .distances = lists->distances,
                    .room = lists->room,
                    .list = {.allocator = allocator_of(lister)},
                    .spots = {.allocator = allocator_of(lister)},
                    .ranks = {.allocator = allocator_of(lister)},
                    .measured = {.allocator = allocator_of(lister)}};
    place_list places = {0};
    pm_status status = PM_OK;
    *done = 0;
    if (!pm_is_zero(lists->reserved, sizeof lists->reserved))
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_RESERVED, "lists");
    if (lists->distances && !index->kind->measure)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, "%s has no distances: an index of nearest has", index->kind->name);
    for (size_t i = 0; i < points->count; i++) {
        const size_t before = hits.count;
        double x = pm_load(points->x, points->x_stride, i), y = pm_load(points->y, points->y_stride, i);
        if (isfinite(x) && isfinite(y) && !list_point(lister, x, y, most, &places, &hits)) {
            status = pm_fail(err, PM_ERR_NO_MEMORY, (int64_t)i, "out of memory for the candidates of a point");
            break;
        }
        lists->counts[i] = (int64_t)(hits.count - before);
        if (lists->ids && hits.count > hits.room)
            break; /* this one has to be listed again */
        *done = i + 1;
    }
    pm_release(allocator_of(lister), places.items);
    pm_list_free(&hits.list);
    pm_spots_free(&hits.spots);
    pm_ranks_free(&hits.ranks);
    pm_measured_free(&hits.measured);
    return status;
}
