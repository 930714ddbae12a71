/* Key records: round trip and seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/principal.h"

static const struct slice workloads[] = {{"chat", 4}, {"triage", 6}};
static const struct slice environments[] = {{"production", 10}};
static const struct slice tenants[] = {{"acme", 4}, {"globex", 6}, {"initech", 7}};

static const struct principal principal = {
    .key_id = {"key_1", 5},
    .role = ROLE_GATEWAY,
    .tenant = {"acme", 4},
    .team = {"support", 7},
    .user = {"u-1", 3},
    .app = {"helpdesk", 8},
    .workloads = {workloads, 2},
    .environments = {environments, 1},
    .tenants = {tenants, 3},
    .default_workload = {"chat", 4},
    .default_environment = {"staging", 7},
    .default_traffic_class = TRAFFIC_CLASS_BATCH,
    .default_data_classes = SET_OF(DATA_CLASS_INTERNAL),
    .created_ms = 1795160000123,
    .expires_ms = 1795169999999,
    .revoked_ms = 1795165555555,
    .label = {"the edge in Frankfurt", 21},
};

static char memory[1024];

static void check_texts(struct texts a, struct texts b)
{
    assert_int_equal(a.count, b.count);
    for (unsigned i = 0; i < a.count; i++)
        assert_true(slice_equal(a.items[i], b.items[i]));
}

static struct slice encode(const struct principal *record)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    principal_encode(record, &buf);
    assert_false(buf_failed(&buf));
    return buf_slice(&buf);
}

static void gives_back_the_whole_record(void **state)
{
    struct slice bytes = encode(&principal);
    struct principal again;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 4096);
    assert_int_equal(principal_decode(bytes, &arena, &again), RESULT_OK);
    assert_true(slice_equal(again.key_id, principal.key_id));
    assert_int_equal(again.role, principal.role);
    assert_true(slice_equal(again.tenant, principal.tenant));
    assert_true(slice_equal(again.team, principal.team));
    assert_true(slice_equal(again.user, principal.user));
    assert_true(slice_equal(again.app, principal.app));
    check_texts(again.workloads, principal.workloads);
    check_texts(again.environments, principal.environments);
    check_texts(again.tenants, principal.tenants);
    assert_true(slice_equal(again.default_workload, principal.default_workload));
    assert_true(slice_equal(again.default_environment, principal.default_environment));
    assert_int_equal(again.default_traffic_class, principal.default_traffic_class);
    assert_int_equal(again.default_data_classes, principal.default_data_classes);
    assert_int_equal(again.created_ms, principal.created_ms);
    assert_int_equal(again.expires_ms, principal.expires_ms);
    assert_int_equal(again.revoked_ms, principal.revoked_ms);
    assert_true(slice_equal(again.label, principal.label));
    arena_done(&arena);
}

static void reads_an_empty_record_as_a_key_without_a_role(void **state)
{
    const struct principal empty = {.role = ROLE_UNSPECIFIED};
    struct slice bytes = encode(&empty);
    struct principal again = principal;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 4096);
    assert_int_equal(principal_decode(bytes, &arena, &again), RESULT_OK);
    assert_int_equal(again.role, ROLE_UNSPECIFIED);
    assert_int_equal(again.key_id.len, 0);
    arena_done(&arena);
}

static void finds_every_altered_byte(void **state)
{
    struct slice bytes = encode(&principal);
    struct principal again;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 4096);
    for (size_t i = 0; i < bytes.len; i++) {
        memory[i] ^= 4;
        assert_int_equal(principal_decode(bytes, &arena, &again), RESULT_CORRUPT);
        memory[i] ^= 4;
        assert_int_equal(principal_decode((struct slice){memory, i}, &arena, &again),
                         RESULT_CORRUPT);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_the_whole_record),
        cmocka_unit_test(reads_an_empty_record_as_a_key_without_a_role),
        cmocka_unit_test(finds_every_altered_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
