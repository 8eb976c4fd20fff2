/* ledger.c: does the library take and give back memory as it promises?
 *
 * Every block has a header that names its owner, so a release of anything else is detected. New memory is filled with
 * one byte value, so reads of unwritten memory show. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

typedef struct header {
    ledger *owner;
    size_t size;
    uint64_t magic[2]; /* keeps what follows aligned to 16 bytes, as malloc() does */
} header;

static const uint64_t MAGIC = UINT64_C(0xA110CA7ED);

static void *allocate(void *context, size_t size) {
    ledger *l = context;
    if (size == 0)
        l->broken = 1;
    if (l->calls++ == l->fail_at)
        return NULL;
    header *h = malloc(sizeof *h + size);
    if (h == NULL)
        abort();
    *h = (header){l, size, {MAGIC, MAGIC}};
    memset(h + 1, l->fill, size);
    l->live++;
    l->live_size += size;
    return h + 1;
}

static void release(void *context, void *block) {
    ledger *l = context;
    header *h = (header *)block - 1;
    if (block == NULL || h->owner != l || h->magic[0] != MAGIC) {
        l->broken = 1;
        return;
    }
    h->magic[0] = 0;
    l->live--;
    l->live_size -= h->size;
    free(h);
}

ledger ledger_new(long fail_at) {
    return (ledger){.fail_at = fail_at, .fill = 0xA5};
}

pm_allocator ledger_allocator(ledger *owner) {
    return (pm_allocator){allocate, release, owner};
}
