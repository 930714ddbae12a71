/* Versions in service, switches, pins and the audit trail. Who did it is a key id; what a rule did
 * says which rule. */
#include <stdio.h>

#include "ctl/display.h"
#include "ctl/render.h"
#include "ctl/show.h"
#include "ctl/when.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

/* ---- versions ---- */

void show_version(struct ctl *ctl, const char *what, const Signalbox__V1__Policy *policy)
{
    buf_format(&ctl->out, "%s ", what);
    display_put(slice_of(policy->policy_id), false, &ctl->out);
    buf_format(&ctl->out, "@%u", policy->version);
    if (*policy->workload) {
        buf_put_text(&ctl->out, " for ");
        display_put(slice_of(policy->workload), false, &ctl->out);
        buf_put_text(&ctl->out, " in ");
        display_put(slice_of(policy->environment), false, &ctl->out);
    }
    buf_put_text(&ctl->out, "\n");
}

void show_activation(struct ctl *ctl, const struct activation *activation)
{
    char text[64];

    if (activation->policy)
        show_version(ctl, "active:", activation->policy);
    if (activation->canary) {
        snprintf(text, sizeof text,
                 "beside it, for %u %% of the requests:", activation->canary_percent);
        show_version(ctl, text, activation->canary);
    }
    if (activation->replaced)
        show_version(ctl, "in place of:", activation->replaced);
    if (*activation->etag) {
        buf_put_text(&ctl->out, "etag: ");
        display_put(slice_of(activation->etag), false, &ctl->out);
        buf_put_text(&ctl->out, "\n");
    }
}

/* ---- switches ---- */

static void add_who(struct table *table, const Signalbox__V1__Switch *item)
{
    if (item->rule)
        table_add_format(table, "rule %s", WORD(rollback_rule, item->rule));
    else
        table_add_text(table, item->turned_by);
}

void show_switches(struct ctl *ctl,
                   Signalbox__V1__Switch *const *switches,
                   size_t count,
                   int64_t now_ms)
{
    static const char *const titles[] = {"SWITCH", "SCOPE",  "POLICY",  "NAME", "SINCE",
                                         "BY",     "REASON", "REQUEST", "ETAG", NULL};
    struct table table;

    if (count == 0) {
        buf_put_text(&ctl->out, "nothing is switched off\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__Switch *item = switches[i];

        table_add_text(&table, item->on ? "on" : "off");
        table_add_text(&table, WORD(switch_scope, item->scope));
        table_add_text(&table, item->policy_id);
        table_add_text(&table, item->name);
        table_add(&table, when_text(item->turned_unix_ms, now_ms, &ctl->arena));
        add_who(&table, item);
        table_add_text(&table, item->reason);
        table_add_text(&table, item->request_id);
        table_add_text(&table, item->etag);
    }
    table_print(&table, &ctl->out);
}

/* ---- pins ---- */

void show_pins(struct ctl *ctl, Signalbox__V1__Pin *const *pins, size_t count, int64_t now_ms)
{
    static const char *const titles[] = {"POLICY", "PINNED TO", "SET",  "EXPIRES",
                                         "BY",     "REASON",    "ETAG", NULL};
    struct table table;

    if (count == 0) {
        buf_put_text(&ctl->out, "no pins\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__Pin *pin = pins[i];

        table_add_text(&table, pin->policy_id);
        table_add_text(&table, *pin->entry ? pin->entry : "(not pinned)");
        table_add(&table, when_text(pin->set_unix_ms, now_ms, &ctl->arena));
        table_add(&table, when_text(pin->expires_unix_ms, now_ms, &ctl->arena));
        table_add_text(&table, pin->set_by);
        table_add_text(&table, pin->reason);
        table_add_text(&table, pin->etag);
    }
    table_print(&table, &ctl->out);
}

/* ---- the audit trail ---- */

/* "support-chat@3"; catalogs have a version and no id. */
static void add_what(struct table *table, const Signalbox__V1__AuditEvent *event)
{
    const char *id = *event->policy_id ? event->policy_id : event->version ? "catalog" : "";

    if (event->version)
        table_add_format(table, "%s@%u", id, event->version);
    else
        table_add_text(table, id);
}

static void add_place(struct table *table, const Signalbox__V1__AuditEvent *event)
{
    if (*event->workload)
        table_add(table,
                  arena_format(table->arena, "%s in %s", event->workload, event->environment));
    else
        table_add_text(table, "");
}

void show_audit(struct ctl *ctl,
                Signalbox__V1__AuditEvent *const *events,
                size_t count,
                int64_t now_ms)
{
    static const char *const titles[] = {"WHEN",    "ACTION", "BY",     "POLICY", "FOR",
                                         "SUBJECT", "DETAIL", "REASON", NULL};
    struct table table;

    if (count == 0) {
        buf_put_text(&ctl->out, "nothing happened yet\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__AuditEvent *event = events[i];

        table_add(&table, when_text(event->at_unix_ms, now_ms, &ctl->arena));
        table_add_text(&table, WORD(audit_action, event->action));
        table_add_text(&table, *event->by ? event->by : "a rule");
        add_what(&table, event);
        add_place(&table, event);
        table_add_text(&table, event->subject);
        table_add_text(&table, event->detail);
        table_add_text(&table, event->reason);
    }
    table_print(&table, &ctl->out);
}
