/* Replay of the same version gives the same answers, bit for bit: 10,000 random chains under
 * several policies are stored, the process ends, and every one is decided again; one altered byte
 * fails it. */
#include "base/random.h"
#include "engine/view.h"
#include "store/history.h"
#include "store/layout.h"
#include "store/store.h"
#include "unit/service/fixture.h"

#define CHAINS   10000
#define TOGETHER 1000 /* chains that are under way at once, so that commits are shared */
#define ALTERED  25

/* Restart, queue, default response, retries, one attempt only, several fallbacks. */
static const char *const policies[] = {
    "{'policy_id':'p0','workflow':'w0','environment':'production','primary_route':{'route':'demo-"
    "at-mock-a'}"
    ","
    "'fallback_routes':[{'route':'demo-at-mock-b','allow_after_partial_output':true,"
    "'allowed_reasons':['primary_timeout','temporary_5xx','provider_unavailable','rate_limited',"
    "'partial_stream']}],'allow_restart_after_partial_output':true,"
    "'limits':{'max_total_attempts':6,'max_elapsed_ms':60000},"
    "'retry':{'max_retries_per_route':2}}",
    "{'policy_id':'p1','workflow':'w1','environment':'production','primary_route':{'route':'demo-"
    "at-mock-a'}"
    ","
    "'fallback_routes':[{'queue':{'name':'later','max_age_ms':60000},"
    "'allowed_reasons':['rate_limited','provider_unavailable','temporary_5xx']}],"
    "'limits':{'max_total_attempts':3}}",
    "{'policy_id':'p2','workflow':'w2','environment':'production','primary_route':{'route':'demo-"
    "at-mock-b'}"
    ","
    "'fallback_routes':[{'route':'demo-at-mock-a','allowed_reasons':['primary_timeout']},"
    "{'default_response':'Please come back later.','notice':'This is a canned answer.',"
    "'allowed_reasons':['temporary_5xx','provider_unavailable','model_not_found']}],"
    "'limits':{'max_total_attempts':4,'max_elapsed_ms':5000,'max_estimated_cost_usd':0.001}}",
    "{'policy_id':'p3','workflow':'w3','environment':'production','primary_route':{'route':'demo-"
    "at-mock-a'}"
    ","
    "'limits':{'max_total_attempts':1,'max_input_tokens':300,'max_output_tokens':500}}",
    "{'policy_id':'p4','workflow':'w4','environment':'production',"
    "'primary_route':{'model':'primary-approved-model',"
    "'endpoint_family':'openai-chat-completions'},"
    "'fallback_routes':[{'model':'approved-backup-model','allowed_reasons':['primary_timeout',"
    "'temporary_5xx']},{'route':'demo-at-mock-b','allowed_reasons':['rate_limited']}],"
    "'limits':{'max_total_attempts':5},'retry':{'max_retries_per_route':3}}",
};
#define POLICIES (sizeof policies / sizeof *policies)

struct chain_run {
    struct uuid id;
    struct question admission;
    struct question report;
    struct asked asked;
    unsigned boundaries;
};

static uint64_t state_of_chance;

static uint64_t below(uint64_t end)
{
    return random_next(&state_of_chance) % end;
}

static bool sometimes(unsigned percent)
{
    return below(100) < percent;
}

static const char *workload_name(unsigned index)
{
    static const char *const names[] = {"w0", "w1", "w2", "w3", "w4", "nowhere"};

    return names[index];
}

static struct question random_admission(const struct fixture *f, struct uuid id)
{
    static const char *const users[] = {"ann", "bob", "", "zoe"};
    static const struct slice regions[] = {SLICE_LITERAL("local"), SLICE_LITERAL("elsewhere")};
    unsigned workload = sometimes(1) ? POLICIES : (unsigned)below(POLICIES);
    struct question question = question_admission(id);
    struct facts *facts = &question.facts;

    (void)f;
    facts->workload = slice_of(workload_name(workload));
    facts->environment = slice_of("production");
    facts->user = slice_of(users[below(4)]);
    facts->requested_model = slice_of(workload == 4   ? "primary-approved-model"
                                      : sometimes(98) ? "demo-model"
                                                      : "other");
    facts->stream = sometimes(50);
    facts->needs = sometimes(30) ? SET_OF(NEED_TOOLS) : 0;
    facts->can_restart = sometimes(50);
    facts->tolerates_queue = sometimes(70);
    facts->shows_notice = sometimes(50);
    facts->data_classes = sometimes(95) ? SET_OF(DATA_CLASS_INTERNAL) : SET_OF(DATA_CLASS_SECRET);
    facts->sensitivity_tags = sometimes(5) ? SET_OF(SENSITIVITY_LEGAL) : 0;
    facts->allowed_regions = (struct texts){regions, sometimes(10) ? 1 + (unsigned)below(2) : 0};
    facts->blocks = sometimes(2) ? SET_OF(BLOCK_DLP) : 0;
    facts->input_tokens_estimate = below(310);
    facts->max_output_tokens = sometimes(80) ? below(510) : 0;
    facts->choices = (uint32_t)below(3);
    question.deadline_ms = sometimes(10) ? (uint32_t)below(60000) + 1 : 0;
    return question;
}

static void random_failure(struct report *report)
{
    static const uint32_t statuses[] = {400, 401, 404, 408, 429, 429, 500, 500, 502, 503, 503, 529};
    static const char *const codes[] = {"",
                                        "",
                                        "",
                                        "rate_limit_exceeded",
                                        "insufficient_quota",
                                        "context_length_exceeded",
                                        "model_not_found",
                                        "slow_down"};

    if (sometimes(60)) {
        report->http_status = statuses[below(sizeof statuses / sizeof *statuses)];
        report->error_code = slice_of(codes[below(8)]);
        report->retry_after_given = sometimes(30);
        report->retry_after_ms = below(8000);
    } else if (sometimes(50)) {
        report->transport = TRANSPORT_TIMED_OUT;
        report->timeout_phase = (enum phase)(1 + below(4));
        report->http_status = 0;
    } else {
        report->transport = (enum transport)(TRANSPORT_CONNECT_REFUSED + below(6));
        report->http_status = sometimes(50) ? 200 : 0;
        report->output_seen = sometimes(25);
        report->output_visible = report->output_seen && sometimes(70);
    }
}

static struct question random_report(const struct chain_run *run)
{
    static const struct tool_call calls[] = {
        {SLICE_LITERAL("call_1"), SLICE_LITERAL("look"), SIDE_EFFECT_NO_EFFECT},
        {SLICE_LITERAL("call_2"), SLICE_LITERAL("book"), SIDE_EFFECT_POSSIBLE},
    };
    struct question question = question_report(run->id, run->boundaries, run->asked.route);
    struct report *report = &question.report;

    if (sometimes(25))
        report_success(&question);
    else
        random_failure(report);
    report->error_message = slice_of(sometimes(10) ? "System is experiencing high demand" : "");
    report->elapsed_ms = below(9000);
    report->tool_calls = (struct tool_calls){calls, sometimes(5) ? (unsigned)below(3) : 0};
    report->body_sent = sometimes(90);
    report->caller_gone = sometimes(3);
    report->schema_validation = (enum schema_validation)below(4);
    if (sometimes(50)) {
        report->usage.amounts[UNIT_INPUT_TOKEN] = below(500);
        report->usage.amounts[UNIT_OUTPUT_TOKEN] = below(500);
    }
    return question;
}

/* Takes a batch of chains from admission to end, or leaves some of them open. */
static unsigned run_batch(struct fixture *f, struct chain_run *runs, unsigned count)
{
    unsigned under_way = count, boundaries = 0;

    for (unsigned i = 0; i < count; i++) {
        runs[i] = (struct chain_run){.id = uuid_make(f->now_ms)};
        runs[i].admission = random_admission(f, runs[i].id);
        fixture_ask(f, &runs[i].admission, &runs[i].asked);
    }
    while (under_way) {
        under_way = 0;
        for (unsigned i = 0; i < count; i++)
            fixture_wait(f, &runs[i].asked);
        f->now_ms += (int64_t)below(400);
        for (unsigned i = 0; i < count; i++) {
            struct chain_run *run = &runs[i];

            assert_int_equal(run->asked.result, RESULT_OK);
            if (!run->asked.decision.has_route)
                continue;
            if (sometimes(2)) {
                run->asked.decision.has_route = false; /* nobody reports */
                continue;
            }
            under_way++;
            run->boundaries++;
            run->report = random_report(run);
            question_resume(&run->report, &run->asked);
            fixture_ask(f, &run->report, &run->asked);
        }
    }
    for (unsigned i = 0; i < count; i++)
        boundaries += runs[i].boundaries + 1;
    return boundaries;
}

/* One random byte of the stored record of each of these requests. */
static void alter(struct fixture *f, const struct uuid *ids, unsigned count)
{
    const struct store_options options = {f->directory, f->map_bytes, 4};
    struct store_error error;
    struct store_read *read;
    struct store *store;

    assert_int_equal(store_open(&options, &store, &error), RESULT_OK);
    assert_int_equal(store_read_open(store, &read), RESULT_OK);
    for (unsigned i = 0; i < count; i++) {
        struct store_key key = layout_request(ids[i], SLICE_LITERAL("acme"));
        struct store_write write = {.ops_count = 1};
        static char bytes[65536];
        struct slice value;

        assert_int_equal(store_read_renew(read), RESULT_OK);
        assert_int_equal(store_get(read, STORE_TABLE_HISTORY, store_key_slice(&key), &value),
                         RESULT_OK);
        assert_true(value.len <= sizeof bytes);
        memcpy(bytes, value.ptr, value.len);
        bytes[below(value.len)] ^= (char)(1 << below(8));
        write.ops[0] = (struct store_op){STORE_OP_PUT, STORE_TABLE_HISTORY, store_key_slice(&key),
                                         (struct slice){bytes, value.len}};
        store_read_reset(read);
        assert_int_equal(store_write_wait(store, &write), RESULT_OK);
    }
    store_read_close(read);
    store_close(store);
}

static enum result replay_one(struct fixture *f, struct uuid id, struct replay *replay)
{
    const struct request_query query = {
        .has_id = true, .request_id = id, .tenant = SLICE_LITERAL("acme")};

    return service_replay_request(f->service, fixture_call(f), &query, replay);
}

static int setup(void **state)
{
    struct fixture *f;

    fixture_setup_empty(state);
    f = *state;
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    for (size_t i = 0; i < POLICIES; i++)
        fixture_activate(f, fixture_json(f, policies[i]));
    return 0;
}

static void ten_thousand_random_chains_are_decided_again_bit_for_bit(void **state)
{
    static struct chain_run runs[TOGETHER];
    static struct uuid ids[CHAINS];
    static unsigned of_action[ACTION_END], of_reason[REASON_END];
    struct fixture *f = *state;
    unsigned boundaries = 0, replayed = 0, reasons = 0;
    struct replay replay;

    random_bytes(&state_of_chance, sizeof state_of_chance);
    print_message("seed %llu\n", (unsigned long long)state_of_chance);
    for (unsigned done = 0; done < CHAINS; done += TOGETHER) {
        boundaries += run_batch(f, runs, TOGETHER);
        for (unsigned i = 0; i < TOGETHER; i++) {
            ids[done + i] = runs[i].id;
            of_action[runs[i].asked.decision.action]++;
            of_reason[runs[i].asked.decision.reason]++;
        }
    }
    /* The chains are worth replaying: they end in many ways. */
    for (unsigned i = 1; i < REASON_END; i++)
        reasons += of_reason[i] > 0;
    print_message("%u boundaries, %u reasons\n", boundaries, reasons);
    assert_true(boundaries > 2 * CHAINS);
    assert_true(reasons >= 15);
    assert_true(of_action[ACTION_COMPLETE] && of_action[ACTION_QUEUE] &&
                of_action[ACTION_FAIL_CLOSED]);

    /* Other versions serve now; replay keeps to those of then. */
    fixture_activate(f,
                     fixture_json(f, "{'policy_id':'p0','workflow':'w0','environment':'production',"
                                     "'primary_route':{'route':'demo-at-mock-b'}}"));
    fixture_reopen(f);
    for (unsigned i = 0; i < CHAINS; i++) {
        assert_int_equal(replay_one(f, ids[i], &replay), RESULT_OK);
        if (!replay.same)
            fail_msg("chain %u differs", i);
        replayed += replay.boundaries_count;
    }
    assert_int_equal(replayed, boundaries);

    fixture_close(f);
    alter(f, ids, ALTERED);
    fixture_open(f);
    for (unsigned i = 0; i < 2 * ALTERED; i++)
        assert_int_equal(replay_one(f, ids[i], &replay), i < ALTERED ? RESULT_CORRUPT : RESULT_OK);
}

/* Writes the record again with something changed and a good checksum. */
static void rewrite(struct fixture *f, struct uuid id, void (*change)(struct history *history))
{
    const struct store_options options = {f->directory, f->map_bytes, 4};
    struct store_key key = layout_request(id, SLICE_LITERAL("acme"));
    struct store_write write = {.ops_count = 1};
    static struct history history;
    struct store_error error;
    struct store_read *read;
    struct store *store;
    struct slice value;
    struct arena arena;
    struct buf bytes;

    fixture_close(f);
    assert_int_equal(store_open(&options, &store, &error), RESULT_OK);
    assert_int_equal(store_read_open(store, &read), RESULT_OK);
    assert_int_equal(store_read_renew(read), RESULT_OK);
    assert_int_equal(store_get(read, STORE_TABLE_HISTORY, store_key_slice(&key), &value),
                     RESULT_OK);
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&bytes, 1 << 20);
    assert_int_equal(history_decode(value, &arena, &history), RESULT_OK);
    change(&history);
    history_encode(&history, &bytes);
    store_read_reset(read);
    write.ops[0] = (struct store_op){STORE_OP_PUT, STORE_TABLE_HISTORY, store_key_slice(&key),
                                     buf_slice(&bytes)};
    assert_int_equal(store_write_wait(store, &write), RESULT_OK);
    buf_done(&bytes);
    arena_done(&arena);
    store_read_close(read);
    store_close(store);
    fixture_open(f);
}

static void charge_more(struct history *history)
{
    history->boundaries[1].charged_nusd++;
}

static void say_another_action(struct history *history)
{
    history->boundaries[1].action = ACTION_FAIL_CLOSED;
}

static void say_another_failure(struct history *history)
{
    history->boundaries[1].failure = FAILURE_RATE_LIMITED;
}

static void come_later(struct history *history)
{
    history->boundaries[1].now_ms += 60000;
}

static bool names(const struct replayed_boundary *boundary, const char *field)
{
    for (unsigned i = 0; i < boundary->differences_count; i++)
        if (slice_is(boundary->differences[i].field, field))
            return true;
    return false;
}

static void a_difference_is_named_field_by_field(void **state)
{
    static const struct {
        void (*change)(struct history *history);
        const char *field;
    } cases[] = {
        {charge_more, "charged_nusd"},
        {say_another_action, "action"},
        {say_another_failure, "decision_digest"},
        {come_later, "action"},
    };
    struct fixture *f = *state;
    struct replay replay;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct question admission = question_admission(fixture_id(f));
        struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
        struct asked asked = {.answers = 0};

        admission.facts.workload = slice_of("w0");
        admission.facts.environment = slice_of("production");
        fixture_answer(f, &admission, &asked);
        report_status(&report, 500);
        fixture_answer(f, &report, &asked);
        assert_int_equal(replay_one(f, admission.request_id, &replay), RESULT_OK);
        assert_true(replay.same);
        rewrite(f, admission.request_id, cases[i].change);
        assert_int_equal(replay_one(f, admission.request_id, &replay), RESULT_OK);
        assert_false(replay.same);
        assert_true(replay.boundaries[0].same);
        assert_false(replay.boundaries[1].same);
        assert_true(names(&replay.boundaries[1], cases[i].field));
    }
}

/* As a later engine might: it refuses what this one admitted. */
static void refuse_the_admission(struct history *history)
{
    const struct view view = {.refusal = REASON_UNKNOWN_PRINCIPAL};
    static char memory[64];
    struct buf bytes;

    buf_init_fixed(&bytes, memory, sizeof memory);
    view_encode(&view, &bytes);
    history->boundaries[0].view = buf_slice(&bytes);
}

static void a_chain_that_ends_before_its_last_boundary_is_not_walked_on(void **state)
{
    struct fixture *f = *state;
    struct question admission = question_admission(fixture_id(f));
    struct question report = question_report(admission.request_id, 1, DEMO_ENTRY0);
    struct asked asked = {.answers = 0};
    struct replay replay;

    admission.facts.workload = slice_of("w0");
    admission.facts.environment = slice_of("production");
    fixture_answer(f, &admission, &asked);
    report_status(&report, 500);
    fixture_answer(f, &report, &asked);
    rewrite(f, admission.request_id, refuse_the_admission);
    assert_int_equal(replay_one(f, admission.request_id, &replay), RESULT_CORRUPT);
    fixture_answer(f, &report, &asked);
    assert_int_equal(asked.result, RESULT_CORRUPT);
}

static void the_newest_request_is_replayed_when_none_is_named(void **state)
{
    struct fixture *f = *state;
    const struct request_query query = {.has_id = false};
    struct question admission = question_admission(fixture_id(f));
    struct asked asked = {.answers = 0};
    struct replay replay;

    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_NOT_FOUND);
    fixture_answer(f, &admission, &asked);
    f->now_ms += 10;
    admission.request_id = fixture_id(f);
    fixture_answer(f, &admission, &asked);
    assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                     RESULT_OK);
    assert_memory_equal(&replay.request_id, &admission.request_id, sizeof replay.request_id);
    assert_true(replay.same);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(ten_thousand_random_chains_are_decided_again_bit_for_bit),
        TEST(a_difference_is_named_field_by_field),
        TEST(a_chain_that_ends_before_its_last_boundary_is_not_walked_on),
        TEST(the_newest_request_is_replayed_when_none_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
