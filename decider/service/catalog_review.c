/* A policy whose two blocks are equal but for the catalog's number is not touched, and nothing more
 * is asked about it; so reviewing ten thousand policies costs little more than compiling them. */
#include "service/catalog_review.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/invariant.h"

#define LINE_CHANGES_MAX 6
#define LINES_FIRST      16
#define SUBJECT_BYTES    (2 * NAME_BYTES_MAX + 16)

/* Changes of one subject, in the order of the diff. */
struct subject {
    struct subject *next; /* a further change */
    const struct catalog_change *change;
    struct slice key;
};

/* "/routes/ID" of "/routes/ID/prices/input". */
static struct slice subject_of(struct slice pointer)
{
    size_t slashes = 0, len = 0;

    while (len < pointer.len && (slashes += pointer.ptr[len] == '/') < 3)
        len++;
    return (struct slice){pointer.ptr, len};
}

static bool index_change(struct catalog_review *review, const struct catalog_change *change)
{
    struct subject *subject = arena_calloc(review->arena, 1, sizeof *subject), *first;

    if (!subject)
        return false;
    subject->change = change;
    subject->key = subject_of(change->pointer);
    first = map_get(&review->changes, subject->key);
    if (!first)
        return map_put(&review->changes, subject->key, subject);
    while (first->next)
        first = first->next;
    first->next = subject;
    return true;
}

enum result catalog_review_begin(struct catalog_review *review,
                                 const struct catalog *before,
                                 const struct catalog *after,
                                 struct arena *arena)
{
    enum result result;

    *review = (struct catalog_review){.arena = arena};
    map_init(&review->changes);
    map_init(&review->voided);
    result = catalog_diff(before, after, arena, &review->diff);
    for (unsigned i = 0; result == RESULT_OK && i < review->diff.changes_count; i++)
        if (!index_change(review, &review->diff.changes[i]))
            result = RESULT_NO_MEMORY;
    return result;
}

void catalog_review_done(struct catalog_review *review)
{
    map_done(&review->changes);
    map_done(&review->voided);
}

static bool differs(const struct policy *before, const struct policy *after)
{
    const size_t at = offsetof(struct policy, catalog_version);
    const size_t behind = at + sizeof before->catalog_version;
    const char *a = (const char *)before, *b = (const char *)after;

    return before->bytes != after->bytes || memcmp(a, b, at) != 0 ||
           memcmp(a + behind, b + behind, before->bytes - behind) != 0;
}

/* ---- evidence ---- */

typedef bool (*visit_piece)(void *context, const struct policy *policy, struct slice id);

/* Every piece that counts on some route. */
static bool each_held(const struct policy *policy, visit_piece visit, void *context)
{
    for (unsigned i = 0; i < policy->routes.len; i++)
        for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
            struct policy_ref list = policy_route(policy, i)->evidence[kind];
            const struct policy_evidence *pieces = policy_at(policy, list.offset);

            for (unsigned j = 0; j < list.len; j++)
                if (pieces[j].state == EVIDENCE_STATE_HELD &&
                    !visit(context, policy, policy_text(policy, pieces[j].id)))
                    return false;
        }
    return true;
}

static bool put_held(void *context, const struct policy *policy, struct slice id)
{
    union {
        const struct policy *lent;
        void *value;
    } any = {.lent = policy}; /* a set: only that there is a value is asked for */

    return map_put(context, id, any.value);
}

struct voiding {
    struct catalog_review *review;
    struct map held; /* after */
    unsigned count;
    bool failed;
};

static bool put_voided(void *context, const struct policy *policy, struct slice id)
{
    struct voiding *voiding = context;
    struct catalog_review *review = voiding->review;
    struct slice *copy;

    (void)policy;
    if (map_get(&voiding->held, id))
        return true;
    voiding->count++;
    if (map_get(&review->voided, id))
        return true;
    copy = arena_alloc(review->arena, sizeof *copy);
    if (!copy)
        return false;
    *copy = arena_copy(review->arena, id);
    return !review->arena->failed && map_put(&review->voided, *copy, copy);
}

static enum result find_voided(struct catalog_review *review,
                               const struct policy *before,
                               const struct policy *after,
                               unsigned *ret_count)
{
    struct voiding voiding = {.review = review};
    bool done;

    map_init(&voiding.held);
    done = each_held(after, put_held, &voiding.held) && each_held(before, put_voided, &voiding);
    map_done(&voiding.held);
    *ret_count = voiding.count;
    return done ? RESULT_OK : RESULT_NO_MEMORY;
}

/* ---- lines ---- */

struct line {
    const struct catalog_review *review;
    struct buf *text;
    struct map seen; /* subjects; several routes have one account */
    unsigned told, left;
};

/* "/routes/ID", escaped as in a pointer. */
static struct slice make_subject(const char *list, struct slice id, char memory[SUBJECT_BYTES])
{
    struct buf bytes;

    buf_init_fixed(&bytes, memory, SUBJECT_BYTES);
    buf_format(&bytes, "/%s/", list);
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] == '~' || id.ptr[i] == '/')
            buf_put_text(&bytes, id.ptr[i] == '~' ? "~0" : "~1");
        else
            buf_put(&bytes, &id.ptr[i], 1);
    return buf_failed(&bytes) ? SLICE_LITERAL("") : buf_slice(&bytes);
}

static bool tell_subject(struct line *line, const char *list, struct slice id)
{
    char memory[SUBJECT_BYTES];
    struct subject *subject = map_get(&line->review->changes, make_subject(list, id, memory));

    if (!subject || map_get(&line->seen, subject->key))
        return true;
    if (!map_put(&line->seen, subject->key, subject))
        return false;
    for (; subject; subject = subject->next) {
        if (line->told == LINE_CHANGES_MAX) {
            line->left++;
            continue;
        }
        buf_put_text(line->text, line->told++ ? ", " : " ");
        buf_put_slice(line->text, subject->change->pointer);
    }
    return true;
}

static bool tell_route(struct line *line, const struct policy *policy, unsigned index)
{
    const struct policy_route *route = policy_route(policy, index);

    return tell_subject(line, "routes", policy_text(policy, route->id)) &&
           tell_subject(line, "models", policy_text(policy, route->model_id)) &&
           tell_subject(line, "accounts", policy_text(policy, route->account)) &&
           tell_subject(line, "providers", policy_text(policy, route->provider));
}

static enum result
write_line(struct line *line, const struct policy *before, const struct policy *after)
{
    struct slice id = policy_text(after, after->id);
    bool told = true;

    map_init(&line->seen);
    buf_format(line->text, "%.*s@%u:", (int)id.len, id.ptr, (unsigned)after->version);
    for (unsigned i = 0; told && i < before->routes.len; i++)
        told = tell_route(line, before, i);
    for (unsigned i = 0; told && i < after->routes.len; i++)
        told = tell_route(line, after, i);
    map_done(&line->seen);
    return told ? RESULT_OK : RESULT_NO_MEMORY;
}

static bool add_line(struct catalog_review *review, struct slice text)
{
    unsigned capacity = review->lines_capacity ? 2 * review->lines_capacity : LINES_FIRST;
    struct slice *lines = review->lines;

    if (review->lines_count == review->lines_capacity) {
        lines = arena_calloc(review->arena, capacity, sizeof *lines);
        if (!lines)
            return false;
        if (review->lines_count)
            memcpy(lines, review->lines, review->lines_count * sizeof *lines);
        review->lines = lines;
        review->lines_capacity = capacity;
    }
    lines[review->lines_count++] = arena_copy(review->arena, text);
    return !review->arena->failed;
}

enum result catalog_review_policy(struct catalog_review *review,
                                  const struct policy *before,
                                  const struct policy *after)
{
    char memory[8 * 1024];
    struct buf text;
    struct line line = {.review = review, .text = &text};
    unsigned voided;
    enum result result;

    if (!differs(before, after))
        return RESULT_OK;
    buf_init_fixed(&text, memory, sizeof memory);
    result = find_voided(review, before, after, &voided);
    if (result == RESULT_OK)
        result = write_line(&line, before, after);
    if (result)
        return result;
    if (line.left)
        buf_format(&text, " and %u more", line.left);
    if (!line.told)
        buf_put_text(&text, " it resolves to other routes");
    if (voided)
        buf_format(&text, "; evidence that counts no more: %u", voided);
    invariant(!buf_failed(&text));
    return add_line(review, buf_slice(&text)) ? RESULT_OK : RESULT_NO_MEMORY;
}

/* Ids of one prefix: the shorter number is the smaller. */
static int by_number(const void *a, const void *b)
{
    const struct slice *one = a, *other = b;

    if (one->len != other->len)
        return one->len < other->len ? -1 : 1;
    return memcmp(one->ptr, other->ptr, one->len);
}

enum result catalog_review_tell(const struct catalog_review *review,
                                struct catalog_summary *ret_catalog)
{
    struct slice *voided = arena_calloc(review->arena, review->voided.count + 1, sizeof *voided);
    const struct slice *id;
    size_t position = 0;
    unsigned count = 0;

    if (!voided)
        return RESULT_NO_MEMORY;
    while ((id = map_next(&review->voided, &position)) != NULL)
        voided[count++] = *id;
    qsort(voided, count, sizeof *voided, by_number);
    ret_catalog->diff = review->diff;
    ret_catalog->voided = voided;
    ret_catalog->voided_count = count;
    ret_catalog->touched = review->lines;
    ret_catalog->touched_count = review->lines_count;
    return RESULT_OK;
}
