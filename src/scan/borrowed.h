/* borrowed.h — regions searched where the caller has them. See borrowed.c. */
#ifndef PM_BORROWED_H
#define PM_BORROWED_H

#include "base/poll.h"
#include "scan/polygons.h"

typedef struct pm_borrowed {
    pm_regions regions; /* whose arrays belong to the caller */
    size_t first;       /* polygon that a region has, and how many follow it; boxes are numbered from there */
    size_t count;
    double *spans; /* as in polygons.h, for rings of more than PM_SPAN vertices; NULL where there are none */
} pm_borrowed;

/* Borrow regions whose offsets are right. PM_OK or PM_ERR_NO_MEMORY; pm_borrowed_free() in any case. */
pm_status pm_borrowed_init(pm_borrowed *b, const pm_regions *regions, const pm_allocator *allocator);

void pm_borrowed_free(pm_borrowed *b, const pm_allocator *allocator);

/* Read all vertices once: the box of each polygon into `boxes`, and the spans. 0 when one is not finite; incomplete
 * when the poll said stop. */
int pm_borrowed_read(pm_borrowed *b, pm_box *boxes, pm_poll *poll);

/* Does polygon `first` + `number` cover the point? */
int pm_borrowed_covers(const pm_borrowed *b, size_t number, const pm_exact_point *p);

#endif
