/* order.h — things of the plane in an order that keeps neighbours together. See order.c. */
#ifndef PM_ORDER_H
#define PM_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* What is ordered, by a key, and what goes with it. */
typedef struct pm_entry {
    uint64_t key;
    uint32_t item, owner;
} pm_entry;

/* The position of a place along a Hilbert curve through [0, extent] x [0, extent]; any place has one. */
uint32_t pm_curve_place(double x, double y, double extent);

/* Sort by key; equal keys keep their order. `other` is room for as many. O(count). */
void pm_order(pm_entry *entries, pm_entry *other, size_t count);

#endif
