/* A sample costs two look-ups by name and some arithmetic; memory is taken when an entry is seen
 * for the first time, and when a rule trips. Tripping does not depend on memory for rows: what is
 * off without them is stored by a later turn. */
#include "service/trip.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mix.h"
#include "base/uuid.h"

#define WHY_BYTES_MAX 256

/* Whose outcome it was. */
struct subject {
    struct service *service;
    const struct policy *policy;
    unsigned entry;
    struct slice name;             /* of the entry */
    const struct uuid *request_id; /* NULL: of no request */
    int64_t now_ms;
};

/* ---- what a trip does ---- */

static struct audit_record
audit_of(const struct subject *subject, enum audit_action action, struct slice detail)
{
    const struct policy *policy = subject->policy;

    return (struct audit_record){
        .action = action,
        .at_ms = subject->now_ms,
        .policy_id = policy_text(policy, policy->id),
        .version = policy->version,
        .workload = policy_text(policy, policy->workload),
        .environment = policy_text(policy, policy->environment),
        .subject = subject->name,
        .detail = detail,
    };
}

/* NULL: it is off already, or there is no memory; then the next sample trips again. */
static struct switch_state *
turn_off(const struct subject *subject, enum rollback_rule rule, struct slice why)
{
    struct owner *owner = &subject->service->owner;
    char id[UUID_TEXT_BYTES + 1] = "";
    struct switch_record record = {
        .scope = SWITCH_SCOPE_ENTRY,
        .policy_id = policy_text(subject->policy, subject->policy->id),
        .name = subject->name,
        .rule = rule,
        .at_ms = subject->now_ms,
        .reason = why,
    };
    const struct audit_record audit = audit_of(subject, AUDIT_ACTION_RULE_TRIPPED, why);
    struct switch_state *state =
        switches_find(&owner->switches, record.scope, record.policy_id, record.name);

    if (subject->request_id)
        uuid_format(*subject->request_id, id);
    record.request_id = slice_of(id);
    if ((state && !state->on_version) ||
        switches_turn_off(&owner->switches, &record, &audit, &state))
        return NULL;
    tally_forget(&owner->tallies, record.policy_id, record.name);
    return state;
}

static struct slice explain(enum rollback_rule rule,
                            const struct subject *subject,
                            const struct rollback_window *window,
                            char ret_text[WHY_BYTES_MAX])
{
    unsigned long samples = 0, bad = 0;
    int len;

    for (unsigned i = 0; i < ROLLBACK_PARTS; i++) {
        samples += window->samples[i];
        bad += window->bad[i];
    }
    len = snprintf(ret_text, WHY_BYTES_MAX, "%s: %lu of %lu outcomes within %u s were bad",
                   signalbox_rollback_rule_name(rule), bad, samples,
                   (unsigned)(subject->policy->rollback[rule].window_ms / 1000));
    return (struct slice){ret_text, (size_t)len};
}

/* The entry is off from here on, with or without rows. */
static void trip_entry(const struct subject *subject,
                       enum rollback_rule rule,
                       struct slice why,
                       struct trip *trip)
{
    struct switches *switches = &subject->service->owner.switches;
    struct switch_state *state = turn_off(subject, rule, why);

    if (!state)
        return;
    if (!trip) {
        switches_note_stored(switches, &state->key, state->record.version, false);
        return;
    }
    trip->key = state->key;
    trip->version = state->record.version;
    switches_rows(state, &state->key, trip->version, &state->audit, &trip->rows);
}

static void put_alert(const struct subject *subject, struct slice why, struct trip *trip)
{
    const struct audit_record audit = audit_of(subject, AUDIT_ACTION_RULE_ALERT, why);

    rows_audit(&trip->rows, &audit);
}

/* Once in the rule's window. */
static bool may_alert(const struct subject *subject, int64_t last_ms, enum rollback_rule rule)
{
    int64_t since_ms = subject->now_ms - last_ms;

    return !last_ms || since_ms < 0 || since_ms >= subject->policy->rollback[rule].window_ms;
}

/* What tripped: a set of rules. Of several, the first switches the entry off and is told. */
static void follow(const struct subject *subject,
                   struct tally_entry *entry,
                   uint64_t tripped,
                   struct trip *trip)
{
    char text[WHY_BYTES_MAX];

    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++) {
        enum rollback_rule rule = (enum rollback_rule)i;
        struct slice why;

        if (!set_has(tripped, rule))
            continue;
        why = explain(rule, subject, &entry->windows[rule], text);
        if (subject->entry > 0) {
            trip_entry(subject, rule, why, trip);
            return;
        }
        if (trip && may_alert(subject, entry->alert_ms[rule], rule)) {
            put_alert(subject, why, trip);
            if (!trip->rows.failed)
                entry->alert_ms[rule] = subject->now_ms;
        }
    }
}

static struct trip *trip_new(void)
{
    struct trip *trip = calloc(1, sizeof *trip);

    if (trip)
        rows_init(&trip->rows);
    return trip;
}

void trip_note_stored(struct service *service, const struct trip *trip, bool stored)
{
    if (trip->version)
        switches_note_stored(&service->owner.switches, &trip->key, trip->version, stored);
}

void trip_lend(const struct trip *trip, struct rows *rows)
{
    for (unsigned i = 0; i < trip->rows.count; i++)
        rows_lend(rows, trip->rows.ops[i].table, trip->rows.ops[i].key, trip->rows.ops[i].value);
    rows->failed |= trip->rows.failed;
    rows->too_large |= trip->rows.too_large;
}

void trip_free(struct service *service, struct trip *trip, bool stored)
{
    if (!trip)
        return;
    trip_note_stored(service, trip, stored);
    rows_done(&trip->rows);
    free(trip);
}

/* NULL when nothing is to be stored with the record. */
static struct trip *
follow_request(const struct subject *subject, struct tally_entry *entry, uint64_t tripped)
{
    struct trip *trip;

    if (!tripped)
        return NULL;
    trip = trip_new();
    follow(subject, entry, tripped, trip);
    if (trip && trip->rows.count && !trip->rows.failed && !trip->rows.too_large)
        return trip;
    trip_free(subject->service, trip, false);
    return NULL;
}

/* ---- what is counted ---- */

static bool is_watched(const struct policy *policy)
{
    for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++)
        if (policy->rollback[rule].enabled)
            return true;
    return false;
}

/* Places for what is counted; false: out of memory, and it is not counted. */
static bool
find_places(const struct subject *subject, struct tally **ret_tally, struct tally_entry **ret_entry)
{
    *ret_tally = tally_of(&subject->service->owner.tallies,
                          policy_text(subject->policy, subject->policy->id));
    *ret_entry = *ret_tally ? tally_entry_of(*ret_tally, subject->name, subject->now_ms) : NULL;
    return *ret_entry != NULL;
}

static uint64_t tenant_hash(struct slice tenant)
{
    return mix_in_text(0, tenant);
}

/* Returns the set of rules that trip. */
static uint64_t note(const struct subject *subject,
                     struct tally *tally,
                     struct tally_entry *entry,
                     const struct rollback_sample samples[ROLLBACK_RULE_END],
                     uint64_t tenant)
{
    uint64_t tripped = 0;

    for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++)
        if (samples[rule].seen &&
            rollback_note(&entry->windows[rule], &tally->state, &subject->policy->rollback[rule],
                          samples[rule].bad, tenant, subject->now_ms))
            tripped |= SET_OF(rule);
    return tripped;
}

static bool any_seen(const struct rollback_sample samples[ROLLBACK_RULE_END])
{
    for (unsigned rule = 1; rule < ROLLBACK_RULE_END; rule++)
        if (samples[rule].seen)
            return true;
    return false;
}

struct trip *trip_on_report(struct service *service,
                            const struct request *request,
                            const struct engine_input *input,
                            const struct engine_output *output,
                            bool late)
{
    const struct chain *chain = input->chain;
    struct rollback_sample samples[ROLLBACK_RULE_END];
    char name[POLICY_ENTRY_NAME_BYTES_MAX];
    struct tally_entry *entry;
    struct tally *tally;
    struct subject subject = {.service = service,
                              .policy = input->policy,
                              .request_id = &request->id,
                              .now_ms = input->now_ms};
    uint64_t tenant;

    if (!input->policy || chain->attempts_count == 0 || !is_watched(input->policy))
        return NULL;
    subject.entry = chain->attempts[chain->attempts_count - 1].entry;
    subject.name = policy_entry_name(input->policy, subject.entry, name);
    if (!find_places(&subject, &tally, &entry))
        return NULL;
    rollback_outcome(input, output, &tally->state, samples);
    if (late)
        samples[ROLLBACK_RULE_MISSING_REPORTS].seen = false;
    if (!any_seen(samples))
        return NULL;
    tenant = tenant_hash(request->tenant);
    rollback_note_policy(&tally->state, &input->policy->rollback[ROLLBACK_RULE_COST_SPIKE], tenant,
                         rollback_cost(input, output), subject.now_ms);
    return follow_request(&subject, entry, note(&subject, tally, entry, samples, tenant));
}

struct trip *trip_on_give_up(struct service *service, const struct request *request, int64_t now_ms)
{
    const struct rollback_sample samples[ROLLBACK_RULE_END] = {
        [ROLLBACK_RULE_MISSING_REPORTS] = {.seen = true, .bad = true}};
    const struct policy *policy = request->compiled ? request->compiled->policy : NULL;
    char name[POLICY_ENTRY_NAME_BYTES_MAX];
    struct subject subject = {
        .service = service, .policy = policy, .request_id = &request->id, .now_ms = now_ms};
    struct tally_entry *entry;
    struct tally *tally;
    uint64_t tenant;

    if (!policy || request->chain.attempts_count == 0 ||
        !policy->rollback[ROLLBACK_RULE_MISSING_REPORTS].enabled)
        return NULL;
    subject.entry = request->chain.attempts[request->chain.attempts_count - 1].entry;
    subject.name = policy_entry_name(policy, subject.entry, name);
    if (!find_places(&subject, &tally, &entry))
        return NULL;
    tenant = tenant_hash(request->tenant);
    rollback_note_policy(&tally->state, &policy->rollback[ROLLBACK_RULE_COST_SPIKE], tenant,
                         ROLLBACK_NO_COST, now_ms);
    return follow_request(&subject, entry, note(&subject, tally, entry, samples, tenant));
}

static struct subject subject_of_feedback(struct service *service,
                                          const struct trip_feedback *feedback,
                                          char name[POLICY_ENTRY_NAME_BYTES_MAX])
{
    return (struct subject){
        .service = service,
        .policy = feedback->policy,
        .entry = feedback->entry,
        .name = policy_entry_name(feedback->policy, feedback->entry, name),
        .request_id = &feedback->request_id,
        .now_ms = feedback->now_ms,
    };
}

void trip_on_feedback(struct service *service, struct trip_feedback *feedback, struct trip *trip)
{
    const struct policy_rollback *rule =
        &feedback->policy->rollback[ROLLBACK_RULE_NEGATIVE_FEEDBACK];
    char name[POLICY_ENTRY_NAME_BYTES_MAX];
    const struct subject subject = subject_of_feedback(service, feedback, name);
    struct rollback_window *window;
    struct tally_entry *entry;
    struct tally *tally;

    if (!rule->enabled || !find_places(&subject, &tally, &entry))
        return;
    window = &entry->windows[ROLLBACK_RULE_NEGATIVE_FEEDBACK];
    feedback->counted = true;
    feedback->window = *window;
    if (feedback->before != FEEDBACK_UNSPECIFIED)
        rollback_take_back(window, rule, feedback->before == FEEDBACK_NEGATIVE,
                           feedback->before_ms);
    if (rollback_note(window, &tally->state, rule, feedback->feedback == FEEDBACK_NEGATIVE,
                      tenant_hash(feedback->tenant), feedback->now_ms))
        follow(&subject, entry, SET_OF(ROLLBACK_RULE_NEGATIVE_FEEDBACK), trip);
}

void trip_forget_feedback(struct service *service, const struct trip_feedback *feedback)
{
    char name[POLICY_ENTRY_NAME_BYTES_MAX];
    const struct subject subject = subject_of_feedback(service, feedback, name);
    struct tally_entry *entry;
    struct tally *tally;

    if (feedback->counted && find_places(&subject, &tally, &entry))
        entry->windows[ROLLBACK_RULE_NEGATIVE_FEEDBACK] = feedback->window;
}

void trip_on_call(struct service *service, const struct trip_call *call, struct trip *trip)
{
    char name[POLICY_ENTRY_NAME_BYTES_MAX];
    const struct subject subject = {
        .service = service,
        .policy = call->policy,
        .entry = call->entry,
        .name = policy_entry_name(call->policy, call->entry, name),
        .now_ms = call->now_ms,
    };

    if (call->entry > 0)
        trip_entry(&subject, call->rule, call->detail, trip);
    else
        put_alert(&subject, call->detail, trip);
}
