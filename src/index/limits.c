/* limits.c — how far away may each region be, and which rank does it have?
 *
 * Two sections that all indexes of distances have, in the plane and on the sphere: the limits in the order of the
 * input, one for all, one per region, or none; the rank of each region of the input. */
#include "base/strict.h"

#include "limits.h"

#include <string.h>

#include "near/find.h"
#include "scan/scan.h"

void pm_limits_set_sizes(uint64_t sizes[PM_SECTIONS], uint64_t regions, uint64_t limits) {
    sizes[PM_SECTION_LIMITS] = limits * sizeof(double);
    sizes[PM_SECTION_RANKS] = regions * sizeof(uint32_t);
}

pm_status pm_limits_fill(pm_build *b, double *farthest, pm_error *err) {
    double *limits = pm_block_array(&b->block, PM_SECTION_LIMITS);
    uint32_t *ranks = pm_block_array(&b->block, PM_SECTION_RANKS);
    const size_t count = (size_t)b->sizes[PM_SECTION_LIMITS] / sizeof *limits;
    if (count > 0)
        memcpy(limits, b->options->distance, count * sizeof *limits);
    for (size_t rank = 0; rank < b->count; rank++)
        ranks[b->ids[rank]] = (uint32_t)rank;
    *farthest = pm_farthest(count ? limits : NULL, count);
    return pm_distances_check(limits, count, err); /* they may have changed */
}

int pm_limits_fit(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    const uint64_t limits = sizes[PM_SECTION_LIMITS] / sizeof(double);
    uint64_t again[PM_SECTIONS];
    memcpy(again, sizes, sizeof again);
    pm_limits_set_sizes(again, count, limits);
    return memcmp(again, sizes, sizeof again) == 0 && (limits <= 1 || limits == count);
}

pm_reach pm_limits_reach(const pm_block *block) {
    const uint64_t limits = block->sections[PM_SECTION_LIMITS].size / sizeof(double);
    return (pm_reach){.limits = limits ? pm_block_array(block, PM_SECTION_LIMITS) : NULL,
                      .step = limits > 1,
                      .ids = pm_block_array(block, PM_SECTION_IDS)};
}

int pm_limits_check(const pm_block *block, size_t count) {
    const double *limits = pm_block_array(block, PM_SECTION_LIMITS);
    const uint32_t *ranks = pm_block_array(block, PM_SECTION_RANKS);
    int right = 1;
    for (size_t i = 0; i < (size_t)(block->sections[PM_SECTION_LIMITS].size / sizeof *limits); i++)
        right &= limits[i] >= 0;
    for (size_t i = 0; i < count; i++)
        right &= ranks[i] < count;
    return right;
}
