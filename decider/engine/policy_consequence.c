/* Parts of sentences: lists and bounds that changed. */
#include "engine/policy_consequence.h"

#include "base/decimal.h"

#define WORDS(list, PREFIX)                                                                        \
    static const char *list##_word(unsigned number)                                                \
    {                                                                                              \
        return signalbox_##list##_name((enum list)number);                                         \
    }                                                                                              \
    const struct words words_##list = {list##_word, PREFIX##_END}

WORDS(failure, FAILURE);
WORDS(reason, REASON);
WORDS(data_class, DATA_CLASS);
WORDS(sensitivity, SENSITIVITY);
WORDS(evidence_kind, EVIDENCE_KIND);
WORDS(sign_off, SIGN_OFF);

void consequence_add(struct consequences *consequences)
{
    struct buf *text = &consequences->text;
    struct sentence *sentence;

    if (buf_failed(text))
        consequences->arena->failed = true;
    sentence = arena_calloc(consequences->arena, 1, sizeof *sentence);
    if (sentence) {
        sentence->text = arena_copy(consequences->arena, buf_slice(text));
        if (consequences->last)
            consequences->last->next = sentence;
        else
            consequences->first = sentence;
        consequences->last = sentence;
        consequences->count++;
    }
    buf_clear(text);
}

static void begin(struct consequences *consequences, const char *what, struct slice label)
{
    buf_put_text(&consequences->text, what);
    buf_put_slice(&consequences->text, label);
}

/* ---- sets ---- */

static void say_set(struct consequences *consequences,
                    const char *what,
                    struct slice label,
                    const struct words *words,
                    uint64_t set)
{
    const char *separator = ": ";

    if (!set)
        return;
    begin(consequences, what, label);
    for (unsigned i = 1; i < words->end && i < 64; i++)
        if (set_has(set, i)) {
            buf_format(&consequences->text, "%s%s", separator, words->name(i));
            separator = ", ";
        }
    buf_put_text(&consequences->text, ".");
    consequence_add(consequences);
}

static void say(struct consequences *consequences, const char *what, struct slice label)
{
    begin(consequences, what, label);
    buf_put_text(&consequences->text, ".");
    consequence_add(consequences);
}

void consequence_set(struct consequences *consequences,
                     const struct listing *listing,
                     struct slice label,
                     const struct words *words,
                     const uint64_t sets[2])
{
    if (sets[0] == sets[1])
        return;
    if (listing->limited && !sets[0]) {
        say_set(consequences, listing->limited, label, words, sets[1]);
    } else if (listing->freed && !sets[1]) {
        say(consequences, listing->freed, label);
    } else {
        say_set(consequences, listing->gained, label, words, sets[1] & ~sets[0]);
        say_set(consequences, listing->lost, label, words, sets[0] & ~sets[1]);
    }
}

/* ---- names ---- */

static bool has_name(struct texts names, struct slice name)
{
    for (unsigned i = 0; i < names.count; i++)
        if (slice_equal(names.items[i], name))
            return true;
    return false;
}

/* The names that others have not. */
static void say_names(struct consequences *consequences,
                      const char *what,
                      struct slice label,
                      struct texts names,
                      struct texts others)
{
    const char *separator = ": ";
    bool any = false;

    for (unsigned i = 0; i < names.count; i++) {
        if (has_name(others, names.items[i]))
            continue;
        if (!any)
            begin(consequences, what, label);
        any = true;
        buf_put_text(&consequences->text, separator);
        buf_put_slice(&consequences->text, names.items[i]);
        separator = ", ";
    }
    if (!any)
        return;
    buf_put_text(&consequences->text, ".");
    consequence_add(consequences);
}

void consequence_names(struct consequences *consequences,
                       const struct listing *listing,
                       struct slice label,
                       const struct texts names[2])
{
    if (listing->limited && !names[0].count) {
        say_names(consequences, listing->limited, label, names[1], names[0]);
    } else if (listing->freed && !names[1].count) {
        say(consequences, listing->freed, label);
    } else {
        say_names(consequences, listing->gained, label, names[1], names[0]);
        say_names(consequences, listing->lost, label, names[0], names[1]);
    }
}

/* ---- bounds ---- */

static void put_bound(struct buf *buf, uint64_t bound, unsigned decimals)
{
    char text[32];

    decimal_format(bound, decimals, text);
    buf_put_text(buf, bound ? text : "no bound");
}

void consequence_bound(struct consequences *consequences,
                       struct slice label,
                       const struct bound *bound)
{
    bool tightened = bound->after && (!bound->before || bound->after < bound->before);

    if (bound->before == bound->after)
        return;
    buf_put_slice(&consequences->text, label);
    buf_format(&consequences->text, "%s is %s from ", bound->name,
               tightened ? "tightened" : "loosened");
    put_bound(&consequences->text, bound->before, bound->decimals);
    buf_put_text(&consequences->text, " to ");
    put_bound(&consequences->text, bound->after, bound->decimals);
    buf_put_text(&consequences->text, ".");
    consequence_add(consequences);
}
