/* One estimator for all families; a tokenizer per model would be a dependency per provider. */
#include "core/estimate.h"

uint64_t estimate_tokens(uint64_t bytes)
{
    return bytes / 4 + (bytes % 4 != 0);
}
