/* Addresses and networks: what is one, what only looks like one, and who is within. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/address.h"

static const char *hex_of(const uint8_t *address)
{
    static char text[2 * ADDRESS_BYTES + 1];

    for (unsigned i = 0; i < ADDRESS_BYTES; i++)
        snprintf(text + 2UL * i, 3, "%02x", address[i]);
    return text;
}

static void both_kinds_become_sixteen_bytes(void **state)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"0.0.0.0", "00000000000000000000ffff00000000"},
        {"192.0.2.1", "00000000000000000000ffffc0000201"},
        {"255.255.255.255", "00000000000000000000ffffffffffff"},
        {"::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
        {"::", "00000000000000000000000000000000"},
        {"::1", "00000000000000000000000000000001"},
        {"1::", "00010000000000000000000000000000"},
        {"2001:db8::1", "20010db8000000000000000000000001"},
        {"2001:DB8:0:0:8:800:200C:417A", "20010db80000000000080800200c417a"},
        {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
        {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
        {"1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"},
        {"64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t address[ADDRESS_BYTES];

        if (!address_parse(slice_of(cases[i].text), address))
            fail_msg("%s is refused", cases[i].text);
        assert_string_equal(hex_of(address), cases[i].hex);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.04",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1..2.3",
        "1.2.3.4000",
        "0x1.2.3.4",
        "localhost",
        ":",
        ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1::2::3",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "[::1]",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "192.0.2.1:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t address[ADDRESS_BYTES];

        if (address_parse(slice_of(cases[i]), address))
            fail_msg("%s is accepted", cases[i]);
    }
}

static void a_network_is_an_address_and_a_prefix(void **state)
{
    static const struct {
        const char *text;
        unsigned bits; /* 999: refused */
    } cases[] = {
        {"10.0.0.0/8", 104},
        {"0.0.0.0/0", 96},
        {"192.0.2.1", 128},
        {"192.0.2.1/32", 128},
        {"192.0.2.128/25", 121},
        {"2001:db8::/32", 32},
        {"::/0", 0},
        {"2001:db8::1", 128},
        {"::ffff:10.0.0.0/104", 104},
        {"10.0.0.1/8", 999},
        {"192.0.2.128/24", 999},
        {"2001:db8:8000::/32", 999},
        {"10.0.0.0/33", 999},
        {"10.0.0.0/", 999},
        {"10.0.0.0/08", 999},
        {"10.0.0.0/8/8", 999},
        {"10.0.0.0/-1", 999},
        {"::/129", 999},
        {"::/1000", 999},
        {"/8", 999},
        {"", 999},
        {"10.0.0.0/4294967304", 999},
        {"10.0.0/8", 999},
        {"10.0.0.0/8 ", 999},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t address[ADDRESS_BYTES];
        unsigned bits = 999;

        if (address_parse_network(slice_of(cases[i].text), address, &bits) !=
                (cases[i].bits != 999) ||
            bits != cases[i].bits)
            fail_msg("%s: %u", cases[i].text, bits);
    }
}

static void within_are_those_that_share_the_first_bits(void **state)
{
    static const struct {
        const char *address, *network;
        bool within;
    } cases[] = {
        {"10.1.2.3", "10.0.0.0/8", true},
        {"11.1.2.3", "10.0.0.0/8", false},
        {"::ffff:10.1.2.3", "10.0.0.0/8", true},
        {"192.0.2.127", "192.0.2.0/25", true},
        {"192.0.2.128", "192.0.2.0/25", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.6", "192.0.2.7", false},
        {"2001:db8::1", "2001:db8::/32", true},
        {"2001:db9::1", "2001:db8::/32", false},
        {"2001:db8::1", "0.0.0.0/0", false},
        {"192.0.2.6", "::/0", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t address[ADDRESS_BYTES], network[ADDRESS_BYTES];
        unsigned bits;

        assert_true(address_parse(slice_of(cases[i].address), address));
        assert_true(address_parse_network(slice_of(cases[i].network), network, &bits));
        if (address_within(address, network, bits) != cases[i].within)
            fail_msg("%s in %s", cases[i].address, cases[i].network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_become_sixteen_bytes),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_network_is_an_address_and_a_prefix),
        cmocka_unit_test(within_are_those_that_share_the_first_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
