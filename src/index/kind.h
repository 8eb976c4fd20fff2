/* kind.h — what an index knows about a kind of shape, and how to add one.
 *
 * A *kind* answers a predicate in one metric: polygons answer covers, disks center_within, distances nearest and
 * dwithin, each also on the sphere. Everything in this room that is not named after a kind (build.c, block.c, open.c,
 * match.c, visit.c) handles an index through this interface and doesn't ask which kind it has.
 *
 * An index is one block of bytes (block.h), and a kind is a list of the *sections* it keeps there, with functions
 * that plan, fill, check and search them. Its *view* is a struct of its own with pointers into the sections and
 * copies of every number that a search trusts; an index has one, and it is made by view() alone. What only one kind
 * needs stays in its own files.
 *
 * To add a kind:
 *
 * 1. The reference first: src/scan/NAME.{c,h}, the arrays in rank order and a search that is right by inspection.
 *    Everything else is compared with it.
 * 2. If it has a tree: src/tree/paint_NAME.c makes cells of its shapes, by distribute() and write_leaf() of paint.h
 *    and a struct whose first member is a pm_painter. src/tree/NAME_leaf.{c,h} says what a leaf is, searches one
 *    (pm_leaf_kernel of walk.h) and checks the leaves of a tree that comes from elsewhere (pm_leaves_check of
 *    check.h). A kind may have several trees.
 * 3. The names of its sections at the end of pm_section_name in block.h, since the numbers are stored in blocks.
 *    Kinds may share sections.
 * 4. src/index/kind_NAME.{c,h}: the view and a const pm_kind, with the functions below in their order. plan() counts;
 *    fill() writes what plan() counted; paint() hands over what can't be counted before it is there, and its sections
 *    come last in the list; fits() is plan() read backwards; verify() checks everything that match() relies on.
 * 5. The predicate in polymatch.h (another number at the end), the kind in the table of kinds.c, the files in
 *    src/meson.build.
 * 6. Tests: the oracle (tests/c/oracle.c) first, then a case in test_tree_NAME.c, test_memory.c, test_block.c (one in
 *    small() and a forgery for each check of verify()), both fuzz targets and tests/counts/count.c.
 *
 * An index of polygons can become a compact one (compact.c), whose kind (kind_compact.c) has its own sections and no
 * plan(), fill() and paint().
 *
 * build.c ranks, allocates, moves, checksums, and counts against max_bytes; it measures areas, and centers for kinds
 * that are made from disks. */
#ifndef PM_KIND_H
#define PM_KIND_H

#include "base/turn.h"
#include "block.h"
#include "build.h"
#include "near/find.h"
#include "sphere/atlas.h"
#include "sphere/measured.h"
#include "tree/tree.h"

/* What the options' distance is to a kind. */
typedef enum pm_distance_rule { PM_DISTANCE_NONE, PM_DISTANCE_NEEDED, PM_DISTANCE_OPTIONAL } pm_distance_rule;

/* What a lister keeps beside the view of an index. */
typedef struct pm_beside {
    const void *memory; /* NULL: nothing */
    size_t size;
} pm_beside;

/* Candidates that were found, and what finding them takes. */
typedef struct pm_hits {
    int64_t *ids;      /* positions in the input, NULL: they are only counted */
    double *distances; /* NULL: they are not wanted */
    size_t room;       /* of both */
    size_t count;      /* what is beyond the room is only counted */
    pm_list list;      /* scratch */
    pm_spots spots;
    pm_ranks ranks;
    pm_measured measured;
} pm_hits;

/* A row of points at all of their turns: start + (turns + k) * period for whole k from 0 to `more`; just there where
 * it is below 1. */
typedef struct pm_turn_row {
    const double *start, *turns, *more, *y;
    ptrdiff_t y_stride;
    size_t count; /* at most PM_TURN_ROW */
    double period;
    const double *range; /* of the index */
} pm_turn_row;

enum { PM_TURN_ROW = 1024 };

static inline int pm_hits_measure(const pm_hits *hits) {
    return hits->distances != NULL;
}

static inline void pm_hits_add(pm_hits *hits, int64_t id, double distance) {
    if (hits->count < hits->room) {
        if (hits->ids)
            hits->ids[hits->count] = id;
        if (hits->distances)
            hits->distances[hits->count] = distance;
    }
    hits->count++;
}

struct pm_kind {
    const char *name; /* of the predicate, for people */
    pm_predicate predicate;
    pm_metric metric;
    int is_compact;
    const pm_kind *compact; /* NULL, or the kind that an index of this one becomes (compact.c) */
    pm_distance_rule distance;
    int takes_disks;           /* it is made from pm_disks: regions are seen by center and area only */
    pm_section_name distances; /* the section of the options' distances, where it has any */
    int takes_lines;           /* regions may have lines and points */
    size_t view_size;
    const pm_section_name *sections; /* its own, in the order in which they follow each other in the block */
    size_t section_count;

    /* ---- building, in this order. The first four are the only way to code of a metric, so that a build of the
     * library without some kinds (js/wasm/kinds.c) is without that, too ---- */

    /* NULL, or have these regions coordinates that the metric knows? PM_OK or PM_ERR_COORDINATE. */
    pm_status (*check)(const pm_regions *regions, pm_error *err);

    /* The area of a region, and, of kinds made from disks, its center. */
    double (*area)(const pm_regions *regions, size_t region);
    void (*center)(const pm_regions *regions, size_t region, double center[2]);

    /* NULL, or draw the regions on the faces of the sphere (pm_atlas_draw()): what is drawn is indexed. */
    pm_status (*draw)(pm_atlas *atlas, const pm_regions *regions, pm_poll *poll, const pm_allocator *allocator);

    /* Set build->sizes of its sections, those of paint() to 0, and build->default_limit. */
    pm_status (*plan)(pm_build *build, pm_error *err);

    /* Write the sections through the view, in the order build->ids, and build->bounds. The first 64 and the last 128
     * bytes of each section are zero before. */
    pm_status (*fill)(pm_build *build, void *view, pm_error *err);

    /* NULL, or add the sections that make it fast, within build->budget (pm_build_add_tree()), where the options
     * ask for them and they pay. The view is one of a filled block. */
    pm_status (*paint)(pm_build *build, void *view, pm_error *err);

    /* ---- using a block ---- */

    /* Are these sizes of its sections ones that plan() and paint() give for `count` regions? Each is known to be no
     * more than the block. */
    int (*fits)(const uint64_t sizes[PM_SECTIONS], uint64_t count);

    /* Make the view of a block with these sizes. */
    void (*view)(void *view, const pm_block *block);

    /* May the contents be searched, wherever they come from? Ids are known to be in range. PM_OK, PM_ERR_BLOCK or
     * PM_ERR_NO_MEMORY. */
    pm_status (*verify)(const void *view, const pm_block *block, const pm_allocator *allocator, pm_error *err);

    /* ---- searching; a compact kind has neither distances nor lists ---- */

    /* One answer per point. `turns` is NULL, or says what the x of the points were before they were rounded. */
    void (*match)(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out);

    /* NULL, or one answer per point and its distance, NaN where there is none; `turns` as for match(). */
    void (*measure)(const void *view, const pm_points *points, const pm_turns *turns, int64_t *out,
                    double *distances);

    /* NULL, where the best of all turns has the best rank, and the nearest of those is its distance; or the answers
     * of all turns, and distances where they are not NULL. */
    void (*match_turns)(const void *view, const pm_turn_row *row, int64_t *out, double *distances);

    /* What a lister keeps beside the view, made once: its size, 0 for nothing, and its contents at a multiple of 8.
     * PM_OK, PM_ERR_NO_MEMORY or PM_ERR_STOPPED. */
    size_t (*beside_size)(const void *view);
    pm_status (*beside_fill)(const void *view, void *memory, size_t size, pm_poll *poll,
                             const pm_allocator *allocator);

    /* Add the first `most` candidates of a finite point to `hits`, best first. In the plane it may have several
     * places: regions that are candidates at any of them come once, with their least distance. 0 when memory runs
     * out. */
    int (*list)(const void *view, const pm_beside *beside, const pm_exact_point *places, size_t turns, size_t most,
                pm_hits *hits);

    /* The map of answers, for pm_index_visit(); it may be one that does not exist. */
    const pm_tree *(*tree)(const void *view);
};

/* The kind that answers a predicate in a metric; NULL where there is no such predicate or metric. */
const pm_kind *pm_kind_of(pm_predicate predicate, pm_metric metric);

#endif
