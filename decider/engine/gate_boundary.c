/* Boundary: everything that says where data may go is approved for this request on this route;
 * asked again on every attempt. */
#include "engine/gate.h"

/* Classes whose payloads no provider may keep. */
#define SENSITIVE_CLASSES                                                                          \
    (SET_OF(DATA_CLASS_REGULATED) | SET_OF(DATA_CLASS_SECRET) | SET_OF(DATA_CLASS_PII))

static bool check_data_class(struct gate_input *input)
{
    uint64_t approved = input->route->data_classes;

    if (input->question->policy->data_classes)
        approved &= input->question->policy->data_classes;
    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "data_class",
                         .verdict = gate_verdict(!(input->data_classes & ~approved)),
                         .found = trace_of(TRACE_DATA_CLASSES, approved),
                         .needed = trace_of(TRACE_DATA_CLASSES, input->data_classes),
                         .owner = gate_route_text(input, input->route->account_owner),
                     });
}

static bool check_region(struct gate_input *input)
{
    const struct texts *allowed = &input->question->facts->allowed_regions;
    struct slice region = gate_route_text(input, input->route->region);
    bool passes = allowed->count == 0;

    for (unsigned i = 0; i < allowed->count; i++)
        passes |= slice_equal(allowed->items[i], region);
    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "region",
                         .verdict = allowed->count ? gate_verdict(passes) : VERDICT_NOT_REQUIRED,
                         .found = trace_text(region),
                         .needed = allowed->count ? trace_text(allowed->items[0]) : trace_word(""),
                     });
}

static bool check_retention(struct gate_input *input)
{
    bool asked = input->question->facts->zero_retention;
    bool keeps_nothing = input->route->zero_retention;

    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "retention",
                         .verdict = asked ? gate_verdict(keeps_nothing) : VERDICT_NOT_REQUIRED,
                         .found = trace_word(keeps_nothing ? "zero retention" : "retains"),
                         .needed = trace_word(asked ? "zero retention" : ""),
                     });
}

static bool check_logging(struct gate_input *input)
{
    bool sensitive = input->data_classes & SENSITIVE_CLASSES;
    bool logs = input->route->payload_logging;

    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "logging",
                         .verdict = sensitive ? gate_verdict(!logs) : VERDICT_NOT_REQUIRED,
                         .found = trace_word(logs ? "payloads logged" : "metadata only"),
                         .needed = trace_word(sensitive ? "metadata only" : ""),
                     });
}

static bool check_environment(struct gate_input *input)
{
    const struct policy *policy = input->question->policy;
    struct policy_ref list = input->route->environments;
    struct slice environment = policy_text(policy, policy->environment);
    bool passes = list.len == 0;

    for (unsigned i = 0; i < list.len; i++)
        passes |= slice_equal(policy_list_text(policy, list, i), environment);
    return gate_find(
        input, GATE_BOUNDARY,
        &(struct gate_finding){
            .check = "environment",
            .verdict = list.len ? gate_verdict(passes) : VERDICT_NOT_REQUIRED,
            .found = list.len ? trace_text(policy_list_text(policy, list, 0)) : trace_word("any"),
            .needed = trace_text(environment),
        });
}

/* State that one provider account holds, and a tool loop that began there, pin it. Who holds it is
 * what the gateway says, else the primary's account, where such requests go. */
static bool check_bound_state(struct gate_input *input)
{
    const struct facts *facts = input->question->facts;
    bool pinned = facts->bound_state || facts->tool_loop;
    struct slice provider = gate_route_text(input, input->route->provider);
    struct slice account = gate_route_text(input, input->route->account);
    struct slice home = facts->bound_provider.len
                            ? facts->bound_provider
                            : gate_route_text(input, input->primary->provider);
    struct slice home_account = facts->bound_account.len ? facts->bound_account
                                : facts->bound_provider.len
                                    ? account
                                    : gate_route_text(input, input->primary->account);
    bool stays = slice_equal(provider, home) && slice_equal(account, home_account);

    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "bound_state",
                         .verdict = pinned ? gate_verdict(stays) : VERDICT_NOT_REQUIRED,
                         .found = trace_text(account),
                         .needed = pinned ? trace_text(home_account) : trace_word(""),
                     });
}

/* A paid service tier is served by a route of the same tier. */
static bool check_service_tier(struct gate_input *input)
{
    struct slice asked = input->question->facts->service_tier;
    struct slice found = gate_route_text(input, input->route->service_tier);
    bool noticed =
        gate_is_fallback(input) && input->entry->notice.len && input->question->facts->shows_notice;

    return gate_find(input, GATE_BOUNDARY,
                     &(struct gate_finding){
                         .check = "service_tier",
                         .verdict = asked.len ? gate_verdict(slice_equal(asked, found) || noticed)
                                              : VERDICT_NOT_REQUIRED,
                         .found = found.len ? trace_text(found) : trace_word("standard"),
                         .needed = trace_text(asked),
                     });
}

bool gate_boundary_check(struct gate_input *input)
{
    bool passes = check_data_class(input);

    passes &= check_region(input);
    passes &= check_retention(input);
    passes &= check_logging(input);
    passes &= check_environment(input);
    passes &= check_bound_state(input);
    passes &= check_service_tier(input);
    return passes;
}
