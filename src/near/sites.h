/* sites.h — regions that are one point each, in a tree over boxes of sixteen. See sites.c. */
#ifndef PM_SITES_H
#define PM_SITES_H

#include "near/find.h"
#include "polymatch.h"

enum { PM_SITES_BUCKET = 16 };

/* A region that is a point: its coordinates as given, and its rank. */
typedef struct pm_site {
    double x, y;
    uint64_t rank;
} pm_site;

/* Sixteen neighbours are a bucket; the last site of all fills up the last one. */
typedef struct pm_sites {
    double scale, origin[2]; /* as of pm_runs */
    size_t bucket_count;
    const pm_site *sites;
    const float *places; /* of each bucket sixteen x, then sixteen y, scaled and from the origin on, rounded */
    pm_packed boxes;     /* over the buckets */
} pm_sites;

/* Are all of these regions empty or one point, and few enough? */
int pm_sites_fit(const pm_polygon_table *table);

/* One piece of memory with all of it, which may be copied anywhere: its size and, once it is filled, what is in it.
 * pm_sites_view() returns 0 where these bytes are of another size than what they say takes. */
size_t pm_sites_size(const pm_polygon_table *table);
int pm_sites_view(pm_sites *sites, const void *memory, size_t size);

/* Fill the memory, of pm_sites_size() bytes at a multiple of 8, where they fit. PM_OK or PM_ERR_NO_MEMORY. */
pm_status pm_sites_fill(const pm_polygon_table *table, void *memory, size_t size, const pm_allocator *allocator);

/* Can a search in these sites over `table` be trusted to stay inside, whatever their bytes are? */
int pm_sites_check(const pm_sites *sites, const pm_polygon_table *table);

/* The nearest site within reach of each point: pm_find_nearest() of up to PM_SITES_AT_ONCE points. */
enum { PM_SITES_AT_ONCE = 32 };
void pm_sites_nearest(const pm_sites *sites, const pm_field *field, const pm_spot *spots, size_t count,
                      pm_found *found);

/* The first site in rank order that is within reach. */
pm_found pm_sites_within(const pm_sites *sites, const pm_field *field, const pm_spot *spot);

#endif
