/* The table of open questions: ids, the bound, claims, and many threads at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>

#include "client/pending.h"

static void takes_no_more_than_its_capacity(void **state)
{
    struct pending pending;
    struct ask *asks[3];

    (void)state;
    assert_true(pending_init(&pending, 3));
    for (unsigned i = 0; i < 3; i++) {
        asks[i] = pending_take(&pending);
        assert_non_null(asks[i]);
    }
    assert_null(pending_take(&pending));
    pending_release(&pending, asks[1]);
    assert_ptr_equal(pending_take(&pending), asks[1]);
    assert_null(pending_take(&pending));
    pending_done(&pending);
}

static void an_id_names_its_place_and_is_never_used_twice(void **state)
{
    struct pending pending;
    uint64_t last = 0;

    (void)state;
    assert_true(pending_init(&pending, 5));
    for (unsigned i = 0; i < 100; i++) {
        struct ask *ask = pending_take(&pending);

        assert_true(ask->id != 0 && ask->id != last);
        assert_ptr_equal(pending_place(&pending, ask->id), ask);
        last = ask->id;
        pending_release(&pending, ask);
    }
    assert_null(pending_place(&pending, 7)); /* a place beyond the last */
    pending_done(&pending);
}

static void only_an_open_id_can_be_claimed_and_once(void **state)
{
    struct pending pending;
    struct ask *ask;
    uint64_t old;

    (void)state;
    assert_true(pending_init(&pending, 1));
    ask = pending_take(&pending);
    old = ask->id;
    assert_false(pending_claim(ask, old));
    pending_open(ask);
    assert_false(pending_claim(ask, 0));
    assert_false(pending_claim(ask, old + 1));
    assert_true(pending_claim(ask, old));
    assert_false(pending_claim(ask, old));
    pending_release(&pending, ask);
    ask = pending_take(&pending);
    pending_open(ask);
    assert_false(pending_claim(ask, old));
    assert_true(pending_claim(ask, ask->id));
    pending_release(&pending, ask);
    pending_done(&pending);
}

/* Askers take and open, one thread answers; askers cancel every other one. Each question must be
 * claimed exactly once. */
#define ASKERS 3
#define ROUNDS 20000

static struct pending shared;
static struct queue submitted;
static _Atomic unsigned claimed_by_asker, claimed_by_answerer;
static struct queue cancelled;

static void *ask_many(void *context)
{
    (void)context;
    for (unsigned i = 0; i < ROUNDS;) {
        struct ask *ask = pending_take(&shared);
        uint64_t id;

        if (!ask) {
            sched_yield();
            continue;
        }
        id = ask->id;
        ask->due_ms = id; /* plain: the queue must publish it */
        pending_open(ask);
        queue_push(&submitted, &ask->submitted);
        if (i % 2 && pending_claim(ask, id)) {
            claimed_by_asker++;
            queue_push(&cancelled, &ask->cancelled);
        }
        i++;
    }
    return NULL;
}

static unsigned take_cancelled(struct queue_link *link)
{
    unsigned count = 0;

    while (link) {
        struct ask *ask = CONTAINER_OF(link, struct ask, cancelled);

        link = link->next;
        pending_release(&shared, ask);
        count++;
    }
    return count;
}

static unsigned take_submitted(struct queue_link *link)
{
    unsigned count = 0;

    while (link) {
        struct ask *ask = CONTAINER_OF(link, struct ask, submitted);

        link = link->next;
        assert_int_equal(ask->due_ms, ask->id);
        if (pending_claim(ask, ask->id)) {
            claimed_by_answerer++;
            pending_release(&shared, ask);
            count++;
        }
    }
    return count;
}

static void every_question_is_claimed_by_exactly_one_thread(void **state)
{
    pthread_t threads[ASKERS];
    unsigned ended = 0;

    (void)state;
    queue_init(&submitted);
    queue_init(&cancelled);
    assert_true(pending_init(&shared, 16));
    for (unsigned i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_many, NULL), 0);
    while (ended < ASKERS * ROUNDS) {
        /* In this order, as the client does: what was cancelled was submitted before. */
        struct queue_link *gone = queue_take(&cancelled);

        ended += take_submitted(queue_take(&submitted));
        ended += take_cancelled(gone);
        sched_yield();
    }
    for (unsigned i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(claimed_by_asker + claimed_by_answerer, ASKERS * ROUNDS);
    assert_true(claimed_by_answerer > 0);
    pending_done(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_no_more_than_its_capacity),
        cmocka_unit_test(an_id_names_its_place_and_is_never_used_twice),
        cmocka_unit_test(only_an_open_id_can_be_claimed_and_once),
        cmocka_unit_test(every_question_is_claimed_by_exactly_one_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
