/* A dump is the same document: parsed again it dumps and compiles to the same bytes. */
#include "documents.h"

#define TEXT_BYTES_BOUND (1024 * 1024)

static const char *const texts[] = {
    POLICY_TEXT(""),
    POLICY_TEXT(",'traffic_class':'batch','data_classes':['pii','internal'],"
                "'model_aliases':['x','y/z'],'limits':{'max_total_attempts':5,"
                "'max_elapsed_ms':900,'max_total_ms':1000,'max_input_tokens':1,"
                "'max_output_tokens':2,'max_context_tokens':3,'max_reasoning_tokens':4,"
                "'max_estimated_cost_usd':12.000000001},'retry':{'max_retries_per_route':0,"
                "'backoff_base_ms':0,'backoff_cap_ms':0,'max_retry_after_ms':0},"
                "'allow_restart_after_partial_output':true,"
                "'hold_output':{'until':'complete','max_bytes':77},'max_price_age_days':30,"
                "'logging':{'payload_logging_mode':'sampled'},"
                "'rollback':{'disable_on_schema_failures':true}"),
    POLICY_TEXT(",'fallback_routes':[{'model':'demo-model','provider':'mock-b',"
                "'account':'mock-b-main','region':'local',"
                "'endpoint_family':'openai-chat-completions',"
                "'allowed_reasons':['quota_exhausted','breaker_open','account_drained'],"
                "'blocked_reasons':['content_policy'],'requires_cost_owner':false,"
                "'allow_after_partial_output':true,'notice':'a \\\\ \\u00e9 \\n line'},"
                "{'queue':{'name':'later','max_age_ms':60000},'allowed_reasons':['overloaded']},"
                "{'default_response':{'a':[1.50,null,true,{}]},'allowed_reasons':['overloaded']},"
                "{'default_response':'two\\nlines','allowed_reasons':['timeout']}]"),
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
    assert_int_equal(policy_compile(one->document, 1, 1, &first_block), RESULT_OK);
    assert_int_equal(policy_compile(two.document, 1, 1, &second_block), RESULT_OK);
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
        assert_int_equal(parse_catalog_file(&d, "policies/catalog.json"), RESULT_OK);
        assert_int_equal(parse_policy_text(&d, texts[i]), RESULT_OK);
        assert_dump_is_the_same(&d);
        documents_done(&d);
    }
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
                                 "    'disable_on_policy_boundary_error': false\n"
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
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, texts[2]), RESULT_OK);
    for (size_t bound = 0; bound < 1000; bound += 7) {
        struct buf buf;

        buf_init(&buf, bound);
        assert_int_equal(policy_dump(d.document, &buf), RESULT_NO_MEMORY);
        buf_done(&buf);
    }
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dump_of_a_text_is_the_same_document),
        cmocka_unit_test(the_dump_of_an_example_is_the_same_document),
        cmocka_unit_test(a_dump_writes_defaults_out_and_leaves_nothings_out),
        cmocka_unit_test(evidence_that_was_not_mentioned_is_left_to_the_tier_again),
        cmocka_unit_test(a_buffer_too_small_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
