/* A key's tenant, team, user and app hold where the key names them: what the gateway says about
 * them beside a key is only used where the key is silent. */
#include "service/complete.h"

#include "service/rights.h"

static void prefer(struct slice *text, struct slice keys)
{
    if (keys.len)
        *text = keys;
}

static void fill(struct slice *text, struct slice keys)
{
    if (!text->len)
        *text = keys;
}

static void complete_from_key(const struct principal *principal, struct facts *facts)
{
    prefer(&facts->tenant, principal->tenant);
    prefer(&facts->team, principal->team);
    prefer(&facts->user, principal->user);
    prefer(&facts->app, principal->app);
    fill(&facts->workload, principal->default_workload);
    fill(&facts->environment, principal->default_environment);
    if (!facts->traffic_class)
        facts->traffic_class = principal->default_traffic_class;
    if (!facts->data_classes)
        facts->data_classes = principal->default_data_classes;
}

static enum reason
refusal_of(const struct principal *principal, const struct facts *facts, int64_t now_ms)
{
    enum reason refusal = principal_refusal(principal, now_ms);

    if (refusal)
        return refusal;
    if (!rights_list(principal->workloads, facts->workload))
        return REASON_WORKLOAD_NOT_ALLOWED;
    if (!rights_list(principal->environments, facts->environment))
        return REASON_ENVIRONMENT_NOT_ALLOWED;
    return REASON_UNSPECIFIED;
}

void complete_facts(const struct snapshot *snapshot,
                    const struct digest *identity,
                    const struct facts *facts,
                    int64_t now_ms,
                    struct facts *ret_facts,
                    struct asker *ret_asker)
{
    const struct principal *principal = NULL;

    *ret_facts = *facts;
    *ret_asker = (struct asker){.refusal = REASON_UNSPECIFIED};
    if (identity) {
        principal = snapshot_principal(snapshot, identity);
        /* A token of another role is no caller's key. */
        if (principal && principal->role == ROLE_CLIENT) {
            complete_from_key(principal, ret_facts);
            ret_asker->key_id = principal->key_id;
            ret_asker->refusal = refusal_of(principal, ret_facts, now_ms);
        } else {
            ret_asker->refusal = REASON_UNKNOWN_PRINCIPAL;
        }
    }
    if (!ret_facts->tenant.len)
        ret_facts->tenant = SLICE_LITERAL(TENANT_UNKNOWN);
    if (!ret_facts->data_classes)
        ret_facts->data_classes = SET_OF(DATA_CLASS_UNCLASSIFIED);
}
