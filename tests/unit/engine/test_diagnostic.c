/* Findings: the list itself, and every file of policies/bad/ through the passes that find it. */
#include <dirent.h>

#include "documents.h"

static enum result run_evidence_file(struct documents *d, const char *path)
{
    struct evidence_bindings bindings;
    struct evidence_list list = {0};
    size_t len = 0;
    char *bytes = file_read(path, &len);
    enum result result;

    assert_non_null(bytes);
    result = evidence_parse((struct slice){bytes, len}, &d->arena, &d->diagnostics, &list);
    free(bytes);
    if (result == RESULT_OK)
        assert_int_equal(parse_catalog_file(d, "policies/catalog.json"), RESULT_OK);
    for (unsigned i = 0; result == RESULT_OK && i < list.count; i++)
        result = evidence_bind(&list.items[i], d->catalog, &d->diagnostics, &bindings);
    return result;
}

static enum result run_file(struct documents *d, const char *path, const char *prefix)
{
    enum result result;

    if (strcmp(prefix, "catalog_") == 0)
        return parse_catalog_file(d, path);
    if (strcmp(prefix, "evidence_") == 0)
        return run_evidence_file(d, path);
    result = parse_policy_file(d, path);
    if (result != RESULT_OK)
        return result;
    assert_int_equal(parse_catalog_file(d, "policies/catalog.json"), RESULT_OK);
    return policy_check(d->document, d->catalog, &d->diagnostics);
}

/* Whether the file is there; if it is, it has its one finding and no other. */
static bool yields_exactly(const char *prefix, enum diagnostic_code code)
{
    struct documents d;
    enum result result;
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "policies/bad/%s%s.json", prefix, diagnostic_name(code));
    file = fopen(path, "rb");
    if (!file)
        return false;
    fclose(file);
    documents_init(&d, ARENA_BYTES_MAX);
    result = run_file(&d, path, prefix);
    if (d.diagnostics.count != 1 || d.diagnostics.first->code != code) {
        for (const struct diagnostic *each = d.diagnostics.first; each; each = each->next)
            print_message("  %s at %s, found %s, expected %s\n", diagnostic_name(each->code),
                          each->pointer.ptr, each->found.ptr, each->expected.ptr);
        fail_msg("%s: not exactly its finding", path);
    }
    assert_int_equal(result, diagnostic_is_error(code) ? RESULT_INVALID : RESULT_OK);
    assert_int_equal(d.diagnostics.errors, diagnostic_is_error(code));
    assert_true(d.diagnostics.first->found.len > 0);
    assert_true(d.diagnostics.first->expected.len > 0);
    documents_done(&d);
    return true;
}

static void every_code_has_a_bad_file_that_yields_exactly_it(void **state)
{
    (void)state;
    for (unsigned i = 1; i < DIAGNOSTIC_END; i++) {
        bool policy = yields_exactly("", (enum diagnostic_code)i);
        bool catalog = yields_exactly("catalog_", (enum diagnostic_code)i);
        bool evidence = yields_exactly("evidence_", (enum diagnostic_code)i);

        if (!policy && !catalog && !evidence)
            fail_msg("no file in policies/bad for %s", diagnostic_name((enum diagnostic_code)i));
    }
}

static bool is_code(const char *file)
{
    char wanted[256];

    for (unsigned i = 1; i < DIAGNOSTIC_END; i++) {
        snprintf(wanted, sizeof wanted, "%s.json", diagnostic_name((enum diagnostic_code)i));
        if (strcmp(file, wanted) == 0)
            return true;
    }
    return false;
}

static void every_bad_file_is_named_after_a_code(void **state)
{
    static const char *const prefixes[] = {"", "catalog_", "evidence_"};
    DIR *folder = opendir("policies/bad");
    struct dirent *file;

    (void)state;
    assert_non_null(folder);
    while ((file = readdir(folder))) {
        const char *name = file->d_name;
        bool found = *name == '.';

        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            found |= strncmp(name, prefixes[i], strlen(prefixes[i])) == 0 &&
                     is_code(name + strlen(prefixes[i]));
        if (!found)
            fail_msg("policies/bad/%s is named after no finding", name);
    }
    closedir(folder);
}

static void every_code_has_a_name_and_a_hint_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 1; i < DIAGNOSTIC_END; i++) {
        assert_true(strlen(diagnostic_hint((enum diagnostic_code)i)) > 10);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(diagnostic_name((enum diagnostic_code)i),
                                    diagnostic_name((enum diagnostic_code)k));
    }
    assert_string_equal(diagnostic_name(DIAGNOSTIC_END), "unspecified");
}

static void a_syntax_error_says_line_and_column(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_file(&d, "policies/bad/syntax.json"), RESULT_INVALID);
    assert_int_equal(d.diagnostics.first->line, 4);
    assert_true(d.diagnostics.first->column > 0);
    documents_done(&d);
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_file(&d, "policies/bad/duplicate_key.json"), RESULT_INVALID);
    assert_int_equal(d.diagnostics.first->line, 5);
    documents_done(&d);
}

static void more_findings_than_are_kept_are_counted(void **state)
{
    struct documents d;
    unsigned kept = 0;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    for (unsigned i = 0; i < DIAGNOSTICS_MAX + 5; i++)
        diagnostics_add(&d.diagnostics, i % 2 ? DIAGNOSTIC_SYNTAX : DIAGNOSTIC_ENTRY_UNREACHABLE,
                        SLICE_LITERAL("/a"), SLICE_LITERAL("b"), SLICE_LITERAL("c"));
    for (const struct diagnostic *each = d.diagnostics.first; each; each = each->next)
        kept++;
    assert_int_equal(kept, DIAGNOSTICS_MAX);
    assert_int_equal(d.diagnostics.count, DIAGNOSTICS_MAX + 5);
    assert_int_equal(d.diagnostics.errors, (DIAGNOSTICS_MAX + 5) / 2);
    documents_done(&d);
}

static void an_error_that_finds_no_memory_still_counts(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, 0);
    assert_null(diagnostics_add(&d.diagnostics, DIAGNOSTIC_SYNTAX, SLICE_LITERAL(""),
                                SLICE_LITERAL("a"), SLICE_LITERAL("b")));
    assert_int_equal(d.diagnostics.errors, 1);
    assert_true(d.arena.failed);
    documents_done(&d);
}

static void a_finding_keeps_copies_of_its_texts(void **state)
{
    struct documents d;
    char text[] = "/limits";

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    diagnostics_add(&d.diagnostics, DIAGNOSTIC_SYNTAX, slice_of(text), slice_of(text),
                    slice_of(text));
    memset(text, 'x', sizeof text - 1);
    assert_text(d.diagnostics.first->pointer, "/limits");
    assert_text(d.diagnostics.first->found, "/limits");
    assert_text(d.diagnostics.first->expected, "/limits");
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_bad_file_that_yields_exactly_it),
        cmocka_unit_test(every_bad_file_is_named_after_a_code),
        cmocka_unit_test(every_code_has_a_name_and_a_hint_of_its_own),
        cmocka_unit_test(a_syntax_error_says_line_and_column),
        cmocka_unit_test(more_findings_than_are_kept_are_counted),
        cmocka_unit_test(an_error_that_finds_no_memory_still_counts),
        cmocka_unit_test(a_finding_keeps_copies_of_its_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
