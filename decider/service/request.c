/* Slabs of requests, a map by id, a wheel of one-second buckets. The map's values are chains,
 * because two tenants may have used one id; the chain has one member unless somebody tries. */
#include "service/request.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "service/compiled.h"

#define SLAB_REQUESTS 16

struct slab {
    struct request requests[SLAB_REQUESTS];
    struct slab *next;
};

void requests_init(struct requests *requests)
{
    map_init(&requests->by_id);
    requests->count = 0;
    list_init(&requests->free);
    requests->slabs = NULL;
    for (unsigned i = 0; i < WHEEL_SECONDS; i++)
        list_init(&requests->wheel[i]);
    requests->wheel_s = 0;
    requests->timers = 0;
}

void requests_done(struct requests *requests)
{
    struct request *request, *next;
    struct slab *slab;
    size_t position = 0;

    while ((request = map_next(&requests->by_id, &position)) != NULL)
        for (; request; request = next) {
            next = request->same_id;
            request_free(requests, request);
        }
    map_done(&requests->by_id);
    while ((slab = requests->slabs) != NULL) {
        requests->slabs = slab->next;
        free(slab);
    }
}

static bool grow(struct requests *requests)
{
    struct slab *slab = aligned_alloc(REQUEST_PAGE_BYTES, sizeof *slab);

    if (!slab)
        return false;
    slab->next = requests->slabs;
    requests->slabs = slab;
    for (unsigned i = 0; i < SLAB_REQUESTS; i++)
        list_append(&requests->free, &slab->requests[i].timer);
    return true;
}

struct request *request_new(struct requests *requests, struct uuid id, struct slice tenant)
{
    struct request *request;
    struct list *link;

    link = list_pop(&requests->free);
    if (!link && grow(requests))
        link = list_pop(&requests->free);
    if (!link)
        return NULL;
    request = CONTAINER_OF(link, struct request, timer);
    request->key = layout_request(id, tenant);
    request->id = id;
    request->tenant =
        (struct slice){request->key.bytes + request->key.len - tenant.len, tenant.len};
    request->same_id = NULL;
    request->give_up_ms = 0;
    list_init(&request->tickets);
    request->compiled = NULL;
    request->chain = (struct chain){0};
    request->durable = 0;
    request->waits = request->given_up = false;
    request->counted = request->missed = 0;
    request->trip = NULL;
    arena_init(&request->arena, request->memory, sizeof request->memory, REQUEST_TEXT_BYTES_MAX);
    for (unsigned i = 0; i < REQUEST_WRITES; i++)
        request->writes[i].busy = false;
    /* A boundary is cleared when it is decided; all of them are not, for they are many. */
    memset(&request->history, 0, offsetof(struct history, boundaries));
    request->history.boundaries_count = 0;
    request->history.unreported_ms = 0;
    return request;
}

void request_free(struct requests *requests, struct request *request)
{
    request_timer(requests, request, 0);
    compiled_unref(request->compiled);
    arena_done(&request->arena);
    list_append(&requests->free, &request->timer);
}

static struct slice id_slice(const struct uuid *id)
{
    return (struct slice){(const char *)id->bytes, sizeof id->bytes};
}

bool request_enter(struct requests *requests, struct request *request)
{
    struct request *first = map_get(&requests->by_id, id_slice(&request->id));

    if (first) {
        request->same_id = first->same_id;
        first->same_id = request;
    } else if (!map_put(&requests->by_id, id_slice(&request->id), request)) {
        return false;
    }
    requests->count++;
    return true;
}

void request_leave(struct requests *requests, struct request *request)
{
    struct request *before = map_get(&requests->by_id, id_slice(&request->id));

    requests->count--;
    if (before == request) {
        invariant(map_remove(&requests->by_id, id_slice(&request->id)) == request);
        /* The removal made room for the next of the chain. */
        if (request->same_id)
            invariant(map_put(&requests->by_id, id_slice(&request->same_id->id), request->same_id));
        return;
    }
    while (before && before->same_id != request)
        before = before->same_id;
    invariant(before);
    before->same_id = request->same_id;
}

struct request *request_find(const struct requests *requests,
                             struct uuid id,
                             struct slice tenant,
                             bool *ret_ambiguous)
{
    struct request *request = map_get(&requests->by_id, id_slice(&id));

    *ret_ambiguous = request && request->same_id && tenant.len == 0;
    while (request && tenant.len && !slice_equal(request->tenant, tenant))
        request = request->same_id;
    return request;
}

enum result request_decode(struct request *request, struct slice record)
{
    char *copy;

    arena_reset(&request->arena);
    copy = arena_alloc(&request->arena, record.len);
    if (!copy)
        return RESULT_NO_MEMORY;
    memcpy(copy, record.ptr, record.len);
    return history_decode((struct slice){copy, record.len}, &request->arena, &request->history);
}

enum result request_restore(struct request *request)
{
    struct rebuild rebuild;
    struct trace_sink sink;

    rebuild_begin(&rebuild, &request->history,
                  request->compiled ? request->compiled->policy : NULL);
    for (;;) {
        unsigned boundary = rebuild.next;

        trace_sink_init(&sink, NULL, 0);
        if (!rebuild_step(&rebuild, &sink, &request->output))
            break;
        outcome_of(&request->output, sink.digest, &request->outcomes[boundary]);
    }
    request->chain = rebuild.chain;
    return rebuild.next == request->history.boundaries_count ? RESULT_OK : RESULT_CORRUPT;
}

bool request_settled(const struct request *request)
{
    bool stored = request_ended(request) ? request->durable == request->history.boundaries_count
                                         : request->given_up;

    return stored && list_empty(&request->tickets) && !request_writing(request);
}

void request_retire(struct requests *requests, struct request *request)
{
    if (!request_settled(request))
        return;
    request_leave(requests, request);
    request_free(requests, request);
}

void request_timer(struct requests *requests, struct request *request, int64_t give_up_ms)
{
    int64_t second = give_up_ms / 1000;

    if (request->give_up_ms) {
        list_remove(&request->timer);
        requests->timers--;
    }
    request->give_up_ms = give_up_ms;
    if (!give_up_ms)
        return;
    /* What is past already goes where the next turn looks. */
    if (second < requests->wheel_s)
        second = requests->wheel_s;
    list_append(&requests->wheel[second % WHEEL_SECONDS], &request->timer);
    requests->timers++;
}

static struct request *expired_in(struct requests *requests, struct list *bucket, int64_t now_ms)
{
    LIST_EACH(bucket, link)
    {
        struct request *request = CONTAINER_OF(link, struct request, timer);

        if (request->give_up_ms <= now_ms) {
            request_timer(requests, request, 0);
            return request;
        }
    }
    return NULL;
}

struct request *requests_expired(struct requests *requests, int64_t now_ms)
{
    int64_t now_s = now_ms / 1000;
    struct request *request;

    /* Whole rounds need not be walked twice; and a clock that went back starts over. */
    if (requests->wheel_s < now_s - WHEEL_SECONDS)
        requests->wheel_s = now_s - WHEEL_SECONDS;
    if (requests->wheel_s > now_s)
        requests->wheel_s = now_s;
    for (;; requests->wheel_s++) {
        request = expired_in(requests, &requests->wheel[requests->wheel_s % WHEEL_SECONDS], now_ms);
        if (request || requests->wheel_s == now_s)
            return request;
    }
}

struct write_slot *request_slot(struct request *request)
{
    for (unsigned i = 0; i < REQUEST_WRITES; i++)
        if (!request->writes[i].busy)
            return &request->writes[i];
    return NULL;
}

bool request_writing(const struct request *request)
{
    for (unsigned i = 0; i < REQUEST_WRITES; i++)
        if (request->writes[i].busy)
            return true;
    return false;
}
