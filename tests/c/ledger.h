/* ledger.h: an allocator that counts, fails at a chosen call, and checks the library's contract. See ledger.c. */
#ifndef LEDGER_H
#define LEDGER_H

#include "polymatch.h"

typedef struct ledger {
    long calls, fail_at; /* the call that fails, counted from 0; -1: none */
    long live;           /* blocks that were not released yet */
    size_t live_size;
    int broken;         /* the contract was: a size of 0, NULL released, or a block that is not the allocator's */
    unsigned char fill; /* fills new memory */
} ledger;

ledger ledger_new(long fail_at);

/* Memory from malloc(), recorded in this ledger. */
pm_allocator ledger_allocator(ledger *owner);

#endif
