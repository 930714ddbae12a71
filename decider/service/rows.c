/* Values are copied into an arena as they are encoded; what is large and stays anyway (compiled
 * blocks) is lent. */
#include "service/rows.h"

#include "base/random.h"
#include "service/admin.h"

#define ROWS_BYTES_MAX (256 * 1024 * 1024)
#define ROWS_FIRST     32

void rows_init(struct rows *rows)
{
    *rows = (struct rows){.count = 0};
    arena_init(&rows->arena, NULL, 0, ROWS_BYTES_MAX);
    buf_init(&rows->bytes, ADMIN_RECORD_BYTES_MAX);
}

void rows_done(struct rows *rows)
{
    buf_done(&rows->bytes);
    arena_done(&rows->arena);
}

struct buf *rows_bytes(struct rows *rows)
{
    buf_clear(&rows->bytes);
    return &rows->bytes;
}

static void add(struct rows *rows, const struct store_op *op)
{
    unsigned capacity = rows->capacity ? 2 * rows->capacity : ROWS_FIRST;
    struct store_op *ops = rows->ops;

    if (rows->count == rows->capacity) {
        ops = arena_calloc(&rows->arena, capacity, sizeof *ops);
        if (!ops) {
            rows->failed = true;
            return;
        }
        if (rows->count)
            memcpy(ops, rows->ops, rows->count * sizeof *ops);
        rows->ops = ops;
        rows->capacity = capacity;
    }
    ops[rows->count++] = *op;
}

void rows_lend(struct rows *rows, enum store_table table, struct slice key, struct slice value)
{
    add(rows, &(struct store_op){STORE_OP_PUT, table, key, value});
}

void rows_delete(struct rows *rows, enum store_table table, struct slice key)
{
    add(rows, &(struct store_op){STORE_OP_DELETE, table, key, {NULL, 0}});
}

void rows_put(struct rows *rows, enum store_table table, struct slice key)
{
    if (buf_failed(&rows->bytes))
        rows->too_large = true;
    else
        rows_lend(rows, table, arena_copy(&rows->arena, key),
                  arena_copy(&rows->arena, buf_slice(&rows->bytes)));
    rows->failed |= rows->arena.failed;
}

/* Rows of one millisecond are in the order in which they were made; random bits keep those apart
 * that another process made at a millisecond of the same number. */
static uint64_t next_in_order(void)
{
    static _Atomic uint32_t order;

    return (uint64_t)atomic_fetch_add(&order, 1) << 32 | (uint32_t)random_u64();
}

void rows_audit(struct rows *rows, const struct audit_record *record)
{
    struct store_key key = layout_audit(record->at_ms, next_in_order());

    audit_record_encode(record, rows_bytes(rows));
    rows_put(rows, STORE_TABLE_AUDIT, store_key_slice(&key));
}

void rows_repeat(struct rows *rows, struct idempotent *repeat, struct slice answer)
{
    struct store_op op;

    if (!idempotent_named(repeat))
        return;
    /* An answer is never empty, but where there was no memory to make it. */
    if (!answer.len) {
        rows->failed = true;
        return;
    }
    op = idempotent_op(repeat, answer);
    rows->too_large |= buf_failed(&repeat->bytes);
    add(rows, &op);
}

enum result rows_commit(struct rows *rows,
                        struct service *service,
                        struct policy_set *policies,
                        struct catalog_set *catalog)
{
    struct store_write write = {.more_ops = rows->ops, .more_ops_count = rows->count};

    if (rows->failed)
        return RESULT_NO_MEMORY;
    if (rows->too_large)
        return RESULT_TOO_LARGE;
    /* What changes nothing in service needs no hand-over. */
    if (!policies && !catalog)
        return store_write_wait(service->store, &write);
    return admin_commit(service, &write, policies, NULL, catalog);
}
