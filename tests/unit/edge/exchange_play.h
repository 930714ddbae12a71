/* An exchange on a stage: its ops write down what they are asked to do, and time is a number.
 * exchange_moves.h has what decider and provider can do to it. */
#ifndef TESTS_UNIT_EDGE_EXCHANGE_PLAY_H
#define TESTS_UNIT_EDGE_EXCHANGE_PLAY_H

#include "core/exchange.h"
#include "fixture.h"

#define PLAY_BODY "{\"model\":\"asked\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

#define PLAY_STREAM_BODY "{\"model\":\"asked\",\"stream\":true,\"messages\":[{\"role\":\"user\"}]}"

#define CHUNK(text)                                                                                \
    "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define ROLE_CHUNK "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"

#define FINISH_CHUNK "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE_CHUNK                                                                                \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n"
#define DONE "data: [DONE]\n\n"
#define ANSWER                                                                                     \
    "{\"model\":\"m-2026\",\"choices\":[{\"message\":{\"content\":\"hello\"},\"finish_reason\":"   \
    "\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}"

struct play {
    struct fixture fixture;
    struct exchange exchange;
    struct bench bench;
    struct moment now;
    struct answer answers[32];
    unsigned answers_count;

    unsigned asks, sends, cancels, let_gos, responses, begins, finishes, decided, ends;
    struct question question; /* the last one */
    const char *refuse_send;  /* set: the next send fails with it */
    bool body_sent;           /* what cancel says */
    bool upstream_open, clean, acknowledged;
    char sent_body[2048];
    char base_url[64];
    struct response response;
    struct buf client; /* what was relayed */
    uint64_t timer_at;
};

static void play_ask(void *context, const struct question *question, uint32_t timeout_ms)
{
    struct play *play = context;

    assert_int_equal(timeout_ms, DECIDER_WAIT_MS);
    play->asks++;
    play->question = *question;
}

static bool play_send(void *context, const struct upstream_call *call, const char **reterr_code)
{
    struct play *play = context;

    assert_false(play->upstream_open);
    play->sends++;
    snprintf(play->sent_body, sizeof play->sent_body, "%.*s", (int)call->body.len, call->body.ptr);
    snprintf(play->base_url, sizeof play->base_url, "%.*s", (int)call->base_url.len,
             call->base_url.ptr);
    assert_slice(call->path, "/chat/completions");
    if (play->refuse_send)
        *reterr_code = play->refuse_send;
    play->upstream_open = !play->refuse_send;
    return play->upstream_open;
}

static bool play_cancel(void *context)
{
    struct play *play = context;

    assert_true(play->upstream_open);
    play->upstream_open = false;
    play->cancels++;
    return play->body_sent;
}

static void play_let_go(void *context)
{
    struct play *play = context;

    assert_true(play->upstream_open);
    play->upstream_open = false;
    play->let_gos++;
}

static void play_respond(void *context, const struct response *response)
{
    struct play *play = context;

    assert_int_equal(play->responses + play->begins, 0);
    play->responses++;
    play->response = *response;
}

static void play_begin(void *context, const struct response *head)
{
    struct play *play = context;

    assert_int_equal(play->responses + play->begins, 0);
    play->begins++;
    play->response = *head;
}

static void play_relay(void *context, struct slice bytes)
{
    struct play *play = context;

    assert_int_equal(play->begins, 1);
    assert_int_equal(play->finishes, 0);
    buf_put_slice(&play->client, bytes);
}

static void play_finish(void *context, bool clean)
{
    struct play *play = context;

    assert_int_equal(play->begins, 1);
    play->finishes++;
    play->clean = clean;
}

static void play_set_timer(void *context, uint64_t at_ms)
{
    ((struct play *)context)->timer_at = at_ms;
}

static void play_decided(void *context, const struct answer *answer)
{
    assert_int_equal(answer->result, RESULT_OK);
    ((struct play *)context)->decided++;
}

static void play_ended(void *context, bool acknowledged)
{
    struct play *play = context;

    assert_false(play->upstream_open);
    play->ends++;
    play->acknowledged = acknowledged;
}

static const struct exchange_ops play_ops = {
    play_ask,   play_send,   play_cancel,    play_let_go,  play_respond, play_begin,
    play_relay, play_finish, play_set_timer, play_decided, play_ended,
};

static inline void play_init(struct play *play)
{
    static const struct exchange_limits limits = {4096, 5000, 60000};

    memset(play, 0, sizeof *play);
    fixture_init(&play->fixture);
    play->now = (struct moment){1000000, 1700000000000};
    play->bench.scanner = play->fixture.scanner;
    buf_init(&play->bench.scratch, 1 << 20);
    buf_init(&play->client, 1 << 20);
    exchange_init(&play->exchange, &play_ops, &play->bench, &limits);
}

static inline void play_start(struct play *play, const char *body, uint32_t deadline_ms)
{
    if (!fixture_inspect(&play->fixture, slice_of(body)))
        fail_msg("refused: %s", body);
    play->fixture.request.deadline_ms = deadline_ms;
    exchange_start(&play->exchange, play, &play->fixture.request, play->now);
}

static inline void play_done(struct play *play)
{
    exchange_done(&play->exchange);
    buf_done(&play->bench.scratch);
    buf_done(&play->client);
    fixture_done(&play->fixture);
}

static inline void play_wait(struct play *play, uint64_t ms)
{
    play->now.ms += ms;
    play->now.unix_ms += (int64_t)ms;
}

/* Lets time pass; the timer fires when it is due. */
static inline void play_pass(struct play *play, uint64_t ms)
{
    uint64_t until = play->now.ms + ms;

    while (play->timer_at && play->timer_at <= until) {
        uint64_t at = play->timer_at;

        if (at > play->now.ms)
            play_wait(play, at - play->now.ms);
        play->timer_at = 0;
        exchange_timer(&play->exchange, play->now);
    }
    play_wait(play, until - play->now.ms);
}

static inline struct answer *play_next_answer(struct play *play)
{
    struct answer *answer = &play->answers[play->answers_count++];

    memset(answer, 0, sizeof *answer);
    answer->result = RESULT_OK;
    answer->decision.policy_id = SLICE_LITERAL("p");
    answer->decision.policy_version = 2;
    answer->decision.resume_token = SLICE_LITERAL("token");
    return answer;
}

static inline void play_answer(struct play *play, const struct answer *answer)
{
    exchange_answer(&play->exchange, answer, play->now);
}

#endif
