/* The owner's loop, the writer and an admin thread at once; meant for ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>

#include <semaphore.h>

#include "unit/service/fixture.h"

#define ROUNDS 40
#define CHAINS 32

struct owner {
    struct fixture *f;
    sem_t wake;
    atomic_bool stop;
    atomic_bool turned;
    atomic_uint version;  /* at least this one must serve from now on */
    atomic_bool revoked;  /* the key must be refused from now on */
    struct digest digest; /* of the key's secret */
    unsigned answered;
    unsigned refused;
};

static void on_wake(void *context)
{
    sem_post(&((struct owner *)context)->wake);
}

struct chain_ask {
    struct asked asked;
    struct question question;
    bool busy;
};

/* One step of a chain: an admission, or success for the one before. */
static void step(struct owner *owner, struct chain_ask *chain)
{
    struct fixture *f = owner->f;
    unsigned version = atomic_load(&owner->version);
    bool revoked = atomic_load(&owner->revoked);

    if (chain->busy && !chain->asked.answers)
        return;
    if (chain->busy && chain->asked.decision.has_route) {
        struct uuid id = chain->question.request_id;

        chain->question = question_report(id, 1, chain->asked.route);
        report_success(&chain->question);
        question_resume(&chain->question, &chain->asked);
        fixture_ask(f, &chain->question, &chain->asked);
        return;
    }
    owner->answered += chain->busy;
    chain->busy = true;
    chain->question = question_admission(uuid_make(f->now_ms));
    chain->question.facts.key_digest =
        (struct slice){(const char *)owner->digest.bytes, DIGEST_BYTES};
    fixture_ask(f, &chain->question, &chain->asked);
    if (!chain->asked.answers) {
        owner->refused++; /* refusals wait for their commit */
        return;
    }
    assert_int_equal(chain->asked.result, RESULT_OK);
    /* What the admin thread was told is done binds every question that comes after. */
    assert_true(chain->asked.decision.policy_version >= version);
    assert_false(revoked);
}

static void *run_owner(void *context)
{
    static struct chain_ask chains[CHAINS];
    struct owner *owner = context;
    struct fixture *f = owner->f;

    memset(chains, 0, sizeof chains);
    service_turn(f->service, f->now_ms);
    atomic_store(&owner->turned, true);
    while (!atomic_load(&owner->stop) || service_waiting(f->service)) {
        if (!atomic_load(&owner->stop))
            for (unsigned i = 0; i < CHAINS; i++)
                step(owner, &chains[i]);
        service_turn(f->service, f->now_ms);
        if (service_waiting(f->service))
            sem_wait(&owner->wake);
    }
    return NULL;
}

static void admin_changes_bind_every_question_that_comes_after_them(void **state)
{
    struct fixture *f = *state;
    const struct principal wanted = {.role = ROLE_CLIENT, .tenant = SLICE_LITERAL("acme")};
    struct owner owner = {.f = f};
    struct principal key = fixture_create_key(f, &wanted, &owner.digest), revoked;
    char text[512], key_id[64];
    pthread_t thread;
    void *ended;

    snprintf(key_id, sizeof key_id, "%.*s", (int)key.key_id.len, key.key_id.ptr);
    sem_init(&owner.wake, 0, 0);
    service_on_wake(f->service, on_wake, &owner);
    assert_int_equal(pthread_create(&thread, NULL, run_owner, &owner), 0);
    while (!atomic_load(&owner.turned))
        usleep(100);
    for (unsigned i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text,
                 "{'policy_id':'demo-chat-v1','workflow':'demo-chat','environment':'production',"
                 "'primary_route':{'route':'demo-at-mock-b'},'limits':{'max_output_tokens':%u}}",
                 2000 + i);
        atomic_store(&owner.version, fixture_activate(f, fixture_json(f, text)));
        /* The same version anew, with other evidence. */
        fixture_approve(f, "demo-chat", "production", DEMO_ENTRY1);
    }
    assert_int_equal(service_revoke_key(f->service, fixture_call(f), slice_of(key_id), &revoked),
                     RESULT_OK);
    atomic_store(&owner.revoked, true);
    usleep(50000);
    atomic_store(&owner.stop, true);
    sem_post(&owner.wake);
    assert_int_equal(pthread_join(thread, &ended), 0);
    assert_true(owner.answered > CHAINS);
    assert_true(owner.refused > 0);
    sem_destroy(&owner.wake);
    service_on_wake(f->service, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(admin_changes_bind_every_question_that_comes_after_them,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
