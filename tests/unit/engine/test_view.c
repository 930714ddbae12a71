/* The view as bytes and back. */
#include "engine/view.h"
#include "fixture.h"

static struct view some_view(void)
{
    struct view view = {
        .refusal = REASON_RATE_LIMITED_KEY,
        .budget_position_bp = 9501,
        .retry_refused = true,
        .probe_refused = true,
        .retry_after_ms = 1234567,
    };

    view.routes[0] = (struct view_route){REASON_BREAKER_OPEN, FAILURE_TIMEOUT, 900};
    view.routes[ENTRIES_MAX - 1] = (struct view_route){REASON_UNSPECIFIED, FAILURE_NONE, 250};
    return view;
}

static void a_view_comes_back_as_it_was(void **state)
{
    struct view view = some_view(), back;
    char memory[256], again[256];
    struct buf buf, second;

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    view_encode(&view, &buf);
    assert_false(buf_failed(&buf));
    assert_true(view_decode(buf_slice(&buf), &back));
    buf_init_fixed(&second, again, sizeof again);
    view_encode(&back, &second);
    assert_true(slice_equal(buf_slice(&buf), buf_slice(&second)));
    assert_int_equal(back.refusal, view.refusal);
    assert_int_equal(back.routes[0].opened_by, FAILURE_TIMEOUT);
    assert_int_equal(back.routes[ENTRIES_MAX - 1].first_output_p95_ms, 250);
    assert_true(back.retry_refused && back.probe_refused && !back.reserve_refused);
}

static void a_view_without_news_is_one_byte(void **state)
{
    struct view view = {.refusal = REASON_UNSPECIFIED}, back = some_view();
    char memory[16];
    struct buf buf;

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    view_encode(&view, &buf);
    assert_int_equal(buf.len, 1);
    assert_true(view_decode(buf_slice(&buf), &back));
    assert_memory_equal(&view, &back, sizeof view);
}

static void bytes_that_no_view_writes_are_refused(void **state)
{
    struct view view = some_view(), back;
    char memory[256];
    struct buf buf;

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    view_encode(&view, &buf);
    for (size_t len = 0; len < buf.len; len++)
        assert_false(view_decode((struct slice){memory, len}, &back));
    memory[buf.len] = 0;
    assert_false(view_decode((struct slice){memory, buf.len + 1}, &back));
    assert_false(view_decode(SLICE_LITERAL("\x80"), &back));
    assert_false(view_decode(SLICE_LITERAL("\x01\x13"), &back)); /* no reason has this number */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_comes_back_as_it_was),
        cmocka_unit_test(a_view_without_news_is_one_byte),
        cmocka_unit_test(bytes_that_no_view_writes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
