/* copies.c — has a better polygon exactly these coordinates?
 *
 * Then this one wins nowhere and is left out before painting. Polygons are found by a hash of their coordinates and
 * then compared, ring by ring. */
#include "base/strict.h"

#include "copies.h"

#include <string.h>

typedef struct polygon_view {
    const uint32_t *rings; /* where each ring begins, and the last ends */
    size_t ring_count;
    const double *vertices;
    size_t vertex_count;
} polygon_view;

static polygon_view view_polygon(const pm_polygon_table *polygons, size_t polygon) {
    const uint32_t *rings = polygons->vertex_offsets + polygons->ring_offsets[polygon];
    size_t count = polygons->ring_offsets[polygon + 1] - polygons->ring_offsets[polygon];
    return (polygon_view){rings, count, polygons->vertices + 2 * (size_t)rings[0], rings[count] - rings[0]};
}

/* Four sums side by side: the multiplications of one would wait for each other. */
static uint64_t hash_polygon(const polygon_view *polygon) {
    uint64_t sums[4] = {polygon->vertex_count, 1, 2, 3}, bits[4];
    const size_t count = 2 * polygon->vertex_count;
    for (size_t i = 0; i < count; i += 4) {
        const size_t some = count - i < 4 ? count - i : 4;
        memcpy(bits, polygon->vertices + i, some * sizeof *bits);
        for (size_t k = 0; k < some; k++) {
            sums[k] = (sums[k] ^ bits[k]) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio: Knuth, TAOCP 6.4 */
            sums[k] ^= sums[k] >> 29;
        }
    }
    for (size_t k = 1; k < 4; k++)
        sums[0] = (sums[0] ^ sums[k]) * UINT64_C(0x9e3779b97f4a7c15);
    return sums[0] ^ sums[0] >> 29;
}

static int same_polygon(const polygon_view *a, const polygon_view *b) {
    if (a->vertex_count != b->vertex_count || a->ring_count != b->ring_count ||
        memcmp(a->vertices, b->vertices, 2 * a->vertex_count * sizeof *a->vertices) != 0)
        return 0;
    for (size_t i = 1; i < a->ring_count; i++)
        if (a->rings[i] - a->rings[0] != b->rings[i] - b->rings[0])
            return 0;
    return 1;
}

int pm_is_new_polygon(const pm_polygon_table *polygons, uint32_t *table, size_t mask, size_t polygon) {
    polygon_view view = view_polygon(polygons, polygon);
    size_t at = (size_t)hash_polygon(&view) & mask;
    for (; table[at]; at = (at + 1) & mask) {
        polygon_view other = view_polygon(polygons, table[at] - 1);
        if (same_polygon(&view, &other))
            return 0;
    }
    table[at] = (uint32_t)polygon + 1;
    return 1;
}
