/* The edge's own port: /healthz (the process lives), /readyz (it has a live connection to the
 * decider), /metrics (Prometheus text). Its own thread, so that it answers under load. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stdbool.h>

struct admin;

/* ready is called on the admin thread. NULL: errno says why. */
struct admin *admin_open(const char *address, bool (*ready)(void *context), void *context);
/* Ends the thread. Takes NULL. */
void admin_close(struct admin *admin);

#endif
