/* status.h — how the library says what went wrong. See status.c. */
#ifndef PM_STATUS_H
#define PM_STATUS_H

#include "polymatch.h"

/* Fill `err` (may be NULL) and return `status`; the sentence is made as printf does. */
#if defined(__MINGW32__) /* where printf is Microsoft's, unless C11 says otherwise */
__attribute__((format(gnu_printf, 4, 5)))
#elif defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
pm_status
pm_fail(pm_error *err, pm_status status, int64_t item, const char *sentence, ...);

/* What a struct of the caller says about members that this version does not know. */
#define PM_RESERVED "the reserved members of %s are not 0: set them to 0, or use a later version of the library"

int pm_is_zero(const uint64_t *reserved, size_t size);

/* Memory of `allocator` (NULL: malloc and free); allocate returns NULL on failure. */
void *pm_allocate(const pm_allocator *allocator, size_t size);
void pm_release(const pm_allocator *allocator, void *block);

#endif
