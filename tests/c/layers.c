/* layers.c: the arrays of regions, made as an index makes them. */
#include "layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void *layer_memory(size_t size) {
    void *memory = malloc(size + 64);
    if (memory == NULL)
        abort();
    return memory;
}

layer layer_of(const pm_regions *regions) {
    pm_poll poll = {0};
    pm_polygon_sizes sizes = pm_polygons_measure(regions, &poll);
    size_t count = pm_regions_count(regions);
    layer l = {.table = {.boxes = layer_memory(count * sizeof(pm_box)),
                         .polygon_offsets = layer_memory((count + 1) * sizeof(uint32_t)),
                         .polygon_boxes = layer_memory(sizes.polygons * sizeof(pm_box)),
                         .ring_offsets = layer_memory((sizes.polygons + 1) * sizeof(uint32_t)),
                         .vertex_offsets = layer_memory((sizes.rings + 1) * sizeof(uint32_t)),
                         .vertices = layer_memory(2 * sizes.vertices * sizeof(double)),
                         .spans = layer_memory(2 * (sizes.vertices / PM_SPAN + 1) * sizeof(double)),
                         .kinds = sizes.kinds ? layer_memory(sizes.kinds) : NULL},
               .ids = layer_memory(count * sizeof(uint32_t))};
    l.table.polygon_offsets[0] = l.table.ring_offsets[0] = l.table.vertex_offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        if (!pm_polygons_append(&l.table, regions, i, sizes.vertices))
            abort();
        l.ids[i] = (uint32_t)i;
    }
    pm_polygons_seal(&l.table);
    size_t size = pm_runs_size(&l.table);
    l.runs_memory = layer_memory(size);
    if (pm_runs_fill(&l.table, l.runs_memory, size, &poll, NULL) != PM_OK ||
        !pm_runs_view(&l.runs, l.runs_memory, size) || !pm_runs_check(&l.runs, &l.table))
        abort();
    return l;
}

void layer_free(layer *l) {
    void *all[] = {l->table.boxes,          l->table.polygon_offsets,
                   l->table.polygon_boxes,  l->table.ring_offsets,
                   l->table.vertex_offsets, l->table.vertices,
                   l->table.spans,          l->ids,
                   l->table.kinds,          l->runs_memory};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

double layer_coords[2 * CORNERS * MOST];
int64_t layer_rings[MOST + 1], layer_polygons[MOST + 1];
uint8_t layer_kinds[MOST];

pm_regions layer_made(size_t vertices, size_t count, int with_lines) {
    return (pm_regions){.coords = layer_coords,
                        .coord_count = vertices,
                        .ring_offsets = layer_rings,
                        .ring_count = count,
                        .polygon_offsets = layer_polygons,
                        .polygon_count = count,
                        .kinds = with_lines ? layer_kinds : NULL};
}

pm_regions layer_many(rng *r, double scale, double offset) {
    size_t at = 0, count = 1 + rng_below(r, MOST);
    const int with_lines = (int)rng_below(r, 2);
    layer_rings[0] = layer_polygons[0] = 0;
    for (size_t i = 0; i < count; i++) {
        size_t corners = rng_below(r, 16) ? 3 + rng_below(r, 5) : CORNERS;
        double size = rng_below(r, 20) ? 1 : 8, x = rng_below(r, 4 * SIDE), y = rng_below(r, 4 * SIDE);
        for (size_t k = 0; k < corners; k++, at++) {
            double turn = 6.283185307179586 * (double)k / (double)corners;
            layer_coords[2 * at] = scale * (offset + x + size * rint(2 * cos(turn)));
            layer_coords[2 * at + 1] = scale * (offset + y + size * rint(2 * sin(turn)));
        }
        layer_kinds[i] = rng_below(r, 3) ? PM_PART_LINE : PM_PART_POLYGON;
        layer_rings[i + 1] = (int64_t)at;
        layer_polygons[i + 1] = (int64_t)i + 1;
    }
    return layer_made(at, count, with_lines);
}
