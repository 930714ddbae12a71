/* The details travel in trailing metadata as a packed google.rpc.Status; wire reads those of the
 * decider. Codes that only gRPC itself gives (cancelled, unimplemented and their kin) are sorted
 * here. A blocking call's details become text for people. */
#include "client/status.h"

#include <stdio.h>

#include <grpc/slice.h>

#include "base/buf.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#define DETAILS_KEY "grpc-status-details-bin"

static struct slice bytes_of(const grpc_slice *bytes)
{
    return (struct slice){(const char *)GRPC_SLICE_START_PTR(*bytes), GRPC_SLICE_LENGTH(*bytes)};
}

/* The packed status among the trailing metadata, unpacked; NULL when there is none. */
static Google__Rpc__Status *find_details(const struct status_end *end, struct arena *arena)
{
    ProtobufCMessage *message;
    struct wire_error error;

    for (size_t i = 0; i < end->trailing->count; i++) {
        const grpc_metadata *pair = &end->trailing->metadata[i];

        if (slice_is(bytes_of(&pair->key), DETAILS_KEY))
            return wire_unpack(&google__rpc__status__descriptor, bytes_of(&pair->value), arena,
                               &message, &error) == RESULT_OK
                       ? (Google__Rpc__Status *)(void *)message
                       : NULL;
    }
    return NULL;
}

static struct wire_status
read_status(const struct status_end *end, Google__Rpc__Status *details, struct arena *arena)
{
    struct wire_status status = {.result = RESULT_IO};
    Google__Rpc__Status bare;

    google__rpc__status__init(&bare);
    /* Trust the code that the transport saw over the one inside. */
    bare.code = (int32_t)end->code;
    if (details) {
        bare.details = details->details;
        bare.n_details = details->n_details;
    }
    if (wire_get_status(&bare, arena, &status) != RESULT_OK)
        status.result = RESULT_NO_MEMORY;
    if (end->code == GRPC_STATUS_CANCELLED || end->code == GRPC_STATUS_ABORTED ||
        end->code == GRPC_STATUS_UNIMPLEMENTED)
        status.result = RESULT_UNAVAILABLE;
    if (end->code == GRPC_STATUS_OUT_OF_RANGE)
        status.result = RESULT_INVALID;
    status.message = arena_copy(arena, bytes_of(&end->details));
    return status;
}

struct wire_status status_read(const struct status_end *end, struct arena *arena)
{
    return read_status(end, find_details(end, arena), arena);
}

/* ---- for people ---- */

static const void *open_detail(const Google__Protobuf__Any *any,
                               const ProtobufCMessageDescriptor *descriptor,
                               struct arena *arena)
{
    const char *name = any->type_url ? strrchr(any->type_url, '/') : NULL;
    ProtobufCMessage *message;
    struct wire_error error;

    if (!name || strcmp(name + 1, descriptor->name) != 0)
        return NULL;
    if (wire_unpack(descriptor, (struct slice){(const char *)any->value.data, any->value.len},
                    arena, &message, &error) != RESULT_OK)
        return NULL;
    return message;
}

static void explain_detail(const Google__Protobuf__Any *any, struct arena *arena, struct buf *lines)
{
    const Google__Rpc__BadRequest *request =
        open_detail(any, &google__rpc__bad_request__descriptor, arena);
    const Google__Rpc__PreconditionFailure *precondition =
        open_detail(any, &google__rpc__precondition_failure__descriptor, arena);
    const Google__Rpc__RetryInfo *retry =
        open_detail(any, &google__rpc__retry_info__descriptor, arena);

    for (size_t i = 0; request && i < request->n_field_violations; i++)
        buf_format(lines, "%s: %s\n", request->field_violations[i]->field,
                   request->field_violations[i]->description);
    for (size_t i = 0; precondition && i < precondition->n_violations; i++)
        buf_format(lines, "%s: %s\n", precondition->violations[i]->subject,
                   precondition->violations[i]->description);
    if (retry && retry->retry_delay)
        buf_format(lines, "try again after %lld ms\n",
                   (long long)retry->retry_delay->seconds * 1000 +
                       retry->retry_delay->nanos / 1000000);
}

enum result status_explain(const struct status_end *end,
                           struct arena *arena,
                           struct signalbox_call_error *reterr_error)
{
    Google__Rpc__Status *details = find_details(end, arena);
    struct wire_status status = read_status(end, details, arena);
    struct buf lines;

    reterr_error->grpc_status = (int)end->code;
    snprintf(reterr_error->message, sizeof reterr_error->message, "%.*s", (int)status.message.len,
             status.message.ptr ? status.message.ptr : "");
    snprintf(reterr_error->reason, sizeof reterr_error->reason, "%.*s", (int)status.reason.len,
             status.reason.ptr ? status.reason.ptr : "");
    buf_init_fixed(&lines, reterr_error->details, sizeof reterr_error->details - 1);
    for (size_t i = 0; details && i < details->n_details; i++)
        explain_detail(details->details[i], arena, &lines);
    if (lines.len > 0 && lines.ptr[lines.len - 1] == '\n')
        lines.len--;
    reterr_error->details[lines.len] = '\0';
    return status.result;
}
