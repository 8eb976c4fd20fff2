/* hard_maps.h: maps of polygons that are hard for a tree. See hard_maps.c. */
#ifndef HARD_MAPS_H
#define HARD_MAPS_H

#include "cases.h"

enum { MOST_VERTICES = 40000, MOST_RINGS = 10000 };

/* Regions as they grow: vertices, then the end of the ring, of the polygon, of the region. */
typedef struct map {
    double coords[2 * MOST_VERTICES];
    int64_t rings[MOST_RINGS + 1], polygons[MOST_RINGS + 1], geoms[MOST_RINGS + 1];
    size_t vertex_count, ring_count, polygon_count, geom_count;
} map;

void clear(map *m);
void vertex(map *m, double x, double y);

/* End a ring, its polygon and its region. */
void end_simple(map *m);

void rectangle(map *m, double x, double y, double width, double height);
void circle(map *m, double x, double y, double radius, size_t vertices);

/* Many spikes from one vertex, whole turns or a narrow fan, under a square. */
void star(map *m, rng *r, size_t spikes);

/* What a caller of the library sees of it. */
pm_regions map_regions(const map *m);

/* What the tree maps to [0, 1) where there is no crowd: a little more than the extent, as root.c chooses it. */
typedef struct frame {
    double min_x, min_y, size;
} frame;

frame frame_of(const map *m);

/* Kinds of maps. */
typedef struct map_kind {
    const char *name;
    void (*fill)(map *m, rng *r);
    int has_hub; /* walks begin below the root in most of their trees */
} map_kind;

enum { MAP_KINDS = 13 };
extern const map_kind map_kinds[MAP_KINDS];

/* Where in the plane: most as they are, the others far out, tiny, huge, or at the limits of what the tree takes. */
const char *place(map *m, rng *r);

/* A point at, near or beside vertices, edges and corners of cells, or anywhere. */
void point_near(const map *m, const frame *f, rng *r, double p[2]);

#endif
