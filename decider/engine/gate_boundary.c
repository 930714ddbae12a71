/* Boundary: everything that says where data may go is approved for this request on this route;
 * asked again on every attempt. Here what becomes of the data, what of it only one account knows,
 * and who approved the crossing; gate_boundary_place.c asks where it goes and in whose name. */
#include "engine/gate.h"

/* Classes whose payloads no provider may keep. */
#define SENSITIVE_CLASSES                                                                          \
    (SET_OF(DATA_CLASS_REGULATED) | SET_OF(DATA_CLASS_SECRET) | SET_OF(DATA_CLASS_PII))

static bool check_data_class(struct gate_input *input)
{
    uint64_t approved = input->route->data_classes;

    if (input->question->policy->data_classes)
        approved &= input->question->policy->data_classes;
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_DATA_CLASS,
                                .verdict = gate_verdict(!(input->data_classes & ~approved)),
                                .found = trace_of(TRACE_DATA_CLASSES, approved),
                                .needed = trace_of(TRACE_DATA_CLASSES, input->data_classes),
                                .owner = gate_route_text(input, input->route->account_owner),
                            });
}

/* A property that the route must have where it is asked for. */
struct property {
    enum check check;
    bool asked, has;
    const char *with, *without;
};

static bool check_property(struct gate_input *input, const struct property *property)
{
    return gate_find(input,
                     &(struct gate_finding){
                         .check = property->check,
                         .verdict = gate_verdict_if(property->asked, property->has),
                         .found = trace_word(property->has ? property->with : property->without),
                         .needed = trace_word(property->asked ? property->with : ""),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}

static bool check_environment(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    struct policy_ref list = input->route->environments;
    struct slice environment = policy_text(policy, policy->environment);

    return gate_find(
        input,
        &(struct gate_finding){
            .check = CHECK_ENVIRONMENT,
            .verdict = gate_verdict_if(list.len, policy_list_has(policy, list, environment)),
            .found = list.len ? trace_text(policy_list_text(policy, list, 0)) : trace_word("any"),
            .needed = trace_text(environment),
            .owner = gate_route_text(input, input->route->account_owner),
        });
}

/* The account that holds the request's state: what the gateway says, else the primary's, where such
 * requests go. Empty: at another provider, and nobody said in which account. */
static struct slice home_account(const struct gate_input *input, struct slice home)
{
    const struct facts *facts = input->question->facts;

    if (facts->bound_account.len)
        return facts->bound_account;
    if (slice_equal(home, gate_route_text(input, input->primary->provider)))
        return gate_route_text(input, input->primary->account);
    return (struct slice){NULL, 0};
}

/* What of the state the evidence covers. A tool loop is covered by a tool contract only. */
static const struct policy_evidence *coverage_of_state(const struct gate_input *input)
{
    const struct facts *facts = input->question->facts;
    const uint64_t contract = SET_OF(EVIDENCE_KIND_TOOL_CONTRACT);
    const struct policy_evidence *piece = NULL;

    if (facts->bound_state) {
        piece = gate_coverage_find(input, SET_OF(EVIDENCE_KIND_PARITY) | contract,
                                   COVERAGE_BOUND_STATE);
        if (!piece)
            return NULL;
    }
    return facts->tool_loop ? gate_coverage_find(input, contract, COVERAGE_TOOL_LOOP) : piece;
}

/* State that one provider account holds, and a tool loop that began there, pin the request to it
 * unless evidence covers the change. */
static bool check_bound_state(struct gate_input *input)
{
    const struct facts *facts = input->question->facts;
    bool pinned = facts->bound_state || facts->tool_loop;
    struct slice account = gate_route_text(input, input->route->account);
    struct slice home = facts->bound_provider.len
                            ? facts->bound_provider
                            : gate_route_text(input, input->primary->provider);
    struct slice held_by = home_account(input, home);
    bool stays = slice_equal(gate_route_text(input, input->route->provider), home) &&
                 slice_equal(account, held_by);
    const struct policy_evidence *piece = pinned && !stays ? coverage_of_state(input) : NULL;

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_BOUND_STATE,
                                .verdict = gate_verdict_if(pinned, stays || piece),
                                .found = trace_text(account),
                                .needed = !pinned       ? trace_word("")
                                          : held_by.len ? trace_text(held_by)
                                                        : trace_word("the account that holds it"),
                                .evidence_id = gate_piece_id(input, piece),
                                .owner = gate_piece_owner(input, piece),
                            });
}

bool gate_boundary_check(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    const struct policy_route *route = input->route;
    const struct property properties[] = {
        {CHECK_RETENTION, input->question->facts->zero_retention || policy->zero_retention,
         route->zero_retention, "zero retention", "retains"},
        {CHECK_LOGGING, input->data_classes & SENSITIVE_CLASSES, !route->payload_logging,
         "metadata only", "payloads logged"},
        {CHECK_MODERATION, policy->moderation || input->primary->moderation, route->moderation,
         "moderates", "does not moderate"},
    };
    bool passes = check_data_class(input);

    passes &= gate_boundary_place_check(input);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        passes &= check_property(input, &properties[i]);
    passes &= check_environment(input);
    passes &= check_bound_state(input);
    passes &= gate_evidence(input, CHECK_BOUNDARY_APPROVAL, EVIDENCE_KIND_BOUNDARY_APPROVAL,
                            set_has(input->demands, EVIDENCE_KIND_BOUNDARY_APPROVAL));
    return passes;
}
