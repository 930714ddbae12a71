/* The request record: its size, its seal, its round trip. */
#include "base/clock.h"
#include "unit/store/sample.h"

#define RECORD_BYTES_MAX 65536

static char memory[RECORD_BYTES_MAX];
static struct history history, again;

static struct slice encode(const struct history *record)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    history_encode(record, &buf);
    assert_false(buf_failed(&buf));
    return buf_slice(&buf);
}

static struct arena new_arena(void)
{
    struct arena arena;

    arena_init(&arena, NULL, 0, 1 << 20);
    return arena;
}

static void a_request_with_two_attempts_stays_near_one_kibibyte(void **state)
{
    struct slice bytes;

    (void)state;
    sample_history(&history);
    bytes = encode(&history);
    print_message("%zu bytes\n", bytes.len);
    assert_true(bytes.len < 1280);
}

/* Canonical: what decodes encodes to the same bytes again. Fields are checked through codec's
 * tests; here those of the record itself. */
static void gives_back_the_whole_record(void **state)
{
    struct arena arena = new_arena();
    char first[4096];
    struct slice bytes;
    size_t len;

    (void)state;
    sample_history(&history);
    history.evidence_version = 3;
    history.switches_version = 4;
    history.boundaries[1].refusal = true;
    history.boundaries[1].detail = SLICE_LITERAL("requests_per_minute");
    history.boundaries[2].adopted = true;
    bytes = encode(&history);
    len = bytes.len;
    memcpy(first, bytes.ptr, len);
    assert_int_equal(history_decode((struct slice){first, len}, &arena, &again), RESULT_OK);
    bytes = encode(&again);
    assert_true(slice_equal(bytes, (struct slice){first, len}));

    assert_memory_equal(&again.request_id, &history.request_id, sizeof again.request_id);
    assert_true(slice_equal(again.policy_id, history.policy_id));
    assert_int_equal(again.policy_version, 17);
    assert_int_equal(again.catalog_version, 42);
    assert_int_equal(again.evidence_version, 3);
    assert_int_equal(again.switches_version, 4);
    assert_true(slice_is(again.engine_version, "1"));
    assert_true(slice_equal(again.key_id, history.key_id));
    assert_true(slice_is(again.facts.workload, "customer-support-chat"));
    assert_int_equal(again.boundaries_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct history_boundary *a = &history.boundaries[i], *b = &again.boundaries[i];

        assert_int_equal(a->now_ms, b->now_ms);
        assert_int_equal(a->seed, b->seed);
        assert_int_equal(a->deadline_ms, b->deadline_ms);
        assert_memory_equal(&a->question, &b->question, sizeof a->question);
        assert_true(slice_equal(a->report.route, b->report.route));
        assert_int_equal(a->report.http_status, b->report.http_status);
        assert_int_equal(a->failure, b->failure);
        assert_true(slice_equal(a->rule, b->rule));
        assert_true(slice_equal(a->detail, b->detail));
        assert_int_equal(a->refusal, b->refusal);
        assert_true(slice_equal(a->view, b->view));
        assert_int_equal(a->action, b->action);
        assert_int_equal(a->reason, b->reason);
        assert_int_equal(a->disposition, b->disposition);
        assert_int_equal(a->entry, b->entry);
        assert_int_equal(a->charged_nusd, b->charged_nusd);
        assert_int_equal(a->decision_digest, b->decision_digest);
        assert_int_equal(a->trace_digest, b->trace_digest);
        assert_int_equal(a->adopted, b->adopted);
    }
    arena_done(&arena);
}

static void keeps_as_many_boundaries_as_a_chain_can_have_and_no_more(void **state)
{
    struct arena arena = new_arena();
    struct slice bytes;

    (void)state;
    sample_history(&history);
    for (unsigned i = 3; i <= ATTEMPTS_MAX; i++)
        history.boundaries[i] = history.boundaries[1];
    history.boundaries_count = ATTEMPTS_MAX + 1;
    bytes = encode(&history);
    assert_int_equal(history_decode(bytes, &arena, &again), RESULT_OK);
    assert_int_equal(again.boundaries_count, ATTEMPTS_MAX + 1);

    memset(&history, 0, sizeof history);
    bytes = encode(&history);
    assert_int_equal(history_decode(bytes, &arena, &again), RESULT_OK);
    assert_int_equal(again.boundaries_count, 0);
    arena_done(&arena);
}

/* An empty boundary is one byte: a record with one too many, sealed as it should be. */
static void refuses_one_boundary_too_many_though_its_seal_is_right(void **state)
{
    struct arena arena = new_arena();
    struct digest digest;

    (void)state;
    for (unsigned count = ATTEMPTS_MAX; count <= ATTEMPTS_MAX + 2; count++) {
        size_t len = 2 + count;

        memset(memory, 0, len);
        memory[0] = HISTORY_VERSION;
        digest_sha256((struct slice){memory, len}, &digest);
        memcpy(memory + len, digest.bytes, 16);
        assert_int_equal(history_decode((struct slice){memory, len + 16}, &arena, &again),
                         count > ATTEMPTS_MAX + 1 ? RESULT_CORRUPT : RESULT_OK);
    }
    arena_done(&arena);
}

static void finds_every_altered_byte(void **state)
{
    struct arena arena = new_arena();
    struct slice bytes;
    size_t len;

    (void)state;
    sample_history(&history);
    bytes = encode(&history);
    len = bytes.len;
    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 9; bit++) {
            char mask = (char)(bit < 8 ? 1 << bit : 0xff);

            memory[i] = (char)(memory[i] ^ mask);
            assert_int_equal(history_decode((struct slice){memory, len}, &arena, &again),
                             RESULT_CORRUPT);
            memory[i] = (char)(memory[i] ^ mask);
        }
    assert_int_equal(history_decode((struct slice){memory, len}, &arena, &again), RESULT_OK);
    arena_done(&arena);
}

static void finds_every_cut_and_every_byte_too_many(void **state)
{
    struct arena arena = new_arena();
    struct slice bytes;

    (void)state;
    sample_history(&history);
    bytes = encode(&history);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(history_decode((struct slice){memory, len}, &arena, &again),
                         RESULT_CORRUPT);
    assert_int_equal(history_decode((struct slice){memory, bytes.len + 1}, &arena, &again),
                     RESULT_CORRUPT);
    arena_done(&arena);
}

static bool holds(struct slice bytes, struct slice part)
{
    return memmem(bytes.ptr, bytes.len, part.ptr, part.len);
}

static void never_holds_a_message_text_or_a_digest_of_a_secret(void **state)
{
    struct slice bytes;

    (void)state;
    sample_history(&history);
    bytes = encode(&history);
    assert_true(holds(bytes, SLICE_LITERAL("rate_limit_exceeded")));
    assert_false(holds(bytes, SLICE_LITERAL("Rate limit reached")));
    assert_false(holds(bytes, (struct slice){sample_key_digest, 32}));
}

static void appends_to_what_a_buffer_holds(void **state)
{
    struct arena arena = new_arena();
    struct buf buf;

    (void)state;
    sample_history(&history);
    buf_init(&buf, RECORD_BYTES_MAX);
    buf_put_text(&buf, "before");
    history_encode(&history, &buf);
    assert_false(buf_failed(&buf));
    assert_memory_equal(buf.ptr, "before", 6);
    assert_int_equal(history_decode((struct slice){buf.ptr + 6, buf.len - 6}, &arena, &again),
                     RESULT_OK);
    buf_done(&buf);
    arena_done(&arena);
}

/* The time is printed and not asserted: machines differ. */
static void encodes_into_a_fixed_buffer_and_says_how_long_it_takes(void **state)
{
    enum { ROUNDS = 20000 };
    struct arena arena = new_arena();
    struct slice bytes = {NULL, 0};
    uint64_t start, middle, end;

    (void)state;
    sample_history(&history);
    start = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++)
        bytes = encode(&history);
    middle = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(history_decode(bytes, &arena, &again), RESULT_OK);
        arena_reset(&arena);
    }
    end = clock_monotonic_ns();
    print_message("encode %u ns, decode %u ns, seals included\n",
                  (unsigned)((middle - start) / ROUNDS), (unsigned)((end - middle) / ROUNDS));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_with_two_attempts_stays_near_one_kibibyte),
        cmocka_unit_test(gives_back_the_whole_record),
        cmocka_unit_test(keeps_as_many_boundaries_as_a_chain_can_have_and_no_more),
        cmocka_unit_test(refuses_one_boundary_too_many_though_its_seal_is_right),
        cmocka_unit_test(finds_every_altered_byte),
        cmocka_unit_test(finds_every_cut_and_every_byte_too_many),
        cmocka_unit_test(never_holds_a_message_text_or_a_digest_of_a_secret),
        cmocka_unit_test(appends_to_what_a_buffer_holds),
        cmocka_unit_test(encodes_into_a_fixed_buffer_and_says_how_long_it_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
