/* The cost gate: prices, units, limits, whose money it is, and who may spend more. */
#include "gate_rows.h"

SPOIL(no_output_price)
{
    gate_route(f)->priced = SET_OF(UNIT_INPUT_TOKEN);
}
SPOIL(no_price_at_all)
{
    f->block.routes[0].priced = 0;
}

static void of_family(struct fixture *f, enum family family)
{
    f->facts.family = family;
    for (unsigned i = 0; i < FIXTURE_ROUTES; i++)
        f->block.routes[i].family = family;
}

SPOIL(embeddings)
{
    of_family(f, FAMILY_OPENAI_EMBEDDINGS);
    f->block.routes[0].priced = gate_route(f)->priced = SET_OF(UNIT_INPUT_TOKEN);
}
SPOIL(images)
{
    of_family(f, FAMILY_OPENAI_IMAGES);
    f->block.routes[0].priced = gate_route(f)->priced = SET_OF(UNIT_IMAGE);
}
SPOIL(images_by_the_token)
{
    of_family(f, FAMILY_OPENAI_IMAGES);
}
SPOIL(images_without_a_price)
{
    of_family(f, FAMILY_OPENAI_IMAGES);
    f->block.routes[0].priced = SET_OF(UNIT_INPUT_TOKEN);
}
SPOIL(images_by_the_token_for_images)
{
    images(f);
    gate_route(f)->priced = SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN);
}
SPOIL(image_prices_for_text)
{
    f->block.routes[0].priced |= SET_OF(UNIT_IMAGE) | SET_OF(UNIT_AUDIO_SECOND);
}
SPOIL(seconds_for_tokens)
{
    f->facts.needs = SET_OF(NEED_AUDIO);
    gate_route(f)->priced |= SET_OF(UNIT_AUDIO_SECOND);
}

SPOIL(undated)
{
    gate_route(f)->price_as_of_unix_ms = 0;
}
SPOIL(price_age)
{
    f->block.policy.price_age_ms_max = 5000;
    gate_route(f)->price_as_of_unix_ms = f->input.now_ms - 5000;
}
SPOIL(old_price)
{
    price_age(f);
    gate_route(f)->price_as_of_unix_ms--;
}
SPOIL(price_of_tomorrow)
{
    price_age(f);
    gate_route(f)->price_as_of_unix_ms = f->input.now_ms + 86400000;
}
SPOIL(price_of_the_day_after)
{
    gate_route(f)->price_as_of_unix_ms = f->input.now_ms + 86400001;
}

/* 1000 tokens in at 2.50 and 500 out at 10 USD per million, twice: nobody reported what the first
 * attempt used. */
SPOIL(cost_that_just_fits)
{
    f->block.policy.cost_nusd_max = 15000000;
    f->report.http_status = 0;
}
SPOIL(one_nano_too_much)
{
    cost_that_just_fits(f);
    f->block.policy.cost_nusd_max--;
}
SPOIL(no_limit)
{
    f->block.policy.cost_nusd_max = 0;
}
SPOIL(a_primary_beyond_all_money)
{
    f->block.routes[0].price_pusd[UNIT_OUTPUT_TOKEN] = UINT64_MAX;
}
SPOIL(entry_cost)
{
    gate_entry(f)->limits.cost_nusd_max = 7500000;
}
SPOIL(entry_cost_too_low)
{
    gate_entry(f)->limits.cost_nusd_max = 7499999;
}

SPOIL(no_spend_owner)
{
    gate_route(f)->spend_owner.len = 0;
    f->block.routes[0].spend_owner.len = 0;
}
SPOIL(no_quota_owner)
{
    gate_route(f)->quota_owner.len = 0;
    f->block.routes[0].quota_owner.len = 0;
}
SPOIL(nobody)
{
    no_spend_owner(f);
    no_quota_owner(f);
}

SPOIL(asked_cost_owner)
{
    gate_entry(f)->requires_cost_owner = 1;
}
SPOIL(no_asked_cost_owner)
{
    asked_cost_owner(f);
    gate_route(f)->evidence[EVIDENCE_KIND_COST_OWNER].len = 0;
}
SPOIL(cost_owner_of_other_prices)
{
    asked_cost_owner(f);
    fixture_piece(f, 1, EVIDENCE_KIND_COST_OWNER)->state = EVIDENCE_STATE_VOIDED;
}

SPOIL(same_account)
{
    gate_route(f)->account = f->block.routes[0].account;
    gate_route(f)->evidence[EVIDENCE_KIND_QUOTA_OWNER].len = 0;
}
SPOIL(asked_quota_owner)
{
    same_account(f);
    gate_entry(f)->requires_quota_owner = 1;
}
SPOIL(no_quota_owner_of_another_account)
{
    gate_route(f)->evidence[EVIDENCE_KIND_QUOTA_OWNER].len = 0;
}

SPOIL(another_teams_money)
{
    gate_route(f)->spend_owner = fixture_text(f, "another team");
}
SPOIL(nobody_approved)
{
    gate_route(f)->evidence[EVIDENCE_KIND_ACCOUNT_OWNER_APPROVAL].len = 0;
}
SPOIL(another_teams_money_unapproved)
{
    another_teams_money(f);
    nobody_approved(f);
}
SPOIL(another_teams_quota_unapproved)
{
    gate_route(f)->quota_owner = fixture_text(f, "another team");
    nobody_approved(f);
}
SPOIL(another_teams_account_unapproved)
{
    gate_route(f)->account_owner = fixture_text(f, "another team");
    nobody_approved(f);
}

SPOIL(premium)
{
    gate_entry(f)->premium = 1;
    gate_entry(f)->premium_tenants = fixture_list(f, "rich");
    gate_entry(f)->premium_keys = fixture_list(f, "key_gold");
}
SPOIL(premium_tenant)
{
    premium(f);
    f->facts.tenant = SLICE_LITERAL("rich");
}
SPOIL(premium_key)
{
    premium(f);
    f->input.key_id = SLICE_LITERAL("key_gold");
}

SPOIL(service_tier)
{
    f->facts.service_tier = SLICE_LITERAL("priority");
    gate_route(f)->service_tier = fixture_text(f, "priority");
}
SPOIL(another_service_tier)
{
    f->facts.service_tier = SLICE_LITERAL("priority");
    gate_route(f)->service_tier = fixture_text(f, "flex");
}
SPOIL(no_service_tier)
{
    f->facts.service_tier = SLICE_LITERAL("priority");
}
SPOIL(service_tier_with_notice)
{
    no_service_tier(f);
    gate_entry(f)->notice = fixture_text(f, "slower service");
    f->facts.shows_notice = true;
}
SPOIL(service_tier_with_unseen_notice)
{
    service_tier_with_notice(f);
    f->facts.shows_notice = false;
}

static const struct gate_row rows[] = {
    {"both units priced", NULL, CHECK_PRICE_KNOWN, VERDICT_PASS, "priced", "every unit priced",
     .owner = "owner"},
    {"no price for output", no_output_price, CHECK_PRICE_KNOWN, VERDICT_BLOCK,
     "no price for output", "every unit priced", .owner = "owner"},
    {"a primary without prices", no_price_at_all, CHECK_PRICE_KNOWN, VERDICT_BLOCK,
     "no price for input", "every unit priced", .primary = true},
    {"embeddings put nothing out", embeddings, CHECK_PRICE_KNOWN, VERDICT_PASS, "priced",
     "every unit priced", ANY},
    {"images by the piece", images, CHECK_PRICE_KNOWN, VERDICT_PASS, "priced", "every unit priced",
     ANY},
    {"images by the token", images_by_the_token, CHECK_PRICE_KNOWN, VERDICT_PASS, "priced",
     "every unit priced", ANY},
    {"images by neither", images_without_a_price, CHECK_PRICE_KNOWN, VERDICT_BLOCK,
     "no price for image", "every unit priced", .primary = true},

    {"a dated price", NULL, CHECK_PRICE_AGE, VERDICT_PASS, "1100 ms", "dated", .owner = "finance"},
    {"a price of no date", undated, CHECK_PRICE_AGE, VERDICT_BLOCK, "undated", "dated",
     .owner = "finance"},
    {"a price just young enough", price_age, CHECK_PRICE_AGE, VERDICT_PASS, "5000 ms", "5000 ms",
     ANY},
    {"an old price", old_price, CHECK_PRICE_AGE, VERDICT_BLOCK, "5001 ms", "5000 ms",
     .owner = "finance"},
    {"a price of tomorrow", price_of_tomorrow, CHECK_PRICE_AGE, VERDICT_PASS, "0 ms", "5000 ms",
     ANY},
    {"a price of the day after", price_of_the_day_after, CHECK_PRICE_AGE, VERDICT_BLOCK,
     "dated in the future", "dated", .owner = "finance"},

    {"tokens for tokens", NULL, CHECK_MODALITY, VERDICT_PASS, "tokens", "tokens", ANY},
    {"text is billed in tokens", image_prices_for_text, CHECK_MODALITY, VERDICT_PASS, "tokens",
     "tokens", ANY},
    {"images for images", images, CHECK_MODALITY, VERDICT_PASS, "images", "images", ANY},
    {"tokens for images", images_by_the_token_for_images, CHECK_MODALITY, VERDICT_BLOCK, "tokens",
     "images", .owner = "team"},
    {"seconds for tokens", seconds_for_tokens, CHECK_MODALITY, VERDICT_BLOCK, "tokens and seconds",
     "tokens", ANY},
    {"the primary is the measure", NULL, CHECK_MODALITY, VERDICT_NOT_REQUIRED, "tokens", "",
     .primary = true},

    {"a request that just fits", cost_that_just_fits, CHECK_REQUEST_COST, VERDICT_PASS,
     "15000000 nusd", "15000000 nusd", .owner = "finance"},
    {"a nano-dollar too much", one_nano_too_much, CHECK_REQUEST_COST, VERDICT_BLOCK,
     "15000000 nusd", "14999999 nusd", .owner = "finance"},
    {"no limit", no_limit, CHECK_REQUEST_COST, VERDICT_NOT_REQUIRED, "7500000 nusd", "0 nusd", ANY},
    {"a primary beyond all money", a_primary_beyond_all_money, CHECK_REQUEST_COST, VERDICT_BLOCK,
     NULL, "100000000 nusd", .primary = true},
    {"an entry without a limit", NULL, CHECK_ENTRY_COST, VERDICT_NOT_REQUIRED, "7500000 nusd",
     "0 nusd", ANY},
    {"an attempt that just fits", entry_cost, CHECK_ENTRY_COST, VERDICT_PASS, "7500000 nusd",
     "7500000 nusd", ANY},
    {"an attempt too dear for the entry", entry_cost_too_low, CHECK_ENTRY_COST, VERDICT_BLOCK,
     "7500000 nusd", "7499999 nusd", .owner = "finance"},

    {"both owners", NULL, CHECK_OWNERS, VERDICT_PASS, "finance", "spend owner and quota owner",
     .owner = "owner"},
    {"nobody who pays", no_spend_owner, CHECK_OWNERS, VERDICT_BLOCK, "no spend owner",
     "spend owner and quota owner", .owner = "owner"},
    {"nobody who owns the quota", no_quota_owner, CHECK_OWNERS, VERDICT_BLOCK, "no quota owner",
     "spend owner and quota owner", .owner = "owner"},
    {"nobody at all", nobody, CHECK_OWNERS, VERDICT_BLOCK, "nobody", "spend owner and quota owner",
     .owner = "owner"},

    {"no cost owner is asked", NULL, CHECK_COST_OWNER, VERDICT_NOT_REQUIRED, "evidence", "", ANY},
    {"the cost owner agreed", asked_cost_owner, CHECK_COST_OWNER, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-cost_owner", .owner = "reviewer"},
    {"no cost owner", no_asked_cost_owner, CHECK_COST_OWNER, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"an approval of other prices", cost_owner_of_other_prices, CHECK_COST_OWNER, VERDICT_BLOCK,
     "voided", "unexpired evidence", .evidence_id = "beta-cost_owner", .owner = "reviewer"},

    {"the same account's quota", same_account, CHECK_QUOTA_OWNER, VERDICT_NOT_REQUIRED, "none", "",
     ANY},
    {"another account's quota", NULL, CHECK_QUOTA_OWNER, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-quota_owner", .owner = "reviewer"},
    {"its owner was not asked", no_quota_owner_of_another_account, CHECK_QUOTA_OWNER, VERDICT_BLOCK,
     "none", "unexpired evidence", .owner = "team"},
    {"the policy asks for the owner", asked_quota_owner, CHECK_QUOTA_OWNER, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},

    {"the same owners", nobody_approved, CHECK_SPILL, VERDICT_NOT_REQUIRED, "none", "", ANY},
    {"another team that agreed", another_teams_money, CHECK_SPILL, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-account_owner_approval", .owner = "reviewer"},
    {"another team's money", another_teams_money_unapproved, CHECK_SPILL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"another team's quota", another_teams_quota_unapproved, CHECK_SPILL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"another team's account", another_teams_account_unapproved, CHECK_SPILL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},

    {"an entry for all", NULL, CHECK_PREMIUM, VERDICT_NOT_REQUIRED, "not entitled", "", ANY},
    {"a tenant that is entitled", premium_tenant, CHECK_PREMIUM, VERDICT_PASS, "entitled",
     "entitled", ANY},
    {"a key that is entitled", premium_key, CHECK_PREMIUM, VERDICT_PASS, "entitled", "entitled",
     ANY},
    {"anybody else", premium, CHECK_PREMIUM, VERDICT_BLOCK, "not entitled", "entitled",
     .owner = "team"},

    {"no paid tier", NULL, CHECK_SERVICE_TIER, VERDICT_NOT_REQUIRED, "standard", "", ANY},
    {"the tier that was paid", service_tier, CHECK_SERVICE_TIER, VERDICT_PASS, "priority",
     "priority", ANY},
    {"another tier", another_service_tier, CHECK_SERVICE_TIER, VERDICT_BLOCK, "flex", "priority",
     .owner = "team"},
    {"no tier", no_service_tier, CHECK_SERVICE_TIER, VERDICT_BLOCK, "standard", "priority", ANY},
    {"no tier of the primary", no_service_tier, CHECK_SERVICE_TIER, VERDICT_BLOCK, "standard",
     "priority", .primary = true},
    {"another tier with a notice", service_tier_with_notice, CHECK_SERVICE_TIER, VERDICT_PASS,
     "standard", "priority", ANY},
    {"a notice that nobody sees", service_tier_with_unseen_notice, CHECK_SERVICE_TIER,
     VERDICT_BLOCK, "standard", "priority", ANY},
};

static void every_check_says_what_it_found_and_needs(void **state)
{
    (void)state;
    gate_rows_run(GATE_COST, rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_says_what_it_found_and_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
