/* kinds.c — which kinds of shapes are there?
 *
 * One for each predicate and metric; see kind.h for what a kind is and for how to add one. */
#include "base/strict.h"

#include "kind.h"

#include "kind_disks.h"
#include "kind_distances.h"
#include "kind_polygons.h"
#include "kind_sphere.h"

static const pm_kind *const KINDS[] = {
    &pm_kind_polygons,        &pm_kind_disks,        &pm_kind_dwithin,        &pm_kind_nearest,
    &pm_kind_sphere_polygons, &pm_kind_sphere_disks, &pm_kind_sphere_dwithin, &pm_kind_sphere_nearest,
};

const pm_kind *pm_kind_of(pm_predicate predicate, pm_metric metric) {
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (KINDS[i]->predicate == predicate && KINDS[i]->metric == metric)
            return KINDS[i];
    return NULL;
}

const char *pm_predicate_name(pm_predicate predicate) {
    const pm_kind *kind = pm_kind_of(predicate, PM_PLANAR);
    return kind ? kind->name : NULL;
}

const char *pm_metric_name(pm_metric metric) {
    static const char *const names[] = {"planar", "sphere"};
    return (unsigned)metric < sizeof names / sizeof *names ? names[metric] : NULL;
}
