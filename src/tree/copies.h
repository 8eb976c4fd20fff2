/* copies.h — polygons that are there already. See copies.c. */
#ifndef PM_COPIES_H
#define PM_COPIES_H

#include "scan/polygons.h"

/* Is this polygon new? Adds it to a hash table of polygon numbers + 1 with `mask` + 1 slots, at most half full. */
int pm_is_new_polygon(const pm_polygon_table *polygons, uint32_t *table, size_t mask, size_t polygon);

#endif
