#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "base/digest.h"

static _Atomic size_t allocations;

static void *counting_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return malloc(bytes);
}

static void *counting_realloc(void *memory, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return realloc(memory, bytes);
}

static void counting_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void assert_digest(const struct digest *digest, const char *hex)
{
    char text[2 * DIGEST_BYTES + 1];

    digest_hex(digest->bytes, DIGEST_BYTES, text);
    assert_string_equal(text, hex);
}

static void sha256_gives_the_standards_vectors(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct digest digest;

        digest_sha256(slice_of(rows[i].text), &digest);
        assert_digest(&digest, rows[i].hex);
    }
}

/* RFC 4231, cases 1, 2, 3, 6 and 7: keys shorter and longer than a block. */
static void hmac_gives_the_standards_vectors(void **state)
{
    char key_0b[20], key_aa[131], bytes_dd[50];
    const struct {
        struct slice key, bytes;
        const char *hex;
    } rows[] = {
        {{key_0b, 20},
         SLICE_LITERAL("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {SLICE_LITERAL("Jefe"), SLICE_LITERAL("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{key_aa, 20},
         {bytes_dd, 50},
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {{key_aa, 131},
         SLICE_LITERAL("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{key_aa, 131},
         SLICE_LITERAL("This is a test using a larger than block-size key and a larger than "
                       "block-size data. The key needs to be hashed before being used by the "
                       "HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };

    (void)state;
    memset(key_0b, 0x0b, sizeof key_0b);
    memset(key_aa, (char)0xaa, sizeof key_aa);
    memset(bytes_dd, (char)0xdd, sizeof bytes_dd);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct digest digest;

        digest_hmac(rows[i].key, rows[i].bytes, &digest);
        assert_digest(&digest, rows[i].hex);
    }
}

static void a_key_longer_than_a_block_counts_by_its_hash(void **state)
{
    char key[66];

    (void)state;
    memset(key, 'k', sizeof key);
    for (size_t len = 63; len <= sizeof key; len++) {
        struct digest hashed, direct, by_hash;

        digest_sha256((struct slice){key, len}, &hashed);
        digest_hmac((struct slice){key, len}, SLICE_LITERAL("bytes"), &direct);
        digest_hmac((struct slice){(const char *)hashed.bytes, DIGEST_BYTES},
                    SLICE_LITERAL("bytes"), &by_hash);
        assert_int_equal(digest_equal(&direct, &by_hash, DIGEST_BYTES), len > 64);
    }
}

static void hashing_allocates_nothing(void **state)
{
    struct digest digest;
    size_t before = allocations;

    (void)state;
    OPENSSL_free(OPENSSL_malloc(1));
    assert_int_equal(allocations, before + 1); /* the count works */
    for (int i = 0; i < 100; i++) {
        digest_sha256(SLICE_LITERAL("bytes"), &digest);
        digest_hmac(SLICE_LITERAL("key"), SLICE_LITERAL("bytes"), &digest);
    }
    assert_int_equal(allocations, before + 1);
}

static void *hash_in_a_thread(void *failures)
{
    for (int i = 0; i < 200; i++) {
        struct digest digest, again;

        digest_sha256(SLICE_LITERAL("abc"), &digest);
        digest_hmac(SLICE_LITERAL("abc"), SLICE_LITERAL("abc"), &again);
        digest_sha256(SLICE_LITERAL("abc"), &again);
        if (!digest_equal(digest.bytes, again.bytes, DIGEST_BYTES) || digest.bytes[0] != 0xba)
            ++*(int *)failures;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[4];
    int failures[4] = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_in_a_thread, &failures[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
}

static void equal_looks_at_every_byte(void **state)
{
    uint8_t a[DIGEST_BYTES] = {0}, b[DIGEST_BYTES] = {0};

    (void)state;
    assert_true(digest_equal(a, b, sizeof a));
    assert_true(digest_equal(a, b, 0));
    for (size_t i = 0; i < sizeof b; i++) {
        b[i] = 0x80;
        assert_false(digest_equal(a, b, sizeof a));
        b[i] = 0;
    }
}

static void hex_goes_both_ways(void **state)
{
    uint8_t bytes[3];
    char text[7];

    (void)state;
    assert_true(digest_from_hex(SLICE_LITERAL("00aBfF"), bytes, 3));
    digest_hex(bytes, 3, text);
    assert_string_equal(text, "00abff");
}

static void bad_hex_leaves_the_bytes_alone(void **state)
{
    static const char *const rows[] = {"",         "0",      "0102",   "01020", "0102030",
                                       "01020304", "01020g", "0x0203", "01 203"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[3] = {9, 9, 9};

        assert_false(digest_from_hex(slice_of(rows[i]), bytes, 3));
        assert_memory_equal(bytes, "\x09\x09\x09", 3);
    }
}

static void base64url_has_no_padding(void **state)
{
    static const struct {
        struct slice bytes;
        const char *text;
    } rows[] = {
        {{"", 0}, ""},
        {{"f", 1}, "Zg"},
        {{"fo", 2}, "Zm8"},
        {{"foo", 3}, "Zm9v"},
        {{"foob", 4}, "Zm9vYg"},
        {{"foobar", 6}, "Zm9vYmFy"},
        {{"\xfb\xff\xfe", 3}, "-__-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[16];

        digest_base64url(rows[i].bytes.ptr, rows[i].bytes.len, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(strlen(text), (rows[i].bytes.len * 8 + 5) / 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashing_allocates_nothing),
        cmocka_unit_test(sha256_gives_the_standards_vectors),
        cmocka_unit_test(hmac_gives_the_standards_vectors),
        cmocka_unit_test(a_key_longer_than_a_block_counts_by_its_hash),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(equal_looks_at_every_byte),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(bad_hex_leaves_the_bytes_alone),
        cmocka_unit_test(base64url_has_no_padding),
    };

    /* Must come before libcrypto's first allocation. */
    if (CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
