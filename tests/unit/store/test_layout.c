/* Keys: their bytes, their order, and taking them apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/layout.h"
#include "store/store.h"

static struct slice longest_name(void)
{
    static char name[NAME_BYTES_MAX];

    memset(name, 'n', sizeof name);
    return (struct slice){name, sizeof name};
}

static void check_bytes(const struct store_key *key, struct slice expected)
{
    assert_true(slice_equal(store_key_slice(key), expected));
}

static void builds_each_key_as_the_page_says(void **state)
{
    const struct uuid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    struct store_key key;

    (void)state;
    key = layout_policy(SLICE_LITERAL("chat"), 0x01020304);
    check_bytes(&key, SLICE_LITERAL("chat\0\1\2\3\4"));
    key = layout_policy_versions(SLICE_LITERAL("chat"));
    check_bytes(&key, SLICE_LITERAL("chat\0"));
    key = layout_compiled(SLICE_LITERAL("chat"), 1, 2, 3, 4);
    check_bytes(&key, SLICE_LITERAL("chat\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4"));
    key = layout_active(SLICE_LITERAL("chat"), SLICE_LITERAL("prod"));
    check_bytes(&key, SLICE_LITERAL("chat\0prod"));
    key = layout_catalog(0xfffefdfc);
    check_bytes(&key, SLICE_LITERAL("\xff\xfe\xfd\xfc"));
    key = layout_numbered_rows(SLICE_LITERAL("chat"), SLICE_LITERAL("prod"));
    check_bytes(&key, SLICE_LITERAL("chat\0prod\0"));
    key = layout_numbered(SLICE_LITERAL("chat"), SLICE_LITERAL("prod"), 0x01020304);
    check_bytes(&key, SLICE_LITERAL("chat\0prod\0\1\2\3\4"));
    key = layout_evidence_id(0x01020304);
    check_bytes(&key, SLICE_LITERAL("\1\2\3\4"));
    key = layout_switch(SWITCH_SCOPE_ENTRY, SLICE_LITERAL("chat"), SLICE_LITERAL("queue:later"));
    check_bytes(&key, SLICE_LITERAL("\2chat\0queue:later"));
    key = layout_switch(SWITCH_SCOPE_PROVIDER, SLICE_LITERAL(""), SLICE_LITERAL("openai"));
    check_bytes(&key, SLICE_LITERAL("\5\0openai"));
    key = layout_pin(SLICE_LITERAL("chat"));
    check_bytes(&key, SLICE_LITERAL("chat"));
    key = layout_write(SLICE_LITERAL("once"));
    check_bytes(&key, SLICE_LITERAL("once"));
    key = layout_audit(INT64_C(0x0102030405060708), UINT64_C(0x1112131415161718));
    check_bytes(&key, SLICE_LITERAL("\1\2\3\4\5\6\7\x8\x11\x12\x13\x14\x15\x16\x17\x18"));
    key = layout_request(id, SLICE_LITERAL("acme"));
    check_bytes(&key, SLICE_LITERAL("\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10"
                                    "acme"));
}

static void sorts_versions_as_numbers_and_ids_apart(void **state)
{
    const struct store_key ascending[] = {
        layout_policy(SLICE_LITERAL("a"), 1),   layout_policy(SLICE_LITERAL("a"), 255),
        layout_policy(SLICE_LITERAL("a"), 256), layout_policy(SLICE_LITERAL("a"), UINT32_MAX),
        layout_policy(SLICE_LITERAL("a-b"), 1), layout_policy(SLICE_LITERAL("ab"), 0),
        layout_policy(SLICE_LITERAL("b"), 1),
    };

    (void)state;
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(
            slice_compare(store_key_slice(&ascending[i - 1]), store_key_slice(&ascending[i])) < 0);
}

static void sorts_numbered_rows_of_a_place_together_and_audit_rows_by_time(void **state)
{
    const struct store_key ascending[] = {
        layout_numbered(SLICE_LITERAL("a"), SLICE_LITERAL("e"), 1),
        layout_numbered(SLICE_LITERAL("a"), SLICE_LITERAL("e"), 256),
        layout_numbered(SLICE_LITERAL("a"), SLICE_LITERAL("e"), UINT32_MAX),
        layout_numbered(SLICE_LITERAL("a"), SLICE_LITERAL("e2"), 1),
        layout_numbered(SLICE_LITERAL("a2"), SLICE_LITERAL("e"), 0),
    };
    const struct store_key times[] = {layout_audit(255, UINT64_MAX), layout_audit(256, 0),
                                      layout_audit(INT64_C(1) << 32, 0)};

    (void)state;
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(
            slice_compare(store_key_slice(&ascending[i - 1]), store_key_slice(&ascending[i])) < 0);
    for (size_t i = 1; i < sizeof times / sizeof *times; i++)
        assert_true(slice_compare(store_key_slice(&times[i - 1]), store_key_slice(&times[i])) < 0);
}

static void takes_keys_apart_into_what_they_were_made_of(void **state)
{
    const struct uuid id = {{0, 1, 2, 0, 4}};
    struct slice name = longest_name(), first, second;
    struct store_key key;
    struct uuid request_id;
    uint32_t version;

    (void)state;
    key = layout_policy(name, 0x00ff0000);
    assert_true(layout_policy_parse(store_key_slice(&key), &first, &version));
    assert_true(slice_equal(first, name));
    assert_int_equal(version, 0x00ff0000);
    key = layout_active(name, name);
    assert_true(layout_active_parse(store_key_slice(&key), &first, &second));
    assert_true(slice_equal(first, name));
    assert_true(slice_equal(second, name));
    key = layout_numbered(name, SLICE_LITERAL("e"), 0x00ff0000);
    assert_true(layout_numbered_parse(store_key_slice(&key), &first, &second, &version));
    assert_true(slice_equal(first, name));
    assert_true(slice_is(second, "e"));
    assert_int_equal(version, 0x00ff0000);
    assert_false(layout_active_parse(store_key_slice(&key), &first, &second));
    key = layout_request(id, name);
    assert_true(layout_request_parse(store_key_slice(&key), &request_id, &first));
    assert_memory_equal(&request_id, &id, sizeof id);
    assert_true(slice_equal(first, name));
}

static void the_longest_key_fits_the_store(void **state)
{
    struct slice name = longest_name();
    const struct store_key keys[] = {layout_compiled(name, 1, 1, 1, 1), layout_active(name, name),
                                     layout_numbered(name, name, 1),
                                     layout_switch(SWITCH_SCOPE_ENTRY, name, name),
                                     layout_request((struct uuid){{1}}, name)};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(keys[i].len <= STORE_KEY_BYTES_MAX);
}

static void refuses_keys_of_another_shape(void **state)
{
    static const char long_name[NAME_BYTES_MAX + 20] = {[0] = 'x'};
    struct slice first, second;
    struct uuid request_id;
    uint32_t version;

    (void)state;
    assert_false(layout_policy_parse((struct slice){NULL, 0}, &first, &version));
    assert_false(layout_policy_parse(SLICE_LITERAL("chat"), &first, &version));
    assert_false(layout_policy_parse(SLICE_LITERAL("chat\0\1\2\3"), &first, &version));
    assert_false(layout_policy_parse(SLICE_LITERAL("chat\0\1\2\3\4\5"), &first, &version));
    assert_false(layout_active_parse(SLICE_LITERAL("chat"), &first, &second));
    assert_false(layout_active_parse(SLICE_LITERAL("chat\0prod\0x"), &first, &second));
    assert_false(layout_numbered_parse(SLICE_LITERAL("chat\0prod"), &first, &second, &version));
    assert_false(
        layout_numbered_parse(SLICE_LITERAL("chat\0prod\0\1\2\3"), &first, &second, &version));
    assert_false(layout_request_parse(SLICE_LITERAL("\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"),
                                      &request_id, &first));
    assert_false(
        layout_request_parse((struct slice){long_name, NAME_BYTES_MAX + 17}, &request_id, &first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_each_key_as_the_page_says),
        cmocka_unit_test(sorts_versions_as_numbers_and_ids_apart),
        cmocka_unit_test(sorts_numbered_rows_of_a_place_together_and_audit_rows_by_time),
        cmocka_unit_test(takes_keys_apart_into_what_they_were_made_of),
        cmocka_unit_test(the_longest_key_fits_the_store),
        cmocka_unit_test(refuses_keys_of_another_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
