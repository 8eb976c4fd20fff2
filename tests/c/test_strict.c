/* test_strict.c: do doubles round after each operation, whatever the flags?
 *
 * (1 + e)(1 - e) - 1 is -e^2, and 0 when the product is rounded first: it is close to 1. A fused operation gives the
 * former. The build of dev.py fused asks compilers to fuse, for machines that can; base/strict.h forbids it. */
#include "base/strict.h"

#include "tap.h"

static double product_and_sum(double a, double b, double c) {
    return a * b + c;
}

int main(void) {
    volatile double e = 0x1p-30, one = 1;
    double rounded = product_and_sum(one + e, one - e, -one);
    tap_ok(rounded == 0, "a product is rounded before it is added to: %g", rounded);
    double low = one + e;
    low *= one - e;
    low -= one;
    tap_ok(low == 0, "also over several statements: %g", low);
    return tap_end();
}
