/* patches.c — how are parts of a map painted at once, and how large will it all be?
 *
 * What is below a cell follows from the shapes that reach it. So the root is cut by itself, down to cells of a small
 * share of the work, the patches, whose shapes are kept: that much is the same for leaves of any size, and is done
 * once. Some neighbouring patches are a task. Tasks are painted each into arrays of their own, in any order and on
 * any threads, and then put one after the other, so that the bytes depend on neither.
 *
 * Every sixteenth task comes first, a quarter of these before the others. They tell how large the tree will be, so
 * leaves that would make it too large cost a sixteenth of the painting or less, and what is painted then is kept
 * where they don't. Limits are looked at between waves of tasks and by each task for itself, never by what other
 * tasks took so far, since that depends on the threads. A small map is one task, which looks itself. */
#include "base/strict.h"

#include "patches.h"

#include <string.h>

#include "base/status.h"

/* Tasks of a map, at most; one of how many is in the sample, where they are many and where they are few; waves of the
 * others. A task has this many edges at least. */
enum { MOST_TASKS = 256, MANY_TASKS = 64, SPARSE = 16, DENSE = 4, WAVES = 4 };

/* A part of the sample comes before the rest of it; what an estimate of the last attempt may be beyond a limit. */
enum { FEW_OF_SAMPLE = 4, LAST_TIMES = 4 };
#ifndef PM_TASK_EDGES /* tests make many tasks of small maps */
#define PM_TASK_EDGES 4096
#endif

typedef struct patch {
    pm_cell cell;
    size_t shape, shape_count, detail, detail_count; /* in the set's stacks; details count from the patch's first */
    uint32_t word;                                   /* positions are those of its task */
} patch;

typedef struct paint_task {
    size_t first, end; /* patches */
    double share;
    pm_stack tables, leaves, origins;
    size_t work;
    pm_status status;
    int too_much;
} paint_task;

/* Where the arrays of a task begin in those of all. */
typedef struct start {
    size_t tables, leaves, origins;
} start;

static patch *patch_at(const pm_patches *set, size_t i) {
    return (patch *)set->patches.items + i;
}

static paint_task *task_at(const pm_patches *set, size_t i) {
    return (paint_task *)set->tasks.items + i;
}

/* ---- cutting ---- */

/* In the place of a leaf: keep what a small cell is painted from. Its word is its number until it is painted. */
static int keep_patch(pm_painter *p, const pm_cell *cell, const pm_shape *shapes, size_t count, uint32_t *word) {
    pm_patches *set = p->patches;
    size_t details = 0, first = set->details.count;
    if (cell->share > set->patch_share && cell->bits + 3 < p->deepest)
        return 0;
    for (size_t i = 0; i < count; i++)
        details += shapes[i].count;
    if (!pm_painter_reserve(p, &set->patches, 1) || !pm_painter_reserve(p, &set->shapes, count) ||
        !pm_painter_reserve(p, &set->details, details))
        return 1;
    *word = (uint32_t)set->patches.count << 2 | PM_CELL_LEAF;
    *patch_at(set, set->patches.count++) = (patch){*cell, set->shapes.count, count, set->details.count, details, 0};
    pm_shape *kept = (pm_shape *)set->shapes.items + set->shapes.count;
    const size_t size = set->details.item_size;
    for (size_t i = 0; i < count; i++) {
        kept[i] = shapes[i];
        kept[i].first = (uint32_t)(set->details.count - first);
        if (shapes[i].count > 0)
            memcpy((char *)set->details.items + size * set->details.count,
                   (const char *)p->details.items + size * shapes[i].first, size * shapes[i].count);
        set->details.count += shapes[i].count;
    }
    set->shapes.count += count;
    return 1;
}

/* Make tasks of neighbouring patches. */
static void make_tasks(pm_patches *set) {
    pm_painter *p = set->painter;
    for (size_t i = 0; i < set->patches.count; i++) {
        size_t count = set->tasks.count;
        if (count == 0 || task_at(set, count - 1)->share + patch_at(set, i)->cell.share > set->patch_share) {
            if (!pm_painter_reserve(p, &set->tasks, 1))
                return;
            *task_at(set, set->tasks.count++) = (paint_task){.first = i,
                                                             .end = i,
                                                             .tables.item_size = sizeof(uint32_t),
                                                             .leaves.item_size = sizeof(uint32_t),
                                                             .origins.item_size = sizeof(uint32_t)};
        }
        task_at(set, set->tasks.count - 1)->end++;
        task_at(set, set->tasks.count - 1)->share += patch_at(set, i)->cell.share;
    }
}

/* The tasks that are a sample of all, then the others. Returns how many the sample has. */
static size_t order_tasks(pm_patches *set) {
    const size_t count = set->tasks.count, step = count < MANY_TASKS ? DENSE : SPARSE;
    uint32_t *order = set->order.items;
    size_t sampled = 0;
    for (size_t i = step / 2; i < count; i += step)
        order[sampled++] = (uint32_t)i;
    set->order.count = sampled;
    for (size_t i = 0; i < count; i++)
        if (i % step != step / 2)
            order[set->order.count++] = (uint32_t)i;
    return sampled;
}

/* The path that was cut is in the patches now. Where a crowd is some levels down, each of these had a copy of it. */
static void release_path(pm_painter *p) {
    pm_stack *stacks[] = {&p->shapes, &p->staged, &p->details, &p->scratch};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        pm_release(p->allocator, stacks[i]->items);
        *stacks[i] = (pm_stack){.item_size = stacks[i]->item_size};
    }
}

int pm_patches_cut(pm_patches *set, pm_painter *p, size_t painter_size, const pm_runner *runner) {
    *set = (pm_patches){.painter = p,
                        .painter_size = painter_size,
                        .runner = runner,
                        .write_leaf = p->write_leaf,
                        .patches.item_size = sizeof(patch),
                        .shapes.item_size = sizeof(pm_shape),
                        .details.item_size = p->details.item_size,
                        .tasks.item_size = sizeof(paint_task),
                        .order.item_size = sizeof(uint32_t),
                        .starts.item_size = sizeof(start)};
    size_t edges = 0, tasks;
    for (size_t i = 0; i < p->shapes.count; i++)
        edges += ((const pm_shape *)p->shapes.items)[i].edges;
    tasks = edges / PM_TASK_EDGES;
    tasks = tasks < MOST_TASKS ? tasks : MOST_TASKS;
    set->patch_share = tasks > 1 ? 1 / (double)tasks : 1;
    p->patches = set;
    p->write_leaf = keep_patch;
    p->gradual_below = 0;
    p->is_last = 1;
    p->size_limit = SIZE_MAX;
    pm_painter_clear(p);
    set->root = pm_painter_paint(p, &(pm_cell){0, 0, 1, 0, 1}, p->shapes.count);
    p->write_leaf = set->write_leaf;
    set->top_count = p->tables.count;
    release_path(p);
    make_tasks(set);
    return !p->too_much && pm_painter_reserve(p, &set->order, set->tasks.count) && p->status == PM_OK;
}

/* ---- painting ---- */

/* The stacks of a painter that is a copy are its own. */
static void renew_stacks(pm_painter *p) {
    pm_stack *stacks[] = {&p->shapes, &p->staged, &p->details, &p->tables, &p->leaves, &p->origins, &p->scratch};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        *stacks[i] = (pm_stack){.item_size = stacks[i]->item_size};
}

/* `share` is that of the task: what is done counts in it. */
static void paint_patch(const pm_patches *set, pm_painter *p, patch *at, double share) {
    const size_t size = p->details.item_size;
    p->shapes.count = p->details.count = 0;
    if (!pm_painter_reserve(p, &p->shapes, at->shape_count) || !pm_painter_reserve(p, &p->details, at->detail_count))
        return;
    memcpy(p->shapes.items, (const pm_shape *)set->shapes.items + at->shape, at->shape_count * sizeof(pm_shape));
    if (at->detail_count > 0)
        memcpy(p->details.items, (const char *)set->details.items + size * at->detail, size * at->detail_count);
    p->shapes.count = at->shape_count;
    p->details.count = at->detail_count;
    pm_cell cell = at->cell;
    cell.share = share > 0 ? cell.share / share : 1;
    at->word = pm_painter_paint(p, &cell, at->shape_count);
}

/* Paint the patches of a task; `number` counts from the first that runs now. */
static void paint_task_patches(void *context, size_t number) {
    const pm_patches *set = context;
    paint_task *task = task_at(set, ((const uint32_t *)set->order.items)[set->begin + number]);
    pm_poll own = {.callback = set->painter->poll->callback, .context = set->painter->poll->context};
    pm_painter *p = pm_allocate(set->painter->allocator, set->painter_size);
    if (!p) {
        task->status = PM_ERR_NO_MEMORY;
        return;
    }
    memcpy((void *)p, (const void *)set->painter, set->painter_size);
    renew_stacks(p);
    pm_painter_clear(p);
    p->poll = set->runner->run ? &own : set->painter->poll;
    if (set->tasks.count > 1) { /* of what it finished, a task of the sample knows what it is going to take */
        p->is_last = set->begin >= set->sampled;
        p->size_limit = (size_t)(set->part * (double)p->size_limit);
        p->work_limit = (size_t)(set->part * (double)p->work_limit);
    }
    for (size_t i = task->first; i < task->end && !p->too_much && !p->status; i++)
        paint_patch(set, p, patch_at(set, i), task->share);
    task->tables = p->tables;
    task->leaves = p->leaves;
    task->origins = p->origins;
    task->work = p->work;
    task->too_much = p->too_much;
    task->status = p->status;
    p->tables.items = p->leaves.items = p->origins.items = NULL;
    pm_painter_release(p);
    pm_release(set->painter->allocator, p);
}

static size_t task_size(const paint_task *task) {
    return (task->tables.count + task->leaves.count + task->origins.count) * sizeof(uint32_t);
}

/* Run tasks [set->begin, end) of the order. */
static void run_tasks(pm_patches *set, size_t end) {
    pm_painter *p = set->painter;
    const size_t count = end - set->begin;
    if (set->runner->run) {
        if (pm_tasks_run(set->runner, paint_task_patches, set, count))
            p->status = PM_ERR_STOPPED;
    } else {
        for (size_t i = 0; i < count && p->status == PM_OK; i++) {
            paint_task_patches(set, i);
            p->status = task_at(set, ((const uint32_t *)set->order.items)[set->begin + i])->status;
        }
    }
    set->begin = end;
}

/* The share of the first `end` tasks of the order, of all. */
static double share_until(const pm_patches *set, size_t end) {
    double share = 0, all = 0;
    for (size_t i = 0; i < set->tasks.count; i++) {
        const double one = task_at(set, ((const uint32_t *)set->order.items)[i])->share;
        share += i < end ? one : 0;
        all += one;
    }
    return share > 0 ? share / all : 1;
}

/* Add up what is painted: does it stay within the limits, and `part` of it within that part of them? */
static void check_limits(pm_patches *set, double part) {
    pm_painter *p = set->painter;
    size_t size = set->top_count * sizeof(uint32_t), work = 0;
    for (size_t i = 0; i < set->begin; i++) {
        const paint_task *task = task_at(set, ((const uint32_t *)set->order.items)[i]);
        size += task_size(task);
        work += task->work;
        p->too_much |= task->too_much;
        if (p->status == PM_OK)
            p->status = task->status;
    }
    p->too_much |= (double)size > part * (double)p->size_limit || (double)work > part * (double)p->work_limit;
    p->poll->stopped |= p->status == PM_ERR_STOPPED;
}

static void release_tasks(pm_patches *set) {
    const pm_allocator *allocator = set->painter->allocator;
    for (size_t i = 0; i < set->tasks.count; i++) {
        paint_task *task = task_at(set, i);
        pm_stack *stacks[] = {&task->tables, &task->leaves, &task->origins};
        for (size_t k = 0; k < sizeof stacks / sizeof *stacks; k++) {
            pm_release(allocator, stacks[k]->items);
            *stacks[k] = (pm_stack){.item_size = sizeof(uint32_t)};
        }
        task->work = 0;
        task->too_much = 0;
        task->status = PM_OK;
    }
}

/* ---- one tree of all ---- */

enum { LINE = 16 }; /* units: leaves keep their places in lines of the cache */

static uint32_t moved(uint32_t word, const start *s) {
    switch (word & 3) {
    case PM_CELL_INNER:
        return word + ((uint32_t)(s->tables >> 6) << 4);
    case PM_CELL_LEAF:
        return word + ((uint32_t)(s->leaves >> 1) << 2);
    default:
        return word;
    }
}

/* Where the arrays of a task begin in those of all. */
static start start_of(const pm_patches *set, size_t number) {
    return ((const start *)set->starts.items)[number];
}

/* A task's array to its place in that of all, up to a multiple of `unit`, and release it. */
static void place_array(pm_painter *p, const pm_stack *to, size_t first, pm_stack *from, size_t unit) {
    const size_t end = (first + from->count + unit - 1) / unit * unit;
    uint32_t *items = to->items;
    if (from->count > 0)
        memcpy(items + first, from->items, from->count * sizeof *items);
    if (end > first + from->count)
        memset(items + first + from->count, 0, (end - first - from->count) * sizeof *items);
    pm_release(p->allocator, from->items);
    from->items = NULL;
}

/* Room for the arrays of all tasks, and where each begins. */
static int reserve_all(pm_patches *set) {
    pm_painter *p = set->painter;
    const size_t count = set->tasks.count;
    start *starts, end = {p->tables.count, 0, 0};
    set->starts.count = 0;
    if (!pm_painter_reserve(p, &set->starts, count))
        return 0;
    starts = set->starts.items;
    for (size_t i = 0; i < count; i++) {
        const paint_task *task = task_at(set, i);
        starts[i] = end;
        end.tables += task->tables.count;
        end.leaves += (task->leaves.count + LINE - 1) / LINE * LINE;
        end.origins += task->origins.count;
    }
    p->too_much |= end.leaves >= UINT32_C(1) << 31 || end.origins >= UINT32_MAX / 2;
    p->leaves.count = p->origins.count = 0;
    if (p->too_much || !pm_painter_reserve_exactly(p, &p->tables, end.tables - p->tables.count) ||
        !pm_painter_reserve_exactly(p, &p->leaves, end.leaves + PM_LEAF_SLACK) ||
        !pm_painter_reserve_exactly(p, &p->origins, end.origins))
        return 0;
    p->tables.count = end.tables;
    p->leaves.count = end.leaves;
    p->origins.count = end.origins;
    return 1;
}

static void merge_task(void *context, size_t number) {
    const pm_patches *set = context;
    pm_painter *p = set->painter;
    paint_task *task = task_at(set, number);
    const start s = start_of(set, number);
    uint32_t *tables = p->tables.items, *leaves = p->leaves.items; /* NULL where there are none */
    place_array(p, &p->origins, s.origins, &task->origins, 1);
    place_array(p, &p->leaves, s.leaves, &task->leaves, LINE);
    place_array(p, &p->tables, s.tables, &task->tables, 1);
    if (task->leaves.count > 0)
        p->move_leaves(leaves + s.leaves, task->leaves.count, (uint32_t)s.origins);
    for (size_t k = s.tables; k < s.tables + task->tables.count; k++)
        tables[k] = moved(tables[k], &s);
    for (size_t k = task->first; k < task->end; k++)
        patch_at(set, k)->word = moved(patch_at(set, k)->word, &s);
}

static void merge_tasks(pm_patches *set) {
    if (reserve_all(set) && pm_tasks_run(set->runner, merge_task, set, set->tasks.count))
        set->painter->status = PM_ERR_STOPPED;
}

/* The word of a cell above the patches, where leaves stand for patches. */
static uint32_t word_of(const pm_patches *set, uint32_t word) {
    return (word & 3) == PM_CELL_LEAF ? patch_at(set, word >> 2)->word : word;
}

/* Paint the tasks up to `end`, where they may take `times` the part of the limits that they have of the work. So
 * none of them goes on for longer than it takes to know. The last attempt may take more, as it is wrong to give up
 * where some parts are crowded, up to all of a limit. */
static void run_wave(pm_patches *set, size_t end, double times) {
    pm_painter *p = set->painter;
    double part = times * (p->is_last ? LAST_TIMES : 1) * share_until(set, end);
    if (p->too_much || p->status || set->begin >= end)
        return;
    part = part < 1 && (!p->is_last || end <= set->sampled) ? part : 1;
    set->part = part;
    run_tasks(set, end);
    check_limits(set, part);
}

void pm_patches_paint(pm_patches *set, pm_tree *tree) {
    pm_painter *p = set->painter;
    const size_t count = set->tasks.count;
    if (p->status)
        return;
    p->too_much = 0;
    set->begin = 0;
    const size_t sampled = set->sampled = order_tasks(set), few = sampled / FEW_OF_SAMPLE;
    if (count > 1 && few > 0)
        run_wave(set, few, FEW_OF_SAMPLE);
    if (count > 1)
        run_wave(set, sampled, 1);
    for (size_t wave = 1; wave <= WAVES; wave++)
        run_wave(set, sampled + (count - sampled) * wave / WAVES, 1);
    if (!p->too_much && !p->status)
        merge_tasks(set);
    if (!p->too_much && !p->status) {
        for (size_t i = 0; i < set->top_count; i++)
            ((uint32_t *)p->tables.items)[i] = word_of(set, ((uint32_t *)p->tables.items)[i]);
        pm_painter_finish(p, tree, word_of(set, set->root));
    }
    release_tasks(set);
}

void pm_patches_release(pm_patches *set) {
    release_tasks(set);
    pm_stack *stacks[] = {&set->patches, &set->shapes, &set->details, &set->tasks, &set->order, &set->starts};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        pm_release(set->painter->allocator, stacks[i]->items);
}
