/* Keys: create, list, revoke. A key is stored under its id and found by the HMAC of its secret's
 * digest; the secret itself leaves with the answer and is kept nowhere. */
#include "service/keys.h"

#include "service/admin.h"
#include "service/copy.h"
#include "service/rights.h"
#include "service/secret.h"

#define PRINCIPAL_BYTES_MAX (256 * 1024)

/* Writes the key, and the row that finds it where it is new, and puts it into service. */
static enum result store_key_record(struct service *service,
                                    const struct digest *identity,
                                    const struct principal *principal,
                                    bool new)
{
    struct key *key = key_new(identity, principal);
    struct key_set *keys = key ? key_set_new(service->admin.current->keys, key) : NULL;
    struct store_write write = {.ops_count = new ? 2 : 1};
    struct buf bytes;
    enum result result = RESULT_NO_MEMORY;

    buf_init(&bytes, PRINCIPAL_BYTES_MAX);
    principal_encode(principal, &bytes);
    write.ops[0] =
        (struct store_op){STORE_OP_PUT, STORE_TABLE_KEY, principal->key_id, buf_slice(&bytes)};
    write.ops[1] = (struct store_op){STORE_OP_PUT, STORE_TABLE_KEY_SECRET,
                                     (struct slice){(const char *)identity->bytes, DIGEST_BYTES},
                                     principal->key_id};
    if (keys && !buf_failed(&bytes))
        result = admin_commit(service, &write, NULL, keys, NULL);
    buf_done(&bytes);
    key_set_unref(keys);
    key_unref(key);
    return result;
}

enum result keys_add(struct service *service,
                     const struct principal *wanted,
                     const char *key_id,
                     const char *secret,
                     int64_t now_ms)
{
    struct digest identity = secret_identity(service->store, slice_of(secret));
    struct principal principal = *wanted;

    principal.key_id = slice_of(key_id);
    principal.created_ms = now_ms;
    principal.revoked_ms = 0;
    return store_key_record(service, &identity, &principal, true);
}

static bool is_name(struct slice name)
{
    return name.len <= NAME_BYTES_MAX && !(name.len && memchr(name.ptr, '\0', name.len));
}

static bool are_names(struct texts names)
{
    bool good = names.count <= LIST_ITEMS_MAX;

    for (unsigned i = 0; good && i < names.count; i++)
        good = names.items[i].len && is_name(names.items[i]);
    return good;
}

/* What is wrong with it, or NULL. */
static const char *find_fault(const struct admin_call *call, const struct principal *wanted)
{
    if (!signalbox_role_known((unsigned)wanted->role))
        return "A key needs a role.";
    if (wanted->role == ROLE_CLIENT && !wanted->tenant.len)
        return "A client's key needs a tenant.";
    if (wanted->role == ROLE_CLIENT && slice_is(wanted->tenant, "-"))
        return "The tenant - stands for nobody.";
    if (!is_name(wanted->tenant) || !is_name(wanted->team) || !is_name(wanted->user) ||
        !is_name(wanted->app) || !is_name(wanted->default_workload) ||
        !is_name(wanted->default_environment))
        return "A name has at most 128 bytes and no NUL.";
    if (!are_names(wanted->workloads) || !are_names(wanted->environments) ||
        !are_names(wanted->tenants))
        return "A list has at most 64 names of 1 to 128 bytes without NUL.";
    if (wanted->label.len > TEXT_BYTES_MAX)
        return "A label has at most 512 bytes.";
    if (wanted->default_workload.len && !rights_list(wanted->workloads, wanted->default_workload))
        return "The default workload is not among the allowed ones.";
    if (wanted->default_environment.len &&
        !rights_list(wanted->environments, wanted->default_environment))
        return "The default environment is not among the allowed ones.";
    if (wanted->expires_ms < 0 || (wanted->expires_ms && wanted->expires_ms <= call->now_ms))
        return "A key expires in the future or never.";
    return NULL;
}

/* As it is in service now, in the arena. */
static enum result give_principal(const struct service *service,
                                  struct admin_call *call,
                                  const struct digest *identity,
                                  struct principal *ret_principal)
{
    const struct principal *principal = snapshot_principal(service->admin.current, identity);

    if (!principal)
        return RESULT_NOT_FOUND;
    return copy_principal(call->arena, principal, ret_principal) ? RESULT_OK : RESULT_NO_MEMORY;
}

enum result service_create_key(struct service *service,
                               struct admin_call *call,
                               const struct principal *wanted,
                               struct principal *ret_principal,
                               char ret_secret[SECRET_TEXT_BYTES + 1])
{
    char secret[SECRET_TEXT_BYTES + 1], key_id[KEY_ID_TEXT_BYTES + 1];
    const char *fault = find_fault(call, wanted);
    struct digest identity;
    enum result result;

    if (fault)
        return admin_fail(call, RESULT_INVALID, fault);
    if (!rights_key(call->caller, wanted))
        return admin_fail(call, RESULT_DENIED,
                          "The key would reach beyond the token's own tenants and environments.");
    secret_make(secret);
    secret_make_key_id(key_id);
    result = keys_add(service, wanted, key_id, secret, call->now_ms);
    if (result == RESULT_OK) {
        identity = secret_identity(service->store, slice_of(secret));
        result = give_principal(service, call, &identity, ret_principal);
    }
    if (result == RESULT_OK)
        memcpy(ret_secret, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
    return result;
}

struct listing {
    struct admin_call *call;
    struct principal *principals;
    unsigned count, rows_max, walked;
    struct slice last; /* id of the key that was looked at last */
    bool more;
    enum result result;
};

static bool on_key_row(void *context, struct slice key, struct slice value)
{
    struct listing *listing = context;
    struct arena *arena = listing->call->arena;
    struct principal *principal;
    struct slice copy;

    if (listing->count == listing->rows_max || listing->walked == ADMIN_WALK_ROWS_MAX) {
        listing->more = true;
        return false;
    }
    listing->walked++;
    listing->last = key;
    principal = &listing->principals[listing->count];
    copy = arena_copy(arena, value);
    listing->result = arena->failed ? RESULT_NO_MEMORY : principal_decode(copy, arena, principal);
    if (listing->result)
        return false;
    if (rights_key(listing->call->caller, principal))
        listing->count++;
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): parameters as service.h has them */
enum result service_list_keys(struct service *service,
                              struct admin_call *call,
                              struct slice page_token,
                              unsigned rows_max,
                              struct principal **ret_principals,
                              unsigned *ret_count,
                              struct slice *ret_next)
{
    struct listing listing = {.call = call, .rows_max = admin_rows(rows_max)};
    char from[KEY_ID_TEXT_BYTES + 1] = {0};
    struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = ADMIN_WALK_ROWS_MAX + 1};
    enum result result;

    /* The token is the last key's id; with a NUL behind it, it sorts right after that key. */
    if (page_token.len && page_token.len != KEY_ID_TEXT_BYTES)
        return admin_fail(call, RESULT_INVALID, "The page token is not one of this list's.");
    if (page_token.len) {
        memcpy(from, page_token.ptr, page_token.len);
        walk.from = (struct slice){from, sizeof from};
    }
    listing.principals = arena_calloc(call->arena, listing.rows_max, sizeof *listing.principals);
    if (!listing.principals)
        return RESULT_NO_MEMORY;
    result = admin_begin(service);
    if (result)
        return result;
    result = store_walk(service->admin.read, STORE_TABLE_KEY, &walk, on_key_row, &listing);
    listing.last = arena_copy(call->arena, listing.last);
    admin_end(service);
    if (result || listing.result)
        return result ? result : listing.result;
    *ret_principals = listing.principals;
    *ret_count = listing.count;
    *ret_next = listing.more ? listing.last : SLICE_LITERAL("");
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result service_revoke_key(struct service *service,
                               struct admin_call *call,
                               struct slice key_id,
                               struct principal *ret_principal)
{
    struct principal revoked;
    struct key *key = NULL;
    size_t position = 0;
    enum result result;

    while ((key = map_next(&service->admin.current->keys->keys, &position)) != NULL)
        if (slice_equal(key->principal.key_id, key_id))
            break;
    if (!key || !rights_key(call->caller, &key->principal))
        return admin_fail(call, RESULT_NOT_FOUND, "There is no key of that id.");
    if (!key->principal.revoked_ms) {
        struct digest identity = key->identity;

        /* From a copy: what is in service now is let go with the change. */
        if (!copy_principal(call->arena, &key->principal, &revoked))
            return RESULT_NO_MEMORY;
        revoked.revoked_ms = call->now_ms;
        result = store_key_record(service, &identity, &revoked, false);
        if (result)
            return result;
        *ret_principal = revoked;
        return RESULT_OK;
    }
    return copy_principal(call->arena, &key->principal, ret_principal) ? RESULT_OK
                                                                       : RESULT_NO_MEMORY;
}
