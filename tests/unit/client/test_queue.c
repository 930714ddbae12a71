/* The submit queue, from one thread and from many. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sched.h>

#include "base/list.h"
#include "client/queue.h"

#define PRODUCERS 4
#define PUSHES    20000
#define TOTAL     (PRODUCERS * PUSHES)

struct item {
    struct queue_link link;
    unsigned producer, number;
};

static void takes_in_the_order_of_pushes(void **state)
{
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    struct queue queue;
    struct queue_link *link;

    (void)state;
    queue_init(&queue);
    assert_true(queue_empty(&queue));
    assert_null(queue_take(&queue));
    for (unsigned i = 0; i < 3; i++)
        queue_push(&queue, &items[i].link);
    assert_false(queue_empty(&queue));
    link = queue_take(&queue);
    for (unsigned i = 0; i < 3; i++, link = link->next) {
        assert_non_null(link);
        assert_int_equal(CONTAINER_OF(link, struct item, link)->number, i);
    }
    assert_null(link);
    assert_true(queue_empty(&queue));
}

static struct queue shared;

static void *push_many(void *context)
{
    struct item *items = context;

    for (unsigned i = 0; i < PUSHES; i++) {
        items[i].number = i; /* plain: the push must publish it */
        queue_push(&shared, &items[i].link);
    }
    return NULL;
}

static void many_producers_lose_nothing_and_keep_their_order(void **state)
{
    pthread_t threads[PRODUCERS];
    struct item *items = calloc(TOTAL, sizeof *items);
    unsigned next[PRODUCERS] = {0};
    unsigned taken = 0;

    (void)state;
    assert_non_null(items);
    queue_init(&shared);
    for (unsigned i = 0; i < TOTAL; i++)
        items[i].producer = i / PUSHES;
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push_many, &items[(size_t)i * PUSHES]),
                         0);
    while (taken < TOTAL) {
        struct queue_link *link = queue_take(&shared);

        if (!link)
            sched_yield();
        while (link) {
            struct item *item = CONTAINER_OF(link, struct item, link);

            link = link->next;
            assert_int_equal(item->number, next[item->producer]++);
            taken++;
        }
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(queue_empty(&shared));
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_in_the_order_of_pushes),
        cmocka_unit_test(many_producers_lose_nothing_and_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
