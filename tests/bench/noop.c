/* bench_noop: options, server, and the loop. */
#include "noop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <grpc/grpc_security.h>

#include "base/invariant.h"
#include "base/option.h"
#include "sample.h"
#include "wire/wire.h"

#define BURST_EVENTS_MAX 256
#define ANSWER_BYTES_MAX 65536
#define SAMPLE_BYTES_MAX (1024 * 1024)

static const struct option_row rows[] = {
    {"listen", OPTION_LIST, "address", NULL, 0, 0, "unix:/path or 127.0.0.1:port."},
    {"commit", OPTION_TEXT, "", "none", 0, 0, "none, or group: records go to --directory."},
    {"directory", OPTION_TEXT, "path", NULL, 0, 0, "Of the store; made when it is not there."},
    {"answers", OPTION_TEXT, "path", NULL, 0, 0,
     "A directory with admission.pb and completion.pb, as bench_load --learn keeps them."},
    {"admission-record-bytes", OPTION_NUMBER, "bytes", "430", 1, NOOP_RECORD_BYTES_MAX,
     "Size of the record of an admission."},
    {"report-record-bytes", OPTION_NUMBER, "bytes", "700", 1, NOOP_RECORD_BYTES_MAX,
     "Size of the record after a report."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

/* ---- constant answers ---- */

static Signalbox__V1__Decision *
read_answer(const char *directory, const char *name, struct arena *arena)
{
    static char bytes[ANSWER_BYTES_MAX];
    char path[512];
    size_t len = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.pb", directory, name);
    file = fopen(path, "re");
    if (file) {
        len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
    }
    if (!len) {
        fprintf(stderr, "bench_noop: cannot read %s\n", path);
        return NULL;
    }
    return (Signalbox__V1__Decision *)message_unpack(&signalbox__v1__decision__descriptor,
                                                     (struct slice){bytes, len}, arena);
}

static bool set_answers(struct noop *noop, const char *directory)
{
    static struct arena arena; /* until the program ends */
    static struct decision admitted, completed;

    arena_init(&arena, NULL, 0, SAMPLE_BYTES_MAX);
    if (directory) {
        noop->admission = read_answer(directory, "admission", &arena);
        noop->completion = read_answer(directory, "completion", &arena);
    } else {
        admitted = sample_admitted();
        completed = sample_completed();
        noop->admission = wire_put_decision(&admitted, &arena);
        noop->completion = wire_put_decision(&completed, &arena);
    }
    return noop->admission && noop->completion;
}

/* ---- server ---- */

static bool listen_on(struct noop *noop, const struct option_value *addresses)
{
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    bool listens = addresses->list_count > 0;

    for (unsigned i = 0; i < addresses->list_count; i++)
        if (!grpc_server_add_http2_port(noop->server, addresses->list[i], credentials))
            listens = false;
    grpc_server_credentials_release(credentials);
    if (!listens)
        fprintf(stderr, "bench_noop: cannot listen; --listen unix:/path or 127.0.0.1:port\n");
    return listens;
}

static void make_server(struct noop *noop)
{
    grpc_arg args[] = {
        {GRPC_ARG_INTEGER, (char[]){"grpc.so_reuseport"}, {.integer = 0}},
    };
    const grpc_channel_args server_args = {1, args};

    noop->queue = grpc_completion_queue_create_for_next(NULL);
    noop->server = grpc_server_create(&server_args, NULL);
    grpc_server_register_completion_queue(noop->server, noop->queue, NULL);
    noop->decide = grpc_server_register_method(noop->server, "/signalbox.v1.DecisionService/Decide",
                                               NULL, GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    noop->stream_decide = grpc_server_register_method(
        noop->server, "/signalbox.v1.DecisionService/StreamDecide", NULL, GRPC_SRM_PAYLOAD_NONE, 0);
    invariant(noop->decide && noop->stream_decide);
}

static bool set_commit(struct noop *noop, const struct option_set *options)
{
    const char *directory = option_get(options, "directory")->text;
    const char *commit = option_get(options, "commit")->text;

    noop->admission_record_bytes = (size_t)option_get(options, "admission-record-bytes")->number;
    noop->report_record_bytes = (size_t)option_get(options, "report-record-bytes")->number;
    memset(noop->record, 'r', sizeof noop->record);
    if (strcmp(commit, "none") == 0)
        return true;
    if (strcmp(commit, "group") != 0 || !directory) {
        fprintf(stderr, "bench_noop: --commit none, or --commit group with --directory\n");
        return false;
    }
    return noop_commit_open(noop, directory);
}

static void serve(struct noop *noop)
{
    grpc_server_start(noop->server);
    noop_unary_arm(noop);
    noop_stream_arm(noop);
    puts("ready");
    fflush(stdout);
    for (;;) {
        message_burst(noop->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), BURST_EVENTS_MAX);
        if (noop->store)
            noop_commit_turn(noop);
        noop_stream_turn(noop);
    }
}

int main(int argc, char **argv)
{
    static struct noop noop;
    struct option_set *options;
    enum option_outcome outcome = option_read(rows, argc, argv, "bench_noop", NULL, &options);

    if (outcome != OPTION_RUN)
        return outcome == OPTION_EXIT ? EXIT_SUCCESS : 64;
    signal(SIGPIPE, SIG_IGN);
    grpc_init();
    arena_init(&noop.arena, NULL, 0, MESSAGE_BUFFER_BYTES);
    list_init(&noop.dirty);
    make_server(&noop);
    if (!set_answers(&noop, option_get(options, "answers")->text) ||
        !listen_on(&noop, option_get(options, "listen")) || !set_commit(&noop, options))
        return EXIT_FAILURE;
    serve(&noop);
}
