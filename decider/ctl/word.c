/* One row per list; what a list can do comes from its table in the taxonomy. The kinds of change in
 * a catalog are the one list that is a message's own. */
#include "ctl/word.h"

#include "signalbox/taxonomy.h"
#include "signalbox/v1/policy.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define LISTS(X)                                                                                   \
    X(action)                                                                                      \
    X(disposition)                                                                                 \
    X(gate)                                                                                        \
    X(verdict)                                                                                     \
    X(tier)                                                                                        \
    X(quality_class)                                                                               \
    X(traffic_class)                                                                               \
    X(data_class)                                                                                  \
    X(unit)                                                                                        \
    X(family)                                                                                      \
    X(need)                                                                                        \
    X(sensitivity)                                                                                 \
    X(bound_state)                                                                                 \
    X(block)                                                                                       \
    X(side_effect)                                                                                 \
    X(transport)                                                                                   \
    X(phase)                                                                                       \
    X(body_state)                                                                                  \
    X(schema_validation)                                                                           \
    X(finish)                                                                                      \
    X(hold_output)                                                                                 \
    X(role)                                                                                        \
    X(failure)                                                                                     \
    X(reason)                                                                                      \
    X(evidence_kind)                                                                               \
    X(binding)                                                                                     \
    X(evidence_state)                                                                              \
    X(sign_off)                                                                                    \
    X(coverage)                                                                                    \
    X(contract_check)                                                                              \
    X(parity_check)                                                                                \
    X(switch_scope)                                                                                \
    X(rollback_rule)                                                                               \
    X(audit_action)                                                                                \
    X(feedback)                                                                                    \
    X(strength)                                                                                    \
    X(spend_window)                                                                                \
    X(payload_storage)

#define X(list)                                                                                    \
    static const char *name_of_##list(unsigned number)                                             \
    {                                                                                              \
        return signalbox_##list##_known(number) ? signalbox_##list##_name((enum list)number)       \
                                                : NULL;                                            \
    }                                                                                              \
    static unsigned parse_##list(struct slice word)                                                \
    {                                                                                              \
        enum list value;                                                                           \
                                                                                                   \
        return signalbox_##list##_parse(word, &value) ? (unsigned)value : 0;                       \
    }
LISTS(X)
#undef X

static const char *const change_names[] = {NULL, "added", "removed", "altered"};
#define CHANGE_END (sizeof change_names / sizeof *change_names)

static const char *name_of_catalog_change_kind(unsigned number)
{
    return number < CHANGE_END ? change_names[number] : NULL;
}

static unsigned parse_catalog_change_kind(struct slice word)
{
    unsigned number = CHANGE_END - 1;

    while (number && !slice_is(word, change_names[number]))
        number--;
    return number;
}

static const struct row {
    const ProtobufCEnumDescriptor *list;
    const char *(*name_of)(unsigned number);
    unsigned (*parse)(struct slice word);
} rows[] = {
#define X(list) {&signalbox__v1__##list##__descriptor, name_of_##list, parse_##list},
    LISTS(X) X(catalog_change_kind)
#undef X
};

static const struct row *find(const ProtobufCEnumDescriptor *list)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].list == list)
            return &rows[i];
    return NULL;
}

const char *word_of(const ProtobufCEnumDescriptor *list, unsigned number)
{
    const struct row *row = find(list);

    return row ? row->name_of(number) : NULL;
}

const char *word_text(const ProtobufCEnumDescriptor *list, unsigned number)
{
    const char *text = word_of(list, number);

    return text ? text : "";
}

unsigned word_parse(const ProtobufCEnumDescriptor *list, struct slice word)
{
    const struct row *row = find(list);
    unsigned number = row ? row->parse(word) : 0;

    for (unsigned i = 0; i < list->n_values && !number; i++)
        if (slice_is(word, list->values[i].name))
            number = (unsigned)list->values[i].value;
    return number;
}

void word_list(const ProtobufCEnumDescriptor *list, struct buf *buf)
{
    const char *separator = "";

    for (unsigned i = 0; i < list->n_values; i++) {
        const char *word = word_of(list, (unsigned)list->values[i].value);

        if (word)
            buf_format(buf, "%s%s", separator, word);
        if (word)
            separator = ", ";
    }
}
