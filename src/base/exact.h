/* exact.h — arithmetic without rounding, and the two signs every answer rests on. See exact.c. */
#ifndef PM_EXACT_H
#define PM_EXACT_H

#include <stddef.h>
#include <stdint.h>

/* Products of doubles are integers times 2^-2148 and below 2^2048: 4196 bits, and room for 2^60 of them. */
enum { PM_EXACT_LIMBS = 134 };

typedef struct pm_exact {
    int64_t limb[PM_EXACT_LIMBS]; /* each the multiple of 2^(32 i - 2148); any signed value between normalizations */
    int low, high;                /* limbs outside [low, high) are 0 */
    uint32_t pending;             /* additions since the last normalization */
} pm_exact;

void pm_exact_clear(pm_exact *sum);

/* sum += sign * a * b for finite a and b; sign is 1 or -1. */
void pm_exact_add(pm_exact *sum, double a, double b, int sign);

/* sum += sign * other. Normalizes other. */
void pm_exact_merge(pm_exact *sum, pm_exact *other, int sign);

/* -1, 0 or 1. */
int pm_exact_sign(pm_exact *sum);

/* sum / 2^halvings as the nearest double, ties to even; infinity beyond the largest. Leaves |sum| in sum. */
double pm_exact_round(pm_exact *sum, int halvings);

/* Sign of (b - a) x (p - a): 1 when a, b, p turn left, -1 right, 0 on one line. All finite. */
int pm_orientation(double ax, double ay, double bx, double by, double px, double py);

/* Are these all numbers that exact arithmetic knows, neither NaN nor infinite? */
int pm_are_finite(const double *values, size_t count);

#endif
