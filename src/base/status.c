/* status.c — what happens when something can't be done?
 *
 * A function that fails returns a negative status for programs and fills the caller's pm_error for people: which
 * item is at fault, and one sentence. The error is written where the fault is found and passed up unchanged.
 * Memory comes from the caller's allocator or from malloc; there is no other state. */
#include "strict.h"

#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *pm_status_name(pm_status status) {
    switch (status) {
    case PM_OK:
        return "PM_OK";
    case PM_ERR_NO_MEMORY:
        return "PM_ERR_NO_MEMORY";
    case PM_ERR_ARGUMENT:
        return "PM_ERR_ARGUMENT";
    case PM_ERR_OFFSETS:
        return "PM_ERR_OFFSETS";
    case PM_ERR_COORDINATE:
        return "PM_ERR_COORDINATE";
    case PM_ERR_SCORE:
        return "PM_ERR_SCORE";
    case PM_ERR_DISTANCE:
        return "PM_ERR_DISTANCE";
    case PM_ERR_BLOCK:
        return "PM_ERR_BLOCK";
    case PM_ERR_VERSION:
        return "PM_ERR_VERSION";
    case PM_ERR_STOPPED:
        return "PM_ERR_STOPPED";
    case PM_ERR_SIZE:
        return "PM_ERR_SIZE";
    }
    return "unknown pm_status";
}

pm_status pm_fail(pm_error *err, pm_status status, int64_t item, const char *sentence, ...) {
    if (err) {
        va_list args;
        va_start(args, sentence);
        err->status = status;
        err->item = item;
        (void)vsnprintf(err->message, sizeof err->message, sentence, args);
        va_end(args);
    }
    return status;
}

int pm_is_zero(const uint64_t *reserved, size_t size) {
    uint64_t any = 0;
    for (size_t i = 0; i < size / sizeof *reserved; i++)
        any |= reserved[i];
    return any == 0;
}

void *pm_allocate(const pm_allocator *allocator, size_t size) {
    return allocator ? allocator->allocate(allocator->context, size) : malloc(size);
}

void pm_release(const pm_allocator *allocator, void *block) {
    if (!block)
        return;
    if (allocator)
        allocator->release(allocator->context, block);
    else
        free(block);
}
