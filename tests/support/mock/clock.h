/* The one place that reads a clock. */
#ifndef MOCK_CLOCK_H
#define MOCK_CLOCK_H

#include <stdint.h>

/* Wall time in milliseconds since 1970, so that a test can compare it with its own. */
int64_t clock_unix_ms(void);

#endif
