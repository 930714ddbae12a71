/* What a completion queue hands back: every operation that is under way points at one of these,
 * embedded in whatever the operation belongs to. */
#ifndef CLIENT_EVENT_H
#define CLIENT_EVENT_H

#include <stdbool.h>

struct event {
    void (*on_done)(struct event *event, bool ok);
};

#endif
