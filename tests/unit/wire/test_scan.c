/* What wire_unpack refuses before protobuf-c can lose it or let it pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "signalbox/limits.h"
#include "wire/scan.h"

#define BYTES(text) ((struct slice){(text), sizeof(text) - 1})

/* Fields of DecideRequest: request_id 1, boundary 2, admission 3, report 4, resume_token 5.
 * Of Admission: tenant 1, key_digest 5, traffic_class 8, data_classes 11, tags 24.
 * Of AttemptReport: tool_calls 24, rate_limits 12. */
struct bad {
    const char *what;
    struct slice bytes;
    const char *field;
};

static enum result unpack(struct slice bytes, struct wire_error *error)
{
    struct arena arena;
    ProtobufCMessage *message = NULL;
    enum result result;

    arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
    result =
        wire_unpack(&signalbox__v1__decide_request__descriptor, bytes, &arena, &message, error);
    arena_done(&arena);
    return result;
}

static void refuses_what_is_malformed(void **state)
{
    static const struct bad rows[] = {
        {"text that is not UTF-8", BYTES("\x1a\x04\x0a\x02\xc3\x28"), "admission.tenant"},
        {"an overlong form", BYTES("\x1a\x04\x0a\x02\xc0\xaf"), "admission.tenant"},
        {"a surrogate", BYTES("\x1a\x05\x0a\x03\xed\xa0\x80"), "admission.tenant"},
        {"NUL in a text",
         BYTES("\x1a\x05\x0a\x03"
               "a\x00"
               "b"),
         "admission.tenant"},
        {"NUL in a long text",
         BYTES("\x0a\x0c"
               "abcdefgh\x00"
               "ijk"),
         "request_id"},
        {"a message that is there twice", BYTES("\x1a\x00\x1a\x00"), "admission"},
        {"a map key that is there twice",
         BYTES("\x1a\x0c\xc2\x01\x03\x0a\x01x\xc2\x01\x03\x0a\x01x"), "admission.tags"},
        {"two map entries without a key", BYTES("\x1a\x06\xc2\x01\x00\xc2\x01\x00"),
         "admission.tags"},
        {"an unknown enum number", BYTES("\x1a\x02\x40\x63"), "admission.traffic_class"},
        {"a negative enum number", BYTES("\x1a\x0b\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
         "admission.traffic_class"},
        {"an unknown number in a packed list", BYTES("\x1a\x04\x5a\x02\x01\x63"),
         "admission.data_classes"},
        {"an unknown number in an unpacked list", BYTES("\x1a\x04\x58\x01\x58\x63"),
         "admission.data_classes"},
        {"a packed list that ends inside a number", BYTES("\x1a\x03\x5a\x01\x80"),
         "admission.data_classes"},
        {"an end inside a tag", BYTES("\x80"), ""},
        {"an end behind a tag", BYTES("\x10"), "boundary"},
        {"an end inside a number", BYTES("\x10\x80"), "boundary"},
        {"an end inside a text",
         BYTES("\x0a\x05"
               "abc"),
         "request_id"},
        {"an end inside a message", BYTES("\x1a\x02\x0a"), "admission"},
        {"a length beyond all memory", BYTES("\x0a\xff\xff\xff\xff\x0f"), "request_id"},
        {"a length of six bytes", BYTES("\x0a\x81\x80\x80\x80\x80\x00x"), "request_id"},
        {"a number of eleven bytes", BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
         "boundary"},
        {"a number beyond 64 bits", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
         "boundary"},
        {"a number beyond its 32 bits", BYTES("\x10\x80\x80\x80\x80\x10"), "boundary"},
        {"field number 0", BYTES("\x00\x01"), ""},
        {"a group", BYTES("\x0b\x0c"), "request_id"},
        {"an unknown group", BYTES("\xfb\x07\xfc\x07"), ""},
        {"wire type 6", BYTES("\x16\x00"), "boundary"},
        {"a text where a number belongs", BYTES("\x12\x01x"), "boundary"},
        {"a number where a message belongs", BYTES("\x18\x01"), "admission"},
        {"eight bytes where a number belongs",
         BYTES("\x11"
               "12345678"),
         "boundary"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_error error = {"", ""};
        enum result result = unpack(rows[i].bytes, &error);

        if (result != RESULT_INVALID || strcmp(error.field, rows[i].field) != 0)
            fail_msg("%s: result %d, field '%s', text '%s'", rows[i].what, (int)result, error.field,
                     error.text);
        assert_true(error.text[0] != '\0');
    }
}

static void accepts_what_is_only_unusual(void **state)
{
    static const struct bad rows[] = {
        {"nothing", BYTES(""), ""},
        {"an unknown number", BYTES("\xf8\x07\x01"), ""},
        {"an unknown text that is not UTF-8", BYTES("\xfa\x07\x01\xff"), ""},
        {"an unknown fixed64",
         BYTES("\xf9\x07"
               "12345678"),
         ""},
        {"fields out of order", BYTES("\x30\x01\x10\x02\x38\x01"), ""},
        {"a number that is longer than need be", BYTES("\x10\x81\x00"), ""},
        {"a scalar twice: the last one holds", BYTES("\x10\x01\x10\x02"), ""},
        {"every byte value in bytes", BYTES("\x2a\x03\x00\xff\xc3"), ""},
        {"the same key in two maps",
         BYTES("\x1a\x06\xc2\x01\x03\x0a\x01x\x22\x05\x62\x03\x0a\x01x"), ""},
        {"four-byte characters",
         BYTES("\x1a\x0e\x0a\x0c\xf0\x9f\x9a\x82\xf0\x9f\x9a\x82"
               "abcd"),
         ""},
        {"a list of enums, packed and not", BYTES("\x1a\x06\x5a\x02\x01\x02\x58\x03"), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_error error = {"", ""};
        enum result result = unpack(rows[i].bytes, &error);

        if (result != RESULT_OK)
            fail_msg("%s: result %d, field '%s', text '%s'", rows[i].what, (int)result, error.field,
                     error.text);
    }
}

/* Every prefix of a good message is good or refused, and nothing is read behind it: each is scanned
 * in memory of its own size. */
static void stays_inside_every_prefix(void **state)
{
    struct slice whole =
        BYTES("\x0a\x04"
              "abcd\x10\x01\x1a\x12\x0a\x04team\x5a\x02\x01\x02\xc2\x01\x05\x0a\x01"
              "k\x12\x00\x22\x03\xc2\x01\x00"
              "\x2a\x01x");

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        char *copy = malloc(len + !len);
        struct wire_error error;
        enum result result;

        assert_non_null(copy);
        memcpy(copy, whole.ptr, len);
        result = unpack((struct slice){copy, len}, &error);
        assert_true(result == RESULT_OK || result == RESULT_INVALID);
        free(copy);
    }
}

static void bounds_what_a_message_blows_up_to(void **state)
{
    static const uint8_t empty_call[] = {0xc2, 0x01, 0x00}, retry_after_given[] = {0x50, 0x01};
    size_t len = MESSAGE_BYTES_MAX;
    char *bytes = malloc(len);
    struct wire_error error;
    size_t at = 5;

    (void)state;
    assert_non_null(bytes);
    /* report, with as many empty tool calls as fit */
    bytes[0] = 0x22;
    for (unsigned i = 0; i < 4; i++)
        bytes[1 + i] = (char)(((len - 5) >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
    for (; at + 3 <= len; at += 3)
        memcpy(bytes + at, empty_call, sizeof empty_call);
    assert_int_equal(len - at, 2);
    memcpy(bytes + at, retry_after_given, sizeof retry_after_given);
    assert_int_equal(unpack((struct slice){bytes, len}, &error), RESULT_TOO_LARGE);
    free(bytes);
}

static void stops_at_too_many_map_entries(void **state)
{
    static const uint8_t entry[] = {0xc2, 0x01, 0x04, 0x0a, 0x02};
    char bytes[8 * 100 + 8];
    size_t at = 3;
    struct wire_error error;

    (void)state;
    for (unsigned i = 0; i < 65; i++) {
        memcpy(bytes + at, entry, sizeof entry);
        bytes[at + 5] = (char)('A' + i / 26);
        bytes[at + 6] = (char)('a' + i % 26);
        at += 7;
    }
    bytes[0] = 0x1a;
    bytes[1] = (char)(((at - 3) & 0x7f) | 0x80);
    bytes[2] = (char)((at - 3) >> 7);
    assert_int_equal(unpack((struct slice){bytes, at}, &error), RESULT_INVALID);
    assert_string_equal(error.field, "admission.tags");
}

/* Each map of a message has room for its own bound. */
static void every_map_may_be_full(void **state)
{
    static const unsigned fields[] = {12, 34}; /* rate_limits, extra_usage */
    uint8_t bytes[4096];
    struct wire_error error = {"", ""};
    size_t at = 4;

    (void)state;
    for (unsigned map = 0; map < 2; map++) {
        for (unsigned i = 0; i < LIST_ITEMS_MAX; i++) {
            if (fields[map] > 15) {
                bytes[at++] = (uint8_t)((fields[map] << 3 | 2) | 0x80);
                bytes[at++] = (uint8_t)(fields[map] >> 4);
            } else {
                bytes[at++] = (uint8_t)(fields[map] << 3 | 2);
            }
            memcpy(bytes + at, "\x04\x0a\x02", 3);
            bytes[at + 3] = (uint8_t)('A' + i / 26);
            bytes[at + 4] = (uint8_t)('a' + i % 26);
            at += 5;
        }
    }
    bytes[0] = 0x22;
    bytes[1] = (uint8_t)(((at - 4) & 0x7f) | 0x80);
    bytes[2] = (uint8_t)(((at - 4) >> 7 & 0x7f) | 0x80);
    bytes[3] = 0;
    if (unpack((struct slice){(const char *)bytes, at}, &error) != RESULT_OK)
        fail_msg("%s %s", error.field, error.text);
}

static size_t put_tag(uint8_t *bytes, uint32_t number, unsigned type)
{
    bytes[0] = (uint8_t)((number << 3 | type) & 0x7f) | 0x80;
    bytes[1] = (uint8_t)(number >> 4);
    return 2;
}

static bool is_varint(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
           field->type != PROTOBUF_C_TYPE_MESSAGE;
}

/* In whatever order they stand: that the second one was found shows in the name of what is wrong
 * with it, which is its wire type. */
static void finds_every_field_behind_every_other(void **state)
{
    const ProtobufCMessageDescriptor *admission = &signalbox__v1__admission__descriptor;

    (void)state;
    for (unsigned i = 0; i < admission->n_fields; i++)
        for (unsigned j = 0; j < admission->n_fields; j++) {
            const ProtobufCFieldDescriptor *first = &admission->fields[i];
            const ProtobufCFieldDescriptor *second = &admission->fields[j];
            struct wire_error error = {"", ""};
            uint8_t bytes[16] = {0};
            size_t len = put_tag(bytes, first->id, is_varint(first) ? 0 : 2) + 1;

            len += put_tag(bytes + len, second->id, 5) + 4; /* a fixed32; there is none */
            assert_int_equal(
                scan_message(admission, (struct slice){(const char *)bytes, len}, &error),
                RESULT_INVALID);
            assert_string_equal(error.field, second->name);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(accepts_what_is_only_unusual),
        cmocka_unit_test(stays_inside_every_prefix),
        cmocka_unit_test(bounds_what_a_message_blows_up_to),
        cmocka_unit_test(stops_at_too_many_map_entries),
        cmocka_unit_test(every_map_may_be_full),
        cmocka_unit_test(finds_every_field_behind_every_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
