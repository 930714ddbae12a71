#include "wire/rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <spawn.h>

#include "base/clock.h"

#define OPTIONS_MAX 24

extern char **environ;

static void sleep_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

/* ---- processes ---- */

static pid_t spawn(const char *const *options, const char *log_path)
{
    posix_spawn_file_actions_t actions;
    char program[] = SIGNALBOX_DECIDER, *argv[OPTIONS_MAX + 2] = {program};
    unsigned count = 1;
    pid_t pid = 0;

    for (; options[count - 1]; count++)
        argv[count] = (char *)(uintptr_t)options[count - 1];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(posix_spawn(&pid, SIGNALBOX_DECIDER, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    for (unsigned i = 0; i < RIG_WAIT_MS / 5; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        sleep_ms(5);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    fail_msg("the process did not end");
    return -1;
}

int rig_run(const char *const *options, const char *log_path)
{
    return wait_for(spawn(options, log_path));
}

static struct slice read_file(const char *path, char *memory, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(memory, 1, size - 1, file) : 0;

    if (file)
        fclose(file);
    memory[len] = '\0';
    return (struct slice){memory, len};
}

bool file_has(const char *path, const char *text)
{
    static char memory[1 << 20];

    read_file(path, memory, sizeof memory);
    return strstr(memory, text) != NULL;
}

static void log_path_of(const struct rig *rig, char *ret_path, size_t size)
{
    snprintf(ret_path, size, "%s.log", rig->directory);
}

bool rig_log_has(const struct rig *rig, const char *text)
{
    char path[96];

    log_path_of(rig, path, sizeof path);
    for (unsigned i = 0; i < RIG_WAIT_MS / 5; i++) {
        if (file_has(path, text))
            return true;
        sleep_ms(5);
    }
    return false;
}

size_t rig_memory_bytes(const struct rig *rig)
{
    char path[64], memory[256];
    unsigned long pages = 0;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)rig->pid);
    read_file(path, memory, sizeof memory);
    assert_int_equal(sscanf(memory, "%*u %lu", &pages), 1); // NOLINT(cert-err34-c)
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* A channel of its own: an old one may not have seen yet that its decider has gone. */
void rig_connect(struct rig *rig, bool tcp)
{
    char key[] = "grpc.use_local_subchannel_pool", target[128];
    grpc_arg own = {.type = GRPC_ARG_INTEGER, .key = key, .value.integer = 1};
    grpc_channel_args args = {1, &own};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();

    if (rig->channel)
        grpc_channel_destroy(rig->channel);
    if (tcp)
        snprintf(target, sizeof target, "127.0.0.1:%u", rig->port);
    else
        snprintf(target, sizeof target, "unix:%s", rig->unix_path);
    rig->channel = grpc_channel_create(target, credentials, &args);
    grpc_channel_credentials_release(credentials);
}

void rig_restart(struct rig *rig, const char *const *extra)
{
    const char *options[OPTIONS_MAX] = {"--directory", rig->directory, "--listen-tcp",
                                        "127.0.0.1:0", "--map-bytes",  "268435456"};
    char path[96], memory[4096], *port;
    unsigned count = 6;

    for (unsigned i = 0; extra && extra[i]; i++)
        options[count++] = extra[i];
    log_path_of(rig, path, sizeof path);
    unlink(path);
    rig->pid = spawn(options, path);
    assert_true(rig_log_has(rig, "\"event\":\"ready\""));
    read_file(path, memory, sizeof memory);
    port = strstr(memory, "\"tcp_port\":");
    assert_non_null(port);
    rig->port = (unsigned)strtoul(port + strlen("\"tcp_port\":"), NULL, 10);
    snprintf(path, sizeof path, "%s/operator.token", rig->directory);
    read_file(path, rig->operator_token, sizeof rig->operator_token);
    rig->operator_token[strcspn(rig->operator_token, "\n")] = '\0';
    rig_connect(rig, false);
}

void rig_start(struct rig *rig, const char *const *extra)
{
    *rig = (struct rig){.pid = 0};
    snprintf(rig->directory, sizeof rig->directory, "/tmp/signalbox-wire-XXXXXX");
    assert_non_null(mkdtemp(rig->directory));
    snprintf(rig->unix_path, sizeof rig->unix_path, "%s/decider.sock", rig->directory);
    arena_init(&rig->arena, NULL, 0, (size_t)1 << 30);
    rig->queue = grpc_completion_queue_create_for_next(NULL);
    rig_restart(rig, extra);
}

void rig_signal(struct rig *rig, int number)
{
    assert_int_equal(kill(rig->pid, number), 0);
}

int rig_wait_exit(struct rig *rig)
{
    return wait_for(rig->pid);
}

static void remove_directory(const struct rig *rig)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf '%s' '%s.log'", rig->directory, rig->directory);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

static void close_client(struct rig *rig)
{
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_REALTIME);

    grpc_channel_destroy(rig->channel);
    grpc_completion_queue_shutdown(rig->queue);
    while (grpc_completion_queue_next(rig->queue, never, NULL).type != GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(rig->queue);
    arena_done(&rig->arena);
}

void rig_stop(struct rig *rig)
{
    int code;

    rig_signal(rig, SIGTERM);
    code = rig_wait_exit(rig);
    close_client(rig);
    if (code != 0)
        fail_msg("the decider ended with %d; its log is %s.log", code, rig->directory);
    remove_directory(rig);
}

/* ---- operations ---- */

bool rig_wait(struct rig *rig, const struct rig_op *op, uint32_t timeout_ms)
{
    gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_millis((int64_t)timeout_ms, GPR_TIMESPAN));

    while (!op->done) {
        grpc_event event = grpc_completion_queue_next(rig->queue, until, NULL);
        struct rig_op *tag = event.tag;

        if (event.type != GRPC_OP_COMPLETE)
            return false;
        tag->done = true;
        tag->ok = event.success;
    }
    return true;
}

static void start(grpc_call *call, const grpc_op *ops, size_t count, struct rig_op *tag)
{
    *tag = (struct rig_op){.done = false};
    assert_int_equal(grpc_call_start_batch(call, ops, count, tag, NULL), GRPC_CALL_OK);
}

static grpc_call *open_call(struct rig *rig, const char *method, uint32_t timeout_ms)
{
    gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_millis((int64_t)timeout_ms, GPR_TIMESPAN));
    grpc_slice path = grpc_slice_from_copied_string(method);
    grpc_call *call = grpc_channel_create_call(rig->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                               rig->queue, path, NULL, deadline, NULL);

    grpc_slice_unref(path);
    return call;
}

/* The op that sends initial metadata, with the token; entry lives until the batch was started. */
static grpc_op initial_metadata(const char *token, grpc_metadata *entry)
{
    grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    char value[128];

    op.flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY;
    if (!token)
        return op;
    snprintf(value, sizeof value, "Bearer %s", token);
    memset(entry, 0, sizeof *entry);
    entry->key = grpc_slice_from_static_string("authorization");
    entry->value = grpc_slice_from_copied_string(value);
    op.data.send_initial_metadata.count = 1;
    op.data.send_initial_metadata.metadata = entry;
    return op;
}

static grpc_byte_buffer *buffer_of(struct slice bytes)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes.ptr, bytes.len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

    grpc_slice_unref(slice);
    return buffer;
}

static struct slice bytes_of(struct rig *rig, grpc_byte_buffer *buffer)
{
    grpc_byte_buffer_reader reader;
    struct slice bytes;
    grpc_slice all;

    if (!buffer)
        return (struct slice){NULL, 0};
    assert_int_equal(grpc_byte_buffer_reader_init(&reader, buffer), 1);
    all = grpc_byte_buffer_reader_readall(&reader);
    bytes = arena_copy(&rig->arena, (struct slice){(const char *)GRPC_SLICE_START_PTR(all),
                                                   GRPC_SLICE_LENGTH(all)});
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return bytes;
}

static struct wire_status details_of(struct rig *rig, const grpc_metadata_array *trailing)
{
    struct wire_status status = {.result = RESULT_OK};

    for (size_t i = 0; i < trailing->count; i++) {
        ProtobufCMessage *message = NULL;
        struct wire_error error;
        struct slice bytes;

        if (grpc_slice_str_cmp(trailing->metadata[i].key, "grpc-status-details-bin") != 0)
            continue;
        bytes = arena_copy(
            &rig->arena,
            (struct slice){(const char *)GRPC_SLICE_START_PTR(trailing->metadata[i].value),
                           GRPC_SLICE_LENGTH(trailing->metadata[i].value)});
        assert_int_equal(
            wire_unpack(&google__rpc__status__descriptor, bytes, &rig->arena, &message, &error),
            RESULT_OK);
        assert_int_equal(wire_get_status((void *)message, &rig->arena, &status), RESULT_OK);
    }
    return status;
}

static struct reply
unary(struct rig *rig, grpc_call *call, const char *token, struct slice bytes, bool cancel)
{
    grpc_metadata_array initial, trailing;
    grpc_metadata entry;
    grpc_byte_buffer *message = buffer_of(bytes), *answer = NULL;
    grpc_slice text = grpc_empty_slice();
    struct reply reply = {.code = GRPC_STATUS_UNKNOWN};
    grpc_op ops[6] = {initial_metadata(token, &entry)};
    struct rig_op op;

    grpc_metadata_array_init(&initial);
    grpc_metadata_array_init(&trailing);
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = message;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &initial;
    ops[4].op = GRPC_OP_RECV_MESSAGE;
    ops[4].data.recv_message.recv_message = &answer;
    ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[5].data.recv_status_on_client.trailing_metadata = &trailing;
    ops[5].data.recv_status_on_client.status = &reply.code;
    ops[5].data.recv_status_on_client.status_details = &text;
    start(call, ops, 6, &op);
    if (cancel)
        grpc_call_cancel(call, NULL);
    assert_true(rig_wait(rig, &op, 2 * RIG_WAIT_MS));
    if (token)
        grpc_slice_unref(entry.value);
    grpc_byte_buffer_destroy(message);
    reply.text = arena_copy(&rig->arena, (struct slice){(const char *)GRPC_SLICE_START_PTR(text),
                                                        GRPC_SLICE_LENGTH(text)});
    reply.status = details_of(rig, &trailing);
    reply.bytes = bytes_of(rig, answer);
    grpc_slice_unref(text);
    grpc_metadata_array_destroy(&initial);
    grpc_metadata_array_destroy(&trailing);
    grpc_call_unref(call);
    return reply;
}

struct reply rig_call(struct rig *rig,
                      const char *method,
                      const char *token,
                      struct slice bytes,
                      uint32_t timeout_ms)
{
    return unary(rig, open_call(rig, method, timeout_ms), token, bytes, false);
}

void rig_call_and_cancel(struct rig *rig, const char *method, const char *token, struct slice bytes)
{
    (void)unary(rig, open_call(rig, method, RIG_WAIT_MS), token, bytes, true);
}

/* ---- streams ---- */

void rig_stream_open(struct rig_stream *stream,
                     struct rig *rig,
                     const char *method,
                     const char *token)
{
    grpc_metadata entry;
    grpc_op first = initial_metadata(token, &entry);
    grpc_op initial = {.op = GRPC_OP_RECV_INITIAL_METADATA};
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    static struct rig_op ignored;

    *stream = (struct rig_stream){.rig = rig, .text = grpc_empty_slice()};
    stream->call = open_call(rig, method, 10 * RIG_WAIT_MS);
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    initial.data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    status.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    status.data.recv_status_on_client.status = &stream->code;
    status.data.recv_status_on_client.status_details = &stream->text;
    start(stream->call, &first, 1, &stream->opened);
    start(stream->call, &initial, 1, &ignored);
    start(stream->call, &status, 1, &stream->ended);
    if (token)
        grpc_slice_unref(entry.value);
    assert_true(rig_wait(rig, &stream->opened, RIG_WAIT_MS));
    stream->sent.done = true;
}

void rig_stream_send_start(struct rig_stream *stream, struct slice bytes)
{
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    grpc_byte_buffer *message = buffer_of(bytes);

    op.data.send_message.send_message = message;
    start(stream->call, &op, 1, &stream->sent);
    grpc_byte_buffer_destroy(message);
}

bool rig_stream_send(struct rig_stream *stream, struct slice bytes)
{
    rig_stream_send_start(stream, bytes);
    return rig_wait(stream->rig, &stream->sent, RIG_WAIT_MS) && stream->sent.ok;
}

void rig_stream_half_close(struct rig_stream *stream)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};

    start(stream->call, &op, 1, &stream->closed);
    assert_true(rig_wait(stream->rig, &stream->closed, RIG_WAIT_MS));
}

struct slice rig_stream_receive(struct rig_stream *stream, uint32_t timeout_ms)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    if (!stream->receiving) {
        stream->receiving = true;
        stream->received = NULL;
        op.data.recv_message.recv_message = &stream->received;
        start(stream->call, &op, 1, &stream->got);
    }
    if (!rig_wait(stream->rig, &stream->got, timeout_ms))
        return (struct slice){NULL, 0};
    stream->receiving = false;
    return bytes_of(stream->rig, stream->received);
}

grpc_status_code rig_stream_finish(struct rig_stream *stream)
{
    assert_true(rig_wait(stream->rig, &stream->ended, RIG_WAIT_MS));
    if (stream->receiving) {
        assert_true(rig_wait(stream->rig, &stream->got, RIG_WAIT_MS));
        if (stream->received)
            grpc_byte_buffer_destroy(stream->received);
    }
    if (!stream->sent.done)
        assert_true(rig_wait(stream->rig, &stream->sent, RIG_WAIT_MS));
    grpc_slice_unref(stream->text);
    grpc_metadata_array_destroy(&stream->initial);
    grpc_metadata_array_destroy(&stream->trailing);
    grpc_call_unref(stream->call);
    return stream->code;
}

void rig_stream_cancel(struct rig_stream *stream)
{
    grpc_call_cancel(stream->call, NULL);
}

int rig_main(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int failed;

    grpc_init();
    signal(SIGPIPE, SIG_IGN);
    failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    grpc_shutdown_blocking();
    return failed;
}
