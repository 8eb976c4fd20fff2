/* sites.c — which point of many is nearest?
 *
 * Where every region is one point, edges are of no use: a tree stands over sites, sixteen neighbours along a Hilbert
 * curve in a bucket. Their places as floats, two lines of the cache, are compared with a point at once; the few that
 * may be nearest are compared exactly, by their coordinates.
 *
 * Looking for one among a million is waiting for memory. So a search goes straight down first, to the bucket whose
 * box is nearest at each step, and keeps the bounds of what it passes: the best site there is nearly always close to
 * the answer, and these bounds leave nearly all of the rest out. Sixteen points go down together, a level at a time,
 * and what each needs next is on its way while the others are looked at. */
#include "base/strict.h"

#include "sites.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "near/order.h"

/* What the memory starts with; sites, places and boxes follow. */
typedef struct sites_head {
    uint64_t bucket_count;
    double scale, origin[2];
    uint64_t reserved[4];
} sites_head;

enum { BUCKET = PM_SITES_BUCKET };

static uint64_t sites_size(uint64_t buckets) {
    return sizeof(sites_head) + buckets * BUCKET * (sizeof(pm_site) + 2 * sizeof(float)) +
           sizeof(float) * pm_packed_size(PM_PLANE, (size_t)buckets);
}

/* The site of a region, NULL where it is empty; *is_site is 0 where it is something else. */
static const double *site_of(const pm_polygon_table *table, size_t rank, int *is_site) {
    const size_t polygon = table->polygon_offsets[rank], count = table->polygon_offsets[rank + 1] - polygon;
    *is_site = 1;
    if (count == 0)
        return NULL;
    const size_t ring = table->ring_offsets[polygon], first = table->vertex_offsets[ring];
    const double *v = table->vertices + 2 * first;
    *is_site = count == 1 && table->kinds && table->kinds[polygon] == PM_PART_POINT &&
               table->ring_offsets[polygon + 1] == ring + 1 && table->vertex_offsets[ring + 1] == first + 2;
    return v;
}

static size_t count_sites(const pm_polygon_table *table) {
    size_t sites = 0;
    for (size_t rank = 0; rank < table->count; rank++)
        sites += table->polygon_offsets[rank + 1] > table->polygon_offsets[rank];
    return sites;
}

static size_t count_buckets(const pm_polygon_table *table) {
    return (count_sites(table) + BUCKET - 1) / BUCKET;
}

int pm_sites_fit(const pm_polygon_table *table) {
    int is_site = table->kinds != NULL && table->count < PM_PACKED_MOST;
    for (size_t rank = 0; rank < table->count && is_site; rank++)
        (void)site_of(table, rank, &is_site);
    return is_site;
}

size_t pm_sites_size(const pm_polygon_table *table) {
    return (size_t)sites_size(count_buckets(table));
}

int pm_sites_view(pm_sites *sites, const void *memory, size_t size) {
    sites_head h;
    memset(sites, 0, sizeof *sites);
    if (size < sizeof h)
        return 0;
    memcpy(&h, memory, sizeof h);
    if (h.bucket_count > size || sites_size(h.bucket_count) != size)
        return 0;
    const size_t count = (size_t)h.bucket_count;
    sites->scale = h.scale;
    memcpy(sites->origin, h.origin, sizeof h.origin);
    sites->bucket_count = count;
    sites->sites = (const pm_site *)(const void *)((const char *)memory + sizeof h);
    sites->places = (const float *)(const void *)(sites->sites + BUCKET * count);
    pm_packed_view(&sites->boxes, PM_PLANE, count, sites->places + 2 * BUCKET * count);
    return 1;
}

/* ---- filling ---- */

/* Fill a bucket with these sites, the last of them as often as needed, and put its box. */
static void fill_bucket(const pm_sites *sites, const pm_polygon_table *table, const pm_entry *entries, size_t count,
                        size_t bucket, float *boxes) {
    pm_site *to = (pm_site *)(uintptr_t)sites->sites + BUCKET * bucket;
    float *places = (float *)(uintptr_t)sites->places + 2 * BUCKET * bucket;
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < BUCKET; i++) {
        int is_site;
        const uint32_t rank = entries[i < count ? i : count - 1].item;
        const double *site = site_of(table, rank, &is_site);
        to[i] = (pm_site){site[0], site[1], rank};
        for (size_t axis = 0; axis < 2; axis++) {
            const double value = site[axis] * sites->scale - sites->origin[axis];
            places[BUCKET * axis + i] = (float)value;
            box[axis] = value < box[axis] ? value : box[axis];
            box[axis + 2] = value > box[axis + 2] ? value : box[axis + 2];
        }
    }
    pm_packed_put(boxes, PM_PLANE, bucket, box);
}

pm_status pm_sites_fill(const pm_polygon_table *table, void *memory, size_t size, const pm_allocator *allocator) {
    pm_sites sites;
    sites_head h = {.bucket_count = count_buckets(table)};
    const double extent = pm_runs_map(table, &h.scale, h.origin);
    memset(memory, 0, size);
    memcpy(memory, &h, sizeof h);
    (void)pm_sites_view(&sites, memory, size);
    size_t count = count_sites(table), at = 0;
    pm_entry *entries = pm_allocate(allocator, 2 * (count + 1) * sizeof *entries);
    if (!entries)
        return PM_ERR_NO_MEMORY;
    for (size_t rank = 0; rank < table->count; rank++) {
        int is_site;
        const double *site = site_of(table, rank, &is_site);
        if (site)
            entries[at++] =
                (pm_entry){pm_curve_place(site[0] * h.scale - h.origin[0], site[1] * h.scale - h.origin[1], extent),
                           (uint32_t)rank, 0};
    }
    pm_order(entries, entries + count + 1, count);
    float *boxes = (float *)(uintptr_t)sites.boxes.nodes[0];
    for (size_t bucket = 0; bucket < sites.bucket_count; bucket++)
        fill_bucket(&sites, table, entries + BUCKET * bucket, count - BUCKET * bucket, bucket, boxes);
    pm_packed_fill(&sites.boxes, boxes);
    pm_release(allocator, entries);
    return PM_OK;
}

int pm_sites_check(const pm_sites *sites, const pm_polygon_table *table) {
    int right = sites->bucket_count < PM_PACKED_MOST;
    for (size_t i = 0; i < BUCKET * sites->bucket_count; i++)
        right &= sites->sites[i].rank < table->count && isfinite(sites->sites[i].x) && isfinite(sites->sites[i].y);
    return right;
}

/* ---- searching ---- */

static pm_target target_of(const pm_sites *sites, const pm_spot *spot) {
    return pm_target_at(spot->scaled_x - sites->origin[0], spot->scaled_y - sites->origin[1]);
}

/* Bounds of the squared distances to the sites of a bucket, to be compared with pm_packed_limit(). A place was
 * rounded to a float, and what is added for that is rounded: together less than 2^-22 of it. */
static inline void bound_sites(const float *places, const pm_target *target, float bounds[BUCKET]) {
    const float most = 0x1p-22f;
    if (target->far) {
        memset(bounds, 0, BUCKET * sizeof *bounds);
        return;
    }
#ifdef PM_X86
    const __m128 low_x = _mm_set1_ps(target->low_x), high_x = _mm_set1_ps(target->high_x);
    const __m128 low_y = _mm_set1_ps(target->low_y), high_y = _mm_set1_ps(target->high_y);
    const __m128 zero = _mm_setzero_ps(), sign = _mm_set1_ps(-0.0f), error = _mm_set1_ps(most);
    for (int i = 0; i < BUCKET; i += 4) {
        __m128 x = _mm_loadu_ps(places + i), y = _mm_loadu_ps(places + BUCKET + i);
        __m128 x_error = _mm_mul_ps(_mm_andnot_ps(sign, x), error);
        __m128 y_error = _mm_mul_ps(_mm_andnot_ps(sign, y), error);
        __m128 left = _mm_sub_ps(_mm_sub_ps(x, x_error), high_x), right = _mm_sub_ps(low_x, _mm_add_ps(x, x_error));
        __m128 below = _mm_sub_ps(_mm_sub_ps(y, y_error), high_y), above = _mm_sub_ps(low_y, _mm_add_ps(y, y_error));
        __m128 dx = _mm_max_ps(_mm_max_ps(left, right), zero), dy = _mm_max_ps(_mm_max_ps(below, above), zero);
        _mm_storeu_ps(bounds + i, _mm_add_ps(_mm_mul_ps(dx, dx), _mm_mul_ps(dy, dy)));
    }
#else
    for (int i = 0; i < BUCKET; i++) {
        const float x = places[i], y = places[BUCKET + i], x_error = fabsf(x) * most, y_error = fabsf(y) * most;
        float left = x - x_error - target->high_x, right = target->low_x - (x + x_error);
        float below = y - y_error - target->high_y, above = target->low_y - (y + y_error);
        float dx = left > right ? left : right, dy = below > above ? below : above;
        dx = dx > 0 ? dx : 0;
        dy = dy > 0 ? dy : 0;
        bounds[i] = dx * dx + dy * dy;
    }
#endif
}

static pm_found found_site(const pm_site *site, const pm_spot *spot) {
    const pm_bounds bounds =
        pm_vertex_bounds(spot->scaled_x - site->x * spot->scale, spot->scaled_y - site->y * spot->scale);
    return (pm_found){
        .rank = (uint32_t)site->rank,
        .turn = spot->turn & 0x7fffffff,
        .near = {bounds.low, pm_spot_high(spot, bounds.high), {site->x, site->y, site->x, site->y}, PM_AT_A}};
}

/* What a search has found so far. Sites with limits of their own are compared exactly at once (`best`); else places
 * are enough to find the few that may be nearest, and `high` bounds the squared distance of the answer. */
enum { CANDIDATES = 6 };
typedef struct finding {
    pm_found *best;
    int is_exact;
    float limit; /* for bounds, of what is looked for */
    int count;
    size_t sites[CANDIDATES];
    float bounds[CANDIDATES];
} finding;

static void take_exactly(const pm_sites *sites, const pm_reach *reach, const pm_spot *spot, size_t site, finding *f) {
    const pm_found found = found_site(&sites->sites[site], spot);
    pm_found_take(f->best, &found, reach, spot);
    const float limit = pm_packed_limit(f->best->near.high);
    f->limit = limit < f->limit ? limit : f->limit;
}

/* Compare the candidates exactly: from now on all are. */
static void decide(const pm_sites *sites, const pm_reach *reach, const pm_spot *spot, finding *f) {
    for (int i = 0; i < f->count; i++)
        if (f->bounds[i] <= f->limit)
            take_exactly(sites, reach, spot, f->sites[i], f);
    f->count = 0;
    f->is_exact = 1;
}

/* An upper bound of a squared distance whose lower bound is that of bound_sites(). */
static double high_of(const float *places, int i, const pm_target *target) {
    const double x = (double)places[i], y = (double)places[BUCKET + i];
    const double dx = fabs(x - target->x) + 0x1p-22 * (fabs(x) + fabs(target->x));
    const double dy = fabs(y - target->y) + 0x1p-22 * (fabs(y) + fabs(target->y));
    return (dx * dx + dy * dy) * (1 + 0x1p-40) + PM_DISTANCE_ABSOLUTE;
}

/* The sites of a bucket, the one that may be nearest first: then most others are left out by their bounds. */
static void consider_bucket(const pm_sites *sites, const pm_reach *reach, const pm_spot *spot,
                            const pm_target *target, size_t bucket, finding *f) {
    const float *places = sites->places + 2 * BUCKET * bucket;
    float bounds[BUCKET];
    bound_sites(places, target, bounds);
    uint32_t left = pm_packed_within(bounds, f->limit);
    if (!left)
        return;
    for (int next = pm_packed_least(bounds); left; next = pm_lowest_bit(left)) {
        const size_t site = BUCKET * bucket + (size_t)next;
        if (!f->is_exact && (f->count == CANDIDATES || target->far))
            decide(sites, reach, spot, f);
        if (f->is_exact) {
            take_exactly(sites, reach, spot, site, f);
        } else {
            const float limit = pm_packed_limit(high_of(places, next, target));
            f->limit = limit < f->limit ? limit : f->limit;
            f->sites[f->count] = site;
            f->bounds[f->count++] = bounds[next];
        }
        left &= ~(UINT32_C(1) << next) & pm_packed_within(bounds, f->limit);
        if (!left)
            return;
    }
}

/* What a search passed on its way down: bounds of the children of one node for each level. */
typedef struct descent {
    pm_target target;
    size_t nodes[PM_PACKED_LEVELS];
    size_t next; /* the node or bucket below */
    float bounds[PM_PACKED_LEVELS][PM_PACKED_FAN];
} descent;

/* Ask for a node of this level, or for a bucket at level -1. */
static inline void prefetch(const pm_sites *sites, int level, size_t item) {
    const float *at =
        level < 0 ? sites->places + 2 * BUCKET * item : sites->boxes.nodes[level] + PM_PACKED_FLOATS * item;
    for (size_t line = 0; line < (level < 0 ? 2 : 4); line++)
        pm_prefetch(at + 16 * line);
}

/* One level down, to the child whose box is nearest. */
static void go_down(const pm_sites *sites, int level, descent *d) {
    const size_t node = d->next;
    float *bounds = d->bounds[level];
    (void)pm_packed_near(sites->boxes.nodes[level] + PM_PACKED_FLOATS * node, &d->target, INFINITY, bounds);
    const int nearest = pm_packed_least(bounds); /* boxes that are not there come last, and are not nearer */
    d->nodes[level] = node;
    d->next = PM_PACKED_FAN * node + (size_t)nearest;
    prefetch(sites, level - 1, d->next);
}

/* The children of a node on the way down that are within the limit, but the one that it took. */
static uint32_t passed(const pm_sites *sites, const descent *d, int level, float limit) {
    const size_t taken = level > 0 ? d->nodes[level - 1] : d->next;
    return pm_packed_within(d->bounds[level], limit) &
           pm_packed_children(d->nodes[level], level, 0, sites->bucket_count) &
           ~(UINT32_C(1) << taken % PM_PACKED_FAN);
}

static void prefetch_children(const pm_sites *sites, int level, size_t node, uint32_t children) {
    for (; children; children &= children - 1)
        prefetch(sites, level - 1, PM_PACKED_FAN * node + (size_t)pm_lowest_bit(children));
}

/* Look at the bucket at the end of the way, and ask for what was passed and may be nearer than what it has. */
static void search_bucket(const pm_sites *sites, const pm_reach *reach, const pm_spot *spot, const descent *d,
                          finding *f) {
    consider_bucket(sites, reach, spot, &d->target, d->next, f);
    for (int level = 0; level < sites->boxes.levels; level++)
        prefetch_children(sites, level, d->nodes[level], passed(sites, d, level, f->limit));
}

/* From the bucket up: at each level what was passed, and all below it that may be nearer. */
static void search_sites(const pm_sites *sites, const pm_reach *reach, const pm_spot *spot, const descent *d,
                         finding *f) {
    const pm_packed *tree = &sites->boxes;
    pm_packed_step steps[PM_PACKED_STEPS];
    float bounds[PM_PACKED_FAN];
    for (int up = 0; up < tree->levels; up++) {
        size_t count = pm_packed_push(steps, 0, d->nodes[up], up, passed(sites, d, up, f->limit), d->bounds[up]);
        while (count > 0) {
            const pm_packed_step step = steps[--count];
            if (pm_packed_step_bound(step) > f->limit)
                continue;
            const int level = pm_packed_step_level(step);
            const size_t item = pm_packed_step_item(step);
            if (level < 0) {
                consider_bucket(sites, reach, spot, &d->target, item, f);
                continue;
            }
            const uint32_t near =
                pm_packed_near(tree->nodes[level] + PM_PACKED_FLOATS * item, &d->target, f->limit, bounds) &
                pm_packed_children(item, level, 0, tree->count);
            count = pm_packed_push(steps, count, item, level, near, bounds);
        }
    }
    for (int i = 0; i < f->count; i++)
        if (f->bounds[i] <= f->limit)
            pm_prefetch(&sites->sites[f->sites[i]]);
}

void pm_sites_nearest(const pm_sites *sites, const pm_field *field, const pm_spot *spots, size_t count,
                      pm_found *found) {
    descent descents[PM_SITES_AT_ONCE];
    finding findings[PM_SITES_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        found[i] = pm_found_none(field->farthest, &spots[i]);
        findings[i].best = &found[i];
        /* a site out of its own reach says nothing about others, places nothing about less than their rounding */
        findings[i].is_exact = field->reach.step != 0 || spots[i].slack > 0;
        findings[i].limit = pm_packed_limit(found[i].near.high);
        findings[i].count = 0;
        descents[i].target = target_of(sites, &spots[i]);
        descents[i].next = 0;
    }
    if (sites->bucket_count == 0)
        return;
    for (int level = sites->boxes.levels - 1; level >= 0; level--)
        for (size_t i = 0; i < count; i++)
            go_down(sites, level, &descents[i]);
    for (size_t i = 0; i < count; i++)
        search_bucket(sites, &field->reach, &spots[i], &descents[i], &findings[i]);
    for (size_t i = 0; i < count; i++)
        search_sites(sites, &field->reach, &spots[i], &descents[i], &findings[i]);
    for (size_t i = 0; i < count; i++)
        decide(sites, &field->reach, &spots[i], &findings[i]);
}

pm_found pm_sites_within(const pm_sites *sites, const pm_field *field, const pm_spot *spot) {
    pm_found best = pm_found_none(field->farthest, spot);
    const float limit = pm_packed_limit(best.near.high);
    pm_target target = target_of(sites, spot);
    pm_packed_walk walk;
    pm_packed_start(&walk, &sites->boxes, &target);
    for (size_t bucket; (bucket = pm_packed_next(&walk, limit)) != SIZE_MAX;) {
        float bounds[BUCKET];
        bound_sites(sites->places + 2 * BUCKET * bucket, &target, bounds);
        for (uint32_t near = pm_packed_within(bounds, limit); near; near &= near - 1) {
            const pm_site *site = &sites->sites[BUCKET * bucket + (size_t)pm_lowest_bit(near)];
            if (site->rank >= best.rank)
                continue;
            const double reach = pm_reach_of(&field->reach, (size_t)site->rank);
            const pm_found found = found_site(site, spot);
            if (pm_near_compare_limit(&found.near, reach, pm_spot_limit(reach, spot), spot) <= 0)
                best = found;
        }
    }
    return best;
}
