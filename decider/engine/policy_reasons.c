/* The words of allowed_reasons and blocked_reasons: failure classes, their aliases, groups, and
 * where an entry allows, admission reasons.
 *
 * A class that can never be routed around is refused where it is allowed, by name, and so is a
 * class that both lists name: who reads the policy must not have to know which list wins. */
#include "engine/policy_fields.h"

struct reason_word {
    uint64_t failures;
    uint64_t admission_reasons;
};

static bool find_word(struct slice text, bool allowed, struct reason_word *ret_word)
{
    const struct group_row *group = signalbox_group_find(text);
    enum failure failure;
    enum reason reason;

    *ret_word = (struct reason_word){0};
    if (group)
        ret_word->failures = allowed ? group->allowed : group->blocked;
    else if (signalbox_failure_parse(text, &failure))
        ret_word->failures = SET_OF(failure);
    else if (allowed && signalbox_reason_parse(text, &reason) &&
             signalbox_reason_row(reason)->use == REASON_USE_ADMISSION)
        ret_word->admission_reasons = SET_OF(reason);
    else
        return false;
    return true;
}

static uint64_t never_routed_around(void)
{
    uint64_t set = 0;

    for (unsigned i = 1; i < FAILURE_END; i++)
        if (signalbox_failure_row((enum failure)i)->override == FAILURE_OVERRIDE_NEVER)
            set |= SET_OF(i);
    return set;
}

/* "<text>: a, b" with the set's classes. */
static struct slice expect_none_of(struct arena *arena, const char *text, uint64_t set)
{
    const char *separator = ": ";
    char memory[1024];
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    buf_put_text(&buf, text);
    for (unsigned i = 1; i < FAILURE_END; i++)
        if (set_has(set, i) && signalbox_failure_known(i)) {
            buf_format(&buf, "%s%s", separator, signalbox_failure_name((enum failure)i));
            separator = ", ";
        }
    return arena_copy(arena, buf_slice(&buf));
}

static void read_word(struct field_reader *reader,
                      const struct json_node *item,
                      bool allowed,
                      struct reason_word *sum)
{
    struct reason_word word;

    if (item->kind != JSON_KIND_STRING) {
        field_fault(reader, item, DIAGNOSTIC_WRONG_TYPE, SLICE_LITERAL("a reason's name"));
        return;
    }
    if (!find_word(item->text, allowed, &word)) {
        field_fault(reader, item, DIAGNOSTIC_UNKNOWN_NAME,
                    allowed ? SLICE_LITERAL("a failure class, a group or an admission reason")
                            : SLICE_LITERAL("a failure class or a group"));
        return;
    }
    if (field_stands_before(item))
        field_fault(reader, item, DIAGNOSTIC_DUPLICATE_NAME, SLICE_LITERAL("each reason once"));
    if (allowed && (word.failures & never_routed_around()))
        field_fault(reader, item, DIAGNOSTIC_REASON_NOT_ALLOWED,
                    expect_none_of(reader->arena, "no class that is never routed around",
                                   never_routed_around()));
    sum->failures |= word.failures;
    sum->admission_reasons |= word.admission_reasons;
}

static struct reason_word read_list(struct field_reader *reader,
                                    const struct json_node *node,
                                    const struct field *field,
                                    bool allowed)
{
    struct reason_word sum = {0};

    if (field_expect_list(reader, node, field))
        for (const struct json_node *item = node->child; item; item = item->next)
            read_word(reader, item, allowed, &sum);
    return sum;
}

void policy_parse_allowed_reasons(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target)
{
    struct reason_word sum = read_list(reader, node, field, true);
    struct document_entry *entry = target;

    entry->allowed = sum.failures;
    entry->admission_reasons = sum.admission_reasons;
    entry->allowed_given = true;
}

void policy_parse_blocked_reasons(struct field_reader *reader,
                                  const struct json_node *node,
                                  const struct field *field,
                                  void *target)
{
    struct document_entry *entry = target;

    entry->blocked = read_list(reader, node, field, false).failures;
}

void policy_parse_contradictions(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct document_entry *entry)
{
    const struct json_node *list = json_member(node, "allowed_reasons");
    struct reason_word word;

    if (!list || !(entry->allowed & entry->blocked))
        return;
    for (const struct json_node *item = list->child; item; item = item->next)
        if (item->kind == JSON_KIND_STRING && find_word(item->text, true, &word) &&
            (word.failures & entry->blocked))
            field_fault(reader, item, DIAGNOSTIC_REASON_CONTRADICTS,
                        expect_none_of(reader->arena, "nothing that blocked_reasons name",
                                       word.failures & entry->blocked));
}

static bool write_reasons(struct buf *buf, uint64_t failures, uint64_t admission_reasons)
{
    const char *separator = "";

    buf_put_text(buf, "[");
    for (unsigned i = 1; i < FAILURE_END; i++)
        if (set_has(failures, i)) {
            buf_format(buf, "%s\"%s\"", separator, signalbox_failure_name((enum failure)i));
            separator = ", ";
        }
    for (unsigned i = 1; i < REASON_END && i < 64; i++)
        if (set_has(admission_reasons, i)) {
            buf_format(buf, "%s\"%s\"", separator, signalbox_reason_name((enum reason)i));
            separator = ", ";
        }
    buf_put_text(buf, "]");
    return *separator != '\0';
}

bool policy_dump_allowed_reasons(struct buf *buf,
                                 const struct field *field,
                                 const void *target,
                                 unsigned depth)
{
    const struct document_entry *entry = target;

    (void)field, (void)depth;
    /* An empty list says something: that the traffic class's reasons are not meant. */
    return write_reasons(buf, entry->allowed, entry->admission_reasons) || entry->allowed_given;
}

bool policy_dump_blocked_reasons(struct buf *buf,
                                 const struct field *field,
                                 const void *target,
                                 unsigned depth)
{
    const struct document_entry *entry = target;

    (void)field, (void)depth;
    return write_reasons(buf, entry->blocked, 0);
}

static void put_reason_word(struct buf *buf, size_t start, const char *name, bool allowed)
{
    struct reason_word word;

    if (!*name || !find_word(slice_of(name), allowed, &word) ||
        (allowed && (word.failures & never_routed_around())))
        return;
    buf_put_text(buf, buf->len > start ? ", " : "");
    buf_put_json_string(buf, slice_of(name));
}

/* A group that has a class's name, or a reason, stands there once, as the class. */
void policy_put_reason_words(struct buf *buf, bool allowed)
{
    static const char *const groups[] = {
#define G(NAME, name, ...) name,
#include "signalbox/taxonomy/group.def"
#undef G
    };
    size_t start = buf->len;
    enum failure same;

    for (unsigned i = 1; i < FAILURE_END; i++)
        if (signalbox_failure_known(i)) {
            put_reason_word(buf, start, signalbox_failure_name((enum failure)i), allowed);
            put_reason_word(buf, start, signalbox_failure_row((enum failure)i)->alias, allowed);
        }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!signalbox_failure_parse(slice_of(groups[i]), &same))
            put_reason_word(buf, start, groups[i], allowed);
    for (unsigned i = 1; allowed && i < REASON_END; i++) {
        struct slice name = slice_of(signalbox_reason_name((enum reason)i));

        if (signalbox_reason_known(i) && !signalbox_failure_parse(name, &same) &&
            !signalbox_group_find(name))
            put_reason_word(buf, start, name.ptr, allowed);
    }
}
