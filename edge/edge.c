/* Puts the parts together: one listening socket and one thread for each worker, one more for the
 * admin port.
 *
 * The order of the end matters: workers drain first, because they still ask; then the client
 * closes, which answers what is open; then what the workers own goes. */
#include "edge.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "relay/worker.h"

#define THREADS_MAX     256
#define TOKEN_BYTES_MAX 4096

const struct option_row edge_options[] = {
#define O(name, KIND, unit, fallback, low, high, help)                                             \
    {name, OPTION_##KIND, unit, fallback, low, high, help},
#include "option.def"
#undef O
    {0},
};

struct thread {
    pthread_t id;
    struct worker *worker;
};

struct edge {
    struct signalbox_client *client;
    struct credentials *credentials;
    struct site *site;
    struct admin *admin;
    struct thread threads[THREADS_MAX];
    unsigned threads_count; /* running */
    char token[TOKEN_BYTES_MAX];
};

static const char *text_of(const struct option_set *options, const char *name)
{
    return option_get(options, name)->text;
}

static int64_t number_of(const struct option_set *options, const char *name)
{
    return option_get(options, name)->number;
}

static enum result complain(enum result result, const char *what, const char *why)
{
    log_event(LOG_ERROR, "start_failed", log_text("what", what), log_text("why", why));
    return result;
}

static enum result read_token(struct edge *edge, const struct option_set *options)
{
    const char *path = text_of(options, "decider-token-file");
    const char *given = text_of(options, "decider-token");
    FILE *file;
    size_t len;

    if (!path) {
        if (given && strlen(given) >= sizeof edge->token)
            return complain(RESULT_INVALID, "decider-token", "too long");
        if (given)
            memcpy(edge->token, given, strlen(given) + 1);
        else
            log_event(LOG_WARN, "no_decider_token",
                      log_text("hint", "give decider-token or decider-token-file; the decider "
                                       "refuses every question without one"));
        return RESULT_OK;
    }
    file = fopen(path, "re");
    if (!file)
        return complain(RESULT_IO, "decider-token-file", strerror(errno));
    len = fread(edge->token, 1, sizeof edge->token - 1, file);
    fclose(file);
    edge->token[len] = 0;
    edge->token[strcspn(edge->token, "\r\n")] = 0;
    return RESULT_OK;
}

static enum result open_client(struct edge *edge, const struct option_set *options)
{
    struct signalbox_client_options client = {.target = text_of(options, "decider"),
                                              .token = edge->token[0] ? edge->token : NULL};
    struct signalbox_client_error error;
    enum result result = signalbox_client_open(&client, &edge->client, &error);

    return result == RESULT_OK ? RESULT_OK : complain(result, "decider", error.text);
}

static void *run(void *context)
{
    struct thread *thread = context;

    worker_run(thread->worker);
    return NULL;
}

static enum result
start_worker(struct edge *edge, const struct worker_settings *settings, int listener)
{
    struct thread *thread = &edge->threads[edge->threads_count];

    thread->worker = worker_open(settings, listener);
    if (!thread->worker)
        return complain(RESULT_NO_MEMORY, "threads", "no memory or descriptors");
    if (pthread_create(&thread->id, NULL, run, thread) != 0)
        return complain(RESULT_NO_MEMORY, "threads", "no more threads");
    edge->threads_count++;
    return RESULT_OK;
}

static unsigned threads_wanted(const struct option_set *options)
{
    long count = (long)number_of(options, "threads");

    if (!count)
        count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

/* With port 0 the first socket's port is taken by all. */
static enum result start_workers(struct edge *edge,
                                 const struct option_set *options,
                                 const struct worker_settings *settings)
{
    const char *address = text_of(options, "listen");
    const char *colon = strrchr(address, ':');
    unsigned wanted = threads_wanted(options);
    char concrete[96];
    uint16_t port = 0;

    for (unsigned i = 0; i < wanted; i++) {
        int listener = i ? listener_bind(concrete, LISTENER_FURTHER, &port)
                         : listener_bind(address, LISTENER_FIRST, &port);
        enum result result;

        if (listener < 0)
            return complain(RESULT_IO, i ? concrete : address, strerror(errno));
        snprintf(concrete, sizeof concrete, "%.*s:%u", (int)(colon - address), address, port);
        result = start_worker(edge, settings, listener);
        if (result != RESULT_OK)
            return result;
    }
    log_event(LOG_INFO, "listening", log_text("address", concrete), log_number("port", port),
              log_number("threads", wanted),
              log_number("credentials", credentials_count(edge->credentials)));
    return RESULT_OK;
}

static bool is_ready(void *context)
{
    return signalbox_client_connected(((struct edge *)context)->client);
}

static enum result
start(struct edge *edge, const struct option_set *options, char *const *environment)
{
    const struct option_value *models = option_get(options, "models");
    struct worker_settings settings = {
        .ca_file = text_of(options, "ca-file"),
        .request_bytes_max = (size_t)number_of(options, "request-bytes-max"),
        .answer_bytes_max = (size_t)number_of(options, "answer-bytes-max"),
        .stall_ms = (uint32_t)number_of(options, "stall-ms"),
        .resend_ms = (uint32_t)number_of(options, "resend-ms"),
        .grace_ms = (uint32_t)number_of(options, "grace-ms"),
        .connections_max = (uint32_t)number_of(options, "connections-max"),
        .models = models->list,
        .models_count = models->list_count,
    };
    const struct site_options site = {settings.request_bytes_max,
                                      (uint32_t)number_of(options, "read-ms")};
    enum result result = read_token(edge, options);

    if (result != RESULT_OK)
        return result;
    settings.credentials = edge->credentials = credentials_open(environment);
    settings.site = edge->site = worker_site(&site);
    if (!edge->credentials || !edge->site)
        return complain(RESULT_NO_MEMORY, "start", "no memory");
    result = open_client(edge, options);
    if (result != RESULT_OK)
        return result;
    settings.client = edge->client;
    edge->admin = admin_open(text_of(options, "admin-listen"), is_ready, edge);
    if (!edge->admin)
        return complain(RESULT_IO, "admin-listen", strerror(errno));
    return start_workers(edge, options, &settings);
}

enum result
edge_open(const struct option_set *options, char *const *environment, struct edge **ret_edge)
{
    struct edge *edge = calloc(1, sizeof *edge);
    enum result result;

    if (!edge)
        return complain(RESULT_NO_MEMORY, "start", "no memory");
    result = start(edge, options, environment);
    if (result == RESULT_OK)
        *ret_edge = edge;
    else
        edge_close(edge);
    return result;
}

void edge_close(struct edge *edge)
{
    if (!edge)
        return;
    for (unsigned i = 0; i < edge->threads_count; i++)
        worker_drain(edge->threads[i].worker);
    for (unsigned i = 0; i < edge->threads_count; i++)
        pthread_join(edge->threads[i].id, NULL);
    admin_close(edge->admin);
    signalbox_client_close(edge->client);
    for (unsigned i = 0; i < edge->threads_count; i++)
        worker_close(edge->threads[i].worker);
    credentials_close(edge->credentials);
    site_free(edge->site);
    free(edge);
}
