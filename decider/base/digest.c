/* SHA-256 by libcrypto's own functions for it. OpenSSL 3 calls them deprecated in favour of EVP,
 * which allocates whenever a hash begins and costs more than the hashing of short texts does;
 * several digests are made for every decision. They are the same code underneath, hardware
 * included.
 *
 * HMAC is RFC 2104 on top of them. */
#define OPENSSL_SUPPRESS_DEPRECATED /* see above */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/invariant.h"

#define BLOCK_BYTES SHA256_CBLOCK

static void hash_two(struct slice first, struct slice second, struct digest *ret_digest)
{
    SHA256_CTX context;

    invariant(SHA256_Init(&context) == 1);
    invariant(SHA256_Update(&context, first.ptr, first.len) == 1);
    invariant(SHA256_Update(&context, second.ptr, second.len) == 1);
    invariant(SHA256_Final(ret_digest->bytes, &context) == 1);
}

void digest_sha256(struct slice bytes, struct digest *ret_digest)
{
    hash_two(bytes, (struct slice){NULL, 0}, ret_digest);
}

void digest_hmac(struct slice key, struct slice bytes, struct digest *ret_digest)
{
    unsigned char block[BLOCK_BYTES] = {0};
    struct digest hashed, inner;

    if (key.len > BLOCK_BYTES) {
        digest_sha256(key, &hashed);
        key = (struct slice){(const char *)hashed.bytes, DIGEST_BYTES};
    }
    if (key.len)
        memcpy(block, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] ^= 0x36;
    hash_two((struct slice){(const char *)block, BLOCK_BYTES}, bytes, &inner);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] ^= 0x36 ^ 0x5c;
    hash_two((struct slice){(const char *)block, BLOCK_BYTES},
             (struct slice){(const char *)inner.bytes, DIGEST_BYTES}, ret_digest);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&inner, sizeof inner);
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void digest_hex(const void *bytes, size_t len, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = bytes;

    for (size_t i = 0; i < len; i++) {
        *ret_text++ = digits[b[i] >> 4];
        *ret_text++ = digits[b[i] & 15];
    }
    *ret_text = '\0';
}

static bool is_hex(unsigned char c)
{
    return ((unsigned)c - '0' < 10) | (((unsigned)c | ('a' ^ 'A')) - 'a' < 6);
}

/* Of a hex digit. Without a branch: nobody can predict which digits of an id are letters. */
static unsigned hex_value(unsigned char c)
{
    return (c & 15u) + 9u * (c >> 6);
}

bool digest_from_hex(struct slice text, void *ret_bytes, size_t len)
{
    const unsigned char *digits = (const unsigned char *)text.ptr;
    unsigned char *b = ret_bytes;
    bool hex = true;

    if (text.len % 2 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        hex &= is_hex(digits[i]);
    for (size_t i = 0; hex && i < len; i++)
        b[i] = (unsigned char)(hex_value(digits[2 * i]) << 4 | hex_value(digits[2 * i + 1]));
    return hex;
}

void digest_base64url(const void *bytes, size_t len, char *ret_text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *b = bytes;
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | b[i];
        for (count += 8; count >= 6; count -= 6)
            *ret_text++ = letters[bits >> (count - 6) & 63];
    }
    if (count)
        *ret_text++ = letters[bits << (6 - count) & 63];
    *ret_text = '\0';
}
