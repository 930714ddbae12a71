/* The snapshot is made before the commit, so that after it nothing can fail but the wait. */
#include "service/admin.h"

#include "service/handover.h"

void admin_call_init(struct admin_call *call,
                     struct arena *arena,
                     const struct principal *caller,
                     int64_t now_ms)
{
    *call = (struct admin_call){.arena = arena, .caller = caller, .now_ms = now_ms};
    diagnostics_init(&call->diagnostics, arena);
}

enum result admin_begin(struct service *service)
{
    return store_read_renew(service->admin.read);
}

void admin_end(struct service *service)
{
    store_read_reset(service->admin.read);
}

enum result admin_fail(struct admin_call *call, enum result result, const char *message)
{
    call->message = slice_of(message);
    return result;
}

unsigned admin_rows(unsigned rows_max)
{
    if (rows_max == 0)
        return ADMIN_ROWS_DEFAULT;
    return rows_max < ADMIN_ROWS_MAX ? rows_max : ADMIN_ROWS_MAX;
}

enum result admin_commit(struct service *service,
                         struct store_write *write,
                         struct policy_set *policies,
                         struct key_set *keys,
                         struct catalog_set *catalog)
{
    const struct snapshot *current = service->admin.current;
    struct snapshot *snapshot =
        snapshot_new(policies ? policies : current->policies, keys ? keys : current->keys,
                     catalog ? catalog : current->catalog);
    enum result result;

    if (!snapshot)
        return RESULT_NO_MEMORY;
    result = store_write_wait(service->store, write);
    if (result) {
        snapshot_unref(snapshot);
        return result;
    }
    return handover_give(service, snapshot);
}
