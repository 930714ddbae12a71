/* Decimal text to integers, exactly: money never passes through floating point. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdint.h>

#include "signalbox/slice.h"

/* text ("0.05", "12", "5e-2" as JSON writes numbers) times 10^digits as an integer. False when it
 * is not a JSON number, is negative, needs more than digits decimals, or does not fit. */
bool decimal_parse(struct slice text, unsigned digits, uint64_t *ret_value);
/* value / 10^digits, without trailing zeros ("0.05"). ret_text holds at least 32 bytes. */
void decimal_format(uint64_t value, unsigned digits, char *ret_text);

#endif
