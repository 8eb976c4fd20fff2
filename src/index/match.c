/* match.c — an index in use: its facts, and one integer per point.
 *
 * An index never changes, so everything here may be called from any thread at any time. The kind does the search
 * (kind.h). */
#include "base/strict.h"

#include <string.h>

#include "base/status.h"
#include "index.h"
#include "turns.h"

pm_index *pm_index_new(const pm_kind *kind, const pm_allocator *allocator) {
    pm_index *index = pm_allocate(allocator, sizeof *index + kind->view_size);
    if (!index)
        return NULL;
    *index = (pm_index){.own_allocator = allocator != NULL, .kind = kind};
    if (allocator)
        index->allocator = *allocator;
    return index;
}

void pm_index_use(pm_index *index, const pm_block *block) {
    index->block = block->bytes;
    index->size = (size_t)block->header.size;
    index->distance_count = 0;
    if (index->kind->distance != PM_DISTANCE_NONE)
        index->distance_count = (size_t)block->sections[index->kind->distances].size / sizeof(double);
    index->ids = pm_block_array(block, PM_SECTION_IDS);
    index->note = pm_block_array(block, PM_SECTION_NOTE);
    index->note_size = (size_t)block->sections[PM_SECTION_NOTE].size;
    index->best = (pm_best)block->header.best;
    index->count = (size_t)block->header.count;
    memcpy(index->bounds, block->header.bounds, sizeof index->bounds);
    index->period = block->header.period;
    memcpy(index->range, block->header.range, sizeof index->range);
    index->kind->view(index->view, block);
}

/* Regions no wider than one period and a little less: then no point has two turns that can match. */
static int has_one_turn(const pm_index *index) {
    return index->period == 0 || !(index->range[1] - index->range[0] >= 0.999 * index->period);
}

int pm_index_rank(pm_index *index) {
    if (has_one_turn(index))
        return 1;
    index->ranks = pm_allocate(pm_index_allocator(index), (index->count + 1) * sizeof *index->ranks);
    if (!index->ranks)
        return 0;
    const uint32_t *ids = index->ids;
    for (size_t rank = 0; rank < index->count; rank++)
        index->ranks[ids[rank]] = (uint32_t)rank;
    return 1;
}

void pm_index_free(pm_index *index) {
    if (!index)
        return;
    const pm_allocator own = index->allocator, *allocator = index->own_allocator ? &own : NULL;
    pm_release(allocator, index->ranks);
    pm_release(allocator, index->memory);
    pm_release(allocator, index);
}

size_t pm_index_count(const pm_index *index) {
    return index->count;
}

size_t pm_index_size(const pm_index *index) {
    return sizeof *index + index->kind->view_size + index->memory_size +
           (index->ranks ? (index->count + 1) * sizeof *index->ranks : 0);
}

void pm_index_bounds(const pm_index *index, double bounds[4]) {
    memcpy(bounds, index->bounds, sizeof index->bounds);
}

pm_predicate pm_index_predicate(const pm_index *index) {
    return index->kind->predicate;
}

size_t pm_index_distance_count(const pm_index *index) {
    return index->distance_count;
}

pm_metric pm_index_metric(const pm_index *index) {
    return index->kind->metric;
}

int pm_index_is_compact(const pm_index *index) {
    return index->kind->is_compact;
}

pm_best pm_index_best(const pm_index *index) {
    return index->best;
}

double pm_index_period(const pm_index *index) {
    return index->period;
}

const void *pm_index_block(const pm_index *index, size_t *size) {
    *size = index->size;
    return index->block;
}

const void *pm_index_note(const pm_index *index, size_t *size) {
    *size = index->note_size;
    return index->note_size > 0 ? index->note : NULL;
}

void pm_index_match(const pm_index *index, const pm_points *points, int64_t *out) {
    if (index->period != 0)
        pm_match_turned(index, points, out, NULL);
    else
        index->kind->match(index->view, points, NULL, out);
}

int64_t pm_index_match_one(const pm_index *index, double x, double y) {
    const ptrdiff_t stride = (ptrdiff_t)sizeof(double);
    const pm_points point = {.x = &x, .y = &y, .x_stride = stride, .y_stride = stride, .count = 1};
    int64_t answer;
    pm_index_match(index, &point, &answer);
    return answer;
}

pm_status pm_index_match_distances(const pm_index *index, const pm_points *points, int64_t *out, double *distances,
                                   pm_error *err) {
    if (!index->kind->measure)
        return pm_fail(err, PM_ERR_ARGUMENT, -1, PM_NO_DISTANCES, index->kind->name);
    if (index->period != 0)
        pm_match_turned(index, points, out, distances);
    else
        index->kind->measure(index->view, points, NULL, out, distances);
    return PM_OK;
}
