/* The view as bytes and back: every field, views from before there were switches, and nothing but
 * what view_encode writes. */
#include "base/mix.h"
#include "engine/view.h"
#include "fixture.h"

#define BYTES_MAX 2048

static struct view some_view(void)
{
    struct view view = {
        .refusal = REASON_RATE_LIMITED_KEY,
        .budget_position_bp = 9501,
        .retry_refused = true,
        .probe_refused = true,
        .retry_after_ms = 1234567,
        .policy_off = {SWITCH_SCOPE_POLICY, 0},
        .pin = ENTRIES_MAX,
    };

    view.entries_off[ENTRIES_MAX - 1] =
        (struct view_switch){SWITCH_SCOPE_ENTRY, ROLLBACK_RULE_COST_SPIKE};
    view.routes[0] = (struct view_route){REASON_BREAKER_OPEN, FAILURE_TIMEOUT, 900, {0, 0}};
    view.routes[1].off = (struct view_switch){SWITCH_SCOPE_ACCOUNT, 0};
    view.routes[ROUTES_MAX - 1] =
        (struct view_route){REASON_UNSPECIFIED, FAILURE_NONE, 250, {SWITCH_SCOPE_PROVIDER, 0}};
    return view;
}

static struct slice encode(const struct view *view, char *memory)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, BYTES_MAX);
    view_encode(view, &buf);
    assert_false(buf_failed(&buf));
    return buf_slice(&buf);
}

/* memcmp would see padding. */
static void assert_same(const struct view *a, const struct view *b)
{
    assert_int_equal(a->refusal, b->refusal);
    assert_int_equal(a->budget_position_bp, b->budget_position_bp);
    assert_int_equal(a->retry_refused, b->retry_refused);
    assert_int_equal(a->reserve_refused, b->reserve_refused);
    assert_int_equal(a->probe_refused, b->probe_refused);
    assert_true(a->retry_after_ms == b->retry_after_ms);
    assert_memory_equal(&a->policy_off, &b->policy_off, sizeof a->policy_off);
    assert_int_equal(a->pin, b->pin);
    assert_memory_equal(a->entries_off, b->entries_off, sizeof a->entries_off);
    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        assert_int_equal(a->routes[i].unhealthy, b->routes[i].unhealthy);
        assert_int_equal(a->routes[i].opened_by, b->routes[i].opened_by);
        assert_int_equal(a->routes[i].first_output_p95_ms, b->routes[i].first_output_p95_ms);
        assert_memory_equal(&a->routes[i].off, &b->routes[i].off, sizeof a->routes[i].off);
    }
}

static void a_view_comes_back_as_it_was(void **state)
{
    struct view view = some_view(), back;
    char memory[BYTES_MAX];

    (void)state;
    assert_true(view_decode(encode(&view, memory), &back));
    assert_same(&view, &back);
}

static void a_view_without_news_is_one_byte(void **state)
{
    struct view view = {.refusal = REASON_UNSPECIFIED}, back = some_view();
    char memory[BYTES_MAX];
    struct slice bytes = encode(&view, memory);

    (void)state;
    assert_int_equal(bytes.len, 1);
    assert_true(view_decode(bytes, &back));
    assert_same(&view, &back);
}

static void a_view_from_before_there_were_switches_still_reads(void **state)
{
    /* breaker_open by timeout on the first, a p95 of 300 ms on the third */
    struct view back;

    (void)state;
    assert_true(view_decode((struct slice){"\x40\x05\x14\x01\x00\x00\x00\xac\x02", 9}, &back));
    assert_int_equal(back.routes[0].unhealthy, REASON_BREAKER_OPEN);
    assert_int_equal(back.routes[0].opened_by, FAILURE_TIMEOUT);
    assert_int_equal(back.routes[2].first_output_p95_ms, 300);
    assert_int_equal(back.pin, 0);
    assert_false(
        view_decode((struct slice){"\x40\x05\x14\x01\x00\x00\x00\xac\x02\x00", 10}, &back));
}

static uint64_t number(uint64_t *seed)
{
    return *seed = mix_u64(*seed + UINT64_C(0x9e3779b97f4a7c15));
}

/* 0 more often than not, else below the end of its list. */
static unsigned member(uint64_t *seed, unsigned end)
{
    return number(seed) % 4 ? 0 : (unsigned)(number(seed) % end);
}

static struct view_switch random_switch(uint64_t *seed)
{
    unsigned scope = member(seed, SWITCH_SCOPE_END);

    return (struct view_switch){(uint8_t)scope,
                                (uint8_t)(scope ? member(seed, ROLLBACK_RULE_END) : 0)};
}

static enum reason random_reason(uint64_t *seed)
{
    unsigned reason = member(seed, REASON_END);

    return signalbox_reason_known(reason) ? (enum reason)reason : REASON_UNSPECIFIED;
}

static void random_view(uint64_t *seed, struct view *view)
{
    memset(view, 0, sizeof *view);
    view->refusal = random_reason(seed);
    view->budget_position_bp = member(seed, UINT32_MAX);
    view->retry_refused = member(seed, 2);
    view->reserve_refused = member(seed, 2);
    view->probe_refused = member(seed, 2);
    view->retry_after_ms = member(seed, UINT32_MAX) ? number(seed) : 0;
    view->policy_off = random_switch(seed);
    view->pin = (uint8_t)member(seed, ENTRIES_MAX + 1);
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        view->entries_off[i] = random_switch(seed);
    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        unsigned failure = member(seed, FAILURE_END);

        view->routes[i].unhealthy = random_reason(seed);
        view->routes[i].first_output_p95_ms = member(seed, UINT32_MAX);
        if (signalbox_failure_known(failure) &&
            (view->routes[i].unhealthy || view->routes[i].first_output_p95_ms))
            view->routes[i].opened_by = (enum failure)failure;
        view->routes[i].off = random_switch(seed);
    }
}

static void any_view_comes_back_and_equal_views_have_equal_bytes(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        char memory[BYTES_MAX], again[BYTES_MAX];
        struct view view, back;
        struct slice bytes;

        random_view(&seed, &view);
        bytes = encode(&view, memory);
        if (!view_decode(bytes, &back))
            fail_msg("round %u", round);
        assert_same(&view, &back);
        assert_true(slice_equal(bytes, encode(&back, again)));
    }
}

/* Whatever is read is what view_encode would write: of damaged bytes most are refused, and the rest
 * are another view's own. */
static void bytes_that_no_view_writes_are_refused(void **state)
{
    uint64_t seed = 2;
    unsigned refused = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char memory[BYTES_MAX], again[BYTES_MAX];
        struct view view, back;
        struct slice bytes;

        random_view(&seed, &view);
        bytes = encode(&view, memory);
        for (unsigned i = 0; i <= round % 3; i++)
            memory[number(&seed) % bytes.len] ^= (char)(1 << number(&seed) % 8);
        bytes.len -= number(&seed) % 8 ? 0 : 1;
        if (!view_decode(bytes, &back))
            refused++;
        else
            assert_true(slice_equal(bytes, encode(&back, again)));
    }
    assert_true(refused > 10000);
}

static void what_is_cut_or_longer_or_unknown_is_refused(void **state)
{
    static const struct slice cases[] = {
        SLICE_LITERAL(""),
        SLICE_LITERAL("\x01\x13"),                   /* no reason has this number */
        {"\x01\x00", 2},                             /* a refusal that is none */
        {"\x04\x80\x00", 3},                         /* an overlong 0 */
        {"\x40\x00", 2},                             /* no route is set */
        {"\x80\x00", 2},                             /* nothing more is set */
        {"\x80\x10", 2},                             /* a field of the future */
        {"\x80\x01\x00\x00", 4},                     /* no scope */
        {"\x80\x01\x06\x00", 4},                     /* no such scope */
        {"\x80\x01\x01\x09", 4},                     /* no such rule */
        {"\x80\x02\x00", 3},                         /* no pin */
        {"\x80\x02\x11", 3},                         /* an entry that no policy has */
        {"\x80\x04\x80\x80\x04\x02\x00", 7},         /* as a switch */
        {"\x80\x08\x80\x80\x80\x80\x10\x03\x00", 9}, /* a route that no policy has */
    };
    struct view view = some_view(), back;
    char memory[BYTES_MAX];
    struct slice bytes = encode(&view, memory);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (view_decode(cases[i], &back))
            fail_msg("case %zu", i);
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(view_decode((struct slice){memory, len}, &back));
    memory[bytes.len] = 0;
    assert_false(view_decode((struct slice){memory, bytes.len + 1}, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_comes_back_as_it_was),
        cmocka_unit_test(a_view_without_news_is_one_byte),
        cmocka_unit_test(a_view_from_before_there_were_switches_still_reads),
        cmocka_unit_test(any_view_comes_back_and_equal_views_have_equal_bytes),
        cmocka_unit_test(bytes_that_no_view_writes_are_refused),
        cmocka_unit_test(what_is_cut_or_longer_or_unknown_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
