/* Facts and reports as canonical bytes: round trips, everything that decoding refuses, and that
 * encoding neither allocates nor dawdles. */
#include "base/clock.h"
#include "unit/store/sample.h"

#define BYTES_MAX 65536

static char memory[BYTES_MAX];

static struct buf fixed_buf(void)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    return buf;
}

static struct arena new_arena(void)
{
    struct arena arena;

    arena_init(&arena, NULL, 0, 1 << 20);
    return arena;
}

static bool texts_equal(struct texts a, struct texts b)
{
    if (a.count != b.count)
        return false;
    for (unsigned i = 0; i < a.count; i++)
        if (!slice_equal(a.items[i], b.items[i]))
            return false;
    return true;
}

static bool pairs_equal(struct pairs a, struct pairs b)
{
    if (a.count != b.count)
        return false;
    for (unsigned i = 0; i < a.count; i++) {
        unsigned same = 0;

        for (unsigned j = 0; j < b.count; j++)
            same += slice_equal(a.items[i].key, b.items[j].key) &&
                    slice_equal(a.items[i].value, b.items[j].value);
        if (same != 1)
            return false;
    }
    return true;
}

static bool calls_equal(struct tool_calls a, struct tool_calls b)
{
    if (a.count != b.count)
        return false;
    for (unsigned i = 0; i < a.count; i++)
        if (!slice_equal(a.items[i].id, b.items[i].id) ||
            !slice_equal(a.items[i].name, b.items[i].name) ||
            a.items[i].side_effect != b.items[i].side_effect)
            return false;
    return true;
}

#define EQUAL_TEXT(a, b)       slice_equal(a, b)
#define EQUAL_BYTES(a, b)      slice_equal(a, b)
#define EQUAL_BOOL(a, b)       ((a) == (b))
#define EQUAL_U32(a, b)        ((a) == (b))
#define EQUAL_U64(a, b)        ((a) == (b))
#define EQUAL_ENUM(a, b)       ((a) == (b))
#define EQUAL_SET(a, b)        ((a) == (b))
#define EQUAL_TEXTS(a, b)      texts_equal(a, b)
#define EQUAL_PAIRS(a, b)      pairs_equal(a, b)
#define EQUAL_USAGE(a, b)      (memcmp(&(a), &(b), sizeof(a)) == 0)
#define EQUAL_TOOL_CALLS(a, b) calls_equal(a, b)
#define IS_STORED              true
#define IS_DIGESTED            false

static void check_field(bool equal, bool kept, const char *name)
{
    if (equal != kept)
        fail_msg("field %s", name);
}

static void check_facts(const struct facts *a, const struct facts *b, enum codec_scope scope)
{
#define X(number, KIND, list, name, keep)                                                          \
    check_field(EQUAL_##KIND(a->name, b->name), IS_##keep || scope == CODEC_SCOPE_DIGEST, #name);
#include "signalbox/facts.def"
#undef X
}

static void check_report(const struct report *a, const struct report *b, enum codec_scope scope)
{
#define X(number, KIND, list, name, keep)                                                          \
    check_field(EQUAL_##KIND(a->name, b->name), IS_##keep || scope == CODEC_SCOPE_DIGEST, #name);
#include "signalbox/report.def"
#undef X
}

static void gives_back_every_field_of_facts_and_reports(void **state)
{
    struct facts facts = full_facts(), facts_again;
    struct report report = full_report(), report_again;
    struct arena arena = new_arena();

    (void)state;
    for (int i = 0; i < 2; i++) {
        enum codec_scope scope = i ? CODEC_SCOPE_DIGEST : CODEC_SCOPE_STORED;
        struct buf buf = fixed_buf();

        codec_put_facts(&buf, &facts, scope);
        assert_false(buf_failed(&buf));
        assert_int_equal(codec_get_facts(buf_slice(&buf), &arena, &facts_again), RESULT_OK);
        check_facts(&facts, &facts_again, scope);
        buf_clear(&buf);
        codec_put_report(&buf, &report, scope);
        assert_false(buf_failed(&buf));
        assert_int_equal(codec_get_report(buf_slice(&buf), &arena, &report_again), RESULT_OK);
        check_report(&report, &report_again, scope);
    }
    arena_done(&arena);
}

static void writes_nothing_for_what_is_empty(void **state)
{
    struct facts facts = {0};
    struct report report = {0};
    struct arena arena = new_arena();
    struct buf buf = fixed_buf();

    (void)state;
    codec_put_facts(&buf, &facts, CODEC_SCOPE_DIGEST);
    codec_put_report(&buf, &report, CODEC_SCOPE_DIGEST);
    assert_int_equal(buf.len, 0);
    assert_int_equal(codec_get_facts(buf_slice(&buf), &arena, &facts), RESULT_OK);
    assert_int_equal(codec_get_report((struct slice){NULL, 0}, &arena, &report), RESULT_OK);
    arena_done(&arena);
}

static void gives_equal_bytes_whatever_the_order_of_a_map(void **state)
{
    const struct pair forwards[] = {{TEXT("a"), TEXT("1")},
                                    {TEXT("ab"), TEXT("2")},
                                    {TEXT("b"), TEXT("3")},
                                    {TEXT("\xff"), TEXT("4")}};
    struct pair mixed[4] = {forwards[2], forwards[0], forwards[3], forwards[1]};
    struct facts facts = {.tags = {forwards, 4}};
    char first[64];
    struct buf buf = fixed_buf();
    size_t len;

    (void)state;
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    len = buf.len;
    assert_true(len < sizeof first);
    memcpy(first, memory, len);
    facts.tags.items = mixed;
    buf_clear(&buf);
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    assert_int_equal(buf.len, len);
    assert_memory_equal(memory, first, len);
}

/* What decodes is what the encoder writes: bytes cut anywhere are refused or are a shorter record.
 */
static void takes_only_canonical_bytes_when_they_are_cut(void **state)
{
    struct facts facts = full_facts(), again;
    struct arena arena = new_arena();
    struct buf buf = fixed_buf(), second;
    char copy[4096];
    unsigned refused = 0;

    (void)state;
    codec_put_facts(&buf, &facts, CODEC_SCOPE_DIGEST);
    buf_init(&second, BYTES_MAX);
    for (size_t len = 0; len < buf.len; len++) {
        enum result result;

        memcpy(copy, memory, len);
        result = codec_get_facts((struct slice){copy, len}, &arena, &again);
        if (result) {
            assert_int_equal(result, RESULT_CORRUPT);
            refused++;
            continue;
        }
        buf_clear(&second);
        codec_put_facts(&second, &again, CODEC_SCOPE_DIGEST);
        assert_true(slice_equal(buf_slice(&second), (struct slice){copy, len}));
    }
    assert_true(refused > buf.len / 2);
    buf_done(&second);
    arena_done(&arena);
}

/* Field numbers as tags: n * 8 is a varint, n * 8 + 2 bytes; from 16 on a tag has two bytes. */
static void refuses_facts_that_no_encoder_wrote(void **state)
{
    static const struct {
        const char *why;
        struct slice bytes;
    } rows[] = {
        {"truncated text", TEXT("\x0a\x03no")},
        {"truncated tag", TEXT("\x88")},
        {"tag without a value", TEXT("\x40")},
        {"length beyond 64 bits", TEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02x")},
        {"length of 2^63", TEXT("\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x")},
        {"field number 0", TEXT("\x00\x01")},
        {"out of order", TEXT("\x12\x01t\x0a\x01t")},
        {"duplicate", TEXT("\x0a\x01t\x0a\x01t")},
        {"wire kind 1", TEXT("\x09\x01\x02\x03\x04\x05\x06\x07\x08")},
        {"wire kind 5", TEXT("\x0d\x01\x02\x03\x04")},
        {"a text as a number", TEXT("\x08\x01")},
        {"a number as a text", TEXT("\x42\x01\x01")},
        {"an empty text", TEXT("\x0a\x00")},
        {"a false bool", TEXT("\x70\x00")},
        {"a bool of 2", TEXT("\x70\x02")},
        {"an overlong varint", TEXT("\x70\x81\x00")},
        {"an overlong tag", TEXT("\xf0\x00\x01")},
        {"traffic class 6", TEXT("\x40\x06")},
        {"traffic class 2^32 + 1", TEXT("\x40\x81\x80\x80\x80\x10")},
        {"data class 0 in a set", TEXT("\x58\x01")},
        {"data class 7 in a set", TEXT("\x58\x80\x01")},
        {"data class 63 in a set", TEXT("\x58\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
        {"choices of 2^32", TEXT("\xe8\x02\x80\x80\x80\x80\x10")},
        {"an empty list", TEXT("\x6a\x00")},
        {"a list with a truncated item", TEXT("\x6a\x03\x03no")},
        {"a map with a key alone", TEXT("\xc2\x01\x02\x01k")},
        {"a map with a key twice", TEXT("\xc2\x01\x06\x01k\x00\x01k\x00")},
        {"a map out of order", TEXT("\xc2\x01\x06\x01l\x00\x01k\x00")},
    };
    struct arena arena = new_arena();
    struct facts facts;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (codec_get_facts(rows[i].bytes, &arena, &facts) != RESULT_CORRUPT)
            fail_msg("%s is accepted", rows[i].why);
    arena_done(&arena);
}

static void refuses_reports_that_no_encoder_wrote(void **state)
{
    static const struct {
        const char *why;
        struct slice bytes;
    } rows[] = {
        {"an empty usage", TEXT("\xea\x01\x00")},
        {"usage of no unit", TEXT("\xea\x01\x02\x00\x01")},
        {"usage of an unknown unit", TEXT("\xea\x01\x02\x0a\x01")},
        {"usage of unit 2^32 + 1", TEXT("\xea\x01\x06\x81\x80\x80\x80\x10\x01")},
        {"usage of nothing", TEXT("\xea\x01\x02\x01\x00")},
        {"usage twice", TEXT("\xea\x01\x04\x01\x01\x01\x01")},
        {"usage out of order", TEXT("\xea\x01\x04\x02\x01\x01\x01")},
        {"usage without its amount", TEXT("\xea\x01\x01\x01")},
        {"a tool call without effect", TEXT("\xc2\x01\x04\x01i\x01n")},
        {"a tool call with an unknown effect", TEXT("\xc2\x01\x05\x01i\x01n\x3f")},
    };
    struct arena arena = new_arena();
    struct report report;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (codec_get_report(rows[i].bytes, &arena, &report) != RESULT_CORRUPT)
            fail_msg("%s is accepted", rows[i].why);
    arena_done(&arena);
}

static void skips_fields_of_a_newer_writer(void **state)
{
    static const struct slice rows[] = {
        TEXT("\x0a\x04"
             "acme\xd0\x01\x07"), /* 26: a number */
        TEXT("\x0a\x04"
             "acme\xd2\x01\x03new"), /* 26: bytes */
        TEXT("\x0a\x04"
             "acme\xc0\x3e\xff\x01\xc8\x3e\x01"), /* 1000, 1001 */
    };
    struct arena arena = new_arena();
    struct facts facts;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(codec_get_facts(rows[i], &arena, &facts), RESULT_OK);
        assert_true(slice_is(facts.tenant, "acme"));
    }
    arena_done(&arena);
}

static void refuses_lists_over_their_bound_both_ways(void **state)
{
    static struct slice texts[LIST_ITEMS_MAX + 1];
    static struct pair pairs[TAGS_MAX + 1];
    static struct tool_call calls[TOOL_CALLS_MAX + 1];
    static char keys[TAGS_MAX + 1];
    static char bytes[1024];
    struct arena arena = new_arena();
    struct facts facts = {0};
    struct report report = {0};

    (void)state;
    for (int i = 0; i <= TAGS_MAX; i++) {
        keys[i] = (char)(i + 1);
        pairs[i].key = (struct slice){&keys[i], 1};
    }
    for (int over = 0; over < 2; over++) {
        enum result expected = over ? RESULT_CORRUPT : RESULT_OK;
        struct buf buf = fixed_buf();

        facts = (struct facts){.allowed_regions = {texts, LIST_ITEMS_MAX + (unsigned)over}};
        codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
        assert_int_equal(buf_failed(&buf), over);
        buf_clear(&buf);
        facts = (struct facts){.tags = {pairs, TAGS_MAX + (unsigned)over}};
        codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
        assert_int_equal(buf_failed(&buf), over);
        buf_clear(&buf);
        report = (struct report){.tool_calls = {calls, TOOL_CALLS_MAX + (unsigned)over}};
        codec_put_report(&buf, &report, CODEC_SCOPE_STORED);
        assert_int_equal(buf_failed(&buf), over);

        memset(bytes, 0, sizeof bytes);
        bytes[0] = 0x6a; /* allowed_regions */
        bytes[1] = (char)(LIST_ITEMS_MAX + over);
        assert_int_equal(codec_get_facts((struct slice){bytes, 2 + LIST_ITEMS_MAX + (size_t)over},
                                         &arena, &facts),
                         expected);
    }
    facts = (struct facts){
        .tags = {(const struct pair[]){{TEXT("k"), TEXT("1")}, {TEXT("k"), TEXT("2")}}, 2}};
    struct buf buf = fixed_buf();
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    assert_true(buf_failed(&buf));
    arena_done(&arena);
}

static void says_that_the_arena_is_used_up(void **state)
{
    struct facts facts = full_facts(), again;
    struct buf buf = fixed_buf();
    struct arena arena;
    enum result result = RESULT_NO_MEMORY;
    size_t bytes_max = 0;

    (void)state;
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    for (; result == RESULT_NO_MEMORY && bytes_max < 4096; bytes_max += 16) {
        arena_init(&arena, NULL, 0, bytes_max);
        result = codec_get_facts(buf_slice(&buf), &arena, &again);
        arena_done(&arena);
    }
    assert_int_equal(result, RESULT_OK);
    assert_true(bytes_max > 3 * sizeof(struct slice));
}

static void fails_a_buffer_that_is_one_byte_too_small(void **state)
{
    struct facts facts = full_facts();
    struct buf buf = fixed_buf();
    size_t len;

    (void)state;
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    len = buf.len;
    buf_init_fixed(&buf, memory, len);
    codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
    assert_false(buf_failed(&buf));
    for (size_t less = 1; less <= len; less++) {
        buf_init_fixed(&buf, memory, len - less);
        codec_put_facts(&buf, &facts, CODEC_SCOPE_STORED);
        assert_true(buf_failed(&buf));
    }
}

/* Into a fixed buffer, which cannot allocate. The time is printed and not asserted: machines
 * differ. */
static void encodes_into_a_fixed_buffer_and_says_how_long_it_takes(void **state)
{
    enum { ROUNDS = 100000 };
    struct facts facts = sample_facts();
    struct report report = sample_succeeded();
    struct buf buf = fixed_buf();
    uint64_t start, middle, end;

    (void)state;
    start = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        buf_clear(&buf);
        codec_put_facts(&buf, &facts, CODEC_SCOPE_DIGEST);
    }
    assert_in_range(buf.len, 300, 600);
    middle = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        buf_clear(&buf);
        codec_put_report(&buf, &report, CODEC_SCOPE_STORED);
    }
    end = clock_monotonic_ns();
    assert_false(buf_failed(&buf));
    print_message("facts %u ns, report %u ns\n", (unsigned)((middle - start) / ROUNDS),
                  (unsigned)((end - middle) / ROUNDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_every_field_of_facts_and_reports),
        cmocka_unit_test(writes_nothing_for_what_is_empty),
        cmocka_unit_test(gives_equal_bytes_whatever_the_order_of_a_map),
        cmocka_unit_test(takes_only_canonical_bytes_when_they_are_cut),
        cmocka_unit_test(refuses_facts_that_no_encoder_wrote),
        cmocka_unit_test(refuses_reports_that_no_encoder_wrote),
        cmocka_unit_test(skips_fields_of_a_newer_writer),
        cmocka_unit_test(refuses_lists_over_their_bound_both_ways),
        cmocka_unit_test(says_that_the_arena_is_used_up),
        cmocka_unit_test(fails_a_buffer_that_is_one_byte_too_small),
        cmocka_unit_test(encodes_into_a_fixed_buffer_and_says_how_long_it_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
