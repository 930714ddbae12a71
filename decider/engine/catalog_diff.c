/* Two catalogs compared: every object by its id, every field by its path, both sheets in order side
 * by side.
 *
 * What a change voids is not told from the field alone but asked of the evidence's own text of the
 * route before and after: a field that is written differently and means the same voids nothing.
 * Whose route, model or account it is, is gathered first, in one pass over the routes. */
#include "engine/catalog_diff.h"

#include "engine/catalog_sheet.h"
#include "engine/evidence.h"

#define SCRATCH_BYTES_HELD 16384
#define SCRATCH_BYTES_MAX  (64 * 1024 * 1024)
#define SUMMARY_BYTES_MAX  (512 * 1024)
#define CHANGES_FIRST      64

/* One list of a catalog; its objects start with their ids. */
struct objects {
    const char *items;
    unsigned count;
    size_t bytes;
};

struct diff {
    const struct catalog *before, *after;
    struct arena *arena;
    struct arena scratch; /* of one object */
    char memory[SCRATCH_BYTES_HELD];
    struct catalog_change *changes;
    unsigned count, capacity;
    /* Per object of after, the bindings that change on the routes it is part of. */
    uint64_t *voids[CATALOG_OBJECT_END];
    bool failed;
};

static struct objects objects_of(const struct catalog *catalog, enum catalog_object kind)
{
    struct objects objects = {NULL, 0, 0};

    if (!catalog)
        return objects;
    switch (kind) {
    case CATALOG_OBJECT_PROVIDER:
        return (struct objects){(const char *)catalog->providers, catalog->providers_count,
                                sizeof *catalog->providers};
    case CATALOG_OBJECT_ACCOUNT:
        return (struct objects){(const char *)catalog->accounts, catalog->accounts_count,
                                sizeof *catalog->accounts};
    case CATALOG_OBJECT_MODEL:
        return (struct objects){(const char *)catalog->models, catalog->models_count,
                                sizeof *catalog->models};
    case CATALOG_OBJECT_ROUTE:
        return (struct objects){(const char *)catalog->routes, catalog->routes_count,
                                sizeof *catalog->routes};
    case CATALOG_OBJECT_END:
        break;
    }
    return objects;
}

_Static_assert(offsetof(struct catalog_provider, id) == 0, "an object starts with its id");
_Static_assert(offsetof(struct catalog_account, id) == 0, "an object starts with its id");
_Static_assert(offsetof(struct catalog_model, id) == 0, "an object starts with its id");
_Static_assert(offsetof(struct catalog_route, id) == 0, "an object starts with its id");

static const void *object_at(const struct objects *objects, unsigned index)
{
    return objects->items + index * objects->bytes;
}

static struct slice id_of(const void *object)
{
    return *(const struct slice *)object;
}

/* The objects of a list by id; false: no memory. */
static bool index_objects(const struct objects *objects, struct map *map)
{
    map_init(map);
    if (!map_reserve(map, objects->count))
        return false;
    for (unsigned i = 0; i < objects->count; i++)
        if (!map_put(map, id_of(object_at(objects, i)), (void *)(uintptr_t)object_at(objects, i)))
            return false;
    return true;
}

/* Room for one more change, or NULL. A list that grows leaves its old self in the arena, which is
 * at most as much again. */
static struct catalog_change *add_change(struct diff *diff)
{
    if (diff->count == diff->capacity) {
        unsigned capacity = diff->capacity ? 2 * diff->capacity : CHANGES_FIRST;
        struct catalog_change *changes = arena_calloc(diff->arena, capacity, sizeof *changes);

        if (!changes)
            return NULL;
        if (diff->count)
            memcpy(changes, diff->changes, diff->count * sizeof *changes);
        diff->changes = changes;
        diff->capacity = capacity;
    }
    return &diff->changes[diff->count++];
}

static struct slice
pointer_of(struct diff *diff, enum catalog_object kind, struct slice id, struct slice path)
{
    struct slice object = catalog_pointer(catalog_object_list(kind), id, &diff->scratch);

    return path.len ? arena_format(diff->arena, "/%.*s/%.*s", (int)object.len, object.ptr,
                                   (int)path.len, path.ptr)
                    : arena_format(diff->arena, "/%.*s", (int)object.len, object.ptr);
}

/* Everything that an object says, in one line; what is false is left out. */
static struct slice summary_of(struct diff *diff, enum catalog_object kind, const void *object)
{
    struct catalog_sheet sheet = catalog_sheet_make(kind, object, &diff->scratch);
    struct slice summary;
    struct buf buf;

    buf_init(&buf, SUMMARY_BYTES_MAX);
    for (unsigned i = 0; i < sheet.count; i++) {
        const struct catalog_line *line = &sheet.lines[i];

        if (slice_is(line->value, "false"))
            continue;
        buf_format(&buf, "%s%.*s: ", buf.len ? "; " : "", (int)line->path.len, line->path.ptr);
        buf_put_slice(&buf, line->value);
    }
    diff->failed |= buf_failed(&buf);
    summary = arena_copy(diff->arena, buf_slice(&buf));
    buf_done(&buf);
    return summary;
}

/* An object that stands on one side only. What is gone takes everything that speaks of it along. */
static void add_object(struct diff *diff,
                       enum catalog_object kind,
                       const void *object,
                       enum catalog_change_kind change_kind)
{
    bool removed = change_kind == CATALOG_CHANGE_REMOVED;
    bool spoken_of = kind == CATALOG_OBJECT_ROUTE || kind == CATALOG_OBJECT_MODEL;
    struct catalog_change *change = add_change(diff);
    struct slice summary = summary_of(diff, kind, object);

    if (!change)
        return;
    *change = (struct catalog_change){
        .kind = change_kind,
        .pointer = pointer_of(diff, kind, id_of(object), SLICE_LITERAL("")),
        .before = removed ? summary : SLICE_LITERAL(""),
        .after = removed ? SLICE_LITERAL("") : summary,
        .voids = removed && spoken_of ? SET_OF(BINDING_END) - 2 : 0,
    };
}

static void add_line(struct diff *diff,
                     struct slice pointer,
                     const struct catalog_line *before,
                     const struct catalog_line *after,
                     uint64_t voids)
{
    struct catalog_change *change = add_change(diff);
    uint64_t bindings = (before ? before->bindings : 0) | (after ? after->bindings : 0);

    if (!change)
        return;
    *change = (struct catalog_change){
        .kind = !before  ? CATALOG_CHANGE_ADDED
                : !after ? CATALOG_CHANGE_REMOVED
                         : CATALOG_CHANGE_ALTERED,
        .pointer = pointer,
        .before = before ? arena_copy(diff->arena, before->value) : SLICE_LITERAL(""),
        .after = after ? arena_copy(diff->arena, after->value) : SLICE_LITERAL(""),
        .voids = bindings & voids,
    };
}

/* The lines of both sheets in the order of their paths. */
static void compare_object(struct diff *diff,
                           enum catalog_object kind,
                           const void *before,
                           const void *after,
                           uint64_t voids)
{
    struct catalog_sheet old = catalog_sheet_make(kind, before, &diff->scratch);
    struct catalog_sheet new = catalog_sheet_make(kind, after, &diff->scratch);
    unsigned i = 0, k = 0;

    while (i < old.count || k < new.count) {
        int order = i == old.count   ? 1
                    : k == new.count ? -1
                                     : slice_compare(old.lines[i].path, new.lines[k].path);
        struct slice path = order <= 0 ? old.lines[i].path : new.lines[k].path;
        const struct catalog_line *left = order <= 0 ? &old.lines[i++] : NULL;
        const struct catalog_line *right = order >= 0 ? &new.lines[k++] : NULL;

        if (!left || !right || !slice_equal(left->value, right->value))
            add_line(diff, pointer_of(diff, kind, id_of(after), path), left, right, voids);
    }
}

/* The bindings whose values differ between two versions of a route. */
static uint64_t changed_bindings(struct diff *diff,
                                 const struct catalog_route *before,
                                 const struct catalog_route *after)
{
    uint64_t changed = 0;

    for (unsigned i = 1; i < BINDING_END; i++)
        if (signalbox_binding_known(i)) {
            struct slice old = evidence_binding_value((enum binding)i, before, &diff->scratch);
            struct slice new = evidence_binding_value((enum binding)i, after, &diff->scratch);

            if (!slice_equal(old, new))
                changed |= SET_OF(i);
        }
    return changed;
}

/* arena_reset forgets a failure, so it is kept first. */
static void reset_scratch(struct diff *diff)
{
    diff->failed |= diff->scratch.failed;
    arena_reset(&diff->scratch);
}

static void gather_voids(struct diff *diff)
{
    const struct catalog *after = diff->after;

    for (unsigned i = 0; diff->before && i < after->routes_count; i++) {
        const struct catalog_route *route = &after->routes[i];
        const struct catalog_route *was = map_get(&diff->before->routes_by_id, route->id);
        uint64_t changed = was ? changed_bindings(diff, was, route) : 0;

        diff->voids[CATALOG_OBJECT_ROUTE][i] = changed;
        diff->voids[CATALOG_OBJECT_MODEL][route->model - after->models] |= changed;
        diff->voids[CATALOG_OBJECT_ACCOUNT][route->account - after->accounts] |= changed;
        reset_scratch(diff);
    }
}

static bool compare_list(struct diff *diff, enum catalog_object kind)
{
    const struct objects before = objects_of(diff->before, kind);
    const struct objects after = objects_of(diff->after, kind);
    struct map olds, news;
    bool whole = index_objects(&before, &olds);

    whole &= index_objects(&after, &news);
    for (unsigned i = 0; whole && i < after.count; i++) {
        const void *object = object_at(&after, i);
        const void *was = map_get(&olds, id_of(object));

        if (was)
            compare_object(diff, kind, was, object, diff->voids[kind][i]);
        else
            add_object(diff, kind, object, CATALOG_CHANGE_ADDED);
        reset_scratch(diff);
    }
    for (unsigned i = 0; whole && i < before.count; i++) {
        const void *object = object_at(&before, i);

        if (!map_get(&news, id_of(object)))
            add_object(diff, kind, object, CATALOG_CHANGE_REMOVED);
        reset_scratch(diff);
    }
    map_done(&olds);
    map_done(&news);
    return whole;
}

enum result catalog_diff(const struct catalog *before,
                         const struct catalog *after,
                         struct arena *arena,
                         struct catalog_diff *ret_diff)
{
    struct diff diff = {.before = before, .after = after, .arena = arena};
    bool whole = true;

    arena_init(&diff.scratch, diff.memory, sizeof diff.memory, SCRATCH_BYTES_MAX);
    for (unsigned kind = 0; kind < CATALOG_OBJECT_END; kind++) {
        diff.voids[kind] =
            arena_calloc(arena, objects_of(after, (enum catalog_object)kind).count + 1,
                         sizeof *diff.voids[kind]);
        whole &= diff.voids[kind] != NULL;
    }
    if (whole)
        gather_voids(&diff);
    for (unsigned kind = 0; whole && kind < CATALOG_OBJECT_END; kind++)
        whole = compare_list(&diff, (enum catalog_object)kind);
    diff.failed |= diff.scratch.failed;
    arena_done(&diff.scratch);
    if (!whole || diff.failed || arena->failed)
        return RESULT_NO_MEMORY;
    *ret_diff = (struct catalog_diff){diff.changes, diff.count};
    return RESULT_OK;
}
