/* What serves, switches, pins, audit and feedback, asked of a real decider. */
#include "base/clock.h"
#include "wire/rig_admin.h"

static struct decision decide(struct rig *rig, const struct question *question)
{
    struct reply reply = rig_call(rig, "/signalbox.v1.DecisionService/Decide", rig->gateway_token,
                                  rig_question_bytes(rig, question), RIG_WAIT_MS);
    ProtobufCMessage *message = NULL;
    struct decision decision;
    struct wire_error error = {"", ""};

    if (reply.code != GRPC_STATUS_OK)
        fail_msg("status %d: %.*s", (int)reply.code, (int)reply.text.len, reply.text.ptr);
    assert_int_equal(wire_unpack(&signalbox__v1__decide_response__descriptor, reply.bytes,
                                 &rig->arena, &message, &error),
                     RESULT_OK);
    assert_int_equal(wire_get_decision(((Signalbox__V1__DecideResponse *)message)->decision,
                                       &rig->arena, &decision, &error),
                     RESULT_OK);
    return decision;
}

static struct decision admit(struct rig *rig)
{
    struct question question = rig_admission(uuid_make(clock_unix_ms()));

    return decide(rig, &question);
}

static void put_demo_evidence(struct rig *rig)
{
    (void)admin_ok(rig, rig_token(rig, ROLE_OPERATOR), POLICY "PutEvidence",
                   SETS({"document", admin_demo_evidence(rig)}));
}

/* ---- what serves ---- */

static void publish_another(struct rig *rig)
{
    const Signalbox__V1__PublishPolicyResponse *made;
    char *text = rig_document(rig, "policies/demo-chat.json");
    char *attempts = strstr(text, "\"max_total_attempts\": 3");

    assert_non_null(attempts);
    attempts[strlen("\"max_total_attempts\": ")] = '2';
    made = admin_ok(rig, rig->operator_token, POLICY "PublishPolicy", SETS({"document", text}));
    assert_int_equal(made->policy->version, 2);
}

static void a_version_serves_a_percentage_and_goes_back(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__ActivatePolicyResponse *canary;
    const Signalbox__V1__RollBackPolicyResponse *back;
    const Signalbox__V1__ListPoliciesResponse *list;

    publish_another(rig);
    canary = admin_ok(
        rig, rig->operator_token, POLICY "ActivatePolicy",
        SETS({"policy_id", DEMO_POLICY}, {"version", "2"}, {"percent", "20"}, {"reason", "try"}));
    assert_int_equal(canary->policy->version, 1);
    assert_non_null(canary->canary);
    assert_int_equal(canary->canary->version, 2);
    assert_int_equal(canary->canary_percent, 20);
    assert_true(*canary->etag != '\0');
    list = admin_ok(rig, rig->operator_token, POLICY "ListPolicies", NO_SETS);
    assert_int_equal(list->n_policies, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(list->policies[i]->active);
        assert_int_equal(list->policies[i]->percent, i == 0 ? 80 : 20);
    }
    back = admin_ok(rig, rig->operator_token, POLICY "RollBackPolicy",
                    SETS({"policy_id", DEMO_POLICY}, {"reason", "enough"}));
    assert_int_equal(back->policy->version, 1);
    assert_null(back->canary);
    assert_int_equal(back->canary_percent, 0);
    /* The etag is of an activation that is not current any more. */
    admin_refused(rig, POLICY "ActivatePolicy",
                  SETS({"policy_id", DEMO_POLICY}, {"version", "2"}, {"etag", canary->etag}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    admin_refused(rig, POLICY "RollBackPolicy",
                  SETS({"workload", "demo-chat"}, {"environment", "production"}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    admin_refused(rig, POLICY "ActivatePolicy",
                  SETS({"policy_id", DEMO_POLICY}, {"percent", "101"}),
                  GRPC_STATUS_INVALID_ARGUMENT, "percent");
}

static void the_same_write_gives_the_first_answer_again(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__ActivatePolicyResponse *first, *again;

    publish_another(rig);
    first = admin_ok(rig, rig->operator_token, POLICY "ActivatePolicy",
                     SETS({"policy_id", DEMO_POLICY}, {"version", "2"}, {"write_id", "w1"}));
    again = admin_ok(rig, rig->operator_token, POLICY "ActivatePolicy",
                     SETS({"policy_id", DEMO_POLICY}, {"version", "2"}, {"write_id", "w1"}));
    assert_string_equal(first->etag, again->etag);
    assert_int_equal(again->policy->version, 2);
    admin_refused(rig, POLICY "ActivatePolicy",
                  SETS({"policy_id", DEMO_POLICY}, {"version", "1"}, {"write_id", "w1"}),
                  GRPC_STATUS_ALREADY_EXISTS, "");
}

/* ---- switches ---- */

static void a_switch_stops_a_policy_at_once(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__SetSwitchResponse *off, *on;
    const Signalbox__V1__ListSwitchesResponse *list;

    assert_int_equal(admit(rig).action, ACTION_SEND);
    off = admin_ok(
        rig, rig->operator_token, POLICY "SetSwitch",
        SETS({"scope", "SWITCH_SCOPE_POLICY"}, {"policy_id", DEMO_POLICY}, {"reason", "stop"}));
    assert_false(off->switch_->on);
    assert_string_equal(off->switch_->reason, "stop");
    assert_true(off->switch_->turned_unix_ms > 0);
    assert_int_equal(admit(rig).reason, REASON_POLICY_SWITCHED_OFF);
    list = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "ListSwitches", NO_SETS);
    assert_int_equal(list->n_switches, 1);
    assert_string_equal(list->switches[0]->policy_id, DEMO_POLICY);
    assert_string_equal(list->switches[0]->etag, off->switch_->etag);
    admin_refused(rig, POLICY "SetSwitch",
                  SETS({"scope", "SWITCH_SCOPE_POLICY"}, {"policy_id", DEMO_POLICY}, {"on", "true"},
                       {"reason", "go"}, {"etag", "999999"}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    on = admin_ok(rig, rig->operator_token, POLICY "SetSwitch",
                  SETS({"scope", "SWITCH_SCOPE_POLICY"}, {"policy_id", DEMO_POLICY}, {"on", "true"},
                       {"reason", "go"}, {"etag", off->switch_->etag}));
    assert_true(on->switch_->on);
    assert_int_equal(admit(rig).action, ACTION_SEND);
    list = admin_ok(rig, rig->operator_token, POLICY "ListSwitches", NO_SETS);
    assert_int_equal(list->n_switches, 0);
}

static void a_switch_names_what_exists(void **state)
{
    struct rig *rig = *state;

    admin_refused(rig, POLICY "SetSwitch",
                  SETS({"scope", "SWITCH_SCOPE_ROUTE"}, {"name", "no-route"}, {"reason", "r"}),
                  GRPC_STATUS_NOT_FOUND, "");
    admin_refused(rig, POLICY "SetSwitch",
                  SETS({"scope", "SWITCH_SCOPE_POLICY"}, {"policy_id", "none"}, {"reason", "r"}),
                  GRPC_STATUS_NOT_FOUND, "");
    admin_refused(rig, POLICY "SetSwitch",
                  SETS({"scope", "SWITCH_SCOPE_ROUTE"}, {"name", DEMO_FALLBACK}),
                  GRPC_STATUS_INVALID_ARGUMENT, "reason");
}

/* ---- pins ---- */

static void a_pin_needs_an_approved_entry(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__SetPinResponse *pinned;
    const Signalbox__V1__ListPinsResponse *list;
    struct decision decision;
    char expires[32];

    snprintf(expires, sizeof expires, "%lld", (long long)clock_unix_ms() + 3600000);
    admin_refused(rig, POLICY "SetPin",
                  SETS({"policy_id", DEMO_POLICY}, {"entry", DEMO_FALLBACK},
                       {"expires_unix_ms", expires}, {"reason", "r"}),
                  GRPC_STATUS_FAILED_PRECONDITION, "");
    put_demo_evidence(rig);
    pinned = admin_ok(rig, rig->operator_token, POLICY "SetPin",
                      SETS({"policy_id", DEMO_POLICY}, {"entry", DEMO_FALLBACK},
                           {"expires_unix_ms", expires}, {"reason", "the primary is odd"}));
    assert_string_equal(pinned->pin->entry, DEMO_FALLBACK);
    assert_true(*pinned->pin->etag != '\0');
    decision = admit(rig);
    assert_int_equal(decision.reason, REASON_PINNED);
    assert_true(slice_is(decision.route.id, DEMO_FALLBACK));
    list = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "ListPins", NO_SETS);
    assert_int_equal(list->n_pins, 1);
    assert_string_equal(list->pins[0]->reason, "the primary is odd");
    pinned = admin_ok(rig, rig->operator_token, POLICY "SetPin",
                      SETS({"policy_id", DEMO_POLICY}, {"reason", "well again"}));
    assert_string_equal(pinned->pin->entry, "");
    assert_int_equal(admit(rig).reason, REASON_PRIMARY);
    admin_refused(rig, POLICY "SetPin", SETS({"policy_id", DEMO_POLICY}, {"entry", DEMO_FALLBACK}),
                  GRPC_STATUS_INVALID_ARGUMENT, "reason");
}

/* ---- audit and feedback ---- */

static void the_audit_trail_has_the_newest_first(void **state)
{
    struct rig *rig = *state;
    const Signalbox__V1__ListAuditResponse *list, *rest;

    (void)admin_ok(rig, rig->operator_token, POLICY "SetSwitch",
                   SETS({"scope", "SWITCH_SCOPE_ROUTE"}, {"name", DEMO_FALLBACK}, {"reason", "r"}));
    list = admin_ok(rig, rig_token(rig, ROLE_READER), POLICY "ListAudit", SETS({"page_size", "2"}));
    assert_int_equal(list->n_events, 2);
    assert_int_equal(list->events[0]->action, SIGNALBOX__V1__AUDIT_ACTION__AUDIT_ACTION_SWITCH_OFF);
    assert_string_equal(list->events[0]->subject, DEMO_FALLBACK);
    assert_string_equal(list->events[0]->reason, "r");
    assert_true(list->events[0]->at_unix_ms >= list->events[1]->at_unix_ms);
    assert_int_equal(list->events[1]->action,
                     SIGNALBOX__V1__AUDIT_ACTION__AUDIT_ACTION_ACTIVATE_POLICY);
    assert_string_equal(list->events[1]->policy_id, DEMO_POLICY);
    rest = admin_ok(rig, rig->operator_token, POLICY "ListAudit",
                    SETS({"page_token", list->next_page_token}));
    assert_true(rest->n_events >= 1);
    assert_int_equal(rest->events[0]->action,
                     SIGNALBOX__V1__AUDIT_ACTION__AUDIT_ACTION_PUBLISH_POLICY);
}

static void feedback_is_said_of_an_answer(void **state)
{
    struct rig *rig = *state;
    struct uuid id = uuid_make(clock_unix_ms());
    struct question question = rig_admission(id);
    struct decision first = decide(rig, &question);
    char text[UUID_TEXT_BYTES + 1];

    question = rig_report(id, 1, "");
    question.report.route = first.route.id;
    question.resume_token = first.resume_token;
    assert_int_equal(decide(rig, &question).action, ACTION_COMPLETE);
    uuid_format(id, text);
    (void)admin_ok(rig, rig->gateway_token, HISTORY "SubmitFeedback",
                   SETS({"request_id", text}, {"feedback", "FEEDBACK_NEGATIVE"}, {"source", "user"},
                        {"comment", "wrong"}));
    (void)admin_ok(rig, rig->operator_token, HISTORY "SubmitFeedback",
                   SETS({"request_id", text}, {"feedback", "FEEDBACK_POSITIVE"}));
    uuid_format(uuid_make(clock_unix_ms()), text);
    admin_refused(rig, HISTORY "SubmitFeedback",
                  SETS({"request_id", text}, {"feedback", "FEEDBACK_NEGATIVE"}),
                  GRPC_STATUS_NOT_FOUND, "");
}

/* ---- pages and roles ---- */

static void a_page_token_that_nobody_gave_out_is_no_fault_of_the_decider(void **state)
{
    static const char *const lists[] = {POLICY "ListPolicies", POLICY "ListEvidence",
                                        POLICY "ListSwitches", POLICY "ListPins",
                                        POLICY "ListAudit"};
    static const char *const tokens[] = {"x", "zz-not-hex", "00", "*1024", "\xf0\x9f\x9a\x82"};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t j = 0; j < sizeof tokens / sizeof *tokens; j++) {
            struct reply reply =
                admin_call(rig, rig->operator_token, lists[i], SETS({"page_token", tokens[j]}));

            if (reply.code != GRPC_STATUS_OK && reply.code != GRPC_STATUS_INVALID_ARGUMENT)
                fail_msg("%s %s: status %d, %.*s", lists[i], tokens[j], (int)reply.code,
                         (int)reply.text.len, reply.text.ptr);
        }
        admin_refused(rig, lists[i], SETS({"page_token", "*1025"}), GRPC_STATUS_INVALID_ARGUMENT,
                      "page_token");
    }
}

static void who_may_not_is_refused(void **state)
{
    static const struct {
        const char *method;
        enum role role; /* that may not */
    } rows[] = {
        {POLICY "RollBackPolicy", ROLE_READER}, {POLICY "PutEvidence", ROLE_READER},
        {POLICY "RevokeEvidence", ROLE_READER}, {POLICY "GetEvidence", ROLE_GATEWAY},
        {POLICY "ListEvidence", ROLE_GATEWAY},  {POLICY "SetSwitch", ROLE_READER},
        {POLICY "ListSwitches", ROLE_GATEWAY},  {POLICY "SetPin", ROLE_READER},
        {POLICY "ListPins", ROLE_GATEWAY},      {POLICY "ListAudit", ROLE_GATEWAY},
        {POLICY "Checklist", ROLE_GATEWAY},     {POLICY "TestPolicy", ROLE_GATEWAY},
        {POLICY "DiffPolicies", ROLE_GATEWAY},  {POLICY "SuggestRoutes", ROLE_GATEWAY},
        {POLICY "GetRoute", ROLE_GATEWAY},      {HISTORY "SubmitFeedback", ROLE_READER},
    };
    struct rig *rig = *state;
    const char *reader = rig_token(rig, ROLE_READER);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply =
            admin_call(rig, rows[i].role == ROLE_READER ? reader : rig->gateway_token,
                       rows[i].method, NO_SETS);

        if (reply.code != GRPC_STATUS_PERMISSION_DENIED ||
            !slice_is(reply.status.reason, "ROLE_NOT_ALLOWED"))
            fail_msg("%s: status %d", rows[i].method, (int)reply.code);
        reply = admin_call(rig, NULL, rows[i].method, NO_SETS);
        assert_int_equal(reply.code, GRPC_STATUS_UNAUTHENTICATED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_version_serves_a_percentage_and_goes_back),
        RIG_TEST(the_same_write_gives_the_first_answer_again),
        RIG_TEST(a_switch_stops_a_policy_at_once),
        RIG_TEST(a_switch_names_what_exists),
        RIG_TEST(a_pin_needs_an_approved_entry),
        RIG_TEST(the_audit_trail_has_the_newest_first),
        RIG_TEST(feedback_is_said_of_an_answer),
        RIG_TEST(a_page_token_that_nobody_gave_out_is_no_fault_of_the_decider),
        RIG_TEST(who_may_not_is_refused),
    };

    return rig_main("decider_control", tests, sizeof tests / sizeof *tests);
}
