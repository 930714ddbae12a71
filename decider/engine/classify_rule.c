/* Matching: a row says where it looks (its stages), for whom (its scope), at which status and for
 * which words. Everything is compared without regard to case, because providers are not consistent.
 */
#include "engine/classify_rule.h"

enum stage {
    STAGE_CODE = 1 << 0,
    STAGE_DETAIL = 1 << 1,
    STAGE_TYPE = 1 << 2,
    STAGE_STATUS = 1 << 3,
    STAGE_MESSAGE = 1 << 4,
    STAGE_GENERIC = 1 << 5,
    STAGE_REST = 1 << 6,
    STAGE_END = 1 << 7,
    STAGE_EITHER = STAGE_CODE | STAGE_TYPE,
};

enum scope {
    SCOPE_ANY,
    SCOPE_OPENAI,
    SCOPE_ANTHROPIC,
    SCOPE_GEMINI,
    SCOPE_AZURE, /* from here on: known by the provider's name */
    SCOPE_BEDROCK,
    SCOPE_OPENROUTER,
    SCOPE_DEEPSEEK,
    SCOPE_TOGETHER,
    SCOPE_MISTRAL,
    SCOPE_GROQ,
    SCOPE_END
};

struct condition {
    const char *type, *param, *message;
    bool retry_after;
};

struct rule {
    struct slice name;
    enum scope scope;
    unsigned status;
    enum stage stages;
    const char *text;
    struct condition more;
    enum failure failure;
    struct slice detail;
};

#define SUCCESS_STATUS 200

static const struct rule rules[] = {
#define WITH(...) __VA_ARGS__
#define K(rule, scope, status, stage, text, more, failure, detail)                                 \
    {SLICE_LITERAL_STATIC(rule),                                                                   \
     SCOPE_##scope,                                                                                \
     status,                                                                                       \
     STAGE_##stage,                                                                                \
     text,                                                                                         \
     {more},                                                                                       \
     FAILURE_##failure,                                                                            \
     SLICE_LITERAL_STATIC(detail)},
#define SLICE_LITERAL_STATIC(text)                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#include "engine/classify.def"
#undef K
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_with(struct slice text, struct slice start)
{
    if (text.len < start.len)
        return false;
    for (size_t i = 0; i < start.len; i++)
        if (lower(text.ptr[i]) != lower(start.ptr[i]))
            return false;
    return true;
}

static bool contains(struct slice text, struct slice phrase)
{
    for (size_t i = 0; i + phrase.len <= text.len; i++)
        if (starts_with((struct slice){text.ptr + i, text.len - i}, phrase))
            return true;
    return false;
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len &&
           starts_with((struct slice){text.ptr + text.len - end.len, end.len}, end);
}

/* The next of the alternatives that | parts; false at the end. */
static bool next_alternative(const char **list, struct slice *ret_one)
{
    const char *end;

    if (!*list || !**list)
        return false;
    end = strchr(*list, '|');
    *ret_one = (struct slice){*list, end ? (size_t)(end - *list) : strlen(*list)};
    *list = end ? end + 1 : *list + ret_one->len;
    return true;
}

static bool matches_word(struct slice word, struct slice pattern)
{
    bool open_start = pattern.len && pattern.ptr[0] == '*';
    bool open_end = pattern.len > 1 && pattern.ptr[pattern.len - 1] == '*';

    pattern.ptr += open_start;
    pattern.len -= (size_t)open_start + (size_t)open_end;
    if (open_start && open_end)
        return contains(word, pattern);
    if (open_start)
        return ends_with(word, pattern);
    return starts_with(word, pattern) && (open_end || word.len == pattern.len);
}

static bool matches_words(struct slice word, const char *patterns)
{
    struct slice pattern;

    while (word.len && next_alternative(&patterns, &pattern))
        if (matches_word(word, pattern))
            return true;
    return false;
}

static bool matches_phrases(struct slice text, const char *phrases)
{
    struct slice phrase;

    while (next_alternative(&phrases, &phrase))
        if (contains(text, phrase))
            return true;
    return false;
}

/* "tools" is also the name of "tools[0].function" and "tools.0". */
static bool matches_param(struct slice param, const char *names)
{
    struct slice name;

    while (next_alternative(&names, &name))
        if (starts_with(param, name) &&
            (param.len == name.len || param.ptr[name.len] == '.' || param.ptr[name.len] == '['))
            return true;
    return false;
}

static bool meets(const struct report *report, const struct condition *more)
{
    return (!more->type || matches_words(report->error_type, more->type)) &&
           (!more->param || matches_param(report->error_param, more->param)) &&
           (!more->message || matches_phrases(report->error_message, more->message)) &&
           (!more->retry_after || report->retry_after_given);
}

static bool matches_text(const struct report *report, enum stage stage, const char *text)
{
    switch (stage) {
    case STAGE_CODE:
        return matches_words(report->error_code, text);
    case STAGE_DETAIL:
        return matches_words(report->error_detail, text);
    case STAGE_TYPE:
        return matches_words(report->error_type, text);
    case STAGE_MESSAGE:
        return matches_phrases(report->error_message, text);
    case STAGE_GENERIC:
        return matches_words(report->error_code, text) || matches_words(report->error_type, text);
    case STAGE_STATUS:
    case STAGE_REST:
        return true;
    case STAGE_EITHER:
    case STAGE_END:
        break;
    }
    return false;
}

static bool
matches_status(const struct evidence *evidence, const struct rule *rule, enum stage stage)
{
    bool by_word = stage & (STAGE_CODE | STAGE_DETAIL | STAGE_TYPE | STAGE_GENERIC);

    if (rule->status == SUCCESS_STATUS)
        return evidence->success;
    if (rule->status == 0)
        return true;
    return evidence->status ? rule->status == evidence->status : by_word;
}

static bool has_word(struct slice name, struct slice word)
{
    size_t start = 0;

    for (size_t i = 0; i <= name.len; i++)
        if (i == name.len || (name.ptr[i] && strchr("-_.:/@", name.ptr[i]))) {
            if (i - start == word.len &&
                starts_with((struct slice){name.ptr + start, i - start}, word))
                return true;
            start = i + 1;
        }
    return false;
}

uint64_t classify_rule_scopes(enum family family, struct slice provider)
{
    static const char *const names[SCOPE_END] = {
        [SCOPE_AZURE] = "azure",
        [SCOPE_BEDROCK] = "bedrock",
        [SCOPE_OPENROUTER] = "openrouter",
        [SCOPE_DEEPSEEK] = "deepseek",
        [SCOPE_TOGETHER] = "together",
        [SCOPE_MISTRAL] = "mistral",
        [SCOPE_GROQ] = "groq",
    };
    uint64_t scopes = SET_OF(SCOPE_ANY);

    if (family == FAMILY_ANTHROPIC_MESSAGES)
        scopes |= SET_OF(SCOPE_ANTHROPIC);
    else if (family == FAMILY_GEMINI_GENERATE_CONTENT)
        scopes |= SET_OF(SCOPE_GEMINI);
    else if (family != FAMILY_UNSPECIFIED)
        scopes |= SET_OF(SCOPE_OPENAI);
    for (unsigned i = SCOPE_AZURE; i < SCOPE_END; i++)
        if (has_word(provider, slice_of(names[i])))
            scopes |= SET_OF(i);
    return scopes;
}

bool classify_rule_match(const struct evidence *evidence,
                         enum rule_reach reach,
                         struct classification *ret_made)
{
    static const unsigned stages[] = {
        [RULE_REACH_ALL] = STAGE_END - 1,
        [RULE_REACH_WORDS] = STAGE_CODE | STAGE_DETAIL | STAGE_TYPE | STAGE_GENERIC,
        [RULE_REACH_SUCCESS] = STAGE_CODE | STAGE_TYPE,
    };

    for (unsigned stage = STAGE_CODE; stage < STAGE_END; stage <<= 1)
        for (size_t i = 0; (stages[reach] & stage) && i < sizeof rules / sizeof *rules; i++) {
            const struct rule *rule = &rules[i];

            if (!(rule->stages & stage) || !set_has(evidence->scopes, rule->scope) ||
                (reach == RULE_REACH_SUCCESS && rule->status != SUCCESS_STATUS) ||
                !matches_status(evidence, rule, (enum stage)stage) ||
                !matches_text(evidence->report, (enum stage)stage, rule->text) ||
                !meets(evidence->report, &rule->more))
                continue;
            *ret_made = (struct classification){rule->failure, rule->name, rule->detail, false};
            return true;
        }
    return false;
}
