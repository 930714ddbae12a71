/* The resume token as bytes. */
#include "service/token.h"
#include "unit/service/fixture.h"

#define SECRET SLICE_LITERAL("0123456789abcdef0123456789abcdef")

static char long_name[NAME_BYTES_MAX];

static struct token sample(void)
{
    memset(long_name, 'x', sizeof long_name);
    return (struct token){
        .request_id = uuid_make(NOW_MS),
        .boundary = 3,
        .decision_id = UINT64_MAX,
        .chain_id = 7,
        .admission = {{1, 2, 3}},
        .admitted_ms = NOW_MS,
        .deadline_ms = 4000,
        .policy_version = 5,
        .catalog_version = 6,
        .evidence_version = 70000,
        .attempt = 4,
        .entry = 2,
        .route = 5,
        .expires_ms = NOW_MS + 1000,
        .tenant = {long_name, sizeof long_name},
        .key_id = SLICE_LITERAL("key_0123456789abcdef"),
        .policy_id = {long_name, sizeof long_name},
    };
}

static void a_token_comes_back_as_it_was_written(void **state)
{
    const struct token token = sample();
    char bytes[RESUME_TOKEN_BYTES_MAX];
    size_t len = token_write(&token, SECRET, bytes);
    struct token read;

    (void)state;
    assert_true(token_read((struct slice){bytes, len}, SECRET, &read));
    assert_memory_equal(&read.request_id, &token.request_id, sizeof read.request_id);
    assert_int_equal(read.boundary, 3);
    assert_true(read.decision_id == UINT64_MAX && read.chain_id == 7);
    assert_memory_equal(&read.admission, &token.admission, sizeof read.admission);
    assert_true(read.admitted_ms == NOW_MS && read.expires_ms == NOW_MS + 1000);
    assert_int_equal(read.deadline_ms, 4000);
    assert_int_equal(read.policy_version, 5);
    assert_int_equal(read.catalog_version, 6);
    assert_int_equal(read.attempt, 4);
    assert_int_equal(read.entry, 2);
    assert_int_equal(read.evidence_version, 70000);
    assert_int_equal(read.route, 5);
    assert_true(slice_equal(read.tenant, token.tenant));
    assert_true(slice_equal(read.policy_id, token.policy_id));
    assert_true(slice_equal(read.key_id, token.key_id));
}

static void the_longest_names_fit(void **state)
{
    const struct token token = sample();
    char bytes[RESUME_TOKEN_BYTES_MAX];

    (void)state;
    assert_true(token_write(&token, SECRET, bytes) <= RESUME_TOKEN_BYTES_MAX);
}

static void every_altered_or_missing_byte_is_found(void **state)
{
    const struct token token = sample();
    char bytes[RESUME_TOKEN_BYTES_MAX];
    size_t len = token_write(&token, SECRET, bytes);
    struct token read;

    (void)state;
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 0x10;
        assert_false(token_read((struct slice){bytes, len}, SECRET, &read));
        bytes[i] ^= 0x10;
        assert_false(token_read((struct slice){bytes, i}, SECRET, &read));
    }
    assert_true(token_read((struct slice){bytes, len}, SECRET, &read));
}

/* What version 2 has added: the evidence's version, and behind attempt and entry the route. */
#define EVIDENCE_AT 89
#define ROUTE_AT    95

static size_t cut(char *bytes, size_t len, size_t at, size_t count)
{
    memmove(bytes + at, bytes + at + count, len - at - count);
    return len - count;
}

static void a_token_of_version_1_is_read_as_well(void **state)
{
    const struct token token = sample();
    char bytes[RESUME_TOKEN_BYTES_MAX];
    size_t len = token_write(&token, SECRET, bytes) - DIGEST_BYTES;
    struct digest mac;
    struct token read;

    (void)state;
    len = cut(bytes, len, ROUTE_AT, 1);
    len = cut(bytes, len, EVIDENCE_AT, 4);
    bytes[0] = 1;
    digest_hmac(SECRET, (struct slice){bytes, len}, &mac);
    memcpy(bytes + len, mac.bytes, sizeof mac.bytes);
    assert_true(token_read((struct slice){bytes, len + DIGEST_BYTES}, SECRET, &read));
    assert_int_equal(read.entry, 2);
    assert_int_equal(read.evidence_version, 0);
    assert_int_equal(read.route, TOKEN_ROUTE_UNKNOWN);
    assert_true(slice_equal(read.policy_id, token.policy_id));
    /* And of a version that is yet to come, nothing. */
    bytes[0] = TOKEN_VERSION + 1;
    digest_hmac(SECRET, (struct slice){bytes, len}, &mac);
    memcpy(bytes + len, mac.bytes, sizeof mac.bytes);
    assert_false(token_read((struct slice){bytes, len + DIGEST_BYTES}, SECRET, &read));
}

static void another_stores_secret_makes_no_token_of_it(void **state)
{
    const struct token token = sample();
    char bytes[RESUME_TOKEN_BYTES_MAX];
    size_t len = token_write(&token, SECRET, bytes);
    struct token read;

    (void)state;
    assert_false(token_read((struct slice){bytes, len},
                            SLICE_LITERAL("0123456789abcdef0123456789abcdeF"), &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_it_was_written),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(every_altered_or_missing_byte_is_found),
        cmocka_unit_test(a_token_of_version_1_is_read_as_well),
        cmocka_unit_test(another_stores_secret_makes_no_token_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
