/* What documents of evidence are refused for: one fault at a time, with its finding and its place,
 * and all of them at once. */
#include "evidence_documents.h"

/* Text, finding, place: one fault each. */
static const struct {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
} faults[] = {
    {"[]", DIAGNOSTIC_WRONG_TYPE, ""},
    {"{'evidence':{}}", DIAGNOSTIC_WRONG_TYPE, "/evidence"},
    {"{'evidence':[]}", DIAGNOSTIC_OUT_OF_RANGE, "/evidence"},
    {"{'evidence':[7]}", DIAGNOSTIC_WRONG_TYPE, "/evidence/0"},
    {"{'evidence':[" PIECE("quota_owner", "") "],'x':1}", DIAGNOSTIC_UNKNOWN_FIELD, "/x"},
    {"{'evidence':[" PIECE("quota_owner", "") "," PIECE("quota_owner", ",'x':1") "]}",
     DIAGNOSTIC_UNKNOWN_FIELD, "/evidence/1/x"},
    {PIECE("evil", ""), DIAGNOSTIC_UNKNOWN_NAME, "/kind"},
    {PIECE("evil", ",'x':1"), DIAGNOSTIC_UNKNOWN_NAME, "/kind"},
    {"{'kind':3,'workflow':'w','environment':'e','model':'m','owner':'o','expires':'2027-01-01'}",
     DIAGNOSTIC_WRONG_TYPE, "/kind"},
    {"{'workflow':'w','environment':'e','model':'m','owner':'o','expires':'2027-01-01'}",
     DIAGNOSTIC_MISSING_FIELD, "/kind"},
    {"{'kind':'quota_owner','environment':'e','model':'m','owner':'o','expires':'2027-01-01'}",
     DIAGNOSTIC_MISSING_FIELD, "/workflow"},
    {"{'kind':'quota_owner','workflow':'w','model':'m','owner':'o','expires':'2027-01-01'}",
     DIAGNOSTIC_MISSING_FIELD, "/environment"},
    {"{'kind':'quota_owner','workflow':'w','environment':'e','owner':'o','expires':'2027-01-01'}",
     DIAGNOSTIC_MISSING_FIELD, "/model"},
    {"{'kind':'quota_owner','workflow':'w','environment':'e','model':'m','expires':'2027-01-01'}",
     DIAGNOSTIC_MISSING_FIELD, "/owner"},
    {"{'kind':'quota_owner','workflow':'w','environment':'e','route':'m','owner':'o'}",
     DIAGNOSTIC_MISSING_FIELD, "/expires"},
    {PIECE("quota_owner", ",'provider':'a b'"), DIAGNOSTIC_BAD_NAME, "/provider"},
    {PIECE("quota_owner", ",'account':1"), DIAGNOSTIC_WRONG_TYPE, "/account"},
    {PIECE("quota_owner", ",'region':''"), DIAGNOSTIC_BAD_NAME, "/region"},
    {PIECE("quota_owner", ",'endpoint_family':'x'"), DIAGNOSTIC_UNKNOWN_NAME, "/endpoint_family"},
    {PIECE("quota_owner", ",'endpoint_family':'openai-videos'"), DIAGNOSTIC_FAMILY_NOT_SERVED,
     "/endpoint_family"},
    {PIECE("quota_owner", ",'reviewed_by':false"), DIAGNOSTIC_WRONG_TYPE, "/reviewed_by"},
    {PIECE("quota_owner", ",'reviewer_notes':''"), DIAGNOSTIC_OUT_OF_RANGE, "/reviewer_notes"},
    {PIECE("quota_owner", ",'dated':'2026-02-30'"), DIAGNOSTIC_BAD_DATE, "/dated"},
    {PIECE("quota_owner", ",'dated':20260201"), DIAGNOSTIC_WRONG_TYPE, "/dated"},
    {PIECE("quota_owner", ",'dated':'2027-01-01'"), DIAGNOSTIC_OUT_OF_RANGE, "/expires"},
    {PIECE("quota_owner", ",'dated':'2028-01-01'"), DIAGNOSTIC_OUT_OF_RANGE, "/expires"},
    {PIECE("quota_owner", ",'reference':''"), DIAGNOSTIC_OUT_OF_RANGE, "/reference"},
    {PIECE("quota_owner", ",'scope':[]"), DIAGNOSTIC_WRONG_TYPE, "/scope"},
    {PIECE("quota_owner", ",'scope':{'x':1}"), DIAGNOSTIC_UNKNOWN_FIELD, "/scope/x"},
    {PIECE("quota_owner", ",'scope':{'models':[]}"), DIAGNOSTIC_OUT_OF_RANGE, "/scope/models"},
    {PIECE("quota_owner", ",'scope':{'models':['a','a']}"), DIAGNOSTIC_DUPLICATE_NAME,
     "/scope/models/1"},
    {PIECE("quota_owner", ",'scope':{'customer_tiers':['a',1]}"), DIAGNOSTIC_WRONG_TYPE,
     "/scope/customer_tiers/1"},
    {PIECE("quota_owner", ",'scope':{'attempts_max':0}"), DIAGNOSTIC_OUT_OF_RANGE,
     "/scope/attempts_max"},
    {PIECE("quota_owner", ",'scope':{'attempts_max':17}"), DIAGNOSTIC_OUT_OF_RANGE,
     "/scope/attempts_max"},
    {PIECE("quota_owner", ",'scope':{'prompt_version':''}"), DIAGNOSTIC_OUT_OF_RANGE,
     "/scope/prompt_version"},
    {PIECE("quota_owner", ",'scope':{'tool_digest':'0123'}"), DIAGNOSTIC_BAD_DIGEST,
     "/scope/tool_digest"},
    {PIECE("quota_owner",
           ",'scope':{'tool_digest':'g123456789abcdef0123456789abcdef0123456789abcdef"
           "0123456789abcdef'}"),
     DIAGNOSTIC_BAD_DIGEST, "/scope/tool_digest"},
    {PIECE("quota_owner", ",'scope':{'tool_digest':1}"), DIAGNOSTIC_WRONG_TYPE,
     "/scope/tool_digest"},
    /* What another kind has is unknown here. */
    {PIECE("quota_owner", ",'passed':true"), DIAGNOSTIC_UNKNOWN_FIELD, "/passed"},
    {PIECE("quota_owner", ",'role':'product'"), DIAGNOSTIC_UNKNOWN_FIELD, "/role"},
    {PIECE("account_owner_approval", ",'usage_estimate':{}"), DIAGNOSTIC_UNKNOWN_FIELD,
     "/usage_estimate"},
    {PIECE("boundary_approval", ",'covers':['tool_loop']"), DIAGNOSTIC_UNKNOWN_FIELD, "/covers"},
    {PIECE("sign_off", ",'role':'product','eval_set':'x'"), DIAGNOSTIC_UNKNOWN_FIELD, "/eval_set"},
    {PIECE("parity", COMPARED ",'passed':false,'data_classes':['pii']"), DIAGNOSTIC_UNKNOWN_FIELD,
     "/data_classes"},
    {PIECE("eval", EVAL_FIELDS ",'checks':['cost']"), DIAGNOSTIC_UNKNOWN_FIELD, "/checks"},
    /* What the kind needs. */
    {PIECE("parity", COMPARED), DIAGNOSTIC_MISSING_FIELD, "/passed"},
    {PIECE("parity", ",'passed':true," PARITY_CHECKS), DIAGNOSTIC_MISSING_FIELD, "/primary"},
    {PIECE("parity", ",'primary':'','passed':false"), DIAGNOSTIC_BAD_NAME, "/primary"},
    {PIECE("parity", ",'primary':['m-b'],'passed':false"), DIAGNOSTIC_WRONG_TYPE, "/primary"},
    {PIECE("eval", EVAL_FIELDS COMPARED), DIAGNOSTIC_UNKNOWN_FIELD, "/primary"},
    {PIECE("sign_off", ""), DIAGNOSTIC_MISSING_FIELD, "/role"},
    {PIECE("sign_off", ",'role':'boss'"), DIAGNOSTIC_UNKNOWN_NAME, "/role"},
    {PIECE("cost_owner", ",'pricing_snapshot':'2026-11-01'"), DIAGNOSTIC_MISSING_FIELD,
     "/usage_estimate"},
    {PIECE("cost_owner", ESTIMATE), DIAGNOSTIC_MISSING_FIELD, "/pricing_snapshot"},
    {PIECE("cost_owner", ",'pricing_snapshot':'2026-11-01T00:00:00Z'" ESTIMATE),
     DIAGNOSTIC_BAD_DATE, "/pricing_snapshot"},
    {PIECE("cost_owner",
           ",'pricing_snapshot':'2026-11-01','usage_estimate':{'monthly_requests':1}"),
     DIAGNOSTIC_MISSING_FIELD, "/usage_estimate/monthly_usd"},
    {PIECE("cost_owner",
           ",'pricing_snapshot':'2026-11-01','usage_estimate':"
           "{'monthly_requests':-1,'monthly_usd':1}"),
     DIAGNOSTIC_OUT_OF_RANGE, "/usage_estimate/monthly_requests"},
    {PIECE("cost_owner",
           ",'pricing_snapshot':'2026-11-01','usage_estimate':"
           "{'monthly_requests':1,'monthly_usd':0.0000000001}"),
     DIAGNOSTIC_NOT_EXACT, "/usage_estimate/monthly_usd"},
    {PIECE("boundary_approval", ",'data_classes':[]"), DIAGNOSTIC_OUT_OF_RANGE, "/data_classes"},
    {PIECE("boundary_approval", ",'data_classes':['x']"), DIAGNOSTIC_UNKNOWN_NAME,
     "/data_classes/0"},
    {PIECE("eval",
           ",'passed':true,'eval_set':'s','samples':0,'pass_rate_percent':95,"
           "'baseline_percent':96,'regression_budget_percent':2"),
     DIAGNOSTIC_OUT_OF_RANGE, "/samples"},
    {PIECE("eval",
           ",'passed':true,'eval_set':'s','samples':1,'pass_rate_percent':100.01,"
           "'baseline_percent':96,'regression_budget_percent':2"),
     DIAGNOSTIC_OUT_OF_RANGE, "/pass_rate_percent"},
    {PIECE("eval",
           ",'passed':true,'eval_set':'s','samples':1,'pass_rate_percent':95.001,"
           "'baseline_percent':96,'regression_budget_percent':2"),
     DIAGNOSTIC_NOT_EXACT, "/pass_rate_percent"},
    {PIECE("eval",
           ",'passed':true,'eval_set':'s','samples':1,'pass_rate_percent':'95',"
           "'baseline_percent':96,'regression_budget_percent':2"),
     DIAGNOSTIC_WRONG_TYPE, "/pass_rate_percent"},
    {PIECE("eval", EVAL_FIELDS ",'failure_examples':[]"), DIAGNOSTIC_OUT_OF_RANGE,
     "/failure_examples"},
    {PIECE("eval", EVAL_FIELDS ",'failure_examples':['']"), DIAGNOSTIC_OUT_OF_RANGE,
     "/failure_examples/0"},
    {PIECE("eval", EVAL_FIELDS ",'failure_examples':['a',{}]"), DIAGNOSTIC_WRONG_TYPE,
     "/failure_examples/1"},
    {PIECE("eval", EVAL_FIELDS ",'failure_examples':'a'"), DIAGNOSTIC_WRONG_TYPE,
     "/failure_examples"},
    {PIECE("eval", EVAL_FIELDS ",'covers_sensitivity':['legal','legal']"),
     DIAGNOSTIC_DUPLICATE_NAME, "/covers_sensitivity/1"},
    /* Fields that contradict each other. */
    {PIECE("eval",
           ",'passed':true,'eval_set':'s','samples':1,'pass_rate_percent':93.99,"
           "'baseline_percent':96,'regression_budget_percent':2"),
     DIAGNOSTIC_CONTRADICTION, "/passed"},
    {PIECE("tool_contract", ",'passed':true"), DIAGNOSTIC_MISSING_FIELD, "/checks"},
    {PIECE("tool_contract", ",'passed':true,'checks':['full_loop','arguments']"),
     DIAGNOSTIC_CONTRADICTION, "/checks"},
    {PIECE("parity", COMPARED ",'passed':true,'checks':['endpoint','parameters','quota','cost']"),
     DIAGNOSTIC_CONTRADICTION, "/checks"},
};

static void every_fault_has_its_finding_and_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct evidence_list list = {NULL, 77};
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (parse_evidence(&d, faults[i].text, &list) != RESULT_INVALID)
            fail_msg("%s is taken", faults[i].text);
        assert_int_equal(list.count, 77);
        assert_finding(&d, faults[i].code, faults[i].pointer);
        assert_true(d.diagnostics.first->found.len > 0);
        assert_true(d.diagnostics.first->expected.len > 0);
        documents_done(&d);
    }
}

static void all_findings_come_at_once(void **state)
{
    struct evidence_list list = {0};
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(
        parse_evidence(&d,
                       "{'evidence':[{'kind':'sign_off','role':'boss','x':1},"
                       "{'kind':'none','workflow':'?'},true,"
                       "{'kind':'parity','workflow':'w','environment':'e','route':'r',"
                       "'primary':'p','owner':'o','expires':'2027-01-01','passed':true}],'more':1}",
                       &list),
        RESULT_INVALID);
    /* role, x, workflow, environment, owner, expires, model; kind, workflow, and four that are
     * missing; no object; checks; more. */
    assert_int_equal(d.diagnostics.errors, 7 + 6 + 1 + 1 + 1);
    documents_done(&d);
}

/* Findings too: a fault never turns into "good" because there was no room to tell it. */
static void with_any_bound_of_memory_a_fault_stays_one(void **state)
{
    enum result result = RESULT_NO_MEMORY;

    (void)state;
    for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes += 16) {
        struct evidence_list list = {NULL, 77};
        struct documents d;

        assert_true(bytes < 1024 * 1024);
        documents_init(&d, bytes);
        result =
            parse_evidence(&d, PIECE("parity", COMPARED ",'passed':true,'checks':['cost']"), &list);
        documents_done(&d);
    }
    assert_int_equal(result, RESULT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_finding_and_its_place),
        cmocka_unit_test(all_findings_come_at_once),
        cmocka_unit_test(with_any_bound_of_memory_a_fault_stays_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
