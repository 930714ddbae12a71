/* signalboxctl explain. With --failure the chain is grown one attempt at a time: each made-up
 * report must name the route that the decision before it chose, so that many Explain calls are
 * made. */
#include "base/invariant.h"
#include "ctl/ctl.h"
#include "ctl/display.h"
#include "ctl/example.h"
#include "ctl/message.h"
#include "ctl/record.h"
#include "ctl/render.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define ENVIRONMENT_DEFAULT "production"

/* ---- what is asked ---- */

static int refuse_document(const char *path, const struct message_error *error)
{
    return ctl_fail(CTL_EXIT_DOCUMENT, "%s: %s: found %s, expected %s", path,
                    *error->pointer ? error->pointer : "the document", error->found,
                    error->expected);
}

static int read_message(struct ctl *ctl,
                        const char *path,
                        const struct json_node *node,
                        const ProtobufCMessageDescriptor *descriptor,
                        ProtobufCMessage **ret_message)
{
    struct message_error error;
    enum result result = message_read(node, descriptor, &ctl->arena, ret_message, &error);

    if (result == RESULT_INVALID)
        return refuse_document(path, &error);
    if (result != RESULT_OK)
        return ctl_fail(result_row(result)->exit_code, "%s: %s", path,
                        result_row(result)->sentence);
    return CTL_EXIT_OK;
}

/* An AttemptReport, or an array of them. */
static int read_reports(struct ctl *ctl, const char *path, Signalbox__V1__ExplainRequest *request)
{
    struct json_node *root = NULL;
    const struct json_node *node;
    int code = ctl_read_json(ctl, path, &root);

    if (code != CTL_EXIT_OK)
        return code;
    if (root->kind == JSON_KIND_ARRAY && root->count > ATTEMPTS_MAX)
        return ctl_fail(CTL_EXIT_DOCUMENT, "%s: more than %d reports", path, ATTEMPTS_MAX);
    for (node = root->kind == JSON_KIND_ARRAY ? root->child : root; node; node = node->next) {
        ProtobufCMessage *message = NULL;

        code = read_message(ctl, path, node, &signalbox__v1__attempt_report__descriptor, &message);
        if (code != CTL_EXIT_OK)
            return code;
        request->reports[request->n_reports++] = (Signalbox__V1__AttemptReport *)(void *)message;
    }
    return CTL_EXIT_OK;
}

static int read_admission(struct ctl *ctl, Signalbox__V1__Admission *admission)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *environment = argument_text(arguments, "environment");
    unsigned family = SIGNALBOX__V1__FAMILY__FAMILY_OPENAI_CHAT_COMPLETIONS, traffic_class = 0;
    unsigned *needs, *data_classes;

    if (!argument_text(arguments, "tenant") || !argument_text(arguments, "workload"))
        return ctl_fail(CTL_EXIT_USAGE, "explain: a FILE, or --tenant and --workload");
    if (!ctl_word(ctl, "family", &signalbox__v1__family__descriptor, &family) ||
        !ctl_word(ctl, "traffic-class", &signalbox__v1__traffic_class__descriptor,
                  &traffic_class) ||
        !ctl_words(ctl, "need", &signalbox__v1__need__descriptor, &needs, &admission->n_needs) ||
        !ctl_words(ctl, "data-class", &signalbox__v1__data_class__descriptor, &data_classes,
                   &admission->n_data_classes) ||
        !ctl_count(ctl, "input-tokens", &admission->input_tokens_estimate) ||
        !ctl_count(ctl, "max-output-tokens", &admission->max_output_tokens))
        return CTL_EXIT_USAGE;
    admission->tenant = ctl_text(argument_text(arguments, "tenant"));
    admission->workload = ctl_text(argument_text(arguments, "workload"));
    admission->environment = ctl_text(environment ? environment : ENVIRONMENT_DEFAULT);
    admission->requested_model = ctl_text(argument_text(arguments, "model"));
    admission->stream = argument_flag(arguments, "stream");
    admission->family = (Signalbox__V1__Family)family;
    admission->traffic_class = (Signalbox__V1__TrafficClass)traffic_class;
    admission->needs = (Signalbox__V1__Need *)needs;
    admission->data_classes = (Signalbox__V1__DataClass *)data_classes;
    return CTL_EXIT_OK;
}

static bool any_fact_given(const struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;

    for (unsigned i = 0; i < arguments->command->arguments_count; i++)
        if (arguments->values[i].count)
            return true;
    return false;
}

static int check_failures(const struct argument_value *failures)
{
    char words[1024];
    struct buf list;

    if (failures->count > ATTEMPTS_MAX)
        return ctl_fail(CTL_EXIT_USAGE, "explain: more than %d attempts", ATTEMPTS_MAX);
    for (unsigned i = 0; i < failures->count; i++) {
        Signalbox__V1__AttemptReport report;

        signalbox__v1__attempt_report__init(&report);
        if (example_report(failures->texts[i], &report))
            continue;
        buf_init_fixed(&list, words, sizeof words - 1);
        example_list(&list);
        words[list.len] = '\0';
        return ctl_fail(CTL_EXIT_USAGE,
                        "--failure: \"%s\" is neither an HTTP status nor one of: %s",
                        failures->texts[i], words);
    }
    return CTL_EXIT_OK;
}

/* From the file, or from the flags. */
static int read_request(struct ctl *ctl, Signalbox__V1__ExplainRequest **ret_request)
{
    const char *path = ctl->arguments.operands[0];
    const char *report = argument_text(&ctl->arguments, "report");
    Signalbox__V1__ExplainRequest *request;
    ProtobufCMessage *message = NULL;
    struct json_node *root = NULL;
    int code;

    if (path && any_fact_given(ctl))
        return ctl_fail(CTL_EXIT_USAGE, "explain: a FILE, or flags, not both");
    if (path) {
        code = ctl_read_json(ctl, path, &root);
        if (code == CTL_EXIT_OK)
            code = read_message(ctl, path, root, &signalbox__v1__explain_request__descriptor,
                                &message);
        *ret_request = (Signalbox__V1__ExplainRequest *)(void *)message;
        return code;
    }
    if (report && argument_list(&ctl->arguments, "failure")->count)
        return ctl_fail(CTL_EXIT_USAGE, "explain: --report or --failure, not both");
    code = check_failures(argument_list(&ctl->arguments, "failure"));
    if (code != CTL_EXIT_OK)
        return code;
    request = message_new(&signalbox__v1__explain_request__descriptor, &ctl->arena);
    if (request) {
        request->admission = message_new(&signalbox__v1__admission__descriptor, &ctl->arena);
        request->reports =
            arena_calloc(&ctl->arena, ATTEMPTS_MAX, sizeof(Signalbox__V1__AttemptReport *));
    }
    if (ctl->arena.failed || !request)
        return ctl_fail(result_row(RESULT_NO_MEMORY)->exit_code, "out of memory");
    *ret_request = request;
    code = read_admission(ctl, request->admission);
    return code == CTL_EXIT_OK && report ? read_reports(ctl, report, request) : code;
}

/* ---- the call ---- */

static int call(struct ctl *ctl,
                const Signalbox__V1__ExplainRequest *request,
                const Signalbox__V1__ExplainResponse **ret_answer)
{
    ProtobufCMessage *reply = NULL;
    int code = ctl_call(ctl, ctl->arguments.command->method, &request->base,
                        &signalbox__v1__explain_response__descriptor, &reply);

    *ret_answer = (const void *)reply;
    return code;
}

/* Adds one made-up report after another, each on the route that the last decision chose, as long as
 * one is chosen. */
static int grow(struct ctl *ctl,
                Signalbox__V1__ExplainRequest *request,
                const Signalbox__V1__ExplainResponse **ret_answer)
{
    const struct argument_value *failures = argument_list(&ctl->arguments, "failure");

    for (unsigned i = 0; i < failures->count; i++) {
        const Signalbox__V1__Decision *decision = (*ret_answer)->decision;
        Signalbox__V1__AttemptReport *report;
        int code;

        if (!decision || !decision->route)
            break;
        report = message_new(&signalbox__v1__attempt_report__descriptor, &ctl->arena);
        if (!report)
            return ctl_fail(result_row(RESULT_NO_MEMORY)->exit_code, "out of memory");
        example_report(failures->texts[i], report);
        report->route = decision->route->id;
        invariant(request && request->reports); /* read_request makes room for every attempt */
        request->reports[request->n_reports++] = report;
        code = call(ctl, request, ret_answer);
        if (code != CTL_EXIT_OK)
            return code;
    }
    return CTL_EXIT_OK;
}

/* ---- the answer ---- */

static void
add_field(struct ctl *ctl, struct table *table, const ProtobufCMessage *message, const char *name)
{
    if (message)
        table_add(table, render_field(message,
                                      protobuf_c_message_descriptor_get_field_by_name(
                                          message->descriptor, name),
                                      &ctl->arena));
    else
        table_add_text(table, "");
}

static void add_decision(struct ctl *ctl,
                         struct table *table,
                         size_t boundary,
                         const Signalbox__V1__Decision *decision)
{
    table_add_format(table, "%zu", boundary);
    add_field(ctl, table, &decision->base, "action");
    add_field(ctl, table, decision->route ? &decision->route->base : NULL, "id");
    add_field(ctl, table, decision->route ? &decision->route->base : NULL, "tier");
    add_field(ctl, table, &decision->base, "failure");
    add_field(ctl, table, &decision->base, "rule");
    add_field(ctl, table, &decision->base, "reason");
    add_field(ctl, table, &decision->base, "delay_ms");
    add_field(ctl, table, &decision->base, "disposition");
}

static void print_answer(struct ctl *ctl, const Signalbox__V1__ExplainResponse *answer)
{
    static const char *const titles[] = {"BOUNDARY>", "ACTION", "ROUTE",  "TIER",        "CLASS",
                                         "RULE",      "REASON", "DELAY>", "DISPOSITION", NULL};
    const Signalbox__V1__Decision *decision = answer->decision;
    struct table table;

    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < answer->n_earlier; i++)
        add_decision(ctl, &table, i, answer->earlier[i]);
    add_decision(ctl, &table, answer->n_earlier, decision);
    table_print(&table, &ctl->out);
    render_group("Decision", &decision->base,
                 "policy_id policy_version catalog_version attempt output_tokens_cap "
                 "output_cap_added restart_output detail default_response",
                 &ctl->arena, &ctl->out);
    if (decision->route)
        render_group("Route", &decision->route->base,
                     "id provider account region family model base_url credential overrides tier",
                     &ctl->arena, &ctl->out);
    if (decision->timeouts)
        render_group("Timeouts", &decision->timeouts->base,
                     "connect_ms first_output_ms idle_ms total_ms", &ctl->arena, &ctl->out);
    if (decision->error)
        render_group("The client gets", &decision->error->base,
                     "http_status type code message should_retry retry_after_ms providers_body",
                     &ctl->arena, &ctl->out);
    if (decision->ticket)
        render_group("Queue", &decision->ticket->base,
                     "queue not_before_unix_ms expires_unix_ms position", &ctl->arena, &ctl->out);
    if (decision->trace && decision->trace->n_items) {
        buf_put_text(&ctl->out, "\nGates\n");
        record_print_trace(decision->trace, &ctl->arena, &ctl->out);
    }
}

int command_explain(struct ctl *ctl)
{
    Signalbox__V1__ExplainRequest *request = NULL;
    const Signalbox__V1__ExplainResponse *answer = NULL;
    int code = read_request(ctl, &request);

    if (code == CTL_EXIT_OK)
        code = call(ctl, request, &answer);
    if (code == CTL_EXIT_OK && !ctl->arguments.operands[0])
        code = grow(ctl, request, &answer);
    if (code != CTL_EXIT_OK)
        return code;
    if (ctl->json || !answer->decision)
        ctl_print_json(ctl, &answer->base);
    else
        print_answer(ctl, answer);
    return CTL_EXIT_OK;
}
