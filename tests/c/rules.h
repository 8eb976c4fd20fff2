/* rules.h: pseudo-random match options and points for the regions of a zoo. See rules.c. */
#ifndef RULES_H
#define RULES_H

#include "cases.h"

enum { MAX_POINTS = 64 };

typedef struct rules {
    pm_options options;
    double distance[MAX_REGIONS];
    union {
        double of_double[MAX_REGIONS];
        int64_t of_int64[MAX_REGIONS];
        uint64_t of_uint64[MAX_REGIONS];
    } scores;
    double x[MAX_POINTS], y[MAX_POINTS];
    pm_points points;
} rules;

/* Draws points, predicate, best, scores full of ties, and distances that some of the points are exactly at. The zoo
 * gets lines and points where the predicate takes them. */
void rules_fill(rules *u, rng *r, const source *s, zoo *z, size_t points);

void rules_print(const rules *u, size_t regions);

#endif
