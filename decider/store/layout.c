/* Keys are put together and taken apart here and nowhere else. A name that is too long is a mistake
 * of the caller, not of whoever sent it: names are checked where they come in. */
#include "store/layout.h"

#include "base/invariant.h"

static void put_bytes(struct store_key *key, const void *bytes, size_t len)
{
    invariant(len <= sizeof key->bytes - key->len);
    if (len)
        memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static void put_name(struct store_key *key, struct slice name)
{
    invariant(name.len <= NAME_BYTES_MAX);
    put_bytes(key, name.ptr, name.len);
}

static void put_end(struct store_key *key)
{
    put_bytes(key, "", 1);
}

static void put_u32(struct store_key *key, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};

    put_bytes(key, bytes, sizeof bytes);
}

static uint32_t get_u32(const char *at)
{
    uint8_t bytes[4];

    memcpy(bytes, at, sizeof bytes);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

struct store_key layout_policy_versions(struct slice policy_id)
{
    struct store_key key = {.len = 0};

    put_name(&key, policy_id);
    put_end(&key);
    return key;
}

struct store_key layout_policy(struct slice policy_id, uint32_t version)
{
    struct store_key key = layout_policy_versions(policy_id);

    put_u32(&key, version);
    return key;
}

struct store_key layout_compiled(struct slice policy_id,
                                 uint32_t version,
                                 uint32_t catalog_version,
                                 uint32_t evidence_version,
                                 uint32_t policy_format)
{
    struct store_key key = layout_policy(policy_id, version);

    put_u32(&key, catalog_version);
    put_u32(&key, evidence_version);
    put_u32(&key, policy_format);
    return key;
}

struct store_key layout_active(struct slice workload, struct slice environment)
{
    struct store_key key = {.len = 0};

    put_name(&key, workload);
    put_end(&key);
    put_name(&key, environment);
    return key;
}

struct store_key layout_catalog(uint32_t version)
{
    struct store_key key = {.len = 0};

    put_u32(&key, version);
    return key;
}

struct store_key layout_numbered_rows(struct slice workload, struct slice environment)
{
    struct store_key key = layout_active(workload, environment);

    put_end(&key);
    return key;
}

struct store_key layout_numbered(struct slice workload, struct slice environment, uint32_t number)
{
    struct store_key key = layout_numbered_rows(workload, environment);

    put_u32(&key, number);
    return key;
}

struct store_key layout_evidence_id(uint32_t number)
{
    return layout_catalog(number);
}

struct store_key layout_switch(enum switch_scope scope, struct slice policy_id, struct slice name)
{
    const uint8_t byte = (uint8_t)scope;
    struct store_key key = {.len = 0};

    put_bytes(&key, &byte, sizeof byte);
    put_name(&key, policy_id);
    put_end(&key);
    put_bytes(&key, name.ptr, name.len);
    return key;
}

struct store_key layout_pin(struct slice policy_id)
{
    struct store_key key = {.len = 0};

    put_name(&key, policy_id);
    return key;
}

struct store_key layout_audit(int64_t at_ms, uint64_t order)
{
    struct store_key key = {.len = 0};

    put_u32(&key, (uint32_t)((uint64_t)at_ms >> 32));
    put_u32(&key, (uint32_t)at_ms);
    put_u32(&key, (uint32_t)(order >> 32));
    put_u32(&key, (uint32_t)order);
    return key;
}

struct store_key layout_write(struct slice write_id)
{
    return layout_pin(write_id);
}

struct store_key layout_request(struct uuid request_id, struct slice tenant)
{
    struct store_key key = {.len = 0};

    put_bytes(&key, request_id.bytes, sizeof request_id.bytes);
    put_name(&key, tenant);
    return key;
}

/* The text before the first NUL, and what follows it. */
static bool split(struct slice key, struct slice *ret_text, struct slice *ret_rest)
{
    const char *end = key.len ? memchr(key.ptr, '\0', key.len) : NULL;

    if (!end)
        return false;
    *ret_text = (struct slice){key.ptr, (size_t)(end - key.ptr)};
    *ret_rest = (struct slice){end + 1, key.len - ret_text->len - 1};
    return ret_text->len <= NAME_BYTES_MAX;
}

bool layout_policy_parse(struct slice key, struct slice *ret_policy_id, uint32_t *ret_version)
{
    struct slice policy_id, rest;

    if (!split(key, &policy_id, &rest) || rest.len != sizeof(uint32_t))
        return false;
    *ret_policy_id = policy_id;
    *ret_version = get_u32(rest.ptr);
    return true;
}

bool layout_active_parse(struct slice key,
                         struct slice *ret_workload,
                         struct slice *ret_environment)
{
    struct slice workload, rest;

    if (!split(key, &workload, &rest) || rest.len > NAME_BYTES_MAX ||
        (rest.len && memchr(rest.ptr, '\0', rest.len)))
        return false;
    *ret_workload = workload;
    *ret_environment = rest;
    return true;
}

bool layout_numbered_parse(struct slice key,
                           struct slice *ret_workload,
                           struct slice *ret_environment,
                           uint32_t *ret_number)
{
    struct slice workload, environment, rest;

    if (!split(key, &workload, &rest) || !split(rest, &environment, &rest) ||
        rest.len != sizeof(uint32_t))
        return false;
    *ret_workload = workload;
    *ret_environment = environment;
    *ret_number = get_u32(rest.ptr);
    return true;
}

bool layout_request_parse(struct slice key, struct uuid *ret_request_id, struct slice *ret_tenant)
{
    const size_t head = sizeof ret_request_id->bytes;

    if (key.len < head || key.len - head > NAME_BYTES_MAX)
        return false;
    memcpy(ret_request_id->bytes, key.ptr, head);
    *ret_tenant = (struct slice){key.ptr + head, key.len - head};
    return true;
}
