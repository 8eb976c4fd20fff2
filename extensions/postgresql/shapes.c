/* How do rows become the arrays that the library takes?
 *
 * Readers of the formats push vertices and say where a ring, a polygon and a region ends; each end is an offset. The
 * arrays live in the memory context of the aggregate, so an error or a cancelled query releases them. */
#include "shapes.h"

#include "utils/memutils.h"

void growing_in(array *a, MemoryContext context) {
    *a = (array){.context = context};
}

void append(array *a, const void *items, Size size) {
    if (a->size + size > a->room) {
        const Size room = Max(2 * a->room, Max(a->size + size, 64));
        a->items = a->items ? repalloc_huge(a->items, room) : MemoryContextAllocHuge(a->context, room);
        a->room = room;
    }
    if (size > 0)
        memcpy(a->items + a->size, items, size);
    a->size += size;
}

static void append_offset(array *a, Size offset) {
    const int64_t value = (int64_t)offset;
    append(a, &value, sizeof value);
}

static Size count_of(const array *offsets) {
    return offsets->size / sizeof(int64_t) - 1;
}

void shapes_init(shapes *s, MemoryContext context) {
    array *const all[] = {&s->coords, &s->rings, &s->polygons, &s->regions, &s->kinds};
    for (int i = 0; i < 5; i++)
        growing_in(all[i], context);
    append_offset(&s->rings, 0);
    append_offset(&s->polygons, 0);
    append_offset(&s->regions, 0);
    s->row = 0;
}

void add_vertex(shapes *s, double x, double y) {
    const double vertex[2] = {x, y};
    append(&s->coords, vertex, sizeof vertex);
}

void end_ring(shapes *s) {
    append_offset(&s->rings, s->coords.size / (2 * sizeof(double)));
}

void end_polygon(shapes *s, pm_part kind) {
    const uint8_t byte = (uint8_t)kind;
    append(&s->kinds, &byte, 1);
    append_offset(&s->polygons, count_of(&s->rings));
}

void end_region(shapes *s) {
    append_offset(&s->regions, count_of(&s->polygons));
    s->row++;
}

pm_regions view_of(const shapes *s) {
    return (pm_regions){
        .coords = (const double *)s->coords.items,
        .coord_count = s->coords.size / (2 * sizeof(double)),
        .ring_offsets = (const int64_t *)s->rings.items,
        .ring_count = count_of(&s->rings),
        .polygon_offsets = (const int64_t *)s->polygons.items,
        .polygon_count = count_of(&s->polygons),
        .geom_offsets = (const int64_t *)s->regions.items,
        .geom_count = count_of(&s->regions),
        .kinds = (const uint8_t *)s->kinds.items,
    };
}
