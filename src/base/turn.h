/* turn.h — points that are turned by whole periods, without rounding. See turn.c.
 *
 * With a period, x and x + k * period are one place. That sum is often no double; so a search runs with the nearest
 * double, and where it decides exactly, it takes a pm_exact_point, which knows the sum itself. */
#ifndef PM_TURN_H
#define PM_TURN_H

#include <stddef.h>

/* A row of points whose x is start[i] + turns[i] * period; turns are whole numbers up to 2^26. */
typedef struct pm_turns {
    const double *start, *turns;
    double period;
} pm_turns;

/* A point whose x may lie between two doubles. A double a is less than x when a < high, and greater when a > low. */
typedef struct pm_exact_point {
    double low, high; /* the last double that is not above x, and the first that is not below it */
    double y;
    double terms[3]; /* x is their sum; used where low and high differ */
} pm_exact_point;

static inline pm_exact_point pm_point(double x, double y) {
    return (pm_exact_point){.low = x, .high = x, .y = y};
}

/* Point i of a row that is turned; just (x, y) where `turns` is NULL. */
pm_exact_point pm_turned_point(const pm_turns *turns, size_t i, double x, double y);

/* A period in two parts whose products with turns are exact. */
typedef struct pm_period {
    double upper, lower;
} pm_period;

pm_period pm_period_split(double period);

/* start + turns * period, less than two units of the last place off. The error of the product is Dekker's, that of
 * the sum Knuth's ("A floating-point technique for extending the available precision", 1971; TAOCP 4.2.2). */
static inline double pm_turned(double start, double turns, pm_period period) {
    double product = turns * (period.upper + period.lower);
    double lost = (turns * period.upper - product) + turns * period.lower;
    double sum = start + product, other = sum - start;
    return sum + (((start - (sum - other)) + (product - other)) + lost);
}

/* Sign of (b - a) x (p - a), as pm_orientation(). */
int pm_point_side(double ax, double ay, double bx, double by, const pm_exact_point *p);

/* As pm_is_closer(). */
int pm_point_is_closer(const double center[2], const pm_exact_point *p, double distance);

#endif
