/* hits.h — regions that were found, in order. See hits.c. */
#ifndef PM_HITS_H
#define PM_HITS_H

#include "scan/nearest.h"

/* Regions and their distances. */
typedef struct pm_list {
    pm_found *items;
    size_t count, room;
    const pm_allocator *allocator;
} pm_list;

void pm_list_free(pm_list *list);
int pm_list_append(pm_list *list, const pm_found *found); /* 0 when memory runs out */

/* Sort what follows item `first`: by rank where spot is NULL, else nearest first. */
void pm_list_sort(pm_list *list, size_t first, const pm_spot *spot);

/* Of items that were found at several spots of a point, keep one for each region: the nearest, or any where spot is
 * NULL. Afterwards they are in rank order. */
void pm_list_unite(pm_list *list, const pm_spot *spot);

/* The spots of one point. */
typedef struct pm_spots {
    pm_spot *items;
    size_t room;
    const pm_allocator *allocator;
} pm_spots;

void pm_spots_free(pm_spots *spots);

/* All these places, which are borrowed; 0 when memory runs out. */
int pm_spots_set(pm_spots *spots, const pm_exact_point *places, size_t count, double scale);

/* Ranks alone. */
typedef struct pm_ranks {
    uint32_t *items;
    size_t count, room;
    const pm_allocator *allocator;
} pm_ranks;

void pm_ranks_free(pm_ranks *ranks);
int pm_ranks_append(pm_ranks *ranks, uint32_t rank); /* 0 when memory runs out */
void pm_ranks_sort(pm_ranks *ranks);
void pm_ranks_unite(pm_ranks *ranks); /* sort, and keep one of each */

#endif
