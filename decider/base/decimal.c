/* A number is its digits without trailing zeros and the power of ten of the last one. Then "needs
 * more decimals" is a negative power and "does not fit" an overflow, however it was written: 50e-3,
 * 0.05 and 0.0500 are one value. */
#include "base/decimal.h"

#include <stdio.h>

#include "base/invariant.h"

/* An exponent beyond it counts as it: no text is long enough to make up for the difference. */
#define EXPONENT_MAX      INT64_C(1000000000000000)
#define FORMAT_DIGITS_MAX 29

/* A JSON number taken apart. */
struct number {
    struct slice whole;
    struct slice fraction;
    int64_t exponent;
};

static struct slice take_digits(struct slice *rest)
{
    struct slice digits = {rest->ptr, 0};

    while (rest->len && *rest->ptr >= '0' && *rest->ptr <= '9') {
        rest->ptr++;
        rest->len--;
        digits.len++;
    }
    return digits;
}

static bool take(struct slice *rest, char a, char b)
{
    if (rest->len == 0 || (*rest->ptr != a && *rest->ptr != b))
        return false;
    rest->ptr++;
    rest->len--;
    return true;
}

static bool take_exponent(struct slice *rest, int64_t *ret_exponent)
{
    bool negative = take(rest, '-', '-');
    int64_t exponent = 0;
    struct slice digits;

    if (!negative)
        take(rest, '+', '+');
    digits = take_digits(rest);
    if (digits.len == 0)
        return false;
    for (size_t i = 0; i < digits.len && exponent < EXPONENT_MAX; i++)
        exponent = exponent * 10 + (digits.ptr[i] - '0');
    *ret_exponent = negative ? -exponent : exponent;
    return true;
}

static bool read_number(struct slice text, struct number *ret_number)
{
    struct number number = {{NULL, 0}, {NULL, 0}, 0};

    number.whole = take_digits(&text);
    if (number.whole.len == 0 || (number.whole.len > 1 && *number.whole.ptr == '0'))
        return false;
    if (take(&text, '.', '.')) {
        number.fraction = take_digits(&text);
        if (number.fraction.len == 0)
            return false;
    }
    if (take(&text, 'e', 'E') && !take_exponent(&text, &number.exponent))
        return false;
    *ret_number = number;
    return text.len == 0;
}

static size_t drop_zeros(struct slice *digits)
{
    size_t len = digits->len;

    while (digits->len && digits->ptr[digits->len - 1] == '0')
        digits->len--;
    return len - digits->len;
}

static bool append_digits(struct slice digits, uint64_t *value)
{
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (unsigned)(digits.ptr[i] - '0'), value))
            return false;
    return true;
}

bool decimal_parse(struct slice text, unsigned digits, uint64_t *ret_value)
{
    struct number number;
    uint64_t value = 0;
    int64_t power;

    if (!read_number(text, &number))
        return false;
    drop_zeros(&number.fraction);
    power = number.exponent + (int64_t)digits - (int64_t)number.fraction.len;
    if (number.fraction.len == 0)
        power += (int64_t)drop_zeros(&number.whole);
    if (!append_digits(number.whole, &value) || !append_digits(number.fraction, &value))
        return false;
    if (value && power < 0)
        return false;
    for (; value && power > 0; power--)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *ret_value = value;
    return true;
}

void decimal_format(uint64_t value, unsigned digits, char *ret_text)
{
    char padded[FORMAT_DIGITS_MAX + 24];
    int len = snprintf(padded, sizeof padded, "%0*llu", (int)digits + 1, (unsigned long long)value);
    size_t whole, fraction = digits;

    invariant(digits <= FORMAT_DIGITS_MAX);
    whole = (size_t)len - digits;
    while (fraction && padded[whole + fraction - 1] == '0')
        fraction--;
    memcpy(ret_text, padded, whole);
    if (fraction) {
        ret_text[whole++] = '.';
        memcpy(ret_text + whole, padded + whole - 1, fraction);
    }
    ret_text[whole + fraction] = '\0';
}
