/* region_name.h — the name of a region as a column of text: a stored JSON value other than text as it is written. */
#ifndef PM_REGION_NAME_H
#define PM_REGION_NAME_H

#include "polymatch.h"
#include <string.h>

/* As pm_index_name(), but NULL for a name that is missing, which is stored as the JSON value null. */
static inline const char *region_name(const pm_index *index, int64_t region, size_t *size) {
    const char *name = pm_index_name(index, region, size);
    const int is_null = name && pm_index_names(index) == PM_NAMES_JSON && *size == 4 && !memcmp(name, "null", 4);
    return is_null ? NULL : name;
}

#endif
