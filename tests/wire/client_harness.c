/* The fixture of the client's tests. */
#include "wire/client_harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <spawn.h>

#include "base/clock.h"
#include "base/uuid.h"

static char harness_directory[] = "/tmp/signalbox-client-XXXXXX";
char harness_target[sizeof harness_directory + 32];
struct fake_decider fake;

void outcome_take(void *context, const struct signalbox_answer *answer)
{
    struct outcome *outcome = context;

    outcome->result = (int)answer->result;
    outcome->attempt = answer->decision ? answer->decision->attempt : 0;
    snprintf(outcome->reason, sizeof outcome->reason, "%.*s", (int)answer->reason.len,
             answer->reason.len ? answer->reason.ptr : "");
    snprintf(outcome->message, sizeof outcome->message, "%.*s", (int)answer->message.len,
             answer->message.len ? answer->message.ptr : "");
    outcome->answers++;
}

struct question harness_question(uint32_t boundary)
{
    struct question question = {.boundary = boundary, .has_facts = true};

    question.request_id = uuid_make(clock_unix_ms());
    question.facts.tenant = SLICE_LITERAL("acme");
    question.facts.workload = SLICE_LITERAL("customer-support-chat");
    question.facts.environment = SLICE_LITERAL("production");
    question.facts.family = FAMILY_OPENAI_CHAT_COMPLETIONS;
    question.facts.requested_model = SLICE_LITERAL("primary-approved-model");
    question.facts.needs = SET_OF(NEED_TOOLS) | SET_OF(NEED_STREAMING);
    question.facts.body_bytes = 4096;
    question.facts.input_tokens_estimate = 1024;
    return question;
}

bool harness_wait(bool (*holds)(void *context), void *context)
{
    for (unsigned i = 0; i < 10000; i++) {
        if (holds(context))
            return true;
        usleep(1000);
    }
    return false;
}

bool outcome_answered(void *context)
{
    return ((struct outcome *)context)->answers > 0;
}

bool client_connected(void *context)
{
    return signalbox_client_connected(context);
}

bool client_away(void *context)
{
    return !signalbox_client_connected(context);
}

struct signalbox_client *harness_open(uint32_t open_max, bool lazy)
{
    struct signalbox_client_options options = {
        .target = harness_target, .token = "secret", .open_max = open_max, .lazy = lazy};
    struct signalbox_client_error error;
    struct signalbox_client *client = NULL;

    assert_int_equal(signalbox_client_open(&options, &client, &error), RESULT_OK);
    return client;
}

struct signalbox_worker *harness_register(struct signalbox_client *client)
{
    struct signalbox_worker *worker = NULL;

    assert_int_equal(signalbox_client_register(client, &worker), RESULT_OK);
    return worker;
}

signalbox_ask_id harness_ask(struct signalbox_worker *worker,
                             uint32_t boundary,
                             uint32_t timeout_ms,
                             struct outcome *outcome)
{
    struct question question = harness_question(boundary);
    signalbox_ask_id id = 0;

    assert_int_equal(
        signalbox_client_ask(worker, &question, timeout_ms, outcome_take, outcome, &id), RESULT_OK);
    assert_true(id != 0);
    return id;
}

int harness_start(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return fake_decider_start(&fake, harness_target) ? 0 : -1;
}

int harness_start_nothing(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return 0;
}

int harness_stop(void **state)
{
    (void)state;
    fake_decider_stop(&fake);
    return 0;
}

pid_t harness_serve_elsewhere(void)
{
    char self[] = "/proc/self/exe", serve[] = "serve";
    char *argv[] = {self, serve, harness_target, NULL};
    pid_t pid;

    return posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0 ? pid : -1;
}

void harness_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int serve(const char *where)
{
    signal(SIGPIPE, SIG_IGN);
    if (!fake_decider_start(&fake, where))
        return 1;
    for (;;)
        pause();
}

int harness_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
    int failed;

    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (!mkdtemp(harness_directory))
        return 1;
    snprintf(harness_target, sizeof harness_target, "unix:%s/decider.sock", harness_directory);
    failed = run(argc, argv);
    unlink(harness_target + strlen("unix:"));
    rmdir(harness_directory);
    return failed;
}
