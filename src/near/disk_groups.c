/* disk_groups.c — which are all of the disks that contain this point?
 *
 * Sixteen disks whose centers follow each other along a Hilbert curve are a group, with a box around them, and a
 * packed tree (packed.c) stands over the boxes. The disks of a group whose box holds the point are compared with it
 * at once, in floats (round_group.h), and exactly where these can't decide. Disks that contain nothing are left out.
 *
 * Of 100,000 disks, 30 over each point, this takes 0.7 us a point; a box around each disk and five reads for each box
 * took 2.6. */
#include "base/strict.h"

#include "disk_groups.h"

#include <string.h>

#include "base/outward.h"
#include "base/status.h"
#include "near/order.h"
#include "near/round_group.h"

enum { DISK_AXES = 2, DISK_FLOATS = (DISK_AXES + 2) * PM_ROUND_GROUP };

typedef struct disks_head {
    uint64_t count;
    double scale, origin[2], most;
    uint64_t reserved[3];
} disks_head;

static int contains_any(const pm_disk_table *disks, size_t id) {
    return disks->radius[disks->step * id] > 0 && !isnan(disks->x[id]) && !isnan(disks->y[id]);
}

static size_t count_usable(const pm_disk_table *disks) {
    size_t count = 0;
    for (size_t id = 0; id < disks->count; id++)
        count += (size_t)contains_any(disks, id);
    return count;
}

static size_t groups_of(size_t count) {
    return (count + PM_ROUND_GROUP - 1) / PM_ROUND_GROUP;
}

size_t pm_disk_groups_size(const pm_disk_table *disks) {
    const size_t count = groups_of(count_usable(disks));
    return count >= PM_PACKED_MOST
               ? 0
               : sizeof(disks_head) + sizeof(float) * (pm_packed_size(PM_PLANE, count) + DISK_FLOATS * count) +
                     sizeof(uint32_t) * PM_ROUND_GROUP * count;
}

void pm_disk_groups_view(pm_disk_groups *groups, const void *memory) {
    disks_head head;
    memcpy(&head, memory, sizeof head);
    const float *floats = (const float *)(const void *)((const char *)memory + sizeof head);
    groups->count = (size_t)head.count;
    groups->scale = head.scale;
    groups->most = head.most;
    memcpy(groups->origin, head.origin, sizeof head.origin);
    const size_t count = groups_of(groups->count);
    pm_packed_view(&groups->boxes, PM_PLANE, count, floats);
    groups->disks = floats + pm_packed_size(PM_PLANE, count);
    groups->ranks = (const uint32_t *)(const void *)(groups->disks + DISK_FLOATS * count);
}

/* ---- filling ---- */

/* The box around finite centers: min x, min y, max x, max y. */
static void bound_centers(const pm_disk_table *disks, double box[4]) {
    box[0] = box[1] = INFINITY;
    box[2] = box[3] = -INFINITY;
    for (size_t id = 0; id < disks->count; id++) {
        if (!contains_any(disks, id) || !isfinite(disks->x[id]) || !isfinite(disks->y[id]))
            continue;
        box[0] = fmin(box[0], disks->x[id]);
        box[1] = fmin(box[1], disks->y[id]);
        box[2] = fmax(box[2], disks->x[id]);
        box[3] = fmax(box[3], disks->y[id]);
    }
}

/* The box around a disk in scaled coordinates, whose sides are rounded once after they were rounded outwards. */
static void extend_by_disk(double box[4], const disks_head *head, double x, double y, double r) {
    double sides[4] = {pm_below(x - r), pm_below(y - r), -pm_below(-(x + r)), -pm_below(-(y + r))};
    if (isinf(r)) {
        sides[0] = sides[1] = -INFINITY;
        sides[2] = sides[3] = INFINITY;
    }
    for (int axis = 0; axis < DISK_AXES; axis++) {
        box[axis] = fmin(box[axis], sides[axis] * head->scale - head->origin[axis]);
        box[axis + 2] = fmax(box[axis + 2], sides[axis + 2] * head->scale - head->origin[axis]);
    }
}

/* Where a distance in floats is off by more than 1.5 times an axis: two coordinates are rounded to floats, and before
 * it to doubles. */
static double off_by(const disks_head *head) {
    const double origin = fmax(fabs(head->origin[0]), fabs(head->origin[1]));
    return 1.5 * (0x1p-23 * head->most + 0x1p-50 * (origin + head->most));
}

static void fill_disk_group(const pm_disk_table *disks, const disks_head *head, const pm_entry *entries, size_t count,
                            float *group, uint32_t *ranks, double box[4]) {
    box[0] = box[1] = INFINITY;
    box[2] = box[3] = -INFINITY;
    for (size_t lane = 0; lane < count; lane++) {
        const size_t id = disks->ids[entries[lane].item];
        const double x = disks->x[id], y = disks->y[id], radius = disks->radius[disks->step * id];
        const double center[DISK_AXES] = {x * head->scale - head->origin[0], y * head->scale - head->origin[1]};
        ranks[lane] = entries[lane].item;
        pm_round_group_put(group, DISK_AXES, lane, center, radius * head->scale, radius * head->scale, off_by(head));
        extend_by_disk(box, head, x, y, radius);
    }
    for (size_t lane = count; lane < PM_ROUND_GROUP; lane++)
        pm_round_group_put_nothing(group, DISK_AXES, lane);
}

pm_status pm_disk_groups_fill(const pm_disk_table *disks, void *memory, const pm_allocator *allocator) {
    size_t count = 0;
    double all[4];
    disks_head head = {.count = count_usable(disks), .scale = 1};
    bound_centers(disks, all);
    const double extent = fmax(all[2] - all[0], all[3] - all[1]);
    if (extent >= 0) {
        head.scale = pm_distance_scale(extent);
        head.origin[0] = all[0] * head.scale;
        head.origin[1] = all[1] * head.scale;
        head.most = 2 * extent * head.scale;
    }
    pm_entry *entries = pm_allocate(allocator, 2 * (disks->count + 1) * sizeof *entries);
    if (!entries)
        return PM_ERR_NO_MEMORY;
    memset(memory, 0, pm_disk_groups_size(disks));
    memcpy(memory, &head, sizeof head);
    pm_disk_groups groups;
    pm_disk_groups_view(&groups, memory);
    for (size_t rank = 0; rank < disks->count; rank++) {
        const size_t id = disks->ids[rank];
        if (contains_any(disks, id))
            entries[count++] =
                (pm_entry){pm_curve_place(disks->x[id] * head.scale - head.origin[0],
                                          disks->y[id] * head.scale - head.origin[1], extent * head.scale),
                           (uint32_t)rank, 0};
    }
    pm_order(entries, entries + disks->count + 1, count);
    float *boxes = (float *)(void *)((char *)memory + sizeof head), *places = boxes + (groups.disks - boxes);
    uint32_t *ranks = (uint32_t *)(void *)(places + DISK_FLOATS * groups.boxes.count);
    for (size_t i = 0; i < groups.boxes.count; i++) {
        const size_t begin = PM_ROUND_GROUP * i, rest = count - begin;
        double box[4];
        fill_disk_group(disks, &head, entries + begin, rest < PM_ROUND_GROUP ? rest : PM_ROUND_GROUP,
                        places + DISK_FLOATS * i, ranks + begin, box);
        pm_packed_put(boxes, PM_PLANE, i, box);
    }
    pm_packed_fill(&groups.boxes, boxes);
    pm_release(allocator, entries);
    return PM_OK;
}

/* ---- searching ---- */

/* A point in scaled coordinates. */
typedef struct place {
    float x[DISK_AXES];
    int is_rough; /* floats can't decide */
    pm_target target;
} place;

static place disk_place_of(const pm_disk_groups *groups, const pm_exact_point *p) {
    const double y = p->y * groups->scale - groups->origin[1];
    const double low = p->low * groups->scale - groups->origin[0], high = p->high * groups->scale - groups->origin[0];
    place at = {{(float)low, (float)y}, 0, pm_target_at(low, y)};
    at.target.high_x = pm_target_at(high, y).high_x;
    at.is_rough = !(fabs(low) <= groups->most && fabs(y) <= groups->most);
    return at;
}

/* Add the disks of a group that contain the point; 0 when memory runs out. */
static int add_disk_group(const pm_disk_table *disks, const pm_disk_groups *groups, size_t group,
                          const pm_exact_point *p, const place *at, pm_ranks *ranks) {
    pm_round_hits hits = pm_round_group_compare(groups->disks + DISK_FLOATS * group, DISK_AXES, at->x);
    if (at->is_rough) {
        const size_t rest = groups->count - PM_ROUND_GROUP * group;
        hits = (pm_round_hits){0, (UINT32_C(1) << (rest < PM_ROUND_GROUP ? rest : PM_ROUND_GROUP)) - 1};
    }
    for (; hits.near; hits.near &= hits.near - 1) {
        const int lane = pm_lowest_bit(hits.near);
        const uint32_t rank = groups->ranks[PM_ROUND_GROUP * group + (size_t)lane];
        const size_t id = disks->ids[rank];
        if (!(hits.inside >> lane & 1) &&
            !pm_point_is_closer((const double[2]){disks->x[id], disks->y[id]}, p, disks->radius[disks->step * id]))
            continue;
        if (!pm_ranks_append(ranks, rank))
            return 0;
    }
    return 1;
}

int pm_disks_find_all(const pm_disk_table *disks, const pm_disk_groups *groups, const pm_exact_point *p,
                      pm_ranks *ranks) {
    const place at = disk_place_of(groups, p);
    uint64_t steps[PM_PACKED_STEPS]; /* a node's number above its level */
    size_t count = 0;
    if (groups->boxes.levels > 0)
        steps[count++] = (uint64_t)(groups->boxes.levels - 1);
    while (count > 0) {
        const uint64_t step = steps[--count];
        const size_t level = step & 15, node = (size_t)(step >> 4);
        for (uint32_t hold = pm_packed_holding(groups->boxes.nodes[level] + PM_PACKED_FLOATS * node, &at.target);
             hold; hold &= hold - 1) {
            const size_t child = PM_PACKED_FAN * node + (size_t)pm_lowest_bit(hold);
            if (level > 0)
                steps[count++] = (uint64_t)child << 4 | (level - 1);
            else if (!add_disk_group(disks, groups, child, p, &at, ranks))
                return 0;
        }
    }
    pm_ranks_sort(ranks);
    return 1;
}
