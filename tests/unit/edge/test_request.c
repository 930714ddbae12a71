#include "base/digest.h"
#include "fixture.h"

static void takes_the_digest_of_the_body(void **state)
{
    struct fixture f;
    char hex[65];

    (void)state;
    fixture_init(&f);
    request_init(&f.request, &f.arena, fixture_pad(&f, SLICE_LITERAL("abc")));
    digest_hex(f.request.facts.body_digest.ptr, f.request.facts.body_digest.len, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(f.request.facts.body_bytes, 3);
    fixture_done(&f);
}

static void a_refusal_is_always_false_and_whole(void **state)
{
    struct fixture f;
    char name[2000];

    (void)state;
    fixture_init(&f);
    request_init(&f.request, &f.arena, fixture_pad(&f, SLICE_LITERAL("{}")));
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_false(
        request_refuse(&f.request, &f.refusal, "code", SLICE_LITERAL("p"), "bad %s", name));
    assert_int_equal(f.refusal.status, 400);
    assert_int_equal(f.refusal.message.len, ERROR_MESSAGE_BYTES_MAX - 1);
    assert_slice(f.refusal.param, "p");
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_digest_of_the_body),
        cmocka_unit_test(a_refusal_is_always_false_and_whole),
    };

    return cmocka_run_group_tests_name("edge/request", tests, NULL, NULL);
}
