/* Windows slide by whole parts, the newest first, so that a sample costs a few moves of memory at
 * most and nothing needs a timer.
 *
 * One tenant must not be able to switch an entry off for the others, and some bad outcomes of the
 * others there always are. So the tenant with the most bad outcomes, which a majority vote finds
 * without keeping a list of tenants, is left out, and what the rest has seen since must be bad
 * enough by itself. Since, because nobody knows how much of what was before was that tenant's. */
#include <string.h>

#include "engine/rollback.h"

#define WINDOW_MS_DEFAULT 3600000

int64_t rollback_part_ms(const struct policy_rollback *rule)
{
    uint32_t window_ms = rule->window_ms ? rule->window_ms : WINDOW_MS_DEFAULT;

    return window_ms < ROLLBACK_PARTS ? 1 : window_ms / ROLLBACK_PARTS;
}

/* How many parts begin anew; ROLLBACK_PARTS: all of them. */
static unsigned slide(int64_t *begin_ms, int64_t part, int64_t now_ms)
{
    int64_t passed = (now_ms - *begin_ms) / part;

    if (passed >= 0 && passed < ROLLBACK_PARTS) {
        *begin_ms += passed * part;
        return (unsigned)passed;
    }
    if (now_ms < *begin_ms && -passed < ROLLBACK_PARTS)
        return 0;
    *begin_ms = now_ms - now_ms % part;
    return ROLLBACK_PARTS;
}

/* items: ROLLBACK_PARTS of them. */
static void shift(void *items, size_t item_bytes, unsigned parts)
{
    memmove((char *)items + parts * item_bytes, items, (ROLLBACK_PARTS - parts) * item_bytes);
    memset(items, 0, parts * item_bytes);
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static void see_tenant(struct rollback_tenants *tenants, uint64_t hash, int64_t at_ms)
{
    if (hash == 0)
        hash = 1;
    if (hash == tenants->first ||
        (hash != tenants->second && tenants->first_ms <= tenants->second_ms)) {
        tenants->first = hash;
        tenants->first_ms = at_ms;
    } else {
        tenants->second = hash;
        tenants->second_ms = at_ms;
    }
}

static bool saw_two(const struct rollback_tenants *tenants, int64_t since_ms)
{
    return tenants->first && tenants->second && tenants->first_ms >= since_ms &&
           tenants->second_ms >= since_ms;
}

void rollback_note_policy(struct rollback_policy *state,
                          const struct policy_rollback *cost_rule,
                          uint64_t tenant_hash,
                          uint64_t cost_nusd,
                          int64_t now_ms)
{
    unsigned parts = slide(&state->begin_ms, rollback_part_ms(cost_rule), now_ms);

    /* Tenants have times of their own, and windows of other rules may be longer; only a clock that
     * was set back makes those times worthless. */
    if (later(state->tenants.first_ms, state->tenants.second_ms) > now_ms &&
        parts == ROLLBACK_PARTS)
        state->tenants = (struct rollback_tenants){0};
    if (parts) {
        shift(state->cost_nusd, sizeof *state->cost_nusd, parts);
        shift(state->costs, sizeof *state->costs, parts);
    }
    see_tenant(&state->tenants, tenant_hash, later(now_ms, state->begin_ms));
    if (cost_nusd == ROLLBACK_NO_COST || state->costs[0] == UINT32_MAX)
        return;
    if (__builtin_add_overflow(state->cost_nusd[0], cost_nusd, &state->cost_nusd[0]))
        state->cost_nusd[0] = UINT64_MAX;
    state->costs[0]++;
}

static uint64_t total(const uint32_t parts[ROLLBACK_PARTS])
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < ROLLBACK_PARTS; i++)
        sum += parts[i];
    return sum;
}

static int64_t votes_of(const struct rollback_window *window)
{
    int64_t votes = 0;

    for (unsigned i = 0; i < ROLLBACK_PARTS; i++)
        votes += window->votes[i];
    return votes;
}

/* The loudest tenant has the votes of its bad outcomes, and loses one by each of somebody else's;
 * who finds it without votes takes its place, and what the rest sees is counted from then on. */
static void vote(struct rollback_window *window, uint64_t tenant)
{
    int64_t votes = votes_of(window);

    if (tenant != window->loudest && votes > 0) {
        window->votes[0]--;
        return;
    }
    if (votes <= 0) /* those that are older may have left first */
        memset(window->votes, 0, sizeof window->votes);
    window->votes[0]++;
    if (tenant != window->loudest) {
        memset(window->rest_samples, 0, sizeof window->rest_samples);
        memset(window->rest_bad, 0, sizeof window->rest_bad);
        window->loudest = tenant;
    }
}

static bool is_share(uint64_t bad, uint64_t samples, const struct policy_rollback *rule)
{
    return bad && bad * 100 >= samples * rule->percent;
}

static bool trips(const struct rollback_window *window,
                  const struct rollback_policy *state,
                  const struct policy_rollback *rule)
{
    int64_t since_ms = window->begin_ms - (ROLLBACK_PARTS - 1) * rollback_part_ms(rule);
    uint64_t samples = total(window->samples);

    if (samples < rule->samples_min || !is_share(total(window->bad), samples, rule))
        return false;
    if (rule->principals_min < 2 || !saw_two(&state->tenants, since_ms))
        return true;
    if (!saw_two(&window->bad_tenants, since_ms))
        return false;
    return votes_of(window) <= 1 || /* nobody is louder than the others together */
           is_share(total(window->rest_bad), total(window->rest_samples), rule);
}

static void slide_window(struct rollback_window *window, int64_t part, int64_t now_ms)
{
    unsigned parts = slide(&window->begin_ms, part, now_ms);

    if (parts == ROLLBACK_PARTS)
        window->bad_tenants = (struct rollback_tenants){0};
    if (!parts)
        return;
    shift(window->samples, sizeof *window->samples, parts);
    shift(window->bad, sizeof *window->bad, parts);
    shift(window->rest_samples, sizeof *window->rest_samples, parts);
    shift(window->rest_bad, sizeof *window->rest_bad, parts);
    shift(window->votes, sizeof *window->votes, parts);
}

bool rollback_note(struct rollback_window *window,
                   const struct rollback_policy *state,
                   const struct policy_rollback *rule,
                   bool bad,
                   uint64_t tenant_hash,
                   int64_t now_ms)
{
    if (!rule->enabled)
        return false;
    slide_window(window, rollback_part_ms(rule), now_ms);
    if (window->samples[0] < INT32_MAX) {
        if (bad)
            vote(window, tenant_hash);
        window->samples[0]++;
        window->bad[0] += bad;
        window->rest_samples[0] += tenant_hash != window->loudest;
        window->rest_bad[0] += bad && tenant_hash != window->loudest;
    }
    if (bad)
        see_tenant(&window->bad_tenants, tenant_hash, later(now_ms, window->begin_ms));
    return trips(window, state, rule);
}

/* Whose it was is not told: what is left is the rest's at most. */
static void bound(uint32_t *rest, uint32_t all)
{
    if (*rest > all)
        *rest = all;
}

void rollback_take_back(struct rollback_window *window,
                        const struct policy_rollback *rule,
                        bool bad,
                        int64_t at_ms)
{
    int64_t part = rollback_part_ms(rule);
    int64_t age = at_ms >= window->begin_ms ? 0 : (window->begin_ms - at_ms + part - 1) / part;

    if (age >= ROLLBACK_PARTS || window->samples[age] == 0)
        return;
    window->samples[age]--;
    if (bad && window->bad[age])
        window->bad[age]--;
    bound(&window->rest_samples[age], window->samples[age]);
    bound(&window->rest_bad[age], window->bad[age]);
}
