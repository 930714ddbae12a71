/* Rows for the gates' tests: spoil one thing in a world that is in order, decide, and look at what
 * one check has to say: verdict, found, needed, whose evidence, whom to ask. A row that blocks also
 * holds that nothing else blocked and that the answer names just this check. */
#ifndef TESTS_UNIT_ENGINE_GATE_ROWS_H
#define TESTS_UNIT_ENGINE_GATE_ROWS_H

#include "engine/gate.h"
#include "fixture.h"

struct gate_row {
    const char *name;
    void (*spoil)(struct fixture *f); /* NULL: nothing */
    enum check check;
    enum verdict verdict;
    const char *found, *needed;
    const char *evidence_id, *owner;
    bool primary; /* at admission, of the primary; else of entry 1 after a timeout */
};

/* Of a row that does not look at evidence and owner. */
#define ANY .owner = NULL

#define SPOIL(name) static void name(struct fixture *f)

static inline struct policy_route *gate_route(struct fixture *f)
{
    return &f->block.routes[1];
}

static inline struct policy_entry *gate_entry(struct fixture *f)
{
    return &f->block.entries[FIXTURE_SAME_MODEL];
}

/* Entry 1's model is of another family. */
static inline void gate_other_family(struct fixture *f)
{
    gate_entry(f)->tier = TIER_DIFFERENT_FAMILY;
}

static inline void gate_words(char *text, uint64_t set, const char *(*name)(unsigned))
{
    *text = '\0';
    for (unsigned i = 1; i < 64; i++)
        if (set_has(set, i)) {
            strcat(text, *text ? "," : "");
            strcat(text, name(i));
        }
}

static inline const char *gate_data_class_word(unsigned i)
{
    return signalbox_data_class_name((enum data_class)i);
}

static inline const char *gate_need_word(unsigned i)
{
    return i < NEED_END ? signalbox_need_name((enum need)i) : "?";
}

static inline const char *gate_sensitivity_word(unsigned i)
{
    return signalbox_sensitivity_name((enum sensitivity)i);
}

static inline const char *gate_failure_word(unsigned i)
{
    return signalbox_failure_name((enum failure)i);
}

static inline const char *gate_bound_state_word(unsigned i)
{
    return signalbox_bound_state_name((enum bound_state)i);
}

static inline const char *gate_sign_off_word(unsigned i)
{
    return signalbox_sign_off_name((enum sign_off)i);
}

/* A traced value as text. */
static inline void gate_value_text(const struct trace_value *value, char *text, size_t size)
{
    static const char *(*const words[])(unsigned) = {
        [TRACE_DATA_CLASSES] = gate_data_class_word, [TRACE_NEEDS] = gate_need_word,
        [TRACE_SENSITIVITY] = gate_sensitivity_word, [TRACE_FAILURES] = gate_failure_word,
        [TRACE_BOUND_STATE] = gate_bound_state_word, [TRACE_SIGN_OFFS] = gate_sign_off_word,
    };

    if (value->kind == TRACE_TEXT)
        snprintf(text, size, "%.*s", (int)value->text.len, value->text.ptr ? value->text.ptr : "");
    else if (value->kind == TRACE_QUALITY_CLASS)
        snprintf(text, size, "%s", signalbox_quality_class_name((enum quality_class)value->number));
    else if (value->kind < sizeof words / sizeof *words && words[value->kind])
        gate_words(text, value->number, words[value->kind]);
    else
        snprintf(text, size, "%llu%s", (unsigned long long)value->number,
                 value->kind == TRACE_MILLISECONDS ? " ms"
                 : value->kind == TRACE_NUSD       ? " nusd"
                                                   : "");
}

static inline void gate_expect(const struct gate_row *row,
                               const char *what,
                               const char *expected,
                               const struct trace_value *value)
{
    char text[512];

    gate_value_text(value, text, sizeof text);
    if (expected && strcmp(text, expected) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\"", row->name, what, text, expected);
}

static inline void gate_expect_text(const struct gate_row *row,
                                    const char *what,
                                    const char *expected,
                                    struct slice text)
{
    gate_expect(row, what, expected ? expected : "", &(struct trace_value){TRACE_TEXT, 0, text});
}

/* The question of the row, spoilt, not yet decided. */
static inline void gate_row_prepare(const struct gate_row *row, struct fixture *f)
{
    fixture_init(f);
    f->block.policy.retries_per_route_max = 0;
    f->block.policy.entries.len = 2;
    if (!row->primary)
        fixture_fail(f, FAILURE_TIMEOUT);
    if (row->spoil)
        row->spoil(f);
}

static inline void gate_expect_alone(const struct gate_row *row, const struct fixture *f)
{
    const struct decision *decision = &f->output.decision;
    const char *name = check_row(row->check)->name;
    enum reason at_admission =
        row->check == CHECK_DATA_CLASS ? REASON_DATA_CLASS_NOT_APPROVED : REASON_GATE_BLOCKED;

    for (unsigned i = 0; i < f->sink.count; i++)
        if (f->items[i].verdict == VERDICT_BLOCK && !slice_is(f->items[i].check, name))
            fail_msg("%s: %.*s blocks, too", row->name, (int)f->items[i].check.len,
                     f->items[i].check.ptr);
    if (decision->action != ACTION_FAIL_CLOSED || !decision->has_blocked ||
        !slice_is(decision->blocked.check, name) ||
        decision->blocked.gate != check_row(row->check)->gate)
        fail_msg("%s: the answer does not name the check", row->name);
    assert_int_equal(decision->reason, row->primary ? at_admission : REASON_NO_ELIGIBLE_ROUTE);
}

static inline void gate_row_run(const struct gate_row *row)
{
    struct fixture f;
    const struct trace_item *item;
    const struct decision *decision;

    gate_row_prepare(row, &f);
    decision = fixture_decide(&f);
    item = fixture_traced(&f, row->primary ? 0 : 1, check_row(row->check)->name);
    if (!item || item->verdict != row->verdict)
        fail_msg("%s: %s", row->name, item ? signalbox_verdict_name(item->verdict) : "no trace");
    assert_int_equal(item->gate, check_row(row->check)->gate);
    gate_expect(row, "found", row->found, &item->found);
    gate_expect(row, "needed", row->needed, &item->needed);
    if (row->evidence_id || row->verdict == VERDICT_BLOCK)
        gate_expect_text(row, "evidence", row->evidence_id, item->evidence_id);
    if (row->owner)
        gate_expect_text(row, "owner", row->owner, item->owner);
    if (row->verdict == VERDICT_BLOCK)
        gate_expect_alone(row, &f);
    else if (decision->action != (row->primary ? ACTION_SEND : ACTION_FALLBACK))
        fail_msg("%s: it does not go on: %.*s", row->name, (int)decision->blocked.check.len,
                 decision->blocked.check.ptr);
}

/* Runs all of them, and holds that each check of the gate is seen to pass (or not to be asked) and
 * to block. */
static inline void gate_rows_run(enum gate gate, const struct gate_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gate_row_run(&rows[i]);
    for (unsigned check = 0; check < CHECK_END; check++) {
        bool lets_in = false, blocks = false;

        if (check_row((enum check)check)->gate != gate)
            continue;
        for (size_t i = 0; i < count; i++) {
            lets_in |= rows[i].check == check && rows[i].verdict == VERDICT_PASS;
            blocks |= rows[i].check == check && rows[i].verdict == VERDICT_BLOCK;
        }
        if (!lets_in || !blocks)
            fail_msg("%s has no row that %s", check_row((enum check)check)->name,
                     lets_in ? "blocks" : "passes");
    }
}

#endif
