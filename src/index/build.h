/* build.h — one build of an index, as the kinds see it. See build.c. */
#ifndef PM_BUILD_H
#define PM_BUILD_H

#include "base/poll.h"
#include "base/runner.h"
#include "block.h"
#include "scan/polygons.h"
#include "tree/tree.h"

typedef struct pm_build {
    const pm_kind *kind;
    const pm_regions *regions; /* one of both is given */
    const pm_regions *sphere;  /* the regions, where `regions` are those drawn on faces; else NULL */
    const pm_box *squares;     /* of the plane: no points are beside them; NULL: they may be anywhere */
    size_t square_count;
    const pm_disks *disks;
    size_t count; /* regions or disks */
    const double *areas;
    const pm_options *options;
    const pm_points *only; /* that will be matched; NULL: any */
    pm_poll poll;
    pm_runner runner;
    const uint32_t *ids; /* rank -> position in the input */
    pm_block block;
    uint64_t sizes[PM_SECTIONS];
    size_t default_limit;           /* most bytes of the block where the options don't say */
    size_t budget;                  /* bytes left for what paint() adds */
    size_t goal;                    /* bytes of a tree of polygons, if the largest leaves can do it */
    double bounds[4];               /* NaN until something can match */
    double range[2];                /* of x, infinities left out */
    const void *added[PM_SECTIONS]; /* arrays of the options' allocator that become sections */
} pm_build;

/* PM_ERR_STOPPED, for when build->poll.stopped is set. */
pm_status pm_build_stopped(pm_error *err);

/* Are these distances that points can have a limit of, at least 0 and not NaN? PM_OK or PM_ERR_DISTANCE. */
pm_status pm_distances_check(const double *distances, size_t count, pm_error *err);

/* Have these options a meaning for `count` regions or, without areas of their own, disks? PM_OK or an error. */
pm_status pm_options_check(const pm_options *options, size_t count, int has_areas, pm_error *err);

/* Make the bounds include this box, unless it is empty or NaN. */
void pm_build_extend_bounds(pm_build *build, double min_x, double min_y, double max_x, double max_y);

/* The same for what is within reach of this box. For the range half a period is enough: who is farther to one side of
 * a place is no farther from it a turn back. */
void pm_build_extend_reach(pm_build *build, const pm_box *box, double reach);

/* The sections of a tree: its root and map, and its arrays. */
typedef struct pm_tree_sections {
    pm_section_name root, tables, leaves, origins;
} pm_tree_sections;

/* The section `root`; all 0 where there is no tree. */
typedef struct pm_tree_root {
    double min_x, min_y, scale;
    uint64_t word;
} pm_tree_root;

/* Plan a tree that may be painted later. */
void pm_build_plan_tree(pm_build *build, const pm_tree_sections *sections);

/* Take over what a painter made: `status` and the tree, which becomes part of the block if there is one and the
 * budget allows. A failure is said in `err`. */
pm_status pm_build_add_tree(pm_build *build, const pm_tree_sections *sections, pm_status status, pm_tree *tree,
                            pm_error *err);

/* A tree that became part of the block, while it is built. */
pm_tree pm_build_tree(const pm_build *build, const pm_tree_sections *sections);

/* Do these sections have sizes of a tree? */
int pm_tree_fits(const uint64_t sizes[PM_SECTIONS], const pm_tree_sections *sections);

/* The tree in a block. */
pm_tree pm_tree_view(const pm_block *block, const pm_tree_sections *sections);

#endif
