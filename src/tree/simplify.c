/* simplify.c — how few vertices can be drawn for the edges in a cell?
 *
 * Edges are clipped to a box around the cell and rounded to its steps. Ones that go on where another ended and belong
 * to the same polygons are a chain, and a chain may be drawn with fewer vertices: the one farthest from what is drawn
 * comes back, again and again, until all are near or there is no room (Douglas and Peucker, 1973, by the worst
 * first). So how many leaves a map needs follows from its shape, not from its vertices: eight times the vertices on
 * the same coasts take the same leaves.
 *
 * Why the answers stay right: all vertices that a straight edge replaces lie in the band around it whose width is the
 * sketch's `near` less PM_NEAR, and so do the edges between them, for the band is convex. The chain and the straight
 * edge together are a closed curve in that band, so a point outside of it is on the same side of both. A point in the
 * band, widened by PM_NEAR for all that was rounded, is decided exactly. */
#include "base/strict.h"

#include "simplify.h"

#include <math.h>

/* Less than this is not worth a vertex. */
enum { GOOD_ASIDE = 8 };

/* ---- clipping and rounding ---- */

enum { MARGIN = 15, TOP = PM_STEPS + MARGIN };

/* Clip an edge to a box around the cell; 0 when nothing is left. Liang and Barsky (1984). */
static int clip(double a[2], double b[2]) {
    double delta[2] = {b[0] - a[0], b[1] - a[1]}, from = 0, to = 1;
    for (int axis = 0; axis < 2; axis++) {
        if (delta[axis] == 0) {
            if (a[axis] < -MARGIN || a[axis] > TOP)
                return 0;
            continue;
        }
        double at_low = (-MARGIN - a[axis]) / delta[axis], at_high = (TOP - a[axis]) / delta[axis];
        double enter = at_low < at_high ? at_low : at_high, leave = at_low < at_high ? at_high : at_low;
        from = from > enter ? from : enter;
        to = to < leave ? to : leave;
    }
    if (from > to)
        return 0;
    for (int axis = 0; axis < 2; axis++) {
        if (to < 1)
            b[axis] = a[axis] + to * delta[axis];
        if (from > 0)
            a[axis] += from * delta[axis];
    }
    return 1;
}

static void add_vertex(pm_sketch *s, const double at[2], uint32_t owners, int is_fixed) {
    s->vertices[s->count].x = (int16_t)lrint(at[0]);
    s->vertices[s->count].y = (int16_t)lrint(at[1]);
    s->vertices[s->count].owners = owners;
    s->vertices[s->count].is_fixed = is_fixed;
    s->count++;
}

/* Does a chain end here, so that it may go on? */
static int ends_at(const pm_sketch *s, const double at[2]) {
    int n = s->count - 1;
    return n >= 0 && s->vertices[n].owners == 0 && s->vertices[n].x == lrint(at[0]) &&
           s->vertices[n].y == lrint(at[1]);
}

void pm_sketch_edge(pm_sketch *s, const double a[2], const double b[2], uint32_t owners) {
    static const double up[2] = {-MARGIN, TOP};
    double first[2] = {a[0], a[1]}, last[2] = {b[0], b[1]};
    int from_left = a[0] < -MARGIN, to_left = b[0] < -MARGIN;
    if (!clip(first, last))
        return;
    from_left = from_left && first[0] < 1 - MARGIN;
    to_left = to_left && last[0] < 1 - MARGIN;
    if (from_left)
        add_vertex(s, up, owners, 1);
    if (!from_left && ends_at(s, first))
        s->vertices[s->count - 1].owners = owners;
    else
        add_vertex(s, first, owners, 0);
    add_vertex(s, last, to_left ? owners : 0, to_left);
    if (to_left)
        add_vertex(s, up, 0, 0);
}

/* ---- leaving out vertices ---- */

/* An edge from one kept vertex to the next, and the vertex between them that is farthest from it. */
typedef struct span {
    int first, last, farthest, aside; /* aside: how far that is; 0 when there is none */
} span;

/* How far is a vertex from an edge? The least n for which it is in the band that pm_leaf_look() takes for near. */
static int aside_of(const pm_sketch *s, int first, int last, int vertex) {
    int ax = s->vertices[first].x, ay = s->vertices[first].y;
    int bx = s->vertices[last].x, by = s->vertices[last].y;
    int x = s->vertices[vertex].x, y = s->vertices[vertex].y;
    int width = abs(bx - ax) + abs(by - ay);
    int cross = abs((bx - ax) * (y - ay) - (by - ay) * (x - ax));
    int aside = width > 0 ? (cross + width - 1) / width : 0;
    int beyond[4] = {(ax < bx ? ax : bx) - x, x - (ax < bx ? bx : ax), (ay < by ? ay : by) - y,
                     y - (ay < by ? by : ay)};
    for (int i = 0; i < 4; i++)
        aside = aside > beyond[i] ? aside : beyond[i];
    return aside;
}

static span make_span(const pm_sketch *s, int first, int last) {
    span made = {first, last, first, 0};
    for (int i = first + 1; i < last; i++) {
        int aside = aside_of(s, first, last, i);
        if (aside > made.aside) {
            made.farthest = i;
            made.aside = aside;
        }
    }
    return made;
}

/* Could one edge replace those before and after this vertex, which is not the first? */
static int is_between(const pm_sketch *s, int vertex) {
    return vertex + 1 < s->count && !s->vertices[vertex - 1].is_fixed && !s->vertices[vertex].is_fixed &&
           s->vertices[vertex].owners != 0 && s->vertices[vertex - 1].owners == s->vertices[vertex].owners;
}

/* The chains as spans from end to end; how many, or more than there is room for. */
static int spans_of(const pm_sketch *s, span spans[PM_LEAF_WIDE], int most) {
    int count = 0;
    for (int first = 0, last; first + 1 < s->count; first = last) {
        for (last = first + 1; is_between(s, last);)
            last++;
        if (count == most - 1)
            return most;
        spans[count++] = make_span(s, first, last);
    }
    return count;
}

int pm_sketch_simplify(pm_sketch *s, int most, int most_aside) {
    span spans[PM_LEAF_WIDE];
    s->near = PM_NEAR;
    if (s->count <= most)
        return 1;
    int count = spans_of(s, spans, most), worst = 0;
    for (; count < most; count++) {
        worst = 0;
        for (int i = 1; i < count; i++)
            worst = spans[i].aside > spans[worst].aside ? i : worst;
        span old = spans[worst];
        if (old.aside <= GOOD_ASIDE || count == most - 1)
            break;
        for (int i = count; i > worst + 1; i--)
            spans[i] = spans[i - 1];
        spans[worst] = make_span(s, old.first, old.farthest);
        spans[worst + 1] = make_span(s, old.farthest, old.last);
    }
    if (count == most || spans[worst].aside > most_aside)
        return 0;
    for (int i = 0; i < count; i++)
        s->vertices[i] = s->vertices[spans[i].first];
    s->vertices[count] = s->vertices[s->count - 1];
    s->count = count + 1;
    s->near = PM_NEAR + spans[worst].aside;
    return 1;
}
