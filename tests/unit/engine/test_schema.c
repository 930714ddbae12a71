/* The JSON Schemas: the files in policies/schema are what the tables say today, and every member
 * that a table has is described. With SIGNALBOX_WRITE_SCHEMA=1 in the environment the files are
 * written instead of compared. */
#include "base/json.h"
#include "documents.h"
#include "engine/schema.h"

#define SCHEMA_BYTES_MAX (1024 * 1024)

static void path_of(enum schema_kind kind, char *ret_path, size_t bytes)
{
    snprintf(ret_path, bytes, "policies/schema/%s.schema.json", schema_name(kind));
}

static void write_file(const char *path, const struct buf *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text->ptr, 1, text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
}

static void the_files_are_what_the_tables_say(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < SCHEMA_KIND_END; kind++) {
        struct buf text;
        char path[128];
        size_t len = 0;
        char *bytes;

        path_of((enum schema_kind)kind, path, sizeof path);
        buf_init(&text, SCHEMA_BYTES_MAX);
        assert_int_equal(schema_write((enum schema_kind)kind, &text), RESULT_OK);
        if (getenv("SIGNALBOX_WRITE_SCHEMA"))
            write_file(path, &text);
        bytes = file_read(path, &len);
        if (!bytes || !slice_equal((struct slice){bytes, len}, buf_slice(&text)))
            fail_msg("%s is not what the tables say; write it again with "
                     "SIGNALBOX_WRITE_SCHEMA=1 ctest -R unit/engine/schema",
                     path);
        free(bytes);
        buf_done(&text);
    }
}

/* Says what a value is, by itself or by what it refers to. */
static bool is_described(const struct json_node *schema)
{
    static const char *const members[] = {"type", "anyOf", "$ref"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_member(schema, members[i]))
            return true;
    return false;
}

/* Of every object that is closed; conditions name members without describing them. */
static void check_objects(const struct json_node *node, unsigned *seen)
{
    const struct json_node *properties = json_member(node, "properties");

    if (properties && json_member(node, "additionalProperties"))
        for (const struct json_node *each = properties->child; each; each = each->next) {
            if (!is_described(each))
                fail_msg("%.*s is not described", (int)each->key.len, each->key.ptr);
            (*seen)++;
        }
    for (const struct json_node *each = node->child; each; each = each->next)
        check_objects(each, seen);
}

static void every_member_is_described(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < SCHEMA_KIND_END; kind++) {
        struct json_error error;
        struct json_node *root;
        struct documents d;
        unsigned seen = 0;
        struct buf text;

        documents_init(&d, ARENA_BYTES_MAX);
        buf_init(&text, SCHEMA_BYTES_MAX);
        assert_int_equal(schema_write((enum schema_kind)kind, &text), RESULT_OK);
        assert_int_equal(json_parse(buf_slice(&text), &d.arena, &root, &error), RESULT_OK);
        check_objects(root, &seen);
        assert_true(seen > 20);
        buf_done(&text);
        documents_done(&d);
    }
}

static void a_schema_is_laid_out_for_readers(void **state)
{
    struct buf text;
    unsigned column = 0;

    (void)state;
    buf_init(&text, SCHEMA_BYTES_MAX);
    assert_int_equal(schema_write(SCHEMA_KIND_CATALOG, &text), RESULT_OK);
    assert_memory_equal(text.ptr, "{\n  \"$schema\": ", 15);
    assert_int_equal(text.ptr[text.len - 1], '\n');
    for (size_t i = 0; i < text.len; i++) {
        column = text.ptr[i] == '\n' ? 0 : column + 1;
        assert_int_not_equal(text.ptr[i], '\t');
        assert_true(column < 1024); /* a pattern or a sentence is never broken */
    }
    buf_done(&text);
}

static void a_schema_beyond_its_bound_says_so(void **state)
{
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes = bytes * 2 + 1) {
        struct buf text;

        buf_init(&text, bytes);
        result = schema_write(SCHEMA_KIND_EVIDENCE, &text);
        buf_done(&text);
        assert_true(bytes <= SCHEMA_BYTES_MAX);
    }
    assert_int_equal(result, RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_what_the_tables_say),
        cmocka_unit_test(every_member_is_described),
        cmocka_unit_test(a_schema_is_laid_out_for_readers),
        cmocka_unit_test(a_schema_beyond_its_bound_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
