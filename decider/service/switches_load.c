/* The tables of switches and pins, once, at start. A row that cannot be read ends the start: what
 * somebody switched off must not come back to life because of it. */
#include <stdio.h>

#include "service/service.h"
#include "service/switches.h"

struct loading {
    struct switches *switches;
    enum result result;
};

static enum result load_switch(struct switches *switches, struct slice key, struct slice value)
{
    struct switch_record record;
    struct store_key own;
    enum result result = switch_record_decode(value, &record);

    if (result)
        return result;
    if (record.policy_id.len > NAME_BYTES_MAX || record.name.len > POLICY_ENTRY_NAME_BYTES_MAX)
        return RESULT_CORRUPT;
    own = layout_switch(record.scope, record.policy_id, record.name);
    if (!slice_equal(key, store_key_slice(&own)))
        return RESULT_CORRUPT;
    if (record.version > switches->version)
        switches->version = record.version;
    return switches_put_loaded(switches, &record);
}

static bool on_switch_row(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;

    loading->result = load_switch(loading->switches, key, value);
    return loading->result == RESULT_OK;
}

static bool on_pin_row(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;
    struct switches *switches = loading->switches;
    struct pin_record record;
    struct pin_state *pin;

    loading->result = pin_record_decode(value, &record);
    if (loading->result == RESULT_OK && !slice_equal(key, record.policy_id))
        loading->result = RESULT_CORRUPT;
    if (loading->result)
        return false;
    pin = switches_make_pin(switches, &record);
    if (!pin) {
        loading->result = RESULT_NO_MEMORY;
        return false;
    }
    switches_put_pin(switches, pin);
    if (record.version > switches->version)
        switches->version = record.version;
    return true;
}

static enum result load_version(struct switches *switches, struct store_read *read)
{
    struct slice value;
    struct cursor cursor;
    enum result result = store_get(read, STORE_TABLE_META, LAYOUT_META_SWITCHES, &value);

    if (result)
        return result == RESULT_NOT_FOUND ? RESULT_OK : result;
    cursor = cursor_of(value);
    switches->version = cursor_u32(&cursor);
    return cursor.failed || cursor.left ? RESULT_CORRUPT : RESULT_OK;
}

static enum result load_table(struct switches *switches,
                              struct store_read *read,
                              enum store_table table,
                              store_visit visit)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = UINT32_MAX};
    struct loading loading = {.switches = switches, .result = RESULT_OK};
    enum result result = store_walk(read, table, &walk, visit, &loading);

    return result ? result : loading.result;
}

enum result switches_load(struct switches *switches,
                          struct store_read *read,
                          struct service_error *reterr_error)
{
    enum result result = load_version(switches, read);

    if (result == RESULT_OK)
        result = load_table(switches, read, STORE_TABLE_SWITCH, on_switch_row);
    if (result == RESULT_OK)
        result = load_table(switches, read, STORE_TABLE_PIN, on_pin_row);
    if (result)
        snprintf(reterr_error->text, sizeof reterr_error->text,
                 "switches and pins cannot be loaded: %s", result_row(result)->sentence);
    return result;
}
