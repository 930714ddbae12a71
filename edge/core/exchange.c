/* The table, the questions and the answers: what is asked at each boundary and who carries out what
 * comes back.
 *
 * A request whose client has gone or was served still has to be settled: a route that is offered to
 * it is reported as never sent, until the decider says that it is over. */
#include "base/invariant.h"
#include "core/exchange_private.h"

#define RESEND_PAUSE_MS_MAX 30000
#define KEPT_BYTES_MAX      (64 * 1024)

static const struct state_row {
    const char *name;
    exchange_handler on_answer;
    exchange_handler on_upstream;
    exchange_handler on_timer;
    exchange_handler on_leaving;
} states[] = {
#define S(STATE, on_answer, on_upstream, on_timer, on_leaving, sentence)                           \
    [EXCHANGE_##STATE] = {#STATE, on_answer, on_upstream, on_timer, on_leaving},
#include "core/exchange.def"
#undef S
};

const char *exchange_state_name(enum exchange_state state)
{
    return states[state].name;
}

void exchange_init(struct exchange *exchange,
                   const struct exchange_ops *ops,
                   struct bench *bench,
                   const struct exchange_limits *limits)
{
    memset(exchange, 0, sizeof *exchange);
    exchange->ops = ops;
    exchange->bench = bench;
    exchange->limits = *limits;
    observation_init(&exchange->observation, bench, limits->answer_bytes_max);
    buf_init(&exchange->body, (size_t)1 << 30);
    buf_init(&exchange->held, 2 * SSE_EVENT_BYTES_MAX);
}

void exchange_done(struct exchange *exchange)
{
    observation_done(&exchange->observation);
    buf_done(&exchange->body);
    buf_done(&exchange->held);
}

bool exchange_deadline_passed(const struct exchange *x)
{
    return x->caller_deadline_at && x->now.ms >= x->caller_deadline_at;
}

static void ask(struct exchange *x)
{
    uint64_t deadline = x->caller_deadline_at;

    x->question.deadline_ms = 0;
    if (deadline)
        x->question.deadline_ms = deadline > x->now.ms ? (uint32_t)(deadline - x->now.ms) : 1;
    x->asking = true;
    x->ops->ask(x->context, &x->question, DECIDER_WAIT_MS);
}

/* A buffer that one request made large is not kept for all that follow. */
static void shrink(struct buf *buf)
{
    size_t bytes_max = buf->bytes_max;

    if (buf->capacity > KEPT_BYTES_MAX) {
        buf_done(buf);
        buf_init(buf, bytes_max);
    }
    buf_clear(buf);
}

static void reset(struct exchange *x)
{
    shrink(&x->body);
    shrink(&x->held);
    x->timer_at = 0;
    x->last = x->sent = NULL;
    x->attempts = 0;
    memset(&x->question, 0, sizeof x->question);
    x->begun = x->visible = x->responded = x->client_gone = x->asking = false;
    x->in_hand = x->blocked = x->upstream_open = false;
    x->delay_until = x->first_output_at = x->idle_at = x->total_at = 0;
    x->hold_until = x->stall_at = x->resend_at = x->resend_until = 0;
    x->resend_pause_ms = 0;
}

void exchange_start(struct exchange *exchange,
                    void *context,
                    struct request *request,
                    struct moment now)
{
    struct exchange *x = exchange;

    reset(x);
    x->context = context;
    x->request = request;
    x->now = now;
    x->caller_deadline_at = request->deadline_ms ? now.ms + request->deadline_ms : 0;
    x->observation.on_piece = exchange_on_piece;
    x->observation.context = x;
    x->question.request_id = request->id;
    x->question.has_facts = true;
    x->question.facts = request->facts;
    x->state = EXCHANGE_ADMITTING;
    ask(x);
}

void exchange_end(struct exchange *x, bool acknowledged)
{
    x->state = EXCHANGE_ENDED;
    exchange_rearm(x);
    x->ops->ended(x->context, acknowledged);
}

/* --- Questions ---------------------------------------------------------------------------------
 */

void exchange_report(struct exchange *x, const struct attempt_end *end)
{
    struct question *question = &x->question;

    question->boundary = x->attempts;
    question->has_facts = false;
    question->has_report = true;
    question->resume_token = x->last->decision.resume_token;
    observation_report(&x->observation, end, x->visible, x->now.ms, &question->report);
    question->report.route = x->sent->decision.route.id;
    x->in_hand = question->report.transport == TRANSPORT_COMPLETED &&
                 question->report.body_state == BODY_STATE_ANSWER && !end->caller_gone &&
                 !end->caller_deadline_passed;
    x->state = EXCHANGE_REPORTING;
    exchange_rearm(x);
    ask(x);
}

void exchange_report_unsent(struct exchange *x, const struct attempt_end *end)
{
    x->sent = x->last;
    x->attempts++;
    x->visible = false;
    observation_start(&x->observation, x->request, x->now.ms, x->now.unix_ms);
    exchange_report(x, end);
}

static void report_declined(struct exchange *x)
{
    const struct attempt_end end = {
        .transport = TRANSPORT_CLIENT_LEFT,
        .caller_gone = x->client_gone || x->responded,
        .caller_deadline_passed = exchange_deadline_passed(x),
    };

    exchange_report_unsent(x, &end);
}

/* --- Answers -----------------------------------------------------------------------------------
 */

static void carry_out_route(struct exchange *x)
{
    const struct decision *decision = &x->last->decision;

    if (x->visible && !decision->restart_output && !x->responded && !x->client_gone)
        exchange_fail(x, x->last);
    if (x->client_gone || x->responded || exchange_deadline_passed(x)) {
        report_declined(x);
        return;
    }
    if (decision->restart_output && x->begun)
        exchange_mark_restart(x);
    x->state = EXCHANGE_DELAYING;
    x->delay_until = x->now.ms + decision->delay_ms;
    if (decision->delay_ms)
        exchange_rearm(x);
    else
        exchange_begin_attempt(x);
}

static bool is_over(const struct exchange *x)
{
    return x->client_gone || x->responded;
}

static void carry_out(struct exchange *x)
{
    const struct decision *decision = &x->last->decision;

    x->ops->decided(x->context, x->last);
    switch (decision->action) {
    case ACTION_SEND:
    case ACTION_RETRY:
    case ACTION_FALLBACK:
        if (decision->has_route && x->attempts < ATTEMPTS_MAX) {
            carry_out_route(x);
            return;
        }
        break;
    case ACTION_COMPLETE:
        if (!is_over(x))
            exchange_deliver(x, x->last);
        exchange_end(x, true);
        return;
    case ACTION_QUEUE:
        if (!is_over(x))
            exchange_fail_queued(x, x->last);
        exchange_end(x, true);
        return;
    case ACTION_FAIL_CLOSED:
    case ACTION_UNSPECIFIED:
    case ACTION_END:
        break;
    }
    if (!is_over(x))
        exchange_fail(x, x->last);
    exchange_end(x, true);
}

/* Whether asking the same again may be answered. */
static bool may_pass(enum result result)
{
    return result == RESULT_TIMEOUT || result == RESULT_UNAVAILABLE || result == RESULT_FULL;
}

static void wait_to_resend(struct exchange *x)
{
    if (x->state != EXCHANGE_RESENDING) {
        x->state = EXCHANGE_RESENDING;
        x->resend_until = x->now.ms + x->limits.resend_ms;
        x->resend_pause_ms = 250;
        buf_clear(&x->held);
    }
    x->resend_pause_ms *= 2;
    if (x->resend_pause_ms > RESEND_PAUSE_MS_MAX)
        x->resend_pause_ms = RESEND_PAUSE_MS_MAX;
    x->resend_at = x->now.ms + x->resend_pause_ms;
    if (x->resend_at > x->resend_until)
        exchange_end(x, false);
    else
        exchange_rearm(x);
}

static void do_without(struct exchange *x, const struct answer *answer)
{
    bool settles = x->question.has_report;

    if (!is_over(x)) {
        if (x->in_hand)
            exchange_deliver(x, NULL);
        else
            exchange_fail(x, answer);
    }
    if (settles && may_pass(answer->result))
        wait_to_resend(x);
    else
        exchange_end(x, false);
}

static bool take_any(struct exchange *x, const struct answer *answer)
{
    x->asking = false;
    if (answer->result == RESULT_ADMISSION_NEEDED && !x->question.has_facts) {
        x->question.has_facts = true;
        x->question.facts = x->request->facts;
        ask(x);
        return false;
    }
    if (answer->result != RESULT_OK)
        return true;
    x->last = answer;
    carry_out(x);
    return false;
}

void exchange_take_answer(struct exchange *x, const struct exchange_event *event)
{
    if (take_any(x, event->answer))
        do_without(x, event->answer);
}

void exchange_take_receipt(struct exchange *x, const struct exchange_event *event)
{
    if (!take_any(x, event->answer))
        return;
    if (may_pass(event->answer->result))
        wait_to_resend(x);
    else
        exchange_end(x, false);
}

void exchange_ask_again(struct exchange *x, const struct exchange_event *event)
{
    (void)event;
    if (x->asking || x->now.ms < x->resend_at) {
        exchange_rearm(x);
        return;
    }
    x->resend_at = 0;
    exchange_rearm(x);
    ask(x);
}

void exchange_note_leaving(struct exchange *x, const struct exchange_event *event)
{
    (void)event;
    exchange_rearm(x);
}

/* --- Events ------------------------------------------------------------------------------------
 */

static void
dispatch(struct exchange *x, exchange_handler handler, const struct exchange_event *event)
{
    if (handler)
        handler(x, event);
}

void exchange_answer(struct exchange *exchange, const struct answer *answer, struct moment now)
{
    struct exchange_event event = {.answer = answer};

    invariant(exchange->asking);
    exchange->now = now;
    dispatch(exchange, states[exchange->state].on_answer, &event);
}

void exchange_header(struct exchange *exchange, struct slice name, struct slice value)
{
    if (exchange->upstream_open)
        observation_header(&exchange->observation, name, value);
}

void exchange_head(struct exchange *exchange, unsigned status, struct moment now)
{
    exchange->now = now;
    if (exchange->upstream_open)
        observation_head(&exchange->observation, status);
}

void exchange_bytes(struct exchange *exchange, struct slice bytes, struct moment now)
{
    struct exchange_event event = {0};

    exchange->now = now;
    if (!exchange->upstream_open)
        return;
    observation_bytes(&exchange->observation, bytes, now.ms);
    dispatch(exchange, states[exchange->state].on_upstream, &event);
}

void exchange_upstream_end(struct exchange *exchange,
                           const struct attempt_end *end,
                           struct moment now)
{
    struct exchange_event event = {.end = end};

    exchange->now = now;
    if (!exchange->upstream_open)
        return;
    exchange->upstream_open = false;
    dispatch(exchange, states[exchange->state].on_upstream, &event);
}

void exchange_timer(struct exchange *exchange, struct moment now)
{
    struct exchange_event event = {0};

    exchange->now = now;
    exchange->timer_at = 0;
    dispatch(exchange, states[exchange->state].on_timer, &event);
}

void exchange_client_left(struct exchange *exchange, struct moment now)
{
    struct exchange_event event = {0};

    exchange->now = now;
    if (exchange->client_gone || exchange->responded)
        return;
    exchange->client_gone = true;
    dispatch(exchange, states[exchange->state].on_leaving, &event);
}

void exchange_flow(struct exchange *exchange, bool blocked, struct moment now)
{
    struct exchange *x = exchange;

    x->now = now;
    if (x->blocked == blocked || x->state != EXCHANGE_RELAYING)
        return;
    x->blocked = blocked;
    x->stall_at = blocked ? now.ms + x->limits.stall_ms : 0;
    if (!blocked && x->sent->decision.timeouts.idle_ms)
        x->idle_at = now.ms + x->sent->decision.timeouts.idle_ms;
    exchange_rearm(x);
}
