/* The request object's birth, and the one way to refuse it.
 *
 * The digests are taken here because they are over bytes as received: nothing has looked at the
 * body yet. */
#include "core/request.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/digest.h"

void request_init(struct request *request, struct arena *arena, struct slice body)
{
    struct digest digest;

    memset(request, 0, sizeof *request);
    request->arena = arena;
    request->body = body;
    digest_sha256(body, &digest);
    memcpy(request->body_digest, digest.bytes, sizeof request->body_digest);
    request->facts.body_bytes = body.len;
    request->facts.body_digest =
        (struct slice){(const char *)request->body_digest, sizeof request->body_digest};
}

bool request_refuse(struct request *request,
                    struct refusal *refusal,
                    const char *code,
                    struct slice param,
                    const char *format,
                    ...)
{
    char text[ERROR_MESSAGE_BYTES_MAX];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0)
        len = 0;
    if ((size_t)len >= sizeof text)
        len = (int)sizeof text - 1;
    *refusal = (struct refusal){
        .status = 400,
        .type = "invalid_request_error",
        .code = code,
        .param = arena_copy(request->arena, param),
        .message = arena_copy(request->arena, (struct slice){text, (size_t)len}),
    };
    return false;
}
