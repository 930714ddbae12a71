/* An activation is one write: the active row, its numbered row, the compiled blocks, the audit row
 * and the idempotency row stand or fall together, and what is decided with is swapped after it. */
#include "service/activation.h"

#include <stdio.h>

#include "service/policies.h"

/* ---- what stands ---- */

enum result activation_read(struct service *service,
                            const struct serving *serving,
                            uint32_t number,
                            struct activation_record *ret_record)
{
    const struct policy *policy = serving->whole->policy;
    struct store_key key = layout_numbered(policy_text(policy, policy->workload),
                                           policy_text(policy, policy->environment), number);
    struct slice value;
    enum result result =
        store_get(service->admin.read, STORE_TABLE_ACTIVATION, store_key_slice(&key), &value);

    if (result == RESULT_OK)
        result = activation_record_decode(value, ret_record);
    return result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
}

enum result
activation_whole(struct service *service, const struct serving *serving, uint32_t *ret_number)
{
    struct activation_record record;
    enum result result;

    *ret_number = serving ? serving->activation : 0;
    if (!serving || !serving->canary)
        return RESULT_OK;
    result = activation_read(service, serving, serving->activation, &record);
    if (result == RESULT_OK)
        *ret_number = record.before;
    return result;
}

enum result
activation_expect(struct admin_call *call, const struct serving *serving, struct slice etag)
{
    char current[16];

    snprintf(current, sizeof current, "%u", serving ? (unsigned)serving->activation : 0);
    if (etag.len == 0 || slice_is(etag, current))
        return RESULT_OK;
    return admin_fail(call, RESULT_PRECONDITION,
                      "Another activation came after the one that the etag names.");
}

/* ---- rows ---- */

static void put_active(struct rows *rows, const struct activation *activation, uint32_t number)
{
    const struct compiled *canary = activation->canary;

    active_record_encode(
        &(struct active_record){
            .policy_id = compiled_policy_id(activation->whole),
            .version = activation->whole->policy->version,
            .activation = number,
            .canary_policy_id = canary ? compiled_policy_id(canary) : SLICE_LITERAL(""),
            .canary_version = canary ? canary->policy->version : 0,
            .canary_percent = canary ? activation->canary_percent : 0,
        },
        rows_bytes(rows));
    rows_put(rows, STORE_TABLE_ACTIVE, store_key_slice(&activation->whole->active_key));
}

static void put_numbered(struct rows *rows,
                         const struct activation *activation,
                         uint32_t number,
                         const struct activation_record *record)
{
    struct store_key key = layout_numbered(activation->workload, activation->environment, number);

    activation_record_encode(record, rows_bytes(rows));
    rows_put(rows, STORE_TABLE_ACTIVATION, store_key_slice(&key));
}

static void
put_audit(struct rows *rows, const struct admin_call *call, const struct activation *activation)
{
    const struct compiled *made = activation->canary ? activation->canary : activation->whole;
    struct slice detail = SLICE_LITERAL("For all requests.");

    if (activation->canary)
        detail = arena_format(&rows->arena, "For %u %% of the requests, beside %.*s@%u.",
                              (unsigned)activation->canary_percent,
                              (int)compiled_policy_id(activation->whole).len,
                              compiled_policy_id(activation->whole).ptr,
                              (unsigned)activation->whole->policy->version);
    else if (activation->replaced)
        detail = arena_format(&rows->arena, "For all requests, in place of %.*s@%u.",
                              (int)compiled_policy_id(activation->replaced).len,
                              compiled_policy_id(activation->replaced).ptr,
                              (unsigned)activation->replaced->policy->version);
    rows_audit(rows, &(struct audit_record){
                         .action = activation->action,
                         .at_ms = call->now_ms,
                         .by = call->caller ? call->caller->key_id : SLICE_LITERAL(""),
                         .policy_id = compiled_policy_id(made),
                         .version = made->policy->version,
                         .workload = activation->workload,
                         .environment = activation->environment,
                         .detail = detail,
                         .reason = activation->reason,
                     });
}

static void put_block(struct rows *rows, const struct compiled *compiled)
{
    if (compiled)
        rows_lend(rows, STORE_TABLE_COMPILED, store_key_slice(&compiled->version_key),
                  compiled_block(compiled));
}

/* What served before activations were numbered gets a number, so that it can be gone back to. */
static void put_first(struct rows *rows, const struct activation *activation)
{
    const struct compiled *whole = activation->before->whole;

    put_numbered(rows, activation, 1,
                 &(struct activation_record){
                     .policy_id = compiled_policy_id(whole),
                     .version = whole->policy->version,
                     .percent = 100,
                     .action = AUDIT_ACTION_ACTIVATE_POLICY,
                 });
}

static void put_rows(struct rows *rows,
                     const struct admin_call *call,
                     const struct activation *activation,
                     uint32_t number)
{
    const struct compiled *made = activation->canary ? activation->canary : activation->whole;
    bool first = activation->before && !activation->before->activation;

    if (first)
        put_first(rows, activation);
    put_active(rows, activation, number);
    put_numbered(rows, activation, number,
                 &(struct activation_record){
                     .policy_id = compiled_policy_id(made),
                     .version = made->policy->version,
                     .percent = activation->canary ? activation->canary_percent : 100,
                     .before = first ? 1 : activation->restores,
                     .action = activation->action,
                     .at_ms = call->now_ms,
                     .by = call->caller ? call->caller->key_id : SLICE_LITERAL(""),
                     .reason = activation->reason,
                 });
    put_block(rows, activation->whole);
    put_block(rows, activation->canary);
    put_audit(rows, call, activation);
}

/* ---- answers: "7 p@3 q@2 10 p@2", a dash for what there is not ---- */

static struct slice name_of(struct arena *arena, const struct compiled *compiled)
{
    return compiled ? policies_name(arena, compiled_policy_id(compiled), compiled->policy->version)
                    : SLICE_LITERAL("-");
}

static struct slice
make_answer(struct arena *arena, const struct activation *activation, uint32_t number)
{
    struct slice whole = name_of(arena, activation->whole);
    struct slice canary = name_of(arena, activation->canary);
    struct slice replaced = name_of(arena, activation->replaced);

    return arena_format(arena, "%u %.*s %.*s %u %.*s", (unsigned)number, (int)whole.len, whole.ptr,
                        (int)canary.len, canary.ptr, (unsigned)activation->canary_percent,
                        (int)replaced.len, replaced.ptr);
}

static enum result next_policy(struct service *service,
                               struct admin_call *call,
                               struct slice *text,
                               struct policy_summary *ret_policy)
{
    struct slice word = idempotent_word(text), policy_id;
    struct policy_record record;
    uint32_t version;
    enum result result;

    *ret_policy = (struct policy_summary){.version = 0};
    if (slice_is(word, "-"))
        return RESULT_OK;
    if (!policies_parse_name(word, &policy_id, &version))
        return RESULT_CORRUPT;
    result = policies_find(service, call, policy_id, &version, &record);
    return result ? result
                  : policies_summarize(service, call, policy_id, version, &record, ret_policy);
}

static enum result put_etag(struct admin_call *call, struct activation_summary *summary)
{
    summary->etag = arena_format(call->arena, "%u", (unsigned)summary->number);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result activation_again(struct service *service,
                             struct admin_call *call,
                             struct slice answer,
                             struct activation_summary *ret_summary)
{
    enum result result;

    *ret_summary = (struct activation_summary){.number = idempotent_number(&answer)};
    result = next_policy(service, call, &answer, &ret_summary->active);
    if (result == RESULT_OK)
        result = next_policy(service, call, &answer, &ret_summary->canary);
    ret_summary->canary_percent = idempotent_number(&answer);
    if (result == RESULT_OK)
        result = next_policy(service, call, &answer, &ret_summary->replaced);
    return result ? result : put_etag(call, ret_summary);
}

static enum result tell_version(struct service *service,
                                struct admin_call *call,
                                const struct compiled *compiled,
                                uint32_t percent,
                                struct policy_summary *ret_policy)
{
    enum result result = policies_summarize_compiled(service, call, compiled, ret_policy);

    if (result || !compiled)
        return result;
    ret_policy->active = percent > 0;
    ret_policy->percent = percent;
    ret_policy->catalog_version = percent ? compiled->policy->catalog_version : 0;
    return RESULT_OK;
}

/* How activation leaves the place. Told before the write: after it nothing may fail. */
static enum result tell(struct service *service,
                        struct admin_call *call,
                        const struct activation *activation,
                        uint32_t number,
                        struct activation_summary *ret_summary)
{
    uint32_t percent = activation->canary ? activation->canary_percent : 0;
    enum result result;

    *ret_summary = (struct activation_summary){.number = number, .canary_percent = percent};
    result = tell_version(service, call, activation->whole, 100 - percent, &ret_summary->active);
    if (result == RESULT_OK)
        result = tell_version(service, call, activation->canary, percent, &ret_summary->canary);
    if (result == RESULT_OK)
        result = tell_version(service, call, activation->replaced, 0, &ret_summary->replaced);
    return result ? result : put_etag(call, ret_summary);
}

enum result activation_keep(struct service *service,
                            struct admin_call *call,
                            const struct activation *activation,
                            struct activation_summary *ret_summary)
{
    const struct serving *before = activation->before;
    const struct activation kept = {
        .whole = before->whole,
        .canary = before->canary,
        .canary_percent = before->canary_percent,
    };
    enum result result = tell(service, call, &kept, before->activation, ret_summary);
    struct rows rows;

    if (result || !idempotent_named(activation->repeat))
        return result;
    rows_init(&rows);
    rows_repeat(&rows, activation->repeat, make_answer(&rows.arena, &kept, before->activation));
    result = rows_commit(&rows, service, NULL, NULL);
    rows_done(&rows);
    return result;
}

/* ---- the write ---- */

/* The policies of the snapshot with this place as it is to be. */
static enum result make_policies(const struct service *service,
                                 const struct activation *activation,
                                 uint32_t number,
                                 struct policy_set **ret_policies)
{
    struct policy_set *policies = policy_set_new(service->admin.current->policies);
    const struct serving serving = {.whole = activation->whole,
                                    .canary = activation->canary,
                                    .canary_percent = activation->canary_percent,
                                    .activation = number};

    if (policies && policy_set_serve(policies, &serving)) {
        *ret_policies = policies;
        return RESULT_OK;
    }
    policy_set_unref(policies);
    return RESULT_NO_MEMORY;
}

enum result activation_commit(struct service *service,
                              struct admin_call *call,
                              const struct activation *activation,
                              struct activation_summary *ret_summary)
{
    uint32_t before = activation->before ? activation->before->activation : 0;
    uint32_t number = activation->before && !before ? 2 : before + 1;
    struct policy_set *policies;
    struct rows rows;
    enum result result = tell(service, call, activation, number, ret_summary);

    if (result == RESULT_OK)
        result = make_policies(service, activation, number, &policies);
    if (result)
        return result;
    rows_init(&rows);
    put_rows(&rows, call, activation, number);
    rows_repeat(&rows, activation->repeat, make_answer(&rows.arena, activation, number));
    result = rows_commit(&rows, service, policies, NULL);
    rows_done(&rows);
    policy_set_unref(policies);
    if (result == RESULT_TIMEOUT)
        return admin_fail(call, result, "Stored; it serves as soon as the owner turns again.");
    return result;
}
