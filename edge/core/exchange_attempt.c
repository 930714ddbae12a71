/* One attempt: sent, watched against its limits, ended. The commit point is here: a piece leaves
 * for the client only when the decision's hold says so, and never before output.
 *
 * Deadlines that move with every piece are only noted; the timer fires early, looks, and is set
 * again. */
#include "core/estimate.h"
#include "core/exchange_private.h"
#include "core/rewrite.h"

#define HELD_BYTES_MAX ((size_t)1024 * 1024)

static uint64_t after(const struct exchange *x, uint32_t ms)
{
    return ms ? x->now.ms + ms : 0;
}

static void sooner(uint64_t *at, uint64_t candidate)
{
    if (candidate && (!*at || candidate < *at))
        *at = candidate;
}

static uint64_t next_due(const struct exchange *x)
{
    uint64_t at = 0;

    switch (x->state) {
    case EXCHANGE_DELAYING:
        at = x->delay_until;
        sooner(&at, x->caller_deadline_at);
        break;
    case EXCHANGE_SENDING:
    case EXCHANGE_RELAYING:
        at = x->total_at;
        sooner(&at, x->caller_deadline_at);
        sooner(&at, x->first_output_at);
        sooner(&at, x->blocked ? x->stall_at : x->idle_at);
        sooner(&at, x->hold_until);
        break;
    case EXCHANGE_RESENDING:
        at = x->resend_at;
        break;
    case EXCHANGE_NEW:
    case EXCHANGE_ADMITTING:
    case EXCHANGE_REPORTING:
    case EXCHANGE_ENDED:
    case EXCHANGE_STATES_END:
        break;
    }
    return at;
}

/* A timer that is set too early stays: it is cheaper to look once more than to move it. */
void exchange_rearm(struct exchange *x)
{
    uint64_t at = next_due(x);

    if (at == x->timer_at || (at && x->timer_at && x->timer_at < at && x->timer_at > x->now.ms))
        return;
    x->timer_at = at;
    x->ops->set_timer(x->context, at);
}

static enum result write_body(struct exchange *x)
{
    buf_clear(&x->body);
    return rewrite_chat(x->request, &x->sent->decision, x->bench->scanner, &x->body);
}

void exchange_begin_attempt(struct exchange *x)
{
    const struct decision *decision = &x->last->decision;
    const char *code = "override_invalid";
    struct upstream_call call = {
        .base_url = decision->route.base_url,
        .path = SLICE_LITERAL("/chat/completions"),
        .credential = decision->route.credential,
        .headers = x->request->forwarded,
        .headers_count = x->request->forwarded_count,
        .connect_ms = decision->timeouts.connect_ms,
        .total_ms = decision->timeouts.total_ms,
        .stream = x->request->facts.stream,
    };

    if (!call.total_ms)
        call.total_ms = TOTAL_TIMEOUT_MS_MAX;
    x->sent = x->last;
    x->attempts++;
    x->visible = x->in_hand = x->blocked = false;
    buf_clear(&x->held);
    observation_start(&x->observation, x->request, x->now.ms, x->now.unix_ms);
    x->first_output_at = after(x, decision->timeouts.first_output_ms);
    x->total_at = after(x, call.total_ms);
    x->idle_at = x->hold_until = x->stall_at = 0;
    if (write_body(x) == RESULT_OK) {
        call.body = buf_slice(&x->body);
        x->upstream_open = x->ops->send(x->context, &call, &code);
    }
    if (!x->upstream_open) {
        const struct attempt_end end = {.transport = TRANSPORT_CONNECT_REFUSED, .code = code};

        exchange_report(x, &end);
        return;
    }
    x->state = EXCHANGE_SENDING;
    exchange_rearm(x);
}

void exchange_end_delay(struct exchange *x, const struct exchange_event *event)
{
    (void)event;
    if (exchange_deadline_passed(x)) {
        const struct attempt_end end = {.transport = TRANSPORT_CLIENT_LEFT,
                                        .caller_deadline_passed = true};

        exchange_report_unsent(x, &end);
    } else if (x->now.ms < x->delay_until) {
        exchange_rearm(x);
    } else {
        exchange_begin_attempt(x);
    }
}

void exchange_leave_delay(struct exchange *x, const struct exchange_event *event)
{
    const struct attempt_end end = {.transport = TRANSPORT_CLIENT_LEFT, .caller_gone = true};

    (void)event;
    exchange_report_unsent(x, &end);
}

/* --- The commit point --------------------------------------------------------------------------
 */

static bool hold_is_over(struct exchange *x)
{
    const struct hold *hold = &x->sent->decision.hold;
    size_t bytes_max =
        hold->bytes_max && hold->bytes_max < HELD_BYTES_MAX ? hold->bytes_max : HELD_BYTES_MAX;

    if (x->held.len > bytes_max)
        return true;
    switch (hold->until) {
    case HOLD_OUTPUT_TOKENS:
        return estimate_tokens(x->observation.reading.output_bytes) >= hold->amount;
    case HOLD_OUTPUT_MILLISECONDS:
        if (!x->hold_until)
            x->hold_until = x->now.ms + hold->amount;
        return x->now.ms >= x->hold_until;
    case HOLD_OUTPUT_WHOLE:
        return false;
    case HOLD_OUTPUT_UNTIL_FIRST:
    case HOLD_OUTPUT_UNSPECIFIED:
    case HOLD_OUTPUT_END:
        break;
    }
    return true;
}

static void commit(struct exchange *x)
{
    x->hold_until = 0;
    x->state = EXCHANGE_RELAYING;
    exchange_release(x);
}

void exchange_on_piece(void *context, enum piece piece, struct slice raw)
{
    struct exchange *x = context;

    if (piece == PIECE_END)
        return;
    if (x->state == EXCHANGE_RELAYING) {
        x->ops->relay(x->context, raw);
        return;
    }
    buf_put_slice(&x->held, raw);
    if (!x->observation.output_seen)
        return;
    x->first_output_at = 0;
    if (hold_is_over(x))
        commit(x);
}

/* --- Watching ----------------------------------------------------------------------------------
 */

static void end_attempt(struct exchange *x, const struct attempt_end *end)
{
    struct attempt_end whole = *end;

    if (x->upstream_open) {
        x->upstream_open = false;
        whole.body_sent = x->ops->cancel(x->context);
    }
    exchange_report(x, &whole);
}

void exchange_look_upstream(struct exchange *x, const struct exchange_event *event)
{
    static const struct attempt_end whole = {.transport = TRANSPORT_COMPLETED, .body_sent = true};
    uint32_t idle_ms = x->sent->decision.timeouts.idle_ms;

    if (x->observation.state == OBSERVATION_ENDED) {
        if (x->upstream_open) {
            x->upstream_open = false;
            x->ops->let_go(x->context);
        }
        exchange_report(x, &whole);
    } else if (x->observation.state == OBSERVATION_FAULT || buf_failed(&x->held)) {
        end_attempt(x, &whole);
    } else if (event->end) {
        end_attempt(x, event->end);
    } else {
        if (x->observation.state == OBSERVATION_STREAM)
            x->idle_at = after(x, idle_ms);
        exchange_rearm(x);
    }
}

static bool is_due(const struct exchange *x, uint64_t at)
{
    return at && x->now.ms >= at;
}

static void time_out(struct exchange *x, enum phase phase)
{
    const struct attempt_end end = {.transport = TRANSPORT_TIMED_OUT, .phase = phase};

    end_attempt(x, &end);
}

void exchange_check_limits(struct exchange *x, const struct exchange_event *event)
{
    (void)event;
    if (exchange_deadline_passed(x)) {
        const struct attempt_end end = {
            .transport = TRANSPORT_TIMED_OUT, .phase = PHASE_TOTAL, .caller_deadline_passed = true};
        end_attempt(x, &end);
    } else if (is_due(x, x->total_at)) {
        time_out(x, PHASE_TOTAL);
    } else if (is_due(x, x->first_output_at)) {
        time_out(x, PHASE_FIRST_OUTPUT);
    } else if (x->blocked && is_due(x, x->stall_at)) {
        exchange_client_left(x, x->now);
    } else if (!x->blocked && is_due(x, x->idle_at)) {
        time_out(x, PHASE_IDLE);
    } else {
        if (is_due(x, x->hold_until))
            commit(x);
        exchange_rearm(x);
    }
}

void exchange_leave_attempt(struct exchange *x, const struct exchange_event *event)
{
    const struct attempt_end end = {.transport = TRANSPORT_CLIENT_LEFT, .caller_gone = true};

    (void)event;
    end_attempt(x, &end);
}
