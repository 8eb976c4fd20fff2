/* oracle.h: the definitions of poly-match in exact arithmetic, slow and obviously right. See oracle.c. */
#ifndef ORACLE_H
#define ORACLE_H

#include "polymatch.h"

int oracle_orientation(const double a[2], const double b[2], const double c[2]);
int oracle_is_closer(const double center[2], double x, double y, double distance);
double oracle_ring_area(const double *x, const double *y, ptrdiff_t stride, size_t count);
void oracle_vertex_center(const double *x, const double *y, ptrdiff_t stride, size_t count, double center[2]);

/* The sign of distance(first) - distance(second) of edges ax ay bx by from a point, and of distance(edge) - limit. */
int oracle_compare_edges(const double first[4], const double second[4], double x, double y);
int oracle_compare_limit(const double edge[4], double x, double y, double limit);

/* Is a distance right: within 4 ulps, infinite where the true one exceeds the largest double? */
int oracle_edge_distance_is(const double edge[4], double x, double y, double value);
int oracle_distance_is(const pm_regions *regions, size_t region, double x, double y, double value);

double oracle_area(const pm_regions *regions, size_t region);
void oracle_center(const pm_regions *regions, size_t region, double center[2]);
int oracle_covers(const pm_regions *regions, size_t region, double x, double y);

/* All candidates of a point, the best first; how many there are. At most 64 regions. */
size_t oracle_candidates(const pm_regions *regions, const pm_options *options, double x, double y, int64_t *ids);

void oracle_match(const pm_regions *regions, const pm_options *options, const pm_points *points, int64_t *out);
void oracle_match_disks(const pm_disks *disks, const pm_options *options, const pm_points *points, int64_t *out);

#endif
