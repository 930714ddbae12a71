/* signalboxctl policy check, test, diff, suggest: reviews. Nothing here changes anything; a draft
 * is looked at as if the caller published it now. */
#include "ctl/checklist.h"
#include "ctl/diagnostic.h"
#include "ctl/missing.h"
#include "ctl/show.h"
#include "signalbox/v1/checklist.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define ROUTE_METHOD "/signalbox.v1.PolicyService/GetRoute"

/* The document of --draft, if it was given, into the choice. */
static int read_draft(struct ctl *ctl, Signalbox__V1__PolicyChoice *choice)
{
    const char *path = argument_text(&ctl->arguments, "draft");
    struct slice document = {NULL, 0};
    int code;

    if (!path)
        return CTL_EXIT_OK;
    code = ctl_read_file(ctl, path, &document);
    if (code == CTL_EXIT_OK && !document.len)
        code = ctl_fail(CTL_EXIT_DOCUMENT, "%s: empty", path);
    choice->document = ctl_text(document.ptr);
    return code;
}

/* ---- check ---- */

enum format {
    FORMAT_TABLE,
    FORMAT_MARKDOWN,
    FORMAT_JSON,
};

static bool read_format(const struct ctl *ctl, enum format *ret_format)
{
    static const char *const names[] = {"table", "markdown", "json"};
    const char *text = argument_text(&ctl->arguments, "format");

    *ret_format = ctl->json ? FORMAT_JSON : FORMAT_TABLE;
    if (!text)
        return true;
    if (argument_flag(&ctl->arguments, "missing")) {
        ctl_fail(CTL_EXIT_USAGE, "policy check: --missing prints evidence as JSON; no --format");
        return false;
    }
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *ret_format = (enum format)i;
            return true;
        }
    ctl_fail(CTL_EXIT_USAGE, "--format: table, markdown or json");
    return false;
}

/* Model and overrides of a route: routes that share them share evidence about the model. NULL
 * after a complaint. */
static const char *find_kin(void *context, const char *route)
{
    struct ctl *ctl = context;
    const Signalbox__V1__GetRouteResponse *answer;
    Signalbox__V1__GetRouteRequest request;
    ProtobufCMessage *reply;

    signalbox__v1__get_route_request__init(&request);
    request.route = ctl_text(route);
    if (ctl_call(ctl, ROUTE_METHOD, &request.base, &signalbox__v1__get_route_response__descriptor,
                 &reply) != CTL_EXIT_OK)
        return NULL;
    answer = (const void *)reply;
    return arena_format(&ctl->arena, "%s %s", answer->model, answer->overrides).ptr;
}

/* The document goes to standard output, the notes to standard error. */
static int print_missing(struct ctl *ctl, const Signalbox__V1__ChecklistResponse *list)
{
    const struct missing_source source = {.list = list, .find_kin = find_kin, .context = ctl};
    struct missing missing;

    if (!missing_find(&source, &ctl->arena, &missing))
        return ctl_fail(result_row(RESULT_UNAVAILABLE)->exit_code,
                        "policy check: a route could not be looked up");
    for (size_t i = 0; i < missing.notes_count; i++)
        ctl_fail(CTL_EXIT_NO, "%s", missing.notes[i]);
    missing_write(&missing, list, &ctl->out);
    return list->go ? CTL_EXIT_OK : CTL_EXIT_NO;
}

static int print_checklist(struct ctl *ctl, const Signalbox__V1__ChecklistResponse *list)
{
    enum format format;

    if (!read_format(ctl, &format))
        return CTL_EXIT_USAGE;
    if (format == FORMAT_JSON)
        ctl_print_json(ctl, &list->base);
    else
        diagnostic_print(ctl, list->diagnostics, list->n_diagnostics);
    if (diagnostic_exit(list->diagnostics, list->n_diagnostics) != CTL_EXIT_OK)
        return CTL_EXIT_DOCUMENT;
    if (format == FORMAT_TABLE)
        checklist_print(list, &ctl->arena, &ctl->out);
    if (format == FORMAT_MARKDOWN)
        checklist_print_markdown(list, &ctl->arena, &ctl->out);
    return list->go ? CTL_EXIT_OK : CTL_EXIT_NO;
}

int command_policy_check(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    bool draft = argument_text(arguments, "draft");
    Signalbox__V1__ChecklistRequest request;
    Signalbox__V1__PolicyChoice choice;
    const Signalbox__V1__ChecklistResponse *list;
    ProtobufCMessage *reply;
    enum format format;
    int code;

    signalbox__v1__checklist_request__init(&request);
    signalbox__v1__policy_choice__init(&choice);
    if (draft == (arguments->operands_count > 0))
        return ctl_fail(CTL_EXIT_USAGE, "policy check: an ID, or --draft FILE");
    if (!read_format(ctl, &format) || !ctl_version(arguments->operands[1], &choice.version))
        return CTL_EXIT_USAGE;
    choice.policy_id = ctl_text(arguments->operands[0]);
    code = read_draft(ctl, &choice);
    if (code != CTL_EXIT_OK)
        return code;
    request.policy = &choice;
    code = ctl_call(ctl, arguments->command->method, &request.base,
                    &signalbox__v1__checklist_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    list = (const void *)reply;
    if (!argument_flag(arguments, "missing") ||
        diagnostic_exit(list->diagnostics, list->n_diagnostics) != CTL_EXIT_OK)
        return print_checklist(ctl, list);
    return print_missing(ctl, list);
}

/* ---- test ---- */

/* Which policy the tests are for: as the flags say, else as the document says. */
static int choose_tested(struct ctl *ctl, struct slice tests, Signalbox__V1__PolicyChoice *choice)
{
    const char *path = ctl->arguments.operands[0];
    const char *policy = argument_text(&ctl->arguments, "policy");
    const struct json_node *member;
    struct json_node *root = NULL;
    int code;

    if (policy && argument_text(&ctl->arguments, "draft"))
        return ctl_fail(CTL_EXIT_USAGE, "policy test: --policy or --draft, not both");
    if (policy)
        return ctl_policy_name(ctl, policy, &choice->policy_id, &choice->version) ? CTL_EXIT_OK
                                                                                  : CTL_EXIT_USAGE;
    if (argument_text(&ctl->arguments, "draft"))
        return read_draft(ctl, choice);
    code = ctl_parse_json(ctl, path, tests, &root);
    if (code != CTL_EXIT_OK)
        return code;
    member = json_member(root, "policy");
    if (!member || member->kind != JSON_KIND_STRING || !member->text.len)
        return ctl_fail(CTL_EXIT_DOCUMENT,
                        "%s: /policy: the policy's id is needed, or --policy or --draft", path);
    choice->policy_id = ctl_text(member->text.ptr);
    return CTL_EXIT_OK;
}

int command_policy_test(struct ctl *ctl)
{
    Signalbox__V1__TestPolicyRequest request;
    Signalbox__V1__PolicyChoice choice;
    const Signalbox__V1__TestPolicyResponse *answer;
    ProtobufCMessage *reply;
    struct slice tests = {NULL, 0};
    int code = ctl_read_file(ctl, ctl->arguments.operands[0], &tests);

    signalbox__v1__test_policy_request__init(&request);
    signalbox__v1__policy_choice__init(&choice);
    if (code == CTL_EXIT_OK)
        code = choose_tested(ctl, tests, &choice);
    if (code != CTL_EXIT_OK)
        return code;
    request.policy = &choice;
    request.tests = ctl_text(tests.ptr);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__test_policy_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    code = diagnostic_exit(answer->diagnostics, answer->n_diagnostics);
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
    if (code != CTL_EXIT_OK)
        return code;
    if (!ctl->json)
        show_tests(ctl, answer, argument_flag(&ctl->arguments, "coverage"));
    return show_tests_passed(answer) ? CTL_EXIT_OK : CTL_EXIT_NO;
}

/* ---- diff ---- */

/* ID VERSION VERSION, or ID [VERSION] and a draft. */
static int choose_compared(struct ctl *ctl,
                           Signalbox__V1__PolicyChoice *before,
                           Signalbox__V1__PolicyChoice *after)
{
    const struct arguments *arguments = &ctl->arguments;
    bool draft = argument_text(arguments, "draft");

    if (draft == (arguments->operands_count == 3))
        return ctl_fail(CTL_EXIT_USAGE,
                        "policy diff: an ID and two versions, or an ID and --draft FILE");
    if (!ctl_version(arguments->operands[1], &before->version) ||
        !ctl_version(arguments->operands[2], &after->version))
        return CTL_EXIT_USAGE;
    before->policy_id = ctl_text(arguments->operands[0]);
    if (draft)
        return read_draft(ctl, after);
    after->policy_id = before->policy_id;
    return CTL_EXIT_OK;
}

int command_policy_diff(struct ctl *ctl)
{
    Signalbox__V1__DiffPoliciesRequest request;
    Signalbox__V1__PolicyChoice before, after;
    const Signalbox__V1__DiffPoliciesResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__diff_policies_request__init(&request);
    signalbox__v1__policy_choice__init(&before);
    signalbox__v1__policy_choice__init(&after);
    code = choose_compared(ctl, &before, &after);
    if (code != CTL_EXIT_OK)
        return code;
    request.before = &before;
    request.after = &after;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__diff_policies_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    code = diagnostic_exit(answer->diagnostics, answer->n_diagnostics);
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
    if (code == CTL_EXIT_OK && !ctl->json)
        show_diff(ctl, answer);
    return code;
}

/* ---- suggest ---- */

static bool read_wishes(struct ctl *ctl, Signalbox__V1__SuggestRoutesRequest *request)
{
    const struct arguments *arguments = &ctl->arguments;
    unsigned family = SIGNALBOX__V1__FAMILY__FAMILY_OPENAI_CHAT_COMPLETIONS, traffic_class = 0;
    unsigned *needs, *strengths, *data_classes;

    if (!ctl_word(ctl, "family", &signalbox__v1__family__descriptor, &family) ||
        !ctl_word(ctl, "traffic-class", &signalbox__v1__traffic_class__descriptor,
                  &traffic_class) ||
        !ctl_words(ctl, "need", &signalbox__v1__need__descriptor, &needs, &request->n_needs) ||
        !ctl_words(ctl, "strength", &signalbox__v1__strength__descriptor, &strengths,
                   &request->n_strengths) ||
        !ctl_words(ctl, "data-class", &signalbox__v1__data_class__descriptor, &data_classes,
                   &request->n_data_classes) ||
        !ctl_count(ctl, "input-tokens", &request->input_tokens) ||
        !ctl_count(ctl, "output-tokens", &request->output_tokens) ||
        !ctl_usd(ctl, "max-cost-usd", &request->request_nusd_max) ||
        !ctl_count(ctl, "max-latency-ms", &request->latency_ms_max))
        return false;
    request->primary_route = ctl_text(argument_text(arguments, "primary"));
    request->environment = ctl_text(argument_text(arguments, "environment"));
    request->region = ctl_text(argument_text(arguments, "region"));
    request->family = (Signalbox__V1__Family)family;
    request->traffic_class = (Signalbox__V1__TrafficClass)traffic_class;
    request->needs = (Signalbox__V1__Need *)needs;
    request->strengths = (Signalbox__V1__Strength *)strengths;
    request->data_classes = (Signalbox__V1__DataClass *)data_classes;
    return true;
}

int command_policy_suggest(struct ctl *ctl)
{
    Signalbox__V1__SuggestRoutesRequest request;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__suggest_routes_request__init(&request);
    if (!read_wishes(ctl, &request))
        return CTL_EXIT_USAGE;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__suggest_routes_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_suggestions(ctl, (const void *)reply);
    return CTL_EXIT_OK;
}
