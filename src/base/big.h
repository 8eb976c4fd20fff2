/* big.h — integers of any size that doubles lead to: sums and products of up to six of them. See big.c. */
#ifndef PM_BIG_H
#define PM_BIG_H

#include <stdint.h>

/* A double is an integer of at most 2098 bits times 2^-1074: a product of six differences has 12,594 bits, and a sum
 * of a few of those some more. */
enum { PM_BIG_LIMBS = 400, PM_BIG_LEAST_UNIT = -1074 };

/* sign * sum(limb[i] * 2^(32 i)), the last limb not 0; count 0 and sign 0 for 0. */
typedef struct pm_big {
    int sign, count;
    uint32_t limb[PM_BIG_LIMBS];
} pm_big;

/* The greatest unit, up to `most`, of which a finite double is a whole multiple of 2^unit. */
int pm_big_unit(double value, int most);

/* A finite double that is a multiple of 2^unit, in units of it. */
void pm_big_set(pm_big *out, double value, int unit);

/* out = a + sign * b, with sign 1 or -1. out may be a or b. */
void pm_big_add(pm_big *out, const pm_big *a, const pm_big *b, int sign);

/* out = a * b; out is neither. */
void pm_big_multiply(pm_big *out, const pm_big *a, const pm_big *b);

/* -1, 0 or 1. */
int pm_big_compare(const pm_big *a, const pm_big *b);

/* |value| as the nearest double fraction in [0.5, 1] times 2^exponent; 0 for 0. */
double pm_big_fraction(const pm_big *value, int *exponent);

#endif
