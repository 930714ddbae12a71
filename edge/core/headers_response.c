/* The provider's headers and the ones that the client gets.
 *
 * Retry-After is taken as it was said, uncapped, for the decider; the client's is capped. The more
 * exact retry-after-ms wins over seconds or a date. */
#include <time.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "core/headers.h"

#define RETRY_AFTER_SECONDS_MAX (366u * 24 * 3600)
#define REASON_BYTES_MAX        2048
#define REASON_TEXT_BYTES_MAX   160

static bool is_name(struct slice name, const char *text)
{
    return slice_is(name, text);
}

static bool read_number(struct slice value, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (!value.len || value.len > 12)
        return false;
    for (size_t i = 0; i < value.len && value.ptr[i] != '.'; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    *ret_number = number;
    return true;
}

static bool read_digits(const char *text, size_t count, int *ret_number)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT": the one form that senders may still use, always as long. */
static bool read_date(struct slice value, int64_t *ret_unix_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char shape[] = "___, __ ___ ____ __:__:__ GMT";
    struct tm when = {0};

    if (value.len != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (shape[i] != '_' && shape[i] != value.ptr[i])
            return false;
    if (!read_digits(value.ptr + 5, 2, &when.tm_mday) ||
        !read_digits(value.ptr + 12, 4, &when.tm_year) ||
        !read_digits(value.ptr + 17, 2, &when.tm_hour) ||
        !read_digits(value.ptr + 20, 2, &when.tm_min) ||
        !read_digits(value.ptr + 23, 2, &when.tm_sec))
        return false;
    while (when.tm_mon < 12 && memcmp(months + 3 * (ptrdiff_t)when.tm_mon, value.ptr + 8, 3) != 0)
        when.tm_mon++;
    if (when.tm_mon == 12)
        return false;
    when.tm_year -= 1900;
    *ret_unix_ms = (int64_t)timegm(&when) * 1000;
    return true;
}

static void
read_retry_after(struct provider_headers *headers, struct slice value, int64_t now_unix_ms)
{
    uint64_t seconds;
    int64_t when_ms;

    if (headers->retry_after_exact)
        return;
    if (read_number(value, &seconds)) {
        if (seconds > RETRY_AFTER_SECONDS_MAX)
            seconds = RETRY_AFTER_SECONDS_MAX;
        headers->retry_after_ms = seconds * 1000;
        headers->retry_after_given = true;
    } else if (read_date(value, &when_ms)) {
        headers->retry_after_ms = when_ms > now_unix_ms ? (uint64_t)(when_ms - now_unix_ms) : 0;
        headers->retry_after_given = true;
    }
}

static void read_retry_after_ms(struct provider_headers *headers, struct slice value)
{
    if (!read_number(value, &headers->retry_after_ms))
        return;
    headers->retry_after_given = true;
    headers->retry_after_exact = true;
}

static void read_rate_limit(struct provider_headers *headers,
                            struct arena *arena,
                            struct slice name,
                            struct slice value)
{
    if (headers->rate_limits_count == RATE_LIMITS_MAX || name.len > NAME_BYTES_MAX ||
        value.len > NAME_BYTES_MAX || !utf8_valid_text(value))
        return;
    headers->rate_limits[headers->rate_limits_count++] =
        (struct pair){arena_copy(arena, name), arena_copy(arena, value)};
}

void headers_read_response(struct provider_headers *headers,
                           struct arena *arena,
                           struct slice name,
                           struct slice value,
                           int64_t now_unix_ms)
{
    static const char *const request_ids[] = {"x-request-id", "request-id", "apim-request-id"};
    static const struct slice limit = {"x-ratelimit-", 12};

    if (is_name(name, "content-type")) {
        if (value.len <= TEXT_BYTES_MAX)
            headers->content_type = arena_copy(arena, value);
    } else if (is_name(name, "retry-after")) {
        read_retry_after(headers, value, now_unix_ms);
    } else if (is_name(name, "retry-after-ms")) {
        read_retry_after_ms(headers, value);
    } else if (name.len > limit.len && memcmp(name.ptr, limit.ptr, limit.len) == 0) {
        read_rate_limit(headers, arena, name, value);
    } else if (!headers->request_id.len && value.len <= NAME_BYTES_MAX && utf8_valid_text(value)) {
        for (size_t i = 0; i < sizeof request_ids / sizeof *request_ids; i++)
            if (is_name(name, request_ids[i]))
                headers->request_id = arena_copy(arena, value);
    }
}

void headers_add(struct response *response, const char *name, struct slice value)
{
    if (!value.len || response->headers_count == RESPONSE_HEADERS_MAX)
        return;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == 0x7f)
            return;
    response->headers[response->headers_count++] = (struct pair){slice_of(name), value};
}

static bool is_degraded(const struct decision *sent, const struct decision *last)
{
    if (last->has_record)
        return last->record.degraded;
    return sent && sent->route.tier != TIER_PRIMARY && sent->route.tier != TIER_SAME_MODEL;
}

/* Why the route was chosen, once the request succeeded; else why it ended. */
static enum reason reason_of(const struct standing *standing)
{
    return standing->sent && standing->last->reason == REASON_SUCCESS ? standing->sent->reason
                                                                      : standing->last->reason;
}

/* ---- the reason header ---- */

/* A word of a table. Whatever else comes is quoted. */
static bool is_token(struct slice text)
{
    if (!text.len || text.ptr[0] < 'a' || text.ptr[0] > 'z')
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!(text.ptr[i] >= 'a' && text.ptr[i] <= 'z') &&
            !(text.ptr[i] >= '0' && text.ptr[i] <= '9') && text.ptr[i] != '_')
            return false;
    return true;
}

/* A quoted string holds printable ASCII alone: every other character becomes one question mark. */
static void put_quoted(struct buf *buf, struct slice text)
{
    bool cut = text.len > REASON_TEXT_BYTES_MAX;

    buf_put_u8(buf, '"');
    for (size_t i = 0; i < (cut ? REASON_TEXT_BYTES_MAX : text.len); i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c & 0xc0) == 0x80)
            continue;
        if (c == '"' || c == '\\')
            buf_put_u8(buf, '\\');
        buf_put_u8(buf, c < ' ' || c > '~' ? '?' : c);
    }
    buf_put_text(buf, cut ? "...\"" : "\"");
}

static void put_parameter(struct buf *buf, const char *name, struct slice text)
{
    if (!text.len)
        return;
    buf_format(buf, ";%s=", name);
    if (text.len <= REASON_TEXT_BYTES_MAX && is_token(text))
        buf_put_slice(buf, text);
    else
        put_quoted(buf, text);
}

/* Only where the request goes no further: a success says why its route was chosen, and what was
 * passed over on the way stands in the record. */
const struct trace_item *headers_blocked(const struct decision *last)
{
    return last && last->has_blocked && last->blocked.gate && !last->has_route &&
                   last->reason != REASON_SUCCESS
               ? &last->blocked
               : NULL;
}

static struct slice reason_text(struct arena *arena, const struct standing *standing)
{
    const struct trace_item *blocked = headers_blocked(standing->last);
    struct slice token = slice_of(signalbox_reason_name(reason_of(standing)));
    char memory[REASON_BYTES_MAX];
    struct buf buf;

    if (!blocked)
        return token;
    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_slice(&buf, token);
    put_parameter(&buf, "gate", slice_of(signalbox_gate_name(blocked->gate)));
    put_parameter(&buf, "check", blocked->check);
    put_parameter(&buf, "found", blocked->found.text);
    put_parameter(&buf, "needed", blocked->needed.text);
    put_parameter(&buf, "owner", blocked->owner);
    return buf_failed(&buf) ? token : arena_copy(arena, buf_slice(&buf));
}

static void write_route(struct response *response, struct arena *arena, const struct decision *sent)
{
    headers_add(response, "x-signalbox-selected-model", sent->route.model);
    headers_add(response, "x-signalbox-provider", sent->route.provider);
    headers_add(response, "x-signalbox-tier", slice_of(signalbox_tier_name(sent->route.tier)));
    if (sent->output_cap_added)
        headers_add(response, "x-signalbox-output-cap",
                    arena_format(arena, "%llu", (unsigned long long)sent->output_tokens_cap));
}

void headers_write_standing(struct response *response,
                            const struct request *request,
                            const struct standing *standing)
{
    const struct decision *last = standing->last;
    enum disposition disposition =
        last && last->disposition ? last->disposition : standing->disposition;
    struct arena *arena = request->arena;
    char id[UUID_TEXT_BYTES + 1];
    struct slice id_text;

    uuid_format(request->id, id);
    id_text = arena_copy(arena, (struct slice){id, UUID_TEXT_BYTES});
    headers_add(response, "x-request-id", id_text);
    headers_add(response, "x-signalbox-request-id", id_text);
    headers_add(response, "x-signalbox-requested-model", request->facts.requested_model);
    headers_add(response, "x-signalbox-attempts", arena_format(arena, "%u", standing->attempts));
    headers_add(response, "x-signalbox-disposition",
                slice_of(disposition ? signalbox_disposition_name(disposition) : "pending"));
    /* No route gave a default response: naming the last one tried would mask that. */
    if (last && last->default_response.len)
        headers_add(response, "x-signalbox-tier",
                    slice_of(signalbox_tier_name(TIER_DEFAULT_RESPONSE)));
    else if (standing->sent)
        write_route(response, arena, standing->sent);
    if (!last)
        return;
    if (last->policy_id.len)
        headers_add(response, "x-signalbox-policy",
                    arena_format(arena, "%.*s@%u", (int)last->policy_id.len, last->policy_id.ptr,
                                 last->policy_version));
    headers_add(response, "x-signalbox-degraded",
                slice_of(is_degraded(standing->sent, last) ? "true" : "false"));
    headers_add(response, "x-signalbox-reason", reason_text(arena, standing));
    headers_add(response, "x-signalbox-notice", last->notice.text);
}

void headers_write_retry(struct response *response,
                         struct arena *arena,
                         bool should_retry,
                         uint64_t retry_after_ms)
{
    headers_add(response, "x-should-retry", slice_of(should_retry ? "true" : "false"));
    if (!retry_after_ms)
        return;
    if (retry_after_ms > RETRY_AFTER_MS_MAX)
        retry_after_ms = RETRY_AFTER_MS_MAX;
    headers_add(response, "retry-after",
                arena_format(arena, "%llu", (unsigned long long)((retry_after_ms + 999) / 1000)));
    headers_add(response, "retry-after-ms",
                arena_format(arena, "%llu", (unsigned long long)retry_after_ms));
}
