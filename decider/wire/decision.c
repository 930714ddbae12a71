/* Decision and its parts. A part that says nothing is left out of the message, and a message
 * without the part gives the empty struct. */
#include "signalbox/limits.h"
#include "wire/field.h"

#define TEXT_BOUND(number) DOCUMENT_BYTES_MAX

#define DECISION_FIELDS(F)                                                                         \
    F(ENUM, action, action)                                                                        \
    F(HEX, _, decision_id)                                                                         \
    F(BOOL, _, durable)                                                                            \
    F(TEXT, _, policy_id)                                                                          \
    F(U32, _, policy_version)                                                                      \
    F(U32, _, catalog_version)                                                                     \
    F(U32, _, attempt)                                                                             \
    F(U32, _, delay_ms)                                                                            \
    F(U64, _, output_tokens_cap)                                                                   \
    F(BOOL, _, output_cap_added)                                                                   \
    F(BOOL, _, restart_output)                                                                     \
    F(TEXT, _, default_response)                                                                   \
    F(ENUM, failure, failure)                                                                      \
    F(TEXT, _, rule)                                                                               \
    F(TEXT, _, detail)                                                                             \
    F(ENUM, reason, reason)                                                                        \
    F(I64, _, reservation_expires_unix_ms)                                                         \
    F(ENUM, disposition, disposition)

#define ROUTE_FIELDS(F)                                                                            \
    F(TEXT, _, id)                                                                                 \
    F(TEXT, _, provider)                                                                           \
    F(TEXT, _, account)                                                                            \
    F(TEXT, _, region)                                                                             \
    F(ENUM, family, family)                                                                        \
    F(TEXT, _, model)                                                                              \
    F(TEXT, _, base_url)                                                                           \
    F(TEXT, _, credential)                                                                         \
    F(TEXT, _, overrides)                                                                          \
    F(ENUM, tier, tier)

#define TIMEOUTS_FIELDS(F)                                                                         \
    F(U32, _, connect_ms)                                                                          \
    F(U32, _, first_output_ms)                                                                     \
    F(U32, _, idle_ms)                                                                             \
    F(U32, _, total_ms)

#define HOLD_FIELDS(F)                                                                             \
    F(ENUM, hold_output, until)                                                                    \
    F(U64, _, amount)                                                                              \
    F(U64, _, bytes_max)

#define NOTICE_FIELDS(F)                                                                           \
    F(TEXT, _, text)                                                                               \
    F(BOOL, _, in_body)

#define ERROR_FIELDS(F)                                                                            \
    F(U32, _, http_status)                                                                         \
    F(TEXT, _, type)                                                                               \
    F(TEXT, _, code)                                                                               \
    F(TEXT, _, message)                                                                            \
    F(BOOL, _, should_retry)                                                                       \
    F(U64, _, retry_after_ms)                                                                      \
    F(BOOL, _, providers_body)

#define TICKET_FIELDS(F)                                                                           \
    F(TEXT, _, queue)                                                                              \
    F(I64, _, not_before_unix_ms)                                                                  \
    F(I64, _, expires_unix_ms)                                                                     \
    F(U64, _, position)

/* PART(Type, descriptor, struct, field, FIELDS) for each part of a decision. route and the others
 * differ in one thing: has_route says whether it is there. */
#define PARTS(PART)                                                                                \
    PART(Timeouts, timeouts, timeouts, timeouts, TIMEOUTS_FIELDS)                                  \
    PART(Hold, hold, hold, hold, HOLD_FIELDS)                                                      \
    PART(Notice, notice, notice, notice, NOTICE_FIELDS)                                            \
    PART(ClientError, client_error, client_error, error, ERROR_FIELDS)                             \
    PART(QueueTicket, queue_ticket, queue_ticket, ticket, TICKET_FIELDS)

#define DEFINE_GET(Type, descriptor, type, field, FIELDS)                                          \
    static void get_##field(struct getter *get, const Signalbox__V1__##Type *message,              \
                            struct type *to)                                                       \
    {                                                                                              \
        (void)get;                                                                                 \
        FIELDS(FIELD_GET)                                                                          \
    }
PARTS(DEFINE_GET)
DEFINE_GET(Route, route, route, route, ROUTE_FIELDS)

#define DEFINE_PUT(Type, type_, type, field, FIELDS)                                               \
    static Signalbox__V1__##Type *put_##field(const struct type *from, struct arena *arena)        \
    {                                                                                              \
        Signalbox__V1__##Type *message = field_new(arena, &signalbox__v1__##type_##__descriptor);  \
                                                                                                   \
        if (message) {                                                                             \
            FIELDS(FIELD_PUT)                                                                      \
        }                                                                                          \
        return message;                                                                            \
    }
PARTS(DEFINE_PUT)
DEFINE_PUT(Route, route, route, route, ROUTE_FIELDS)

#define DEFINE_ANY(Type, type_, type, field, FIELDS)                                               \
    static bool any_##field(const struct type *from)                                               \
    {                                                                                              \
        return false FIELDS(FIELD_ANY);                                                            \
    }
PARTS(DEFINE_ANY)

enum result wire_get_decision(const Signalbox__V1__Decision *message,
                              struct arena *arena,
                              struct decision *ret_decision,
                              struct wire_error *reterr_error)
{
    struct getter getter = {arena, reterr_error, "", RESULT_OK}, *get = &getter;
    struct decision *to = ret_decision;

    memset(to, 0, sizeof *to);
    DECISION_FIELDS(FIELD_GET)
    to->resume_token =
        field_get_bytes(get, "resume_token", &message->resume_token, RESUME_TOKEN_BYTES_MAX);
    to->has_route = message->route != NULL;
    if (message->route)
        get_route(get, message->route, &to->route);
#define GET_PART(Type, descriptor, type, field, FIELDS)                                            \
    if (message->field)                                                                            \
        get_##field(get, message->field, &to->field);
    PARTS(GET_PART)
    to->has_record = message->record != NULL;
    get->place = "record.";
    field_get_record(get, message->record, &to->record);
    to->has_blocked = message->blocked != NULL;
    get->place = "blocked.";
    field_get_trace_item(get, message->blocked, &to->blocked);
    to->has_trace = message->trace != NULL;
    get->place = "trace.";
    field_get_trace(get, message->trace, &to->trace);
    return getter.result;
}

Signalbox__V1__Decision *wire_put_decision(const struct decision *decision, struct arena *arena)
{
    const struct decision *from = decision;
    Signalbox__V1__Decision *message = field_new(arena, &signalbox__v1__decision__descriptor);

    if (!message)
        return NULL;
    DECISION_FIELDS(FIELD_PUT)
    message->resume_token = field_put_bytes(from->resume_token);
    if (from->has_route)
        message->route = put_route(&from->route, arena);
#define PUT_PART(Type, descriptor, type, field, FIELDS)                                            \
    if (any_##field(&from->field))                                                                 \
        message->field = put_##field(&from->field, arena);
    PARTS(PUT_PART)
    if (from->has_record)
        message->record = wire_put_record(&from->record, arena);
    if (from->has_blocked)
        message->blocked = field_put_trace_item(&from->blocked, arena);
    if (from->has_trace)
        message->trace = wire_put_trace(&from->trace, arena);
    return arena->failed ? NULL : message;
}
