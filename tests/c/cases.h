/* cases.h: pseudo-random inputs that look for trouble. See cases.c. */
#ifndef CASES_H
#define CASES_H

#include "polymatch.h"

typedef struct rng {
    uint64_t state;
} rng;

rng rng_new(uint64_t seed); /* the same numbers on every machine; PM_TEST_SEED shifts all seeds */
uint64_t rng_next(rng *r);
uint32_t rng_below(rng *r, uint32_t limit);
double rng_unit(rng *r);       /* [0, 1) */
double rng_any_finite(rng *r); /* every finite bit pattern alike: all magnitudes, subnormal ones included */

/* From which numbers the coordinates of a case are drawn. */
typedef enum family {
    SMALL_INTEGERS, /* -4 .. 4: many coincidences, all arithmetic exact */
    UNIFORM,        /* [-1, 1) */
    SCALED,         /* small integers times one power of two of the case, 2^-1070 .. 2^1020 */
    NEARBY,         /* one number of the case and a few units in its last place: nearly collinear */
    OFFSET,         /* 1e9 and a little */
    MAGNITUDES,     /* any exponent: products overflow and underflow */
    SPECIALS,       /* zeros of both signs, the smallest and largest numbers, 1e-320, 1e300, ... */
    WIDE,           /* SMALL_INTEGERS mixed with SPECIALS */
    FAMILIES
} family;

typedef struct source {
    family kind;
    double base; /* of NEARBY: the number; of SCALED: the factor */
} source;

extern const char *const family_names[FAMILIES];

source source_new(rng *r, family kind);
double source_draw(const source *s, rng *r);

/* The double `steps` places above (or below) a finite one; stays finite. */
double ulps_away(double value, int steps);

/* Regions on arrays of their own. */
enum { MAX_VERTICES = 2000, MAX_RINGS = 400, MAX_POLYGONS = 200, MAX_REGIONS = 16 };

typedef struct zoo {
    double coords[2 * MAX_VERTICES];
    int64_t ring_offsets[MAX_RINGS + 1];
    int64_t polygon_offsets[MAX_POLYGONS + 1];
    int64_t geom_offsets[MAX_REGIONS + 1];
    uint8_t kinds[MAX_POLYGONS];
    pm_regions regions;
} zoo;

/* `count` regions whose vertices come from a small shared pool, so that edges, vertices and whole rings coincide. */
void zoo_fill(zoo *z, rng *r, const source *s, size_t count);

/* Turn some of the polygons into lines and points, the first ring or vertex of each. */
void zoo_draw_kinds(zoo *z, rng *r);

/* A point near or on something of the regions: vertices, edges, their extensions, a step beside, anywhere. */
void zoo_point(const zoo *z, rng *r, const source *s, double point[2]);

void zoo_print(const zoo *z); /* as diagnostics, in hexadecimal floating point */

#endif
