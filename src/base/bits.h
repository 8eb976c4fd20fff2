/* bits.h — positions of bits in a word. */
#ifndef PM_BITS_H
#define PM_BITS_H

#include <stdint.h>

/* The position of the lowest bit that is set; one must be. */
static inline int pm_lowest_bit(uint64_t bits) {
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int bit = 0;
    for (; !(bits & 1); bits >>= 1)
        bit++;
    return bit;
#endif
}

#endif
