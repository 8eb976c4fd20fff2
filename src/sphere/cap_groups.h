/* cap_groups.h — disks on the sphere, sixteen at a time: all that contain a place. See cap_groups.c. */
#ifndef PM_CAP_GROUPS_H
#define PM_CAP_GROUPS_H

#include "base/poll.h"
#include "caps.h"
#include "near/hits.h"
#include "solid.h"

/* The disks that can contain a place. */
typedef struct pm_cap_groups {
    size_t count;
    const float *caps;     /* of a group sixteen of each: x, y and z, the squared chords `inner` and `outer` */
    const uint32_t *ranks; /* sixteen of a group */
    pm_packed boxes;       /* in space, one around each group */
} pm_cap_groups;

/* One piece of memory with all of it; 0 where there are too many. */
size_t pm_cap_groups_size(const pm_cap_table *table);
void pm_cap_groups_view(pm_cap_groups *groups, const void *memory);

/* Fill pm_cap_groups_size() bytes at a multiple of 8. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_cap_groups_fill(const pm_cap_table *table, void *memory, pm_poll *poll, const pm_allocator *allocator);

/* All disks that contain a place, in rank order; 0 when memory runs out. */
int pm_caps_find_all(const pm_cap_table *table, const pm_cap_groups *groups, const pm_observer *origin,
                     pm_ranks *ranks);

#endif
