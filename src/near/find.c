/* find.c — which regions are near this point?
 *
 * Depth-first down the tree over runs, the nearest box first, past everything that lies behind the best edge so far.
 * Boxes and edges are left out by bounds that are certain, and what remains is compared exactly (distance.c), so the
 * answers are those of the scan. The time hardly depends on how many regions and edges there are.
 *
 * For several regions the tree over all runs is of no use: the second nearest region lies behind all of the first
 * one's edges. So the tree over the regions' boxes says which to look at, and the runs of each are a range of the
 * other tree. */
#include "base/strict.h"

#include "find.h"

double pm_farthest(const double *limits, size_t count) {
    double most = limits ? 0 : INFINITY;
    for (size_t i = 0; limits && i < count; i++)
        most = limits[i] > most ? limits[i] : most;
    return most;
}

/* Down to the run whose box is nearest at each step: what is found there bounds the search. */
static void guess(const pm_field *field, const pm_spot *spot, const pm_target *target, pm_packed_step top,
                  size_t begin, size_t end, pm_found *best) {
    const pm_packed *tree = &field->runs->runs;
    size_t item = pm_packed_step_item(top);
    for (int level = pm_packed_step_level(top); level >= 0; level--) {
        float bounds[PM_PACKED_FAN];
        (void)pm_packed_near(tree->nodes[level] + PM_PACKED_FLOATS * item, target, INFINITY, bounds);
        uint32_t chosen = pm_packed_children(item, level, begin, end);
        int nearest = pm_lowest_bit(chosen);
        for (chosen &= chosen - 1; chosen; chosen &= chosen - 1) {
            int child = pm_lowest_bit(chosen);
            nearest = bounds[child] < bounds[nearest] ? child : nearest;
        }
        item = PM_PACKED_FAN * item + (size_t)nearest;
    }
    pm_run_consider(field, item, spot, best);
}

/* Of these runs below a node, the nearest first; those are left out that come to lie behind what was found. */
static void consider_runs(const pm_field *field, const pm_spot *spot, size_t node, uint32_t near,
                          const float bounds[PM_PACKED_FAN], int any, pm_found *best) {
    while (near && !(any && best->rank != PM_FOUND_NONE)) {
        int nearest = pm_lowest_bit(near);
        for (uint32_t left = near & (near - 1); left; left &= left - 1) {
            const int child = pm_lowest_bit(left);
            nearest = bounds[child] < bounds[nearest] ? child : nearest;
        }
        pm_run_consider(field, PM_PACKED_FAN * node + (size_t)nearest, spot, best);
        near &= ~(UINT32_C(1) << nearest) & pm_packed_within(bounds, pm_packed_limit(best->near.high));
    }
}

/* The best of the runs [begin, end), or any with `any`. */
static void search_runs(const pm_field *field, const pm_spot *spot, const pm_target *target, size_t begin, size_t end,
                        int any, pm_found *best) {
    const pm_packed *tree = &field->runs->runs;
    pm_packed_step steps[PM_PACKED_STEPS];
    size_t count = 0;
    float bounds[PM_PACKED_FAN];
    if (begin < end) {
        steps[count++] = pm_packed_top(begin, end);
        if (end - begin > PM_PACKED_FAN)
            guess(field, spot, target, steps[0], begin, end, best);
    }
    float limit = pm_packed_limit(best->near.high);
    while (count > 0 && !(any && best->rank != PM_FOUND_NONE)) {
        pm_packed_step step = steps[--count];
        if (pm_packed_step_bound(step) > limit)
            continue;
        const int level = pm_packed_step_level(step);
        const size_t item = pm_packed_step_item(step);
        uint32_t near = pm_packed_near(tree->nodes[level] + PM_PACKED_FLOATS * item, target, limit, bounds) &
                        pm_packed_children(item, level, begin, end);
        for (uint32_t left = level == 0 ? near : 0; left; left &= left - 1) {
            const double *v = field->table->vertices +
                              2 * (size_t)field->runs->first[PM_PACKED_FAN * item + (size_t)pm_lowest_bit(left)];
            pm_prefetch(v);
            pm_prefetch(v + 8);
            pm_prefetch(v + 16);
        }
        if (level > 0) {
            count = pm_packed_push(steps, count, item, level, near, bounds);
        } else {
            consider_runs(field, spot, item, near, bounds, any, best);
            limit = pm_packed_limit(best->near.high);
        }
    }
}

pm_found pm_find_nearest(const pm_field *field, const pm_spot *spot) {
    pm_found best = pm_found_none(field->farthest, spot);
    pm_find_nearer(field, spot, &best);
    return best;
}

void pm_find_nearer(const pm_field *field, const pm_spot *spot, pm_found *best) {
    pm_target target = pm_runs_target(field->runs, spot);
    search_runs(field, spot, &target, 0, field->runs->run_count, 0, best);
}

double pm_find_bound(const pm_field *field, const pm_spot *spot) {
    pm_found best = pm_found_none(field->farthest, spot);
    pm_target target = pm_runs_target(field->runs, spot);
    if (field->runs->run_count > 0)
        guess(field, spot, &target, pm_packed_top(0, field->runs->run_count), 0, field->runs->run_count, &best);
    return best.near.high;
}

pm_found pm_find_on(const pm_field *field, const pm_spot *spot) {
    pm_found best = pm_found_none(0, spot);
    pm_target target = pm_runs_target(field->runs, spot);
    search_runs(field, spot, &target, 0, field->runs->run_count, 0, &best);
    if (best.rank != PM_FOUND_NONE && pm_near_compare_limit(&best.near, 0, pm_spot_limit(0, spot), spot) > 0)
        best = pm_found_none(0, spot);
    return best;
}

pm_found pm_find_region(const pm_field *field, size_t place, const pm_spot *spot) {
    const pm_runs *runs = field->runs;
    pm_found best = pm_found_none(pm_reach_of(&field->reach, runs->ranks[place]), spot);
    pm_target target = pm_runs_target(runs, spot);
    search_runs(field, spot, &target, runs->starts[place], runs->starts[place + 1], 0, &best);
    return best;
}

/* ---- regions ---- */

pm_found pm_find_within(const pm_field *field, size_t end, const pm_spot *spot) {
    const pm_runs *runs = field->runs;
    pm_found best = pm_found_none(field->farthest, spot);
    const float limit = pm_packed_limit(best.near.high);
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        uint32_t rank = runs->ranks[place];
        if (rank >= end)
            continue;
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot);
        search_runs(field, spot, &target, runs->starts[place], runs->starts[place + 1], 1, &found);
        if (found.rank != PM_FOUND_NONE) {
            best = found;
            end = rank;
        }
    }
    return best;
}

int pm_find_all_covering(const pm_polygon_table *table, const pm_runs *runs, const pm_spot *spot, pm_ranks *ranks) {
    const pm_exact_point p = pm_spot_point(spot);
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(0))) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        if (pm_region_covers(table, rank, &p) && !pm_ranks_append(ranks, rank))
            return 0;
    }
    pm_ranks_sort(ranks);
    return 1;
}

/* ---- with distances ---- */

int pm_find_all_within(const pm_field *field, const pm_spot *spot, int measured, pm_list *list) {
    const pm_runs *runs = field->runs;
    const float limit = pm_packed_limit(pm_spot_limit(field->farthest, spot).high);
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    const pm_exact_point p = pm_spot_point(spot);
    size_t before = list->count;
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot);
        search_runs(field, spot, &target, runs->starts[place], runs->starts[place + 1], !measured, &found);
        if ((measured || found.rank == PM_FOUND_NONE) && pm_region_covers(field->table, rank, &p))
            found = pm_found_covering(rank);
        if (found.rank != PM_FOUND_NONE && !pm_list_append(list, &found))
            return 0;
    }
    pm_list_sort(list, before, NULL);
    return 1;
}

/* Up to this many nearest regions are kept in order while the others are looked for, and end the search. */
enum { FEW_IN_ORDER = 256 };

/* Put a region where it belongs among the nearest, and drop the last of one too many. */
static int insert(pm_list *list, size_t first, size_t most, const pm_found *found, const pm_spot *spot) {
    if (list->count - first == most) {
        if (pm_found_compare(found, &list->items[list->count - 1], spot) > 0)
            return 1;
        list->count--;
    }
    if (!pm_list_append(list, found))
        return 0;
    size_t at = list->count - 1;
    for (; at > first && pm_found_compare(found, &list->items[at - 1], spot) < 0; at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = *found;
    return 1;
}

int pm_find_all_nearest(const pm_field *field, const pm_spot *spot, size_t most, pm_list *list) {
    const pm_runs *runs = field->runs;
    const size_t first = list->count;
    const pm_exact_point p = pm_spot_point(spot);
    double high = pm_spot_limit(field->farthest, spot).high;
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(high))) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot);
        if (pm_region_covers(field->table, rank, &p)) {
            found = pm_found_covering(rank);
        } else {
            if (high < found.near.high)
                found.near.high = high;
            search_runs(field, spot, &target, runs->starts[place], runs->starts[place + 1], 0, &found);
        }
        if (found.rank == PM_FOUND_NONE)
            continue;
        if (!(most <= FEW_IN_ORDER ? insert(list, first, most, &found, spot) : pm_list_append(list, &found)))
            return 0;
        if (most <= FEW_IN_ORDER && list->count - first == most)
            high = list->items[list->count - 1].near.high;
    }
    if (most > FEW_IN_ORDER) {
        pm_list_sort(list, first, spot);
        if (list->count - first > most)
            list->count = first + most;
    }
    return 1;
}

int pm_scan_all(const pm_field *field, const pm_spot *spot, size_t most, int nearest, pm_list *list) {
    const size_t first = list->count;
    for (size_t rank = 0; rank < field->table->count; rank++) {
        if (!nearest && list->count - first == most)
            return 1;
        pm_found found = pm_scan_region(field->table, rank, &field->reach, spot);
        if (found.rank != PM_FOUND_NONE && !pm_list_append(list, &found))
            return 0;
    }
    if (nearest)
        pm_list_sort(list, first, spot);
    if (list->count - first > most)
        list->count = first + most;
    return 1;
}
