/* A field table for each record, sealed; one pair of functions serves them all. */
#include "store/control.h"

#include <string.h>

#include "store/field.h"

#define RECORD_VERSION 1

static const struct field active_fields[] = {
    FIELD(active_record, 1, TEXT, policy_id),     FIELD(active_record, 2, U32, version),
    FIELD(active_record, 3, U32, activation),     FIELD(active_record, 4, TEXT, canary_policy_id),
    FIELD(active_record, 5, U32, canary_version), FIELD(active_record, 6, U32, canary_percent),
};
static const struct field activation_fields[] = {
    FIELD(activation_record, 1, TEXT, policy_id),
    FIELD(activation_record, 2, U32, version),
    FIELD(activation_record, 3, U32, percent),
    FIELD(activation_record, 4, U32, before),
    FIELD_MEMBER(activation_record, 5, ENUM, audit_action, action),
    FIELD(activation_record, 6, I64, at_ms),
    FIELD(activation_record, 7, TEXT, by),
    FIELD(activation_record, 8, TEXT, reason),
};
static const struct field switch_fields[] = {
    FIELD_MEMBER(switch_record, 1, ENUM, switch_scope, scope),
    FIELD(switch_record, 2, TEXT, policy_id),
    FIELD(switch_record, 3, TEXT, name),
    FIELD_MEMBER(switch_record, 4, ENUM, rollback_rule, rule),
    FIELD(switch_record, 5, U32, version),
    FIELD(switch_record, 6, I64, at_ms),
    FIELD(switch_record, 7, TEXT, by),
    FIELD(switch_record, 8, TEXT, reason),
    FIELD(switch_record, 9, TEXT, request_id),
};
static const struct field pin_fields[] = {
    FIELD(pin_record, 1, TEXT, policy_id), FIELD(pin_record, 2, TEXT, entry),
    FIELD(pin_record, 3, U32, version),    FIELD(pin_record, 4, I64, at_ms),
    FIELD(pin_record, 5, I64, expires_ms), FIELD(pin_record, 6, TEXT, by),
    FIELD(pin_record, 7, TEXT, reason),
};
static const struct field audit_fields[] = {
    FIELD_MEMBER(audit_record, 1, ENUM, audit_action, action),
    FIELD(audit_record, 2, I64, at_ms),
    FIELD(audit_record, 3, TEXT, by),
    FIELD(audit_record, 4, TEXT, policy_id),
    FIELD(audit_record, 5, U32, version),
    FIELD(audit_record, 6, TEXT, workload),
    FIELD(audit_record, 7, TEXT, environment),
    FIELD(audit_record, 8, TEXT, subject),
    FIELD(audit_record, 9, TEXT, detail),
    FIELD(audit_record, 10, TEXT, reason),
};
static const struct field write_fields[] = {
    FIELD(write_record, 1, TEXT, method),
    FIELD(write_record, 2, BYTES, digest),
    FIELD(write_record, 3, I64, at_ms),
    FIELD(write_record, 4, TEXT, answer),
};
static const struct field feedback_fields[] = {
    FIELD_MEMBER(feedback_record, 1, ENUM, feedback, feedback),
    FIELD(feedback_record, 2, I64, at_ms),
    FIELD(feedback_record, 3, TEXT, by),
    FIELD(feedback_record, 4, TEXT, source),
    FIELD(feedback_record, 5, TEXT, comment),
};

static void encode(const struct field_table *table, const void *record, struct buf *buf)
{
    size_t begun = record_begin(buf, RECORD_VERSION);

    field_put(buf, table, record, CODEC_SCOPE_STORED);
    record_seal(buf, begun);
}

static enum result
decode(const struct field_table *table, struct slice bytes, void *ret_record, size_t record_bytes)
{
    struct slice body;
    enum result result = record_unseal(bytes, RECORD_VERSION, &body);

    if (result)
        return result;
    memset(ret_record, 0, record_bytes);
    return field_get(body, NULL, table, ret_record);
}

#define RECORD(name)                                                                               \
    static const struct field_table name##_table = FIELD_TABLE(name##_fields);                     \
                                                                                                   \
    void name##_record_encode(const struct name##_record *record, struct buf *buf)                 \
    {                                                                                              \
        encode(&name##_table, record, buf);                                                        \
    }                                                                                              \
                                                                                                   \
    enum result name##_record_decode(struct slice bytes, struct name##_record *ret_record)         \
    {                                                                                              \
        return decode(&name##_table, bytes, ret_record, sizeof *ret_record);                       \
    }

RECORD(active)
RECORD(activation)
RECORD(switch)
RECORD(pin)
RECORD(audit)
RECORD(write)
RECORD(feedback)
