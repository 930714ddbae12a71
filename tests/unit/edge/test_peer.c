#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/address.h"
#include "http/peer.h"

static void assert_text(struct slice found, const char *expected)
{
    if (!slice_is(found, expected))
        fail_msg("'%.*s' is not '%s'", (int)found.len, found.ptr, expected);
}

static void every_family_has_its_text(void **state)
{
    static const struct {
        const char *written, *read;
    } rows[] = {
        {"::1", "::1"},
        {"2001:DB8:0:0::7", "2001:db8::7"},
        {"::ffff:192.0.2.7", "192.0.2.7"}, /* IPv4 that came through an IPv6 socket */
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(80)};
    uint8_t address[ADDRESS_BYTES];
    char text[PEER_TEXT_BYTES];

    (void)state;
    assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr), 1);
    assert_text(peer_text((const struct sockaddr *)&v4, text), "192.0.2.7");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_scope_id = 3};
        struct slice found;

        assert_int_equal(inet_pton(AF_INET6, rows[i].written, &v6.sin6_addr), 1);
        found = peer_text((const struct sockaddr *)&v6, text);
        assert_text(found, rows[i].read);
        /* What the decider reads it with takes it. */
        assert_true(address_parse(found, address));
    }
}

static void a_unix_peer_has_none(void **state)
{
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    char text[PEER_TEXT_BYTES];

    (void)state;
    assert_text(peer_text((const struct sockaddr *)&local, text), "");
    assert_text(peer_text(&none, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_its_text),
        cmocka_unit_test(a_unix_peer_has_none),
    };

    return cmocka_run_group_tests_name("edge/peer", tests, NULL, NULL);
}
