/* Findings in documents, as every method that takes a document answers with them: errors of a
 * document are an answer, not a failed call. */
#include "rpc/handler.h"

static Signalbox__V1__Diagnostic *put_diagnostic(struct handling *handling,
                                                 const struct diagnostic *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Diagnostic *message =
        handler_message(handling, &signalbox__v1__diagnostic__descriptor);

    if (!message)
        return NULL;
    message->code = wire_text(slice_of(diagnostic_name(from->code)), arena);
    message->error = diagnostic_is_error(from->code);
    message->pointer = wire_text(from->pointer, arena);
    message->found = wire_text(from->found, arena);
    message->expected = wire_text(from->expected, arena);
    message->hint = wire_text(slice_of(diagnostic_hint(from->code)), arena);
    message->line = from->line;
    message->column = from->column;
    return message;
}

Signalbox__V1__Diagnostic **handler_diagnostics(struct handling *handling, size_t *ret_count)
{
    const struct diagnostics *from = &handling->admin.diagnostics;
    Signalbox__V1__Diagnostic **items;
    size_t count = 0;

    *ret_count = 0;
    for (const struct diagnostic *finding = from->first; finding; finding = finding->next)
        count++;
    items = handler_items(handling, count);
    if (!items)
        return NULL;
    for (const struct diagnostic *finding = from->first; finding; finding = finding->next)
        items[(*ret_count)++] = put_diagnostic(handling, finding);
    return items;
}
