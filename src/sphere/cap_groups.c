/* cap_groups.c — which are all of the disks on the sphere that contain this place?
 *
 * Sixteen disks of about the same size that are neighbours are a group, with a box in space around them, and a packed
 * tree stands over the boxes. The disks of a group whose box holds the place are compared with it at once, by squared
 * chords in floats (near/round_group.h); what these can't decide is, as the search for the best disk does (caps.h).
 * Disks that contain nothing are left out. */
#include "base/strict.h"

#include "cap_groups.h"

#include <string.h>

#include "base/status.h"
#include "face.h"
#include "near/order.h"
#include "near/round_group.h"

enum { AXES = 3, GROUP = PM_ROUND_GROUP, GROUP_FLOATS = (AXES + 2) * GROUP };

static int cap_is_some(const pm_cap_table *table, size_t id) {
    return table->radius[table->step * id] > 0 && !isnan(table->lon[id]);
}

static size_t count_groups(const pm_cap_table *table) {
    size_t count = 0;
    for (size_t id = 0; id < table->count; id++)
        count += (size_t)cap_is_some(table, id);
    return (count + GROUP - 1) / GROUP;
}

/* What the memory starts with. */
typedef struct groups_head {
    uint64_t count;
} groups_head;

size_t pm_cap_groups_size(const pm_cap_table *table) {
    const size_t count = count_groups(table);
    return count >= PM_PACKED_MOST
               ? 0
               : sizeof(groups_head) + sizeof(float) * (pm_packed_size(PM_SPACE, count) + GROUP_FLOATS * count) +
                     sizeof(uint32_t) * GROUP * count;
}

void pm_cap_groups_view(pm_cap_groups *groups, const void *memory) {
    groups_head head;
    memcpy(&head, memory, sizeof head);
    const float *floats = (const float *)(const void *)((const char *)memory + sizeof head);
    groups->count = (size_t)head.count;
    pm_packed_view(&groups->boxes, PM_SPACE, groups->count, floats);
    groups->caps = floats + pm_packed_size(PM_SPACE, groups->count);
    groups->ranks = (const uint32_t *)(const void *)(groups->caps + GROUP_FLOATS * groups->count);
}

/* ---- filling ---- */

/* How far floats may be wrong of a chord, by the rounding of two vectors. */
static const double CHORD_OFF = 1.1e-7;

/* The box around a disk on the sphere: on each axis its center is an angle from the end, of which the radius is added
 * and taken; the end itself may be in it. */
static void extend_by_cap(double box[6], const pm_cap *cap) {
    static const double room = 4e-15;
    const double half = 0.25 * cap->outer; /* the squared sine of half the radius */
    const int is_large = !(half < 0.95);
    const double cos = 1 - 2 * half, sin = is_large ? 0 : 2 * sqrt(half * (1 - half));
    for (int axis = 0; axis < 3; axis++) {
        const double at = cap->vector[axis], y = cap->vector[(axis + 1) % 3], z = cap->vector[(axis + 2) % 3];
        const double middle = at * cos, wide = sqrt(y * y + z * z) * sin + room;
        box[axis] = fmin(box[axis], is_large || -at >= cos - room ? -1 : middle - wide);
        box[axis + 3] = fmax(box[axis + 3], is_large || at >= cos - room ? 1 : middle + wide);
    }
}

/* Neighbours along a curve, among disks whose chords are within a factor of 2. */
static uint64_t cap_key(const pm_cap_table *table, size_t id) {
    int exponent = 0;
    (void)frexp(fmin(table->caps[id].outer, 4), &exponent);
    const pm_lonlat center = {table->lon[id], table->lat[id]};
    return (uint64_t)((exponent + 2048) / 2) << 32 | pm_face_curve(center);
}

static void fill_group(const pm_cap_table *table, pm_entry *entries, size_t count, float *group, uint32_t *ranks,
                       double box[6]) {
    for (size_t i = 1; i < count; i++) { /* hits come in rank order */
        const pm_entry entry = entries[i];
        size_t at = i;
        for (; at > 0 && entries[at - 1].item > entry.item; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
    for (int axis = 0; axis < 3; axis++) {
        box[axis] = INFINITY;
        box[axis + 3] = -INFINITY;
    }
    for (size_t lane = 0; lane < count; lane++) {
        const pm_cap *cap = &table->caps[table->ids[entries[lane].item]];
        ranks[lane] = entries[lane].item;
        pm_round_group_put(group, AXES, lane, cap->vector, sqrt(fmax(cap->inner, 0)), sqrt(cap->outer), CHORD_OFF);
        extend_by_cap(box, cap);
    }
    for (size_t lane = count; lane < GROUP; lane++)
        pm_round_group_put_nothing(group, AXES, lane);
}

pm_status pm_cap_groups_fill(const pm_cap_table *table, void *memory, pm_poll *poll, const pm_allocator *allocator) {
    const groups_head head = {count_groups(table)};
    pm_entry *entries = pm_allocate(allocator, 2 * (table->count + 1) * sizeof *entries);
    if (!entries)
        return PM_ERR_NO_MEMORY;
    memset(memory, 0, pm_cap_groups_size(table));
    memcpy(memory, &head, sizeof head);
    pm_cap_groups groups;
    pm_cap_groups_view(&groups, memory);
    size_t count = 0;
    for (size_t rank = 0; rank < table->count && !pm_poll_after(poll, 8); rank++)
        if (cap_is_some(table, table->ids[rank]))
            entries[count++] = (pm_entry){cap_key(table, table->ids[rank]), (uint32_t)rank, 0};
    pm_order(entries, entries + table->count + 1, count);
    float *boxes = (float *)(void *)((char *)memory + sizeof head), *caps = boxes + (groups.caps - boxes);
    uint32_t *ranks = (uint32_t *)(void *)(caps + GROUP_FLOATS * groups.count);
    for (size_t i = 0; i < groups.count && !pm_poll_after(poll, 16 * GROUP); i++) {
        const size_t begin = GROUP * i, rest = count - begin;
        double box[6];
        fill_group(table, entries + begin, rest < GROUP ? rest : GROUP, caps + GROUP_FLOATS * i, ranks + begin, box);
        pm_packed_put(boxes, PM_SPACE, i, box);
    }
    if (!poll->stopped)
        pm_packed_fill(&groups.boxes, boxes);
    pm_release(allocator, entries);
    return poll->stopped ? PM_ERR_STOPPED : PM_OK;
}

/* ---- searching ---- */

/* Add the disks of a group that contain the place; 0 when memory runs out. */
static int add_group(const pm_cap_table *table, const pm_cap_groups *groups, size_t group, const pm_observer *origin,
                     const float place[3], pm_ranks *ranks) {
    const pm_round_hits hits = pm_round_group_compare(groups->caps + GROUP_FLOATS * group, AXES, place);
    for (uint32_t near = hits.near; near; near &= near - 1) {
        const int lane = pm_lowest_bit(near);
        const uint32_t rank = groups->ranks[GROUP * group + (size_t)lane];
        if (!(hits.inside >> lane & 1) && !pm_cap_contains(table, table->ids[rank], origin->vector, origin->place))
            continue;
        if (!pm_ranks_append(ranks, rank))
            return 0;
    }
    return 1;
}

int pm_caps_find_all(const pm_cap_table *table, const pm_cap_groups *groups, const pm_observer *origin,
                     pm_ranks *ranks) {
    const pm_ray ray = pm_ray_to(origin->vector);
    const float place[3] = {(float)origin->vector[0], (float)origin->vector[1], (float)origin->vector[2]};
    uint64_t steps[PM_PACKED_STEPS]; /* a node's number above its level */
    size_t count = 0;
    if (groups->boxes.levels > 0)
        steps[count++] = (uint64_t)(groups->boxes.levels - 1);
    while (count > 0) {
        const uint64_t step = steps[--count];
        const size_t level = step & 15, node = (size_t)(step >> 4);
        for (uint32_t hold = pm_solid_holding(groups->boxes.nodes[level] + PM_SPACE * PM_PACKED_FAN * node, &ray);
             hold; hold &= hold - 1) {
            const size_t child = PM_PACKED_FAN * node + (size_t)pm_lowest_bit(hold);
            if (level > 0)
                steps[count++] = (uint64_t)child << 4 | (level - 1);
            else if (!add_group(table, groups, child, origin, place, ranks))
                return 0;
        }
    }
    pm_ranks_sort(ranks);
    return 1;
}
