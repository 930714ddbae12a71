#include <stdlib.h>

#include "decide.h"
#include "sample.h"
#include "wire/scan.h"
#include "wire/wire.h"

#define PACKED_BYTES_MAX 65536
#define ARENA_BYTES      65536

struct packed {
    uint8_t bytes[PACKED_BYTES_MAX];
    size_t len;
};

static struct packed admission, report;
static struct decision admitted, completed;
static char memory[ARENA_BYTES];
static struct arena arena;

static void unpack(const struct packed *packed, bool convert)
{
    ProtobufCMessage *message;
    struct question question;
    struct wire_error error;
    const struct slice bytes = {(const char *)packed->bytes, packed->len};

    arena_reset(&arena);
    if (wire_unpack(&signalbox__v1__decide_request__descriptor, bytes, &arena, &message, &error))
        abort();
    if (convert && wire_get_question((const void *)message, &arena, &question, &error))
        abort();
    keep(message);
    keep(&question);
}

static void scan(const struct packed *packed)
{
    struct wire_error error;
    const struct slice bytes = {(const char *)packed->bytes, packed->len};

    if (scan_message(&signalbox__v1__decide_request__descriptor, bytes, &error))
        abort();
}

static size_t pack_decision(const struct decision *decision)
{
    static uint8_t bytes[PACKED_BYTES_MAX];
    Signalbox__V1__Decision *message;

    arena_reset(&arena);
    message = wire_put_decision(decision, &arena);
    if (!message || protobuf_c_message_get_packed_size(&message->base) > sizeof bytes)
        abort();
    keep(bytes);
    return protobuf_c_message_pack(&message->base, bytes);
}

static void on_scan_admission(void)
{
    scan(&admission);
}

static void on_unpack_admission(void)
{
    unpack(&admission, false);
}

static void on_read_admission(void)
{
    unpack(&admission, true);
}

static void on_scan_report(void)
{
    scan(&report);
}

static void on_unpack_report(void)
{
    unpack(&report, false);
}

static void on_read_report(void)
{
    unpack(&report, true);
}

static void on_pack_admitted(void)
{
    pack_decision(&admitted);
}

static void on_pack_completed(void)
{
    pack_decision(&completed);
}

static size_t admission_bytes(void)
{
    return admission.len;
}

static size_t report_bytes(void)
{
    return report.len;
}

static size_t admitted_bytes(void)
{
    return pack_decision(&admitted);
}

static size_t completed_bytes(void)
{
    return pack_decision(&completed);
}

static bool pack_question(const struct question *question, struct packed *ret_packed)
{
    Signalbox__V1__DecideRequest *message;

    arena_reset(&arena);
    message = wire_put_question(question, &arena);
    if (!message || protobuf_c_message_get_packed_size(&message->base) > PACKED_BYTES_MAX)
        return false;
    ret_packed->len = protobuf_c_message_pack(&message->base, ret_packed->bytes);
    return true;
}

bool decide_wire_init(const struct facts *facts, const struct report *attempt)
{
    const struct uuid id = {{0x01, 0x9a, 0x32, 0x10, 0x5c, 0x40, 0x70, 0, 0x80}};
    const struct question asked = {.request_id = id, .has_facts = true, .facts = *facts};
    struct question reported = {
        .request_id = id, .boundary = 1, .has_report = true, .report = *attempt};

    arena_init(&arena, memory, sizeof memory, ARENA_BYTES);
    admitted = sample_admitted();
    completed = sample_completed();
    reported.resume_token = admitted.resume_token;
    return pack_question(&asked, &admission) && pack_question(&reported, &report);
}

const struct decide_row decide_wire_rows[] = {
    {"scan_admission", on_scan_admission, admission_bytes},
    {"scan_unpack_admission", on_unpack_admission, admission_bytes},
    {"scan_unpack_convert_admission", on_read_admission, admission_bytes},
    {"scan_report", on_scan_report, report_bytes},
    {"scan_unpack_report", on_unpack_report, report_bytes},
    {"scan_unpack_convert_report", on_read_report, report_bytes},
    {"convert_pack_admitted", on_pack_admitted, admitted_bytes},
    {"convert_pack_completed", on_pack_completed, completed_bytes},
};
const unsigned decide_wire_rows_count = sizeof decide_wire_rows / sizeof *decide_wire_rows;
