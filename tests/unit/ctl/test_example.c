/* The made-up reports of explain --failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ctl/example.h"
#include "signalbox/taxonomy.h"

static void every_word_makes_a_report_and_names_a_class(void **state)
{
    char words[1024];
    struct buf buf;
    char *rest = words, *word;
    unsigned count = 0;

    (void)state;
    buf_init_fixed(&buf, words, sizeof words - 1);
    example_list(&buf);
    assert_false(buf_failed(&buf));
    words[buf.len] = '\0';
    while ((word = strsep(&rest, ", "))) {
        Signalbox__V1__AttemptReport report;
        enum failure failure;

        if (!*word)
            continue;
        signalbox__v1__attempt_report__init(&report);
        assert_true(example_report(word, &report));
        assert_true(report.transport != 0);
        assert_true(report.elapsed_ms > 0);
        assert_true(strcmp(word, "success") == 0 ||
                    signalbox_failure_parse(slice_of(word), &failure));
        count++;
    }
    assert_true(count > 20);
}

static void an_http_status_is_a_completed_response(void **state)
{
    Signalbox__V1__AttemptReport report;

    (void)state;
    signalbox__v1__attempt_report__init(&report);
    assert_true(example_report("503", &report));
    assert_int_equal(report.http_status, 503);
    assert_int_equal(report.transport, SIGNALBOX__V1__TRANSPORT__TRANSPORT_COMPLETED);
    assert_false(example_report("99", &report));
    assert_false(example_report("600", &report));
    assert_false(example_report("5.5", &report));
    assert_false(example_report("nonsense", &report));
    assert_false(example_report("", &report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_makes_a_report_and_names_a_class),
        cmocka_unit_test(an_http_status_is_a_completed_response),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
