/* Every k-th allocation of reading an index fails: an error each time, and nothing is left allocated. */
#include "held_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct ledger {
    long calls, fails_at, open;
} ledger;

static void *allocate(void *context, size_t size) {
    ledger *l = context;
    void *block = ++l->calls == l->fails_at ? NULL : malloc(size);
    l->open += block != NULL;
    return block;
}

static void release(void *context, void *block) {
    ((ledger *)context)->open--;
    free(block);
}

int main(int count, char **arguments) {
    if (count != 2)
        return 2;
    int round = 0;
    for (long k = 1;; k++, round++) {
        ledger l = {.fails_at = k};
        const pm_allocator allocator = {allocate, release, &l};
        held_index held, copy;
        pm_error err = {.status = PM_OK};
        if (held_index_read(arguments[1], &allocator, &held, &err) == PM_OK) {
            const pm_status status = held_index_copy(held.block, held.size, &allocator, &copy, &err);
            if (status == PM_OK)
                held_index_release(&copy);
            held_index_release(&held);
        }
        if (l.open != 0 || (l.calls >= k && (err.status != PM_ERR_NO_MEMORY || !strlen(err.message)))) {
            printf("allocation %ld failed: status %s, %ld blocks are left\n", k, pm_status_name(err.status), l.open);
            return 1;
        }
        if (l.calls < k)
            break;
    }
    printf("%d allocations failed\n", round);
    return round < 4; /* of each: the bytes and the index */
}
