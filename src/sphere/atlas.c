/* atlas.c — how does a polygon of the sphere become polygons of the plane?
 *
 * Nearly every polygon has all its vertices on one face, where it is drawn as it is. The edges of another one are cut
 * at the windows of the faces (face.c) that they pass through. What is cut off is replaced by the shorter way along
 * the window: what the drawing covers in the window is then the right places or all the others. One place of the
 * face, away from all edges, is looked up on the sphere, and where it is wrong the window itself becomes one more
 * ring, which exchanges inside and outside. A face without an edge is covered or not in the same way.
 *
 * Cuts are computed with twice the digits, from the same end first in both directions: two polygons that share an
 * edge share the cut edge. */
#include "base/strict.h"

#include "atlas.h"

#include <string.h>

#include "base/status.h"
#include "base/twice.h"
#include "face.h"

/* ---- growing ---- */

static int atlas_reserve(pm_atlas *atlas, void **items, size_t count, size_t more, size_t *room, size_t size) {
    if (count + more <= *room)
        return 1;
    const size_t larger = (count + more) + (count + more) / 2 + 16;
    void *grown = pm_allocate(atlas->allocator, larger * size);
    if (!grown)
        return 0;
    if (count > 0)
        memcpy(grown, *items, count * size);
    pm_release(atlas->allocator, *items);
    *items = grown;
    *room = larger;
    return 1;
}

static int atlas_vertex(pm_atlas *atlas, int face, double u, double v) {
    double offset[2];
    void *coords = atlas->coords;
    if (!atlas_reserve(atlas, &coords, atlas->regions.coord_count, 1, &atlas->coord_room, 2 * sizeof *atlas->coords))
        return 0;
    atlas->coords = coords;
    pm_face_offset(face, offset);
    atlas->coords[2 * atlas->regions.coord_count] = u + offset[0];
    atlas->coords[2 * atlas->regions.coord_count + 1] = v + offset[1];
    atlas->regions.coord_count++;
    return 1;
}

/* Close a ring or polygon where it has anything. */
static int atlas_end_ring(pm_atlas *atlas) {
    void *rings = atlas->rings;
    if (atlas->rings[atlas->regions.ring_count] == (int64_t)atlas->regions.coord_count)
        return 1;
    if (!atlas_reserve(atlas, &rings, atlas->regions.ring_count + 1, 1, &atlas->ring_room, sizeof *atlas->rings))
        return 0;
    atlas->rings = rings;
    atlas->rings[++atlas->regions.ring_count] = (int64_t)atlas->regions.coord_count;
    return 1;
}

static int atlas_end_polygon(pm_atlas *atlas) {
    void *polygons = atlas->polygons;
    if (atlas->polygons[atlas->regions.polygon_count] == (int64_t)atlas->regions.ring_count)
        return 1;
    if (!atlas_reserve(atlas, &polygons, atlas->regions.polygon_count + 1, 1, &atlas->polygon_room,
                       sizeof *atlas->polygons))
        return 0;
    atlas->polygons = polygons;
    atlas->polygons[++atlas->regions.polygon_count] = (int64_t)atlas->regions.ring_count;
    return 1;
}

/* ---- one face is enough ---- */

/* Is the polygon on one face, and is its inside the one in the plane? */
static int fits_face(const pm_regions *regions, size_t polygon, int *face) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    size_t count = 0;
    const pm_range rings = pm_polygon_rings(regions, polygon);
    for (size_t ring = rings.begin; ring < rings.end; ring++) {
        const pm_range v = pm_ring_vertices(regions, ring);
        for (size_t i = v.begin; i < v.end; i++) {
            const pm_lonlat place = pm_vertex_place(regions, i);
            if (count++ == 0)
                *face = pm_face_of(place);
            else if (pm_face_of(place) != *face)
                return 0;
            const pm_spot_on_face spot = pm_face_spot(*face, place);
            low[0] = fmin(low[0], spot.u);
            low[1] = fmin(low[1], spot.v);
            high[0] = fmax(high[0], spot.u);
            high[1] = fmax(high[1], spot.v);
        }
    }
    /* Rings that go around a place at most count / 3 times can't have a signed area of more than half the sphere. */
    return count > 0 && (high[0] - low[0]) * (high[1] - low[1]) * (double)count < 18;
}

static int draw_plainly(pm_atlas *atlas, const pm_regions *regions, size_t polygon, int face) {
    const pm_range rings = pm_polygon_rings(regions, polygon);
    for (size_t ring = rings.begin; ring < rings.end; ring++) {
        const pm_range v = pm_sphere_ring(regions, polygon, ring);
        for (size_t i = v.begin; i < v.end; i++) {
            const pm_spot_on_face spot = pm_face_spot(face, pm_vertex_place(regions, i));
            if (!atlas_vertex(atlas, face, spot.u, spot.v))
                return 0;
        }
        if (!atlas_end_ring(atlas))
            return 0;
    }
    return atlas_end_polygon(atlas);
}

/* ---- cutting ---- */

/* A place on the border of a window: its way from the lower right corner, to the left, a side each 1. */
typedef struct face_cut {
    double u, v, way;
} face_cut;

/* Vectors in the axes of a face: right, up, and out of it. */
static pm_vector face_turned(const pm_vector *a, int face) {
    const pm_twice minus_x = {-a->x.high, -a->x.low}, minus_y = {-a->y.high, -a->y.low},
                   minus_z = {-a->z.high, -a->z.low};
    switch (face) {
    case 0:
        return (pm_vector){a->y, a->z, a->x};
    case 1:
        return (pm_vector){minus_x, a->z, a->y};
    case 2:
        return (pm_vector){minus_y, a->z, minus_x};
    case 3:
        return (pm_vector){a->x, a->z, minus_y};
    case PM_FACE_NORTH:
        return (pm_vector){a->x, a->y, a->z};
    default:
        return (pm_vector){a->x, a->y, minus_z};
    }
}

/* How far inside of the window's side a vector is: right, up, left, down. */
static pm_twice inside_of(const pm_vector *a, int side) {
    const pm_twice reach = pm_twice_product(a->z, (pm_twice){PM_FACE_WINDOW, 0}), across = side & 1 ? a->y : a->x;
    return side < 2 ? pm_twice_difference(reach, across) : pm_twice_sum(reach, across);
}

static face_cut cut_at(const pm_vector *a, const pm_vector *b, pm_twice part, int side) {
    const pm_twice x = pm_twice_sum(a->x, pm_twice_product(part, pm_twice_difference(b->x, a->x)));
    const pm_twice y = pm_twice_sum(a->y, pm_twice_product(part, pm_twice_difference(b->y, a->y)));
    const pm_twice z = pm_twice_sum(a->z, pm_twice_product(part, pm_twice_difference(b->z, a->z)));
    const double border = side < 2 ? PM_FACE_WINDOW : -PM_FACE_WINDOW;
    double along = pm_twice_quotient(side & 1 ? x : y, z).high;
    along = along > PM_FACE_WINDOW ? PM_FACE_WINDOW : along > -PM_FACE_WINDOW ? along : -PM_FACE_WINDOW;
    const double ahead = side == 0 || side == 3 ? along : -along; /* to the left */
    const double way = side + (ahead + PM_FACE_WINDOW) / (2 * PM_FACE_WINDOW);
    return side & 1 ? (face_cut){along, border, way} : (face_cut){border, along, way};
}

/* The place of a window's border that is nearest to one just outside of it. */
static face_cut face_cut_near(pm_spot_on_face spot) {
    const double u = spot.u, v = spot.v, m = PM_FACE_WINDOW;
    if (fabs(u) >= fabs(v))
        return u > 0 ? (face_cut){m, v, 0 + (v + m) / (2 * m)} : (face_cut){-m, v, 2 + (m - v) / (2 * m)};
    return v > 0 ? (face_cut){u, m, 1 + (m - u) / (2 * m)} : (face_cut){u, -m, 3 + (u + m) / (2 * m)};
}

/* A vertex of a ring, as a face sees it. */
typedef struct face_corner {
    pm_lonlat place;
    pm_spot_on_face spot;
} face_corner;

static face_corner face_corner_at(const pm_regions *regions, size_t vertex, int face) {
    const pm_lonlat place = pm_vertex_place(regions, vertex);
    return (face_corner){place, pm_face_spot(face, place)};
}

/* Are both ends of an edge beyond one side of a window? A quick look, which may say no. */
static int is_beyond(const face_corner *from, const face_corner *to, int face) {
    const pm_observer a = pm_observer_at(from->place), b = pm_observer_at(to->place);
    static const int AXES[PM_FACES][3] = {{1, 2, 0}, {0, 2, 1}, {1, 2, 0}, {0, 2, 1}, {0, 1, 2}, {0, 1, 2}};
    const int *axes = AXES[face];
    const double sign = face == 2 || face == 3 || face == PM_FACE_SOUTH ? -PM_FACE_WINDOW : PM_FACE_WINDOW;
    for (int axis = 0; axis < 2; axis++) {
        const double at_a = a.vector[axes[axis]], at_b = b.vector[axes[axis]];
        const double reach_a = sign * a.vector[axes[2]], reach_b = sign * b.vector[axes[2]];
        if ((at_a - reach_a > 1e-9 && at_b - reach_b > 1e-9) || (-at_a - reach_a > 1e-9 && -at_b - reach_b > 1e-9))
            return 1;
    }
    return 0;
}

/* Where an edge enters a window and leaves it, as bits: 1, it enters, 2, it leaves; 0 where it has no part in the
 * window or all of it is there. */
static int cut_edge(const face_corner *from, const face_corner *to, int face, face_cut *enters, face_cut *leaves) {
    const int swap =
        to->place.lon < from->place.lon || (to->place.lon == from->place.lon && to->place.lat < from->place.lat);
    pm_vector a = pm_vector_to(swap ? to->place : from->place), b = pm_vector_to(swap ? from->place : to->place);
    a = face_turned(&a, face);
    b = face_turned(&b, face);
    pm_twice begin = {0, 0}, end = {1, 0};
    int begin_side = -1, end_side = -1;
    for (int side = 0; side < 4; side++) {
        const pm_twice at_a = inside_of(&a, side), at_b = inside_of(&b, side);
        const int out_a = pm_twice_sign(at_a) < 0, out_b = pm_twice_sign(at_b) < 0;
        if (out_a && out_b)
            return 0;
        if (!out_a && !out_b)
            continue;
        const pm_twice part = pm_twice_quotient(at_a, pm_twice_difference(at_a, at_b));
        if (out_a && pm_twice_sign(pm_twice_difference(part, begin)) > 0) {
            begin = part;
            begin_side = side;
        } else if (out_b && pm_twice_sign(pm_twice_difference(part, end)) < 0) {
            end = part;
            end_side = side;
        }
    }
    if (pm_twice_sign(pm_twice_difference(end, begin)) <= 0)
        return 0;
    if (begin_side >= 0)
        *(swap ? leaves : enters) = cut_at(&a, &b, begin, begin_side);
    if (end_side >= 0)
        *(swap ? enters : leaves) = cut_at(&a, &b, end, end_side);
    return (begin_side >= 0) << swap | (end_side >= 0) << !swap;
}

/* The shorter way from one cut to another along the window; both are drawn elsewhere. With any other, a small region
 * has the box of a window: candidates of counties take 2.5 times as long. */
static int atlas_way(pm_atlas *atlas, int face, const face_cut *from, const face_cut *to) {
    static const double CORNERS[4][2] = {{1, 1}, {-1, 1}, {-1, -1}, {1, -1}};                 /* at ways 1, 2, 3, 4 */
    const double ahead = to->way < from->way ? to->way + 4 - from->way : to->way - from->way; /* to the left */
    const int is_left = ahead <= 2, step = is_left ? 1 : -1;
    const double end = is_left ? from->way + ahead : from->way + ahead - 4;
    for (int way = is_left ? (int)from->way + 1 : (int)ceil(from->way) - 1; is_left ? way < end : way > end;
         way += step)
        if (!atlas_vertex(atlas, face, CORNERS[(way - 1) & 3][0] * PM_FACE_WINDOW,
                          CORNERS[(way - 1) & 3][1] * PM_FACE_WINDOW))
            return 0;
    return 1;
}

/* What of a ring is drawn so far. */
typedef struct atlas_pen {
    pm_atlas *atlas;
    int face, has_left;
    face_cut first, left; /* where it entered first, and left last */
} atlas_pen;

static int pen_enter(atlas_pen *p, const face_cut *at) {
    if (p->has_left ? !atlas_way(p->atlas, p->face, &p->left, at) : 0)
        return 0;
    if (!p->has_left)
        p->first = *at;
    return atlas_vertex(p->atlas, p->face, at->u, at->v);
}

static int pen_leave(atlas_pen *p, const face_cut *at) {
    p->left = *at;
    p->has_left = 1;
    return atlas_vertex(p->atlas, p->face, at->u, at->v);
}

static int draw_edge(atlas_pen *p, const face_corner *from, const face_corner *to) {
    face_cut enters, leaves;
    if (from->spot.is_inside && to->spot.is_inside)
        return atlas_vertex(p->atlas, p->face, to->spot.u, to->spot.v);
    if (is_beyond(from, to, p->face))
        return 1;
    const int cuts = cut_edge(from, to, p->face, &enters, &leaves);
    if (from->spot.is_inside) {
        if (!(cuts & 2))
            leaves = face_cut_near(to->spot);
        return pen_leave(p, &leaves);
    }
    if (to->spot.is_inside) {
        if (!(cuts & 1))
            enters = face_cut_near(from->spot);
        return pen_enter(p, &enters) && atlas_vertex(p->atlas, p->face, to->spot.u, to->spot.v);
    }
    return cuts != 3 || (pen_enter(p, &enters) && pen_leave(p, &leaves));
}

static int draw_ring(pm_atlas *atlas, const pm_regions *regions, pm_range v, int face) {
    atlas_pen p = {.atlas = atlas, .face = face};
    size_t start = v.begin;
    while (start < v.end && face_corner_at(regions, start, face).spot.is_inside)
        start++;
    if (start == v.end) { /* nothing to cut */
        for (size_t i = v.begin; i < v.end; i++) {
            const face_corner at = face_corner_at(regions, i, face);
            if (!atlas_vertex(atlas, face, at.spot.u, at.spot.v))
                return 0;
        }
        return atlas_end_ring(atlas);
    }
    face_corner from = face_corner_at(regions, start, face);
    for (size_t i = 0, at = start; i < v.end - v.begin; i++) {
        at = at + 1 < v.end ? at + 1 : v.begin;
        const face_corner to = face_corner_at(regions, at, face);
        if (!draw_edge(&p, &from, &to))
            return 0;
        from = to;
    }
    return (!p.has_left || atlas_way(atlas, face, &p.left, &p.first)) && atlas_end_ring(atlas);
}

/* ---- inside or outside? ---- */

/* Does the drawing of a polygon, whose rings are the last ones, cover a place of the plane? `distance` receives how
 * far its edges are, squared. */
static int drawing_covers(const pm_atlas *atlas, double x, double y, double *distance) {
    int odd = 0;
    *distance = INFINITY;
    for (int64_t ring = atlas->polygons[atlas->regions.polygon_count]; ring < (int64_t)atlas->regions.ring_count;
         ring++) {
        const double *a = atlas->coords + 2 * (atlas->rings[ring + 1] - 1);
        for (int64_t i = atlas->rings[ring]; i < atlas->rings[ring + 1]; i++) {
            const double *b = atlas->coords + 2 * i;
            const double dx = b[0] - a[0], dy = b[1] - a[1], qx = x - a[0], qy = y - a[1];
            const double length = dx * dx + dy * dy, along = length > 0 ? (qx * dx + qy * dy) / length : 0;
            const double part = along > 0 ? along < 1 ? along : 1 : 0;
            const double rx = qx - part * dx, ry = qy - part * dy;
            *distance = fmin(*distance, rx * rx + ry * ry);
            odd ^= (a[1] > y) != (b[1] > y) && ((dx * qy - dy * qx > 0) == (dy > 0));
            a = b;
        }
    }
    return odd;
}

/* Places of a face to look up: enough to find one away from all edges. */
enum { ATLAS_LOOKS = 64 };

static pm_lonlat atlas_look_at(int face, int i) {
    const double lon = fmod(0.6180339887498949 * (i + 0.5), 1), lat = fmod(0.7548776662466927 * (i + 0.5), 1);
    if (face < PM_FACE_NORTH)
        return pm_lonlat_at(90 * face + 80 * (lon - 0.5), 60 * (lat - 0.5));
    return pm_lonlat_at(360 * lon - 180, face == PM_FACE_NORTH ? 60 + 30 * lat : -60 - 30 * lat);
}

/* Exchange inside and outside of a polygon that is drawn on a face, where that is right. */
static int atlas_correct(pm_atlas *atlas, const pm_regions *regions, size_t polygon, int around, int face) {
    double offset[2], farthest = -1;
    pm_lonlat place = {0, 0};
    int covers = 0;
    pm_face_offset(face, offset);
    for (int i = 0; i < ATLAS_LOOKS && !(farthest > 1e-8); i++) {
        const pm_lonlat look = atlas_look_at(face, i);
        const pm_spot_on_face spot = pm_face_spot(face, look);
        double distance;
        const int covered = drawing_covers(atlas, spot.u + offset[0], spot.v + offset[1], &distance);
        if (distance > farthest) {
            farthest = distance;
            place = look;
            covers = covered;
        }
    }
    if (pm_sphere_polygon_holds(regions, polygon, around, place) == covers)
        return 1;
    const double m = PM_FACE_WINDOW;
    return atlas_vertex(atlas, face, m, m) && atlas_vertex(atlas, face, -m, m) && atlas_vertex(atlas, face, -m, -m) &&
           atlas_vertex(atlas, face, m, -m) && atlas_end_ring(atlas);
}

static int draw_on_all(pm_atlas *atlas, const pm_regions *regions, size_t polygon) {
    const pm_range rings = pm_polygon_rings(regions, polygon);
    const int around = pm_sphere_polygon_offset(regions, polygon);
    for (int face = 0; face < PM_FACES; face++) {
        for (size_t ring = rings.begin; ring < rings.end; ring++) {
            const pm_range v = pm_sphere_ring(regions, polygon, ring);
            if (v.end > v.begin && !draw_ring(atlas, regions, v, face))
                return 0;
        }
        if (!atlas_correct(atlas, regions, polygon, around, face) || !atlas_end_polygon(atlas))
            return 0;
    }
    return 1;
}

/* ---- all of them ---- */

static size_t atlas_vertices_of(const pm_regions *regions, size_t polygon) {
    const pm_range rings = pm_polygon_rings(regions, polygon);
    return rings.end > rings.begin
               ? pm_ring_vertices(regions, rings.end - 1).end - pm_ring_vertices(regions, rings.begin).begin
               : 0;
}

static pm_status draw_polygon(pm_atlas *atlas, const pm_regions *regions, size_t polygon, pm_poll *poll) {
    int face;
    const size_t count = atlas_vertices_of(regions, polygon);
    if (count == 0 || !pm_is_polygon(regions, polygon))
        return PM_OK;
    const int fits = fits_face(regions, polygon, &face);
    if (!(fits ? draw_plainly(atlas, regions, polygon, face) : draw_on_all(atlas, regions, polygon)))
        return PM_ERR_NO_MEMORY;
    return pm_poll_after(poll, fits ? 10 * count : 200 * count) ? PM_ERR_STOPPED : PM_OK;
}

pm_status pm_atlas_draw(pm_atlas *atlas, const pm_regions *regions, pm_poll *poll, const pm_allocator *allocator) {
    const size_t count = pm_regions_count(regions);
    *atlas = (pm_atlas){.allocator = allocator, .ring_room = 1, .polygon_room = 1};
    atlas->geoms = pm_allocate(allocator, (count + 1) * sizeof *atlas->geoms);
    atlas->rings = pm_allocate(allocator, sizeof *atlas->rings);
    atlas->polygons = pm_allocate(allocator, sizeof *atlas->polygons);
    if (!atlas->geoms || !atlas->rings || !atlas->polygons)
        return PM_ERR_NO_MEMORY;
    atlas->geoms[0] = atlas->rings[0] = atlas->polygons[0] = 0;
    for (int face = 0; face < PM_FACES; face++) {
        static const double half = 1 + 1e-9;
        double middle[2];
        pm_face_offset(face, middle);
        atlas->squares[face] = (pm_box){middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half};
    }
    for (size_t region = 0; region < count; region++) {
        const pm_range polygons = pm_region_polygons(regions, region);
        for (size_t polygon = polygons.begin; polygon < polygons.end; polygon++) {
            const pm_status status = draw_polygon(atlas, regions, polygon, poll);
            if (status)
                return status;
        }
        atlas->geoms[region + 1] = (int64_t)atlas->regions.polygon_count;
    }
    atlas->regions.coords = atlas->coords;
    atlas->regions.ring_offsets = atlas->rings;
    atlas->regions.polygon_offsets = atlas->polygons;
    atlas->regions.geom_offsets = atlas->geoms;
    atlas->regions.geom_count = count;
    return PM_OK;
}

void pm_atlas_free(pm_atlas *atlas) {
    pm_release(atlas->allocator, atlas->coords);
    pm_release(atlas->allocator, atlas->rings);
    pm_release(atlas->allocator, atlas->polygons);
    pm_release(atlas->allocator, atlas->geoms);
}
