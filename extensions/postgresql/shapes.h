/* shapes.h — regions that grow, row by row, into the ragged arrays of the library. See shapes.c. */
#ifndef PM_PG_SHAPES_H
#define PM_PG_SHAPES_H

#include "postgres.h"

#include "polymatch.h"

/* An array in a memory context. */
typedef struct array {
    char *items;
    Size size, room; /* in bytes */
    MemoryContext context;
} array;

typedef struct shapes {
    array coords, rings, polygons, regions, kinds; /* offsets begin with 0 */
    int64 row;                                     /* the region that is being read */
} shapes;

void growing_in(array *a, MemoryContext context);
void append(array *a, const void *items, Size size);

void shapes_init(shapes *s, MemoryContext context);
void add_vertex(shapes *s, double x, double y);
void end_ring(shapes *s);
void end_polygon(shapes *s, pm_part kind);
void end_region(shapes *s);

/* The library's view of them. */
pm_regions view_of(const shapes *s);

/* Read a region, without its end; an SQL error that names the row where that is not possible. */
void read_wkb(shapes *s, const char *bytes, Size size, int *srid);
struct JsonbContainer;
void read_geojson(shapes *s, struct JsonbContainer *root);

#define bad_shape(s, ...)                                                                                            \
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg_internal(__VA_ARGS__),                          \
                    errcontext("pm_build, row " INT64_FORMAT ", counted from 0", (s)->row)))

#endif
