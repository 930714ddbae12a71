#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

/* The first numbers of the reference implementation for seed 1234567. */
static void a_sequence_depends_on_its_state_alone(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    uint64_t sequence = 1234567;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_true(random_next(&sequence) == expected[i]);
}

static void fills_every_byte_and_no_more(void **state)
{
    unsigned char bytes[601], seen[600] = {0};
    int untouched = 0;

    (void)state;
    bytes[600] = 0x5a;
    for (int round = 0; round < 8; round++) {
        memset(bytes, 0, 600);
        random_bytes(bytes, 600);
        for (size_t i = 0; i < 600; i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < 600; i++)
        untouched += seen[i] == 0;
    assert_int_equal(untouched, 0);
    assert_int_equal(bytes[600], 0x5a);
    random_bytes(NULL, 0);
}

static void *first_number(void *ret_number)
{
    *(uint64_t *)ret_number = random_u64();
    return NULL;
}

static void threads_have_different_sequences(void **state)
{
    uint64_t numbers[4];
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread, NULL, first_number, &numbers[i]), 0);
        pthread_join(thread, NULL);
        for (size_t k = 0; k < i; k++)
            assert_true(numbers[i] != numbers[k]);
    }
    assert_true(random_u64() != random_u64());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_depends_on_its_state_alone),
        cmocka_unit_test(fills_every_byte_and_no_more),
        cmocka_unit_test(threads_have_different_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
