/* measured.h — regions and their distances, in order. See measured.c. */
#ifndef PM_MEASURED_H
#define PM_MEASURED_H

#include <stddef.h>
#include <stdint.h>

#include "polymatch.h"

/* A region at a distance, in metres. */
typedef struct pm_measure {
    double distance;
    uint32_t rank;
} pm_measure;

/* The order of nearest: by distance, then by rank. */
static inline int pm_measure_is_before(const pm_measure *a, const pm_measure *b) {
    return a->distance < b->distance || (a->distance == b->distance && a->rank < b->rank);
}

typedef struct pm_measured {
    pm_measure *items;
    size_t count, room;
    const pm_allocator *allocator;
} pm_measured;

void pm_measured_free(pm_measured *list);

int pm_measured_append(pm_measured *list, pm_measure item); /* 0 when memory runs out */

/* By distance and rank, or by rank alone. */
void pm_measured_sort(pm_measured *list, int by_distance);

#endif
