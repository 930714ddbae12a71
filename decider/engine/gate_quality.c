/* Quality: is the model good enough for this workload, who showed it, and do those whom it serves
 * know. */
#include "engine/gate.h"

static enum quality_class floor_of(enum traffic_class traffic_class)
{
    static const enum quality_class floors[TRAFFIC_CLASS_END] = {
#define T(NAME, number, name, sentence, floor) [number] = floor,
#include "signalbox/taxonomy/traffic_class.def"
#undef T
    };

    return floors[traffic_class];
}

static bool check_floor(struct gate_input *input)
{
    const struct engine_input *question = input->question;
    enum quality_class floor = floor_of(engine_traffic_class(question->policy, question->facts));
    uint32_t found = input->route->quality_class;

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_QUALITY_CLASS,
                                .verdict = gate_verdict(found >= (uint32_t)floor),
                                .found = trace_of(TRACE_QUALITY_CLASS, found),
                                .needed = trace_of(TRACE_QUALITY_CLASS, floor),
                            });
}

/* Roles held and needed as sets; where none is held, why the first that is needed is not. The piece
 * named is the one to get or renew, else the first. */
static bool check_sign_offs(struct gate_input *input)
{
    const struct policy_evidence *named = NULL, *nearest;
    const char *problem, *first_problem = NULL;
    uint64_t held = 0;
    bool missing = false;

    for (unsigned role = SIGN_OFF_UNSPECIFIED + 1; role < SIGN_OFF_END; role++) {
        bool found = gate_sign_off_find(input, (enum sign_off)role, &problem, &nearest) != NULL;

        held |= found ? SET_OF(role) : 0;
        if (!set_has(input->sign_offs, role) || missing)
            continue;
        missing = !found;
        if (missing || !named)
            named = nearest;
        if (missing)
            first_problem = problem;
    }
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_SIGN_OFF,
                                .verdict = gate_verdict_if(input->sign_offs, !missing),
                                .found = held || !first_problem ? trace_of(TRACE_SIGN_OFFS, held)
                                                                : trace_word(first_problem),
                                .needed = trace_of(TRACE_SIGN_OFFS, input->sign_offs),
                                .evidence_id = gate_piece_id(input, named),
                                .owner = gate_piece_owner(input, named),
                            });
}

static bool check_sensitivity(struct gate_input *input)
{
    bool downgrade = input->route->quality_class < input->primary->quality_class;
    bool required = downgrade && input->sensitivity;
    const struct policy_evidence *eval = NULL;
    uint64_t covered = required ? gate_sensitivity_covered(input, &eval) : 0;

    return gate_find(input,
                     &(struct gate_finding){
                         .check = CHECK_SENSITIVITY,
                         .verdict = gate_verdict_if(required, !(input->sensitivity & ~covered)),
                         .found = trace_of(TRACE_SENSITIVITY, covered),
                         .needed = trace_of(TRACE_SENSITIVITY, required ? input->sensitivity : 0),
                         .evidence_id = gate_piece_id(input, eval),
                         .owner = gate_piece_owner(input, eval),
                     });
}

static bool check_customer_tier(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    struct policy_ref tiers = input->entry->customer_tiers;
    struct slice asked = input->question->facts->customer_tier;

    return gate_find(
        input,
        &(struct gate_finding){
            .check = CHECK_CUSTOMER_TIER,
            .verdict = gate_verdict_if(tiers.len, policy_list_has(policy, tiers, asked)),
            .found = asked.len ? trace_text(asked) : trace_word("none"),
            .needed = tiers.len ? trace_text(policy_list_text(policy, tiers, 0)) : trace_word(""),
        });
}

static bool check_user_notice(struct gate_input *input)
{
    bool required = input->entry->requires_user_notice;
    bool shows = input->question->facts->shows_notice;
    bool written = input->entry->notice.len;

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_USER_NOTICE,
                                .verdict = gate_verdict_if(required, shows && written),
                                .found = trace_word(!written ? "no notice"
                                                    : shows  ? "shown"
                                                             : "not shown"),
                                .needed = trace_word(required ? "shown" : ""),
                            });
}

bool gate_quality_entry_check(struct gate_input *input)
{
    bool passes = check_customer_tier(input);

    passes &= check_user_notice(input);
    return passes;
}

bool gate_quality_check(struct gate_input *input)
{
    bool passes = check_floor(input);

    passes &= gate_evidence(input, CHECK_PARITY, EVIDENCE_KIND_PARITY,
                            set_has(input->demands, EVIDENCE_KIND_PARITY));
    passes &= gate_evidence(input, CHECK_EVAL, EVIDENCE_KIND_EVAL,
                            set_has(input->demands, EVIDENCE_KIND_EVAL));
    passes &= check_sign_offs(input);
    passes &= check_sensitivity(input);
    passes &= gate_quality_entry_check(input);
    return passes;
}
