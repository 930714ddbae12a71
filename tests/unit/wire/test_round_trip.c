/* Every field of every message that has a struct, both ways.
 *
 * Messages are filled at random by walking protobuf-c's descriptors, so a field that a conversion
 * forgets shows itself: bytes -> message -> struct -> message must give the same bytes. Facts and
 * reports are also filled as structs, by their tables, and must come back equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/uuid.h"
#include "signalbox/limits.h"
#include "wire/wire.h"

#define ROUNDS 500

static uint64_t seed;

static uint64_t below(uint64_t end)
{
    return random_next(&seed) % end;
}

static struct slice random_text(struct arena *arena, size_t len_max)
{
    size_t len = 1 + below(len_max);
    char *text = arena_alloc(arena, len + 1);

    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + below(26));
    text[len] = '\0';
    return (struct slice){text, len};
}

static char *random_chars(struct arena *arena, size_t len_max)
{
    return wire_text(random_text(arena, len_max), arena);
}

static struct slice random_address(struct arena *arena)
{
    unsigned a = (unsigned)below(256), b = (unsigned)below(256);

    return below(2) ? arena_format(arena, "10.%u.0.%u", a, b)
                    : arena_format(arena, "2001:db8::%x:%x", a, b);
}

static struct slice random_count(struct arena *arena)
{
    return arena_format(arena, "%llu", (unsigned long long)random_next(&seed));
}

/* ---- messages by descriptor ---- */

static void fill(ProtobufCMessage *message, struct arena *arena);

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);

    return a >= b && strcmp(text + a - b, end) == 0;
}

/* Texts that have a shape; the others are any. */
static char *fill_text(const char *name, struct arena *arena)
{
    if (strcmp(name, "client_address") == 0)
        return wire_text(random_address(arena), arena);
    if (strcmp(name, "request_id") == 0) {
        char text[UUID_TEXT_BYTES + 1];

        uuid_format(uuid_make((int64_t)below(1ull << 47)), text);
        return wire_text(slice_of(text), arena);
    }
    if (strcmp(name, "decision_id") == 0 || ends_with(name, "digest"))
        return wire_text(arena_format(arena, "%016llx", (unsigned long long)random_next(&seed)),
                         arena);
    return random_chars(arena, 40);
}

static ProtobufCBinaryData fill_bytes(const char *name, struct arena *arena)
{
    size_t len = ends_with(name, "digest") ? 32 : 1 + below(300);
    uint8_t *bytes = arena_alloc(arena, len);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)random_next(&seed);
    return (ProtobufCBinaryData){len, bytes};
}

static unsigned fill_enum(const ProtobufCEnumDescriptor *list)
{
    return (unsigned)list->values[1 + below(list->n_values - 1)].value;
}

static ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *descriptor,
                                      struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

    assert_non_null(message);
    protobuf_c_message_init(descriptor, message);
    fill(message, arena);
    return message;
}

static void fill_singular(const ProtobufCFieldDescriptor *field, void *member, struct arena *arena)
{
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = fill_text(field->name, arena);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)member = fill_bytes(field->name, arena);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(unsigned *)member = fill_enum(field->descriptor);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = 1;
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)member = 1 + (uint32_t)below(UINT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)member = 1 | random_next(&seed);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = fill_message(field->descriptor, arena);
        break;
    default:
        fail_msg("%s has a type that no struct has", field->name);
    }
}

/* Members of sets and units come in order and once, as structs give them back. */
static void
fill_repeated(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message, struct arena *arena)
{
    size_t count = 1 + below(3);
    void *items = arena_calloc(arena, count, sizeof(void *));

    assert_non_null(items);
    *(size_t *)((char *)message + field->quantifier_offset) = count;
    *(void **)((char *)message + field->offset) = items;
    for (size_t i = 0; i < count; i++) {
        if (field->type == PROTOBUF_C_TYPE_ENUM) {
            ((unsigned *)items)[i] = (unsigned)i + 1;
            continue;
        }
        fill_singular(field, (void **)items + i, arena);
        if (field->descriptor == &signalbox__v1__usage__descriptor)
            ((Signalbox__V1__Usage **)items)[i]->unit = (Signalbox__V1__Unit)(i + 1);
        if (strcmp(field->name, "extra_usage") == 0)
            ((Signalbox__V1__AttemptReport__ExtraUsageEntry **)items)[i]->value =
                wire_text(random_count(arena), arena);
    }
}

static bool must_be_there(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "request_id") == 0 || strcmp(field->name, "decision_id") == 0 ||
           strcmp(field->name, "trace_digest") == 0 || (strcmp(field->name, "digest") == 0) ||
           (message->descriptor == &signalbox__v1__record__descriptor && field->id == 5) ||
           message->descriptor->n_fields < 10; /* small parts are full or not there */
}

static void fill(ProtobufCMessage *message, struct arena *arena)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (!must_be_there(message, field) && below(4) == 0)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            fill_repeated(field, message, arena);
        else
            fill_singular(field, (char *)message + field->offset, arena);
    }
}

static struct slice pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, len);

    assert_non_null(bytes);
    protobuf_c_message_pack(message, bytes);
    return (struct slice){(const char *)bytes, len};
}

/* Unpacked again after packing, as it comes from outside. */
static ProtobufCMessage *
again(const ProtobufCMessage *message, struct arena *arena, struct slice *ret_bytes)
{
    ProtobufCMessage *copy = NULL;
    struct wire_error error = {"", ""};

    *ret_bytes = pack(message, arena);
    if (wire_unpack(message->descriptor, *ret_bytes, arena, &copy, &error) != RESULT_OK)
        fail_msg("seed %llu: %s %s", (unsigned long long)seed, error.field, error.text);
    return copy;
}

static void assert_same(struct slice expected, const ProtobufCMessage *message, struct arena *arena)
{
    struct slice bytes;

    assert_non_null(message);
    bytes = pack(message, arena);
    if (!slice_equal(expected, bytes))
        fail_msg("seed %llu: %zu bytes became %zu", (unsigned long long)seed, expected.len,
                 bytes.len);
}

static void assert_ok(enum result result, const struct wire_error *error)
{
    if (result != RESULT_OK)
        fail_msg("seed %llu: %s %s", (unsigned long long)seed, error->field, error->text);
}

static void questions_come_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct arena arena;
        struct question question;
        struct wire_error error = {"", ""};
        Signalbox__V1__DecideRequest *message;
        struct slice bytes;

        arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
        message = (void *)fill_message(&signalbox__v1__decide_request__descriptor, &arena);
        message->boundary = round % 3 ? 1 + round % ATTEMPTS_MAX : 0;
        if (message->boundary == 0)
            message->report = NULL;
        else if (!message->report)
            message->report =
                (void *)fill_message(&signalbox__v1__attempt_report__descriptor, &arena);
        if (!message->admission)
            message->admission =
                (void *)fill_message(&signalbox__v1__admission__descriptor, &arena);
        message = (void *)again(&message->base, &arena, &bytes);
        assert_ok(wire_get_question(message, &arena, &question, &error), &error);
        assert_same(bytes, &wire_put_question(&question, &arena)->base, &arena);
        arena_done(&arena);
    }
}

static void decisions_with_records_and_traces_come_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct arena arena;
        struct decision decision;
        struct wire_error error = {"", ""};
        Signalbox__V1__Decision *message;
        struct slice bytes;

        arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
        message = (void *)fill_message(&signalbox__v1__decision__descriptor, &arena);
        message = (void *)again(&message->base, &arena, &bytes);
        assert_ok(wire_get_decision(message, &arena, &decision, &error), &error);
        assert_same(bytes, &wire_put_decision(&decision, &arena)->base, &arena);
        arena_done(&arena);
    }
}

static void an_empty_decision_has_no_parts(void **state)
{
    struct decision decision = {0};
    Signalbox__V1__Decision *message;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
    message = wire_put_decision(&decision, &arena);
    assert_non_null(message);
    assert_null(message->route);
    assert_null(message->timeouts);
    assert_null(message->hold);
    assert_null(message->notice);
    assert_null(message->error);
    assert_null(message->ticket);
    assert_null(message->record);
    assert_null(message->blocked);
    assert_null(message->trace);
    arena_done(&arena);
}

/* ---- structs by their tables ---- */

static struct texts random_texts(struct arena *arena)
{
    unsigned count = (unsigned)below(4);
    struct slice *items = arena_calloc(arena, count, sizeof *items);

    for (unsigned i = 0; i < count; i++)
        items[i] = random_text(arena, NAME_BYTES_MAX);
    return (struct texts){items, count};
}

static struct pairs random_pairs(struct arena *arena)
{
    unsigned count = (unsigned)below(TAGS_MAX + 1);
    struct pair *items = arena_calloc(arena, count, sizeof *items);

    for (unsigned i = 0; i < count; i++) {
        items[i].key = arena_format(arena, "key-%u", i);
        items[i].value = random_text(arena, TEXT_BYTES_MAX);
    }
    return (struct pairs){items, count};
}

static struct pairs random_counts(struct arena *arena)
{
    unsigned count = (unsigned)below(LIST_ITEMS_MAX + 1);
    struct pair *items = arena_calloc(arena, count, sizeof *items);

    for (unsigned i = 0; i < count; i++)
        items[i] = (struct pair){arena_format(arena, "unit-%u", i), random_count(arena)};
    return (struct pairs){items, count};
}

static struct tool_calls random_tool_calls(struct arena *arena)
{
    unsigned count = (unsigned)below(4);
    struct tool_call *items = arena_calloc(arena, count, sizeof *items);

    for (unsigned i = 0; i < count; i++) {
        items[i].id = random_text(arena, NAME_BYTES_MAX);
        items[i].name = random_text(arena, NAME_BYTES_MAX);
        items[i].side_effect = (enum side_effect)below(SIDE_EFFECT_END);
    }
    return (struct tool_calls){items, count};
}

static struct usage random_usage(struct arena *arena)
{
    struct usage usage = {0};

    (void)arena;
    for (unsigned unit = 1; unit < UNIT_END; unit++)
        usage.amounts[unit] = below(2) ? random_next(&seed) : 0;
    return usage;
}

#define TEXT(list)       below(3) ? random_text(arena, NAME_BYTES_MAX) : SLICE_LITERAL("")
#define DIGEST           "0123456789abcdef0123456789abcdef"
#define BYTES(list)      below(2) ? SLICE_LITERAL(DIGEST) : SLICE_LITERAL("")
#define BOOL(list)       below(2)
#define U32(list)        (uint32_t) random_next(&seed)
#define U64(list)        random_next(&seed)
#define ENUM(list)       (enum list)(below(2) ? 1 : 0)
#define SET(list)        below(2) ? SET_OF(1) | SET_OF(3) : 0
#define TEXTS(list)      random_texts(arena)
#define PAIRS(list)      random_pairs(arena)
#define USAGE(list)      random_usage(arena)
#define TOOL_CALLS(list) random_tool_calls(arena)

static bool same_texts(struct texts a, struct texts b)
{
    bool same = a.count == b.count;

    for (unsigned i = 0; same && i < a.count; i++)
        same = slice_equal(a.items[i], b.items[i]);
    return same;
}

static bool same_pairs(struct pairs a, struct pairs b)
{
    bool same = a.count == b.count;

    for (unsigned i = 0; same && i < a.count; i++)
        same = slice_equal(a.items[i].key, b.items[i].key) &&
               slice_equal(a.items[i].value, b.items[i].value);
    return same;
}

static bool same_calls(struct tool_calls a, struct tool_calls b)
{
    bool same = a.count == b.count;

    for (unsigned i = 0; same && i < a.count; i++)
        same = slice_equal(a.items[i].id, b.items[i].id) &&
               slice_equal(a.items[i].name, b.items[i].name) &&
               a.items[i].side_effect == b.items[i].side_effect;
    return same;
}

#define SAME_TEXT(a, b)       slice_equal(a, b)
#define SAME_BYTES(a, b)      slice_equal(a, b)
#define SAME_BOOL(a, b)       ((a) == (b))
#define SAME_U32(a, b)        ((a) == (b))
#define SAME_U64(a, b)        ((a) == (b))
#define SAME_ENUM(a, b)       ((a) == (b))
#define SAME_SET(a, b)        ((a) == (b))
#define SAME_TEXTS(a, b)      same_texts(a, b)
#define SAME_PAIRS(a, b)      same_pairs(a, b)
#define SAME_USAGE(a, b)      (memcmp(&(a), &(b), sizeof(struct usage)) == 0)
#define SAME_TOOL_CALLS(a, b) same_calls(a, b)

/* As many branches as fields. NOLINTNEXTLINE(readability-function-size) */
static void facts_come_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct arena memory, *arena = &memory;
        struct facts from = {0}, to;
        struct wire_error error = {"", ""};
        struct slice bytes;
        ProtobufCMessage *message;

        arena_init(arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
#define X(number, KIND, list, name, keep) from.name = KIND(list);
#include "signalbox/facts.def"
#undef X
        from.client_address = below(2) ? random_address(arena) : SLICE_LITERAL("");
        message = again(&wire_put_admission(&from, arena)->base, arena, &bytes);
        assert_ok(wire_get_admission((void *)message, arena, &to, &error), &error);
#define X(number, KIND, list, name, keep)                                                          \
    if (!SAME_##KIND(from.name, to.name))                                                          \
        fail_msg("seed %llu: %s", (unsigned long long)seed, #name);
#include "signalbox/facts.def"
#undef X
        arena_done(arena);
    }
}

/* As many branches as fields. NOLINTNEXTLINE(readability-function-size) */
static void reports_come_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct arena memory, *arena = &memory;
        struct report from = {0}, to;
        struct wire_error error = {"", ""};
        struct slice bytes;
        ProtobufCMessage *message;

        arena_init(arena, NULL, 0, MESSAGE_ARENA_BYTES_MAX);
#define X(number, KIND, list, name, keep) from.name = KIND(list);
#include "signalbox/report.def"
#undef X
        from.extra_usage = random_counts(arena);
        message = again(&wire_put_report(&from, arena)->base, arena, &bytes);
        assert_ok(wire_get_report((void *)message, arena, &to, &error), &error);
#define X(number, KIND, list, name, keep)                                                          \
    if (!SAME_##KIND(from.name, to.name))                                                          \
        fail_msg("seed %llu: %s", (unsigned long long)seed, #name);
#include "signalbox/report.def"
#undef X
        arena_done(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_come_back),
        cmocka_unit_test(decisions_with_records_and_traces_come_back),
        cmocka_unit_test(an_empty_decision_has_no_parts),
        cmocka_unit_test(facts_come_back),
        cmocka_unit_test(reports_come_back),
    };

    seed = clock_monotonic_ns();
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
