/* Text to document: the public template as it is, defaults, and what every field refuses. */
#include "policy_texts.h"

#define FALLBACK(members) POLICY_TEXT(",'fallback_routes':[{" members "}]")
#define ENTRY(members)    FALLBACK("'route':'b'," members)

static void the_public_template_loads_as_it_is(void **state)
{
    const struct document_entry *entry;
    const struct policy *settings;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_file(&d, "policies/support-chat-fallback-v1.json"), RESULT_OK);
    assert_int_equal(d.diagnostics.count, 0);
    assert_text(d.document->policy_id, "support-chat-fallback-v1");
    assert_text(d.document->workload, "customer-support-chat");
    assert_text(d.document->environment, "production");
    assert_int_equal(d.document->entries_count, 2);
    assert_text(d.document->entries[0].routes[0].model, "primary-approved-model");
    assert_int_equal(d.document->entries[0].routes[0].family, FAMILY_OPENAI_CHAT_COMPLETIONS);
    assert_text(d.document->entries[0].pointer, "/primary_route");
    entry = &d.document->entries[1];
    assert_text(entry->pointer, "/fallback_routes/0");
    assert_int_equal(entry->kind, ENTRY_KIND_ROUTE);
    assert_text(entry->routes[0].model, "approved-backup-model");
    assert_int_equal(entry->routes[0].family, FAMILY_UNSPECIFIED);
    assert_int_equal(entry->allowed, SET_OF(FAILURE_TIMEOUT) | SET_OF(FAILURE_TEMPORARY_5XX) |
                                         SET_OF(FAILURE_NETWORK_ERROR) |
                                         SET_OF(FAILURE_OVERLOADED) | SET_OF(FAILURE_UNAVAILABLE) |
                                         SET_OF(FAILURE_MALFORMED_RESPONSE) |
                                         SET_OF(FAILURE_STREAM_DROPPED_BEFORE_OUTPUT) |
                                         SET_OF(FAILURE_EMPTY_RESPONSE));
    assert_int_equal(entry->blocked, SET_OF(FAILURE_AUTH_ERROR) | SET_OF(FAILURE_INVALID_REQUEST) |
                                         SET_OF(FAILURE_PROVIDER_QUOTA_EXHAUSTED) |
                                         SET_OF(FAILURE_BUDGET_EXHAUSTED) |
                                         SET_OF(FAILURE_SAFETY_BLOCK) |
                                         SET_OF(FAILURE_UNAPPROVED_DATA_CLASS));
    assert_true(entry->requires_eval_pass && entry->requires_cost_owner &&
                entry->requires_tool_contract_pass);
    assert_false(entry->allow_after_partial_output);
    settings = &d.document->settings;
    assert_int_equal(settings->attempts_max, 2);
    assert_int_equal(settings->elapsed_ms_max, 12000);
    assert_int_equal(settings->total_ms_max, 12000);
    assert_int_equal(settings->input_tokens_max, 8000);
    assert_int_equal(settings->output_tokens_max, 1200);
    assert_int_equal(settings->cost_nusd_max, 50000000);
    assert_true(settings->record_attempt_chain && settings->record_models &&
                settings->record_error_class && settings->record_usage_and_cost);
    assert_false(settings->payload_sampled);
    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++)
        assert_int_equal(d.document->rollback[i].enabled, i == ROLLBACK_RULE_SCHEMA_FAILURES ||
                                                              i == ROLLBACK_RULE_COST_SPIKE ||
                                                              i == ROLLBACK_RULE_BOUNDARY_ERROR ||
                                                              i == ROLLBACK_RULE_MODEL_MISMATCH);
    assert_int_equal(d.document->rollback[ROLLBACK_RULE_COST_SPIKE].multiple, 30);
    documents_done(&d);
}

static void what_is_not_said_has_a_documented_default(void **state)
{
    const struct policy *settings;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, POLICY_TEXT("")), RESULT_OK);
    settings = &d.document->settings;
    assert_int_equal(d.document->entries_count, 1);
    assert_int_equal(d.document->traffic_class, TRAFFIC_CLASS_UNSPECIFIED);
    assert_int_equal(d.document->data_classes, 0);
    assert_int_equal(settings->attempts_max, 2);
    assert_int_equal(settings->elapsed_ms_max, 0);
    assert_int_equal(settings->total_ms_max, 600000);
    assert_int_equal(settings->cost_nusd_max, 0);
    assert_int_equal(settings->retries_per_route_max, 1);
    assert_int_equal(settings->backoff_base_ms, 200);
    assert_int_equal(settings->backoff_cap_ms, 2000);
    assert_int_equal(settings->retry_after_ms_max, 5000);
    assert_int_equal(settings->price_age_ms_max, 0);
    assert_int_equal(settings->hold_output.until, HOLD_OUTPUT_UNTIL_FIRST);
    assert_int_equal(settings->restart_after_partial_output, 0);
    assert_true(settings->record_attempt_chain && settings->record_models &&
                settings->record_error_class && settings->record_usage_and_cost);
    assert_int_equal(settings->budget_no_dearer_percent, 0);
    assert_int_equal(settings->providers_failed_max, 0);
    assert_int_equal(d.document->payload_storage, PAYLOAD_STORAGE_OFF);
    assert_int_equal(d.document->canary_percent, 0);
    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++)
        assert_int_equal(d.document->rollback[i].enabled, i == ROLLBACK_RULE_MODEL_MISMATCH);
    documents_done(&d);
}

static void every_optional_field_is_read(void **state)
{
    const struct policy *settings;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_policy_text(
            &d, POLICY_TEXT(
                    ",'traffic_class':'batch','data_classes':['pii','internal'],"
                    "'model_aliases':['x','y/z'],"
                    "'limits':{'max_total_attempts':16,'max_elapsed_ms':1000,'max_total_ms':1000,"
                    "'max_input_tokens':1,'max_output_tokens':2,'max_context_tokens':3,"
                    "'max_reasoning_tokens':4,'max_estimated_cost_usd':0.000000001},"
                    "'retry':{'max_retries_per_route':0,'backoff_base_ms':0,'backoff_cap_ms':7,"
                    "'max_retry_after_ms':60000},'allow_restart_after_partial_output':true,"
                    "'hold_output':{'until':'tokens','amount':20},'max_price_age_days':30,"
                    "'logging':{'payload_logging_mode':'sampled','record_usage_and_cost':false},"
                    "'fallback_routes':[]")),
        RESULT_OK);
    settings = &d.document->settings;
    assert_int_equal(d.document->traffic_class, TRAFFIC_CLASS_BATCH);
    assert_int_equal(d.document->data_classes,
                     SET_OF(DATA_CLASS_PII) | SET_OF(DATA_CLASS_INTERNAL));
    assert_int_equal(d.document->aliases.count, 2);
    assert_text(d.document->aliases.items[1], "y/z");
    assert_int_equal(settings->attempts_max, 16);
    assert_int_equal(settings->total_ms_max, 1000);
    assert_int_equal(settings->input_tokens_max, 1);
    assert_int_equal(settings->output_tokens_max, 2);
    assert_int_equal(settings->context_tokens_max, 3);
    assert_int_equal(settings->reasoning_tokens_max, 4);
    assert_int_equal(settings->cost_nusd_max, 1);
    assert_int_equal(settings->retries_per_route_max, 0);
    assert_int_equal(settings->backoff_base_ms, 0);
    assert_int_equal(settings->backoff_cap_ms, 7);
    assert_int_equal(settings->retry_after_ms_max, 60000);
    assert_true(settings->restart_after_partial_output);
    assert_int_equal(settings->hold_output.until, HOLD_OUTPUT_TOKENS);
    assert_int_equal(settings->hold_output.amount, 20);
    assert_int_equal(settings->hold_output.bytes_max, 1048576);
    assert_int_equal(settings->price_age_ms_max, UINT64_C(30) * 86400000);
    assert_true(settings->payload_sampled);
    assert_false(settings->record_usage_and_cost);
    documents_done(&d);
}

static void a_fallback_may_be_a_queue_or_a_default_response(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_policy_text(&d, POLICY_TEXT(",'fallback_routes':["
                                          "{'queue':{'name':'later','max_age_ms':60000},"
                                          "'allowed_reasons':['breaker_open']},"
                                          "{'default_response':'Sorry.','notice':'not a model'},"
                                          "{'default_response':{'a':[1.50]}}]")),
        RESULT_OK);
    assert_int_equal(d.document->entries[1].kind, ENTRY_KIND_QUEUE);
    assert_text(d.document->entries[1].queue, "later");
    assert_int_equal(d.document->entries[1].queue_age_ms_max, 60000);
    assert_int_equal(d.document->entries[1].admission_reasons, SET_OF(REASON_BREAKER_OPEN));
    assert_int_equal(d.document->entries[1].allowed, 0);
    assert_int_equal(d.document->entries[2].kind, ENTRY_KIND_DEFAULT_RESPONSE);
    assert_text(d.document->entries[2].default_response, "\"Sorry.\"");
    assert_text(d.document->entries[2].notice, "not a model");
    assert_text(d.document->entries[3].default_response, "{\"a\":[1.50]}");
    documents_done(&d);
}

static void a_reason_is_a_class_an_alias_a_group_or_an_admission_reason(void **state)
{
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_policy_text(&d, ENTRY("'allowed_reasons':['connection_error','quota_exhausted',"
                                    "'model_not_found','budget_downgrade'],"
                                    "'blocked_reasons':['content_policy','primary_timeout']")),
        RESULT_OK);
    assert_int_equal(d.document->entries[1].allowed, SET_OF(FAILURE_NETWORK_ERROR) |
                                                         SET_OF(FAILURE_PROVIDER_QUOTA_EXHAUSTED) |
                                                         SET_OF(FAILURE_MODEL_NOT_FOUND));
    assert_int_equal(d.document->entries[1].blocked,
                     SET_OF(FAILURE_SAFETY_BLOCK) | SET_OF(FAILURE_TIMEOUT));
    assert_int_equal(d.document->entries[1].admission_reasons, SET_OF(REASON_BUDGET_DOWNGRADE));
    documents_done(&d);
}

static void no_class_that_is_never_routed_around_can_be_allowed(void **state)
{
    (void)state;
    for (unsigned i = 1; i < FAILURE_END; i++) {
        const struct failure_row *row = signalbox_failure_row((enum failure)i);
        struct documents d;
        char text[512];

        if (!signalbox_failure_known(i))
            continue;
        snprintf(text, sizeof text, ENTRY("'allowed_reasons':['%s']"), row->name);
        documents_init(&d, ARENA_BYTES_MAX);
        if (row->override == FAILURE_OVERRIDE_NEVER) {
            assert_int_equal(parse_policy_text(&d, text), RESULT_INVALID);
            assert_finding(&d, DIAGNOSTIC_REASON_NOT_ALLOWED,
                           "/fallback_routes/0/allowed_reasons/0");
        } else {
            assert_int_equal(parse_policy_text(&d, text), RESULT_OK);
            assert_true(set_has(d.document->entries[1].allowed, i));
        }
        documents_done(&d);
    }
}

struct fault {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
};

static void assert_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (parse_policy_text(&d, faults[i].text) != RESULT_INVALID)
            fail_msg("accepted: %s", faults[i].text);
        assert_null(d.document);
        assert_finding(&d, faults[i].code, faults[i].pointer);
        documents_done(&d);
    }
}

static void refuses_what_a_policy_cannot_be(void **state)
{
    static const struct fault faults[] = {
        {"7", DIAGNOSTIC_WRONG_TYPE, ""},
        {POLICY_TEXT(",'colour':1"), DIAGNOSTIC_UNKNOWN_FIELD, "/colour"},
        {POLICY_TEXT(",'':1"), DIAGNOSTIC_UNKNOWN_FIELD, "/"},
        {POLICY_TEXT(",'traffic_class':'vip'"), DIAGNOSTIC_UNKNOWN_NAME, "/traffic_class"},
        {POLICY_TEXT(",'traffic_class':null"), DIAGNOSTIC_WRONG_TYPE, "/traffic_class"},
        {POLICY_TEXT(",'data_classes':[]"), DIAGNOSTIC_OUT_OF_RANGE, "/data_classes"},
        {POLICY_TEXT(",'data_classes':'pii'"), DIAGNOSTIC_WRONG_TYPE, "/data_classes"},
        {POLICY_TEXT(",'data_classes':['pii','pii']"), DIAGNOSTIC_DUPLICATE_NAME,
         "/data_classes/1"},
        {POLICY_TEXT(",'model_aliases':['a','']"), DIAGNOSTIC_BAD_NAME, "/model_aliases/1"},
        {POLICY_TEXT(",'max_price_age_days':0"), DIAGNOSTIC_OUT_OF_RANGE, "/max_price_age_days"},
        {POLICY_TEXT(",'allow_restart_after_partial_output':'yes'"), DIAGNOSTIC_WRONG_TYPE,
         "/allow_restart_after_partial_output"},
        {POLICY_TEXT(",'limits':[]"), DIAGNOSTIC_WRONG_TYPE, "/limits"},
        {POLICY_TEXT(",'logging':{'record_attempt_chain':0}"), DIAGNOSTIC_WRONG_TYPE,
         "/logging/record_attempt_chain"},
        {POLICY_TEXT(",'logging':{'payload_logging_mode':'full'}"), DIAGNOSTIC_UNKNOWN_NAME,
         "/logging/payload_logging_mode"},
        {POLICY_TEXT(",'rollback':{'disable_on_bad_mood':true}"), DIAGNOSTIC_UNKNOWN_FIELD,
         "/rollback/disable_on_bad_mood"},
        {"{'policy_id':'p','workflow':'w','environment':'e'}", DIAGNOSTIC_MISSING_FIELD,
         "/primary_route"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'model':'m'}}",
         DIAGNOSTIC_MISSING_FIELD, "/primary_route/endpoint_family"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{"
         "'endpoint_family':'openai-chat-completions'}}",
         DIAGNOSTIC_MISSING_FIELD, "/primary_route/model"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'route':'r',"
         "'allowed_reasons':['rate_limited']}}",
         DIAGNOSTIC_UNKNOWN_FIELD, "/primary_route/allowed_reasons"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'model':'m',"
         "'endpoint_family':'openai-videos'}}",
         DIAGNOSTIC_FAMILY_NOT_SERVED, "/primary_route/endpoint_family"},
        {"{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'model':'m',"
         "'endpoint_family':'grpc'}}",
         DIAGNOSTIC_UNKNOWN_NAME, "/primary_route/endpoint_family"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
}

static void refuses_what_a_limit_cannot_be(void **state)
{
#define LIMIT(member) POLICY_TEXT(",'limits':{" member "}")
#define RETRY(member) POLICY_TEXT(",'retry':{" member "}")
#define HOLD(members) POLICY_TEXT(",'hold_output':{" members "}")
    static const struct fault faults[] = {
        {LIMIT("'max_total_attempts':0"), DIAGNOSTIC_OUT_OF_RANGE, "/limits/max_total_attempts"},
        {LIMIT("'max_total_attempts':2.5"), DIAGNOSTIC_OUT_OF_RANGE, "/limits/max_total_attempts"},
        {LIMIT("'max_total_attempts':-1"), DIAGNOSTIC_OUT_OF_RANGE, "/limits/max_total_attempts"},
        {LIMIT("'max_total_attempts':true"), DIAGNOSTIC_WRONG_TYPE, "/limits/max_total_attempts"},
        {LIMIT("'max_elapsed_ms':3600001"), DIAGNOSTIC_OUT_OF_RANGE, "/limits/max_elapsed_ms"},
        {LIMIT("'max_elapsed_ms':2000,'max_total_ms':1999"), DIAGNOSTIC_OUT_OF_RANGE,
         "/limits/max_total_ms"},
        {LIMIT("'max_input_tokens':0"), DIAGNOSTIC_OUT_OF_RANGE, "/limits/max_input_tokens"},
        {LIMIT("'max_estimated_cost_usd':0"), DIAGNOSTIC_OUT_OF_RANGE,
         "/limits/max_estimated_cost_usd"},
        {LIMIT("'max_estimated_cost_usd':-0.05"), DIAGNOSTIC_OUT_OF_RANGE,
         "/limits/max_estimated_cost_usd"},
        {LIMIT("'max_estimated_cost_usd':1000000.1"), DIAGNOSTIC_OUT_OF_RANGE,
         "/limits/max_estimated_cost_usd"},
        {LIMIT("'max_estimated_cost_usd':1e300"), DIAGNOSTIC_OUT_OF_RANGE,
         "/limits/max_estimated_cost_usd"},
        {LIMIT("'max_estimated_cost_usd':0.0500000001"), DIAGNOSTIC_NOT_EXACT,
         "/limits/max_estimated_cost_usd"},
        {LIMIT("'max_estimated_cost_usd':'0.05'"), DIAGNOSTIC_WRONG_TYPE,
         "/limits/max_estimated_cost_usd"},
        {RETRY("'max_retries_per_route':16"), DIAGNOSTIC_OUT_OF_RANGE,
         "/retry/max_retries_per_route"},
        {RETRY("'backoff_base_ms':3000"), DIAGNOSTIC_OUT_OF_RANGE, "/retry/backoff_cap_ms"},
        {RETRY("'max_retry_after_ms':60001"), DIAGNOSTIC_OUT_OF_RANGE, "/retry/max_retry_after_ms"},
        {HOLD("'until':'tokens'"), DIAGNOSTIC_MISSING_FIELD, "/hold_output/amount"},
        {HOLD("'until':'complete','amount':3"), DIAGNOSTIC_OUT_OF_RANGE, "/hold_output/amount"},
        {HOLD("'until':'none','max_bytes':3"), DIAGNOSTIC_OUT_OF_RANGE, "/hold_output/max_bytes"},
        {HOLD("'until':'later'"), DIAGNOSTIC_UNKNOWN_NAME, "/hold_output/until"},
        {HOLD(""), DIAGNOSTIC_MISSING_FIELD, "/hold_output/until"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
#undef LIMIT
#undef RETRY
#undef HOLD
}

static void refuses_what_a_fallback_cannot_be(void **state)
{
    static const struct fault faults[] = {
        {FALLBACK("'notice':'x'"), DIAGNOSTIC_MISSING_FIELD, "/fallback_routes/0/model"},
        {ENTRY("'notice':''"), DIAGNOSTIC_OUT_OF_RANGE, "/fallback_routes/0/notice"},
        {ENTRY("'requires_eval_pass':1"), DIAGNOSTIC_WRONG_TYPE,
         "/fallback_routes/0/requires_eval_pass"},
        {ENTRY("'allowed_reasons':['tired']"), DIAGNOSTIC_UNKNOWN_NAME,
         "/fallback_routes/0/allowed_reasons/0"},
        {ENTRY("'allowed_reasons':['max_cost']"), DIAGNOSTIC_UNKNOWN_NAME,
         "/fallback_routes/0/allowed_reasons/0"},
        {ENTRY("'blocked_reasons':['breaker_open']"), DIAGNOSTIC_UNKNOWN_NAME,
         "/fallback_routes/0/blocked_reasons/0"},
        {ENTRY("'allowed_reasons':[1]"), DIAGNOSTIC_WRONG_TYPE,
         "/fallback_routes/0/allowed_reasons/0"},
        {ENTRY("'allowed_reasons':'rate_limited'"), DIAGNOSTIC_WRONG_TYPE,
         "/fallback_routes/0/allowed_reasons"},
        {ENTRY("'allowed_reasons':['rate_limited','rate_limited']"), DIAGNOSTIC_DUPLICATE_NAME,
         "/fallback_routes/0/allowed_reasons/1"},
        {ENTRY("'allowed_reasons':['rate_limited','timeout'],'blocked_reasons':"
               "['primary_timeout']"),
         DIAGNOSTIC_REASON_CONTRADICTS, "/fallback_routes/0/allowed_reasons/1"},
        {FALLBACK("'queue':{'name':'q','max_age_ms':1},'requires_eval_pass':true"),
         DIAGNOSTIC_UNKNOWN_FIELD, "/fallback_routes/0/requires_eval_pass"},
        {FALLBACK("'queue':{'name':'q','max_age_ms':1},'default_response':'x'"),
         DIAGNOSTIC_UNKNOWN_FIELD, "/fallback_routes/0/default_response"},
        {FALLBACK("'queue':{'name':'q'}"), DIAGNOSTIC_MISSING_FIELD,
         "/fallback_routes/0/queue/max_age_ms"},
        {FALLBACK("'queue':'q'"), DIAGNOSTIC_WRONG_TYPE, "/fallback_routes/0/queue"},
        {FALLBACK("'default_response':''"), DIAGNOSTIC_OUT_OF_RANGE,
         "/fallback_routes/0/default_response"},
        {FALLBACK("'default_response':[]"), DIAGNOSTIC_WRONG_TYPE,
         "/fallback_routes/0/default_response"},
        {POLICY_TEXT(",'fallback_routes':{}"), DIAGNOSTIC_WRONG_TYPE, "/fallback_routes"},
        {POLICY_TEXT(",'fallback_routes':['r']"), DIAGNOSTIC_WRONG_TYPE, "/fallback_routes/0"},
    };

    (void)state;
    assert_faults(faults, sizeof faults / sizeof *faults);
}

static void names_all_faults_of_a_document_at_once(void **state)
{
    static const char *const pointers[] = {"/policy_id", "/limits/max_total_attempts",
                                           "/limits/speed", "/workflow", "/primary_route"};
    struct documents d;
    const struct diagnostic *each;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, "{'policy_id':'a b','environment':'e',"
                                           "'limits':{'max_total_attempts':99,'speed':1}}"),
                     RESULT_INVALID);
    each = d.diagnostics.first;
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++, each = each->next) {
        assert_non_null(each);
        assert_text(each->pointer, pointers[i]);
    }
    assert_null(each);
    assert_text(d.diagnostics.first->found, "\"a b\"");
    assert_text(d.diagnostics.first->next->found, "99");
    assert_text(d.diagnostics.first->next->expected, "a whole number from 1 to 16");
    documents_done(&d);
}

static void a_document_beyond_the_bound_is_refused_unread(void **state)
{
    size_t len = 256 * 1024 + 1;
    char *text = malloc(len);
    struct documents d;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', len);
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(policy_parse((struct slice){text, len}, &d.arena, &d.diagnostics, &d.document),
                     RESULT_INVALID);
    assert_finding(&d, DIAGNOSTIC_TOO_LARGE, "");
    documents_done(&d);
    free(text);
}

static void assert_every_shortage(struct slice text)
{
    enum result result = RESULT_NO_MEMORY;
    size_t bound = 0;

    for (; result == RESULT_NO_MEMORY; bound += 16) {
        struct documents d;

        documents_init(&d, bound);
        result = policy_parse(text, &d.arena, &d.diagnostics, &d.document);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        assert_int_equal(result == RESULT_OK, d.document != NULL);
        documents_done(&d);
    }
    assert_int_equal(result, RESULT_OK);
    assert_true(bound > text.len);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    size_t len = 0;
    char *bytes = file_read("policies/support-chat-fallback-v1.json", &len);
    char *every = quoted(TEXTS_EVERY_FIELD);

    (void)state;
    assert_non_null(bytes);
    assert_every_shortage((struct slice){bytes, len});
    assert_every_shortage(slice_of(every));
    free(every);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_template_loads_as_it_is),
        cmocka_unit_test(what_is_not_said_has_a_documented_default),
        cmocka_unit_test(every_optional_field_is_read),
        cmocka_unit_test(a_fallback_may_be_a_queue_or_a_default_response),
        cmocka_unit_test(a_reason_is_a_class_an_alias_a_group_or_an_admission_reason),
        cmocka_unit_test(no_class_that_is_never_routed_around_can_be_allowed),
        cmocka_unit_test(refuses_what_a_policy_cannot_be),
        cmocka_unit_test(refuses_what_a_limit_cannot_be),
        cmocka_unit_test(refuses_what_a_fallback_cannot_be),
        cmocka_unit_test(names_all_faults_of_a_document_at_once),
        cmocka_unit_test(a_document_beyond_the_bound_is_refused_unread),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
