/* See bench.h. The JSON answer bypasses the player: one write, nothing to watch. */
#include "bench.h"

#include <string.h>

#include "memory.h"
#include "play.h"
#include "script.h"

#define ANSWER_BYTES 1024

static struct text answer;
static struct script *stream;

static void build_answer(void)
{
    static const char tail[] =
        "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":"
        "{\"prompt_tokens\":100,\"completion_tokens\":150,\"total_tokens\":250},"
        "\"system_fingerprint\":\"fp_mock\"}";
    text_add_string(&answer,
                    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":"
                    "1700000000,\"model\":\"mock-bench\",\"choices\":[{\"index\":0,\"message\":"
                    "{\"role\":\"assistant\",\"content\":\"");
    text_add_fill(&answer, 'a', ANSWER_BYTES - answer.len - (sizeof tail - 1));
    text_add_string(&answer, tail);
    must(answer.len == ANSWER_BYTES);
}

static void add_chunk(enum step_kind kind, const char *delta, const char *finish_reason)
{
    struct text chunk = {0};
    text_add_format(&chunk,
                    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":"
                    "1700000000,\"model\":\"mock-bench\",\"system_fingerprint\":\"fp_mock\","
                    "\"choices\":[{\"index\":0,\"delta\":{%s},\"logprobs\":null,"
                    "\"finish_reason\":%s}]}",
                    delta, finish_reason);
    script_add_event(stream, kind, chunk.ptr);
    text_done(&chunk);
}

static void build_stream(const struct option_set *options)
{
    stream = script_new();
    script_header(stream, "content-type", "text/event-stream; charset=utf-8");
    add_chunk(STEP_KIND_ROLE, "\"role\":\"assistant\",\"content\":\"\"", "null");
    for (unsigned i = 0; i < options->bench_chunks; i++)
        add_chunk(STEP_KIND_OUTPUT, "\"content\":\" token\"", "null");
    add_chunk(STEP_KIND_EVENT, "", "\"stop\"");
    script_add_event(stream, STEP_KIND_EVENT,
                     "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":"
                     "1700000000,\"model\":\"mock-bench\",\"choices\":[],\"usage\":"
                     "{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150}}");
    script_add_event(stream, STEP_KIND_DONE, "[DONE]");
    script_pace(stream, options->bench_chunk_delay_ms);
}

void bench_init(const struct option_set *options)
{
    build_answer();
    build_stream(options);
}

static bool asks_stream(h2o_iovec_t body)
{
    static const char tight[] = "\"stream\":true", spaced[] = "\"stream\": true";
    return memmem(body.base, body.len, tight, sizeof tight - 1) ||
           memmem(body.base, body.len, spaced, sizeof spaced - 1);
}

void bench_answer(h2o_req_t *request)
{
    static h2o_generator_t generator; /* nothing follows the one write */
    if (asks_stream(request->entity)) {
        play_start(request, stream, 0);
        return;
    }
    request->res.status = 200;
    request->res.reason = "OK";
    request->res.content_length = answer.len;
    h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json"));
    h2o_iovec_t bytes = h2o_iovec_init(answer.ptr, answer.len);
    h2o_start_response(request, &generator);
    h2o_send(request, &bytes, 1, H2O_SEND_STATE_FINAL);
}
