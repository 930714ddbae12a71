#include "answer.h"

#include "base/buf.h"

/* Field numbers of decision.proto. */
enum {
    RESPONSE_DECISION = 1,
    RESPONSE_ITEMS = 1,
    REPLY_CORRELATION_ID = 1,
    REPLY_DECISION = 2,
    REPLY_ERROR = 3,
    DECISION_ACTION = 1,
    DECISION_ROUTE = 7,
    DECISION_RESUME_TOKEN = 24,
    ROUTE_ID = 1,
    STATUS_MESSAGE = 2,
};

struct field {
    uint64_t number;
    uint64_t value;     /* of a varint */
    struct slice bytes; /* of what has a length */
};

/* Only kinds that these messages have: varints and what has a length. */
static bool next_field(struct cursor *cursor, struct field *ret_field)
{
    uint64_t tag;

    *ret_field = (struct field){0};
    if (!cursor->left || cursor->failed)
        return false;
    tag = cursor_varint(cursor);
    ret_field->number = tag >> 3;
    if ((tag & 7) == 0)
        ret_field->value = cursor_varint(cursor);
    else if ((tag & 7) == 2)
        ret_field->bytes = cursor_bytes(cursor, cursor_varint(cursor));
    else
        cursor->failed = true;
    return !cursor->failed;
}

static struct slice find_bytes(struct slice message, uint64_t number)
{
    struct cursor cursor = cursor_of(message);
    struct field field;

    while (next_field(&cursor, &field))
        if (field.number == number)
            return field.bytes;
    return (struct slice){NULL, 0};
}

static bool read_decision(struct slice decision, struct answer *answer)
{
    struct cursor cursor = cursor_of(decision);
    struct field field;

    answer->decision = decision;
    while (next_field(&cursor, &field)) {
        if (field.number == DECISION_ACTION)
            answer->action = field.value;
        else if (field.number == DECISION_ROUTE)
            answer->route = find_bytes(field.bytes, ROUTE_ID);
        else if (field.number == DECISION_RESUME_TOKEN)
            answer->token = field.bytes;
    }
    return !cursor.failed;
}

bool answer_read(struct slice bytes, struct answer *ret_answer)
{
    *ret_answer = (struct answer){0};
    return read_decision(find_bytes(bytes, RESPONSE_DECISION), ret_answer);
}

static bool read_reply(struct slice reply, struct answer *answer)
{
    struct cursor cursor = cursor_of(reply);
    struct field field;

    while (next_field(&cursor, &field)) {
        if (field.number == REPLY_CORRELATION_ID) {
            answer->correlation_id = field.value;
        } else if (field.number == REPLY_DECISION) {
            if (!read_decision(field.bytes, answer))
                return false;
        } else if (field.number == REPLY_ERROR) {
            answer->refused = true;
            answer->message = find_bytes(field.bytes, STATUS_MESSAGE);
        }
    }
    return !cursor.failed;
}

bool answer_next(struct slice *rest, struct answer *ret_answer)
{
    struct cursor cursor = cursor_of(*rest);
    struct field field;

    *ret_answer = (struct answer){0};
    if (!next_field(&cursor, &field) || field.number != RESPONSE_ITEMS ||
        !read_reply(field.bytes, ret_answer))
        return false;
    *rest = (struct slice){cursor.ptr, cursor.left};
    return true;
}
