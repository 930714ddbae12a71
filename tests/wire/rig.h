/* A real signalbox-decider on a directory of its own, and raw gRPC calls to it: what the client
 * library would hide (a wrong token, half a message, a reader that stops) is what is tested.
 *
 * The decider's log goes to <directory>.log; SIGNALBOX_DECIDER is the program. One thread per rig.
 */
#ifndef TESTS_WIRE_RIG_H
#define TESTS_WIRE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "base/uuid.h"
#include "wire/wire.h"

#define RIG_WAIT_MS 20000

/* A sanitizer keeps freed memory for a while; how much a decider takes says nothing then. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RIG_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RIG_SANITIZED 1
#endif
#ifndef RIG_SANITIZED
#define RIG_SANITIZED 0
#endif

struct rig {
    char directory[64];
    char unix_path[96];
    pid_t pid;
    unsigned port;
    char operator_token[64];
    char gateway_token[64];
    grpc_channel *channel;
    grpc_completion_queue *queue;
    struct arena arena; /* of what calls give; until the rig is stopped */
};

/* Starts a decider; extra is a list of further options that ends with NULL, or NULL. */
void rig_start(struct rig *rig, const char *const *extra);
/* The same directory again after the process has ended. */
void rig_restart(struct rig *rig, const char *const *extra);
/* As rig_start, with catalog and demo-chat active and a gateway token. */
void rig_start_ready(struct rig *rig);
/* Over TCP, or over the unix socket, as at the start. */
void rig_connect(struct rig *rig, bool tcp);
void rig_signal(struct rig *rig, int number);
/* Waits for the process; 128 + signal when one killed it. */
int rig_wait_exit(struct rig *rig);
/* SIGTERM, wait, must give 0; removes the directory. */
void rig_stop(struct rig *rig);
/* A further process with these options on no rig; its exit code, what it wrote in the log. */
int rig_run(const char *const *options, const char *log_path);
/* True when the decider's log holds the text, within RIG_WAIT_MS. */
bool rig_log_has(const struct rig *rig, const char *text);
bool file_has(const char *path, const char *text);
size_t rig_memory_bytes(const struct rig *rig); /* resident */

/* ---- calls ---- */

struct rig_op {
    bool done;
    bool ok;
};

struct reply {
    grpc_status_code code;
    struct slice text;
    struct wire_status status; /* from grpc-status-details-bin; result OK without it */
    struct slice bytes;        /* the message; ptr NULL: none */
};

/* A unary call with any bytes. token NULL: none. */
struct reply rig_call(struct rig *rig,
                      const char *method,
                      const char *token,
                      struct slice bytes,
                      uint32_t timeout_ms);
/* As rig_call with a message and the operator's token; must give OK. The answer is unpacked. */
void *rig_ask(struct rig *rig,
              const char *method,
              const ProtobufCMessage *request,
              const ProtobufCMessageDescriptor *response);
/* Cancels after having started. */
void rig_call_and_cancel(struct rig *rig,
                         const char *method,
                         const char *token,
                         struct slice bytes);
/* A further key of this role; the token lives in the arena. */
const char *rig_token(struct rig *rig, enum role role);
/* The text of a file; the arena's. */
char *rig_document(struct rig *rig, const char *path);
struct slice rig_pack(struct rig *rig, const ProtobufCMessage *message);

/* ---- streams ---- */

struct rig_stream {
    struct rig *rig;
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *received;
    grpc_status_code code;
    grpc_slice text;
    struct rig_op opened, sent, closed, got, ended;
    bool receiving;
};

void rig_stream_open(struct rig_stream *stream,
                     struct rig *rig,
                     const char *method,
                     const char *token);
/* False: the stream is broken. */
bool rig_stream_send(struct rig_stream *stream, struct slice bytes);
/* Starts a send and does not wait; stream->sent.done says when it is through. */
void rig_stream_send_start(struct rig_stream *stream, struct slice bytes);
void rig_stream_half_close(struct rig_stream *stream);
/* The next message in the arena; ptr NULL: the stream has ended, or nothing came in time. */
struct slice rig_stream_receive(struct rig_stream *stream, uint32_t timeout_ms);
/* Waits for the status and frees the stream. */
grpc_status_code rig_stream_finish(struct rig_stream *stream);
void rig_stream_cancel(struct rig_stream *stream);
/* True when the op is done within timeout_ms. */
bool rig_wait(struct rig *rig, const struct rig_op *op, uint32_t timeout_ms);

/* ---- questions ---- */

struct question rig_admission(struct uuid id);
struct question rig_report(struct uuid id, uint32_t boundary, const char *route);
struct slice rig_question_bytes(struct rig *rig, const struct question *question);

/* Packs a StreamDecideRequest: items of (correlation id, question bytes). */
struct rig_items {
    char bytes[256 * 1024];
    size_t len;
};
void rig_items_add(struct rig_items *items, uint64_t correlation_id, struct slice question);
Signalbox__V1__StreamDecideResponse *rig_replies(struct rig *rig, struct slice bytes);

/* setup and teardown for cmocka: *state is a struct rig. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
/* cmocka's main around grpc_init. */
int rig_main(const char *name, const struct CMUnitTest *tests, size_t count);

#endif
