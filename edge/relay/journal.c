/* Counters and log lines for what was decided. Never prompts, outputs, secrets or provider texts.
 */
#include "base/log.h"
#include "base/uuid.h"
#include "relay/metrics.h"
#include "relay/relay_private.h"

static struct slice id_text(const struct relay *relay, char *memory)
{
    uuid_format(relay->request.id, memory);
    return (struct slice){memory, UUID_TEXT_BYTES};
}

static void log_fallback(const struct relay *relay, const struct decision *decision)
{
    char memory[UUID_TEXT_BYTES + 1];

    log_event(LOG_INFO, "fallback", log_slice("request_id", id_text(relay, memory)),
              log_slice("policy", decision->policy_id),
              log_number("policy_version", decision->policy_version),
              log_slice("route", decision->route.id),
              log_text("tier", signalbox_tier_name(decision->route.tier)),
              log_text("failure", signalbox_failure_name(decision->failure)),
              log_slice("rule", decision->rule),
              log_text("reason", signalbox_reason_name(decision->reason)),
              log_number("delay_ms", decision->delay_ms));
}

static void log_request(const struct relay *relay, const struct answer *answer)
{
    const struct decision *decision = &answer->decision;
    char memory[UUID_TEXT_BYTES + 1];

    log_event(LOG_INFO, "request", log_slice("request_id", id_text(relay, memory)),
              log_slice("policy", decision->policy_id),
              log_number("policy_version", decision->policy_version),
              log_slice("requested_model", relay->request.facts.requested_model),
              log_slice("selected_model", decision->record.selected_model),
              log_slice("chain", answer->chain), log_number("attempts", relay->exchange.attempts),
              log_text("disposition", signalbox_disposition_name(decision->disposition)),
              log_text("failure", signalbox_failure_name(decision->failure)),
              log_text("reason", signalbox_reason_name(decision->reason)),
              log_number("cost_nusd", (int64_t)decision->record.cost_nusd));
}

void journal_decided(const struct relay *relay, const struct answer *answer)
{
    switch (answer->decision.action) {
    case ACTION_FALLBACK:
        metrics_count(EDGE_METRIC_FALLBACKS);
        log_fallback(relay, &answer->decision);
        return;
    case ACTION_RETRY:
        metrics_count(EDGE_METRIC_RETRIES);
        return;
    case ACTION_SEND:
        return;
    case ACTION_COMPLETE:
        metrics_count(EDGE_METRIC_COMPLETED);
        break;
    case ACTION_QUEUE:
        metrics_count(EDGE_METRIC_QUEUED);
        break;
    case ACTION_FAIL_CLOSED:
        metrics_count(EDGE_METRIC_FAILED_CLOSED);
        break;
    case ACTION_UNSPECIFIED:
    case ACTION_END:
        break;
    }
    log_request(relay, answer);
}

void journal_unacknowledged(const struct relay *relay)
{
    char memory[UUID_TEXT_BYTES + 1];
    const struct answer *last = relay->answers ? asking_answer(relay->answers) : NULL;

    bool reported = relay->exchange.question.has_report;

    if (reported)
        metrics_count(EDGE_METRIC_RESENT);
    log_event(LOG_WARN, reported ? "unacknowledged" : "undecided",
              log_slice("request_id", id_text(relay, memory)),
              log_number("boundary", relay->exchange.question.boundary),
              log_text("result", result_row(last ? last->result : RESULT_NO_MEMORY)->name),
              log_slice("message", last ? last->message : (struct slice){NULL, 0}));
}
