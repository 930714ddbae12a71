/* Arguments with a meaning. All of them are parsed strictly: a number with a letter behind it, a
 * sum below a nano-dollar or an empty reason is a mistake and never a guess. */
#include "base/decimal.h"
#include "ctl/ctl.h"

#define NANO_DIGITS    9
#define SPAN_COUNT_MAX 100000

bool ctl_count(const struct ctl *ctl, const char *argument, uint64_t *ret_count)
{
    const char *text = argument_text(&ctl->arguments, argument);

    if (!text || decimal_parse(slice_of(text), 0, ret_count))
        return true;
    ctl_fail(CTL_EXIT_USAGE, "--%s: not a whole number", argument);
    return false;
}

bool ctl_count_within(const struct ctl *ctl, const char *argument, uint32_t most, uint32_t *ret)
{
    const char *text = argument_text(&ctl->arguments, argument);
    uint64_t count;

    if (!text)
        return true;
    if (!decimal_parse(slice_of(text), 0, &count) || count == 0 || count > most) {
        ctl_fail(CTL_EXIT_USAGE, "--%s: a whole number from 1 to %u", argument, most);
        return false;
    }
    *ret = (uint32_t)count;
    return true;
}

bool ctl_usd(const struct ctl *ctl, const char *argument, uint64_t *ret_nusd)
{
    const char *text = argument_text(&ctl->arguments, argument);

    if (!text || decimal_parse(slice_of(text), NANO_DIGITS, ret_nusd))
        return true;
    ctl_fail(CTL_EXIT_USAGE, "--%s: US dollars with at most %d decimals, such as 0.05", argument,
             NANO_DIGITS);
    return false;
}

static bool parse_span(const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } rows[] = {
        {'s', 1000},         {'m', 60 * 1000},     {'h', 3600 * 1000},
        {'d', 86400 * 1000}, {'w', 604800 * 1000},
    };
    size_t len = strlen(text);
    uint64_t count;

    if (len < 2 || !decimal_parse((struct slice){text, len - 1}, 0, &count) || count == 0 ||
        count > SPAN_COUNT_MAX)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text[len - 1] == rows[i].unit) {
            *ret_ms = (int64_t)count * rows[i].ms;
            return true;
        }
    return false;
}

bool ctl_span(const struct ctl *ctl, const char *argument, int64_t *ret_ms)
{
    const char *text = argument_text(&ctl->arguments, argument);

    if (!text || parse_span(text, ret_ms))
        return true;
    ctl_fail(CTL_EXIT_USAGE, "--%s: a number and one of s, m, h, d, w, such as 30d", argument);
    return false;
}

bool ctl_needed(const struct ctl *ctl, const char *argument, char **ret_text)
{
    const char *text = argument_text(&ctl->arguments, argument);

    if (!text || !*text) {
        ctl_fail(CTL_EXIT_USAGE, "%s: --%s is needed", ctl->arguments.command->words, argument);
        return false;
    }
    *ret_text = ctl_text(text);
    return true;
}

bool ctl_policy_name(struct ctl *ctl, const char *text, char **ret_id, uint32_t *ret_version)
{
    const char *at = strrchr(text, '@');
    struct slice id = {text, at ? (size_t)(at - text) : strlen(text)};

    if (!id.len) {
        ctl_fail(CTL_EXIT_USAGE, "a policy is named ID or ID@VERSION");
        return false;
    }
    *ret_id = ctl_text(arena_copy(&ctl->arena, id).ptr);
    return ctl_version(at ? at + 1 : NULL, ret_version);
}
