#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static void keeps_the_order_of_appending(void **state)
{
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    struct list head;
    int expected = 0;

    (void)state;
    list_init(&head);
    assert_true(list_empty(&head));
    for (int i = 0; i < 3; i++)
        list_append(&head, &items[i].link);
    assert_false(list_empty(&head));
    LIST_EACH(&head, link)
    assert_int_equal(CONTAINER_OF(link, struct item, link)->number, expected++);
    assert_int_equal(expected, 3);
}

static void elements_may_be_removed_while_walking(void **state)
{
    struct item items[5];
    struct list head;
    int seen = 0, left = 0;

    (void)state;
    list_init(&head);
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_append(&head, &items[i].link);
    }
    LIST_EACH(&head, link)
    {
        seen++;
        if (CONTAINER_OF(link, struct item, link)->number % 2 == 0)
            list_remove(link);
    }
    LIST_EACH(&head, link)
    left = left * 10 + CONTAINER_OF(link, struct item, link)->number;
    assert_int_equal(seen, 5);
    assert_int_equal(left, 13);
}

static void removing_twice_is_harmless(void **state)
{
    struct list head, link;

    (void)state;
    list_init(&head);
    list_append(&head, &link);
    list_remove(&link);
    list_remove(&link);
    assert_true(list_empty(&head));
    assert_true(list_empty(&link));
}

static void pops_from_the_front_until_empty(void **state)
{
    struct list head, a, b;

    (void)state;
    list_init(&head);
    list_append(&head, &a);
    list_append(&head, &b);
    assert_ptr_equal(list_pop(&head), &a);
    assert_ptr_equal(list_pop(&head), &b);
    assert_null(list_pop(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_appending),
        cmocka_unit_test(elements_may_be_removed_while_walking),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(pops_from_the_front_until_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
