/* The record for people: nothing is left out, and the chain reads as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ctl/record.h"
#include "ctl/record_group.h"
#include "signalbox/v1/facts.pb-c.h"

static bool names_hold(const struct field_group *groups, size_t count, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < count; i++)
        for (const char *found = groups[i].names; (found = strstr(found, name)); found += len)
            if ((found == groups[i].names || found[-1] == ' ') &&
                (found[len] == ' ' || found[len] == '\0'))
                return true;
    return false;
}

static void no_field_is_missing_from_the_groups(void **state)
{
    static const char elsewhere[] = " request_id admission attempts changes rollback_command ";
    const ProtobufCMessageDescriptor *record = &signalbox__v1__record__descriptor;
    const ProtobufCMessageDescriptor *admission = &signalbox__v1__admission__descriptor;

    (void)state;
    for (unsigned i = 0; i < record->n_fields; i++) {
        char name[80];

        snprintf(name, sizeof name, " %s ", record->fields[i].name);
        if (!strstr(elsewhere, name) &&
            !names_hold(record_groups, sizeof record_groups / sizeof *record_groups,
                        record->fields[i].name))
            fail_msg("record field %s is in no group", record->fields[i].name);
    }
    for (unsigned i = 0; i < admission->n_fields; i++)
        if (!names_hold(admission_groups, sizeof admission_groups / sizeof *admission_groups,
                        admission->fields[i].name))
            fail_msg("admission field %s is in no group", admission->fields[i].name);
}

static char id[] = "0190a5b0-0000-7000-8000-000000000001", route_a[] = "route-a",
            route_b[] = "route-b";
static char rule[] = "http.5xx", check[] = "eval", field[] = "model", one[] = "m1", two[] = "m2";
static char owners[] = "owners", nobody[] = "nobody", owner[] = "a spend owner",
            team[] = "platform";
static char command[] = "signalboxctl policy activate p 3";

static void shows_chain_changes_cost_and_the_way_back(void **state)
{
    static const char *const wanted[] = {id,
                                         "fallback_success",
                                         "1  route-a  send",
                                         "500  temporary_5xx  http.5xx",
                                         "2  route-b  fallback",
                                         "quality: eval",
                                         "What changed",
                                         "model  m1       m2",
                                         "0.000705 USD",
                                         "-0.000000001 USD",
                                         command};
    Signalbox__V1__RecordAttempt attempts[2], *chain[2] = {&attempts[0], &attempts[1]};
    Signalbox__V1__RecordChange change, *changes[1] = {&change};
    Signalbox__V1__Record record;
    struct arena arena;
    struct buf out;

    (void)state;
    signalbox__v1__record__init(&record);
    signalbox__v1__record_attempt__init(&attempts[0]);
    signalbox__v1__record_attempt__init(&attempts[1]);
    signalbox__v1__record_change__init(&change);
    attempts[0].route = route_a;
    attempts[0].action = SIGNALBOX__V1__ACTION__ACTION_SEND;
    attempts[0].http_status = 500;
    attempts[0].failure = SIGNALBOX__V1__FAILURE__FAILURE_TEMPORARY_5XX;
    attempts[0].rule = rule;
    attempts[0].blocking_gate = SIGNALBOX__V1__GATE__GATE_QUALITY;
    attempts[0].blocking_check = check;
    attempts[1].route = route_b;
    attempts[1].action = SIGNALBOX__V1__ACTION__ACTION_FALLBACK;
    attempts[1].http_status = 200;
    attempts[1].cost_nusd = 705000;
    change.field = field;
    change.primary = one;
    change.selected = two;
    record.request_id = id;
    record.n_attempts = 2;
    record.attempts = chain;
    record.n_changes = 1;
    record.changes = changes;
    record.cost_nusd = 705000;
    record.cost_delta_nusd = -1;
    record.disposition = SIGNALBOX__V1__DISPOSITION__DISPOSITION_FALLBACK_SUCCESS;
    record.rollback_command = command;
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&out, 1 << 20);
    record_print(&record, NULL, 0, &arena, &out);
    buf_put_u8(&out, 0);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(out.ptr, wanted[i]))
            fail_msg("\"%s\" is not in:\n%s", wanted[i], out.ptr);
    buf_done(&out);
    arena_done(&arena);
}

static void names_the_check_that_refused_and_whom_to_ask(void **state)
{
    Signalbox__V1__Decision decisions[2], *boundaries[2] = {&decisions[0], &decisions[1]};
    Signalbox__V1__TraceItem blocked;
    Signalbox__V1__Record record;
    struct arena arena;
    struct buf out;

    (void)state;
    signalbox__v1__record__init(&record);
    signalbox__v1__decision__init(&decisions[0]);
    signalbox__v1__decision__init(&decisions[1]);
    signalbox__v1__trace_item__init(&blocked);
    decisions[1].blocked = &blocked;
    blocked.entry = 1;
    blocked.gate = SIGNALBOX__V1__GATE__GATE_COST;
    blocked.check = owners;
    blocked.found = nobody;
    blocked.needed = owner;
    blocked.owner = team;
    record.request_id = id;
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&out, 1 << 20);
    record_print(&record, boundaries, 2, &arena, &out);
    buf_put_u8(&out, 0);
    assert_non_null(strstr(out.ptr,
                           "\nRefused by\n"
                           "  BOUNDARY  ENTRY  GATE  CHECK   FOUND   NEEDED         OWNER\n"
                           "         1      1  cost  owners  nobody  a spend owner  "
                           "platform\n"));
    buf_done(&out);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_field_is_missing_from_the_groups),
        cmocka_unit_test(shows_chain_changes_cost_and_the_way_back),
        cmocka_unit_test(names_the_check_that_refused_and_whom_to_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
