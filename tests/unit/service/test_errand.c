/* Errands between two threads: the owner turns and decides while the admin thread switches, pins
 * and tells; meant for ThreadSanitizer too. And an owner that has gone. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <semaphore.h>

#include "service/errand.h"
#include "unit/service/fixture.h"

#define POLICY "demo-chat-v1"
#define ROUNDS 60
#define CHAINS 16

static const char document[] =
    "{'policy_id':'demo-chat-v1','workflow':'demo-chat','environment':'production',"
    "'data_classes':['unclassified','customer_content','internal'],"
    "'primary_route':{'route':'demo-at-mock-a'},"
    "'fallback_routes':[{'route':'demo-at-mock-b',"
    "'allowed_reasons':['account_drained','temporary_5xx']}],"
    "'rollback':{'disable_on_model_mismatch':true,'disable_on_quality_regression':true},"
    "'limits':{'max_total_attempts':2,'max_output_tokens':4000}}";

/* Waiting that is over at once. */
static atomic_bool impatient;
int __real_pthread_cond_timedwait(pthread_cond_t *cond,
                                  pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond,
                                  pthread_mutex_t *mutex,
                                  const struct timespec *until);

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond,
                                  pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    return atomic_load(&impatient) ? ETIMEDOUT : __real_pthread_cond_timedwait(cond, mutex, until);
}

static int setup(void **state)
{
    fixture_setup(state);
    fixture_activate(*state, fixture_json(*state, document));
    return 0;
}

/* What the admin thread was told of last; it binds every question that comes after. */
enum told {
    TOLD_NOTHING, /* something is being changed */
    TOLD_PRIMARY,
    TOLD_FALLBACK,
    TOLD_STOPPED,
};

struct decider {
    struct fixture *f;
    sem_t wake;
    atomic_bool stop, turned;
    _Atomic enum told told;
    atomic_bool mismatch; /* fallback answers name another model */
    unsigned checked;
    atomic_uint rounds; /* over all chains */
};

struct chain_ask {
    struct asked asked;
    struct question question;
    bool busy;
};

static void on_wake(void *context)
{
    sem_post(&((struct decider *)context)->wake);
}

static void check(struct decider *owner, enum told before, const struct asked *asked)
{
    enum told after = atomic_load(&owner->told);

    if (before == TOLD_NOTHING || after != before || !asked->answers)
        return;
    owner->checked++;
    if (before == TOLD_STOPPED)
        assert_false(asked->decision.has_route);
    else
        assert_string_equal(asked->route, before == TOLD_PRIMARY ? DEMO_ENTRY0 : DEMO_ENTRY1);
}

static void step(struct decider *owner, struct chain_ask *chain)
{
    struct fixture *f = owner->f;
    enum told before;

    if (chain->busy && !chain->asked.answers)
        return;
    if (chain->busy && chain->asked.result == RESULT_OK && chain->asked.decision.has_route) {
        chain->question = question_report(chain->question.request_id, 1, chain->asked.route);
        report_success(&chain->question);
        if (atomic_load(&owner->mismatch) && !strcmp(chain->asked.route, DEMO_ENTRY1))
            chain->question.report.reported_model = SLICE_LITERAL("another");
        question_resume(&chain->question, &chain->asked);
        fixture_ask(f, &chain->question, &chain->asked);
        return;
    }
    chain->busy = true;
    chain->question = question_admission(uuid_make(f->now_ms));
    before = atomic_load(&owner->told);
    fixture_ask(f, &chain->question, &chain->asked);
    check(owner, before, &chain->asked);
}

static void *run_owner(void *context)
{
    static struct chain_ask chains[CHAINS];
    struct decider *owner = context;
    struct fixture *f = owner->f;

    memset(chains, 0, sizeof chains);
    service_turn(f->service, f->now_ms);
    atomic_store(&owner->turned, true);
    while (!atomic_load(&owner->stop) || service_waiting(f->service)) {
        if (!atomic_load(&owner->stop))
            for (unsigned i = 0; i < CHAINS; i++)
                step(owner, &chains[i]);
        atomic_fetch_add(&owner->rounds, 1);
        service_turn(f->service, f->now_ms);
        if (service_waiting(f->service))
            sem_wait(&owner->wake);
    }
    return NULL;
}

static void begin(struct decider *owner, pthread_t *thread)
{
    sem_init(&owner->wake, 0, 0);
    service_on_wake(owner->f->service, on_wake, owner);
    assert_int_equal(pthread_create(thread, NULL, run_owner, owner), 0);
    while (!atomic_load(&owner->turned))
        usleep(100);
}

/* Admissions may still be on their way to disk, so the writer wakes until the service is closed. */
static void end(struct decider *owner, pthread_t thread)
{
    void *ended;

    atomic_store(&owner->stop, true);
    sem_post(&owner->wake);
    assert_int_equal(pthread_join(thread, &ended), 0);
    fixture_reopen(owner->f);
    sem_destroy(&owner->wake);
}

/* Long enough that every chain has asked under what was told. */
static void let_ask(struct decider *owner)
{
    unsigned until = atomic_load(&owner->rounds) + 4;

    while (atomic_load(&owner->rounds) < until)
        usleep(100);
}

static void
turn(struct decider *owner, enum switch_scope scope, const char *name, bool on, enum told told)
{
    struct fixture *f = owner->f;
    bool of_policy = scope == SWITCH_SCOPE_POLICY || scope == SWITCH_SCOPE_ENTRY;
    const struct switch_request request = {
        .scope = scope,
        .policy_id = of_policy ? SLICE_LITERAL(POLICY) : SLICE_LITERAL(""),
        .name = slice_of(name),
        .on = on,
        .reason = SLICE_LITERAL("round"),
    };
    struct switch_record record;

    atomic_store(&owner->told, TOLD_NOTHING);
    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
    atomic_store(&owner->told, told);
    let_ask(owner);
}

static void pin(struct decider *owner, const char *entry, enum told told)
{
    struct fixture *f = owner->f;
    const struct pin_request request = {.policy_id = SLICE_LITERAL(POLICY),
                                        .entry = slice_of(entry),
                                        .expires_unix_ms = f->now_ms + 1000,
                                        .reason = SLICE_LITERAL("round")};
    struct pin_record record;

    atomic_store(&owner->told, TOLD_NOTHING);
    assert_int_equal(service_set_pin(f->service, fixture_call(f), &request, &record), RESULT_OK);
    atomic_store(&owner->told, told);
    let_ask(owner);
}

static void what_a_call_has_answered_binds_every_question_that_comes_after(void **state)
{
    struct fixture *f = *state;
    struct decider owner = {.f = f};
    struct question admission = question_admission(fixture_id(f));
    struct decision *decisions;
    pthread_t thread;
    unsigned count;

    begin(&owner, &thread);
    for (unsigned i = 0; i < ROUNDS; i++) {
        turn(&owner, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false, TOLD_FALLBACK);
        turn(&owner, SWITCH_SCOPE_POLICY, "", false, TOLD_STOPPED);
        turn(&owner, SWITCH_SCOPE_POLICY, "", true, TOLD_FALLBACK);
        turn(&owner, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, true, TOLD_PRIMARY);
        pin(&owner, DEMO_ENTRY1, TOLD_FALLBACK);
        assert_int_equal(service_explain(f->service, fixture_call(f), &admission.facts, NULL, 0, 0,
                                         &decisions, &count),
                         RESULT_OK);
        assert_text(decisions[0].route.id, DEMO_ENTRY1);
        pin(&owner, "", TOLD_PRIMARY);
    }
    end(&owner, thread);
    assert_true(owner.checked > ROUNDS);
}

/* A rule trips on one thread while the operator turns the entry on again on the other. */
static void rules_and_operators_may_turn_at_the_same_time(void **state)
{
    struct fixture *f = *state;
    struct decider owner = {.f = f};
    struct switch_record *records;
    struct slice next;
    pthread_t thread;
    unsigned count, tripped = 0;

    begin(&owner, &thread);
    turn(&owner, SWITCH_SCOPE_ENTRY, DEMO_ENTRY0, false, TOLD_NOTHING);
    atomic_store(&owner.mismatch, true);
    /* The list is of what is stored, and lags behind what acts. */
    for (unsigned i = 0; i < ROUNDS || (!tripped && i < 100 * ROUNDS); i++) {
        turn(&owner, SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, true, TOLD_NOTHING);
        assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                               &records, &count, &next),
                         RESULT_OK);
        tripped += count > 1;
    }
    assert_true(tripped > 0);
    atomic_store(&owner.mismatch, false);
    turn(&owner, SWITCH_SCOPE_ENTRY, DEMO_ENTRY1, false, TOLD_STOPPED);
    end(&owner, thread);
    /* What memory says is what the store says. */
    for (unsigned round = 0; round < 2; round++) {
        struct question admission = question_admission(fixture_id(f));
        struct asked asked = {.answers = 0};

        fixture_answer(f, &admission, &asked);
        assert_false(asked.decision.has_route);
        fixture_reopen(f);
    }
}

/* ---- errands themselves ---- */

struct probe {
    struct errand errand;
    enum result begins;
    bool rows;
    atomic_uint *freed;
    unsigned begun, ended;
    enum result at_end;
};

static enum result begin_probe(struct service *service, struct errand *errand)
{
    struct probe *probe = CONTAINER_OF(errand, struct probe, errand);

    (void)service;
    probe->begun++;
    if (probe->rows) {
        buf_put_text(rows_bytes(&errand->rows), "value");
        rows_put(&errand->rows, STORE_TABLE_META, SLICE_LITERAL("probe"));
    }
    return probe->begins;
}

static void end_probe(struct service *service, struct errand *errand)
{
    struct probe *probe = CONTAINER_OF(errand, struct probe, errand);

    (void)service;
    probe->ended++;
    probe->at_end = errand->result;
}

static void free_probe(struct errand *errand)
{
    struct probe *probe = CONTAINER_OF(errand, struct probe, errand);

    atomic_fetch_add(probe->freed, 1);
    free(probe);
}

static struct probe *make_probe(enum result begins, bool rows, atomic_uint *freed)
{
    struct probe *probe = calloc(1, sizeof *probe);

    assert_non_null(probe);
    probe->errand.begin = begin_probe;
    probe->errand.end = end_probe;
    probe->errand.free = free_probe;
    probe->begins = begins;
    probe->rows = rows;
    probe->freed = freed;
    errand_init(&probe->errand);
    return probe;
}

static void run_probes(struct fixture *f)
{
    static const struct {
        enum result begins;
        bool rows;
    } cases[] = {{RESULT_OK, false},
                 {RESULT_OK, true},
                 {RESULT_PRECONDITION, false},
                 {RESULT_PRECONDITION, true}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_uint freed = 0;
        struct probe *probe = make_probe(cases[i].begins, cases[i].rows, &freed);

        assert_true(errand_carry_out(f->service, &probe->errand));
        assert_int_equal(probe->errand.result, cases[i].begins);
        assert_int_equal(probe->begun, 1);
        assert_int_equal(probe->ended, 1);
        assert_int_equal(probe->at_end, cases[i].begins);
        errand_free(&probe->errand);
        assert_int_equal(freed, 1);
    }
}

static void an_errand_begins_and_ends_once_on_one_thread_and_on_two(void **state)
{
    struct fixture *f = *state;
    struct decider owner = {.f = f};
    pthread_t thread;

    run_probes(f);
    begin(&owner, &thread);
    for (unsigned i = 0; i < ROUNDS; i++)
        run_probes(f);
    end(&owner, thread);
}

struct waiting {
    struct fixture *f;
    atomic_uint *freed;
    atomic_bool gave_up;
};

static void *wait_in_vain(void *context)
{
    struct waiting *waiting = context;
    struct probe *probe = make_probe(RESULT_OK, true, waiting->freed);

    if (!errand_carry_out(waiting->f->service, &probe->errand))
        atomic_store(&waiting->gave_up, true);
    return NULL;
}

static void an_errand_that_nobody_waits_for_any_more_is_freed(void **state)
{
    struct fixture *f = *state;
    atomic_uint freed = 0;
    struct waiting waiting = {.f = f, .freed = &freed};
    pthread_t thread;
    void *ended;

    atomic_store(&impatient, true);
    service_turn(f->service, f->now_ms); /* this thread is the owner, and does not turn */
    assert_int_equal(pthread_create(&thread, NULL, wait_in_vain, &waiting), 0);
    assert_int_equal(pthread_join(thread, &ended), 0);
    atomic_store(&impatient, false);
    assert_true(atomic_load(&waiting.gave_up));
    assert_int_equal(freed, 0);
    service_turn(f->service, f->now_ms);
    assert_int_equal(freed, 1);
}

/* A call that comes before the owner has turned for the first time does not touch its memory. */
static void no_thread_takes_itself_for_the_owner_that_has_yet_to_turn(void **state)
{
    struct fixture *f = *state;
    struct decider owner = {.f = f};
    atomic_uint freed = 0;
    struct probe *probe = make_probe(RESULT_OK, false, &freed);

    sem_init(&owner.wake, 0, 0);
    service_on_wake(f->service, on_wake, &owner);
    atomic_store(&impatient, true);
    assert_false(errand_carry_out(f->service, &probe->errand));
    atomic_store(&impatient, false);
    assert_int_equal(sem_trywait(&owner.wake), 0); /* the owner was called */
    service_turn(f->service, f->now_ms);
    assert_int_equal(freed, 1);
    run_probes(f); /* this thread is the owner now */
    service_on_wake(f->service, NULL, NULL);
    run_probes(f);
    sem_destroy(&owner.wake);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_a_call_has_answered_binds_every_question_that_comes_after),
        TEST(rules_and_operators_may_turn_at_the_same_time),
        TEST(an_errand_begins_and_ends_once_on_one_thread_and_on_two),
        TEST(an_errand_that_nobody_waits_for_any_more_is_freed),
        TEST(no_thread_takes_itself_for_the_owner_that_has_yet_to_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
