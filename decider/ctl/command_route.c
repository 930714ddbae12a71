/* signalboxctl route check: asks the decider for a route, and the route's provider one minimal
 * question with the route's own credential. Nothing is stored and no policy is asked. */
#include "ctl/ctl.h"
#include "ctl/display.h"
#include "ctl/probe.h"
#include "ctl/render.h"
#include "ctl/secret.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

extern char **environ;

static const char *const verdicts[] = {
    [PROBE_PASS] = "ok",
    [PROBE_FAIL] = "FAIL",
    [PROBE_NOTE] = "note",
};

static int find_route(struct ctl *ctl, const Signalbox__V1__GetRouteResponse **ret_route)
{
    Signalbox__V1__GetRouteRequest request;
    ProtobufCMessage *reply = NULL;
    int code;

    signalbox__v1__get_route_request__init(&request);
    request.route = ctl_text(ctl->arguments.operands[0]);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_route_response__descriptor, &reply);
    *ret_route = (const void *)reply;
    return code;
}

static int refuse_family(const Signalbox__V1__GetRouteResponse *route)
{
    char words[512];
    struct buf list;

    buf_init_fixed(&list, words, sizeof words - 1);
    probe_family_list(&list);
    words[list.len] = '\0';
    return ctl_fail(result_row(RESULT_PRECONDITION)->exit_code,
                    "route check: a route of the family %s cannot be probed, only: %s",
                    WORD(family, route->family), words);
}

/* Whether there is a secret that may go to the target. */
static bool find_secret(const Signalbox__V1__GetRouteResponse *route,
                        const struct probe_target *target,
                        struct probe_report *report,
                        struct slice *ret_secret)
{
    struct secret secret;
    enum secret_outcome outcome = secret_find(environ, route->credential, slice_of(target->host),
                                              slice_of(target->port), report->arena, &secret);
    struct slice found = slice_of(secret.variable);

    *ret_secret = secret.text;
    if (outcome == SECRET_ABSENT)
        found = *route->credential ? arena_format(report->arena, "%s is not set", secret.variable)
                                   : SLICE_LITERAL("the account names no credential");
    if (outcome == SECRET_NOT_BOUND)
        found = arena_format(report->arena, "%s_HOSTS does not name %s or %s:%s", secret.variable,
                             target->host, target->host, target->port);
    if (outcome == SECRET_UNFIT)
        found = arena_format(report->arena, "%s holds a control character", secret.variable);
    probe_add(report, "credential found", outcome == SECRET_FOUND ? PROBE_PASS : PROBE_FAIL, found,
              "a secret in the environment, bound to the host");
    return outcome == SECRET_FOUND;
}

static enum result check(struct ctl *ctl,
                         const struct probe_family *family,
                         const Signalbox__V1__GetRouteResponse *route,
                         struct probe_report *report)
{
    const char *ca_file = argument_text(&ctl->arguments, "ca-file");
    struct probe_request request;
    struct probe_target target;
    struct probe_answer answer;
    struct slice secret;
    enum result result = probe_make(family, route, report, &request);

    if (result != RESULT_OK)
        return result == RESULT_INVALID ? RESULT_OK : result;
    probe_target(request.url, report->arena, &target);
    probe_add(report, "target", target.refusal ? PROBE_FAIL : PROBE_PASS,
              target.refusal ? arena_format(report->arena, "%s: %s", request.url, target.refusal)
                             : slice_of(request.url),
              "https, or http to this machine");
    if (target.refusal || !find_secret(route, &target, report, &secret))
        return RESULT_OK;
    probe_send(&request, secret, ca_file, report->arena, &answer);
    probe_judge(family, route, &answer, secret, report);
    return RESULT_OK;
}

static void put_member(struct buf *out, const char *name, struct slice text, const char *end)
{
    buf_format(out, "\"%s\": ", name);
    buf_put_json_string(out, text);
    buf_put_text(out, end);
}

static void print_json(const struct probe_report *report, const char *route, struct buf *out)
{
    buf_put_text(out, "{\n  ");
    put_member(out, "route", slice_of(route), ",\n");
    buf_format(out, "  \"passed\": %s,\n  \"checks\": [", report->failed ? "false" : "true");
    for (unsigned i = 0; i < report->count; i++) {
        const struct probe_check *row = &report->checks[i];

        buf_put_text(out, i ? ",\n    {" : "\n    {");
        put_member(out, "check", slice_of(row->name), ", ");
        put_member(out, "result", slice_of(verdicts[row->verdict]), ", ");
        put_member(out, "found", row->found, ", ");
        put_member(out, "needed", row->needed, "}");
    }
    buf_put_text(out, "\n  ]\n}\n");
}

static void print_table(struct ctl *ctl, const struct probe_report *report, const char *route)
{
    static const char *const titles[] = {"CHECK", "RESULT", "FOUND", "NEEDED", NULL};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    for (unsigned i = 0; i < report->count; i++) {
        table_add_text(&table, report->checks[i].name);
        table_add_text(&table, verdicts[report->checks[i].verdict]);
        table_add(&table, report->checks[i].found);
        table_add(&table, report->checks[i].needed);
    }
    table_print(&table, &ctl->out);
    buf_put_text(&ctl->out, report->failed ? "\nFAILED: " : "\npassed: ");
    display_put(slice_of(route), false, &ctl->out);
    buf_put_text(&ctl->out, "\n");
}

int command_route_check(struct ctl *ctl)
{
    struct probe_report report = {.arena = &ctl->arena};
    const Signalbox__V1__GetRouteResponse *route;
    const struct probe_family *family;
    enum result result;
    int code = find_route(ctl, &route);

    if (code != CTL_EXIT_OK)
        return code;
    family = probe_family_of(route->family);
    if (!family)
        return refuse_family(route);
    result = check(ctl, family, route, &report);
    if (result != RESULT_OK)
        return ctl_fail(result_row(result)->exit_code, "route check: %s",
                        result_row(result)->sentence);
    if (ctl->json)
        print_json(&report, route->route, &ctl->out);
    else
        print_table(ctl, &report, route->route);
    return report.failed ? CTL_EXIT_NO : CTL_EXIT_OK;
}
