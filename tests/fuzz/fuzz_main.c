/* fuzz_main.c — the main() of a fuzz target without libFuzzer: it replays files, or makes up inputs (--random COUNT).
 *
 * Made-up inputs depend on the target's seed alone, so a run that failed fails again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "fuzz.h"
#include "tap.h"

static void replay(const char *path) {
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!tap_ok(file != NULL, "%s opens", path))
        return;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    tap_ok(1, "%s: %zu bytes", path, size);
}

static void make_up(long count) {
    rng r = rng_new(fuzz_made_up.seed);
    for (long i = 0; i < count; i++) {
        uint8_t data[1024];
        size_t size = fuzz_made_up.least + rng_below(&r, fuzz_made_up.limit - fuzz_made_up.least);
        for (size_t k = 0; k < size; k++)
            data[k] = (uint8_t)(rng_next(&r) >> 56);
        LLVMFuzzerTestOneInput(data, size);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--random") == 0) {
        long count = atol(argv[2]) * tap_cases(1, 20);
        make_up(count);
        return fuzz_reached(count);
    }
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    return tap_end();
}
