/* Messages to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/message.h"
#include "ctl/word.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/key.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static enum result read_text(const char *text,
                             const ProtobufCMessageDescriptor *descriptor,
                             ProtobufCMessage **ret_message,
                             struct message_error *reterr_error)
{
    struct json_error error;
    struct json_node *root = NULL;

    assert_int_equal(json_parse(slice_of(text), &arena, &root, &error), RESULT_OK);
    return message_read(root, descriptor, &arena, ret_message, reterr_error);
}

static const char *write_text(const ProtobufCMessage *message)
{
    struct buf buf;
    struct slice copy;

    buf_init(&buf, 1 << 20);
    message_write(message, 0, &buf);
    copy = arena_copy(&arena, buf_slice(&buf));
    buf_done(&buf);
    return copy.ptr;
}

static void assert_round_trip(const char *text, const ProtobufCMessageDescriptor *descriptor)
{
    struct message_error error;
    ProtobufCMessage *message = NULL;

    assert_int_equal(read_text(text, descriptor, &message, &error), RESULT_OK);
    assert_string_equal(write_text(message), text);
}

static void every_kind_of_field_comes_back(void **state)
{
    (void)state;
    assert_round_trip("{}", &signalbox__v1__explain_request__descriptor);
    assert_round_trip("{\n"
                      "  \"admission\": {\n"
                      "    \"tenant\": \"Zürich \\\"x\\\"\",\n"
                      "    \"key_digest\": \"AAECA/8=\",\n"
                      "    \"traffic_class\": \"critical_user_facing\",\n"
                      "    \"data_classes\": [\n"
                      "      \"pii\",\n"
                      "      \"internal\"\n"
                      "    ],\n"
                      "    \"allowed_regions\": [\n"
                      "      \"eu\"\n"
                      "    ],\n"
                      "    \"tags\": {\n"
                      "      \"a\": \"1\",\n"
                      "      \"b\": \"\"\n"
                      "    },\n"
                      "    \"family\": \"openai-chat-completions\",\n"
                      "    \"stream\": true,\n"
                      "    \"body_bytes\": 18446744073709551615\n"
                      "  },\n"
                      "  \"reports\": [\n"
                      "    {\n"
                      "      \"transport\": \"timed_out\",\n"
                      "      \"usage\": [\n"
                      "        {\n"
                      "          \"unit\": \"input\",\n"
                      "          \"amount\": 12\n"
                      "        }\n"
                      "      ]\n"
                      "    },\n"
                      "    {}\n"
                      "  ],\n"
                      "  \"deadline_ms\": 4294967295\n"
                      "}",
                      &signalbox__v1__explain_request__descriptor);
    assert_round_trip("{\n  \"cost_delta_nusd\": -9223372036854775808\n}",
                      &signalbox__v1__record__descriptor);
}

static void bytes_of_any_length_come_back(void **state)
{
    static const char *const texts[] = {"AA==", "AAE=", "AAEC", "AAECAw==", "//79"};

    (void)state;
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(arena_format(&arena, "{\n  \"key_digest\": \"%s\"\n}", texts[i]).ptr,
                          &signalbox__v1__admission__descriptor);
}

static void reads_what_other_writers_write(void **state)
{
    struct message_error error;
    ProtobufCMessage *message = NULL;
    const Signalbox__V1__Admission *admission;

    (void)state;
    assert_int_equal(read_text("{\"body_bytes\": \"12\", \"family\": \"FAMILY_ANTHROPIC_MESSAGES\","
                               " \"tenant\": null, \"input_tokens_estimate\": 1e3}",
                               &signalbox__v1__admission__descriptor, &message, &error),
                     RESULT_OK);
    admission = (const void *)message;
    assert_int_equal(admission->body_bytes, 12);
    assert_int_equal(admission->family, SIGNALBOX__V1__FAMILY__FAMILY_ANTHROPIC_MESSAGES);
    assert_int_equal(admission->input_tokens_estimate, 1000);
    assert_string_equal(admission->tenant, "");
}

static void says_what_does_not_fit_and_where(void **state)
{
    static const struct {
        const char *text, *pointer, *found, *expected;
    } rows[] = {
        {"[]", "", "array", "an object"},
        {"{\"admission\": 1}", "/admission", "number \"1\"", "an object"},
        {"{\"admission\": {\"colour\": 1}}", "/admission/colour", "number", "no such field"},
        {"{\"admission\": {\"tenant\": 1}}", "/admission/tenant", "number", "a string"},
        {"{\"admission\": {\"stream\": \"yes\"}}", "/admission/stream", "\"yes\"", "true or false"},
        {"{\"admission\": {\"needs\": [\"tools\", \"x\"]}}", "/admission/needs/1", "\"x\"",
         "tools"},
        {"{\"admission\": {\"needs\": \"tools\"}}", "/admission/needs", "string", "an array"},
        {"{\"admission\": {\"tags\": []}}", "/admission/tags", "array", "an object"},
        {"{\"admission\": {\"tags\": {\"a\": 1}}}", "/admission/tags/a", "number", "a string"},
        {"{\"admission\": {\"body_digest\": \"x\"}}", "/admission/body_digest", "\"x\"", "base64"},
        {"{\"admission\": {\"body_digest\": \"ab!=\"}}", "/admission/body_digest",
         "ab!=", "base64"},
        {"{\"deadline_ms\": 4294967296}", "/deadline_ms", "4294967296", "0 to 4294967295"},
        {"{\"deadline_ms\": -1}", "/deadline_ms", "-1", "0 to 4294967295"},
        {"{\"deadline_ms\": 0.5}", "/deadline_ms", "0.5", "whole number"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message_error error;
        ProtobufCMessage *message = NULL;

        assert_int_equal(
            read_text(rows[i].text, &signalbox__v1__explain_request__descriptor, &message, &error),
            RESULT_INVALID);
        assert_string_equal(error.pointer, rows[i].pointer);
        assert_non_null(strstr(error.found, rows[i].found));
        assert_non_null(strstr(error.expected, rows[i].expected));
    }
}

static void an_arena_that_is_full_is_no_crash(void **state)
{
    static const char text[] =
        "{\"admission\": {\"tenant\": \"acme\", \"tags\": {\"a\": \"b\"}, \"needs\": [\"tools\"], "
        "\"key_digest\": \"AAEC\"}, \"reports\": [{\"route\": \"r\"}]}";
    struct json_error error;
    struct json_node *root = NULL;
    unsigned refused = 0;

    (void)state;
    assert_int_equal(json_parse(slice_of(text), &arena, &root, &error), RESULT_OK);
    for (size_t bytes_max = 0; bytes_max < 4096; bytes_max += 16) {
        struct message_error wrong;
        ProtobufCMessage *message = NULL;
        struct arena small;
        enum result result;

        arena_init(&small, NULL, 0, bytes_max);
        result = message_read(root, &signalbox__v1__explain_request__descriptor, &small, &message,
                              &wrong);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        refused += result == RESULT_NO_MEMORY;
        arena_done(&small);
    }
    assert_in_range(refused, 1, 255);
}

static void every_word_of_every_list_parses_back(void **state)
{
    const ProtobufCMessageDescriptor *messages[] = {
        &signalbox__v1__admission__descriptor,
        &signalbox__v1__attempt_report__descriptor,
        &signalbox__v1__decision__descriptor,
        &signalbox__v1__record__descriptor,
        &signalbox__v1__trace_item__descriptor,
        &signalbox__v1__record_attempt__descriptor,
        &signalbox__v1__key__descriptor,
        &signalbox__v1__usage__descriptor,
        &signalbox__v1__hold__descriptor,
        &signalbox__v1__evidence__descriptor,
        &signalbox__v1__switch__descriptor,
        &signalbox__v1__audit_event__descriptor,
        &signalbox__v1__suggestion__descriptor,
        &signalbox__v1__catalog_change__descriptor,
        &signalbox__v1__checklist_row__descriptor,
        &signalbox__v1__evidence_binding__descriptor,
        &signalbox__v1__suggest_routes_request__descriptor,
        &signalbox__v1__submit_feedback_request__descriptor,
    };

    (void)state;
    for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++)
        for (unsigned k = 0; k < messages[i]->n_fields; k++) {
            const ProtobufCEnumDescriptor *list = messages[i]->fields[k].descriptor;

            if (messages[i]->fields[k].type != PROTOBUF_C_TYPE_ENUM)
                continue;
            assert_null(word_of(list, 0));
            for (unsigned m = 0; m < list->n_values; m++) {
                unsigned number = (unsigned)list->values[m].value;

                if (number == 0)
                    continue;
                assert_non_null(word_of(list, number));
                assert_int_equal(word_parse(list, slice_of(word_of(list, number))), number);
                assert_int_equal(word_parse(list, slice_of(list->values[m].name)), number);
            }
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_field_comes_back),    TEST(bytes_of_any_length_come_back),
        TEST(reads_what_other_writers_write),    TEST(says_what_does_not_fit_and_where),
        TEST(an_arena_that_is_full_is_no_crash), TEST(every_word_of_every_list_parses_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
