/* Records of control and evidence: each gives back what was put into it, and one altered byte of
 * any of them is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/control.h"
#include "store/evidence.h"

static const struct active_record active = {
    .policy_id = {"chat", 4},
    .version = 3,
    .activation = 7,
    .canary_policy_id = {"chat-next", 9},
    .canary_version = 1,
    .canary_percent = 10,
};
static const struct activation_record activation = {
    .policy_id = {"chat", 4},
    .version = 3,
    .percent = 100,
    .before = 5,
    .action = AUDIT_ACTION_ROLL_BACK_POLICY,
    .at_ms = 1795160000123,
    .by = {"key_1", 5},
    .reason = {"it was worse", 12},
};
static const struct switch_record switched = {
    .scope = SWITCH_SCOPE_ENTRY,
    .policy_id = {"chat", 4},
    .name = {"backup", 6},
    .rule = ROLLBACK_RULE_SCHEMA_FAILURES,
    .version = 12,
    .at_ms = 1795160000123,
    .by = {"", 0},
    .reason = {"5 of 20", 7},
    .request_id = {"0190", 4},
};
static const struct pin_record pin = {
    .policy_id = {"chat", 4},
    .entry = {"backup", 6},
    .version = 13,
    .at_ms = 1795160000123,
    .expires_ms = 1795160009999,
    .by = {"key_1", 5},
    .reason = {"maintenance", 11},
};
static const struct audit_record audit = {
    .action = AUDIT_ACTION_PUT_EVIDENCE,
    .at_ms = 1795160000123,
    .by = {"key_1", 5},
    .policy_id = {"chat", 4},
    .version = 3,
    .workload = {"w", 1},
    .environment = {"e", 1},
    .subject = {"ev-1", 4},
    .detail = {"eval of m.", 10},
    .reason = {"why", 3},
};
static const struct write_record write_once = {
    .method = {"put_evidence", 12},
    .digest = {"0123456789abcdef0123456789abcdef", 32},
    .at_ms = 1795160000123,
    .answer = {"ev-1 ev-2", 9},
};
static const struct feedback_record feedback = {
    .feedback = FEEDBACK_NEGATIVE,
    .at_ms = 1795160000123,
    .by = {"key_1", 5},
    .source = {"reviewer", 8},
    .comment = {"wrong", 5},
};

static const struct pair bound[] = {
    {{"capabilities", 12}, {"tools", 5}},
    {{"overrides", 9}, {"", 0}},
    {{"prices", 6}, {"input 1", 7}},
};
static const struct evidence_record evidence = {
    .kind = EVIDENCE_KIND_COST_OWNER,
    .document = {"{\"kind\":\"cost_owner\"}", 21},
    .subject = {"route", 5},
    .bindings = {bound, 3},
    .by = {"key_1", 5},
    .by_user = {"ann", 3},
    .at_ms = 1795160000123,
};
static const struct evidence_record revocation = {
    .revokes = 12,
    .kind = EVIDENCE_KIND_COST_OWNER,
    .by = {"key_2", 5},
    .at_ms = 1795160000124,
    .reason = {"prices are wrong", 16},
};

static char memory[1024], arena_memory[2048];

static struct buf fixed_buf(void)
{
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    return buf;
}

#define SAME(member) slice_equal(again.member, record->member)
#define ROUND_TRIP(name, record_of)                                                                \
    const struct name##_record *record = &(record_of);                                             \
    struct name##_record again;                                                                    \
    struct buf buf = fixed_buf();                                                                  \
                                                                                                   \
    (void)state;                                                                                   \
    name##_record_encode(record, &buf);                                                            \
    assert_int_equal(name##_record_decode(buf_slice(&buf), &again), RESULT_OK)

static void gives_back_what_serves(void **state)
{
    ROUND_TRIP(active, active);
    assert_true(SAME(policy_id) && SAME(canary_policy_id));
    assert_int_equal(again.version, 3);
    assert_int_equal(again.activation, 7);
    assert_int_equal(again.canary_version, 1);
    assert_int_equal(again.canary_percent, 10);
    /* What tells it from a row of before: names begin with something to be seen. */
    assert_true(memory[0] < ' ');
}

static void gives_back_an_activation(void **state)
{
    ROUND_TRIP(activation, activation);
    assert_true(SAME(policy_id) && SAME(by) && SAME(reason));
    assert_int_equal(again.version, 3);
    assert_int_equal(again.percent, 100);
    assert_int_equal(again.before, 5);
    assert_int_equal(again.action, AUDIT_ACTION_ROLL_BACK_POLICY);
    assert_int_equal(again.at_ms, 1795160000123);
}

static void gives_back_a_switch(void **state)
{
    ROUND_TRIP(switch, switched);
    assert_true(SAME(policy_id) && SAME(name) && SAME(by) && SAME(reason) && SAME(request_id));
    assert_int_equal(again.scope, SWITCH_SCOPE_ENTRY);
    assert_int_equal(again.rule, ROLLBACK_RULE_SCHEMA_FAILURES);
    assert_int_equal(again.version, 12);
    assert_int_equal(again.at_ms, 1795160000123);
}

static void gives_back_a_pin(void **state)
{
    ROUND_TRIP(pin, pin);
    assert_true(SAME(policy_id) && SAME(entry) && SAME(by) && SAME(reason));
    assert_int_equal(again.version, 13);
    assert_int_equal(again.expires_ms, 1795160009999);
}

static void gives_back_an_audit_row(void **state)
{
    ROUND_TRIP(audit, audit);
    assert_true(SAME(by) && SAME(policy_id) && SAME(workload) && SAME(environment) &&
                SAME(subject) && SAME(detail) && SAME(reason));
    assert_int_equal(again.action, AUDIT_ACTION_PUT_EVIDENCE);
    assert_int_equal(again.version, 3);
    assert_int_equal(again.at_ms, 1795160000123);
}

static void gives_back_a_write(void **state)
{
    ROUND_TRIP(write, write_once);
    assert_true(SAME(method) && SAME(digest) && SAME(answer));
    assert_int_equal(again.at_ms, 1795160000123);
}

static void gives_back_feedback(void **state)
{
    ROUND_TRIP(feedback, feedback);
    assert_true(SAME(by) && SAME(source) && SAME(comment));
    assert_int_equal(again.feedback, FEEDBACK_NEGATIVE);
}

static void gives_back_a_piece_of_evidence_with_its_bindings(void **state)
{
    struct buf buf = fixed_buf();
    struct evidence_record again;
    struct arena arena;

    (void)state;
    arena_init(&arena, arena_memory, sizeof arena_memory, sizeof arena_memory);
    evidence_record_encode(&evidence, &buf);
    assert_int_equal(evidence_record_decode(buf_slice(&buf), &arena, &again), RESULT_OK);
    assert_int_equal(again.revokes, 0);
    assert_int_equal(again.kind, EVIDENCE_KIND_COST_OWNER);
    assert_true(slice_equal(again.document, evidence.document));
    assert_true(slice_equal(again.subject, evidence.subject));
    assert_true(slice_equal(again.by, evidence.by));
    assert_true(slice_equal(again.by_user, evidence.by_user));
    assert_int_equal(again.at_ms, evidence.at_ms);
    assert_int_equal(again.bindings.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(slice_equal(again.bindings.items[i].key, bound[i].key));
        assert_true(slice_equal(again.bindings.items[i].value, bound[i].value));
    }
    buf_clear(&buf);
    evidence_record_encode(&revocation, &buf);
    assert_int_equal(evidence_record_decode(buf_slice(&buf), &arena, &again), RESULT_OK);
    assert_int_equal(again.revokes, 12);
    assert_true(slice_equal(again.reason, revocation.reason));
    assert_int_equal(again.bindings.count, 0);
    arena_done(&arena);
}

/* ---- seals ---- */

static void encode_active(struct buf *buf)
{
    active_record_encode(&active, buf);
}
static void encode_activation(struct buf *buf)
{
    activation_record_encode(&activation, buf);
}
static void encode_switch(struct buf *buf)
{
    switch_record_encode(&switched, buf);
}
static void encode_pin(struct buf *buf)
{
    pin_record_encode(&pin, buf);
}
static void encode_audit(struct buf *buf)
{
    audit_record_encode(&audit, buf);
}
static void encode_write(struct buf *buf)
{
    write_record_encode(&write_once, buf);
}
static void encode_feedback(struct buf *buf)
{
    feedback_record_encode(&feedback, buf);
}
static void encode_evidence(struct buf *buf)
{
    evidence_record_encode(&evidence, buf);
}

#define DECODE(name)                                                                               \
    static enum result decode_##name(struct slice bytes)                                           \
    {                                                                                              \
        struct name##_record record;                                                               \
                                                                                                   \
        return name##_record_decode(bytes, &record);                                               \
    }
DECODE(active)
DECODE(activation)
DECODE(switch)
DECODE(pin)
DECODE(audit)
DECODE(write)
DECODE(feedback)

static enum result decode_evidence(struct slice bytes)
{
    struct evidence_record record;
    struct arena arena;
    enum result result;

    arena_init(&arena, arena_memory, sizeof arena_memory, sizeof arena_memory);
    result = evidence_record_decode(bytes, &arena, &record);
    arena_done(&arena);
    return result;
}

static void finds_every_altered_byte(void **state)
{
    static const struct {
        void (*encode)(struct buf *buf);
        enum result (*decode)(struct slice bytes);
    } records[] = {
        {encode_active, decode_active},     {encode_activation, decode_activation},
        {encode_switch, decode_switch},     {encode_pin, decode_pin},
        {encode_audit, decode_audit},       {encode_write, decode_write},
        {encode_feedback, decode_feedback}, {encode_evidence, decode_evidence},
    };

    (void)state;
    for (size_t r = 0; r < sizeof records / sizeof *records; r++) {
        struct buf buf = fixed_buf();

        records[r].encode(&buf);
        assert_false(buf_failed(&buf));
        assert_int_equal(records[r].decode(buf_slice(&buf)), RESULT_OK);
        for (size_t i = 0; i < buf.len; i++) {
            memory[i] ^= 1;
            assert_int_equal(records[r].decode(buf_slice(&buf)), RESULT_CORRUPT);
            memory[i] ^= 1;
            assert_int_equal(records[r].decode((struct slice){memory, i}), RESULT_CORRUPT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_serves),
        cmocka_unit_test(gives_back_an_activation),
        cmocka_unit_test(gives_back_a_switch),
        cmocka_unit_test(gives_back_a_pin),
        cmocka_unit_test(gives_back_an_audit_row),
        cmocka_unit_test(gives_back_a_write),
        cmocka_unit_test(gives_back_feedback),
        cmocka_unit_test(gives_back_a_piece_of_evidence_with_its_bindings),
        cmocka_unit_test(finds_every_altered_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
