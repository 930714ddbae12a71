/* What models and accounts say beyond plain fields: profiles of capabilities, strengths with their
 * sources, networks that may use an account.
 *
 * A profile is resolved into the model's own capabilities when the catalog is read: whoever uses a
 * catalog sees one set, and a change of a profile is a change of every model that names it. */
#include "base/address.h"
#include "engine/catalog_draft.h"

_Static_assert(sizeof((struct catalog_network *)0)->address == ADDRESS_BYTES, "one address");

static const struct field profile_fields[] = {
#define PROFILE(...) FIELD_ROW(struct draft_profile, __VA_ARGS__)
#include "engine/catalog_document.def"
};
static const struct field strength_fields[] = {
#define STRENGTH(...) FIELD_ROW(struct catalog_strength, __VA_ARGS__)
#include "engine/catalog_document.def"
};
const struct field_table catalog_profile_table = {profile_fields,
                                                  sizeof profile_fields / sizeof *profile_fields};
const struct field_table catalog_strength_table = {strength_fields, sizeof strength_fields /
                                                                        sizeof *strength_fields};

bool catalog_expect_members(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field)
{
    bool object = node->kind == JSON_KIND_OBJECT;

    if (object && node->count <= field->high)
        return true;
    field_fault(reader, node, object ? DIAGNOSTIC_TOO_LARGE : DIAGNOSTIC_WRONG_TYPE,
                object ? arena_format(reader->arena, "at most %llu members",
                                      (unsigned long long)field->high)
                       : field_describe(reader, field));
    return false;
}

bool catalog_expect_key(struct field_reader *reader, const struct json_node *member)
{
    if (field_is_name(member->key))
        return true;
    diagnostics_add(reader->diagnostics, DIAGNOSTIC_BAD_NAME, json_pointer(member, reader->arena),
                    member->key.len ? member->key : SLICE_LITERAL("\"\""), SLICE_LITERAL("a name"));
    return false;
}

void catalog_parse_profiles(struct field_reader *reader,
                            const struct json_node *node,
                            const struct field *field,
                            void *target)
{
    struct draft_list *list = &((struct catalog_draft *)target)->profiles;
    struct draft_profile *profiles;

    if (!catalog_expect_members(reader, node, field) || !node->count)
        return;
    profiles = arena_calloc(reader->arena, node->count, sizeof *profiles);
    if (!profiles || !map_reserve(&list->by_id, node->count)) {
        reader->arena->failed = true;
        return;
    }
    for (const struct json_node *member = node->child; member; member = member->next) {
        struct draft_profile *profile = &profiles[list->count++];

        profile->id = member->key;
        field_read_value(reader, member, profile_fields, profile);
        if (catalog_expect_key(reader, member) && !map_put(&list->by_id, profile->id, profile))
            reader->arena->failed = true;
    }
}

void catalog_model_finish(struct field_reader *reader,
                          const struct draft_list *profiles,
                          const struct json_node *node,
                          struct catalog_model *model)
{
    const struct draft_profile *profile =
        catalog_find_item(reader, profiles, model->profile, node, "profile");

    if (profile)
        model->capabilities |= profile->capabilities;
    if (node->kind == JSON_KIND_OBJECT && !json_member(node, "profile") &&
        !json_member(node, "capabilities"))
        field_fault_member(reader, json_pointer(node, reader->arena), "capabilities",
                           DIAGNOSTIC_MISSING_FIELD, SLICE_LITERAL(""),
                           SLICE_LITERAL("a list of capabilities, or a profile"));
}

void catalog_parse_strengths(struct field_reader *reader,
                             const struct json_node *node,
                             const struct field *field,
                             void *target)
{
    struct catalog_model *model = target;
    struct catalog_strength *strengths;
    uint64_t seen = 0;

    if (!field_expect_list(reader, node, field) || !node->count)
        return;
    strengths = arena_calloc(reader->arena, node->count, sizeof *strengths);
    if (!strengths)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct catalog_strength *strength = &strengths[model->strengths_count++];

        field_read_object(reader, item, &catalog_strength_table, strength);
        if (strength->strength && set_has(seen, strength->strength))
            field_fault(reader, json_member(item, "strength"), DIAGNOSTIC_DUPLICATE_NAME,
                        SLICE_LITERAL("each strength once"));
        seen |= SET_OF(strength->strength);
    }
    model->strengths = strengths;
}

void catalog_parse_ip_allow_list(struct field_reader *reader,
                                 const struct json_node *node,
                                 const struct field *field,
                                 void *target)
{
    struct catalog_account *account = &((struct draft_account *)target)->account;
    struct catalog_network *networks;
    struct slice *texts;

    if (!field_expect_list(reader, node, field))
        return;
    networks = arena_calloc(reader->arena, node->count, sizeof *networks);
    texts = arena_calloc(reader->arena, node->count, sizeof *texts);
    if (!networks || !texts)
        return;
    for (const struct json_node *item = node->child; item; item = item->next) {
        struct catalog_network *network = &networks[account->networks_count];

        if (item->kind != JSON_KIND_STRING) {
            field_fault(reader, item, DIAGNOSTIC_WRONG_TYPE, SLICE_LITERAL("a text"));
        } else if (!address_parse_network(item->text, network->address, &network->bits)) {
            field_fault(reader, item, DIAGNOSTIC_BAD_NETWORK,
                        SLICE_LITERAL("an IPv4 or IPv6 address or network"));
        } else if (field_stands_before(item)) {
            field_fault(reader, item, DIAGNOSTIC_DUPLICATE_NAME,
                        SLICE_LITERAL("each network once"));
        } else {
            texts[account->networks_count++] = item->text;
        }
    }
    account->networks = networks;
    account->networks_texts = (struct texts){texts, account->networks_count};
}

enum tier catalog_tier(const struct catalog_model *primary, const struct catalog_model *model)
{
    if (slice_equal(primary->id, model->id))
        return TIER_SAME_MODEL;
    return slice_equal(primary->family, model->family) ? TIER_SAME_FAMILY : TIER_DIFFERENT_FAMILY;
}
