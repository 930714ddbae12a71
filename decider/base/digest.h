/* SHA-256 and HMAC-SHA-256 by libcrypto, constant-time comparison, hex and base64url. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdint.h>

#include "signalbox/slice.h"

#define DIGEST_BYTES 32

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

/* One-shot; nothing is allocated. */
void digest_sha256(struct slice bytes, struct digest *ret_digest);
void digest_hmac(struct slice key, struct slice bytes, struct digest *ret_digest);
/* Runs in time that depends on len alone. */
bool digest_equal(const void *a, const void *b, size_t len);

/* ret_text gets 2 * len characters and a NUL. */
void digest_hex(const void *bytes, size_t len, char *ret_text);
/* False unless text is exactly 2 * len hex digits, either case. */
bool digest_from_hex(struct slice text, void *ret_bytes, size_t len);
/* Base64url without padding; ret_text gets (len * 8 + 5) / 6 characters and a NUL. */
void digest_base64url(const void *bytes, size_t len, char *ret_text);

#endif
