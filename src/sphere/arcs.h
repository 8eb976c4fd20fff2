/* arcs.h — the edges of regions on the sphere, eight at a time, in a tree over boxes in space. See arcs.c. */
#ifndef PM_ARCS_H
#define PM_ARCS_H

#include "base/poll.h"
#include "input/sphere_regions.h"
#include "solid.h"

enum { PM_RUN_ARCS = 8, PM_RUN_SURFACE = 16 };

/* Regions are in an order of their own, by place; empty ones are left out. Runs of one region are next to each
 * other. A run has as many arcs as `sizes` says in the lower four bits, none where it is a point alone, between
 * vertices that follow each other; PM_RUN_SURFACE is added where they bound a polygon. */
typedef struct pm_arcs {
    size_t rank_count, region_count, run_count, vertex_count;
    const pm_lonlat *vertices;
    const float *vectors;   /* x y z of each */
    const uint32_t *ranks;  /* of the regions in order */
    const uint32_t *places; /* of every rank in that order; UINT32_MAX of an empty region */
    const uint32_t *starts; /* region_count + 1 positions in the runs */
    const uint32_t *first;  /* vertex of each run */
    const uint32_t *owners; /* the rank of each run's region */
    const uint8_t *sizes;
    pm_packed regions, runs; /* boxes in space */
} pm_arcs;

/* One piece of memory with all of it, which may be copied anywhere. SIZE_MAX where there is too much of it. */
size_t pm_arcs_size(const pm_regions *regions, pm_poll *poll);

/* 0 where these bytes are of another size than what they say takes. */
int pm_arcs_view(pm_arcs *arcs, const void *memory, size_t size);

/* Fill the memory, of pm_arcs_size() bytes at a multiple of 8, with regions in the order `ids`. PM_OK,
 * PM_ERR_NO_MEMORY, PM_ERR_STOPPED, or PM_ERR_COORDINATE where the regions have changed. */
pm_status pm_arcs_fill(const pm_regions *regions, const uint32_t *ids, void *memory, size_t size, pm_poll *poll,
                       const pm_allocator *allocator);

/* Can a search in these arcs of `count` regions be trusted to stay inside, whatever their bytes are? */
int pm_arcs_check(const pm_arcs *arcs, size_t count);

#endif
