/* A stack that the client's thread pushes to and the worker takes whole and turns around. The
 * descriptor is written only when the stack was empty, so a burst of answers costs one write.
 *
 * An asking that is released while its answer is on its way cannot be reused before the answer has
 * passed the stack; it is marked and goes back to the pool then. */
#include "ask/asker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/invariant.h"

#define ANSWER_MEMORY_BYTES 3072
#define ANSWER_BYTES_MAX    ((size_t)2 * 1024 * 1024)
#define POOL_MAX            4096
#define ASKING_MAGIC        0xa5c1u

struct asking {
    unsigned magic;
    struct asker *asker;
    void *owner;         /* NULL: withdrawn */
    struct asking *next; /* in the stack, the pool, or a list of the owner */
    signalbox_ask_id id;
    bool answered; /* seen by the worker */
    struct answer answer;
    struct arena arena;
    char memory[ANSWER_MEMORY_BYTES];
};

struct asker {
    struct signalbox_worker *worker;
    _Atomic(struct asking *) answered;
    struct asking *pool;
    unsigned pool_count;
    int wakeup;
};

struct asker *asker_open(struct signalbox_client *client)
{
    struct asker *asker = calloc(1, sizeof *asker);

    if (!asker)
        return NULL;
    asker->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (asker->wakeup < 0 || signalbox_client_register(client, &asker->worker) != RESULT_OK) {
        asker_close(asker);
        return NULL;
    }
    return asker;
}

static void free_all(struct asking *asking)
{
    while (asking) {
        struct asking *next = asking->next;

        arena_done(&asking->arena);
        free(asking);
        asking = next;
    }
}

void asker_close(struct asker *asker)
{
    if (!asker)
        return;
    free_all(atomic_exchange(&asker->answered, NULL));
    free_all(asker->pool);
    if (asker->wakeup >= 0)
        close(asker->wakeup);
    free(asker);
}

int asker_fd(const struct asker *asker)
{
    return asker->wakeup;
}

static void push(struct asking *asking)
{
    static const uint64_t one = 1;
    struct asker *asker = asking->asker;
    struct asking *head = atomic_load_explicit(&asker->answered, memory_order_relaxed);

    do
        asking->next = head;
    while (!atomic_compare_exchange_weak_explicit(&asker->answered, &head, asking,
                                                  memory_order_release, memory_order_relaxed));
    if (!head && write(asker->wakeup, &one, sizeof one) < 0)
        return; /* it is readable already */
}

/* On the client's thread. */
static void on_answer_there(void *context, const struct signalbox_answer *answer)
{
    struct asking *asking = context;

    invariant(asking->magic == ASKING_MAGIC);
    answer_copy(answer, &asking->arena, &asking->answer);
    push(asking);
}

static struct asking *take(struct asker *asker)
{
    struct asking *asking = asker->pool;

    if (asking) {
        asker->pool = asking->next;
        asker->pool_count--;
    } else {
        asking = malloc(sizeof *asking);
        if (!asking)
            return NULL;
        asking->magic = ASKING_MAGIC;
        asking->asker = asker;
        arena_init(&asking->arena, asking->memory, sizeof asking->memory, ANSWER_BYTES_MAX);
    }
    asking->next = NULL;
    asking->answered = false;
    asking->id = 0;
    return asking;
}

static void give(struct asking *asking)
{
    struct asker *asker = asking->asker;

    arena_reset(&asking->arena);
    asking->owner = NULL;
    if (asker->pool_count >= POOL_MAX) {
        arena_done(&asking->arena);
        free(asking);
        return;
    }
    asking->next = asker->pool;
    asker->pool = asking;
    asker->pool_count++;
}

struct asking *
asker_ask(struct asker *asker, const struct question *question, uint32_t timeout_ms, void *owner)
{
    struct asking *asking = take(asker);
    enum result result;

    if (!asking)
        return NULL;
    asking->owner = owner;
    result = signalbox_client_ask(asker->worker, question, timeout_ms, on_answer_there, asking,
                                  &asking->id);
    if (result != RESULT_OK) {
        asking->answer = (struct answer){.result = result};
        push(asking);
    }
    return asking;
}

void asker_run(struct asker *asker, void (*on_answer)(void *owner, struct asking *asking))
{
    struct asking *first = NULL;
    struct asking *taken;
    uint64_t count;

    if (read(asker->wakeup, &count, sizeof count) < 0)
        count = 0;
    taken = atomic_exchange_explicit(&asker->answered, NULL, memory_order_acquire);
    while (taken) {
        struct asking *next = taken->next;

        taken->next = first;
        first = taken;
        taken = next;
    }
    while (first) {
        struct asking *asking = first;

        first = asking->next;
        asking->next = NULL;
        asking->answered = true;
        if (asking->owner)
            on_answer(asking->owner, asking);
        else
            give(asking);
    }
}

const struct answer *asking_answer(const struct asking *asking)
{
    return &asking->answer;
}

void asking_release(struct asking *asking)
{
    if (!asking)
        return;
    if (asking->answered ||
        (asking->id && signalbox_client_cancel(asking->asker->worker, asking->id)))
        give(asking);
    else
        asking->owner = NULL;
}

struct asking *asking_next(const struct asking *asking)
{
    return asking->next;
}

void asking_set_next(struct asking *asking, struct asking *next)
{
    asking->next = next;
}
