/* disk_groups.h — disks in the plane, sixteen at a time: all that contain a point. See disk_groups.c. */
#ifndef PM_DISK_GROUPS_H
#define PM_DISK_GROUPS_H

#include "near/find.h"
#include "scan/disks.h"

/* The disks that can contain a point. */
typedef struct pm_disk_groups {
    size_t count;            /* of disks; their last group may be smaller */
    double scale, origin[2]; /* of coordinates: a multiple, less the origin */
    double most;             /* no center has a greater one, and of points that have one floats know nothing */
    const float *disks;      /* groups of round_group.h */
    const uint32_t *ranks;   /* sixteen of a group */
    pm_packed boxes;         /* one around each group */
} pm_disk_groups;

/* One piece of memory with all of it; 0 where there are too many. */
size_t pm_disk_groups_size(const pm_disk_table *disks);
void pm_disk_groups_view(pm_disk_groups *groups, const void *memory);

/* Fill pm_disk_groups_size() bytes at a multiple of 8. PM_OK or PM_ERR_NO_MEMORY. */
pm_status pm_disk_groups_fill(const pm_disk_table *disks, void *memory, const pm_allocator *allocator);

/* All disks that contain a point, in rank order; 0 when memory runs out. */
int pm_disks_find_all(const pm_disk_table *disks, const pm_disk_groups *groups, const pm_exact_point *p,
                      pm_ranks *ranks);

#endif
