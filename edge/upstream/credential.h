/* Provider secrets, read once from the environment and bound to hosts.
 *
 *   SIGNALBOX_CREDENTIAL_<NAME>        the secret
 *   SIGNALBOX_CREDENTIAL_<NAME>_HOSTS  where it may go: hosts, or host:port, comma-separated
 *
 * NAME is the catalog's credential name in capitals, with _ for every other character. A secret
 * without hosts is bound to none. Never logged. Immutable after the open; any thread may read. */
#ifndef UPSTREAM_CREDENTIAL_H
#define UPSTREAM_CREDENTIAL_H

#include "signalbox/slice.h"

struct credentials;

/* NULL: out of memory. */
struct credentials *credentials_open(char *const *environment);
void credentials_close(struct credentials *credentials);
unsigned credentials_count(const struct credentials *credentials);

/* The secret under name when it may go to host and port; else the empty slice. */
struct slice credential_find(const struct credentials *credentials,
                             struct slice name,
                             struct slice host,
                             struct slice port);

#endif
