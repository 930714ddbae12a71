/* See play.h. Chunks are framed here and not by h2o's filter, which cannot send a head alone and
 * ends a broken response with bytes of its own. The play lives in the request's pool with a
 * destructor: its call is the one sign that a request is gone which HTTP/1 and HTTP/2 share. After
 * h2o_send() with a last state the play may be gone too, so nothing touches it afterwards. */
#include "play.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "connection.h"
#include "journal.h"
#include "memory.h"
#include "worker.h"

#define MAGIC 0x504c4159U
/* An HTTP/2 client may throw away what it has buffered of a stream when the stream is reset, so a
 * cut waits until the client has most likely read what came before. */
#define HTTP2_CUT_PAUSE_MS 20

struct play {
    h2o_generator_t super;
    uint32_t magic;
    h2o_req_t *request;
    struct worker *worker;
    struct connection *connection;
    const struct script *script;
    struct script *owned; /* NULL when the script is borrowed */
    uint64_t sequence;
    h2o_timeout_entry_t timer;
    size_t step;       /* the next one */
    uint64_t repeated; /* how often it was sent */
    uint64_t events;
    uint64_t output;
    bool headed;    /* the head was handed over */
    bool in_flight; /* h2o_send() was called and proceed was not */
    bool paused;    /* the pause before the next step is over */
    bool over;      /* the outcome is noted */
    bool chunked;   /* HTTP/1.1 without a content-length */
    char frame[24]; /* the chunk's size line, lent to h2o while in flight */
};

static void advance(struct play *play);
static void begin(struct play *play);

static bool is_http1(const struct play *play)
{
    return play->request->version < 0x200;
}

static void note_end(struct play *play, enum journal_outcome outcome)
{
    play->over = true;
    if (h2o_timeout_is_linked(&play->timer))
        h2o_timeout_unlink(&play->timer);
    connection_unwatch(play->connection, play);
    journal_end(play->sequence, outcome);
}

static void on_dispose(void *self)
{
    struct play *play = self;
    must(play->magic == MAGIC);
    if (!play->over)
        note_end(play, JOURNAL_OUTCOME_CLIENT_LEFT);
    script_free(play->owned);
    play->magic = 0;
}

static void send_head(struct play *play)
{
    h2o_req_t *request = play->request;
    const struct script *script = play->script;
    request->res.status = script->status;
    request->res.reason = script->status < 400 ? "OK" : "Error";
    if (script->sized)
        request->res.content_length = (size_t)script->length;
    else if (play->chunked)
        h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_TRANSFER_ENCODING, NULL,
                       H2O_STRLIT("chunked"));
    else
        request->http1_is_persistent = 0; /* HTTP/1.0 ends with the connection */
    for (size_t i = 0; i < script->header_count; i++) {
        const struct script_header *header = &script->headers[i];
        h2o_add_header_by_str(&request->pool, &request->res.headers, header->name,
                              strlen(header->name), 1, NULL, header->value, strlen(header->value));
    }
    play->headed = true;
    journal_status(play->sequence, script->status);
    h2o_start_response(request, &play->super);
}

/* Ends the response without its end. Without a head, h2o is first made to believe in one that
 * the shut socket never sends. */
static void send_broken_end(struct play *play)
{
    h2o_req_t *request = play->request;
    request->http1_is_persistent = 0;
    if (!play->headed) {
        play->headed = true;
        request->res.status = 499;
        request->res.reason = "Gone";
        h2o_start_response(request, &play->super);
    }
    h2o_send(request, NULL, 0, H2O_SEND_STATE_ERROR);
}

static void on_left(void *self)
{
    struct play *play = self;
    must(play->magic == MAGIC);
    note_end(play, JOURNAL_OUTCOME_CLIENT_LEFT);
    connection_drop(play->connection, false);
    if (!play->in_flight)
        send_broken_end(play); /* otherwise the write in flight fails, or proceeds to the same */
}

/* The connection dies without an answer. On HTTP/2 h2o sees that by reading, and disposes. */
static void end_without_head(struct play *play)
{
    note_end(play, JOURNAL_OUTCOME_CUT);
    connection_drop(play->connection, play->script->ending == ENDING_RESET);
    if (is_http1(play))
        send_broken_end(play);
}

static void end_after_steps(struct play *play)
{
    if (play->script->ending == ENDING_HOLD)
        return;
    bool clean = play->script->ending == ENDING_CLEAN;
    note_end(play, clean ? JOURNAL_OUTCOME_COMPLETED : JOURNAL_OUTCOME_CUT);
    if (!clean) {
        send_broken_end(play);
        return;
    }
    h2o_iovec_t last = h2o_iovec_init(H2O_STRLIT("0\r\n\r\n"));
    h2o_send(play->request, &last, play->chunked, H2O_SEND_STATE_FINAL);
}

/* Hands over the bytes, as a chunk where the protocol wants one. */
static void send_bytes(struct play *play, h2o_iovec_t bytes, bool final)
{
    h2o_send_state_t state = final ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS;
    if (!play->chunked) {
        h2o_send(play->request, &bytes, 1, state);
        return;
    }
    static const char end[] = "\r\n0\r\n\r\n";
    int len = snprintf(play->frame, sizeof play->frame, "%zx\r\n", bytes.len);
    h2o_iovec_t chunk[] = {
        h2o_iovec_init(play->frame, (size_t)len),
        bytes,
        h2o_iovec_init(end, final ? sizeof end - 1 : 2),
    };
    h2o_send(play->request, chunk, 3, state);
}

/* Sends the next step; with it goes the end when it is the last one and the end is clean. */
static void send_step(struct play *play)
{
    const struct script *script = play->script;
    const struct step *step = &script->steps[play->step];
    h2o_iovec_t bytes = h2o_iovec_init(script->bytes.ptr + step->offset, step->len);
    play->paused = false;
    if (++play->repeated == step->repeat) {
        play->step++;
        play->repeated = 0;
    }
    if (step->kind != STEP_KIND_BODY) {
        play->events++;
        play->output += step->kind == STEP_KIND_OUTPUT;
        journal_sent(play->sequence, play->events, play->output);
    }
    if (!play->headed)
        send_head(play);
    bool final = play->step == script->count && script->ending == ENDING_CLEAN;
    play->in_flight = true;
    if (final)
        note_end(play, JOURNAL_OUTCOME_COMPLETED);
    send_bytes(play, bytes, final);
}

/* What is still to wait before the next step, or before the end. */
static uint64_t pause_ms(const struct play *play)
{
    const struct script *script = play->script;
    if (play->paused)
        return 0;
    if (play->step < script->count)
        return script->steps[play->step].delay_ms;
    return script->ending == ENDING_CUT && !is_http1(play) ? HTTP2_CUT_PAUSE_MS : 0;
}

static void advance(struct play *play)
{
    const struct script *script = play->script;
    bool more = play->step < script->count;
    uint64_t delay_ms = pause_ms(play);
    bool head_alone = !play->headed && (delay_ms > 0 || (!more && script->ending != ENDING_CLEAN));
    if (head_alone) {
        send_head(play);
        play->in_flight = true;
        h2o_send(play->request, NULL, 0, H2O_SEND_STATE_IN_PROGRESS);
    } else if (delay_ms > 0) {
        worker_arm(play->worker, &play->timer, delay_ms);
    } else if (more) {
        send_step(play);
    } else {
        if (!play->headed)
            send_head(play);
        end_after_steps(play);
    }
}

static void on_proceed(h2o_generator_t *super, h2o_req_t *request)
{
    struct play *play = (struct play *)super;
    (void)request;
    must(play->magic == MAGIC);
    play->in_flight = false;
    if (play->over)
        send_broken_end(play);
    else
        advance(play);
}

/* h2o is about to dispose the request; the destructor does the work. */
static void on_stop(h2o_generator_t *super, h2o_req_t *request)
{
    (void)super;
    (void)request;
}

static void on_timer(h2o_timeout_entry_t *entry)
{
    struct play *play = H2O_STRUCT_FROM_MEMBER(struct play, timer, entry);
    must(play->magic == MAGIC);
    /* Pauses between steps come after the head, so without one this was the script's delay. */
    if (!play->headed) {
        begin(play);
        return;
    }
    play->paused = true;
    advance(play);
}

static void begin(struct play *play)
{
    if (!play->script->headless)
        advance(play);
    else if (play->script->ending != ENDING_HOLD)
        end_without_head(play);
}

static void
start(h2o_req_t *request, const struct script *script, struct script *owned, uint64_t sequence)
{
    struct play *play = h2o_mem_alloc_shared(&request->pool, sizeof *play, on_dispose);
    *play = (struct play){
        .super = {on_proceed, on_stop},
        .magic = MAGIC,
        .request = request,
        .worker = worker_of(request),
        .connection = connection_of(request),
        .script = script,
        .owned = owned,
        .sequence = sequence,
        .timer.cb = on_timer,
        .chunked = request->version == 0x101 && !script->sized,
    };
    if (is_http1(play)) {
        connection_watch(play->connection, on_left, play);
        /* A client that left while its request was still unread will not be reported again. */
        if (play->connection->left) {
            on_left(play);
            return;
        }
    }
    if (script->delay_ms > 0)
        worker_arm(play->worker, &play->timer, script->delay_ms);
    else
        begin(play);
}

void play_start(h2o_req_t *request, const struct script *script, uint64_t sequence)
{
    start(request, script, NULL, sequence);
}

void play_start_owned(h2o_req_t *request, struct script *script, uint64_t sequence)
{
    start(request, script, script, sequence);
}
