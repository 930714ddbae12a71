/* A dump is the same document: parsed again it dumps and compiles to the same bytes. */
#include "base/mix.h"
#include "policy_texts.h"

#define TEXT_BYTES_BOUND (1024 * 1024)

static const char *const texts[] = {
    TEXTS_POLICY(""),
    TEXTS_EVERY_FIELD,
    TEXTS_POLICY(
        ",'traffic_class':'critical_user_facing','fallback_routes':["
        "{'route':'big-beta'},{'route':'other-gamma','requires_user_notice':true,"
        "'notice':'less sure'},{'default_response':'Sorry.','allowed_reasons':['timeout']},"
        "{'default_response':'Sorry.'}]"),
    TEXTS_POLICY(",'traffic_class':'internal_automation','fallback_routes':["
                 "{'routes':[{'route':'small-alpha','weight':9}],'blocked_reasons':['timeout']},"
                 "{'queue':{'name':'later','max_age_ms':60000}}]"),
    TEXTS_POLICY(",'traffic_class':'batch','rollback':{'disable_on_quality_regression':true}"),
    TEXTS_POLICY(",'traffic_class':'experiment'"),
    TEXTS_POLICY(",'fallback_routes':[{'model':'big','provider':'beta','account':'beta-main',"
                 "'region':'eu','endpoint_family':'openai-chat-completions',"
                 "'allowed_reasons':['quota_exhausted','breaker_open','account_drained'],"
                 "'blocked_reasons':['content_policy'],'requires_cost_owner':false,"
                 "'notice':'a \\\\ \\u00e9 \\n line'},"
                 "{'default_response':{'a':[1.50,null,true,{}]},'allowed_reasons':[]}]"),
};

static void dump(const struct policy_document *document, struct buf *buf)
{
    buf_init(buf, TEXT_BYTES_BOUND);
    assert_int_equal(policy_dump(document, buf), RESULT_OK);
}

/* Parses the dump of the document in one into two, and compares what comes out of both. */
static void assert_dump_is_the_same(struct documents *one)
{
    struct buf first, second, first_block, second_block;
    struct documents two;

    documents_init(&two, ARENA_BYTES_MAX);
    dump(one->document, &first);
    if (policy_parse(buf_slice(&first), &two.arena, &two.diagnostics, &two.document) != RESULT_OK)
        fail_msg("%.*s", (int)first.len, first.ptr);
    dump(two.document, &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));

    assert_int_equal(policy_check(one->document, one->catalog, &one->diagnostics), RESULT_OK);
    assert_int_equal(policy_check(two.document, one->catalog, &two.diagnostics), RESULT_OK);
    buf_init(&first_block, TEXT_BYTES_BOUND);
    buf_init(&second_block, TEXT_BYTES_BOUND);
    assert_int_equal(compile_document(one->document, 1, &first_block), RESULT_OK);
    assert_int_equal(compile_document(two.document, 1, &second_block), RESULT_OK);
    assert_true(slice_equal(buf_slice(&first_block), buf_slice(&second_block)));
    buf_clear(&second);
    assert_int_equal(policy_dump(one->document, &second), RESULT_OK); /* checked: no other */
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_done(&first);
    buf_done(&second);
    buf_done(&first_block);
    buf_done(&second_block);
    documents_done(&two);
}

static void the_dump_of_a_text_is_the_same_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        texts_check(&d, texts[i]);
        assert_dump_is_the_same(&d);
        documents_done(&d);
    }
}

/* ---- documents by chance ---- */

struct chance {
    uint64_t seed;
    struct buf *text;
    const char *separator;
};

static unsigned pick(struct chance *chance, unsigned count)
{
    chance->seed = mix_in(chance->seed, count);
    return (unsigned)(chance->seed % count);
}

/* One of the members, or in half of the cases none. */
static void put_member(struct chance *chance, const char *const members[4])
{
    unsigned count = 0;

    while (count < 4 && members[count])
        count++;
    if (pick(chance, 2) == 0)
        return;
    buf_format(chance->text, "%s%s", chance->separator, members[pick(chance, count)]);
    chance->separator = ",";
}

static void put_members(struct chance *chance, const char *const (*members)[4], size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_member(chance, members[i]);
}

#define PUT(chance, rows) put_members(chance, rows, sizeof(rows) / sizeof *(rows))

#define TWO_ROUTES                                                                                 \
    "'routes':[{'route':'small-alpha','weight':2},{'model':'small','account':'beta-main'}]"

static void put_entry(struct chance *chance)
{
    static const char *const firsts[] = {"'route':'big-beta'", "'model':'other'", TWO_ROUTES,
                                         "'queue':{'name':'q','max_age_ms':9,'hold_ms':9}",
                                         "'default_response':{'b':'\\n'}"};
    static const char *const of_route[][4] = {
        {"'requires_eval_pass':true", "'requires_cost_owner':false"},
        {"'requires_quota_owner':true"},
        {"'requires_tool_contract_pass':false"},
        {"'requires_sign_offs':['finance']", "'requires_sign_offs':['policy','product']"},
        {"'customer_tiers':['a','b']"},
        {"'premium':{'keys':['k']}", "'premium':{'tenants':['t']}"},
        {"'limits':{'max_attempts':1}", "'limits':{'max_input_tokens':1}", "'limits':{}"},
        {"'allow_after_partial_output':true"},
        {"'requires_user_notice':true,'notice':'n'", "'notice':'m'"},
    };
    static const char *const of_any[][4] = {
        {"'allowed_reasons':[]", "'allowed_reasons':['timeout','overloaded']",
         "'allowed_reasons':['provider_unavailable','breaker_open']"},
        {"'blocked_reasons':['rate_limited']", "'blocked_reasons':[]"},
    };
    unsigned first = pick(chance, 5);

    buf_format(chance->text, "%s{%s", chance->separator, firsts[first]);
    chance->separator = ",";
    if (first < 3)
        PUT(chance, of_route);
    PUT(chance, of_any);
    buf_put_text(chance->text, "}");
}

static void put_policy(struct chance *chance)
{
    static const char *const members[][4] = {
        {"'traffic_class':'critical_user_facing'", "'traffic_class':'batch'",
         "'traffic_class':'noncritical_user_facing'", "'traffic_class':'experiment'"},
        {"'owner':'o'"},
        {"'data_classes':['pii']", "'data_classes':['secret','internal']"},
        {"'regions':['eu']", "'providers':['alpha']", "'accounts':['x']"},
        {"'zero_retention':true", "'requires_moderation':false"},
        {"'limits':{'max_total_attempts':16,'max_elapsed_ms':7}", "'limits':{'max_total_ms':7}"},
        {"'latency_target_ms':5"},
        {"'budget_rules':{'critical_only_above_percent':99}", "'budget_rules':{}"},
        {"'fallback_spend_cap':{'usd':0.1,'window':'day'}"},
        {"'retry':{'max_retries_per_route':3}", "'retry':{'backoff_base_ms':1}"},
        {"'hold_output':{'until':'complete'}", "'hold_output':{'until':'tokens','amount':1}"},
        {"'payload_storage':'jobs'", "'payload_storage':'off'"},
        {"'canary_percent':100"},
        {"'logging':{'record_usage_and_cost':false}", "'logging':{}"},
        {"'rollback':{'disable_on_missing_reports':true}",
         "'rollback':{'disable_on_unapproved_cost_spike':true,'thresholds':"
         "{'cost_spike':{'multiple':1.1}}}",
         "'rollback':{'disable_on_quality_regression':false}", "'rollback':{}"},
    };
    unsigned entries = pick(chance, 6);

    chance->separator = ",";
    buf_put_text(chance->text, "{'policy_id':'p','workflow':'w','environment':'e',"
                               "'primary_route':{'route':'big-alpha'}");
    PUT(chance, members);
    buf_put_text(chance->text, ",'fallback_routes':[");
    chance->separator = "";
    for (unsigned i = 0; i < entries; i++)
        put_entry(chance);
    buf_put_text(chance->text, "]}");
    buf_put_u8(chance->text, 0);
}

static void the_dump_of_any_text_that_parses_is_the_same_document(void **state)
{
    unsigned parsed = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct buf text, first, second;
        struct documents one, two;

        buf_init(&text, TEXT_BYTES_BOUND);
        put_policy(&(struct chance){.seed = seed, .text = &text});
        documents_init(&one, ARENA_BYTES_MAX);
        documents_init(&two, ARENA_BYTES_MAX);
        if (parse_policy_text(&one, text.ptr) == RESULT_OK) {
            parsed++;
            dump(one.document, &first);
            if (policy_parse(buf_slice(&first), &two.arena, &two.diagnostics, &two.document) !=
                RESULT_OK)
                fail_msg("seed %llu: %s\n%.*s", (unsigned long long)seed, text.ptr, (int)first.len,
                         first.ptr);
            dump(two.document, &second);
            if (!slice_equal(buf_slice(&first), buf_slice(&second)))
                fail_msg("seed %llu: %s", (unsigned long long)seed, text.ptr);
            buf_done(&first);
            buf_done(&second);
        }
        documents_done(&one);
        documents_done(&two);
        buf_done(&text);
    }
    assert_true(parsed > 1000);
}

static void the_dump_of_an_example_is_the_same_document(void **state)
{
    static const char *const files[] = {"policies/support-chat-fallback-v1.json",
                                        "policies/demo-chat.json"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
        assert_int_equal(parse_policy_file(&d, files[i]), RESULT_OK);
        assert_dump_is_the_same(&d);
        documents_done(&d);
    }
}

static void a_dump_writes_defaults_out_and_leaves_nothings_out(void **state)
{
    static const char wanted[] = "{\n"
                                 "  'policy_id': 'p',\n"
                                 "  'workflow': 'w',\n"
                                 "  'environment': 'e',\n"
                                 "  'zero_retention': false,\n"
                                 "  'requires_moderation': false,\n"
                                 "  'primary_route': {\n"
                                 "    'route': 'demo-at-mock-a'\n"
                                 "  },\n"
                                 "  'limits': {\n"
                                 "    'max_total_attempts': 2,\n"
                                 "    'max_total_ms': 600000\n"
                                 "  },\n"
                                 "  'retry': {\n"
                                 "    'max_retries_per_route': 1,\n"
                                 "    'backoff_base_ms': 200,\n"
                                 "    'backoff_cap_ms': 2000,\n"
                                 "    'max_retry_after_ms': 5000\n"
                                 "  },\n"
                                 "  'allow_restart_after_partial_output': false,\n"
                                 "  'hold_output': {\n"
                                 "    'until': 'none'\n"
                                 "  },\n"
                                 "  'notice_in_body': false,\n"
                                 "  'payload_storage': 'off',\n"
                                 "  'logging': {\n"
                                 "    'record_attempt_chain': true,\n"
                                 "    'record_requested_and_selected_model': true,\n"
                                 "    'record_error_class_per_attempt': true,\n"
                                 "    'record_usage_and_cost': true,\n"
                                 "    'payload_logging_mode': 'metadata_only'\n"
                                 "  },\n"
                                 "  'rollback': {\n"
                                 "    'disable_on_schema_failures': false,\n"
                                 "    'disable_on_unapproved_cost_spike': false,\n"
                                 "    'disable_on_policy_boundary_error': false,\n"
                                 "    'disable_on_quality_regression': false,\n"
                                 "    'disable_on_missing_reports': false,\n"
                                 "    'disable_on_model_mismatch': true,\n"
                                 "    'thresholds': {\n"
                                 "      'model_mismatch': {\n"
                                 "        'min_samples': 1,\n"
                                 "        'percent': 1,\n"
                                 "        'window_ms': 600000,\n"
                                 "        'min_principals': 1\n"
                                 "      }\n"
                                 "    }\n"
                                 "  }\n"
                                 "}\n";
    char *json = quoted(wanted);
    struct documents d;
    struct buf buf;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, POLICY_TEXT("")), RESULT_OK);
    dump(d.document, &buf);
    assert_text(buf_slice(&buf), json);
    buf_done(&buf);
    documents_done(&d);
    free(json);
}

/* The text that sets every field: what is read back from its dump is what was read from it. */
static void a_dump_leaves_nothing_out_that_the_text_says(void **state)
{
    static const char *const parts[] = {"'weight': 3",
                                        "'notice': 'first'",
                                        "'max_attempts': 2",
                                        "'premium': {",
                                        "'requires_sign_offs': ['security', 'finance']",
                                        "'hold_ms': 5000",
                                        "'job': true",
                                        "'multiple': 2.5",
                                        "'window': 'month'",
                                        "'usd': 1000.5",
                                        "'canary_percent': 5",
                                        "'payload_storage': 'jobs_and_cache'",
                                        "'allowed_reasons': []",
                                        "'sensitivity_tags': ['legal', 'write_tools']",
                                        "'latency_target_ms': 800",
                                        "'max_estimated_cost_usd': 0.000000001",
                                        "'keys': ['k1', 'k2']",
                                        "'disable_on_model_mismatch': false"};
    struct documents d;
    struct buf buf;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, TEXTS_EVERY_FIELD);
    dump(d.document, &buf);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *part = quoted(parts[i]);

        if (!memmem(buf.ptr, buf.len, part, strlen(part)))
            fail_msg("no %s in\n%.*s", part, (int)buf.len, buf.ptr);
        free(part);
    }
    buf_done(&buf);
    documents_done(&d);
}

static void evidence_that_was_not_mentioned_is_left_to_the_tier_again(void **state)
{
    struct documents d;
    struct buf buf;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        check_policy_text(
            &d, POLICY_TEXT(",'fallback_routes':[{'route':'approved-backup-at-mock-b',"
                            "'requires_cost_owner':true,'allowed_reasons':['timeout']}]")),
        RESULT_OK);
    assert_true(d.document->entries[1].requires_eval_pass);
    dump(d.document, &buf);
    assert_null(memmem(buf.ptr, buf.len, "requires_eval_pass", 18));
    assert_non_null(memmem(buf.ptr, buf.len, "\"requires_cost_owner\": true", 27));
    buf_done(&buf);
    documents_done(&d);
}

static void a_buffer_too_small_is_reported(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, texts[1]), RESULT_OK);
    for (size_t bound = 0; result == RESULT_NO_MEMORY; bound += 13) {
        struct buf buf;

        buf_init(&buf, bound);
        result = policy_dump(d.document, &buf);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        buf_done(&buf);
    }
    assert_int_equal(result, RESULT_OK);
    documents_done(&d);
}

/* ---- too large ---- */

#define DUMP_BYTES_BOUND ((size_t)256 * 1024)
#define LARGE_RESPONSES  4

/* Default responses of so many line ends each, two bytes in the text and six in its dump. */
static char *large_text(size_t count)
{
    struct buf text;
    char *json;

    buf_init(&text, TEXT_BYTES_BOUND);
    buf_put_text(&text, "{'policy_id':'p','workflow':'w','environment':'e',"
                        "'primary_route':{'route':'big-alpha'},'fallback_routes':[");
    for (unsigned i = 0; i < LARGE_RESPONSES; i++) {
        buf_put_text(&text, i ? ",{'default_response':'" : "{'default_response':'");
        for (size_t k = 0; k < count; k++)
            buf_put_text(&text, "\\n");
        buf_put_text(&text, "'}");
    }
    buf_put_text(&text, "]}");
    buf_put_u8(&text, 0);
    json = quoted(text.ptr);
    buf_done(&text);
    return json;
}

static void assert_dump_is_taken(const struct policy_document *document)
{
    struct buf first, second;
    struct documents d;

    documents_init(&d, ARENA_BYTES_MAX);
    dump(document, &first);
    assert_true(first.len <= DUMP_BYTES_BOUND && first.len > DUMP_BYTES_BOUND - 4096);
    assert_int_equal(policy_parse(buf_slice(&first), &d.arena, &d.diagnostics, &d.document),
                     RESULT_OK);
    dump(d.document, &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_done(&first);
    buf_done(&second);
    documents_done(&d);
}

/* A document whose dump would be too large to be read again is not taken in the first place. */
static void what_is_taken_can_be_dumped_and_taken_again(void **state)
{
    unsigned taken = 0, refused = 0;

    (void)state;
    for (size_t count = 10780; count < 10920; count += 20) {
        char *json = large_text(count);
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_true(strlen(json) < DUMP_BYTES_BOUND / 2);
        if (policy_parse(slice_of(json), &d.arena, &d.diagnostics, &d.document) == RESULT_OK) {
            assert_int_equal(refused, 0);
            taken++;
            assert_dump_is_taken(d.document);
        } else {
            refused++;
            assert_finding(&d, DIAGNOSTIC_TOO_LARGE, "");
            assert_non_null(strstr(d.diagnostics.first->found.ptr, "in canonical form"));
            assert_text(d.diagnostics.first->expected, "at most 262144 bytes in canonical form");
        }
        documents_done(&d);
        free(json);
    }
    assert_true(taken > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dump_of_a_text_is_the_same_document),
        cmocka_unit_test(the_dump_of_any_text_that_parses_is_the_same_document),
        cmocka_unit_test(the_dump_of_an_example_is_the_same_document),
        cmocka_unit_test(a_dump_leaves_nothing_out_that_the_text_says),
        cmocka_unit_test(a_dump_writes_defaults_out_and_leaves_nothings_out),
        cmocka_unit_test(evidence_that_was_not_mentioned_is_left_to_the_tier_again),
        cmocka_unit_test(a_buffer_too_small_is_reported),
        cmocka_unit_test(what_is_taken_can_be_dumped_and_taken_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
