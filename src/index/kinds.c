/* kinds.c — which kinds of shapes are there?
 *
 * One for each predicate; see kind.h for what a kind is and for how to add one. */
#include "base/strict.h"

#include "kind.h"

#include "kind_disks.h"
#include "kind_distances.h"
#include "kind_polygons.h"

static const pm_kind *const KINDS[] = {&pm_kind_polygons, &pm_kind_disks, &pm_kind_dwithin, &pm_kind_nearest};

const pm_kind *pm_kind_of(pm_predicate predicate) {
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (KINDS[i]->predicate == predicate)
            return KINDS[i];
    return NULL;
}

const char *pm_predicate_name(pm_predicate predicate) {
    const pm_kind *kind = pm_kind_of(predicate);
    return kind ? kind->name : NULL;
}
