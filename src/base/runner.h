/* runner.h — tasks that may run at once, on threads that the caller lends: the library has none of its own. */
#ifndef PM_RUNNER_H
#define PM_RUNNER_H

#include "polymatch.h"

/* pm_options.run and its context. Without `run` tasks run one after the other. */
typedef struct pm_runner {
    int (*run)(void *context, void (*task)(void *tasks, size_t number), void *tasks, size_t count);
    void *context;
} pm_runner;

#endif
