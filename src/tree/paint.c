/* paint.c — how is the map of answers made?
 *
 * The answer at a place is a property of the place: the best region there. So the plane is cut into cells, 8 x 8 at a
 * time. A cell gets the shapes that reach it, best first, up to and including the first that covers all of it: no
 * later one can win. A cell whose list starts with such a shape is an answer; one with few edges is a leaf; any other
 * is cut again. Small cells arise only where borders crowd. What a shape does to 64 children is a few 64-bit masks:
 * paint_polygons.c and paint_disks.c.
 *
 * In the end the tables of 8 x 8 words are joined (join.c).
 *
 * Cells are made depth-first, with stacks that shrink on the way back: beside the output, memory is a few copies of
 * one path. Limits linear in the input end an attempt, as soon as it is clear that it will reach them. The next
 * attempt has larger leaves, and it cuts cells of few edges gradually, in 4 x 4 and then 2 x 2 while they need it,
 * instead of 8 x 8 at once: then leaves are full. Such a leaf has several words in a table. Where too many borders
 * crowd for any cells, there is no tree, and the index is scanned. Parts of a map of polygons are painted at once,
 * and tell how large it will be: patches.c. */
#include "base/strict.h"

#include "paint.h"

#include <string.h>

#include "base/status.h"
#include "join.h"
#include "occupied.h"

int pm_painter_reserve(pm_painter *p, pm_stack *s, size_t more) {
    return s->count + more <= s->room ||
           pm_painter_reserve_exactly(p, s, s->room - s->count + s->room / 2 + more + 64);
}

int pm_painter_reserve_exactly(pm_painter *p, pm_stack *s, size_t more) {
    const size_t room = s->count + more;
    if (room <= s->room)
        return 1;
    if (p->status)
        return 0;
    void *items = pm_allocate(p->allocator, room * s->item_size);
    if (!items) {
        p->status = PM_ERR_NO_MEMORY;
        return 0;
    }
    if (s->count > 0)
        memcpy(items, s->items, s->count * s->item_size);
    pm_release(p->allocator, s->items);
    s->items = items;
    s->room = room;
    return 1;
}

void pm_painter_stage(pm_painter *p, pm_shape shape) {
    ((pm_shape *)p->staged.items)[p->staged.count++] = shape;
}

/* ---- cells of 8 x 8 ---- */

int pm_painter_must_stop(pm_painter *p) {
    size_t size = (p->tables.count + p->leaves.count + p->origins.count) * sizeof(uint32_t);
    double likely = p->is_last || p->done < 0.02 ? 1 : p->done < 0.1 ? 2 * p->done : 1.25 * p->done;
    p->too_much |= p->work > p->work_limit || (double)size > (likely < 1 ? likely : 1) * (double)p->size_limit;
    return p->too_much || p->status;
}

/* The children's shapes onto the stack of shapes, child by child, each best first; child c has [starts[c],
 * starts[c + 1]). */
static int collect(pm_painter *p, size_t starts[65]) {
    const pm_shape *staged = p->staged.items;
    size_t next[64];
    if (!pm_painter_reserve(p, &p->shapes, p->staged.count))
        return 0;
    memset(starts, 0, 65 * sizeof *starts);
    for (size_t i = 0; i < p->staged.count; i++)
        starts[staged[i].child + 1]++;
    starts[0] = p->shapes.count;
    for (int child = 0; child < 64; child++) {
        next[child] = starts[child];
        starts[child + 1] += starts[child];
    }
    for (size_t i = 0; i < p->staged.count; i++)
        ((pm_shape *)p->shapes.items)[next[staged[i].child]++] = staged[i];
    p->shapes.count += p->staged.count;
    return 1;
}

/* Distribute shapes [begin, end) to side x side children; child c has shapes [starts[c], starts[c + 1]). */
static int distribute_all(pm_painter *p, const pm_cell *cell, int side, size_t begin, size_t end, size_t starts[65]) {
    uint64_t columns = UINT64_C(0xff) >> (8 - side), closed = UINT64_MAX;
    for (int row = 0; row < side; row++)
        closed ^= columns << 8 * row;
    if (p->occupied)
        closed |= pm_occupied_none(p->occupied, cell, side);
    p->staged.count = 0;
    for (size_t i = begin; i < end && closed != UINT64_MAX && !pm_painter_must_stop(p); i++) {
        pm_shape shape = ((const pm_shape *)p->shapes.items)[i];
        p->work += 16 + shape.edges;
        if (pm_poll_after(p->poll, 16 + shape.edges))
            p->status = PM_ERR_STOPPED;
        if (pm_painter_reserve(p, &p->staged, 64))
            p->distribute(p, cell, side, &shape, &closed);
    }
    return !pm_painter_must_stop(p) && collect(p, starts);
}

/* Is a cell that is reached by shapes [begin, end) an answer or a leaf? Then its word. */
static int end_cell(pm_painter *p, const pm_cell *cell, size_t begin, size_t end, uint32_t *word) {
    const pm_shape *shapes = p->shapes.items;
    *word = 0;
    for (size_t i = begin; i < end; i++)
        if (shapes[i].edges == 0)
            end = i + 1; /* covers the cell: no later one can win */
    if (begin == end || p->too_much || p->status)
        return 1;
    if (shapes[begin].edges == 0) {
        *word = p->answers[shapes[begin].number] << 2 | PM_CELL_ANSWER;
        return 1;
    }
    return p->write_leaf(p, cell, shapes + begin, end - begin, word);
}

static uint32_t split_cell(pm_painter *p, const pm_cell *cell, size_t begin, size_t end);

/* The work of cells that these shapes reach, compared with others: one for each cell, and its edges. */
static double estimated_work(const pm_painter *p, size_t cells, size_t begin, size_t end) {
    size_t work = cells;
    for (size_t i = begin; i < end; i++)
        work += ((const pm_shape *)p->shapes.items)[i].edges;
    return (double)work;
}

/* A square of a table's words: those of a cell that is cut there. */
typedef struct square {
    size_t first; /* its lower left word, in `tables` */
    size_t width;
} square;

/* Cut a cell into side x side children and write their words to the square. A child of several words that must be cut
 * again is cut there; one of a single word gets a table of its own. */
static void fill_square(pm_painter *p, const pm_cell *cell, size_t begin, size_t end, square s, size_t side) {
    size_t shape_mark = p->shapes.count, detail_mark = p->details.count, starts[65], width = s.width / side;
    if (!distribute_all(p, cell, (int)side, begin, end, starts))
        return;
    double share = cell->share / estimated_work(p, side * side, starts[0], starts[64]);
    for (size_t i = 0; i < side * side; i++) {
        size_t row = i / side, column = i % side, child = 8 * row + column;
        double size = cell->size / (double)side;
        pm_cell below = {cell->x + (double)column * size, cell->y + (double)row * size, size,
                         cell->bits + pm_lowest_bit(side),
                         share * estimated_work(p, 1, starts[child], starts[child + 1])};
        square to = {s.first + 8 * row * width + column * width, width};
        uint32_t word;
        if (end_cell(p, &below, starts[child], starts[child + 1], &word)) {
            p->done += below.share;
        } else {
            if (width > 1) {
                fill_square(p, &below, starts[child], starts[child + 1], to, 2);
                continue;
            }
            word = split_cell(p, &below, starts[child], starts[child + 1]);
        }
        for (size_t k = 0; k < width * width; k++)
            ((uint32_t *)p->tables.items)[to.first + 8 * (k / width) + k % width] = word;
    }
    p->shapes.count = shape_mark;
    p->details.count = detail_mark;
}

/* Give a cell a table of 8 x 8 words; its own word. */
static uint32_t split_cell(pm_painter *p, const pm_cell *cell, size_t begin, size_t end) {
    size_t first = p->tables.count;
    if (!pm_painter_reserve(p, &p->tables, 64))
        return 0;
    p->tables.count += 64;
    size_t side = estimated_work(p, 1, begin, end) <= (double)p->gradual_below ? 4 : 8;
    fill_square(p, cell, begin, end, (square){first, 8}, side);
    return (uint32_t)(first >> 6) << 4 | PM_CELL_INNER;
}

static uint32_t build_cell(pm_painter *p, const pm_cell *cell, size_t begin, size_t end) {
    uint32_t word;
    return end_cell(p, cell, begin, end, &word) ? word : split_cell(p, cell, begin, end);
}

/* Give up ownership of the array. */
static uint32_t *detach(pm_stack *s) {
    uint32_t *items = s->items;
    s->items = NULL;
    s->count = s->room = 0;
    return items;
}

void pm_painter_finish(pm_painter *p, pm_tree *tree, uint32_t root) {
    if (!pm_painter_reserve(p, &p->leaves, PM_LEAF_SLACK))
        return;
    memset((uint32_t *)p->leaves.items + p->leaves.count, 0, PM_LEAF_SLACK * sizeof(uint32_t));
    size_t most = p->size_limit / sizeof(uint32_t), others = p->leaves.count + p->origins.count;
    p->status = pm_join_tables(tree, p->tables.items, root, p->join_fraction, most > others ? most - others : 0,
                               p->allocator);
    if (p->status)
        return;
    pm_release(p->allocator, detach(&p->tables));
    tree->leaf_count = p->leaves.count + PM_LEAF_SLACK;
    tree->leaves = detach(&p->leaves);
    tree->origin_count = p->origins.count;
    tree->origins = detach(&p->origins);
}

void pm_painter_prepare(pm_painter *p, size_t detail_size) {
    p->shapes.item_size = p->staged.item_size = sizeof(pm_shape);
    p->details.item_size = detail_size;
    p->tables.item_size = p->leaves.item_size = p->origins.item_size = sizeof(uint32_t);
}

void pm_painter_clear(pm_painter *p) {
    p->too_much = 0;
    p->done = 0;
    p->tables.count = p->leaves.count = p->origins.count = p->work = 0;
}

uint32_t pm_painter_paint(pm_painter *p, const pm_cell *cell, size_t count) {
    return build_cell(p, cell, 0, count);
}

void pm_painter_run(pm_painter *p, pm_tree *tree) {
    if (p->status)
        return;
    uint32_t root = pm_painter_paint(p, &(pm_cell){0, 0, 1, 0, 1}, p->shapes.count);
    if (!p->too_much && !p->status)
        pm_painter_finish(p, tree, root);
    if (p->status)
        pm_tree_free(tree, p->allocator);
}

void pm_painter_release(pm_painter *p) {
    pm_stack *stacks[] = {&p->shapes, &p->staged, &p->details, &p->tables, &p->leaves, &p->origins, &p->scratch};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        pm_release(p->allocator, stacks[i]->items);
}

void pm_tree_free(pm_tree *tree, const pm_allocator *allocator) {
    const uint32_t *arrays[] = {tree->tables, tree->leaves, tree->origins};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        pm_release(allocator, (void *)(uintptr_t)arrays[i]);
    tree->scale = 0;
    tree->tables = tree->leaves = tree->origins = NULL;
}
