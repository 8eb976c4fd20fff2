/* match.c: which square is each point in?
 *
 * The whole of the C library in one page: describe the regions, build an index, match points, look at errors. With
 * the library installed:
 *
 *     cc match.c $(pkg-config --cflags --libs polymatch) -o match
 */
#include <inttypes.h>
#include <math.h>
#include <polymatch.h>
#include <stdio.h>

int main(void) {
    /* Two squares: 4 x 4 with a hole of 2 x 2, and 1 x 1 inside of that hole. Vertices are x y x y ... */
    const double coords[] = {
        0,   0,   4,   0,   4,   4,   0,   4,   /* ring 0 */
        1,   1,   3,   1,   3,   3,   1,   3,   /* ring 1 */
        1.5, 1.5, 2.5, 1.5, 2.5, 2.5, 1.5, 2.5, /* ring 2 */
    };
    const int64_t ring_offsets[] = {0, 4, 8, 12}; /* ring i has the vertices from [i] to [i + 1] */
    const int64_t polygon_offsets[] = {0, 2, 3};  /* polygon 0 has two rings, shell and hole */
    pm_regions regions = {
        .coords = coords,
        .coord_count = 12,
        .ring_offsets = ring_offsets,
        .ring_count = 3,
        .polygon_offsets = polygon_offsets,
        .polygon_count = 2, /* no geom_offsets: each polygon is a region */
    };

    pm_index *index = NULL;
    pm_error err;
    if (pm_index_build(&regions, NULL, &index, &err) != PM_OK) {
        fprintf(stderr, "%s: %s\n", pm_status_name(err.status), err.message);
        return 1;
    }

    const double xy[] = {0.5, 0.5, 2, 2, 1.25, 1.25, 1, 2, 4, 4, 9, 9};
    enum { COUNT = sizeof xy / sizeof xy[0] / 2 };
    const pm_points points = {
        .x = xy, .y = xy + 1, .x_stride = 2 * sizeof *xy, .y_stride = 2 * sizeof *xy, .count = COUNT};
    int64_t answer[COUNT];
    pm_index_match(index, &points, answer);
    for (int i = 0; i < COUNT; i++)
        if (answer[i] == PM_NO_MATCH)
            printf("(%g, %g) is in no region\n", xy[2 * i], xy[2 * i + 1]);
        else
            printf("(%g, %g) is in region %" PRId64 "\n", xy[2 * i], xy[2 * i + 1], answer[i]);
    pm_index_free(index);

    /* Bad input is an error that says where; nothing is printed by the library, and nothing leaks. */
    const double broken[] = {0, 0, 1, NAN, 1, 1};
    const int64_t one_ring[] = {0, 3}, one_polygon[] = {0, 1};
    regions = (pm_regions){.coords = broken,
                           .coord_count = 3,
                           .ring_offsets = one_ring,
                           .ring_count = 1,
                           .polygon_offsets = one_polygon,
                           .polygon_count = 1};
    if (pm_index_build(&regions, NULL, &index, &err) != PM_OK)
        printf("%s: %s\n", pm_status_name(err.status), err.message);
    pm_index_free(index); /* NULL after a failure, which is fine */
    return 0;
}
