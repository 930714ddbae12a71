/* Opening and closing: the store, one read transaction per thread, the first snapshot, the first
 * operator token. */
#include "service/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "service/commit.h"
#include "service/errand.h"
#include "service/handover.h"
#include "service/load.h"
#include "service/secret.h"

#define READERS_MAX        8
#define DIGEST_BYTES_MAX   (4 * 1024 * 1024)
#define DIGEST_BYTES_FIRST (16 * 1024)

static enum result fail(struct service_error *reterr_error, enum result result, const char *what)
{
    snprintf(reterr_error->text, sizeof reterr_error->text, "%s: %s", what,
             result_row(result)->sentence);
    return result;
}

static enum result open_store(struct service *service,
                              const struct service_options *options,
                              struct service_error *reterr_error)
{
    const struct store_options store_options = {
        .directory = options->directory,
        .map_bytes = options->map_bytes,
        .readers_max = READERS_MAX,
    };
    struct store_error error = {.text = ""};
    enum result result = store_open(&store_options, &service->store, &error);

    if (result) {
        snprintf(reterr_error->text, sizeof reterr_error->text, "%s", error.text);
        return result;
    }
    result = store_read_open(service->store, &service->owner.read);
    if (result == RESULT_OK)
        result = store_read_open(service->store, &service->admin.read);
    return result ? fail(reterr_error, result, "the store cannot be read") : RESULT_OK;
}

static enum result load(struct service *service, struct service_error *reterr_error)
{
    struct snapshot *snapshot = NULL;
    enum result result = store_read_renew(service->admin.read);

    if (result)
        return fail(reterr_error, result, "the store cannot be read");
    result = load_snapshot(service->admin.read, &snapshot, reterr_error);
    if (result == RESULT_OK) {
        result = switches_load(&service->owner.switches, service->admin.read, reterr_error);
        if (result)
            snapshot_unref(snapshot);
    }
    store_read_reset(service->admin.read);
    return result ? result : handover_give(service, snapshot);
}

static enum result make_operator(struct service *service,
                                 const struct service_options *options,
                                 struct service_error *reterr_error)
{
    char path[4096];

    if (load_has_operator(service->admin.current, clock_unix_ms()))
        return RESULT_OK;
    if (snprintf(path, sizeof path, "%s%s",
                 options->token_file ? options->token_file : options->directory,
                 options->token_file ? "" : "/operator.token") >= (int)sizeof path)
        return fail(reterr_error, RESULT_INVALID, "the operator token's file name is too long");
    return secret_make_operator(service, path, clock_unix_ms(), reterr_error);
}

enum result service_open(const struct service_options *options,
                         struct service **ret_service,
                         struct service_error *reterr_error)
{
    struct service *service = calloc(1, sizeof *service);
    struct owner *owner;
    enum result result;

    if (!service)
        return fail(reterr_error, RESULT_NO_MEMORY, "the service");
    owner = &service->owner;
    service->give_up_ms = options->give_up_ms;
    requests_init(&owner->requests);
    compiled_cache_init(&owner->compiled);
    switches_init(&owner->switches);
    tallies_init(&owner->tallies);
    buf_init(&owner->bytes, DIGEST_BYTES_MAX);
    arena_init(&owner->arena, owner->memory, sizeof owner->memory, SCRATCH_BYTES_MAX);
    if (!handover_init(&service->handover)) {
        free(service);
        return fail(reterr_error, RESULT_NO_MEMORY, "the service");
    }
    result = open_store(service, options, reterr_error);
    if (result == RESULT_OK)
        result = load(service, reterr_error);
    if (result == RESULT_OK)
        result = make_operator(service, options, reterr_error);
    /* So that the first questions do not grow it. */
    if (result == RESULT_OK && !buf_reserve(&owner->bytes, DIGEST_BYTES_FIRST))
        result = fail(reterr_error, RESULT_NO_MEMORY, "the service");
    if (result) {
        service_close(service);
        return result;
    }
    *ret_service = service;
    return RESULT_OK;
}

void service_close(struct service *service)
{
    struct write_slot *slot, *next;
    struct owner *owner;

    if (!service)
        return;
    owner = &service->owner;
    store_read_close(owner->read);
    store_read_close(service->admin.read);
    /* Every submitted write is done after this, and its memory free to go. */
    if (service->store)
        store_close(service->store);
    for (slot = commit_collect(service); slot; slot = next) {
        next = slot->next;
        commit_release(slot);
    }
    errands_done(service);
    requests_done(&owner->requests);
    compiled_cache_done(&owner->compiled);
    switches_done(&owner->switches);
    tallies_done(&owner->tallies);
    snapshot_unref(owner->live);
    snapshot_unref(service->admin.current);
    handover_done(&service->handover);
    buf_done(&owner->bytes);
    arena_done(&owner->arena);
    free(service);
}

void service_on_wake(struct service *service, void (*wake)(void *context), void *context)
{
    service->wake_context = context;
    service->wake = wake;
    handover_expect(&service->handover, wake != NULL);
}

struct digest service_identity(const struct service *service, struct slice secret)
{
    return secret_identity(service->store, secret);
}

struct digest service_identity_of_digest(const struct service *service, struct slice sha256)
{
    return secret_identity_of_digest(service->store, sha256);
}

static const struct principal *principal_of(const struct snapshot *snapshot,
                                            const struct digest *identity,
                                            int64_t now_ms,
                                            enum reason *ret_reason)
{
    const struct principal *principal = snapshot_principal(snapshot, identity);

    *ret_reason = principal ? principal_refusal(principal, now_ms) : REASON_UNKNOWN_PRINCIPAL;
    return *ret_reason ? NULL : principal;
}

const struct principal *service_principal(struct service *service,
                                          const struct digest *identity,
                                          int64_t now_ms,
                                          enum reason *ret_reason)
{
    return principal_of(service->owner.live, identity, now_ms, ret_reason);
}

const struct principal *service_admin_principal(struct service *service,
                                                const struct digest *identity,
                                                int64_t now_ms,
                                                struct arena *arena,
                                                enum reason *ret_reason)
{
    (void)arena; /* the snapshot itself lends it */
    return principal_of(service->admin.current, identity, now_ms, ret_reason);
}

void service_stats(const struct service *service, struct service_stats *ret_stats)
{
    const struct counters *counters = &service->counters;
    struct store_stats store;

    store_stats(service->store, &store);
    *ret_stats = (struct service_stats){
        .questions = atomic_load_explicit(&counters->questions, memory_order_relaxed),
        .duplicates = atomic_load_explicit(&counters->duplicates, memory_order_relaxed),
        .adopted = atomic_load_explicit(&counters->adopted, memory_order_relaxed),
        .refused = atomic_load_explicit(&counters->refused, memory_order_relaxed),
        .superseded = atomic_load_explicit(&counters->superseded, memory_order_relaxed),
        .unreported = atomic_load_explicit(&counters->unreported, memory_order_relaxed),
        .open_requests = atomic_load_explicit(&counters->open_requests, memory_order_relaxed),
        .commits = store.commits,
    };
}
