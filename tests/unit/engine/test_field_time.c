/* Dates and times: what is one, which millisecond it is, and that writing gives it back. */
#include "documents.h"
#include "engine/field_time.h"

#define DAY INT64_C(86400000)

static const struct {
    const char *text;
    int64_t unix_ms;
} times[] = {
    {"1970-01-01", 0},
    {"1970-01-02", DAY},
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.001Z", 1},
    {"1999-12-31T23:59:59.999Z", INT64_C(946684799999)},
    {"2000-02-29", INT64_C(951782400000)},
    {"2024-02-29T12:30:15Z", INT64_C(1709209815000)},
    {"2026-12-01T00:00:00Z", INT64_C(1796083200000)},
    {"2026-12-01T00:00:00.5Z", INT64_C(1796083200500)},
    {"2026-12-01T00:00:00.05Z", INT64_C(1796083200050)},
    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
};

static const char *const no_times[] = {
    "",
    "2026",
    "2026-12",
    "2026-12-1",
    "2026-12-00",
    "2026-13-01",
    "2026-00-01",
    "2026-11-31",
    "2026-02-29",
    "2100-02-29",
    "1969-12-31",
    "1969-12-31T00:00:00Z",
    "2026/12/01",
    "2026-12-01 ",
    " 2026-12-01",
    "+026-12-01",
    "2026-12-01T",
    "2026-12-01T00:00Z",
    "2026-12-01T00:00:00",
    "2026-12-01 00:00:00Z",
    "2026-12-01t00:00:00Z",
    "2026-12-01T00:00:00z",
    "2026-12-01T00:00:00+00:00",
    "2026-12-01T24:00:00Z",
    "2026-12-01T23:60:00Z",
    "2026-12-01T23:59:60Z",
    "2026-12-01T00:00:00.Z",
    "2026-12-01T00:00:00.1234Z",
    "2026-12-01T00:00:00.1",
    "2026-12-01T00:00:00,1Z",
    "2026-12-01T00:00:00.aZ",
    "2026-12-01T00:00:00ZZ",
    "2026-12-01T-1:00:00Z",
    "10000-01-01T00:00:00Z",
};

static void a_time_is_its_millisecond(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t unix_ms = -1;

        if (!field_time_parse(slice_of(times[i].text), &unix_ms))
            fail_msg("%s is refused", times[i].text);
        assert_int_equal(unix_ms, times[i].unix_ms);
    }
}

static void what_is_no_time_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_times / sizeof *no_times; i++) {
        int64_t unix_ms = 7;

        if (field_time_parse(slice_of(no_times[i]), &unix_ms) ||
            field_time_parse_date(slice_of(no_times[i]), &unix_ms))
            fail_msg("\"%s\" is taken", no_times[i]);
        assert_int_equal(unix_ms, 7);
    }
}

static void a_date_has_no_time(void **state)
{
    int64_t unix_ms;

    (void)state;
    assert_true(field_time_parse_date(SLICE_LITERAL("2026-12-01"), &unix_ms));
    assert_false(field_time_parse_date(SLICE_LITERAL("2026-12-01T00:00:00Z"), &unix_ms));
}

static void assert_written(int64_t unix_ms, bool date)
{
    char memory[64];
    struct buf buf;
    int64_t read;

    buf_init_fixed(&buf, memory, sizeof memory);
    if (date)
        field_time_put_date(&buf, unix_ms);
    else
        field_time_put(&buf, unix_ms);
    assert_false(buf_failed(&buf));
    if (!field_time_parse(buf_slice(&buf), &read) || read != unix_ms)
        fail_msg("%.*s is not %lld", (int)buf.len, buf.ptr, (long long)unix_ms);
}

/* Every day from 1970 to 9999, and on each another time of the day. */
static void what_is_written_is_read_again(void **state)
{
    uint64_t mixed = 88172645463325252U;

    (void)state;
    for (int64_t day = 0; day * DAY <= INT64_C(253402300799999); day++) {
        mixed ^= mixed << 13;
        mixed ^= mixed >> 7;
        mixed ^= mixed << 17;
        assert_written(day * DAY, true);
        if (day % 16 == 0)
            assert_written(day * DAY + (int64_t)(mixed % (uint64_t)DAY), false);
    }
}

static void milliseconds_are_written_where_there_are_some(void **state)
{
    char memory[64];
    struct buf buf;

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    field_time_put(&buf, INT64_C(1796083200000));
    buf_put_text(&buf, " ");
    field_time_put(&buf, INT64_C(1796083200050));
    assert_text(buf_slice(&buf), "2026-12-01T00:00:00Z 2026-12-01T00:00:00.050Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_its_millisecond),
        cmocka_unit_test(what_is_no_time_is_refused_and_nothing_is_written),
        cmocka_unit_test(a_date_has_no_time),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(milliseconds_are_written_where_there_are_some),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
