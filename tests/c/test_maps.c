/* test_maps.c: do the maps of the nearest and of dwithin say what the scan of all edges finds?
 *
 * At coasts with corners where several regions meet, on a grid where ties are many, with overlaps, lines, equal
 * regions and regions inside out, at every scale and with limits that some points are exactly at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "tap.h"
#include "tree/nearest_leaf.h"
#include "tree/paint_nearest.h"
#include "tree/paint_within.h"
#include "tree/within_leaf.h"

/* Squares of a grid that share their borders, each left out now and then, some of them moved a little or turned
 * inside out: coasts with corners where several regions meet. */
static pm_regions tiles(rng *r, double scale, double offset) {
    size_t at = 0, count = 0, side = 1 + rng_below(r, SIDE);
    const int with_lines = rng_below(r, 3) == 0;
    double moved = rng_below(r, 3) ? 0 : 1;
    for (size_t i = 0; i < side * side; i++) {
        if (rng_below(r, 4) == 0)
            continue;
        double x = (double)(i % side) * 4, y = (double)(i / side) * 4, turn = rng_below(r, 8) ? 0 : 4;
        double corners[5][2] = {
            {x, y}, {x + 4 - turn, y + turn}, {x + 4, y + 4}, {x + turn, y + 4 - turn}, {x, y + 2}};
        for (size_t k = 0; k < 4 + rng_below(r, 2); k++, at++) {
            layer_coords[2 * at] = scale * (offset + corners[k][0] + moved * rng_below(r, 2) / 8);
            layer_coords[2 * at + 1] = scale * (offset + corners[k][1]);
        }
        const size_t first = (size_t)layer_rings[count], corner_count = at - first;
        for (int twice = rng_below(r, 6) == 0; twice >= 0 && count < MOST; twice--) { /* the same one again */
            memmove(layer_coords + 2 * (at - corner_count), layer_coords + 2 * first,
                    2 * corner_count * sizeof *layer_coords);
            layer_kinds[count] = rng_below(r, 4) ? PM_PART_POLYGON : PM_PART_LINE;
            count++;
            layer_rings[count] = (int64_t)at;
            layer_polygons[count] = (int64_t)count;
            at += twice ? corner_count : 0;
        }
    }
    return layer_made(at, count, with_lines);
}

enum { MAP_POINTS = 300 };

/* Places of a fine grid, near vertices, about as far from one as a limit may be; and right beside those. */
static void map_points(rng *r, const pm_regions *regions, double scale, double offset, double *x, double *y) {
    for (size_t k = 0; k < MAP_POINTS; k++) {
        const double *vertex = layer_coords + 2 * rng_below(r, (uint32_t)regions->coord_count);
        const int how = (int)rng_below(r, 3);
        x[k] = scale * (offset + rng_below(r, 40 * SIDE) / 8.0 - 8);
        y[k] = scale * (offset + rng_below(r, 40 * SIDE) / 8.0 - 8);
        if (how == 1) {
            x[k] = vertex[0] + scale * (rng_below(r, 65) - 32.0) / 16;
            y[k] = vertex[1] + scale * (rng_below(r, 65) - 32.0) / 16;
        }
        if (how == 2) {
            const double turn = 6.283185307179586 * rng_unit(r),
                         off = ldexp(rng_unit(r) - 0.5, -8 - (int)rng_below(r, 30));
            const double away = scale * (double)rng_below(r, 12) / 2 * (1 + off);
            x[k] = vertex[0] + away * cos(turn);
            y[k] = vertex[1] + away * sin(turn);
        }
        if (rng_below(r, 3) == 0)
            x[k] = ulps_away(x[k], (int)rng_below(r, 5) - 2);
        if (rng_below(r, 3) == 0)
            y[k] = ulps_away(y[k], (int)rng_below(r, 5) - 2);
    }
}

/* One of the scales and places at which doubles can map the regions, or one at which they can't. */
typedef struct setting {
    double scale, offset;
    int is_possible;
} setting;

static setting draw_setting(rng *r, long i) {
    static const double scales[] = {1, 0x1p-3, 0x1p200, 0x1p-200, 0x1p1000};
    setting s = {.scale = scales[i % 5]};
    s.offset = rng_below(r, 2) ? 0 : rng_below(r, 2) ? 0x1p10 : 0x1p30;
    s.is_possible = s.scale < 0x1p300 && s.offset < 0x1p20;
    return s;
}

/* Limits: none, one, or one for each region. */
static double limits[MOST];

static pm_field draw_field(rng *r, const layer *l, double scale, int how) {
    for (size_t k = 0; k < l->table.count; k++)
        limits[k] = rng_below(r, 40) ? scale * (double)rng_below(r, 12) / 2 : INFINITY;
    return (pm_field){&l->table,
                      &l->runs,
                      {how ? limits : NULL, how == 2, l->ids},
                      pm_farthest(how ? limits : NULL, how == 2 ? l->table.count : 1)};
}

/* The first region with a surface that covers the point. */
static uint32_t covering(const void *context, double x, double y) {
    const pm_polygon_table *table = context;
    const pm_exact_point p = pm_point(x, y);
    for (size_t rank = 0; rank < table->count; rank++)
        for (size_t i = table->polygon_offsets[rank]; i < table->polygon_offsets[rank + 1]; i++)
            if (pm_polygon_is_surface(table, i) && pm_polygon_covers(table, i, &p))
                return (uint32_t)rank;
    return PM_FOUND_NONE;
}

/* What a map says of these points, and whether a point is in its root. */
static void ask(const pm_tree *map, const pm_field *field, pm_leaf_kernel *kernel, const double *x, const double *y,
                int isa, int64_t *out) {
    const pm_points points = {.x = x, .y = y, .x_stride = sizeof *x, .y_stride = sizeof *y, .count = MAP_POINTS};
    pm_tree_match(map, &points, NULL, out, kernel, field, (pm_isa)isa);
}

static int is_mapped(const pm_tree *map, double x, double y) {
    return pm_is_in_root(x, map->min_x, map->scale) && pm_is_in_root(y, map->min_y, map->scale);
}

/* Does an answer with an edge name the same region, and if an edge, one that is as near as the nearest? */
static int is_nearest_edge(const pm_field *field, int64_t answer, int64_t region, const pm_found *expected,
                           const pm_spot *spot) {
    const int64_t edge = pm_nearest_edge(answer);
    if (pm_nearest_region(answer) != region || edge < 0)
        return pm_nearest_region(answer) == region;
    pm_found found = *expected;
    found.near = pm_near_edge(field->table->vertices + 2 * edge, spot);
    return pm_found_compare(&found, expected, spot) == 0;
}

static void check_nearest(tap_count *count, const pm_tree *map, const pm_field *field, const double *x,
                          const double *y, int isa) {
    int64_t out[MAP_POINTS], with_edges[MAP_POINTS];
    ask(map, field, pm_nearest_leaf, x, y, isa, out);
    ask(map, field, pm_nearest_edge_leaf, x, y, isa, with_edges);
    for (size_t k = 0; k < MAP_POINTS; k++) {
        pm_spot spot = pm_runs_spot(field->runs, x[k], y[k]);
        pm_found expected = pm_scan_nearest(field->table, &field->reach, &spot);
        if (covering(field->table, x[k], y[k]) == PM_FOUND_NONE && is_mapped(map, x[k], y[k]) &&
            tap_case(count, out[k] == (expected.rank == PM_FOUND_NONE ? -1 : (int64_t)expected.rank) &&
                                is_nearest_edge(field, with_edges[k], out[k], &expected, &spot)))
            printf("# point %a,%a: %lld, expected %u\n", x[k], y[k], (long long)out[k], expected.rank);
    }
}

static void check_within(tap_count *count, const pm_tree *map, const pm_field *field, const double *x,
                         const double *y, int isa) {
    int64_t out[MAP_POINTS];
    ask(map, field, pm_within_leaf, x, y, isa, out);
    for (size_t k = 0; k < MAP_POINTS; k++) {
        pm_spot spot = pm_runs_spot(field->runs, x[k], y[k]);
        pm_found expected = pm_scan_within(field->table, &field->reach, &spot);
        uint32_t rank = out[k] >= PM_NO_MATCH ? (uint32_t)out[k] : pm_within_rank(out[k]);
        const uint32_t inside = covering(field->table, x[k], y[k]);
        if (out[k] < PM_NO_MATCH && inside < rank)
            rank = inside;
        if (is_mapped(map, x[k], y[k]) && tap_case(count, rank == expected.rank))
            printf("# point %a,%a: %u (%lld), expected %u\n", x[k], y[k], rank, (long long)out[k], expected.rank);
    }
}

/* A map of dwithin may be there for some regions only where its leaves are searches. */
static void test_map(int nearest) {
    rng r = rng_new(43);
    char names[5][80];
    const char *what = nearest ? "the nearest" : "dwithin", *isas[] = {"portable", "AVX2", "AVX-512"};
    tap_count counts[3], exists = {names[3], 0, 0}, small = {names[4], 0, 0};
    for (int isa = 0; isa < 3; isa++) {
        counts[isa] = (tap_count){names[isa], 0, 0};
        snprintf(names[isa], 80, "the map of %s, %s", what, isas[isa]);
    }
    snprintf(names[3], 80, "the map of %s exists where coordinates and limits allow", what);
    snprintf(names[4], 80, "a map of %s within 64 KiB, or none", what);
    for (long i = 0; i < tap_cases(60, 1000); i++) {
        static double x[MAP_POINTS], y[MAP_POINTS];
        const setting s = draw_setting(&r, i);
        pm_regions regions = i % 2 ? tiles(&r, s.scale, s.offset) : layer_many(&r, s.scale, s.offset);
        if (regions.polygon_count == 0)
            continue;
        layer l = layer_of(&regions);
        const int how = nearest ? (int)rng_below(&r, 3) : 1 + (int)rng_below(&r, 2);
        pm_field field = draw_field(&r, &l, s.scale, how);
        map_points(&r, &regions, s.scale, s.offset, x, y);
        for (int is_small = 0; is_small < 2; is_small++) {
            pm_poll poll = {0};
            pm_tree map;
            const size_t limit = is_small ? 64 << 10 : 64 << 20;
            pm_status status = nearest ? pm_tree_build_nearest(&map, &field, limit, &poll, NULL)
                                       : pm_tree_build_within(&map, &field, covering, &l.table, limit, &poll, NULL);
            size_t size = (map.table_words + map.leaf_count) * sizeof(uint32_t);
            if (is_small)
                tap_case(&small, status == PM_OK && (!pm_tree_exists(&map) || size <= limit + 1024));
            else
                tap_case(&exists, status == PM_OK && (pm_tree_exists(&map) == s.is_possible || how == 2));
            for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best() && pm_tree_exists(&map); isa++)
                (nearest ? check_nearest : check_within)(&counts[isa], &map, &field, x, y, isa);
            pm_tree_free(&map, NULL);
        }
        layer_free(&l);
    }
    for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best(); isa++)
        tap_tally(&counts[isa]);
    tap_tally(&exists);
    tap_tally(&small);
}

/* A limit that just doesn't reach the corner of a cell far away: no bound may be taken for a distance. Further
 * regions at the same place reach a little farther, so that cells there are cut; the last one keeps the root where it
 * is. */
static void test_corners(void) {
    enum { COUNT = 14 };
    rng r = rng_new(44);
    tap_count count = {"corners of cells just out of reach", 0, 0};
    for (int i = 0; i < COUNT; i++) {
        layer_coords[2 * i] = i + 1 < COUNT ? 0.125 : 1;
        layer_coords[2 * i + 1] = i + 1 < COUNT ? 0.25 : 0;
        layer_rings[i + 1] = layer_polygons[i + 1] = i + 1;
        layer_kinds[i] = PM_PART_POINT;
    }
    const pm_regions regions = layer_made(COUNT, COUNT, 1);
    layer l = layer_of(&regions);
    const pm_field field = {&l.table, &l.runs, {limits, 1, l.ids}, 1};
    memset(limits, 0, sizeof limits);
    limits[COUNT - 1] = 1;
    for (long i = 0; i < tap_cases(300, 3000); i++) {
        static double x[MAP_POINTS], y[MAP_POINTS];
        pm_poll poll = {0};
        pm_tree map;
        if (pm_tree_build_within(&map, &field, NULL, NULL, 1 << 20, &poll, NULL) != PM_OK || !pm_tree_exists(&map))
            abort();
        const double side = ldexp(1, 50 - 4 - (int)rng_below(&r, 3)) / map.scale;
        const double at[] = {map.min_x + side * (double)rng_below(&r, 64),
                             map.min_y + side * (double)rng_below(&r, 64)};
        const pm_spot spot = pm_runs_spot(&l.runs, at[0], at[1]);
        const pm_near near = pm_near_edge(l.table.vertices, &spot);
        const double reach = pm_near_distance(&near, &spot) * (1 - ldexp(1 + rng_unit(&r), -19));
        pm_tree_free(&map, NULL);
        for (int k = 0; k + 1 < COUNT; k++)
            limits[k] = reach * (1 + k * 0x1p-7);
        if (pm_tree_build_within(&map, &field, NULL, NULL, 1 << 20, &poll, NULL) != PM_OK || !pm_tree_exists(&map))
            abort();
        for (size_t k = 0; k < MAP_POINTS; k++) {
            x[k] = at[0] + (layer_coords[0] - at[0]) * ldexp(rng_unit(&r), -20 - (int)rng_below(&r, 20));
            y[k] = at[1] + (layer_coords[1] - at[1]) * ldexp(rng_unit(&r), -20 - (int)rng_below(&r, 20));
        }
        check_within(&count, &map, &field, x, y, PM_ISA_PORTABLE);
        pm_tree_free(&map, NULL);
    }
    layer_free(&l);
    tap_tally(&count);
}

/* Are places asked whether they are covered until that takes as much as all else, and no longer? Between rings inside
 * each other an odd number covers every second gap: the map says nothing of it while it is asked, and then who is
 * nearest. Narrow gaps make many questions, each of them about all rings. */
static void test_parity_limit(void) {
    enum { RINGS = 9, VERTICES = 8000 };
    rng r = rng_new(45);
    double *vertices = layer_memory((size_t)RINGS * VERTICES * 2 * sizeof *vertices);
    for (int is_narrow = 0; is_narrow < 2; is_narrow++) {
        const double gap = is_narrow ? 0.02 : 0.25;
        size_t at = 0;
        for (int i = 0; i < RINGS; i++) {
            for (size_t k = 0; k < VERTICES; k++, at++) {
                const double turn = 6.283185307179586 * (double)k / VERTICES;
                vertices[2 * at] = (3 - i * gap) * cos(turn);
                vertices[2 * at + 1] = (3 - i * gap) * sin(turn);
            }
            layer_rings[i + 1] = (int64_t)at;
            layer_polygons[i + 1] = i + 1;
        }
        pm_regions regions = layer_made(at, RINGS, 0);
        regions.coords = vertices;
        layer l = layer_of(&regions);
        const pm_field field = draw_field(&r, &l, 1, 0);
        static double x[MAP_POINTS], y[MAP_POINTS];
        pm_poll poll = {0};
        pm_tree map;
        int64_t out[MAP_POINTS];
        long answers = 0;
        for (size_t k = 0; k < MAP_POINTS; k++) {
            const double turn = 6.283185307179586 * rng_unit(&r),
                         away = 3 - gap * (2 * rng_below(&r, RINGS / 2) + 0.5);
            x[k] = away * cos(turn);
            y[k] = away * sin(turn);
        }
        if (pm_tree_build_nearest(&map, &field, 64 << 20, &poll, NULL) != PM_OK || !pm_tree_exists(&map))
            abort();
        ask(&map, &field, pm_nearest_leaf, x, y, PM_ISA_PORTABLE, out);
        for (size_t k = 0; k < MAP_POINTS; k++)
            answers += out[k] != PM_NO_MATCH;
        tap_ok((answers > 0) == is_narrow, "gaps of %g: %ld of %d covered places have an answer", gap, answers,
               MAP_POINTS);
        pm_tree_free(&map, NULL);
        layer_free(&l);
    }
    free(vertices);
}

int main(void) {
    test_parity_limit();
    test_map(1);
    test_map(0);
    test_corners();
    return tap_end();
}
