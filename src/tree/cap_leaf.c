/* cap_leaf.c — which disk of a leaf contains the place?
 *
 * The first whose center is closer than its radius, by the squared chord between vectors, and where that is too
 * close, by the distance in metres (sphere/caps.h). Only points that reach a leaf need their vector: four sines, as
 * long as all the rest takes. As for the disks of a plane, a pair of entries is read at once and chosen from without
 * a jump, and the points that need the next pair are collected. */
#include "base/strict.h"

#include "cap_leaf.h"

void pm_cap_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_cap_table *table = context;
    uint32_t *list = b->list, *entry = b->other; /* points, and the position of their next entry in `leaves` */
    double vectors[PM_BATCH][3];
    for (size_t k = 0; k < count; k++) {
        entry[k] = (uint32_t)pm_cell_leaf(b->word[list[k]]);
        pm_prefetch(tree->leaves + entry[k]);
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = list[k];
        const pm_observer observer = pm_observer_at((pm_lonlat){b->x[i], b->y[i]});
        pm_prefetch(table->caps + (tree->leaves[entry[k]] & ~PM_DISK_LAST) - 1);
        for (int axis = 0; axis < 3; axis++)
            vectors[i][axis] = observer.vector[axis];
    }
    for (size_t next; count > 0; count = next) {
        next = 0;
        for (size_t k = 0; k < count; k++) {
            const uint32_t i = list[k], at = entry[k], first = tree->leaves[at], second = tree->leaves[at + 1];
            const uint32_t inside =
                (uint32_t)pm_cap_contains(table, first - 1, vectors[i], (pm_lonlat){b->x[i], b->y[i]});
            const uint32_t answer = second ^ ((first ^ second) & -inside);
            b->out[i] = (int64_t)(answer & ~PM_DISK_LAST) - 1;
            list[next] = i;
            entry[next] = at + 1;
            next += !(inside | (second >= PM_DISK_LAST));
        }
    }
}
