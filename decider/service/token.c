/* Written with a fixed buffer: the longest names fit, which an invariant states. The MAC is checked
 * before anything else is read. */
#include "service/token.h"

#include "base/buf.h"
#include "base/invariant.h"

static void put_text(struct buf *buf, struct slice text)
{
    buf_put_u8(buf, (uint8_t)text.len);
    buf_put_slice(buf, text);
}

size_t
token_write(const struct token *token, struct slice secret, char ret_bytes[RESUME_TOKEN_BYTES_MAX])
{
    struct digest mac;
    struct buf buf;

    buf_init_fixed(&buf, ret_bytes, RESUME_TOKEN_BYTES_MAX);
    buf_put_u8(&buf, TOKEN_VERSION);
    buf_put(&buf, token->request_id.bytes, sizeof token->request_id.bytes);
    buf_put_u32(&buf, token->boundary);
    buf_put_u64(&buf, token->decision_id);
    buf_put_u64(&buf, token->chain_id);
    buf_put(&buf, token->admission.bytes, DIGEST_BYTES);
    buf_put_u64(&buf, (uint64_t)token->admitted_ms);
    buf_put_u32(&buf, token->deadline_ms);
    buf_put_u32(&buf, token->policy_version);
    buf_put_u32(&buf, token->catalog_version);
    buf_put_u32(&buf, token->evidence_version);
    buf_put_u8(&buf, (uint8_t)token->attempt);
    buf_put_u8(&buf, (uint8_t)token->entry);
    buf_put_u8(&buf, (uint8_t)token->route);
    buf_put_u64(&buf, (uint64_t)token->expires_ms);
    put_text(&buf, token->tenant);
    put_text(&buf, token->key_id);
    put_text(&buf, token->policy_id);
    digest_hmac(secret, buf_slice(&buf), &mac);
    buf_put(&buf, mac.bytes, sizeof mac.bytes);
    /* 104 bytes of numbers, two names, a key id and the MAC stay below the bound. */
    invariant(!buf_failed(&buf));
    return buf.len;
}

static struct slice text_of(struct cursor *cursor)
{
    size_t len = cursor_u8(cursor);

    return cursor_bytes(cursor, len);
}

bool token_read(struct slice bytes, struct slice secret, struct token *ret_token)
{
    struct token token = {.boundary = 0};
    struct cursor cursor;
    struct digest mac;
    struct slice id, admission;
    uint8_t version;

    if (bytes.len <= sizeof mac.bytes || bytes.len > RESUME_TOKEN_BYTES_MAX)
        return false;
    bytes.len -= sizeof mac.bytes;
    digest_hmac(secret, bytes, &mac);
    if (!digest_equal(mac.bytes, bytes.ptr + bytes.len, sizeof mac.bytes))
        return false;
    cursor = cursor_of(bytes);
    version = cursor_u8(&cursor);
    if (version < 1 || version > TOKEN_VERSION)
        return false;
    id = cursor_bytes(&cursor, sizeof token.request_id.bytes);
    token.boundary = cursor_u32(&cursor);
    token.decision_id = cursor_u64(&cursor);
    token.chain_id = cursor_u64(&cursor);
    admission = cursor_bytes(&cursor, DIGEST_BYTES);
    token.admitted_ms = (int64_t)cursor_u64(&cursor);
    token.deadline_ms = cursor_u32(&cursor);
    token.policy_version = cursor_u32(&cursor);
    token.catalog_version = cursor_u32(&cursor);
    token.evidence_version = version == 1 ? 0 : cursor_u32(&cursor);
    token.attempt = cursor_u8(&cursor);
    token.entry = cursor_u8(&cursor);
    token.route = version == 1 ? TOKEN_ROUTE_UNKNOWN : cursor_u8(&cursor);
    token.expires_ms = (int64_t)cursor_u64(&cursor);
    token.tenant = text_of(&cursor);
    token.key_id = text_of(&cursor);
    token.policy_id = text_of(&cursor);
    if (cursor.failed || cursor.left)
        return false;
    memcpy(token.request_id.bytes, id.ptr, sizeof token.request_id.bytes);
    memcpy(token.admission.bytes, admission.ptr, DIGEST_BYTES);
    *ret_token = token;
    return true;
}
