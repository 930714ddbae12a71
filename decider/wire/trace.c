/* Trace. Values travel as the text that people read, so what comes back is a text. */
#include <inttypes.h>

#include "base/decimal.h"
#include "signalbox/limits.h"
#include "wire/field.h"

#define TEXT_BOUND(number) DOCUMENT_BYTES_MAX
#define SET_TEXT_BYTES_MAX 2048 /* all 64 members of the longest list */
#define NUSD_DIGITS        9

#define ITEM_FIELDS(F)                                                                             \
    F(U32, _, entry)                                                                               \
    F(TEXT, _, route)                                                                              \
    F(ENUM, gate, gate)                                                                            \
    F(TEXT, _, check)                                                                              \
    F(ENUM, verdict, verdict)                                                                      \
    F(TEXT, _, evidence_id)                                                                        \
    F(TEXT, _, owner)

/* ---- values as text ---- */

static const char *data_class_name(unsigned number)
{
    return signalbox_data_class_name((enum data_class)number);
}

static const char *need_name(unsigned number)
{
    return signalbox_need_name((enum need)number);
}

static const char *sensitivity_name(unsigned number)
{
    return signalbox_sensitivity_name((enum sensitivity)number);
}

static const char *failure_name(unsigned number)
{
    return signalbox_failure_name((enum failure)number);
}

static const char *bound_state_name(unsigned number)
{
    return signalbox_bound_state_name((enum bound_state)number);
}

static const char *sign_off_name(unsigned number)
{
    return signalbox_sign_off_name((enum sign_off)number);
}

static struct slice
set_text(uint64_t set, const char *(*name)(unsigned number), struct arena *arena)
{
    char memory[SET_TEXT_BYTES_MAX];
    struct buf buf;

    if (set == 0)
        return SLICE_LITERAL("none");
    buf_init_fixed(&buf, memory, sizeof memory);
    for (; set; set &= set - 1) {
        if (buf.len)
            buf_put_text(&buf, ", ");
        buf_put_text(&buf, name((unsigned)__builtin_ctzll(set)));
    }
    return arena_copy(arena, buf_slice(&buf));
}

struct slice wire_trace_text(const struct trace_value *value, struct arena *arena)
{
    char amount[32];

    switch (value->kind) {
    case TRACE_NOTHING:
        break;
    case TRACE_NUMBER:
        return arena_format(arena, "%" PRIu64, value->number);
    case TRACE_MILLISECONDS:
        return arena_format(arena, "%" PRIu64 " ms", value->number);
    case TRACE_NUSD:
        decimal_format(value->number, NUSD_DIGITS, amount);
        return arena_format(arena, "%s USD", amount);
    case TRACE_TEXT:
        return value->text;
    case TRACE_DATA_CLASSES:
        return set_text(value->number, data_class_name, arena);
    case TRACE_NEEDS:
        return set_text(value->number, need_name, arena);
    case TRACE_SENSITIVITY:
        return set_text(value->number, sensitivity_name, arena);
    case TRACE_FAILURES:
        return set_text(value->number, failure_name, arena);
    case TRACE_BOUND_STATE:
        return set_text(value->number, bound_state_name, arena);
    case TRACE_SIGN_OFFS:
        return set_text(value->number, sign_off_name, arena);
    case TRACE_QUALITY_CLASS:
        return slice_of(signalbox_quality_class_name((enum quality_class)value->number));
    }
    return (struct slice){NULL, 0};
}

static struct trace_value text_value(const char *text)
{
    struct slice slice = slice_of(text);

    return (struct trace_value){slice.len ? TRACE_TEXT : TRACE_NOTHING, 0, slice};
}

/* ---- get and put ---- */

void field_get_trace_item(struct getter *get,
                          const Signalbox__V1__TraceItem *message,
                          struct trace_item *to)
{
    memset(to, 0, sizeof *to);
    if (!message)
        return;
    ITEM_FIELDS(FIELD_GET)
    to->found = text_value(message->found);
    to->needed = text_value(message->needed);
}

void field_get_trace(struct getter *get, const Signalbox__V1__Trace *message, struct trace *to)
{
    struct trace_item *items;

    *to = (struct trace){0};
    if (!message)
        return;
    GET_HEX(2, _, digest)
    if (message->n_items == 0)
        return;
    if (message->n_items > TRACE_ITEMS_MAX) {
        field_refuse(get, "items", RESULT_INVALID, "has too many items");
        return;
    }
    items = arena_calloc(get->arena, message->n_items, sizeof *items);
    if (!items) {
        field_refuse(get, "items", RESULT_TOO_LARGE, "the message takes too much memory");
        return;
    }
    for (size_t i = 0; i < message->n_items; i++)
        field_get_trace_item(get, message->items[i], &items[i]);
    to->items = items;
    to->count = (unsigned)message->n_items;
}

Signalbox__V1__TraceItem *field_put_trace_item(const struct trace_item *from, struct arena *arena)
{
    Signalbox__V1__TraceItem *message = field_new(arena, &signalbox__v1__trace_item__descriptor);

    if (message) {
        ITEM_FIELDS(FIELD_PUT)
        message->found = wire_text(wire_trace_text(&from->found, arena), arena);
        message->needed = wire_text(wire_trace_text(&from->needed, arena), arena);
    }
    return message;
}

Signalbox__V1__Trace *wire_put_trace(const struct trace *trace, struct arena *arena)
{
    const struct trace *from = trace;
    Signalbox__V1__Trace *message = field_new(arena, &signalbox__v1__trace__descriptor);

    if (!message)
        return NULL;
    PUT_HEX(2, _, digest)
    message->items = field_new_list(arena, from->count);
    for (unsigned i = 0; message->items && i < from->count; i++)
        message->items[message->n_items++] = field_put_trace_item(&from->items[i], arena);
    return arena->failed ? NULL : message;
}
