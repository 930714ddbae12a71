/* Idempotency ids: what is the same call and what is another. */
#include "service/admin.h"
#include "service/idempotent.h"
#include "unit/service/fixture.h"

static const struct slice parts[] = {SLICE_LITERAL("ab"), SLICE_LITERAL("c")};

static enum result find(struct fixture *f,
                        const char *method,
                        struct slice id,
                        const struct slice *with,
                        unsigned count,
                        struct slice *ret_answer)
{
    struct admin_call *call = fixture_call(f);
    struct idempotent repeat;
    enum result result;

    idempotent_init(&repeat, call, method, id, with, count);
    assert_int_equal(admin_begin(f->service), RESULT_OK);
    result = idempotent_find(f->service, call, &repeat, ret_answer);
    admin_end(f->service);
    idempotent_done(&repeat);
    return result;
}

static void remember(struct fixture *f, const char *method, const char *id, const char *answer)
{
    struct store_write write = {.ops_count = 1};
    struct idempotent repeat;

    idempotent_init(&repeat, fixture_call(f), method, slice_of(id), parts, 2);
    assert_true(idempotent_named(&repeat));
    write.ops[0] = idempotent_op(&repeat, slice_of(answer));
    assert_false(buf_failed(&repeat.bytes));
    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    idempotent_done(&repeat);
}

static void the_same_call_finds_its_first_answer(void **state)
{
    struct fixture *f = *state;
    struct slice answer;

    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), parts, 2, &answer), RESULT_OK);
    assert_int_equal(answer.len, 0);
    remember(f, "put", "id", "ev-1 ev-2");
    for (int open = 0; open < 2; open++) {
        assert_int_equal(find(f, "put", SLICE_LITERAL("id"), parts, 2, &answer), RESULT_OK);
        assert_text(answer, "ev-1 ev-2");
        fixture_reopen(f);
    }
    assert_int_equal(find(f, "put", SLICE_LITERAL("id2"), parts, 2, &answer), RESULT_OK);
    assert_int_equal(answer.len, 0);
}

static void another_call_with_the_id_is_refused(void **state)
{
    static const struct slice moved[] = {SLICE_LITERAL("a"), SLICE_LITERAL("bc")};
    static const struct slice more[] = {SLICE_LITERAL("ab"), SLICE_LITERAL("c"), SLICE_LITERAL("")};
    static const struct slice other[] = {SLICE_LITERAL("ab"), SLICE_LITERAL("d")};
    struct fixture *f = *state;
    struct slice answer;

    remember(f, "put", "id", "ev-1");
    assert_int_equal(find(f, "revoke", SLICE_LITERAL("id"), parts, 2, &answer), RESULT_EXISTS);
    assert_true(f->call.message.len > 0);
    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), moved, 2, &answer), RESULT_EXISTS);
    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), more, 3, &answer), RESULT_EXISTS);
    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), other, 2, &answer), RESULT_EXISTS);
    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), parts, 1, &answer), RESULT_EXISTS);
}

static void an_id_is_a_name(void **state)
{
    static const char long_id[NAME_BYTES_MAX + 1] = {[0 ... NAME_BYTES_MAX] = 'x'};
    struct fixture *f = *state;
    struct slice answer;

    assert_int_equal(find(f, "put", (struct slice){long_id, NAME_BYTES_MAX}, parts, 2, &answer),
                     RESULT_OK);
    assert_int_equal(find(f, "put", (struct slice){long_id, NAME_BYTES_MAX + 1}, parts, 2, &answer),
                     RESULT_INVALID);
    assert_true(f->call.message.len > 0);
    assert_int_equal(find(f, "put", SLICE_LITERAL("a\0b"), parts, 2, &answer), RESULT_INVALID);
    /* None at all: nothing is looked for. */
    assert_int_equal(find(f, "put", SLICE_LITERAL(""), parts, 2, &answer), RESULT_OK);
    assert_int_equal(answer.len, 0);
}

static void an_altered_row_is_told(void **state)
{
    struct fixture *f = *state;
    struct store_write write = {
        .ops_count = 1,
        .ops = {{STORE_OP_PUT, STORE_TABLE_WRITE, SLICE_LITERAL("id"), SLICE_LITERAL("garbage")}}};
    struct slice answer;

    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    assert_int_equal(find(f, "put", SLICE_LITERAL("id"), parts, 2, &answer), RESULT_CORRUPT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same_call_finds_its_first_answer),
        TEST(another_call_with_the_id_is_refused),
        TEST(an_id_is_a_name),
        TEST(an_altered_row_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
