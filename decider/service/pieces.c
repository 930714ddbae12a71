/* A piece is stored as canonical text and parsed whenever a policy is compiled: text outlives
 * changes of structures, and compiling is seldom. */
#include "service/pieces.h"

#include "engine/diagnostic.h"
#include "store/layout.h"

#define PIECES_FIRST 16

static bool grow(struct pieces *pieces, struct arena *arena)
{
    unsigned capacity = pieces->capacity ? 2 * pieces->capacity : PIECES_FIRST;
    struct evidence_piece *items = arena_calloc(arena, capacity, sizeof *items);
    uint32_t *numbers = arena_calloc(arena, capacity, sizeof *numbers);

    if (!items || !numbers)
        return false;
    if (pieces->count) {
        memcpy(items, pieces->items, pieces->count * sizeof *items);
        memcpy(numbers, pieces->numbers, pieces->count * sizeof *numbers);
    }
    pieces->items = items;
    pieces->numbers = numbers;
    pieces->capacity = capacity;
    return true;
}

/* A binding that this program does not know is left out: nothing asks for it. */
static enum result take_bindings(const struct evidence_record *record,
                                 struct arena *arena,
                                 struct evidence_bindings *ret_bindings)
{
    struct evidence_bound *items = arena_calloc(arena, record->bindings.count + 1, sizeof *items);
    unsigned count = 0;

    if (!items)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < record->bindings.count; i++)
        if (evidence_bound_parse(record->bindings.items[i].key, &items[count]))
            items[count++].value = record->bindings.items[i].value;
    *ret_bindings = (struct evidence_bindings){record->subject, items, count};
    return RESULT_OK;
}

static enum result make_piece(const struct evidence_record *record,
                              uint32_t number,
                              struct arena *arena,
                              struct evidence_piece *ret_piece)
{
    struct evidence_list list = {.count = 0};
    struct diagnostics findings;
    enum result result;

    diagnostics_init(&findings, arena);
    result = evidence_parse_stored(record->document, arena, &findings, &list);
    if (result == RESULT_OK && list.count != 1)
        result = RESULT_INVALID;
    if (result)
        return result == RESULT_INVALID ? RESULT_CORRUPT : result;
    *ret_piece = (struct evidence_piece){
        .id = pieces_id(arena, number),
        .evidence = list.items,
        .put_by = record->by,
        .put_by_user = record->by_user,
        .put_unix_ms = record->at_ms,
    };
    return take_bindings(record, arena, &ret_piece->bindings);
}

enum result pieces_add(struct pieces *pieces,
                       struct arena *arena,
                       uint32_t number,
                       const struct evidence_record *record)
{
    struct evidence_piece *revoked;
    enum result result;

    if (record->revokes) {
        revoked = pieces_find(pieces, record->revokes);
        if (!revoked)
            return RESULT_CORRUPT;
        /* Who is nobody, as the program itself, still takes back. */
        revoked->revoked_by = record->by.len ? record->by : SLICE_LITERAL("-");
        pieces->version = number;
        return RESULT_OK;
    }
    if (pieces->count == PIECES_MAX)
        return RESULT_TOO_LARGE;
    if (pieces->count == pieces->capacity && !grow(pieces, arena))
        return RESULT_NO_MEMORY;
    result = make_piece(record, number, arena, &pieces->items[pieces->count]);
    if (result)
        return result;
    pieces->numbers[pieces->count++] = number;
    pieces->version = number;
    return arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

struct evidence_piece *pieces_find(const struct pieces *pieces, uint32_t number)
{
    unsigned low = 0, high = pieces->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (pieces->numbers[middle] == number)
            return &pieces->items[middle];
        if (pieces->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct loading {
    struct pieces *pieces;
    struct arena *arena;
    uint32_t upto;
    enum result result;
};

static bool on_row(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;
    struct evidence_record record;
    struct slice workload, environment;
    uint32_t number;

    if (!layout_numbered_parse(key, &workload, &environment, &number)) {
        loading->result = RESULT_CORRUPT;
        return false;
    }
    if (number > loading->upto)
        return false;
    loading->result = evidence_record_decode(value, loading->arena, &record);
    if (loading->result == RESULT_OK)
        loading->result = pieces_add(loading->pieces, loading->arena, number, &record);
    return loading->result == RESULT_OK;
}

enum result pieces_load(struct store_read *read,
                        struct slice workload,
                        struct slice environment,
                        uint32_t upto,
                        struct arena *arena,
                        struct pieces *ret_pieces)
{
    struct store_key prefix = layout_numbered_rows(workload, environment);
    /* A revocation for each piece at most. */
    const struct store_walk walk = {.prefix = store_key_slice(&prefix), .rows_max = 2 * PIECES_MAX};
    struct loading loading = {.pieces = ret_pieces, .arena = arena, .upto = upto};
    enum result result;

    *ret_pieces = (struct pieces){.count = 0};
    result = store_walk(read, STORE_TABLE_EVIDENCE, &walk, on_row, &loading);
    return result ? result : loading.result;
}

struct newest {
    uint32_t number;
    bool corrupt;
};

static bool on_newest(void *context, struct slice key, struct slice value)
{
    struct newest *newest = context;
    struct slice workload, environment;

    (void)value;
    newest->corrupt = !layout_numbered_parse(key, &workload, &environment, &newest->number);
    return false;
}

enum result pieces_version(struct store_read *read,
                           struct slice workload,
                           struct slice environment,
                           uint32_t upto,
                           uint32_t *ret_version)
{
    struct store_key prefix = layout_numbered_rows(workload, environment);
    struct store_key from = layout_numbered(workload, environment, upto);
    const struct store_walk walk = {.prefix = store_key_slice(&prefix),
                                    .from = store_key_slice(&from),
                                    .backwards = true,
                                    .rows_max = 1};
    struct newest newest = {.number = 0};
    enum result result = store_walk(read, STORE_TABLE_EVIDENCE, &walk, on_newest, &newest);

    if (result)
        return result;
    *ret_version = newest.number;
    return newest.corrupt ? RESULT_CORRUPT : RESULT_OK;
}

struct slice pieces_id(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "ev-%u", (unsigned)number);
}

bool pieces_parse_id(struct slice id, uint32_t *ret_number)
{
    uint64_t number = 0;

    if (id.len < 4 || id.len > 13 || memcmp(id.ptr, "ev-", 3) != 0 || id.ptr[3] == '0')
        return false;
    for (size_t i = 3; i < id.len; i++) {
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(id.ptr[i] - '0');
    }
    *ret_number = (uint32_t)number;
    return number < EVIDENCE_NEWEST;
}
