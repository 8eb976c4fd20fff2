/* runner.c — how is work that needs no order done on the threads that a caller lends?
 *
 * Much of a build is no painting: arrays are copied, and their pages touched for the first time, which takes the
 * operating system longer than the copy. Tasks of some megabytes share that among the threads: of the time zones,
 * with 8 million vertices, it is a fifth of the build. Without threads, or for less than two tasks, it is a loop.
 * A task never polls; the caller does between rounds of tasks, as a stop shouldn't wait for all of a large copy. */
#include "strict.h"

#include "runner.h"

#include <string.h>

enum { PAGE = 4096, ROUND = 64 };
static const size_t TASK = (size_t)1 << 20; /* some 100 us, most of them for new pages */

int pm_tasks_run(const pm_runner *runner, void (*task)(void *tasks, size_t number), void *tasks, size_t count) {
    if (runner->run && count > 1)
        return runner->run(runner->context, task, tasks, count);
    for (size_t i = 0; i < count; i++)
        task(tasks, i);
    return 0;
}

/* What is copied, or only touched; a round of tasks. */
typedef struct copy {
    char *to;
    const char *from; /* NULL: touched */
    size_t size;
} copy;

static void do_copy(void *context, size_t number) {
    const copy *c = context;
    const size_t at = number * TASK, end = c->size - at < TASK ? c->size : at + TASK;
    if (c->from)
        memcpy(c->to + at, c->from + at, end - at);
    for (size_t i = at; !c->from && i < end; i += PAGE)
        c->to[i] = 0;
}

static void run_copy(const pm_runner *runner, pm_poll *poll, copy all) {
    const size_t most = (runner->run ? ROUND : 1) * TASK;
    for (size_t at = 0; at < all.size && !pm_poll_after(poll, runner->run ? PM_POLL_STEPS : PM_POLL_STEPS / 10);
         at += most) {
        copy some = {all.to + at, all.from ? all.from + at : NULL, all.size - at < most ? all.size - at : most};
        poll->stopped |= pm_tasks_run(runner, do_copy, &some, (some.size + TASK - 1) / TASK) != 0;
    }
}

void pm_tasks_copy(const pm_runner *runner, pm_poll *poll, void *to, const void *from, size_t size) {
    if (size > 0)
        run_copy(runner, poll, (copy){to, from, size});
}

void pm_tasks_touch(const pm_runner *runner, pm_poll *poll, void *at, size_t size) {
    if (runner->run)
        run_copy(runner, poll, (copy){at, NULL, size});
}
