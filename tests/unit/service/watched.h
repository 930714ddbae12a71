/* What the tests of rollback rules share: a policy whose rules all trip early, requests whose
 * attempt is spoilt in some way, and what is switched off and told of. */
#ifndef TESTS_UNIT_SERVICE_WATCHED_H
#define TESTS_UNIT_SERVICE_WATCHED_H

#include "unit/service/fixture.h"

#define POLICY "watched"
#define ENTRY  "demo-at-mock-b"

/* The fallback may stand in for the switched-off primary; every rule is on and trips early. */
static const char watched_document[] =
    "{'policy_id':'watched','workflow':'demo-chat','environment':'production',"
    "'data_classes':['unclassified','customer_content','internal'],"
    "'primary_route':{'route':'demo-at-mock-a'},"
    "'fallback_routes':[{'route':'demo-at-mock-b',"
    "'allowed_reasons':['account_drained','temporary_5xx']}],"
    "'rollback':{'disable_on_schema_failures':true,'disable_on_unapproved_cost_spike':true,"
    "'disable_on_policy_boundary_error':true,'disable_on_quality_regression':true,"
    "'disable_on_missing_reports':true,'disable_on_model_mismatch':true,'thresholds':{"
    "'schema_failures':{'min_samples':4,'percent':50,'window_ms':600000},"
    "'cost_spike':{'min_samples':4,'percent':50,'window_ms':600000,'multiple':2},"
    "'refusal_rate':{'min_samples':4,'percent':50,'window_ms':600000},"
    "'negative_feedback':{'min_samples':4,'percent':50,'window_ms':600000},"
    "'missing_reports':{'min_samples':4,'percent':50,'window_ms':600000}}},"
    "'limits':{'max_total_attempts':2,'max_elapsed_ms':20000,'max_output_tokens':4000}}";

static inline void watched_switch(struct fixture *f, const char *name, bool on)
{
    const struct switch_request request = {
        .scope = SWITCH_SCOPE_ENTRY,
        .policy_id = SLICE_LITERAL(POLICY),
        .name = slice_of(name),
        .on = on,
        .reason = SLICE_LITERAL("test"),
    };
    struct switch_record record;

    assert_int_equal(service_set_switch(f->service, fixture_call(f), &request, &record), RESULT_OK);
}

/* All traffic goes to the fallback entry. */
static inline int watched_setup(void **state)
{
    fixture_setup(state);
    fixture_activate(*state, fixture_json(*state, watched_document));
    watched_switch(*state, DEMO_ENTRY0, false);
    return 0;
}

typedef void spoil(struct question *report);

static inline void spoil_nothing(struct question *report)
{
    report->report.schema_validation = SCHEMA_VALIDATION_PASSED;
}

static inline void fail_schema(struct question *report)
{
    report->report.schema_validation = SCHEMA_VALIDATION_FAILED;
}

static inline void report_another_model(struct question *report)
{
    report->report.reported_model = SLICE_LITERAL("gpt-1");
}

static inline struct uuid watched_admit(struct fixture *f, const char *tenant, struct asked *asked)
{
    struct question admission = question_admission(fixture_id(f));

    admission.facts.tenant = slice_of(tenant);
    memset(asked, 0, sizeof *asked);
    fixture_answer(f, &admission, asked);
    assert_int_equal(asked->result, RESULT_OK);
    return admission.request_id;
}

/* One request, its attempt spoilt in that way; returns its id. */
static inline struct uuid watched_play(struct fixture *f, const char *tenant, spoil *spoilt)
{
    struct asked asked;
    struct uuid id = watched_admit(f, tenant, &asked);
    struct question report;

    assert_true(asked.decision.has_route);
    report = question_report(id, 1, asked.route);
    report_success(&report);
    report.report.schema_validation = SCHEMA_VALIDATION_PASSED;
    spoilt(&report);
    fixture_answer(f, &report, &asked);
    return id;
}

static inline bool watched_is_off(struct fixture *f, struct switch_record *ret_record)
{
    struct switch_record *records;
    struct slice next;
    unsigned count;

    *ret_record = (struct switch_record){.version = 0};
    assert_int_equal(service_list_switches(f->service, fixture_call(f), SLICE_LITERAL(""), 0,
                                           &records, &count, &next),
                     RESULT_OK);
    for (unsigned i = 0; i < count; i++)
        if (slice_is(records[i].name, ENTRY)) {
            *ret_record = records[i];
            return true;
        }
    return false;
}

/* In memory: an admission does not go there. */
static inline bool watched_acts(struct fixture *f)
{
    struct asked asked;

    watched_admit(f, "acme", &asked);
    return !asked.decision.has_route || strcmp(asked.route, ENTRY) != 0;
}

static inline unsigned
watched_audited(struct fixture *f, enum audit_action action, struct audit_record *ret_last)
{
    const struct audit_query query = {.policy_id = SLICE_LITERAL(POLICY), .rows_max = 1000};
    struct audit_record *records;
    struct slice next;
    unsigned count, found = 0;

    *ret_last = (struct audit_record){.at_ms = 0};
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &query, &records, &count, &next),
        RESULT_OK);
    for (unsigned i = count; i-- > 0;)
        if (records[i].action == action) {
            *ret_last = records[i];
            found++;
        }
    return found;
}

#endif
