/* Which addresses are loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/listen.h"

static void only_loopback_is_loopback(void **state)
{
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {
        {"127.0.0.1:7450", true},
        {"127.9.9.9:1", true},
        {"[::1]:7450", true},
        {"localhost:7450", true},
        {"0.0.0.0:7450", false},
        {"[::]:7450", false},
        {"10.0.0.1:7450", false},
        {"128.0.0.1:7450", false},
        {"example.com:7450", false},
        {"127.0.0.1", false},
        {"127.0.0.1:", false},
        {":7450", false},
        {"", false},
        {"127.0.0.1:74x0", false},
        {"127.1:7450", false},
        {"[::ffff:10.0.0.1]:1", false},
        {"localhost.evil:7450", false},
        {"127.0.0.1.evil:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (listen_is_loopback(rows[i].address) != rows[i].loopback)
            fail_msg("'%s'", rows[i].address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_loopback_is_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
