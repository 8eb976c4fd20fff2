/* built.h: an index that a test can't do without. */
#ifndef BUILT_H
#define BUILT_H

#include "polymatch.h"
#include "tap.h"

/* The test ends where it can't be built. */
static inline pm_index *build(const pm_regions *regions, const pm_options *options) {
    pm_index *index = NULL;
    pm_error err;
    if (pm_index_build(regions, options, &index, &err) != PM_OK) {
        tap_ok(0, "build: %s", err.message);
        exit(tap_end());
    }
    return index;
}

#endif
