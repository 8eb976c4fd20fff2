/* ways.h: every way to match the same points with a tree. See ways.c. */
#ifndef WAYS_H
#define WAYS_H

#include "tree/walk.h"
#include "cases.h"
#include "tap.h"

/* A tree and what its leaves are searched with. */
typedef struct searched {
    const pm_tree *tree;
    pm_leaf_kernel *(*kernel)(pm_isa isa);
    const void *context;
} searched;

enum { WAYS_MOST = 600 }; /* points */

/* Every instruction set of this machine against `expected`, one case each. */
void ways_isas(tap_count *count, const searched *s, const double *x, const double *y, size_t points,
               const int64_t *expected, const char *what);

/* The same in every memory layout, each for some stretch of the points. */
void ways_layouts(tap_count *count, rng *r, const searched *s, const double *x, const double *y, size_t points,
                  const int64_t *expected);

/* The same for the first 0, 1, 2 ... points, as columns and as rows. */
void ways_sizes(tap_count *count, const searched *s, const double *x, const double *y, size_t points,
                const int64_t *expected);

static inline const char *ways_name(pm_isa isa) {
    return isa == PM_ISA_PORTABLE ? "portable" : isa == PM_ISA_AVX2 ? "AVX2" : "AVX-512";
}

/* A line per instruction set: compared, or skipped because this machine lacks it. */
static inline void ways_report(void) {
    for (int isa = PM_ISA_PORTABLE; isa <= PM_ISA_AVX512; isa++)
        tap_ok(1, isa <= (int)pm_isa_best() ? "%s: compared" : "%s # SKIP this processor has none",
               ways_name((pm_isa)isa));
}

#endif
