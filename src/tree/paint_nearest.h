/* paint_nearest.h — the map of the nearest: which region is nearest to a place that none covers? paint_nearest.c
 * makes its cells, nearest_draft.c leaves of what is left in them.
 */
#ifndef PM_PAINT_NEAREST_H
#define PM_PAINT_NEAREST_H

#include "pivots.h"

/* Paint the nearest regions of a field. The map's answers hold for points that no region covers; at any other it may
 * say anything. Points outside of its root cell are the caller's.
 *
 * The tree owns its arrays, until pm_tree_free(). There is none (pm_tree_exists()) where extents are out of range or
 * cells would outgrow `size_limit` bytes or work linear in the runs. PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
pm_status pm_tree_build_nearest(pm_tree *tree, const pm_field *field, size_t size_limit, pm_poll *poll,
                                const pm_allocator *allocator);

/* ---- between the two files ---- */

/* The word of a cell in which one region is left; 0, if none of these pivots shows that something is within reach in
 * all of it. */
uint32_t pm_nearest_answer(const pm_run_painter *painter, const pm_pivot *pivots, int pivot_count, uint32_t rank);

/* Make an answer or a leaf of a cell, if few enough edges are left in it, and set its word; else return 0. `lows` is
 * what is known of the runs' edges, or NULL. */
int pm_nearest_draft(pm_run_painter *painter, const pm_place *cell, const pm_pivot *pivots, int pivot_count,
                     const uint32_t *runs, size_t run_count, const pm_corner_lows *lows, uint32_t *word);

#endif
