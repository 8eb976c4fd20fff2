/* costs.c — which way is the cheapest for these regions and these points?
 *
 * Every way gives the same answers, so all that matters here is time, and that within a factor of two: where two ways
 * cost about the same, either is right. Costs are nanoseconds per item, measured by `python -m bench costs`, which
 * prints them in the order of this list; how often each item occurs is counted, or estimated from a few of the points
 * (job.c). */
#include "base/strict.h"

#include "costs.h"

#include <math.h>

#include "scan/polygons.h"

/* For each box, and for each point and box. */
static const double FLAT_BUILD = 40, FLAT_LOOK = 0.06;

/* For each box, and for each point and level of the tree. */
static const double BOXES_BUILD = 180, BOXES_LOOK = 20;

/* For each polygon whose box holds the point, and for each of its edges that is looked at. */
static const double CANDIDATE = 42, EDGE = 0.7;

/* The same, where coordinates come from memory and not from a cache: half of the cost at this many vertices. */
static const double FAR_CANDIDATE = 200, FAR_EDGE = 6, FAR_LOOK = 60, HALF_FAR = 5e6;

/* An index: for each region, for each of its first vertices, for each further one, and for each point. */
static const double INDEX_REGION = 1370, INDEX_FIRST = 78, FIRST_VERTICES = 20, INDEX_VERTEX = 96, INDEX_LOOK = 20;

/* What leaves that take less time to make cost more for each point, and save for each vertex; what it takes to know
 * which cells hold a point, and saves where half of the cells do. */
static const double BRIEF_LOOK = 4, BRIEF_VERTEX = 100, OCCUPIED_POINT = 5, OCCUPIED_VERTEX = 40;

/* Where nothing else is known: for each region that a point is compared with in a scan, and for the edges there. */
static const double SCAN_REGION = 1, SCAN_EDGES = 300;

/* Points from which an index of the other predicates pays: for each disk, up to a number of disks; and for distances,
 * where a scan looks at all edges. */
static const double DISK_POINTS = 100, MOST_DISKS = 1000, NEAR_POINTS = 100;

/* Regions that are read one by one: for each, for each of its vertices, for each point in its box, and for each point
 * of all; and for each vertex that an index needs in the memory of the library. */
static const double READ_REGION = 150, READ_VERTEX = 3, READ_PAIR = 35, READ_POINT = 40, COPY_VERTEX = 5;

/* Edges of a long ring whose spans reach the point. */
static const double SPANNED_EDGES = 200;

int pm_costs_favour_flat(const pm_size *size) {
    const double levels = fmax(1, ceil(log2(size->polygons) / 4));
    return size->polygons * (FLAT_BUILD + size->points * FLAT_LOOK) <
           size->polygons * BOXES_BUILD + size->points * levels * BOXES_LOOK;
}

/* How far from the caches the vertices are, from 0 to 1. */
static double how_far(const pm_size *size) {
    return size->vertices / (size->vertices + HALF_FAR);
}

static double cost_of_index(const pm_size *size) {
    const double first = fmin(size->vertices, FIRST_VERTICES * size->regions);
    const double build = size->regions * INDEX_REGION + first * INDEX_FIRST + (size->vertices - first) * INDEX_VERTEX;
    return build + size->points * (INDEX_LOOK + how_far(size) * FAR_LOOK);
}

int pm_costs_favour_index(const pm_size *size, const pm_work *work) {
    const double levels = fmax(1, ceil(log2(size->polygons) / 4)), far = how_far(size);
    const double look = levels * BOXES_LOOK + work->candidates * (CANDIDATE + far * FAR_CANDIDATE) +
                        work->edges * (EDGE + far * FAR_EDGE);
    return size->points * look > cost_of_index(size);
}

int pm_costs_favour_reading(const pm_size *size, double reached, double pairs) {
    const double each = size->regions > 0 ? size->vertices / size->regions : 0;
    const double read = reached * (READ_REGION + each * READ_VERTEX) +
                        pairs * (READ_PAIR + pm_costs_edges((size_t)each) * EDGE) + size->points * READ_POINT;
    return read < cost_of_index(size) + size->vertices * COPY_VERTEX;
}

int pm_costs_favour_brief(double points, double vertices) {
    return points * BRIEF_LOOK < vertices * BRIEF_VERTEX;
}

int pm_costs_favour_occupied(double points, double vertices) {
    return points * OCCUPIED_POINT < vertices * OCCUPIED_VERTEX;
}

pm_engine pm_costs_engine(const pm_size *size, pm_predicate predicate) {
    int few;
    if (predicate == PM_CENTER_WITHIN)
        few = size->points < DISK_POINTS * fmin(size->regions, MOST_DISKS);
    else if (predicate == PM_COVERS)
        few = size->points * (size->regions * SCAN_REGION + SCAN_EDGES) < size->vertices * INDEX_VERTEX;
    else
        few = size->points < NEAR_POINTS;
    return few ? PM_ENGINE_SCAN : PM_ENGINE_AUTO;
}

double pm_costs_edges(size_t vertices) {
    return vertices <= PM_SPAN ? (double)vertices : (double)vertices / PM_SPAN + SPANNED_EDGES;
}
