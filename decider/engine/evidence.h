/* Evidence: dated, owned documents that let gates pass; and how pieces are matched to the routes of
 * a policy.
 *
 *   evidence_parse    text -> list of struct evidence: shapes, types, names, what its kind needs
 *   evidence_bind     against the catalog of the day it is put: which model or route it speaks of,
 *                     and the values of the fields that its kind is bound to (binding.def)
 *   evidence_dump     one piece -> canonical JSON; parse of a dump is the same piece
 *   evidence_judge    one stored piece for one catalog route of a policy: does it speak of it, and
 *                     where does it stand (evidence_state.def)
 *
 * A piece is for one workload and environment. It is stored with its bindings and never changed;
 * taking it back is a row of its own. policy_compile puts what was judged into the block
 * (struct policy_evidence); gates ask there, and ask the clock about expiry. Pure. */
#ifndef ENGINE_EVIDENCE_H
#define ENGINE_EVIDENCE_H

#include "base/buf.h"
#include "engine/catalog.h"
#include "engine/policy.h"

/* Pieces in one document. */
#define EVIDENCE_ITEMS_MAX 1000

struct evidence {
    struct slice pointer; /* where in the document */
    enum evidence_kind kind;
    struct slice workload, environment;
    /* What it speaks of: a route by id, or a model, narrowed where the catalog has several. */
    struct slice route, model, provider, account, region;
    enum family family;
    struct slice primary;     /* of parity: the route that it was compared with, by id */
    struct slice owner;       /* whom to ask */
    struct slice reviewed_by; /* empty: nobody reviewed it */
    struct slice notes;       /* of the reviewer */
    bool passed;              /* eval, tool contract, parity; true for the others */
    int64_t dated_unix_ms;    /* when the check was made; 0: the day it was put */
    int64_t expires_unix_ms;
    /* Approved scope; empty: any. */
    struct texts customer_tiers, models;
    struct slice prompt_version;
    struct slice tool_digest; /* 64 hex digits */
    uint64_t sensitivity, data_classes, covers;
    uint32_t attempts_max;
    enum sign_off sign_off;
    /* What the kind keeps for its readers: eval set, pass rate, accepted regression, failure
     * examples; checks of a tool contract or of parity; pricing snapshot and usage estimate. */
    struct evidence_facts {
        struct slice eval_set;
        uint32_t pass_rate_bp, baseline_rate_bp, regression_budget_bp; /* 1/100 of a percent */
        uint64_t samples;
        struct texts failure_examples; /* what went wrong, or links to it; never payloads */
        uint32_t latency_p95_ms;
        uint64_t request_nusd;
        uint64_t monthly_nusd;
        uint64_t monthly_requests;
        int64_t pricing_snapshot_unix_ms; /* the day whose prices were approved */
        struct slice reference;           /* where the whole of it is */
        uint64_t checks; /* set of enum contract_check or parity_check that passed */
    } facts;
};

struct evidence_list {
    struct evidence *items;
    unsigned count;
};

/* One field that a piece is bound to, with its value on the day it was put. */
struct evidence_bound {
    enum binding field;
    struct slice value;
    bool of_primary; /* the field is that of the primary, which the piece compares with */
};

/* Room for the name of any. */
#define EVIDENCE_BOUND_NAME_BYTES_MAX 64

struct evidence_bindings {
    struct slice subject; /* the model's id or the route's */
    struct evidence_bound *items;
    unsigned count;
};

/* A document is one piece, or {"evidence": [pieces]}. RESULT_OK; RESULT_INVALID with findings;
 * RESULT_NO_MEMORY. Everything lives in the arena. */
MUST_USE enum result evidence_parse(struct slice text,
                                    struct arena *arena,
                                    struct diagnostics *diagnostics,
                                    struct evidence_list *ret_list);
/* RESULT_INVALID with findings: the catalog has no such model or route, or several that differ in
 * what the kind is bound to, or prices younger than the approved ones, or it is compared with
 * itself. The bindings live in the arena of diagnostics. */
MUST_USE enum result evidence_bind(const struct evidence *evidence,
                                   const struct catalog *catalog,
                                   struct diagnostics *diagnostics,
                                   struct evidence_bindings *ret_bindings);
MUST_USE enum result evidence_dump(const struct evidence *evidence, struct buf *buf);
/* As evidence_parse, of one piece that was stored: one of parity may be so old that it does not
 * name its primary. It is voided wherever it is judged. */
MUST_USE enum result evidence_parse_stored(struct slice text,
                                           struct arena *arena,
                                           struct diagnostics *diagnostics,
                                           struct evidence_list *ret_list);

/* A stored piece as policy_compile takes it. */
struct evidence_piece {
    struct slice id;
    const struct evidence *evidence;
    struct evidence_bindings bindings;
    struct slice put_by;      /* key id */
    struct slice put_by_user; /* the key's user, or empty */
    int64_t put_unix_ms;
    struct slice revoked_by; /* empty: it stands */
};

/* Who published the policy version: who puts a piece, and who reviewed it, is somebody else. */
struct evidence_author {
    struct slice key_id;
    struct slice user; /* or empty */
};

/* What a piece is judged for. */
struct evidence_use {
    const struct catalog_route *route;
    const struct catalog_route *primaries[ENTRY_ROUTES_MAX]; /* of the policy's primary entry */
    unsigned primaries_count;
    const struct evidence_author *author;
};

/* False: it does not speak of this route. Of several things that are wrong the first one counts:
 * REVOKED, OTHER_MODEL, OTHER_PRIMARY, VOIDED, FAILED, NOT_REVIEWED, APPROVER_IS_AUTHOR. So a piece
 * that FAILED is about what is served now. *ret_detail (in the arena or lent) says what is wrong
 * with a state other than HELD. A value that there was no memory to compare has changed, and
 * arena->failed is set. */
bool evidence_judge(const struct evidence_piece *piece,
                    const struct evidence_use *use,
                    struct arena *arena,
                    enum evidence_state *ret_state,
                    struct slice *ret_detail);

/* The current value of a binding, canonical; in the arena. Empty: the catalog does not say, or
 * there was no memory (arena->failed). */
struct slice
evidence_binding_value(enum binding field, const struct catalog_route *route, struct arena *arena);
/* The name that a bound field is stored and told by, such as "endpoint" or "primary.endpoint"; in
 * ret_memory. */
struct slice evidence_bound_name(const struct evidence_bound *bound,
                                 char ret_memory[EVIDENCE_BOUND_NAME_BYTES_MAX]);
/* False: no such field; the value is left as it is. */
bool evidence_bound_parse(struct slice name, struct evidence_bound *ret_bound);
/* The set of enum binding that a kind is bound to, its gate, and whether it speaks of one route. */
uint64_t evidence_kind_bindings(enum evidence_kind kind);
/* Whether it compares with a primary, in which case it is bound to the same fields of that. */
bool evidence_kind_compares(enum evidence_kind kind);
enum gate evidence_kind_gate(enum evidence_kind kind);
bool evidence_kind_of_route(enum evidence_kind kind);

#endif
