/* One map for what is off, by the key of its row, and one for pins. A state carries its texts with
 * it, so that it can be stored again when its commit failed. */
#include "service/switches.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "service/rows.h"

void switches_init(struct switches *switches)
{
    *switches = (struct switches){.generation = 1};
    map_init(&switches->off);
    map_init(&switches->pins);
}

void switches_done(struct switches *switches)
{
    struct switch_state *state;
    struct pin_state *pin;
    size_t position = 0;

    while ((state = map_next(&switches->off, &position)) != NULL)
        free(state);
    position = 0;
    while ((pin = map_next(&switches->pins, &position)) != NULL)
        pin_state_free(pin);
    map_done(&switches->off);
    map_done(&switches->pins);
}

struct switch_state *switches_find(const struct switches *switches,
                                   enum switch_scope scope,
                                   struct slice policy_id,
                                   struct slice name)
{
    struct store_key key = layout_switch(scope, policy_id, name);

    return map_get(&switches->off, store_key_slice(&key));
}

const struct pin_state *switches_pin_of(const struct switches *switches, struct slice policy_id)
{
    return map_get(&switches->pins, policy_id);
}

/* ---- off and on ---- */

static bool is_unstored(const struct switch_state *state)
{
    return !state->stored && !state->storing;
}

/* Bounds were checked where the texts came in. */
static void fill(struct switch_state *state,
                 const struct switch_record *record,
                 const struct audit_record *audit)
{
    struct arena *arena = &state->arena;

    arena_reset(arena);
    state->record = *record;
    state->record.policy_id = arena_copy(arena, record->policy_id);
    state->record.name = arena_copy(arena, record->name);
    state->record.by = arena_copy(arena, record->by);
    state->record.reason = arena_copy(arena, record->reason);
    state->record.request_id = arena_copy(arena, record->request_id);
    state->audit = *audit;
    state->audit.policy_id = state->record.policy_id;
    state->audit.by = state->record.by;
    state->audit.subject = arena_copy(arena, audit->subject);
    state->audit.workload = arena_copy(arena, audit->workload);
    state->audit.environment = arena_copy(arena, audit->environment);
    state->audit.detail = arena_copy(arena, audit->detail);
    state->audit.reason = arena_copy(arena, audit->reason);
    invariant(!arena->failed);
}

static struct switch_state *make(struct switches *switches, const struct store_key *key)
{
    struct switch_state *state = calloc(1, sizeof *state);

    if (!state)
        return NULL;
    state->key = *key;
    state->stored = true; /* counts for nothing until it is filled */
    arena_init(&state->arena, state->memory, sizeof state->memory, sizeof state->memory);
    if (map_put(&switches->off, store_key_slice(&state->key), state))
        return state;
    free(state);
    return NULL;
}

enum result switches_turn_off(struct switches *switches,
                              const struct switch_record *record,
                              const struct audit_record *audit,
                              struct switch_state **ret_state)
{
    struct store_key key = layout_switch(record->scope, record->policy_id, record->name);
    struct switch_state *state = map_get(&switches->off, store_key_slice(&key));

    if (!state)
        state = make(switches, &key);
    if (!state)
        return RESULT_NO_MEMORY;
    switches->unstored -= is_unstored(state);
    fill(state, record, audit);
    state->record.version = ++switches->version;
    state->on_version = 0;
    state->stored = false;
    state->storing = true;
    switches->generation++;
    *ret_state = state;
    return RESULT_OK;
}

enum result switches_put_loaded(struct switches *switches, const struct switch_record *record)
{
    const struct audit_record no_audit = {.version = 0};
    struct store_key key = layout_switch(record->scope, record->policy_id, record->name);
    struct switch_state *state = make(switches, &key);

    if (!state)
        return RESULT_NO_MEMORY;
    fill(state, record, &no_audit);
    return RESULT_OK;
}

void switches_note_stored(struct switches *switches,
                          const struct store_key *key,
                          uint32_t version,
                          bool stored)
{
    struct switch_state *state = map_get(&switches->off, store_key_slice(key));

    if (!state || state->record.version != version)
        return;
    state->storing = false;
    state->stored = stored;
    switches->unstored += !stored;
}

bool switches_is_unstored(const struct switch_state *state)
{
    return is_unstored(state) && !state->on_version;
}

void switches_storing(struct switches *switches, struct switch_state *state)
{
    switches->unstored -= is_unstored(state);
    state->storing = true;
}

uint32_t switches_begin_on(struct switches *switches, struct switch_state *state)
{
    state->on_version = ++switches->version;
    return state->on_version;
}

void switches_end_on(struct switches *switches,
                     const struct store_key *key,
                     uint32_t version,
                     bool stored)
{
    struct switch_state *state = map_get(&switches->off, store_key_slice(key));

    if (!state || state->on_version != version)
        return;
    state->on_version = 0;
    if (!stored)
        return;
    switches->unstored -= is_unstored(state);
    map_remove(&switches->off, store_key_slice(key));
    free(state);
    switches->generation++;
}

/* ---- pins ---- */

struct pin_state *switches_make_pin(struct switches *switches, const struct pin_record *record)
{
    struct pin_state *pin = calloc(1, sizeof *pin);

    if (!pin || !map_reserve(&switches->pins, switches->pins.count + 1)) {
        free(pin);
        return NULL;
    }
    arena_init(&pin->arena, pin->memory, sizeof pin->memory, sizeof pin->memory);
    pin->record = *record;
    pin->record.policy_id = arena_copy(&pin->arena, record->policy_id);
    pin->record.entry = arena_copy(&pin->arena, record->entry);
    pin->record.by = arena_copy(&pin->arena, record->by);
    pin->record.reason = arena_copy(&pin->arena, record->reason);
    invariant(!pin->arena.failed);
    return pin;
}

void switches_put_pin(struct switches *switches, struct pin_state *pin)
{
    pin_state_free(map_remove(&switches->pins, pin->record.policy_id));
    invariant(map_put(&switches->pins, pin->record.policy_id, pin)); /* room was made for it */
    switches->generation++;
}

void switches_remove_pin(struct switches *switches, struct slice policy_id)
{
    pin_state_free(map_remove(&switches->pins, policy_id));
    switches->generation++;
}

void pin_state_free(struct pin_state *pin)
{
    if (pin)
        arena_done(&pin->arena);
    free(pin);
}

/* ---- rows ---- */

void switches_put_version(uint32_t version, struct rows *rows)
{
    buf_put_u32(rows_bytes(rows), version);
    rows_put(rows, STORE_TABLE_META, LAYOUT_META_SWITCHES);
}

void switches_rows(const struct switch_state *state,
                   const struct store_key *key,
                   uint32_t version,
                   const struct audit_record *audit,
                   struct rows *rows)
{
    if (state) {
        switch_record_encode(&state->record, rows_bytes(rows));
        rows_put(rows, STORE_TABLE_SWITCH, store_key_slice(key));
    } else {
        rows_delete(rows, STORE_TABLE_SWITCH, store_key_slice(key));
    }
    switches_put_version(version, rows);
    rows_audit(rows, audit);
}
