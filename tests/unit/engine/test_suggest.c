/* Suggestions: what fits before what does not, why, and what would have to be shown. */
#include "catalog_text.h"
#include "engine/suggest.h"

/* The primary stands at provider p, account a, region eu: frontier, 2 and 8 USD per million tokens.
 */
#define MODELS                                                                                     \
    "{'providers':[{'id':'p'},{'id':'q'}],"                                                        \
    "'accounts':[{'id':'a','provider':'p','owner':'o','spend_owner':'s','quota_owner':'u',"        \
    "'credential':'K'},{'id':'b','provider':'q','owner':'o','spend_owner':'s','quota_owner':'u',"  \
    "'credential':'L'},{'id':'c','provider':'q','owner':'x','credential':'M','tenant':'acme'}],"   \
    "'models':[{'id':'big','family':'kin','version':'1','quality_class':'frontier',"               \
    "'capabilities':['tools','streaming'],'context_tokens':1000,'max_output_tokens':100},"         \
    "{'id':'small','family':'kin','version':'1','quality_class':'low_cost',"                       \
    "'capabilities':['streaming'],'context_tokens':1000,'max_output_tokens':100},"                 \
    "{'id':'other','family':'odd','version':'1','quality_class':'balanced',"                       \
    "'capabilities':['tools','streaming'],'context_tokens':1000,'max_output_tokens':100,"          \
    "'strengths':[{'strength':'code','source':'x'},{'strength':'speed','source':'y'}]}],"          \
    "'routes':["
#define AT(id, model, account, region, more)                                                       \
    "{'id':'" id "','model':'" model "','account':'" account "','region':'" region "',"            \
    "'endpoint_family':'openai-chat-completions','base_url':'https://h/v1',"                       \
    "'data_classes':['internal']" more "}"
#define PRICED(input, output)                                                                      \
    ",'prices':{'as_of':'2026-11-01','input':" #input ",'output':" #output "}"
#define PRIMARY            AT("primary", "big", "a", "eu", PRICED(2, 8))
#define CATALOG(candidate) MODELS PRIMARY "," candidate "]}"

struct asked {
    struct documents d;
    struct suggest_question question;
    struct suggestion *made;
    unsigned count;
};

static void asked_init(struct asked *asked, const char *text)
{
    documents_init(&asked->d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&asked->d, text), RESULT_OK);
    asked->question = (struct suggest_question){
        .primary = &asked->d.catalog->routes[0],
        .traffic_class = TRAFFIC_CLASS_NONCRITICAL_USER_FACING,
        .data_classes = SET_OF(DATA_CLASS_INTERNAL),
        .input_tokens = 500,
        .output_tokens = 100,
    };
}

static void ask(struct asked *asked)
{
    assert_int_equal(suggest_routes(asked->d.catalog, &asked->question, &asked->d.arena,
                                    &asked->made, &asked->count),
                     RESULT_OK);
}

#define E(NAME) SET_OF(EVIDENCE_KIND_##NAME)

static void tier_and_boundaries_say_what_would_have_to_be_shown(void **state)
{
    static const struct {
        const char *text;
        uint64_t needs;
        enum tier tier;
        uint64_t evidence;
    } cases[] = {
        {CATALOG(AT("r", "big", "a", "eu", "")), 0, TIER_SAME_MODEL, E(PARITY)},
        {CATALOG(AT("r", "big", "a", "us", "")), 0, TIER_SAME_MODEL,
         E(PARITY) | E(BOUNDARY_APPROVAL)},
        {CATALOG(AT("r", "big", "b", "eu", "")), SET_OF(NEED_TOOLS), TIER_SAME_MODEL,
         E(PARITY) | E(BOUNDARY_APPROVAL) | E(QUOTA_OWNER)},
        {CATALOG(AT("r", "big", "c", "eu", "")), 0, TIER_SAME_MODEL,
         E(PARITY) | E(BOUNDARY_APPROVAL) | E(QUOTA_OWNER) | E(ACCOUNT_OWNER_APPROVAL)},
        {CATALOG(AT("r", "small", "a", "eu", "")), 0, TIER_SAME_FAMILY, E(PARITY) | E(EVAL)},
        {CATALOG(AT("r", "other", "a", "eu", "")), 0, TIER_DIFFERENT_FAMILY,
         E(PARITY) | E(EVAL) | E(SIGN_OFF)},
        {CATALOG(AT("r", "other", "a", "eu", "")), SET_OF(NEED_TOOLS), TIER_DIFFERENT_FAMILY,
         E(PARITY) | E(EVAL) | E(SIGN_OFF) | E(TOOL_CONTRACT)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked asked;

        asked_init(&asked, cases[i].text);
        asked.question.needs = cases[i].needs;
        ask(&asked);
        assert_int_equal(asked.count, 1);
        assert_text(asked.made[0].route->id, "r");
        assert_int_equal(asked.made[0].tier, cases[i].tier);
        assert_int_equal(asked.made[0].evidence, cases[i].evidence);
        documents_done(&asked.d);
    }
}

static void what_a_candidate_lacks_is_said(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {AT("r", "big", "a", "eu", PRICED(2, 8) ",'latency_p95_ms':900"),
         "Fits: frontier, 0.0018 USD a request, 900 ms to the first output, within the primary's "
         "provider, account and region."},
        {AT("r", "other", "b", "eu", PRICED(2, 8) ",'latency_p95_ms':900"),
         "Fits: balanced, said to be good at code, 0.0018 USD a request, 900 ms to the first "
         "output, another provider."},
        {AT("r", "big", "a", "eu", PRICED(2, 8) ",'latency_p95_ms':900,'service_tier':'flex'"),
         "Fits: frontier, 0.0018 USD a request, 900 ms to the first output, service tier flex, "
         "within the primary's provider, account and region."},
        {AT("r", "big", "a", "us", PRICED(2, 8) ",'latency_p95_ms':1000"),
         "Does not fit: its region is us; otherwise frontier, 0.0018 USD a request, 1000 ms to the "
         "first output, another region."},
        {AT("r", "small", "a", "eu", PRICED(2, 8) ",'latency_p95_ms':900"),
         "Does not fit: it lacks tools, low_cost is under the floor, balanced; otherwise low_cost, "
         "0.0018 USD a request, 900 ms to the first output, within the primary's provider, account "
         "and region."},
        {AT("r", "big", "a", "eu", ",'environments':['staging']"),
         "Does not fit: it is not for production, it has no price for what a request uses, its "
         "latency is not known; otherwise frontier, within the primary's provider, account and "
         "region."},
        {AT("r", "big", "c", "eu", PRICED(20, 80) ",'latency_p95_ms':1001"),
         "Does not fit: its account is for requests of acme, 0.018 USD a request is over the limit "
         "of 0.002 USD, 1001 ms to the first output is over the limit of 1000 ms; otherwise "
         "frontier, 0.018 USD a request, 1001 ms to the first output, another provider."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[4096];
        struct asked asked;

        snprintf(text, sizeof text, MODELS PRIMARY ",%s]}", cases[i].text);
        asked_init(&asked, text);
        asked.question.needs = SET_OF(NEED_TOOLS);
        asked.question.strengths = SET_OF(STRENGTH_CODE) | SET_OF(STRENGTH_VISION);
        asked.question.environment = SLICE_LITERAL("production");
        asked.question.region = SLICE_LITERAL("eu");
        asked.question.request_nusd_max = 2000000;
        asked.question.latency_ms_max = 1000;
        ask(&asked);
        assert_text(asked.made[0].why, cases[i].why);
        assert_int_equal(asked.made[0].fits, strncmp(cases[i].why, "Fits", 4) == 0);
        documents_done(&asked.d);
    }
}

static void size_and_data_are_asked_of_model_and_route(void **state)
{
    struct asked asked;

    (void)state;
    asked_init(&asked, CATALOG(AT("r", "big", "a", "eu", PRICED(2, 8))));
    asked.question.input_tokens = 900;
    ask(&asked);
    assert_true(asked.made[0].fits);
    asked.question.input_tokens = 901;
    ask(&asked);
    assert_false(asked.made[0].fits);
    asked.question.input_tokens = 1;
    asked.question.output_tokens = 101;
    ask(&asked);
    assert_false(asked.made[0].fits);
    asked.question.output_tokens = 1;
    asked.question.data_classes |= SET_OF(DATA_CLASS_PII);
    ask(&asked);
    assert_false(asked.made[0].fits);
    assert_int_equal(asked.made[0].lacking_data_classes, SET_OF(DATA_CLASS_PII));
    documents_done(&asked.d);
}

static void the_price_is_that_of_the_step(void **state)
{
    struct asked asked;

    (void)state;
    asked_init(&asked, CATALOG(AT("r", "big", "a", "eu",
                                  ",'prices':{'as_of':'2026-11-01','input':1,'output':1,"
                                  "'request':0.001,"
                                  "'steps':[{'above_input_tokens':500,'input':3}]}")));
    ask(&asked);
    assert_int_equal(asked.made[0].request_nusd, 500 * 1000 + 100 * 1000 + 1000000);
    asked.question.input_tokens = 501;
    ask(&asked);
    assert_int_equal(asked.made[0].request_nusd, 501 * 3000 + 100 * 1000 + 1000000);
    asked.question.input_tokens = asked.question.output_tokens = 0;
    ask(&asked); /* a short request: 1000 tokens in, 500 out */
    assert_int_equal(asked.made[0].request_nusd, 1000 * 3000 + 500 * 1000 + 1000000);
    documents_done(&asked.d);
}

#define CHEAP AT("cheap", "other", "b", "us", PRICED(0.2, 0.8))
#define KIN   AT("kin", "small", "a", "eu", PRICED(0.1, 0.4))
#define SAME  AT("same", "big", "a", "eu", PRICED(2, 8))
#define TWIN  AT("twin", "big", "a", "eu", PRICED(2, 8))

/* Each case: the ids in the order in which they are suggested. */
static void the_order_follows_what_was_asked_for(void **state)
{
    static const struct {
        uint64_t needs, strengths;
        enum traffic_class traffic_class;
        const char *ids[4];
    } cases[] = {
        {SET_OF(NEED_TOOLS),
         0,
         TRAFFIC_CLASS_CRITICAL_USER_FACING,
         {"same", "twin", "cheap", "kin"}},
        {0, 0, TRAFFIC_CLASS_BATCH, {"kin", "same", "twin", "cheap"}},
        {0,
         SET_OF(STRENGTH_CODE) | SET_OF(STRENGTH_SPEED),
         TRAFFIC_CLASS_BATCH,
         {"cheap", "kin", "same", "twin"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked asked;

        asked_init(&asked, CATALOG(TWIN "," CHEAP "," KIN "," SAME));
        asked.question.needs = cases[i].needs;
        asked.question.strengths = cases[i].strengths;
        asked.question.traffic_class = cases[i].traffic_class;
        ask(&asked);
        assert_int_equal(asked.count, 4);
        for (unsigned k = 0; k < 4; k++)
            assert_text(asked.made[k].route->id, cases[i].ids[k]);
        documents_done(&asked.d);
    }
}

static void a_score_lies_between_0_and_1000(void **state)
{
    struct asked asked;

    (void)state;
    asked_init(&asked, CATALOG(AT("r", "big", "a", "eu", PRICED(2, 8) ",'latency_p95_ms':900")));
    ask(&asked);
    assert_int_equal(asked.made[0].score, 1000);
    asked.question.needs = SET_OF(NEED_VISION);
    asked.question.data_classes = SET_OF(DATA_CLASS_PII);
    asked.question.strengths = SET_OF(STRENGTH_SAFETY);
    asked.question.request_nusd_max = 1;
    asked.question.latency_ms_max = 1;
    ask(&asked); /* its class and its boundaries are left */
    assert_int_equal(asked.made[0].score, 180 + 50);
    documents_done(&asked.d);
}

static void without_a_primary_every_route_of_the_family_is_a_candidate(void **state)
{
    struct asked asked;

    (void)state;
    asked_init(&asked, CATALOG(AT("r", "small", "b", "eu", "")));
    asked.question.primary = NULL;
    asked.question.family = FAMILY_OPENAI_CHAT_COMPLETIONS;
    ask(&asked);
    assert_int_equal(asked.count, 2);
    assert_text(asked.made[0].route->id, "primary");
    assert_int_equal(asked.made[0].tier, TIER_PRIMARY);
    assert_int_equal(asked.made[0].evidence, 0);
    asked.question.family = FAMILY_ANTHROPIC_MESSAGES;
    ask(&asked);
    assert_int_equal(asked.count, 0);
    documents_done(&asked.d);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    enum result result = RESULT_NO_MEMORY;
    struct asked asked;

    (void)state;
    asked_init(&asked, CATALOG(AT("r", "small", "b", "eu", "")));
    for (size_t bound = 0; result != RESULT_OK; bound += 16) {
        struct arena arena;

        arena_init(&arena, NULL, 0, bound);
        result =
            suggest_routes(asked.d.catalog, &asked.question, &arena, &asked.made, &asked.count);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        arena_done(&arena);
    }
    documents_done(&asked.d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tier_and_boundaries_say_what_would_have_to_be_shown),
        cmocka_unit_test(what_a_candidate_lacks_is_said),
        cmocka_unit_test(size_and_data_are_asked_of_model_and_route),
        cmocka_unit_test(the_price_is_that_of_the_step),
        cmocka_unit_test(the_order_follows_what_was_asked_for),
        cmocka_unit_test(a_score_lies_between_0_and_1000),
        cmocka_unit_test(without_a_primary_every_route_of_the_family_is_a_candidate),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
