/* google.rpc.Status with details. Several results share one canonical code, so every error has an
 * ErrorInfo: its reason is the caller's, else the result's own name, which tells them apart on the
 * way back. Where the reason is another one, the RetryInfo tells a full store from a large input.
 */
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/field.h"

#define DOMAIN     "signalbox"
#define URL_PREFIX "type.googleapis.com/"

#define DETAILS_MAX 3

static const char *const names[] = {
#define R(NAME, number, name, grpc_status, exit_code, sentence) [RESULT_##NAME] = #NAME,
#include "signalbox/result.def"
#undef R
};

static void
add_detail(Google__Rpc__Status *status, const ProtobufCMessage *detail, struct arena *arena)
{
    Google__Protobuf__Any *any = field_new(arena, &google__protobuf__any__descriptor);
    size_t len = protobuf_c_message_get_packed_size(detail);
    uint8_t *bytes = arena_alloc(arena, len);
    struct slice url = arena_format(arena, URL_PREFIX "%s", detail->descriptor->name);

    if (!any || !bytes || !url.ptr)
        return;
    protobuf_c_message_pack(detail, bytes);
    any->type_url = wire_text(url, arena);
    any->value = (ProtobufCBinaryData){len, bytes};
    status->details[status->n_details++] = any;
}

static void
add_violation(Google__Rpc__Status *status, const struct wire_status *from, struct arena *arena)
{
    Google__Rpc__BadRequest__FieldViolation violation;
    Google__Rpc__BadRequest__FieldViolation *violations[] = {&violation};
    Google__Rpc__BadRequest detail;

    google__rpc__bad_request__field_violation__init(&violation);
    google__rpc__bad_request__init(&detail);
    violation.field = wire_text(from->field, arena);
    violation.description = status->message;
    detail.n_field_violations = 1;
    detail.field_violations = violations;
    if (violation.field)
        add_detail(status, &detail.base, arena);
}

static void
add_reason(Google__Rpc__Status *status, const struct wire_status *from, struct arena *arena)
{
    Google__Rpc__ErrorInfo detail;
    char domain[] = DOMAIN;

    google__rpc__error_info__init(&detail);
    detail.reason =
        wire_text(from->reason.len ? from->reason : slice_of(names[from->result]), arena);
    detail.domain = domain;
    if (detail.reason)
        add_detail(status, &detail.base, arena);
}

static void
add_retry(Google__Rpc__Status *status, const struct wire_status *from, struct arena *arena)
{
    Google__Protobuf__Duration delay;
    Google__Rpc__RetryInfo detail;

    google__protobuf__duration__init(&delay);
    google__rpc__retry_info__init(&detail);
    delay.seconds = (int64_t)(from->retry_after_ms / 1000);
    delay.nanos = (int32_t)(from->retry_after_ms % 1000) * 1000000;
    detail.retry_delay = &delay;
    add_detail(status, &detail.base, arena);
}

Google__Rpc__Status *wire_put_status(const struct wire_status *status, struct arena *arena)
{
    const struct result_row *row = result_row(status->result);
    Google__Rpc__Status *message = field_new(arena, &google__rpc__status__descriptor);

    if (!message)
        return NULL;
    message->code = row->grpc_status;
    message->message =
        wire_text(status->message.len ? status->message : slice_of(row->sentence), arena);
    message->details = field_new_list(arena, DETAILS_MAX);
    if (arena->failed)
        return NULL;
    if (status->field.len)
        add_violation(message, status, arena);
    add_reason(message, status, arena);
    if (status->retry_after_ms)
        add_retry(message, status, arena);
    return arena->failed ? NULL : message;
}

/* ---- get ---- */

/* The detail inside any when it is one of descriptor's. */
static ProtobufCMessage *open_detail(const Google__Protobuf__Any *any,
                                     const ProtobufCMessageDescriptor *descriptor,
                                     struct arena *arena)
{
    size_t prefix = strlen(URL_PREFIX);
    struct slice bytes = {(const char *)any->value.data, any->value.len};
    ProtobufCMessage *message = NULL;
    struct wire_error error;

    if (strncmp(any->type_url, URL_PREFIX, prefix) != 0 ||
        strcmp(any->type_url + prefix, descriptor->name) != 0 ||
        wire_unpack(descriptor, bytes, arena, &message, &error) != RESULT_OK)
        return NULL;
    return message;
}

static void
read_detail(const Google__Protobuf__Any *any, struct arena *arena, struct wire_status *to)
{
    const Google__Rpc__BadRequest *request;
    const Google__Rpc__ErrorInfo *error;
    const Google__Rpc__RetryInfo *retry;

    error = (const void *)open_detail(any, &google__rpc__error_info__descriptor, arena);
    if (error && strcmp(error->domain, DOMAIN) == 0)
        to->reason = slice_of(error->reason);
    request = (const void *)open_detail(any, &google__rpc__bad_request__descriptor, arena);
    if (request && request->n_field_violations)
        to->field = slice_of(request->field_violations[0]->field);
    retry = (const void *)open_detail(any, &google__rpc__retry_info__descriptor, arena);
    if (retry && retry->retry_delay && retry->retry_delay->seconds >= 0 &&
        retry->retry_delay->nanos >= 0)
        to->retry_after_ms = (uint64_t)retry->retry_delay->seconds * 1000 +
                             (uint64_t)retry->retry_delay->nanos / 1000000;
}

/* Whose name the reason is, with that code; RESULT_OK: it is none's. */
static enum result named_by(struct slice reason, int32_t code)
{
    for (unsigned i = RESULT_OK + 1; i < sizeof names / sizeof *names; i++)
        if (slice_is(reason, names[i]) && result_row((enum result)i)->grpc_status == code)
            return (enum result)i;
    return RESULT_OK;
}

static enum result result_of(int32_t code, const struct wire_status *status)
{
    enum result named = named_by(status->reason, code);

    if (named)
        return named;
    if (code == result_row(RESULT_PRECONDITION)->grpc_status)
        return RESULT_PRECONDITION;
    if (code == result_row(RESULT_FULL)->grpc_status)
        return status->retry_after_ms ? RESULT_FULL : RESULT_TOO_LARGE;
#define R(NAME, number, name, grpc_status, exit_code, sentence)                                    \
    if (code == (grpc_status))                                                                     \
        return RESULT_##NAME;
#include "signalbox/result.def"
#undef R
    return RESULT_IO;
}

enum result wire_get_status(const Google__Rpc__Status *message,
                            struct arena *arena,
                            struct wire_status *ret_status)
{
    *ret_status = (struct wire_status){.message = slice_of(message->message)};
    for (size_t i = 0; i < message->n_details; i++)
        read_detail(message->details[i], arena, ret_status);
    ret_status->result = result_of(message->code, ret_status);
    /* A name says no more than the result does; but this one is a reason of the protocol. */
    if (named_by(ret_status->reason, message->code) &&
        ret_status->result != RESULT_ADMISSION_NEEDED)
        ret_status->reason = (struct slice){NULL, 0};
    return arena->failed ? RESULT_TOO_LARGE : RESULT_OK;
}
