/* Results across the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/wire.h"

static struct wire_status across(const struct wire_status *status, struct arena *arena)
{
    Google__Rpc__Status *message = wire_put_status(status, arena);
    struct wire_status back;

    assert_non_null(message);
    assert_int_equal(message->code, result_row(status->result)->grpc_status);
    assert_int_equal(wire_get_status(message, arena, &back), RESULT_OK);
    return back;
}

static void details_come_back(void **state)
{
    static const struct wire_status rows[] = {
        {RESULT_INVALID, {"tenant: bad", 11}, {NULL, 0}, {"admission.tenant", 16}, 0},
        {RESULT_ADMISSION_NEEDED, {"again", 5}, {"ADMISSION_NEEDED", 16}, {NULL, 0}, 0},
        {RESULT_PRECONDITION, {"skipped", 7}, {"OUT_OF_ORDER", 12}, {NULL, 0}, 0},
        {RESULT_PRECONDITION, {"old", 3}, {"SUPERSEDED", 10}, {NULL, 0}, 0},
        {RESULT_FULL, {"later", 5}, {NULL, 0}, {NULL, 0}, 61999},
        {RESULT_UNAVAILABLE, {"draining", 8}, {"X", 1}, {"f", 1}, 250},
        {RESULT_EXISTS, {"other facts", 11}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_DENIED, {"no", 2}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_UNAUTHENTICATED, {"who", 3}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_TOO_LARGE, {"big", 3}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_TIMEOUT, {"late", 4}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_CORRUPT, {"bad", 3}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_IO, {"io", 2}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_NOT_FOUND, {"none", 4}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_NO_MEMORY, {"much", 4}, {NULL, 0}, {NULL, 0}, 0},
        {RESULT_LOCKED, {"taken", 5}, {NULL, 0}, {NULL, 0}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct wire_status back;

        arena_init(&arena, NULL, 0, 1 << 16);
        back = across(&rows[i], &arena);
        assert_int_equal(back.result, rows[i].result);
        assert_true(slice_equal(back.message, rows[i].message));
        assert_true(slice_equal(back.reason, rows[i].reason));
        assert_true(slice_equal(back.field, rows[i].field));
        assert_int_equal(back.retry_after_ms, rows[i].retry_after_ms);
        arena_done(&arena);
    }
}

static void no_error_is_without_a_reason_for_programs(void **state)
{
    (void)state;
    for (int result = RESULT_OK + 1; result <= RESULT_PRECONDITION; result++) {
        const struct wire_status status = {.result = (enum result)result};
        struct arena arena;
        Google__Rpc__Status *message;

        arena_init(&arena, NULL, 0, 1 << 16);
        message = wire_put_status(&status, &arena);
        assert_non_null(message);
        assert_int_equal(message->n_details, 1);
        assert_string_equal(message->details[0]->type_url,
                            "type.googleapis.com/google.rpc.ErrorInfo");
        assert_int_equal(across(&status, &arena).result, result);
        arena_done(&arena);
    }
}

static void a_status_without_a_message_says_the_results_sentence(void **state)
{
    struct wire_status status = {.result = RESULT_UNAVAILABLE};
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    assert_true(
        slice_is(across(&status, &arena).message, result_row(RESULT_UNAVAILABLE)->sentence));
    arena_done(&arena);
}

static void passes_over_details_of_others(void **state)
{
    Google__Protobuf__Any any, *details[] = {&any, &any, &any};
    char url[] = "type.googleapis.com/google.rpc.ErrorInfo", other[] = "nowhere/Thing";
    Google__Rpc__Status message;
    struct wire_status back;
    struct arena arena;

    (void)state;
    google__rpc__status__init(&message);
    google__protobuf__any__init(&any);
    any.type_url = url;
    any.value = (ProtobufCBinaryData){1, (uint8_t *)other}; /* not an ErrorInfo */
    message.code = 14;
    message.n_details = 3;
    message.details = details;
    arena_init(&arena, NULL, 0, 1 << 16);
    assert_int_equal(wire_get_status(&message, &arena, &back), RESULT_OK);
    assert_int_equal(back.result, RESULT_UNAVAILABLE);
    assert_int_equal(back.reason.len, 0);
    any.type_url = other;
    assert_int_equal(wire_get_status(&message, &arena, &back), RESULT_OK);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_come_back),
        cmocka_unit_test(no_error_is_without_a_reason_for_programs),
        cmocka_unit_test(a_status_without_a_message_says_the_results_sentence),
        cmocka_unit_test(passes_over_details_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
