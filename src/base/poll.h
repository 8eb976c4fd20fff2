/* poll.h — may this go on? Long work asks the caller now and then.
 *
 * Work is counted in steps of some ten nanoseconds, a vertex copied or an edge handed down, and the caller is asked
 * after a number of them that takes a few milliseconds. A build that was told to stop asks no more. */
#ifndef PM_POLL_H
#define PM_POLL_H

#include "polymatch.h"

enum { PM_POLL_STEPS = 100000 };

typedef struct pm_poll {
    int (*ask)(void *context); /* pm_options.poll; may be NULL */
    void *context;
    size_t steps; /* since the last question */
    int stopped;
} pm_poll;

/* Count `steps` of work. Should it stop? */
static inline int pm_poll_after(pm_poll *poll, size_t steps) {
    poll->steps += steps;
    if (poll->ask && !poll->stopped && poll->steps >= PM_POLL_STEPS) {
        poll->steps = 0;
        poll->stopped = poll->ask(poll->context) != 0;
    }
    return poll->stopped;
}

#endif
