/* Documents of evidence: what each kind takes and keeps, and that a dump is the same piece. */
#include "evidence_documents.h"

/* The least document of every kind. */
static const struct {
    enum evidence_kind kind;
    const char *text;
} least[] = {
    {EVIDENCE_KIND_EVAL, PIECE("eval", EVAL_FIELDS)},
    {EVIDENCE_KIND_TOOL_CONTRACT, PIECE("tool_contract", ",'passed':true," CONTRACT_CHECKS)},
    {EVIDENCE_KIND_PARITY, PIECE("parity", COMPARED ",'passed':true," PARITY_CHECKS)},
    {EVIDENCE_KIND_COST_OWNER, PIECE("cost_owner", ",'pricing_snapshot':'2026-11-01'" ESTIMATE)},
    {EVIDENCE_KIND_QUOTA_OWNER, PIECE("quota_owner", "")},
    {EVIDENCE_KIND_BOUNDARY_APPROVAL, PIECE("boundary_approval", "")},
    {EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL, PIECE("account_owner_approval", "")},
    {EVIDENCE_KIND_SIGN_OFF, PIECE("sign_off", ",'role':'product'")},
};

/* Every field of the kind, with values that are not the defaults. */
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define EVERY_COMMON                                                                               \
    "'workflow':'w','environment':'e','model':'m','provider':'p','account':'a','region':'r',"      \
    "'endpoint_family':'openai-chat-completions','owner':'o','reviewed_by':'v',"                   \
    "'reviewer_notes':'two\\nlines','dated':'2026-10-01T08:30:00.250Z',"                           \
    "'expires':'2027-01-01T00:00:00Z','reference':'https://example.com/1',"                        \
    "'scope':{'customer_tiers':['gold','free'],'models':['m','n'],'attempts_max':3,"               \
    "'prompt_version':'v 7','tool_digest':'" DIGEST "'}"
static const char *const full[] = {
    "{'kind':'eval'," EVERY_COMMON EVAL_FIELDS
    ",'failure_examples':['a text','b'],'covers_sensitivity':['legal','write_tools'],"
    "'latency_p95_ms':900,'request_usd':0.000000001}",
    "{'kind':'tool_contract'," EVERY_COMMON
    ",'passed':true,'checks':['tool_selection','full_loop','arguments','replay_safety'],"
    "'covers':['tool_loop','serial_tool_calls']}",
    "{'kind':'parity'," EVERY_COMMON COMPARED ",'passed':true," PARITY_CHECKS
    ",'covers':['bound_state']}",
    "{'kind':'cost_owner'," EVERY_COMMON ",'pricing_snapshot':'1970-01-01',"
    "'usage_estimate':{'monthly_requests':0,'monthly_usd':0,'request_usd':0.25}}",
    "{'kind':'quota_owner'," EVERY_COMMON "}",
    "{'kind':'boundary_approval'," EVERY_COMMON ",'data_classes':['pii']}",
    "{'kind':'account_owner_approval'," EVERY_COMMON "}",
    "{'kind':'sign_off'," EVERY_COMMON ",'role':'finance'}",
};

static void the_least_document_of_every_kind_is_taken(void **state)
{
    (void)state;
    assert_int_equal(sizeof least / sizeof *least, EVIDENCE_KIND_END - 1);
    for (size_t i = 0; i < sizeof least / sizeof *least; i++) {
        const struct evidence *evidence;
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        evidence = parse_piece(&d, least[i].text);
        assert_int_equal(evidence->kind, least[i].kind);
        assert_text(evidence->pointer, "");
        assert_text(evidence->workload, "w");
        assert_text(evidence->environment, "e");
        assert_text(evidence->model, "m");
        assert_text(evidence->owner, "o");
        assert_true(evidence->passed);
        assert_int_equal(evidence->dated_unix_ms, 0);
        assert_int_equal(evidence->expires_unix_ms, INT64_C(1798761600000));
        documents_done(&d);
    }
}

static void every_field_is_read(void **state)
{
    const struct evidence *evidence;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    evidence = parse_piece(&d, full[0]);
    assert_text(evidence->provider, "p");
    assert_text(evidence->account, "a");
    assert_text(evidence->region, "r");
    assert_int_equal(evidence->family, FAMILY_OPENAI_CHAT_COMPLETIONS);
    assert_text(evidence->reviewed_by, "v");
    assert_text(evidence->notes, "two\nlines");
    assert_int_equal(evidence->dated_unix_ms, INT64_C(1790843400250));
    assert_text(evidence->facts.reference, "https://example.com/1");
    assert_int_equal(evidence->customer_tiers.count, 2);
    assert_text(evidence->customer_tiers.items[1], "free");
    assert_int_equal(evidence->models.count, 2);
    assert_int_equal(evidence->attempts_max, 3);
    assert_text(evidence->prompt_version, "v 7");
    assert_text(evidence->tool_digest,
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_text(evidence->facts.eval_set, "set@1");
    assert_int_equal(evidence->facts.samples, 100);
    assert_int_equal(evidence->facts.pass_rate_bp, 9500);
    assert_int_equal(evidence->facts.baseline_rate_bp, 9650);
    assert_int_equal(evidence->facts.regression_budget_bp, 200);
    assert_int_equal(evidence->facts.failure_examples.count, 2);
    assert_text(evidence->facts.failure_examples.items[0], "a text");
    assert_int_equal(evidence->sensitivity,
                     SET_OF(SENSITIVITY_LEGAL) | SET_OF(SENSITIVITY_WRITE_TOOLS));
    assert_int_equal(evidence->facts.latency_p95_ms, 900);
    assert_int_equal(evidence->facts.request_nusd, 1);
    documents_done(&d);
}

static void every_field_of_other_kinds_is_read(void **state)
{
    const struct evidence *evidence;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    evidence = parse_piece(&d, full[1]);
    assert_int_equal(evidence->facts.checks,
                     SET_OF(CONTRACT_CHECK_TOOL_SELECTION) | SET_OF(CONTRACT_CHECK_FULL_LOOP) |
                         SET_OF(CONTRACT_CHECK_ARGUMENTS) | SET_OF(CONTRACT_CHECK_REPLAY_SAFETY));
    assert_int_equal(evidence->covers,
                     SET_OF(COVERAGE_TOOL_LOOP) | SET_OF(COVERAGE_SERIAL_TOOL_CALLS));
    evidence = parse_piece(&d, full[2]);
    assert_int_equal(evidence->covers, SET_OF(COVERAGE_BOUND_STATE));
    evidence = parse_piece(&d, least[3].text);
    assert_int_equal(evidence->facts.pricing_snapshot_unix_ms, INT64_C(1793491200000));
    assert_int_equal(evidence->facts.monthly_requests, 1000);
    assert_int_equal(evidence->facts.monthly_nusd, INT64_C(12500000000));
    evidence = parse_piece(&d, full[5]);
    assert_int_equal(evidence->data_classes, SET_OF(DATA_CLASS_PII));
    evidence = parse_piece(&d, full[7]);
    assert_int_equal(evidence->sign_off, SIGN_OFF_FINANCE);
    documents_done(&d);
}

static void dump(const struct evidence *evidence, struct buf *buf)
{
    buf_init(buf, 1024 * 1024);
    assert_int_equal(evidence_dump(evidence, buf), RESULT_OK);
}

static void assert_dump_is_the_same(const char *text)
{
    struct evidence_list list = {0};
    struct buf first, second;
    struct documents d;

    documents_init(&d, ARENA_BYTES_MAX);
    dump(parse_piece(&d, text), &first);
    if (evidence_parse(buf_slice(&first), &d.arena, &d.diagnostics, &list) != RESULT_OK)
        fail_msg("%.*s", (int)first.len, first.ptr);
    dump(&list.items[0], &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_done(&first);
    buf_done(&second);
    documents_done(&d);
}

static void the_dump_of_a_piece_is_the_same_piece(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        assert_dump_is_the_same(least[i].text);
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        assert_dump_is_the_same(full[i]);
}

static void a_dump_has_every_field_in_one_order(void **state)
{
    static const char wanted[] = "{\n"
                                 "  'kind': 'eval',\n"
                                 "  'workflow': 'w',\n"
                                 "  'environment': 'e',\n"
                                 "  'model': 'm',\n"
                                 "  'provider': 'p',\n"
                                 "  'account': 'a',\n"
                                 "  'region': 'r',\n"
                                 "  'endpoint_family': 'openai-chat-completions',\n"
                                 "  'passed': true,\n"
                                 "  'eval_set': 'set@1',\n"
                                 "  'samples': 100,\n"
                                 "  'pass_rate_percent': 95,\n"
                                 "  'baseline_percent': 96.5,\n"
                                 "  'regression_budget_percent': 2,\n"
                                 "  'failure_examples': ['a text', 'b'],\n"
                                 "  'covers_sensitivity': ['legal', 'write_tools'],\n"
                                 "  'latency_p95_ms': 900,\n"
                                 "  'request_usd': 0.000000001,\n"
                                 "  'owner': 'o',\n"
                                 "  'reviewed_by': 'v',\n"
                                 "  'reviewer_notes': 'two\\u000alines',\n"
                                 "  'dated': '2026-10-01T08:30:00.250Z',\n"
                                 "  'expires': '2027-01-01T00:00:00Z',\n"
                                 "  'reference': 'https://example.com/1',\n"
                                 "  'scope': {\n"
                                 "    'customer_tiers': ['gold', 'free'],\n"
                                 "    'models': ['m', 'n'],\n"
                                 "    'attempts_max': 3,\n"
                                 "    'prompt_version': 'v 7',\n"
                                 "    'tool_digest': '0123456789abcdef0123456789abcdef0123456789"
                                 "abcdef0123456789abcdef'\n"
                                 "  }\n"
                                 "}\n";
    struct documents d;
    struct buf buf;
    char *text = quoted(wanted);

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    dump(parse_piece(&d, full[0]), &buf);
    assert_text(buf_slice(&buf), text);
    buf_done(&buf);
    free(text);
    documents_done(&d);
}

static void a_list_is_read_in_its_order(void **state)
{
    struct evidence_list list = {0};
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_evidence(&d,
                                    "{'evidence':[" PIECE("quota_owner", "") "," PIECE(
                                        "parity", COMPARED ",'passed':false") "]}",
                                    &list),
                     RESULT_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].kind, EVIDENCE_KIND_QUOTA_OWNER);
    assert_text(list.items[0].pointer, "/evidence/0");
    assert_int_equal(list.items[1].kind, EVIDENCE_KIND_PARITY);
    assert_text(list.items[1].pointer, "/evidence/1");
    assert_false(list.items[1].passed);
    documents_done(&d);
}

static void a_list_has_a_bound(void **state)
{
    const char piece[] = PIECE("quota_owner", "");
    struct buf text;

    (void)state;
    for (unsigned count = EVIDENCE_ITEMS_MAX; count <= EVIDENCE_ITEMS_MAX + 1; count++) {
        struct evidence_list list = {0};
        struct documents d;
        enum result result;

        documents_init(&d, ARENA_BYTES_MAX);
        buf_init(&text, 1024 * 1024);
        buf_put_text(&text, "{'evidence':[");
        for (unsigned i = 0; i < count; i++) {
            buf_put_text(&text, i ? "," : "");
            buf_put_text(&text, piece);
        }
        buf_put(&text, "]}", 3);
        result = parse_evidence(&d, text.ptr, &list);
        assert_int_equal(result, count > EVIDENCE_ITEMS_MAX ? RESULT_INVALID : RESULT_OK);
        if (count > EVIDENCE_ITEMS_MAX)
            assert_finding(&d, DIAGNOSTIC_TOO_LARGE, "/evidence");
        else
            assert_int_equal(list.count, EVIDENCE_ITEMS_MAX);
        buf_done(&text);
        documents_done(&d);
    }
}

static void a_check_that_was_not_passed_needs_no_proof(void **state)
{
    static const char *const texts[] = {
        PIECE("eval", ",'passed':false,'eval_set':'s','samples':1,'pass_rate_percent':0,"
                      "'baseline_percent':100,'regression_budget_percent':0"),
        PIECE("tool_contract", ",'passed':false"),
        PIECE("parity", COMPARED ",'passed':false,'checks':['cost']"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_false(parse_piece(&d, texts[i])->passed);
        assert_dump_is_the_same(texts[i]);
        documents_done(&d);
    }
}

static void a_rate_within_the_budget_passes_to_the_hundredth(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    parse_piece(&d, PIECE("eval", ",'passed':true,'eval_set':'s','samples':1,"
                                  "'pass_rate_percent':94.01,'baseline_percent':96.01,"
                                  "'regression_budget_percent':2"));
    parse_piece(&d, PIECE("eval", ",'passed':true,'eval_set':'s','samples':1,"
                                  "'pass_rate_percent':0,'baseline_percent':96,"
                                  "'regression_budget_percent':100"));
    documents_done(&d);
}

/* Bounds from nothing up: the result is "no memory" until it is good, and nothing leaks. */
static void with_any_bound_of_memory_it_is_good_or_says_so(void **state)
{
    static const char text[] =
        "{'evidence':["
        "{'kind':'eval'," EVERY_COMMON EVAL_FIELDS ",'failure_examples':['a text','b']},"
        "{'kind':'sign_off'," EVERY_COMMON ",'role':'finance'}]}";
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes += 16) {
        struct evidence_list list = {NULL, 77};
        struct documents d;

        assert_true(bytes < 1024 * 1024);
        documents_init(&d, bytes);
        result = parse_evidence(&d, text, &list);
        assert_int_equal(list.count, result == RESULT_OK ? 2 : 77);
        assert_int_equal(d.diagnostics.count, 0);
        documents_done(&d);
    }
    assert_int_equal(result, RESULT_OK);
}

static void a_dump_beyond_its_bound_says_so(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    const struct evidence *evidence;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    evidence = parse_piece(&d, full[0]);
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes++) {
        struct buf buf;

        assert_true(bytes < 4096);
        buf_init(&buf, bytes);
        result = evidence_dump(evidence, &buf);
        buf_done(&buf);
    }
    assert_int_equal(result, RESULT_OK);
    documents_done(&d);
}

/* ---- what was stored ---- */

static enum result parse_stored(struct documents *d, const char *text, struct evidence_list *list)
{
    char *json = quoted(text);
    enum result result = evidence_parse_stored(slice_of(json), &d->arena, &d->diagnostics, list);

    free(json);
    return result;
}

static void a_stored_comparison_may_not_say_with_what(void **state)
{
    struct evidence_list list = {0};
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_stored(&d, PIECE("parity", ",'passed':true," PARITY_CHECKS), &list),
                     RESULT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items->kind, EVIDENCE_KIND_PARITY);
    assert_text(list.items->primary, "");
    assert_true(list.items->passed && list.items->facts.checks && list.items->expires_unix_ms);
    assert_int_equal(d.diagnostics.count, 0);
    assert_int_equal(
        parse_stored(&d, PIECE("parity", COMPARED ",'passed':true," PARITY_CHECKS), &list),
        RESULT_OK);
    assert_text(list.items->primary, "m-b");
    documents_done(&d);
}

static void nothing_else_may_be_missing_from_what_was_stored(void **state)
{
    static const char *const texts[] = {
        PIECE("parity", ",'checks':['endpoint']"), /* passed too */
        PIECE("parity", COMPARED),
        PIECE("sign_off", ""),
        PIECE("parity", ",'primary':7,'passed':false"),
        PIECE("parity", ",'passed':false,'other':1"),
        PIECE("eval", ",'primary':'m-b'" EVAL_FIELDS),
        "{'evidence':[" PIECE("parity", ",'passed':false") "]}",
        "{",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct evidence_list list = {.count = 77};
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (parse_stored(&d, texts[i], &list) != RESULT_INVALID)
            fail_msg("%s is taken", texts[i]);
        assert_true(d.diagnostics.errors > 0);
        assert_int_equal(list.count, 77);
        documents_done(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_document_of_every_kind_is_taken),
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(every_field_of_other_kinds_is_read),
        cmocka_unit_test(the_dump_of_a_piece_is_the_same_piece),
        cmocka_unit_test(a_dump_has_every_field_in_one_order),
        cmocka_unit_test(a_list_is_read_in_its_order),
        cmocka_unit_test(a_list_has_a_bound),
        cmocka_unit_test(a_check_that_was_not_passed_needs_no_proof),
        cmocka_unit_test(a_rate_within_the_budget_passes_to_the_hundredth),
        cmocka_unit_test(with_any_bound_of_memory_it_is_good_or_says_so),
        cmocka_unit_test(a_dump_beyond_its_bound_says_so),
        cmocka_unit_test(a_stored_comparison_may_not_say_with_what),
        cmocka_unit_test(nothing_else_may_be_missing_from_what_was_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
