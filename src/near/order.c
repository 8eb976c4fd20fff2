/* order.c — which things are neighbours?
 *
 * A Hilbert curve visits all places of a square, and places that follow each other on it are near each other. So what
 * is sorted by its position on the curve can be packed sixteen by sixteen (packed.c). The curve goes through a grid
 * of 2^16 x 2^16; nothing but the time of a search depends on it. */
#include "base/strict.h"

#include "order.h"

#include <string.h>

static uint32_t grid_place(double value, double extent) {
    double place = extent > 0 ? value / extent * 65535 : 0;
    return place > 0 ? place < 65535 ? (uint32_t)place : 65535 : 0; /* of NaN: 0 */
}

/* As in Warren, "Hacker's Delight", 2nd ed., chapter 16. */
uint32_t pm_curve_place(double x_place, double y_place, double extent) {
    uint32_t x = grid_place(x_place, extent), y = grid_place(y_place, extent), position = 0;
    for (uint32_t s = 1u << 15; s > 0; s >>= 1) {
        uint32_t right = (x & s) != 0, up = (y & s) != 0;
        position = position << 2 | ((3 * right) ^ up);
        if (!up) {
            if (right) {
                x = ~x & 0xffff;
                y = ~y & 0xffff;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
    }
    return position;
}

/* By one byte of the keys after the other, those that are equal in all keys left out. */
void pm_order(pm_entry *entries, pm_entry *other, size_t count) {
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= entries[i].key ^ entries[0].key;
    pm_entry *from = entries, *to = other;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t places[257] = {0};
        if (!(differ >> shift & 0xff))
            continue;
        for (size_t i = 0; i < count; i++)
            places[(from[i].key >> shift & 0xff) + 1]++;
        for (int i = 0; i < 256; i++)
            places[i + 1] += places[i];
        for (size_t i = 0; i < count; i++)
            to[places[from[i].key >> shift & 0xff]++] = from[i];
        pm_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}
