/* A catalog in two passes: the tables read every list as it stands, then names become pointers.
 * Faults in the first pass do not stop the second, so that all findings come at once. */
#include "engine/catalog_draft.h"
#include "engine/field_schema.h"

static void catalog_parse_providers(struct field_reader *reader,
                                    const struct json_node *node,
                                    const struct field *field,
                                    void *target);
static void catalog_parse_accounts(struct field_reader *reader,
                                   const struct json_node *node,
                                   const struct field *field,
                                   void *target);
static void catalog_parse_models(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target);
static void catalog_parse_routes(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target);

#define TABLE(name)      .table = &name##_table
#define OWN(name)        .read = catalog_parse_##name, SCHEMA_##name
#define SCHEMA_providers .items = &provider_table
#define SCHEMA_accounts  .items = &account_table
#define SCHEMA_routes    .items = &route_table
#define SCHEMA_models                                                                              \
    .items = &model_table,                                                                         \
    .schema = "\"anyOf\": [" FIELD_SCHEMA_HAS("profile") ", " FIELD_SCHEMA_HAS("capabilities") "]"
#define SCHEMA_profiles                                                                            \
    .schema =                                                                                      \
        FIELD_SCHEMA_OBJECT ", \"propertyNames\": {\"pattern\": \"" FIELD_SCHEMA_NAME_PATTERN      \
                            "\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/profile\"}"
#define SCHEMA_strengths .items = &catalog_strength_table
#define SCHEMA_ip_allow_list                                                                       \
    .schema = FIELD_SCHEMA_ARRAY ", \"uniqueItems\": true, \"items\": {" FIELD_SCHEMA_STRING       \
                                 ", \"pattern\": \"^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$\"}"
/* Where https may go, and http on this machine; a path does not end with a slash. */
#define PORT_PATTERN                                                                               \
    "(:(0{0,4}[1-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|[1-5][0-9]{4}|"           \
    "6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
#define OCTET_PATTERN "(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
#define SCHEMA_base_url                                                                            \
    .schema = FIELD_SCHEMA_STRING ", \"maxLength\": 512, \"pattern\": "                            \
                                  "\"^(https://([A-Za-z0-9.-]+|\\\\[[A-Za-z0-9:.]*\\\\])|"         \
                                  "http://(localhost|127(\\\\." OCTET_PATTERN                      \
                                  "){3}|\\\\[::1\\\\]))" PORT_PATTERN                              \
                                  "(/[A-Za-z0-9/._~%:@+,;=$!-]*[A-Za-z0-9._~%:@+,;=$!-])?$\""
#define SCHEMA_overrides .schema = FIELD_SCHEMA_OBJECT
#define TABLE_OF(name)                                                                             \
    static const struct field_table name##_table = {name##_fields,                                 \
                                                    sizeof name##_fields / sizeof *name##_fields}

static const struct field provider_fields[] = {
#define PROVIDER(...) FIELD_ROW(struct catalog_provider, __VA_ARGS__)
#include "engine/catalog_document.def"
};
static const struct field quota_fields[] = {
#define QUOTA(...) FIELD_ROW(struct draft_account, __VA_ARGS__)
#include "engine/catalog_document.def"
};
TABLE_OF(quota);

static const struct field account_fields[] = {
#define ACCOUNT(...) FIELD_ROW(struct draft_account, __VA_ARGS__)
#include "engine/catalog_document.def"
};
static const struct field model_fields[] = {
#define MODEL(...) FIELD_ROW(struct catalog_model, __VA_ARGS__)
#include "engine/catalog_document.def"
};
static const struct field timeouts_fields[] = {
#define TIMEOUTS(...) FIELD_ROW(struct timeouts, __VA_ARGS__)
#include "engine/catalog_document.def"
};
TABLE_OF(provider);
TABLE_OF(account);
TABLE_OF(model);
TABLE_OF(timeouts);

static const struct field route_fields[] = {
#define ROUTE(...) FIELD_ROW(struct draft_route, __VA_ARGS__)
#include "engine/catalog_document.def"
};
TABLE_OF(route);

static const struct field catalog_fields[] = {
#define CATALOG(...) FIELD_ROW(struct catalog_draft, __VA_ARGS__)
#include "engine/catalog_document.def"
};

const struct field_table catalog_document_fields = {catalog_fields,
                                                    sizeof catalog_fields / sizeof *catalog_fields};

/* A list of objects of item_bytes, each of which starts with its id. */
static void read_list(struct field_reader *reader,
                      const struct json_node *node,
                      const struct field *field,
                      const struct field_table *table,
                      size_t item_bytes,
                      struct draft_list *list)
{
    if (!field_expect_list(reader, node, field) || !node->count)
        return;
    list->items = arena_calloc(reader->arena, node->count, item_bytes);
    list->nodes = arena_calloc(reader->arena, node->count, sizeof(struct json_node *));
    if (!list->items || !list->nodes || !map_reserve(&list->by_id, node->count)) {
        reader->arena->failed = true;
        return;
    }
    for (const struct json_node *item = node->child; item; item = item->next) {
        char *made = (char *)list->items + list->count * item_bytes;
        struct slice id;

        list->nodes[list->count++] = item;
        field_set_initial(table, made);
        field_read_object(reader, item, table, made);
        memcpy(&id, made, sizeof id);
        if (id.len == 0)
            continue; /* it is missing, or not a name; there is a finding */
        if (map_get(&list->by_id, id))
            field_fault(reader, json_member(item, "id"), DIAGNOSTIC_DUPLICATE_NAME,
                        SLICE_LITERAL("an id that nothing before has"));
        else if (!map_put(&list->by_id, id, made))
            reader->arena->failed = true;
    }
}

_Static_assert(offsetof(struct catalog_provider, id) == 0, "an item starts with its id");
_Static_assert(offsetof(struct draft_account, account.id) == 0, "an item starts with its id");
_Static_assert(offsetof(struct catalog_model, id) == 0, "an item starts with its id");
_Static_assert(offsetof(struct draft_route, route.id) == 0, "an item starts with its id");

static void catalog_parse_providers(struct field_reader *reader,
                                    const struct json_node *node,
                                    const struct field *field,
                                    void *target)
{
    read_list(reader, node, field, &provider_table, sizeof(struct catalog_provider),
              &((struct catalog_draft *)target)->providers);
}

static void catalog_parse_accounts(struct field_reader *reader,
                                   const struct json_node *node,
                                   const struct field *field,
                                   void *target)
{
    read_list(reader, node, field, &account_table, sizeof(struct draft_account),
              &((struct catalog_draft *)target)->accounts);
}

static void catalog_parse_models(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target)
{
    read_list(reader, node, field, &model_table, sizeof(struct catalog_model),
              &((struct catalog_draft *)target)->models);
}

static void catalog_parse_routes(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target)
{
    read_list(reader, node, field, &route_table, sizeof(struct draft_route),
              &((struct catalog_draft *)target)->routes);
}

const void *catalog_find_item(struct field_reader *reader,
                              const struct draft_list *list,
                              struct slice name,
                              const struct json_node *node,
                              const char *member)
{
    const void *item = name.len ? map_get(&list->by_id, name) : NULL;

    if (name.len && !item)
        field_fault(reader, json_member(node, member), DIAGNOSTIC_UNKNOWN_NAME,
                    arena_format(reader->arena, "one of the catalog's %ss", member));
    return item;
}

static bool link_accounts(struct field_reader *reader,
                          const struct catalog_draft *draft,
                          struct catalog *catalog)
{
    const struct draft_account *drafts = draft->accounts.items;

    catalog->accounts =
        arena_calloc(reader->arena, draft->accounts.count + 1, sizeof *catalog->accounts);
    if (!catalog->accounts)
        return false;
    catalog->accounts_count = draft->accounts.count;
    for (unsigned i = 0; i < draft->accounts.count; i++) {
        catalog->accounts[i] = drafts[i].account;
        catalog->accounts[i].provider = catalog_find_item(
            reader, &draft->providers, drafts[i].provider, draft->accounts.nodes[i], "provider");
    }
    return true;
}

static bool
link_routes(struct field_reader *reader, const struct catalog_draft *draft, struct catalog *catalog)
{
    const struct draft_route *drafts = draft->routes.items;
    const struct draft_account *accounts = draft->accounts.items;

    catalog->routes = arena_calloc(reader->arena, draft->routes.count + 1, sizeof *catalog->routes);
    if (!catalog->routes || !map_reserve(&catalog->routes_by_id, draft->routes.count))
        return false;
    catalog->routes_count = draft->routes.count;
    for (unsigned i = 0; i < draft->routes.count; i++) {
        const struct json_node *node = draft->routes.nodes[i];
        struct catalog_route *route = &catalog->routes[i];
        const struct draft_account *account =
            catalog_find_item(reader, &draft->accounts, drafts[i].account, node, "account");

        *route = drafts[i].route;
        route->model = catalog_find_item(reader, &draft->models, drafts[i].model, node, "model");
        route->account = account ? &catalog->accounts[account - accounts] : NULL;
        catalog_route_finish(reader, &drafts[i], node, route);
        if (route->id.len && !map_put(&catalog->routes_by_id, route->id, route))
            return false;
    }
    return true;
}

static enum result
build(struct field_reader *reader, struct catalog_draft *draft, struct catalog *catalog)
{
    if (reader->arena->failed)
        return RESULT_NO_MEMORY;
    catalog->providers = draft->providers.items;
    catalog->providers_count = draft->providers.count;
    catalog->models = draft->models.items;
    catalog->models_count = draft->models.count;
    for (unsigned i = 0; i < draft->models.count; i++)
        catalog_model_finish(reader, &draft->profiles, draft->models.nodes[i], &catalog->models[i]);
    if (!link_accounts(reader, draft, catalog) || !link_routes(reader, draft, catalog))
        return RESULT_NO_MEMORY;
    catalog->models_by_id = draft->models.by_id; /* from here on the catalog's to free */
    map_init(&draft->models.by_id);
    return RESULT_OK;
}

static void init_draft(struct catalog_draft *draft)
{
    *draft = (struct catalog_draft){0};
    map_init(&draft->profiles.by_id);
    map_init(&draft->providers.by_id);
    map_init(&draft->accounts.by_id);
    map_init(&draft->models.by_id);
    map_init(&draft->routes.by_id);
}

static void done_draft(struct catalog_draft *draft)
{
    map_done(&draft->profiles.by_id);
    map_done(&draft->providers.by_id);
    map_done(&draft->accounts.by_id);
    map_done(&draft->models.by_id);
    map_done(&draft->routes.by_id);
}

enum result catalog_parse(struct slice text,
                          struct arena *arena,
                          struct diagnostics *diagnostics,
                          struct catalog **ret_catalog)
{
    struct field_reader reader = {arena, diagnostics};
    unsigned errors_before = diagnostics->errors;
    const struct json_node *root = field_read_document(&reader, text, DOCUMENT_BYTES_MAX);
    struct catalog_draft draft;
    struct catalog *catalog;
    enum result result;

    if (!root)
        return arena->failed ? RESULT_NO_MEMORY : RESULT_INVALID;
    catalog = arena_calloc(arena, 1, sizeof *catalog);
    if (!catalog)
        return RESULT_NO_MEMORY;
    map_init(&catalog->routes_by_id);
    map_init(&catalog->models_by_id);
    init_draft(&draft);
    field_read_object(&reader, root, &catalog_document_fields, &draft);
    result = build(&reader, &draft, catalog);
    done_draft(&draft);
    if (arena->failed || diagnostics->arena->failed)
        result = RESULT_NO_MEMORY;
    else if (result == RESULT_OK && diagnostics->errors > errors_before)
        result = RESULT_INVALID;
    if (result == RESULT_OK)
        *ret_catalog = catalog;
    else
        catalog_done(catalog);
    return result;
}

void catalog_done(struct catalog *catalog)
{
    if (!catalog)
        return;
    map_done(&catalog->routes_by_id);
    map_done(&catalog->models_by_id);
}
