/* check.c — can this tree be walked, whatever its bytes are?
 *
 * A walk goes from a word to a table behind it, or ends: at an answer, or in a leaf. So it ends and stays inside when
 * every table lies behind the word that leads to it, belongs to that word alone, and leaves bits of the place to be
 * read; when every word names a leaf where one starts; and when what a leaf says lies inside the arrays that it
 * speaks of. One pass over the words, one over the leaves, with a byte for 64 words and a bit for 8 bytes of leaves.
 * Whether the answers are right can't be told. */
#include <math.h>
#include <string.h>

#include "disk_leaf.h"
#include "polygon_leaf.h"
#include "base/status.h"

typedef struct check {
    const pm_tree *tree;
    const pm_polygon_table *polygons; /* NULL: disks */
    size_t count;                     /* regions */
    uint8_t *used;                    /* bits of the place at each 64 words, + 1; 0 where no word leads */
    uint8_t *starts;                  /* of leaves: bits, one for two units */
} check;

/* A table of 2^bits x 2^bits words, reached with `used` bits of the place. */
static int claim_table(const check *c, size_t first, int bits, int used) {
    size_t size = (size_t)1 << 2 * bits;
    if (first >= c->tree->table_words || size > c->tree->table_words - first || used + bits > PM_FIXED_BITS)
        return 0;
    for (size_t i = first / 64; i < (first + size) / 64; i++) {
        if (c->used[i])
            return 0;
        c->used[i] = (uint8_t)(used + bits + 1);
    }
    return 1;
}

/* A word that stands at position `at` of the tables, or the root. */
static int word_is_right(const check *c, uint32_t word, size_t at, int used) {
    switch (word & 3) {
    case PM_CELL_ANSWER:
        return word >> 2 <= c->count;
    case PM_CELL_INNER:
        return (at == SIZE_MAX || pm_cell_children(word) > at) &&
               claim_table(c, pm_cell_children(word), pm_cell_bits(word), used);
    case PM_CELL_LEAF:
        return pm_cell_leaf(word) < c->tree->leaf_count && c->starts[word >> 5] >> (word >> 2 & 7) & 1;
    default:
        return 0;
    }
}

static int tables_are_right(const check *c) {
    const uint32_t *tables = c->tree->tables;
    if (c->tree->table_words % 64 != 0 || !word_is_right(c, c->tree->root, SIZE_MAX, 0))
        return 0;
    for (size_t i = 0; i < c->tree->table_words; i += 64) {
        if (!c->used[i / 64])
            return 0;
        int used = c->used[i / 64] - 1;
        for (size_t k = i; k < i + 64; k++)
            if (!word_is_right(c, tables[k], k, used))
                return 0;
    }
    return 1;
}

static void mark_start(const check *c, size_t at) {
    c->starts[at >> 4] = (uint8_t)(c->starts[at >> 4] | 1 << (at >> 1 & 7));
}

/* ---- leaves of parts: one after the other, zeros between ---- */

/* Do the pieces' origins lie inside their array, and what they name inside the covers? */
static int origins_are_right(const check *c, size_t at, int count, size_t polygons, size_t vertices) {
    for (int i = 0; i < count; i++) {
        if (at > c->tree->origin_count || c->tree->origin_count - at < 2)
            return 0;
        pm_origin origin = pm_origin_read(c->tree->origins + at);
        at += 2;
        if (origin.polygon >= polygons || origin.run_count > (c->tree->origin_count - at) / 2)
            return 0;
        uint32_t right = 1;
        for (size_t k = 0; k < 2 * (size_t)origin.run_count; k += 2)
            right &= (uint64_t)origin.runs[k] + origin.runs[k + 1] < vertices;
        if (!right)
            return 0;
        at += 2 * (size_t)origin.run_count;
    }
    return 1;
}

static int polygon_leaf_is_right(const check *c, size_t at, const pm_leaf *leaf, size_t polygons, size_t vertices) {
    const uint32_t *units = c->tree->leaves + at;
    uint32_t right =
        (leaf->near >= PM_NEAR) & (leaf->vertex_count <= PM_LEAF_WIDE) & (leaf->bits <= PM_FIXED_BITS - PM_STEP_BITS);
    for (int i = 0; i < leaf->polygon_count; i++)
        right &= units[PM_LEAF_ANSWERS + i] >> 2 <= c->count;
    return right && origins_are_right(c, units[PM_LEAF_ORIGINS], leaf->polygon_count - 1, polygons, vertices);
}

static int polygon_leaves_are_right(const check *c) {
    const size_t polygons = c->polygons->polygon_offsets[c->polygons->count];
    const size_t vertices = c->polygons->vertex_offsets[c->polygons->ring_offsets[polygons]];
    if (c->tree->leaf_count < PM_LEAF_SLACK)
        return 0;
    const size_t end = c->tree->leaf_count - PM_LEAF_SLACK;
    for (size_t at = 0; at < end;) {
        pm_leaf leaf = pm_leaf_read(c->tree->leaves + at);
        size_t units = leaf.vertices + (size_t)leaf.vertex_count;
        if (leaf.polygon_count > 0) {
            if (units > end - at || !polygon_leaf_is_right(c, at, &leaf, polygons, vertices))
                return 0;
            mark_start(c, at);
        }
        at += leaf.polygon_count > 0 ? units + (units & 1) : 2;
    }
    return 1;
}

/* ---- leaves of disks: entries up to one with PM_DISK_LAST ---- */

static int disk_leaves_are_right(const check *c) {
    const uint32_t *leaves = c->tree->leaves;
    if (c->tree->leaf_count < PM_LEAF_SLACK)
        return 0;
    size_t count = c->tree->leaf_count - PM_LEAF_SLACK;
    if (count > 0 && !(leaves[count - 1] & PM_DISK_LAST))
        return 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = leaves[i] & ~PM_DISK_LAST;
        if (number > c->count || (number == 0 && !(leaves[i] & PM_DISK_LAST)))
            return 0;
        if (i % 2 == 0 && !(leaves[i] & PM_DISK_LAST))
            mark_start(c, i);
    }
    return 1;
}

pm_status pm_tree_check(const pm_tree *tree, const pm_polygon_table *polygons, size_t count,
                        const pm_allocator *allocator, pm_error *err) {
    check c = {tree, polygons, count, NULL, NULL};
    size_t tables = tree->table_words / 64 + 1, starts = tree->leaf_count / 16 + 1;
    if (!isfinite(tree->min_x) || !isfinite(tree->min_y) || !(tree->scale > 0) || !isfinite(tree->scale))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the tree has no place");
    c.used = pm_allocate(allocator, tables + starts);
    if (!c.used)
        return pm_fail(err, PM_ERR_NO_MEMORY, -1, "out of memory checking a tree");
    c.starts = c.used + tables;
    memset(c.used, 0, tables + starts);
    int right = (polygons ? polygon_leaves_are_right(&c) : disk_leaves_are_right(&c)) && tables_are_right(&c);
    pm_release(allocator, c.used);
    return right ? PM_OK : pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the tree leads nowhere");
}
