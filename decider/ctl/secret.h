/* A provider's secret out of the environment, by the edge's rules:
 *
 *   SIGNALBOX_CREDENTIAL_<NAME>        the secret
 *   SIGNALBOX_CREDENTIAL_<NAME>_HOSTS  where it may go: hosts, or host:port, comma-separated
 *
 * NAME is the catalog's credential name in capitals, with _ for every other character. */
#ifndef CTL_SECRET_H
#define CTL_SECRET_H

#include "base/arena.h"

enum secret_outcome {
    SECRET_FOUND,
    SECRET_ABSENT,    /* the variable is not set, or the route names no credential */
    SECRET_NOT_BOUND, /* its hosts do not name this one */
    SECRET_UNFIT,     /* it holds a control character, which no header may */
};

struct secret {
    const char *variable; /* its name, in the arena, whatever comes back */
    struct slice text;    /* lent by the environment; empty unless it was found */
};

enum secret_outcome secret_find(char *const *environment,
                                const char *credential,
                                struct slice host,
                                struct slice port,
                                struct arena *arena,
                                struct secret *ret_secret);

#endif
