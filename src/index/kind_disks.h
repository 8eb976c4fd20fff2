/* kind_disks.h — the kind of index that answers center_within. See kind_disks.c. */
#ifndef PM_KIND_DISKS_H
#define PM_KIND_DISKS_H

#include "kind.h"
#include "scan/disks.h"

typedef struct pm_disk_view {
    pm_disk_table table;
    pm_tree tree;
} pm_disk_view;

extern const pm_kind pm_kind_disks;

#endif
