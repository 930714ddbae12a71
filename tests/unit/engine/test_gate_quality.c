/* The quality gate: floors, evidence by tier, roles, sensitive tags, whom an entry serves. */
#include "gate_rows.h"

SPOIL(low_class)
{
    gate_route(f)->quality_class = QUALITY_CLASS_LOW_COST;
}
SPOIL(balanced)
{
    gate_route(f)->quality_class = QUALITY_CLASS_BALANCED;
}
SPOIL(low_primary)
{
    f->block.routes[0].quality_class = QUALITY_CLASS_LOW_COST;
}
SPOIL(low_class_for_batch)
{
    low_class(f);
    f->facts.traffic_class = TRAFFIC_CLASS_BATCH;
}
SPOIL(batch_that_the_policy_denies)
{
    low_class_for_batch(f);
    f->block.policy.traffic_class = TRAFFIC_CLASS_CRITICAL_USER_FACING;
}
SPOIL(nobodys_class)
{
    low_class(f);
    f->facts.traffic_class = TRAFFIC_CLASS_UNSPECIFIED;
}

static void take_away(struct fixture *f, enum evidence_kind kind)
{
    gate_route(f)->evidence[kind].len = 0;
}

SPOIL(no_parity)
{
    take_away(f, EVIDENCE_KIND_PARITY);
}
SPOIL(no_parity_in_the_family)
{
    no_parity(f);
    gate_entry(f)->tier = TIER_SAME_FAMILY;
}
SPOIL(no_parity_of_another_family)
{
    no_parity(f);
    gate_other_family(f);
}
SPOIL(no_eval)
{
    take_away(f, EVIDENCE_KIND_EVAL);
}
SPOIL(asked_eval)
{
    gate_entry(f)->requires_eval_pass = 1;
}
SPOIL(no_asked_eval)
{
    no_eval(f);
    asked_eval(f);
}
SPOIL(no_eval_in_the_family)
{
    no_eval(f);
    gate_entry(f)->tier = TIER_SAME_FAMILY;
}
SPOIL(no_eval_and_no_owner_of_the_policy)
{
    no_asked_eval(f);
    f->block.policy.owner.len = 0;
}

SPOIL(customer_tiers)
{
    gate_entry(f)->customer_tiers = fixture_list(f, "gold");
    f->facts.customer_tier = SLICE_LITERAL("gold");
}
SPOIL(other_customer_tier)
{
    customer_tiers(f);
    f->facts.customer_tier = SLICE_LITERAL("silver");
}
SPOIL(no_customer_tier)
{
    customer_tiers(f);
    f->facts.customer_tier.len = 0;
}

SPOIL(notice)
{
    gate_entry(f)->requires_user_notice = 1;
    gate_entry(f)->notice = fixture_text(f, "another model answered");
    f->facts.shows_notice = true;
}
SPOIL(notice_not_shown)
{
    notice(f);
    f->facts.shows_notice = false;
}
SPOIL(notice_not_written)
{
    notice(f);
    gate_entry(f)->notice.len = 0;
}

SPOIL(other_family_lacks_engineering)
{
    gate_other_family(f);
    fixture_sign_off(f, 1, SIGN_OFF_ENGINEERING)->expires_unix_ms = FIXTURE_NOW_MS;
}
SPOIL(other_family_lacks_all)
{
    gate_other_family(f);
    take_away(f, EVIDENCE_KIND_SIGN_OFF);
}
SPOIL(asked_finance)
{
    gate_entry(f)->sign_offs = SET_OF(SIGN_OFF_FINANCE);
}
SPOIL(asked_finance_was_taken_back)
{
    asked_finance(f);
    fixture_sign_off(f, 1, SIGN_OFF_FINANCE)->state = EVIDENCE_STATE_REVOKED;
}

SPOIL(tagged)
{
    balanced(f);
    f->facts.sensitivity_tags = SET_OF(SENSITIVITY_MEDICAL) | SET_OF(SENSITIVITY_LEGAL);
}
SPOIL(tagged_without_downgrade)
{
    tagged(f);
    gate_route(f)->quality_class = QUALITY_CLASS_FRONTIER;
}
SPOIL(tagged_by_the_policy)
{
    balanced(f);
    f->block.policy.sensitivity_tags = SET_OF(SENSITIVITY_FINANCIAL);
}
SPOIL(tagged_and_covered)
{
    tagged(f);
    fixture_piece(f, 1, EVIDENCE_KIND_EVAL)->sensitivity =
        SET_OF(SENSITIVITY_MEDICAL) | SET_OF(SENSITIVITY_LEGAL) | SET_OF(SENSITIVITY_COMPLIANCE);
}
SPOIL(tagged_and_half_covered)
{
    tagged(f);
    fixture_piece(f, 1, EVIDENCE_KIND_EVAL)->sensitivity = SET_OF(SENSITIVITY_LEGAL);
}
SPOIL(tagged_and_covered_by_two)
{
    struct policy_evidence *evals;

    tagged(f);
    evals = fixture_pieces(f, 1, EVIDENCE_KIND_EVAL, 2);
    evals[0].sensitivity = SET_OF(SENSITIVITY_LEGAL);
    evals[1].sensitivity = SET_OF(SENSITIVITY_MEDICAL);
}
SPOIL(covered_until_now)
{
    tagged_and_covered(f);
    fixture_piece(f, 1, EVIDENCE_KIND_EVAL)->expires_unix_ms = f->input.now_ms;
}
/* The eval that covers the tags is approved for the first attempt only; another one for more. */
SPOIL(covered_for_the_first_attempt)
{
    struct policy_evidence *evals;

    tagged(f);
    gate_entry(f)->requires_eval_pass = 1;
    evals = fixture_pieces(f, 1, EVIDENCE_KIND_EVAL, 2);
    evals[0].sensitivity = SET_OF(SENSITIVITY_LEGAL) | SET_OF(SENSITIVITY_MEDICAL);
    evals[0].attempts_max = 1;
}
SPOIL(covered_for_the_first_attempt_alone)
{
    covered_for_the_first_attempt(f);
    f->chain.attempts[0].entry = 1;
    f->chain.attempts[f->chain.attempts_count++] = (struct chain_attempt){.entry = 0};
}
SPOIL(write_tools)
{
    balanced(f);
    f->facts.needs = SET_OF(NEED_TOOLS);
    f->facts.tool_effects = SIDE_EFFECT_POSSIBLE;
}
SPOIL(write_tools_in_a_loop)
{
    write_tools(f);
    f->facts.needs = 0;
    f->facts.tool_loop = true;
    gate_route(f)->account = f->block.routes[0].account;
    gate_route(f)->provider = f->block.routes[0].provider;
}
SPOIL(forced_write_tools)
{
    write_tools(f);
    f->facts.needs = SET_OF(NEED_FORCED_TOOL_CHOICE);
}
SPOIL(effects_without_tools)
{
    balanced(f);
    f->facts.tool_effects = SIDE_EFFECT_POSSIBLE;
}
SPOIL(long_context)
{
    balanced(f);
    f->facts.needs = SET_OF(NEED_LONG_CONTEXT);
}

static const struct gate_row rows[] = {
    {"the primary's class", NULL, CHECK_QUALITY_CLASS, VERDICT_PASS, "frontier", "balanced",
     .owner = "team"},
    {"a class at the floor", balanced, CHECK_QUALITY_CLASS, VERDICT_PASS, "balanced", "balanced",
     ANY},
    {"a class under the floor", low_class, CHECK_QUALITY_CLASS, VERDICT_BLOCK, "low_cost",
     "balanced", .owner = "team"},
    {"a primary under the floor", low_primary, CHECK_QUALITY_CLASS, VERDICT_BLOCK, "low_cost",
     "balanced", .primary = true},
    {"batch may go lower", low_class_for_batch, CHECK_QUALITY_CLASS, VERDICT_PASS, "low_cost",
     "low_cost", ANY},
    {"a caller cannot lower the floor", batch_that_the_policy_denies, CHECK_QUALITY_CLASS,
     VERDICT_BLOCK, "low_cost", "balanced", ANY},
    {"nobody's class is user-facing", nobodys_class, CHECK_QUALITY_CLASS, VERDICT_BLOCK, "low_cost",
     "balanced", ANY},

    {"parity of the same model", NULL, CHECK_PARITY, VERDICT_PASS, "evidence", "unexpired evidence",
     .evidence_id = "beta-parity", .owner = "reviewer"},
    {"no parity of the same model", no_parity, CHECK_PARITY, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"no parity in the family", no_parity_in_the_family, CHECK_PARITY, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"no parity of another family", no_parity_of_another_family, CHECK_PARITY, VERDICT_BLOCK,
     "none", "unexpired evidence", .owner = "team"},
    {"the primary needs no parity", NULL, CHECK_PARITY, VERDICT_NOT_REQUIRED, "none", "",
     .primary = true},

    {"the same model needs no eval", no_eval, CHECK_EVAL, VERDICT_NOT_REQUIRED, "none", "", ANY},
    {"an eval that the policy asks for", asked_eval, CHECK_EVAL, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-eval", .owner = "reviewer"},
    {"none where the policy asks", no_asked_eval, CHECK_EVAL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"none where nobody owns the policy", no_eval_and_no_owner_of_the_policy, CHECK_EVAL,
     VERDICT_BLOCK, "none", "unexpired evidence", .owner = "owner"},
    {"none in the same family", no_eval_in_the_family, CHECK_EVAL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},

    {"the same model needs no role", NULL, CHECK_SIGN_OFF, VERDICT_NOT_REQUIRED,
     "product,engineering,policy,security,finance", "", ANY},
    {"another family's three roles", gate_other_family, CHECK_SIGN_OFF, VERDICT_PASS,
     "product,engineering,policy,security,finance", "product,engineering,policy",
     .evidence_id = "beta-product", .owner = "reviewer"},
    {"one of the three is late", other_family_lacks_engineering, CHECK_SIGN_OFF, VERDICT_BLOCK,
     "product,policy,security,finance", "product,engineering,policy",
     .evidence_id = "beta-engineering", .owner = "reviewer"},
    {"nobody signed", other_family_lacks_all, CHECK_SIGN_OFF, VERDICT_BLOCK, "none",
     "product,engineering,policy", .owner = "team"},
    {"a role that the policy asks for", asked_finance, CHECK_SIGN_OFF, VERDICT_PASS,
     "product,engineering,policy,security,finance", "finance", .evidence_id = "beta-finance",
     .owner = "reviewer"},
    {"a role that took it back", asked_finance_was_taken_back, CHECK_SIGN_OFF, VERDICT_BLOCK,
     "product,engineering,policy,security", "finance", .evidence_id = "beta-finance",
     .owner = "reviewer"},

    {"no tag on a downgrade", balanced, CHECK_SENSITIVITY, VERDICT_NOT_REQUIRED, "", "", ANY},
    {"tags without a downgrade", tagged_without_downgrade, CHECK_SENSITIVITY, VERDICT_NOT_REQUIRED,
     "", "", ANY},
    {"tags on a downgrade", tagged, CHECK_SENSITIVITY, VERDICT_BLOCK, "", "legal,medical",
     .owner = "team"},
    {"a tag of the policy", tagged_by_the_policy, CHECK_SENSITIVITY, VERDICT_BLOCK, "", "financial",
     .owner = "team"},
    {"tags that the eval covers", tagged_and_covered, CHECK_SENSITIVITY, VERDICT_PASS,
     "legal,medical,compliance", "legal,medical", .evidence_id = "beta-eval", .owner = "reviewer"},
    {"a tag that it does not cover", tagged_and_half_covered, CHECK_SENSITIVITY, VERDICT_BLOCK,
     "legal", "legal,medical", .evidence_id = "beta-eval", .owner = "reviewer"},
    {"tags that two evals cover", tagged_and_covered_by_two, CHECK_SENSITIVITY, VERDICT_PASS,
     "legal,medical", "legal,medical", .evidence_id = "beta-eval", .owner = "reviewer"},
    {"an eval that expires now", covered_until_now, CHECK_SENSITIVITY, VERDICT_BLOCK, "",
     "legal,medical", .owner = "team"},
    {"an eval for as many attempts", covered_for_the_first_attempt, CHECK_SENSITIVITY, VERDICT_PASS,
     "legal,medical", "legal,medical", .evidence_id = "beta-eval", .owner = "reviewer"},
    {"an eval for fewer attempts", covered_for_the_first_attempt_alone, CHECK_SENSITIVITY,
     VERDICT_BLOCK, "", "legal,medical", .owner = "team"},
    {"tools that write", write_tools, CHECK_SENSITIVITY, VERDICT_BLOCK, "", "write_tools",
     .owner = "team"},
    {"a loop of tools that write", write_tools_in_a_loop, CHECK_SENSITIVITY, VERDICT_BLOCK, "",
     "write_tools", .owner = "team"},
    {"forced tools that write", forced_write_tools, CHECK_SENSITIVITY, VERDICT_BLOCK, "",
     "write_tools", .owner = "team"},
    {"effects without tools", effects_without_tools, CHECK_SENSITIVITY, VERDICT_NOT_REQUIRED, "",
     "", ANY},
    {"long context", long_context, CHECK_SENSITIVITY, VERDICT_BLOCK, "", "full_recall_long_context",
     .owner = "team"},

    {"any customer", NULL, CHECK_CUSTOMER_TIER, VERDICT_NOT_REQUIRED, "none", "", ANY},
    {"a customer of the tier", customer_tiers, CHECK_CUSTOMER_TIER, VERDICT_PASS, "gold", "gold",
     ANY},
    {"another customer", other_customer_tier, CHECK_CUSTOMER_TIER, VERDICT_BLOCK, "silver", "gold",
     .owner = "team"},
    {"a customer whom nobody knows", no_customer_tier, CHECK_CUSTOMER_TIER, VERDICT_BLOCK, "none",
     "gold", ANY},

    {"no notice", NULL, CHECK_USER_NOTICE, VERDICT_NOT_REQUIRED, "no notice", "", ANY},
    {"a notice that is shown", notice, CHECK_USER_NOTICE, VERDICT_PASS, "shown", "shown", ANY},
    {"a caller that cannot show it", notice_not_shown, CHECK_USER_NOTICE, VERDICT_BLOCK,
     "not shown", "shown", .owner = "team"},
    {"a notice that nobody wrote", notice_not_written, CHECK_USER_NOTICE, VERDICT_BLOCK,
     "no notice", "shown", ANY},
};

static void every_check_says_what_it_found_and_needs(void **state)
{
    (void)state;
    gate_rows_run(GATE_QUALITY, rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_says_what_it_found_and_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
