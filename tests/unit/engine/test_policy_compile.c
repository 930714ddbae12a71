/* Checked document to block, and what policy_view lets pass. Evidence has test_policy_evidence. */
#include "policy_pieces.h"

#define BLOCK_BYTES_MAX (1024 * 1024)

/* The block of a policy text with evidence of every kind, the arena filled with fill first, so that
 * nothing is zero by luck. */
static void compile_text(const char *text, int fill, struct buf *buf)
{
    size_t size = 1024 * 1024;
    char *memory = malloc(size);
    struct pieces pieces;
    struct documents d;

    assert_non_null(memory);
    memset(memory, fill, size);
    d = (struct documents){0};
    arena_init(&d.arena, memory, size, ARENA_BYTES_MAX);
    diagnostics_init(&d.diagnostics, &d.arena);
    texts_check(&d, text);
    pieces = (struct pieces){.documents = &d};
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        pieces_put(&pieces, (enum evidence_kind)kind, "big-beta", NULL,
                   ",'scope':{'customer_tiers':['gold'],'tool_digest':'" DIGEST_A "'}");
    pieces_put(&pieces, EVIDENCE_KIND_EVAL, "small-alpha", NULL, "")->revoked_by =
        SLICE_LITERAL("somebody");
    buf_init(buf, BLOCK_BYTES_MAX);
    assert_int_equal(pieces_compile(&pieces, buf), RESULT_OK);
    documents_done(&d);
    free(memory);
}

static const struct policy *view(const struct buf *buf)
{
    const struct policy *policy = policy_view(buf->ptr, buf->len);

    assert_non_null(policy);
    return policy;
}

static void the_block_says_what_the_document_said(void **state)
{
    const struct policy *policy;
    struct buf buf;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0xAA, &buf);
    policy = view(&buf);
    assert_int_equal(policy->version, 3);
    assert_int_equal(policy->catalog_version, 7);
    assert_int_equal(policy->evidence_version, EVIDENCE_KIND_END);
    assert_int_equal(policy->traffic_class, TRAFFIC_CLASS_NONCRITICAL_USER_FACING);
    assert_int_equal(policy->providers_failed_max, 0);
    assert_int_equal(policy->data_classes, SET_OF(DATA_CLASS_INTERNAL) | SET_OF(DATA_CLASS_PII));
    assert_int_equal(policy->sensitivity_tags,
                     SET_OF(SENSITIVITY_LEGAL) | SET_OF(SENSITIVITY_WRITE_TOOLS));
    assert_text(policy_text(policy, policy->id), "p");
    assert_text(policy_text(policy, policy->owner), "team");
    assert_text(policy_text(policy, policy->workload), "w");
    assert_text(policy_text(policy, policy->environment), "e");
    assert_int_equal(policy->aliases.len, 2);
    assert_text(policy_list_text(policy, policy->aliases, 1), "y/z");
    assert_true(policy_list_has(policy, policy->regions, SLICE_LITERAL("us")));
    assert_true(policy_list_has(policy, policy->providers, SLICE_LITERAL("gamma")));
    assert_true(policy_list_has(policy, policy->accounts, SLICE_LITERAL("beta-team")));
    assert_true(policy_list_has(policy, policy->service_tiers, SLICE_LITERAL("priority")));
    assert_false(policy_list_has(policy, policy->service_tiers, SLICE_LITERAL("flex")));
    buf_done(&buf);
}

static void the_block_has_the_documents_settings(void **state)
{
    const struct policy_rollback *spike;
    const struct policy *policy;
    struct buf buf;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0xAA, &buf);
    policy = view(&buf);
    assert_int_equal(policy->attempts_max, 5);
    assert_int_equal(policy->retries_per_route_max, 0);
    assert_int_equal(policy->elapsed_ms_max, 900);
    assert_int_equal(policy->total_ms_max, 1000);
    assert_int_equal(policy->input_tokens_max, 11);
    assert_int_equal(policy->output_tokens_max, 22);
    assert_int_equal(policy->context_tokens_max, 33);
    assert_int_equal(policy->reasoning_tokens_max, 44);
    assert_int_equal(policy->cost_nusd_max, UINT64_C(12000000001));
    assert_int_equal(policy->latency_target_ms, 800);
    assert_int_equal(policy->backoff_cap_ms, 7);
    assert_int_equal(policy->budget_no_dearer_percent, 1);
    assert_int_equal(policy->budget_cheaper_percent, 50);
    assert_int_equal(policy->budget_critical_only_percent, 100);
    assert_int_equal(policy->fallback_spend_window, SPEND_WINDOW_MONTH);
    assert_int_equal(policy->fallback_spend_nusd_max, UINT64_C(1000500000000));
    assert_int_equal(policy->hold_output.until, HOLD_OUTPUT_TOKENS);
    assert_int_equal(policy->hold_output.amount, 20);
    assert_int_equal(policy->hold_output.bytes_max, 77);
    assert_true(policy->restart_after_partial_output && policy->payload_sampled &&
                policy->zero_retention && policy->moderation && policy->notice_in_body);
    assert_int_equal(policy->payload_storage, PAYLOAD_STORAGE_JOBS_AND_CACHE);
    assert_int_equal(policy->canary_percent, 5);
    assert_false(policy->rollback[ROLLBACK_RULE_SCHEMA_FAILURES].enabled);
    assert_int_equal(policy->rollback[ROLLBACK_RULE_SCHEMA_FAILURES].samples_min, 0);
    assert_int_equal(policy->rollback[ROLLBACK_RULE_FAILED_EVAL].samples_min, 2);
    spike = &policy->rollback[ROLLBACK_RULE_COST_SPIKE];
    assert_true(spike->enabled && spike->samples_min == 7 && spike->percent == 9 &&
                spike->window_ms == 10000 && spike->principals_min == 1 && spike->multiple == 25);
    buf_done(&buf);
}

static void the_block_has_the_documents_entries(void **state)
{
    const struct policy_entry *entry;
    const struct policy *policy;
    struct buf buf;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0xAA, &buf);
    policy = view(&buf);
    assert_int_equal(policy->entries.len, 6);
    assert_text(policy_text(policy, policy_entry(policy, 0)->notice), "first");
    entry = policy_entry(policy, 1);
    assert_int_equal(entry->kind, ENTRY_KIND_ROUTE);
    assert_int_equal(entry->tier, TIER_SAME_MODEL);
    assert_int_equal(entry->allowed, SET_OF(FAILURE_PROVIDER_QUOTA_EXHAUSTED));
    assert_int_equal(entry->blocked, SET_OF(FAILURE_SAFETY_BLOCK));
    assert_int_equal(entry->admission_reasons,
                     SET_OF(REASON_BREAKER_OPEN) | SET_OF(REASON_ACCOUNT_DRAINED));
    assert_true(entry->requires_eval_pass && entry->requires_cost_owner &&
                entry->requires_quota_owner && entry->requires_tool_contract_pass &&
                entry->allow_after_partial_output);
    assert_false(entry->requires_user_notice || entry->premium || entry->job);
    assert_int_equal(entry->sign_offs, SET_OF(SIGN_OFF_SECURITY) | SET_OF(SIGN_OFF_FINANCE));
    assert_int_equal(entry->limits.attempts_max, 2);
    assert_int_equal(entry->limits.input_tokens_max, 10);
    assert_int_equal(entry->limits.output_tokens_max, 20);
    assert_int_equal(entry->limits.context_tokens_max, 30);
    assert_int_equal(entry->limits.reasoning_tokens_max, 40);
    assert_int_equal(entry->limits.cost_nusd_max, 1);
    entry = policy_entry(policy, 2);
    assert_true(entry->requires_user_notice && entry->premium);
    assert_int_equal(entry->tier, TIER_SAME_FAMILY);
    assert_text(policy_text(policy, entry->notice), "less sure");
    assert_text(policy_list_text(policy, entry->customer_tiers, 0), "gold");
    assert_text(policy_list_text(policy, entry->premium_tenants, 0), "acme");
    assert_text(policy_list_text(policy, entry->premium_keys, 1), "k2");
    entry = policy_entry(policy, 3);
    assert_int_equal(entry->kind, ENTRY_KIND_QUEUE);
    assert_int_equal(entry->routes_count, 0);
    assert_text(policy_text(policy, entry->queue), "later");
    assert_int_equal(entry->queue_age_ms_max, 60000);
    assert_int_equal(entry->queue_depth_max, 7);
    assert_int_equal(entry->queue_hold_ms_max, 5000);
    assert_true(entry->job);
    assert_text(policy_text(policy, policy_entry(policy, 4)->default_response),
                "{\"a\":[1.50,null,true,{}]}");
    buf_done(&buf);
}

static void routes_are_numbered_over_the_entries(void **state)
{
    static const struct {
        const char *id;
        uint32_t entry, weight;
    } routes[] = {{"big-alpha", 0, 3},
                  {"big-alpha-us", 0, 1},
                  {"big-beta", 1, 1000},
                  {"big-beta-us", 1, 1},
                  {"small-alpha", 2, 1}};
    const struct policy *policy;
    struct buf buf;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0xAA, &buf);
    policy = view(&buf);
    assert_int_equal(policy->routes.len, sizeof routes / sizeof *routes);
    for (uint32_t i = 0; i < policy->routes.len; i++) {
        const struct policy_route *route = policy_route(policy, i);
        const struct policy_entry *entry = policy_entry(policy, route->entry);

        assert_text(policy_text(policy, route->id), routes[i].id);
        assert_int_equal(route->entry, routes[i].entry);
        assert_int_equal(route->weight, routes[i].weight);
        assert_in_range(i, entry->route, entry->route + entry->routes_count - 1);
    }
    buf_done(&buf);
}

static void a_route_says_what_the_catalog_said(void **state)
{
    const struct policy_price_step *steps;
    const struct policy_network *networks;
    const struct policy_extra_unit *units;
    const struct policy_route *route;
    const struct policy *policy;
    struct buf buf;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0xAA, &buf);
    policy = view(&buf);
    route = policy_route(policy, 0);
    assert_text(policy_text(policy, route->provider), "alpha");
    assert_text(policy_text(policy, route->account), "alpha-main");
    assert_text(policy_text(policy, route->region), "eu");
    assert_text(policy_text(policy, route->model_id), "big");
    assert_text(policy_text(policy, route->model_family), "kin");
    assert_text(policy_text(policy, route->model_version), "1");
    assert_text(policy_text(policy, route->model), "big");
    assert_text(policy_text(policy, route->credential), "KEY");
    assert_text(policy_text(policy, route->base_url), "https://h.example/v1");
    assert_text(policy_text(policy, route->service_tier), "priority");
    assert_text(policy_text(policy, route->account_owner), "platform");
    assert_text(policy_text(policy, route->spend_owner), "platform");
    assert_text(policy_text(policy, route->quota_owner), "platform");
    assert_text(policy_text(policy, route->account_tenant), "");
    assert_int_equal(route->quality_class, QUALITY_CLASS_FRONTIER);
    assert_int_equal(route->family, FAMILY_OPENAI_CHAT_COMPLETIONS);
    assert_int_equal(route->context_tokens_max, 1000);
    assert_int_equal(route->requests_per_minute, 600);
    assert_int_equal(route->tokens_per_minute, 900000);
    assert_true(route->zero_retention && route->moderation && route->payload_logging);
    assert_false(route->serial_tool_calls);
    assert_int_equal(route->price_pusd[UNIT_OUTPUT_TOKEN], 8000000);
    assert_int_equal(route->price_steps.len, 1);
    steps = policy_at(policy, route->price_steps.offset);
    assert_int_equal(steps[0].above_input_tokens, 200);
    assert_int_equal(steps[0].price_pusd[UNIT_INPUT_TOKEN], 4000000);
    assert_int_equal(route->extra_units.len, 1);
    units = policy_at(policy, route->extra_units.offset);
    assert_text(policy_text(policy, units[0].name), "web_search");
    assert_int_equal(units[0].price_pusd, UINT64_C(10000000000));
    assert_int_equal(route->networks.len, 2);
    networks = policy_at(policy, route->networks.offset);
    assert_int_equal(networks[0].bits, 96 + 24);
    assert_int_equal(networks[0].address[12], 192);
    assert_int_equal(networks[1].bits, 32);
    buf_done(&buf);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    struct buf one, two;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0x00, &one);
    compile_text(TEXTS_EVERY_FIELD, 0xFF, &two);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    assert_int_equal(one.len % 16, 0);
    buf_done(&one);
    buf_done(&two);
}

static void the_block_works_wherever_it_is_copied(void **state)
{
    const struct policy *policy;
    struct buf buf;
    char *copy;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0x55, &buf);
    copy = aligned_alloc(16, buf.len);
    assert_non_null(copy);
    memcpy(copy, buf.ptr, buf.len);
    memset(buf.ptr, 0xEE, buf.len);
    policy = policy_view(copy, buf.len);
    assert_non_null(policy);
    assert_text(policy_text(policy, policy_route(policy, 0)->id), "big-alpha");
    free(copy);
    buf_done(&buf);
}

/* ---- stored bytes ---- */

static unsigned read_text(const struct policy *policy, struct policy_ref ref)
{
    unsigned sum = 0;

    for (uint32_t i = 0; i < ref.len; i++)
        sum += (unsigned char)policy_text(policy, ref).ptr[i];
    return sum;
}

static unsigned read_list(const struct policy *policy, struct policy_ref list)
{
    const struct policy_ref *items = policy_at(policy, list.offset);
    unsigned sum = 0;

    for (uint32_t i = 0; i < list.len; i++)
        sum += read_text(policy, items[i]);
    return sum;
}

static unsigned read_evidence(const struct policy *policy, struct policy_ref list)
{
    const struct policy_evidence *pieces = policy_at(policy, list.offset);
    unsigned sum = 0;

    for (uint32_t i = 0; i < list.len; i++)
        sum +=
            read_text(policy, pieces[i].id) + read_text(policy, pieces[i].owner) +
            read_text(policy, pieces[i].detail) + read_text(policy, pieces[i].prompt_version) +
            read_text(policy, pieces[i].tool_digest) + read_list(policy, pieces[i].customer_tiers) +
            (unsigned)strlen(signalbox_evidence_state_name((enum evidence_state)pieces[i].state)) +
            (unsigned)(pieces[i].expires_unix_ms & 1);
    return sum;
}

static unsigned read_arrays(const struct policy *policy, const struct policy_route *route)
{
    const struct policy_price_step *steps = policy_at(policy, route->price_steps.offset);
    const struct policy_network *networks = policy_at(policy, route->networks.offset);
    const struct policy_extra_unit *units = policy_at(policy, route->extra_units.offset);
    unsigned sum = 0;

    for (uint32_t i = 0; i < route->price_steps.len; i++)
        sum += (unsigned)(steps[i].price_pusd[UNIT_END - 1] & 1);
    for (uint32_t i = 0; i < route->networks.len; i++)
        sum += networks[i].address[networks[i].bits / 8 % 16];
    for (uint32_t i = 0; i < route->extra_units.len; i++)
        sum += read_text(policy, units[i].name);
    return sum;
}

/* Touches every byte that the block refers to, the way readers find it. */
static unsigned read_all(const struct policy *policy)
{
    unsigned sum = read_text(policy, policy->id) + read_text(policy, policy->owner) +
                   read_text(policy, policy->workload) + read_text(policy, policy->environment) +
                   read_list(policy, policy->aliases) + read_list(policy, policy->regions) +
                   read_list(policy, policy->providers) + read_list(policy, policy->accounts) +
                   read_list(policy, policy->service_tiers);

    for (uint32_t i = 0; i < policy->entries.len; i++) {
        const struct policy_entry *entry = policy_entry(policy, i);
        char memory[POLICY_ENTRY_NAME_BYTES_MAX];

        sum += (unsigned)policy_entry_name(policy, i, memory).len;
        sum += read_text(policy, entry->queue) + read_text(policy, entry->default_response) +
               read_text(policy, entry->notice) + read_list(policy, entry->customer_tiers) +
               read_list(policy, entry->premium_tenants) + read_list(policy, entry->premium_keys);
        for (uint32_t k = 0; k < entry->routes_count; k++) {
            const struct policy_route *route = policy_route(policy, entry->route + k);

            assert_ptr_equal(policy_entry(policy, route->entry), entry);
            sum += read_text(policy, route->id) + read_list(policy, route->reported_models) +
                   read_list(policy, route->environments) + read_text(policy, route->base_url) +
                   read_text(policy, route->account_tenant) +
                   read_text(policy, route->model_version) + read_arrays(policy, route);
            for (unsigned kind = 0; kind < EVIDENCE_KIND_END; kind++)
                sum += read_evidence(policy, route->evidence[kind]);
        }
    }
    return sum;
}

static void a_view_refuses_every_cut_and_every_wrong_head(void **state)
{
    struct buf buf;
    char *copy;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0, &buf);
    for (size_t len = 0; len < buf.len; len += 8)
        assert_null(policy_view(buf.ptr, len));
    assert_null(policy_view(NULL, buf.len));
    copy = aligned_alloc(16, buf.len + 16);
    assert_non_null(copy);
    memcpy(copy + 8, buf.ptr, buf.len);
    assert_null(policy_view(copy + 8, buf.len));
    free(copy);
    ((struct policy *)(void *)buf.ptr)->format++;
    assert_null(policy_view(buf.ptr, buf.len));
    ((struct policy *)(void *)buf.ptr)->format--;
    ((struct policy *)(void *)buf.ptr)->magic ^= 1;
    assert_null(policy_view(buf.ptr, buf.len));
    buf_done(&buf);
}

static void what_a_view_lets_pass_can_be_read(void **state)
{
    static const uint32_t values[] = {0, 1, 3, 200, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF};
    unsigned sum = 0, passed = 0, refused = 0;
    struct buf buf;
    char *copy;

    (void)state;
    compile_text(TEXTS_EVERY_FIELD, 0, &buf);
    copy = aligned_alloc(16, buf.len);
    assert_non_null(copy);
    memcpy(copy, buf.ptr, buf.len);
    for (size_t at = 0; at + 4 <= buf.len; at += 4) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            const struct policy *policy;

            memcpy(copy + at, &values[i], sizeof values[i]);
            policy = policy_view(copy, buf.len);
            sum += policy ? read_all(policy) : 0;
            passed += policy != NULL;
            refused += policy == NULL;
        }
        memcpy(copy + at, buf.ptr + at, 4);
    }
    assert_true(sum > 0 && passed > 0 && refused > 1000);
    free(copy);
    buf_done(&buf);
}

/* ---- memory ---- */

static void every_shortage_of_memory_is_reported_from_text_to_block(void **state)
{
    size_t catalog_len = 0, policy_len = 0, bound;
    char *catalog = file_read("policies/catalog.json", &catalog_len);
    char *policy = file_read("policies/support-chat-fallback-v1.json", &policy_len);
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    assert_true(catalog && policy);
    for (bound = 0; result == RESULT_NO_MEMORY; bound += 64) {
        struct documents d;
        struct buf buf;

        documents_init(&d, bound);
        buf_init(&buf, bound / 8);
        result = catalog_parse((struct slice){catalog, catalog_len}, &d.arena, &d.diagnostics,
                               &d.catalog);
        if (result == RESULT_OK)
            result = policy_parse((struct slice){policy, policy_len}, &d.arena, &d.diagnostics,
                                  &d.document);
        if (result == RESULT_OK)
            result = policy_check(d.document, d.catalog, &d.diagnostics);
        if (result == RESULT_OK)
            result = compile_document(d.document, 1, &buf);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        if (result == RESULT_OK)
            assert_non_null(policy_view(buf.ptr, buf.len));
        buf_done(&buf);
        documents_done(&d);
    }
    free(catalog);
    free(policy);
}

static void a_block_needs_every_byte_of_its_bound(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    struct documents d;
    size_t bound;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, TEXTS_EVERY_FIELD);
    for (bound = 0; result == RESULT_NO_MEMORY; bound += 16) {
        struct buf buf;

        buf_init(&buf, bound);
        result = compile_document(d.document, 1, &buf);
        if (result == RESULT_OK)
            assert_int_equal(buf.len, bound);
        buf_done(&buf);
    }
    assert_int_equal(result, RESULT_OK);
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_says_what_the_document_said),
        cmocka_unit_test(the_block_has_the_documents_settings),
        cmocka_unit_test(the_block_has_the_documents_entries),
        cmocka_unit_test(routes_are_numbered_over_the_entries),
        cmocka_unit_test(a_route_says_what_the_catalog_said),
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
        cmocka_unit_test(the_block_works_wherever_it_is_copied),
        cmocka_unit_test(a_view_refuses_every_cut_and_every_wrong_head),
        cmocka_unit_test(what_a_view_lets_pass_can_be_read),
        cmocka_unit_test(every_shortage_of_memory_is_reported_from_text_to_block),
        cmocka_unit_test(a_block_needs_every_byte_of_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
