/* poll.h — may this go on? Long work calls the caller back now and then.
 *
 * Work is counted in steps of some ten nanoseconds, such as a vertex copied or an edge distributed, and the callback
 * is called after a number of them that takes a few milliseconds. Once it has said stop, it is not called again. */
#ifndef PM_POLL_H
#define PM_POLL_H

#include "polymatch.h"

enum { PM_POLL_STEPS = 100000 };

typedef struct pm_poll {
    int (*callback)(void *context); /* pm_options.poll; may be NULL */
    void *context;
    size_t steps; /* since the last call */
    int stopped;
} pm_poll;

/* Count `steps` of work. Should it stop? */
static inline int pm_poll_after(pm_poll *poll, size_t steps) {
    poll->steps += steps;
    if (poll->callback && !poll->stopped && poll->steps >= PM_POLL_STEPS) {
        poll->steps = 0;
        poll->stopped = poll->callback(poll->context) != 0;
    }
    return poll->stopped;
}

#endif
