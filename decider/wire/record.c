/* Record: each list of fields stands once and is expanded in both directions.
 *
 * A record that is read comes from a decider, so its texts have no bounds of their own. */
#include "signalbox/limits.h"
#include "wire/field.h"

#define TEXT_BOUND(number) DOCUMENT_BYTES_MAX

#define RECORD_FIELDS(F)                                                                           \
    F(UUID, _, request_id)                                                                         \
    F(TEXT, _, policy_id)                                                                          \
    F(U32, _, policy_version)                                                                      \
    F(U32, _, catalog_version)                                                                     \
    F(TEXT, _, key_id)                                                                             \
    F(TEXT, _, primary_provider)                                                                   \
    F(TEXT, _, primary_model)                                                                      \
    F(TEXT, _, selected_route)                                                                     \
    F(TEXT, _, selected_provider)                                                                  \
    F(TEXT, _, selected_account)                                                                   \
    F(TEXT, _, selected_region)                                                                    \
    F(TEXT, _, selected_model)                                                                     \
    F(TEXT, _, reported_model)                                                                     \
    F(BOOL, _, model_mismatch)                                                                     \
    F(ENUM, tier, tier)                                                                            \
    F(I64, _, cost_delta_nusd)                                                                     \
    F(BOOL, _, boundary_crossed)                                                                   \
    F(TEXT, _, rollback_command)                                                                   \
    F(TOOL_CALLS, _, tool_calls)                                                                   \
    F(ENUM, schema_validation, schema_validation)                                                  \
    F(ENUM, side_effect, side_effect)                                                              \
    F(USAGE, _, usage)                                                                             \
    F(U64, _, cost_nusd)                                                                           \
    F(TEXT, _, quota_owner)                                                                        \
    F(TEXT, _, spend_owner)                                                                        \
    F(BOOL, _, partial_output)                                                                     \
    F(I64, _, first_output_unix_ms)                                                                \
    F(ENUM, disposition, disposition)                                                              \
    F(ENUM, reason, stop_reason)                                                                   \
    F(ENUM, failure, failure)                                                                      \
    F(I64, _, started_unix_ms)                                                                     \
    F(I64, _, ended_unix_ms)                                                                       \
    F(U64, _, latency_before_fallback_ms)                                                          \
    F(U64, _, latency_after_fallback_ms)                                                           \
    F(BOOL, _, degraded)                                                                           \
    F(BOOL, _, adopted)                                                                            \
    F(TEXT, _, engine_version)                                                                     \
    F(HEX, _, trace_digest)

#define ATTEMPT_FIELDS(F)                                                                          \
    F(TEXT, _, route)                                                                              \
    F(TEXT, _, provider)                                                                           \
    F(TEXT, _, account)                                                                            \
    F(TEXT, _, region)                                                                             \
    F(TEXT, _, model)                                                                              \
    F(TEXT, _, reported_model)                                                                     \
    F(BOOL, _, model_mismatch)                                                                     \
    F(TEXT, _, provider_request_id)                                                                \
    F(ENUM, tier, tier)                                                                            \
    F(ENUM, action, action)                                                                        \
    F(ENUM, reason, reason)                                                                        \
    F(U32, _, delay_ms)                                                                            \
    F(U32, _, http_status)                                                                         \
    F(ENUM, transport, transport)                                                                  \
    F(ENUM, failure, failure)                                                                      \
    F(TEXT, _, rule)                                                                               \
    F(TEXT, _, provider_code)                                                                      \
    F(I64, _, started_unix_ms)                                                                     \
    F(U64, _, latency_ms)                                                                          \
    F(BOOL, _, output_seen)                                                                        \
    F(U64, _, first_output_ms)                                                                     \
    F(ENUM, finish, finish)                                                                        \
    F(ENUM, gate, blocking_gate)                                                                   \
    F(TEXT, _, blocking_check)                                                                     \
    F(USAGE, _, usage)                                                                             \
    F(U64, _, cost_nusd)                                                                           \
    F(BOOL, _, cost_estimated)

#define CHANGE_FIELDS(F)                                                                           \
    F(TEXT, _, field)                                                                              \
    F(TEXT, _, primary)                                                                            \
    F(TEXT, _, selected)

/* ---- get ---- */

static void get_attempt(struct getter *get,
                        const Signalbox__V1__RecordAttempt *message,
                        struct record_attempt *to)
{
    ATTEMPT_FIELDS(FIELD_GET)
}

static void
get_attempts(struct getter *get, const Signalbox__V1__Record *message, struct record *to)
{
    struct record_attempt *attempts;

    if (message->n_attempts == 0)
        return;
    if (message->n_attempts > ATTEMPTS_MAX) {
        field_refuse(get, "attempts", RESULT_INVALID, "has too many items");
        return;
    }
    attempts = arena_calloc(get->arena, message->n_attempts, sizeof *attempts);
    if (!attempts) {
        field_refuse(get, "attempts", RESULT_TOO_LARGE, "the message takes too much memory");
        return;
    }
    for (size_t i = 0; i < message->n_attempts; i++)
        get_attempt(get, message->attempts[i], &attempts[i]);
    to->attempts = attempts;
    to->attempts_count = (unsigned)message->n_attempts;
}

static void
get_change(struct getter *get, const Signalbox__V1__RecordChange *message, struct record_change *to)
{
    CHANGE_FIELDS(FIELD_GET)
}

static void get_changes(struct getter *get, const Signalbox__V1__Record *message, struct record *to)
{
    struct record_change *changes;

    if (message->n_changes == 0)
        return;
    if (message->n_changes > LIST_ITEMS_MAX) {
        field_refuse(get, "changes", RESULT_INVALID, "has too many items");
        return;
    }
    changes = arena_calloc(get->arena, message->n_changes, sizeof *changes);
    if (!changes) {
        field_refuse(get, "changes", RESULT_TOO_LARGE, "the message takes too much memory");
        return;
    }
    for (size_t i = 0; i < message->n_changes; i++)
        get_change(get, message->changes[i], &changes[i]);
    to->changes = changes;
    to->changes_count = (unsigned)message->n_changes;
}

void field_get_record(struct getter *get, const Signalbox__V1__Record *message, struct record *to)
{
    memset(to, 0, sizeof *to);
    if (!message)
        return;
    RECORD_FIELDS(FIELD_GET)
    field_get_facts(get, message->admission, &to->facts);
    get_attempts(get, message, to);
    get_changes(get, message, to);
}

enum result wire_get_record(const Signalbox__V1__Record *message,
                            struct arena *arena,
                            struct record *ret_record,
                            struct wire_error *reterr_error)
{
    struct getter get = {arena, reterr_error, "", RESULT_OK};

    field_get_record(&get, message, ret_record);
    return get.result;
}

/* ---- put ---- */

static Signalbox__V1__RecordAttempt *put_attempt(const struct record_attempt *from,
                                                 struct arena *arena)
{
    Signalbox__V1__RecordAttempt *message =
        field_new(arena, &signalbox__v1__record_attempt__descriptor);

    if (message) {
        ATTEMPT_FIELDS(FIELD_PUT)
    }
    return message;
}

Signalbox__V1__RecordChange *wire_put_change(const struct record_change *change,
                                             struct arena *arena)
{
    const struct record_change *from = change;
    Signalbox__V1__RecordChange *message =
        field_new(arena, &signalbox__v1__record_change__descriptor);

    if (message) {
        CHANGE_FIELDS(FIELD_PUT)
    }
    return arena->failed ? NULL : message;
}

Signalbox__V1__Record *wire_put_record(const struct record *record, struct arena *arena)
{
    const struct record *from = record;
    Signalbox__V1__Record *message = field_new(arena, &signalbox__v1__record__descriptor);

    if (!message)
        return NULL;
    RECORD_FIELDS(FIELD_PUT)
    message->admission = wire_put_admission(&from->facts, arena);
    message->attempts = field_new_list(arena, from->attempts_count);
    for (unsigned i = 0; message->attempts && i < from->attempts_count; i++)
        message->attempts[message->n_attempts++] = put_attempt(&from->attempts[i], arena);
    message->changes = field_new_list(arena, from->changes_count);
    for (unsigned i = 0; message->changes && i < from->changes_count; i++)
        message->changes[message->n_changes++] = wire_put_change(&from->changes[i], arena);
    return arena->failed ? NULL : message;
}
