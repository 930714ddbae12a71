/* Facts and never a class: the decider classifies them, and its answer says as what. */
#include "ctl/example.h"

#include "base/clock.h"
#include "base/decimal.h"

#define ELAPSED_MS        1000
#define HTTP_STATUS_LEAST 100
#define HTTP_STATUS_MOST  599

static void set_common(Signalbox__V1__AttemptReport *report)
{
    report->started_unix_ms = (uint64_t)clock_unix_ms() - ELAPSED_MS;
    report->elapsed_ms = ELAPSED_MS;
    report->body_sent = true;
}

static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c has no const; packing only reads */
}

bool example_report(const char *word, Signalbox__V1__AttemptReport *report)
{
    uint64_t status;

    set_common(report);
#define X(text, TRANSPORT, PHASE, http, code, BODY_STATE, FINISH, more)                            \
    if (strcmp(word, text) == 0) {                                                                 \
        report->transport = SIGNALBOX__V1__TRANSPORT__TRANSPORT_##TRANSPORT;                       \
        report->timeout_phase = SIGNALBOX__V1__PHASE__PHASE_##PHASE;                               \
        report->http_status = (http);                                                              \
        report->error_code = borrow(code);                                                         \
        report->body_state = SIGNALBOX__V1__BODY_STATE__BODY_STATE_##BODY_STATE;                   \
        report->finish = SIGNALBOX__V1__FINISH__FINISH_##FINISH;                                   \
        more;                                                                                      \
        return true;                                                                               \
    }
#include "ctl/example.def"
#undef X
    if (!decimal_parse(slice_of(word), 0, &status) || status < HTTP_STATUS_LEAST ||
        status > HTTP_STATUS_MOST)
        return false;
    report->transport = SIGNALBOX__V1__TRANSPORT__TRANSPORT_COMPLETED;
    report->http_status = (uint32_t)status;
    return true;
}

void example_list(struct buf *buf)
{
    static const char *const words[] = {
#define X(text, ...) text,
#include "ctl/example.def"
#undef X
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        buf_format(buf, "%s%s", i ? ", " : "", words[i]);
}
