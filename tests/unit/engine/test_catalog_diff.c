/* The review of a new catalog: by ids, field by field, with what each change voids. */
#include "catalog_text.h"
#include "engine/catalog_diff.h"
#include "engine/catalog_sheet.h"
#include "engine/evidence.h"

/* Two routes; the first says everything that a document can say. */
#define EVERYTHING                                                                                 \
    "{'providers':[{'id':'p','name':'Provider'},{'id':'q'}],"                                      \
    "'accounts':[{'id':'a','provider':'p','owner':'team','spend_owner':'payer',"                   \
    "'quota_owner':'pool','credential':'K','tenant':'acme','ip_allow_list':['10.0.0.0/8'],"        \
    "'quota':{'requests_per_minute':60,'tokens_per_minute':1000}},"                                \
    "{'id':'b','provider':'q','owner':'team','credential':'L'}],"                                  \
    "'profiles':{'chat':['streaming']},"                                                           \
    "'models':[{'id':'m','family':'kin','version':'1','quality_class':'balanced',"                 \
    "'profile':'chat','capabilities':['tools'],'context_tokens':1000,'max_output_tokens':100,"     \
    "'strengths':[{'strength':'code','source':'a list'}]},"                                        \
    "{'id':'n','family':'other','version':'2','quality_class':'frontier','capabilities':[]}],"     \
    "'routes':[{'id':'r','model':'m','account':'a','region':'eu',"                                 \
    "'endpoint_family':'openai-chat-completions','provider_model':'m-1',"                          \
    "'reported_models':['m-2'],'base_url':'https://h/v1','overrides':{'x':1,'y':2},"               \
    "'service_tier':'priority','environments':['prod'],'data_classes':['internal'],"               \
    "'prices':{'as_of':'2026-11-01','input':2,'output':8,'discount_percent':10,"                   \
    "'markup_percent':5,'steps':[{'above_input_tokens':500,'input':4}],'extra':{'search/web':1}}," \
    "'latency_p95_ms':700,'timeouts_ms':{'connect':1000,'first_output':2000,'idle':3000,"          \
    "'total':4000},'zero_retention':true,'payload_logging':false,'moderation':true,"               \
    "'serial_tool_calls':true,'lacks':['tools']},"                                                 \
    "{'id':'s','model':'n','account':'b','region':'us',"                                           \
    "'endpoint_family':'openai-chat-completions','base_url':'https://i/v1','data_classes':[]}]}"

#define B(NAME) SET_OF(BINDING_##NAME)
#define ALL     (SET_OF(BINDING_END) - 2)

struct review {
    struct documents before, after;
    struct catalog_diff diff;
};

/* text with the first `from` as `to`, to be freed. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *made = malloc(size);

    if (!at)
        fail_msg("there is no %s", from);
    assert_non_null(made);
    snprintf(made, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return made;
}

static void review_texts(struct review *review, const char *before, const char *after)
{
    documents_init(&review->before, ARENA_BYTES_MAX);
    documents_init(&review->after, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&review->before, before), RESULT_OK);
    assert_int_equal(parse_catalog_text(&review->after, after), RESULT_OK);
    assert_int_equal(catalog_diff(review->before.catalog, review->after.catalog,
                                  &review->after.arena, &review->diff),
                     RESULT_OK);
}

static void review_done(struct review *review)
{
    documents_done(&review->before);
    documents_done(&review->after);
}

static void print_changes(const struct catalog_diff *diff)
{
    for (unsigned i = 0; i < diff->changes_count; i++)
        print_message("  %.*s: \"%.*s\" to \"%.*s\", voids %llx\n",
                      (int)diff->changes[i].pointer.len, diff->changes[i].pointer.ptr,
                      (int)diff->changes[i].before.len, diff->changes[i].before.ptr,
                      (int)diff->changes[i].after.len, diff->changes[i].after.ptr,
                      (unsigned long long)diff->changes[i].voids);
}

static void a_catalog_does_not_differ_from_itself(void **state)
{
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, EVERYTHING);
    assert_int_equal(review.diff.changes_count, 0);
    review_done(&review);
}

/* Every binding whose value changes on a route is among what some change voids, and no other. */
static void assert_voids_are_complete(const struct review *review)
{
    uint64_t changed = 0, told = 0;
    struct arena arena;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    for (unsigned i = 0; i < review->after.catalog->routes_count; i++) {
        const struct catalog_route *after = &review->after.catalog->routes[i];
        const struct catalog_route *before =
            map_get(&review->before.catalog->routes_by_id, after->id);

        for (unsigned binding = 1; before && binding < BINDING_END; binding++)
            if (!slice_equal(evidence_binding_value((enum binding)binding, before, &arena),
                             evidence_binding_value((enum binding)binding, after, &arena)))
                changed |= SET_OF(binding);
    }
    arena_done(&arena);
    for (unsigned i = 0; i < review->diff.changes_count; i++)
        told |= review->diff.changes[i].voids;
    assert_true(told == changed);
}

static const struct {
    enum catalog_change_kind kind;
    const char *from, *to, *pointer, *before, *after;
    uint64_t voids;
} changes[] = {
#define C(KIND, ...) {CATALOG_CHANGE_##KIND, __VA_ARGS__},
#include "catalog_change.def"
#undef C
};

static const struct catalog_change *find_change(const struct catalog_diff *diff,
                                                const char *pointer)
{
    for (unsigned i = 0; i < diff->changes_count; i++)
        if (slice_is(diff->changes[i].pointer, pointer))
            return &diff->changes[i];
    print_changes(diff);
    fail_msg("no change at %s", pointer);
    return NULL;
}

static void one_field_that_changes_is_one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *after = replaced(EVERYTHING, changes[i].from, changes[i].to);
        bool moves_reported = strstr(changes[i].from, "'provider_model'") != NULL;
        const struct catalog_change *change;
        struct review review;

        review_texts(&review, EVERYTHING, after);
        change = find_change(&review.diff, changes[i].pointer);
        assert_int_equal(review.diff.changes_count, moves_reported ? 2 : 1);
        assert_int_equal(change->kind, changes[i].kind);
        assert_text(change->before, changes[i].before);
        assert_text(change->after, changes[i].after);
        if (change->voids != changes[i].voids)
            fail_msg("%s voids %llx", changes[i].pointer, (unsigned long long)change->voids);
        assert_voids_are_complete(&review);
        review_done(&review);
        free(after);
    }
}

static void a_discount_changes_every_price(void **state)
{
    static const char *const pointers[] = {
        "/routes/r/prices/discount_percent",
        "/routes/r/prices/extra/search~1web",
        "/routes/r/prices/input",
        "/routes/r/prices/output",
        "/routes/r/prices/steps/500/input",
        "/routes/r/prices/steps/500/output",
    };
    char *after = replaced(EVERYTHING, "'discount_percent':10", "'discount_percent':20");
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, after);
    assert_int_equal(review.diff.changes_count, sizeof pointers / sizeof *pointers);
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
        assert_text(review.diff.changes[i].pointer, pointers[i]);
        assert_true(review.diff.changes[i].voids == B(PRICES));
    }
    assert_text(review.diff.changes[2].before, "1.89");
    assert_text(review.diff.changes[2].after, "1.68");
    review_done(&review);
    free(after);
}

static void a_route_that_moves_to_another_model_and_account_tells_what_that_voids(void **state)
{
    char *after = replaced(EVERYTHING, "'model':'m','account':'a'", "'model':'n','account':'b'");
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, after);
    assert_int_equal(review.diff.changes_count, 3);
    assert_text(review.diff.changes[0].pointer, "/routes/r/account");
    assert_true(review.diff.changes[0].voids ==
                (B(ACCOUNT) | B(PROVIDER) | B(SPEND_OWNER) | B(QUOTA_OWNER)));
    assert_text(review.diff.changes[1].pointer, "/routes/r/lacks");
    assert_text(review.diff.changes[2].pointer, "/routes/r/model");
    assert_voids_are_complete(&review);
    review_done(&review);
    free(after);
}

static void the_order_of_a_document_means_nothing(void **state)
{
    char *swapped = replaced(EVERYTHING, "{'id':'p','name':'Provider'},{'id':'q'}",
                             "{'id':'q'},{'name':'Provider','id':'p'}");
    char *after = replaced(swapped, "'providers'", "'profiles':{'chat':['streaming']},'providers'");
    char *once = replaced(strstr(after, "'accounts'"), "'profiles':{'chat':['streaming']},", "");
    char *whole = replaced(after, strstr(after, "'accounts'"), once);
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, whole);
    assert_int_equal(review.diff.changes_count, 0);
    review_done(&review);
    free(whole);
    free(once);
    free(after);
    free(swapped);
}

static void what_comes_and_goes_is_told_whole(void **state)
{
    char *after = replaced(EVERYTHING, "'id':'r'", "'id':'t/1'");
    const struct catalog_change *added, *removed;
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, after);
    assert_int_equal(review.diff.changes_count, 2);
    added = &review.diff.changes[0];
    removed = &review.diff.changes[1];
    assert_int_equal(added->kind, CATALOG_CHANGE_ADDED);
    assert_text(added->pointer, "/routes/t~11");
    assert_int_equal(added->before.len, 0);
    assert_true(added->voids == 0);
    assert_int_equal(removed->kind, CATALOG_CHANGE_REMOVED);
    assert_text(removed->pointer, "/routes/r");
    assert_int_equal(removed->after.len, 0);
    assert_true(removed->voids == ALL);
    assert_true(slice_equal(removed->before, added->after));
    assert_text(
        removed->before,
        "account: a; base_url: https://h/v1; data_classes: internal; "
        "endpoint_family: openai-chat-completions; environments: prod; lacks: tools; "
        "latency_p95_ms: 700; model: m; moderation: true; overrides: {\"x\":1,\"y\":2}; "
        "prices/as_of: 2026-11-01; prices/discount_percent: 10; prices/extra/search~1web: 0.945; "
        "prices/input: 1.89; prices/markup_percent: 5; prices/output: 7.56; "
        "prices/steps/500/input: 3.78; prices/steps/500/output: 7.56; provider_model: m-1; "
        "region: eu; reported_models: m-1, m-2; serial_tool_calls: true; service_tier: priority; "
        "timeouts_ms/connect: 1000; timeouts_ms/first_output: 2000; timeouts_ms/idle: 3000; "
        "timeouts_ms/total: 4000; zero_retention: true");
    review_done(&review);
    free(after);
}

static void a_model_that_goes_takes_its_evidence_along(void **state)
{
    static const char shorter[] = "{'providers':[],'accounts':[],'models':[],'routes':[]}";
    static const struct {
        const char *pointer;
        uint64_t voids;
    } rows[] = {
        {"/providers/p", 0}, {"/providers/q", 0}, {"/accounts/a", 0}, {"/accounts/b", 0},
        {"/models/m", ALL},  {"/models/n", ALL},  {"/routes/r", ALL}, {"/routes/s", ALL},
    };
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, shorter);
    assert_int_equal(review.diff.changes_count, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_text(review.diff.changes[i].pointer, rows[i].pointer);
        assert_int_equal(review.diff.changes[i].kind, CATALOG_CHANGE_REMOVED);
        assert_true(review.diff.changes[i].voids == rows[i].voids);
    }
    review_done(&review);
}

static void without_a_catalog_before_everything_is_added(void **state)
{
    struct catalog_diff diff;
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, EVERYTHING), RESULT_OK);
    assert_int_equal(catalog_diff(NULL, d.catalog, &d.arena, &diff), RESULT_OK);
    assert_int_equal(diff.changes_count, 8);
    for (unsigned i = 0; i < diff.changes_count; i++) {
        assert_int_equal(diff.changes[i].kind, CATALOG_CHANGE_ADDED);
        assert_true(diff.changes[i].voids == 0);
    }
    documents_done(&d);
}

static bool has_line(const struct catalog_sheet *sheet, const char *name)
{
    size_t len = strlen(name);

    for (unsigned i = 0; i < sheet->count; i++)
        if (sheet->lines[i].path.len >= len && memcmp(sheet->lines[i].path.ptr, name, len) == 0)
            return true;
    return false;
}

static void every_field_of_a_document_is_compared(void **state)
{
    static const struct {
        enum catalog_object kind;
        const char *name;
    } fields[] = {
#define PROVIDER(name, ...) {CATALOG_OBJECT_PROVIDER, name},
#define ACCOUNT(name, ...)  {CATALOG_OBJECT_ACCOUNT, name},
#undef MODEL
#undef ROUTE
#undef PRICES
#define MODEL(name, ...)    {CATALOG_OBJECT_MODEL, name},
#define ROUTE(name, ...)    {CATALOG_OBJECT_ROUTE, name},
#define PRICES(name, ...)   {CATALOG_OBJECT_ROUTE, "prices/" name},
#define TIMEOUTS(name, ...) {CATALOG_OBJECT_ROUTE, "timeouts_ms/" name},
#define QUOTA(name, ...)    {CATALOG_OBJECT_ACCOUNT, "quota/" name},
#include "engine/catalog_document.def"
    };
    struct documents d;

    (void)state;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_catalog_text(&d, EVERYTHING), RESULT_OK);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const void *const objects[CATALOG_OBJECT_END] = {
            [CATALOG_OBJECT_PROVIDER] = d.catalog->providers,
            [CATALOG_OBJECT_ACCOUNT] = d.catalog->accounts,
            [CATALOG_OBJECT_MODEL] = d.catalog->models,
            [CATALOG_OBJECT_ROUTE] = d.catalog->routes,
        };
        struct catalog_sheet sheet =
            catalog_sheet_make(fields[i].kind, objects[fields[i].kind], &d.arena);

        if (strcmp(fields[i].name, "id") != 0 && !has_line(&sheet, fields[i].name))
            fail_msg("%s of %s is not compared", fields[i].name,
                     catalog_object_list(fields[i].kind));
    }
    documents_done(&d);
}

static void every_shortage_of_memory_is_reported(void **state)
{
    char *text = replaced(EVERYTHING, "'discount_percent':10", "'discount_percent':20");
    enum result result = RESULT_NO_MEMORY;
    struct review review;

    (void)state;
    review_texts(&review, EVERYTHING, text);
    for (size_t bound = 0; result != RESULT_OK; bound += 48) {
        struct catalog_diff diff = {NULL, 0};
        struct arena arena;

        arena_init(&arena, NULL, 0, bound);
        result = catalog_diff(review.before.catalog, review.after.catalog, &arena, &diff);
        assert_true(result == RESULT_OK || result == RESULT_NO_MEMORY);
        assert_int_equal(diff.changes_count, result == RESULT_OK ? review.diff.changes_count : 0);
        arena_done(&arena);
    }
    review_done(&review);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_catalog_does_not_differ_from_itself),
        cmocka_unit_test(one_field_that_changes_is_one_change),
        cmocka_unit_test(a_discount_changes_every_price),
        cmocka_unit_test(a_route_that_moves_to_another_model_and_account_tells_what_that_voids),
        cmocka_unit_test(the_order_of_a_document_means_nothing),
        cmocka_unit_test(what_comes_and_goes_is_told_whole),
        cmocka_unit_test(a_model_that_goes_takes_its_evidence_along),
        cmocka_unit_test(without_a_catalog_before_everything_is_added),
        cmocka_unit_test(every_field_of_a_document_is_compared),
        cmocka_unit_test(every_shortage_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
