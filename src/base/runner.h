/* runner.h — tasks that may run at once, on threads that the caller lends: the library has none of its own. */
#ifndef PM_RUNNER_H
#define PM_RUNNER_H

#include "poll.h"

/* pm_options.run and its context. Without `run` tasks run one after the other. */
typedef struct pm_runner {
    int (*run)(void *context, void (*task)(void *tasks, size_t number), void *tasks, size_t count);
    void *context;
} pm_runner;

/* Do all of these tasks. Nonzero: stopped, with some left out. */
int pm_tasks_run(const pm_runner *runner, void (*task)(void *tasks, size_t number), void *tasks, size_t count);

/* Copy much. After a stop, poll->stopped, some may be left out. */
void pm_tasks_copy(const pm_runner *runner, pm_poll *poll, void *to, const void *from, size_t size);

/* Write to each page of new memory, where threads share that; else it is done by who writes there first. */
void pm_tasks_touch(const pm_runner *runner, pm_poll *poll, void *at, size_t size);

#endif
