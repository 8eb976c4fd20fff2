/* rank.h — best first. See rank.c. */
#ifndef PM_RANK_H
#define PM_RANK_H

#include "polymatch.h"

/* What a pm_best compares. */
typedef struct pm_best_rule {
    const char *name;
    int needs_areas, needs_scores;

    /* Keys whose order as integers is that of the areas or scores, best first. A NaN is PM_ERR_SCORE. */
    pm_status (*make_keys)(const void *values, size_t count, uint64_t *keys, pm_error *err);
} pm_best_rule;

/* NULL where there is no such rule. */
const pm_best_rule *pm_best_rule_of(pm_best best);

/* Bytes of scratch that pm_rank() needs for `count` regions. */
size_t pm_rank_scratch(size_t count);

/* Sort regions 0 .. count - 1 by options->best: the positions in the input, best first.
 *
 * @param areas    one per region where the rule needs areas
 * @param scratch  pm_rank_scratch() bytes, aligned for uint64_t
 * @param ids      receives the positions, in scratch
 * @return PM_OK or PM_ERR_SCORE */
pm_status pm_rank(const pm_options *options, const double *areas, size_t count, void *scratch, const uint32_t **ids,
                  pm_error *err);

#endif
