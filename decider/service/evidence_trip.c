/* What a failed evaluation speaks of: a model, for a workload and environment. Whether an entry
 * goes off by it is the policy's rule to say. */
#include <stdio.h>

#include "service/evidence_write.h"
#include "service/trip.h"

#define DETAIL_BYTES 256

static bool answers_with(const struct policy *policy, unsigned entry, struct slice model)
{
    const struct policy_entry *row = policy_entry(policy, entry);

    return row->kind == ENTRY_KIND_ROUTE &&
           slice_equal(policy_text(policy, policy_route(policy, row->route)->model_id), model);
}

static void
add_policy(struct evidence_write *write, const struct evidence_row *row, struct compiled *compiled)
{
    const struct policy *policy = compiled ? compiled->policy : NULL;
    char detail[DETAIL_BYTES];

    if (!policy || !policy->rollback[ROLLBACK_RULE_FAILED_EVAL].enabled)
        return;
    snprintf(detail, sizeof detail, "ev-%u: %.*s did not pass.", (unsigned)row->number,
             (int)row->record.subject.len, row->record.subject.ptr);
    for (unsigned i = 0; i < policy->entries.len; i++)
        if (answers_with(policy, i, row->record.subject))
            trip_calls_add(write->trips, compiled,
                           &(struct trip_call){.policy = policy,
                                               .entry = i,
                                               .rule = ROLLBACK_RULE_FAILED_EVAL,
                                               .detail = slice_of(detail),
                                               .now_ms = write->call->now_ms});
}

static bool speaks(const struct evidence *evidence)
{
    return evidence->kind == EVIDENCE_KIND_EVAL && !evidence->passed;
}

enum result evidence_trip(struct evidence_write *write, const struct evidence_list *list)
{
    const struct snapshot *current = write->service->admin.current;
    unsigned failed = 0;
    enum result result;

    for (unsigned i = 0; i < list->count; i++)
        failed += speaks(&list->items[i]);
    if (!failed)
        return RESULT_OK;
    write->trips = trip_calls_new(failed * 2 * ENTRIES_MAX);
    if (!write->trips)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < list->count; i++) {
        const struct evidence_row *row = &write->made[i];
        const struct serving *serving = snapshot_serving(current, row->workload, row->environment);

        if (!serving || !speaks(&list->items[i]))
            continue;
        add_policy(write, row, serving->whole);
        add_policy(write, row, serving->canary);
    }
    result = trip_calls_act(write->service, write->trips);
    if (result) {
        write->trips = NULL;
        return admin_fail(write->call, result, "The thread that decides does not answer.");
    }
    trip_calls_lend(write->trips, &write->rows);
    return RESULT_OK;
}
