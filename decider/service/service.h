/* The use cases of the decider, without gRPC and without LMDB types.
 *
 * Two threads call in. The owner thread owns all live state and decides: service_ask, service_turn
 * and their kin are called from it alone, and it never blocks. The admin thread publishes,
 * activates, manages keys, reads history and replays; its calls may block on a commit. What the
 * admin thread changes reaches the owner as a new snapshot (immutable, reference-counted: active
 * compiled policies, catalog, keys), swapped by one pointer in service_turn; an admin call that
 * changed something returns after the commit and after the swap.
 *
 * The life of one question, on the owner thread:
 *
 *   service_ask(service, caller, &question, now_ms, ticket)
 *     the request is found in memory, else in history, else it is new
 *     a question seen before: same facts -> its answer again (recomputed from history when it is no
 *       longer in memory); other facts -> RESULT_EXISTS; still being committed -> it waits along
 *     facts are completed from the key, a view is taken, decide() runs, intents are applied
 *     the request record is encoded and submitted to the writer
 *     an admission that goes on is answered at once (durable = false); all else waits
 *   ... the writer thread commits and calls wake
 *   service_turn(service, now_ms)
 *     answers the tickets whose commits are done (durable = true), lets ended requests go
 *
 * A ticket belongs to the caller, is embedded in the caller's own object, and must stay until its
 * answer was called or service_forget was. An answer may call service_forget, nothing else here.
 *
 * The owner thread goes on turning until the last admin call has returned. A program that does
 * everything on one thread sets no wake and needs no such care: what the thread that turned last
 * changes is in service at once. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/list.h"
#include "engine/catalog_diff.h"
#include "engine/diagnostic.h"
#include "signalbox/decision.h"
#include "signalbox/result.h"
#include "store/principal.h"

struct service;

struct service_options {
    const char *directory; /* of the store */
    uint64_t map_bytes;
    const char *token_file; /* where the first operator token is written (mode 0600) when the store
                               has no operator key; NULL: directory/operator.token */
    uint64_t give_up_ms;    /* a request nobody reports on ends as unreported after its total
                               timeout and this */
};

struct service_error {
    char text[256];
};

/* Opens the store, compiles what is active against the current catalog (stored blocks where their
 * format is current), loads keys, makes the first operator token when there is none. Requests that
 * were open stay open: they are looked up when somebody reports. */
MUST_USE enum result service_open(const struct service_options *options,
                                  struct service **ret_service,
                                  struct service_error *reterr_error);
/* Commits what is submitted; unanswered tickets must have been forgotten. Takes NULL. */
void service_close(struct service *service);

/* wake is called from the writer or the admin thread, seldom, when service_turn has something to
 * do. Set it before the first question. The thread that turns next is the owner then, and admin
 * calls that come before it wait for it. */
void service_on_wake(struct service *service, void (*wake)(void *context), void *context);

/* ---- who calls: any thread ---- */

/* The identity behind a bearer secret or behind a secret's SHA-256; only a number, it may be
 * unknown to the store. */
struct digest service_identity(const struct service *service, struct slice secret);
struct digest service_identity_of_digest(const struct service *service, struct slice sha256);

/* ---- the owner thread ---- */

/* The live principal, or NULL with *ret_reason UNKNOWN_PRINCIPAL, KEY_REVOKED or KEY_EXPIRED. Lent
 * until the next service_turn. */
const struct principal *service_principal(struct service *service,
                                          const struct digest *identity,
                                          int64_t now_ms,
                                          enum reason *ret_reason);

struct ticket;

struct ticket_answer {
    enum result result;              /* RESULT_OK: decision is set */
    const struct decision *decision; /* lent during the call */
    struct slice message;            /* else what is wrong, for the caller */
    struct slice reason; /* ErrorInfo reason: ADMISSION_NEEDED, OUT_OF_ORDER, SUPERSEDED,
                            or empty */
    struct slice field;  /* of the request, where one is at fault */
    uint64_t retry_after_ms;
};

struct ticket {
    void (*answer)(struct ticket *ticket, const struct ticket_answer *answer);
    struct list link; /* the service's */
    bool want_trace;  /* the service's from here on */
    bool want_record;
    bool waiting;
};

/* Answers the ticket inside the call or in a later service_turn. caller is the gateway's principal:
 * a question for a tenant or environment that it may not speak for gets RESULT_DENIED. The question
 * is lent during the call only. */
void service_ask(struct service *service,
                 const struct principal *caller,
                 const struct question *question,
                 int64_t now_ms,
                 struct ticket *ticket);
/* The ticket will not be answered. What was decided stays decided. */
void service_forget(struct service *service, struct ticket *ticket);
/* Answers what has been committed, swaps in a new snapshot, gives up what nobody reports on.
 * Returns how many milliseconds from now it wants to be called again at the latest. */
uint32_t service_turn(struct service *service, int64_t now_ms);
/* Questions that wait for a commit; for back-pressure. */
unsigned service_waiting(const struct service *service);

/* ---- the admin thread; texts and arrays of answers come from the arena ---- */

/* As service_principal; lent until the arena is reset, never longer than the next admin call that
 * changes keys. */
const struct principal *service_admin_principal(struct service *service,
                                                const struct digest *identity,
                                                int64_t now_ms,
                                                struct arena *arena,
                                                enum reason *ret_reason);

struct policy_summary {
    struct slice policy_id, workload, environment;
    uint32_t version; /* 0: none */
    bool active;
    uint32_t percent; /* with active: of the requests; 100: all */
    int64_t published_ms;
    struct slice published_by;
    struct slice document; /* lists leave it empty */
    uint32_t catalog_version;
};

struct admin_call {
    struct arena *arena;
    struct diagnostics diagnostics; /* findings in a document */
    const struct principal *caller; /* who asks; its tenants and environments bound what it sees */
    int64_t now_ms;
    struct slice message; /* why, with a result other than OK */
};

/* Sets up call for one admin operation. */
void admin_call_init(struct admin_call *call,
                     struct arena *arena,
                     const struct principal *caller,
                     int64_t now_ms);

/* RESULT_OK with diagnostics, also when some are errors. */
MUST_USE enum result
service_validate_policy(struct service *service, struct admin_call *call, struct slice document);
/* RESULT_OK with ret_policy->version 0 when the document has errors. */
MUST_USE enum result service_publish_policy(struct service *service,
                                            struct admin_call *call,
                                            struct slice document,
                                            struct policy_summary *ret_policy);
MUST_USE enum result service_get_policy(struct service *service,
                                        struct admin_call *call,
                                        struct slice policy_id,
                                        uint32_t version,
                                        struct policy_summary *ret_policy);
/* The document of what service_get_policy gave as policy_dump writes it. RESULT_NO_MEMORY;
 * RESULT_CORRUPT: it is none. */
MUST_USE enum result service_canonical_policy(struct admin_call *call,
                                              const struct policy_summary *policy,
                                              struct slice *ret_canonical);
/* From after page_token (empty: the start); *ret_next is empty at the end. */
MUST_USE enum result service_list_policies(struct service *service,
                                           struct admin_call *call,
                                           struct slice page_token,
                                           unsigned rows_max,
                                           struct policy_summary **ret_policies,
                                           unsigned *ret_count,
                                           struct slice *ret_next);

struct catalog_summary {
    uint32_t version; /* 0: not stored */
    unsigned routes, models;
    unsigned policies; /* versions in service compiled anew */
    uint32_t compared; /* the version that the review below was made against; 0: none */
    struct slice document;
    /* Of an import, carried out or only reviewed: against the catalog that served. */
    struct catalog_diff diff;
    struct slice *voided; /* ids of evidence of active policies that does not count any more */
    unsigned voided_count;
    struct slice *touched; /* "policy@version: what changes for it", a line each */
    unsigned touched_count;
};
struct catalog_request {
    struct slice document;
    bool review_only;          /* store nothing */
    uint32_t expected_version; /* of the catalog that serves now; 0: whichever */
    struct slice write_id;     /* service/evidence.h */
};
/* RESULT_PRECONDITION: another version serves than was expected. */
MUST_USE enum result service_publish_catalog(struct service *service,
                                             struct admin_call *call,
                                             const struct catalog_request *request,
                                             struct catalog_summary *ret_catalog);
MUST_USE enum result service_get_catalog(struct service *service,
                                         struct admin_call *call,
                                         uint32_t version,
                                         struct catalog_summary *ret_catalog);

/* key_id, created and revoked are set here. secret gets the text that is shown once. RESULT_DENIED:
 * the key would reach beyond the caller's own tenants and environments; such keys are neither
 * listed nor revoked by it either. */
#define SECRET_TEXT_BYTES 47 /* "sbx_" and 43 characters */
MUST_USE enum result service_create_key(struct service *service,
                                        struct admin_call *call,
                                        const struct principal *wanted,
                                        struct principal *ret_principal,
                                        char ret_secret[SECRET_TEXT_BYTES + 1]);
MUST_USE enum result service_list_keys(struct service *service,
                                       struct admin_call *call,
                                       struct slice page_token,
                                       unsigned rows_max,
                                       struct principal **ret_principals,
                                       unsigned *ret_count,
                                       struct slice *ret_next);
MUST_USE enum result service_revoke_key(struct service *service,
                                        struct admin_call *call,
                                        struct slice key_id,
                                        struct principal *ret_principal);

/* The record of a request; has_id false: the newest, of the tenant where one is named, that the
 * caller may see. With want_decisions also every boundary's decision with trace, recomputed. */
struct request_query {
    bool has_id;
    struct uuid request_id;
    struct slice tenant; /* empty: whichever has it; RESULT_INVALID when two have */
    bool want_decisions;
};
MUST_USE enum result service_get_request(struct service *service,
                                         struct admin_call *call,
                                         const struct request_query *query,
                                         struct record *ret_record,
                                         struct decision **ret_decisions,
                                         unsigned *ret_count);

struct replayed_boundary {
    bool same;
    bool skipped;
    struct record_change *differences; /* field, stored, recomputed */
    unsigned differences_count;
};
struct replay {
    struct uuid request_id;
    bool same;
    struct replayed_boundary *boundaries;
    unsigned boundaries_count;
};
/* RESULT_CORRUPT: the record fails its checksum. */
MUST_USE enum result service_replay_request(struct service *service,
                                            struct admin_call *call,
                                            const struct request_query *query,
                                            struct replay *ret_replay);

/* What would be answered now after these reports; decisions holds reports_count + 1, each with its
 * trace. Stops early at a terminal decision: *ret_count says how many there are. */
MUST_USE enum result service_explain(struct service *service,
                                     struct admin_call *call,
                                     const struct facts *facts,
                                     const struct report *reports,
                                     unsigned reports_count,
                                     uint32_t deadline_ms,
                                     struct decision **ret_decisions,
                                     unsigned *ret_count);

/* How the service fares; any thread. */
struct service_stats {
    uint64_t questions;
    uint64_t duplicates; /* answered again */
    uint64_t adopted;    /* taken up by a token after a crash */
    uint64_t superseded; /* reports on an admission that was decided anew */
    uint64_t refused;    /* admissions that failed closed */
    uint64_t unreported; /* given up because nobody reported */
    uint64_t open_requests;
    uint64_t commits;
};
void service_stats(const struct service *service, struct service_stats *ret_stats);

#endif
