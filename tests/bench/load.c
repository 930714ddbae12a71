/* bench_load: decisions per second of a decider, or of the no-op service beside it.
 *
 * Prints one line of JSON. Rates count answered questions over both boundaries; latencies are per
 * boundary, from the message's hand-over to gRPC to the answer's. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <grpc/grpc_security.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/option.h"
#include "cpu.h"
#include "sample.h"

#define NS_PER_MS        1000000
#define BURST_EVENTS_MAX 64
#define FAILURES_SHOWN   3

static const struct option_row rows[] = {
    {"target", OPTION_TEXT, "address", NULL, 0, 0, "The service: unix:/path or 127.0.0.1:port."},
    {"token-file", OPTION_TEXT, "path", NULL, 0, 0, "Bearer secret of a gateway."},
    {"key-file", OPTION_TEXT, "path", NULL, 0, 0, "Secret of the client that requests come from."},
    {"mode", OPTION_TEXT, "", "stream", 0, 0, "unary, stream, formed or batch."},
    {"window", OPTION_NUMBER, "questions", "64", 1, 16384, "Open at any time."},
    {"streams", OPTION_NUMBER, "", "1", 1, 64, "The window is spread over them."},
    {"batch", OPTION_NUMBER, "items", "16", 1, 256, "Of a message with mode batch."},
    {"warm-ms", OPTION_NUMBER, "ms", "500", 0, 60000, "Before measuring."},
    {"measure-ms", OPTION_NUMBER, "ms", "3000", 100, 600000, "What the figures are of."},
    {"pid", OPTION_NUMBER, "", "0", 0, INT32_MAX, "Of the service, for its CPU time."},
    {"learn", OPTION_TEXT, "path", NULL, 0, 0, "Keep one answer of each kind in this directory."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

static const char *const mode_names[] = {"unary", "stream", "formed", "batch"};

/* ---- answers ---- */

static void learn(const struct load *load, enum chain_boundary boundary, struct slice decision)
{
    static const char *const names[CHAIN_BOUNDARIES] = {"admission", "completion"};
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.pb", load->learn, names[boundary]);
    file = fopen(path, "we");
    if (!file || fwrite(decision.ptr, 1, decision.len, file) != decision.len)
        fprintf(stderr, "bench_load: cannot write %s\n", path);
    if (file)
        fclose(file);
}

static void
show_failure(const struct load *load, const struct chain *chain, const struct answer *answer)
{
    if (load->failed < FAILURES_SHOWN)
        fprintf(stderr, "bench_load: boundary %d of %s: action %d %.*s\n", (int)chain->boundary,
                chain->request_id, (int)answer->action, (int)answer->message.len,
                answer->message.len ? answer->message.ptr : "");
}

void load_take(struct load *load, struct chain *chain, const struct answer *answer)
{
    struct load_kind *kind = &load->kinds[chain->boundary];
    struct chain asked = *chain;

    if (load->measuring)
        histogram_add(&kind->latency, clock_monotonic_ns() - chain->asked_ns);
    if (load->learn && !kind->answer_bytes && !answer->refused)
        learn(load, chain->boundary, answer->decision);
    kind->answer_bytes = answer->decision.len;
    if (!chain_step(chain, answer)) {
        show_failure(load, &asked, answer);
        load->failed++;
    }
}

void load_call_failed(struct load *load, grpc_status_code status, grpc_slice details)
{
    if (!load->call_failed)
        fprintf(stderr, "bench_load: a stream ended with status %d %.*s\n", (int)status,
                (int)GRPC_SLICE_LENGTH(details), (const char *)GRPC_SLICE_START_PTR(details));
    load->call_failed = true;
}

/* ---- phases ---- */

static void run_for(struct load *load, int64_t ms)
{
    uint64_t end_ns = clock_monotonic_ns() + (uint64_t)ms * NS_PER_MS;
    gpr_timespec until =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));

    while (clock_monotonic_ns() < end_ns && !load->call_failed)
        message_burst(load->queue, until, BURST_EVENTS_MAX);
}

struct figures {
    double seconds, server_s, client_s, other_s;
};

static struct figures measure(struct load *load, int64_t ms, long pid)
{
    uint64_t start_ns = clock_monotonic_ns();
    double server_s = cpu_of_process_s(pid), client_s = cpu_of_self_s();
    double machine_s = cpu_of_machine_s();
    struct figures figures;

    load->messages_sent = load->messages_received = 0;
    load->measuring = true;
    run_for(load, ms);
    load->measuring = false;
    figures.seconds = (double)(clock_monotonic_ns() - start_ns) / 1e9;
    figures.server_s = cpu_of_process_s(pid) - server_s;
    figures.client_s = cpu_of_self_s() - client_s;
    figures.other_s = cpu_of_machine_s() - machine_s - figures.server_s - figures.client_s;
    return figures;
}

static void print_kind(const char *name, const struct load_kind *kind)
{
    printf("\"%s_p50_us\":%.1f,\"%s_p99_us\":%.1f,\"%s_bytes\":%llu,\"%s_answer_bytes\":%llu,",
           name, histogram_quantile_us(&kind->latency, 0.5), name,
           histogram_quantile_us(&kind->latency, 0.99), name,
           (unsigned long long)kind->question_bytes, name, (unsigned long long)kind->answer_bytes);
}

static void print(const struct load *load, const struct figures *figures)
{
    uint64_t decisions =
        load->kinds[CHAIN_ADMISSION].latency.total + load->kinds[CHAIN_REPORT].latency.total;
    double each = decisions ? (double)decisions : 1;

    printf("{\"mode\":\"%s\",\"window\":%u,\"streams\":%u,\"seconds\":%.3f,"
           "\"decisions_per_s\":%.0f,",
           mode_names[load->mode], load->window, load->streams, figures->seconds,
           (double)decisions / figures->seconds);
    print_kind("admission", &load->kinds[CHAIN_ADMISSION]);
    print_kind("report", &load->kinds[CHAIN_REPORT]);
    printf("\"items_per_message\":%.1f,\"replies_per_message\":%.1f,",
           each / (double)(load->messages_sent ? load->messages_sent : 1),
           each / (double)(load->messages_received ? load->messages_received : 1));
    printf("\"server_cpu_us\":%.2f,\"client_cpu_us\":%.2f,\"server_cores\":%.2f,"
           "\"other_cores\":%.2f,\"failed\":%llu}\n",
           figures->server_s * 1e6 / each, figures->client_s * 1e6 / each,
           figures->server_s / figures->seconds, figures->other_s / figures->seconds,
           (unsigned long long)load->failed);
}

/* ---- set-up ---- */

/* The first line of a file; NULL when there is none. */
static char *read_secret(const char *path, char *text, size_t bytes)
{
    FILE *file = fopen(path, "re");
    char *read = file ? fgets(text, (int)bytes, file) : NULL;

    if (file)
        fclose(file);
    if (!read)
        fprintf(stderr, "bench_load: cannot read %s\n", path);
    else
        text[strcspn(text, "\r\n")] = '\0';
    return read;
}

static bool set_authorization(struct load *load, const char *path)
{
    char secret[512], header[600];

    if (!path)
        return true;
    if (!read_secret(path, secret, sizeof secret))
        return false;
    snprintf(header, sizeof header, "Bearer %s", secret);
    load->authorization.key = grpc_slice_from_static_string("authorization");
    load->authorization.value = grpc_slice_from_copied_string(header);
    load->authorization_count = 1;
    return true;
}

/* Who asks: the key's principal, as an edge says it, or a name. */
static bool set_parts(struct load *load, const char *key_path, struct arena *arena)
{
    struct facts facts = sample_facts();
    struct digest digest;
    char secret[512];

    if (key_path) {
        if (!read_secret(key_path, secret, sizeof secret))
            return false;
        digest_sha256(slice_of(secret), &digest);
        facts.key_digest = (struct slice){(const char *)digest.bytes, sizeof digest.bytes};
    } else {
        facts.tenant = SLICE_LITERAL(SAMPLE_TENANT);
        facts.workload = SLICE_LITERAL("demo-chat");
        facts.environment = SLICE_LITERAL("production");
    }
    return chain_parts_init(&load->parts, &facts, arena);
}

static bool set_mode(struct load *load, const struct option_set *options)
{
    const char *name = option_get(options, "mode")->text;
    unsigned mode = 0;

    while (mode < sizeof mode_names / sizeof *mode_names && strcmp(mode_names[mode], name) != 0)
        mode++;
    load->mode = (enum load_mode)mode;
    load->window = (unsigned)option_get(options, "window")->number;
    load->streams = (unsigned)option_get(options, "streams")->number;
    load->items_max = load->mode == LOAD_BATCH    ? (unsigned)option_get(options, "batch")->number
                      : load->mode == LOAD_FORMED ? STREAM_ITEMS_MAX
                                                  : 1;
    if (mode == sizeof mode_names / sizeof *mode_names || load->window < load->streams ||
        (load->mode == LOAD_BATCH && load->window / load->streams < load->items_max)) {
        fprintf(stderr, "bench_load: no such mode, or a window smaller than a message\n");
        return false;
    }
    return true;
}

static void open_channel(struct load *load, const char *target)
{
    grpc_arg args[] = {
        {GRPC_ARG_INTEGER, (char[]){"grpc.use_local_subchannel_pool"}, {.integer = 1}},
        {GRPC_ARG_INTEGER, (char[]){"grpc.enable_http_proxy"}, {.integer = 0}},
    };
    grpc_channel_args channel_args = {2, args};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();

    load->queue = grpc_completion_queue_create_for_next(NULL);
    load->channel = grpc_channel_create(target, credentials, &channel_args);
    grpc_channel_credentials_release(credentials);
    load->decide = grpc_channel_register_call(load->channel, "/signalbox.v1.DecisionService/Decide",
                                              NULL, NULL);
    load->stream_decide = grpc_channel_register_call(
        load->channel, "/signalbox.v1.DecisionService/StreamDecide", NULL, NULL);
}

static int run(struct load *load, const struct option_set *options)
{
    struct figures figures;
    uint64_t decisions;

    open_channel(load, option_get(options, "target")->text);
    if (!(load->mode == LOAD_UNARY ? load_unary_start(load) : load_stream_start(load)))
        return EXIT_FAILURE;
    run_for(load, option_get(options, "warm-ms")->number);
    figures = measure(load, option_get(options, "measure-ms")->number,
                      (long)option_get(options, "pid")->number);
    load->stopping = true;
    print(load, &figures);
    decisions = load->kinds[CHAIN_ADMISSION].latency.total;
    return load->failed || load->call_failed || !decisions ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct load load;
    struct option_set *options;
    struct arena arena;
    int status;
    enum option_outcome outcome = option_read(rows, argc, argv, "bench_load", NULL, &options);

    if (outcome != OPTION_RUN)
        return outcome == OPTION_EXIT ? EXIT_SUCCESS : 64;
    if (!option_get(options, "target")->text) {
        fprintf(stderr, "bench_load: --target is missing\n");
        return 64;
    }
    grpc_init();
    arena_init(&arena, NULL, 0, MESSAGE_BUFFER_BYTES);
    arena_init(&load.arena, NULL, 0, MESSAGE_BUFFER_BYTES);
    load.scratch = malloc(MESSAGE_BUFFER_BYTES);
    load.learn = option_get(options, "learn")->text;
    if (!load.scratch || !set_mode(&load, options) ||
        !set_authorization(&load, option_get(options, "token-file")->text) ||
        !set_parts(&load, option_get(options, "key-file")->text, &arena))
        return EXIT_FAILURE;
    /* Calls are left open: the kernel closes what they are on, and nothing is to be measured now.
     */
    status = run(&load, options);
    fflush(stdout);
    _exit(status);
}
