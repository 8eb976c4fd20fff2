/* test_metamorphic.c: what must not change when the input is written differently?
 *
 * No oracle here: the library is compared with itself. The same plane mirrored, turned, shifted and scaled by
 * powers of two, rings begun at another vertex or walked backwards, regions in another order, a far region more,
 * polygons listed twice. Each changes every number the code computes with, and none of the answers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "tap.h"

enum { POINTS = 40 };

static void answers(const pm_regions *regions, const rules *u, const double *x, const double *y, int64_t *out) {
    const pm_points points = {
        .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = POINTS};
    pm_index *index = NULL;
    pm_error err;
    if (pm_index_build(regions, &u->options, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    pm_index_match(index, &points, out);
    pm_index_free(index);
}

typedef struct change {
    const char *name;
    double xx, xy, yx, yy; /* the matrix; exact for these numbers */
    double shift_x, shift_y;
    double length; /* what becomes of distances */
} change;

static const change changes[] = {
    {"mirrored left to right", -1, 0, 0, 1, 0, 0, 1},
    {"mirrored upside down", 1, 0, 0, -1, 0, 0, 1},
    {"x and y exchanged", 0, 1, 1, 0, 0, 0, 1},
    {"turned by a right angle", 0, -1, 1, 0, 0, 0, 1},
    {"turned by half", -1, 0, 0, -1, 0, 0, 1},
    {"shifted a little", 1, 0, 0, 1, 0.5, -8, 1},
    {"shifted far", 1, 0, 0, 1, 0x1p40, -0x1p39, 1},
    {"scaled up", 0x1p200, 0, 0, 0x1p200, 0, 0, 0x1p200},
    {"scaled down", 0x1p-200, 0, 0, 0x1p-200, 0, 0, 0x1p-200},
    {"scaled up until areas are infinite", 0x1p1010, 0, 0, 0x1p1010, 0, 0, 0x1p1010},
    {"scaled down until areas are zero", 0x1p-1060, 0, 0, 0x1p-1060, 0, 0, 0x1p-1060},
    {"shifted, exchanged and scaled", 0, 0x1p-30, -0x1p-30, 0, 0x1p-20, 0x1p-21, 0x1p-30},
};

/* Regions of small integers, points of sixteenths: every change is exact. Centers are not (a mean is rounded, again
 * when it becomes subnormal), so for center_within nothing is shifted, or scaled to the ends of the range. */
static void test_planes(void) {
    static zoo z, changed;
    static rules u;
    rng r = rng_new(61);
    for (size_t k = 0; k < sizeof changes / sizeof changes[0]; k++) {
        const change *c = &changes[k];
        tap_count count = {c->name, 0, 0};
        int keeps_rank = fabs(log2(c->length)) < 400, shifts = c->shift_x != 0;
        long hits = 0;
        for (long i = 0; i < tap_cases(150, 15000); i++) {
            source s = source_new(&r, SMALL_INTEGERS);
            int64_t before[POINTS], after[POINTS];
            double x[POINTS], y[POINTS];
            zoo_fill(&z, &r, &s, rng_below(&r, 7) + 1);
            rules_fill(&u, &r, &s, &z, POINTS);
            if (!keeps_rank && u.options.best <= PM_LARGEST)
                u.options.best = PM_FIRST;
            if ((shifts || !keeps_rank) && u.options.predicate == PM_CENTER_WITHIN)
                continue;
            for (size_t p = 0; p < POINTS; p++) {
                u.x[p] = rint(16 * u.x[p]) / 16;
                u.y[p] = rint(16 * u.y[p]) / 16;
                x[p] = c->xx * u.x[p] + c->xy * u.y[p] + c->shift_x;
                y[p] = c->yx * u.x[p] + c->yy * u.y[p] + c->shift_y;
            }
            answers(&z.regions, &u, u.x, u.y, before);
            changed = z;
            changed.regions.coords = changed.coords;
            for (size_t v = 0; v < z.regions.coord_count; v++) {
                const double *from = z.coords + 2 * v;
                changed.coords[2 * v] = c->xx * from[0] + c->xy * from[1] + c->shift_x;
                changed.coords[2 * v + 1] = c->yx * from[0] + c->yy * from[1] + c->shift_y;
            }
            int exact = 1; /* distances scaled without rounding */
            for (size_t d = 0; d < u.options.distance_count; d++) {
                double scaled = u.distance[d] * c->length;
                exact = exact && scaled / c->length == u.distance[d];
                u.distance[d] = scaled;
            }
            if (!exact)
                continue;
            answers(&changed.regions, &u, x, y, after);
            for (size_t p = 0; p < POINTS; p++) {
                hits += before[p] >= 0;
                if (tap_case(&count, before[p] == after[p] || (isnan(x[p]) && !isnan(u.x[p])))) {
                    printf("# point %a,%a: %lld, then %lld\n", u.x[p], u.y[p], (long long)before[p],
                           (long long)after[p]);
                    rules_print(&u, pm_regions_count(&z.regions));
                    zoo_print(&z);
                }
            }
        }
        tap_tally(&count);
        tap_ok(hits > count.cases / 5, "%s: %ld points matched", c->name, hits);
    }
}

/* Every ring walked backwards from another vertex, closed when it was open; a line backwards only. */
static void rewrite_rings(const zoo *from, zoo *to, rng *r) {
    size_t at = 0;
    *to = *from;
    to->ring_offsets[0] = 0;
    for (size_t ring = 0, polygon = 0; ring < from->regions.ring_count; ring++) {
        size_t begin = (size_t)from->ring_offsets[ring], end = (size_t)from->ring_offsets[ring + 1];
        const double *first = from->coords + 2 * begin;
        while ((size_t)from->polygon_offsets[polygon + 1] <= ring)
            polygon++;
        const int is_line = from->regions.kinds && from->kinds[polygon] != PM_PART_POLYGON;
        int closed = !is_line && end - begin > 1 && first[0] == from->coords[2 * end - 2] &&
                     first[1] == from->coords[2 * end - 1];
        size_t n = end - begin - (size_t)closed, turn = n && !is_line ? rng_below(r, (uint32_t)n) : 0;
        int backwards = (int)rng_below(r, 2);
        for (size_t i = 0; i < n + (size_t)(n > 1 && !closed && !is_line) && at < MAX_VERTICES; i++, at++) {
            size_t k = (i + turn) % n;
            memcpy(to->coords + 2 * at, first + 2 * (backwards ? n - 1 - k : k), 2 * sizeof(double));
        }
        to->ring_offsets[ring + 1] = (int64_t)at;
    }
    to->regions.coords = to->coords;
    to->regions.coord_count = at;
    to->regions.ring_offsets = to->ring_offsets;
    to->regions.polygon_offsets = to->polygon_offsets;
    if (to->regions.geom_offsets)
        to->regions.geom_offsets = to->geom_offsets;
}

static int closing_twice(const zoo *z) {
    for (size_t ring = 0; ring < z->regions.ring_count; ring++) {
        size_t begin = (size_t)z->ring_offsets[ring], n = (size_t)z->ring_offsets[ring + 1] - begin;
        const double *v = z->coords + 2 * begin;
        for (size_t i = 0; n > 1 && i < n; i++) { /* equal neighbours: where the ring closes is then ambiguous */
            const double *a = v + 2 * i, *b = v + 2 * ((i + 1) % n);
            if (i + 1 < n && a[0] == b[0] && a[1] == b[1])
                return 1;
        }
    }
    return 0;
}

static void test_rings(void) {
    static zoo z, rewritten;
    static rules u;
    rng r = rng_new(62);
    tap_count count = {"rings written differently: the same answers", 0, 0},
              measures = {"the same area and center", 0, 0};
    for (long i = 0; i < tap_cases(800, 80000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        size_t n = rng_below(&r, 5) + 1;
        double area[2][8], center[2][16];
        int64_t before[POINTS], after[POINTS];
        zoo_fill(&z, &r, &s, n);
        if (z.regions.coord_count + z.regions.ring_count > MAX_VERTICES || closing_twice(&z))
            continue;
        rules_fill(&u, &r, &s, &z, POINTS);
        rewrite_rings(&z, &rewritten, &r);
        answers(&z.regions, &u, u.x, u.y, before);
        answers(&rewritten.regions, &u, u.x, u.y, after);
        if (tap_case(&count, memcmp(before, after, sizeof before) == 0)) {
            rules_print(&u, n);
            zoo_print(&z);
            zoo_print(&rewritten);
        }
        pm_regions_measure(&z.regions, area[0], center[0]);
        pm_regions_measure(&rewritten.regions, area[1], center[1]);
        tap_case(&measures, memcmp(area[0], area[1], n * sizeof(double)) == 0);
        for (size_t k = 0; k < 2 * n; k++)
            tap_case(&measures, center[0][k] == center[1][k] || (isnan(center[0][k]) && isnan(center[1][k])));
    }
    tap_tally(&count);
    tap_tally(&measures);
}

/* The regions of `from` in another order, perhaps some twice, perhaps with one far away. order[i] is the region of
 * `from` that region i of `to` copies, or -1 for the far one. */
static void reorder(const zoo *from, zoo *to, const int *order, size_t count) {
    size_t vertices = 0, rings = 0, polygons = 0;
    to->ring_offsets[0] = to->polygon_offsets[0] = to->geom_offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        if (order[i] < 0) {
            static const double far[] = {-0x1p1000, 0x1p1001, -0x1p1000, 0x1.8p1001, -0x1.1p1000, 0x1p1001};
            memcpy(to->coords + 2 * vertices, far, sizeof far);
            vertices += 3;
            to->ring_offsets[++rings] = (int64_t)vertices;
            to->kinds[polygons] = PM_PART_POLYGON;
            to->polygon_offsets[++polygons] = (int64_t)rings;
        } else {
            const pm_regions *g = &from->regions;
            size_t region = (size_t)order[i], p = g->geom_offsets ? (size_t)g->geom_offsets[region] : region;
            size_t p_end = g->geom_offsets ? (size_t)g->geom_offsets[region + 1] : region + 1;
            for (; p < p_end; p++) {
                to->kinds[polygons] = g->kinds ? g->kinds[p] : PM_PART_POLYGON;
                for (int64_t ring = g->polygon_offsets[p]; ring < g->polygon_offsets[p + 1]; ring++) {
                    size_t begin = (size_t)g->ring_offsets[ring], n = (size_t)g->ring_offsets[ring + 1] - begin;
                    if (vertices + n > MAX_VERTICES || rings == MAX_RINGS)
                        abort();
                    memcpy(to->coords + 2 * vertices, g->coords + 2 * begin, 2 * n * sizeof(double));
                    vertices += n;
                    to->ring_offsets[++rings] = (int64_t)vertices;
                }
                to->polygon_offsets[++polygons] = (int64_t)rings;
            }
        }
        to->geom_offsets[i + 1] = (int64_t)polygons;
    }
    to->regions = (pm_regions){.coords = to->coords,
                               .coord_count = vertices,
                               .ring_offsets = to->ring_offsets,
                               .ring_count = rings,
                               .polygon_offsets = to->polygon_offsets,
                               .polygon_count = polygons,
                               .geom_offsets = to->geom_offsets,
                               .geom_count = count,
                               .kinds = from->regions.kinds ? to->kinds : NULL};
}

/* Another order: another winner only among equals, and then the one that comes first now. */
static void test_order(void) {
    static zoo z, other;
    static rules u;
    rng r = rng_new(63);
    tap_count count = {"regions in another order, and a far one", 0, 0};
    for (long i = 0; i < tap_cases(800, 60000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        int n = (int)rng_below(&r, 5) + 2, order[8] = {0};
        double area[8], scores[8], new_scores[8];
        int64_t before[POINTS], after[POINTS];
        zoo_fill(&z, &r, &s, (size_t)n);
        rules_fill(&u, &r, &s, &z, POINTS);
        u.options = (pm_options){.best = u.options.best < PM_FIRST ? u.options.best : PM_SCORE_DOUBLE,
                                 .predicate = z.regions.kinds ? PM_NEAREST : PM_COVERS};
        for (int k = 0; k < n; k++) {
            int place = (int)rng_below(&r, (uint32_t)k + 1);
            order[k] = order[place];
            order[place] = k;
            scores[k] = k;
        }
        order[n] = order[0];
        order[0] = -1; /* the far one comes first */
        for (int k = 0; k <= n; k++)
            new_scores[k] = order[k];
        reorder(&z, &other, order, (size_t)n + 1);
        if (u.options.best == PM_SCORE_DOUBLE)
            u.options.scores = scores;
        answers(&z.regions, &u, u.x, u.y, before);
        if (u.options.best == PM_SCORE_DOUBLE)
            u.options.scores = new_scores;
        answers(&other.regions, &u, u.x, u.y, after);
        pm_regions_measure(&z.regions, area, NULL);
        for (size_t p = 0; p < POINTS; p++) {
            int far = u.options.predicate == PM_NEAREST ? fabs(u.x[p]) > 0x1p900 || fabs(u.y[p]) > 0x1p900
                                                        : u.x[p] < -0x1p999 && u.y[p] > 0x1p1000;
            int old = (int)before[p], now = after[p] < 0 ? -1 : order[after[p]];
            int right = old == now || far;
            if (!right && old >= 0 && now >= 0 && u.options.best != PM_SCORE_DOUBLE)
                right = area[old] == area[now];
            tap_case(&count, right);
        }
    }
    tap_tally(&count);
}

/* Every region twice: the first of the two answers. */
static void test_twice(void) {
    static zoo z, twice;
    static rules u;
    rng r = rng_new(64);
    tap_count count = {"every region twice: the first wins", 0, 0};
    for (long i = 0; i < tap_cases(800, 60000); i++) {
        source s = source_new(&r, (family)rng_below(&r, FAMILIES));
        int n = (int)rng_below(&r, 3) + 1;
        const int order[] = {0, 1 % n, 2 % n, 0, 1 % n, 2 % n};
        int64_t before[POINTS], after[POINTS];
        zoo_fill(&z, &r, &s, (size_t)n);
        if (6 * z.regions.coord_count > MAX_VERTICES || 6 * z.regions.ring_count > MAX_RINGS)
            continue;
        rules_fill(&u, &r, &s, &z, POINTS);
        u.options.best = (pm_best)(i % 3);
        u.options.scores = NULL;
        if (u.options.distance_count > 1)
            u.options.distance_count = 1;
        reorder(&z, &twice, order, 6);
        answers(&z.regions, &u, u.x, u.y, before);
        answers(&twice.regions, &u, u.x, u.y, after);
        tap_case(&count, memcmp(before, after, sizeof before) == 0);
    }
    tap_tally(&count);
}

int main(void) {
    test_planes();
    test_rings();
    test_order();
    test_twice();
    return tap_end();
}
