/* DecideRequest, Admission and AttemptReport: fields from facts.def and report.def. */
#include "base/address.h"
#include "base/decimal.h"
#include "base/uuid.h"
#include "signalbox/limits.h"
#include "wire/field.h"

/* Numbers of fields by name. */
enum {
#define X(number, KIND, list, name, keep) REPORT_##name = number,
#include "signalbox/report.def"
#undef X
};

_Static_assert(ERROR_MESSAGE_BYTES_MAX == TEXT_BYTES_MAX, "one bound for what a provider wrote");

/* What a provider wrote may be longer than a name. */
static size_t report_text_bytes_max(unsigned number)
{
    switch (number) {
    case REPORT_error_type:
    case REPORT_error_code:
    case REPORT_error_detail:
    case REPORT_error_param:
    case REPORT_error_message:
        return TEXT_BYTES_MAX;
    default:
        return NAME_BYTES_MAX;
    }
}

static void check_client_address(struct getter *get, struct slice text)
{
    uint8_t address[ADDRESS_BYTES];

    if (text.len && !address_parse(text, address))
        field_refuse(get, "client_address", RESULT_INVALID, "is not an IPv4 or IPv6 address");
}

/* A unit that the engine prices has a name and a whole number; anything else would be charged as
 * nothing. */
static void check_extra_usage(struct getter *get, struct pairs counts)
{
    for (unsigned i = 0; i < counts.count; i++) {
        uint64_t count;

        if (counts.items[i].key.len == 0)
            field_refuse(get, "extra_usage", RESULT_INVALID, "has an amount without a unit");
        if (!decimal_parse(counts.items[i].value, 0, &count))
            field_refuse(get, "extra_usage", RESULT_INVALID,
                         "has an amount that is not a count in decimal");
    }
}

/* ---- get ---- */

#define X(number, KIND, list, name, keep) GET_##KIND(number, list, name)

void field_get_facts(struct getter *get, const Signalbox__V1__Admission *message, struct facts *to)
{
    memset(to, 0, sizeof *to);
    if (!message)
        return;
#define TEXT_BOUND(number) NAME_BYTES_MAX
#define PAIRS_BOUND        TAGS_MAX
#include "signalbox/facts.def"
#undef TEXT_BOUND
#undef PAIRS_BOUND
    check_client_address(get, to->client_address);
}

void field_get_report(struct getter *get,
                      const Signalbox__V1__AttemptReport *message,
                      struct report *to)
{
    memset(to, 0, sizeof *to);
    if (!message)
        return;
#define TEXT_BOUND(number) report_text_bytes_max(number)
#define PAIRS_BOUND        LIST_ITEMS_MAX
#include "signalbox/report.def"
#undef TEXT_BOUND
#undef PAIRS_BOUND
    check_extra_usage(get, to->extra_usage);
}

#undef X

enum result wire_get_admission(const Signalbox__V1__Admission *message,
                               struct arena *arena,
                               struct facts *ret_facts,
                               struct wire_error *reterr_error)
{
    struct getter get = {arena, reterr_error, "", RESULT_OK};

    field_get_facts(&get, message, ret_facts);
    return get.result;
}

enum result wire_get_report(const Signalbox__V1__AttemptReport *message,
                            struct arena *arena,
                            struct report *ret_report,
                            struct wire_error *reterr_error)
{
    struct getter get = {arena, reterr_error, "", RESULT_OK};

    field_get_report(&get, message, ret_report);
    return get.result;
}

/* Which parts a boundary needs is part of the message's promise; whether the token is there only
 * matters to whoever does not know the request. */
static void check_parts(struct getter *get, const struct question *question)
{
    if (question->boundary > ATTEMPTS_MAX)
        field_refuse(get, "boundary", RESULT_INVALID, "no request has so many attempts");
    if (question->boundary == 0 && !question->has_facts)
        field_refuse(get, "admission", RESULT_INVALID, "is needed at boundary 0");
    if (question->boundary == 0 && question->has_report)
        field_refuse(get, "report", RESULT_INVALID, "comes from boundary 1 on");
    if (question->boundary > 0 && !question->has_report)
        field_refuse(get, "report", RESULT_INVALID, "is needed from boundary 1 on");
}

enum result wire_get_question(const Signalbox__V1__DecideRequest *message,
                              struct arena *arena,
                              struct question *ret_question,
                              struct wire_error *reterr_error)
{
    struct getter getter = {arena, reterr_error, "", RESULT_OK}, *get = &getter;
    struct question *to = ret_question;

    GET_UUID(1, _, request_id)
    GET_U32(2, _, boundary)
    to->has_facts = message->admission != NULL;
    to->has_report = message->report != NULL;
    to->resume_token =
        field_get_bytes(get, "resume_token", &message->resume_token, RESUME_TOKEN_BYTES_MAX);
    GET_U32(6, _, deadline_ms)
    GET_BOOL(7, _, want_trace)
    GET_BOOL(8, _, want_record)
    check_parts(get, to);
    get->place = "admission.";
    field_get_facts(get, message->admission, &to->facts);
    get->place = "report.";
    field_get_report(get, message->report, &to->report);
    return getter.result;
}

/* ---- put ---- */

#define X(number, KIND, list, name, keep) PUT_##KIND(number, list, name)

Signalbox__V1__Admission *wire_put_admission(const struct facts *facts, struct arena *arena)
{
    const struct facts *from = facts;
    Signalbox__V1__Admission *message = field_new(arena, &signalbox__v1__admission__descriptor);

    if (!message)
        return NULL;
#include "signalbox/facts.def"
    return arena->failed ? NULL : message;
}

Signalbox__V1__AttemptReport *wire_put_report(const struct report *report, struct arena *arena)
{
    const struct report *from = report;
    Signalbox__V1__AttemptReport *message =
        field_new(arena, &signalbox__v1__attempt_report__descriptor);

    if (!message)
        return NULL;
#include "signalbox/report.def"
    return arena->failed ? NULL : message;
}

#undef X

Signalbox__V1__DecideRequest *wire_put_question(const struct question *question,
                                                struct arena *arena)
{
    const struct question *from = question;
    Signalbox__V1__DecideRequest *message =
        field_new(arena, &signalbox__v1__decide_request__descriptor);

    if (!message)
        return NULL;
    PUT_UUID(1, _, request_id)
    PUT_U32(2, _, boundary)
    if (from->has_facts)
        message->admission = wire_put_admission(&from->facts, arena);
    if (from->has_report)
        message->report = wire_put_report(&from->report, arena);
    PUT_BYTES(5, _, resume_token)
    PUT_U32(6, _, deadline_ms)
    PUT_BOOL(7, _, want_trace)
    PUT_BOOL(8, _, want_record)
    return arena->failed ? NULL : message;
}
