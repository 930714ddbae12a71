/* What the tests of the client share: a fake decider in this process or in one of its own, a client
 * of it, questions, and waiting with an end.
 *
 * A test program's main is harness_main; run as `<program> serve TARGET` it is a fake decider. */
#ifndef TESTS_WIRE_CLIENT_HARNESS_H
#define TESTS_WIRE_CLIENT_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "signalbox/client.h"
#include "wire/fake_decider.h"

#define SILENCE_MS 30

extern char harness_target[];
extern struct fake_decider fake;

/* What came of one question. */
struct outcome {
    _Atomic unsigned answers;
    _Atomic int result;
    _Atomic uint32_t attempt;
    char reason[32];
    char message[128];
};

/* The callback; its context is the outcome. */
void outcome_take(void *outcome, const struct signalbox_answer *answer);

struct question harness_question(uint32_t boundary);
struct signalbox_client *harness_open(uint32_t open_max, bool lazy);
struct signalbox_worker *harness_register(struct signalbox_client *client);
/* Asks question boundary; its answer goes into outcome. */
signalbox_ask_id harness_ask(struct signalbox_worker *worker,
                             uint32_t boundary,
                             uint32_t timeout_ms,
                             struct outcome *outcome);

/* False after ten seconds. */
bool harness_wait(bool (*holds)(void *context), void *context);
bool outcome_answered(void *outcome);
bool client_connected(void *client);
bool client_away(void *client);

/* cmocka's setups: with and without a fake decider; the teardown stops it. */
int harness_start(void **state);
int harness_start_nothing(void **state);
int harness_stop(void **state);

/* A fake decider as a process of its own. */
pid_t harness_serve_elsewhere(void);
void harness_kill(pid_t pid);

/* Makes the target's directory, runs, removes it. */
int harness_main(int argc, char **argv, int (*run)(int argc, char **argv));

#define WITH(test)    cmocka_unit_test_setup_teardown(test, harness_start, harness_stop)
#define WITHOUT(test) cmocka_unit_test_setup_teardown(test, harness_start_nothing, harness_stop)

#endif
