/* Whether a store is whole: what one write has stored stands or falls together. Asked of a service
 * that has just been opened; everything is found without knowing what was done before.
 *
 * Entries are the only scope of switches that the tests turn here. */
#ifndef TESTS_UNIT_SERVICE_WHOLE_H
#define TESTS_UNIT_SERVICE_WHOLE_H

#include "service/compile.h"
#include "service/state.h"
#include "store/control.h"
#include "store/evidence.h"
#include "store/layout.h"
#include "unit/service/fixture.h"

#define WHOLE_NAMES_MAX 16

/* What the audit trail says was done last to a switch or pin. */
struct whole_last {
    char name[300];
    bool off; /* or pinned */
};

struct whole {
    struct fixture *fixture;
    unsigned actions[AUDIT_ACTION_END]; /* rows of the audit trail */
    unsigned pieces, revocations;
    unsigned rows; /* of the table that is counted */
    struct whole_last switches[WHOLE_NAMES_MAX], pins[WHOLE_NAMES_MAX];
};

static inline struct whole_last *
whole_last_of(struct whole_last lasts[WHOLE_NAMES_MAX], struct slice policy_id, struct slice name)
{
    char text[300];
    unsigned i = 0;

    snprintf(text, sizeof text, "%.*s %.*s", (int)policy_id.len, policy_id.ptr, (int)name.len,
             name.len ? name.ptr : "");
    while (i < WHOLE_NAMES_MAX && lasts[i].name[0] && strcmp(lasts[i].name, text) != 0)
        i++;
    assert_true(i < WHOLE_NAMES_MAX);
    snprintf(lasts[i].name, sizeof lasts[i].name, "%s", text);
    return &lasts[i];
}

static inline bool whole_on_audit(void *context, struct slice key, struct slice value)
{
    struct whole *whole = context;
    struct audit_record record;

    assert_int_equal(key.len, 16);
    assert_int_equal(audit_record_decode(value, &record), RESULT_OK);
    whole->actions[record.action]++;
    switch ((unsigned)record.action) {
    case AUDIT_ACTION_SWITCH_OFF:
    case AUDIT_ACTION_RULE_TRIPPED:
    case AUDIT_ACTION_SWITCH_ON:
        whole_last_of(whole->switches, record.policy_id, record.subject)->off =
            record.action != AUDIT_ACTION_SWITCH_ON;
        break;
    case AUDIT_ACTION_PIN:
    case AUDIT_ACTION_UNPIN:
        whole_last_of(whole->pins, record.policy_id, SLICE_LITERAL(""))->off =
            record.action == AUDIT_ACTION_PIN;
        break;
    }
    return true;
}

static inline bool whole_on_evidence(void *context, struct slice key, struct slice value)
{
    struct whole *whole = context;
    struct slice workload, environment, found;
    struct evidence_record record;
    struct store_key id, place;
    struct arena arena;
    uint32_t number;

    assert_true(layout_numbered_parse(key, &workload, &environment, &number));
    arena_init(&arena, NULL, 0, 1 << 20);
    assert_int_equal(evidence_record_decode(value, &arena, &record), RESULT_OK);
    whole->pieces += !record.revokes;
    whole->revocations += record.revokes != 0;
    /* Its number leads to its place; that of a piece that was taken back, to the row that did. */
    id = layout_evidence_id(number);
    place = layout_active(workload, environment);
    assert_int_equal(store_get(whole->fixture->service->admin.read, STORE_TABLE_EVIDENCE_ID,
                               store_key_slice(&id), &found),
                     RESULT_OK);
    assert_true(found.len >= place.len && !memcmp(found.ptr, place.bytes, place.len));
    if (record.revokes) {
        id = layout_evidence_id(record.revokes);
        assert_int_equal(store_get(whole->fixture->service->admin.read, STORE_TABLE_EVIDENCE_ID,
                                   store_key_slice(&id), &found),
                         RESULT_OK);
        assert_true(slice_equal(found, key));
    }
    arena_done(&arena);
    return true;
}

static inline bool whole_on_row(void *context, struct slice key, struct slice value)
{
    struct whole *whole = context;

    (void)key;
    (void)value;
    whole->rows++;
    return true;
}

static inline unsigned whole_walk(struct whole *whole, enum store_table table, store_visit visit)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = UINT32_MAX};

    whole->rows = 0;
    assert_int_equal(store_walk(whole->fixture->service->admin.read, table, &walk, visit, whole),
                     RESULT_OK);
    return whole->rows;
}

/* In service and in the store as documents and evidence make it today. */
static inline void whole_check_block(struct whole *whole, const struct compiled *serving)
{
    const struct policy *policy = serving->policy;
    struct store_read *read = whole->fixture->service->admin.read;
    const struct catalog_set *catalog = whole->fixture->service->admin.current->catalog;
    const struct compile_order order = {
        .name = {policy_text(policy, policy->id), policy->version, catalog->version,
                 EVIDENCE_NEWEST},
        .catalog = catalog->catalog,
    };
    struct compiled *again;
    struct slice stored;

    assert_int_equal(compile_new(read, &order, NULL, &again), RESULT_OK);
    assert_true(slice_equal(compiled_block(serving), compiled_block(again)));
    assert_int_equal(
        store_get(read, STORE_TABLE_COMPILED, store_key_slice(&again->version_key), &stored),
        RESULT_OK);
    assert_true(slice_equal(stored, compiled_block(again)));
    compiled_unref(again);
}

static inline void whole_check_lasts(struct whole *whole)
{
    const struct switches *switches = &whole->fixture->service->owner.switches;
    unsigned off = 0, pinned = 0;

    for (unsigned i = 0; i < WHOLE_NAMES_MAX; i++) {
        off += whole->switches[i].off;
        pinned += whole->pins[i].off;
    }
    assert_int_equal(whole_walk(whole, STORE_TABLE_SWITCH, whole_on_row), off);
    assert_int_equal(switches->off.count, off);
    assert_int_equal(whole_walk(whole, STORE_TABLE_PIN, whole_on_row), pinned);
    assert_int_equal(switches->pins.count, pinned);
}

/* Fails where something is half done. */
static inline void assert_whole(struct fixture *fixture)
{
    struct whole whole = {.fixture = fixture};
    const struct map *active = &fixture->service->admin.current->policies->active;
    const struct serving *serving;
    size_t position = 0;

    assert_int_equal(store_read_renew(fixture->service->admin.read), RESULT_OK);
    whole_walk(&whole, STORE_TABLE_AUDIT, whole_on_audit);
    whole_walk(&whole, STORE_TABLE_EVIDENCE, whole_on_evidence);
    assert_int_equal(whole.pieces, whole.actions[AUDIT_ACTION_PUT_EVIDENCE]);
    assert_int_equal(whole.revocations, whole.actions[AUDIT_ACTION_REVOKE_EVIDENCE]);
    assert_int_equal(whole_walk(&whole, STORE_TABLE_EVIDENCE_ID, whole_on_row),
                     whole.pieces + whole.revocations);
    assert_int_equal(whole_walk(&whole, STORE_TABLE_CATALOG, whole_on_row),
                     whole.actions[AUDIT_ACTION_PUBLISH_CATALOG]);
    assert_int_equal(whole_walk(&whole, STORE_TABLE_POLICY, whole_on_row),
                     whole.actions[AUDIT_ACTION_PUBLISH_POLICY]);
    assert_int_equal(whole_walk(&whole, STORE_TABLE_ACTIVATION, whole_on_row),
                     whole.actions[AUDIT_ACTION_ACTIVATE_POLICY] +
                         whole.actions[AUDIT_ACTION_ROLL_BACK_POLICY]);
    whole_check_lasts(&whole);
    while ((serving = map_next(active, &position)) != NULL) {
        whole_check_block(&whole, serving->whole);
        if (serving->canary)
            whole_check_block(&whole, serving->canary);
    }
    store_read_reset(fixture->service->admin.read);
}

#endif
