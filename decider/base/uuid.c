/* The random part is SplitMix64, not getrandom(2): an id must be unique, not secret. */
#include "base/uuid.h"

#include "base/digest.h"
#include "base/random.h"

struct uuid uuid_make(int64_t unix_ms)
{
    uint64_t high = (uint64_t)unix_ms << 16 | 0x7000 | (random_u64() & 0x0fff);
    uint64_t low = UINT64_C(0x8000000000000000) | random_u64() >> 2;
    struct uuid uuid;

    for (unsigned i = 0; i < 8; i++) {
        uuid.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        uuid.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    return uuid;
}

/* Characters of the groups of the text form, with a dash between two. */
static const unsigned char groups[] = {8, 4, 4, 4, 12};

void uuid_format(struct uuid uuid, char ret_text[UUID_TEXT_BYTES + 1])
{
    char hex[2 * sizeof uuid.bytes + 1];
    const char *from = hex;
    char *to = ret_text;

    digest_hex(uuid.bytes, sizeof uuid.bytes, hex);
    for (size_t i = 0; i < sizeof groups; i++) {
        memcpy(to, from, groups[i]);
        from += groups[i];
        to += groups[i];
        *to++ = '-';
    }
    to[-1] = '\0';
}

bool uuid_parse(struct slice text, struct uuid *ret_uuid)
{
    char hex[2 * sizeof ret_uuid->bytes];
    const char *from = text.ptr;
    char *to = hex;

    if (text.len != UUID_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < sizeof groups; i++) {
        if (i > 0 && *from++ != '-')
            return false;
        memcpy(to, from, groups[i]);
        from += groups[i];
        to += groups[i];
    }
    return digest_from_hex((struct slice){hex, sizeof hex}, ret_uuid->bytes,
                           sizeof ret_uuid->bytes);
}

bool uuid_is_v7(struct uuid uuid)
{
    return uuid.bytes[6] >> 4 == 7 && uuid.bytes[8] >> 6 == 2;
}

int64_t uuid_unix_ms(struct uuid uuid)
{
    int64_t unix_ms = 0;

    for (unsigned i = 0; i < 6; i++)
        unix_ms = unix_ms << 8 | uuid.bytes[i];
    return unix_ms;
}
