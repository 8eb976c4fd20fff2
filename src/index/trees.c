/* trees.c — how does a tree become part of a block?
 *
 * Its root and map are a small section that is planned with the block and all 0 while there is no tree; its three
 * arrays are taken over from the painter and become sections at the end. */
#include "base/strict.h"

#include "base/status.h"
#include "build.h"

void pm_build_plan_tree(pm_build *b, const pm_tree_sections *s) {
    b->sizes[s->root] = sizeof(pm_tree_root);
    b->sizes[s->tables] = b->sizes[s->leaves] = b->sizes[s->origins] = 0;
}

int pm_tree_fits(const uint64_t sizes[PM_SECTIONS], const pm_tree_sections *s) {
    return sizes[s->root] == sizeof(pm_tree_root) && sizes[s->tables] % sizeof(uint32_t) == 0 &&
           sizes[s->leaves] % sizeof(uint32_t) == 0 && sizes[s->origins] % sizeof(uint32_t) == 0;
}

static pm_tree tree_of(const pm_tree_root *root, const void *const arrays[3], const uint64_t sizes[3]) {
    pm_tree tree = {.min_x = root->min_x,
                    .min_y = root->min_y,
                    .scale = root->scale,
                    .root = (uint32_t)root->word,
                    .tables = arrays[0],
                    .table_words = (size_t)sizes[0] / sizeof(uint32_t),
                    .leaves = arrays[1],
                    .leaf_count = (size_t)sizes[1] / sizeof(uint32_t),
                    .origins = arrays[2],
                    .origin_count = (size_t)sizes[2] / sizeof(uint32_t)};
    pm_tree_find_hub(&tree);
    return tree;
}

pm_tree pm_tree_view(const pm_block *block, const pm_tree_sections *s) {
    const void *const arrays[] = {pm_block_array(block, s->tables), pm_block_array(block, s->leaves),
                                  pm_block_array(block, s->origins)};
    const uint64_t sizes[] = {block->sections[s->tables].size, block->sections[s->leaves].size,
                              block->sections[s->origins].size};
    return tree_of(pm_block_array(block, s->root), arrays, sizes);
}

pm_tree pm_build_tree(const pm_build *b, const pm_tree_sections *s) {
    const void *const arrays[] = {b->added[s->tables], b->added[s->leaves], b->added[s->origins]};
    const uint64_t sizes[] = {b->sizes[s->tables], b->sizes[s->leaves], b->sizes[s->origins]};
    return tree_of(pm_block_array(&b->block, s->root), arrays, sizes);
}

/* Give up ownership of one of the tree's arrays: it becomes a section. */
static void add_array(pm_build *b, pm_section_name name, const uint32_t **items, size_t count) {
    b->sizes[name] = count * sizeof **items;
    b->added[name] = *items;
    *items = NULL;
}

pm_status pm_build_add_tree(pm_build *b, const pm_tree_sections *s, pm_status status, pm_tree *tree, pm_error *err) {
    const size_t size = (tree->table_words + tree->leaf_count + tree->origin_count) * sizeof(uint32_t) +
                        (size_t)3 * PM_BLOCK_ALIGN; /* with the padding */
    if (status)
        (void)(status == PM_ERR_STOPPED
                   ? pm_build_stopped(err)
                   : pm_fail(err, status, -1, "out of memory building the tree of %zu regions", b->count));
    if (!status && pm_tree_exists(tree) && size <= b->budget) {
        b->budget -= size;
        *(pm_tree_root *)pm_block_array(&b->block, s->root) =
            (pm_tree_root){tree->min_x, tree->min_y, tree->scale, tree->root};
        add_array(b, s->tables, &tree->tables, tree->table_words);
        add_array(b, s->leaves, &tree->leaves, tree->leaf_count);
        add_array(b, s->origins, &tree->origins, tree->origin_count);
    }
    pm_tree_free(tree, b->options->allocator);
    return status;
}
