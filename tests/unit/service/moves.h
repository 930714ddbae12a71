/* What an operator may do next, at random, and how it is done; every call with a write id of its
 * own, so that it can be repeated. For tests that afterwards ask what has become of it.
 *
 * A move is made of numbers and texts alone: another process can carry it out again. */
#ifndef TESTS_UNIT_SERVICE_MOVES_H
#define TESTS_UNIT_SERVICE_MOVES_H

#include "base/random.h"
#include "service/state.h"
#include "unit/service/watched.h"

enum move_kind {
    MOVE_PUT,
    MOVE_PUT_FAILED, /* an evaluation that switches the fallback entry off */
    MOVE_REVOKE,
    MOVE_ACTIVATE,
    MOVE_ROLL_BACK,
    MOVE_OFF,
    MOVE_ON,
    MOVE_PIN,
    MOVE_UNPIN,
    MOVE_CATALOG,
    MOVE_ASK, /* a request that falls back, and now and then trips a rule */
    MOVE_SAY, /* a word on the last answer */
    MOVE_END
};

struct move {
    uint32_t number; /* of the write id */
    enum move_kind kind;
    uint32_t argument;
    int64_t now_ms;
    struct uuid request; /* of MOVE_ASK, and what MOVE_SAY speaks of */
    bool done;
    enum result result;
    char made[32]; /* what the answer names */
    /* How it stands afterwards. */
    uint32_t activation, catalog;
    bool off, pinned; /* the fallback entry, the policy */
};

static const struct fixture_place moves_place = {"demo-chat", "production"};

static inline struct slice moves_write_id(const struct move *move, char text[32])
{
    return (struct slice){text, (size_t)snprintf(text, 32, "w-%u", (unsigned)move->number)};
}

static inline enum result move_put(struct fixture *f, struct move *move, struct slice write_id)
{
    static const char *const members[] = {
        "'kind':'parity','primary':'demo-at-mock-a','passed':true,'reviewed_by':'rita','checks':["
        "'endpoint','parameters','quota','cost','log_fields']",
        "'kind':'eval','passed':true,'reviewed_by':'rita','eval_set':'set-1','samples':200,"
        "'pass_rate_percent':98,'baseline_percent':98.5,'regression_budget_percent':1",
        "'kind':'quota_owner'",
        "'kind':'eval','passed':false,'reviewed_by':'rita','eval_set':'set-2','samples':200,"
        "'pass_rate_percent':70,'baseline_percent':98.5,'regression_budget_percent':1",
    };
    const char *member = members[move->kind == MOVE_PUT_FAILED ? 3 : move->argument % 3];
    struct slice document = fixture_evidence(f, &moves_place, DEMO_ENTRY1, &member, 1);
    struct evidence_summary *items;
    unsigned count;
    enum result result;

    fixture_call(f)->caller = &fixture_reviewer;
    result = service_put_evidence(f->service, &f->call, document, write_id, &items, &count);
    if (result == RESULT_OK) {
        assert_int_equal(count, 1);
        snprintf(move->made, sizeof move->made, "%.*s", (int)items->id.len, items->id.ptr);
    }
    return result;
}

/* Any row: that of a piece that stands, of one that was taken back, or of a revocation. */
static inline enum result move_revoke(struct fixture *f, struct move *move, struct slice write_id)
{
    struct evidence_summary item;

    snprintf(move->made, sizeof move->made, "ev-%u", 11 + (unsigned)move->argument % 40);
    fixture_call(f)->caller = &fixture_reviewer;
    return service_revoke_evidence(f->service, &f->call, slice_of(move->made),
                                   SLICE_LITERAL("a doubt"), write_id, &item);
}

static inline enum result move_activate(struct fixture *f, struct move *move, struct slice write_id)
{
    const struct activation_request request = {.policy_id = SLICE_LITERAL(POLICY),
                                               .percent = move->argument % 3 ? 100 : 30,
                                               .write_id = write_id};
    char text[sizeof watched_document];
    struct activation_summary activation;
    struct policy_summary policy;
    char *at;

    memcpy(text, watched_document, sizeof text);
    at = strstr(text, "4000");
    assert_non_null(at);
    at[1] = (char)('0' + move->argument / 3 % 10);
    assert_int_equal(
        service_publish_policy(f->service, fixture_call(f), fixture_json(f, text), &policy),
        RESULT_OK);
    assert_true(policy.version > 0);
    return service_activate(f->service, &f->call, &request, &activation);
}

static inline enum result move_roll_back(struct fixture *f, struct slice write_id)
{
    const struct roll_back_request request = {.workload = SLICE_LITERAL("demo-chat"),
                                              .environment = SLICE_LITERAL("production"),
                                              .write_id = write_id};
    struct activation_summary activation;

    return service_roll_back(f->service, fixture_call(f), &request, &activation);
}

static inline enum result move_switch(struct fixture *f, struct move *move, struct slice write_id)
{
    const struct switch_request request = {.scope = SWITCH_SCOPE_ENTRY,
                                           .policy_id = SLICE_LITERAL(POLICY),
                                           .name = SLICE_LITERAL(ENTRY),
                                           .on = move->kind == MOVE_ON,
                                           .reason = SLICE_LITERAL("a doubt"),
                                           .write_id = write_id};
    struct switch_record record;

    return service_set_switch(f->service, fixture_call(f), &request, &record);
}

static inline enum result move_pin(struct fixture *f, struct move *move, struct slice write_id)
{
    const struct pin_request request = {.policy_id = SLICE_LITERAL(POLICY),
                                        .entry = move->kind == MOVE_PIN ? SLICE_LITERAL(DEMO_ENTRY0)
                                                                        : SLICE_LITERAL(""),
                                        .expires_unix_ms = NOW_MS + 20 * INT64_C(86400000),
                                        .reason = SLICE_LITERAL("a doubt"),
                                        .write_id = write_id};
    struct pin_record record;

    return service_set_pin(f->service, fixture_call(f), &request, &record);
}

/* Another price of the fallback route. */
static inline enum result move_catalog(struct fixture *f, struct move *move, struct slice write_id)
{
    struct slice document = fixture_file(f, "policies/catalog.json");
    struct catalog_request request = {.write_id = write_id};
    struct catalog_summary catalog;
    static char text[65536];
    char *at;

    memcpy(text, document.ptr, document.len);
    text[document.len] = '\0';
    at = strstr(strstr(text, "\"id\": \"demo-at-mock-b\""), "\"output\": 4");
    assert_non_null(at);
    at[10] = (char)('1' + move->argument % 9);
    request.document = slice_of(text);
    return service_publish_catalog(f->service, fixture_call(f), &request, &catalog);
}

static inline enum result move_ask(struct fixture *f, struct move *move)
{
    struct question admission = question_admission(move->request), report;
    struct asked asked = {.answers = 0};

    fixture_answer(f, &admission, &asked);
    for (uint32_t boundary = 1; asked.result == RESULT_OK && asked.decision.has_route &&
                                asked.decision.action != ACTION_COMPLETE;
         boundary++) {
        report = question_report(move->request, boundary, asked.route);
        if (strcmp(asked.route, ENTRY) != 0) {
            report_status(&report, 500);
        } else {
            report_success(&report);
            if (move->argument % 4 == 0)
                report_another_model(&report);
        }
        fixture_answer(f, &report, &asked);
    }
    return asked.result;
}

static inline enum result move_say(struct fixture *f, struct move *move)
{
    const struct feedback_request request = {.request_id = move->request,
                                             .feedback = move->argument % 2 ? FEEDBACK_NEGATIVE
                                                                            : FEEDBACK_POSITIVE};

    return service_put_feedback(f->service, fixture_call(f), &request);
}

/* answered: a request that MOVE_SAY may speak of. */
static inline struct move
move_make(uint64_t *seed, uint32_t number, int64_t now_ms, struct uuid answered)
{
    struct move move = {.number = number, .now_ms = now_ms};

    move.kind = (enum move_kind)(random_next(seed) % MOVE_END);
    move.argument = (uint32_t)random_next(seed);
    move.request = move.kind == MOVE_ASK ? uuid_make(now_ms) : answered;
    return move;
}

/* Between the moves of the fixture's service; result is that of the call. */
static inline void move_carry_out(struct fixture *f, struct move *move)
{
    const struct serving *serving;
    char text[32];
    struct slice write_id = moves_write_id(move, text);

    f->now_ms = move->now_ms;
    switch (move->kind) {
    case MOVE_PUT:
    case MOVE_PUT_FAILED:
        move->result = move_put(f, move, write_id);
        break;
    case MOVE_REVOKE:
        move->result = move_revoke(f, move, write_id);
        break;
    case MOVE_ACTIVATE:
        move->result = move_activate(f, move, write_id);
        break;
    case MOVE_ROLL_BACK:
        move->result = move_roll_back(f, write_id);
        break;
    case MOVE_OFF:
    case MOVE_ON:
        move->result = move_switch(f, move, write_id);
        break;
    case MOVE_PIN:
    case MOVE_UNPIN:
        move->result = move_pin(f, move, write_id);
        break;
    case MOVE_CATALOG:
        move->result = move_catalog(f, move, write_id);
        break;
    case MOVE_ASK:
        move->result = move_ask(f, move);
        break;
    case MOVE_SAY:
        move->result = move_say(f, move);
        break;
    case MOVE_END:
        break;
    }
    move->done = true;
    serving = snapshot_serving(f->service->owner.live, SLICE_LITERAL("demo-chat"),
                               SLICE_LITERAL("production"));
    move->activation = serving->activation;
    move->catalog = f->service->owner.live->catalog->version;
    move->off = switches_find(&f->service->owner.switches, SWITCH_SCOPE_ENTRY,
                              SLICE_LITERAL(POLICY), SLICE_LITERAL(ENTRY)) != NULL;
    move->pinned = switches_pin_of(&f->service->owner.switches, SLICE_LITERAL(POLICY)) != NULL;
}

#endif
