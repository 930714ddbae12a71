/* Messages cut into items, items asked. Each question is unpacked by itself, into the same memory
 * as the one before it. */
#include <stdlib.h>

#include "rpc/stream.h"
#include "signalbox/limits.h"

static struct item *take(struct rpc_server *server)
{
    struct list *link = list_pop(&server->item_idle);

    return link ? CONTAINER_OF(link, struct item, link) : malloc(sizeof(struct item));
}

static void give_back(struct item *item)
{
    struct stream *stream = item->stream;

    list_remove(&item->link);
    list_append(&stream->server->item_idle, &item->link);
    stream->open--;
}

static void on_answer(struct ticket *ticket, const struct ticket_answer *answer)
{
    struct item *item = CONTAINER_OF(ticket, struct item, ticket);
    struct stream *stream = item->stream;
    uint64_t correlation_id = item->correlation_id;

    give_back(item);
    stream_reply(stream, correlation_id, answer);
}

void stream_forget_items(struct stream *stream)
{
    LIST_EACH(&stream->items, link)
    {
        struct item *item = CONTAINER_OF(link, struct item, link);

        service_forget(stream->server->service, &item->ticket);
        give_back(item);
    }
}

static enum result read_question(struct rpc_server *server,
                                 const struct wire_item *from,
                                 struct question *ret_question,
                                 struct wire_error *reterr_error)
{
    ProtobufCMessage *message = NULL;
    enum result result;

    if (from->requests != 1) {
        *reterr_error = (struct wire_error){"request", "is needed, once"};
        return RESULT_INVALID;
    }
    result = wire_unpack(&signalbox__v1__decide_request__descriptor, from->request,
                         &server->question, &message, reterr_error);
    if (result)
        return result;
    return wire_get_question((const Signalbox__V1__DecideRequest *)message, &server->question,
                             ret_question, reterr_error);
}

static void refuse(struct stream *stream,
                   uint64_t correlation_id,
                   enum result result,
                   const struct wire_error *error)
{
    struct ticket_answer answer = {
        .result = result, .message = slice_of(error->text), .field = slice_of(error->field)};

    stream_reply(stream, correlation_id, &answer);
}

static void
ask(struct stream *stream, const struct principal *principal, const struct wire_item *from)
{
    struct rpc_server *server = stream->server;
    struct wire_error error = {"", ""};
    struct question question;
    enum result result = read_question(server, from, &question, &error);
    struct item *item = result ? NULL : take(server);

    if (!result && !item)
        result = RESULT_NO_MEMORY;
    if (result) {
        refuse(stream, from->correlation_id, result, &error);
    } else {
        *item = (struct item){.stream = stream,
                              .correlation_id = from->correlation_id,
                              .ticket = {.answer = on_answer}};
        list_init(&item->ticket.link);
        list_append(&stream->items, &item->link);
        stream->open++;
        service_ask(server->service, principal, &question, server->owner.now_ms, &item->ticket);
    }
    arena_reset(&server->question);
}

/* Before anything is applied, the message must be well formed as far as the items. */
static enum result check_items(struct slice bytes, struct wire_error *reterr_error)
{
    struct wire_item item;
    unsigned count = 0;
    enum result result;

    while ((result = wire_next_item(&bytes, &item)) == RESULT_OK)
        if (++count > STREAM_ITEMS_MAX) {
            *reterr_error = (struct wire_error){"items", "are more than a message may have"};
            return RESULT_TOO_LARGE;
        }
    if (result == RESULT_NOT_FOUND)
        return RESULT_OK;
    *reterr_error = (struct wire_error){"items", "the message is malformed"};
    return RESULT_INVALID;
}

void stream_take_message(struct stream *stream, grpc_byte_buffer *message)
{
    struct rpc_server *server = stream->server;
    const struct method *method = method_row(METHOD_STREAM_DECIDE);
    struct wire_status status;
    struct wire_error error = {"", ""};
    struct wire_item item;
    struct slice bytes;
    struct arena copy; /* of a message in several pieces; questions reset theirs */
    const struct principal *principal =
        auth_check(server, method, &stream->auth, server->owner.now_ms, &status);
    enum result result;

    if (!principal) {
        stream_end(stream, &status);
        return;
    }
    arena_init(&copy, NULL, 0, MESSAGE_BYTES_MAX + 64);
    result = call_bytes(message, method->bytes_max, &copy, &bytes, &error);
    if (!result)
        result = check_items(bytes, &error);
    if (result) {
        status = call_wire_error(result, &error);
        stream_end(stream, &status);
    } else {
        while (wire_next_item(&bytes, &item) == RESULT_OK)
            ask(stream, principal, &item);
    }
    arena_done(&copy);
}

void stream_close(struct rpc_server *server)
{
    struct list *link;

    while ((link = list_pop(&server->item_idle)))
        free(CONTAINER_OF(link, struct item, link));
}
