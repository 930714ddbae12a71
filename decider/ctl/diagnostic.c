/* The place is line and column where the text is no JSON, else the pointer. */
#include "ctl/diagnostic.h"

#include "ctl/render.h"

void diagnostic_print(struct ctl *ctl, Signalbox__V1__Diagnostic *const *items, size_t count)
{
    static const char *const titles[] = {"LEVEL",    "PLACE", "FINDING", "FOUND",
                                         "EXPECTED", "HINT",  NULL};
    struct table table;

    if (count == 0)
        return;
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__Diagnostic *item = items[i];

        table_add_text(&table, item->error ? "error" : "warning");
        if (item->line)
            table_add_format(&table, "%u:%u", item->line, item->column);
        else
            table_add_text(&table, *item->pointer ? item->pointer : "(document)");
        table_add_text(&table, item->code);
        table_add_text(&table, item->found);
        table_add_text(&table, item->expected);
        table_add_text(&table, item->hint);
    }
    table_print(&table, &ctl->out);
}

int diagnostic_exit(Signalbox__V1__Diagnostic *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i]->error)
            return CTL_EXIT_DOCUMENT;
    return CTL_EXIT_OK;
}
