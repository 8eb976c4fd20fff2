/* big.c: sums, products and comparisons of doubles without rounding.
 *
 * Every finite double is an integer times 2^-1074, so a sign, a comparison or a sum of products of doubles is a
 * question about integers. This file answers it with plain school arithmetic on sign-magnitude integers of
 * 32-bit limbs (a technique the library does not use). A rounded result is made by counting bits, once. It is not
 * optimized, except that zero limbs at both ends are skipped, so that an orientation of ordinary numbers takes under
 * a microsecond. test_oracle.c compares it with known values. */
#include "big.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static void big_trim(big *a) {
    while (a->count > 0 && a->limb[a->count - 1] == 0)
        a->count--;
    int zeros = 0;
    while (zeros < a->count && a->limb[zeros] == 0)
        zeros++;
    if (zeros > 0) {
        memmove(a->limb, a->limb + zeros, (size_t)(a->count - zeros) * sizeof a->limb[0]);
        a->low += zeros;
        a->count -= zeros;
    }
    if (a->count == 0) {
        a->sign = 0;
        a->low = 0;
    }
}

void big_from_double(big *out, double value) {
    assert(isfinite(value));
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent > 0) {
        mantissa |= UINT64_C(1) << 52;
        exponent--; /* value = mantissa * 2^(exponent - 1074) now, for subnormal numbers too */
    }
    int shift = exponent % 32;
    out->sign = bits >> 63 ? -1 : 1;
    out->low = exponent / 32;
    out->count = 3;
    uint64_t low = (mantissa & 0xFFFFFFFF) << shift;
    uint64_t high = (mantissa >> 32) << shift;
    high += low >> 32;
    out->limb[0] = (uint32_t)low;
    out->limb[1] = (uint32_t)high;
    out->limb[2] = (uint32_t)(high >> 32);
    big_trim(out);
}

/* The limb of weight 2^(32 * position). */
static uint32_t limb_at(const big *a, int position) {
    int i = position - a->low;
    return i >= 0 && i < a->count ? a->limb[i] : 0;
}

static int compare_magnitudes(const big *a, const big *b) {
    int a_top = a->low + a->count, b_top = b->low + b->count;
    if (a->count == 0 || b->count == 0)
        return (a->count > 0) - (b->count > 0);
    if (a_top != b_top)
        return a_top > b_top ? 1 : -1;
    int low = a->low < b->low ? a->low : b->low;
    for (int i = a_top - 1; i >= low; i--) {
        uint32_t u = limb_at(a, i), v = limb_at(b, i);
        if (u != v)
            return u > v ? 1 : -1;
    }
    return 0;
}

/* |a| + |b|, or |a| - |b| for |a| >= |b|. The result may be one of the operands. */
static void combine_magnitudes(big *out, const big *a, const big *b, int subtract, int sign) {
    big result;
    int low = a->low < b->low ? a->low : b->low;
    int a_top = a->low + a->count, b_top = b->low + b->count;
    int top = (a_top > b_top ? a_top : b_top) + 1;
    assert(top - low <= BIG_LIMBS);
    int64_t carry = 0;
    for (int i = low; i < top; i++) {
        int64_t v = limb_at(b, i);
        int64_t sum = (int64_t)limb_at(a, i) + (subtract ? -v : v) + carry;
        carry = sum < 0 ? -1 : sum >> 32; /* at most one to carry or to borrow */
        result.limb[i - low] = (uint32_t)(sum & 0xFFFFFFFF);
    }
    assert(carry == 0);
    out->sign = sign;
    out->low = low;
    out->count = top - low;
    memcpy(out->limb, result.limb, (size_t)out->count * sizeof out->limb[0]);
    big_trim(out);
}

void big_copy(big *out, const big *a) {
    if (out != a)
        memcpy(out, a, offsetof(big, limb) + (size_t)a->count * sizeof a->limb[0]);
}

static void add_signed(big *out, const big *a, const big *b, int b_sign) {
    if (b_sign == 0)
        big_copy(out, a);
    else if (a->sign == 0) {
        big_copy(out, b);
        out->sign = b_sign;
    } else if (a->sign == b_sign)
        combine_magnitudes(out, a, b, 0, b_sign);
    else if (compare_magnitudes(a, b) >= 0)
        combine_magnitudes(out, a, b, 1, a->sign);
    else
        combine_magnitudes(out, b, a, 1, b_sign);
}

void big_add(big *out, const big *a, const big *b) {
    add_signed(out, a, b, b->sign);
}

void big_subtract(big *out, const big *a, const big *b) {
    add_signed(out, a, b, -b->sign);
}

void big_multiply(big *out, const big *a, const big *b) {
    assert(out != a && out != b && a->count + b->count <= BIG_LIMBS);
    out->sign = a->sign * b->sign;
    out->low = a->low + b->low;
    out->count = a->count + b->count;
    memset(out->limb, 0, (size_t)out->count * sizeof out->limb[0]);
    for (int i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < b->count; j++) {
            uint64_t sum = (uint64_t)a->limb[i] * b->limb[j] + out->limb[i + j] + carry;
            out->limb[i + j] = (uint32_t)sum;
            carry = sum >> 32;
        }
        out->limb[i + b->count] = (uint32_t)carry;
    }
    big_trim(out);
}

int big_compare(const big *a, const big *b) {
    if (a->sign != b->sign)
        return a->sign > b->sign ? 1 : -1;
    return a->sign * compare_magnitudes(a, b);
}

static int bit_at(const big *a, long position) {
    return position >= 0 ? (int)(limb_at(a, (int)(position / 32)) >> (position % 32) & 1) : 0;
}

double big_round(const big *value, int unit) {
    if (value->sign == 0)
        return 0.0;
    long top = 32L * (value->low + value->count) - 1; /* position of the highest bit */
    while (!bit_at(value, top))
        top--;
    /* The last bit of the result is 2^(drop - unit): 52 bits below the highest, but not below 2^-1074. */
    long drop = top - 52;
    if (drop - unit < -1074)
        drop = unit - 1074;
    uint64_t mantissa = 0;
    for (long i = top; i >= drop; i--)
        mantissa = mantissa << 1 | (uint64_t)bit_at(value, i);
    int rest = 0; /* anything below the bit after the last */
    for (long i = 32L * value->low; i < drop - 1 && !rest; i++)
        rest = bit_at(value, i);
    if (bit_at(value, drop - 1) && (rest || mantissa & 1))
        mantissa++;
    return value->sign * ldexp((double)mantissa, (int)(drop - unit)); /* exact, or infinity */
}
