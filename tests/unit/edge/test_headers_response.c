#include "core/headers.h"
#include "fixture.h"

#define NOW_MS 784111770000 /* Sun, 06 Nov 1994 08:49:30 GMT */

static void read_header(struct fixture *f,
                        struct provider_headers *headers,
                        const char *name,
                        const char *value)
{
    headers_read_response(headers, &f->arena, slice_of(name), slice_of(value), NOW_MS);
}

static void reads_retry_after_in_every_form(void **state)
{
    static const struct {
        const char *name, *value;
        bool given;
        uint64_t ms;
    } rows[] = {
        {"retry-after", "7", true, 7000},
        {"retry-after", "0", true, 0},
        {"retry-after", "1.5", true, 1000},
        {"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", true, 7000},
        {"retry-after", "Sun, 06 Nov 1994 08:49:00 GMT", true, 0},
        {"retry-after", "999999999999", true, UINT64_C(366) * 24 * 3600 * 1000},
        {"retry-after", "soon", false, 0},
        {"retry-after", "-1", false, 0},
        {"retry-after", "", false, 0},
        {"retry-after", "Sun, 06 Xyz 1994 08:49:37 GMT", false, 0},
        {"retry-after-ms", "1250", true, 1250},
        {"retry-after-ms", "x", false, 0},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provider_headers headers = {0};

        read_header(&f, &headers, rows[i].name, rows[i].value);
        if (headers.retry_after_given != rows[i].given || headers.retry_after_ms != rows[i].ms)
            fail_msg("%s: %llu", rows[i].value, (unsigned long long)headers.retry_after_ms);
    }
    fixture_done(&f);
}

static void milliseconds_win_over_seconds(void **state)
{
    struct provider_headers headers = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    read_header(&f, &headers, "retry-after-ms", "1250");
    read_header(&f, &headers, "retry-after", "2");
    assert_int_equal(headers.retry_after_ms, 1250);
    fixture_done(&f);
}

static void keeps_rate_limits_and_the_first_request_id(void **state)
{
    struct provider_headers headers = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    read_header(&f, &headers, "x-request-id", "req_1");
    read_header(&f, &headers, "request-id", "req_2");
    read_header(&f, &headers, "content-type", "text/event-stream; charset=utf-8");
    read_header(&f, &headers, "set-cookie", "x=y");
    for (unsigned i = 0; i < RATE_LIMITS_MAX + 3; i++)
        read_header(&f, &headers, "x-ratelimit-remaining-tokens", "5");
    assert_slice(headers.request_id, "req_1");
    assert_slice(headers.content_type, "text/event-stream; charset=utf-8");
    assert_int_equal(headers.rate_limits_count, RATE_LIMITS_MAX);
    assert_slice(headers.rate_limits[0].value, "5");
    fixture_done(&f);
}

static struct slice find(const struct response *response, const char *name)
{
    for (unsigned i = 0; i < response->headers_count; i++)
        if (slice_is(response->headers[i].key, name))
            return response->headers[i].value;
    return (struct slice){"", 0};
}

static void caps_retry_after_for_the_client(void **state)
{
    static const struct {
        uint64_t ms;
        const char *seconds, *milliseconds;
    } rows[] = {{1, "1", "1"},
                {1500, "2", "1500"},
                {60000, "60", "60000"},
                {3600000, "60", "60000"},
                {0, "", ""}};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct response response = {0};

        headers_write_retry(&response, &f.arena, i & 1, rows[i].ms);
        assert_slice(find(&response, "x-should-retry"), i & 1 ? "true" : "false");
        assert_slice(find(&response, "retry-after"), rows[i].seconds);
        assert_slice(find(&response, "retry-after-ms"), rows[i].milliseconds);
    }
    fixture_done(&f);
}

static void never_writes_a_line_break(void **state)
{
    struct response response = {0};

    (void)state;
    headers_add(&response, "a", SLICE_LITERAL("x\r\ny: z"));
    headers_add(&response, "b", SLICE_LITERAL("\x7f"));
    headers_add(&response, "c", SLICE_LITERAL(""));
    assert_int_equal(response.headers_count, 0);
    for (unsigned i = 0; i < RESPONSE_HEADERS_MAX + 5; i++)
        headers_add(&response, "d", SLICE_LITERAL("x"));
    assert_int_equal(response.headers_count, RESPONSE_HEADERS_MAX);
}

static void tells_where_the_request_stands(void **state)
{
    struct decision sent = {.has_route = true,
                            .reason = REASON_FALLBACK,
                            .output_cap_added = true,
                            .output_tokens_cap = 512,
                            .route = {.model = SLICE_LITERAL("m2"),
                                      .provider = SLICE_LITERAL("p2"),
                                      .tier = TIER_DIFFERENT_FAMILY}};
    struct decision last = {.policy_id = SLICE_LITERAL("support"),
                            .policy_version = 12,
                            .reason = REASON_SUCCESS,
                            .disposition = DISPOSITION_FALLBACK_SUCCESS,
                            .notice = {.text = SLICE_LITERAL("Reduced quality.")}};
    const struct standing standing = {&sent, &last, 3, DISPOSITION_UNSPECIFIED};
    struct response response = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    request_init(&f.request, &f.arena, fixture_pad(&f, SLICE_LITERAL("{}")));
    f.request.facts.requested_model = SLICE_LITERAL("m1");
    headers_write_standing(&response, &f.request, &standing);
    assert_slice(find(&response, "x-signalbox-policy"), "support@12");
    assert_slice(find(&response, "x-signalbox-requested-model"), "m1");
    assert_slice(find(&response, "x-signalbox-selected-model"), "m2");
    assert_slice(find(&response, "x-signalbox-provider"), "p2");
    assert_slice(find(&response, "x-signalbox-attempts"), "3");
    assert_slice(find(&response, "x-signalbox-disposition"), "fallback_success");
    assert_slice(find(&response, "x-signalbox-tier"), "different_family");
    assert_slice(find(&response, "x-signalbox-degraded"), "true");
    assert_slice(find(&response, "x-signalbox-reason"), "fallback");
    assert_slice(find(&response, "x-signalbox-output-cap"), "512");
    assert_slice(find(&response, "x-signalbox-notice"), "Reduced quality.");
    fixture_done(&f);
}

static struct slice reason_header(struct fixture *f, const struct standing *standing)
{
    struct response response = {0};

    memset(&f->request, 0, sizeof f->request);
    request_init(&f->request, &f->arena, fixture_pad(f, SLICE_LITERAL("{}")));
    headers_write_standing(&response, &f->request, standing);
    return find(&response, "x-signalbox-reason");
}

/* As it comes from the wire. */
#define VALUE(literal)                                                                             \
    {                                                                                              \
        TRACE_TEXT, 0,                                                                             \
        {                                                                                          \
            literal, sizeof(literal) - 1                                                           \
        }                                                                                          \
    }
#define WORDS(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void the_reason_names_the_gate_that_refused(void **state)
{
    static const struct {
        enum reason reason;
        struct trace_item blocked;
        const char *header;
    } rows[] = {
        {REASON_NO_ELIGIBLE_ROUTE,
         {.gate = GATE_COST,
          .check = WORDS("cost_owner"),
          .found = VALUE("none"),
          .needed = VALUE("cost_owner"),
          .owner = WORDS("ml-platform")},
         "no_eligible_route;gate=cost;check=cost_owner;found=none;needed=cost_owner;"
         "owner=\"ml-platform\""},
        {REASON_GATE_BLOCKED,
         {.gate = GATE_QUALITY, .check = WORDS("eval")},
         "gate_blocked;gate=quality;check=eval"},
        {REASON_PIN_BLOCKED,
         {.gate = GATE_BOUNDARY, .check = WORDS("region"), .found = VALUE("us, eu-west")},
         "pin_blocked;gate=boundary;check=region;found=\"us, eu-west\""},
        {REASON_DATA_CLASS_NOT_APPROVED,
         {.gate = GATE_BOUNDARY, .check = WORDS("data_class"), .found = VALUE("secret")},
         "data_class_not_approved;gate=boundary;check=data_class;found=secret"},
        {REASON_QUEUED,
         {.gate = GATE_TOOLS, .check = WORDS("context"), .found = VALUE("12 tokens")},
         "queued;gate=tools;check=context;found=\"12 tokens\""},
        /* What people write never leaves its quotes. */
        {REASON_GATE_BLOCKED,
         {.gate = GATE_COST,
          .check = WORDS("owners"),
          .owner = WORDS("a\";gate=\\x\r\nset-cookie: y\x7f B\xc3\xa4r \xf0\x9f\x9a\x82")},
         "gate_blocked;gate=cost;check=owners;"
         "owner=\"a\\\";gate=\\\\x??set-cookie: y? B?r ?\""},
        /* A check that is no word is no token. */
        {REASON_GATE_BLOCKED,
         {.gate = GATE_COST, .check = WORDS("9;x=1")},
         "gate_blocked;gate=cost;check=\"9;x=1\""},
        /* No gate refused. */
        {REASON_GATE_BLOCKED, {.check = WORDS("switch")}, "gate_blocked"},
    };
    struct fixture f;

    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decision last = {
            .reason = rows[i].reason, .has_blocked = true, .blocked = rows[i].blocked};
        const struct standing standing = {NULL, &last, 0, DISPOSITION_FAIL_CLOSED};
        struct slice header = reason_header(&f, &standing);

        if (!slice_is(header, rows[i].header))
            fail_msg("%s\n%.*s", rows[i].header, (int)header.len, header.ptr);
        last.has_blocked = false;
        header = reason_header(&f, &standing);
        assert_slice(header, signalbox_reason_name(rows[i].reason));
    }
    fixture_done(&f);
}

static void a_reason_with_long_texts_is_bounded(void **state)
{
    char text[4096];
    const struct trace_value value = {TRACE_TEXT, 0, {text, sizeof text}};
    struct decision last = {.reason = REASON_GATE_BLOCKED,
                            .has_blocked = true,
                            .blocked = {.gate = GATE_COST,
                                        .check = SLICE_LITERAL("owners"),
                                        .found = value,
                                        .needed = value,
                                        .owner = value.text}};
    const struct standing standing = {NULL, &last, 0, DISPOSITION_FAIL_CLOSED};
    struct slice header;
    struct fixture f;

    (void)state;
    fixture_init(&f);
    memset(text, '"', sizeof text); /* each takes two characters */
    header = reason_header(&f, &standing);
    assert_true(header.len < 1200);
    assert_memory_equal(header.ptr + header.len - 6, "\\\"...\"", 6);
    last.blocked.check = value.text;
    header = reason_header(&f, &standing);
    assert_true(header.len > 1200 && header.len < 1600);
    fixture_done(&f);
}

static void a_default_response_is_of_no_provider(void **state)
{
    const struct decision sent = {.has_route = true,
                                  .route = {.model = SLICE_LITERAL("m2"),
                                            .provider = SLICE_LITERAL("p2"),
                                            .tier = TIER_SAME_FAMILY}};
    const struct decision last = {.reason = REASON_DEFAULT_RESPONSE,
                                  .disposition = DISPOSITION_FALLBACK_SUCCESS,
                                  .default_response = SLICE_LITERAL("\"Later.\"")};
    const struct standing standing = {&sent, &last, 2, DISPOSITION_UNSPECIFIED};
    struct response response = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    request_init(&f.request, &f.arena, fixture_pad(&f, SLICE_LITERAL("{}")));
    headers_write_standing(&response, &f.request, &standing);
    assert_slice(find(&response, "x-signalbox-tier"), "default_response");
    assert_int_equal(find(&response, "x-signalbox-provider").len, 0);
    assert_int_equal(find(&response, "x-signalbox-selected-model").len, 0);
    fixture_done(&f);
}

/* A route was chosen: what was passed over on the way is the record's. */
static void a_success_names_no_gate(void **state)
{
    const struct decision sent = {.has_route = true,
                                  .reason = REASON_FALLBACK,
                                  .has_blocked = true,
                                  .blocked = {.gate = GATE_COST, .check = SLICE_LITERAL("x")}};
    struct decision last = {.reason = REASON_SUCCESS,
                            .has_blocked = true,
                            .blocked = {.gate = GATE_COST, .check = SLICE_LITERAL("x")}};
    const struct standing ended = {&sent, &last, 2, DISPOSITION_UNSPECIFIED};
    const struct standing begun = {&sent, &sent, 2, DISPOSITION_UNSPECIFIED};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_slice(reason_header(&f, &ended), "fallback");
    assert_slice(reason_header(&f, &begun), "fallback");
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_retry_after_in_every_form),
        cmocka_unit_test(milliseconds_win_over_seconds),
        cmocka_unit_test(keeps_rate_limits_and_the_first_request_id),
        cmocka_unit_test(caps_retry_after_for_the_client),
        cmocka_unit_test(never_writes_a_line_break),
        cmocka_unit_test(tells_where_the_request_stands),
        cmocka_unit_test(the_reason_names_the_gate_that_refused),
        cmocka_unit_test(a_reason_with_long_texts_is_bounded),
        cmocka_unit_test(a_default_response_is_of_no_provider),
        cmocka_unit_test(a_success_names_no_gate),
    };

    return cmocka_run_group_tests_name("edge/headers_response", tests, NULL, NULL);
}
