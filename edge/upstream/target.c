/* Where a request goes: URL, headers and whether its credential may go there, worked out once for
 * each base URL and credential and kept.
 *
 * A place that is refused is kept too: the catalog may name it thousands of times a second. */
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "upstream/upstream_private.h"

#define TARGETS_MAX 4096

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "[::1]") == 0;
}

static bool append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (longer)
        *list = longer;
    return longer != NULL;
}

static const char *make_headers(struct target *target, struct slice secret)
{
    struct buf text;
    bool whole;

    buf_init(&text, 8192);
    buf_format(&text, "Authorization: Bearer %.*s", (int)secret.len, secret.ptr);
    buf_put_u8(&text, 0);
    whole = !buf_failed(&text) && append(&target->headers, text.ptr) &&
            append(&target->headers, "Content-Type: application/json") &&
            append(&target->headers, "Expect:");
    buf_done(&text);
    return whole ? NULL : "no_memory";
}

static const char *
judge(struct multi *multi, struct target *target, CURLU *url, struct slice credential)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    const char *refusal = "base_url_invalid";
    struct slice secret;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        goto out;
    if (!curl_url_get(url, CURLUPART_USER, &user, 0))
        goto out;
    refusal = "plain_http_refused";
    if (strcasecmp(scheme, "https") != 0 && !is_loopback(host))
        goto out;
    refusal = "credential_not_bound";
    secret =
        credential_find(multi->options.credentials, credential, slice_of(host), slice_of(port));
    if (secret.len)
        refusal = make_headers(target, secret);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    return refusal;
}

static void fill(struct multi *multi, struct target *target, const struct upstream_call *call)
{
    CURLU *url = curl_url();

    target->refusal = "base_url_invalid";
    if (url && !curl_url_set(url, CURLUPART_URL, target->url, 0))
        target->refusal = judge(multi, target, url, call->credential);
    curl_url_cleanup(url);
}

static void target_free(struct target *target)
{
    curl_slist_free_all(target->headers);
    free(target->url);
    free((char *)(uintptr_t)target->key.ptr);
    free(target);
}

static struct slice trimmed(struct slice base_url)
{
    while (base_url.len && base_url.ptr[base_url.len - 1] == '/')
        base_url.len--;
    return base_url;
}

static struct target *
target_new(struct multi *multi, const struct upstream_call *call, struct slice key)
{
    struct target *target = calloc(1, sizeof *target);
    struct slice base_url = trimmed(call->base_url);
    char *key_copy = malloc(key.len);

    if (!target || !key_copy) {
        free(target);
        free(key_copy);
        return NULL;
    }
    memcpy(key_copy, key.ptr, key.len);
    target->key = (struct slice){key_copy, key.len};
    target->url = malloc(base_url.len + call->path.len + 1);
    if (!target->url || !map_put(&multi->targets, target->key, target)) {
        target_free(target);
        return NULL;
    }
    memcpy(target->url, base_url.ptr, base_url.len);
    memcpy(target->url + base_url.len, call->path.ptr, call->path.len);
    target->url[base_url.len + call->path.len] = 0;
    target->next = multi->targets_first;
    multi->targets_first = target;
    fill(multi, target, call);
    return target;
}

struct target *target_find(struct multi *multi, const struct upstream_call *call)
{
    char memory[2048];
    struct target *target;
    struct buf key;

    buf_init_fixed(&key, memory, sizeof memory);
    buf_put_slice(&key, call->base_url);
    buf_put_u8(&key, 0);
    buf_put_slice(&key, call->path);
    buf_put_u8(&key, 0);
    buf_put_slice(&key, call->credential);
    if (buf_failed(&key))
        return NULL;
    target = map_get(&multi->targets, buf_slice(&key));
    if (target || multi->targets.count >= TARGETS_MAX)
        return target;
    return target_new(multi, call, buf_slice(&key));
}

void targets_free(struct multi *multi)
{
    while (multi->targets_first) {
        struct target *next = multi->targets_first->next;

        target_free(multi->targets_first);
        multi->targets_first = next;
    }
}
