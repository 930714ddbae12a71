/* The client's headers: headers.def as a table of places in struct facts.
 *
 * Values are copied: the connection that lends them may be gone when the facts are said again.
 * Every text is checked for UTF-8 here, because the wire to the decider holds nothing else. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "core/headers.h"

#define PREFIX          "x-signalbox-"
#define DEADLINE_MS_MAX TOTAL_TIMEOUT_MS_MAX

enum header_kind {
    HEADER_TEXT,
    HEADER_BOOL,
    HEADER_ENUM,
    HEADER_SET,
    HEADER_TEXTS,
};

typedef unsigned (*member_finder)(struct slice name);

static unsigned find__(struct slice name)
{
    (void)name;
    return 0;
}

#define FINDER(list)                                                                               \
    static unsigned find_##list(struct slice name)                                                 \
    {                                                                                              \
        enum list found;                                                                           \
                                                                                                   \
        return signalbox_##list##_parse(name, &found) ? found : 0;                                 \
    }
FINDER(traffic_class)
FINDER(data_class)
FINDER(sensitivity)
FINDER(side_effect)
#undef FINDER

static const struct header_row {
    const char *name;
    enum header_kind kind;
    member_finder find;
    size_t place; /* in struct facts */
} rows[] = {
#define H(name, KIND, list, field, sentence)                                                       \
    {name, HEADER_##KIND, find_##list, offsetof(struct facts, field)},
#include "core/headers.def"
#undef H
};

static bool refuse_value(struct request *request, struct refusal *refusal, struct slice name)
{
    return request_refuse(request, refusal, "invalid_header", name,
                          "Invalid value of header '%.*s'.", (int)(name.len < 64 ? name.len : 64),
                          name.ptr);
}

static struct slice trim(struct slice text)
{
    while (text.len && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool next_item(struct slice *list, struct slice *ret_item)
{
    const char *comma;
    size_t len;

    if (!list->len)
        return false;
    comma = memchr(list->ptr, ',', list->len);
    len = comma ? (size_t)(comma - list->ptr) : list->len;
    *ret_item = trim((struct slice){list->ptr, len});
    len += comma != NULL;
    list->ptr += len;
    list->len -= len;
    return true;
}

static bool read_bool(struct slice value, bool *ret_truth)
{
    if (slice_is(value, "true"))
        *ret_truth = true;
    else if (slice_is(value, "false"))
        *ret_truth = false;
    else
        return false;
    return true;
}

static bool read_set(const struct header_row *row, struct slice value, uint64_t *ret_set)
{
    struct slice item;
    uint64_t set = 0;

    while (next_item(&value, &item)) {
        unsigned found = row->find(item);

        if (!found)
            return false;
        set |= SET_OF(found);
    }
    *ret_set |= set;
    return set != 0;
}

static bool read_texts(struct request *request, struct slice value, struct texts *ret_texts)
{
    struct slice *items = arena_calloc(request->arena, LIST_ITEMS_MAX, sizeof *items);
    struct slice item;
    unsigned count = 0;

    while (items && next_item(&value, &item)) {
        if (!item.len || item.len > NAME_BYTES_MAX || count == LIST_ITEMS_MAX)
            return false;
        items[count++] = arena_copy(request->arena, item);
    }
    *ret_texts = (struct texts){items, count};
    return count != 0;
}

static bool read_row(struct request *request, const struct header_row *row, struct slice value)
{
    void *place = (char *)&request->facts + row->place;
    unsigned found;

    switch (row->kind) {
    case HEADER_TEXT:
        if (!value.len || value.len > NAME_BYTES_MAX)
            return false;
        *(struct slice *)place = arena_copy(request->arena, value);
        return true;
    case HEADER_BOOL:
        return read_bool(value, place);
    case HEADER_ENUM:
        found = row->find(value);
        *(unsigned *)place = found;
        return found != 0;
    case HEADER_SET:
        return read_set(row, value, place);
    case HEADER_TEXTS:
        return read_texts(request, value, place);
    }
    return false;
}

_Static_assert(sizeof(enum traffic_class) == sizeof(unsigned), "an enum fact is set as a number");

/* key=value pairs are free tags; a word alone is a sensitivity tag. */
static bool read_tags(struct request *request, struct slice value)
{
    struct facts *facts = &request->facts;
    struct pair *pairs = arena_calloc(request->arena, TAGS_MAX, sizeof *pairs);
    struct slice item;
    unsigned count = 0;

    while (pairs && next_item(&value, &item)) {
        const char *equals = memchr(item.ptr, '=', item.len);
        struct slice key = {item.ptr, equals ? (size_t)(equals - item.ptr) : item.len};
        unsigned found = equals ? 0 : find_sensitivity(item);

        if (!equals && found) {
            facts->sensitivity_tags |= SET_OF(found);
            continue;
        }
        if (!equals || !key.len || key.len > NAME_BYTES_MAX || item.len > TEXT_BYTES_MAX ||
            count == TAGS_MAX)
            return false;
        for (unsigned i = 0; i < count; i++)
            if (slice_equal(pairs[i].key, key))
                return false;
        pairs[count].key = arena_copy(request->arena, key);
        pairs[count++].value =
            arena_copy(request->arena, (struct slice){equals + 1, item.len - key.len - 1});
    }
    facts->tags = (struct pairs){pairs, count};
    return pairs != NULL;
}

static bool read_deadline(struct request *request, struct slice value)
{
    uint64_t number = 0;

    if (!value.len || value.len > 9)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (!isdigit((unsigned char)value.ptr[i]))
            return false;
        number = number * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    request->deadline_ms = (uint32_t)(number > DEADLINE_MS_MAX ? DEADLINE_MS_MAX : number);
    return number != 0;
}

static bool read_own(struct request *request,
                     struct slice name,
                     struct slice value,
                     struct refusal *reterr_refusal)
{
    struct slice rest = {name.ptr + sizeof PREFIX - 1, name.len - (sizeof PREFIX - 1)};

    if (!utf8_valid_text(value))
        return refuse_value(request, reterr_refusal, name);
    if (slice_is(rest, "tags"))
        return read_tags(request, value) || refuse_value(request, reterr_refusal, name);
    if (slice_is(rest, "deadline-ms"))
        return read_deadline(request, value) || refuse_value(request, reterr_refusal, name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(rest, rows[i].name))
            return read_row(request, &rows[i], value) ||
                   refuse_value(request, reterr_refusal, name);
    return request_refuse(request, reterr_refusal, "unknown_header", name, "Unknown header '%.*s'.",
                          (int)(name.len < 64 ? name.len : 64), name.ptr);
}

static void read_authorization(struct request *request, struct slice value)
{
    static const char scheme[] = "bearer ";
    struct digest digest;

    if (value.len <= sizeof scheme - 1 || strncasecmp(value.ptr, scheme, sizeof scheme - 1) != 0)
        return;
    value = trim((struct slice){value.ptr + sizeof scheme - 1, value.len - (sizeof scheme - 1)});
    if (!value.len)
        return;
    digest_sha256(value, &digest);
    memcpy(request->key_digest, digest.bytes, sizeof request->key_digest);
    request->facts.key_digest =
        (struct slice){(const char *)request->key_digest, sizeof request->key_digest};
}

static void forward(struct request *request, const char *name, struct slice value)
{
    if (request->forwarded_count == FORWARDED_HEADERS_MAX || value.len > TEXT_BYTES_MAX)
        return;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ')
            return;
    request->forwarded[request->forwarded_count++] =
        (struct pair){slice_of(name), arena_copy(request->arena, value)};
}

bool headers_read_request(struct request *request,
                          struct slice name,
                          struct slice value,
                          struct refusal *reterr_refusal)
{
    static const char *const forwarded[] = {"openai-beta", "traceparent", "tracestate"};

    if (name.len > sizeof PREFIX - 1 && memcmp(name.ptr, PREFIX, sizeof PREFIX - 1) == 0)
        return read_own(request, name, trim(value), reterr_refusal);
    if (slice_is(name, "authorization")) {
        read_authorization(request, trim(value));
    } else if (slice_is(name, "x-client-request-id")) {
        if (value.len <= NAME_BYTES_MAX && utf8_valid_text(value))
            request->facts.client_request_id = arena_copy(request->arena, value);
    } else if (name.len >= 10 && name.len <= 11) {
        for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
            if (slice_is(name, forwarded[i]))
                forward(request, forwarded[i], value);
    }
    return true;
}
