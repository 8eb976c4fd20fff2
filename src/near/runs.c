/* runs.c — where are the edges of these regions?
 *
 * Eight neighbouring edges of a ring are a run: a box of 16 bytes and two numbers, against 128 bytes of vertices,
 * which stay where they are. The runs of a region follow each other along a Hilbert curve, and so do the regions; one
 * tree stands over the runs and one over the regions (packed.c). So the edges near a point are found among all, or
 * among those of one region: the runs of a region are a range.
 *
 * A ring's last run is moved back to end with the ring, over edges that the run before has, too, so that all but
 * those of small rings have eight. Nothing depends on the order but the time of a search. Coordinates are scaled, and
 * the corner of all regions is subtracted, before they become floats, so that neither their size nor their place
 * costs digits. */
#include "base/strict.h"

#include "runs.h"

#include <string.h>

#include "base/status.h"
#include "near/order.h"

/* What the memory starts with; the arrays follow. */
typedef struct runs_head {
    uint64_t rank_count, region_count, run_count;
    double scale, origin[2];
    uint64_t reserved[2];
} runs_head;

static uint64_t size_of(const runs_head *h) {
    uint64_t numbers = h->rank_count + h->region_count + (h->region_count + 1) + 2 * h->run_count;
    uint64_t floats =
        pm_packed_size(PM_PLANE, (size_t)h->region_count) + pm_packed_size(PM_PLANE, (size_t)h->run_count);
    return sizeof(runs_head) + sizeof(float) * floats + (sizeof(uint32_t) * numbers + 7) / 8 * 8;
}

static runs_head count_all(const pm_polygon_table *table) {
    runs_head h = {.rank_count = table->count};
    for (size_t rank = 0; rank < table->count; rank++) {
        uint64_t before = h.run_count;
        for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
            for (size_t ring = table->ring_offsets[polygon]; ring < table->ring_offsets[polygon + 1]; ring++)
                h.run_count +=
                    (table->vertex_offsets[ring + 1] - 1 - table->vertex_offsets[ring] + PM_RUN_EDGES - 1) /
                    PM_RUN_EDGES;
        h.region_count += h.run_count > before;
    }
    return h;
}

size_t pm_runs_size(const pm_polygon_table *table) {
    runs_head h = count_all(table);
    return (size_t)size_of(&h);
}

int pm_runs_view(pm_runs *runs, const void *memory, size_t size) {
    runs_head h;
    memset(runs, 0, sizeof *runs);
    if (size < sizeof h)
        return 0;
    memcpy(&h, memory, sizeof h);
    if (h.rank_count > size || h.region_count > size || h.run_count > size || size_of(&h) != size)
        return 0;
    const float *boxes = (const float *)(const void *)((const char *)memory + sizeof h);
    runs->scale = h.scale;
    runs->origin[0] = h.origin[0];
    runs->origin[1] = h.origin[1];
    runs->rank_count = (size_t)h.rank_count;
    runs->region_count = (size_t)h.region_count;
    runs->run_count = (size_t)h.run_count;
    pm_packed_view(&runs->regions, PM_PLANE, runs->region_count, boxes);
    boxes += pm_packed_size(PM_PLANE, runs->region_count);
    pm_packed_view(&runs->runs, PM_PLANE, runs->run_count, boxes);
    boxes += pm_packed_size(PM_PLANE, runs->run_count);
    runs->ranks = (const uint32_t *)(const void *)boxes;
    runs->places = runs->ranks + runs->region_count;
    runs->starts = runs->places + runs->rank_count;
    runs->first = runs->starts + runs->region_count + 1;
    runs->owners = runs->first + runs->run_count;
    return 1;
}

/* ---- filling ---- */

typedef struct filler {
    const pm_polygon_table *table;
    pm_runs *runs;
    double extent; /* of all regions, scaled */
} filler;

/* A box in the coordinates of the tree. */
static void tree_box(const filler *f, const pm_box *box, double out[4]) {
    const pm_runs *r = f->runs;
    out[0] = box->min_x * r->scale - r->origin[0];
    out[1] = box->min_y * r->scale - r->origin[1];
    out[2] = box->max_x * r->scale - r->origin[0];
    out[3] = box->max_y * r->scale - r->origin[1];
}

static uint32_t curve_place(const filler *f, const pm_box *box) {
    double sides[4];
    tree_box(f, box, sides);
    return pm_curve_place(sides[0] / 2 + sides[2] / 2, sides[1] / 2 + sides[3] / 2, f->extent);
}

double pm_runs_map(const pm_polygon_table *table, double *scale, double origin[2]) {
    const pm_box all = pm_polygons_box(table);
    *scale = 1;
    origin[0] = origin[1] = 0;
    if (!(all.min_x <= all.max_x))
        return 0;
    double width = all.max_x - all.min_x, height = all.max_y - all.min_y, extent = width > height ? width : height;
    double magnitude = fmax(fmax(fabs(all.min_x), fabs(all.max_x)), fmax(fabs(all.min_y), fabs(all.max_y)));
    *scale = pm_distance_scale(extent > 0 ? extent : magnitude);
    origin[0] = all.min_x * *scale;
    origin[1] = all.min_y * *scale;
    width = all.max_x * *scale - origin[0];
    height = all.max_y * *scale - origin[1];
    return width > height ? width : height;
}

/* The regions that are not empty, along the curve. */
static void order_regions(const filler *f, pm_entry *entries, pm_entry *other) {
    const pm_polygon_table *table = f->table;
    size_t count = 0;
    for (size_t rank = 0; rank < table->count; rank++)
        if (table->polygon_offsets[rank + 1] > table->polygon_offsets[rank])
            entries[count++] = (pm_entry){curve_place(f, &table->boxes[rank]), (uint32_t)rank, 0};
    pm_order(entries, other, count);
    uint32_t *ranks = (uint32_t *)(uintptr_t)f->runs->ranks, *places = (uint32_t *)(uintptr_t)f->runs->places;
    memset(places, 0xff, table->count * sizeof *places);
    for (size_t i = 0; i < count; i++) {
        ranks[i] = entries[i].item;
        places[entries[i].item] = (uint32_t)i;
    }
}

static pm_box box_of_vertices(const double *v, size_t count) {
    pm_box box = {v[0], v[1], v[0], v[1]};
    for (size_t i = 1; i < count; i++) {
        box.min_x = v[2 * i] < box.min_x ? v[2 * i] : box.min_x;
        box.min_y = v[2 * i + 1] < box.min_y ? v[2 * i + 1] : box.min_y;
        box.max_x = v[2 * i] > box.max_x ? v[2 * i] : box.max_x;
        box.max_y = v[2 * i + 1] > box.max_y ? v[2 * i + 1] : box.max_y;
    }
    return box;
}

static pm_box run_box(const pm_polygon_table *table, uint32_t first, size_t edges) {
    return box_of_vertices(table->vertices + 2 * (size_t)first, edges + 1);
}

/* Append the runs of a region, which is number `place` on the curve. */
static size_t list_runs(const filler *f, size_t place, pm_entry *entries, size_t count) {
    const pm_polygon_table *table = f->table;
    size_t rank = f->runs->ranks[place];
    for (size_t polygon = table->polygon_offsets[rank]; polygon < table->polygon_offsets[rank + 1]; polygon++)
        for (size_t ring = table->ring_offsets[polygon]; ring < table->ring_offsets[polygon + 1]; ring++) {
            size_t begin = table->vertex_offsets[ring], end = (size_t)table->vertex_offsets[ring + 1] - 1;
            for (size_t at = begin; at < end; at += PM_RUN_EDGES) {
                size_t edges = end - begin < PM_RUN_EDGES ? end - begin : PM_RUN_EDGES;
                size_t first = at + edges > end ? end - edges : at;
                pm_box box = run_box(table, (uint32_t)first, edges);
                entries[count++] = (pm_entry){(uint64_t)place << 32 | curve_place(f, &box), (uint32_t)first,
                                              (uint32_t)(edges - 1) << 29 | (uint32_t)rank};
            }
        }
    return count;
}

static int fill_runs(const filler *f, pm_entry *entries, pm_entry *other, float *boxes, pm_poll *poll) {
    pm_runs *r = f->runs;
    size_t count = 0;
    uint32_t *starts = (uint32_t *)(uintptr_t)r->starts;
    for (size_t place = 0; place < r->region_count; place++) {
        starts[place] = (uint32_t)count;
        size_t before = count;
        count = list_runs(f, place, entries, count);
        if (pm_poll_after(poll, 16 * (count - before)))
            return 0;
    }
    starts[r->region_count] = (uint32_t)count;
    pm_order(entries, other, count);
    for (size_t i = 0; i < count; i++) {
        ((uint32_t *)(uintptr_t)r->first)[i] = entries[i].item;
        ((uint32_t *)(uintptr_t)r->owners)[i] = entries[i].owner;
        pm_box box = run_box(f->table, entries[i].item, pm_run_edges(entries[i].owner));
        double sides[4];
        tree_box(f, &box, sides);
        pm_packed_put(boxes, PM_PLANE, i, sides);
        if (pm_poll_after(poll, 8))
            return 0;
    }
    pm_packed_fill(&r->runs, boxes);
    return 1;
}

int pm_runs_fit(const pm_polygon_table *table) {
    runs_head h = count_all(table);
    return h.run_count < PM_PACKED_MOST && table->count < PM_PACKED_MOST;
}

pm_status pm_runs_fill(const pm_polygon_table *table, void *memory, size_t size, pm_poll *poll,
                       const pm_allocator *allocator) {
    pm_runs runs;
    runs_head h = count_all(table);
    memset(memory, 0, size);
    memcpy(memory, &h, sizeof h);
    (void)pm_runs_view(&runs, memory, size);
    filler f = {.table = table, .runs = &runs};
    f.extent = pm_runs_map(table, &runs.scale, runs.origin);
    h.scale = runs.scale;
    h.origin[0] = runs.origin[0];
    h.origin[1] = runs.origin[1];
    memcpy(memory, &h, sizeof h);
    size_t room = runs.run_count > table->count ? runs.run_count : table->count;
    pm_entry *entries = pm_allocate(allocator, 2 * (room + 1) * sizeof *entries), *other = entries + room + 1;
    if (!entries)
        return PM_ERR_NO_MEMORY;
    float *boxes = (float *)(void *)((char *)memory + sizeof h);
    order_regions(&f, entries, other);
    for (size_t i = 0; i < runs.region_count; i++) {
        double sides[4];
        tree_box(&f, &table->boxes[runs.ranks[i]], sides);
        pm_packed_put(boxes, PM_PLANE, i, sides);
    }
    pm_packed_fill(&runs.regions, boxes);
    int done = fill_runs(&f, entries, other, boxes + pm_packed_size(PM_PLANE, runs.region_count), poll);
    pm_release(allocator, entries);
    return done ? PM_OK : PM_ERR_STOPPED;
}

int pm_runs_check(const pm_runs *runs, const pm_polygon_table *table) {
    const size_t vertices = table->vertex_offsets[table->ring_offsets[table->polygon_offsets[table->count]]];
    if (runs->rank_count != table->count)
        return 0;
    int right = runs->scale > 0 && isfinite(runs->scale) && runs->starts[0] == 0 &&
                runs->starts[runs->region_count] == runs->run_count;
    for (size_t i = 0; i < runs->region_count; i++)
        right = right && runs->starts[i + 1] > runs->starts[i] && runs->ranks[i] < table->count &&
                runs->places[runs->ranks[i]] == i;
    for (size_t i = 0; i < runs->rank_count; i++)
        right &= runs->places[i] < runs->region_count || runs->places[i] == UINT32_MAX;
    for (size_t i = 0; i < runs->run_count; i++)
        right &=
            pm_run_rank(runs->owners[i]) < table->count && runs->first[i] + pm_run_edges(runs->owners[i]) < vertices;
    return right;
}
