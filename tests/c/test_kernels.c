/* test_kernels.c: do all forms of the disk search give the same, right answer?
 *
 * The definition is a loop over the disks in rank order that calls pm_is_closer(). Every form of the search, the
 * portable one and those for some processors only, must return the same disk: for every length around their
 * widths, for centers in clusters, with outliers, all at one center, NaN or infinite, and for points exactly on a
 * rim or as far from a center, in x or y alone, as the radius reaches. The source is included here because the forms
 * are private to it; forms that the processor can't run are skipped, with a message. */
#include "../../src/scan/disks.c"

#include <string.h>

#include "cases.h"
#include "tap.h"

enum { MOST = 100 };

typedef int64_t search(const pm_disk_table *d, double x, double y);

/* The definition. */
static int64_t find_plainly(const pm_disk_table *d, double x, double y) {
    for (size_t rank = 0; rank < d->count; rank++) {
        size_t id = d->ids[rank];
        const double center[2] = {d->x[id], d->y[id]};
        if (pm_is_closer(center, x, y, d->radius[d->step ? id : 0]))
            return (int64_t)id;
    }
    return PM_NO_MATCH;
}

typedef struct scene {
    pm_disk_table table;
    uint32_t ids[MOST];
    double x[MOST], y[MOST], radius[MOST];
    int16_t grid_x[PM_DISK_ROOM(MOST)], grid_y[PM_DISK_ROOM(MOST)], reach[PM_DISK_ROOM(MOST + 1)];
} scene;

static void fill(scene *s, rng *r, const source *from) {
    size_t n = rng_below(r, 8) ? rng_below(r, 36) : rng_below(r, MOST + 1);
    uint32_t layout = rng_below(r, 4);
    double size = ldexp(1, -(int)rng_below(r, 16));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t other = rng_below(r, i + 1);
        s->ids[i] = s->ids[other];
        s->ids[other] = i;
        s->x[i] = layout ? source_draw(from, r) : rng_unit(r);
        s->y[i] = layout ? source_draw(from, r) : rng_unit(r);
        if (rng_below(r, 40) == 0)
            s->x[i] = rng_below(r, 2) ? NAN : INFINITY;
        if (rng_below(r, 40) == 0)
            s->y[i] = rng_below(r, 2) ? NAN : -INFINITY;
        s->radius[i] = rng_below(r, 3) ? size * rng_unit(r) : rng_below(r, 3) ? fabs(source_draw(from, r)) : 0;
        if (rng_below(r, 100) == 0)
            s->radius[i] = INFINITY;
    }
    if (n > 0 && layout == 1) /* an outlier makes the grid coarse */
        s->x[rng_below(r, (uint32_t)n)] = 1e7 * (rng_unit(r) - 0.5);
    s->table = (pm_disk_table){.count = n, .ids = s->ids, .x = s->x, .y = s->y, .radius = s->radius};
    s->table.step = rng_below(r, 3) && n != 1;
    s->table.grid_x = s->grid_x;
    s->table.grid_y = s->grid_y;
    s->table.reach = s->reach;
}

/* On the rim, beside the center by just the radius, or anywhere. */
static void draw_point(const scene *s, rng *r, const source *from, double p[2]) {
    size_t n = s->table.count, i = n ? rng_below(r, (uint32_t)n) : 0;
    double radius = n ? s->radius[s->table.step ? i : 0] : 0, turn = 6.3 * rng_unit(r);
    uint32_t how = n ? rng_below(r, 5) : 0;
    p[0] = how ? s->x[i] : source_draw(from, r);
    p[1] = how ? s->y[i] : rng_unit(r);
    if (how == 1)
        p[0] += rng_below(r, 2) ? radius : -radius;
    if (how == 2)
        p[1] += rng_below(r, 2) ? radius : -radius;
    if (how == 3) {
        p[0] += radius * cos(turn);
        p[1] += radius * sin(turn);
    }
    for (int k = 0; k < 2; k++)
        p[k] = isfinite(p[k]) ? ulps_away(p[k], (int)rng_below(r, 5) - 2) : 0.5;
}

static void check(const char *name, search *form) {
    static scene s;
    rng r = rng_new(71);
    tap_count count = {name, 0, 0};
    long hits = 0;
    for (long i = 0; i < tap_cases(30000, 250000); i++) {
        source from = source_new(&r, (family)rng_below(&r, FAMILIES));
        fill(&s, &r, &from);
        pm_disks_fill(&s.table);
        for (int k = 0; k < 8; k++) {
            double p[2];
            draw_point(&s, &r, &from, p);
            int64_t expected = find_plainly(&s.table, p[0], p[1]), answer = form(&s.table, p[0], p[1]);
            hits += expected >= 0;
            if (tap_case(&count, answer == expected))
                printf("# %zu disks, point %a,%a: %lld, expected %lld (%a,%a radius %a)\n", s.table.count, p[0], p[1],
                       (long long)answer, (long long)expected, expected >= 0 ? s.x[expected] : 0,
                       expected >= 0 ? s.y[expected] : 0, expected >= 0 ? s.radius[s.table.step ? expected : 0] : 0);
        }
    }
    tap_tally(&count);
    tap_ok(hits > count.cases / 5 && hits < count.cases * 9 / 10, "%s: %ld found one", name, hits);
}

/* Centers and points on the seams between cells, a whole number of cells apart: the roundings of the map push them
 * to either side, and the reach must allow for that. Two disks without radius fix the map. */
static void check_seams(const char *name, search *form) {
    static scene s;
    char full_name[80];
    rng r = rng_new(72);
    tap_count count = {full_name, 0, 0};
    snprintf(full_name, sizeof full_name, "%s, on the seams of the grid", name);
    for (long i = 0; i < tap_cases(300000, 2000000); i++) {
        double low = 200 * rng_unit(&r) - 100, high = low + 1000 * rng_unit(&r) + 1, cell = (high - low) / CELLS;
        uint32_t at = rng_below(&r, CELLS + 1), away = rng_below(&r, 40), flip = rng_below(&r, 2);
        double c = ulps_away(low + at * cell, (int)rng_below(&r, 5) - 2);
        double p =
            ulps_away(flip ? low + (at + away) * cell : low + ((double)at - away) * cell, (int)rng_below(&r, 5) - 2);
        double same = low + (high - low) * rng_unit(&r); /* the other coordinate */
        if (c < low || c > high)
            continue;
        const double along[] = {low, high, c}, across[] = {same, same, same};
        int swap = (int)rng_below(&r, 2);
        memcpy(swap ? s.y : s.x, along, sizeof along);
        memcpy(swap ? s.x : s.y, across, sizeof across);
        s.radius[0] = s.radius[1] = 0;
        s.radius[2] = nextafter(fabs(c - p), INFINITY);
        for (uint32_t k = 0; k < 3; k++)
            s.ids[k] = k;
        s.table = (pm_disk_table){.count = 3, .ids = s.ids, .x = s.x, .y = s.y, .radius = s.radius, .step = 1};
        s.table.grid_x = s.grid_x;
        s.table.grid_y = s.grid_y;
        s.table.reach = s.reach;
        pm_disks_fill(&s.table);
        double x = swap ? same : p, y = swap ? p : same;
        if (find_plainly(&s.table, x, y) >= 0 && tap_case(&count, form(&s.table, x, y) == 2))
            printf("# centers from %a to %a, one at %a, point %a, radius %a\n", low, high, c, p, s.radius[2]);
    }
    tap_tally(&count);
}

static int64_t find_chosen(const pm_disk_table *d, double x, double y) {
    const pm_exact_point p = pm_point(x, y);
    return pm_disks_find(d, &p);
}

int main(void) {
    check("chosen for this processor", find_chosen);
    check("portable", find_disk_portable);
    check_seams("portable", find_disk_portable);
#ifdef PM_X86
    if (__builtin_cpu_supports("avx2")) {
        check("AVX2", find_disk_avx2);
        check_seams("AVX2", find_disk_avx2);
    } else
        tap_ok(1, "AVX2 # SKIP this processor has none");
#endif
    return tap_end();
}
