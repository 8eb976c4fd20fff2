/* disk_boxes.c — which are all of the disks that contain this point?
 *
 * A packed tree (packed.c) over the boxes around the disks, in the order of their centers along a Hilbert curve; a
 * point in a box is then compared with the disk exactly. Disks that contain nothing are left out. */
#include "base/strict.h"

#include "disk_boxes.h"

#include <string.h>

#include "base/outward.h"
#include "base/status.h"
#include "near/order.h"

typedef struct boxes_head {
    uint64_t count;
    double scale, origin[2];
    uint64_t reserved[4];
} boxes_head;

static int contains_any(const pm_disk_table *disks, size_t id) {
    return disks->radius[disks->step * id] > 0 && !isnan(disks->x[id]) && !isnan(disks->y[id]);
}

static size_t count_disks(const pm_disk_table *disks) {
    size_t count = 0;
    for (size_t id = 0; id < disks->count; id++)
        count += (size_t)contains_any(disks, id);
    return count;
}

size_t pm_disk_boxes_size(const pm_disk_table *disks) {
    size_t count = count_disks(disks);
    if (count >= PM_PACKED_MOST)
        return 0;
    return sizeof(boxes_head) + sizeof(float) * pm_packed_size(PM_PLANE, count) + sizeof(uint32_t) * (count + 1);
}

void pm_disk_boxes_view(pm_disk_boxes *boxes, const void *memory) {
    boxes_head h;
    memcpy(&h, memory, sizeof h);
    const float *floats = (const float *)(const void *)((const char *)memory + sizeof h);
    boxes->scale = h.scale;
    memcpy(boxes->origin, h.origin, sizeof h.origin);
    pm_packed_view(&boxes->boxes, PM_PLANE, (size_t)h.count, floats);
    boxes->ranks = (const uint32_t *)(const void *)(floats + pm_packed_size(PM_PLANE, (size_t)h.count));
}

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

pm_status pm_disk_boxes_fill(const pm_disk_table *disks, void *memory, const pm_allocator *allocator) {
    size_t count = 0;
    double all[4];
    boxes_head h = {.count = count_disks(disks), .scale = 1};
    bound_centers(disks, all);
    double extent = fmax(all[2] - all[0], all[3] - all[1]);
    if (extent >= 0) {
        h.scale = pm_distance_scale(extent);
        h.origin[0] = all[0] * h.scale;
        h.origin[1] = all[1] * h.scale;
    }
    memcpy(memory, &h, sizeof h);
    pm_entry *entries = pm_allocate(allocator, 2 * ((size_t)h.count + 1) * sizeof *entries);
    if (!entries)
        return PM_ERR_NO_MEMORY;
    for (size_t rank = 0; rank < disks->count; rank++) {
        size_t id = disks->ids[rank];
        if (contains_any(disks, id))
            entries[count++] = (pm_entry){pm_curve_place(disks->x[id] * h.scale - h.origin[0],
                                                         disks->y[id] * h.scale - h.origin[1], extent * h.scale),
                                          (uint32_t)rank, 0};
    }
    pm_order(entries, entries + h.count + 1, count);
    float *floats = (float *)(void *)((char *)memory + sizeof h);
    uint32_t *ranks = (uint32_t *)(void *)(floats + pm_packed_size(PM_PLANE, count));
    pm_packed tree;
    pm_packed_view(&tree, PM_PLANE, count, floats);
    for (size_t i = 0; i < count; i++) {
        size_t id = disks->ids[entries[i].item];
        double x = disks->x[id], y = disks->y[id], r = disks->radius[disks->step * id];
        double sides[4] = {pm_below(x - r), pm_below(y - r), -pm_below(-(x + r)), -pm_below(-(y + r))};
        if (isinf(r)) {
            sides[0] = sides[1] = -INFINITY;
            sides[2] = sides[3] = INFINITY;
        }
        for (int side = 0; side < 4; side++)
            sides[side] = sides[side] * h.scale - h.origin[side & 1];
        pm_packed_put(floats, PM_PLANE, i, sides);
        ranks[i] = entries[i].item;
    }
    pm_packed_fill(&tree, floats);
    pm_release(allocator, entries);
    return PM_OK;
}

int pm_find_all_disks(const pm_disk_table *disks, const pm_disk_boxes *boxes, const pm_exact_point *p,
                      pm_ranks *ranks) {
    const double x = p->low, y = p->y;
    const int is_turned = p->low != p->high;
    pm_target target = pm_target_at(x * boxes->scale - boxes->origin[0], y * boxes->scale - boxes->origin[1]);
    pm_packed_walk walk;
    pm_packed_start(&walk, &boxes->boxes, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(0))) != SIZE_MAX;) {
        const uint32_t rank = boxes->ranks[place];
        size_t id = disks->ids[rank];
        double radius = disks->radius[disks->step * id], square = pm_rounded_square(disks->x[id], disks->y[id], x, y);
        pm_band band = pm_band_of(radius);
        if (square > band.outer && !is_turned)
            continue;
        if (((square < band.inner && !is_turned) ||
             pm_point_is_closer((const double[2]){disks->x[id], disks->y[id]}, p, radius)) &&
            !pm_ranks_append(ranks, rank))
            return 0;
    }
    pm_ranks_sort(ranks);
    return 1;
}
