/* rank.h — best first. See rank.c. */
#ifndef PM_RANK_H
#define PM_RANK_H

#include "polymatch.h"

/* Bytes of scratch that pm_rank() needs for `count` regions. */
size_t pm_rank_scratch(size_t count);

/* Put regions 0 .. count - 1 in the order that options->best asks for: the positions in the input, best first.
 *
 * @param areas    NULL, or what PM_SMALLEST and PM_LARGEST compare
 * @param scratch  pm_rank_scratch() bytes, aligned for uint64_t
 * @param ids      receives the positions, in scratch
 * @return PM_OK or PM_ERR_SCORE */
pm_status pm_rank(const pm_options *options, const double *areas, size_t count, void *scratch, const uint32_t **ids,
                  pm_error *err);

#endif
