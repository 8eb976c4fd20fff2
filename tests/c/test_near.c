/* test_near.c: do the scan of all edges and the tree over runs of edges find the regions that are nearest?
 *
 * Both against the oracle, over regions of every family and limits that some points are exactly at; then the tree
 * against the scan where there are many regions and runs: all that are within a limit, the k nearest, ties where
 * many regions share their vertices, far points, and maps at every scale and place. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "near/hits.h"
#include "near/sites.h"
#include "oracle.h"
#include "rules.h"
#include "tap.h"

static int64_t id_of(const pm_found *found) {
    return found->rank == PM_FOUND_NONE ? PM_NO_MATCH : (int64_t)found->rank;
}

/* The nearest by the tree: what covers comes first. */
static pm_found nearest_by_tree(const pm_field *field, const pm_spot *spot) {
    const pm_exact_point p = pm_point(spot->x, spot->y);
    size_t covering = pm_polygons_find(field->table, &p);
    if (covering < field->table->count)
        return pm_found_covering(covering);
    return pm_find_nearest(field, spot);
}

static int64_t within_by_tree(const pm_field *field, const pm_spot *spot) {
    const pm_exact_point p = pm_point(spot->x, spot->y);
    size_t covering = pm_polygons_find(field->table, &p);
    pm_found found = pm_find_within(field, covering, spot);
    return found.rank != PM_FOUND_NONE      ? (int64_t)found.rank
           : covering < field->table->count ? (int64_t)covering
                                            : -1;
}

static void print_point(const zoo *z, const rules *u, double x, double y, int64_t answer, int64_t expected) {
    printf("# point %a,%a: %lld, expected %lld\n", x, y, (long long)answer, (long long)expected);
    rules_print(u, pm_regions_count(&z->regions));
    zoo_print(z);
}

static void test_families(void) {
    static zoo z;
    static rules u;
    rng r = rng_new(41);
    for (int kind = 0; kind < FAMILIES; kind++) {
        char names[3][80];
        tap_count by_scan = {names[0], 0, 0}, by_tree = {names[1], 0, 0}, values = {names[2], 0, 0};
        snprintf(names[0], 80, "by the scan, %s", family_names[kind]);
        snprintf(names[1], 80, "by the tree, %s", family_names[kind]);
        snprintf(names[2], 80, "distances, %s", family_names[kind]);
        for (long i = 0; i < tap_cases(100, 6000); i++) {
            source s = source_new(&r, (family)kind);
            size_t regions = rng_below(&r, 8), points = 8;
            zoo_fill(&z, &r, &s, regions);
            rules_fill(&u, &r, &s, &z, points);
            if (!z.regions.kinds && rng_below(&r, 2))
                zoo_draw_kinds(&z, &r);
            u.options.best = PM_FIRST;
            u.options.predicate = rng_below(&r, 2) ? PM_DWITHIN : PM_NEAREST;
            for (size_t k = 0; k < regions; k++)
                u.distance[k] = u.options.distance_count ? u.distance[k] : fabs(source_draw(&s, &r));
            u.options.distance = u.distance;
            u.options.distance_count = rng_below(&r, 2) || regions == 0 ? 1 : regions;
            if (regions == 0 || (u.options.predicate == PM_NEAREST && rng_below(&r, 2)))
                u.options.distance_count = 0;
            int64_t expected[MAX_POINTS];
            oracle_match(&z.regions, &u.options, &u.points, expected);
            layer l = layer_of(&z.regions);
            pm_field field = {&l.table,
                              &l.runs,
                              {u.options.distance_count ? u.distance : NULL, u.options.distance_count > 1, l.ids},
                              pm_farthest(u.options.distance_count ? u.distance : NULL, u.options.distance_count)};
            for (size_t k = 0; k < points; k++) {
                if (!isfinite(u.x[k]) || !isfinite(u.y[k]))
                    continue;
                pm_spot spot = pm_runs_spot(&l.runs, u.x[k], u.y[k]);
                int nearest = u.options.predicate == PM_NEAREST;
                pm_found scan = nearest ? pm_scan_nearest(&l.table, &field.reach, &spot)
                                        : pm_scan_within(&l.table, &field.reach, &spot);
                pm_found tree = nearest_by_tree(&field, &spot);
                int64_t by = nearest ? id_of(&tree) : within_by_tree(&field, &spot);
                if (tap_case(&by_scan, id_of(&scan) == expected[k]))
                    print_point(&z, &u, u.x[k], u.y[k], id_of(&scan), expected[k]);
                if (tap_case(&by_tree, by == expected[k]))
                    print_point(&z, &u, u.x[k], u.y[k], by, expected[k]);
                if (scan.rank != PM_FOUND_NONE)
                    tap_case(&values, oracle_distance_is(&z.regions, scan.rank, u.x[k], u.y[k],
                                                         scan.covers ? 0 : pm_near_distance(&scan.near, &spot)));
            }
            layer_free(&l);
        }
        tap_tally(&by_scan);
        tap_tally(&by_tree);
        tap_tally(&values);
    }
}

/* ---- many regions ---- */

/* Do two lists have the same regions in the same order? A list that was not measured need not know what covers. */
static int same_list(const pm_list *list, const pm_found *expected, size_t count, int measured) {
    if (list->count != count)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (list->items[i].rank != expected[i].rank || (measured && list->items[i].covers != expected[i].covers))
            return 0;
    return 1;
}

static void check_lists(tap_count *count, rng *r, const pm_field *field, const pm_spot *spot) {
    static pm_found all[MOST], within[MOST];
    size_t near = 0, inside = 0;
    for (size_t rank = 0; rank < field->table->count; rank++) {
        pm_found found = pm_scan_region(field->table, rank, &field->reach, spot);
        if (found.rank != PM_FOUND_NONE)
            all[near++] = found;
    }
    memcpy(within, all, near * sizeof *all);
    pm_list list = {0};
    for (int measured = 0; measured < 2; measured++) {
        list.count = 0;
        tap_case(count, pm_find_all_within(field, spot, measured, &list) && same_list(&list, within, near, measured));
    }
    for (size_t i = 0; i < near; i++)
        if (within[i].covers)
            within[inside++] = within[i];
    pm_ranks ranks = {0};
    int right = pm_find_all_covering(field->table, field->runs, spot, &ranks) && ranks.count == inside;
    for (size_t i = 0; right && i < inside; i++)
        right = ranks.items[i] == within[i].rank;
    tap_case(count, right);
    pm_ranks_free(&ranks);
    list.count = 0;
    tap_case(count, pm_scan_all(field, spot, SIZE_MAX, 0, &list) && list.count == near);
    for (size_t i = 1; i < near; i++)
        for (size_t k = i; k > 0 && pm_found_compare(&all[k], &all[k - 1], spot) < 0; k--) {
            pm_found swap = all[k];
            all[k] = all[k - 1];
            all[k - 1] = swap;
        }
    size_t k = 1 + rng_below(r, rng_below(r, 2) ? 10 : 2 * MOST);
    list.count = 0;
    tap_case(count, pm_find_all_nearest(field, spot, k, &list) && same_list(&list, all, near < k ? near : k, 1));
    list.count = 0;
    tap_case(count, pm_find_all_nearest(field, spot, SIZE_MAX, &list) && same_list(&list, all, near, 1));
    pm_list_free(&list);
}

static void test_many(void) {
    static const double scales[] = {1, 0x1p-3, 0x1p-40, 0x1p300, 0x1p-300, 0x1p1000, 0x1p-1060};
    rng r = rng_new(42);
    tap_count nearest = {"many regions: the nearest", 0, 0}, within = {"many regions: the first within", 0, 0};
    tap_count region = {"many regions: the distance of one", 0, 0}, lists = {"many regions: all of them", 0, 0};
    for (long i = 0; i < tap_cases(60, 600); i++) {
        double scale = scales[i % 7], offset = rng_below(&r, 2) ? 0 : 0x1p20;
        pm_regions regions = layer_many(&r, scale, offset);
        layer l = layer_of(&regions);
        static double limits[MOST];
        for (size_t k = 0; k < regions.polygon_count; k++)
            limits[k] = scale * (double)rng_below(&r, 12);
        int how = (int)rng_below(&r, 3);
        pm_field field = {&l.table,
                          &l.runs,
                          {how ? limits : NULL, how == 2, l.ids},
                          pm_farthest(how ? limits : NULL, how == 2 ? regions.polygon_count : 1)};
        for (int k = 0; k < 40; k++) {
            double x = offset + rng_below(&r, 16 * SIDE) / 4.0 - 4, y = offset + rng_below(&r, 16 * SIDE) / 4.0 - 4;
            if (rng_below(&r, 10) == 0)
                x = ldexp(rng_unit(&r) - 0.5, (int)rng_below(&r, 100));
            pm_spot spot = pm_runs_spot(&l.runs, scale * x, scale * y);
            if (!isfinite(spot.x) || !isfinite(spot.y))
                continue;
            pm_found expected = pm_scan_nearest(&l.table, &field.reach, &spot);
            pm_found found = nearest_by_tree(&field, &spot);
            if (tap_case(&nearest, found.rank == expected.rank && found.covers == expected.covers))
                printf("# point %a,%a scale %a: %u, expected %u\n", x, y, scale, found.rank, expected.rank);
            expected = pm_scan_within(&l.table, &field.reach, &spot);
            tap_case(&within, within_by_tree(&field, &spot) == id_of(&expected));
            size_t place = rng_below(&r, (uint32_t)l.runs.region_count);
            expected = pm_scan_region(&l.table, l.runs.ranks[place], &field.reach, &spot);
            found = pm_find_region(&field, place, &spot);
            tap_case(&region, expected.covers ||
                                  (found.rank == expected.rank &&
                                   (found.rank == PM_FOUND_NONE || pm_near_distance(&found.near, &spot) ==
                                                                       pm_near_distance(&expected.near, &spot))));
            if (k < 6)
                check_lists(&lists, &r, &field, &spot);
        }
        layer_free(&l);
    }
    tap_tally(&nearest);
    tap_tally(&within);
    tap_tally(&region);
    tap_tally(&lists);
}

/* Sites on a grid, many at one place, and points that are far from all, equally far from several, or on one. */
static void test_sites(void) {
    static const double scales[] = {1, 0x1p-3, 0x1p-40, 0x1p300, 0x1p-300, 0x1p1000, 0x1p-1060};
    static double limits[MOST];
    enum { TESTED = 3 * PM_SITES_AT_ONCE };
    rng r = rng_new(43);
    tap_count nearest = {"sites: the nearest", 0, 0}, within = {"sites: the first within", 0, 0};
    long ties = 0;
    for (long i = 0; i < tap_cases(150, 1500); i++) {
        const double scale = scales[i % 7], offset = rng_below(&r, 2) ? 0 : 0x1p20;
        const size_t count = rng_below(&r, 4) ? 1 + rng_below(&r, MOST) : rng_below(&r, 40);
        const uint32_t side = 1 + rng_below(&r, 60);
        layer_rings[0] = layer_polygons[0] = 0;
        for (size_t k = 0; k < count; k++) {
            const int is_empty = rng_below(&r, 20) == 0;
            layer_coords[2 * k] = scale * (offset + rng_below(&r, side));
            layer_coords[2 * k + 1] = scale * (offset + rng_below(&r, side));
            if (rng_below(&r, 8) == 0) /* a step beside */
                layer_coords[2 * k] = nextafter(layer_coords[2 * k], rng_below(&r, 2) ? 0 : INFINITY);
            layer_kinds[k] = PM_PART_POINT;
            layer_rings[k + 1] = (int64_t)k + 1;
            layer_polygons[k + 1] = layer_polygons[k] + !is_empty;
            limits[k] = scale * (double)rng_below(&r, 12) / 2;
        }
        const pm_regions regions = {.coords = layer_coords,
                                    .coord_count = count,
                                    .ring_offsets = layer_rings,
                                    .ring_count = count,
                                    .polygon_offsets = layer_polygons,
                                    .polygon_count = count,
                                    .kinds = layer_kinds};
        layer l = layer_of(&regions);
        pm_sites sites;
        if (!pm_sites_fit(&l.table)) { /* all are empty, so that the table has no kinds */
            layer_free(&l);
            continue;
        }
        size_t size = pm_sites_size(&l.table);
        void *memory = layer_memory(size);
        if (pm_sites_fill(&l.table, memory, size, NULL) != PM_OK || !pm_sites_view(&sites, memory, size) ||
            !pm_sites_check(&sites, &l.table))
            abort();
        const int how = (int)rng_below(&r, 3);
        pm_field field = {&l.table,
                          &l.runs,
                          {how ? limits : NULL, how == 2, l.ids},
                          pm_farthest(how ? limits : NULL, how == 2 ? count : 1)};
        pm_spot spots[TESTED];
        pm_found found[TESTED];
        for (size_t k = 0; k < TESTED; k++) {
            double x = offset + rng_below(&r, 8 * side) / 4.0 - side / 2.0,
                   y = offset + rng_below(&r, 8 * side) / 4.0 - side / 2.0;
            if (rng_below(&r, 10) == 0)
                x = ldexp(rng_unit(&r) - 0.5, (int)rng_below(&r, 100));
            if (!isfinite(scale * x) || !isfinite(scale * y))
                x = y = 0;
            spots[k] = pm_spot_at(scale * x, scale * y, sites.scale);
        }
        for (size_t k = 0, some; k < TESTED; k += some) {
            some = 1 + rng_below(&r, PM_SITES_AT_ONCE);
            some = some < TESTED - k ? some : TESTED - k;
            pm_sites_nearest(&sites, &field, spots + k, some, found + k);
        }
        for (size_t k = 0; k < TESTED; k++) {
            const pm_found expected = pm_scan_nearest(&l.table, &field.reach, &spots[k]);
            if (tap_case(&nearest, found[k].rank == expected.rank))
                printf("# point %a,%a scale %a: %u, expected %u\n", spots[k].x, spots[k].y, scale, found[k].rank,
                       expected.rank);
            if (expected.rank != PM_FOUND_NONE && !expected.covers)
                tap_case(&nearest,
                         pm_near_distance(&found[k].near, &spots[k]) == pm_near_distance(&expected.near, &spots[k]));
            ties += expected.rank != PM_FOUND_NONE && expected.rank > 0;
            const pm_found first = pm_scan_within(&l.table, &field.reach, &spots[k]);
            const pm_found by_tree = pm_sites_within(&sites, &field, &spots[k]);
            tap_case(&within, by_tree.rank == first.rank);
        }
        layer_free(&l);
        free(memory);
    }
    tap_tally(&nearest);
    tap_tally(&within);
    tap_ok(ties > 1000, "%ld answers", ties);
}

static int compare_ranks(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Few and many ranks, some of them equal, the greatest ones among them. */
static void test_order_of_ranks(void) {
    enum { MANY_RANKS = 130 };
    rng r = rng_new(98);
    tap_count sorted = {"ranks are sorted", 0, 0}, united = {"and each is kept once", 0, 0};
    for (uint32_t i = 0; i < 20 * MANY_RANKS; i++) {
        uint32_t items[MANY_RANKS], expected[MANY_RANKS], distinct = 0;
        const size_t count = i % MANY_RANKS;
        const uint32_t range = rng_below(&r, 2) ? 40 : UINT32_MAX - 1;
        for (size_t k = 0; k < count; k++)
            items[k] = expected[k] = rng_below(&r, 9) ? rng_below(&r, range) : UINT32_MAX - 2;
        pm_ranks ranks = {.items = items, .count = count, .room = MANY_RANKS};
        if (count > 0)
            qsort(expected, count, sizeof *expected, compare_ranks);
        pm_ranks_sort(&ranks);
        tap_case(&sorted, ranks.count == count && (count == 0 || !memcmp(items, expected, count * sizeof *items)));
        for (size_t k = 0; k < count; k++)
            if (k == 0 || expected[k] != expected[k - 1])
                expected[distinct++] = expected[k];
        pm_ranks_unite(&ranks);
        tap_case(&united,
                 ranks.count == distinct && (count == 0 || !memcmp(items, expected, distinct * sizeof *items)));
    }
    tap_tally(&sorted);
    tap_tally(&united);
}

int main(void) {
    test_order_of_ranks();
    test_families();
    test_many();
    test_sites();
    return tap_end();
}
