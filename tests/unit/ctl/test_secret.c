/* A provider's secret is found by the edge's rules, and only for a host that it is bound to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/secret.h"

static void only_a_bound_host_gets_the_secret(void **state)
{
    static const char *const environment[] = {
        "PATH=/bin",
        "SIGNALBOX_CREDENTIAL_MAIN_KEY_2=s1",
        "SIGNALBOX_CREDENTIAL_MAIN_KEY_2_HOSTS=api.example, other.example:8443 ,127.0.0.1:9101",
        "SIGNALBOX_CREDENTIAL_LOOSE=s2",
        "SIGNALBOX_CREDENTIAL_EMPTY=",
        "SIGNALBOX_CREDENTIAL_EMPTY_HOSTS=api.example",
        "SIGNALBOX_CREDENTIAL_BROKEN=a\r\nHost: evil",
        "SIGNALBOX_CREDENTIAL_BROKEN_HOSTS=api.example",
        NULL,
    };
    static const struct {
        const char *credential, *host, *port;
        enum secret_outcome outcome;
        const char *secret, *variable;
    } rows[] = {
        {"main-key.2", "api.example", "443", SECRET_FOUND, "s1", "SIGNALBOX_CREDENTIAL_MAIN_KEY_2"},
        {"MAIN_KEY_2", "API.example", "1", SECRET_FOUND, "s1", NULL},
        {"main-key.2", "other.example", "8443", SECRET_FOUND, "s1", NULL},
        {"main-key.2", "127.0.0.1", "9101", SECRET_FOUND, "s1", NULL},
        {"main-key.2", "other.example", "443", SECRET_NOT_BOUND, "", NULL},
        {"main-key.2", "api.example.evil", "443", SECRET_NOT_BOUND, "", NULL},
        {"main-key.2", "pi.example", "443", SECRET_NOT_BOUND, "", NULL},
        {"main-key.2", "", "443", SECRET_NOT_BOUND, "", NULL},
        {"main-key", "api.example", "443", SECRET_ABSENT, "", NULL},
        {"loose", "api.example", "443", SECRET_NOT_BOUND, "", NULL},
        {"empty", "api.example", "443", SECRET_ABSENT, "", "SIGNALBOX_CREDENTIAL_EMPTY"},
        {"broken", "api.example", "443", SECRET_UNFIT, "", NULL},
        {"", "api.example", "443", SECRET_ABSENT, "", NULL},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct secret secret;

        assert_int_equal(secret_find((char *const *)(uintptr_t)environment, rows[i].credential,
                                     slice_of(rows[i].host), slice_of(rows[i].port), &arena,
                                     &secret),
                         rows[i].outcome);
        assert_true(slice_is(secret.text, rows[i].secret));
        if (rows[i].variable)
            assert_string_equal(secret.variable, rows[i].variable);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_bound_host_gets_the_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
