/* Texts of evidence for tests, and their way through evidence_parse. */
#ifndef TESTS_UNIT_ENGINE_EVIDENCE_DOCUMENTS_H
#define TESTS_UNIT_ENGINE_EVIDENCE_DOCUMENTS_H

#include "documents.h"
#include "engine/evidence.h"

#define PIECE(kind, more)                                                                          \
    "{'kind':'" kind "','workflow':'w','environment':'e','model':'m','owner':'o',"                 \
    "'expires':'2027-01-01'" more "}"
#define EVAL_FIELDS                                                                                \
    ",'passed':true,'eval_set':'set@1','samples':100,'pass_rate_percent':95,"                      \
    "'baseline_percent':96.5,'regression_budget_percent':2"
#define CONTRACT_CHECKS "'checks':['full_loop','arguments','replay_safety']"
#define COMPARED        ",'primary':'m-b'"
#define PARITY_CHECKS   "'checks':['endpoint','parameters','quota','cost','log_fields']"
#define ESTIMATE        ",'usage_estimate':{'monthly_requests':1000,'monthly_usd':12.5}"

static inline enum result
parse_evidence(struct documents *d, const char *text, struct evidence_list *list)
{
    char *json = quoted(text);
    enum result result = evidence_parse(slice_of(json), &d->arena, &d->diagnostics, list);

    free(json);
    return result;
}

static inline const struct evidence *parse_piece(struct documents *d, const char *text)
{
    struct evidence_list list = {0};

    if (parse_evidence(d, text, &list) != RESULT_OK)
        fail_msg("%s: %s at %s", text, diagnostic_name(d->diagnostics.first->code),
                 d->diagnostics.first->pointer.ptr);
    assert_int_equal(d->diagnostics.count, 0);
    assert_int_equal(list.count, 1);
    return &list.items[0];
}

#endif
