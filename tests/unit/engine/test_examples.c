/* The documents of policies/ hold what policies/README.md says of them: every policy passes its
 * check, evidence files are exactly what their policy's checklist misses, and the tests beside a
 * policy pass. */
#include <dirent.h>

#include "documents.h"
#include "engine/checklist.h"
#include "engine/evidence.h"
#include "engine/policy_test.h"

#define BLOCK_BYTES_MAX (1024 * 1024)
/* 2027-01-01, while the examples' evidence is good. */
#define NOW_MS     INT64_C(1798761600000)
#define PIECES_MAX 32

static void print_findings(const struct documents *d)
{
    for (const struct diagnostic *each = d->diagnostics.first; each; each = each->next)
        print_message("  %s at %s, found %s, expected %s\n", diagnostic_name(each->code),
                      each->pointer.ptr, each->found.ptr, each->expected.ptr);
}

static void load(struct documents *d, const char *catalog, const char *policy)
{
    enum result result;

    documents_init(d, ARENA_BYTES_MAX);
    result = parse_catalog_file(d, catalog);
    if (result == RESULT_OK)
        result = parse_policy_file(d, policy);
    if (result == RESULT_OK)
        result = policy_check(d->document, d->catalog, &d->diagnostics);
    print_findings(d);
    if (result != RESULT_OK || d->diagnostics.count)
        fail_msg("%s on %s", policy, catalog);
}

/* The pieces of an evidence file as they are stored, put by somebody who is not the author. */
static unsigned load_pieces(struct documents *d, const char *path, struct evidence_piece *pieces)
{
    struct evidence_list list;
    size_t len = 0;
    char *bytes = file_read(path, &len);

    assert_non_null(bytes);
    assert_int_equal(evidence_parse((struct slice){bytes, len}, &d->arena, &d->diagnostics, &list),
                     RESULT_OK);
    free(bytes);
    assert_true(list.count <= PIECES_MAX);
    for (unsigned i = 0; i < list.count; i++) {
        pieces[i] = (struct evidence_piece){
            .id = arena_format(&d->arena, "ev-%u", i + 1),
            .evidence = &list.items[i],
            .put_by = SLICE_LITERAL("reviewer"),
            .put_unix_ms = NOW_MS - 1000,
        };
        assert_int_equal(
            evidence_bind(&list.items[i], d->catalog, &d->diagnostics, &pieces[i].bindings),
            RESULT_OK);
    }
    return list.count;
}

static const struct policy *
compile(struct documents *d, const struct evidence_piece *pieces, unsigned count, struct buf *buf)
{
    const struct policy_compile_input input = {
        .version = 1,
        .catalog_version = 1,
        .evidence_version = count,
        .author = {.key_id = SLICE_LITERAL("author")},
        .pieces = pieces,
        .pieces_count = count,
        .arena = &d->arena,
    };
    const struct policy *policy;

    buf_init(buf, BLOCK_BYTES_MAX);
    assert_int_equal(policy_compile(d->document, &input, buf), RESULT_OK);
    policy = policy_view(buf->ptr, buf->len);
    assert_non_null(policy);
    return policy;
}

static bool is_go(struct documents *d, const struct policy *policy, bool print)
{
    static const struct view view;
    struct checklist list;

    assert_int_equal(checklist_make(policy, &view, NOW_MS, &d->arena, &list), RESULT_OK);
    for (unsigned i = 0; print && i < list.rows_count; i++)
        if (list.rows[i].verdict == VERDICT_BLOCK)
            print_message("  entry %u: %s blocks\n", list.rows[i].entry,
                          check_row(list.rows[i].check)->name);
    return list.go;
}

static const struct {
    const char *policy, *catalog, *evidence;
} examples[] = {
    {"policies/demo-chat.json", "policies/catalog.json", "policies/evidence/demo-chat.json"},
    {"policies/support-chat-fallback-v1.json", "policies/catalog.json",
     "policies/evidence/support-chat-fallback-v1.json"},
    {"policies/critical-user-facing.json", "policies/providers.json", NULL},
    {"policies/noncritical-user-facing.json", "policies/providers.json", NULL},
    {"policies/internal-automation.json", "policies/providers.json", NULL},
    {"policies/batch.json", "policies/providers.json", NULL},
    {"policies/experiment.json", "policies/providers.json", NULL},
};

static void every_policy_passes_its_check(void **state)
{
    unsigned found = 0;
    DIR *folder = opendir("policies");
    struct dirent *file;

    (void)state;
    assert_non_null(folder);
    while ((file = readdir(folder))) {
        const char *end = strrchr(file->d_name, '.');

        found += end && strcmp(end, ".json") == 0;
    }
    closedir(folder);
    /* besides the policies there are the two catalogs */
    assert_int_equal(found, sizeof examples / sizeof *examples + 2);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct documents d;

        load(&d, examples[i].catalog, examples[i].policy);
        documents_done(&d);
    }
}

static void there_is_a_policy_for_every_traffic_class(void **state)
{
    uint64_t classes = 0;

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct documents d;

        load(&d, examples[i].catalog, examples[i].policy);
        if (d.document->traffic_class)
            classes |= SET_OF(d.document->traffic_class);
        documents_done(&d);
    }
    assert_true(classes == SET_OF(TRAFFIC_CLASS_END) - 2);
}

/* With all the pieces it is a go; with any one of them missing it is not. */
static void evidence_files_are_exactly_what_is_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct evidence_piece pieces[PIECES_MAX], fewer[PIECES_MAX];
        struct documents d;
        struct buf buf;
        unsigned count;

        if (!examples[i].evidence)
            continue;
        load(&d, examples[i].catalog, examples[i].policy);
        count = load_pieces(&d, examples[i].evidence, pieces);
        assert_true(is_go(&d, compile(&d, pieces, count, &buf), true));
        buf_done(&buf);
        for (unsigned without = 0; without < count; without++) {
            memcpy(fewer, pieces, count * sizeof *pieces);
            fewer[without] = pieces[count - 1];
            if (is_go(&d, compile(&d, fewer, count - 1, &buf), false))
                fail_msg("%s is a go without piece %u", examples[i].policy, without + 1);
            buf_done(&buf);
        }
        documents_done(&d);
    }
}

static void a_policy_of_a_class_without_a_fallback_model_needs_no_evidence(void **state)
{
    static const char *const policies[] = {"policies/batch.json", "policies/experiment.json"};

    (void)state;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct documents d;
        struct buf buf;

        load(&d, "policies/providers.json", policies[i]);
        if (!is_go(&d, compile(&d, NULL, 0, &buf), true))
            fail_msg("%s is a no-go", policies[i]);
        buf_done(&buf);
        documents_done(&d);
    }
}

static void the_tests_beside_a_policy_pass(void **state)
{
    struct evidence_piece pieces[PIECES_MAX];
    struct policy_test_document *tests;
    struct policy_test_report report;
    const struct policy *policy;
    struct documents d;
    struct buf buf;
    size_t len = 0;
    unsigned count;
    char *bytes = file_read("policies/tests/support-chat-fallback-v1.json", &len);

    (void)state;
    load(&d, examples[1].catalog, examples[1].policy);
    count = load_pieces(&d, examples[1].evidence, pieces);
    policy = compile(&d, pieces, count, &buf);
    assert_non_null(bytes);
    assert_int_equal(
        policy_test_parse((struct slice){bytes, len}, &d.arena, &d.diagnostics, &tests), RESULT_OK);
    free(bytes);
    assert_int_equal(policy_test_run(tests, policy, NOW_MS, &d.arena, &report), RESULT_OK);
    for (unsigned i = 0; i < report.outcomes_count; i++)
        for (unsigned k = 0; k < report.outcomes[i].differences_count; k++)
            print_message("  %s: %s: expected %s, found %s\n", report.outcomes[i].name.ptr,
                          report.outcomes[i].differences[k].pointer.ptr,
                          report.outcomes[i].differences[k].expected.ptr,
                          report.outcomes[i].differences[k].found.ptr);
    assert_int_equal(report.passed_count, report.outcomes_count);
    assert_true(report.outcomes_count >= 20);
    buf_done(&buf);
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_passes_its_check),
        cmocka_unit_test(there_is_a_policy_for_every_traffic_class),
        cmocka_unit_test(evidence_files_are_exactly_what_is_missing),
        cmocka_unit_test(a_policy_of_a_class_without_a_fallback_model_needs_no_evidence),
        cmocka_unit_test(the_tests_beside_a_policy_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
