/* pairs.c — where do borders of two regions cancel?
 *
 * A polygon covers a point where a ray crosses its edges an odd number of times. So the number of polygons that cover
 * a point changes by an odd number across an edge that is there an odd number of times, and by an even one across the
 * others: across the shared border of two neighbours it stays 1. That is how a place that is covered altogether is
 * recognized, though borders run through it: it meets no odd edge, and one point of it is covered by an odd number.
 * It holds for invalid polygons as well; "the same edge is there in the other direction" does not.
 *
 * Lines and points cover nothing that has to be counted.
 *
 * Edges are the same where both ends have the same coordinates, in any order: a hash table by open addressing counts
 * them. On counties seven runs of eight have no odd edge. */
#include "base/strict.h"

#include "pairs.h"

#include <string.h>

#include "base/status.h"

typedef struct pair_table {
    const double *vertices;
    uint32_t
        *slots; /* 0: empty; else the edge's first vertex + 1, times 2, + 1 if it is there an odd number of times */
    size_t mask;
} pair_table;

static uint64_t coordinate_bits(double value) {
    uint64_t bits;
    value += 0.0; /* of -0 as well */
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The same for both directions. */
static size_t hash_of(const double *v) {
    uint64_t a = coordinate_bits(v[0]) * UINT64_C(0x9e3779b97f4a7c15) ^ coordinate_bits(v[1]);
    uint64_t b = coordinate_bits(v[2]) * UINT64_C(0x9e3779b97f4a7c15) ^ coordinate_bits(v[3]);
    a = (a ^ a >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    b = (b ^ b >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    uint64_t both = (a ^ a >> 32) + (b ^ b >> 32);
    return (size_t)(both * UINT64_C(0x94d049bb133111eb) >> 20);
}

static int is_same(const double *a, const double *b) {
    return (a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]) ||
           (a[0] == b[2] && a[1] == b[3] && a[2] == b[0] && a[3] == b[1]);
}

/* Where the edge is, or where it would be. */
static uint32_t *pair_slot(const pair_table *t, const double *edge) {
    size_t at = hash_of(edge) & t->mask;
    while (t->slots[at] && !is_same(t->vertices + 2 * ((size_t)(t->slots[at] >> 1) - 1), edge))
        at = (at + 1) & t->mask;
    return &t->slots[at];
}

static void count_edges(pair_table *t, const pm_polygon_table *table, size_t polygon) {
    for (size_t ring = table->ring_offsets[polygon]; ring < table->ring_offsets[polygon + 1]; ring++)
        for (size_t i = table->vertex_offsets[ring]; i + 1 < table->vertex_offsets[ring + 1]; i++) {
            uint32_t *slot = pair_slot(t, t->vertices + 2 * i);
            *slot = *slot ? *slot ^ 1 : (uint32_t)(i + 1) << 1 | 1;
        }
}

int pm_runs_find_odd(const pm_polygon_table *table, const pm_runs *runs, uint8_t *is_odd,
                     const pm_allocator *allocator) {
    const size_t vertices = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[table->count]]];
    pair_table t = {table->vertices, NULL, 63};
    if (vertices >= UINT32_MAX / 2) { /* numbers of edges don't fit */
        memset(is_odd, 1, runs->run_count);
        return 1;
    }
    while (t.mask < vertices + vertices / 2)
        t.mask = 2 * t.mask + 1;
    t.slots = pm_allocate(allocator, (t.mask + 1) * sizeof *t.slots);
    if (!t.slots)
        return 0;
    memset(t.slots, 0, (t.mask + 1) * sizeof *t.slots);
    for (size_t polygon = 0; polygon < table->polygon_offsets[table->count]; polygon++)
        if (pm_polygon_is_surface(table, polygon))
            count_edges(&t, table, polygon);
    for (size_t run = 0; run < runs->run_count; run++) {
        is_odd[run] = 0;
        for (size_t i = 0; i < pm_run_edges(runs->owners[run]) && !is_odd[run]; i++) {
            const double *edge = t.vertices + 2 * ((size_t)runs->first[run] + i);
            is_odd[run] = (edge[0] != edge[2] || edge[1] != edge[3]) && (*pair_slot(&t, edge) & 1);
        }
    }
    pm_release(allocator, t.slots);
    return 1;
}

/* About how many spans of edges a polygon has. */
static size_t count_spans(const pm_polygon_table *table, size_t polygon) {
    const size_t first = table->ring_offsets[polygon], end = table->ring_offsets[polygon + 1];
    return (table->vertex_offsets[end] - table->vertex_offsets[first]) / PM_SPAN + (end - first);
}

int pm_runs_parity(const pm_polygon_table *table, const pm_runs *runs, double x, double y, size_t *work) {
    const pm_spot spot = pm_runs_spot(runs, x, y);
    const pm_target target = pm_runs_target(runs, &spot);
    const pm_exact_point p = pm_point(x, y);
    pm_packed_walk walk;
    int parity = 0;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(0))) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
            if (pm_polygon_is_surface(table, polygon)) {
                *work += count_spans(table, polygon);
                parity ^= pm_polygon_covers(table, polygon, &p);
            }
    }
    return parity;
}
