/* cover.h — the regions in rank order, and the test whether one covers a point. See cover.c. */
#ifndef PM_COVER_H
#define PM_COVER_H

#include "base/poll.h"

typedef struct pm_box {
    double min_x, min_y, max_x, max_y;
} pm_box;

/* All arrays in rank order, nested as the input: regions -> parts -> rings -> vertices. */
typedef struct pm_covers {
    size_t count;           /* regions */
    pm_box *boxes;          /* of each region, nothing when it is empty; part_boxes when each has one part */
    uint32_t *part_offsets; /* count + 1 positions in the parts */
    pm_box *part_boxes;
    uint32_t *ring_offsets;   /* parts + 1 positions in the rings */
    uint32_t *vertex_offsets; /* rings + 1 positions in the vertices */
    double *vertices;         /* x y each; every ring closed, so ring vertices begin .. end - 1 start its edges */
    double *spans;            /* min y, max y of the edges that start at each PM_SPAN vertices */
} pm_covers;

enum { PM_SPAN = 64 };

/* How much pm_covers_fill() writes; each region counts the same in any order. */
typedef struct pm_cover_sizes {
    size_t parts, rings, vertices;
    size_t boxes; /* 0 when each region has one part, whose box is the region's */
} pm_cover_sizes;

/* Unfinished when the poll said stop. */
pm_cover_sizes pm_cover_measure(const pm_regions *regions, pm_poll *poll);

/* Append region `region` of the input as the next in rank; covers->count and the offsets grow. */
void pm_covers_append(pm_covers *covers, const pm_regions *regions, size_t region);

/* Compute the spans, when all regions are appended. */
void pm_covers_seal(pm_covers *covers);

/* Does this part cover (x, y)? Both finite. */
int pm_part_covers(const pm_covers *covers, size_t part, double x, double y);

/* The first region in rank order that covers (x, y), or count. Both finite. */
size_t pm_covers_find(const pm_covers *covers, double x, double y);

#endif
