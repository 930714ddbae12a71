/* The life of a real decider: drain, kill and restart, two on one directory, junk on its port. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "wire/rig.h"

#define DECIDE "/signalbox.v1.DecisionService/Decide"
#define STREAM "/signalbox.v1.DecisionService/StreamDecide"

static struct rig_items items;

static void send_items(struct rig_stream *stream)
{
    assert_true(rig_stream_send(stream, (struct slice){items.bytes, items.len}));
    items.len = 0;
}

/* Every item that was sent before the signal is answered, then the stream says UNAVAILABLE. */
static void a_drain_answers_what_is_pending(void **state)
{
    struct rig *rig = *state;
    struct rig_stream stream, idle;
    unsigned answered = 0;

    rig_stream_open(&idle, rig, STREAM, rig->gateway_token);
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    for (unsigned i = 0; i < 64; i++) {
        struct question question = rig_admission(uuid_make(clock_unix_ms()));

        if (i % 2)
            question.facts.workload = SLICE_LITERAL("no-such-workload");
        rig_items_add(&items, i, rig_question_bytes(rig, &question));
    }
    send_items(&stream);
    answered = (unsigned)rig_replies(rig, rig_stream_receive(&stream, RIG_WAIT_MS))->n_items;
    rig_signal(rig, SIGTERM);
    for (;;) {
        struct slice bytes = rig_stream_receive(&stream, RIG_WAIT_MS);

        if (!bytes.ptr)
            break;
        answered += (unsigned)rig_replies(rig, bytes)->n_items;
    }
    assert_int_equal(answered, 64);
    assert_int_equal(rig_stream_finish(&stream), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_stream_finish(&idle), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_wait_exit(rig), 0);
    assert_true(rig_log_has(rig, "\"event\":\"stopped\""));
    rig_restart(rig, NULL);
}

/* A caller that reads nothing cannot hold the decider up longer than the grace. */
static void a_drain_is_bounded(void **state)
{
    static const char *const options[] = {"--grace-ms", "300", NULL};
    struct rig *rig = *state;
    struct rig_stream stream;
    int64_t before_ms;

    rig_signal(rig, SIGTERM);
    assert_int_equal(rig_wait_exit(rig), 0);
    rig_restart(rig, options);
    for (unsigned i = 0; i < 128; i++) {
        struct question question = rig_admission(uuid_make(clock_unix_ms()));

        question.want_trace = true;
        rig_items_add(&items, i, rig_question_bytes(rig, &question));
    }
    rig_stream_open(&stream, rig, STREAM, rig->gateway_token);
    for (unsigned i = 0; i < 2000; i++) {
        rig_stream_send_start(&stream, (struct slice){items.bytes, items.len});
        if (!rig_wait(rig, &stream.sent, 300))
            break;
    }
    items.len = 0;
    assert_false(stream.sent.done);
    before_ms = clock_unix_ms();
    rig_signal(rig, SIGTERM);
    assert_int_equal(rig_wait_exit(rig), 0);
    assert_true(clock_unix_ms() - before_ms < 3000);
    rig_stream_cancel(&stream);
    (void)rig_stream_finish(&stream);
    rig_restart(rig, NULL);
}

static struct reply decide(struct rig *rig, const struct question *question)
{
    return rig_call(rig, DECIDE, rig->gateway_token, rig_question_bytes(rig, question),
                    RIG_WAIT_MS);
}

static const Signalbox__V1__Decision *decision_in(struct rig *rig, const struct reply *reply)
{
    ProtobufCMessage *message = NULL;
    struct wire_error error;

    if (reply->code != GRPC_STATUS_OK)
        fail_msg("status %d: %.*s", (int)reply->code, (int)reply->text.len, reply->text.ptr);
    assert_int_equal(wire_unpack(&signalbox__v1__decide_response__descriptor, reply->bytes,
                                 &rig->arena, &message, &error),
                     RESULT_OK);
    return ((const Signalbox__V1__DecideResponse *)(const void *)message)->decision;
}

/* What was durable before kill -9 is there after it: policy, tokens, and a request's answer. */
static void a_killed_decider_comes_back_with_what_was_durable(void **state)
{
    struct rig *rig = *state;
    struct question refused = rig_admission(uuid_make(clock_unix_ms()));
    struct question question = rig_admission(uuid_make(clock_unix_ms()));
    const Signalbox__V1__Decision *before, *after;
    struct reply reply;

    refused.facts.workload = SLICE_LITERAL("no-such-workload");
    reply = decide(rig, &refused);
    before = decision_in(rig, &reply);
    assert_true(before->durable);
    rig_signal(rig, SIGKILL);
    assert_int_equal(rig_wait_exit(rig), 128 + SIGKILL);
    rig_restart(rig, NULL); /* the socket's file is still there, and the lock's */
    reply = decide(rig, &refused);
    after = decision_in(rig, &reply);
    assert_string_equal(after->decision_id, before->decision_id);
    reply = decide(rig, &question);
    assert_int_equal(decision_in(rig, &reply)->action, SIGNALBOX__V1__ACTION__ACTION_SEND);
}

static void a_second_decider_is_refused_and_changes_nothing(void **state)
{
    struct rig *rig = *state;
    const char *options[] = {"--directory", rig->directory, "--listen-tcp", "off", NULL};
    struct question question = rig_admission(uuid_make(clock_unix_ms()));
    struct reply reply;
    char log[96];

    snprintf(log, sizeof log, "%s/second.log", rig->directory);
    assert_int_equal(rig_run(options, log), result_row(RESULT_LOCKED)->exit_code);
    assert_true(file_has(log, "\"result\":\"locked\""));
    reply = decide(rig, &question);
    assert_int_equal(reply.code, GRPC_STATUS_OK);
}

static void a_taken_port_is_refused(void **state)
{
    struct rig *rig = *state;
    char directory[96], address[32], log[112];
    const char *options[] = {"--directory", directory, "--listen-tcp", address, "--map-bytes",
                             "16777216",    NULL};

    snprintf(directory, sizeof directory, "%s/other", rig->directory);
    snprintf(address, sizeof address, "127.0.0.1:%u", rig->port);
    snprintf(log, sizeof log, "%s/port.log", rig->directory);
    assert_int_equal(rig_run(options, log), result_row(RESULT_IO)->exit_code);
    assert_true(file_has(log, "cannot listen on"));
}

static void what_cannot_be_is_refused_at_the_start(void **state)
{
    static const struct {
        const char *name, *value;
        int code;
        const char *says;
    } rows[] = {
        {"--listen-tcp", "0.0.0.0:7450", 65, "loopback only"},
        {"--listen-tcp", "[::]:7450", 65, "loopback only"},
        {"--listen-tcp", "192.0.2.1:7450", 65, "loopback only"},
        {"--listen-tcp", "example.com:7450", 65, "loopback only"},
        {"--listen-tcp", "7450", 65, "host:port"},
        {"--grace-ms", "-1", 64, "grace-ms"},
        {"--log-level", "loud", 64, "log-level"},
        {"--nonsense", "1", 64, "nonsense"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char directory[96], log[112];
        const char *options[] = {"--directory", directory,     "--map-bytes", "16777216",
                                 rows[i].name,  rows[i].value, NULL};
        int code;

        snprintf(directory, sizeof directory, "%s/other", rig->directory);
        snprintf(log, sizeof log, "%s/bad.log", rig->directory);
        code = rig_run(options, log);
        if (code != rows[i].code || !file_has(log, rows[i].says))
            fail_msg("%s %s: exit code %d", rows[i].name, rows[i].value, code);
    }
}

static void the_sockets_file_is_for_owner_and_group(void **state)
{
    struct rig *rig = *state;
    struct stat there;

    assert_int_equal(stat(rig->unix_path, &there), 0);
    assert_true(S_ISSOCK(there.st_mode));
    assert_int_equal(there.st_mode & 0777, 0660);
}

static void tcp_serves_as_well(void **state)
{
    struct rig *rig = *state;
    struct question question = rig_admission(uuid_make(clock_unix_ms()));

    rig_connect(rig, true);
    assert_int_equal(decide(rig, &question).code, GRPC_STATUS_OK);
}

static void say(struct rig *rig, const char *bytes, size_t len)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_true(send(fd, bytes, len, MSG_NOSIGNAL) >= 0 || errno == EPIPE);
    shutdown(fd, SHUT_WR);
    while (len && recv(fd, (char[256]){0}, 256, 0) > 0)
        continue;
    close(fd);
}

static void junk_on_the_port_harms_nobody(void **state)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char preface[] =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    struct rig *rig = *state;
    struct question question = rig_admission(uuid_make(clock_unix_ms()));
    char junk[4096];

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)(i * 131 + 7);
    for (unsigned i = 0; i < 20; i++) {
        say(rig, junk, sizeof junk);
        say(rig, http, sizeof http - 1);
        say(rig, preface, sizeof preface - 1);
        say(rig, "", 0);
    }
    assert_int_equal(decide(rig, &question).code, GRPC_STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_drain_answers_what_is_pending),
        RIG_TEST(a_drain_is_bounded),
        RIG_TEST(a_killed_decider_comes_back_with_what_was_durable),
        RIG_TEST(a_second_decider_is_refused_and_changes_nothing),
        RIG_TEST(a_taken_port_is_refused),
        RIG_TEST(what_cannot_be_is_refused_at_the_start),
        RIG_TEST(the_sockets_file_is_for_owner_and_group),
        RIG_TEST(tcp_serves_as_well),
        RIG_TEST(junk_on_the_port_harms_nobody),
    };

    return rig_main("decider_life", tests, sizeof tests / sizeof *tests);
}
