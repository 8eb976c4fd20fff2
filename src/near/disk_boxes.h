/* disk_boxes.h — disks in a tree over boxes: all that contain a point. See disk_boxes.c. */
#ifndef PM_DISK_BOXES_H
#define PM_DISK_BOXES_H

#include "near/find.h"
#include "scan/disks.h"

/* The disks that can contain a point, by place. */
typedef struct pm_disk_boxes {
    double scale, origin[2];
    const uint32_t *ranks; /* of the disks in that order */
    pm_packed boxes;
} pm_disk_boxes;

/* One piece of memory with all of it; 0 where there are too many. */
size_t pm_disk_boxes_size(const pm_disk_table *disks);
void pm_disk_boxes_view(pm_disk_boxes *boxes, const void *memory);

/* Fill pm_disk_boxes_size() bytes at a multiple of 8. PM_OK or PM_ERR_NO_MEMORY. */
pm_status pm_disk_boxes_fill(const pm_disk_table *disks, void *memory, const pm_allocator *allocator);

/* All disks that contain a point, in rank order; 0 when memory runs out. */
int pm_find_all_disks(const pm_disk_table *disks, const pm_disk_boxes *boxes, const pm_exact_point *p,
                      pm_ranks *ranks);

#endif
