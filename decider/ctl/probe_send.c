/* The one file of signalboxctl that speaks HTTP. The header with the secret is cleared as soon as
 * the transfer has ended; curl copies it nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <curl/curl.h>

#include "ctl/probe.h"

#define ANSWER_BYTES_MAX (1024 * 1024)
#define HEADER_BYTES_MAX 8192
#define US_PER_MS        1000

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "[::1]") == 0;
}

void probe_target(const char *url, struct arena *arena, struct probe_target *ret_target)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    CURLU *parts = curl_url();

    *ret_target = (struct probe_target){.refusal = "the base URL is not valid"};
    if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        goto out;
    ret_target->host = arena_copy(arena, slice_of(host)).ptr;
    ret_target->port = arena_copy(arena, slice_of(port)).ptr;
    if (!ret_target->host || !ret_target->port)
        ret_target->refusal = "out of memory";
    else if (!curl_url_get(parts, CURLUPART_USER, &user, 0))
        ret_target->refusal = "a user name in the base URL";
    else if (strcasecmp(scheme, "https") != 0 && strcasecmp(scheme, "http") != 0)
        ret_target->refusal = "neither https nor http";
    else if (strcasecmp(scheme, "https") != 0 && !is_loopback(host))
        ret_target->refusal = "plain http beyond this machine";
    else
        ret_target->refusal = NULL;
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(parts);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;

    buf_put(body, bytes, size * count);
    return buf_failed(body) ? 0 : size * count;
}

static bool append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer)
        *list = longer;
    return longer;
}

static struct curl_slist *make_headers(const struct probe_request *request, struct slice secret)
{
    struct curl_slist *list = NULL;
    char text[HEADER_BYTES_MAX];
    int len =
        snprintf(text, sizeof text, "%s%.*s", request->credential, (int)secret.len, secret.ptr);
    bool whole = len > 0 && (size_t)len < sizeof text && append(&list, text) &&
                 append(&list, "Content-Type: application/json") && append(&list, "Expect:") &&
                 (!*request->header || append(&list, request->header));

    explicit_bzero(text, sizeof text);
    if (whole)
        return list;
    curl_slist_free_all(list);
    return NULL;
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *item = headers; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(headers);
}

static void set_options(CURL *easy,
                        const struct probe_request *request,
                        struct curl_slist *headers,
                        const char *ca_file,
                        struct buf *body)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_ms);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "signalboxctl");
    if (ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
}

static void read_answer(CURL *easy, CURLcode code, struct probe_answer *answer)
{
    curl_off_t connect_us = 0, total_us = 0;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect_us);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
    answer->status = status > 0 && status < 1000 ? (uint32_t)status : 0;
    answer->connect_ms = (uint64_t)connect_us / US_PER_MS;
    answer->total_ms = (uint64_t)total_us / US_PER_MS;
    if (code == CURLE_WRITE_ERROR)
        answer->error = "more than 1 MiB";
    else if (code != CURLE_OK)
        answer->error = curl_easy_strerror(code);
    else if (!status)
        answer->error = "no status";
}

void probe_send(const struct probe_request *request,
                struct slice secret,
                const char *ca_file,
                struct arena *arena,
                struct probe_answer *ret_answer)
{
    struct curl_slist *headers = make_headers(request, secret);
    CURL *easy = curl_easy_init();
    struct buf body;

    *ret_answer = (struct probe_answer){.error = "the request could not be made"};
    buf_init(&body, ANSWER_BYTES_MAX);
    if (headers && easy) {
        ret_answer->error = NULL;
        set_options(easy, request, headers, ca_file, &body);
        read_answer(easy, curl_easy_perform(easy), ret_answer);
        ret_answer->body = arena_copy(arena, buf_slice(&body));
    }
    buf_done(&body);
    curl_easy_cleanup(easy);
    free_headers(headers);
}
