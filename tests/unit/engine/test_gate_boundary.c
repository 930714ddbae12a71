/* The boundary gate: what data goes where, through whose account, kept by whom, approved by whom.
 */
#include "base/address.h"
#include "gate_rows.h"

SPOIL(data_class)
{
    gate_route(f)->data_classes = SET_OF(DATA_CLASS_INTERNAL);
    f->facts.data_classes = SET_OF(DATA_CLASS_PII) | SET_OF(DATA_CLASS_INTERNAL);
}
SPOIL(unclassified)
{
    gate_route(f)->data_classes = SET_OF(DATA_CLASS_INTERNAL);
}
SPOIL(policy_data_class)
{
    f->block.policy.data_classes = SET_OF(DATA_CLASS_INTERNAL);
    f->facts.data_classes = SET_OF(DATA_CLASS_PII);
}

SPOIL(region_asked)
{
    static const struct slice allowed[] = {{"ch", 2}, {"eu", 2}};

    f->facts.allowed_regions = (struct texts){allowed, 2};
}
SPOIL(other_region)
{
    region_asked(f);
    gate_route(f)->region = fixture_text(f, "us");
}
SPOIL(policy_region)
{
    f->block.policy.regions = fixture_list(f, "eu");
}
SPOIL(other_policy_region)
{
    policy_region(f);
    gate_route(f)->region = fixture_text(f, "us");
}
SPOIL(region_of_the_request_not_of_the_policy)
{
    region_asked(f);
    f->block.policy.regions = fixture_list(f, "us");
}
SPOIL(unknown_region)
{
    region_asked(f);
    gate_route(f)->region.len = 0;
}

SPOIL(networks)
{
    unsigned bits;

    assert_true(
        address_parse_network(SLICE_LITERAL("10.0.0.0/8"), f->block.networks[0].address, &bits));
    f->block.networks[0].bits = bits;
    assert_true(
        address_parse_network(SLICE_LITERAL("2001:db8::/32"), f->block.networks[1].address, &bits));
    f->block.networks[1].bits = bits;
    gate_route(f)->networks =
        (struct policy_ref){(uint32_t)offsetof(struct fixture_block, networks), 2};
}
SPOIL(address_on_the_list)
{
    networks(f);
    f->facts.client_address = SLICE_LITERAL("10.1.2.3");
}
SPOIL(sixth_address_on_the_list)
{
    networks(f);
    f->facts.client_address = SLICE_LITERAL("2001:db8::7");
}
SPOIL(other_address)
{
    networks(f);
    f->facts.client_address = SLICE_LITERAL("192.0.2.1");
}
SPOIL(broken_address)
{
    networks(f);
    f->facts.client_address = SLICE_LITERAL("10.1.2");
}

SPOIL(providers)
{
    f->block.policy.providers = fixture_list(f, "beta");
}
SPOIL(other_providers)
{
    f->block.policy.providers = fixture_list(f, "alpha");
}
SPOIL(accounts)
{
    f->block.policy.accounts = fixture_list(f, "beta");
}
SPOIL(other_accounts)
{
    f->block.policy.accounts = fixture_list(f, "alpha");
}
SPOIL(own_key)
{
    gate_route(f)->account_tenant = fixture_text(f, "acme");
}
SPOIL(another_tenants_key)
{
    gate_route(f)->account_tenant = fixture_text(f, "other");
}
SPOIL(own_key_not_on_the_list)
{
    own_key(f);
    other_accounts(f);
}
SPOIL(another_tenants_primary)
{
    f->block.routes[0].account_tenant = fixture_text(f, "other");
}

SPOIL(retention_asked)
{
    f->facts.zero_retention = true;
}
SPOIL(retains)
{
    retention_asked(f);
    gate_route(f)->zero_retention = 0;
}
SPOIL(retains_against_the_policy)
{
    f->block.policy.zero_retention = 1;
    gate_route(f)->zero_retention = 0;
}
SPOIL(sensitive)
{
    f->facts.data_classes = SET_OF(DATA_CLASS_PII);
}
SPOIL(logged)
{
    sensitive(f);
    gate_route(f)->payload_logging = 1;
}
SPOIL(logged_but_plain)
{
    gate_route(f)->payload_logging = 1;
}
SPOIL(primary_moderates)
{
    f->block.routes[0].moderation = 1;
}
SPOIL(both_moderate)
{
    primary_moderates(f);
    gate_route(f)->moderation = 1;
}
SPOIL(policy_moderates)
{
    f->block.policy.moderation = 1;
}
SPOIL(environment)
{
    gate_route(f)->environments = fixture_list(f, "production");
}
SPOIL(other_environment)
{
    gate_route(f)->environments = fixture_list(f, "staging");
}

SPOIL(bound_state)
{
    f->facts.bound_state = SET_OF(BOUND_STATE_FILE_IDS);
}
SPOIL(bound_state_here)
{
    bound_state(f);
    f->facts.bound_provider = f->facts.bound_account = SLICE_LITERAL("beta");
}
SPOIL(bound_state_in_an_account_nobody_told)
{
    bound_state(f);
    f->facts.bound_provider = SLICE_LITERAL("beta");
}
SPOIL(bound_state_in_another_account)
{
    bound_state(f);
    f->facts.bound_account = SLICE_LITERAL("other");
}
SPOIL(bound_state_covered)
{
    bound_state(f);
    fixture_piece(f, 1, EVIDENCE_KIND_PARITY)->covers = SET_OF(COVERAGE_BOUND_STATE);
}
SPOIL(tool_loop)
{
    f->facts.tool_loop = true;
}
SPOIL(tool_loop_covered)
{
    tool_loop(f);
    fixture_piece(f, 1, EVIDENCE_KIND_TOOL_CONTRACT)->covers = SET_OF(COVERAGE_TOOL_LOOP);
}
SPOIL(tool_loop_covered_by_parity)
{
    tool_loop(f);
    fixture_piece(f, 1, EVIDENCE_KIND_PARITY)->covers = SET_OF(COVERAGE_TOOL_LOOP);
}
SPOIL(both_but_the_loop_alone_is_covered)
{
    tool_loop_covered(f);
    bound_state(f);
}
SPOIL(both_covered)
{
    tool_loop_covered(f);
    bound_state_covered(f);
}

SPOIL(no_approval)
{
    gate_route(f)->evidence[EVIDENCE_KIND_BOUNDARY_APPROVAL].len = 0;
}
SPOIL(nothing_is_crossed)
{
    no_approval(f);
    gate_route(f)->provider = f->block.routes[0].provider;
    gate_route(f)->account = f->block.routes[0].account;
}
SPOIL(only_the_region_is_crossed)
{
    nothing_is_crossed(f);
    gate_route(f)->region = fixture_text(f, "us");
}
SPOIL(only_the_provider_is_crossed)
{
    nothing_is_crossed(f);
    gate_route(f)->provider = fixture_text(f, "beta");
}
SPOIL(approved_for_other_data)
{
    sensitive(f);
    fixture_piece(f, 1, EVIDENCE_KIND_BOUNDARY_APPROVAL)->data_classes =
        SET_OF(DATA_CLASS_INTERNAL);
}
SPOIL(approved_for_the_data)
{
    sensitive(f);
    fixture_piece(f, 1, EVIDENCE_KIND_BOUNDARY_APPROVAL)->data_classes =
        SET_OF(DATA_CLASS_INTERNAL) | SET_OF(DATA_CLASS_PII);
}

static const struct gate_row rows[] = {
    {"unclassified where it is named", NULL, CHECK_DATA_CLASS, VERDICT_PASS,
     "unclassified,internal,pii", "unclassified", .owner = "owner"},
    {"a class it is not approved for", data_class, CHECK_DATA_CLASS, VERDICT_BLOCK, "internal",
     "internal,pii", .owner = "owner"},
    {"an unclassified request", unclassified, CHECK_DATA_CLASS, VERDICT_BLOCK, "internal",
     "unclassified", .owner = "owner"},
    {"a class that the policy does not name", policy_data_class, CHECK_DATA_CLASS, VERDICT_BLOCK,
     "internal", "pii", .primary = true},

    {"anywhere", NULL, CHECK_REGION, VERDICT_NOT_REQUIRED, "eu", "", ANY},
    {"an allowed region", region_asked, CHECK_REGION, VERDICT_PASS, "eu", "ch", .owner = "owner"},
    {"another region", other_region, CHECK_REGION, VERDICT_BLOCK, "us", "ch", .owner = "owner"},
    {"the policy's region", policy_region, CHECK_REGION, VERDICT_PASS, "eu", "eu", ANY},
    {"another than the policy's", other_policy_region, CHECK_REGION, VERDICT_BLOCK, "us", "eu",
     ANY},
    {"the request's but not the policy's", region_of_the_request_not_of_the_policy, CHECK_REGION,
     VERDICT_BLOCK, "eu", "us", ANY},
    {"a region nobody knows", unknown_region, CHECK_REGION, VERDICT_BLOCK, "", "ch", ANY},

    {"no list of networks", NULL, CHECK_NETWORK, VERDICT_NOT_REQUIRED, "unknown address", "", ANY},
    {"an address on the list", address_on_the_list, CHECK_NETWORK, VERDICT_PASS, "10.1.2.3",
     "an address on the list", .owner = "owner"},
    {"an IPv6 address on it", sixth_address_on_the_list, CHECK_NETWORK, VERDICT_PASS, "2001:db8::7",
     "an address on the list", ANY},
    {"another address", other_address, CHECK_NETWORK, VERDICT_BLOCK, "192.0.2.1",
     "an address on the list", .owner = "owner"},
    {"an address nobody told", networks, CHECK_NETWORK, VERDICT_BLOCK, "unknown address",
     "an address on the list", ANY},
    {"what is no address", broken_address, CHECK_NETWORK, VERDICT_BLOCK, "10.1.2",
     "an address on the list", ANY},

    {"any vendor", NULL, CHECK_PROVIDER, VERDICT_NOT_REQUIRED, "beta", "", ANY},
    {"an approved vendor", providers, CHECK_PROVIDER, VERDICT_PASS, "beta", "beta", ANY},
    {"another vendor", other_providers, CHECK_PROVIDER, VERDICT_BLOCK, "beta", "alpha",
     .owner = "team"},

    {"any account", NULL, CHECK_ACCOUNT, VERDICT_NOT_REQUIRED, "beta", "", ANY},
    {"an approved account", accounts, CHECK_ACCOUNT, VERDICT_PASS, "beta", "beta", ANY},
    {"another account", other_accounts, CHECK_ACCOUNT, VERDICT_BLOCK, "beta", "alpha",
     .owner = "owner"},
    {"the tenant's own key", own_key, CHECK_ACCOUNT, VERDICT_PASS, "beta", "the tenant's own key",
     ANY},
    {"another tenant's key", another_tenants_key, CHECK_ACCOUNT, VERDICT_BLOCK,
     "another tenant's key", "the tenant's own key", .owner = "owner"},
    {"the own key, but not on the list", own_key_not_on_the_list, CHECK_ACCOUNT, VERDICT_BLOCK,
     "beta", "alpha", ANY},
    {"another tenant's primary", another_tenants_primary, CHECK_ACCOUNT, VERDICT_BLOCK,
     "another tenant's key", "the tenant's own key", .primary = true},

    {"nobody asks for retention", NULL, CHECK_RETENTION, VERDICT_NOT_REQUIRED, "zero retention", "",
     ANY},
    {"nothing is kept", retention_asked, CHECK_RETENTION, VERDICT_PASS, "zero retention",
     "zero retention", ANY},
    {"a provider that retains", retains, CHECK_RETENTION, VERDICT_BLOCK, "retains",
     "zero retention", .owner = "owner"},
    {"one that retains against the policy", retains_against_the_policy, CHECK_RETENTION,
     VERDICT_BLOCK, "retains", "zero retention", ANY},
    {"plain data may be logged", logged_but_plain, CHECK_LOGGING, VERDICT_NOT_REQUIRED,
     "payloads logged", "", ANY},
    {"sensitive data is not", sensitive, CHECK_LOGGING, VERDICT_PASS, "metadata only",
     "metadata only", ANY},
    {"sensitive data that is", logged, CHECK_LOGGING, VERDICT_BLOCK, "payloads logged",
     "metadata only", .owner = "owner"},
    {"nobody moderates", NULL, CHECK_MODERATION, VERDICT_NOT_REQUIRED, "does not moderate", "",
     ANY},
    {"both moderate", both_moderate, CHECK_MODERATION, VERDICT_PASS, "moderates", "moderates", ANY},
    {"only the primary moderates", primary_moderates, CHECK_MODERATION, VERDICT_BLOCK,
     "does not moderate", "moderates", .owner = "owner"},
    {"a primary that the policy wants moderated", policy_moderates, CHECK_MODERATION, VERDICT_BLOCK,
     "does not moderate", "moderates", .primary = true},
    {"any environment", NULL, CHECK_ENVIRONMENT, VERDICT_NOT_REQUIRED, "any", "production", ANY},
    {"the environment", environment, CHECK_ENVIRONMENT, VERDICT_PASS, "production", "production",
     ANY},
    {"another environment", other_environment, CHECK_ENVIRONMENT, VERDICT_BLOCK, "staging",
     "production", .owner = "owner"},

    {"no state", NULL, CHECK_BOUND_STATE, VERDICT_NOT_REQUIRED, "beta", "", ANY},
    {"state at the primary", bound_state, CHECK_BOUND_STATE, VERDICT_BLOCK, "beta", "alpha",
     .owner = "team"},
    {"the primary has its state", bound_state, CHECK_BOUND_STATE, VERDICT_PASS, "alpha", "alpha",
     .primary = true},
    {"state that is here", bound_state_here, CHECK_BOUND_STATE, VERDICT_PASS, "beta", "beta", ANY},
    {"state in an account nobody told", bound_state_in_an_account_nobody_told, CHECK_BOUND_STATE,
     VERDICT_BLOCK, "beta", "the account that holds it", ANY},
    {"state in another account of the primary's", bound_state_in_another_account, CHECK_BOUND_STATE,
     VERDICT_BLOCK, "alpha", "other", .primary = true},
    {"state that parity covers", bound_state_covered, CHECK_BOUND_STATE, VERDICT_PASS, "beta",
     "alpha", .evidence_id = "beta-parity", .owner = "reviewer"},
    {"a tool loop that began there", tool_loop, CHECK_BOUND_STATE, VERDICT_BLOCK, "beta", "alpha",
     .owner = "team"},
    {"a loop that the contract covers", tool_loop_covered, CHECK_BOUND_STATE, VERDICT_PASS, "beta",
     "alpha", .evidence_id = "beta-tool_contract", .owner = "reviewer"},
    {"parity speaks of no loop", tool_loop_covered_by_parity, CHECK_BOUND_STATE, VERDICT_BLOCK,
     "beta", "alpha", .owner = "team"},
    {"state behind a loop that is covered", both_but_the_loop_alone_is_covered, CHECK_BOUND_STATE,
     VERDICT_BLOCK, "beta", "alpha", .owner = "team"},
    {"state and loop covered", both_covered, CHECK_BOUND_STATE, VERDICT_PASS, "beta", "alpha",
     .evidence_id = "beta-tool_contract", .owner = "reviewer"},

    {"another provider that was approved", NULL, CHECK_BOUNDARY_APPROVAL, VERDICT_PASS, "evidence",
     "unexpired evidence", .evidence_id = "beta-boundary_approval", .owner = "reviewer"},
    {"nobody approved it", no_approval, CHECK_BOUNDARY_APPROVAL, VERDICT_BLOCK, "none",
     "unexpired evidence", .owner = "team"},
    {"nothing is crossed", nothing_is_crossed, CHECK_BOUNDARY_APPROVAL, VERDICT_NOT_REQUIRED,
     "none", "", ANY},
    {"only the region is", only_the_region_is_crossed, CHECK_BOUNDARY_APPROVAL, VERDICT_BLOCK,
     "none", "unexpired evidence", .owner = "team"},
    {"only the provider is", only_the_provider_is_crossed, CHECK_BOUNDARY_APPROVAL, VERDICT_BLOCK,
     "none", "unexpired evidence", .owner = "team"},
    {"approved for other data", approved_for_other_data, CHECK_BOUNDARY_APPROVAL, VERDICT_BLOCK,
     "other_data_classes", "unexpired evidence", .evidence_id = "beta-boundary_approval",
     .owner = "reviewer"},
    {"approved for the data", approved_for_the_data, CHECK_BOUNDARY_APPROVAL, VERDICT_PASS,
     "evidence", "unexpired evidence", .evidence_id = "beta-boundary_approval",
     .owner = "reviewer"},
    {"the primary needs no approval", NULL, CHECK_BOUNDARY_APPROVAL, VERDICT_NOT_REQUIRED, "none",
     "", .primary = true},
};

static void every_check_says_what_it_found_and_needs(void **state)
{
    (void)state;
    gate_rows_run(GATE_BOUNDARY, rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_says_what_it_found_and_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
