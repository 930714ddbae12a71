/* Commands as they are typed, against a decider that is none: signalbox_client_call stands here in
 * place of the client library's, keeps what was asked and answers what a test laid out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/ctl.h"
#include "ctl/message.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

#define WORDS_MAX   24
#define ANSWERS_MAX 4

/* The message that a method takes: its name and "Request". */
static const ProtobufCMessageDescriptor *const requests[] = {
    &signalbox__v1__activate_policy_request__descriptor,
    &signalbox__v1__checklist_request__descriptor,
    &signalbox__v1__diff_policies_request__descriptor,
    &signalbox__v1__get_evidence_request__descriptor,
    &signalbox__v1__get_policy_request__descriptor,
    &signalbox__v1__get_route_request__descriptor,
    &signalbox__v1__list_audit_request__descriptor,
    &signalbox__v1__list_evidence_request__descriptor,
    &signalbox__v1__list_pins_request__descriptor,
    &signalbox__v1__list_policies_request__descriptor,
    &signalbox__v1__list_switches_request__descriptor,
    &signalbox__v1__publish_catalog_request__descriptor,
    &signalbox__v1__put_evidence_request__descriptor,
    &signalbox__v1__revoke_evidence_request__descriptor,
    &signalbox__v1__roll_back_policy_request__descriptor,
    &signalbox__v1__set_pin_request__descriptor,
    &signalbox__v1__set_switch_request__descriptor,
    &signalbox__v1__submit_feedback_request__descriptor,
    &signalbox__v1__suggest_routes_request__descriptor,
    &signalbox__v1__test_policy_request__descriptor,
};

static struct {
    unsigned calls;
    char asked[4096]; /* the last call: "Method {json}", in one line */
    const ProtobufCMessage *answers[ANSWERS_MAX];
    struct arena arena;
    struct ctl ctl;
    char memory[2048];
} rig;

static const ProtobufCMessageDescriptor *request_of(const char *name)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const char *own = requests[i]->short_name;
        size_t len = strlen(own) - strlen("Request");

        if (strlen(name) == len && strncmp(own, name, len) == 0)
            return requests[i];
    }
    fail_msg("no request is known of %s", name);
    return NULL;
}

static void put_folded(struct slice text, struct buf *buf)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\n' && (text.ptr[i] != ' ' || text.ptr[i - 1] != ' '))
            buf_put(buf, &text.ptr[i], 1);
}

enum result signalbox_client_call(struct signalbox_client *client,
                                  const char *method,
                                  struct slice request,
                                  uint32_t timeout_ms,
                                  char **ret_reply,
                                  size_t *ret_reply_bytes,
                                  struct signalbox_call_error *reterr_error)
{
    const char *name = strrchr(method, '/') + 1;
    const ProtobufCMessage *answer = rig.calls < ANSWERS_MAX ? rig.answers[rig.calls] : NULL;
    ProtobufCMessage *message = protobuf_c_message_unpack(request_of(name), NULL, request.len,
                                                          (const uint8_t *)request.ptr);
    struct buf text, asked;

    (void)client;
    (void)timeout_ms;
    assert_non_null(message);
    *reterr_error = (struct signalbox_call_error){0};
    rig.calls++;
    buf_init(&text, sizeof rig.asked);
    message_write(message, 0, &text);
    protobuf_c_message_free_unpacked(message, NULL);
    buf_init_fixed(&asked, rig.asked, sizeof rig.asked - 1);
    buf_format(&asked, "%s ", name);
    put_folded(buf_slice(&text), &asked);
    rig.asked[asked.len] = '\0';
    buf_done(&text);
    *ret_reply = malloc(answer ? protobuf_c_message_get_packed_size(answer) + 1 : 1);
    *ret_reply_bytes = answer ? protobuf_c_message_pack(answer, (uint8_t *)*ret_reply) : 0;
    return RESULT_OK;
}

static int start(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    arena_init(&rig.arena, NULL, 0, 1 << 20);
    return 0;
}

static void forget(void)
{
    if (rig.ctl.out.bytes_max) {
        buf_done(&rig.ctl.out);
        arena_done(&rig.ctl.arena);
    }
    rig.ctl = (struct ctl){0};
    rig.calls = 0;
    rig.asked[0] = '\0';
}

static int stop(void **state)
{
    (void)state;
    forget();
    arena_done(&rig.arena);
    return 0;
}

/* Parts text at spaces; ~ stands for a space inside a word. */
static int part(char *text, char **words)
{
    int count = 0;

    for (char *word; (word = strsep(&text, " "));) {
        for (char *c = word; *c; c++)
            *c = *c == '~' ? ' ' : *c;
        if (*word)
            words[count++] = word;
    }
    return count;
}

/* Runs line and returns its exit code; complaints are thrown away. "~" stands for a space. */
static int run(const char *line)
{
    char *words[WORDS_MAX];
    unsigned count;
    const struct command *commands = ctl_commands(&count);
    int code, words_count, error = dup(2);

    forget();
    assert_true(strlen(line) < sizeof rig.memory);
    memcpy(rig.memory, line, strlen(line) + 1);
    words_count = part(rig.memory, words);
    arena_init(&rig.ctl.arena, NULL, 0, 64 << 20);
    buf_init(&rig.ctl.out, 1 << 20);
    assert_non_null(freopen("/dev/null", "w", stderr));
    code = argument_read(commands, count, words, words_count, &rig.ctl.arguments)
               ? rig.ctl.arguments.command->run(&rig.ctl)
               : CTL_EXIT_USAGE;
    dup2(error, 2);
    close(error);
    return code;
}

static void asks_what_was_typed(void **state)
{
    static const struct {
        const char *line, *asked;
    } rows[] = {
        {"policy activate p 3 --percent 10 --reason canary --etag 7 --write-id w1",
         "ActivatePolicy { \"policy_id\": \"p\", \"version\": 3, \"percent\": 10, "
         "\"reason\": \"canary\", \"etag\": \"7\", \"write_id\": \"w1\"}"},
        {"policy activate p", "ActivatePolicy { \"policy_id\": \"p\"}"},
        {"policy rollback p --reason worse~answers",
         "RollBackPolicy { \"policy_id\": \"p\", \"reason\": \"worse answers\"}"},
        {"policy rollback --workload w --environment e",
         "RollBackPolicy { \"workload\": \"w\", \"environment\": \"e\"}"},
        {"policy history p --limit 5", "ListAudit { \"policy_id\": \"p\", \"page_size\": 5}"},
        {"policy history", "ListAudit { \"page_size\": 1000}"},
        {"audit --policy p --workload w --environment e",
         "ListAudit { \"policy_id\": \"p\", \"workload\": \"w\", \"environment\": \"e\", "
         "\"page_size\": 1000}"},
        {"policy check p 2", "Checklist { \"policy\": { \"policy_id\": \"p\", \"version\": 2 }}"},
        {"policy diff p 2 3",
         "DiffPolicies { \"before\": { \"policy_id\": \"p\", \"version\": 2 }, "
         "\"after\": { \"policy_id\": \"p\", \"version\": 3 }}"},
        {"policy suggest --primary r --need tools --need vision --strength code --data-class pii "
         "--traffic-class batch --max-cost-usd 0.05 --max-latency-ms 900 --input-tokens 10",
         "SuggestRoutes { \"primary_route\": \"r\", \"family\": \"openai-chat-completions\", "
         "\"needs\": [ \"tools\", \"vision\" ], \"strengths\": [ \"code\" ], "
         "\"data_classes\": [ \"pii\" ], \"traffic_class\": \"batch\", \"input_tokens\": 10, "
         "\"request_nusd_max\": 50000000, \"latency_ms_max\": 900}"},
        {"evidence list --workload w --environment e --kind eval --revoked",
         "ListEvidence { \"workload\": \"w\", \"environment\": \"e\", \"kind\": \"eval\", "
         "\"want_revoked\": true, \"page_size\": 1000}"},
        {"evidence show ev-1", "GetEvidence { \"evidence_id\": \"ev-1\"}"},
        {"evidence revoke ev-1 --reason wrong~set",
         "RevokeEvidence { \"evidence_id\": \"ev-1\", \"reason\": \"wrong set\"}"},
        {"switch off policy p --reason r",
         "SetSwitch { \"scope\": \"policy\", \"policy_id\": \"p\", \"reason\": \"r\"}"},
        {"switch off entry p queue:q --reason r --etag 4",
         "SetSwitch { \"scope\": \"entry\", \"policy_id\": \"p\", \"name\": \"queue:q\", "
         "\"reason\": \"r\", \"etag\": \"4\"}"},
        {"switch on account a --reason r --write-id w",
         "SetSwitch { \"scope\": \"account\", \"name\": \"a\", \"on\": true, \"reason\": \"r\", "
         "\"write_id\": \"w\"}"},
        {"switch list", "ListSwitches { \"page_size\": 1000}"},
        {"pin remove p --reason done", "SetPin { \"policy_id\": \"p\", \"reason\": \"done\"}"},
        {"pin list", "ListPins { \"page_size\": 1000}"},
        {"feedback 0190 negative --source reviewer --comment off~topic --tenant t",
         "SubmitFeedback { \"request_id\": \"0190\", \"tenant\": \"t\", "
         "\"feedback\": \"negative\", \"source\": \"reviewer\", \"comment\": \"off topic\"}"},
        {"catalog review policies/catalog.json", NULL},
        {"catalog publish policies/catalog.json --expect-version 7 --write-id w", NULL},
        {"evidence put policies/catalog.json --write-id w", NULL},
        {"route check r", "GetRoute { \"route\": \"r\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run(rows[i].line);
        assert_int_equal(rig.calls, 1);
        if (rows[i].asked)
            assert_string_equal(rig.asked, rows[i].asked);
    }
}

static void a_pin_ends_as_long_from_now_as_was_said(void **state)
{
    (void)state;
    assert_int_equal(run("pin set p route-b --for 2h --reason drain"), CTL_EXIT_OK);
    assert_non_null(strstr(rig.asked, "\"entry\": \"route-b\""));
    assert_non_null(strstr(rig.asked, "\"expires_unix_ms\": "));
}

static void a_review_stores_nothing_and_a_publication_says_what_was_reviewed(void **state)
{
    (void)state;
    run("catalog review policies/support-chat-fallback-v1.json");
    assert_non_null(strstr(rig.asked, "\"review_only\": true"));
    run("catalog publish policies/support-chat-fallback-v1.json --expect-version 7");
    assert_null(strstr(rig.asked, "review_only"));
    assert_non_null(strstr(rig.asked, "\"expected_version\": 7"));
}

static void refuses_before_it_asks(void **state)
{
    static const char *const lines[] = {
        "policy activate p 0",
        "policy activate p --percent 101",
        "policy activate p --percent 0",
        "policy activate p --percent 1.5",
        "policy rollback",
        "policy rollback p --workload w --environment e",
        "policy rollback --workload w",
        "policy rollback p --environment e",
        "policy check",
        "policy check p --draft policies/demo-chat.json",
        "policy check p --format html",
        "policy check p --missing --format json",
        "policy test policies/demo-chat.json --policy p --draft policies/demo-chat.json",
        "policy test policies/demo-chat.json --policy @3",
        "policy test policies/demo-chat.json --policy p@x",
        "policy diff p",
        "policy diff p 1",
        "policy diff p 1 2 --draft policies/demo-chat.json",
        "policy diff p 1 x",
        "policy suggest --need teleport",
        "policy suggest --strength luck",
        "policy suggest --family telnet",
        "policy suggest --max-cost-usd -1",
        "policy suggest --max-cost-usd 0.0000000001",
        "policy suggest --max-latency-ms soon",
        "evidence list --workload w",
        "evidence list --environment e",
        "evidence list --kind rumour",
        "evidence revoke ev-1",
        "evidence revoke ev-1 --reason=",
        "switch off policy p",
        "switch off planet mars --reason r",
        "switch off policy p extra --reason r",
        "switch off entry p --reason r",
        "switch on route a b --reason r",
        "pin set p e --reason r",
        "pin set p e --for 2h",
        "pin set p e --for soon --reason r",
        "pin set p e --for 0h --reason r",
        "pin remove p",
        "audit --limit 0",
        "audit --limit many",
        "feedback 0190 mixed",
        "catalog publish policies/catalog.json --expect-version 0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (run(lines[i]) != CTL_EXIT_USAGE)
            fail_msg("\"%s\" is no usage error", lines[i]);
        assert_int_equal(rig.calls, 0);
    }
}

static void tests_without_a_policy_name_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_int_equal(run("policy test policies/catalog.json"), CTL_EXIT_DOCUMENT);
    assert_int_equal(rig.calls, 0);
    assert_int_equal(run("policy test policies/catalog.json --policy p@4"), CTL_EXIT_NO);
    assert_non_null(strstr(rig.asked, "\"policy\": { \"policy_id\": \"p\", \"version\": 4 }"));
    assert_int_equal(run("policy test no-such-file.json"), CTL_EXIT_NO_INPUT);
}

/* A page of two policies, or of one. */
static const ProtobufCMessage *page(const char *const *ids, const char *next)
{
    Signalbox__V1__ListPoliciesResponse *answer =
        message_new(&signalbox__v1__list_policies_response__descriptor, &rig.arena);

    answer->policies = arena_calloc(&rig.arena, 2, sizeof *answer->policies);
    for (; *ids; ids++) {
        Signalbox__V1__Policy *policy = message_new(&signalbox__v1__policy__descriptor, &rig.arena);

        policy->policy_id = ctl_text(*ids);
        policy->version = 1;
        answer->policies[answer->n_policies++] = policy;
    }
    answer->next_page_token = ctl_text(next);
    return &answer->base;
}

static void assert_out(const char *wanted)
{
    buf_put_u8(&rig.ctl.out, 0);
    assert_string_equal(rig.ctl.out.ptr, wanted);
}

static void a_list_is_all_of_its_pages(void **state)
{
    static const char *const first[] = {"a", "b", NULL}, *const second[] = {"c", NULL};

    (void)state;
    rig.answers[0] = page(first, "token-1");
    rig.answers[1] = page(second, "");
    assert_int_equal(run("policy list"), CTL_EXIT_OK);
    assert_int_equal(rig.calls, 2);
    assert_string_equal(rig.asked,
                        "ListPolicies { \"page_size\": 1000, \"page_token\": \"token-1\"}");
    assert_out("POLICY  VERSION\na             1\nb             1\nc             1\n");
}

static void a_dump_is_the_document_and_nothing_else(void **state)
{
    static const char canonical[] = "{\n  \"policy_id\": \"p\"\n}\n";
    Signalbox__V1__GetPolicyResponse *answer =
        message_new(&signalbox__v1__get_policy_response__descriptor, &rig.arena);

    (void)state;
    answer->canonical = ctl_text(canonical);
    rig.answers[0] = &answer->base;
    assert_int_equal(run("policy dump p 3"), CTL_EXIT_OK);
    assert_string_equal(
        rig.asked, "GetPolicy { \"policy_id\": \"p\", \"version\": 3, \"want_canonical\": true}");
    assert_out(canonical);
}

static const ProtobufCMessage *audit_page(unsigned count)
{
    Signalbox__V1__ListAuditResponse *answer =
        message_new(&signalbox__v1__list_audit_response__descriptor, &rig.arena);

    answer->events = arena_calloc(&rig.arena, count, sizeof *answer->events);
    for (unsigned i = 0; i < count; i++) {
        Signalbox__V1__AuditEvent *event =
            message_new(&signalbox__v1__audit_event__descriptor, &rig.arena);

        event->action = SIGNALBOX__V1__AUDIT_ACTION__AUDIT_ACTION_PIN;
        answer->events[answer->n_events++] = event;
    }
    answer->next_page_token = ctl_text("more");
    return &answer->base;
}

static void a_limit_ends_the_list_in_the_middle_of_a_page(void **state)
{
    (void)state;
    rig.answers[0] = audit_page(3);
    rig.answers[1] = audit_page(3);
    assert_int_equal(run("audit --limit 4"), CTL_EXIT_OK);
    assert_int_equal(rig.calls, 2);
    assert_out("ACTION  BY\npin     a rule\npin     a rule\npin     a rule\npin     a rule\n");
}

static const ProtobufCMessage *checklist(bool go)
{
    Signalbox__V1__ChecklistResponse *answer =
        message_new(&signalbox__v1__checklist_response__descriptor, &rig.arena);

    answer->policy_id = ctl_text("p");
    answer->go = go;
    return &answer->base;
}

static void the_exit_code_is_the_checklists_verdict(void **state)
{
    (void)state;
    for (unsigned go = 0; go < 2; go++) {
        static const char *const lines[] = {
            "policy check p",
            "policy check p --format markdown",
            "policy check p --format json",
            "policy check p --missing",
            "policy check --draft policies/demo-chat.json",
        };

        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            rig.answers[0] = checklist(go);
            assert_int_equal(run(lines[i]), go ? CTL_EXIT_OK : CTL_EXIT_NO);
            assert_true(rig.ctl.out.len > 0);
        }
    }
}

static void a_draft_with_errors_is_a_document_error(void **state)
{
    Signalbox__V1__ChecklistResponse *answer;
    Signalbox__V1__Diagnostic *item;

    (void)state;
    answer = message_new(&signalbox__v1__checklist_response__descriptor, &rig.arena);
    item = message_new(&signalbox__v1__diagnostic__descriptor, &rig.arena);
    item->error = true;
    item->code = ctl_text("unknown_field");
    item->pointer = ctl_text("/x");
    answer->n_diagnostics = 1;
    answer->diagnostics = &item;
    rig.answers[0] = &answer->base;
    assert_int_equal(run("policy check --draft policies/demo-chat.json --missing"),
                     CTL_EXIT_DOCUMENT);
    assert_out("LEVEL  PLACE  FINDING\nerror  /x     unknown_field\n");
}

static void a_family_that_cannot_be_probed_is_refused_by_name(void **state)
{
    Signalbox__V1__GetRouteResponse *route;

    (void)state;
    route = message_new(&signalbox__v1__get_route_response__descriptor, &rig.arena);
    route->family = SIGNALBOX__V1__FAMILY__FAMILY_OPENAI_IMAGES;
    rig.answers[0] = &route->base;
    assert_int_equal(run("route check r"), result_row(RESULT_PRECONDITION)->exit_code);
    assert_int_equal(rig.ctl.out.len, 0);
}

static void a_probe_without_a_credential_fails_and_sends_nothing(void **state)
{
    Signalbox__V1__GetRouteResponse *route;

    (void)state;
    route = message_new(&signalbox__v1__get_route_response__descriptor, &rig.arena);
    route->route = ctl_text("r");
    route->family = SIGNALBOX__V1__FAMILY__FAMILY_OPENAI_CHAT_COMPLETIONS;
    route->base_url = ctl_text("http://127.0.0.1:1/v1");
    route->credential = ctl_text("test.none");
    rig.answers[0] = &route->base;
    assert_int_equal(run("route check r"), CTL_EXIT_NO);
    assert_out(
        "CHECK             RESULT  FOUND                                      NEEDED\n"
        "target            ok      http://127.0.0.1:1/v1/chat/completions     https, or http "
        "to this machine\n"
        "credential found  FAIL    SIGNALBOX_CREDENTIAL_TEST_NONE is not set  a secret in "
        "the environment, bound to the host\n"
        "\nFAILED: r\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asks_what_was_typed),
        TEST(a_pin_ends_as_long_from_now_as_was_said),
        TEST(a_review_stores_nothing_and_a_publication_says_what_was_reviewed),
        TEST(refuses_before_it_asks),
        TEST(tests_without_a_policy_name_are_refused_with_their_place),
        TEST(a_list_is_all_of_its_pages),
        TEST(a_dump_is_the_document_and_nothing_else),
        TEST(a_limit_ends_the_list_in_the_middle_of_a_page),
        TEST(the_exit_code_is_the_checklists_verdict),
        TEST(a_draft_with_errors_is_a_document_error),
        TEST(a_family_that_cannot_be_probed_is_refused_by_name),
        TEST(a_probe_without_a_credential_fails_and_sends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
