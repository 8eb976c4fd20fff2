/* runs.h — the edges of regions, eight at a time, in a tree over boxes. See runs.c. */
#ifndef PM_RUNS_H
#define PM_RUNS_H

#include "base/poll.h"
#include "near/packed.h"
#include "scan/polygons.h"

enum { PM_RUN_EDGES = 8 };

/* Regions are in an order of their own, by place; empty ones are left out. Runs of one region are next to each
 * other. */
typedef struct pm_runs {
    double scale;        /* of distances, see pm_distance_scale() */
    double origin[2];    /* boxes are around coordinates * scale - origin */
    size_t rank_count;   /* of all regions */
    size_t region_count; /* that are not empty */
    size_t run_count;
    const uint32_t *ranks;  /* of the regions in order */
    const uint32_t *places; /* of every rank in that order; UINT32_MAX of an empty region */
    const uint32_t *starts; /* region_count + 1 positions in the runs */
    const uint32_t *first;  /* of each run the vertex where its first edge starts */
    const uint32_t *owners; /* of each run: its edges - 1 in the upper three bits, the region's rank in the others */
    pm_packed regions;      /* over the regions' boxes */
    pm_packed runs;         /* over the runs' */
} pm_runs;

static inline uint32_t pm_run_rank(uint32_t owner) {
    return owner & ((UINT32_C(1) << 29) - 1);
}

static inline size_t pm_run_edges(uint32_t owner) {
    return (owner >> 29) + 1;
}

static inline pm_spot pm_runs_spot(const pm_runs *runs, double x, double y) {
    return pm_spot_at(x, y, runs->scale);
}

static inline pm_target pm_runs_target(const pm_runs *runs, const pm_spot *spot) {
    return pm_target_at(spot->scaled_x - runs->origin[0], spot->scaled_y - runs->origin[1]);
}

/* One piece of memory with all of it, which may be copied anywhere: its size and, once it is filled, what is in it.
 * pm_runs_view() returns 0 where these bytes are of another size than what they say takes. */
size_t pm_runs_size(const pm_polygon_table *table);
int pm_runs_view(pm_runs *runs, const void *memory, size_t size);

/* The scale of coordinates and the corner of all regions, which become the origin; returns the extent of the regions,
 * scaled. */
double pm_runs_map(const pm_polygon_table *table, double *scale, double origin[2]);

/* Are there few enough runs and regions? */
int pm_runs_fit(const pm_polygon_table *table);

/* Fill the memory, of pm_runs_size() bytes at a multiple of 8, where they fit. PM_OK, PM_ERR_NO_MEMORY or
 * PM_ERR_STOPPED. */
pm_status pm_runs_fill(const pm_polygon_table *table, void *memory, size_t size, pm_poll *poll,
                       const pm_allocator *allocator);

/* Can a search in these runs over `table` be trusted to stay inside, whatever their bytes are? */
int pm_runs_check(const pm_runs *runs, const pm_polygon_table *table);

#endif
