/* Who asks, and facts completed from the key: what the gateway sent, with the key's principal and
 * its defaults filled in. */
#ifndef SERVICE_COMPLETE_H
#define SERVICE_COMPLETE_H

#include "service/snapshot.h"
#include "signalbox/facts.h"

/* The tenant of a request whose key nobody knows and whose gateway named none. */
#define TENANT_UNKNOWN "-"

struct asker {
    enum reason refusal; /* why it may not ask; unspecified: it may */
    struct slice key_id; /* empty: the principal was named, or the key is not known */
};

/* Fills ret_facts and ret_asker; both lend from facts and the snapshot. identity is the key's, or
 * NULL without a key digest. A refused asker's facts are completed as far as the key is known. */
void complete_facts(const struct snapshot *snapshot,
                    const struct digest *identity,
                    const struct facts *facts,
                    int64_t now_ms,
                    struct facts *ret_facts,
                    struct asker *ret_asker);

#endif
