/* rules.c: which rules and points would break a correct-looking match?
 *
 * Scores come from few values, so that ties are the normal case, and from both sides of 2^53, where integers and
 * doubles differ. Distances are those from a center to one of the points, rounded, so that the comparison is decided
 * by less than one unit in the last place, or by nothing. One point in sixteen is not finite. */
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"

static const double double_scores[] = {0.0, -0.0, 1, -1, 0x1p-1074, INFINITY, -INFINITY, 9007199254740993.0};
static const int64_t int64_scores[] = {
    INT64_MIN, -1, 0, 1, INT64_C(9007199254740992), INT64_C(9007199254740993), INT64_MAX - 1, INT64_MAX};
static const uint64_t uint64_scores[] = {0,
                                         1,
                                         UINT64_C(9007199254740992),
                                         UINT64_C(9007199254740993),
                                         UINT64_C(0x7FFFFFFFFFFFFFFF),
                                         UINT64_C(0x8000000000000000),
                                         UINT64_MAX - 1,
                                         UINT64_MAX};

static void fill_points(rules *u, rng *r, const source *s, const zoo *z, size_t count) {
    static const double unreal[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        double p[2];
        zoo_point(z, r, s, p);
        uint32_t how = rng_below(r, 32);
        u->x[i] = how == 0 ? unreal[rng_below(r, 3)] : p[0];
        u->y[i] = how == 1 ? unreal[rng_below(r, 3)] : p[1];
    }
    u->points =
        (pm_points){.x = u->x, .y = u->y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = count};
}

/* From a point to a region's center, or for distances to borders to any vertex. */
static double fill_distance(const rules *u, rng *r, const zoo *z, size_t region) {
    static const double values[] = {0, -0.0, 0x1p-1074, 1e-320, 1e200, INFINITY, 1, 2.5};
    double place[2], d = NAN;
    if (rng_below(r, 4)) {
        size_t i = rng_below(r, (uint32_t)u->points.count);
        oracle_center(&z->regions, region, place);
        if (u->options.predicate != PM_CENTER_WITHIN && z->regions.coord_count > 0)
            memcpy(place, z->coords + 2 * rng_below(r, (uint32_t)z->regions.coord_count), sizeof place);
        d = hypot(place[0] - u->x[i], place[1] - u->y[i]);
        if (d > 0 && isfinite(d))
            d = fabs(ulps_away(d, (int)rng_below(r, 3) - 1));
    }
    return isnan(d) ? values[rng_below(r, sizeof values / sizeof values[0])] : d;
}

void rules_fill(rules *u, rng *r, const source *s, zoo *z, size_t points) {
    size_t regions = pm_regions_count(&z->regions);
    memset(&u->options, 0, sizeof u->options);
    static const pm_predicate predicates[] = {PM_COVERS,        PM_COVERS,  PM_COVERS,
                                              PM_CENTER_WITHIN, PM_DWITHIN, PM_NEAREST};
    u->options.predicate = predicates[rng_below(r, 6)];
    if (u->options.predicate != PM_COVERS && rng_below(r, 2))
        zoo_draw_kinds(z, r);
    fill_points(u, r, s, z, points);
    u->options.engine = (pm_engine)rng_below(r, 3);
    uint32_t bests = 0;
    while (pm_best_name((pm_best)bests))
        bests++;
    u->options.best = (pm_best)rng_below(r, bests);
    uint32_t values = rng_below(r, 8) + 1; /* how many different scores */
    for (size_t i = 0; i < regions; i++) {
        uint32_t k = rng_below(r, values);
        if (u->options.best == PM_SCORE_DOUBLE)
            u->scores.of_double[i] = double_scores[k];
        else if (u->options.best == PM_SCORE_INT64)
            u->scores.of_int64[i] = int64_scores[7 - k];
        else
            u->scores.of_uint64[i] = uint64_scores[7 - k];
    }
    if (strcmp(pm_best_name(u->options.best), "score") == 0)
        u->options.scores = &u->scores;
    if (u->options.predicate != PM_COVERS && (u->options.predicate != PM_NEAREST || rng_below(r, 2))) {
        u->options.distance = u->distance;
        u->options.distance_count = rng_below(r, 4) || regions == 0 ? 1 : regions;
        if (regions == 0)
            u->distance[0] = 1;
        for (size_t i = 0; i < regions; i++)
            u->distance[i] = points ? fill_distance(u, r, z, i) : 1;
    }
}

void rules_print(const rules *u, size_t regions) {
    printf("# %s, %s, engine %d", pm_predicate_name(u->options.predicate), pm_best_name(u->options.best),
           (int)u->options.engine);
    for (size_t i = 0; i < regions; i++) {
        if (u->options.best == PM_SCORE_DOUBLE)
            printf(" %a", u->scores.of_double[i]);
        else if (u->options.best == PM_SCORE_INT64)
            printf(" %lld", (long long)u->scores.of_int64[i]);
        else if (u->options.best == PM_SCORE_UINT64)
            printf(" %llu", (unsigned long long)u->scores.of_uint64[i]);
    }
    for (size_t i = 0; i < u->options.distance_count; i++)
        printf("%s%a", i ? " " : ", distance ", u->distance[i]);
    printf("\n");
}
