#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"

#define ARENA_BYTES (1024 * 1024)

static struct arena arena;

static int make_arena(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, ARENA_BYTES);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct json_node *parse(const char *text)
{
    struct json_node *root = NULL;
    struct json_error error;

    if (json_parse(slice_of(text), &arena, &root, &error) != RESULT_OK)
        fail_msg("%s: %s", text, error.text);
    return root;
}

static void every_kind_becomes_a_node(void **state)
{
    struct json_node *root = parse("{\"n\":null,\"t\":true,\"f\":false,\"i\":12,\"s\":\"a\\u00e9\","
                                   "\"a\":[1,[]],\"o\":{\"x\":{}}}");
    struct json_node *array = json_member(root, "a");

    (void)state;
    assert_int_equal(root->kind, JSON_KIND_OBJECT);
    assert_int_equal(root->count, 7);
    assert_null(root->parent);
    assert_int_equal(json_member(root, "n")->kind, JSON_KIND_NULL);
    assert_true(json_member(root, "t")->truth);
    assert_false(json_member(root, "f")->truth);
    assert_int_equal(json_member(root, "f")->kind, JSON_KIND_BOOL);
    assert_string_equal(json_member(root, "i")->text.ptr, "12");
    assert_string_equal(json_member(root, "s")->text.ptr, "a\xc3\xa9");
    assert_int_equal(array->count, 2);
    assert_int_equal(array->child->kind, JSON_KIND_NUMBER);
    assert_int_equal(array->child->next->kind, JSON_KIND_ARRAY);
    assert_int_equal(array->child->next->index, 1);
    assert_ptr_equal(array->child->next->parent, array);
    assert_int_equal(json_member(json_member(root, "o"), "x")->count, 0);
}

static void members_keep_the_documents_order(void **state)
{
    static const char *const expected[] = {"z", "a", "m", "b", "", "key with \" in it"};
    struct json_node *node =
        parse("{\"z\":1,\"a\":2,\"m\":3,\"b\":4,\"\":5,\"key with \\\" in it\":6}")->child;

    (void)state;
    for (size_t i = 0; i < 6; i++, node = node->next) {
        assert_non_null(node);
        assert_string_equal(node->key.ptr, expected[i]);
        assert_int_equal(node->index, 0);
        assert_int_equal(node->text.ptr[0], '1' + (int)i);
    }
    assert_null(node);
}

static void numbers_keep_the_text_they_were_written_in(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "0.05",
                                        "5e-2",
                                        "1E+3",
                                        "-12.50",
                                        "12345678901234567890123",
                                        "0.1000000000000000055511151231257827"};
    struct buf_like {
        char text[1024];
        size_t len;
    } document = {"{\"1\":\"2 -3 \\\" 4\",\"list\":[true,\"\\\\\"", 0};
    struct json_node *node;

    (void)state;
    document.len = strlen(document.text);
    for (size_t i = 0; i < 8; i++)
        document.len +=
            (size_t)snprintf(document.text + document.len, sizeof document.text - document.len,
                             i % 2 ? ",%s" : ", %s\n", texts[i]);
    snprintf(document.text + document.len, sizeof document.text - document.len, "],\"7\":8}");
    node = json_member(parse(document.text), "list")->child->next->next;
    for (size_t i = 0; i < 8; i++, node = node->next)
        assert_string_equal(node->text.ptr, texts[i]);
    assert_null(node);
}

static void a_document_may_be_a_single_value(void **state)
{
    (void)state;
    assert_int_equal(parse("null")->kind, JSON_KIND_NULL);
    assert_string_equal(parse(" \n\"x\" ")->text.ptr, "x");
    assert_string_equal(parse("-7")->text.ptr, "-7");
}

static void the_document_owns_what_it_lends(void **state)
{
    char text[] = "{\"key\":[\"value\",42]}";
    struct json_node *root = parse(text);

    (void)state;
    memset(text, '#', sizeof text);
    assert_string_equal(json_member(root, "key")->key.ptr, "key");
    assert_string_equal(json_member(root, "key")->child->text.ptr, "value");
    assert_string_equal(json_member(root, "key")->child->next->text.ptr, "42");
}

static void errors_carry_line_column_and_what_is_wrong(void **state)
{
    static const struct {
        struct slice text;
        unsigned line, column;
        const char *says;
    } rows[] = {
        {{"", 0}, 1, 1, "empty"},
        {{"{\n  \"a\": tru\n}", 14}, 2, 10, "invalid token"},
        {{"[1,]", 4}, 1, 4, "unexpected token"},
        {{"[1", 2}, 1, 2, "expected"},
        {{"{} x", 4}, 1, 4, "end of file expected"},
        {{"{}{}", 4}, 1, 3, "end of file expected"},
        {{"\"\xff\"", 3}, 1, 1, "unable to decode byte 0xff"},
        {{"\"a\\u0000b\"", 10}, 1, 10, "\\u0000"},
        {{"\"a\0b\"", 5}, 1, 2, "control character"},
        {{"{}\0", 3}, 1, 3, "end of file expected"},
        {{"\0{}", 3}, 1, 1, "invalid token"},
        {{"[01]", 4}, 1, 2, "invalid token"},
        {{"[1e999]", 7}, 1, 6, "overflow"},
        {{"[NaN]", 5}, 1, 4, "invalid token"},
        {{"\xef\xbb\xbf{}", 5}, 1, 1, "invalid token"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_error error = {77, 77, ""};
        struct json_node *root = NULL;

        assert_int_equal(json_parse(rows[i].text, &arena, &root, &error), RESULT_INVALID);
        assert_null(root);
        if (error.line != rows[i].line || error.column != rows[i].column ||
            !strstr(error.text, rows[i].says))
            fail_msg("row %zu: %u:%u %s", i, error.line, error.column, error.text);
    }
}

static void a_duplicate_key_is_named(void **state)
{
    static const struct {
        const char *text, *says;
        unsigned line;
    } rows[] = {
        {"{\"a\":1,\n\"a\":2}", "duplicate key \"a\"", 2},
        {"{\"a\":1,\"\\u0061\":2}", "duplicate key \"\\u0061\"", 1},
        {"{\"\":1,\"\":2}", "duplicate key \"\"", 1},
        {"{\"q\\\"\\\\\":1,\"q\\\"\\\\\":2}", "duplicate key \"q\\\"\\\\\"", 1},
        {"[{\"x\":{\"a_rather_long_key_of_32_bytes__\":1,\"a_rather_long_key_of_32_bytes__\" :2}}]",
         "duplicate key \"a_rather_long_key_of_32_bytes__\"", 1},
        {"{\"0123456789012345678901234567890123456789012345678901234567890123456789012345678\xc3"
         "\xa9"
         "tail\":1,"
         "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678\xc3\xa9"
         "tail\":1}",
         "duplicate key \"01234567890123456789012345678901234567890123456789012345678901234567890"
         "12345678...\"",
         1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_node *root;
        struct json_error error;

        assert_int_equal(json_parse(slice_of(rows[i].text), &arena, &root, &error), RESULT_INVALID);
        assert_string_equal(error.text, rows[i].says);
        assert_int_equal(error.line, rows[i].line);
    }
}

static void nesting_ends_at_64(void **state)
{
    char text[256];
    struct json_node *root;
    struct json_error error;

    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(json_parse((struct slice){text, 128}, &arena, &root, &error), RESULT_OK);
    memset(text, '[', 65);
    text[0] = '\n';
    memset(text + 1, '[', 65);
    memset(text + 66, ']', 65);
    assert_int_equal(json_parse((struct slice){text, 131}, &arena, &root, &error), RESULT_INVALID);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 65);
    assert_non_null(strstr(error.text, "64"));
    assert_int_equal(
        parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
              "[[\\\"[[[[\"]")
            ->count,
        1);
}

static void members_are_found_by_their_whole_key(void **state)
{
    struct json_node *root = parse("{\"ab\":1,\"a\":2}");

    (void)state;
    assert_string_equal(json_member(root, "a")->text.ptr, "2");
    assert_null(json_member(root, "b"));
    assert_null(json_member(root, ""));
    assert_null(json_member(root->child, "a"));
}

static void pointers_follow_rfc_6901(void **state)
{
    struct json_node *root =
        parse("{\"a/b\":[0,{\"m~n\":1}],\"\":2,\"l\":[0,1,2,3,4,5,6,7,8,9,10]}");
    struct json_node *last = json_member(root, "l")->child;

    (void)state;
    while (last->next)
        last = last->next;
    assert_string_equal(json_pointer(root, &arena).ptr, "");
    assert_string_equal(json_pointer(root->child, &arena).ptr, "/a~1b");
    assert_string_equal(json_pointer(root->child->child->next->child, &arena).ptr, "/a~1b/1/m~0n");
    assert_string_equal(json_pointer(root->child->next, &arena).ptr, "/");
    assert_string_equal(json_pointer(last, &arena).ptr, "/l/10");
    assert_int_equal(json_pointer(last, &arena).len, 5);
}

static void whole_numbers_are_read_however_they_are_written(void **state)
{
    static const struct {
        const char *text;
        bool whole;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 0;

        assert_int_equal(json_u64(parse(rows[i].text), &value), rows[i].whole);
        assert_true(value == rows[i].value);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(json_kind_name(JSON_KIND_NULL), "null");
    assert_string_equal(json_kind_name(JSON_KIND_BOOL), "a boolean");
    assert_string_equal(json_kind_name(JSON_KIND_NUMBER), "a number");
    assert_string_equal(json_kind_name(JSON_KIND_STRING), "a string");
    assert_string_equal(json_kind_name(JSON_KIND_ARRAY), "an array");
    assert_string_equal(json_kind_name(JSON_KIND_OBJECT), "an object");
}

/* With every bound from nothing up, the answer is "no memory" until it is the whole document. */
static void a_full_arena_is_no_memory_and_nothing_else(void **state)
{
    static const struct slice text =
        SLICE_LITERAL("{\"a\":[1,2.5,\"three\",{\"four\":null}],\"b\":true,\"long key\":[]}");
    size_t refused = 0;

    (void)state;
    for (size_t bytes = 0;; bytes += 16) {
        struct json_node *root = NULL;
        struct json_error error;
        struct arena bounded;
        enum result result;

        arena_init(&bounded, NULL, 0, bytes);
        result = json_parse(text, &bounded, &root, &error);
        if (result == RESULT_OK) {
            assert_int_equal(root->count, 3);
            assert_string_equal(json_pointer(root->child, &arena).ptr, "/a");
            assert_null(json_pointer(root->child, &bounded).ptr);
            arena_done(&bounded);
            break;
        }
        assert_int_equal(result, RESULT_NO_MEMORY);
        assert_null(root);
        refused++;
        arena_done(&bounded);
    }
    assert_true(refused > 10);
}

static void a_bomb_of_nodes_is_refused_before_it_is_built(void **state)
{
    static char text[512 * 1024];
    struct json_node *root;
    struct json_error error;

    (void)state;
    memset(text, ',', sizeof text);
    for (size_t i = 1; i < sizeof text; i += 2)
        text[i] = '1';
    text[0] = '[';
    text[sizeof text - 1] = ']';
    assert_int_equal(json_parse((struct slice){text, sizeof text}, &arena, &root, &error),
                     RESULT_NO_MEMORY);
    assert_int_equal(arena.total_bytes, 0);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_kind_becomes_a_node),
        WITH_ARENA(members_keep_the_documents_order),
        WITH_ARENA(numbers_keep_the_text_they_were_written_in),
        WITH_ARENA(a_document_may_be_a_single_value),
        WITH_ARENA(the_document_owns_what_it_lends),
        WITH_ARENA(errors_carry_line_column_and_what_is_wrong),
        WITH_ARENA(a_duplicate_key_is_named),
        WITH_ARENA(nesting_ends_at_64),
        WITH_ARENA(members_are_found_by_their_whole_key),
        WITH_ARENA(pointers_follow_rfc_6901),
        WITH_ARENA(whole_numbers_are_read_however_they_are_written),
        WITH_ARENA(kinds_have_names),
        WITH_ARENA(a_full_arena_is_no_memory_and_nothing_else),
        WITH_ARENA(a_bomb_of_nodes_is_refused_before_it_is_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
