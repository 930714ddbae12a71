/* Coverage of policy tests: one key for each thing a test can reach, found again by comparing keys.
 * There are a few hundred, and they are looked for once per boundary of a test. */
#include "engine/policy_test_rules.h"

enum rule_kind {
    RULE_KIND_SERVES,    /* the entry */
    RULE_KIND_ALLOWS,    /* entry, failure */
    RULE_KIND_BLOCKS,    /* entry, failure */
    RULE_KIND_STANDS_IN, /* entry, admission reason */
    RULE_KIND_REFUSES,   /* reason of admission.def */
    RULE_KIND_LAW,       /* reason of attempt.def */
    RULE_KIND_CHECK,     /* check of a gate that blocks */
};

struct policy_test_key {
    enum rule_kind kind;
    unsigned entry;
    unsigned number;
    unsigned test; /* that reached it last */
};

static const enum reason refusals[] = {
#define A(REASON, guard) REASON_##REASON,
#include "engine/admission.def"
#undef A
};

static const enum reason laws[] = {
#define S(guard, move, DISPOSITION, REASON, sentence) REASON_##REASON,
#include "engine/attempt.def"
#undef S
};

struct slice
policy_test_entry_name(const struct policy *policy, unsigned index, struct arena *arena)
{
    char memory[POLICY_ENTRY_NAME_BYTES_MAX];

    return arena_copy(arena, policy_entry_name(policy, index, memory));
}

static void add(struct policy_test_rules *rules,
                enum rule_kind kind,
                unsigned entry,
                unsigned number,
                struct slice name)
{
    rules->keys[rules->count] = (struct policy_test_key){kind, entry, number, 0};
    rules->items[rules->count++] = (struct policy_test_rule){name, 0};
}

static struct slice
say(struct arena *arena, unsigned entry, struct slice name, const char *verb, const char *word)
{
    return arena_format(arena, "entry %u (%.*s) %s %s", entry, (int)name.len, name.ptr, verb, word);
}

static void add_entry(struct policy_test_rules *rules, unsigned index, struct arena *arena)
{
    const struct policy_entry *entry = policy_entry(rules->policy, index);
    struct slice name = policy_test_entry_name(rules->policy, index, arena);

    add(rules, RULE_KIND_SERVES, index, 0,
        arena_format(arena, "entry %u (%.*s) serves", index, (int)name.len, name.ptr));
    for (unsigned i = 1; i < FAILURE_END; i++) {
        if (set_has(entry->allowed, i))
            add(rules, RULE_KIND_ALLOWS, index, i,
                say(arena, index, name, "allows", signalbox_failure_name((enum failure)i)));
        if (set_has(entry->blocked, i))
            add(rules, RULE_KIND_BLOCKS, index, i,
                say(arena, index, name, "blocks", signalbox_failure_name((enum failure)i)));
    }
    for (unsigned i = 1; i < REASON_END && i < 64; i++)
        if (set_has(entry->admission_reasons, i))
            add(rules, RULE_KIND_STANDS_IN, index, i,
                say(arena, index, name, "stands in for", signalbox_reason_name((enum reason)i)));
}

static bool has_key(const struct policy_test_rules *rules, enum rule_kind kind, unsigned number)
{
    for (unsigned i = 0; i < rules->count; i++)
        if (rules->keys[i].kind == kind && rules->keys[i].number == number)
            return true;
    return false;
}

static void add_reasons(struct policy_test_rules *rules,
                        enum rule_kind kind,
                        const char *format,
                        const enum reason *reasons,
                        size_t count,
                        struct arena *arena)
{
    for (size_t i = 0; i < count; i++)
        if (!has_key(rules, kind, reasons[i]))
            add(rules, kind, 0, reasons[i],
                arena_format(arena, "%s %s", format, signalbox_reason_name(reasons[i])));
}

enum result policy_test_rules_init(struct policy_test_rules *rules,
                                   const struct policy *policy,
                                   struct arena *arena)
{
    const size_t refusals_count = sizeof refusals / sizeof *refusals;
    const size_t laws_count = sizeof laws / sizeof *laws;
    size_t max =
        policy->entries.len * (1 + 2 * FAILURE_END + 64) + refusals_count + laws_count + CHECK_END;

    *rules = (struct policy_test_rules){.policy = policy};
    rules->items = arena_calloc(arena, max, sizeof *rules->items);
    rules->keys = arena_calloc(arena, max, sizeof *rules->keys);
    if (!rules->items || !rules->keys)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < policy->entries.len; i++)
        add_entry(rules, i, arena);
    add_reasons(rules, RULE_KIND_REFUSES, "admission refuses:", refusals, refusals_count, arena);
    add_reasons(rules, RULE_KIND_LAW, "after a failure:", laws, laws_count, arena);
    for (unsigned i = 0; i < CHECK_END; i++)
        if (check_row((enum check)i)->gate != GATE_UNSPECIFIED)
            add(rules, RULE_KIND_CHECK, 0, i,
                arena_format(arena, "gate %s blocks by %s",
                             signalbox_gate_name(check_row((enum check)i)->gate),
                             check_row((enum check)i)->name));
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

static void reach(struct policy_test_rules *rules, struct policy_test_key wanted)
{
    for (unsigned i = 0; i < rules->count; i++) {
        struct policy_test_key *key = &rules->keys[i];

        if (key->kind != wanted.kind || key->entry != wanted.entry ||
            key->number != wanted.number || key->test == wanted.test)
            continue;
        key->test = wanted.test;
        rules->items[i].reached++;
    }
}

/* The one member of a set; 0: none. */
static unsigned member_of(uint64_t set)
{
    return set ? (unsigned)__builtin_ctzll(set) : 0;
}

static void
reach_item(struct policy_test_rules *rules, unsigned test, const struct trace_item *item)
{
    bool blocks = item->verdict == VERDICT_BLOCK;
    enum reason reason;

    if (item->gate != GATE_UNSPECIFIED) {
        for (unsigned i = 0; blocks && i < CHECK_END; i++)
            if (slice_is(item->check, check_row((enum check)i)->name))
                reach(rules, (struct policy_test_key){RULE_KIND_CHECK, 0, i, test});
    } else if (slice_is(item->check, check_row(CHECK_ALLOWED_REASONS)->name) && !blocks) {
        reach(rules, (struct policy_test_key){RULE_KIND_ALLOWS, item->entry,
                                              member_of(item->needed.number), test});
    } else if (slice_is(item->check, check_row(CHECK_BLOCKED_REASONS)->name) && blocks) {
        reach(rules, (struct policy_test_key){RULE_KIND_BLOCKS, item->entry,
                                              member_of(item->needed.number), test});
    } else if (slice_is(item->check, check_row(CHECK_ADMISSION_REASON)->name) && !blocks &&
               signalbox_reason_parse(item->needed.text, &reason)) {
        reach(rules, (struct policy_test_key){RULE_KIND_STANDS_IN, item->entry, reason, test});
    }
}

void policy_test_rules_reach(struct policy_test_rules *rules,
                             unsigned test,
                             const struct engine_output *output,
                             const struct trace_sink *sink,
                             bool admission)
{
    const struct decision *decision = &output->decision;
    unsigned kept = sink->count < sink->capacity ? sink->count : sink->capacity;
    enum rule_kind kind = admission ? RULE_KIND_REFUSES : RULE_KIND_LAW;

    if (decision->action != ACTION_FAIL_CLOSED)
        reach(rules, (struct policy_test_key){RULE_KIND_SERVES, output->entry, 0, test});
    reach(rules, (struct policy_test_key){kind, 0, decision->reason, test});
    for (unsigned i = 0; i < kept; i++)
        reach_item(rules, test, &sink->items[i]);
}
