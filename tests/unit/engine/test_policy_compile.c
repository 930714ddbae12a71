/* Checked document to block, and what policy_view lets pass. */
#include "documents.h"

#define BLOCK_BYTES_MAX (1024 * 1024)

/* A policy with something in every list and text. */
#define RICH_POLICY                                                                                \
    POLICY_TEXT(",'traffic_class':'critical_user_facing','data_classes':['internal'],"             \
                "'model_aliases':['x','y'],'hold_output':{'until':'milliseconds','amount':50},"    \
                "'fallback_routes':[{'route':'demo-at-mock-b','allowed_reasons':['timeout'],"      \
                "'notice':'Another provider answers.'},"                                           \
                "{'queue':{'name':'later','max_age_ms':60000},'allowed_reasons':['overloaded']},"  \
                "{'default_response':{'text':'Sorry.'},'allowed_reasons':['overloaded']}]")

/* The block of a policy text, its arena filled with fill first, so that nothing is zero by luck. */
static void compile_text(const char *text, int fill, struct buf *buf)
{
    size_t size = 1024 * 1024;
    char *memory = malloc(size);
    struct documents d;

    assert_non_null(memory);
    memset(memory, fill, size);
    d = (struct documents){0};
    arena_init(&d.arena, memory, size, ARENA_BYTES_MAX);
    diagnostics_init(&d.diagnostics, &d.arena);
    assert_int_equal(check_policy_text(&d, text), RESULT_OK);
    assert_int_equal(policy_compile(d.document, 3, 7, buf), RESULT_OK);
    documents_done(&d);
    free(memory);
}

static void the_block_says_what_the_document_said(void **state)
{
    const struct policy_entry *entry;
    const struct policy_route *route;
    const struct policy *policy;
    struct buf buf;

    (void)state;
    buf_init(&buf, BLOCK_BYTES_MAX);
    compile_text(RICH_POLICY, 0xAA, &buf);
    policy = policy_view(buf.ptr, buf.len);
    assert_non_null(policy);
    assert_int_equal(policy->version, 3);
    assert_int_equal(policy->catalog_version, 7);
    assert_int_equal(policy->traffic_class, TRAFFIC_CLASS_CRITICAL_USER_FACING);
    assert_int_equal(policy->data_classes, SET_OF(DATA_CLASS_INTERNAL));
    assert_text(policy_text(policy, policy->id), "p");
    assert_text(policy_text(policy, policy->workload), "w");
    assert_text(policy_text(policy, policy->environment), "e");
    assert_int_equal(policy->aliases.len, 2);
    assert_text(policy_list_text(policy, policy->aliases, 1), "y");
    assert_int_equal(policy->hold_output.until, HOLD_OUTPUT_MILLISECONDS);
    assert_int_equal(policy->hold_output.amount, 50);
    assert_int_equal(policy->entries.len, 4);
    assert_int_equal(policy->routes.len, 2);
    entry = policy_entry(policy, 1);
    assert_int_equal(entry->kind, ENTRY_KIND_ROUTE);
    assert_int_equal(entry->tier, TIER_SAME_MODEL);
    assert_int_equal(entry->allowed, SET_OF(FAILURE_TIMEOUT));
    assert_int_equal(entry->evidence, 0);
    assert_true(entry->evidence_expires_unix_ms == INT64_MAX);
    assert_text(policy_text(policy, entry->notice), "Another provider answers.");
    assert_text(policy_text(policy, policy_entry(policy, 2)->queue), "later");
    assert_int_equal(policy_entry(policy, 2)->queue_age_ms_max, 60000);
    assert_text(policy_text(policy, policy_entry(policy, 3)->default_response),
                "{\"text\":\"Sorry.\"}");
    route = policy_route(policy, entry->route);
    assert_text(policy_text(policy, route->id), "demo-at-mock-b");
    assert_text(policy_text(policy, route->provider), "mock-b");
    assert_text(policy_text(policy, route->account), "mock-b-main");
    assert_text(policy_text(policy, route->model_id), "demo-model");
    assert_text(policy_text(policy, route->model_family), "demo");
    assert_text(policy_text(policy, route->credential), "MOCK_B_KEY");
    assert_text(policy_text(policy, route->base_url), "http://127.0.0.1:9102/v1");
    assert_text(policy_text(policy, route->quota_owner), "platform");
    assert_int_equal(route->reported_models.len, 2);
    assert_text(policy_list_text(policy, route->reported_models, 1), "demo-model-2026-10-01");
    assert_int_equal(route->price_pusd[UNIT_OUTPUT_TOKEN], 4000000);
    assert_int_equal(route->timeouts.total_ms, 120000);
    assert_false(set_has(route->capabilities, NEED_LOG_PROBABILITIES));
    assert_true(set_has(route->capabilities, NEED_STREAMING));
    buf_done(&buf);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    struct buf one, two;

    (void)state;
    buf_init(&one, BLOCK_BYTES_MAX);
    buf_init(&two, BLOCK_BYTES_MAX);
    compile_text(RICH_POLICY, 0x00, &one);
    compile_text(RICH_POLICY, 0xFF, &two);
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
    buf_init(&buf, BLOCK_BYTES_MAX);
    compile_text(RICH_POLICY, 0x55, &buf);
    copy = aligned_alloc(16, buf.len);
    assert_non_null(copy);
    memcpy(copy, buf.ptr, buf.len);
    memset(buf.ptr, 0xEE, buf.len);
    policy = policy_view(copy, buf.len);
    assert_non_null(policy);
    assert_text(policy_text(policy, policy_route(policy, 0)->id), "demo-at-mock-a");
    free(copy);
    buf_done(&buf);
}

/* Touches every byte that the block refers to. */
static unsigned read_all(const struct policy *policy)
{
    unsigned sum = 0;

    for (uint32_t i = 0; i < policy->entries.len; i++) {
        const struct policy_entry *entry = policy_entry(policy, i);
        const struct policy_ref texts[] = {entry->queue, entry->default_response, entry->notice};

        for (unsigned k = 0; k < 3; k++)
            for (uint32_t b = 0; b < texts[k].len; b++)
                sum += (unsigned char)policy_text(policy, texts[k]).ptr[b];
        if (entry->kind == ENTRY_KIND_ROUTE)
            sum += (unsigned)policy_text(policy, policy_route(policy, entry->route)->id).len;
    }
    for (uint32_t i = 0; i < policy->routes.len; i++) {
        const struct policy_route *route = policy_route(policy, i);

        for (uint32_t k = 0; k < route->reported_models.len; k++) {
            struct slice name = policy_list_text(policy, route->reported_models, k);

            for (size_t b = 0; b < name.len; b++)
                sum += (unsigned char)name.ptr[b];
        }
    }
    return sum;
}

static void a_view_refuses_every_cut_and_every_wrong_head(void **state)
{
    struct buf buf;
    char *copy;

    (void)state;
    buf_init(&buf, BLOCK_BYTES_MAX);
    compile_text(RICH_POLICY, 0, &buf);
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
    static const uint32_t values[] = {0, 1, 3, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF};
    unsigned sum = 0, passed = 0;
    struct buf buf;
    char *copy;

    (void)state;
    buf_init(&buf, BLOCK_BYTES_MAX);
    compile_text(RICH_POLICY, 0, &buf);
    copy = aligned_alloc(16, buf.len);
    assert_non_null(copy);
    for (size_t at = 0; at + 4 <= buf.len; at += 4)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            const struct policy *policy;

            memcpy(copy, buf.ptr, buf.len);
            memcpy(copy + at, &values[i], sizeof values[i]);
            policy = policy_view(copy, buf.len);
            if (policy) {
                sum += read_all(policy);
                passed++;
            }
        }
    assert_true(sum > 0 && passed > 0);
    free(copy);
    buf_done(&buf);
}

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
            result = policy_compile(d.document, 1, 1, &buf);
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
    assert_int_equal(check_policy_text(&d, RICH_POLICY), RESULT_OK);
    for (bound = 0; result == RESULT_NO_MEMORY; bound += 16) {
        struct buf buf;

        buf_init(&buf, bound);
        result = policy_compile(d.document, 1, 1, &buf);
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
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
        cmocka_unit_test(the_block_works_wherever_it_is_copied),
        cmocka_unit_test(a_view_refuses_every_cut_and_every_wrong_head),
        cmocka_unit_test(what_a_view_lets_pass_can_be_read),
        cmocka_unit_test(every_shortage_of_memory_is_reported_from_text_to_block),
        cmocka_unit_test(a_block_needs_every_byte_of_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
