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
    open_index *first;      /* of files */
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

/* With the lock, or as the only user. */
static void drop(open_index *index) {
    if (!index || --index->users > 0)
        return;
    held_index_release(&index->held);
    free(index->path);
    free(index);
}

void store_release(void *pointer) {
    store *s = pointer;
    pthread_mutex_lock(&s->lock);
    const int users = --s->users;
    pthread_mutex_unlock(&s->lock);
    if (users > 0)
        return;
    while (s->first) {
        open_index *index = s->first;
        s->first = index->next;
        drop(index);
    }
    drop(s->registered);
    free(s->registered_path);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void let_go(store *s, open_index *index) {
    if (!index)
        return;
    pthread_mutex_lock(&s->lock);
    drop(index);
    pthread_mutex_unlock(&s->lock);
}

static void *no_memory(problem *why) {
    snprintf(why->text, sizeof why->text, "there is not enough memory for the index");
    return NULL;
}

/* A name of a file that ends in a 0. */
static char *copied(const char *path, size_t size, problem *why) {
    if (memchr(path, 0, size)) {
        snprintf(why->text, sizeof why->text, "%.300s: No such file or directory", path);
        return NULL;
    }
    char *copy = malloc(size + 1);
    if (!copy)
        return no_memory(why);
    memcpy(copy, path, size);
    copy[size] = 0;
    return copy;
}

/* The index in a file, for the list; takes over `path`. */
static open_index *opened(char *path, problem *why) {
    open_index *index = path ? calloc(1, sizeof *index) : NULL;
    pm_error err;
    if (!index) {
        free(path);
        return path ? no_memory(why) : NULL;
    }
    *index = (open_index){.path = path, .users = 1};
    if (held_index_read(path, NULL, &index->held, &err) == PM_OK)
        return index;
    snprintf(why->text, sizeof why->text, "%.300s: %s", path, err.message);
    drop(index);
    return NULL;
}

/* With the lock. */
static open_index *borrow(store *s, const char *path, size_t size, problem *why) {
    open_index **link = &s->first;
    while (*link && (strlen((*link)->path) != size || memcmp((*link)->path, path, size) != 0))
        link = &(*link)->next;
    if (*link && !held_index_is_current(&(*link)->held, (*link)->path)) {
        open_index *outdated = *link;
        *link = outdated->next;
        drop(outdated);
        link = &s->first;
        while (*link)
            link = &(*link)->next;
    }
    if (!*link)
        *link = opened(copied(path, size, why), why);
    if (*link)
        (*link)->users++;
    return *link;
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
    drop(s->registered);
    free(s->registered_path);
    s->registered = index;
    s->registered_path = path;
    pthread_mutex_unlock(&s->lock);
    return (int64_t)count;
}

int64_t store_register_block(store *s, const void *block, size_t size, problem *why) {
    open_index *index = calloc(1, sizeof *index);
    pm_error err;
    if (!index) {
        no_memory(why);
        return -1;
    }
    index->users = 1;
    if (held_index_copy(block, size, NULL, &index->held, &err) != PM_OK) {
        snprintf(why->text, sizeof why->text, "index: %s", err.message);
        free(index);
        return -1;
    }
    return replace(s, index, NULL, pm_index_count(index->held.index));
}

int64_t store_register_file(store *s, const char *path, size_t size, problem *why) {
    open_index *index = store_open(s, path, size, why);
    char *copy = index ? copied(path, size, why) : NULL;
    const int64_t count = copy ? replace(s, NULL, copy, pm_index_count(index->held.index)) : -1;
    let_go(s, index);
    return count;
}
