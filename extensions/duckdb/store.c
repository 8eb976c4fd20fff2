/* How is an index opened once, for all threads of all connections?
 *
 * A database has one store. A batch of rows borrows its index there by name and gives it back afterwards: a lock, a
 * search in a short list and one stat() for some two thousand rows, to notice a file that was replaced. The old index
 * is released by its last user. Only opening a file holds the lock for longer; who waits would have to open it, too.
 *
 * The registered index, that of match_region(x, y), is a name or a block. */
#define _POSIX_C_SOURCE 200809L
#include "store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
    pthread_mutex_t lock;
    int users;
    open_indexes indexes;   /* of files */
    open_index *registered; /* for match_region(x, y): one of bytes, or of `registered_path` when it is NULL */
    char *registered_path;
};

store *store_new(void) {
    store *s = calloc(1, sizeof *s);
    if (!s || pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return NULL;
    }
    s->users = 1;
    return s;
}

void store_share(store *s) {
    pthread_mutex_lock(&s->lock);
    s->users++;
    pthread_mutex_unlock(&s->lock);
}

void store_release(void *pointer) {
    store *s = pointer;
    pthread_mutex_lock(&s->lock);
    const int users = --s->users;
    pthread_mutex_unlock(&s->lock);
    if (users > 0)
        return;
    open_indexes_clear(&s->indexes);
    open_index_drop(s->registered);
    free(s->registered_path);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void let_go(store *s, open_index *index) {
    pthread_mutex_lock(&s->lock);
    open_index_drop(index);
    pthread_mutex_unlock(&s->lock);
}

/* With the lock. */
static open_index *borrow(store *s, const char *path, size_t size, problem *why) {
    pm_error err;
    open_index *index = open_indexes_get(&s->indexes, path, size, &err);
    if (!index)
        snprintf(why->text, sizeof why->text, "%.*s: %s", size < 300 ? (int)size : 300, path, err.message);
    return index;
}

open_index *store_open(store *s, const char *path, size_t size, problem *why) {
    pthread_mutex_lock(&s->lock);
    open_index *index = borrow(s, path, size, why);
    pthread_mutex_unlock(&s->lock);
    return index;
}

open_index *store_registered(store *s, problem *why) {
    open_index *index = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->registered) {
        index = s->registered;
        index->users++;
    } else if (s->registered_path) {
        index = borrow(s, s->registered_path, strlen(s->registered_path), why);
    } else {
        snprintf(why->text, sizeof why->text,
                 "no index is registered: call register_index(file), or give the file as the first argument");
    }
    pthread_mutex_unlock(&s->lock);
    return index;
}

/* Replace the registered index by one of bytes or by the name of a file; the number of its regions. */
static int64_t replace(store *s, open_index *index, char *path, size_t count) {
    pthread_mutex_lock(&s->lock);
    open_index_drop(s->registered);
    free(s->registered_path);
    s->registered = index;
    s->registered_path = path;
    pthread_mutex_unlock(&s->lock);
    return (int64_t)count;
}

int64_t store_register_block(store *s, const void *block, size_t size, problem *why) {
    pm_error err;
    open_index *index = open_index_of_bytes(block, size, NULL, &err);
    if (!index) {
        snprintf(why->text, sizeof why->text, "index: %s", err.message);
        return -1;
    }
    return replace(s, index, NULL, pm_index_count(index->held.index));
}

int64_t store_register_file(store *s, const char *path, size_t size, problem *why) {
    open_index *index = store_open(s, path, size, why);
    char *copy = index ? malloc(size + 1) : NULL;
    if (copy)
        memcpy(copy, index->path, size + 1);
    else if (index)
        snprintf(why->text, sizeof why->text, "there is not enough memory for the name of a file");
    const int64_t count = copy ? replace(s, NULL, copy, pm_index_count(index->held.index)) : -1;
    let_go(s, index);
    return count;
}
