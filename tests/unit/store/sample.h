/* A realistic request of two attempts, and structs with every field set. */
#ifndef TESTS_UNIT_STORE_SAMPLE_H
#define TESTS_UNIT_STORE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/codec.h"
#include "store/history.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const char sample_body_digest[] =
    "\x9f\x86\xd0\x81\x88\x4c\x7d\x65\x9a\x2f\xea\xa0\xc5\x5a\xd0\x15\xa3\xbf\x4f\x1b\x2b\x0b\x82"
    "\x2c\xd1\x5d\x6c\x15\xb0\xf0\x0a\x08";
static const char sample_key_digest[] =
    "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd"
    "\xef\x01\x23\x45\x67\x89\xab\xcd\xef";

static const struct pair sample_tags[] = {
    {TEXT("channel"), TEXT("web")},
    {TEXT("experiment"), TEXT("reply-tone-b")},
    {TEXT("locale"), TEXT("de-DE")},
};
static const struct slice sample_regions[] = {TEXT("eu-central-1"), TEXT("eu-west-1")};
static const struct tool_call sample_calls[] = {
    {TEXT("call_9f1c2b7a4e"), TEXT("lookup_order"), SIDE_EFFECT_NO_EFFECT},
};
static const struct pair sample_rate_limits[] = {
    {TEXT("x-ratelimit-remaining-requests"), TEXT("0")},
    {TEXT("x-ratelimit-reset-requests"), TEXT("1.2s")},
};

static inline struct facts sample_facts(void)
{
    return (struct facts){
        .tenant = TEXT("acme-retail"),
        .team = TEXT("support-platform"),
        .user = TEXT("u-48151623"),
        .app = TEXT("helpdesk"),
        .key_digest = {sample_key_digest, 32},
        .workload = TEXT("customer-support-chat"),
        .environment = TEXT("production"),
        .traffic_class = TRAFFIC_CLASS_CRITICAL_USER_FACING,
        .customer_tier = TEXT("gold"),
        .data_classes = SET_OF(DATA_CLASS_CUSTOMER_CONTENT) | SET_OF(DATA_CLASS_PII),
        .sensitivity_tags = SET_OF(SENSITIVITY_FINANCIAL),
        .allowed_regions = {sample_regions, 2},
        .shows_notice = true,
        .feature = TEXT("order-status"),
        .assistant = TEXT("helpdesk-bot"),
        .thread = TEXT("thr_01HV8Q4Z7M"),
        .session = TEXT("ses_01HV8Q4Z7N"),
        .prompt_id = TEXT("support-reply"),
        .prompt_version = TEXT("14"),
        .tags = {sample_tags, 3},
        .client_request_id = TEXT("req-7f3a9c1e"),
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .requested_model = TEXT("frontier-chat-large"),
        .stream = true,
        .needs = SET_OF(NEED_TOOLS) | SET_OF(NEED_STREAMING) | SET_OF(NEED_STREAM_USAGE),
        .body_bytes = 18734,
        .body_digest = {sample_body_digest, 32},
        .input_tokens_estimate = 4684,
        .estimator = TEXT("bytes/4"),
        .max_output_tokens = 1024,
        .choices = 1,
        .tool_effects = SIDE_EFFECT_NO_EFFECT,
    };
}

static inline struct report sample_failed(void)
{
    return (struct report){
        .route = TEXT("openai-eu-primary"),
        .transport = TRANSPORT_COMPLETED,
        .http_status = 429,
        .error_type = TEXT("requests"),
        .error_code = TEXT("rate_limit_exceeded"),
        .error_message = TEXT("Rate limit reached for requests per minute."),
        .retry_after_given = true,
        .retry_after_ms = 1200,
        .rate_limits = {sample_rate_limits, 2},
        .provider_request_id = TEXT("req_4d1f5c2ab09e4f6c8d7e"),
        .started_unix_ms = 1795160000123,
        .elapsed_ms = 212,
        .body_sent = true,
        .response_bytes = 337,
    };
}

static inline struct report sample_succeeded(void)
{
    struct report report = {
        .route = TEXT("azure-eu-frontier"),
        .transport = TRANSPORT_COMPLETED,
        .http_status = 200,
        .provider_request_id = TEXT("chatcmpl-Bx91kQ0vWm3Zp7"),
        .reported_model = TEXT("frontier-chat-large-2026-03-01"),
        .reported_region = TEXT("germanywestcentral"),
        .started_unix_ms = 1795160000391,
        .elapsed_ms = 5312,
        .first_output_ms = 640,
        .output_seen = true,
        .output_visible = true,
        .chunks = 312,
        .output_tokens_seen = 611,
        .tool_calls = {sample_calls, 1},
        .finish = FINISH_STOP,
        .end_seen = true,
        .body_sent = true,
        .response_bytes = 98211,
    };

    report.usage.amounts[UNIT_INPUT_TOKEN] = 3100;
    report.usage.amounts[UNIT_CACHED_INPUT_TOKEN] = 1536;
    report.usage.amounts[UNIT_OUTPUT_TOKEN] = 614;
    report.usage.amounts[UNIT_REQUEST] = 1;
    return report;
}

static inline void sample_digest(struct digest *digest,
                                 const struct facts *facts,
                                 const struct report *report,
                                 uint32_t boundary)
{
    struct question question = {.boundary = boundary};
    struct buf scratch;

    if (facts) {
        question.has_facts = true;
        question.facts = *facts;
    }
    if (report) {
        question.has_report = true;
        question.report = *report;
    }
    buf_init(&scratch, 65536);
    assert_int_equal(codec_question_digest(&question, &scratch, digest), RESULT_OK);
    buf_done(&scratch);
}

/* A rate limit at the primary, then an answer from the fallback. */
static inline void sample_history(struct history *history)
{
    static const uint8_t id[16] = {0x01, 0xa1, 0xf4, 0x2b, 0x1c, 0x7b, 0x7d, 0x10,
                                   0x9a, 0x55, 0x3e, 0x21, 0x77, 0x80, 0x42, 0x19};
    static const char view[] = "\x02\x01\x15\x98\x2a\x01\x02\x15\x03\xa0\x06\x02\xe8\x07\x03\xd2";

    memset(history, 0, sizeof *history);
    memcpy(history->request_id.bytes, id, sizeof id);
    history->policy_id = SLICE_LITERAL("support-chat-production");
    history->policy_version = 17;
    history->catalog_version = 42;
    history->engine_version = SLICE_LITERAL("1");
    history->key_id = SLICE_LITERAL("key_01HV8Q4Z7K");
    history->facts = sample_facts();
    history->boundaries_count = 3;
    for (unsigned i = 0; i < 3; i++) {
        struct history_boundary *boundary = &history->boundaries[i];

        boundary->now_ms = 1795160000100 + 290 * i;
        boundary->seed = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        boundary->view = (struct slice){view, sizeof view - 1};
        boundary->decision_digest = UINT64_C(0xbf58476d1ce4e5b9) * (i + 3);
        boundary->trace_digest = UINT64_C(0x94d049bb133111eb) * (i + 5);
    }
    history->boundaries[0].deadline_ms = 30000;
    history->boundaries[0].action = ACTION_SEND;
    history->boundaries[0].reason = REASON_PRIMARY;
    sample_digest(&history->boundaries[0].question, &history->facts, NULL, 0);
    history->boundaries[1].report = sample_failed();
    history->boundaries[1].failure = FAILURE_RATE_LIMITED;
    history->boundaries[1].rule = SLICE_LITERAL("openai_429_rate_limit");
    history->boundaries[1].action = ACTION_FALLBACK;
    history->boundaries[1].reason = REASON_FALLBACK;
    history->boundaries[1].entry = 1;
    sample_digest(&history->boundaries[1].question, NULL, &history->boundaries[1].report, 1);
    history->boundaries[2].report = sample_succeeded();
    history->boundaries[2].action = ACTION_COMPLETE;
    history->boundaries[2].reason = REASON_SUCCESS;
    history->boundaries[2].disposition = DISPOSITION_FALLBACK_SUCCESS;
    history->boundaries[2].entry = 1;
    history->boundaries[2].charged_nusd = 18734500;
    sample_digest(&history->boundaries[2].question, NULL, &history->boundaries[2].report, 2);
}

/* Gives a field a value that is not empty, told by its kind. */
static const struct slice sample_texts[] = {TEXT(""), TEXT("one"), TEXT("two")};
static const struct pair sample_pairs[] = {{TEXT("b"), TEXT("2")}, {TEXT("a"), TEXT("")}};

#define SET_TEXT(owner, number, name)  (owner)->name = SLICE_LITERAL("text of " #name)
#define SET_BYTES(owner, number, name) (owner)->name = SLICE_LITERAL("\0bytes of " #name)
#define SET_BOOL(owner, number, name)  (owner)->name = true
#define SET_U32(owner, number, name)   (owner)->name = UINT32_MAX - (number)
#define SET_U64(owner, number, name)   (owner)->name = UINT64_MAX - (number)
#define SET_ENUM(owner, number, name)  (owner)->name = 2
#define SET_SET(owner, number, name)   (owner)->name = 1 << 1 | 1 << 3
#define SET_TEXTS(owner, number, name)                                                             \
    (owner)->name = (struct texts)                                                                 \
    {                                                                                              \
        sample_texts, 3                                                                            \
    }
#define SET_PAIRS(owner, number, name)                                                             \
    (owner)->name = (struct pairs)                                                                 \
    {                                                                                              \
        sample_pairs, 2                                                                            \
    }
#define SET_USAGE(owner, number, field) (owner)->field.amounts[UNIT_IMAGE] = UINT64_MAX
#define SET_TOOL_CALLS(owner, number, name)                                                        \
    (owner)->name = (struct tool_calls)                                                            \
    {                                                                                              \
        sample_calls, 1                                                                            \
    }

static inline struct facts full_facts(void)
{
    struct facts facts = {0};

#define X(number, KIND, list, name, keep) SET_##KIND(&facts, number, name);
#include "signalbox/facts.def"
#undef X
    return facts;
}

static inline struct report full_report(void)
{
    struct report report = {0};

#define X(number, KIND, list, name, keep) SET_##KIND(&report, number, name);
#include "signalbox/report.def"
#undef X
    return report;
}

#endif
