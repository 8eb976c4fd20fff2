/* test_arrays.c: does an index made and asked without structs answer as with them?
 *
 * Random regions under every rule: the same bytes, answers of 64 and 32 bits and distances, with points in every
 * layout and longer than a row; errors that reach the caller at the bytes that the header names. */
#include <string.h>

#include "rules.h"
#include "tap.h"
#include "built.h"

static zoo z;
static rules u;

static pm_status build_arrays(const pm_regions *r, const pm_options *o, int flags, pm_index **out, pm_error *err) {
    return pm_index_build_arrays(r->coords, r->coord_count, r->ring_offsets, r->ring_count, r->polygon_offsets,
                                 r->polygon_count, r->geom_offsets, r->geom_count, r->kinds, (int)o->predicate,
                                 (int)o->best, o->scores, o->distance, o->distance_count, o->period, o->max_bytes,
                                 o->note, o->note_size, flags, out, err);
}

static int same_bytes(const pm_index *a, const pm_index *b) {
    size_t size, other;
    const void *bytes = pm_index_block(a, &size), *others = pm_index_block(b, &other);
    return size == other && memcmp(bytes, others, size) == 0;
}

/* Points x y x y ..., more than a row. */
enum { MANY = 1100 };

static int same_answers(const pm_index *index) {
    static double xy[2 * MANY], distances[MANY], expected_distances[MANY];
    static int64_t expected[MANY], out[MANY];
    static int32_t narrow[MANY + 1];
    for (size_t i = 0; i < MANY; i++) {
        xy[2 * i] = u.x[i % u.points.count];
        xy[2 * i + 1] = u.y[i % u.points.count];
    }
    const ptrdiff_t pair = 2 * (ptrdiff_t)sizeof(double);
    /* the last point first: strides may be negative */
    const double *x = xy + 2 * (MANY - 1), *y = x + 1;
    const pm_points points = {.x = x, .y = y, .x_stride = -pair, .y_stride = -pair, .count = MANY};
    pm_index_match(index, &points, expected);
    int same = pm_index_match_arrays(index, x, y, -pair, -pair, MANY, out, NULL, NULL) == PM_OK &&
               memcmp(out, expected, sizeof out) == 0;
    narrow[MANY] = 12345;
    pm_index_match_int32(index, x, y, -pair, -pair, MANY, narrow);
    for (size_t i = 0; i < MANY; i++)
        same &= narrow[i] == expected[i];
    same &= narrow[MANY] == 12345;
    pm_status has = pm_index_match_distances(index, &points, expected, expected_distances, NULL);
    pm_error err = {PM_OK, 0, ""};
    same &= pm_index_match_arrays(index, x, y, -pair, -pair, MANY, out, distances, &err) == has && err.status == has;
    if (has == PM_OK)
        same &= memcmp(out, expected, sizeof out) == 0 && memcmp(distances, expected_distances, sizeof out) == 0;
    return same;
}

/* The same lists, where there is a lister, with room that ends now and then. */
static int same_lists(const pm_index *index, size_t room) {
    enum { ROOM = MAX_POINTS * MAX_REGIONS };
    static int64_t counts[2][MAX_POINTS], ids[2][ROOM];
    static double distances[2][ROOM];
    pm_lister *lister = NULL;
    if (pm_lister_build(index, NULL, &lister, NULL) != PM_OK)
        return 1;
    const int measured = pm_index_predicate(index) != PM_COVERS;
    const size_t most = room % 3 ? SIZE_MAX : 2;
    const ptrdiff_t stride = (ptrdiff_t)sizeof(double);
    const pm_points points = {.x = u.x, .y = u.y, .x_stride = stride, .y_stride = stride, .count = u.points.count};
    const pm_lists lists = {.counts = counts[0],
                            .ids = ids[0],
                            .distances = measured ? distances[0] : NULL,
                            .room = room < ROOM ? room : ROOM};
    size_t done[2] = {77, 78};
    memset(ids, 0, sizeof ids);
    memset(distances, 0, sizeof distances);
    memset(counts, 0, sizeof counts);
    pm_error err = {PM_OK, 0, ""};
    const pm_status status = pm_lister_list(lister, &points, most, &lists, &done[0], NULL);
    int same = pm_lister_list_arrays(lister, u.x, u.y, stride, stride, u.points.count, most, counts[1], ids[1],
                                     measured ? distances[1] : NULL, lists.room, &done[1], &err) == status;
    same &= done[0] == done[1] && memcmp(counts[0], counts[1], sizeof counts[0]) == 0 &&
            memcmp(ids[0], ids[1], sizeof ids[0]) == 0 &&
            memcmp(distances[0], distances[1], sizeof distances[0]) == 0;
    if (pm_index_predicate(index) == PM_COVERS)
        same &= pm_lister_list_arrays(lister, u.x, u.y, stride, stride, u.points.count, most, counts[1], ids[1],
                                      distances[1], lists.room, &done[1], &err) == PM_ERR_ARGUMENT &&
                err.status == PM_ERR_ARGUMENT;
    pm_lister_free(lister);
    return same;
}

static void test_as_with_structs(void) {
    tap_count bytes = {"the same bytes", 0, 0}, answers = {"the same answers", 0, 0},
              lists = {"the same lists", 0, 0};
    rng r = rng_new(15);
    for (long i = 0; i < tap_cases(32, 320); i++) {
        source s = source_new(&r, (family)(i % FAMILIES));
        zoo_fill(&z, &r, &s, 1 + rng_below(&r, MAX_REGIONS));
        rules_fill(&u, &r, &s, &z, 1 + rng_below(&r, MAX_POINTS));
        u.options.engine = PM_ENGINE_AUTO;
        u.options.note = "note";
        u.options.note_size = 4;
        u.options.max_bytes = i % 3 ? 0 : 1 << 20;
        pm_index *one = build(&z.regions, &u.options), *other = NULL;
        u.options.compact = 0;
        int is_same = build_arrays(&z.regions, &u.options, 0, &other, NULL) == PM_OK && same_bytes(one, other);
        if (tap_case(&lists, same_lists(one, 1 + rng_below(&r, 600))))
            rules_print(&u, pm_regions_count(&z.regions));
        u.options.compact = u.options.predicate == PM_COVERS;
        if (is_same && u.options.compact) {
            pm_index_free(one);
            pm_index_free(other);
            one = build(&z.regions, &u.options);
            is_same = build_arrays(&z.regions, &u.options, PM_FLAG_COMPACT, &other, NULL) == PM_OK &&
                      same_bytes(one, other);
        }
        if (tap_case(&bytes, is_same))
            zoo_print(&z);
        if (tap_case(&answers, same_answers(one)))
            rules_print(&u, pm_regions_count(&z.regions));
        pm_index_free(one);
        pm_index_free(other);
    }
    tap_tally(&bytes);
    tap_tally(&answers);
    tap_tally(&lists);
}

static void test_errors(void) {
    static const double coords[] = {0, 0, 1, 0, 1, 1}, period = 360;
    static const int64_t rings[] = {0, 3}, wrong[] = {0, 4}, polygons[] = {0, 1};
    const pm_regions regions = {.coords = coords,
                                .coord_count = 3,
                                .ring_offsets = rings,
                                .ring_count = 1,
                                .polygon_offsets = polygons,
                                .polygon_count = 1};
    pm_regions broken = regions;
    pm_options options = {.period = period};
    pm_index *index = NULL;
    union {
        pm_error err;
        unsigned char bytes[216];
    } u216;
    int32_t status = 0;
    int64_t item = -7;
    broken.ring_offsets = wrong;
    tap_ok(sizeof(pm_error) <= sizeof u216, "an error fits into 216 bytes");
    tap_ok(build_arrays(&broken, &options, 0, &index, &u216.err) == PM_ERR_OFFSETS && !index, "bad offsets");
    memcpy(&status, u216.bytes, sizeof status);
    memcpy(&item, u216.bytes + offsetof(pm_error, item), sizeof item);
    tap_ok(status == PM_ERR_OFFSETS && item == 1 &&
               strlen((const char *)u216.bytes + offsetof(pm_error, message)) > 9,
           "status, item and message in their places: %s", u216.err.message);
    index = (pm_index *)&options;
    tap_ok(build_arrays(&regions, &options, 4, &index, &u216.err) == PM_ERR_ARGUMENT && !index, "%s",
           u216.err.message);
    tap_ok(build_arrays(&regions, &options, 0, NULL, &u216.err) == PM_ERR_ARGUMENT, "%s", u216.err.message);
    options.predicate = (pm_predicate)77;
    tap_ok(build_arrays(&regions, &options, 0, &index, &u216.err) == PM_ERR_ARGUMENT && !index, "%s",
           u216.err.message);
    options = (pm_options){.period = period};
    tap_ok(build_arrays(&regions, &options, 0, &index, NULL) == PM_OK && pm_index_period(index) == period &&
               pm_index_match_one(index, 360.5, 0.25) == 0,
           "a period");
    pm_index_match_int32(index, NULL, NULL, 8, 8, 0, NULL);
    tap_ok(pm_index_match_arrays(index, NULL, NULL, 8, 8, 0, NULL, NULL, NULL) == PM_OK, "no points");
    pm_index_free(index);
    options.metric = PM_SPHERE;
    pm_index *expected = build(&regions, &options);
    tap_ok(build_arrays(&regions, &options, PM_FLAG_SPHERE, &index, NULL) == PM_OK &&
               pm_index_metric(index) == PM_SPHERE && same_bytes(index, expected),
           "on the sphere");
    pm_index_free(index);
    pm_index_free(expected);
    tap_ok(build_arrays(&regions, &options, PM_FLAG_SPHERE | PM_FLAG_COMPACT, &index, &u216.err) == PM_ERR_ARGUMENT,
           "%s", u216.err.message);
}

int main(void) {
    test_as_with_structs();
    test_errors();
    return tap_end();
}
