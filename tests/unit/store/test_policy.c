/* Policy and catalog records: round trip and seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/policy.h"

static const struct policy_record policy = {
    .workload = {"chat", 4},
    .environment = {"production", 10},
    .document = {"{\"id\": \"chat\"}\n", 15},
    .published_ms = 1795160000123,
    .published_by = {"key_1", 5},
    .published_by_user = {"ann", 3},
};

static const struct catalog_record catalog = {
    .document = {"{\"routes\": []}", 14},
    .published_ms = 1795160000124,
    .published_by = {"key_2", 5},
};

static char memory[1024];

static struct buf fixed_buf(void)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    return buf;
}

static void gives_back_a_policy_record(void **state)
{
    struct buf buf = fixed_buf();
    struct policy_record again;

    (void)state;
    policy_record_encode(&policy, &buf);
    assert_int_equal(policy_record_decode(buf_slice(&buf), &again), RESULT_OK);
    assert_true(slice_equal(again.workload, policy.workload));
    assert_true(slice_equal(again.environment, policy.environment));
    assert_true(slice_equal(again.document, policy.document));
    assert_int_equal(again.published_ms, policy.published_ms);
    assert_true(slice_equal(again.published_by, policy.published_by));
    assert_true(slice_equal(again.published_by_user, policy.published_by_user));
}

static void reads_a_policy_record_of_before_users_were_kept(void **state)
{
    struct policy_record older = policy, again;
    struct buf buf = fixed_buf();

    (void)state;
    older.published_by_user = SLICE_LITERAL("");
    policy_record_encode(&older, &buf);
    assert_int_equal(policy_record_decode(buf_slice(&buf), &again), RESULT_OK);
    assert_int_equal(again.published_by_user.len, 0);
    assert_true(slice_equal(again.published_by, policy.published_by));
}

static void gives_back_a_catalog_record(void **state)
{
    struct buf buf = fixed_buf();
    struct catalog_record again;

    (void)state;
    catalog_record_encode(&catalog, &buf);
    assert_int_equal(catalog_record_decode(buf_slice(&buf), &again), RESULT_OK);
    assert_true(slice_equal(again.document, catalog.document));
    assert_int_equal(again.published_ms, catalog.published_ms);
    assert_true(slice_equal(again.published_by, catalog.published_by));
}

static void finds_every_altered_byte_of_a_document(void **state)
{
    struct buf buf = fixed_buf();
    struct policy_record policy_again;
    struct catalog_record catalog_again;

    (void)state;
    policy_record_encode(&policy, &buf);
    for (size_t i = 0; i < buf.len; i++) {
        memory[i] ^= 1;
        assert_int_equal(policy_record_decode(buf_slice(&buf), &policy_again), RESULT_CORRUPT);
        memory[i] ^= 1;
        assert_int_equal(policy_record_decode((struct slice){memory, i}, &policy_again),
                         RESULT_CORRUPT);
    }
    buf_clear(&buf);
    catalog_record_encode(&catalog, &buf);
    for (size_t i = 0; i < buf.len; i++) {
        memory[i] ^= 1;
        assert_int_equal(catalog_record_decode(buf_slice(&buf), &catalog_again), RESULT_CORRUPT);
        memory[i] ^= 1;
        assert_int_equal(catalog_record_decode((struct slice){memory, i}, &catalog_again),
                         RESULT_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_a_policy_record),
        cmocka_unit_test(reads_a_policy_record_of_before_users_were_kept),
        cmocka_unit_test(gives_back_a_catalog_record),
        cmocka_unit_test(finds_every_altered_byte_of_a_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
