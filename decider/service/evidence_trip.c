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

static enum result trip_policy(struct evidence_write *write,
                               const struct evidence_row *row,
                               const struct compiled *compiled)
{
    const struct policy *policy = compiled ? compiled->policy : NULL;
    char name[ENTRY_NAME_BYTES_MAX], detail[DETAIL_BYTES];
    enum result result = RESULT_OK;

    if (!policy || !policy->rollback[ROLLBACK_RULE_FAILED_EVAL].enabled)
        return RESULT_OK;
    snprintf(detail, sizeof detail, "ev-%u: %.*s did not pass.", (unsigned)row->number,
             (int)row->record.subject.len, row->record.subject.ptr);
    for (unsigned i = 0; result == RESULT_OK && i < policy->entries.len; i++)
        if (answers_with(policy, i, row->record.subject))
            result = switches_trip(write->service, write->call, policy_text(policy, policy->id),
                                   switches_entry_name(policy, i, name), ROLLBACK_RULE_FAILED_EVAL,
                                   slice_of(detail));
    return result;
}

enum result evidence_trip(struct evidence_write *write, const struct evidence_list *list)
{
    enum result result = RESULT_OK;

    for (unsigned i = 0; result == RESULT_OK && i < list->count; i++) {
        const struct evidence_row *row = &write->made[i];
        const struct serving *serving;

        if (list->items[i].kind != EVIDENCE_KIND_EVAL || list->items[i].passed)
            continue;
        serving = snapshot_serving(write->service->admin.current, row->workload, row->environment);
        if (serving)
            result = trip_policy(write, row, serving->whole);
        if (serving && result == RESULT_OK)
            result = trip_policy(write, row, serving->canary);
    }
    return result;
}
