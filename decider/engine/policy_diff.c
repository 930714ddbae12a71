/* Two documents side by side: their dumps are parsed again and walked together, so that what is
 * compared is what anybody can read.
 *
 * Entries are found by name, not by place: who puts one in front changes one entry, not all of
 * them. Lists of words and the like are compared whole, because a part of them says little. */
#include "engine/policy_diff.h"

#include "engine/field.h"
#include "engine/policy_consequence.h"

#define TEXT_BYTES_MAX_OF_DUMP (4 * 1024 * 1024)

struct change {
    struct policy_field_change change;
    struct change *next;
};

struct walk {
    const struct policy_document *before, *after;
    struct arena *arena;
    struct change *first, *last;
    unsigned count;
    struct entry_pair pairs[2 * ENTRIES_MAX];
    unsigned pairs_count;
};

struct slice policy_document_entry_name(const struct policy_document *document,
                                        unsigned index,
                                        struct arena *arena)
{
    const struct document_entry *entry = &document->entries[index];

    switch (entry->kind) {
    case ENTRY_KIND_QUEUE:
        return arena_format(arena, "queue:%.*s", (int)entry->queue.len, entry->queue.ptr);
    case ENTRY_KIND_DEFAULT_RESPONSE:
        return SLICE_LITERAL("default_response");
    case ENTRY_KIND_ROUTE:
        break;
    }
    return entry->routes[0].resolved->id;
}

/* ---- fields ---- */

static struct slice compact(struct walk *walk, const struct json_node *node)
{
    struct slice text = {NULL, 0};
    struct buf buf;

    if (!node)
        return text;
    buf_init(&buf, TEXT_BYTES_MAX_OF_DUMP);
    field_put_json(&buf, node);
    if (buf_failed(&buf))
        walk->arena->failed = true;
    else
        text = arena_copy(walk->arena, buf_slice(&buf));
    buf_done(&buf);
    return text;
}

static void add(struct walk *walk, struct slice pointer, struct slice before, struct slice after)
{
    struct change *change = arena_calloc(walk->arena, 1, sizeof *change);

    if (!change)
        return;
    change->change = (struct policy_field_change){pointer, before, after};
    if (walk->last)
        walk->last->next = change;
    else
        walk->first = change;
    walk->last = change;
    walk->count++;
}

static bool same(const struct json_node *a, const struct json_node *b)
{
    const struct json_node *x = a->child, *y = b->child;

    if (a->kind != b->kind || a->count != b->count || a->truth != b->truth ||
        !slice_equal(a->text, b->text))
        return false;
    for (; x && y; x = x->next, y = y->next)
        if (!slice_equal(x->key, y->key) || !same(x, y))
            return false;
    return !x && !y;
}

/* NULL: not there. Its place is the new document's where it is there. */
static void add_nodes(struct walk *walk, const struct json_node *a, const struct json_node *b)
{
    add(walk, json_pointer(b ? b : a, walk->arena), compact(walk, a), compact(walk, b));
}

static const struct json_node *member_like(const struct json_node *object,
                                           const struct json_node *member)
{
    for (const struct json_node *each = object->child; each; each = each->next)
        if (slice_equal(each->key, member->key))
            return each;
    return NULL;
}

static bool is_entries(const struct json_node *node)
{
    return node->parent && !node->parent->parent && slice_is(node->key, "fallback_routes");
}

/* Both are there. Depth is that of a policy, but for default responses, which json_parse bounds. */
static void walk_value(struct walk *walk, const struct json_node *a, const struct json_node *b)
{
    if (a->kind != JSON_KIND_OBJECT || b->kind != JSON_KIND_OBJECT) {
        if (!same(a, b))
            add_nodes(walk, a, b);
        return;
    }
    for (const struct json_node *each = a->child; each; each = each->next) {
        const struct json_node *other = member_like(b, each);

        if (is_entries(each))
            continue;
        if (other)
            walk_value(walk, each, other);
        else
            add_nodes(walk, each, NULL);
    }
    for (const struct json_node *each = b->child; each; each = each->next)
        if (!is_entries(each) && !member_like(a, each))
            add_nodes(walk, NULL, each);
}

/* ---- entries ---- */

static uint32_t find_pair(struct walk *walk, uint32_t before)
{
    for (unsigned i = 0; i < walk->pairs_count; i++)
        if (walk->pairs[i].before == before)
            return i;
    return ENTRY_NONE;
}

/* The first entry of that name before that has found no partner yet. */
static uint32_t find_partner(struct walk *walk, struct slice name)
{
    for (uint32_t i = 1; i < walk->before->entries_count; i++)
        if (find_pair(walk, i) == ENTRY_NONE &&
            slice_equal(policy_document_entry_name(walk->before, i, walk->arena), name))
            return i;
    return ENTRY_NONE;
}

/* New and common entries in the new order, then those that are gone. */
static void pair_entries(struct walk *walk)
{
    for (uint32_t i = 1; i < walk->after->entries_count; i++) {
        uint32_t partner =
            find_partner(walk, policy_document_entry_name(walk->after, i, walk->arena));

        walk->pairs[walk->pairs_count++] = (struct entry_pair){partner, i};
    }
    for (uint32_t i = 1; i < walk->before->entries_count; i++)
        if (find_pair(walk, i) == ENTRY_NONE)
            walk->pairs[walk->pairs_count++] = (struct entry_pair){i, ENTRY_NONE};
}

static const struct json_node *entry_node(const struct json_node *root, uint32_t index)
{
    const struct json_node *list = json_member(root, "fallback_routes");
    const struct json_node *node = list && index != ENTRY_NONE ? list->child : NULL;

    while (node && node->index + 1 != index)
        node = node->next;
    return node;
}

/* Common entries stand in another order than before. */
static bool reordered(const struct walk *walk)
{
    uint32_t last = 0;

    for (unsigned i = 0; i < walk->pairs_count; i++) {
        uint32_t before = walk->pairs[i].before;

        if (before == ENTRY_NONE || walk->pairs[i].after == ENTRY_NONE)
            continue;
        if (before < last)
            return true;
        last = before;
    }
    return false;
}

/* The names of a document's entries as a JSON list. */
static struct slice order_of(struct walk *walk, const struct policy_document *document)
{
    struct slice text = {NULL, 0};
    struct buf buf;

    buf_init(&buf, TEXT_BYTES_MAX_OF_DUMP);
    for (uint32_t i = 1; i < document->entries_count; i++) {
        buf_put_text(&buf, i > 1 ? "," : "[");
        buf_put_json_string(&buf, policy_document_entry_name(document, i, walk->arena));
    }
    buf_put_text(&buf, "]");
    if (buf_failed(&buf))
        walk->arena->failed = true;
    else
        text = arena_copy(walk->arena, buf_slice(&buf));
    buf_done(&buf);
    return text;
}

static void walk_entries(struct walk *walk, const struct json_node *a, const struct json_node *b)
{
    if (reordered(walk))
        add(walk, SLICE_LITERAL("/fallback_routes"), order_of(walk, walk->before),
            order_of(walk, walk->after));
    for (unsigned i = 0; i < walk->pairs_count; i++) {
        const struct json_node *before = entry_node(a, walk->pairs[i].before);
        const struct json_node *after = entry_node(b, walk->pairs[i].after);

        if (before && after)
            walk_value(walk, before, after);
        else if (before || after)
            add_nodes(walk, before, after);
    }
}

/* ---- both halves ---- */

static enum result
dump_tree(const struct policy_document *document, struct arena *arena, struct json_node **ret_root)
{
    struct json_error error;
    enum result result;
    struct buf buf;

    buf_init(&buf, TEXT_BYTES_MAX_OF_DUMP);
    result = policy_dump(document, &buf);
    if (result == RESULT_OK)
        result = json_parse(buf_slice(&buf), arena, ret_root, &error);
    buf_done(&buf);
    return result;
}

static void say_order(struct consequences *consequences, const struct walk *walk)
{
    struct buf *text = &consequences->text;

    if (!reordered(walk))
        return;
    buf_put_text(text, "Entries are now tried in this order");
    for (uint32_t i = 1; i < walk->after->entries_count; i++) {
        buf_put_text(text, i > 1 ? ", " : ": ");
        buf_put_slice(text, policy_document_entry_name(walk->after, i, walk->arena));
    }
    buf_put_text(text, ".");
    consequence_add(consequences);
}

static enum result find_consequences(struct walk *walk, struct policy_diff *diff)
{
    struct consequences consequences = {
        .before = walk->before, .after = walk->after, .arena = walk->arena};
    unsigned count = 0;

    buf_init(&consequences.text, TEXT_BYTES_MAX_OF_DUMP);
    consequence_of_settings(&consequences);
    consequence_of_entry(&consequences, (struct entry_pair){0, 0});
    for (unsigned i = 0; i < walk->pairs_count; i++)
        consequence_of_entry(&consequences, walk->pairs[i]);
    say_order(&consequences, walk);
    consequence_of_failures(&consequences);
    buf_done(&consequences.text);
    diff->consequences = arena_calloc(walk->arena, consequences.count, sizeof *diff->consequences);
    if (walk->arena->failed)
        return RESULT_NO_MEMORY;
    for (const struct sentence *each = consequences.first; each; each = each->next)
        diff->consequences[count++] = each->text;
    diff->consequences_count = count;
    return RESULT_OK;
}

static enum result find_fields(struct walk *walk, struct policy_diff *diff)
{
    struct json_node *a, *b;
    enum result result = dump_tree(walk->before, walk->arena, &a);
    unsigned count = 0;

    if (result == RESULT_OK)
        result = dump_tree(walk->after, walk->arena, &b);
    if (result != RESULT_OK)
        return RESULT_NO_MEMORY; /* a dump is JSON: nothing else can be wrong */
    walk_value(walk, a, b);
    walk_entries(walk, a, b);
    diff->fields = arena_calloc(walk->arena, walk->count, sizeof *diff->fields);
    if (walk->arena->failed)
        return RESULT_NO_MEMORY;
    for (const struct change *each = walk->first; each; each = each->next)
        diff->fields[count++] = each->change;
    diff->fields_count = count;
    return RESULT_OK;
}

enum result policy_diff(const struct policy_document *before,
                        const struct policy_document *after,
                        struct arena *arena,
                        struct policy_diff *ret_diff)
{
    struct walk walk = {.before = before, .after = after, .arena = arena};
    struct policy_diff diff = {.fields_count = 0};
    enum result result;

    pair_entries(&walk);
    result = find_fields(&walk, &diff);
    if (result == RESULT_OK)
        result = find_consequences(&walk, &diff);
    if (result == RESULT_OK)
        *ret_diff = diff;
    return result;
}
