/* Many workers, many questions: each gets exactly one answer, while streams drop and the decider is
 * killed and comes back. Run as `<program> bench` it prints questions per second. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/client_harness.h"

#define WORKERS              8
#define QUESTIONS_PER_WORKER 10000

/* A worker thread that asks from its own loop, at most window at once. */
struct asker {
    struct signalbox_worker *worker;
    pthread_t thread;
    unsigned questions;
    unsigned window;
    _Atomic unsigned open;
    _Atomic unsigned answers, good;
    unsigned char *seen; /* answers per question */
};

struct asked {
    struct asker *asker;
    uint32_t boundary;
};

static void on_asked(void *context, const struct signalbox_answer *answer)
{
    struct asked *asked = context;
    struct asker *asker = asked->asker;

    asker->seen[asked->boundary]++;
    if (answer->decision && answer->decision->attempt == asked->boundary + 1)
        asker->good++;
    free(asked);
    asker->open--;
    asker->answers++;
}

static void *ask_many(void *context)
{
    struct asker *asker = context;
    struct question question = harness_question(0);

    for (uint32_t i = 0; i < asker->questions; i++) {
        struct asked *asked = malloc(sizeof *asked);
        signalbox_ask_id id;

        if (!asked)
            abort();
        *asked = (struct asked){asker, i};
        while (asker->open >= asker->window)
            usleep(10);
        asker->open++;
        question.boundary = i;
        if (signalbox_client_ask(asker->worker, &question, 60000, on_asked, asked, &id))
            abort();
    }
    while (asker->answers < asker->questions)
        usleep(1000);
    return NULL;
}

static void ask_from_all(struct signalbox_client *client, void (*meanwhile)(void))
{
    static struct asker askers[WORKERS];

    for (unsigned i = 0; i < WORKERS; i++) {
        askers[i] = (struct asker){
            .worker = harness_register(client), .questions = QUESTIONS_PER_WORKER, .window = 64};
        askers[i].seen = calloc(QUESTIONS_PER_WORKER, 1);
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
    }
    if (meanwhile)
        meanwhile();
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].answers, QUESTIONS_PER_WORKER);
        assert_int_equal(askers[i].good, QUESTIONS_PER_WORKER);
        for (unsigned k = 0; k < QUESTIONS_PER_WORKER; k++)
            assert_int_equal(askers[i].seen[k], 1);
        free(askers[i].seen);
    }
}

static void eight_workers_get_exactly_one_answer_each(void **state)
{
    struct signalbox_client *client = harness_open(0, false);

    (void)state;
    ask_from_all(client, NULL);
    assert_int_equal(fake.items, WORKERS * QUESTIONS_PER_WORKER);
    signalbox_client_close(client);
}

static void exactly_one_answer_each_over_streams_that_drop(void **state)
{
    struct signalbox_client *client = harness_open(0, false);

    (void)state;
    fake.drop_every = 2000;
    ask_from_all(client, NULL);
    assert_true(fake.items > WORKERS * QUESTIONS_PER_WORKER);
    assert_true(fake.streams > WORKERS);
    signalbox_client_close(client);
}

static pid_t server_pid;

static void kill_and_restart(void)
{
    for (unsigned i = 0; i < 5; i++) {
        usleep(40000);
        harness_kill(server_pid);
        usleep(20000);
        server_pid = harness_serve_elsewhere();
    }
}

static void exactly_one_answer_each_over_a_decider_that_is_killed(void **state)
{
    struct signalbox_client *client = harness_open(0, false);

    (void)state;
    server_pid = harness_serve_elsewhere();
    assert_true(server_pid > 0);
    ask_from_all(client, kill_and_restart);
    harness_kill(server_pid);
    signalbox_client_close(client);
}

static int bench(void)
{
    struct signalbox_client *client;
    uint64_t start_ns;

    server_pid = harness_serve_elsewhere();
    client = harness_open(0, false);
    harness_wait(client_connected, client);
    for (unsigned round = 0; round < 5; round++) {
        start_ns = clock_monotonic_ns();
        ask_from_all(client, NULL);
        printf("%.0f questions/s\n",
               WORKERS * QUESTIONS_PER_WORKER * 1e9 / (double)(clock_monotonic_ns() - start_ns));
    }
    signalbox_client_close(client);
    harness_kill(server_pid);
    return 0;
}

static int run(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH(eight_workers_get_exactly_one_answer_each),
        WITH(exactly_one_answer_each_over_streams_that_drop),
        WITHOUT(exactly_one_answer_each_over_a_decider_that_is_killed),
    };

    if (argc == 2 && strcmp(argv[1], "bench") == 0)
        return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return harness_main(argc, argv, run);
}
