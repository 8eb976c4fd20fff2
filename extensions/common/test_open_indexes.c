/* The indexes that a host has open: each file is read once, again after it was replaced, and whoever uses the old
 * index keeps it. Then every k-th allocation of all that fails: an error each time, and nothing is left allocated.
 *
 * test_open_indexes FILE OTHER CHANGING: two indexes, and a name in the same folder that they are linked to in turn.
 */
#define _POSIX_C_SOURCE 200809L
#include "open_indexes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int problems;

static void check(int is_right, const char *what, long k) {
    if (!is_right) {
        printf("%s (allocation %ld failed)\n", what, k);
        problems++;
    }
}

static void point_to(const char *changing, const char *file) {
    remove(changing);
    if (link(file, changing) != 0)
        check(0, "the file could not be linked", 0);
}

/* Everything once; the number of calls that failed. */
static int all(ledger *l, char **files) {
    const pm_allocator allocator = {allocate, release, l};
    open_indexes list = {.allocator = &allocator};
    const size_t size = strlen(files[2]);
    pm_error err;
    int failed = 0;
    point_to(files[2], files[0]);
    open_index *first = open_indexes_get(&list, files[2], size, &err);
    failed += !first;
    const long calls = l->calls;
    open_index *again = open_indexes_get(&list, files[2], size, &err);
    failed += !again;
    check(!first || (first == again && l->calls == calls), "a file that is open was read again", l->fails_at);

    point_to(files[2], files[1]);
    open_index *second = open_indexes_get(&list, files[2], size, &err);
    failed += !second;
    check(!second || second != first, "a file that was replaced was not read again", l->fails_at);
    check(!second || !list.first->next, "the old index is still in the list", l->fails_at);
    if (first && second) {
        size_t size_of_name;
        const char *name = pm_index_name(first->held.index, 0, &size_of_name);
        check(name && strncmp(name, "zone", 4) == 0, "the old index has gone before its users", l->fails_at);
    }
    open_index *copy = second ? open_index_of_bytes(second->held.block, second->held.size, &allocator, &err) : NULL;
    failed += second && !copy;
    check(!failed || (err.status == PM_ERR_NO_MEMORY && strlen(err.message) > 0), "an error says nothing",
          l->fails_at);

    open_index_drop(first);
    open_indexes_clear(&list);
    check(!second || second->users == 1, "an index that is used was closed with the list", l->fails_at);
    open_index_drop(again);
    open_index_drop(second);
    open_index_drop(copy);
    return failed;
}

/* What is no index, and what is no name. */
static void errors(char **files) {
    ledger l = {.fails_at = 0};
    const pm_allocator allocator = {allocate, release, &l};
    open_indexes list = {.allocator = &allocator};
    pm_error err = {.status = PM_OK};
    check(!open_indexes_get(&list, "", 0, &err) && err.status == PM_ERR_ARGUMENT, "an empty name is opened", 0);
    check(!open_indexes_get(&list, files[0], strlen(files[0]) + 1, &err) && err.status == PM_ERR_ARGUMENT,
          "a name goes on after a 0", 0);
    check(!open_index_of_bytes("no index", 8, &allocator, &err) && err.status == PM_ERR_BLOCK, "bytes are opened", 0);
    check(!list.first && l.open == 0, "an error leaves something", 0);
    open_index_drop(NULL);
}

int main(int count, char **arguments) {
    if (count != 4)
        return 2;
    errors(arguments + 1);
    int rounds = 0;
    for (long k = 1;; k++, rounds++) {
        ledger l = {.fails_at = k};
        const int failed = all(&l, arguments + 1);
        check(l.open == 0, "something is left allocated", k);
        check((failed > 0) == (l.calls >= k), "a failure was no error", k);
        if (l.calls < k)
            break;
    }
    check(rounds >= 9, "too few allocations", rounds); /* an entry, the bytes and the index, three times */
    printf("%d allocations failed, %d problems\n", rounds, problems);
    return problems > 0;
}
