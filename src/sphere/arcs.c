/* arcs.c — where are the edges of these regions, on the sphere?
 *
 * As runs.c does it in the plane: eight edges that follow each other are a run with a box, the runs of a region are a
 * range, and one tree stands over the regions' boxes and one over the runs'. Boxes are in space (solid.h), around the
 * ends and what an arc rises above its chord. Arcs longer than a quarter turn are halved, so that boxes stay close
 * and distances precise; the middle is computed with twice the digits and rounded once, by 2e-9 m.
 *
 * Regions, and the runs of one, follow each other along a Hilbert curve through the plane of the faces (face.h); on
 * which nothing but the time of a search depends. */
#include "base/strict.h"

#include "arcs.h"

#include <string.h>

#include "base/status.h"
#include "base/twice.h"
#include "face.h"
#include "near/order.h"

/* What the memory starts with; the arrays follow. */
typedef struct arcs_head {
    uint64_t rank_count, region_count, run_count, vertex_count;
} arcs_head;

static uint64_t arcs_size_of(const arcs_head *h) {
    const uint64_t floats = pm_packed_size(PM_SPACE, (size_t)h->region_count) +
                            pm_packed_size(PM_SPACE, (size_t)h->run_count) + 3 * h->vertex_count;
    const uint64_t numbers = h->rank_count + h->region_count + (h->region_count + 1) + 2 * h->run_count;
    return sizeof(arcs_head) + h->vertex_count * sizeof(pm_lonlat) + floats * sizeof(float) +
           (numbers * sizeof(uint32_t) + h->run_count + 7) / 8 * 8;
}

/* ---- vertices ---- */

static int is_long(pm_lonlat a, pm_lonlat b) {
    const pm_observer from = pm_observer_at(a), to = pm_observer_at(b);
    return from.vector[0] * to.vector[0] + from.vector[1] * to.vector[1] + from.vector[2] * to.vector[2] < 0.001;
}

/* Takes vertices one after the other, and makes arcs and runs of them. Without `vertices` it only counts. */
typedef struct arc_taker {
    pm_lonlat *vertices; /* room for what was counted */
    size_t vertex_room;
    pm_entry *runs; /* a key of 0, the first vertex, the rank */
    uint8_t *sizes; /* by first vertex */
    size_t run_room;
    size_t vertex_count, run_count;
    size_t begin; /* of the ring */
    uint32_t rank;
    int failed; /* there is more than was counted */
} arc_taker;

static void take_place(arc_taker *t, pm_lonlat place) {
    if (t->vertices && t->vertex_count < t->vertex_room)
        t->vertices[t->vertex_count] = place;
    else
        t->failed = t->vertices != NULL;
    t->vertex_count++;
}

static void take_vertex(arc_taker *t, pm_lonlat before, pm_lonlat place) {
    if (t->vertex_count > t->begin && is_long(before, place))
        take_place(t, pm_lonlat_between(before, place));
    take_place(t, place);
}

static void take_run(arc_taker *t, size_t first, size_t arcs, int is_surface) {
    if (t->runs && t->run_count < t->run_room && !t->failed) {
        t->runs[t->run_count] = (pm_entry){0, (uint32_t)first, t->rank};
        t->sizes[t->run_count] = (uint8_t)(arcs | (is_surface ? PM_RUN_SURFACE : 0));
    } else {
        t->failed |= t->runs != NULL;
    }
    t->run_count++;
}

/* The runs of the vertices since `begin`. The last one is moved back to end with them. */
static void take_runs(arc_taker *t, int is_surface) {
    const size_t arcs = t->vertex_count - t->begin - 1, most = arcs < PM_RUN_ARCS ? arcs : PM_RUN_ARCS;
    if (arcs == 0)
        take_run(t, t->begin, 0, is_surface);
    for (size_t at = 0; at < arcs; at += PM_RUN_ARCS)
        take_run(t, t->begin + (at + most > arcs ? arcs - most : at), most, is_surface);
}

static void take_region(arc_taker *t, const pm_regions *regions, size_t region) {
    const pm_range polygons = pm_region_polygons(regions, region);
    for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
        const int is_surface = pm_is_polygon(regions, polygon);
        const pm_range rings = pm_polygon_rings(regions, polygon);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_sphere_ring(regions, polygon, ring);
            if (v.end == v.begin)
                continue;
            pm_lonlat before = pm_vertex_place(regions, v.begin);
            t->begin = t->vertex_count;
            for (size_t i = v.begin; i < v.end; i++) {
                const pm_lonlat place = pm_vertex_place(regions, i);
                take_vertex(t, before, place);
                before = place;
            }
            if (is_surface && v.end - v.begin > 1)
                take_vertex(t, before, pm_vertex_place(regions, v.begin));
            take_runs(t, is_surface);
        }
    }
}

/* ---- memory ---- */

static int arcs_count(const pm_regions *regions, pm_poll *poll, arcs_head *h) {
    arc_taker t = {.vertices = NULL};
    *h = (arcs_head){.rank_count = pm_regions_count(regions)};
    for (size_t region = 0; region < h->rank_count; region++) {
        const size_t runs = t.run_count, vertices = t.vertex_count;
        take_region(&t, regions, region);
        h->region_count += t.run_count > runs;
        if (pm_poll_after(poll, 1 + 8 * (t.vertex_count - vertices)))
            return 0;
    }
    h->run_count = t.run_count;
    h->vertex_count = t.vertex_count;
    return 1;
}

size_t pm_arcs_size(const pm_regions *regions, pm_poll *poll) {
    arcs_head h;
    if (!arcs_count(regions, poll, &h))
        return sizeof h;
    return h.run_count < PM_PACKED_MOST && h.rank_count < PM_PACKED_MOST && h.vertex_count < UINT32_MAX
               ? (size_t)arcs_size_of(&h)
               : SIZE_MAX;
}

int pm_arcs_view(pm_arcs *arcs, const void *memory, size_t size) {
    arcs_head h;
    memset(arcs, 0, sizeof *arcs);
    if (size < sizeof h)
        return 0;
    memcpy(&h, memory, sizeof h);
    if (h.rank_count > size || h.region_count > size || h.run_count > size || h.vertex_count > size ||
        h.run_count >= PM_PACKED_MOST || h.rank_count >= PM_PACKED_MOST || arcs_size_of(&h) != size)
        return 0;
    *arcs = (pm_arcs){.rank_count = (size_t)h.rank_count,
                      .region_count = (size_t)h.region_count,
                      .run_count = (size_t)h.run_count,
                      .vertex_count = (size_t)h.vertex_count};
    arcs->vertices = (const pm_lonlat *)(const void *)((const char *)memory + sizeof h);
    const float *boxes = (const float *)(const void *)(arcs->vertices + arcs->vertex_count);
    pm_packed_view(&arcs->regions, PM_SPACE, arcs->region_count, boxes);
    boxes += pm_packed_size(PM_SPACE, arcs->region_count);
    pm_packed_view(&arcs->runs, PM_SPACE, arcs->run_count, boxes);
    boxes += pm_packed_size(PM_SPACE, arcs->run_count);
    arcs->vectors = boxes;
    arcs->ranks = (const uint32_t *)(const void *)(arcs->vectors + 3 * arcs->vertex_count);
    arcs->places = arcs->ranks + arcs->region_count;
    arcs->starts = arcs->places + arcs->rank_count;
    arcs->first = arcs->starts + arcs->region_count + 1;
    arcs->owners = arcs->first + arcs->run_count;
    arcs->sizes = (const uint8_t *)(const void *)(arcs->owners + arcs->run_count);
    return 1;
}

/* ---- order ---- */

static void arcs_extend(double box[6], const double vector[3], double more) {
    for (int axis = 0; axis < 3; axis++) {
        box[axis] = fmin(box[axis], vector[axis] - more);
        box[axis + 3] = fmax(box[axis + 3], vector[axis] + more);
    }
}

static void box_of_run(const pm_lonlat *v, size_t arcs, double box[6]) {
    pm_observer at = pm_observer_at(v[0]);
    for (int axis = 0; axis < 3; axis++)
        box[axis] = box[axis + 3] = at.vector[axis];
    arcs_extend(box, at.vector, 1e-15);
    for (size_t i = 1; i <= arcs; i++) {
        const pm_observer next = pm_observer_at(v[i]);
        double square = 0; /* of the chord */
        for (int axis = 0; axis < 3; axis++)
            square += (next.vector[axis] - at.vector[axis]) * (next.vector[axis] - at.vector[axis]);
        const double half = square / 4, rise = half / (1 + sqrt(half < 1 ? 1 - half : 0)) + 1e-15;
        arcs_extend(box, at.vector, rise);
        arcs_extend(box, next.vector, rise);
        at = next;
    }
}

/* The regions that are not empty, along the curve by their first vertex. `runs` are in rank order. */
static void arcs_order_regions(const pm_arcs *arcs, const pm_entry *runs, pm_entry *entries, pm_entry *other) {
    size_t count = 0;
    for (size_t i = 0; i < arcs->run_count; i++)
        if (i == 0 || runs[i].owner != runs[i - 1].owner)
            entries[count++] = (pm_entry){pm_face_curve(arcs->vertices[runs[i].item]), runs[i].owner, 0};
    pm_order(entries, other, count);
    uint32_t *ranks = (uint32_t *)(uintptr_t)arcs->ranks, *places = (uint32_t *)(uintptr_t)arcs->places;
    memset(places, 0xff, arcs->rank_count * sizeof *places);
    for (size_t i = 0; i < count; i++) {
        ranks[i] = entries[i].item;
        places[entries[i].item] = (uint32_t)i;
    }
}

/* The runs by region and along the curve, with their boxes and those of the regions. `sizes` are in rank order. */
static int arcs_order_runs(const pm_arcs *arcs, const pm_entry *runs, const uint8_t *sizes, pm_entry *entries,
                           pm_entry *other, pm_poll *poll) {
    float *region_boxes = (float *)(uintptr_t)arcs->regions.nodes[0],
          *run_boxes = (float *)(uintptr_t)arcs->runs.nodes[0];
    for (size_t i = 0; i < arcs->run_count; i++) {
        const uint64_t place = arcs->places[runs[i].owner];
        entries[i] =
            (pm_entry){place << 32 | pm_face_curve(arcs->vertices[runs[i].item]), (uint32_t)i, runs[i].owner};
        if (pm_poll_after(poll, 16))
            return 0;
    }
    pm_order(entries, other, arcs->run_count);
    double box[6], of_region[6] = {0};
    for (size_t i = 0; i < arcs->run_count; i++) {
        const uint32_t run = entries[i].item, place = arcs->places[entries[i].owner];
        ((uint32_t *)(uintptr_t)arcs->first)[i] = runs[run].item;
        ((uint32_t *)(uintptr_t)arcs->owners)[i] = entries[i].owner;
        ((uint8_t *)(uintptr_t)arcs->sizes)[i] = sizes[run];
        box_of_run(arcs->vertices + runs[run].item, sizes[run] & 15u, box);
        pm_packed_put(run_boxes, PM_SPACE, i, box);
        const int is_first = i == 0 || entries[i - 1].owner != entries[i].owner;
        if (is_first)
            ((uint32_t *)(uintptr_t)arcs->starts)[place] = (uint32_t)i;
        for (int axis = 0; axis < 3; axis++) {
            of_region[axis] = is_first ? box[axis] : fmin(of_region[axis], box[axis]);
            of_region[axis + 3] = is_first ? box[axis + 3] : fmax(of_region[axis + 3], box[axis + 3]);
        }
        pm_packed_put(region_boxes, PM_SPACE, place, of_region); /* the last time with all runs */
        if (pm_poll_after(poll, 40))
            return 0;
    }
    ((uint32_t *)(uintptr_t)arcs->starts)[arcs->region_count] = (uint32_t)arcs->run_count;
    pm_packed_fill(&arcs->regions, region_boxes);
    pm_packed_fill(&arcs->runs, run_boxes);
    return 1;
}

pm_status pm_arcs_fill(const pm_regions *regions, const uint32_t *ids, void *memory, size_t size, pm_poll *poll,
                       const pm_allocator *allocator) {
    arcs_head h;
    pm_arcs arcs;
    if (!arcs_count(regions, poll, &h))
        return PM_ERR_STOPPED;
    if (arcs_size_of(&h) != size)
        return PM_ERR_COORDINATE;
    memset(memory, 0, size);
    memcpy(memory, &h, sizeof h);
    if (!pm_arcs_view(&arcs, memory, size))
        return PM_ERR_COORDINATE;
    const size_t room = arcs.run_count + 1;
    pm_entry *runs = pm_allocate(allocator, room * (3 * sizeof *runs + 1)), *entries = runs + room,
             *other = entries + room;
    if (!runs)
        return PM_ERR_NO_MEMORY;
    arc_taker t = {.vertices = (pm_lonlat *)(uintptr_t)arcs.vertices,
                   .vertex_room = arcs.vertex_count,
                   .runs = runs,
                   .sizes = (uint8_t *)(other + room),
                   .run_room = arcs.run_count};
    for (size_t rank = 0; rank < arcs.rank_count && !poll->stopped; rank++) {
        const size_t before = t.vertex_count;
        t.rank = (uint32_t)rank;
        take_region(&t, regions, ids[rank]);
        (void)pm_poll_after(poll, 1 + 8 * (t.vertex_count - before));
    }
    pm_status status = poll->stopped ? PM_ERR_STOPPED : PM_OK;
    size_t regions_found = 0;
    for (size_t i = 0; i < t.run_count && !t.failed && t.run_count == arcs.run_count; i++)
        regions_found += i == 0 || runs[i].owner != runs[i - 1].owner;
    if (!status && (t.failed || t.vertex_count != arcs.vertex_count || regions_found != arcs.region_count))
        status = PM_ERR_COORDINATE;
    for (size_t i = 0; !status && i < arcs.vertex_count; i++) {
        const pm_observer at = pm_observer_at(arcs.vertices[i]);
        for (int axis = 0; axis < 3; axis++)
            ((float *)(uintptr_t)arcs.vectors)[3 * i + (size_t)axis] = (float)at.vector[axis];
    }
    if (!status && arcs.run_count > 0) {
        arcs_order_regions(&arcs, runs, entries, other);
        if (!arcs_order_runs(&arcs, runs, t.sizes, entries, other, poll))
            status = PM_ERR_STOPPED;
    } else if (!status) {
        memset((void *)(uintptr_t)arcs.places, 0xff, arcs.rank_count * sizeof *arcs.places);
    }
    pm_release(allocator, runs);
    return status;
}

int pm_arcs_check(const pm_arcs *arcs, size_t count) {
    if (arcs->rank_count != count || arcs->starts[0] != 0 || arcs->starts[arcs->region_count] != arcs->run_count)
        return 0;
    int right = 1;
    for (size_t i = 0; i < arcs->region_count; i++)
        right = right && arcs->starts[i + 1] > arcs->starts[i] && arcs->ranks[i] < count &&
                arcs->places[arcs->ranks[i]] == i;
    for (size_t i = 0; i < count; i++)
        right &= arcs->places[i] < arcs->region_count || arcs->places[i] == UINT32_MAX;
    for (size_t i = 0; i < arcs->run_count; i++)
        right &= arcs->owners[i] < count && (arcs->sizes[i] & ~(PM_RUN_SURFACE | 15u)) == 0 &&
                 (arcs->sizes[i] & 15u) <= PM_RUN_ARCS &&
                 (size_t)arcs->first[i] + (arcs->sizes[i] & 15u) < arcs->vertex_count;
    for (size_t i = 0; i < arcs->vertex_count; i++) /* angles of anything else could not be computed */
        right &= arcs->vertices[i].lon >= -180 && arcs->vertices[i].lon < 180 && fabs(arcs->vertices[i].lat) <= 90;
    return right;
}
