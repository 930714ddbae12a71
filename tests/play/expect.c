/* Expectations: fields of an answer, a trace or a record as text, compared with what a line says.
 */
#include "play/expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/control.h"

char expect_why[512];

bool expect_wrong(const char *what, const char *found)
{
    snprintf(expect_why, sizeof expect_why, "%s: %s", what, found);
    return false;
}

static const char *number_text(uint64_t number)
{
    static char texts[8][24];
    static unsigned next;
    char *text = texts[next++ % 8];

    snprintf(text, sizeof texts[0], "%llu", (unsigned long long)number);
    return text;
}

static const char *bool_text(bool truth)
{
    return truth ? "true" : "false";
}

const char *text_of(struct slice text)
{
    return text.len ? text.ptr : "";
}

struct shown {
    const char *name;
    const char *text;
};

static bool compare(const struct script_line *line,
                    unsigned first,
                    const struct shown *shown,
                    size_t shown_count)
{
    for (unsigned i = first; i < line->count; i++) {
        const struct script_word *word = &line->words[i];
        const char *found = NULL;

        for (size_t k = 0; k < shown_count && word->key; k++)
            if (!strcmp(shown[k].name, word->key))
                found = shown[k].text;
        if (!word->key || !found)
            return expect_wrong("no such field to expect", word->key ? word->key : word->value);
        if (strcmp(found, word->value)) {
            snprintf(expect_why, sizeof expect_why, "%s is %s, expected %s", word->key, found,
                     word->value);
            return false;
        }
    }
    return true;
}

#define COMPARE(line, first, shown) compare(line, first, shown, sizeof(shown) / sizeof *(shown))

bool expect_answer(struct stage *stage, const struct script_line *line)
{
    const struct decision *d = &stage->decision;
    bool ok = stage->result == RESULT_OK;
    const struct shown shown[] = {
        {"result", result_row(stage->result)->name},
        {"error_reason", text_of(stage->error_reason)},
        {"action", ok ? signalbox_action_name(d->action) : "none"},
        {"reason", ok ? signalbox_reason_name(d->reason) : "none"},
        {"failure", ok ? signalbox_failure_name(d->failure) : "none"},
        {"disposition", signalbox_disposition_name(d->disposition)},
        {"durable", bool_text(d->durable)},
        {"rule", text_of(d->rule)},
        {"detail", text_of(d->detail)},
        {"route", d->has_route ? text_of(d->route.id) : ""},
        {"tier", signalbox_tier_name(d->route.tier)},
        {"attempt", number_text(d->attempt)},
        {"first_output_ms", number_text(d->timeouts.first_output_ms)},
        {"total_ms", number_text(d->timeouts.total_ms)},
        {"output_tokens_cap", number_text(d->output_tokens_cap)},
        {"restart_output", bool_text(d->restart_output)},
        {"http_status", number_text(d->error.http_status)},
        {"code", text_of(d->error.code)},
        {"should_retry", bool_text(d->error.should_retry)},
        {"retry_after_ms", number_text(d->error.retry_after_ms)},
        {"providers_body", bool_text(d->error.providers_body)},
        {"notice", text_of(d->notice.text)},
        {"default_response", text_of(d->default_response)},
        {"delay_ms", number_text(d->delay_ms)},
    };

    return COMPARE(line, 1, shown);
}

static const struct trace_item *
find_item(const struct trace *trace, unsigned entry, const char *check)
{
    for (unsigned i = 0; i < trace->count; i++)
        if (trace->items[i].entry == entry && slice_is(trace->items[i].check, check))
            return &trace->items[i];
    return NULL;
}

bool expect_trace(struct stage *stage, const struct script_line *line)
{
    const char *entry = script_value(line, "entry"), *check = script_value(line, "check");
    const struct trace_item *item =
        entry && check ? find_item(&stage->decision.trace, (unsigned)atol(entry), check) : NULL;

    if (!item)
        return expect_wrong("no such check in the trace", check ? check : "(none named)");
    const struct shown shown[] = {
        {"entry", entry},
        {"check", check},
        {"gate", signalbox_gate_name(item->gate)},
        {"verdict", signalbox_verdict_name(item->verdict)},
        {"found", item->found.kind == TRACE_TEXT ? text_of(item->found.text)
                                                 : number_text(item->found.number)},
        {"needed", item->needed.kind == TRACE_TEXT ? text_of(item->needed.text)
                                                   : number_text(item->needed.number)},
    };

    return COMPARE(line, 1, shown);
}

static struct request_query query_of(struct stage *stage, const char *name)
{
    struct stage_request *request = stage_request(stage, name);

    return (struct request_query){.has_id = true, .request_id = request->id};
}

bool expect_record(struct stage *stage, const struct script_line *line)
{
    struct request_query query = query_of(stage, line->words[1].value);
    struct decision *decisions;
    unsigned count;
    struct record r;

    if (service_get_request(stage->service, stage_call(stage), &query, &r, &decisions, &count) !=
        RESULT_OK)
        return expect_wrong("no record", text_of(stage->call.message));
    const struct record_attempt none = {.route = {NULL, 0}};
    const struct record_attempt *last =
        r.attempts_count ? &r.attempts[r.attempts_count - 1] : &none;
    const struct shown shown[] = {
        {"attempts", number_text(r.attempts_count)},
        {"disposition", signalbox_disposition_name(r.disposition)},
        {"reason", signalbox_reason_name(r.stop_reason)},
        {"failure", signalbox_failure_name(r.failure)},
        {"selected_route", text_of(arena_copy(&stage->arena, r.selected_route))},
        {"tier", signalbox_tier_name(r.tier)},
        {"cost_nusd", number_text(r.cost_nusd)},
        {"workload", text_of(arena_copy(&stage->arena, r.facts.workload))},
        {"tenant", text_of(arena_copy(&stage->arena, r.facts.tenant))},
        {"traffic_class", signalbox_traffic_class_name(r.facts.traffic_class)},
        {"partial_output", bool_text(r.partial_output)},
        {"model_mismatch", bool_text(r.model_mismatch)},
        {"boundary_crossed", bool_text(r.boundary_crossed)},
        {"adopted", bool_text(r.adopted)},
        {"last_route", text_of(arena_copy(&stage->arena, last->route))},
        {"last_status", number_text(last->http_status)},
        {"last_failure", signalbox_failure_name(last->failure)},
        {"last_action", signalbox_action_name(last->action)},
        {"blocking_gate", signalbox_gate_name(last->blocking_gate)},
        {"blocking_check", text_of(arena_copy(&stage->arena, last->blocking_check))},
    };

    return COMPARE(line, 2, shown);
}

bool expect_replay(struct stage *stage, const struct script_line *line)
{
    struct request_query query = query_of(stage, line->words[1].value);
    struct replay replay;

    if (service_replay_request(stage->service, stage_call(stage), &query, &replay) != RESULT_OK)
        return expect_wrong("no replay", text_of(stage->call.message));
    return replay.same || expect_wrong("the replay differs", line->words[1].value);
}

/* `off NAME field=...` for something that is switched off; `off -` for nothing at all. */
bool expect_off(struct stage *stage, const struct script_line *line)
{
    const char *name = line->words[1].value;
    struct switch_record *records;
    struct slice next;
    unsigned count;

    if (service_list_switches(stage->service, stage_call(stage), SLICE_LITERAL(""), 0, &records,
                              &count, &next) != RESULT_OK)
        return expect_wrong("no list of switches", text_of(stage->call.message));
    if (!strcmp(name, "-"))
        return count == 0 || expect_wrong("switched off", text_of(records[0].name));
    for (unsigned i = 0; i < count; i++) {
        const struct switch_record *r = &records[i];
        const struct shown shown[] = {
            {"scope", signalbox_switch_scope_name(r->scope)},
            {"policy", text_of(arena_copy(&stage->arena, r->policy_id))},
            {"rule", r->rule ? signalbox_rollback_rule_name(r->rule) : ""},
            {"by", text_of(arena_copy(&stage->arena, r->by))},
            {"reason", text_of(arena_copy(&stage->arena, r->reason))},
        };

        if (slice_is(r->name, name))
            return COMPARE(line, 2, shown);
    }
    return expect_wrong("not switched off", name);
}

/* `audit N ACTION field=...`: so many rows tell of it; the fields are the newest one's. */
bool expect_audit(struct stage *stage, const struct script_line *line)
{
    const struct audit_query query = {.rows_max = 1000};
    const struct audit_record none = {.version = 0}, *newest = &none;
    struct audit_record *records;
    enum audit_action action;
    struct slice next;
    unsigned count, found = 0;

    if (!signalbox_audit_action_parse(slice_of(line->words[2].value), &action))
        return expect_wrong("no such action", line->words[2].value);
    if (service_list_audit(stage->service, stage_call(stage), &query, &records, &count, &next) !=
        RESULT_OK)
        return expect_wrong("no audit trail", text_of(stage->call.message));
    for (unsigned i = count; i-- > 0;)
        if (records[i].action == action) {
            newest = &records[i];
            found++;
        }
    if (found != strtoul(line->words[1].value, NULL, 10))
        return expect_wrong("rows of the audit trail", number_text(found));
    const struct shown shown[] = {
        {"subject", text_of(arena_copy(&stage->arena, newest->subject))},
        {"policy", text_of(arena_copy(&stage->arena, newest->policy_id))},
        {"detail", text_of(arena_copy(&stage->arena, newest->detail))},
        {"reason", text_of(arena_copy(&stage->arena, newest->reason))},
    };

    return COMPARE(line, 3, shown);
}
