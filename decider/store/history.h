/* The request record: everything that deciding again needs, and nothing that can be computed.
 *
 * Decisions, traces and the log-field record are not in it: they are recomputed from the facts, the
 * reports, the views, the times and the seeds, and compared with the digests that are. A request
 * with two attempts stays near 1 KiB. Provider message texts and digests of secrets are never in
 * it.
 *
 * Bytes: u8 record version, the head, the boundaries, and 16 bytes of SHA-256 over all before them,
 * so that one altered byte is found. Encoding is canonical. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "signalbox/facts.h"
#include "signalbox/result.h"

#define HISTORY_VERSION 1

/* One decided boundary: what came in, what was read, what was answered. */
struct history_boundary {
    int64_t now_ms; /* stamped when the question came in */
    uint64_t seed;
    uint32_t deadline_ms;   /* boundary 0: the caller's deadline as first given */
    struct digest question; /* facts digest of the question */
    struct report report;   /* from boundary 1 on; without the message text */
    enum failure failure;   /* as classified then */
    struct slice rule;
    struct slice detail;
    bool refusal;      /* a refusal inside a 200 */
    struct slice view; /* encoded by the engine */
    uint8_t action;    /* of the answer, for readers that do not replay */
    uint8_t reason;
    uint8_t disposition;
    uint8_t entry;
    uint64_t charged_nusd;
    uint64_t decision_digest;
    uint64_t trace_digest;
    bool adopted; /* decided by a process that forgot it; replay skips it */
};

struct history {
    struct uuid request_id;
    struct slice policy_id; /* empty: none was active */
    uint32_t policy_version;
    uint32_t catalog_version;
    uint32_t evidence_version; /* the newest row of evidence that was looked at; 0: none */
    uint32_t switches_version; /* of all switches, when it was admitted */
    struct slice engine_version;
    struct slice key_id; /* empty: the principal was named */
    struct facts facts;  /* the key's defaults filled in */
    unsigned boundaries_count;
    int64_t unreported_ms; /* when it was given up because nobody reported; 0: it was not. A late
                              report clears it */
    struct history_boundary boundaries[ATTEMPTS_MAX + 1]; /* last: most stay untouched */
};

/* Appends the record to buf. */
void history_encode(const struct history *history, struct buf *buf);
/* Lends slices of bytes; arrays come from the arena. RESULT_CORRUPT: version, checksum or shape. */
MUST_USE enum result
history_decode(struct slice bytes, struct arena *arena, struct history *ret_history);

#endif
