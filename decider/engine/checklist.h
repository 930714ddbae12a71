/* The checklist before a fallback may touch traffic: the six gates of every entry, asked about the
 * requests that the policy itself declares it serves, not about one that came.
 *
 * It is made by the same gate functions that decide, over requests of the policy's own scope: its
 * data classes, limits, sensitive tags, tools where a tool contract is required, streams, every
 * customer tier that the entry names and every paid tier that the policy names. So a "go" here is
 * what a gate says later. Evidence that is bound to a prompt, to tools or to customers speaks of
 * requests with just these; the newest that is demanded is asked.
 *
 * Switches speak in a row of their own. Health is of the moment and not asked.
 * Pure; lends from the policy and the arena. */
#ifndef ENGINE_CHECKLIST_H
#define ENGINE_CHECKLIST_H

#include "base/arena.h"
#include "engine/gate.h"
#include "signalbox/result.h"

struct checklist_row {
    unsigned entry;
    struct slice route;
    enum check check; /* its gate and conditions: check_row() */
    enum verdict verdict;
    struct trace_value found, needed;
    struct slice owner;
    struct slice evidence_id;
    int64_t evidence_put_unix_ms;     /* 0: no evidence */
    int64_t evidence_expires_unix_ms; /* 0: no evidence */
};

/* What the entry would cost and take, against the policy's targets. */
struct checklist_entry {
    unsigned entry;
    enum entry_kind kind;
    enum tier tier;
    struct slice route;         /* of a set: the first */
    uint64_t request_nusd;      /* at the policy's input and output limits */
    uint64_t request_nusd_max;  /* the policy's limit; 0: none */
    uint64_t latency_p95_ms;    /* live where it is known, else as evidence measured; 0: neither */
    uint64_t latency_target_ms; /* 0: none */
    bool go;                    /* no row of it blocks */
};

struct checklist {
    struct checklist_entry *entries;
    unsigned entries_count;
    struct checklist_row *rows; /* in the order of entries, routes and check.def */
    unsigned rows_count;
    bool go; /* every entry is */
};

/* view: live switches and latency; all-zero where nothing is known. RESULT_NO_MEMORY. */
MUST_USE enum result checklist_make(const struct policy *policy,
                                    const struct view *view,
                                    int64_t now_ms,
                                    struct arena *arena,
                                    struct checklist *ret_checklist);

#endif
