/* The digest that tells a repeated question from another one. */
#include "unit/store/sample.h"

static struct digest digest_of(const struct question *question)
{
    static char memory[65536];
    struct buf scratch;
    struct digest digest;

    buf_init_fixed(&scratch, memory, sizeof memory);
    assert_int_equal(codec_question_digest(question, &scratch, &digest), RESULT_OK);
    return digest;
}

static bool same_digest(const struct question *a, const struct question *b)
{
    struct digest first = digest_of(a), second = digest_of(b);

    return memcmp(&first, &second, sizeof first) == 0;
}

static void digest_leaves_out_what_may_differ_between_repeats(void **state)
{
    const struct question question = {.has_facts = true, .facts = sample_facts()};
    struct question again = question;

    (void)state;
    again.request_id.bytes[3] = 7;
    assert_true(same_digest(&question, &again));
    again.deadline_ms = 1234;
    again.resume_token = SLICE_LITERAL("token");
    again.want_trace = true;
    again.want_record = true;
    assert_true(same_digest(&question, &again));
    again.has_report = false;
    again.report = sample_failed();
    assert_true(same_digest(&question, &again));
}

static void digest_of_a_report_does_not_change_when_the_facts_are_repeated(void **state)
{
    const struct question report = {.boundary = 1, .has_report = true, .report = sample_failed()};
    struct question adopted = report;

    (void)state;
    adopted.has_facts = true;
    adopted.facts = sample_facts();
    assert_true(same_digest(&report, &adopted));
}

static void digest_tells_every_field_from_every_other(void **state)
{
    enum { MAX = 128 };
    static struct question questions[MAX];
    static struct digest digests[MAX];
    unsigned count = 0;

    (void)state;
    questions[count].has_facts = true;
    count++;
    questions[count].boundary = 1;
    count++;
    questions[count].boundary = 2;
    count++;
#define X(number, KIND, list, name, keep)                                                          \
    questions[count].has_facts = true;                                                             \
    SET_##KIND(&questions[count].facts, 0, name);                                                  \
    count++;
#include "signalbox/facts.def"
#undef X
#define X(number, KIND, list, name, keep)                                                          \
    questions[count].boundary = 1;                                                                 \
    questions[count].has_report = true;                                                            \
    SET_##KIND(&questions[count].report, 0, name);                                                 \
    count++;
#include "signalbox/report.def"
#undef X
    assert_true(count < MAX);
    for (unsigned i = 0; i < count; i++) {
        digests[i] = digest_of(&questions[i]);
        for (unsigned j = 0; j < i; j++)
            if (memcmp(&digests[i], &digests[j], sizeof *digests) == 0)
                fail_msg("questions %u and %u have one digest", j, i);
    }
}

static void digest_refuses_a_question_larger_than_its_scratch(void **state)
{
    const struct question question = {.has_facts = true, .facts = full_facts()};
    struct digest digest;
    struct buf scratch;

    (void)state;
    buf_init(&scratch, 100);
    assert_int_equal(codec_question_digest(&question, &scratch, &digest), RESULT_TOO_LARGE);
    buf_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_leaves_out_what_may_differ_between_repeats),
        cmocka_unit_test(digest_of_a_report_does_not_change_when_the_facts_are_repeated),
        cmocka_unit_test(digest_tells_every_field_from_every_other),
        cmocka_unit_test(digest_refuses_a_question_larger_than_its_scratch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
