/* UUIDv7 (RFC 9562): 48 bits of milliseconds, then randomness; sorts by time. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdint.h>

#include "signalbox/slice.h"
#include "signalbox/uuid.h"

#define UUID_TEXT_BYTES 36

struct uuid uuid_make(int64_t unix_ms);
/* Lower case with dashes; ret_text gets UUID_TEXT_BYTES characters and a NUL. */
void uuid_format(struct uuid uuid, char ret_text[UUID_TEXT_BYTES + 1]);
/* True for the 36-character form in either case; any version. */
bool uuid_parse(struct slice text, struct uuid *ret_uuid);
/* True when version and variant are those of UUIDv7. */
bool uuid_is_v7(struct uuid uuid);
int64_t uuid_unix_ms(struct uuid uuid);

#endif
