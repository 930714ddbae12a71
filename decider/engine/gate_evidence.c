/* Evidence as gates ask for it. Whether a piece speaks of the route was judged when the policy was
 * compiled (its state); what is left is the clock and the request: the piece's scope takes it in or
 * misses it. A piece that misses says by how much, so that a refusal names the one that is nearest
 * to counting, which is the one to renew. */
#include "engine/gate.h"

/* Why a piece does not count, the nearest first; from STATE on by enum evidence_state. */
enum miss {
    MISS_NOTHING,
    MISS_ATTEMPTS, /* it counts, but for fewer attempts */
    MISS_CUSTOMER_TIER,
    MISS_DATA_CLASSES,
    MISS_TOOLS,
    MISS_PROMPT_VERSION,
    MISS_EXPIRED,
    MISS_STATE,
    MISS_ALL = MISS_STATE + EVIDENCE_STATE_END, /* there is no piece */
};

static const char *problem_of(unsigned miss)
{
    static const char *const problems[] = {
        [MISS_NOTHING] = "evidence",
        [MISS_ATTEMPTS] = "evidence",
        [MISS_CUSTOMER_TIER] = "other_customer_tier",
        [MISS_DATA_CLASSES] = "other_data_classes",
        [MISS_TOOLS] = "other_tools",
        [MISS_PROMPT_VERSION] = "other_prompt_version",
        [MISS_EXPIRED] = "expired",
    };

    if (miss >= MISS_ALL)
        return "none";
    return miss < MISS_STATE
               ? problems[miss]
               : signalbox_evidence_state_name((enum evidence_state)(miss - MISS_STATE));
}

/* A text that the piece is bound to is the request's. */
static bool
is_bound_to(const struct gate_input *input, struct policy_ref bound, struct slice requests)
{
    return !bound.len || slice_equal(gate_route_text(input, bound), requests);
}

static unsigned miss_of(const struct gate_input *input, const struct policy_evidence *piece)
{
    const struct engine_input *question = input->question;
    const struct facts *facts = question->facts;

    if (piece->state != EVIDENCE_STATE_HELD)
        return MISS_STATE + piece->state;
    if (question->now_ms >= piece->expires_unix_ms)
        return MISS_EXPIRED;
    if (!is_bound_to(input, piece->prompt_version, facts->prompt_version))
        return MISS_PROMPT_VERSION;
    if (!is_bound_to(input, piece->tool_digest, facts->tool_digest))
        return MISS_TOOLS;
    if (piece->data_classes && input->data_classes & ~piece->data_classes)
        return MISS_DATA_CLASSES;
    if (piece->customer_tiers.len &&
        !policy_list_has(question->policy, piece->customer_tiers, facts->customer_tier))
        return MISS_CUSTOMER_TIER;
    return piece->attempts_max && input->attempts >= piece->attempts_max ? MISS_ATTEMPTS
                                                                         : MISS_NOTHING;
}

static bool counts(const struct gate_input *input, const struct policy_evidence *piece)
{
    return miss_of(input, piece) <= MISS_ATTEMPTS;
}

static const struct policy_evidence *pieces_of(const struct gate_input *input, unsigned kind)
{
    return policy_at(input->question->policy, input->route->evidence[kind].offset);
}

/* The piece that misses least, of that role where one is given; NULL: none. */
static const struct policy_evidence *nearest_of(const struct gate_input *input,
                                                enum evidence_kind kind,
                                                enum sign_off role,
                                                unsigned *ret_miss)
{
    const struct policy_evidence *pieces = pieces_of(input, kind), *nearest = NULL;
    unsigned least = MISS_ALL;

    for (uint32_t i = 0; i < input->route->evidence[kind].len && least > MISS_NOTHING; i++) {
        unsigned miss;

        if (role && pieces[i].sign_off != (uint32_t)role)
            continue;
        miss = miss_of(input, &pieces[i]);
        if (miss < least) {
            least = miss;
            nearest = &pieces[i];
        }
    }
    *ret_miss = least;
    return nearest;
}

const struct policy_evidence *gate_evidence_find(const struct gate_input *input,
                                                 enum evidence_kind kind,
                                                 const char **ret_problem,
                                                 const struct policy_evidence **ret_nearest)
{
    unsigned miss;
    const struct policy_evidence *nearest = nearest_of(input, kind, SIGN_OFF_UNSPECIFIED, &miss);

    *ret_problem = problem_of(miss);
    if (ret_nearest)
        *ret_nearest = nearest;
    return miss <= MISS_ATTEMPTS ? nearest : NULL;
}

const struct policy_evidence *gate_sign_off_find(const struct gate_input *input,
                                                 enum sign_off role,
                                                 const char **ret_problem,
                                                 const struct policy_evidence **ret_nearest)
{
    unsigned miss;

    *ret_nearest = nearest_of(input, EVIDENCE_KIND_SIGN_OFF, role, &miss);
    *ret_problem = problem_of(miss);
    return miss <= MISS_ATTEMPTS ? *ret_nearest : NULL;
}

const struct policy_evidence *
gate_coverage_find(const struct gate_input *input, uint64_t kinds, enum coverage coverage)
{
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        const struct policy_evidence *pieces;

        if (!set_has(kinds, kind))
            continue;
        pieces = pieces_of(input, kind);
        for (uint32_t i = 0; i < input->route->evidence[kind].len; i++)
            if (set_has(pieces[i].covers, coverage) && miss_of(input, &pieces[i]) == MISS_NOTHING)
                return &pieces[i];
    }
    return NULL;
}

uint64_t gate_sensitivity_covered(const struct gate_input *input,
                                  const struct policy_evidence **ret_piece)
{
    const struct policy_evidence *pieces = pieces_of(input, EVIDENCE_KIND_EVAL);
    uint64_t covered = 0;

    *ret_piece = NULL;
    for (uint32_t i = 0; i < input->route->evidence[EVIDENCE_KIND_EVAL].len; i++) {
        if (!(pieces[i].sensitivity & input->sensitivity) ||
            miss_of(input, &pieces[i]) != MISS_NOTHING)
            continue;
        covered |= pieces[i].sensitivity;
        if (!*ret_piece)
            *ret_piece = &pieces[i];
    }
    return covered;
}

/* The most attempts that a piece of the kind (and role) approves; UINT32_MAX: as many as one
 * likes, or no piece counts and the gate blocks by itself. */
static uint32_t approved_attempts(const struct gate_input *input, unsigned kind, enum sign_off role)
{
    const struct policy_evidence *pieces = pieces_of(input, kind);
    uint32_t most = 0;

    for (uint32_t i = 0; i < input->route->evidence[kind].len; i++) {
        if ((role && pieces[i].sign_off != (uint32_t)role) || !counts(input, &pieces[i]))
            continue;
        if (!pieces[i].attempts_max)
            return UINT32_MAX;
        if (pieces[i].attempts_max > most)
            most = pieces[i].attempts_max;
    }
    return most ? most : UINT32_MAX;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t gate_attempts_max(const struct gate_input *input)
{
    uint32_t own = input->entry->limits.attempts_max;
    uint32_t max = own ? own : UINT32_MAX;

    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        if (set_has(input->demands, kind) && kind != EVIDENCE_KIND_SIGN_OFF)
            max = smaller(max, approved_attempts(input, kind, SIGN_OFF_UNSPECIFIED));
    for (unsigned role = 1; role < SIGN_OFF_END; role++)
        if (set_has(input->sign_offs, role))
            max =
                smaller(max, approved_attempts(input, EVIDENCE_KIND_SIGN_OFF, (enum sign_off)role));
    return max == UINT32_MAX ? 0 : max;
}

bool gate_evidence(struct gate_input *input,
                   enum check check,
                   enum evidence_kind kind,
                   bool required)
{
    const struct policy_evidence *nearest, *piece;
    const char *problem;

    piece = gate_evidence_find(input, kind, &problem, &nearest);
    return gate_find(input, &(struct gate_finding){
                                .check = check,
                                .verdict = gate_verdict_if(required, piece != NULL),
                                .found = trace_word(problem),
                                .needed = trace_word(required ? "unexpired evidence" : ""),
                                .evidence_id = gate_piece_id(input, nearest),
                                .owner = gate_piece_owner(input, nearest),
                            });
}
