/* Days and instants of the Gregorian calendar as documents write them, in UTC. For the reader and
 * the writer of fields. */
#ifndef ENGINE_FIELD_TIME_H
#define ENGINE_FIELD_TIME_H

#include "base/buf.h"

/* "2026-12-01": its first millisecond since 1970. False: no such day, or one before 1970. */
bool field_time_parse_date(struct slice text, int64_t *ret_unix_ms);
/* A date, or "2026-12-01T09:30:00Z" with up to three decimals of the second; other offsets and
 * leap seconds are refused. */
bool field_time_parse(struct slice text, int64_t *ret_unix_ms);
void field_time_put_date(struct buf *buf, int64_t unix_ms);
/* The instant with its time, and with milliseconds when there are some. */
void field_time_put(struct buf *buf, int64_t unix_ms);

#endif
