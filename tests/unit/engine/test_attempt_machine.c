/* The law after an attempt, walked over every state and event, and whole chains in random worlds:
 * whatever the rows decide, some things never happen. */
#include "base/mix.h"
#include "engine/gate.h"
#include "fixture.h"

/* ---- every state and event ---- */

static void start(struct fixture *f, enum failure failure)
{
    fixture_init(f);
    fixture_fail(f, failure);
}

struct event {
    enum failure failure;
    bool visible, restartable, effect, named, eligible, caller_late, policy_off;
    unsigned attempts_made; /* of 3 */
};

static void walk(const struct event *event)
{
    const struct tool_call call = {.side_effect = SIDE_EFFECT_POSSIBLE};
    const struct failure_row *row = signalbox_failure_row(event->failure);
    struct fixture f;
    const struct decision *decision = &f.output.decision;
    bool ends;

    start(&f, FAILURE_TIMEOUT);
    f.block.policy.attempts_max = 3;
    f.block.policy.entries.len = 2;
    f.chain.attempts_count = event->attempts_made;
    f.input.classification.failure = event->failure;
    f.report.output_visible = event->visible;
    f.block.policy.restart_after_partial_output = event->restartable;
    f.block.entries[1].allow_after_partial_output = event->restartable;
    f.facts.can_restart = event->restartable;
    f.report.tool_calls = (struct tool_calls){&call, event->effect};
    f.block.entries[1].allowed = event->named ? SET_OF(event->failure) : 0;
    f.block.routes[1].priced = event->eligible ? f.block.routes[1].priced : 0;
    f.block.routes[1].context_tokens_max++;
    f.chain.deadline_ms = event->caller_late ? f.input.now_ms : 0;
    f.view.policy_off.scope = event->policy_off ? SWITCH_SCOPE_POLICY : 0;
    fixture_decide(&f);
    chain_step(&f.chain, &f.input, &f.output);

    ends = f.chain.state == CHAIN_STATE_ENDED;
    assert_int_equal(ends, decision->disposition != DISPOSITION_UNSPECIFIED);
    assert_int_equal(ends, !decision->has_route);
    assert_int_not_equal(decision->reason, REASON_UNSPECIFIED);
    assert_true(f.chain.attempts_count <= 3);
    assert_int_equal(decision->action == ACTION_FAIL_CLOSED, decision->error.http_status != 0);
    if (event->failure == FAILURE_NONE)
        assert_int_equal(decision->action, ACTION_COMPLETE);
    if (!ends) {
        assert_false(event->effect);
        assert_false(event->caller_late);
        assert_false(event->policy_off);
        assert_true(row->override != FAILURE_OVERRIDE_NEVER);
        assert_true(event->attempts_made < 3);
        if (event->visible)
            assert_true(event->restartable && decision->restart_output);
        if (decision->action == ACTION_RETRY)
            assert_true(row->retryable && !event->visible);
        if (decision->action == ACTION_FALLBACK)
            assert_true(event->named && event->eligible);
    }
}

static void no_state_and_event_breaks_the_law(void **state)
{
    unsigned walked = 0;

    (void)state;
    for (unsigned failure = 0; failure < FAILURE_END; failure++) {
        if (failure && !signalbox_failure_known(failure))
            continue;
        for (unsigned bits = 0; bits < 128; bits++)
            for (unsigned made = 1; made <= 3; made++, walked++)
                walk(&(struct event){
                    .failure = (enum failure)failure,
                    .visible = bits & 1,
                    .restartable = bits >> 1 & 1,
                    .effect = bits >> 2 & 1,
                    .named = bits >> 3 & 1,
                    .eligible = bits >> 4 & 1,
                    .caller_late = bits >> 5 & 1,
                    .policy_off = bits >> 6 & 1,
                    .attempts_made = made,
                });
    }
    assert_true(walked > 12000);
}

/* ---- random worlds ---- */

#define WORLDS 6000

struct world {
    struct fixture f;
    uint64_t seed;
    unsigned boundaries;
    bool checks_seen[CHECK_END][VERDICT_END];
    unsigned actions_seen[ACTION_END];
};

static unsigned below(struct world *world, unsigned end)
{
    world->seed = mix_u64(world->seed + UINT64_C(0x9e3779b97f4a7c15));
    return (unsigned)(world->seed % end);
}

static bool one_in(struct world *world, unsigned n)
{
    return below(world, n) == 0;
}

static void random_evidence(struct world *world)
{
    struct policy_evidence *piece = &world->f.block.pieces[below(world, world->f.pieces_used)];

    switch (below(world, 4)) {
    case 0:
        piece->state = 1 + below(world, EVIDENCE_STATE_END - 1);
        break;
    case 1:
        piece->expires_unix_ms = FIXTURE_NOW_MS + below(world, 2000);
        break;
    case 2:
        piece->attempts_max = 1 + below(world, 2);
        break;
    default:
        piece->covers = 0x1e;
        piece->sensitivity = below(world, 512) & ~1U;
        break;
    }
}

static void random_policy(struct world *world)
{
    struct fixture *f = &world->f;

    fixture_init(f);
    f->block.policy.entries.len = 1 + below(world, FIXTURE_ENTRIES);
    f->block.policy.attempts_max = 1 + below(world, 6);
    f->block.policy.retries_per_route_max = below(world, 3);
    f->block.policy.providers_failed_max = below(world, 4);
    f->block.policy.latency_target_ms = one_in(world, 2) ? 500 : 0;
    f->block.policy.restart_after_partial_output = one_in(world, 2);
    f->block.policy.cost_nusd_max = one_in(world, 4) ? 30000000 : 0;
    f->block.policy.elapsed_ms_max = one_in(world, 2) ? 3000 : 0;
    for (unsigned i = 0; i < 3; i++)
        if (one_in(world, 2))
            fixture_set(f, i, 2 + below(world, 2));
    for (unsigned i = 1; i < FIXTURE_ENTRIES; i++) {
        struct policy_entry *entry = &f->block.entries[i];

        entry->allowed |= one_in(world, 2) ? SET_OF(FAILURE_CONTEXT_LENGTH_EXCEEDED) : 0;
        entry->blocked = one_in(world, 6) ? SET_OF(FAILURE_OVERLOADED) : 0;
        entry->allow_after_partial_output = one_in(world, 2);
        entry->requires_user_notice = one_in(world, 3);
        entry->notice = one_in(world, 2) ? fixture_text(f, "notice") : entry->notice;
        entry->limits.attempts_max = below(world, 3);
        entry->admission_reasons =
            one_in(world, 2) ? SET_OF(REASON_ACCOUNT_DRAINED) | SET_OF(REASON_LATENCY_OVER_TARGET)
                             : 0;
    }
    for (unsigned i = below(world, 4); i > 0; i--)
        random_evidence(world);
}

static void random_facts(struct world *world)
{
    struct facts *facts = &world->f.facts;

    facts->data_classes = one_in(world, 3) ? SET_OF(1 + below(world, DATA_CLASS_END - 1)) : 0;
    facts->needs = one_in(world, 3) ? SET_OF(1 + below(world, NEED_END - 1)) : 0;
    facts->stream = one_in(world, 2);
    facts->can_restart = one_in(world, 2);
    facts->tolerates_queue = one_in(world, 2);
    facts->shows_notice = one_in(world, 2);
    facts->tool_loop = one_in(world, 8);
    world->f.input.request_hash = below(world, 1000);
    world->f.input.deadline_ms = one_in(world, 4) ? 1 + below(world, 5000) : 0;
}

static void random_view(struct world *world)
{
    struct view *view = &world->f.view;

    memset(view, 0, sizeof *view);
    view->pin = (uint8_t)(one_in(world, 6) ? 1 + below(world, 6) : 0);
    view->policy_off.scope = one_in(world, 20) ? SWITCH_SCOPE_POLICY : 0;
    view->reserve_refused = one_in(world, 20);
    view->retry_refused = one_in(world, 10);
    for (unsigned i = 0; i < FIXTURE_ENTRIES; i++)
        view->entries_off[i].scope = one_in(world, 8) ? SWITCH_SCOPE_ENTRY : 0;
    for (unsigned i = 0; i < FIXTURE_ROUTES_MAX; i++) {
        view->routes[i].off.scope = one_in(world, 8) ? SWITCH_SCOPE_PROVIDER : 0;
        view->routes[i].first_output_p95_ms = one_in(world, 3) ? below(world, 4000) : 0;
        if (one_in(world, 5)) {
            view->routes[i].unhealthy = REASON_BREAKER_OPEN;
            view->routes[i].opened_by = FAILURE_TIMEOUT;
        }
    }
}

static void random_outcome(struct world *world)
{
    static const enum failure failures[] = {
        FAILURE_TIMEOUT,       FAILURE_TEMPORARY_5XX,           FAILURE_OVERLOADED, FAILURE_TIMEOUT,
        FAILURE_NETWORK_ERROR, FAILURE_CONTEXT_LENGTH_EXCEEDED, FAILURE_AUTH_ERROR, FAILURE_NONE};
    struct fixture *f = &world->f;

    f->input.report = &f->report;
    f->input.classification.failure = failures[below(world, 8)];
    f->report.output_visible = one_in(world, 8);
    f->report.http_status = one_in(world, 2) ? 500 : 0;
    f->input.now_ms += below(world, 900);
}

/* The route that the answer names may serve: asked anew, apart from the search that found it. */
static void check_route(struct world *world)
{
    struct fixture *f = &world->f;
    const struct decision *decision = &f->output.decision;
    unsigned entry = f->output.entry, route = f->output.route;
    const struct policy_entry *row = &f->block.entries[entry];
    struct trace_sink sink;
    struct gate_input gate;

    assert_true(entry < f->block.policy.entries.len && row->kind == ENTRY_KIND_ROUTE);
    assert_in_range(route, row->route, row->route + row->routes_count - 1);
    assert_true(
        slice_equal(decision->route.id, policy_text(&f->block.policy, f->block.routes[route].id)));
    assert_int_equal(decision->route.tier, row->tier);
    trace_sink_init(&sink, NULL, 0);
    gate_input_init(&gate, &f->input, entry, route, &sink);
    gate.charged_nusd += f->output.charged_nusd;
    assert_true(gate_check_all(&gate));
    assert_int_equal(f->view.entries_off[entry].scope, 0);
    assert_int_equal(f->view.routes[route].off.scope, 0);
    assert_int_equal(f->view.policy_off.scope, 0);
    assert_int_equal(f->view.routes[route].unhealthy, REASON_UNSPECIFIED);
    assert_false(f->view.reserve_refused);
    assert_true(!row->limits.attempts_max || gate.attempts < row->limits.attempts_max);
    assert_true(f->chain.attempts_count < f->block.policy.attempts_max);
}

static unsigned failed_providers(const struct fixture *f)
{
    uint64_t providers = 0; /* by where their text stands: routes of a set share it */

    for (unsigned i = 0; i < f->chain.attempts_count; i++)
        providers |= SET_OF(f->chain.attempts[i].entry);
    return (unsigned)__builtin_popcountll(providers);
}

static void check_goes_on(struct world *world)
{
    struct fixture *f = &world->f;
    const struct decision *decision = &f->output.decision;
    const struct policy_entry *row = &f->block.entries[f->output.entry];
    const struct chain_attempt *last;
    uint32_t stop = f->block.policy.providers_failed_max;

    check_route(world);
    if (!f->input.report) {
        if (f->view.pin)
            assert_int_equal(f->output.entry, f->view.pin - 1);
        assert_int_equal(f->view.pin != 0, decision->reason == REASON_PINNED);
        return;
    }
    last = &f->chain.attempts[f->chain.attempts_count - 1];
    if (decision->action == ACTION_RETRY)
        assert_int_equal(f->output.route, last->route);
    else
        assert_true(f->output.entry > last->entry &&
                    set_has(row->allowed, f->input.classification.failure) &&
                    !set_has(row->blocked, f->input.classification.failure));
    if (stop && failed_providers(f) >= stop)
        assert_true(row->requires_user_notice);
    if (f->report.output_visible)
        assert_true(decision->restart_output && f->facts.can_restart &&
                    row->allow_after_partial_output);
}

/* Nothing is traced that check.def does not have, and what blocked is what the answer names. */
static void check_trace(struct world *world)
{
    const struct fixture *f = &world->f;
    const struct decision *decision = &f->output.decision;
    bool gate_blocked = false;

    assert_true(f->sink.count <= TRACE_ITEMS_MAX);
    for (unsigned i = 0; i < f->sink.count; i++) {
        unsigned check = 0;

        while (check < CHECK_END && !slice_is(f->items[i].check, check_row(check)->name))
            check++;
        assert_true(check < CHECK_END);
        assert_int_equal(f->items[i].gate, check_row(check)->gate);
        world->checks_seen[check][f->items[i].verdict] = true;
        gate_blocked |= f->items[i].gate && f->items[i].verdict == VERDICT_BLOCK;
    }
    if (decision->has_blocked) {
        assert_true(gate_blocked);
        assert_int_not_equal(decision->blocked.gate, GATE_UNSPECIFIED);
        assert_int_equal(decision->blocked.verdict, VERDICT_BLOCK);
    }
    if (decision->reason == REASON_GATE_BLOCKED ||
        decision->reason == REASON_DATA_CLASS_NOT_APPROVED)
        assert_true(decision->has_blocked);
}

/* The view as it is stored gives the same answer and the same trace. */
static void check_replay(struct world *world)
{
    struct fixture *f = &world->f;
    uint64_t answer = engine_decision_digest(&f->output), trace = f->sink.digest;
    static char memory[2048];
    struct engine_output output;
    struct trace_sink sink;
    struct view stored;
    struct buf buf;

    buf_init_fixed(&buf, memory, sizeof memory);
    view_encode(&f->view, &buf);
    assert_true(view_decode(buf_slice(&buf), &stored));
    f->input.view = &stored;
    trace_sink_init(&sink, NULL, 0);
    decide(&f->input, &sink, &output);
    f->input.view = &f->view;
    assert_true(engine_decision_digest(&output) == answer);
    assert_true(sink.digest == trace && sink.count == f->sink.count);
}

static void check_decision(struct world *world)
{
    struct fixture *f = &world->f;
    const struct decision *decision = &f->output.decision;

    assert_int_not_equal(decision->reason, REASON_UNSPECIFIED);
    assert_int_equal(decision->has_route, decision->disposition == DISPOSITION_UNSPECIFIED);
    assert_int_equal(decision->action == ACTION_FAIL_CLOSED, decision->error.http_status != 0);
    world->actions_seen[decision->action]++;
    if (decision->has_route)
        check_goes_on(world);
    if (!f->input.report && f->view.pin && !f->view.policy_off.scope && !decision->has_route &&
        decision->action == ACTION_FAIL_CLOSED)
        assert_true(decision->reason == REASON_PIN_BLOCKED ||
                    decision->reason == REASON_BUDGET_IN_FLIGHT);
    check_trace(world);
    check_replay(world);
}

static void run_world(struct world *world)
{
    struct fixture *f = &world->f;
    unsigned boundaries = 0;

    random_policy(world);
    random_facts(world);
    do {
        random_view(world);
        if (boundaries)
            random_outcome(world);
        fixture_decide(f);
        check_decision(world);
        chain_step(&f->chain, &f->input, &f->output);
        boundaries++;
    } while (f->chain.state == CHAIN_STATE_SENT);
    assert_true(boundaries <= f->block.policy.attempts_max + 1U);
    assert_int_equal(f->chain.state, CHAIN_STATE_ENDED);
    world->boundaries += boundaries;
}

static void no_chain_in_any_world_breaks_the_law(void **state)
{
    static struct world world;

    (void)state;
    world.seed = 4;
    for (unsigned i = 0; i < WORLDS; i++)
        run_world(&world);
    /* The worlds are wild enough to have been everywhere. */
    assert_true(world.boundaries > WORLDS + WORLDS / 2);
    for (unsigned action = ACTION_SEND; action <= ACTION_COMPLETE; action++)
        assert_true(world.actions_seen[action] > 50);
    for (unsigned check = 0; check < CHECK_END; check++)
        if (!world.checks_seen[check][VERDICT_PASS] && !world.checks_seen[check][VERDICT_BLOCK] &&
            !world.checks_seen[check][VERDICT_NOT_REQUIRED])
            fail_msg("nobody asked %s", check_row((enum check)check)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_state_and_event_breaks_the_law),
        cmocka_unit_test(no_chain_in_any_world_breaks_the_law),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
