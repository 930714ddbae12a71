/* Every field of every object of a policy document, by its own table: a good value is kept and
 * dumped, a wrong type, a number out of range and an unknown word are refused at their place. */
#include "base/decimal.h"
#include "documents.h"
#include "engine/policy_fields.h"

#define TEXT_BYTES 16384
#define PRIMARY    "'primary_route':{'route':'a'}"
#define HEAD       "{'policy_id':'p','workflow':'w','environment':'e'," PRIMARY
#define FALLBACK   HEAD ",'fallback_routes':["
#define RULES                                                                                      \
    HEAD ",'rollback':{'disable_on_schema_failures':true,'disable_on_unapproved_cost_spike':true," \
         "'disable_on_policy_boundary_error':true,'disable_on_quality_regression':true,"           \
         "'disable_on_missing_reports':true,'thresholds':"

/* An object with what it needs besides the field under test. */
struct object {
    const char *pointer;
    const char *before, *after;
    const char *base[8]; /* names and values */
    enum entry_kind entry;
    const char *path[3]; /* from the entry's table, else from the document's */
};

static const struct object objects[] = {
    {"",
     "",
     "",
     {"policy_id", "'p'", "workflow", "'w'", "environment", "'e'", "primary_route",
      "{'route':'a'}"},
     0,
     {NULL}},
    {"/primary_route",
     "{'policy_id':'p','workflow':'w','environment':'e','primary_route':",
     "}",
     {"route", "'a'"},
     0,
     {"primary_route"}},
    {"/limits", HEAD ",'limits':", "}", {NULL}, 0, {"limits"}},
    {"/budget_rules", HEAD ",'budget_rules':", "}", {NULL}, 0, {"budget_rules"}},
    {"/fallback_spend_cap",
     HEAD ",'fallback_spend_cap':",
     "}",
     {"usd", "1", "window", "'day'"},
     0,
     {"fallback_spend_cap"}},
    {"/retry", HEAD ",'retry':", "}", {NULL}, 0, {"retry"}},
    {"/hold_output", HEAD ",'hold_output':", "}", {"until", "'complete'"}, 0, {"hold_output"}},
    {"/logging", HEAD ",'logging':", "}", {NULL}, 0, {"logging"}},
    {"/rollback", HEAD ",'rollback':", "}", {NULL}, 0, {"rollback"}},
    {"/rollback/thresholds", RULES, "}}", {NULL}, 0, {"rollback", "thresholds"}},
    {"/rollback/thresholds/refusal_rate",
     RULES "{'refusal_rate':",
     "}}}",
     {NULL},
     0,
     {"rollback", "thresholds", "refusal_rate"}},
    {"/rollback/thresholds/cost_spike",
     RULES "{'cost_spike':",
     "}}}",
     {NULL},
     0,
     {"rollback", "thresholds", "cost_spike"}},
    {"/fallback_routes/0", FALLBACK, "]}", {"route", "'b'"}, ENTRY_KIND_ROUTE, {NULL}},
    {"/fallback_routes/0/limits",
     FALLBACK "{'route':'b','limits':",
     "}]}",
     {NULL},
     ENTRY_KIND_ROUTE,
     {"limits"}},
    {"/fallback_routes/0/premium",
     FALLBACK "{'route':'b','premium':",
     "}]}",
     {"tenants", "['acme']"},
     ENTRY_KIND_ROUTE,
     {"premium"}},
    {"/fallback_routes/0",
     FALLBACK,
     "]}",
     {"queue", "{'name':'q','max_age_ms':5}"},
     ENTRY_KIND_QUEUE,
     {NULL}},
    {"/fallback_routes/0/queue",
     FALLBACK "{'queue':",
     "}],'payload_storage':'jobs'}",
     {"name", "'q'", "max_age_ms", "3600000"},
     ENTRY_KIND_QUEUE,
     {"queue"}},
    {"/fallback_routes/0",
     FALLBACK,
     "]}",
     {"default_response", "'x'"},
     ENTRY_KIND_DEFAULT_RESPONSE,
     {NULL}},
    {"/fallback_routes/0/routes/0",
     FALLBACK "{'routes':[",
     ",{'route':'c'}]}]}",
     {"route", "'b'"},
     ENTRY_KIND_ROUTE,
     {"routes"}},
};

#define OBJECTS (sizeof objects / sizeof *objects)

static const struct field *find(const struct field_table *table, const char *name)
{
    for (unsigned i = 0; i < table->count; i++)
        if (strcmp(table->fields[i].name, name) == 0)
            return &table->fields[i];
    return NULL;
}

static const struct field_table *table_of(const struct object *object)
{
    const struct field_table *table =
        object->entry ? policy_entry_fields(object->entry) : &policy_document_fields;

    if (object->path[0] && strcmp(object->path[0], "routes") == 0)
        return &policy_route_fields;
    for (unsigned i = 0; i < 3 && object->path[i]; i++)
        table = find(table, object->path[i])->table;
    assert_non_null(table);
    return table;
}

/* The document with the member in its object; value NULL: without it. */
static void
make(char text[TEXT_BYTES], const struct object *object, const char *name, const char *value)
{
    const char *separator = "";
    struct buf buf;

    buf_init_fixed(&buf, text, TEXT_BYTES);
    buf_format(&buf, "%s{", object->before);
    for (unsigned i = 0; i < 8 && object->base[i]; i += 2)
        /* routes take the place of route */
        if (strncmp(name, object->base[i], strlen(object->base[i])) != 0) {
            buf_format(&buf, "%s'%s':%s", separator, object->base[i], object->base[i + 1]);
            separator = ",";
        }
    if (value)
        buf_format(&buf, "%s'%s':%s", separator, name, value);
    buf_format(&buf, "}%s", object->after);
    buf_put_u8(&buf, 0);
    assert_false(buf_failed(&buf));
}

static void assert_refused(const struct object *object,
                           const char *name,
                           const char *value,
                           enum diagnostic_code code,
                           const char *below)
{
    static char text[TEXT_BYTES];
    char pointer[256];
    struct documents d;

    make(text, object, name, value);
    snprintf(pointer, sizeof pointer, "%s/%s%s", object->pointer, name, below);
    documents_init(&d, ARENA_BYTES_MAX);
    if (parse_policy_text(&d, text) != RESULT_INVALID)
        fail_msg("accepted: %s", text);
    if (d.diagnostics.count != 1)
        print_message("%s\n", text);
    assert_finding(&d, code, pointer);
    documents_done(&d);
}

typedef void visit(const struct object *object, const struct field *field);

static void each_field(visit *on_field)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        const struct field_table *table = table_of(&objects[i]);

        for (unsigned k = 0; k < table->count; k++)
            on_field(&objects[i], &table->fields[k]);
    }
}

/* ---- what is refused ---- */

static void refuse_null(const struct object *object, const struct field *field)
{
    assert_refused(object, field->name, "null", DIAGNOSTIC_WRONG_TYPE, "");
}

static void every_field_refuses_a_wrong_type(void **state)
{
    (void)state;
    each_field(refuse_null);
}

static void refuse_missing(const struct object *object, const struct field *field)
{
    /* A queue and a default response are known by the very field that they need. */
    if (field->required && strcmp(field->name, "queue") != 0 &&
        strcmp(field->name, "default_response") != 0)
        assert_refused(object, field->name, NULL, DIAGNOSTIC_MISSING_FIELD, "");
}

static void every_needed_field_is_missed(void **state)
{
    (void)state;
    each_field(refuse_missing);
}

static void every_object_refuses_a_field_that_it_has_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < OBJECTS; i++)
        assert_refused(&objects[i], "colour", "1", DIAGNOSTIC_UNKNOWN_FIELD, "");
}

static void refuse_numbers(const struct object *object, const struct field *field)
{
    bool money = field->kind == FIELD_KIND_USD;
    char low[32], high[32];

    if (!money && field->kind != FIELD_KIND_U32 && field->kind != FIELD_KIND_U64 &&
        field->kind != FIELD_KIND_DAYS)
        return;
    decimal_format(field->low - 1, money ? 9 : 0, low);
    decimal_format(field->high + 1, money ? 9 : 0, high);
    if (field->low)
        assert_refused(object, field->name, low, DIAGNOSTIC_OUT_OF_RANGE, "");
    assert_refused(object, field->name, high, DIAGNOSTIC_OUT_OF_RANGE, "");
    assert_refused(object, field->name, "-1", DIAGNOSTIC_OUT_OF_RANGE, "");
    assert_refused(object, field->name, "1e300", DIAGNOSTIC_OUT_OF_RANGE, "");
    assert_refused(object, field->name, money ? "1.0000000001" : "1.5",
                   money ? DIAGNOSTIC_NOT_EXACT : DIAGNOSTIC_OUT_OF_RANGE, "");
}

static void every_number_has_bounds(void **state)
{
    (void)state;
    each_field(refuse_numbers);
}

static void refuse_words(const struct object *object, const struct field *field)
{
    static char many[TEXT_BYTES];
    struct buf buf;

    if (field->kind == FIELD_KIND_WORD || field->kind == FIELD_KIND_FAMILY)
        assert_refused(object, field->name, "'nonsense'", DIAGNOSTIC_UNKNOWN_NAME, "");
    if (field->kind == FIELD_KIND_NAME)
        assert_refused(object, field->name, "'a b'", DIAGNOSTIC_BAD_NAME, "");
    if (field->kind == FIELD_KIND_WORDS) {
        assert_refused(object, field->name, "['nonsense']", DIAGNOSTIC_UNKNOWN_NAME, "/0");
        assert_refused(object, field->name, "[1]", DIAGNOSTIC_WRONG_TYPE, "/0");
        assert_refused(object, field->name, "[]", DIAGNOSTIC_OUT_OF_RANGE, "");
    }
    if (field->kind != FIELD_KIND_NAMES)
        return;
    assert_refused(object, field->name, "['a b']", DIAGNOSTIC_BAD_NAME, "/0");
    assert_refused(object, field->name, "['a','b','a']", DIAGNOSTIC_DUPLICATE_NAME, "/2");
    assert_refused(object, field->name, "[]", DIAGNOSTIC_OUT_OF_RANGE, "");
    buf_init_fixed(&buf, many, sizeof many);
    for (unsigned i = 0; i < LIST_ITEMS_MAX + 1; i++)
        buf_format(&buf, "%s'n%u'", i ? "," : "[", i);
    buf_format(&buf, "]%c", '\0');
    assert_refused(object, field->name, many, DIAGNOSTIC_TOO_LARGE, "");
}

static void every_word_and_name_is_known_or_well_formed(void **state)
{
    (void)state;
    each_field(refuse_words);
}

/* ---- what is kept ---- */

/* Values that other fields' rules, or the fields' own, ask for. */
static const struct {
    const char *name, *value;
} good_values[] = {
    {"primary_route", "{'route':'a'}"},
    {"fallback_routes", "[{'default_response':'x'}]"},
    {"limits", NULL},
    {"budget_rules", NULL},
    {"fallback_spend_cap", "{'usd':1,'window':'month'}"},
    {"retry", NULL},
    {"hold_output", "{'until':'complete'}"},
    {"logging", NULL},
    {"rollback", NULL},
    {"thresholds", NULL},
    {"no_dearer_above_percent", "71"},
    {"cheaper_above_percent", "81"},
    {"critical_only_above_percent", "99"},
    {"until", "'complete'"},
    {"amount", NULL}, /* with another until only */
    {"backoff_base_ms", "201"},
    {"backoff_cap_ms", "2001"},
    {"payload_logging_mode", "'sampled'"},
    {"multiple", "2.5"},
    {"routes", "[{'route':'b'},{'route':'c','weight':7}]"},
    {"premium", "{'tenants':['acme']}"},
    {"queue", "{'name':'q','max_age_ms':5}"},
    {"default_response", "{'a':[1.50]}"},
    {"allowed_reasons", "['timeout']"},
    {"blocked_reasons", "['timeout']"},
    {"requires_user_notice", NULL}, /* with a notice only */
    {"refusal_rate", "{'percent':51}"},
    {"cost_spike", "{'percent':51}"},
};

/* NULL: the field is not tried here. */
static const char *good_value(const struct field *field, char value[64])
{
    for (size_t i = 0; i < sizeof good_values / sizeof *good_values; i++)
        if (strcmp(good_values[i].name, field->name) == 0)
            return good_values[i].value;
    switch (field->kind) {
    case FIELD_KIND_NAME:
    case FIELD_KIND_TEXT:
        return "'some-name'";
    case FIELD_KIND_FLAG:
        return field->initial ? "false" : "true";
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
    case FIELD_KIND_DAYS:
        snprintf(value, 64, "%llu", (unsigned long long)field->low);
        return value;
    case FIELD_KIND_USD:
        return "0.25";
    case FIELD_KIND_WORD:
    case FIELD_KIND_FAMILY:
        snprintf(value, 64, "'%s'", field->words->rows[field->words->rows[2].name ? 2 : 1].name);
        return value;
    case FIELD_KIND_WORDS:
        snprintf(value, 64, "['%s']", field->words->rows[1].name);
        return value;
    case FIELD_KIND_NAMES:
        return "['x', 'y']";
    case FIELD_KIND_OWN:
        return "true"; /* requires_* */
    case FIELD_KIND_OBJECT:
        return "{'percent':51}";
    case FIELD_KIND_PERCENT:
    case FIELD_KIND_DATE:
    case FIELD_KIND_TIME:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_PART:
        break;
    }
    fail_msg("no good value for %s", field->name);
    return NULL;
}

/* The node that pointer leads to, without escapes. */
static const struct json_node *node_at(const struct json_node *root, const char *pointer)
{
    char part[128];
    int used;

    while (root && sscanf(pointer, "/%127[^/]%n", part, &used) == 1) {
        const struct json_node *next = json_member(root, part);

        if (root->kind == JSON_KIND_ARRAY) {
            next = root->child;
            while (next && next->index != (unsigned)atoi(part))
                next = next->next;
        }
        root = next;
        pointer += used;
    }
    return root;
}

static void assert_same_value(const struct json_node *node, const char *wanted)
{
    char *json = quoted(wanted);
    struct buf buf;

    buf_init(&buf, TEXT_BYTES);
    field_put_json(&buf, node);
    /* Objects are dumped with their defaults; one member of them is enough to know them. */
    if (node->kind != JSON_KIND_OBJECT && node->kind != JSON_KIND_ARRAY)
        assert_text(buf_slice(&buf), json);
    assert_true(buf.len > 0);
    buf_done(&buf);
    free(json);
}

static void keep(const struct object *object, const struct field *field)
{
    static char text[TEXT_BYTES];
    char value[64], pointer[256];
    const char *good = good_value(field, value);
    const struct json_node *node;
    struct json_error error;
    struct json_node *root;
    struct documents d;
    struct buf dump;

    if (!good)
        return;
    make(text, object, field->name, good);
    documents_init(&d, ARENA_BYTES_MAX);
    if (parse_policy_text(&d, text) != RESULT_OK)
        fail_msg("refused: %s\n%s at %s, expected %s", text,
                 diagnostic_name(d.diagnostics.first->code), d.diagnostics.first->pointer.ptr,
                 d.diagnostics.first->expected.ptr);
    buf_init(&dump, TEXT_BYTES);
    assert_int_equal(policy_dump(d.document, &dump), RESULT_OK);
    assert_int_equal(json_parse(buf_slice(&dump), &d.arena, &root, &error), RESULT_OK);
    snprintf(pointer, sizeof pointer, "%s/%s", object->pointer, field->name);
    node = node_at(root, pointer);
    if (!node)
        fail_msg("%s is not in the dump of %s", pointer, text);
    assert_same_value(node, good);
    buf_done(&dump);
    documents_done(&d);
}

static void every_field_keeps_a_good_value(void **state)
{
    (void)state;
    each_field(keep);
}

static void every_rollback_rule_has_thresholds_and_a_default(void **state)
{
    const struct field_table *thresholds = find(&policy_document_fields, "rollback")->table;
    struct documents d;

    (void)state;
    thresholds = find(thresholds, "thresholds")->table;
    documents_init(&d, ARENA_BYTES_MAX);
    assert_int_equal(parse_policy_text(&d, POLICY_TEXT(",'traffic_class':'critical_user_facing'")),
                     RESULT_OK);
    for (unsigned i = 1; i < ROLLBACK_RULE_END; i++) {
        const struct document_rollback *rule = &d.document->rollback[i];

        assert_non_null(find(thresholds, signalbox_rollback_rule_name((enum rollback_rule)i)));
        assert_true(rule->enabled && rule->samples_min && rule->percent && rule->window_ms &&
                    rule->principals_min);
        assert_int_equal(rule->multiple, i == ROLLBACK_RULE_COST_SPIKE ? 30 : 0);
    }
    assert_int_equal(thresholds->count, ROLLBACK_RULE_END - 1);
    documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_refuses_a_wrong_type),
        cmocka_unit_test(every_needed_field_is_missed),
        cmocka_unit_test(every_object_refuses_a_field_that_it_has_not),
        cmocka_unit_test(every_number_has_bounds),
        cmocka_unit_test(every_word_and_name_is_known_or_well_formed),
        cmocka_unit_test(every_field_keeps_a_good_value),
        cmocka_unit_test(every_rollback_rule_has_thresholds_and_a_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
