/* A pooled easy handle per call. Curl's callbacks hand everything on at once; a handle is never
 * removed inside one of them: a transfer that is cancelled there is doomed, makes curl fail the
 * callback, and ends quietly.
 *
 * The limits that curl keeps are the connect time and the whole attempt's; the exchange keeps the
 * others, and its own total a little earlier. */
#include "upstream/transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "upstream/upstream_private.h"

#define DROPPED_BYTES_MAX (64 * 1024)
#define TOTAL_SLACK_MS    5000
#define HEADER_NAME_MAX   128

static size_t on_header(char *bytes, size_t size, size_t count, void *context);
static size_t on_body(char *bytes, size_t size, size_t count, void *context);
static int on_request(void *context, char *to, char *from, int to_port, int from_port);

void transfer_preset(struct multi *multi, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, multi->options.user_agent);
    if (multi->options.ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, multi->options.ca_file);
}

static struct transfer *take_free(struct multi *multi)
{
    struct list *link = list_pop(&multi->transfers_free);
    struct transfer *transfer = link ? CONTAINER_OF(link, struct transfer, link) : NULL;

    if (!transfer)
        transfer = malloc(sizeof *transfer);
    if (transfer)
        memset(transfer, 0, offsetof(struct transfer, extra));
    return transfer;
}

static void release(struct transfer *transfer)
{
    curl_multi_remove_handle(transfer->lane->curl, transfer->easy);
    transfer->lane->active--;
    multi_give_easy(transfer->multi, transfer->easy);
    list_init(&transfer->link);
    list_append(&transfer->multi->transfers_free, &transfer->link);
}

/* The client's own headers in front of the target's, in the transfer's memory. */
static struct curl_slist *chain_headers(struct transfer *transfer,
                                        const struct upstream_call *call,
                                        struct curl_slist *shared)
{
    struct curl_slist *first = shared;

    for (unsigned i = 0; i < call->headers_count && i < FORWARDED_HEADERS_MAX; i++) {
        char *text = transfer->extra_text[i];
        int len = snprintf(text, EXTRA_TEXT_BYTES, "%.*s: %.*s", (int)call->headers[i].key.len,
                           call->headers[i].key.ptr, (int)call->headers[i].value.len,
                           call->headers[i].value.ptr);

        if (len < 0 || len >= EXTRA_TEXT_BYTES)
            continue;
        transfer->extra[i] = (struct curl_slist){.data = text, .next = first};
        first = &transfer->extra[i];
    }
    return first;
}

static void
set_call(struct transfer *transfer, const struct upstream_call *call, const struct target *target)
{
    CURL *easy = transfer->easy;

    curl_easy_setopt(easy, CURLOPT_URL, target->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, chain_headers(transfer, call, target->headers));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.ptr);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->total_ms + TOTAL_SLACK_MS);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

struct transfer *transfer_start(struct multi *multi,
                                const struct upstream_call *call,
                                const struct transfer_owner *owner,
                                void *context,
                                const char **reterr_code)
{
    struct target *target = target_find(multi, call);
    struct transfer *transfer;

    *reterr_code = target && target->refusal ? target->refusal : "no_memory";
    if (!target || target->refusal)
        return NULL;
    transfer = take_free(multi);
    if (!transfer)
        return NULL;
    transfer->multi = multi;
    transfer->owner = owner;
    transfer->context = context;
    transfer->body_bytes = call->body.len;
    transfer->easy = multi_take_easy(multi);
    if (!transfer->easy) {
        free(transfer);
        return NULL;
    }
    set_call(transfer, call, target);
    transfer->lane = multi_pick_lane(multi);
    transfer->lane->active++;
    if (curl_multi_add_handle(transfer->lane->curl, transfer->easy) != CURLM_OK) {
        release(transfer);
        return NULL;
    }
    return transfer;
}

static bool body_left(const struct transfer *transfer)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent >= 0 && (size_t)sent >= transfer->body_bytes;
}

static void stop(struct transfer *transfer)
{
    transfer->owner = NULL;
    if (transfer->multi->depth)
        transfer->doomed = true;
    else
        release(transfer);
}

bool transfer_cancel(struct transfer *transfer)
{
    bool whole = body_left(transfer);

    stop(transfer);
    return whole;
}

void transfer_let_go(struct transfer *transfer)
{
    if (!body_left(transfer)) /* the body is the owner's, and may not outlive it */
        stop(transfer);
    else
        transfer->owner = NULL;
}

void transfer_resume(struct transfer *transfer)
{
    if (!transfer->paused)
        return;
    transfer->paused = false;
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

/* --- Curl's callbacks --------------------------------------------------------------------------
 */

static struct slice trim(struct slice text)
{
    while (text.len && isspace((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    while (text.len && isspace((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static void hand_on_header(struct transfer *transfer, struct slice line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    char name[HEADER_NAME_MAX];
    size_t len = colon ? (size_t)(colon - line.ptr) : 0;

    if (!len || len > sizeof name)
        return;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)tolower((unsigned char)line.ptr[i]);
    transfer->owner->on_header(transfer->context, (struct slice){name, len},
                               trim((struct slice){colon + 1, line.len - len - 1}));
}

/* Curl would write a request again when a connection that was kept alive breaks. Whether the
 * provider had it is not known, so that is the decider's to say: no second attempt behind its back.
 */
static int on_request(void *context, char *to, char *from, int to_port, int from_port)
{
    struct transfer *transfer = context;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    transfer->lost = transfer->began;
    transfer->began = true;
    return transfer->lost ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Heads of 1xx answers come too, each with a status line and a blank one. */
static void hand_on_line(struct transfer *transfer, struct slice line)
{
    long status = 0;

    if (line.len > 5 && memcmp(line.ptr, "HTTP/", 5) == 0 && !transfer->head_done) {
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        transfer->status = (unsigned)status;
    } else if (transfer->status < 200 || transfer->head_done) {
        return; /* of a 1xx, or a trailer */
    } else if (trim(line).len == 0) {
        transfer->head_done = true;
        transfer->owner->on_head(transfer->context, transfer->status);
    } else {
        hand_on_header(transfer, line);
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;

    transfer->head_bytes += len;
    if (transfer->head_bytes > transfer->multi->options.head_bytes_max) {
        transfer->code = "headers_too_large";
        return 0;
    }
    transfer->multi->depth++;
    if (transfer->owner)
        hand_on_line(transfer, (struct slice){bytes, len});
    transfer->multi->depth--;
    return transfer->doomed ? 0 : len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;

    if (transfer->doomed)
        return len + 1;
    if (!transfer->owner) {
        transfer->dropped_bytes += len;
        return transfer->dropped_bytes > DROPPED_BYTES_MAX ? len + 1 : len;
    }
    transfer->multi->depth++;
    if (!transfer->owner->has_room(transfer->context)) {
        transfer->multi->depth--;
        transfer->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    transfer->owner->on_bytes(transfer->context, (struct slice){bytes, len});
    transfer->multi->depth--;
    return transfer->doomed ? len + 1 : len;
}

/* --- Ends --------------------------------------------------------------------------------------
 */

static const struct {
    CURLcode code;
    enum transport transport; /* before the response's head */
} transports[] = {
    {CURLE_COULDNT_RESOLVE_HOST, TRANSPORT_DNS},
    {CURLE_COULDNT_CONNECT, TRANSPORT_CONNECT_REFUSED},
    {CURLE_URL_MALFORMAT, TRANSPORT_CONNECT_REFUSED},
    {CURLE_UNSUPPORTED_PROTOCOL, TRANSPORT_CONNECT_REFUSED},
    {CURLE_SSL_CONNECT_ERROR, TRANSPORT_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, TRANSPORT_TLS},
    {CURLE_SSL_CACERT_BADFILE, TRANSPORT_TLS},
    {CURLE_SSL_CIPHER, TRANSPORT_TLS},
    {CURLE_SSL_CERTPROBLEM, TRANSPORT_TLS},
    {CURLE_SSL_ENGINE_NOTFOUND, TRANSPORT_TLS},
    {CURLE_SSL_ISSUER_ERROR, TRANSPORT_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, TRANSPORT_TLS},
};

static void classify(const struct transfer *transfer, CURLcode code, struct attempt_end *ret_end)
{
    curl_off_t ready_us = 0;

    ret_end->transport = transfer->head_done ? TRANSPORT_TRUNCATED : TRANSPORT_RESET;
    if (code == CURLE_OK) {
        ret_end->transport = TRANSPORT_COMPLETED;
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
        ret_end->transport = TRANSPORT_TIMED_OUT;
        ret_end->phase = ready_us ? PHASE_TOTAL : PHASE_CONNECT;
    } else if (!transfer->head_done) {
        for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
            if (transports[i].code == code)
                ret_end->transport = transports[i].transport;
    }
}

void transfer_on_done(CURL *easy, CURLcode code)
{
    struct attempt_end end = {0};
    struct transfer *transfer;
    const struct transfer_owner *owner;
    void *context;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    classify(transfer, code, &end);
    end.body_sent = transfer->lost || body_left(transfer);
    end.code = transfer->code;
    owner = transfer->owner;
    context = transfer->context;
    release(transfer);
    if (owner)
        owner->on_end(context, &end);
}
