/* borrowed.c — does this region cover this point, without a copy of the regions?
 *
 * An index copies, orders and closes the rings of its regions; where points are few, that is most of the time. Here
 * the caller's arrays are read once, for boxes, for NaN and for the spans of long rings, at about 1 ns per vertex,
 * and edges are compared where they lie. The rules are those of polygons.c, whose functions do the comparing: a ring
 * that is not closed has one more edge, from its last vertex to its first.
 *
 * Another thread may change coordinates meanwhile: then some answer comes out, since comparisons and exact arithmetic
 * take any number. */
#include "base/strict.h"

#include "borrowed.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "input/regions.h"

pm_status pm_borrowed_init(pm_borrowed *b, const pm_regions *regions, const pm_allocator *allocator) {
    *b = (pm_borrowed){.regions = *regions, .count = regions->polygon_count};
    if (regions->geom_offsets) {
        b->first = (size_t)regions->geom_offsets[0];
        b->count = (size_t)regions->geom_offsets[regions->geom_count] - b->first;
    }
    int has_long = 0;
    for (size_t ring = 0; ring < regions->ring_count; ring++)
        has_long |= regions->ring_offsets[ring + 1] - regions->ring_offsets[ring] > PM_SPAN;
    const size_t spans = regions->coord_count / PM_SPAN + 1;
    b->spans = has_long ? pm_allocate(allocator, 2 * spans * sizeof *b->spans) : NULL;
    for (size_t i = 0; b->spans && i < spans; i++) {
        b->spans[2 * i] = INFINITY;
        b->spans[2 * i + 1] = -INFINITY;
    }
    return has_long && !b->spans ? PM_ERR_NO_MEMORY : PM_OK;
}

void pm_borrowed_free(pm_borrowed *b, const pm_allocator *allocator) {
    pm_release(allocator, b->spans);
}

/* Least and greatest coordinates of vertices, two vertices at a time; NaN in `odd` if one is not finite, else 0. */
typedef struct ring_extent {
    double low[4], high[4], odd[4];
} ring_extent;

static void extent_add(ring_extent *e, const double *v, size_t count) {
    ring_extent own = *e;
    size_t i = 0;
    for (; i + 2 <= count; i += 2)
        for (size_t k = 0; k < 4; k++) {
            const double value = v[2 * i + k];
            own.low[k] = value < own.low[k] ? value : own.low[k];
            own.high[k] = value > own.high[k] ? value : own.high[k];
            own.odd[k] += 0 * value;
        }
    for (size_t k = 0; i < count && k < 2; k++) {
        const double value = v[2 * i + k];
        own.low[k] = value < own.low[k] ? value : own.low[k];
        own.high[k] = value > own.high[k] ? value : own.high[k];
        own.odd[k] += 0 * value;
    }
    *e = own;
}

static const ring_extent NO_EXTENT = {
    {INFINITY, INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, {0, 0, 0, 0}};

static pm_box extent_box(const ring_extent *e) {
    return (pm_box){e->low[0] < e->low[2] ? e->low[0] : e->low[2], e->low[1] < e->low[3] ? e->low[1] : e->low[3],
                    e->high[0] > e->high[2] ? e->high[0] : e->high[2],
                    e->high[1] > e->high[3] ? e->high[1] : e->high[3]};
}

/* A long ring, span by span. */
static void read_long(pm_borrowed *b, pm_range v, ring_extent *all) {
    const double *xy = b->regions.coords;
    for (size_t at = v.begin, next; at < v.end; at = next) {
        const size_t span = at / PM_SPAN;
        next = (span + 1) * PM_SPAN < v.end ? (span + 1) * PM_SPAN : v.end;
        ring_extent e = NO_EXTENT;
        extent_add(&e, xy + 2 * at, next - at + (next < v.end)); /* the last edge ends in the next span */
        const pm_box box = extent_box(&e);
        double *y = b->spans + 2 * span;
        y[0] = box.min_y < y[0] ? box.min_y : y[0];
        y[1] = box.max_y > y[1] ? box.max_y : y[1];
        for (size_t k = 0; k < 4; k++) {
            all->low[k] = e.low[k] < all->low[k] ? e.low[k] : all->low[k];
            all->high[k] = e.high[k] > all->high[k] ? e.high[k] : all->high[k];
            all->odd[k] += e.odd[k];
        }
    }
}

int pm_borrowed_read(pm_borrowed *b, pm_box *boxes, pm_poll *poll) {
    double odd = 0;
    for (size_t i = 0; i < b->count && !poll->stopped; i++) {
        ring_extent e = NO_EXTENT;
        const pm_range rings = pm_polygon_rings(&b->regions, b->first + i);
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_ring_vertices(&b->regions, ring);
            if (v.end - v.begin > PM_SPAN)
                read_long(b, v, &e);
            else
                extent_add(&e, b->regions.coords + 2 * v.begin, v.end - v.begin);
            (void)pm_poll_after(poll, (v.end - v.begin) / 8 + 1);
        }
        boxes[i] = extent_box(&e);
        odd += e.odd[0] + e.odd[1] + e.odd[2] + e.odd[3];
    }
    return odd == 0;
}

static int borrowed_side(const pm_borrowed *b, size_t polygon, size_t ring, const pm_exact_point *p) {
    const double *xy = b->regions.coords;
    const pm_range v = pm_ring_vertices(&b->regions, ring);
    int side = PM_OUTSIDE;
    if (v.end == v.begin)
        return side;
    if (v.end - v.begin > PM_SPAN)
        side = pm_ring_side(xy, v.begin, v.end - 1, b->spans, p);
    else
        side = pm_edges_side(xy + 2 * v.begin, xy + 2 * (v.end - 1), p);
    if (side == PM_BOUNDARY || (v.end - v.begin > 1 && pm_ring_distinct(&b->regions, polygon, ring).end < v.end))
        return side; /* or it was closed */
    double closing[4];
    memcpy(closing, xy + 2 * (v.end - 1), 2 * sizeof *closing);
    memcpy(closing + 2, xy + 2 * v.begin, 2 * sizeof *closing);
    const int last = pm_edges_side(closing, closing + 2, p);
    return last == PM_BOUNDARY ? last : side ^ last;
}

int pm_borrowed_covers(const pm_borrowed *b, size_t number, const pm_exact_point *p) {
    const pm_range rings = pm_polygon_rings(&b->regions, b->first + number);
    int parity = PM_OUTSIDE;
    for (size_t ring = rings.begin; ring < rings.end; ring++) {
        const int side = borrowed_side(b, b->first + number, ring, p);
        if (side == PM_BOUNDARY)
            return 1;
        parity ^= side;
    }
    return parity == PM_INSIDE;
}
