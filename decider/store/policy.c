/* Policy and catalog records: a field table each, sealed. Documents are stored as they came. */
#include "store/policy.h"

#include "store/field.h"

#define RECORD_VERSION 1

static const struct field policy_fields[] = {
    FIELD(policy_record, 1, TEXT, workload),     FIELD(policy_record, 2, TEXT, environment),
    FIELD(policy_record, 3, TEXT, document),     FIELD(policy_record, 4, I64, published_ms),
    FIELD(policy_record, 5, TEXT, published_by), FIELD(policy_record, 6, TEXT, published_by_user),
};
static const struct field_table policy_table = FIELD_TABLE(policy_fields);

static const struct field catalog_fields[] = {
    FIELD(catalog_record, 1, TEXT, document),
    FIELD(catalog_record, 2, I64, published_ms),
    FIELD(catalog_record, 3, TEXT, published_by),
};
static const struct field_table catalog_table = FIELD_TABLE(catalog_fields);

void policy_record_encode(const struct policy_record *record, struct buf *buf)
{
    size_t begun = record_begin(buf, RECORD_VERSION);

    field_put(buf, &policy_table, record, CODEC_SCOPE_STORED);
    record_seal(buf, begun);
}

enum result policy_record_decode(struct slice bytes, struct policy_record *ret_record)
{
    struct slice body;
    enum result result = record_unseal(bytes, RECORD_VERSION, &body);

    if (result)
        return result;
    *ret_record = (struct policy_record){0};
    return field_get(body, NULL, &policy_table, ret_record);
}

void catalog_record_encode(const struct catalog_record *record, struct buf *buf)
{
    size_t begun = record_begin(buf, RECORD_VERSION);

    field_put(buf, &catalog_table, record, CODEC_SCOPE_STORED);
    record_seal(buf, begun);
}

enum result catalog_record_decode(struct slice bytes, struct catalog_record *ret_record)
{
    struct slice body;
    enum result result = record_unseal(bytes, RECORD_VERSION, &body);

    if (result)
        return result;
    *ret_record = (struct catalog_record){0};
    return field_get(body, NULL, &catalog_table, ret_record);
}
