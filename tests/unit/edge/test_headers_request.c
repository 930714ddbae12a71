#include "base/digest.h"
#include "core/headers.h"
#include "fixture.h"

static bool read_header(struct fixture *f, const char *name, const char *value)
{
    return headers_read_request(&f->request, slice_of(name), slice_of(value), &f->refusal);
}

static void start(struct fixture *f)
{
    fixture_init(f);
    request_init(&f->request, &f->arena, fixture_pad(f, SLICE_LITERAL("{}")));
}

static void turns_headers_into_facts(void **state)
{
    struct fixture f;
    struct facts *facts = &f.request.facts;

    (void)state;
    start(&f);
    assert_true(read_header(&f, "x-signalbox-workload", " support "));
    assert_true(read_header(&f, "x-signalbox-environment", "prod"));
    assert_true(read_header(&f, "x-signalbox-traffic-class", "batch"));
    assert_true(read_header(&f, "x-signalbox-data-class", "pii, internal"));
    assert_true(read_header(&f, "x-signalbox-sensitivity", "legal"));
    assert_true(read_header(&f, "x-signalbox-regions", "eu-west-1,eu-central-1"));
    assert_true(read_header(&f, "x-signalbox-zero-retention", "true"));
    assert_true(read_header(&f, "x-signalbox-queue", "false"));
    assert_true(read_header(&f, "x-signalbox-restart", "true"));
    assert_true(read_header(&f, "x-signalbox-tool-effects", "idempotent"));
    assert_true(read_header(&f, "x-signalbox-tags", "ticket=42, medical ,a="));
    assert_true(read_header(&f, "x-signalbox-deadline-ms", "1500"));
    assert_true(read_header(&f, "x-client-request-id", "mine"));
    assert_slice(facts->workload, "support");
    assert_slice(facts->environment, "prod");
    assert_int_equal(facts->traffic_class, TRAFFIC_CLASS_BATCH);
    assert_int_equal(facts->data_classes, SET_OF(DATA_CLASS_PII) | SET_OF(DATA_CLASS_INTERNAL));
    assert_int_equal(facts->sensitivity_tags,
                     SET_OF(SENSITIVITY_LEGAL) | SET_OF(SENSITIVITY_MEDICAL));
    assert_int_equal(facts->allowed_regions.count, 2);
    assert_slice(facts->allowed_regions.items[1], "eu-central-1");
    assert_true(facts->zero_retention);
    assert_false(facts->tolerates_queue);
    assert_true(facts->can_restart);
    assert_int_equal(facts->tool_effects, SIDE_EFFECT_IDEMPOTENT);
    assert_int_equal(facts->tags.count, 2);
    assert_slice(facts->tags.items[0].key, "ticket");
    assert_slice(facts->tags.items[0].value, "42");
    assert_slice(facts->tags.items[1].key, "a");
    assert_slice(facts->tags.items[1].value, "");
    assert_slice(facts->client_request_id, "mine");
    assert_int_equal(f.request.deadline_ms, 1500);
    fixture_done(&f);
}

static void every_header_of_the_table_is_read(void **state)
{
    static const struct {
        const char *name;
        const char *kind;
        const char *list;
    } rows[] = {
#define H(name, KIND, list, field, sentence) {"x-signalbox-" name, #KIND, #list},
#include "core/headers.def"
#undef H
    };
    static const struct {
        const char *list;
        const char *value;
    } members[] = {{"traffic_class", "batch"},
                   {"data_class", "pii"},
                   {"sensitivity", "legal"},
                   {"side_effect", "none"},
                   {"_", "some text"}};
    struct fixture f;

    (void)state;
    start(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = "true";

        for (size_t j = 0; strcmp(rows[i].kind, "BOOL") != 0 && j < 5; j++)
            if (strcmp(members[j].list, rows[i].list) == 0)
                value = members[j].value;
        if (!read_header(&f, rows[i].name, value))
            fail_msg("%s: %s", rows[i].name, value);
        assert_false(read_header(&f, rows[i].name, ""));
        assert_string_equal(f.refusal.code, "invalid_header");
    }
    fixture_done(&f);
}

static void refuses_what_it_does_not_understand(void **state)
{
    static const char *const rows[][2] = {
        {"x-signalbox-unheard-of", "x"},     {"x-signalbox-traffic-class", "urgent"},
        {"x-signalbox-data-class", "pii,x"}, {"x-signalbox-data-class", ","},
        {"x-signalbox-queue", "yes"},        {"x-signalbox-tool-effects", "maybe"},
        {"x-signalbox-deadline-ms", "0"},    {"x-signalbox-deadline-ms", "-1"},
        {"x-signalbox-deadline-ms", "1e3"},  {"x-signalbox-deadline-ms", "12345678901"},
        {"x-signalbox-tags", "unheard-of"},  {"x-signalbox-tags", "=x"},
        {"x-signalbox-tags", "a=1,a=2"},     {"x-signalbox-user", "\xff\xfe"},
        {"x-signalbox-regions", "a,,b"},
    };
    struct fixture f;
    char name[300];

    (void)state;
    start(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (read_header(&f, rows[i][0], rows[i][1]))
            fail_msg("%s: %s", rows[i][0], rows[i][1]);
        assert_int_equal(f.refusal.status, 400);
        assert_slice(f.refusal.param, rows[i][0]);
    }
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_false(read_header(&f, "x-signalbox-user", name));
    fixture_done(&f);
}

static void keeps_the_keys_digest_and_never_the_key(void **state)
{
    struct fixture f;
    struct digest expected;

    (void)state;
    start(&f);
    digest_sha256(SLICE_LITERAL("secret"), &expected);
    assert_true(read_header(&f, "authorization", "Basic abc"));
    assert_true(read_header(&f, "authorization", "Bearer "));
    assert_int_equal(f.request.facts.key_digest.len, 0);
    assert_true(read_header(&f, "authorization", "bearer   secret "));
    assert_int_equal(f.request.facts.key_digest.len, 32);
    assert_memory_equal(f.request.facts.key_digest.ptr, expected.bytes, 32);
    assert_int_equal(f.request.forwarded_count, 0);
    fixture_done(&f);
}

static void only_listed_headers_go_on(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    assert_true(read_header(&f, "openai-beta", "x=1"));
    assert_true(read_header(&f, "traceparent", "00-a"));
    assert_true(read_header(&f, "tracestate", "a\r\nb"));
    assert_true(read_header(&f, "cookie", "x"));
    assert_true(read_header(&f, "x-forwarded-for", "1.2.3.4"));
    assert_true(read_header(&f, "openai-organization", "org"));
    assert_int_equal(f.request.forwarded_count, 2);
    assert_slice(f.request.forwarded[0].key, "openai-beta");
    assert_slice(f.request.forwarded[1].key, "traceparent");
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_headers_into_facts),
        cmocka_unit_test(every_header_of_the_table_is_read),
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(keeps_the_keys_digest_and_never_the_key),
        cmocka_unit_test(only_listed_headers_go_on),
    };

    return cmocka_run_group_tests_name("edge/headers_request", tests, NULL, NULL);
}
