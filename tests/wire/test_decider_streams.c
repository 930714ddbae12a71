/* StreamDecide on a real decider. */
#include "base/clock.h"
#include "wire/rig.h"

#define STREAM "/signalbox.v1.DecisionService/StreamDecide"

/* One set of items at a time is enough for these tests. */
static struct rig_items items;

static struct slice take_items(void)
{
    struct slice bytes = {items.bytes, items.len};

    items.len = 0;
    return bytes;
}

static void add_admission(struct rig *rig, uint64_t correlation_id, struct uuid id)
{
    struct question question = rig_admission(id);

    rig_items_add(&items, correlation_id, rig_question_bytes(rig, &question));
}

static Signalbox__V1__StreamDecideResponse *receive(struct rig_stream *stream)
{
    struct slice bytes = rig_stream_receive(stream, RIG_WAIT_MS);

    return bytes.ptr ? rig_replies(stream->rig, bytes) : NULL;
}

#define REQUESTS 5000
#define BATCH    16

/* The reports of a message's admissions go out together, in the next message. */
static unsigned answer_reports(struct rig *rig,
                               const Signalbox__V1__StreamDecideResponse *replies,
                               const struct uuid *ids,
                               unsigned char *seen)
{
    for (size_t i = 0; i < replies->n_items; i++) {
        const Signalbox__V1__StreamDecideReply *reply = replies->items[i];
        uint64_t id = reply->correlation_id;
        struct question report;

        assert_true(id < (uint64_t)2 * REQUESTS && !seen[id]);
        if (reply->outcome_case != SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION)
            fail_msg("item %llu: %s", (unsigned long long)id, reply->error->message);
        assert_int_equal(reply->decision->action, id % 2 ? ACTION_COMPLETE : ACTION_SEND);
        seen[id] = 1;
        if (id % 2)
            continue;
        report = rig_report(ids[id / 2], 1, "demo-at-mock-a");
        report.resume_token = (struct slice){(const char *)reply->decision->resume_token.data,
                                             reply->decision->resume_token.len};
        rig_items_add(&items, id + 1, rig_question_bytes(rig, &report));
    }
    return (unsigned)replies->n_items;
}

/* Item 2n admits request n and item 2n + 1 reports on it. */
static void ten_thousand_items_are_each_answered_once(void **state)
{
    static struct uuid ids[REQUESTS];
    static unsigned char seen[2 * REQUESTS];
    struct rig *rig = *state;
    struct rig_stream stream;
    unsigned answered = 0, admitted = 0;

    memset(seen, 0, sizeof seen);
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    while (answered < 2 * REQUESTS) {
        Signalbox__V1__StreamDecideResponse *replies;

        while (admitted < REQUESTS && 2 * admitted < answered + 128) {
            for (unsigned i = 0; i < BATCH && admitted < REQUESTS; i++, admitted++) {
                ids[admitted] = uuid_make(clock_unix_ms());
                add_admission(rig, (uint64_t)2 * admitted, ids[admitted]);
            }
        }
        if (items.len)
            assert_true(rig_stream_send(&stream, take_items()));
        replies = receive(&stream);
        assert_non_null(replies);
        answered += answer_reports(rig, replies, ids, seen);
    }
    rig_stream_half_close(&stream);
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_OK);
}

/* The same question twice in one message: the second finds what the first one did. */
static void items_of_one_request_are_applied_in_order(void **state)
{
    struct rig *rig = *state;
    struct uuid id = uuid_make(clock_unix_ms());
    struct question other = rig_admission(id);
    struct rig_stream stream;
    unsigned answered = 0;

    other.facts.requested_model = SLICE_LITERAL("another-model");
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    add_admission(rig, 1, id);
    add_admission(rig, 2, id);
    rig_items_add(&items, 3, rig_question_bytes(rig, &other));
    assert_true(rig_stream_send(&stream, take_items()));
    while (answered < 3) {
        Signalbox__V1__StreamDecideResponse *replies = receive(&stream);

        assert_non_null(replies);
        for (size_t i = 0; i < replies->n_items; i++, answered++)
            assert_int_equal(replies->items[i]->outcome_case,
                             replies->items[i]->correlation_id == 3
                                 ? SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_ERROR
                                 : SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_DECISION);
    }
    rig_stream_half_close(&stream);
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_OK);
}

static void a_bad_item_fails_alone(void **state)
{
    struct rig *rig = *state;
    struct question bad = rig_admission(uuid_make(clock_unix_ms()));
    struct rig_stream stream;
    unsigned good = 0, failed = 0;

    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    add_admission(rig, 1, uuid_make(clock_unix_ms()));
    rig_items_add(&items, 2, (struct slice){"\xff", 1});
    rig_items_add(&items, 3, (struct slice){"\x1a\x04\x0a\x02\xc3\x28", 6});
    bad.boundary = 3;
    rig_items_add(&items, 4, rig_question_bytes(rig, &bad));
    add_admission(rig, 5, uuid_make(clock_unix_ms()));
    assert_true(rig_stream_send(&stream, take_items()));
    while (good + failed < 5) {
        Signalbox__V1__StreamDecideResponse *replies = receive(&stream);

        assert_non_null(replies);
        for (size_t i = 0; i < replies->n_items; i++) {
            const Signalbox__V1__StreamDecideReply *reply = replies->items[i];
            bool is_bad = reply->correlation_id >= 2 && reply->correlation_id <= 4;

            assert_int_equal(
                reply->outcome_case == SIGNALBOX__V1__STREAM_DECIDE_REPLY__OUTCOME_ERROR, is_bad);
            if (is_bad)
                assert_int_equal(reply->error->code, GRPC_STATUS_INVALID_ARGUMENT);
            good += !is_bad;
            failed += is_bad;
        }
    }
    rig_stream_half_close(&stream);
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_OK);
}

static void a_message_may_carry_256_items_and_no_more(void **state)
{
    struct rig *rig = *state;
    struct rig_stream stream;
    unsigned answered = 0;

    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    for (unsigned i = 0; i < 256; i++)
        add_admission(rig, i, uuid_make(clock_unix_ms()));
    assert_true(rig_stream_send(&stream, take_items()));
    while (answered < 256) {
        Signalbox__V1__StreamDecideResponse *replies = receive(&stream);

        assert_non_null(replies);
        answered += (unsigned)replies->n_items;
    }
    for (unsigned i = 0; i < 257; i++)
        rig_items_add(&items, i, (struct slice){"", 0});
    assert_true(rig_stream_send(&stream, take_items()));
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_RESOURCE_EXHAUSTED);
}

static void a_malformed_message_ends_the_stream_behind_what_is_open(void **state)
{
    struct rig *rig = *state;
    struct question refused = rig_admission(uuid_make(clock_unix_ms()));
    struct rig_stream stream;
    Signalbox__V1__StreamDecideResponse *replies;

    refused.facts.workload = SLICE_LITERAL("no-such-workload"); /* waits for its commit */
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    rig_items_add(&items, 7, rig_question_bytes(rig, &refused));
    assert_true(rig_stream_send(&stream, take_items()));
    assert_true(rig_stream_send(&stream, (struct slice){"\x0a\x05\x08", 3}));
    replies = receive(&stream);
    assert_non_null(replies);
    assert_int_equal(replies->items[0]->correlation_id, 7);
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_INVALID_ARGUMENT);
}

static void a_stream_needs_a_token_that_may(void **state)
{
    struct rig *rig = *state;
    struct rig_stream stream;

    rig_stream_open(&stream, rig, STREAM, NULL);
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_UNAUTHENTICATED);
    rig_stream_open(&stream, rig, STREAM, "sbx_wrong");
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_UNAUTHENTICATED);
}

static void a_revoked_token_ends_its_open_stream(void **state)
{
    struct rig *rig = *state;
    Signalbox__V1__ListKeysRequest list;
    Signalbox__V1__ListKeysResponse *keys;
    Signalbox__V1__RevokeKeyRequest revoke;
    struct rig_stream stream;

    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    add_admission(rig, 1, uuid_make(clock_unix_ms()));
    assert_true(rig_stream_send(&stream, take_items()));
    assert_non_null(receive(&stream));
    signalbox__v1__list_keys_request__init(&list);
    keys = rig_ask(rig, "/signalbox.v1.KeyService/ListKeys", &list.base,
                   &signalbox__v1__list_keys_response__descriptor);
    for (size_t i = 0; i < keys->n_keys; i++) {
        if (keys->keys[i]->role != SIGNALBOX__V1__ROLE__ROLE_GATEWAY)
            continue;
        signalbox__v1__revoke_key_request__init(&revoke);
        revoke.key_id = keys->keys[i]->key_id;
        (void)rig_ask(rig, "/signalbox.v1.KeyService/RevokeKey", &revoke.base,
                      &signalbox__v1__revoke_key_response__descriptor);
    }
    add_admission(rig, 2, uuid_make(clock_unix_ms()));
    assert_true(rig_stream_send(&stream, take_items()));
    assert_null(receive(&stream));
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_UNAUTHENTICATED);
}

/* Asks with traces and never reads: the decider must stop reading from it, and keep its memory. */
static void a_slow_reader_does_not_grow_memory(void **state)
{
    struct rig *rig = *state;
    struct rig_stream stream;
    struct slice bytes;
    size_t before;
    unsigned messages = 0;

    for (unsigned i = 0; i < 128; i++) {
        struct question question = rig_admission(uuid_make(clock_unix_ms()));

        question.want_trace = question.want_record = true;
        rig_items_add(&items, i, rig_question_bytes(rig, &question));
    }
    bytes = take_items();
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    assert_true(rig_stream_send(&stream, bytes)); /* the requests exist from here on */
    before = rig_memory_bytes(rig);
    for (; messages < 2000; messages++) {
        rig_stream_send_start(&stream, bytes);
        if (!rig_wait(rig, &stream.sent, 500))
            break;
        assert_true(stream.sent.ok);
    }
    assert_true(messages < 2000);
    assert_true(RIG_SANITIZED || rig_memory_bytes(rig) < before + (size_t)64 * 1024 * 1024);
    /* It goes on as soon as somebody reads. */
    assert_non_null(receive(&stream));
    while (!stream.sent.done)
        assert_non_null(receive(&stream));
    rig_stream_cancel(&stream);
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_CANCELLED);
}

static void streams_that_break_leave_the_decider_well(void **state)
{
    struct rig *rig = *state;

    for (unsigned i = 0; i < 100; i++) {
        struct question refused = rig_admission(uuid_make(clock_unix_ms()));
        struct rig_stream stream;

        refused.facts.workload = SLICE_LITERAL("no-such-workload");
        rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
        rig_items_add(&items, 1, rig_question_bytes(rig, &refused));
        add_admission(rig, 2, uuid_make(clock_unix_ms()));
        assert_true(rig_stream_send(&stream, take_items()));
        if (i % 3 == 0)
            assert_non_null(receive(&stream));
        rig_stream_cancel(&stream);
        (void)rig_stream_finish(&stream);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(ten_thousand_items_are_each_answered_once),
        RIG_TEST(items_of_one_request_are_applied_in_order),
        RIG_TEST(a_bad_item_fails_alone),
        RIG_TEST(a_message_may_carry_256_items_and_no_more),
        RIG_TEST(a_malformed_message_ends_the_stream_behind_what_is_open),
        RIG_TEST(a_stream_needs_a_token_that_may),
        RIG_TEST(a_revoked_token_ends_its_open_stream),
        RIG_TEST(a_slow_reader_does_not_grow_memory),
        RIG_TEST(streams_that_break_leave_the_decider_well),
    };

    return rig_main("decider_streams", tests, sizeof tests / sizeof *tests);
}
