#include "core/answer.h"
#include "fixture.h"

static void keeps_every_text_of_a_decision(void **state)
{
    char lent[] = "lent";
    const struct slice text = {lent, 4};
    struct record_attempt attempts[] = {{.route = text, .failure = FAILURE_TIMEOUT},
                                        {.route = text}};
    struct decision decision = {
        .action = ACTION_COMPLETE,
        .policy_id = text,
        .route = {.id = text,
                  .provider = text,
                  .account = text,
                  .region = text,
                  .model = text,
                  .base_url = text,
                  .credential = text,
                  .overrides = text},
        .default_response = text,
        .notice = {.text = text},
        .rule = text,
        .detail = text,
        .error = {.type = text, .code = text, .message = text},
        .ticket = {.queue = text},
        .resume_token = text,
        .has_record = true,
        .record = {.cost_nusd = 7,
                   .attempts = attempts,
                   .attempts_count = 2,
                   .selected_model = text},
        .has_trace = true,
    };
    const struct signalbox_answer lent_answer = {.result = RESULT_OK, .decision = &decision};
    struct arena arena;
    struct answer kept;

    (void)state;
    arena_init(&arena, NULL, 0, 65536);
    answer_copy(&lent_answer, &arena, &kept);
    memset(lent, 'x', 4);
    assert_int_equal(kept.result, RESULT_OK);
    const struct slice *const texts[] = {&kept.decision.policy_id,
                                         &kept.decision.route.id,
                                         &kept.decision.route.provider,
                                         &kept.decision.route.account,
                                         &kept.decision.route.region,
                                         &kept.decision.route.model,
                                         &kept.decision.route.base_url,
                                         &kept.decision.route.credential,
                                         &kept.decision.route.overrides,
                                         &kept.decision.default_response,
                                         &kept.decision.notice.text,
                                         &kept.decision.rule,
                                         &kept.decision.detail,
                                         &kept.decision.error.type,
                                         &kept.decision.error.code,
                                         &kept.decision.error.message,
                                         &kept.decision.ticket.queue,
                                         &kept.decision.resume_token,
                                         &kept.decision.record.selected_model};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_slice(*texts[i], "lent");
    assert_slice(kept.chain, "lent:timeout lent:success");
    assert_int_equal(kept.decision.record.cost_nusd, 7);
    assert_null(kept.decision.record.attempts);
    assert_false(kept.decision.has_trace);
    arena_done(&arena);
}

static void keeps_which_check_refused(void **state)
{
    char lent[] = "lent";
    const struct slice text = {lent, 4};
    struct decision decision = {
        .action = ACTION_FAIL_CLOSED,
        .has_blocked = true,
        .blocked = {.route = text,
                    .gate = GATE_COST,
                    .check = text,
                    .found = {TRACE_TEXT, 0, text},
                    .needed = {TRACE_TEXT, 0, text},
                    .evidence_id = text,
                    .owner = text},
    };
    const struct signalbox_answer lent_answer = {.result = RESULT_OK, .decision = &decision};
    struct arena arena;
    struct answer kept;

    (void)state;
    arena_init(&arena, NULL, 0, 65536);
    answer_copy(&lent_answer, &arena, &kept);
    memset(lent, 'x', 4);
    assert_true(kept.decision.has_blocked);
    assert_int_equal(kept.decision.blocked.gate, GATE_COST);
    assert_slice(kept.decision.blocked.route, "lent");
    assert_slice(kept.decision.blocked.check, "lent");
    assert_slice(kept.decision.blocked.found.text, "lent");
    assert_slice(kept.decision.blocked.needed.text, "lent");
    assert_slice(kept.decision.blocked.evidence_id, "lent");
    assert_slice(kept.decision.blocked.owner, "lent");
    arena_done(&arena);
}

static void keeps_why_there_is_no_decision(void **state)
{
    const struct signalbox_answer lent = {.result = RESULT_PRECONDITION,
                                          .message = SLICE_LITERAL("other facts"),
                                          .reason = SLICE_LITERAL("SUPERSEDED"),
                                          .retry_after_ms = 5};
    struct arena arena;
    struct answer kept;

    (void)state;
    arena_init(&arena, NULL, 0, 65536);
    answer_copy(&lent, &arena, &kept);
    assert_int_equal(kept.result, RESULT_PRECONDITION);
    assert_slice(kept.message, "other facts");
    assert_slice(kept.reason, "SUPERSEDED");
    assert_int_equal(kept.retry_after_ms, 5);
    arena_done(&arena);
}

static void an_arena_that_is_too_small_is_no_memory(void **state)
{
    struct decision decision = {.action = ACTION_SEND, .policy_id = SLICE_LITERAL("a long name")};
    const struct signalbox_answer lent = {.result = RESULT_OK, .decision = &decision};
    struct arena arena;
    struct answer kept;
    char memory[4];

    (void)state;
    arena_init(&arena, memory, sizeof memory, sizeof memory);
    answer_copy(&lent, &arena, &kept);
    assert_int_equal(kept.result, RESULT_NO_MEMORY);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_text_of_a_decision),
        cmocka_unit_test(keeps_which_check_refused),
        cmocka_unit_test(keeps_why_there_is_no_decision),
        cmocka_unit_test(an_arena_that_is_too_small_is_no_memory),
    };

    return cmocka_run_group_tests_name("edge/answer", tests, NULL, NULL);
}
