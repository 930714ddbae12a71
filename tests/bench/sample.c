#include "sample.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const char digest[32] = "\x9f\x86\xd0\x81\x88\x4c\x7d\x65\x9a\x2f\xea\xa0\xc5\x5a\xd0\x15"
                               "\xa3\xbf\x4f\x1b\x2b\x0b\x82\x2c\xd1\x5d\x6c\x15\xb0\xf0\x0a";

static const struct pair tags[] = {
    {TEXT("channel"), TEXT("web")},
    {TEXT("locale"), TEXT("de-DE")},
};

static const struct pair rate_limits[] = {
    {TEXT("x-ratelimit-remaining-requests"), TEXT("4998")},
    {TEXT("x-ratelimit-remaining-tokens"), TEXT("1998733")},
};

struct facts sample_facts(void)
{
    return (struct facts){
        .user = TEXT("u-48151623"),
        .app = TEXT("helpdesk"),
        .feature = TEXT("order-status"),
        .session = TEXT("ses_01HV8Q4Z7N"),
        .tags = {tags, 2},
        .client_request_id = TEXT("req-7f3a9c1e44d0"),
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .requested_model = TEXT("demo-model"),
        .stream = true,
        .needs = SET_OF(NEED_STREAMING) | SET_OF(NEED_STREAM_USAGE),
        .body_bytes = 1024,
        .body_digest = {digest, sizeof digest},
        .input_tokens_estimate = 256,
        .estimator = TEXT("bytes/4"),
        .max_output_tokens = 512,
        .choices = 1,
    };
}

struct report sample_success(void)
{
    struct report report = {
        .transport = TRANSPORT_COMPLETED,
        .http_status = 200,
        .rate_limits = {rate_limits, 2},
        .provider_request_id = TEXT("req_4d1f5c2ab09e4f6c8d7e"),
        .reported_model = TEXT("demo-model-2026-10-01"),
        .elapsed_ms = 1312,
        .first_output_ms = 240,
        .output_seen = true,
        .output_visible = true,
        .chunks = 112,
        .output_tokens_seen = 211,
        .finish = FINISH_STOP,
        .end_seen = true,
        .body_state = BODY_STATE_ANSWER,
        .body_sent = true,
        .response_bytes = 24310,
    };

    report.usage.amounts[UNIT_INPUT_TOKEN] = 261;
    report.usage.amounts[UNIT_CACHED_INPUT_TOKEN] = 128;
    report.usage.amounts[UNIT_OUTPUT_TOKEN] = 211;
    return report;
}

struct report sample_failure(void)
{
    return (struct report){
        .transport = TRANSPORT_COMPLETED,
        .http_status = 503,
        .error_type = TEXT("server_error"),
        .error_code = TEXT("service_unavailable"),
        .error_message = TEXT("The server is overloaded or not ready yet. Please try again later."),
        .provider_request_id = TEXT("req_4d1f5c2ab09e4f6c8d7e"),
        .elapsed_ms = 212,
        .body_sent = true,
        .response_bytes = 187,
    };
}

/* As long as the decider's with the names used here. */
static const char token[240] = "a token is opaque to who gets it";

struct decision sample_admitted(void)
{
    return (struct decision){
        .action = ACTION_SEND,
        .decision_id = 0x9f86d081884c7d65,
        .policy_id = TEXT("demo-chat-v1"),
        .policy_version = 1,
        .catalog_version = 1,
        .has_route = true,
        .route = {.id = TEXT(SAMPLE_ROUTE),
                  .provider = TEXT("mock-a"),
                  .account = TEXT("mock-a-main"),
                  .region = TEXT("local"),
                  .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
                  .model = TEXT("demo-model"),
                  .base_url = TEXT("http://127.0.0.1:9101/v1"),
                  .credential = TEXT("MOCK_A_KEY"),
                  .tier = TIER_PRIMARY},
        .attempt = 1,
        .timeouts = {1000, 10000, 10000, 120000},
        .output_tokens_cap = 512,
        .hold = {.until = HOLD_OUTPUT_UNTIL_FIRST},
        .reason = REASON_PRIMARY,
        .reservation_expires_unix_ms = 1795160000123,
        .resume_token = {token, sizeof token},
    };
}

static const struct record_attempt attempts[] = {{
    .route = TEXT(SAMPLE_ROUTE),
    .provider = TEXT("mock-a"),
    .account = TEXT("mock-a-main"),
    .region = TEXT("local"),
    .model = TEXT("demo-model"),
    .reported_model = TEXT("demo-model-2026-10-01"),
    .provider_request_id = TEXT("req_4d1f5c2ab09e4f6c8d7e"),
    .tier = TIER_PRIMARY,
    .action = ACTION_SEND,
    .reason = REASON_PRIMARY,
    .http_status = 200,
    .transport = TRANSPORT_COMPLETED,
    .started_unix_ms = 1795160000123,
    .latency_ms = 1312,
    .output_seen = true,
    .first_output_ms = 240,
    .finish = FINISH_STOP,
    .cost_nusd = 1041000,
}};

struct decision sample_completed(void)
{
    struct decision decision = {
        .action = ACTION_COMPLETE,
        .decision_id = 0x9f86d081884c7d65,
        .durable = true,
        .policy_id = TEXT("demo-chat-v1"),
        .policy_version = 1,
        .catalog_version = 1,
        .reason = REASON_SUCCESS,
        .resume_token = {token, sizeof token},
        .disposition = DISPOSITION_PRIMARY_SUCCESS,
        .has_record = true,
    };

    decision.record = (struct record){
        .policy_id = decision.policy_id,
        .policy_version = 1,
        .catalog_version = 1,
        .facts = sample_facts(),
        .key_id = TEXT("key-01hv8q4z7n"),
        .primary_provider = TEXT("mock-a"),
        .primary_model = TEXT("demo-model"),
        .selected_route = TEXT(SAMPLE_ROUTE),
        .selected_provider = TEXT("mock-a"),
        .selected_account = TEXT("mock-a-main"),
        .selected_region = TEXT("local"),
        .selected_model = TEXT("demo-model"),
        .reported_model = TEXT("demo-model-2026-10-01"),
        .tier = TIER_PRIMARY,
        .attempts = attempts,
        .attempts_count = 1,
        .usage = sample_success().usage,
        .cost_nusd = 1041000,
        .quota_owner = TEXT("platform"),
        .spend_owner = TEXT("platform"),
        .disposition = DISPOSITION_PRIMARY_SUCCESS,
        .stop_reason = REASON_SUCCESS,
        .started_unix_ms = 1795160000123,
        .ended_unix_ms = 1795160001435,
        .engine_version = TEXT("1"),
        .trace_digest = 0x9f86d081884c7d65,
    };
    return decision;
}
