/* least.h — the lesser and the greater of two numbers, in one instruction each; of a NaN, the second. */
#ifndef PM_LEAST_H
#define PM_LEAST_H

static inline double pm_least(double a, double b) {
    return a < b ? a : b;
}

static inline double pm_greatest(double a, double b) {
    return a > b ? a : b;
}

#endif
