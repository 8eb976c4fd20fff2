/* costs.h — which way is the cheapest for these regions and these points? See costs.c. */
#ifndef PM_COSTS_H
#define PM_COSTS_H

#include "polymatch.h"

/* What is known of a job before it begins. */
typedef struct pm_size {
    double points, regions, polygons, vertices;
} pm_size;

/* The work for one point in the boxes, on average. */
typedef struct pm_work {
    double candidates; /* polygons whose box may hold it */
    double edges;      /* of those, as far as they are looked at */
} pm_work;

/* Is looking through all boxes for each point cheaper than a tree over them? */
int pm_costs_favour_flat(const pm_size *size);

/* Is building an index now cheaper than going on with boxes? */
int pm_costs_favour_index(const pm_size *size, const pm_work *work);

/* Of an index for this many points only: leaves that take less time to make, and no cells but those that hold a
 * point? */
int pm_costs_favour_brief(double points, double vertices);
int pm_costs_favour_occupied(double points, double vertices);

/* Is it cheaper to read regions one by one, so many of them and with so many points in their boxes, than to build an
 * index? */
int pm_costs_favour_reading(const pm_size *size, double reached, double pairs);

/* The engine of an index that is built for this many points only. */
pm_engine pm_costs_engine(const pm_size *size, pm_predicate predicate);

/* Edges of a ring of this many vertices that are looked at for a point in its box. */
double pm_costs_edges(size_t vertices);

#endif
