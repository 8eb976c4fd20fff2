/* big.h: integers as large as sums and products of doubles need, without rounding. See big.c. */
#ifndef BIG_H
#define BIG_H

#include <stdint.h>

/* Every double is an integer times 2^-1074, of at most 2098 bits; a product of six differences has at most 12,600
 * bits, and sums of many such products a few more. */
enum { BIG_LIMBS = 420, BIG_UNIT = 1074 };

/* sign * sum(limb[i] * 2^(32 * (low + i))): sign-magnitude, without zero limbs at either end; 0 has count 0. */
typedef struct big {
    int sign;
    int low;
    int count;
    uint32_t limb[BIG_LIMBS];
} big;

void big_from_double(big *out, double value); /* value = out * 2^-BIG_UNIT */
void big_copy(big *out, const big *a);
void big_add(big *out, const big *a, const big *b);
void big_subtract(big *out, const big *a, const big *b);
void big_multiply(big *out, const big *a, const big *b); /* out must be neither a nor b */
int big_compare(const big *a, const big *b);
double big_round(const big *value, int unit); /* value * 2^-unit as the nearest double, ties to even */

#endif
