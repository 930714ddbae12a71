#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

static int saved_stderr, ends[2];
static char lines[256 * 1024];
static struct arena arena;

static int divert_stderr(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_level_set(LOG_INFO);
    arena_init(&arena, NULL, 0, 64 * 1024 * 1024);
    return 0;
}

static int restore_stderr(void **state)
{
    (void)state;
    if (saved_stderr >= 0)
        dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(ends[0]);
    arena_done(&arena);
    return 0;
}

/* Everything written so far; ends the diversion. */
static void collect(void)
{
    size_t len = 0;
    ssize_t got;

    dup2(saved_stderr, STDERR_FILENO);
    while ((got = read(ends[0], lines + len, sizeof lines - 1 - len)) > 0)
        len += (size_t)got;
    lines[len] = '\0';
}

static struct json_node *parse(struct slice line)
{
    struct json_node *root = NULL;
    struct json_error error;

    if (json_parse(line, &arena, &root, &error) != RESULT_OK)
        fail_msg("not JSON: %.*s", (int)line.len, line.ptr);
    return root;
}

/* The one line written, parsed. */
static struct json_node *only_line(void)
{
    collect();
    assert_true(strlen(lines) > 0);
    assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
    return parse(slice_of(lines));
}

static void a_line_has_time_level_event_and_fields(void **state)
{
    struct json_node *line;

    (void)state;
    log_event(LOG_INFO, "listening", log_text("address", "unix:\"x\""), log_number("port", -5),
              log_bool("ok", true), log_json("list", SLICE_LITERAL("[1,2]")),
              log_slice("part", (struct slice){"abc", 2}));
    line = only_line();
    assert_string_equal(json_member(line, "level")->text.ptr, "info");
    assert_string_equal(json_member(line, "event")->text.ptr, "listening");
    assert_string_equal(json_member(line, "address")->text.ptr, "unix:\"x\"");
    assert_string_equal(json_member(line, "port")->text.ptr, "-5");
    assert_true(json_member(line, "ok")->truth);
    assert_int_equal(json_member(line, "list")->count, 2);
    assert_string_equal(json_member(line, "part")->text.ptr, "ab");
}

static void time_is_rfc_3339_in_utc_with_milliseconds(void **state)
{
    int year, month, day, hour, minute, second, ms, end = 0;
    int64_t now = clock_unix_ms(), days, seconds;
    const char *text;

    (void)state;
    log_event(LOG_INFO, "now");
    text = json_member(only_line(), "time")->text.ptr;
    assert_int_equal(sscanf(text, // NOLINT(cert-err34-c): the count and %n say enough
                            "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute,
                            &second, &ms, &end),
                     7);
    assert_int_equal(end, 24);
    assert_null(strchr(text, ' '));
    /* Days from a civil date, with the year starting in March. */
    year -= month <= 2;
    month = (month + 9) % 12;
    days = 365 * (int64_t)year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day -
           1 - 719468;
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    assert_in_range(seconds * 1000 + ms - now + 5000, 5000, 15000);
}

static void fields_are_optional(void **state)
{
    (void)state;
    log_event(LOG_ERROR, "bare");
    assert_int_equal(only_line()->count, 3);
}

static void levels_below_the_set_one_are_silent(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "hidden");
    log_level_set(LOG_ERROR);
    log_event(LOG_WARN, "hidden");
    log_event(LOG_ERROR, "shown");
    assert_string_equal(json_member(only_line(), "event")->text.ptr, "shown");
}

static void level_names_parse(void **state)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    enum log_level level = LOG_WARN;

    (void)state;
    assert_false(log_level_parse(SLICE_LITERAL("Info"), &level));
    assert_false(log_level_parse(SLICE_LITERAL(""), &level));
    assert_int_equal(level, LOG_WARN);
    for (int i = 0; i < 4; i++) {
        assert_true(log_level_parse(slice_of(names[i]), &level));
        assert_int_equal(level, i);
    }
}

static void what_does_not_fit_is_left_out_and_the_line_stays_json(void **state)
{
    static char long_text[20000];
    struct json_node *line;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    log_event(LOG_INFO, "long", log_number("before", 1), log_text("huge", long_text),
              log_number("after", 2));
    line = only_line();
    assert_non_null(json_member(line, "before"));
    assert_null(json_member(line, "huge"));
    assert_non_null(json_member(line, "after"));
    assert_true(json_member(line, "truncated")->truth);
}

/* Lines that just fit and lines that just do not: the end of the line has always room. */
static void a_line_of_any_length_stays_json(void **state)
{
    static char text[8200];
    int truncated = 0;

    for (size_t len = 8060; len < 8160; len++) {
        struct json_node *line;

        memset(text, 'x', len);
        text[len] = '\0';
        divert_stderr(state);
        log_event(LOG_INFO, "long", log_text("text", text));
        line = only_line();
        assert_true((json_member(line, "text") != NULL) !=
                    (json_member(line, "truncated") != NULL));
        truncated += json_member(line, "truncated") != NULL;
        restore_stderr(state);
    }
    assert_in_range(truncated, 1, 99);
}

static void errno_is_left_alone(void **state)
{
    (void)state;
    close(STDERR_FILENO);
    errno = ENOENT;
    log_event(LOG_INFO, "nowhere");
    assert_int_equal(errno, ENOENT);
    dup2(saved_stderr, STDERR_FILENO);
}

static void *write_lines(void *letter)
{
    char text[201];

    memset(text, *(char *)letter, 200);
    text[200] = '\0';
    for (int i = 0; i < 50; i++)
        log_event(LOG_INFO, "line", log_text("text", text));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    static char letters[] = "abcd";
    pthread_t threads[4];
    char *line, *rest = lines;
    int count = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &letters[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    collect();
    while ((line = strsep(&rest, "\n")) && *line) {
        struct slice text = json_member(parse(slice_of(line)), "text")->text;

        assert_int_equal(text.len, 200);
        for (size_t i = 0; i < text.len; i++)
            assert_int_equal(text.ptr[i], text.ptr[0]);
        count++;
    }
    assert_int_equal(count, 200);
}

#define DIVERTED(test) cmocka_unit_test_setup_teardown(test, divert_stderr, restore_stderr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIVERTED(a_line_has_time_level_event_and_fields),
        DIVERTED(time_is_rfc_3339_in_utc_with_milliseconds),
        DIVERTED(fields_are_optional),
        DIVERTED(levels_below_the_set_one_are_silent),
        DIVERTED(what_does_not_fit_is_left_out_and_the_line_stays_json),
        DIVERTED(errno_is_left_alone),
        DIVERTED(lines_of_threads_do_not_mix),
        cmocka_unit_test(a_line_of_any_length_stays_json),
        cmocka_unit_test(level_names_parse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
