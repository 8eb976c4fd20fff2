/* turn.c — what do the predicates say of start + turns * period, a number that may be no double?
 *
 * The period is split in two, so that its products with a whole number of 26 bits are exact: x is the sum of three
 * doubles, and signs are taken of that sum.
 *
 * That is rarely needed. Between two neighbouring doubles, low and high, the sign of an orientation changes at most
 * once, as it is linear in x; and the distance to a center only grows or only shrinks, since no center lies between
 * them. So where both neighbours give the same answer, and for an orientation not 0, it is the answer in between. */
#include "strict.h"

#include "turn.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "exact.h"
#include "polymatch.h"

enum { TERMS = 3 };

/* The upper part has 27 bits, the lower one 26. */
pm_period pm_period_split(double period) {
    uint64_t bits;
    pm_period split;
    memcpy(&bits, &period, sizeof bits);
    bits &= ~((UINT64_C(1) << 26) - 1);
    memcpy(&split.upper, &bits, sizeof bits);
    split.lower = period - split.upper;
    return split;
}

/* Sign of a - (sum of the terms). */
static int compare(double a, const double terms[TERMS]) {
    pm_exact sum;
    pm_exact_clear(&sum);
    pm_exact_add(&sum, a, 1, 1);
    for (int i = 0; i < TERMS; i++)
        pm_exact_add(&sum, terms[i], 1, -1);
    return pm_exact_sign(&sum);
}

pm_exact_point pm_turned_point(const pm_turns *turns, size_t i, double x, double y) {
    pm_exact_point p = pm_point(x, y);
    if (!turns || turns->turns[i] == 0 || !isfinite(x))
        return p;
    const pm_period period = pm_period_split(turns->period);
    p.terms[0] = turns->start[i];
    p.terms[1] = turns->turns[i] * period.upper;
    p.terms[2] = turns->turns[i] * period.lower;
    while (compare(p.low, p.terms) > 0)
        p.low = nextafter(p.low, -INFINITY);
    while (compare(nextafter(p.low, INFINITY), p.terms) <= 0)
        p.low = nextafter(p.low, INFINITY);
    p.high = compare(p.low, p.terms) ? nextafter(p.low, INFINITY) : p.low;
    return p;
}

int pm_point_side(double ax, double ay, double bx, double by, const pm_exact_point *p) {
    int side = pm_orientation(ax, ay, bx, by, p->low, p->y);
    if (p->low == p->high || (side != 0 && side == pm_orientation(ax, ay, bx, by, p->high, p->y)))
        return side;
    pm_exact sum;
    pm_exact_clear(&sum);
    pm_exact_add(&sum, bx, p->y, 1);
    pm_exact_add(&sum, bx, ay, -1);
    pm_exact_add(&sum, ax, p->y, -1);
    pm_exact_add(&sum, by, ax, 1);
    for (int i = 0; i < TERMS; i++) {
        pm_exact_add(&sum, by, p->terms[i], -1);
        pm_exact_add(&sum, ay, p->terms[i], 1);
    }
    return pm_exact_sign(&sum);
}

int pm_point_is_closer(const double center[2], const pm_exact_point *p, double distance) {
    int closer = pm_is_closer(center, p->low, p->y, distance);
    if (p->low == p->high || closer == pm_is_closer(center, p->high, p->y, distance))
        return closer;
    pm_exact sum; /* one of the two is closer, so all is finite */
    pm_exact_clear(&sum);
    pm_exact_add(&sum, center[0], center[0], 1);
    for (int i = 0; i < TERMS; i++) {
        pm_exact_add(&sum, center[0], p->terms[i], -1);
        pm_exact_add(&sum, center[0], p->terms[i], -1);
        for (int k = 0; k < TERMS; k++)
            pm_exact_add(&sum, p->terms[i], p->terms[k], 1);
    }
    pm_exact_add(&sum, center[1], center[1], 1);
    pm_exact_add(&sum, center[1], p->y, -1);
    pm_exact_add(&sum, center[1], p->y, -1);
    pm_exact_add(&sum, p->y, p->y, 1);
    pm_exact_add(&sum, distance, distance, -1);
    return pm_exact_sign(&sum) < 0;
}
