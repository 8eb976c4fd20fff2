/* place_leaf.c — which of the few places of a leaf is nearest?
 *
 * Squared chords between vectors find it. Those that are as near within the error of vectors are compared by their
 * distances in metres, as they are reported, and equal ones by rank. */
#include "base/strict.h"

#include "disk_leaf.h"
#include "paint_places.h"

/* The nearest of the entries that are at most `most` away, by its position + 1. */
static uint32_t nearest_exactly(const pm_places *places, const uint32_t *entry, double most,
                                const pm_observer *from) {
    uint32_t nearest = 0;
    double least = INFINITY;
    for (int is_last = 0; !is_last; entry++) {
        const uint32_t number = *entry & ~PM_DISK_LAST;
        is_last = *entry >= PM_DISK_LAST;
        if (number == 0 || pm_place_chord(&places->sites[number - 1], from->vector) > most)
            continue;
        const double metres = pm_lonlat_distance(from, places->sites[number - 1].place);
        if (nearest == 0 || metres < least ||
            (metres == least && places->ranks[number - 1] < places->ranks[nearest - 1])) {
            nearest = number;
            least = metres;
        }
    }
    return nearest;
}

void pm_place_leaf(const pm_tree *tree, const void *context, pm_batch *b, size_t count) {
    const pm_places *places = context;
    pm_observer from[PM_BATCH];
    for (size_t k = 0; k < count; k++)
        pm_prefetch(tree->leaves + pm_cell_leaf(b->word[b->list[k]]));
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *entry = tree->leaves + pm_cell_leaf(b->word[i]);
        for (int is_last = 0; !is_last; entry++) {
            is_last = *entry >= PM_DISK_LAST;
            pm_prefetch(places->sites + (*entry & ~PM_DISK_LAST) - 1);
        }
        from[k] = pm_observer_at((pm_lonlat){b->x[i], b->y[i]});
    }
    for (size_t k = 0; k < count; k++) {
        const uint32_t i = b->list[k], *first = tree->leaves + pm_cell_leaf(b->word[i]), *entry = first;
        double least = INFINITY, second = INFINITY;
        uint32_t nearest = 0;
        for (int is_last = 0; !is_last; entry++) {
            const uint32_t number = *entry & ~PM_DISK_LAST;
            is_last = *entry >= PM_DISK_LAST;
            const double square = number ? pm_place_chord(&places->sites[number - 1], from[k].vector) : INFINITY;
            second = square < least ? least : square < second ? square : second;
            nearest = square < least ? number : nearest;
            least = square < least ? square : least;
        }
        const double most = least + 4e-14 * sqrt(least) + 1e-28;
        if (!(second > most))
            nearest = nearest_exactly(places, first, most, &from[k]);
        b->out[i] = (int64_t)nearest - 1;
    }
}
