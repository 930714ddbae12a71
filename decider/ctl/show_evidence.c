/* Pieces of evidence: where each stands by itself. Whether it counts for a policy is the
 * checklist's business. */
#include "ctl/display.h"
#include "ctl/render.h"
#include "ctl/show.h"
#include "ctl/when.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

static const char *state_of(const Signalbox__V1__Evidence *evidence, int64_t now_ms)
{
    if (evidence->revoked)
        return "revoked";
    if (evidence->expires_unix_ms && evidence->expires_unix_ms <= now_ms)
        return "expired";
    return evidence->passed ? "stands" : "not passed";
}

/* "eval", "sign_off by product". */
static struct slice kind_of(struct ctl *ctl, const Signalbox__V1__Evidence *evidence)
{
    const char *kind = WORD(evidence_kind, evidence->kind);
    const struct json_node *role = NULL;
    struct json_node *root = NULL;
    struct json_error error;

    if (evidence->kind == SIGNALBOX__V1__EVIDENCE_KIND__EVIDENCE_KIND_SIGN_OFF &&
        json_parse(slice_of(evidence->document), &ctl->arena, &root, &error) == RESULT_OK)
        role = json_member(root, "role");
    if (!role || role->kind != JSON_KIND_STRING)
        return slice_of(kind);
    return arena_format(&ctl->arena, "%s by %s", kind, role->text.ptr);
}

void show_evidence_list(struct ctl *ctl,
                        Signalbox__V1__Evidence *const *items,
                        size_t count,
                        int64_t now_ms)
{
    static const char *const titles[] = {"EVIDENCE", "KIND", "FOR",   "SUBJECT", "STATE",
                                         "PUT",      "BY",   "OWNER", "EXPIRES", NULL};
    struct table table;

    if (count == 0) {
        buf_put_text(&ctl->out, "no evidence\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < count; i++) {
        const Signalbox__V1__Evidence *item = items[i];

        table_add_text(&table, item->evidence_id);
        table_add(&table, kind_of(ctl, item));
        table_add(&table, arena_format(&ctl->arena, "%s in %s", item->workload, item->environment));
        table_add_text(&table, item->subject);
        table_add_text(&table, state_of(item, now_ms));
        table_add(&table, when_text(item->put_unix_ms, now_ms, &ctl->arena));
        table_add_text(&table, item->put_by);
        table_add_text(&table, item->owner);
        table_add(&table, when_text(item->expires_unix_ms, now_ms, &ctl->arena));
    }
    table_print(&table, &ctl->out);
}

static void show_bindings(struct ctl *ctl, const Signalbox__V1__Evidence *evidence)
{
    static const char *const titles[] = {"FIELD", "VALUE ON THE DAY IT WAS PUT", NULL};
    struct table table;

    if (evidence->n_bindings == 0)
        return;
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < evidence->n_bindings; i++) {
        table_add_text(&table, WORD(binding, evidence->bindings[i]->field));
        table_add_text(&table,
                       *evidence->bindings[i]->value ? evidence->bindings[i]->value : "(nothing)");
    }
    table_print_below("Void when one of these changes", &table, &ctl->out);
}

static void add_pair(struct table *table, const char *label, struct slice text)
{
    if (!text.len)
        return;
    table_add_text(table, label);
    table_add(table, text);
}

void show_evidence(struct ctl *ctl, const Signalbox__V1__Evidence *evidence, int64_t now_ms)
{
    static const char *const titles[] = {"", "", NULL};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    add_pair(&table, "state", slice_of(state_of(evidence, now_ms)));
    add_pair(&table, "kind", kind_of(ctl, evidence));
    add_pair(&table, "gate", slice_of(WORD(gate, evidence->gate)));
    add_pair(&table, "workload", slice_of(evidence->workload));
    add_pair(&table, "environment", slice_of(evidence->environment));
    add_pair(&table, "subject", slice_of(evidence->subject));
    add_pair(&table, "owner", slice_of(evidence->owner));
    add_pair(&table, "put", when_text(evidence->put_unix_ms, now_ms, &ctl->arena));
    add_pair(&table, "put by", slice_of(evidence->put_by));
    add_pair(&table, "expires", when_text(evidence->expires_unix_ms, now_ms, &ctl->arena));
    add_pair(&table, "revoked", when_text(evidence->revoked_unix_ms, now_ms, &ctl->arena));
    add_pair(&table, "revoked by", slice_of(evidence->revoked_by));
    add_pair(&table, "because", slice_of(evidence->revoke_reason));
    buf_put_text(&ctl->out, "evidence ");
    display_put(slice_of(evidence->evidence_id), false, &ctl->out);
    table_print_below("", &table, &ctl->out);
    show_bindings(ctl, evidence);
    if (!*evidence->document)
        return;
    buf_put_text(&ctl->out, "\n");
    display_put(slice_of(evidence->document), true, &ctl->out);
    if (evidence->document[strlen(evidence->document) - 1] != '\n')
        buf_put_text(&ctl->out, "\n");
}
