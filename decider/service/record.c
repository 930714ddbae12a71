/* Attempt k was started by the answer to boundary k - 1 and ended by the report of boundary k; the
 * record joins the two. What was selected is what the last attempt went to. */
#include "service/record.h"

#include "base/uuid.h"
#include "engine/attempt.h"
#include "engine/money.h"
#include "service/switches.h"

/* FNV-1a, over eight bytes at a time. */
#define DIGEST_BASIS UINT64_C(0xcbf29ce484222325)
#define DIGEST_PRIME UINT64_C(0x100000001b3)

static bool reported_by_another_model(const struct policy *policy,
                                      const struct policy_route *route,
                                      struct slice reported)
{
    if (!reported.len)
        return false;
    for (unsigned i = 0; i < route->reported_models.len; i++)
        if (slice_equal(policy_list_text(policy, route->reported_models, i), reported))
            return false;
    return true;
}

static void
put_report(const struct record_input *input, unsigned number, struct record_attempt *attempt)
{
    const struct history_boundary *boundary = &input->history->boundaries[number];
    const struct outcome *outcome = &input->outcomes[number];
    const struct report *report = &boundary->report;

    attempt->reported_model = report->reported_model;
    attempt->provider_request_id = report->provider_request_id;
    attempt->http_status = report->http_status;
    attempt->transport = report->transport;
    attempt->failure = boundary->failure;
    attempt->rule = boundary->rule;
    attempt->provider_code = report->error_code.len ? report->error_code : report->error_type;
    if (report->started_unix_ms)
        attempt->started_unix_ms = (int64_t)report->started_unix_ms;
    attempt->latency_ms = report->elapsed_ms;
    attempt->output_seen = report->output_seen;
    attempt->first_output_ms = report->first_output_ms;
    attempt->finish = report->finish;
    attempt->blocking_gate = outcome->blocking_gate;
    attempt->blocking_check = outcome->blocking_check;
    attempt->usage = report->usage;
    attempt->cost_nusd = outcome->charged_nusd;
    attempt->cost_estimated = outcome->charge_estimated;
}

static void
put_attempt(const struct record_input *input, unsigned number, struct record_attempt *attempt)
{
    const struct policy *policy = input->policy;
    const struct outcome *start = &input->outcomes[number - 1];
    const struct policy_route *route = rebuild_route(policy, start->route);

    if (route) {
        attempt->route = policy_text(policy, route->id);
        attempt->provider = policy_text(policy, route->provider);
        attempt->account = policy_text(policy, route->account);
        attempt->region = policy_text(policy, route->region);
        attempt->model = policy_text(policy, route->model);
    }
    attempt->tier = start->tier;
    attempt->action = start->action;
    attempt->reason = start->reason;
    attempt->delay_ms = start->delay_ms;
    attempt->started_unix_ms = input->history->boundaries[number - 1].now_ms + start->delay_ms;
    if (number >= input->boundaries)
        return;
    put_report(input, number, attempt);
    attempt->model_mismatch =
        route && reported_by_another_model(policy, route, attempt->reported_model);
}

static enum result
put_attempts(const struct record_input *input, struct arena *arena, struct record *record)
{
    struct record_attempt *attempts;
    unsigned count = 0;

    while (count < input->boundaries && count < ATTEMPTS_MAX && input->outcomes[count].has_route)
        count++;
    if (count == 0)
        return RESULT_OK;
    attempts = arena_calloc(arena, count, sizeof *attempts);
    if (!attempts)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < count; i++)
        put_attempt(input, i + 1, &attempts[i]);
    record->attempts = attempts;
    record->attempts_count = count;
    for (unsigned i = 0; i < count; i++) {
        record->cost_nusd += attempts[i].cost_nusd;
        for (unsigned unit = 0; unit < UNIT_END; unit++)
            record->usage.amounts[unit] += attempts[i].usage.amounts[unit];
    }
    return RESULT_OK;
}

static enum result
put_tool_calls(const struct record_input *input, struct arena *arena, struct record *record)
{
    struct tool_call *items;
    unsigned count = 0;

    for (unsigned i = 1; i < input->boundaries; i++)
        count += input->history->boundaries[i].report.tool_calls.count;
    if (count == 0)
        return RESULT_OK;
    items = arena_calloc(arena, count, sizeof *items);
    if (!items)
        return RESULT_NO_MEMORY;
    record->tool_calls = (struct tool_calls){items, count};
    for (unsigned i = 1; i < input->boundaries; i++) {
        const struct report *report = &input->history->boundaries[i].report;
        enum side_effect effect = attempt_side_effect(&input->history->facts, report);

        if (effect > record->side_effect)
            record->side_effect = effect;
        for (unsigned j = 0; j < report->tool_calls.count; j++)
            *items++ = report->tool_calls.items[j];
    }
    return RESULT_OK;
}

struct change_list {
    struct record_change *items;
    unsigned count;
};

static void
compare(struct change_list *changes, const char *field, struct slice primary, struct slice selected)
{
    if (!slice_equal(primary, selected))
        changes->items[changes->count++] =
            (struct record_change){slice_of(field), primary, selected};
}

static struct slice yes_or_no(unsigned truth)
{
    return truth ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
}

static void compare_number(struct change_list *changes,
                           struct arena *arena,
                           const char *field,
                           uint64_t primary,
                           uint64_t selected)
{
    if (primary != selected)
        compare(changes, field, arena_format(arena, "%llu", (unsigned long long)primary),
                arena_format(arena, "%llu", (unsigned long long)selected));
}

#define CHANGES_MAX 24

struct record_change *record_changes(const struct policy *policy,
                                     const struct policy_route *primary,
                                     const struct policy_route *selected,
                                     struct arena *arena,
                                     unsigned *ret_count)
{
    struct change_list changes = {arena_calloc(arena, CHANGES_MAX, sizeof *changes.items), 0};
#define COMPARE(field, member)                                                                     \
    compare(&changes, field, policy_text(policy, primary->member),                                 \
            policy_text(policy, selected->member))

    *ret_count = 0;
    if (!changes.items)
        return NULL;
    COMPARE("route", id);
    COMPARE("provider", provider);
    COMPARE("account", account);
    COMPARE("region", region);
    COMPARE("model", model);
    COMPARE("model_family", model_family);
    COMPARE("model_version", model_version);
    compare(&changes, "quality_class",
            slice_of(signalbox_quality_class_name((enum quality_class)primary->quality_class)),
            slice_of(signalbox_quality_class_name((enum quality_class)selected->quality_class)));
    COMPARE("service_tier", service_tier);
    COMPARE("overrides", overrides);
    COMPARE("base_url", base_url);
    COMPARE("account_owner", account_owner);
    COMPARE("spend_owner", spend_owner);
    COMPARE("quota_owner", quota_owner);
    compare(&changes, "zero_retention", yes_or_no(primary->zero_retention),
            yes_or_no(selected->zero_retention));
    compare(&changes, "payload_logging", yes_or_no(primary->payload_logging),
            yes_or_no(selected->payload_logging));
    compare(&changes, "moderation", yes_or_no(primary->moderation),
            yes_or_no(selected->moderation));
    compare(&changes, "serial_tool_calls", yes_or_no(primary->serial_tool_calls),
            yes_or_no(selected->serial_tool_calls));
    compare_number(&changes, arena, "context_tokens_max", primary->context_tokens_max,
                   selected->context_tokens_max);
    compare_number(&changes, arena, "output_tokens_max", primary->output_tokens_max,
                   selected->output_tokens_max);
#undef COMPARE
    *ret_count = changes.count;
    return arena->failed ? NULL : changes.items;
}

/* For the usage of the last attempt. */
static int64_t cost_delta(const struct policy *policy,
                          const struct policy_route *primary,
                          const struct policy_route *selected,
                          struct usage usage)
{
    uint64_t reported = 0, selected_nusd, primary_nusd;
    int64_t delta;

    for (unsigned unit = 0; unit < UNIT_END; unit++)
        reported |= usage.amounts[unit];
    if (!reported)
        return 0;
    usage.amounts[UNIT_REQUEST] = 1;
    selected_nusd = money_cost_nusd(policy, selected, &usage);
    primary_nusd = money_cost_nusd(policy, primary, &usage);
    if (__builtin_sub_overflow(selected_nusd, primary_nusd, &delta))
        return selected_nusd > primary_nusd ? INT64_MAX : INT64_MIN;
    return delta;
}

/* The entry that answered, or was to: 0 is the primary. */
static unsigned entry_used(const struct record_input *input, unsigned attempts)
{
    const struct outcome *last = &input->outcomes[input->boundaries - 1];

    if (last->tier == TIER_QUEUE || last->tier == TIER_DEFAULT_RESPONSE)
        return last->entry;
    return attempts ? input->outcomes[attempts - 1].entry : 0;
}

/* What an operator types to undo the switch: the fallback goes off; or, where the primary itself
 * answered, the version before serves again. */
static struct slice
rollback_command(const struct record_input *input, unsigned attempts, struct arena *arena)
{
    const struct policy *policy = input->policy;
    struct slice id = policy_text(policy, policy->id), name;
    char memory[POLICY_ENTRY_NAME_BYTES_MAX], request[UUID_TEXT_BYTES + 1];
    unsigned entry = entry_used(input, attempts);

    if (entry && entry < policy->entries.len) {
        name = policy_entry_name(policy, entry, memory);
        uuid_format(input->history->request_id, request);
        return arena_format(arena, "signalboxctl switch off entry %.*s %.*s --reason 'request %s'",
                            (int)id.len, id.ptr, (int)name.len, name.ptr, request);
    }
    if (policy->version > 1)
        return arena_format(arena, "signalboxctl policy rollback %.*s", (int)id.len, id.ptr);
    return SLICE_LITERAL("");
}

/* Equivalent routes of the primary are the primary's own places. */
static bool crosses_boundary(const struct policy *policy,
                             const struct policy_route *primary,
                             const struct policy_route *selected)
{
#define DIFFERS(member)                                                                            \
    !slice_equal(policy_text(policy, primary->member), policy_text(policy, selected->member))

    return selected->entry != 0 && (DIFFERS(provider) || DIFFERS(account) || DIFFERS(region));
#undef DIFFERS
}

static void put_selected(const struct record_attempt *last, struct record *record)
{
    record->selected_route = last->route;
    record->selected_provider = last->provider;
    record->selected_account = last->account;
    record->selected_region = last->region;
    record->selected_model = last->model;
    record->reported_model = last->reported_model;
    record->model_mismatch = last->model_mismatch;
    record->tier = last->tier;
}

static enum result
put_routes(const struct record_input *input, struct arena *arena, struct record *record)
{
    const struct policy *policy = input->policy;
    const struct record_attempt *last;
    const struct policy_route *primary, *selected;

    if (!policy)
        return RESULT_OK;
    primary = rebuild_route(policy, 0);
    if (primary) {
        record->primary_provider = policy_text(policy, primary->provider);
        record->primary_model = policy_text(policy, primary->model);
    }
    record->rollback_command = rollback_command(input, record->attempts_count, arena);
    if (record->attempts_count == 0)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
    last = &record->attempts[record->attempts_count - 1];
    put_selected(last, record);
    selected = rebuild_route(policy, input->outcomes[record->attempts_count - 1].route);
    if (!primary || !selected)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
    record->spend_owner = policy_text(policy, selected->spend_owner);
    record->quota_owner = policy_text(policy, selected->quota_owner);
    record->boundary_crossed = crosses_boundary(policy, primary, selected);
    record->cost_delta_nusd = cost_delta(policy, primary, selected, last->usage);
    record->changes = record_changes(policy, primary, selected, arena, &record->changes_count);
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

/* Before the first answer that left the primary, and after it. */
static void put_latency(const struct record_input *input, struct record *record)
{
    const struct history_boundary *boundaries = input->history->boundaries;
    int64_t until_ms =
        record->ended_unix_ms ? record->ended_unix_ms : boundaries[input->boundaries - 1].now_ms;
    int64_t parted_ms = until_ms;

    for (unsigned i = 0; i < input->boundaries; i++)
        if (input->outcomes[i].action == ACTION_FALLBACK) {
            parted_ms = boundaries[i].now_ms;
            break;
        }
    if (parted_ms > record->started_unix_ms)
        record->latency_before_fallback_ms = (uint64_t)(parted_ms - record->started_unix_ms);
    if (until_ms > parted_ms)
        record->latency_after_fallback_ms = (uint64_t)(until_ms - parted_ms);
}

static void put_output(const struct record_input *input, struct record *record)
{
    const struct report *report = NULL;

    for (unsigned i = 1; i < input->boundaries; i++) {
        report = &input->history->boundaries[i].report;
        if (report->output_visible && !record->first_output_unix_ms)
            record->first_output_unix_ms =
                record->attempts[i - 1].started_unix_ms + (int64_t)report->first_output_ms;
    }
    if (!report)
        return;
    record->schema_validation = report->schema_validation;
    record->partial_output = report->output_visible &&
                             input->outcomes[input->boundaries - 1].failure != FAILURE_NONE &&
                             !input->history->boundaries[input->boundaries - 1].refusal;
}

static void put_end(const struct record_input *input, struct record *record)
{
    const struct history *history = input->history;
    const struct outcome *last = &input->outcomes[input->boundaries - 1];

    record->disposition = last->disposition;
    if (last->disposition) {
        record->ended_unix_ms = history->boundaries[input->boundaries - 1].now_ms;
        record->stop_reason = last->reason;
        record->failure = last->failure;
        record->tier = last->tier ? last->tier : record->tier;
    } else if (history->unreported_ms && input->boundaries == history->boundaries_count) {
        record->disposition = DISPOSITION_UNREPORTED;
        record->ended_unix_ms = history->unreported_ms;
    }
    record->degraded = last->notice || record->tier == TIER_SAME_FAMILY ||
                       record->tier == TIER_DIFFERENT_FAMILY ||
                       record->tier == TIER_DEFAULT_RESPONSE;
}

enum result
record_make(const struct record_input *input, struct arena *arena, struct record *ret_record)
{
    const struct history *history = input->history;
    struct record record = {
        .request_id = history->request_id,
        .policy_id = history->policy_id,
        .policy_version = history->policy_version,
        .catalog_version = history->catalog_version,
        .facts = history->facts,
        .key_id = history->key_id,
        .engine_version = history->engine_version,
        .started_unix_ms = history->boundaries[0].now_ms,
        .trace_digest = DIGEST_BASIS,
    };
    enum result result = put_attempts(input, arena, &record);

    if (result == RESULT_OK)
        result = put_tool_calls(input, arena, &record);
    if (result == RESULT_OK)
        result = put_routes(input, arena, &record);
    if (result)
        return result;
    record.facts.traffic_class = engine_traffic_class(input->policy, &history->facts);
    put_end(input, &record);
    put_output(input, &record);
    put_latency(input, &record);
    for (unsigned i = 0; i < input->boundaries; i++) {
        record.adopted |= history->boundaries[i].adopted;
        record.trace_digest =
            (record.trace_digest ^ input->outcomes[i].trace_digest) * DIGEST_PRIME;
    }
    *ret_record = record;
    return RESULT_OK;
}
