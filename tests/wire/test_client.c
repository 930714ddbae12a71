/* The client against a server, question by question: what each is answered with when the decider
 * answers, is silent, refuses, drops the stream, restarts or is not there. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/client_harness.h"

/* ---- one question ---- */

static void answers_a_question(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcome = {0};

    (void)state;
    harness_ask(worker, 6, 5000, &outcome);
    assert_true(harness_wait(outcome_answered, &outcome));
    assert_int_equal(outcome.result, RESULT_OK);
    assert_int_equal(outcome.attempt, 7);
    assert_true(fake.bearer_seen);
    assert_true(signalbox_client_connected(client));
    signalbox_client_close(client);
    assert_int_equal(outcome.answers, 1);
}

static void hands_on_an_items_error(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcome = {0};

    (void)state;
    fake.item_errors = true;
    harness_ask(worker, 1, 5000, &outcome);
    assert_true(harness_wait(outcome_answered, &outcome));
    assert_int_equal(outcome.result, RESULT_ADMISSION_NEEDED);
    assert_string_equal(outcome.reason, "ADMISSION_NEEDED");
    assert_string_equal(outcome.message, "not known here");
    signalbox_client_close(client);
}

static void lazy_opens_no_stream_before_the_first_question(void **state)
{
    struct signalbox_client *client = harness_open(0, true);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcome = {0};

    (void)state;
    usleep(SILENCE_MS * 1000);
    assert_false(signalbox_client_connected(client));
    assert_int_equal(fake.streams, 0);
    harness_ask(worker, 0, 5000, &outcome);
    assert_true(harness_wait(outcome_answered, &outcome));
    assert_int_equal(outcome.result, RESULT_OK);
    signalbox_client_close(client);
}

static void refuses_a_question_beyond_its_bound(void **state)
{
    struct signalbox_client *client = harness_open(0, true);
    struct signalbox_worker *worker = harness_register(client);
    struct question question = harness_question(0);
    char *text = calloc(1, 2 * MESSAGE_BYTES_MAX);
    struct outcome outcome = {0};
    signalbox_ask_id id;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 2 * MESSAGE_BYTES_MAX);
    question.facts.user = (struct slice){text, 2 * MESSAGE_BYTES_MAX};
    assert_int_equal(signalbox_client_ask(worker, &question, 100, outcome_take, &outcome, &id),
                     RESULT_TOO_LARGE);
    free(text);
    signalbox_client_close(client);
    assert_int_equal(outcome.answers, 0);
}

/* ---- time ---- */

static void times_out_a_silent_decider(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome late = {0}, early = {0};
    uint64_t start_ms = clock_monotonic_ms();

    (void)state;
    fake.silent = true;
    harness_ask(worker, 0, 400, &late);
    harness_ask(worker, 1, 50, &early);
    assert_true(harness_wait(outcome_answered, &early));
    assert_int_equal(early.result, RESULT_TIMEOUT);
    assert_true(clock_monotonic_ms() - start_ms >= 50);
    assert_int_equal(late.answers, 0);
    assert_true(harness_wait(outcome_answered, &late));
    assert_int_equal(late.result, RESULT_TIMEOUT);
    assert_true(clock_monotonic_ms() - start_ms < 2000);
    signalbox_client_close(client);
}

static void sends_nothing_that_timed_out_while_the_decider_was_away(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome stale = {0}, fresh = {0};

    (void)state;
    harness_ask(worker, 0, 50, &stale);
    assert_true(harness_wait(outcome_answered, &stale));
    assert_int_equal(stale.result, RESULT_TIMEOUT);
    assert_true(fake_decider_start(&fake, harness_target));
    harness_ask(worker, 1, 5000, &fresh);
    assert_true(harness_wait(outcome_answered, &fresh));
    assert_int_equal(fresh.result, RESULT_OK);
    assert_int_equal(fake.items, 1);
    signalbox_client_close(client);
}

static void cancel_forgets_a_question(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome cancelled = {0}, kept = {0};
    signalbox_ask_id id, other;

    (void)state;
    fake.delay_ms = SILENCE_MS;
    id = harness_ask(worker, 0, 5000, &cancelled);
    other = harness_ask(worker, 1, 5000, &kept);
    assert_true(signalbox_client_cancel(worker, id));
    assert_false(signalbox_client_cancel(worker, id));
    assert_false(signalbox_client_cancel(worker, 0));
    assert_false(signalbox_client_cancel(worker, ~UINT64_C(0)));
    assert_true(harness_wait(outcome_answered, &kept));
    assert_false(signalbox_client_cancel(worker, other));
    signalbox_client_close(client);
    assert_int_equal(cancelled.answers, 0);
    assert_int_equal(kept.answers, 1);
}

static void full_until_an_answer_frees_a_place(void **state)
{
    struct signalbox_client *client = harness_open(3, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcomes[3] = {0}, next = {0};
    struct question question = harness_question(9);
    signalbox_ask_id id;

    (void)state;
    fake.silent = true;
    for (unsigned i = 0; i < 3; i++)
        harness_ask(worker, i, i ? 5000 : 50, &outcomes[i]);
    assert_int_equal(signalbox_client_ask(worker, &question, 5000, outcome_take, &next, &id),
                     RESULT_FULL);
    assert_true(harness_wait(outcome_answered, &outcomes[0]));
    harness_ask(worker, 9, 5000, &next);
    signalbox_client_close(client);
    assert_int_equal(next.answers, 1);
}

/* ---- streams and connections that go ---- */

static bool three_items(void *context)
{
    (void)context;
    return fake.items >= 3;
}

static void asks_again_after_a_lost_stream(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcomes[3] = {0};

    (void)state;
    fake.silent = true;
    for (uint32_t i = 0; i < 3; i++)
        harness_ask(worker, i, 5000, &outcomes[i]);
    assert_true(harness_wait(three_items, NULL));
    fake.silent = false;
    fake.drop_now = true;
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(harness_wait(outcome_answered, &outcomes[i]));
        assert_int_equal(outcomes[i].result, RESULT_OK);
        assert_int_equal(outcomes[i].attempt, i + 1);
    }
    assert_int_equal(fake.items, 6);
    assert_int_equal(fake.streams, 2);
    assert_int_equal(fake.unordered, 0);
    signalbox_client_close(client);
}

/* gRPC's own shortest wait is 100 ms, and its first attempt fails during the silence. */
#define RECONNECT_MS_MAX 45
#define RESTARTS         8

/* How long after the restart the question that waited was answered. */
static uint64_t restart_once(struct signalbox_client *client, struct signalbox_worker *worker)
{
    struct outcome during = {0};
    uint64_t start_ms;

    fake_decider_stop(&fake);
    assert_true(harness_wait(client_away, client));
    harness_ask(worker, 1, 5000, &during);
    usleep(SILENCE_MS * 1000);
    assert_int_equal(during.answers, 0);
    start_ms = clock_monotonic_ms();
    assert_true(fake_decider_start(&fake, harness_target));
    assert_true(harness_wait(outcome_answered, &during));
    assert_int_equal(during.result, RESULT_OK);
    return clock_monotonic_ms() - start_ms;
}

static void reconnects_soon_after_a_restart(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    uint64_t best_ms = UINT64_MAX;

    (void)state;
    assert_true(harness_wait(client_connected, client));
    for (unsigned i = 0; i < RESTARTS; i++) {
        uint64_t took_ms = restart_once(client, worker);

        assert_true(took_ms < 2000);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    assert_in_range(best_ms, 0, RECONNECT_MS_MAX);
    signalbox_client_close(client);
}

static void connects_when_the_decider_comes_later(void **state)
{
    struct signalbox_client *client = harness_open(0, false);

    (void)state;
    usleep(SILENCE_MS * 1000);
    assert_false(signalbox_client_connected(client));
    assert_true(fake_decider_start(&fake, harness_target));
    assert_true(harness_wait(client_connected, client));
    signalbox_client_close(client);
}

static void a_refused_token_answers_at_once_and_is_tried_again(void **state)
{
    static const struct {
        int status;
        enum result result;
    } rows[] = {{16, RESULT_UNAUTHENTICATED}, {7, RESULT_DENIED}, {12, RESULT_UNAVAILABLE}};
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome refused = {0}, later = {0};

        fake.refuse = rows[i].status;
        fake.drop_now = true;
        usleep(SILENCE_MS * 1000);
        harness_ask(worker, 0, 5000, &refused);
        assert_true(harness_wait(outcome_answered, &refused));
        assert_int_equal(refused.result, rows[i].result);
        assert_string_equal(refused.message, "not you");
        assert_string_equal(refused.reason, "NEVER");
        fake.refuse = 0;
        harness_ask(worker, 0, 5000, &later);
        assert_true(harness_wait(outcome_answered, &later));
        /* It may have met the last refusal. */
        if (later.result != RESULT_OK) {
            later.answers = 0;
            harness_ask(worker, 0, 5000, &later);
            assert_true(harness_wait(outcome_answered, &later));
        }
        assert_int_equal(later.result, RESULT_OK);
    }
    signalbox_client_close(client);
}

static void close_answers_everything(void **state)
{
    enum { COUNT = 300 };
    static struct outcome outcomes[2 * COUNT];
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *workers[2] = {harness_register(client), harness_register(client)};

    (void)state;
    memset(outcomes, 0, sizeof outcomes);
    fake.silent = true;
    for (unsigned i = 0; i < COUNT; i++)
        harness_ask(workers[i % 2], i, 60000, &outcomes[i]);
    usleep(SILENCE_MS * 1000);
    /* These have just been handed over. */
    for (unsigned i = COUNT; i < 2 * COUNT; i++)
        harness_ask(workers[i % 2], i, 60000, &outcomes[i]);
    signalbox_client_close(client);
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        assert_int_equal(outcomes[i].answers, 1);
        assert_int_equal(outcomes[i].result, RESULT_UNAVAILABLE);
    }
}

static void close_works_while_the_decider_is_away(void **state)
{
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);
    struct outcome outcome = {0};

    (void)state;
    harness_ask(worker, 0, 60000, &outcome);
    signalbox_client_close(client);
    assert_int_equal(outcome.answers, 1);
    assert_int_equal(outcome.result, RESULT_UNAVAILABLE);
    signalbox_client_close(NULL);
}

/* ---- messages ---- */

static void a_message_takes_what_has_arrived(void **state)
{
    enum { COUNT = 2000 };
    static struct outcome outcomes[COUNT];
    struct signalbox_client *client = harness_open(0, false);
    struct signalbox_worker *worker = harness_register(client);

    (void)state;
    memset(outcomes, 0, sizeof outcomes);
    harness_ask(worker, 0, 5000, &outcomes[0]);
    assert_true(harness_wait(outcome_answered, &outcomes[0]));
    assert_int_equal(fake.messages, 1); /* alone, and not held back for company */
    fake_decider_stop(&fake);
    assert_true(harness_wait(client_away, client));
    for (uint32_t i = 1; i < COUNT; i++)
        harness_ask(worker, i, 20000, &outcomes[i]);
    assert_true(fake_decider_start(&fake, harness_target));
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(harness_wait(outcome_answered, &outcomes[i]));
        assert_int_equal(outcomes[i].result, RESULT_OK);
        assert_int_equal(outcomes[i].attempt, i + 1);
    }
    assert_int_equal(fake.items, COUNT);
    assert_int_equal(fake.items_in_one_max, STREAM_ITEMS_MAX);
    assert_int_equal(fake.unordered, 0);
    assert_true(fake.messages <= 1 + COUNT / STREAM_ITEMS_MAX + 1);
    signalbox_client_close(client);
}

/* ---- callbacks ---- */

struct chain {
    struct signalbox_worker *worker;
    _Atomic unsigned left;
    _Atomic bool refused;
};

static void on_link(void *context, const struct signalbox_answer *answer)
{
    struct chain *chain = context;
    struct question question = harness_question(0);
    signalbox_ask_id id;

    if (answer->result != RESULT_OK || --chain->left == 0)
        return;
    if (signalbox_client_ask(chain->worker, &question, 5000, on_link, chain, &id))
        chain->refused = true;
}

static bool chain_over(void *context)
{
    return ((struct chain *)context)->left == 0 || ((struct chain *)context)->refused;
}

static void a_callback_may_ask_again(void **state)
{
    struct signalbox_client *client = harness_open(1, false);
    struct chain chain = {.worker = harness_register(client), .left = 100};
    struct question question = harness_question(0);
    signalbox_ask_id id;

    (void)state;
    assert_int_equal(signalbox_client_ask(chain.worker, &question, 5000, on_link, &chain, &id),
                     RESULT_OK);
    assert_true(harness_wait(chain_over, &chain));
    assert_false(chain.refused);
    signalbox_client_close(client);
}

/* ---- unary calls and options ---- */

static void calls_return_bytes_or_say_why_not(void **state)
{
    struct signalbox_client *client = harness_open(0, true);
    struct signalbox_call_error error;
    struct slice request = SLICE_LITERAL("\x0a\x03"
                                         "abc");
    char *reply = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(signalbox_client_call(client, "/signalbox.v1.PolicyService/Echo", request,
                                           5000, &reply, &len, &error),
                     RESULT_OK);
    assert_true(slice_equal((struct slice){reply, len}, request));
    assert_true(fake.bearer_seen);
    free(reply);
    assert_int_equal(signalbox_client_call(client, "/signalbox.v1.PolicyService/Fail", request,
                                           5000, &reply, &len, &error),
                     RESULT_INVALID);
    assert_int_equal(error.grpc_status, 3);
    assert_string_equal(error.message, "this never works");
    assert_string_equal(error.reason, "NEVER");
    assert_string_equal(error.details, "document: this never works");
    fake.silent = true;
    assert_int_equal(signalbox_client_call(client, "/signalbox.v1.PolicyService/Echo", request, 50,
                                           &reply, &len, &error),
                     RESULT_TIMEOUT);
    fake_decider_stop(&fake);
    assert_int_equal(signalbox_client_call(client, "/signalbox.v1.PolicyService/Echo", request,
                                           5000, &reply, &len, &error),
                     RESULT_UNAVAILABLE);
    assert_true(*error.message);
    signalbox_client_close(client);
}

static void refuses_targets_and_tokens_that_cannot_be(void **state)
{
    static const struct {
        const char *target, *token;
        bool good;
    } rows[] = {
        {"unix:/tmp/x.sock", NULL, true},
        {"127.0.0.1:7450", "a", true},
        {"localhost:7450", NULL, true},
        {"[::1]:7450", NULL, true},
        {"unix:", NULL, false},
        {"10.0.0.1:7450", NULL, false},
        {"127.0.0.1", NULL, false},
        {"127.0.0.1:0", NULL, false},
        {"127.0.0.1:65536", NULL, false},
        {"127.evil.example:7450", NULL, false},
        {"localhost.example:1", NULL, false},
        {"", NULL, false},
        {NULL, NULL, false},
        {"127.0.0.1:7450", "a b", false},
        {"127.0.0.1:7450", "a\n", false},
        {"127.0.0.1:7450", "", false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signalbox_client_options options = {
            .target = rows[i].target, .token = rows[i].token, .lazy = true};
        struct signalbox_client_error error = {""};
        struct signalbox_client *client = NULL;

        assert_int_equal(signalbox_client_open(&options, &client, &error),
                         rows[i].good ? RESULT_OK : RESULT_INVALID);
        assert_true(rows[i].good || *error.text);
        signalbox_client_close(client);
    }
}

static int run(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH(answers_a_question),
        WITH(hands_on_an_items_error),
        WITH(lazy_opens_no_stream_before_the_first_question),
        WITH(refuses_a_question_beyond_its_bound),
        WITH(times_out_a_silent_decider),
        WITHOUT(sends_nothing_that_timed_out_while_the_decider_was_away),
        WITH(cancel_forgets_a_question),
        WITH(full_until_an_answer_frees_a_place),
        WITH(asks_again_after_a_lost_stream),
        WITH(reconnects_soon_after_a_restart),
        WITHOUT(connects_when_the_decider_comes_later),
        WITH(a_refused_token_answers_at_once_and_is_tried_again),
        WITH(close_answers_everything),
        WITHOUT(close_works_while_the_decider_is_away),
        WITH(a_message_takes_what_has_arrived),
        WITH(a_callback_may_ask_again),
        WITH(calls_return_bytes_or_say_why_not),
        WITHOUT(refuses_targets_and_tokens_that_cannot_be),
    };

    (void)argc;
    (void)argv;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return harness_main(argc, argv, run);
}
