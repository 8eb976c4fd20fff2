/* region.c — a region set as one module: region(x, y) gives the position of the best region, or -1.
 *
 * This is compiled once, without any regions: the template that python/poly_match/_engine/region.wasm is. Whoever
 * makes a module appends a data segment where the template's memory ends, and makes the memory larger (wasm.py):
 *
 *     the size of the block (8 bytes), 56 bytes of nothing, the block, room for what opening it allocates
 *
 * So nobody needs a compiler to make one, and the module is a function and data, without imports. The first call
 * opens the block, unverified: it comes with the code. */
#include "polymatch.h"

extern const unsigned char __heap_end; /* where the template's memory ends: the linker defines it */

enum { HEAD = 64 };

static size_t used; /* of the room behind the block */

static const uint64_t *appended(void) {
    return (const void *)&__heap_end;
}

static void *take(void *context, size_t size) {
    const uintptr_t at = (uintptr_t)context + used, end = __builtin_wasm_memory_size(0) << 16;
    size = (size + 15) / 16 * 16;
    if (size > end - at)
        return NULL;
    used += size;
    return (void *)at;
}

static void drop(void *context, void *memory) {
    (void)context;
    (void)memory;
}

static const pm_index *opened(void) {
    const unsigned char *block = (const unsigned char *)appended() + HEAD;
    const size_t size = (size_t)*appended();
    const pm_allocator allocator = {take, drop, (void *)(((uintptr_t)block + size + 15) / 16 * 16)};
    pm_index *index;
    if (pm_index_open(block, size, 0, &allocator, &index, NULL) != PM_OK)
        __builtin_trap(); /* a template of another version, or without a block */
    return index;
}

__attribute__((export_name("region"))) int32_t region(double x, double y) {
    static const pm_index *index;
    if (!index)
        index = opened();
    return (int32_t)pm_index_match_one(index, x, y);
}
