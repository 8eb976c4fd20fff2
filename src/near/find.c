/* find.c — which regions are near this point?
 *
 * Depth-first down the tree over runs, the nearest box first, past everything that lies behind the best edge so far.
 * Boxes and edges are left out by bounds that are certain, and what remains is compared exactly (distance.c), so the
 * answers are those of the scan. The time hardly depends on how many regions and edges there are.
 *
 * For several regions the tree over all runs is of no use: the second nearest region lies behind all of the first
 * one's edges. So the tree over the regions' boxes says which to look at, and the runs of each are a range of the
 * other tree. */
#include "find.h"

#include <string.h>

#include "base/status.h"

#ifdef PM_X86
#include <immintrin.h>
#endif

double pm_farthest(const double *limits, size_t count) {
    double most = limits ? 0 : INFINITY;
    for (size_t i = 0; limits && i < count; i++)
        most = limits[i] > most ? limits[i] : most;
    return most;
}

/* ---- edges ---- */

#ifdef PM_X86
#define PM_AVX2 __attribute__((target("avx2")))

PM_AVX2 static inline __m256d absolute(__m256d value) {
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), value);
}

/* pm_edge_low() of four edges from vertex v on. */
PM_AVX2 static inline __m256d lows_avx2(const double *v, const pm_spot *spot) {
    const __m256d scale = _mm256_set1_pd(spot->scale), tiny = _mm256_set1_pd(PM_DISTANCE_ABSOLUTE);
    const __m256d x = _mm256_set1_pd(spot->scaled_x), y = _mm256_set1_pd(spot->scaled_y);
    const __m256d error = _mm256_set1_pd(0x1p-50), most = _mm256_set1_pd(PM_DISTANCE_MOST);
    __m256d a01 = _mm256_mul_pd(_mm256_loadu_pd(v), scale), a23 = _mm256_mul_pd(_mm256_loadu_pd(v + 4), scale);
    __m256d b01 = _mm256_mul_pd(_mm256_loadu_pd(v + 2), scale), b23 = _mm256_mul_pd(_mm256_loadu_pd(v + 6), scale);
    __m256d ax = _mm256_unpacklo_pd(a01, a23), ay = _mm256_unpackhi_pd(a01, a23); /* edges 0, 2, 1, 3 */
    __m256d bx = _mm256_unpacklo_pd(b01, b23), by = _mm256_unpackhi_pd(b01, b23);
    __m256d dx = _mm256_sub_pd(bx, ax), dy = _mm256_sub_pd(by, ay);
    __m256d qx = _mm256_sub_pd(x, ax), qy = _mm256_sub_pd(y, ay), rx = _mm256_sub_pd(x, bx),
            ry = _mm256_sub_pd(y, by);
    __m256d qx_dx = _mm256_mul_pd(qx, dx), qy_dy = _mm256_mul_pd(qy, dy);
    __m256d rx_dx = _mm256_mul_pd(rx, dx), ry_dy = _mm256_mul_pd(ry, dy);
    __m256d before = _mm256_add_pd(qx_dx, qy_dy), after = _mm256_add_pd(rx_dx, ry_dy);
    __m256d before_error = _mm256_add_pd(_mm256_mul_pd(error, _mm256_add_pd(absolute(qx_dx), absolute(qy_dy))), tiny);
    __m256d after_error = _mm256_add_pd(_mm256_mul_pd(error, _mm256_add_pd(absolute(rx_dx), absolute(ry_dy))), tiny);
    __m256d left = _mm256_mul_pd(dx, qy), right = _mm256_mul_pd(dy, qx);
    __m256d length = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
    __m256d cross = _mm256_sub_pd(absolute(_mm256_sub_pd(left, right)),
                                  _mm256_mul_pd(error, _mm256_add_pd(absolute(left), absolute(right))));
    __m256d is_line = _mm256_and_pd(_mm256_cmp_pd(length, _mm256_set1_pd(PM_DISTANCE_LEAST_LENGTH), _CMP_GT_OQ),
                                    _mm256_cmp_pd(cross, _mm256_setzero_pd(), _CMP_GT_OQ));
    __m256d line = _mm256_and_pd(_mm256_div_pd(_mm256_min_pd(_mm256_mul_pd(cross, cross), most), length), is_line);
    __m256d to_a = _mm256_add_pd(_mm256_mul_pd(qx, qx), _mm256_mul_pd(qy, qy));
    __m256d to_b = _mm256_add_pd(_mm256_mul_pd(rx, rx), _mm256_mul_pd(ry, ry));
    __m256d square = _mm256_blendv_pd(line, to_b, _mm256_cmp_pd(after, after_error, _CMP_GT_OQ));
    __m256d not_before = _mm256_cmp_pd(before, _mm256_sub_pd(_mm256_setzero_pd(), before_error), _CMP_NLT_UQ);
    __m256d is_edge = _mm256_cmp_pd(length, _mm256_setzero_pd(), _CMP_NEQ_UQ);
    square = _mm256_min_pd(_mm256_blendv_pd(to_a, square, _mm256_and_pd(not_before, is_edge)), most);
    square = _mm256_sub_pd(_mm256_mul_pd(square, _mm256_set1_pd(1 - 0x1p-48)), tiny);
    return _mm256_permute4x64_pd(square, 0xd8);
}

PM_AVX2 static void run_lows_avx2(const double *v, const pm_spot *spot, double lows[PM_RUN_EDGES]) {
    _mm256_storeu_pd(lows, lows_avx2(v, spot));
    _mm256_storeu_pd(lows + 4, lows_avx2(v + 8, spot));
}
#endif

/* Lower bounds of the distances to the edges of a run, which begins with vertex v. */
static void run_lows(const double *v, size_t edges, const pm_spot *spot, double lows[PM_RUN_EDGES]) {
#ifdef PM_X86
    if (edges == PM_RUN_EDGES && pm_isa_best() >= PM_ISA_AVX2) {
        run_lows_avx2(v, spot, lows);
        return;
    }
#endif
    for (size_t i = 0; i < edges; i++)
        lows[i] = pm_edge_low(v[2 * i], v[2 * i + 1], v[2 * i + 2], v[2 * i + 3], spot->scale, spot->scaled_x,
                              spot->scaled_y);
}

/* The edges of a run, the one that may be nearest first: then most others are left out by their bounds. */
static void consider_run(const pm_field *field, size_t run, const pm_spot *spot, pm_found *best) {
    const uint32_t owner = field->runs->owners[run];
    const double *v = field->table->vertices + 2 * (size_t)field->runs->first[run];
    const size_t edges = pm_run_edges(owner);
    double lows[PM_RUN_EDGES];
    run_lows(v, edges, spot, lows);
    size_t least = 0;
    for (size_t i = 1; i < edges; i++)
        least = lows[i] < lows[least] ? i : least;
    if (lows[least] > best->near.high)
        return;
    pm_found_consider(best, v + 2 * least, pm_run_rank(owner), &field->reach, spot);
    for (size_t i = 0; i < edges; i++)
        if (i != least && !(lows[i] > best->near.high))
            pm_found_consider(best, v + 2 * i, pm_run_rank(owner), &field->reach, spot);
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
        int nearest = pm_packed_lowest(chosen);
        for (chosen &= chosen - 1; chosen; chosen &= chosen - 1) {
            int child = pm_packed_lowest(chosen);
            nearest = bounds[child] < bounds[nearest] ? child : nearest;
        }
        item = PM_PACKED_FAN * item + (size_t)nearest;
    }
    consider_run(field, item, spot, best);
}

/* The best of the runs [begin, end), or any with `any`. */
static void search(const pm_field *field, const pm_spot *spot, const pm_target *target, size_t begin, size_t end,
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
        if (level < 0) {
            consider_run(field, item, spot, best);
            limit = pm_packed_limit(best->near.high);
            continue;
        }
        uint32_t near = pm_packed_near(tree->nodes[level] + PM_PACKED_FLOATS * item, target, limit, bounds) &
                        pm_packed_children(item, level, begin, end);
        count = pm_packed_push(steps, count, item, level, near, bounds);
    }
}

pm_found pm_find_nearest(const pm_field *field, const pm_spot *spot) {
    pm_found best = pm_found_none(field->farthest, spot->scale);
    pm_target target = pm_runs_target(field->runs, spot);
    search(field, spot, &target, 0, field->runs->run_count, 0, &best);
    return best;
}

pm_found pm_find_region(const pm_field *field, size_t place, const pm_spot *spot) {
    const pm_runs *runs = field->runs;
    pm_found best = pm_found_none(pm_reach_of(&field->reach, runs->ranks[place]), spot->scale);
    pm_target target = pm_runs_target(runs, spot);
    if (pm_region_covers(field->table, runs->ranks[place], spot->x, spot->y))
        return (pm_found){runs->ranks[place], 1, best.near};
    search(field, spot, &target, runs->starts[place], runs->starts[place + 1], 0, &best);
    return best;
}

/* ---- regions ---- */

pm_found pm_find_within(const pm_field *field, size_t end, const pm_spot *spot) {
    const pm_runs *runs = field->runs;
    pm_found best = pm_found_none(field->farthest, spot->scale);
    const float limit = pm_packed_limit(best.near.high);
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        uint32_t rank = runs->ranks[place];
        if (rank >= end)
            continue;
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot->scale);
        search(field, spot, &target, runs->starts[place], runs->starts[place + 1], 1, &found);
        if (found.rank != PM_FOUND_NONE) {
            best = found;
            end = rank;
        }
    }
    return best;
}

/* ---- all of them ---- */

void pm_list_free(pm_list *list) {
    pm_release(list->allocator, list->items);
    *list = (pm_list){.allocator = list->allocator};
}

static int append(pm_list *list, const pm_found *found) {
    if (list->count == list->room) {
        size_t room = list->room + list->room / 2 + 32;
        pm_found *items = pm_allocate(list->allocator, room * sizeof *items);
        if (!items)
            return 0;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        pm_release(list->allocator, list->items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *found;
    return 1;
}

/* Is a before b: by rank where spot is NULL, else nearest first? */
static int is_before(const pm_found *a, const pm_found *b, const pm_spot *spot) {
    return spot ? pm_found_compare(a, b, spot) < 0 : a->rank < b->rank;
}

static void sift(pm_found *items, size_t at, size_t count, const pm_spot *spot) {
    pm_found item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(&items[child], &items[child + 1], spot))
            child++;
        if (!is_before(&item, &items[child], spot))
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

/* Sort what follows item `first`. A heap: no memory, and no order is slow. */
static void sort(pm_list *list, size_t first, const pm_spot *spot) {
    const size_t count = list->count - first;
    if (count == 0)
        return; /* there may be no items at all */
    pm_found *items = list->items + first;
    for (size_t i = count / 2; i-- > 0;)
        sift(items, i, count, spot);
    for (size_t end = count; end-- > 1;) {
        pm_found last = items[end];
        items[end] = items[0];
        items[0] = last;
        sift(items, 0, end, spot);
    }
}

/* ---- ranks alone ---- */

void pm_ranks_free(pm_ranks *ranks) {
    pm_release(ranks->allocator, ranks->items);
    *ranks = (pm_ranks){.allocator = ranks->allocator};
}

int pm_ranks_append(pm_ranks *ranks, uint32_t rank) {
    if (ranks->count == ranks->room) {
        size_t room = ranks->room + ranks->room / 2 + 64;
        uint32_t *items = pm_allocate(ranks->allocator, room * sizeof *items);
        if (!items)
            return 0;
        if (ranks->count > 0)
            memcpy(items, ranks->items, ranks->count * sizeof *items);
        pm_release(ranks->allocator, ranks->items);
        ranks->items = items;
        ranks->room = room;
    }
    ranks->items[ranks->count++] = rank;
    return 1;
}

static void sift_rank(uint32_t *items, size_t at, size_t count) {
    uint32_t item = items[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && items[child] < items[child + 1])
            child++;
        if (item >= items[child])
            break;
        items[at] = items[child];
    }
    items[at] = item;
}

void pm_ranks_sort(pm_ranks *ranks) {
    uint32_t *items = ranks->items;
    if (ranks->count <= 32) {
        for (size_t i = 1; i < ranks->count; i++) {
            uint32_t item = items[i];
            size_t at = i;
            for (; at > 0 && items[at - 1] > item; at--)
                items[at] = items[at - 1];
            items[at] = item;
        }
        return;
    }
    for (size_t i = ranks->count / 2; i-- > 0;)
        sift_rank(items, i, ranks->count);
    for (size_t end = ranks->count; end-- > 1;) {
        uint32_t last = items[end];
        items[end] = items[0];
        items[0] = last;
        sift_rank(items, 0, end);
    }
}

int pm_find_all_covering(const pm_polygon_table *table, const pm_runs *runs, const pm_spot *spot, pm_ranks *ranks) {
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(0))) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        if (pm_region_covers(table, rank, spot->x, spot->y) && !pm_ranks_append(ranks, rank))
            return 0;
    }
    pm_ranks_sort(ranks);
    return 1;
}

/* ---- with distances ---- */

int pm_find_all_within(const pm_field *field, const pm_spot *spot, int measured, pm_list *list) {
    const pm_runs *runs = field->runs;
    const float limit = pm_packed_limit(pm_limit_bounds(field->farthest, spot->scale).high);
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    size_t before = list->count;
    for (size_t place; (place = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot->scale);
        search(field, spot, &target, runs->starts[place], runs->starts[place + 1], !measured, &found);
        if ((measured || found.rank == PM_FOUND_NONE) && pm_region_covers(field->table, rank, spot->x, spot->y)) {
            found.rank = rank;
            found.covers = 1;
        }
        if (found.rank != PM_FOUND_NONE && !append(list, &found))
            return 0;
    }
    sort(list, before, NULL);
    return 1;
}

/* Up to this many nearest regions are kept in order while the others are looked for, and end the search. */
enum { FEW = 256 };

/* Put a region where it belongs among the nearest, and drop the last of one too many. */
static int insert(pm_list *list, size_t first, size_t most, const pm_found *found, const pm_spot *spot) {
    if (list->count - first == most) {
        if (pm_found_compare(found, &list->items[list->count - 1], spot) > 0)
            return 1;
        list->count--;
    }
    if (!append(list, found))
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
    double high = pm_limit_bounds(field->farthest, spot->scale).high;
    pm_target target = pm_runs_target(runs, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &runs->regions, &target);
    for (size_t place; (place = pm_packed_next(&walk, pm_packed_limit(high))) != SIZE_MAX;) {
        const uint32_t rank = runs->ranks[place];
        pm_found found = pm_found_none(pm_reach_of(&field->reach, rank), spot->scale);
        if (pm_region_covers(field->table, rank, spot->x, spot->y)) {
            found.rank = rank;
            found.covers = 1;
            found.near.high = 0;
        } else {
            if (high < found.near.high)
                found.near.high = high;
            search(field, spot, &target, runs->starts[place], runs->starts[place + 1], 0, &found);
        }
        if (found.rank == PM_FOUND_NONE)
            continue;
        if (!(most <= FEW ? insert(list, first, most, &found, spot) : append(list, &found)))
            return 0;
        if (most <= FEW && list->count - first == most)
            high = list->items[list->count - 1].near.high;
    }
    if (most > FEW) {
        sort(list, first, spot);
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
        if (found.rank != PM_FOUND_NONE && !append(list, &found))
            return 0;
    }
    if (nearest)
        sort(list, first, spot);
    if (list->count - first > most)
        list->count = first + most;
    return 1;
}
