/* Full-jitter exponential back-off, deterministic in the seed. */
#include "engine/backoff.h"

#include "base/mix.h"

bool backoff_delay(const struct engine_input *input, unsigned retries, uint32_t *ret_delay_ms)
{
    const struct policy *policy = input->policy;
    uint64_t asked = input->report->retry_after_given ? input->report->retry_after_ms : 0;
    uint64_t ceiling = (uint64_t)policy->backoff_base_ms << (retries < 20 ? retries : 20);
    uint64_t jitter;

    if (asked > policy->retry_after_ms_max)
        return false;
    if (ceiling > policy->backoff_cap_ms)
        ceiling = policy->backoff_cap_ms;
    jitter = mix_u64(input->seed) % (ceiling + 1);
    *ret_delay_ms = (uint32_t)(jitter > asked ? jitter : asked);
    return true;
}
