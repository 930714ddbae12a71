/* SHA-256 through EVP with the algorithm fetched once per process and one context per thread.
 *
 * HMAC is RFC 2104 on top of that context: EVP_MAC would copy the key to the heap and set up three
 * contexts on every call, and a token is checked on every request. */
#include "base/digest.h"

#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/invariant.h"

#define BLOCK_BYTES 64

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *sha256;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    invariant(sha256);
    invariant(pthread_key_create(&context_key, free_context) == 0);
}

/* The thread's context; its end frees it. */
static EVP_MD_CTX *context_get(void)
{
    EVP_MD_CTX *context;

    pthread_once(&once, fetch);
    context = pthread_getspecific(context_key);
    if (!context) {
        context = EVP_MD_CTX_new();
        invariant(context && EVP_DigestInit_ex2(context, sha256, NULL) == 1);
        invariant(pthread_setspecific(context_key, context) == 0);
    }
    return context;
}

static void hash_two(struct slice first, struct slice second, struct digest *ret_digest)
{
    EVP_MD_CTX *context = context_get();

    invariant(EVP_DigestInit_ex2(context, NULL, NULL) == 1);
    invariant(EVP_DigestUpdate(context, first.ptr, first.len) == 1);
    invariant(EVP_DigestUpdate(context, second.ptr, second.len) == 1);
    invariant(EVP_DigestFinal_ex(context, ret_digest->bytes, NULL) == 1);
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

/* 16 for what is no hex digit. */
static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

bool digest_from_hex(struct slice text, void *ret_bytes, size_t len)
{
    unsigned char *b = ret_bytes;

    if (text.len % 2 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (hex_value(text.ptr[i]) > 15)
            return false;
    for (size_t i = 0; i < len; i++)
        b[i] = (unsigned char)(hex_value(text.ptr[2 * i]) << 4 | hex_value(text.ptr[2 * i + 1]));
    return true;
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
