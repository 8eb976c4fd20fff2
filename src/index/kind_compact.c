/* kind_compact.c — a compact index of polygons: which is the best region that covers the point?
 *
 * It is an index of polygons (kind_polygons.c) without what only candidates and quick scans need: boxes and spans are
 * left out, and vertices are whole numbers of few bits (scan/vertices.c). The tree is the same, with leaves as large
 * as they can be. Made by compact.c from an index of polygons. */
#include "base/strict.h"

#include "kind_compact.h"

#include "base/status.h"
#include "scan/scan.h"
#include "tree/check.h"
#include "tree/polygon_leaf.h"

static const pm_section_name COMPACT_SECTIONS[] = {
    PM_SECTION_POLYGON_OFFSETS, PM_SECTION_RING_OFFSETS, PM_SECTION_VERTEX_OFFSETS, PM_SECTION_COMPACT,
    PM_SECTION_TREE_ROOT,       PM_SECTION_TREE_TABLES,  PM_SECTION_TREE_LEAVES,    PM_SECTION_TREE_ORIGINS};

static const pm_tree_sections COMPACT_TREE = {PM_SECTION_TREE_ROOT, PM_SECTION_TREE_TABLES, PM_SECTION_TREE_LEAVES,
                                              PM_SECTION_TREE_ORIGINS};

_Static_assert(sizeof(pm_compact_head) == 48, "a block is the same everywhere");

static uint64_t entries_size(const pm_compact_head *head) {
    return ((head->vertex_count + PM_CHUNK - 1) / PM_CHUNK + 1) / 2 * 8;
}

uint64_t pm_compact_size(const pm_compact_head *head) {
    return sizeof *head + entries_size(head) + head->word_count * sizeof(uint64_t);
}

/* What the section of vertices says is compared with its size in verify(). */
static int compact_fits(const uint64_t sizes[PM_SECTIONS], uint64_t count) {
    return sizes[PM_SECTION_POLYGON_OFFSETS] == (count + 1) * sizeof(uint32_t) &&
           sizes[PM_SECTION_RING_OFFSETS] >= sizeof(uint32_t) &&
           sizes[PM_SECTION_RING_OFFSETS] % sizeof(uint32_t) == 0 &&
           sizes[PM_SECTION_VERTEX_OFFSETS] >= sizeof(uint32_t) &&
           sizes[PM_SECTION_VERTEX_OFFSETS] % sizeof(uint32_t) == 0 &&
           sizes[PM_SECTION_COMPACT] >= sizeof(pm_compact_head) && sizes[PM_SECTION_COMPACT] % 8 == 0 &&
           pm_tree_fits(sizes, &COMPACT_TREE);
}

static void compact_view(void *view, const pm_block *block) {
    pm_compact_view *v = view;
    const pm_compact_head *head = pm_block_array(block, PM_SECTION_COMPACT);
    const uint32_t *entries = (const uint32_t *)(head + 1);
    v->vertices = (pm_vertices){.count = (size_t)head->vertex_count,
                                .grid = head->grid,
                                .entries = entries,
                                .words = (const uint64_t *)((uintptr_t)entries + (uintptr_t)entries_size(head)),
                                .word_count = (size_t)head->word_count};
    v->polygons = (pm_polygon_view){.table = {.count = (size_t)block->header.count,
                                              .polygon_offsets = pm_block_array(block, PM_SECTION_POLYGON_OFFSETS),
                                              .ring_offsets = pm_block_array(block, PM_SECTION_RING_OFFSETS),
                                              .vertex_offsets = pm_block_array(block, PM_SECTION_VERTEX_OFFSETS),
                                              .compact = &v->vertices},
                                    .ids = pm_block_array(block, PM_SECTION_IDS),
                                    .tree = pm_tree_view(block, &COMPACT_TREE)};
}

static pm_status compact_verify(const void *view, const pm_block *block, const pm_allocator *allocator,
                                pm_error *err) {
    const pm_compact_view *v = view;
    const pm_section *s = block->sections;
    const size_t polygons = (size_t)s[PM_SECTION_RING_OFFSETS].size / sizeof(uint32_t) - 1;
    const size_t rings = (size_t)s[PM_SECTION_VERTEX_OFFSETS].size / sizeof(uint32_t) - 1;
    const pm_compact_head head = {v->vertices.count, v->vertices.word_count, v->vertices.grid};
    const uint64_t size = s[PM_SECTION_COMPACT].size;
    if (head.vertex_count > size * PM_CHUNK / sizeof(uint32_t) || head.word_count > size || head.word_count == 0 ||
        pm_compact_size(&head) != size)
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: the vertices are not where they should be");
    if (!pm_polygon_offsets_are_right(&v->polygons.table, polygons, rings, v->vertices.count))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: offsets out of order");
    if (!pm_vertices_check(&v->vertices))
        return pm_fail(err, PM_ERR_BLOCK, -1, "damaged: a vertex can't be read");
    return pm_tree_check(&v->polygons.tree, pm_polygon_leaves_check, &v->polygons.table, v->polygons.table.count,
                         allocator, err);
}

static void compact_match(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out) {
    pm_kind_polygons.match(&((const pm_compact_view *)view)->polygons, points, turns, out);
}

static const pm_tree *compact_tree(const void *view) {
    return &((const pm_compact_view *)view)->polygons.tree;
}

const pm_kind pm_kind_compact = {.name = "covers",
                                 .predicate = PM_COVERS,
                                 .is_compact = 1,
                                 .distance = PM_DISTANCE_NONE,
                                 .view_size = sizeof(pm_compact_view),
                                 .sections = COMPACT_SECTIONS,
                                 .section_count = sizeof COMPACT_SECTIONS / sizeof *COMPACT_SECTIONS,
                                 .fits = compact_fits,
                                 .view = compact_view,
                                 .verify = compact_verify,
                                 .match = compact_match,
                                 .tree = compact_tree};
