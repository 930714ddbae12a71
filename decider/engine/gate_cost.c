/* Cost: the price of every unit is known and current, units are those that the budget expects, and
 * request and entry stay within their limits. Whose money it is stands in gate_cost_owner.c. */
#include "engine/gate.h"
#include "engine/money.h"

/* The units that a request of the family uses; dearer kinds of them fall back on these (money.c).
 * A family that providers bill in one of several ways needs the units of one of them. */
static const struct {
    enum family family;
    uint64_t units;
    uint64_t or_units;
} families[] = {
    {FAMILY_OPENAI_EMBEDDINGS, SET_OF(UNIT_INPUT_TOKEN), 0},
    {FAMILY_OPENAI_IMAGES, SET_OF(UNIT_IMAGE),
     SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN)},
};

#define UNITS_OF_TEXT (SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN))

static uint64_t units_missing(const struct gate_input *input)
{
    uint64_t priced = input->route->priced;

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (families[i].family != input->question->facts->family)
            continue;
        if (families[i].or_units && !(families[i].or_units & ~priced))
            return 0;
        return families[i].units & ~priced;
    }
    return UNITS_OF_TEXT & ~priced;
}

static const char *unit_without_price(uint64_t missing)
{
    static const char *const words[UNIT_END] = {
#define T(NAME, number, name, sentence, per) [number] = "no price for " name,
#include "signalbox/taxonomy/unit.def"
#undef T
    };

    return missing ? words[__builtin_ctzll(missing)] : "priced";
}

static bool check_price_known(struct gate_input *input)
{
    uint64_t missing = units_missing(input);

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_PRICE_KNOWN,
                                .verdict = gate_verdict(!missing),
                                .found = trace_word(unit_without_price(missing)),
                                .needed = trace_word("every unit priced"),
                                .owner = gate_route_text(input, input->route->account_owner),
                            });
}

/* A day that has begun somewhere on earth is no future; prices of a later one are nobody's yet, and
 * would never grow old. */
#define DATE_AHEAD_MS_MAX 86400000

static bool check_price_age(struct gate_input *input)
{
    uint64_t max = input->question->policy->price_age_ms_max;
    int64_t as_of_ms = input->route->price_as_of_unix_ms;
    int64_t age = input->question->now_ms - as_of_ms;
    uint64_t age_ms = age > 0 ? (uint64_t)age : 0;
    bool ahead = age < -DATE_AHEAD_MS_MAX, dated = as_of_ms != 0 && !ahead;

    return gate_find(input,
                     &(struct gate_finding){
                         .check = CHECK_PRICE_AGE,
                         .verdict = gate_verdict(dated && (!max || age_ms <= max)),
                         .found = dated   ? trace_of(TRACE_MILLISECONDS, age_ms)
                                  : ahead ? trace_word("dated in the future")
                                          : trace_word("undated"),
                         .needed = max ? trace_of(TRACE_MILLISECONDS, max) : trace_word("dated"),
                         .owner = gate_route_text(input, input->route->spend_owner),
                     });
}

/* Kinds of units that a budget must not mix up. */
enum modality {
    MODALITY_TOKENS = 1,
    MODALITY_IMAGES = 2,
    MODALITY_SECONDS = 4,
    MODALITY_END = 8,
};

/* What the route bills this request in. Text requests are billed in tokens whatever else the route
 * has prices for; images and sound in what is priced. */
static unsigned modality_of(const struct gate_input *input, const struct policy_route *route)
{
    bool images = input->question->facts->family == FAMILY_OPENAI_IMAGES;
    bool sound = set_has(input->needs, NEED_AUDIO);
    uint64_t priced = route->priced;

    return (priced & UNITS_OF_TEXT ? MODALITY_TOKENS : 0) |
           (images && set_has(priced, UNIT_IMAGE) ? MODALITY_IMAGES : 0) |
           (sound && set_has(priced, UNIT_AUDIO_SECOND) ? MODALITY_SECONDS : 0);
}

static bool check_modality(struct gate_input *input)
{
    static const char *const words[MODALITY_END] = {"nothing",
                                                    "tokens",
                                                    "images",
                                                    "tokens and images",
                                                    "seconds",
                                                    "tokens and seconds",
                                                    "images and seconds",
                                                    "tokens, images and seconds"};
    unsigned found = modality_of(input, input->route), needed = modality_of(input, input->primary);
    bool required = gate_is_fallback(input);

    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_MODALITY,
                                .verdict = gate_verdict_if(required, found == needed),
                                .found = trace_word(words[found]),
                                .needed = trace_word(required ? words[needed] : ""),
                            });
}

static bool check_amount(struct gate_input *input, enum check check, uint64_t nusd, uint64_t max)
{
    return gate_find(input, &(struct gate_finding){
                                .check = check,
                                .verdict = gate_verdict_if(max, nusd <= max),
                                .found = trace_of(TRACE_NUSD, nusd),
                                .needed = trace_of(TRACE_NUSD, max),
                                .owner = gate_route_text(input, input->route->spend_owner),
                            });
}

bool gate_cost_check(struct gate_input *input)
{
    uint64_t sum_nusd = money_sum_nusd(input->charged_nusd, input->estimate_nusd);
    bool passes = check_price_known(input);

    passes &= check_price_age(input);
    passes &= check_modality(input);
    passes &=
        check_amount(input, CHECK_REQUEST_COST, sum_nusd, input->question->policy->cost_nusd_max);
    passes &= check_amount(input, CHECK_ENTRY_COST, input->estimate_nusd,
                           input->entry->limits.cost_nusd_max);
    passes &= gate_cost_owner_check(input);
    return passes;
}
