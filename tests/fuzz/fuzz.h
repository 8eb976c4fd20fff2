/* fuzz.h — what a fuzz target supplies: the entry point of libFuzzer, and two things for fuzz_main.c. */
#ifndef PM_FUZZ_H
#define PM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs that fuzz_main.c makes up: `least` bytes or more, fewer than `limit`, which is 1024 at most. */
typedef struct fuzz_sizes {
    uint64_t seed;
    uint32_t least, limit;
} fuzz_sizes;

extern const fuzz_sizes fuzz_made_up;

/* After `count` such inputs: did they get far enough? A fuzzer whose input is always refused tests nothing. Prints
 * lines of TAP and returns tap_end(). */
int fuzz_reached(long count);

#endif
