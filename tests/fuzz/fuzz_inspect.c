/* Request bodies from any bytes. What is refused has a whole refusal; what is taken can be
 * rewritten for a route, and what was rewritten is taken again with the same facts and the route's
 * model. */
#include <stdint.h>
#include <string.h>

#include "base/invariant.h"
#include "base/json.h"
#include "core/inspect.h"
#include "core/rewrite.h"

#define ARENA_BYTES_MAX ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct slice pad(struct arena *arena, const void *bytes, size_t len)
{
    char *copy = arena_alloc(arena, len + JSON_SCAN_PADDING);

    invariant(copy);
    if (len)
        memcpy(copy, bytes, len);
    memset(copy + len, 0, JSON_SCAN_PADDING);
    return (struct slice){copy, len};
}

static void rewrite_and_look(struct request *request, struct json_scanner *scanner)
{
    const struct decision decision = {
        .route = {.model = SLICE_LITERAL("route/model"),
                  .overrides = SLICE_LITERAL("{\"temperature\":0,\"top_k\":[1]}")},
        .output_tokens_cap = 64,
    };
    struct refusal refusal;
    struct request again;
    struct buf body;

    buf_init(&body, ARENA_BYTES_MAX / 4);
    if (rewrite_chat(request, &decision, scanner, &body) == RESULT_OK) {
        request_init(&again, request->arena, pad(request->arena, body.ptr, body.len));
        invariant(inspect_chat(&again, scanner, &refusal));
        invariant(slice_is(again.facts.requested_model, "route/model"));
        invariant(again.facts.max_output_tokens && again.facts.max_output_tokens <= 64);
        invariant(again.facts.stream == request->facts.stream);
        invariant(again.usage_asked == again.facts.stream || again.usage_asked);
        invariant(slice_equal(again.facts.tool_digest, request->facts.tool_digest));
        invariant(again.facts.tool_loop == request->facts.tool_loop);
        invariant((again.facts.needs & ~SET_OF(NEED_STREAM_USAGE)) ==
                  (request->facts.needs & ~SET_OF(NEED_STREAM_USAGE)));
    }
    buf_done(&body);
}

static bool is_strict(struct request *request)
{
    struct json_node *root;
    struct json_error error;

    return json_parse(request->body, request->arena, &root, &error) == RESULT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct json_scanner *scanner;
    struct request request;
    struct refusal refusal;
    struct arena arena;

    if (!scanner)
        scanner = json_scanner_new();
    invariant(scanner);
    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    request_init(&request, &arena, pad(&arena, bytes, len));
    if (!inspect_chat(&request, scanner, &refusal))
        invariant(refusal.status >= 400 && refusal.message.len && refusal.code);
    else if (is_strict(&request))
        rewrite_and_look(&request, scanner);
    arena_done(&arena);
    return 0;
}
