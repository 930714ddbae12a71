/* A service to play on. Its writer thread is real, so an answer that waits for a commit is waited
 * for in real time; nothing of that shows in the script's. */
#include "play/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/uuid.h"

#define START_MS       INT64_C(1795000000000)
#define WAIT_TURNS_MAX 20000

static bool open_service(struct stage *stage)
{
    struct service_options options = {.directory = stage->directory, .map_bytes = 64 << 20};
    struct service_error error;

    if (service_open(&options, &stage->service, &error) == RESULT_OK)
        return true;
    fprintf(stderr, "the service does not open: %s\n", error.text);
    return false;
}

bool stage_open(struct stage *stage)
{
    *stage = (struct stage){
        .directory = "/tmp/signalbox-play-XXXXXX",
        .now_ms = START_MS,
        .gateway = {.key_id = SLICE_LITERAL("key_play"), .role = ROLE_OPERATOR},
    };
    arena_init(&stage->arena, NULL, 0, 64 << 20);
    return mkdtemp(stage->directory) && open_service(stage);
}

void stage_close(struct stage *stage)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "lock", "operator.token"};
    char path[128];

    service_close(stage->service);
    arena_done(&stage->arena);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", stage->directory, files[i]);
        unlink(path);
    }
    rmdir(stage->directory);
}

bool stage_restart(struct stage *stage)
{
    service_close(stage->service);
    stage->service = NULL;
    return open_service(stage);
}

struct stage_request *stage_request(struct stage *stage, const char *name)
{
    struct stage_request *request;

    for (unsigned i = 0; i < stage->requests_count; i++)
        if (!strcmp(stage->requests[i].name, name))
            return &stage->requests[i];
    if (stage->requests_count == STAGE_REQUESTS_MAX || strlen(name) >= sizeof request->name)
        return NULL;
    request = &stage->requests[stage->requests_count++];
    memcpy(request->name, name, strlen(name) + 1);
    request->id = uuid_make(stage->now_ms);
    return request;
}

struct admin_call *stage_call(struct stage *stage)
{
    admin_call_init(&stage->call, &stage->arena, &stage->gateway, stage->now_ms);
    return &stage->call;
}

struct stage_key *stage_key(struct stage *stage, const char *name)
{
    for (unsigned i = 0; i < stage->keys_count; i++)
        if (!strcmp(stage->keys[i].name, name))
            return &stage->keys[i];
    return NULL;
}

static struct trace copy_trace(struct arena *arena, const struct trace *trace)
{
    struct trace copy = *trace;
    struct trace_item *items = arena_calloc(arena, trace->count + 1, sizeof *items);

    for (unsigned i = 0; items && i < trace->count; i++) {
        items[i] = trace->items[i];
        items[i].route = arena_copy(arena, items[i].route);
        items[i].check = arena_copy(arena, items[i].check);
        items[i].found.text = arena_copy(arena, items[i].found.text);
        items[i].needed.text = arena_copy(arena, items[i].needed.text);
    }
    copy.items = items;
    return copy;
}

static void on_answer(struct ticket *ticket, const struct ticket_answer *answer)
{
    struct stage *stage = CONTAINER_OF(ticket, struct stage, ticket);
    struct decision *decision = &stage->decision;

    stage->answered = true;
    stage->result = answer->result;
    stage->error_reason = arena_copy(&stage->arena, answer->reason);
    if (answer->result != RESULT_OK)
        return;
    *decision = *answer->decision;
    decision->route.id = arena_copy(&stage->arena, decision->route.id);
    decision->rule = arena_copy(&stage->arena, decision->rule);
    decision->detail = arena_copy(&stage->arena, decision->detail);
    decision->default_response = arena_copy(&stage->arena, decision->default_response);
    decision->notice.text = arena_copy(&stage->arena, decision->notice.text);
    decision->error.code = arena_copy(&stage->arena, decision->error.code);
    decision->error.type = arena_copy(&stage->arena, decision->error.type);
    decision->error.message = arena_copy(&stage->arena, decision->error.message);
    decision->resume_token = arena_copy(&stage->arena, decision->resume_token);
    decision->trace = copy_trace(&stage->arena, &decision->trace);
    decision->has_record = false;
}

bool stage_ask(struct stage *stage, struct stage_request *request)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};

    stage->answered = false;
    stage->ticket = (struct ticket){.answer = on_answer};
    request->question.request_id = request->id;
    request->question.want_trace = true;
    service_ask(stage->service, &stage->gateway, &request->question, stage->now_ms, &stage->ticket);
    for (int turn = 0; !stage->answered && turn < WAIT_TURNS_MAX; turn++) {
        service_turn(stage->service, stage->now_ms);
        if (!stage->answered)
            nanosleep(&millisecond, NULL);
    }
    if (!stage->answered)
        service_forget(stage->service, &stage->ticket);
    if (stage->answered && stage->result == RESULT_OK) {
        struct slice token = stage->decision.resume_token;

        memcpy(request->token, token.ptr, token.len);
        request->token_bytes = token.len;
    }
    return stage->answered;
}
