/* ways.c: does a tree give the same answers with every instruction set, for every number of points, in every layout?
 *
 * Points go in batches and whole vectors, so mistakes are likely at the ends of both, in data left over from the
 * previous call, and in the copies of unusual layouts. All memory around the points is NaN here or belongs to other
 * points, and memory after the answers must not change. */
#include "ways.h"

#include <math.h>
#include <string.h>

static const int64_t untouched = INT64_C(0x0101010101010101);

/* One instruction set: 1 when all is right, else the first mistake is printed. */
static int is_right(const searched *s, pm_isa isa, const pm_points *points, const int64_t *expected, int same,
                    const char *what) {
    static int64_t out[WAYS_MOST + 8];
    memset(out, 1, sizeof out);
    pm_tree_match(s->tree, points, NULL, out, s->kernel(isa), s->context, isa);
    for (size_t k = 0; k < WAYS_MOST + 8; k++) {
        int64_t wanted = k < points->count ? expected[same ? 0 : k] : untouched;
        if (out[k] != wanted) {
            printf("# %s, %s, strides %td %td, point %zu of %zu: %lld, expected %lld\n", what, ways_name(isa),
                   points->x_stride, points->y_stride, k, points->count, (long long)out[k], (long long)wanted);
            return 0;
        }
    }
    return 1;
}

void ways_isas(tap_count *count, const searched *s, const double *x, const double *y, size_t points,
               const int64_t *expected, const char *what) {
    const pm_points columns = {
        .x = x, .y = y, .x_stride = sizeof(double), .y_stride = sizeof(double), .count = points};
    for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best(); isa++)
        (void)tap_case(count, is_right(s, (pm_isa)isa, &columns, expected, 0, what));
}

/* Where the points are in memory: strides, where y begins after x (0: in a separate array), and by how many bytes
 * all of it is off the alignment of doubles. */
static const struct layout {
    const char *name;
    ptrdiff_t x_stride, y_stride, y_after_x;
    size_t off;
} layouts[] = {
    {"columns", 8, 8, 0, 0},
    {"rows", 16, 16, 8, 0},
    {"rows, y before x", 16, 16, -8, 0},
    {"rows of three", 24, 24, 16, 0},
    {"rows backwards", -16, -16, 8, 0},
    {"columns backwards", -8, -8, 0, 0},
    {"one forwards, one backwards", 8, -24, 0, 0},
    {"columns, unaligned", 8, 8, 0, 3},
    {"rows, unaligned", 16, 16, 8, 1},
    {"packed after one byte", 17, 17, 8, 1},
    {"one point again and again", 0, 0, 8, 0},
};

enum { LAYOUTS = sizeof layouts / sizeof layouts[0], HALF = 24 * WAYS_MOST + 64 };

/* Points in this layout, in a buffer that is NaN elsewhere. */
static pm_points lay_out(const struct layout *l, const double *x, const double *y, size_t count) {
    static double buffer[2 * HALF / 8];
    char *begin = (char *)buffer + 16 + l->off, *at[2];
    const ptrdiff_t strides[2] = {l->x_stride, l->y_stride};
    for (size_t i = 0; i < sizeof buffer / sizeof *buffer; i++)
        buffer[i] = NAN;
    for (int axis = 0; axis < 2; axis++) {
        ptrdiff_t back = strides[axis] < 0 && count > 0 ? -strides[axis] * (ptrdiff_t)(count - 1) : 0;
        at[axis] = begin + back + (axis ? l->y_after_x ? l->y_after_x : HALF : 0);
        for (size_t k = count; k-- > 0;) /* the first point last: it is what remains where all share one address */
            memcpy(at[axis] + strides[axis] * (ptrdiff_t)k, (axis ? y : x) + k, sizeof(double));
    }
    return (pm_points){.x = (const double *)(const void *)at[0],
                       .y = (const double *)(const void *)at[1],
                       .x_stride = l->x_stride,
                       .y_stride = l->y_stride,
                       .count = count};
}

void ways_layouts(tap_count *count, rng *r, const searched *s, const double *x, const double *y, size_t points,
                  const int64_t *expected) {
    for (const struct layout *l = layouts; l < layouts + LAYOUTS; l++) {
        size_t n = rng_below(r, (uint32_t)points + 1), first = rng_below(r, (uint32_t)(points + 1 - n));
        const pm_points laid = lay_out(l, x + first, y + first, n);
        for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best(); isa++)
            (void)tap_case(count, is_right(s, (pm_isa)isa, &laid, expected + first, l->x_stride == 0, l->name));
    }
}

void ways_sizes(tap_count *count, const searched *s, const double *x, const double *y, size_t points,
                const int64_t *expected) {
    for (const struct layout *l = layouts; l < layouts + 2; l++) {
        pm_points laid = lay_out(l, x, y, points);
        for (laid.count = 0; laid.count <= points; laid.count++)
            for (int isa = PM_ISA_PORTABLE; isa <= (int)pm_isa_best(); isa++)
                (void)tap_case(count, is_right(s, (pm_isa)isa, &laid, expected, 0, l->name));
    }
}
