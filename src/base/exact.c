/* exact.c — which sign does this expression have in real arithmetic?
 *
 * Every finite double is an integer times 2^-1074, so every product of two is an integer times 2^-2148. Sums of
 * such products fit a fixed-point number of some 4200 bits, whatever the exponents: no overflow, no underflow,
 * no special case. That one accumulator decides orientations, distances and areas alike. (Floating-point
 * expansions are faster per operation but fail where a product over- or underflows.)
 *
 * It is the second line only: a rounded evaluation with a proven error bound answers nearly always, and calls on
 * the accumulator when the bound can't exclude the other sign. Limbs hold 32 bits in 64 with a sign, so additions
 * need no carries (Neal, "Fast exact summation using small and large superaccumulators", 2015).
 * Invariant others rely on: the signs are those of the real numbers, for all finite doubles. */
#include "strict.h"

#include "exact.h"

#include <math.h>
#include <string.h>

#include "polymatch.h"

static const int64_t LIMB = INT64_C(1) << 32;

void pm_exact_clear(pm_exact *sum) {
    memset(sum->limb, 0, sizeof sum->limb);
    sum->low = PM_EXACT_LIMBS;
    sum->high = 0;
    sum->pending = 0;
}

/* Carry, so that every limb but the last is in [0, 2^32); the sign ends up in the last. */
static void normalize(pm_exact *sum) {
    if (sum->low >= sum->high)
        return;
    int64_t carry = 0;
    int i;
    for (i = sum->low; i < PM_EXACT_LIMBS - 1 && (i < sum->high || carry != 0); i++) {
        int64_t value = sum->limb[i] + carry;
        int64_t rest = value & (LIMB - 1);
        carry = (value - rest) / LIMB;
        sum->limb[i] = rest;
    }
    if (carry != 0)
        sum->limb[i++] += carry; /* the last limb, as a negative carry travels up to it */
    if (i > sum->high)
        sum->high = i;
    sum->pending = 0;
}

/* |value| = mantissa * 2^(exponent - 1074), mantissa < 2^53, exponent >= 0. */
static uint64_t decompose(double value, int *exponent) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int biased = (int)((bits >> 52) & 0x7ff);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    *exponent = biased ? biased - 1 : 0;
    return biased ? fraction | (UINT64_C(1) << 52) : fraction;
}

void pm_exact_add(pm_exact *sum, double a, double b, int sign) {
    int ea, eb;
    uint64_t ma = decompose(a, &ea), mb = decompose(b, &eb);
    if (ma == 0 || mb == 0)
        return;
    if (!signbit(a) != !signbit(b)) /* signbit() may be any number but 0 */
        sign = -sign;

    /* ma * mb in 32-bit chunks: 53 bits are 21 and 32. */
    uint64_t mask = UINT32_MAX;
    uint64_t a0 = ma & mask, a1 = ma >> 32, b0 = mb & mask, b1 = mb >> 32;
    uint64_t low = a0 * b0, middle = a0 * b1 + a1 * b0 + (low >> 32);
    uint64_t chunk[5] = {low & mask, middle & mask, 0, 0, 0};
    uint64_t high = a1 * b1 + (middle >> 32);
    chunk[2] = high & mask;
    chunk[3] = high >> 32;

    int first = (ea + eb) / 32, shift = (ea + eb) % 32;
    uint64_t spill = 0;
    for (int i = 0; i < 5; i++) {
        uint64_t shifted = chunk[i] << shift;
        sum->limb[first + i] += sign * (int64_t)((shifted & mask) | spill);
        spill = shifted >> 32;
    }
    if (first < sum->low)
        sum->low = first;
    if (first + 5 > sum->high)
        sum->high = first + 5;
    if (++sum->pending == UINT32_C(1) << 29)
        normalize(sum);
}

void pm_exact_merge(pm_exact *sum, pm_exact *other, int sign) {
    normalize(other);
    for (int i = other->low; i < other->high; i++)
        sum->limb[i] += sign * other->limb[i];
    if (other->low < sum->low)
        sum->low = other->low;
    if (other->high > sum->high)
        sum->high = other->high;
    normalize(sum);
}

int pm_exact_sign(pm_exact *sum) {
    normalize(sum);
    if (sum->limb[PM_EXACT_LIMBS - 1] < 0)
        return -1;
    for (int i = sum->low; i < sum->high; i++)
        if (sum->limb[i] != 0)
            return 1;
    return 0;
}

static int bit_at(const pm_exact *sum, int position) {
    return (int)(sum->limb[position / 32] >> (position % 32)) & 1;
}

double pm_exact_round(pm_exact *sum, int halvings) {
    int sign = pm_exact_sign(sum);
    if (sign == 0)
        return 0.0;
    if (sign < 0) {
        for (int i = sum->low; i < sum->high; i++)
            sum->limb[i] = -sum->limb[i];
        normalize(sum);
    }
    int limb = sum->high - 1;
    while (sum->limb[limb] == 0)
        limb--;
    int top = 32 * limb + 31;
    while (!bit_at(sum, top))
        top--;

    /* Keep 53 bits, or fewer where the result is subnormal: its last bit weighs 2^-1074 at the least. */
    int smallest = 2148 - 1074 + halvings;
    int last = top - 52 > smallest ? top - 52 : smallest;
    uint64_t kept = 0;
    for (int i = top; i >= last; i--)
        kept = kept << 1 | (uint64_t)bit_at(sum, i);
    if (top >= last - 1 && bit_at(sum, last - 1)) {
        int sticky = 0;
        for (int i = last - 2; i >= 32 * sum->low && !sticky; i--)
            sticky = bit_at(sum, i);
        if (sticky || (kept & 1))
            kept++;
    }
    return sign * ldexp((double)kept, last - 2148 - halvings);
}

/* The filter is Shewchuk's ("Adaptive precision floating-point arithmetic", 1997, ccwerrboundA). Its proof assumes
 * that no product underflows: where both are tiny the bound is not trusted. Overflow gives infinities or NaN, with
 * which no comparison below is true. */
int pm_orientation(double ax, double ay, double bx, double by, double px, double py) {
    double left = (bx - ax) * (py - ay), right = (by - ay) * (px - ax);
    double det = left - right, magnitude = fabs(left) + fabs(right);
    double bound = 3.3306690738754716e-16 * magnitude;
    if (magnitude > 1e-280) {
        if (det > bound)
            return 1;
        if (-det > bound)
            return -1;
    }
    pm_exact sum;
    pm_exact_clear(&sum);
    pm_exact_add(&sum, bx, py, 1);
    pm_exact_add(&sum, bx, ay, -1);
    pm_exact_add(&sum, ax, py, -1);
    pm_exact_add(&sum, by, px, -1);
    pm_exact_add(&sum, by, ax, 1);
    pm_exact_add(&sum, ay, px, 1);
    return pm_exact_sign(&sum);
}

int pm_is_closer(const double center[2], double x, double y, double distance) {
    double cx = center[0], cy = center[1];
    if (!isfinite(x) || !isfinite(y) || isnan(cx) || isnan(cy) || !(distance > 0))
        return 0;
    if (isinf(distance))
        return 1;
    if (isinf(cx) || isinf(cy))
        return 0;
    pm_band band = pm_band_of(distance);
    double square = pm_rounded_square(cx, cy, x, y);
    if (square < band.inner || square > band.outer)
        return square < band.inner;
    pm_exact sum;
    pm_exact_clear(&sum);
    for (int axis = 0; axis < 2; axis++) {
        double c = axis ? cy : cx, p = axis ? y : x;
        pm_exact_add(&sum, c, c, 1);
        pm_exact_add(&sum, c, p, -1);
        pm_exact_add(&sum, c, p, -1);
        pm_exact_add(&sum, p, p, 1);
    }
    pm_exact_add(&sum, distance, distance, -1);
    return pm_exact_sign(&sum) < 0;
}

int pm_are_finite(const double *values, size_t count) {
    const uint64_t exponent = UINT64_C(0x7FF) << 52;
    uint64_t carry = 0; /* an exponent of all ones carries into the sign */
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, sizeof bits);
        carry |= (bits & exponent) + (UINT64_C(1) << 52);
    }
    return !(carry >> 63);
}
