/* index.h — what a pm_index is: a block, and its kind's view of it. See build.c and open.c. */
#ifndef PM_INDEX_H
#define PM_INDEX_H

#include "block.h"
#include "kind.h"

struct pm_index {
    pm_allocator allocator;
    int own_allocator; /* the caller gave one */
    void *memory;      /* around the block; NULL: it is borrowed */
    size_t memory_size;
    const void *block;
    size_t size;
    size_t distance_count;
    const uint32_t *ids; /* rank -> position in the input */
    const void *note;
    size_t note_size;
    const pm_kind *kind;
    pm_best best;
    size_t count;
    double bounds[4];
    double period, range[2];           /* as in the block */
    uint32_t *ranks;                   /* of every region, where a point may have more than one turn; else NULL */
    _Alignas(16) unsigned char view[]; /* kind->view_size bytes */
};

/* An index without a block yet; NULL when memory has run out. */
pm_index *pm_index_new(const pm_kind *kind, const pm_allocator *allocator);

/* Memory for a block of the planned size, at a multiple of 64; 0 when there is none. */
int pm_index_allocate(pm_index *index, pm_block *block, const pm_allocator *allocator);

/* Let the index use this block. Everything that is no array is copied, so that a block that changes later can't
 * change it. */
void pm_index_use(pm_index *index, const pm_block *block);

/* Compute the ranks, if they are needed, from ids that are in range. 0 when memory has run out. */
int pm_index_rank(pm_index *index);

static inline const pm_allocator *pm_index_allocator(const pm_index *index) {
    return index->own_allocator ? &index->allocator : NULL;
}

static inline const pm_tree *pm_index_tree(const pm_index *index) {
    return index->kind->tree(index->view);
}

/* What a predicate says that is asked for distances and has none. */
#define PM_NO_DISTANCES "%s has no distances: an index of nearest has"

/* As pm_index_build(), for these points only, without a period; other points may have no answer. NULL: for all. */
pm_status pm_index_build_for(const pm_regions *regions, const pm_options *options, const pm_points *only,
                             pm_index **out, pm_error *err);

/* What pm_index_build_disks() and pm_match_disks() accept. */
pm_status pm_disks_check(const pm_disks *disks, const pm_options *options, pm_error *err);

#endif
