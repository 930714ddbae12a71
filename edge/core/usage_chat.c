/* Usage of a chat completion in cost units: what caches served and wrote and what was reasoned is
 * part of the provider's totals and is taken out of them here. */
#include "core/chat.h"

struct counts {
    uint64_t prompt, completion, cached, written, reasoning;
};

static void read_count(struct json_scan_value *value, uint64_t *ret_count)
{
    if (json_scan_type(value) == JSON_SCAN_NUMBER && !json_scan_u64(value, ret_count))
        *ret_count = 0;
}

static bool on_prompt_detail(void *context, struct slice key, struct json_scan_value *value)
{
    struct counts *counts = context;

    if (slice_is(key, "cached_tokens"))
        read_count(value, &counts->cached);
    else if (slice_is(key, "cache_write_tokens"))
        read_count(value, &counts->written);
    return true;
}

static bool on_completion_detail(void *context, struct slice key, struct json_scan_value *value)
{
    struct counts *counts = context;

    if (slice_is(key, "reasoning_tokens"))
        read_count(value, &counts->reasoning);
    return true;
}

static bool on_usage(void *context, struct slice key, struct json_scan_value *value)
{
    struct counts *counts = context;
    enum json_scan_result result = JSON_SCAN_OK;

    if (slice_is(key, "prompt_tokens"))
        read_count(value, &counts->prompt);
    else if (slice_is(key, "completion_tokens"))
        read_count(value, &counts->completion);
    else if (slice_is(key, "prompt_tokens_details"))
        result = json_scan_members(value, on_prompt_detail, counts);
    else if (slice_is(key, "completion_tokens_details"))
        result = json_scan_members(value, on_completion_detail, counts);
    return result == JSON_SCAN_OK || result == JSON_SCAN_WRONG_TYPE;
}

static uint64_t less(uint64_t total, uint64_t part)
{
    return total > part ? total - part : 0;
}

bool usage_chat_read(struct usage *usage, struct json_scan_value *value)
{
    struct counts counts = {0};

    if (json_scan_members(value, on_usage, &counts) != JSON_SCAN_OK)
        return false;
    *usage = (struct usage){{0}};
    usage->amounts[UNIT_INPUT_TOKEN] = less(counts.prompt, counts.cached + counts.written);
    usage->amounts[UNIT_CACHED_INPUT_TOKEN] = counts.cached;
    usage->amounts[UNIT_CACHE_WRITE_TOKEN] = counts.written;
    usage->amounts[UNIT_OUTPUT_TOKEN] = less(counts.completion, counts.reasoning);
    usage->amounts[UNIT_REASONING_TOKEN] = counts.reasoning;
    return true;
}
