/* Catalog objects to sheets: a table of fields for each kind of object, a text for each kind of
 * field. Lines are sorted by path, which puts steps and extra units, whose names come from the
 * document, in an order of their own too. */
#include "engine/catalog_sheet.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "engine/field_time.h"

#define PUSD_DIGITS    12
#define PERCENT_DIGITS 4
#define DECIMAL_BYTES  32
/* Every byte of a name may need an escape. */
#define POINTER_BYTES_MAX (64 + 2 * NAME_BYTES_MAX)
/* A model's strengths with their sources are the longest value. */
#define VALUE_BYTES_MAX (256 * 1024)

enum sheet_kind {
    SHEET_KIND_TEXT,
    SHEET_KIND_TEXTS,
    SHEET_KIND_SET,
    SHEET_KIND_WORD,
    SHEET_KIND_U64,
    SHEET_KIND_U32,
    SHEET_KIND_FLAG,
    SHEET_KIND_DATE,
    SHEET_KIND_PERCENT,
    SHEET_KIND_OWN,
};

struct sheet_row {
    const char *path;
    enum sheet_kind kind;
    size_t offset;
    uint64_t bindings;
    const struct taxonomy_row *words;
    unsigned words_end;
    void (*put)(struct buf *buf, const void *object);
};

static void put_between(struct buf *buf, size_t start)
{
    buf_put_text(buf, buf->len > start ? ", " : "");
}

static void put_set(struct buf *buf, uint64_t set, const struct taxonomy_row *rows, unsigned end)
{
    size_t start = buf->len;

    for (unsigned i = 1; i < end; i++)
        if (set_has(set, i) && rows[i].name) {
            put_between(buf, start);
            buf_put_text(buf, rows[i].name);
        }
}

static void put_texts(struct buf *buf, const struct texts *texts)
{
    size_t start = buf->len;

    for (unsigned i = 0; i < texts->count; i++) {
        put_between(buf, start);
        buf_put_slice(buf, texts->items[i]);
    }
}

static void put_decimal(struct buf *buf, uint64_t value, unsigned digits)
{
    char text[DECIMAL_BYTES];

    decimal_format(value, digits, text);
    buf_put_text(buf, text);
}

static void put_account_provider(struct buf *buf, const void *object)
{
    buf_put_slice(buf, ((const struct catalog_account *)object)->provider->id);
}

static void put_route_model(struct buf *buf, const void *object)
{
    buf_put_slice(buf, ((const struct catalog_route *)object)->model->id);
}

static void put_route_account(struct buf *buf, const void *object)
{
    buf_put_slice(buf, ((const struct catalog_route *)object)->account->id);
}

static void put_lacks(struct buf *buf, const void *object)
{
    const struct catalog_route *route = object;

    put_set(buf, route->model->capabilities & ~route->capabilities, need_rows, NEED_END);
}

/* In the order of strength.def, whatever the document's. */
static void put_strengths(struct buf *buf, const void *object)
{
    const struct catalog_model *model = object;
    size_t start = buf->len;

    for (unsigned word = 1; word < STRENGTH_END; word++)
        for (unsigned i = 0; i < model->strengths_count; i++)
            if ((unsigned)model->strengths[i].strength == word) {
                put_between(buf, start);
                buf_format(buf, "%s (", strength_rows[word].name);
                buf_put_slice(buf, model->strengths[i].source);
                buf_put_text(buf, ")");
            }
}

static void put_value(struct buf *buf, const struct sheet_row *row, const void *object)
{
    const char *member = (const char *)object + row->offset;

    switch (row->kind) {
    case SHEET_KIND_TEXT:
        buf_put_slice(buf, *(const struct slice *)(const void *)member);
        break;
    case SHEET_KIND_TEXTS:
        put_texts(buf, (const struct texts *)(const void *)member);
        break;
    case SHEET_KIND_SET:
        put_set(buf, *(const uint64_t *)(const void *)member, row->words, row->words_end);
        break;
    case SHEET_KIND_WORD:
        put_set(buf, SET_OF(*(const unsigned *)(const void *)member), row->words, row->words_end);
        break;
    case SHEET_KIND_U64:
        if (*(const uint64_t *)(const void *)member)
            put_decimal(buf, *(const uint64_t *)(const void *)member, 0);
        break;
    case SHEET_KIND_U32:
        if (*(const uint32_t *)(const void *)member)
            put_decimal(buf, *(const uint32_t *)(const void *)member, 0);
        break;
    case SHEET_KIND_FLAG:
        buf_put_text(buf, *(const bool *)(const void *)member ? "true" : "false");
        break;
    case SHEET_KIND_DATE:
        if (*(const int64_t *)(const void *)member)
            field_time_put_date(buf, *(const int64_t *)(const void *)member);
        break;
    case SHEET_KIND_PERCENT:
        if (*(const uint64_t *)(const void *)member)
            put_decimal(buf, *(const uint64_t *)(const void *)member, PERCENT_DIGITS);
        break;
    case SHEET_KIND_OWN:
        row->put(buf, object);
        break;
    }
}

static const struct sheet_row *rows_of(enum catalog_object kind, unsigned *ret_count)
{
#define B(NAME)             SET_OF(BINDING_##NAME)
#define WORDS(list, PREFIX) .words = list##_rows, .words_end = PREFIX##_END
#define PUT(name)           .put = put_##name
#define ROW(type, path_, KIND, member, bindings_, ...)                                             \
    {.path = path_,                                                                                \
     .kind = SHEET_KIND_##KIND,                                                                    \
     .offset = offsetof(struct type, member),                                                      \
     .bindings = bindings_,                                                                        \
     __VA_ARGS__},
    static const struct sheet_row provider_rows[] = {
#define PROVIDER(...) ROW(catalog_provider, __VA_ARGS__)
#include "engine/catalog_sheet.def"
    };
    static const struct sheet_row account_rows[] = {
#define ACCOUNT(...) ROW(catalog_account, __VA_ARGS__)
#include "engine/catalog_sheet.def"
    };
    static const struct sheet_row model_rows[] = {
#define MODEL(...) ROW(catalog_model, __VA_ARGS__)
#include "engine/catalog_sheet.def"
    };
    static const struct sheet_row route_rows[] = {
#define ROUTE(...) ROW(catalog_route, __VA_ARGS__)
#include "engine/catalog_sheet.def"
    };
#undef B
#undef WORDS
#undef PUT
#undef ROW
#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, sizeof(rows) / sizeof *(rows)                                                        \
    }
    static const struct {
        const struct sheet_row *rows;
        unsigned count;
    } tables[CATALOG_OBJECT_END] = {
        [CATALOG_OBJECT_PROVIDER] = TABLE(provider_rows),
        [CATALOG_OBJECT_ACCOUNT] = TABLE(account_rows),
        [CATALOG_OBJECT_MODEL] = TABLE(model_rows),
        [CATALOG_OBJECT_ROUTE] = TABLE(route_rows),
    };
#undef TABLE

    *ret_count = tables[kind].count;
    return tables[kind].rows;
}

const char *catalog_object_list(enum catalog_object kind)
{
    static const char *const lists[CATALOG_OBJECT_END] = {
        [CATALOG_OBJECT_PROVIDER] = "providers",
        [CATALOG_OBJECT_ACCOUNT] = "accounts",
        [CATALOG_OBJECT_MODEL] = "models",
        [CATALOG_OBJECT_ROUTE] = "routes",
    };

    return lists[kind];
}

/* A price as price lists print it: so many decimals fewer as the unit is sold by the thousands. */
static struct slice price_text(enum unit unit, uint64_t price_pusd, struct arena *arena)
{
    static const uint32_t pers[] = {
#define T(NAME, number, name, sentence, per) [number] = per,
#include "signalbox/taxonomy/unit.def"
#undef T
    };
    unsigned digits = PUSD_DIGITS;
    char text[DECIMAL_BYTES];

    for (uint32_t per = pers[unit]; per > 1; per /= 10)
        digits--;
    decimal_format(price_pusd, digits, text);
    return arena_copy(arena, slice_of(text));
}

struct slice catalog_pointer(const char *parent, struct slice name, struct arena *arena)
{
    struct buf buf;
    struct slice pointer;

    buf_init(&buf, POINTER_BYTES_MAX);
    buf_put_text(&buf, parent);
    buf_put_text(&buf, "/");
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '/')
            buf_put_text(&buf, "~1");
        else if (name.ptr[i] == '~')
            buf_put_text(&buf, "~0");
        else
            buf_put(&buf, &name.ptr[i], 1);
    if (buf_failed(&buf))
        arena->failed = true;
    pointer = arena_copy(arena, buf_slice(&buf));
    buf_done(&buf);
    return pointer;
}

static void
add_line(struct catalog_sheet *sheet, struct slice path, struct slice value, uint64_t bindings)
{
    if (value.len)
        sheet->lines[sheet->count++] = (struct catalog_line){path, value, bindings};
}

static void
add_prices(struct catalog_sheet *sheet, const struct catalog_route *route, struct arena *arena)
{
    const uint64_t bindings = SET_OF(BINDING_PRICES);

    for (unsigned unit = 1; unit < UNIT_END; unit++) {
        if (!set_has(route->priced, unit))
            continue;
        add_line(sheet, arena_format(arena, "prices/%s", unit_rows[unit].name),
                 price_text((enum unit)unit, route->price_pusd[unit], arena), bindings);
        for (unsigned i = 0; i < route->price_steps_count; i++)
            add_line(sheet,
                     arena_format(arena, "prices/steps/%llu/%s",
                                  (unsigned long long)route->price_steps[i].above_input_tokens,
                                  unit_rows[unit].name),
                     price_text((enum unit)unit, route->price_steps[i].price_pusd[unit], arena),
                     bindings);
    }
    for (unsigned i = 0; i < route->extra_units_count; i++) {
        char text[DECIMAL_BYTES];

        decimal_format(route->extra_units[i].price_pusd, PUSD_DIGITS, text);
        add_line(sheet, catalog_pointer("prices/extra", route->extra_units[i].name, arena),
                 arena_copy(arena, slice_of(text)), bindings);
    }
}

static int compare_lines(const void *a, const void *b)
{
    return slice_compare(((const struct catalog_line *)a)->path,
                         ((const struct catalog_line *)b)->path);
}

struct catalog_sheet
catalog_sheet_make(enum catalog_object kind, const void *object, struct arena *arena)
{
    const struct catalog_route *route = object;
    bool priced = kind == CATALOG_OBJECT_ROUTE;
    struct catalog_sheet sheet = {NULL, 0};
    unsigned count, most;
    const struct sheet_row *rows = rows_of(kind, &count);
    struct buf buf;

    most = count;
    if (priced)
        most += (1 + route->price_steps_count) * UNIT_END + route->extra_units_count;
    sheet.lines = arena_calloc(arena, most, sizeof *sheet.lines);
    if (!sheet.lines)
        return sheet;
    buf_init(&buf, VALUE_BYTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        buf_clear(&buf);
        put_value(&buf, &rows[i], object);
        if (buf_failed(&buf))
            arena->failed = true;
        add_line(&sheet, slice_of(rows[i].path), arena_copy(arena, buf_slice(&buf)),
                 rows[i].bindings);
    }
    buf_done(&buf);
    if (priced)
        add_prices(&sheet, route, arena);
    qsort(sheet.lines, sheet.count, sizeof *sheet.lines, compare_lines);
    return sheet;
}
