/* Key records: one field table, sealed. */
#include "store/principal.h"

#include "store/field.h"

#define RECORD_VERSION 1

static const struct field principal_fields[] = {
    FIELD(principal, 1, TEXT, key_id),
    FIELD_MEMBER(principal, 2, ENUM, role, role),
    FIELD(principal, 3, TEXT, tenant),
    FIELD(principal, 4, TEXT, team),
    FIELD(principal, 5, TEXT, user),
    FIELD(principal, 6, TEXT, app),
    FIELD_BOUNDED(principal, 7, TEXTS, LIST_ITEMS_MAX, workloads),
    FIELD_BOUNDED(principal, 8, TEXTS, LIST_ITEMS_MAX, environments),
    FIELD_BOUNDED(principal, 9, TEXTS, LIST_ITEMS_MAX, tenants),
    FIELD(principal, 10, TEXT, default_workload),
    FIELD(principal, 11, TEXT, default_environment),
    FIELD_MEMBER(principal, 12, ENUM, traffic_class, default_traffic_class),
    FIELD_MEMBER(principal, 13, SET, data_class, default_data_classes),
    FIELD(principal, 14, I64, created_ms),
    FIELD(principal, 15, I64, expires_ms),
    FIELD(principal, 16, I64, revoked_ms),
    FIELD(principal, 17, TEXT, label),
};
static const struct field_table principal_table = FIELD_TABLE(principal_fields);

void principal_encode(const struct principal *principal, struct buf *buf)
{
    size_t begun = record_begin(buf, RECORD_VERSION);

    field_put(buf, &principal_table, principal, CODEC_SCOPE_STORED);
    record_seal(buf, begun);
}

enum result
principal_decode(struct slice bytes, struct arena *arena, struct principal *ret_principal)
{
    struct slice body;
    enum result result = record_unseal(bytes, RECORD_VERSION, &body);

    if (result)
        return result;
    *ret_principal = (struct principal){0};
    return field_get(body, arena, &principal_table, ret_principal);
}
