#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_scan.h"

static struct json_scanner *scanner;
/* What the callbacks saw, in words. */
static char seen[4096];
/* The padded copy that is scanned; exactly as long as promised, so that sanitizers see more. */
static char *padded;

static int make_scanner(void **state)
{
    (void)state;
    scanner = json_scanner_new();
    assert_non_null(scanner);
    return 0;
}

static int free_scanner(void **state)
{
    (void)state;
    json_scanner_free(scanner);
    free(padded);
    padded = NULL;
    return 0;
}

static struct slice pad(struct slice body)
{
    free(padded);
    padded = calloc(1, body.len + JSON_SCAN_PADDING);
    assert_non_null(padded);
    if (body.len)
        memcpy(padded, body.ptr, body.len);
    return (struct slice){padded, body.len};
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t len = strlen(seen);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(seen + len, sizeof seen - len, format, arguments);
    va_end(arguments);
}

static enum json_scan_result
scan_slice(struct slice body, json_scan_member on_member, void *context)
{
    seen[0] = '\0';
    return json_scan_object(scanner, pad(body), on_member, context);
}

static enum json_scan_result scan(const char *body, json_scan_member on_member)
{
    return scan_slice(slice_of(body), on_member, NULL);
}

static bool on_skipped(void *context, struct slice key, struct json_scan_value *value)
{
    (void)context;
    (void)value;
    note("%.*s;", (int)key.len, key.ptr);
    return true;
}

static bool on_read(void *context, struct slice key, struct json_scan_value *value);

static bool on_read_element(void *context, uint64_t index, struct json_scan_value *value)
{
    char name[24];

    snprintf(name, sizeof name, "%llu", (unsigned long long)index);
    return on_read(context, slice_of(name), value);
}

/* Writes everything down, the readers' way. */
static bool on_read(void *context, struct slice key, struct json_scan_value *value)
{
    struct slice text;
    uint64_t number;
    bool truth;

    note("%.*s=", (int)key.len, key.ptr);
    switch (json_scan_type(value)) {
    case JSON_SCAN_NULL:
        note("null;");
        return true;
    case JSON_SCAN_BOOL:
        if (json_scan_bool(value, &truth))
            note("%s;", truth ? "true" : "false");
        return true;
    case JSON_SCAN_NUMBER:
        if (json_scan_u64(value, &number))
            note("%llu;", (unsigned long long)number);
        else
            note("(%.*s);", (int)json_scan_raw(value).len, json_scan_raw(value).ptr);
        return true;
    case JSON_SCAN_STRING:
        if (json_scan_string(value, &text))
            note("'%.*s';", (int)text.len, text.ptr);
        return true;
    case JSON_SCAN_ARRAY:
        note("[");
        if (json_scan_elements(value, on_read_element, context) != JSON_SCAN_OK)
            return false;
        note("];");
        return true;
    case JSON_SCAN_OBJECT:
        note("{");
        if (json_scan_members(value, on_read, context) != JSON_SCAN_OK)
            return false;
        note("};");
        return true;
    }
    return false;
}

static void members_come_in_order_with_unescaped_keys(void **state)
{
    (void)state;
    assert_int_equal(
        scan("{\"b\":1,\"mod\\u0065l\":{\"x\":[1,{}]},\"a\":\"s\",\"a\":[]}", on_skipped),
        JSON_SCAN_OK);
    assert_string_equal(seen, "b;model;a;a;");
    assert_int_equal(scan(" {} \n", on_skipped), JSON_SCAN_OK);
    assert_string_equal(seen, "");
}

static void readers_give_every_type(void **state)
{
    (void)state;
    assert_int_equal(scan("{\"n\":null,\"t\":true,\"f\":false,\"u\":18446744073709551615,"
                          "\"d\":-1.5e3 ,\"s\":\"a\\n\\u00e9\",\"l\":[1,[2,\"x\"],{}],"
                          "\"o\":{\"p\":{\"q\":0}}}",
                          on_read),
                     JSON_SCAN_OK);
    assert_string_equal(seen,
                        "n=null;t=true;f=false;u=18446744073709551615;d=(-1.5e3);s='a\n\xc3\xa9';"
                        "l=[0=1;1=[0=2;1='x';];2={};];o={p={q=0;};};");
}

struct place {
    const char *key;
    struct slice raw;
};

static bool on_place(void *context, struct slice key, struct json_scan_value *value)
{
    struct place *place = context;

    if (slice_is(key, place->key))
        place->raw = json_scan_raw(value);
    return true;
}

static void raw_is_the_token_in_the_body(void **state)
{
    static const struct {
        const char *key, *raw;
        ptrdiff_t offset;
    } rows[] = {
        {"model", "\"gpt-\\u0034\"", 11},
        {"n", "12", 33},
        {"t", "true", 42},
        {"last", "\"\"", 57},
    };
    const char *body =
        "{ \"model\": \"gpt-\\u0034\" \n, \"n\" : 12\t, \"t\":true,  \"last\": \"\" }";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct place place = {rows[i].key, {NULL, 0}};

        assert_int_equal(scan_slice(slice_of(body), on_place, &place), JSON_SCAN_OK);
        assert_int_equal(place.raw.len, strlen(rows[i].raw));
        assert_memory_equal(place.raw.ptr, rows[i].raw, place.raw.len);
        assert_int_equal(strstr(body, rows[i].raw) - body, place.raw.ptr - padded);
    }
}

struct span {
    const char *key;
    bool read; /* look into the value before asking for its span */
    struct slice span;
};

static bool on_span(void *context, struct slice key, struct json_scan_value *value)
{
    struct span *span = context;

    if (!slice_is(key, span->key))
        return true;
    if (span->read && !on_read(NULL, key, value))
        return false;
    span->span = json_scan_span(value);
    return true;
}

static void the_span_of_what_was_read_is_its_bytes(void **state)
{
    static const struct {
        const char *body, *key, *span;
    } rows[] = {
        {"{\"a\":[]}", "a", "[]"},
        {"{\"a\":{}}", "a", "{}"},
        {"{\"a\" : [ 1 , 2 ]  , \"b\":[3]}", "a", "[ 1 , 2 ]"},
        {"{\"a\":[1],\"b\":\t[3, {\"c\":\"]}\"}]\n}\n ", "b", "[3, {\"c\":\"]}\"}]"},
        {"{\"b\":[{\"a\":[{}]}, {\"x\\u0079\":\"\\\"\"} ] , \"c\":null}", "b",
         "[{\"a\":[{}]}, {\"x\\u0079\":\"\\\"\"} ]"},
        {"{\"a\":{\"b\":{\"c\":1}}\r\n,\"d\":2}", "a", "{\"b\":{\"c\":1}}"},
        {"{\"a\":\"text\"}", "a", ""},
        {"{\"a\":12,\"b\":[]}", "a", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span span = {rows[i].key, true, {NULL, 0}};
        struct span unread = {rows[i].key, false, {NULL, 0}};

        assert_int_equal(scan_slice(slice_of(rows[i].body), on_span, &span), JSON_SCAN_OK);
        if (!slice_is(span.span, rows[i].span))
            fail_msg("%s: '%.*s'", rows[i].body, (int)span.span.len, span.span.ptr);
        if (span.span.len)
            assert_int_equal(strstr(rows[i].body, rows[i].span) - rows[i].body,
                             span.span.ptr - padded);
        assert_int_equal(scan_slice(slice_of(rows[i].body), on_span, &unread), JSON_SCAN_OK);
        assert_int_equal(unread.span.len, 0);
    }
}

static void bodies_that_are_no_json_are_malformed(void **state)
{
    static const struct slice rows[] = {
        {NULL, 0},
        {"   ", 3},
        {"{", 1},
        {"}", 1},
        {"{\"a\":1", 6},
        {"{\"a\" 1}", 7},
        {"{\"a\":1 \"b\":2}", 13},
        {"{\"a\":1,}", 8},
        {"{\"a\":[1,2}", 10},
        {"{\"a\":[1,2]", 10},
        {"{a:1}", 5},
        {"{\"a\":\"x}", 8},
        {"{\"a\":\"\x01\"}", 9},
        {"{\"a\":\"\xff\"}", 9},
        {"{\"a\":\"\xed\xa0\x80\"}", 11},
        {"{} x", 4},
        {"{}{}", 4},
        {"{\"a\":1}}", 8},
        {"{\"a\":1} \"b\"", 11},
        {"{\"a\":1}\0", 8},
        {"{\"\\ud800\":1}", 12},
        {"{\"a\":1}]", 8},
        {"xyz", 3},
        {"\xef\xbb\xbf{}", 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum json_scan_result skipped = scan_slice(rows[i], on_skipped, NULL);
        enum json_scan_result read = scan_slice(rows[i], on_read, NULL);

        if (skipped != JSON_SCAN_MALFORMED || read != JSON_SCAN_MALFORMED)
            fail_msg("row %zu: %d skipped, %d read", i, skipped, read);
    }
}

static void another_top_level_is_told_apart(void **state)
{
    static const char *const rows[] = {"[]", "[{\"a\":1}]", "\"text\"", "12",
                                       "-1", " true",       "null"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (scan(rows[i], on_skipped) != JSON_SCAN_NOT_AN_OBJECT)
            fail_msg("%s", rows[i]);
}

static void bad_literals_are_found_when_they_are_read(void **state)
{
    static const char *const rows[] = {
        "{\"a\":tru}",      "{\"a\":falsy}",       "{\"a\":\"\\x\"}",       "{\"a\":\"\\ud800\"}",
        "{\"a\":[1,nope]}", "{\"a\":[true,fals]}", "{\"a\":{\"b\":wrong}}", "{\"a\":{\"b\":1,}}",
        "{\"a\":[1 2]}",    "{\"a\":[1,]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (scan(rows[i], on_read) != JSON_SCAN_MALFORMED)
            fail_msg("%s: %s", rows[i], seen);
}

static bool on_misread(void *context, struct slice key, struct json_scan_value *value)
{
    struct slice text;
    uint64_t number;
    bool truth;

    (void)context;
    note("%.*s", (int)key.len, key.ptr);
    if (json_scan_bool(value, &truth))
        note("b%d", json_scan_bool(value, &truth));
    if (json_scan_u64(value, &number))
        note("u%d", json_scan_u64(value, &number));
    if (json_scan_string(value, &text))
        note("s%d", json_scan_string(value, &text));
    if (json_scan_members(value, on_skipped, NULL) != JSON_SCAN_WRONG_TYPE)
        note("m");
    if (json_scan_elements(value, on_read_element, NULL) != JSON_SCAN_WRONG_TYPE)
        note("e");
    note(",");
    return true;
}

static void only_the_reader_of_the_type_reads_and_only_once(void **state)
{
    (void)state;
    assert_int_equal(scan("{\"1\":null,\"2\":true,\"3\":7,\"4\":1.5,\"5\":-7,\"6\":\"x\",\"7\":{},"
                          "\"8\":[],\"9\":{}}",
                          on_misread),
                     JSON_SCAN_OK);
    assert_string_equal(seen, "1,2b0,3u0,4,5,6s0,7m,8e,9m,");
}

static bool on_second_stops(void *context, struct slice key, struct json_scan_value *value)
{
    (void)value;
    note("%.*s;", (int)key.len, key.ptr);
    return ++*(int *)context < 2;
}

static void a_callback_can_stop_the_scan(void **state)
{
    int calls = 0;

    (void)state;
    assert_int_equal(
        scan_slice(SLICE_LITERAL("{\"a\":1,\"b\":2,\"c\":3}"), on_second_stops, &calls),
        JSON_SCAN_STOPPED);
    assert_string_equal(seen, "a;b;");
}

static bool stop_inside(void *context, uint64_t index, struct json_scan_value *value)
{
    (void)context;
    (void)value;
    return index < 1;
}

static bool on_stop_inside(void *context, struct slice key, struct json_scan_value *value)
{
    note("%.*s", (int)key.len, key.ptr);
    if (json_scan_type(value) == JSON_SCAN_ARRAY)
        note("%d", json_scan_elements(value, stop_inside, context) == JSON_SCAN_STOPPED);
    note(";");
    return true;
}

static void a_nested_stop_does_not_disturb_the_rest(void **state)
{
    (void)state;
    assert_int_equal(scan("{\"a\":[[1,{\"x\":[]}],{\"y\":1},3],\"b\":[],\"c\":1}", on_stop_inside),
                     JSON_SCAN_OK);
    assert_string_equal(seen, "a1;b0;c;");
}

static void nesting_that_is_read_is_bounded_and_skipped_nesting_is_not(void **state)
{
    enum { DEEP = 20000 };
    static char body[2 * DEEP + 16];
    const unsigned depths[] = {60, 80};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t depth = depths[i];

        memcpy(body, "{\"a\":", 5);
        memset(body + 5, '[', depth);
        memset(body + 5 + depth, ']', depth);
        memcpy(body + 5 + 2 * depth, "}", 2);
        assert_int_equal(scan(body, on_read), i == 0 ? JSON_SCAN_OK : JSON_SCAN_MALFORMED);
    }
    for (size_t i = 0; i < 2; i++) {
        size_t depth = depths[i];

        for (size_t k = 0; k < depth; k++)
            memcpy(body + 5 * k, "{\"a\":", 5);
        body[5 * depth] = '1';
        memset(body + 5 * depth + 1, '}', depth);
        body[6 * depth + 1] = '\0';
        assert_int_equal(scan(body, on_read), i == 0 ? JSON_SCAN_OK : JSON_SCAN_MALFORMED);
    }
    memset(body + 5, '[', DEEP);
    memset(body + 5 + DEEP, ']', DEEP);
    memcpy(body + 5 + 2 * DEEP, "}", 2);
    assert_int_equal(scan(body, on_skipped), JSON_SCAN_OK);
}

static void only_nesting_counts_as_depth_not_siblings(void **state)
{
    static char body[2048] = "{\"a\":[[]";

    (void)state;
    for (int i = 0; i < 200; i++)
        strcat(body, i % 2 ? ",[]" : ",{}");
    strcat(body, "]}");
    assert_int_equal(scan(body, on_read), JSON_SCAN_OK);
}

static void one_scanner_serves_bodies_of_all_sizes(void **state)
{
    static const size_t sizes[] = {10, 3000000, 20, 100000, 64};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct slice body = {malloc(sizes[i]), sizes[i]};
        char *text = (char *)(uintptr_t)body.ptr;

        assert_non_null(text);
        memset(text, 'x', sizes[i]);
        memcpy(text, "{\"k\":\"", 6);
        memcpy(text + sizes[i] - 2, "\"}", 2);
        assert_int_equal(scan_slice(body, on_skipped, NULL), JSON_SCAN_OK);
        assert_string_equal(seen, "k;");
        free(text);
    }
}

/* Every prefix and every single changed byte of a body: an answer, never a crash. */
static void damaged_bodies_get_an_answer(void **state)
{
    static const char body[] =
        "{\"m\":\"a\\u00e9\",\"n\":[1,-2.5e3,true,{\"o\":null}],\"p\":\"\\\"\"}";
    char changed[sizeof body];

    (void)state;
    for (size_t len = 0; len < sizeof body - 1; len++)
        assert_int_not_equal(scan_slice((struct slice){body, len}, on_read, NULL), JSON_SCAN_OK);
    for (size_t at = 0; at < sizeof body - 1; at++) {
        for (int c = 0; c < 256; c++) {
            memcpy(changed, body, sizeof body);
            changed[at] = (char)c;
            (void)scan_slice((struct slice){changed, sizeof body - 1}, on_read, NULL);
        }
    }
    assert_int_equal(scan(body, on_read), JSON_SCAN_OK);
}

#define WITH_SCANNER(test) cmocka_unit_test_setup_teardown(test, make_scanner, free_scanner)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCANNER(members_come_in_order_with_unescaped_keys),
        WITH_SCANNER(readers_give_every_type),
        WITH_SCANNER(raw_is_the_token_in_the_body),
        WITH_SCANNER(the_span_of_what_was_read_is_its_bytes),
        WITH_SCANNER(bodies_that_are_no_json_are_malformed),
        WITH_SCANNER(another_top_level_is_told_apart),
        WITH_SCANNER(bad_literals_are_found_when_they_are_read),
        WITH_SCANNER(only_the_reader_of_the_type_reads_and_only_once),
        WITH_SCANNER(a_callback_can_stop_the_scan),
        WITH_SCANNER(a_nested_stop_does_not_disturb_the_rest),
        WITH_SCANNER(nesting_that_is_read_is_bounded_and_skipped_nesting_is_not),
        WITH_SCANNER(only_nesting_counts_as_depth_not_siblings),
        WITH_SCANNER(one_scanner_serves_bodies_of_all_sizes),
        WITH_SCANNER(damaged_bodies_get_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
