/* Input tokens from bytes: four bytes to a token, rounded up.
 *
 * Over the whole body, so that it errs on the high side for text. The decider is told the method's
 * name and judges the number by it. */
#ifndef CORE_ESTIMATE_H
#define CORE_ESTIMATE_H

#include <stdint.h>

#define ESTIMATOR "bytes/4"

uint64_t estimate_tokens(uint64_t bytes);

#endif
