/* A catalog with several routes for a model, and policies for it: the least one, and one that sets
 * every field. For tests of what documents become. */
#ifndef TESTS_UNIT_ENGINE_POLICY_TEXTS_H
#define TESTS_UNIT_ENGINE_POLICY_TEXTS_H

#include "documents.h"

#define TEXTS_CATALOG_BYTES 8192

/* Models big and small are kin, other is not; providers alpha, beta and gamma. To be freed. */
static inline char *texts_catalog(void)
{
    static const char *const accounts[][4] = {
        {"alpha-main", "alpha", "platform",
         ",'ip_allow_list':['192.0.2.0/24','2001:db8::/32'],"
         "'quota':{'requests_per_minute':600,'tokens_per_minute':900000}"},
        {"beta-main", "beta", "platform", ""},
        {"beta-team", "beta", "team", ""},
        {"gamma-main", "gamma", "platform", ",'tenant':'acme'"},
    };
    static const char *const models[][3] = {{"big", "kin", "frontier"},
                                            {"small", "kin", "low_cost"},
                                            {"other", "stranger", "balanced"}};
    static const char *const routes[][5] = {
        {"big-alpha", "big", "alpha-main", "eu",
         ",'steps':[{'above_input_tokens':200,'input':4,'output':16}],'extra':{'web_search':0.01}"},
        {"big-alpha-us", "big", "alpha-main", "us", ""},
        {"big-beta", "big", "beta-main", "eu", ""},
        {"big-beta-us", "big", "beta-main", "us", ""},
        {"big-team", "big", "beta-team", "eu", ""},
        {"small-alpha", "small", "alpha-main", "eu", ""},
        {"small-beta", "small", "beta-main", "eu", ""},
        {"other-gamma", "other", "gamma-main", "eu", ""},
    };
    char *text = malloc(TEXTS_CATALOG_BYTES);
    struct buf buf;

    assert_non_null(text);
    buf_init_fixed(&buf, text, TEXTS_CATALOG_BYTES);
    buf_put_text(&buf, "{'providers':[{'id':'alpha'},{'id':'beta'},{'id':'gamma'}],'accounts':[");
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
        buf_format(&buf,
                   "%s{'id':'%s','provider':'%s','owner':'%s','spend_owner':'%s',"
                   "'quota_owner':'%s','credential':'KEY'%s}",
                   i ? "," : "", accounts[i][0], accounts[i][1], accounts[i][2], accounts[i][2],
                   accounts[i][2], accounts[i][3]);
    buf_put_text(&buf, "],'models':[");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        buf_format(&buf,
                   "%s{'id':'%s','family':'%s','version':'1','quality_class':'%s',"
                   "'capabilities':['tools','streaming'],'context_tokens':1000}",
                   i ? "," : "", models[i][0], models[i][1], models[i][2]);
    buf_put_text(&buf, "],'routes':[");
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        buf_format(&buf,
                   "%s{'id':'%s','model':'%s','account':'%s','region':'%s',"
                   "'endpoint_family':'openai-chat-completions','service_tier':'priority',"
                   "'base_url':'https://h.example/v1','zero_retention':true,'moderation':true,"
                   "'data_classes':['unclassified','internal','pii'],"
                   "'prices':{'as_of':'2026-11-01','input':2,'output':8%s}}",
                   i ? "," : "", routes[i][0], routes[i][1], routes[i][2], routes[i][3],
                   routes[i][4]);
    buf_format(&buf, "]}%c", 0);
    assert_false(buf_failed(&buf));
    return text;
}

#define TEXTS_POLICY(more)                                                                         \
    "{'policy_id':'p','workflow':'w','environment':'e','primary_route':{'route':'big-alpha'}" more \
    "}"

/* Every field of every object, none at its default. */
#define TEXTS_EVERY_FIELD                                                                          \
    "{'policy_id':'p','workflow':'w','environment':'e','owner':'team',"                            \
    "'traffic_class':'noncritical_user_facing','data_classes':['internal','pii'],"                 \
    "'sensitivity_tags':['legal','write_tools'],'regions':['eu','us'],"                            \
    "'providers':['alpha','beta','gamma'],"                                                        \
    "'accounts':['alpha-main','beta-main','beta-team','gamma-main'],'service_tiers':['priority']," \
    "'zero_retention':true,'requires_moderation':true,'model_aliases':['x','y/z'],"                \
    "'primary_route':{'endpoint_family':'openai-chat-completions','notice':'first',"               \
    "'routes':[{'model':'big','account':'alpha-main','region':'eu','weight':3},"                   \
    "{'route':'big-alpha-us'}]},"                                                                  \
    "'fallback_routes':["                                                                          \
    "{'routes':[{'route':'big-beta','weight':1000},{'model':'big','provider':'beta',"              \
    "'region':'us'}],'allowed_reasons':['quota_exhausted','breaker_open','account_drained'],"      \
    "'blocked_reasons':['content_policy'],'requires_cost_owner':true,"                             \
    "'requires_quota_owner':true,'requires_tool_contract_pass':true,'requires_eval_pass':true,"    \
    "'requires_sign_offs':['security','finance'],'allow_after_partial_output':true,"               \
    "'limits':{'max_attempts':2,'max_input_tokens':10,'max_output_tokens':20,"                     \
    "'max_context_tokens':30,'max_reasoning_tokens':40,'max_estimated_cost_usd':0.000000001}},"    \
    "{'route':'small-alpha','requires_user_notice':true,'notice':'less sure',"                     \
    "'customer_tiers':['gold','silver'],'premium':{'tenants':['acme'],'keys':['k1','k2']}},"       \
    "{'queue':{'name':'later','max_age_ms':60000,'max_depth':7,'hold_ms':5000,'job':true},"        \
    "'allowed_reasons':['overloaded'],'notice':'it waits'},"                                       \
    "{'default_response':{'a':[1.50,null,true,{}]}},"                                              \
    "{'default_response':'two\\nlines \\u00e9','allowed_reasons':[]}],"                            \
    "'limits':{'max_total_attempts':5,'max_elapsed_ms':900,'max_total_ms':1000,"                   \
    "'max_input_tokens':11,'max_output_tokens':22,'max_context_tokens':33,"                        \
    "'max_reasoning_tokens':44,'max_estimated_cost_usd':12.000000001},'latency_target_ms':800,"    \
    "'budget_rules':{'no_dearer_above_percent':1,'cheaper_above_percent':50,"                      \
    "'critical_only_above_percent':100},'fallback_spend_cap':{'usd':1000.5,'window':'month'},"     \
    "'retry':{'max_retries_per_route':0,'backoff_base_ms':0,'backoff_cap_ms':7,"                   \
    "'max_retry_after_ms':0},'allow_restart_after_partial_output':true,"                           \
    "'hold_output':{'until':'tokens','amount':20,'max_bytes':77},'notice_in_body':true,"           \
    "'max_price_age_days':30,'payload_storage':'jobs_and_cache','canary_percent':5,"               \
    "'logging':{'payload_logging_mode':'sampled'},"                                                \
    "'rollback':{'disable_on_schema_failures':false,'disable_on_model_mismatch':false,"            \
    "'thresholds':{'cost_spike':{'min_samples':7,'percent':9,'window_ms':10000,"                   \
    "'min_principals':1,'multiple':2.5},'failed_eval':{'min_samples':2}}}}"

/* Parses and checks both; fails the test unless the policy is in order. */
static inline void texts_check(struct documents *d, const char *policy)
{
    char *catalog = texts_catalog();
    enum result result = parse_catalog_text(d, catalog);

    free(catalog);
    assert_int_equal(result, RESULT_OK);
    result = parse_policy_text(d, policy);
    if (result == RESULT_OK)
        result = policy_check(d->document, d->catalog, &d->diagnostics);
    for (const struct diagnostic *each = d->diagnostics.first; each && result; each = each->next)
        print_message("  %s at %s, found %s, expected %s\n", diagnostic_name(each->code),
                      each->pointer.ptr, each->found.ptr, each->expected.ptr);
    assert_int_equal(result, RESULT_OK);
}

#endif
