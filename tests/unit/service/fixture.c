/* Files are removed by name: the store's three, the operator's token and the saved copy. */
#include "unit/service/fixture.h"

#include <fcntl.h>

#define ARENA_BYTES_MAX (64 * 1024 * 1024)
#define WAIT_TURNS      20000

static struct fixture_token *token_place(struct fixture *fixture, struct uuid id, uint32_t boundary)
{
    size_t hash = boundary;

    for (size_t i = 0; i < sizeof id.bytes; i++)
        hash = hash * 31 + id.bytes[i];
    return &fixture->tokens[hash % FIXTURE_TOKENS];
}

static void keep_token(const struct asked *asked)
{
    struct fixture_token *token = token_place(asked->fixture, asked->id, asked->boundary);

    token->id = asked->id;
    token->boundary = asked->boundary;
    token->len = asked->token_bytes;
    memcpy(token->bytes, asked->token, asked->token_bytes);
}

static struct slice find_token(struct fixture *fixture, struct uuid id, uint32_t boundary)
{
    const struct fixture_token *token = token_place(fixture, id, boundary);
    bool found = token->boundary == boundary && !memcmp(&token->id, &id, sizeof id);

    return (struct slice){token->bytes, found ? token->len : 0};
}

static void on_answer(struct ticket *ticket, const struct ticket_answer *answer)
{
    struct asked *asked = CONTAINER_OF(ticket, struct asked, ticket);

    asked->answers++;
    asked->result = answer->result;
    asked->retry_after_ms = answer->retry_after_ms;
    snprintf(asked->reason, sizeof asked->reason, "%.*s", (int)answer->reason.len,
             answer->reason.len ? answer->reason.ptr : "");
    snprintf(asked->field, sizeof asked->field, "%.*s", (int)answer->field.len,
             answer->field.len ? answer->field.ptr : "");
    snprintf(asked->message, sizeof asked->message, "%.*s", (int)answer->message.len,
             answer->message.len ? answer->message.ptr : "");
    if (answer->decision) {
        const struct decision *decision = answer->decision;

        asked->decision = *decision;
        snprintf(asked->route, sizeof asked->route, "%.*s", (int)decision->route.id.len,
                 decision->route.id.len ? decision->route.id.ptr : "");
        snprintf(asked->code, sizeof asked->code, "%.*s", (int)decision->error.code.len,
                 decision->error.code.len ? decision->error.code.ptr : "");
        asked->token_bytes = decision->resume_token.len;
        if (asked->token_bytes)
            memcpy(asked->token, decision->resume_token.ptr, asked->token_bytes);
        if (asked->fixture)
            keep_token(asked);
    }
    if (asked->inspect)
        asked->inspect(answer, asked->context);
}

void fixture_open(struct fixture *fixture)
{
    const struct service_options options = {.directory = fixture->directory,
                                            .map_bytes = fixture->map_bytes,
                                            .token_file = fixture->token_file,
                                            .give_up_ms = GIVE_UP_MS};
    struct service_error error = {""};

    if (service_open(&options, &fixture->service, &error))
        fail_msg("service_open: %s", error.text);
    service_turn(fixture->service, fixture->now_ms);
}

void fixture_close(struct fixture *fixture)
{
    service_close(fixture->service);
    fixture->service = NULL;
}

void fixture_reopen(struct fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

int fixture_setup_empty(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    *fixture = (struct fixture){
        .directory = "/tmp/signalbox-service-XXXXXX",
        .map_bytes = MAP_BYTES,
        .now_ms = NOW_MS,
        .gateway = {.key_id = SLICE_LITERAL("key_gateway"), .role = ROLE_GATEWAY},
    };
    fixture->tokens = calloc(FIXTURE_TOKENS, sizeof *fixture->tokens);
    assert_non_null(fixture->tokens);
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->token_file, sizeof fixture->token_file, "%s/token", fixture->directory);
    arena_init(&fixture->arena, NULL, 0, ARENA_BYTES_MAX);
    fixture_open(fixture);
    *state = fixture;
    return 0;
}

int fixture_setup(void **state)
{
    struct fixture *fixture;

    fixture_setup_empty(state);
    fixture = *state;
    fixture_publish_catalog(fixture, fixture_file(fixture, "policies/catalog.json"));
    fixture_approve(fixture, "demo-chat", "production", DEMO_ENTRY1);
    fixture_activate(fixture, fixture_file(fixture, "policies/demo-chat.json"));
    return 0;
}

int fixture_teardown(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "signalbox.lock", "token", "saved"};
    struct fixture *fixture = *state;
    char path[160];

    fixture_close(fixture);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->directory, files[i]);
        unlink(path);
    }
    arena_done(&fixture->arena);
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture->tokens);
    free(fixture);
    return 0;
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 16];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t got;

    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(out, bytes, (size_t)got), got);
    close(in);
    close(out);
}

void fixture_save(struct fixture *fixture)
{
    char from[96], to[96];

    snprintf(from, sizeof from, "%s/data.mdb", fixture->directory);
    snprintf(to, sizeof to, "%s/saved", fixture->directory);
    copy_file(from, to);
}

void fixture_restore(struct fixture *fixture)
{
    char from[96], to[96];

    assert_null(fixture->service);
    snprintf(from, sizeof from, "%s/saved", fixture->directory);
    snprintf(to, sizeof to, "%s/data.mdb", fixture->directory);
    copy_file(from, to);
}

struct admin_call *fixture_call(struct fixture *fixture)
{
    arena_reset(&fixture->arena);
    admin_call_init(&fixture->call, &fixture->arena, NULL, fixture->now_ms);
    return &fixture->call;
}

struct slice fixture_json(struct fixture *fixture, const char *text)
{
    static char json[16384];

    (void)fixture;
    assert_true(strlen(text) < sizeof json);
    memcpy(json, text, strlen(text) + 1);
    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    return slice_of(json);
}

struct slice fixture_file(struct fixture *fixture, const char *path)
{
    static char bytes[65536];
    FILE *file = fopen(path, "rb");
    size_t len;

    (void)fixture;
    if (!file)
        fail_msg("%s cannot be read", path);
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(len < sizeof bytes);
    return (struct slice){bytes, len};
}

static void print_findings(const struct admin_call *call)
{
    for (const struct diagnostic *d = call->diagnostics.first; d; d = d->next)
        print_message("%s at %.*s: found %.*s, expected %.*s\n", diagnostic_name(d->code),
                      (int)d->pointer.len, d->pointer.ptr, (int)d->found.len, d->found.ptr,
                      (int)d->expected.len, d->expected.ptr);
}

uint32_t fixture_publish_catalog(struct fixture *fixture, struct slice document)
{
    struct catalog_summary catalog;

    assert_int_equal(service_publish_catalog(fixture->service, fixture_call(fixture),
                                             &(struct catalog_request){.document = document},
                                             &catalog),
                     RESULT_OK);
    if (!catalog.version)
        print_findings(&fixture->call);
    assert_true(catalog.version > 0);
    return catalog.version;
}

uint32_t fixture_activate(struct fixture *fixture, struct slice document)
{
    struct activation_summary activation;
    struct policy_summary policy;

    assert_int_equal(
        service_publish_policy(fixture->service, fixture_call(fixture), document, &policy),
        RESULT_OK);
    if (!policy.version)
        print_findings(&fixture->call);
    assert_true(policy.version > 0);
    assert_int_equal(service_activate(fixture->service, &fixture->call,
                                      &(struct activation_request){.policy_id = policy.policy_id,
                                                                   .version = policy.version,
                                                                   .percent = 100},
                                      &activation),
                     RESULT_OK);
    assert_true(activation.active.active);
    assert_int_equal(activation.active.percent, 100);
    return activation.active.version;
}

/* ---- evidence ---- */

const struct principal fixture_reviewer = {
    .key_id = SLICE_LITERAL("key_reviewer"),
    .role = ROLE_OPERATOR,
    .user = SLICE_LITERAL("reviewer"),
};

unsigned fixture_put_evidence(struct fixture *fixture, struct slice document)
{
    struct evidence_summary *items;
    unsigned count;

    fixture_call(fixture)->caller = &fixture_reviewer;
    assert_int_equal(service_put_evidence(fixture->service, &fixture->call, document,
                                          SLICE_LITERAL(""), &items, &count),
                     RESULT_OK);
    if (!count)
        print_findings(&fixture->call);
    assert_true(count > 0);
    return count;
}

/* What each kind has to say of itself. */
static const char *const kinds[] = {
    "'kind':'parity','primary':'demo-at-mock-a','passed':true,'reviewed_by':'rita','checks':["
    "'endpoint','parameters','quota','cost','log_fields']",
    "'kind':'eval','passed':true,'reviewed_by':'rita','eval_set':'set-1','samples':200,"
    "'pass_rate_percent':98,'baseline_percent':98.5,'regression_budget_percent':1",
    "'kind':'tool_contract','passed':true,'reviewed_by':'rita','checks':['full_loop','arguments',"
    "'replay_safety']",
    "'kind':'cost_owner','pricing_snapshot':'2026-11-01','usage_estimate':{"
    "'monthly_requests':1000,'monthly_usd':100}",
    "'kind':'quota_owner'",
    "'kind':'boundary_approval'",
    "'kind':'account_owner_approval'",
    "'kind':'sign_off','role':'product'",
    "'kind':'sign_off','role':'engineering'",
    "'kind':'sign_off','role':'policy'",
};

struct slice fixture_evidence(struct fixture *fixture,
                              const struct fixture_place *place,
                              const char *route,
                              const char *const *members,
                              unsigned count)
{
    static char text[16384];
    size_t len = (size_t)snprintf(text, sizeof text, "{'evidence':[");

    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{%s,'workflow':'%s','environment':'%s','route':'%s',"
                                "'owner':'platform','expires':'%s'}",
                                i ? "," : "", members[i], place->workload, place->environment,
                                route, FIXTURE_EXPIRES);
    snprintf(text + len, sizeof text - len, "]}");
    return fixture_json(fixture, text);
}

void fixture_approve(struct fixture *fixture,
                     const char *workload,
                     const char *environment,
                     const char *route)
{
    const struct fixture_place place = {workload, environment};

    fixture_put_evidence(
        fixture, fixture_evidence(fixture, &place, route, kinds, sizeof kinds / sizeof *kinds));
}

struct principal fixture_create_key(struct fixture *fixture,
                                    const struct principal *wanted,
                                    struct digest *ret_digest)
{
    char secret[SECRET_TEXT_BYTES + 1];
    struct principal principal;

    assert_int_equal(
        service_create_key(fixture->service, fixture_call(fixture), wanted, &principal, secret),
        RESULT_OK);
    digest_sha256(slice_of(secret), ret_digest);
    return principal;
}

/* ---- questions ---- */

struct uuid fixture_id(const struct fixture *fixture)
{
    return uuid_make(fixture->now_ms);
}

struct question question_admission(struct uuid id)
{
    return (struct question){
        .request_id = id,
        .has_facts = true,
        .facts = {.tenant = SLICE_LITERAL("acme"),
                  .workload = SLICE_LITERAL("demo-chat"),
                  .environment = SLICE_LITERAL("production"),
                  .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
                  .requested_model = SLICE_LITERAL("demo-model"),
                  .data_classes = SET_OF(DATA_CLASS_CUSTOMER_CONTENT),
                  .body_bytes = 400,
                  .body_digest = {"0123456789abcdef0123456789abcdef", 32},
                  .input_tokens_estimate = 100,
                  .max_output_tokens = 200},
    };
}

struct question question_report(struct uuid id, uint32_t boundary, const char *route)
{
    return (struct question){
        .request_id = id,
        .boundary = boundary,
        .has_report = true,
        .report = {.route = slice_of(route),
                   .transport = TRANSPORT_COMPLETED,
                   .http_status = 200,
                   .started_unix_ms = NOW_MS,
                   .elapsed_ms = 300,
                   .body_sent = true},
    };
}

void report_success(struct question *question)
{
    struct report *report = &question->report;

    report->body_state = BODY_STATE_ANSWER;
    report->finish = FINISH_STOP;
    report->end_seen = true;
    report->output_seen = report->output_visible = true;
    report->first_output_ms = 120;
    report->reported_model = SLICE_LITERAL("demo-model-2026-10-01");
    report->usage.amounts[UNIT_INPUT_TOKEN] = 100;
    report->usage.amounts[UNIT_OUTPUT_TOKEN] = 50;
}

void report_status(struct question *question, uint32_t http_status)
{
    question->report.http_status = http_status;
    question->report.error_message = SLICE_LITERAL("the provider's own words");
}

void report_timeout(struct question *question)
{
    question->report.transport = TRANSPORT_TIMED_OUT;
    question->report.timeout_phase = PHASE_FIRST_OUTPUT;
    question->report.http_status = 0;
}

/* ---- tickets ---- */

void fixture_ask(struct fixture *fixture, const struct question *question, struct asked *asked)
{
    struct question complete = *question;

    if (question->boundary > 0 && !question->resume_token.len && !fixture->bare)
        complete.resume_token = find_token(fixture, question->request_id, question->boundary - 1);
    asked->answers = 0;
    asked->fixture = fixture;
    asked->id = question->request_id;
    asked->boundary = question->boundary;
    asked->ticket.answer = on_answer;
    service_ask(fixture->service, &fixture->gateway, &complete, fixture->now_ms, &asked->ticket);
}

void fixture_wait(struct fixture *fixture, struct asked *asked)
{
    for (int i = 0; i < WAIT_TURNS && !asked->answers; i++) {
        service_turn(fixture->service, fixture->now_ms);
        if (!asked->answers)
            usleep(200);
    }
    assert_int_equal(asked->answers, 1);
}

void fixture_answer(struct fixture *fixture, const struct question *question, struct asked *asked)
{
    fixture_ask(fixture, question, asked);
    fixture_wait(fixture, asked);
}

void fixture_wait_durable(struct fixture *fixture, const struct question *question)
{
    struct asked asked = {.answers = 0};

    for (int i = 0; i < WAIT_TURNS; i++) {
        fixture_answer(fixture, question, &asked);
        assert_int_equal(asked.result, RESULT_OK);
        if (asked.decision.durable)
            return;
        usleep(200);
        service_turn(fixture->service, fixture->now_ms);
    }
    fail_msg("it never became durable");
}

void question_resume(struct question *question, const struct asked *asked)
{
    question->resume_token = (struct slice){asked->token, asked->token_bytes};
}
