/* Addresses by hand: inet_pton wants a NUL and differs between systems in what it forgives, and an
 * allow-list must not depend on that. IPv6 groups are collected left to right; where "::" stood is
 * remembered, and what came behind it moves to the end. */
#include "base/address.h"

#define GROUPS_MAX   8
#define IPV4_BYTES   4
#define IPV4_OFFSET  (ADDRESS_BYTES - IPV4_BYTES)
#define IPV4_BITS    32
#define NO_GAP       (GROUPS_MAX + 1)
#define PREFIX_BYTES 3

/* A decimal number up to max without leading zeros, taken from text. */
static bool take_number(struct slice *text, unsigned max, unsigned *ret_number)
{
    unsigned number = 0, digits = 0;

    while (text->len && *text->ptr >= '0' && *text->ptr <= '9' && digits <= PREFIX_BYTES) {
        if (digits++ && number == 0)
            return false;
        number = number * 10 + (unsigned)(*text->ptr - '0');
        text->ptr++;
        text->len--;
    }
    *ret_number = number;
    return digits > 0 && number <= max;
}

static bool take(struct slice *text, char c)
{
    if (!text->len || *text->ptr != c)
        return false;
    text->ptr++;
    text->len--;
    return true;
}

static bool parse_v4(struct slice text, uint8_t *ret_bytes)
{
    uint8_t bytes[IPV4_BYTES];

    for (unsigned i = 0; i < IPV4_BYTES; i++) {
        unsigned number;

        if ((i && !take(&text, '.')) || !take_number(&text, UINT8_MAX, &number))
            return false;
        bytes[i] = (uint8_t)number;
    }
    memcpy(ret_bytes, bytes, sizeof bytes);
    return text.len == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One to four hexadecimal digits, taken from text. */
static bool take_group(struct slice *text, unsigned *ret_group)
{
    unsigned group = 0, digits = 0;

    while (text->len && digits < 4 && hex_digit(*text->ptr) >= 0) {
        group = group << 4 | (unsigned)hex_digit(*text->ptr);
        text->ptr++;
        text->len--;
        digits++;
    }
    *ret_group = group;
    return digits > 0;
}

struct groups {
    uint8_t bytes[ADDRESS_BYTES];
    unsigned count; /* groups of two bytes so far */
    unsigned gap;   /* how many stood before "::", or NO_GAP */
};

/* A dotted end stands for two groups. */
static bool put_group(struct groups *groups, struct slice *text)
{
    struct slice rest = *text;
    unsigned group;

    if (groups->count >= GROUPS_MAX)
        return false;
    if (groups->count <= GROUPS_MAX - 2 && memchr(rest.ptr, '.', rest.len) &&
        parse_v4(rest, groups->bytes + 2UL * groups->count)) {
        groups->count += 2;
        text->len = 0;
        return true;
    }
    if (!take_group(text, &group))
        return false;
    groups->bytes[2 * groups->count] = (uint8_t)(group >> 8);
    groups->bytes[2 * groups->count + 1] = (uint8_t)group;
    groups->count++;
    return true;
}

static bool read_groups(struct slice text, struct groups *groups)
{
    if (text.len >= 2 && text.ptr[0] == ':' && text.ptr[1] == ':') {
        groups->gap = 0;
        text.ptr += 2;
        text.len -= 2;
        if (!text.len)
            return true;
    }
    while (put_group(groups, &text)) {
        if (!text.len)
            return true;
        if (!take(&text, ':'))
            return false;
        if (take(&text, ':')) {
            if (groups->gap != NO_GAP)
                return false;
            groups->gap = groups->count;
            if (!text.len)
                return true;
        }
    }
    return false;
}

static bool parse_v6(struct slice text, uint8_t *ret_address)
{
    struct groups groups = {.gap = NO_GAP};
    unsigned behind;

    if (!read_groups(text, &groups))
        return false;
    if ((groups.gap == NO_GAP) != (groups.count == GROUPS_MAX))
        return false; /* too few groups, or a gap that stands for none */
    behind = groups.gap == NO_GAP ? 0 : groups.count - groups.gap;
    memset(ret_address, 0, ADDRESS_BYTES);
    memcpy(ret_address, groups.bytes, 2UL * (groups.count - behind));
    memcpy(ret_address + ADDRESS_BYTES - 2UL * behind, groups.bytes + 2UL * (groups.count - behind),
           2UL * behind);
    return true;
}

bool address_parse(struct slice text, uint8_t ret_address[ADDRESS_BYTES])
{
    uint8_t address[ADDRESS_BYTES] = {[10] = 0xff, [11] = 0xff};

    if (!text.len)
        return false;
    if (!(memchr(text.ptr, ':', text.len) ? parse_v6(text, address)
                                          : parse_v4(text, address + IPV4_OFFSET)))
        return false;
    memcpy(ret_address, address, sizeof address);
    return true;
}

/* The address has no bit behind the first bits. */
static bool ends_with_zeros(const uint8_t *address, unsigned bits)
{
    for (unsigned i = bits; i < ADDRESS_BITS; i++)
        if (address[i / 8] >> (7 - i % 8) & 1)
            return false;
    return true;
}

bool address_parse_network(struct slice text,
                           uint8_t ret_address[ADDRESS_BYTES],
                           unsigned *ret_bits)
{
    const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    struct slice host = {text.ptr, slash ? (size_t)(slash - text.ptr) : text.len};
    bool v6 = host.len && memchr(host.ptr, ':', host.len);
    unsigned most = v6 ? ADDRESS_BITS : IPV4_BITS, bits = most;
    uint8_t address[ADDRESS_BYTES];

    if (slash) {
        struct slice prefix = {slash + 1, text.len - host.len - 1};

        if (!take_number(&prefix, most, &bits) || prefix.len)
            return false;
    }
    bits += ADDRESS_BITS - most;
    if (!address_parse(host, address) || !ends_with_zeros(address, bits))
        return false;
    memcpy(ret_address, address, sizeof address);
    *ret_bits = bits;
    return true;
}

bool address_within(const uint8_t address[ADDRESS_BYTES],
                    const uint8_t network[ADDRESS_BYTES],
                    unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (bits > ADDRESS_BITS || memcmp(address, network, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ network[whole]) >> (8 - rest)) == 0;
}
