/* The moves of decider and provider in a test of the exchange. */
#ifndef TESTS_UNIT_EDGE_EXCHANGE_MOVES_H
#define TESTS_UNIT_EDGE_EXCHANGE_MOVES_H

#include "exchange_play.h"

/* SEND, RETRY or FALLBACK to a route; the test may change it before it gives it. */
static inline struct answer *play_route(struct play *play, enum action action, const char *id)
{
    struct answer *answer = play_next_answer(play);
    struct decision *decision = &answer->decision;

    decision->action = action;
    decision->has_route = true;
    decision->attempt = play->exchange.attempts + 1;
    decision->reason = action == ACTION_SEND    ? REASON_PRIMARY
                       : action == ACTION_RETRY ? REASON_RETRY
                                                : REASON_FALLBACK;
    decision->route =
        (struct route){.id = slice_of(id),
                       .provider = SLICE_LITERAL("prov"),
                       .model = slice_of(id),
                       .base_url = SLICE_LITERAL("https://x/v1"),
                       .tier = action == ACTION_FALLBACK ? TIER_SAME_FAMILY : TIER_PRIMARY};
    decision->timeouts = (struct timeouts){1000, 3000, 2000, 20000};
    return answer;
}

static inline void play_send_to(struct play *play, enum action action, const char *id)
{
    play_answer(play, play_route(play, action, id));
}

static inline void play_complete(struct play *play)
{
    struct answer *answer = play_next_answer(play);

    answer->decision.action = ACTION_COMPLETE;
    answer->decision.reason = REASON_SUCCESS;
    answer->decision.disposition = DISPOSITION_PRIMARY_SUCCESS;
    play_answer(play, answer);
}

static inline void play_fail_closed(struct play *play, const char *code, bool providers_body)
{
    struct answer *answer = play_next_answer(play);

    answer->decision.action = ACTION_FAIL_CLOSED;
    answer->decision.reason = REASON_TERMINAL_CLASS;
    answer->decision.disposition = DISPOSITION_FAIL_CLOSED;
    answer->decision.error = (struct client_error){.http_status = 502,
                                                   .type = SLICE_LITERAL("server_error"),
                                                   .code = slice_of(code),
                                                   .message = SLICE_LITERAL("It failed."),
                                                   .providers_body = providers_body};
    play_answer(play, answer);
}

static inline void play_no_answer(struct play *play, enum result result)
{
    struct answer *answer = play_next_answer(play);

    answer->result = result;
    play_answer(play, answer);
}

static inline void play_head(struct play *play, unsigned status, const char *type)
{
    exchange_header(&play->exchange, SLICE_LITERAL("content-type"), slice_of(type));
    exchange_head(&play->exchange, status, play->now);
}

static inline void play_bytes(struct play *play, const char *text)
{
    exchange_bytes(&play->exchange, slice_of(text), play->now);
}

static inline void play_end(struct play *play, enum transport transport)
{
    const struct attempt_end end = {.transport = transport, .body_sent = true};

    play->upstream_open = false;
    exchange_upstream_end(&play->exchange, &end, play->now);
}

/* A whole answer of the provider. */
static inline void play_provider(struct play *play, unsigned status, const char *body)
{
    play_head(play, status, "application/json");
    play_bytes(play, body);
    play_end(play, TRANSPORT_COMPLETED);
}

/* "" when it is not there. */
static inline struct slice play_header(const struct play *play, const char *name)
{
    for (unsigned i = 0; i < play->response.headers_count; i++)
        if (slice_is(play->response.headers[i].key, name))
            return play->response.headers[i].value;
    return (struct slice){"", 0};
}

static inline bool play_client_has(const struct play *play, const char *text)
{
    return play->client.len && memmem(play->client.ptr, play->client.len, text, strlen(text));
}

#define play_is(play, STATE)                                                                       \
    assert_string_equal(exchange_state_name((play)->exchange.state), #STATE)

#endif
