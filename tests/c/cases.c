/* cases.c: which inputs would break a library that rounds where it must not?
 *
 * Numbers come from families that aim at one weakness each (coincidence, near-collinearity, offset, overflow,
 * underflow, mixtures of magnitudes), regions from a small pool of shared vertices, so that shared edges,
 * repeated vertices, bow-ties, flat rings, holes on the shell and holes outside of it happen all the time instead
 * of never, and points from the very edges and vertices and the doubles beside them. Everything follows from a
 * seed by integer arithmetic alone, so a failure can be repeated anywhere. */
#include "cases.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------------------- */

rng rng_new(uint64_t seed) {
    const char *shift = getenv("PM_TEST_SEED");
    return (rng){seed * UINT64_C(0x9E3779B97F4A7C15) + (shift ? strtoull(shift, NULL, 10) : 0)};
}

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t rng_next(rng *r) {
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint32_t rng_below(rng *r, uint32_t limit) {
    return (uint32_t)((rng_next(r) >> 32) * limit >> 32);
}

double rng_unit(rng *r) {
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

double rng_any_finite(rng *r) {
    double value;
    do {
        uint64_t bits = rng_next(r);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

double ulps_away(double value, int steps) {
    for (; steps > 0; steps--)
        value = nextafter(value, DBL_MAX);
    for (; steps < 0; steps++)
        value = nextafter(value, -DBL_MAX);
    return value;
}

const char *const family_names[FAMILIES] = {
    "small integers", "uniform", "scaled", "nearby", "offset", "magnitudes", "specials", "wide",
};

source source_new(rng *r, family kind) {
    source s = {kind, 0.5};
    if (kind == SCALED)
        s.base = ldexp(1.0, (int)rng_below(r, 2091) - 1070);
    if (kind == NEARBY) {
        static const double bases[] = {0.5, 1.0, 12.0, 24.0, 0x1p-1022, 1e300, 1e-300, 0x1p-537, 1e9};
        s.base = bases[rng_below(r, sizeof bases / sizeof bases[0])];
    }
    return s;
}

static double special(rng *r) {
    static const double values[] = {
        0.0,         0.0,      1.0,        0.5,      3.0,         0x1p-1074,
        0x1.8p-1072, 1e-320,   DBL_MIN,    1e-300,   1e-160,      1e160,
        1e300,       1.7e308,  DBL_MAX,    0x1p1023, 0x1p-1022,   1e9,
        0x1p53,      0x1p-537, 1e154,      1e-8,     0x1p512,     0x1p-512,
        0.1 + 0.2,   1e16,     0x1p27 + 1, 1e-162,   DBL_EPSILON, 0x1.fffffffffffffp-1,
    };
    double value = values[rng_below(r, sizeof values / sizeof values[0])];
    if (rng_below(r, 4) == 0 && value != 0)
        value = ulps_away(value, (int)rng_below(r, 3) - 1);
    return rng_below(r, 2) ? -value : value;
}

double source_draw(const source *s, rng *r) {
    double integer = (double)rng_below(r, 9) - 4;
    switch (s->kind) {
    case SMALL_INTEGERS:
        return integer == 0 && rng_below(r, 2) ? -0.0 : integer;
    case UNIFORM:
        return 2 * rng_unit(r) - 1;
    case SCALED:
        return integer * s->base;
    case NEARBY:
        return ulps_away(s->base, (int)rng_below(r, 65) - 32);
    case OFFSET:
        return 1e9 + (rng_below(r, 2) ? rng_unit(r) : integer);
    case MAGNITUDES:
        return rng_any_finite(r);
    case SPECIALS:
        return special(r);
    case WIDE:
        return rng_below(r, 2) ? special(r) : integer;
    case FAMILIES:
        break;
    }
    abort();
}

/* ---- regions ------------------------------------------------------------------------------------------- */

enum { POOL = 8 };

static void push_vertex(zoo *z, size_t *vertices, double x, double y) {
    if (*vertices < MAX_VERTICES) {
        z->coords[2 * *vertices] = x;
        z->coords[2 * *vertices + 1] = y;
        (*vertices)++;
    }
}

/* Append a ring of one of several kinds; the ring before it starts at `previous`. */
static void push_ring(zoo *z, rng *r, double pool[POOL][2], size_t previous, size_t *vertices) {
    size_t start = *vertices, count = start - previous;
    const double *a = pool[rng_below(r, POOL)], *b = pool[rng_below(r, POOL)];
    uint32_t kind = rng_below(r, 8);
    switch (kind == 2 && count == 0 ? 3 : kind) {
    case 0: /* a rectangle: horizontal and vertical edges, perhaps flat */
    case 1:
        push_vertex(z, vertices, a[0], a[1]);
        push_vertex(z, vertices, b[0], a[1]);
        push_vertex(z, vertices, b[0], b[1]);
        push_vertex(z, vertices, a[0], b[1]);
        break;
    case 2: { /* the ring before, reversed or turned: a hole equal to its shell, a repeated polygon or region */
        size_t turn = rng_below(r, (uint32_t)count), reversed = rng_below(r, 2);
        for (size_t i = 0; i < count; i++) {
            size_t k = (i + turn) % count;
            const double *v = z->coords + 2 * (previous + (reversed ? count - 1 - k : k));
            push_vertex(z, vertices, v[0], v[1]);
        }
        break;
    }
    case 3: /* nothing, one vertex, two vertices, or a flat ring of more */
        count = rng_below(r, 6);
        for (size_t i = 0; i < count; i++) {
            const double *v = rng_below(r, 2) ? a : b;
            push_vertex(z, vertices, v[0], v[1]);
        }
        break;
    case 4: /* a triangle */
        push_vertex(z, vertices, a[0], a[1]);
        push_vertex(z, vertices, b[0], b[1]);
        a = pool[rng_below(r, POOL)];
        push_vertex(z, vertices, a[0], a[1]);
        break;
    default: /* any walk over the pool: bow-ties, repeated edges, spikes */
        count = rng_below(r, 8) + 3;
        for (size_t i = 0; i < count; i++) {
            const double *v = pool[rng_below(r, POOL)];
            push_vertex(z, vertices, v[0], v[1]);
            if (rng_below(r, 16) == 0)
                push_vertex(z, vertices, v[0], v[1]);
        }
    }
    if (*vertices > start && rng_below(r, 2)) /* closed */
        push_vertex(z, vertices, z->coords[2 * start], z->coords[2 * start + 1]);
}

void zoo_fill(zoo *z, rng *r, const source *s, size_t count) {
    double pool[POOL][2];
    size_t vertices = 0, rings = 0, polygons = 0;
    for (size_t i = 0; i < POOL; i++)
        for (int k = 0; k < 2; k++)
            pool[i][k] = source_draw(s, r);
    int multi = rng_below(r, 4) != 0;
    z->ring_offsets[0] = z->polygon_offsets[0] = z->geom_offsets[0] = 0;
    for (size_t region = 0; region < count; region++) {
        size_t in_region = multi ? rng_below(r, 8) == 0 ? 0 : rng_below(r, 3) + 1 : 1;
        for (size_t k = 0; k < in_region && polygons < MAX_POLYGONS; k++) {
            size_t in_polygon = rng_below(r, 16) == 0 ? 0 : rng_below(r, 2) ? 1 : rng_below(r, 3) + 1;
            for (size_t ring = 0; ring < in_polygon && rings < MAX_RINGS; ring++) {
                push_ring(z, r, pool, rings ? (size_t)z->ring_offsets[rings - 1] : 0, &vertices);
                z->ring_offsets[++rings] = (int64_t)vertices;
            }
            z->polygon_offsets[++polygons] = (int64_t)rings;
        }
        z->geom_offsets[region + 1] = (int64_t)polygons;
    }
    z->regions = (pm_regions){.coords = z->coords,
                              .coord_count = vertices,
                              .ring_offsets = z->ring_offsets,
                              .ring_count = rings,
                              .polygon_offsets = z->polygon_offsets,
                              .polygon_count = polygons,
                              .geom_offsets = multi ? z->geom_offsets : NULL,
                              .geom_count = multi ? count : 0};
}

void zoo_draw_kinds(zoo *z, rng *r) {
    int64_t old_rings[MAX_RINGS + 1], old_polygons[MAX_POLYGONS + 1];
    const uint32_t first = rng_below(r, 3), kinds = 1 + rng_below(r, 3);
    size_t vertices = 0, rings = 0;
    memcpy(old_rings, z->ring_offsets, sizeof old_rings);
    memcpy(old_polygons, z->polygon_offsets, sizeof old_polygons);
    for (size_t i = 0; i < z->regions.polygon_count; i++) {
        int64_t ring = old_polygons[i], end = old_polygons[i + 1];
        z->kinds[i] = (uint8_t)((first + rng_below(r, kinds)) % 3);
        if (z->kinds[i] != PM_PART_POLYGON && end > ring)
            end = ring + 1;
        for (; ring < end; ring++) {
            size_t begin = (size_t)old_rings[ring], count = (size_t)old_rings[ring + 1] - begin;
            if (z->kinds[i] == PM_PART_POINT && count > 1)
                count = 1;
            memmove(z->coords + 2 * vertices, z->coords + 2 * begin, 2 * count * sizeof *z->coords);
            vertices += count;
            z->ring_offsets[++rings] = (int64_t)vertices;
        }
        z->polygon_offsets[i + 1] = (int64_t)rings;
    }
    z->regions.coord_count = vertices;
    z->regions.ring_count = rings;
    z->regions.kinds = z->kinds;
}

void zoo_point(const zoo *z, rng *r, const source *s, double point[2]) {
    size_t vertices = z->regions.coord_count, rings = z->regions.ring_count;
    size_t ring = rings ? rng_below(r, (uint32_t)rings) : 0;
    size_t start = rings ? (size_t)z->ring_offsets[ring] : 0;
    size_t count = rings ? (size_t)z->ring_offsets[ring + 1] - start : 0;
    uint32_t how = rng_below(r, 10);
    if (vertices == 0 || count == 0 || how == 0) {
        point[0] = source_draw(s, r);
        point[1] = source_draw(s, r);
        return;
    }
    size_t i = rng_below(r, (uint32_t)count);
    const double *a = z->coords + 2 * (start + i), *b = z->coords + 2 * (start + (i + 1) % count);
    static const double along[] = {0.5, 0.25, 1 / 3.0, 0.1, 0.75, -0.5, 1.5, 2, -1, 1e-17};
    double t = rng_below(r, 4) ? along[rng_below(r, sizeof along / sizeof along[0])] : rng_unit(r);
    for (int k = 0; k < 2; k++)
        switch (how) {
        case 1: /* a vertex */
        case 2: /* beside a vertex */
            point[k] = a[k];
            break;
        case 3: /* as high as a vertex */
            point[k] = k == 1 ? a[k] : source_draw(s, r);
            break;
        case 4:
            point[k] = k == 0 ? a[k] : source_draw(s, r);
            break;
        default: /* on an edge as far as rounding lets it, between its ends or beyond them */
            point[k] = (1 - t) * a[k] + t * b[k];
            if (!isfinite(point[k]))
                point[k] = a[k];
        }
    if (how == 2 || how >= 7) {
        point[0] = ulps_away(point[0], (int)rng_below(r, 3) - 1);
        point[1] = ulps_away(point[1], (int)rng_below(r, 3) - 1);
    }
}

void zoo_print(const zoo *z) {
    const pm_regions *g = &z->regions;
    size_t count = g->geom_offsets ? g->geom_count : g->polygon_count;
    for (size_t region = 0; region < count; region++) {
        size_t p = g->geom_offsets ? (size_t)g->geom_offsets[region] : region;
        size_t p_end = g->geom_offsets ? (size_t)g->geom_offsets[region + 1] : region + 1;
        printf("# region %zu:", region);
        for (; p < p_end; p++) {
            printf(" %s[", g->kinds && g->kinds[p] ? g->kinds[p] == PM_PART_LINE ? "line" : "point" : "");
            for (int64_t ring = g->polygon_offsets[p]; ring < g->polygon_offsets[p + 1]; ring++) {
                printf("(");
                for (int64_t v = g->ring_offsets[ring]; v < g->ring_offsets[ring + 1]; v++)
                    printf(" %a,%a", g->coords[2 * v], g->coords[2 * v + 1]);
                printf(" )");
            }
            printf("]");
        }
        printf("\n");
    }
}
