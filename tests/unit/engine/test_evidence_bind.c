/* Pieces against a catalog: which model or route they speak of, what they are bound to, and what is
 * refused because it could mean several things or nothing. */
#include "evidence_documents.h"

#define ROUTE(id, model, account, region, more)                                                    \
    "{'id':'" id "','model':'" model "','account':'" account "','region':'" region                 \
    "','base_url':'https://h/v1','data_classes':['pii']" more "}"
#define CHAT      ",'endpoint_family':'openai-chat-completions'"
#define PRICED    ",'prices':{'as_of':'2026-11-01','input':1,'output':2}"
#define RESPONSES ",'endpoint_family':'openai-responses'"

/* m is served alike at three places, n differently at two, and o by nobody; p is priced. */
#define M_A    ROUTE("m-a", "m", "a", "eu", CHAT)
#define M_B    ROUTE("m-b", "m", "b", "us", CHAT)
#define M_R    ROUTE("m-r", "m", "a", "eu", RESPONSES)
#define N_A    ROUTE("n-a", "n", "a", "eu", CHAT ",'overrides':{'x':1}")
#define N_B    ROUTE("n-b", "n", "b", "eu", CHAT ",'lacks':['tools']")
#define M_P    ROUTE("m-p", "p", "a", "eu", CHAT PRICED)
#define ROUTES M_A "," M_B "," M_R "," N_A "," N_B "," M_P

static const char catalog_text[] =
    "{'providers':[{'id':'p'},{'id':'q'}],"
    "'accounts':[{'id':'a','provider':'p','owner':'team','spend_owner':'fin','quota_owner':'plat',"
    "'credential':'K'},{'id':'b','provider':'q','owner':'team','credential':'L'}],"
    "'models':[{'id':'m','family':'kin','version':'1','quality_class':'balanced',"
    "'capabilities':['tools']},"
    "{'id':'n','family':'kin','version':'2','quality_class':'balanced','capabilities':['tools']},"
    "{'id':'p','family':'kin','version':'1','quality_class':'balanced','capabilities':['tools']},"
    "{'id':'o','family':'kin','version':'3','quality_class':'balanced','capabilities':[]}],"
    "'routes':[" ROUTES "]}";

#define NAMED(kind, subject, more)                                                                 \
    "{'kind':'" kind "','workflow':'w','environment':'e'," subject                                 \
    ",'owner':'o','expires':'2027-01-01'" more "}"

static enum result bind_text(struct documents *d, const char *text, struct evidence_bindings *ret)
{
    assert_int_equal(parse_catalog_text(d, catalog_text), RESULT_OK);
    return evidence_bind(parse_piece(d, text), d->catalog, &d->diagnostics, ret);
}

static const struct {
    const char *text;
    const char *subject;
} subjects[] = {
    /* A model wherever it is served, while its routes agree. */
    {NAMED("eval", "'model':'m'", EVAL_FIELDS), "m"},
    {NAMED("sign_off", "'model':'m'", ",'role':'product'"), "m"},
    {NAMED("sign_off", "'model':'n'", ",'role':'product'"), "n"},
    {NAMED("tool_contract",
           "'model':'m','endpoint_family':'openai-chat-completions'",
           ",'passed':false"),
     "m"},
    {NAMED("tool_contract", "'route':'m-r'", ",'passed':false"), "m"},
    {NAMED("eval", "'route':'m-b'", EVAL_FIELDS), "m"},
    {NAMED("eval", "'model':'n','provider':'p'", EVAL_FIELDS), "n"},
    {NAMED("eval", "'route':'n-b','model':'n','account':'b'", EVAL_FIELDS), "n"},
    /* One route. */
    {NAMED("parity", "'route':'m-a'", COMPARED ",'passed':false"), "m-a"},
    {NAMED("parity", "'model':'n','account':'b'", COMPARED ",'passed':false"), "n-b"},
    {NAMED("quota_owner", "'model':'m','account':'b'", ""), "m-b"},
    {NAMED("boundary_approval", "'model':'m','region':'us'", ""), "m-b"},
    {NAMED("boundary_approval", "'model':'m','endpoint_family':'openai-responses'", ""), "m-r"},
    {NAMED("quota_owner", "'model':'n','provider':'q','region':'eu'", ""), "n-b"},
    {NAMED("cost_owner", "'model':'p'", ",'pricing_snapshot':'2026-11-01'" ESTIMATE), "m-p"},
};

static void a_piece_finds_what_it_speaks_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct evidence_bindings bindings;
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (bind_text(&d, subjects[i].text, &bindings) != RESULT_OK)
            fail_msg("%s: %s", subjects[i].text, diagnostic_name(d.diagnostics.first->code));
        assert_text(bindings.subject, subjects[i].subject);
        documents_done(&d);
    }
}

static void a_piece_is_bound_to_the_fields_of_its_kind(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct evidence evidence = {.kind = (enum evidence_kind)kind, .route = {"m-a", 3}};
        struct evidence_bindings bindings;
        const struct catalog_route *route;
        struct documents d;
        uint64_t bound = 0;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, catalog_text), RESULT_OK);
        assert_int_equal(evidence_bind(&evidence, d.catalog, &d.diagnostics, &bindings), RESULT_OK);
        route = map_get(&d.catalog->routes_by_id, SLICE_LITERAL("m-a"));
        for (unsigned i = 0; i < bindings.count; i++) {
            struct slice now = evidence_binding_value(bindings.items[i].field, route, &d.arena);

            assert_false(bindings.items[i].of_primary);
            assert_false(set_has(bound, bindings.items[i].field));
            bound |= SET_OF(bindings.items[i].field);
            assert_true(slice_equal(bindings.items[i].value, now));
        }
        assert_int_equal(bound, evidence_kind_bindings(evidence.kind));
        documents_done(&d);
    }
}

/* n-b lacks what m-a has. */
static void a_comparison_is_bound_to_both_sides(void **state)
{
    uint64_t bound[2] = {0, 0};
    struct evidence_bindings bindings;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(bind_text(&d,
                               NAMED("parity", "'route':'n-b'", ",'primary':'m-a','passed':false"),
                               &bindings),
                     RESULT_OK);
    assert_text(bindings.subject, "n-b");
    for (unsigned i = 0; i < bindings.count; i++) {
        const struct evidence_bound *item = &bindings.items[i];
        const struct catalog_route *route = map_get(
            &d.catalog->routes_by_id, item->of_primary ? SLICE_LITERAL("m-a") : bindings.subject);
        struct slice now = evidence_binding_value(item->field, route, &d.arena);

        assert_false(set_has(bound[item->of_primary], item->field));
        bound[item->of_primary] |= SET_OF(item->field);
        assert_true(slice_equal(item->value, now));
    }
    for (unsigned side = 0; side < 2; side++)
        assert_int_equal(bound[side], evidence_kind_bindings(EVIDENCE_KIND_PARITY));
    documents_done(&d);
}

static void what_was_just_bound_is_held(void **state)
{
    static const struct evidence_author author = {{"other", 5}, {NULL, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct evidence_piece piece = {.put_by = SLICE_LITERAL("key")};
        struct evidence evidence;
        struct documents d;
        unsigned spoken = 0, at_chat = 0;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(bind_text(&d, subjects[i].text, &piece.bindings), RESULT_OK);
        evidence = *parse_piece(&d, subjects[i].text);
        evidence.passed = true;
        evidence.reviewed_by = SLICE_LITERAL("somebody");
        piece.evidence = &evidence;
        for (unsigned k = 0; k < d.catalog->routes_count; k++) {
            const struct catalog_route *route = &d.catalog->routes[k];
            const struct evidence_use use = {
                route, {map_get(&d.catalog->routes_by_id, SLICE_LITERAL("m-b"))}, 1, &author};
            enum evidence_state where;
            struct slice detail;

            if (!evidence_judge(&piece, &use, &d.arena, &where, &detail) ||
                where != EVIDENCE_STATE_HELD)
                continue;
            spoken++;
            at_chat += route->family == FAMILY_OPENAI_CHAT_COMPLETIONS;
        }
        /* Of all of the model's routes that are alike, or of the one route. */
        assert_true(spoken >= 1);
        if (evidence_kind_of_route(evidence.kind))
            assert_int_equal(spoken, 1);
        else if (evidence.kind == EVIDENCE_KIND_TOOL_CONTRACT) /* of requests of one shape */
            assert_true(at_chat == spoken || at_chat == 0);
        else if (slice_is(piece.bindings.subject, "m"))
            assert_int_equal(spoken, 3);
        documents_done(&d);
    }
}

static const struct {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
    const char *found;
    const char *expected;
} faults[] = {
    {NAMED("eval", "'model':'x'", EVAL_FIELDS), DIAGNOSTIC_UNKNOWN_NAME, "/model", "x",
     "a model of the catalog"},
    {NAMED("eval", "'route':'x'", EVAL_FIELDS), DIAGNOSTIC_UNKNOWN_NAME, "/route", "x",
     "a route of the catalog"},
    {NAMED("eval", "'model':'o'", EVAL_FIELDS), DIAGNOSTIC_NO_ROUTE, "", "model o",
     "a route of the catalog that serves this"},
    {NAMED("eval", "'model':'m','provider':'x'", EVAL_FIELDS), DIAGNOSTIC_NO_ROUTE, "",
     "model m, provider x", "a route of the catalog that serves this"},
    {NAMED("parity",
           "'route':'m-a','model':'n','account':'a','region':'eu',"
           "'endpoint_family':'openai-chat-completions'",
           COMPARED ",'passed':false"),
     DIAGNOSTIC_NO_ROUTE, "",
     "route m-a, model n, account a, region eu, endpoint_family openai-chat-completions",
     "model, provider, account, region and endpoint_family of that route"},
    {NAMED("eval", "'route':'m-a','endpoint_family':'openai-responses'", EVAL_FIELDS),
     DIAGNOSTIC_NO_ROUTE, "", "route m-a, endpoint_family openai-responses",
     "model, provider, account, region and endpoint_family of that route"},
    {NAMED("quota_owner", "'model':'m'", ""), DIAGNOSTIC_AMBIGUOUS_ROUTE, "", "model m",
     "one of: m-a, m-b, m-r"},
    {NAMED("parity", "'model':'m','provider':'p'", COMPARED ",'passed':false"),
     DIAGNOSTIC_AMBIGUOUS_ROUTE, "", "model m, provider p", "one of: m-a, m-r"},
    {NAMED("parity", "'route':'m-a'", ",'primary':'x','passed':false"), DIAGNOSTIC_UNKNOWN_NAME,
     "/primary", "x", "a route of the catalog"},
    {NAMED("parity", "'route':'m-a'", ",'primary':'m','passed':false"), DIAGNOSTIC_UNKNOWN_NAME,
     "/primary", "m", "a route of the catalog"},
    {NAMED("parity", "'route':'m-b'", COMPARED ",'passed':false"), DIAGNOSTIC_CONTRADICTION,
     "/primary", "m-b", "another route than the one that it speaks of"},
    {NAMED("parity", "'model':'m','account':'b'", COMPARED ",'passed':false"),
     DIAGNOSTIC_CONTRADICTION, "/primary", "m-b", "another route than the one that it speaks of"},
    {NAMED("eval", "'model':'n'", EVAL_FIELDS), DIAGNOSTIC_AMBIGUOUS_ROUTE, "", "model n",
     "one of: n-a, n-b; they differ in overrides"},
    {NAMED("tool_contract", "'model':'n'", ",'passed':false"), DIAGNOSTIC_AMBIGUOUS_ROUTE, "",
     "model n", "one of: n-a, n-b; they differ in overrides"},
    {NAMED("tool_contract", "'model':'m'", ",'passed':false"), DIAGNOSTIC_AMBIGUOUS_ROUTE, "",
     "model m", "one of: m-a, m-b, m-r; they differ in endpoint"},
    {NAMED("cost_owner", "'route':'m-p'", ",'pricing_snapshot':'2026-10-31'" ESTIMATE),
     DIAGNOSTIC_OUT_OF_RANGE, "/pricing_snapshot", "2026-10-31",
     "the day of the route's prices or a later one, 2026-11-01"},
    {NAMED("eval", "'model':'m'", EVAL_FIELDS ",'scope':{'models':['m','z']}"),
     DIAGNOSTIC_UNKNOWN_NAME, "/scope/models/1", "z", "a model of the catalog"},
};

static void what_means_nothing_or_several_things_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct evidence_bindings bindings = {.count = 77};
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        if (bind_text(&d, faults[i].text, &bindings) != RESULT_INVALID)
            fail_msg("%s is taken", faults[i].text);
        assert_int_equal(bindings.count, 77);
        assert_finding(&d, faults[i].code, faults[i].pointer);
        assert_text(d.diagnostics.first->found, faults[i].found);
        assert_text(d.diagnostics.first->expected, faults[i].expected);
        documents_done(&d);
    }
}

static void places_are_those_of_the_list(void **state)
{
    static const char text[] = "{'evidence':[" NAMED("quota_owner", "'route':'m-a'", "") "," NAMED(
        "quota_owner", "'route':'x'", ",'scope':{'models':['y']}") "]}";
    struct evidence_bindings bindings;
    struct evidence_list list;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, catalog_text), RESULT_OK);
    assert_int_equal(parse_evidence(&d, text, &list), RESULT_OK);
    assert_int_equal(evidence_bind(&list.items[0], d.catalog, &d.diagnostics, &bindings),
                     RESULT_OK);
    assert_int_equal(evidence_bind(&list.items[1], d.catalog, &d.diagnostics, &bindings),
                     RESULT_INVALID);
    assert_int_equal(d.diagnostics.count, 2);
    assert_text(d.diagnostics.first->pointer, "/evidence/1/scope/models/0");
    assert_text(d.diagnostics.last->pointer, "/evidence/1/route");
    documents_done(&d);
}

/* An earlier piece's findings are no fault of this one. */
static void a_good_piece_is_good_whatever_was_found_before(void **state)
{
    struct evidence_bindings bindings;
    const struct evidence *evidence;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, catalog_text), RESULT_OK);
    evidence = parse_piece(&d, NAMED("quota_owner", "'route':'m-a'", ""));
    diagnostics_add(&d.diagnostics, DIAGNOSTIC_NO_ROUTE, SLICE_LITERAL(""), SLICE_LITERAL("a"),
                    SLICE_LITERAL("b"));
    assert_int_equal(evidence_bind(evidence, d.catalog, &d.diagnostics, &bindings), RESULT_OK);
    documents_done(&d);
}

static void many_candidates_are_counted(void **state)
{
    char text[8192] = "";
    struct evidence evidence = {.kind = EVIDENCE_KIND_QUOTA_OWNER, .model = {"m", 1}};
    struct evidence_bindings bindings;
    struct documents d;
    size_t len;

    (void)state;
    len = (size_t)snprintf(
        text, sizeof text,
        "{'providers':[{'id':'p'}],'accounts':[{'id':'a','provider':'p','owner':'o',"
        "'credential':'K'}],'models':[{'id':'m','family':'f','version':'1',"
        "'quality_class':'balanced','capabilities':[]}],'routes':[");
    for (unsigned i = 0; i < 11; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{'id':'r%u','model':'m','account':'a','region':'eu'" CHAT
                                ",'base_url':'https://h','data_classes':[]}",
                                i ? "," : "", i);
    snprintf(text + len, sizeof text - len, "]}");
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, text), RESULT_OK);
    assert_int_equal(evidence_bind(&evidence, d.catalog, &d.diagnostics, &bindings),
                     RESULT_INVALID);
    assert_text(d.diagnostics.first->expected, "one of: r0, r1, r2, r3, r4, r5, r6, r7 and 3 more");
    documents_done(&d);
}

/* Bounds from nothing up, the catalog and the piece lying in other memory. */
static void with_any_bound_of_memory_it_is_bound_or_says_so(void **state)
{
    static const char *const texts[] = {
        NAMED("boundary_approval", "'route':'m-a'", ""),
        NAMED("eval", "'model':'m'", EVAL_FIELDS),
        NAMED("eval", "'model':'n'", EVAL_FIELDS),
        NAMED("parity", "'route':'m-a'", COMPARED ",'passed':false"),
        NAMED("parity", "'route':'m-b'", COMPARED ",'passed':false"),
    };
    static const enum result wanted[] = {RESULT_OK, RESULT_OK, RESULT_INVALID, RESULT_OK,
                                         RESULT_INVALID};
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, catalog_text), RESULT_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct evidence *evidence = parse_piece(&d, texts[i]);
        enum result result = RESULT_NO_MEMORY;

        for (size_t bytes = 0; result == RESULT_NO_MEMORY; bytes += 16) {
            struct evidence_bindings bindings = {.count = 77};
            struct diagnostics diagnostics;
            struct arena arena;

            assert_true(bytes < 64 * 1024);
            arena_init(&arena, NULL, 0, bytes);
            diagnostics_init(&diagnostics, &arena);
            result = evidence_bind(evidence, d.catalog, &diagnostics, &bindings);
            assert_int_equal(result != RESULT_OK, bindings.count == 77);
            arena_done(&arena);
        }
        assert_int_equal(result, wanted[i]);
    }
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_finds_what_it_speaks_of),
        cmocka_unit_test(a_piece_is_bound_to_the_fields_of_its_kind),
        cmocka_unit_test(a_comparison_is_bound_to_both_sides),
        cmocka_unit_test(what_was_just_bound_is_held),
        cmocka_unit_test(what_means_nothing_or_several_things_is_refused),
        cmocka_unit_test(places_are_those_of_the_list),
        cmocka_unit_test(a_good_piece_is_good_whatever_was_found_before),
        cmocka_unit_test(many_candidates_are_counted),
        cmocka_unit_test(with_any_bound_of_memory_it_is_bound_or_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
