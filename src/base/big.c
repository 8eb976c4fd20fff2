/* big.c — what is this product of differences, exactly?
 *
 * pm_exact (exact.c) adds products of two doubles. Comparing distances to edges takes products of up to six
 * differences, so here are whole integers, by the methods of school: sign and magnitude in limbs of 32 bits, without
 * zeros above. The caller chooses the unit, a power of two that divides all the doubles of one question; then
 * ordinary coordinates take two or three limbs and a comparison about a microsecond, and only a mixture of extreme
 * exponents takes hundreds of limbs. No size ever exceeds PM_BIG_LIMBS for what distance.c asks.
 *
 * Division and anything of degree above six are left out on purpose. */
#include "strict.h"

#include "big.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* |value| = mantissa * 2^exponent for a finite value. */
static uint64_t mantissa_of(double value, int *exponent) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int biased = (int)(bits >> 52 & 0x7ff);
    *exponent = (biased ? biased - 1 : 0) + PM_BIG_LEAST_UNIT;
    return (bits & ((UINT64_C(1) << 52) - 1)) | (biased ? UINT64_C(1) << 52 : 0);
}

int pm_big_unit(double value, int most) {
    int exponent;
    uint64_t mantissa = mantissa_of(value, &exponent);
    if (mantissa == 0)
        return most;
    for (; exponent < most && !(mantissa & 1); mantissa >>= 1)
        exponent++;
    return exponent < most ? exponent : most;
}

static void trim(pm_big *a, int sign) {
    while (a->count > 0 && a->limb[a->count - 1] == 0)
        a->count--;
    a->sign = a->count > 0 ? sign : 0;
}

void pm_big_set(pm_big *out, double value, int unit) {
    int exponent;
    uint64_t mantissa = mantissa_of(value, &exponent);
    if (mantissa != 0 && exponent < unit) { /* its last bits are zeros: it is a multiple of the unit */
        mantissa >>= unit - exponent;
        exponent = unit;
    }
    int shift = mantissa != 0 ? exponent - unit : 0, whole = shift / 32, bits = shift % 32;
    uint64_t low = (mantissa & UINT32_MAX) << bits, high = ((mantissa >> 32) << bits) + (low >> 32);
    memset(out->limb, 0, (size_t)whole * sizeof *out->limb);
    out->limb[whole] = (uint32_t)low;
    out->limb[whole + 1] = (uint32_t)high;
    out->limb[whole + 2] = (uint32_t)(high >> 32);
    out->count = whole + 3;
    trim(out, signbit(value) ? -1 : 1);
}

static int compare_magnitudes(const pm_big *a, const pm_big *b) {
    if (a->count != b->count)
        return a->count > b->count ? 1 : -1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] > b->limb[i] ? 1 : -1;
    return 0;
}

int pm_big_compare(const pm_big *a, const pm_big *b) {
    if (a->sign != b->sign)
        return a->sign > b->sign ? 1 : -1;
    return a->sign * compare_magnitudes(a, b);
}

/* |a| + |b| for a no shorter than b. */
static void add_magnitudes(pm_big *out, const pm_big *a, const pm_big *b, int sign) {
    uint64_t carry = 0;
    int i = 0, shorter = b->count, longer = a->count;
    for (; i < longer; i++) {
        carry += (uint64_t)a->limb[i] + (i < shorter ? b->limb[i] : 0);
        out->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    out->count = longer;
    if (carry) {
        assert(longer < PM_BIG_LIMBS);
        out->limb[out->count++] = (uint32_t)carry;
    }
    trim(out, sign);
}

/* |a| - |b| for |a| >= |b|. */
static void subtract_magnitudes(pm_big *out, const pm_big *a, const pm_big *b, int sign) {
    int64_t borrow = 0;
    int shorter = b->count, longer = a->count;
    for (int i = 0; i < longer; i++) {
        int64_t value = (int64_t)a->limb[i] - (i < shorter ? (int64_t)b->limb[i] : 0) - borrow;
        borrow = value < 0;
        out->limb[i] = (uint32_t)value;
    }
    out->count = longer;
    trim(out, sign);
}

void pm_big_add(pm_big *out, const pm_big *a, const pm_big *b, int sign) {
    int other = sign * b->sign;
    if (a->sign * other >= 0) {
        int result = a->sign != 0 ? a->sign : other;
        if (a->count >= b->count)
            add_magnitudes(out, a, b, result);
        else
            add_magnitudes(out, b, a, result);
    } else if (compare_magnitudes(a, b) >= 0) {
        subtract_magnitudes(out, a, b, a->sign);
    } else {
        subtract_magnitudes(out, b, a, other);
    }
}

void pm_big_multiply(pm_big *out, const pm_big *a, const pm_big *b) {
    assert(out != a && out != b && a->count + b->count <= PM_BIG_LIMBS);
    out->count = a->count + b->count;
    memset(out->limb, 0, (size_t)out->count * sizeof *out->limb);
    for (int i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < b->count; k++) {
            carry += (uint64_t)a->limb[i] * b->limb[k] + out->limb[i + k];
            out->limb[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        out->limb[i + b->count] = (uint32_t)carry;
    }
    trim(out, a->sign * b->sign);
}

double pm_big_fraction(const pm_big *value, int *exponent) {
    *exponent = 0;
    if (value->sign == 0)
        return 0;
    /* The highest 64 bits, the last of them set where anything follows: then one rounding is the right one. */
    uint64_t top = 0;
    int taken = 0, i = value->count - 1;
    for (; i >= 0 && taken < 64; i--) {
        uint64_t limb = value->limb[i];
        int width = taken == 0 ? 0 : 32;
        if (taken == 0)
            while (width < 32 && limb >> width)
                width++;
        int keep = width < 64 - taken ? width : 64 - taken;
        top = (keep < 64 ? top << keep : 0) | limb >> (width - keep);
        taken += keep;
        if (keep < width && (limb & ((UINT64_C(1) << (width - keep)) - 1)))
            top |= 1;
    }
    *exponent = 32 * (value->count - 1);
    for (uint32_t high = value->limb[value->count - 1]; high; high >>= 1)
        ++*exponent;
    for (; i >= 0; i--)
        if (value->limb[i])
            top |= 1;
    return ldexp((double)top, -taken);
}
