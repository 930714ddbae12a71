/* Which field stands in which group is the one list here; a test sees to it that none is missing.
 */
#include "ctl/record.h"

#include "ctl/display.h"
#include "ctl/record_group.h"
#include "ctl/render.h"
#include "ctl/when.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

static void add_ms(struct table *table, uint64_t ms, bool known)
{
    if (known)
        table_add_format(table, "%llu ms", (unsigned long long)ms);
    else
        table_add_text(table, "");
}

static void add_gate(struct table *table, const Signalbox__V1__RecordAttempt *attempt)
{
    const char *gate = WORD(gate, attempt->blocking_gate);

    if (*attempt->blocking_check)
        table_add_format(table, "%s%s%s", gate, *gate ? ": " : "", attempt->blocking_check);
    else
        table_add_text(table, gate);
}

static void print_chain(const Signalbox__V1__Record *record, struct arena *arena, struct buf *out)
{
    static const char *const titles[] = {
        "#>",       "ROUTE",         "ACTION", "STATUS>",       "CLASS",  "RULE", "DELAY>",
        "LATENCY>", "FIRST OUTPUT>", "COST>",  "BLOCKING GATE", "REASON", NULL};
    struct table table;

    table_init(&table, arena, titles);
    for (size_t i = 0; i < record->n_attempts; i++) {
        const Signalbox__V1__RecordAttempt *attempt = record->attempts[i];

        table_add_format(&table, "%zu", i + 1);
        table_add_text(&table, attempt->route);
        table_add_text(&table, WORD(action, attempt->action));
        if (attempt->http_status)
            table_add_format(&table, "%u", attempt->http_status);
        else
            table_add_text(&table, WORD(transport, attempt->transport));
        table_add_text(&table, WORD(failure, attempt->failure));
        table_add_text(&table, attempt->rule);
        add_ms(&table, attempt->delay_ms, attempt->delay_ms > 0);
        add_ms(&table, attempt->latency_ms, attempt->transport != 0);
        add_ms(&table, attempt->first_output_ms, attempt->output_seen);
        table_add(&table, render_usd((int64_t)attempt->cost_nusd, arena));
        add_gate(&table, attempt);
        table_add_text(&table, WORD(reason, attempt->reason));
    }
    if (record->n_attempts)
        table_print(&table, out);
    else
        buf_put_text(out, "no attempt was made\n");
}

static void print_changes(const Signalbox__V1__Record *record, struct arena *arena, struct buf *out)
{
    static const char *const titles[] = {"FIELD", "PRIMARY", "SELECTED", NULL};
    struct table table;

    if (record->n_changes == 0)
        return;
    table_init(&table, arena, titles);
    for (size_t i = 0; i < record->n_changes; i++) {
        table_add_text(&table, record->changes[i]->field);
        table_add_text(&table, record->changes[i]->primary);
        table_add_text(&table, record->changes[i]->selected);
    }
    table_print_below("What changed", &table, out);
}

/* At each boundary the check of a gate that refused an entry first: found, needed, whom to ask. */
static void print_blocked(Signalbox__V1__Decision *const *decisions,
                          size_t count,
                          struct arena *arena,
                          struct buf *out)
{
    static const char *const titles[] = {"BOUNDARY>", "ENTRY>", "ROUTE",    "GATE",  "CHECK",
                                         "FOUND",     "NEEDED", "EVIDENCE", "OWNER", NULL};
    struct table table;

    table_init(&table, arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__TraceItem *item = decisions[i]->blocked;

        if (!item)
            continue;
        table_add_format(&table, "%zu", i);
        table_add_format(&table, "%u", item->entry);
        table_add_text(&table, item->route);
        table_add_text(&table, WORD(gate, item->gate));
        table_add_text(&table, item->check);
        table_add(&table, when_readable(item->found, arena));
        table_add(&table, when_readable(item->needed, arena));
        table_add_text(&table, item->evidence_id);
        table_add_text(&table, item->owner);
    }
    if (table.first)
        table_print_below("Refused by", &table, out);
}

void record_print(const Signalbox__V1__Record *record,
                  Signalbox__V1__Decision *const *decisions,
                  size_t count,
                  struct arena *arena,
                  struct buf *out)
{
    buf_put_text(out, "request ");
    display_put(slice_of(record->request_id), false, out);
    buf_format(out, "  %s\n\n",
               record->disposition ? WORD(disposition, record->disposition) : "(still running)");
    print_chain(record, arena, out);
    print_blocked(decisions, count, arena, out);
    for (size_t i = 0; i < sizeof record_groups / sizeof *record_groups; i++) {
        render_group(record_groups[i].title, &record->base, record_groups[i].names, arena, out);
        if (i == RECORD_GROUP_CHANGES)
            print_changes(record, arena, out);
    }
    if (record->admission)
        for (size_t i = 0; i < sizeof admission_groups / sizeof *admission_groups; i++)
            render_group(admission_groups[i].title, &record->admission->base,
                         admission_groups[i].names, arena, out);
    if (*record->rollback_command) {
        buf_put_text(out, "\nTo roll back\n  ");
        display_put(slice_of(record->rollback_command), false, out);
        buf_put_text(out, "\n");
    }
}

void record_print_trace(const Signalbox__V1__Trace *trace, struct arena *arena, struct buf *out)
{
    static const char *const titles[] = {"ENTRY>", "ROUTE",  "GATE",     "CHECK", "VERDICT",
                                         "FOUND",  "NEEDED", "EVIDENCE", "OWNER", NULL};
    struct table table;

    table_init(&table, arena, titles);
    for (size_t i = 0; i < trace->n_items; i++) {
        const Signalbox__V1__TraceItem *item = trace->items[i];

        table_add_format(&table, "%u", item->entry);
        table_add_text(&table, item->route);
        table_add_text(&table, WORD(gate, item->gate));
        table_add_text(&table, item->check);
        table_add_text(&table, item->verdict == SIGNALBOX__V1__VERDICT__VERDICT_BLOCK
                                   ? "BLOCK"
                                   : WORD(verdict, item->verdict));
        table_add(&table, when_readable(item->found, arena));
        table_add(&table, when_readable(item->needed, arena));
        table_add_text(&table, item->evidence_id);
        table_add_text(&table, item->owner);
    }
    if (trace->n_items)
        table_print(&table, out);
}
