/* The client against signalbox-decider itself: one request from admission to its record, over a
 * decider that is killed in between, and with a token that it does not know. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <semaphore.h>
#include <spawn.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "signalbox/client.h"
#include "wire/wire.h"

#define TIMEOUT_MS 20000

static char directory[] = "/tmp/signalbox-decider-XXXXXX";
static char target[sizeof directory + 32];
static char token[128];
static pid_t decider;

/* ---- the decider ---- */

static void start_decider(void)
{
    char program[] = SIGNALBOX_DECIDER, no[] = "off", log[] = "error";
    char where[] = "--directory", tcp[] = "--listen-tcp", level[] = "--log-level";
    char *argv[] = {program, where, directory, tcp, no, level, log, NULL};

    assert_int_equal(posix_spawn(&decider, program, NULL, NULL, argv, environ), 0);
}

static void kill_decider(void)
{
    kill(decider, SIGKILL);
    waitpid(decider, NULL, 0);
}

static struct signalbox_client *open_with(const char *secret)
{
    struct signalbox_client_options options = {.target = target, .token = secret};
    struct signalbox_client_error error;
    struct signalbox_client *client = NULL;

    assert_int_equal(signalbox_client_open(&options, &client, &error), RESULT_OK);
    for (unsigned i = 0; i < TIMEOUT_MS && !signalbox_client_connected(client); i++)
        usleep(1000);
    assert_true(signalbox_client_connected(client));
    return client;
}

/* Calls with a message and unpacks the reply into the arena. */
static const void *call(struct signalbox_client *client,
                        const char *method,
                        const ProtobufCMessage *request,
                        const ProtobufCMessageDescriptor *descriptor,
                        struct arena *arena)
{
    size_t len = protobuf_c_message_get_packed_size(request), reply_len;
    uint8_t *bytes = arena_alloc(arena, len + 1);
    struct signalbox_call_error error;
    ProtobufCMessage *message = NULL;
    struct wire_error wrong;
    char *reply;

    protobuf_c_message_pack(request, bytes);
    if (signalbox_client_call(client, method, (struct slice){(const char *)bytes, len}, TIMEOUT_MS,
                              &reply, &reply_len, &error) != RESULT_OK)
        fail_msg("%s: %s %s", method, error.message, error.details);
    assert_int_equal(
        wire_unpack(descriptor, (struct slice){reply, reply_len}, arena, &message, &wrong),
        RESULT_OK);
    free(reply);
    return message;
}

static char *read_file(const char *path, struct arena *arena)
{
    char *text = arena_calloc(arena, 1, 256 * 1024);
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_true(fread(text, 1, 256 * 1024 - 1, file) > 0);
    fclose(file);
    return text;
}

/* Publishes the example catalog and policy, and makes the gateway's token. */
static void prepare(void)
{
    Signalbox__V1__PublishCatalogRequest catalog;
    Signalbox__V1__PublishPolicyRequest policy;
    Signalbox__V1__ActivatePolicyRequest activation;
    Signalbox__V1__CreateKeyRequest creation;
    Signalbox__V1__Key key;
    const Signalbox__V1__PublishPolicyResponse *published;
    const Signalbox__V1__CreateKeyResponse *created;
    struct signalbox_client *client;
    struct arena arena;
    char path[128];
    char *secret;

    arena_init(&arena, NULL, 0, 16 << 20);
    snprintf(path, sizeof path, "%s/operator.token", directory);
    for (unsigned i = 0; i < TIMEOUT_MS && access(target + strlen("unix:"), F_OK) != 0; i++)
        usleep(1000);
    secret = read_file(path, &arena);
    secret[strcspn(secret, "\n")] = '\0';
    client = open_with(secret);
    signalbox__v1__publish_catalog_request__init(&catalog);
    signalbox__v1__publish_policy_request__init(&policy);
    signalbox__v1__activate_policy_request__init(&activation);
    signalbox__v1__create_key_request__init(&creation);
    signalbox__v1__key__init(&key);
    catalog.document = read_file("policies/catalog.json", &arena);
    call(client, "/signalbox.v1.PolicyService/PublishCatalog", &catalog.base,
         &signalbox__v1__publish_catalog_response__descriptor, &arena);
    policy.document = read_file("policies/demo-chat.json", &arena);
    published = call(client, "/signalbox.v1.PolicyService/PublishPolicy", &policy.base,
                     &signalbox__v1__publish_policy_response__descriptor, &arena);
    activation.policy_id = published->policy->policy_id;
    call(client, "/signalbox.v1.PolicyService/ActivatePolicy", &activation.base,
         &signalbox__v1__activate_policy_response__descriptor, &arena);
    key.role = SIGNALBOX__V1__ROLE__ROLE_GATEWAY;
    creation.key = &key;
    created = call(client, "/signalbox.v1.KeyService/CreateKey", &creation.base,
                   &signalbox__v1__create_key_response__descriptor, &arena);
    snprintf(token, sizeof token, "%s", created->secret);
    signalbox_client_close(client);
    arena_done(&arena);
}

/* ---- questions ---- */

struct answered {
    sem_t came;
    enum result result;
    enum action action;
    bool durable, has_record;
    unsigned attempts;
    char route[128];
    char resume_token[RESUME_TOKEN_BYTES_MAX];
    size_t resume_token_len;
};

static void on_answer(void *context, const struct signalbox_answer *answer)
{
    struct answered *answered = context;
    const struct decision *decision = answer->decision;

    answered->result = answer->result;
    if (decision) {
        answered->action = decision->action;
        answered->durable = decision->durable;
        answered->has_record = decision->has_record;
        answered->attempts = decision->record.attempts_count;
        snprintf(answered->route, sizeof answered->route, "%.*s", (int)decision->route.id.len,
                 decision->route.id.len ? decision->route.id.ptr : "");
        if (decision->resume_token.len)
            memcpy(answered->resume_token, decision->resume_token.ptr, decision->resume_token.len);
        answered->resume_token_len = decision->resume_token.len;
    }
    sem_post(&answered->came);
}

static void
ask(struct signalbox_worker *worker, const struct question *question, struct answered *answered)
{
    signalbox_ask_id id;

    assert_int_equal(signalbox_client_ask(worker, question, TIMEOUT_MS, on_answer, answered, &id),
                     RESULT_OK);
}

static struct question admission(void)
{
    struct question question = {.request_id = uuid_make(clock_unix_ms()), .has_facts = true};

    question.facts.tenant = SLICE_LITERAL("acme");
    question.facts.workload = SLICE_LITERAL("demo-chat");
    question.facts.environment = SLICE_LITERAL("production");
    question.facts.family = FAMILY_OPENAI_CHAT_COMPLETIONS;
    question.facts.requested_model = SLICE_LITERAL("demo-model");
    question.facts.body_bytes = 100;
    question.facts.input_tokens_estimate = 25;
    return question;
}

/* What follows an answer: the report of an attempt that failed with 500, or answered. */
static struct question
after(const struct question *first, uint32_t boundary, const struct answered *last, bool good)
{
    struct question question = {.request_id = first->request_id,
                                .boundary = boundary,
                                .has_facts = true, /* a decider that was killed may need them */
                                .facts = first->facts,
                                .has_report = true,
                                .resume_token = {last->resume_token, last->resume_token_len}};

    question.report.route = slice_of(last->route);
    question.report.transport = TRANSPORT_COMPLETED;
    question.report.http_status = good ? 200 : 500;
    question.report.started_unix_ms = (uint64_t)clock_unix_ms() - 10;
    question.report.elapsed_ms = 10;
    question.report.body_sent = true;
    if (good) {
        question.report.output_seen = question.report.output_visible = true;
        question.report.end_seen = true;
        question.report.body_state = BODY_STATE_ANSWER;
        question.report.finish = FINISH_STOP;
        question.report.usage.amounts[UNIT_INPUT_TOKEN] = 25;
        question.report.usage.amounts[UNIT_OUTPUT_TOKEN] = 10;
    }
    return question;
}

static void a_request_goes_on_over_a_decider_that_was_killed(void **state)
{
    struct signalbox_client *client = open_with(token);
    struct question first = admission(), next;
    struct answered answered = {.result = RESULT_IO}, again = {.result = RESULT_IO};
    struct signalbox_worker *worker;

    (void)state;
    sem_init(&answered.came, 0, 0);
    sem_init(&again.came, 0, 0);
    assert_int_equal(signalbox_client_register(client, &worker), RESULT_OK);
    ask(worker, &first, &answered);
    sem_wait(&answered.came);
    assert_int_equal(answered.result, RESULT_OK);
    assert_int_equal(answered.action, ACTION_SEND);

    /* The report is asked while nobody listens, and answered after the restart. */
    kill_decider();
    next = after(&first, 1, &answered, false);
    ask(worker, &next, &again);
    start_decider();
    sem_wait(&again.came);
    assert_int_equal(again.result, RESULT_OK);
    assert_int_equal(again.action, ACTION_RETRY);
    assert_true(again.durable);

    next = after(&first, 2, &again, true);
    ask(worker, &next, &answered);
    sem_wait(&answered.came);
    assert_int_equal(answered.result, RESULT_OK);
    assert_int_equal(answered.action, ACTION_COMPLETE);
    assert_true(answered.durable);
    assert_true(answered.has_record);
    assert_int_equal(answered.attempts, 2);
    signalbox_client_close(client);
}

static void an_unknown_token_answers_unauthenticated(void **state)
{
    struct signalbox_client *client = open_with("sbx_nobody");
    struct question question = admission();
    struct answered answered = {.result = RESULT_OK};
    struct signalbox_worker *worker;

    (void)state;
    sem_init(&answered.came, 0, 0);
    assert_int_equal(signalbox_client_register(client, &worker), RESULT_OK);
    ask(worker, &question, &answered);
    sem_wait(&answered.came);
    assert_int_equal(answered.result, RESULT_UNAUTHENTICATED);
    signalbox_client_close(client);
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(target, sizeof target, "unix:%s/decider.sock", directory);
    start_decider();
    prepare();
    return 0;
}

static int end(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "signalbox.lock", "operator.token",
                                        "decider.sock"};

    (void)state;
    kill_decider();
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_on_over_a_decider_that_was_killed),
        cmocka_unit_test(an_unknown_token_answers_unauthenticated),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
