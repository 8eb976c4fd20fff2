/* kinds.c — the kinds of shapes in the package for JavaScript: all that are planar. In the place of
 * src/index/kinds.c.
 *
 * Those on the sphere, with the trigonometry that they bring, take 12 kB of the packed module. A module of one region
 * set, which `poly-match index -o zones.wasm` writes, has them. */
#include "base/strict.h"

#include "index/kind.h"

#include "index/kind_disks.h"
#include "index/kind_distances.h"
#include "index/kind_polygons.h"

static const pm_kind *const KINDS[] = {&pm_kind_polygons, &pm_kind_disks, &pm_kind_dwithin, &pm_kind_nearest};

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
    return metric == PM_PLANAR ? "planar" : NULL;
}
