/* Mixing of 64-bit numbers, for digests that must be equal on every machine and for jitter that
 * depends on a seed alone. Not for secrets. */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <stdint.h>

#include "signalbox/slice.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MIX_LITTLE_ENDIAN(word) (word)
#else
#define MIX_LITTLE_ENDIAN(word) __builtin_bswap64(word)
#endif

/* A bijection whose every output bit depends on every input bit: the finaliser of SplitMix64
 * (Steele, Lea, Flood 2014). */
static inline uint64_t mix_u64(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Takes value into a running digest; the order of calls matters. */
static inline uint64_t mix_in(uint64_t digest, uint64_t value)
{
    return mix_u64((digest + UINT64_C(0x9e3779b97f4a7c15)) ^ value);
}

/* Length first, then eight bytes at a time, little-endian, the last padded with zeros. */
static inline uint64_t mix_in_text(uint64_t digest, struct slice text)
{
    const char *at = text.ptr;
    uint64_t word = 0;
    size_t left;

    digest = mix_in(digest, text.len);
    for (left = text.len; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        digest = mix_in(digest, MIX_LITTLE_ENDIAN(word));
    }
    if (!left)
        return digest;
    word = 0;
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return mix_in(digest, word);
}

#endif
