/* A line may say which result it expects (result=precondition); without that the call must go well.
 */
#include "play/control.h"

#include <stdlib.h>
#include <time.h>

#include "play/expect.h"
#include "service/control.h"

#define WAIT_TURNS_MAX 20000

static struct slice value_of(const struct script_line *line, const char *key)
{
    const char *value = script_value(line, key);

    return slice_of(value ? value : "");
}

/* What the call answered is what the line says. */
static bool check_result(struct stage *stage, const struct script_line *line, enum result result)
{
    const char *wanted = script_value(line, "result");

    if (!strcmp(result_row(result)->name, wanted ? wanted : "ok"))
        return true;
    return expect_wrong(result_row(result)->name, text_of(stage->call.message));
}

static struct slice reason_of(const struct script_line *line)
{
    struct slice reason = value_of(line, "reason");

    return reason.len ? reason : SLICE_LITERAL("as the play wants it");
}

bool control_switch(struct stage *stage, const struct script_line *line)
{
    const char *direction = line->words[1].value;
    struct switch_request request = {
        .policy_id = value_of(line, "policy"),
        .name = value_of(line, "name"),
        .on = !strcmp(direction, "on"),
        .reason = reason_of(line),
        .etag = value_of(line, "etag"),
        .write_id = value_of(line, "write_id"),
    };
    struct switch_record record;

    if ((!request.on && strcmp(direction, "off") != 0) ||
        !signalbox_switch_scope_parse(slice_of(line->words[2].value), &request.scope))
        return expect_wrong("switch on|off SCOPE", line->words[2].value);
    return check_result(stage, line,
                        service_set_switch(stage->service, stage_call(stage), &request, &record));
}

bool control_pin(struct stage *stage, const struct script_line *line)
{
    const char *for_ms = script_value(line, "for_ms");
    struct pin_request request = {
        .policy_id = slice_of(line->words[1].value),
        .entry = value_of(line, "entry"),
        .expires_unix_ms = stage->now_ms + (for_ms ? strtol(for_ms, NULL, 10) : 0),
        .reason = reason_of(line),
    };
    struct pin_record record;

    return check_result(stage, line,
                        service_set_pin(stage->service, stage_call(stage), &request, &record));
}

bool control_feedback(struct stage *stage, const struct script_line *line)
{
    struct stage_request *asked = stage_request(stage, line->words[1].value);
    struct feedback_request request = {.source = SLICE_LITERAL("play")};

    if (!asked || !signalbox_feedback_parse(slice_of(line->words[2].value), &request.feedback))
        return expect_wrong("feedback R positive|negative", line->words[2].value);
    request.request_id = asked->id;
    return check_result(stage, line,
                        service_put_feedback(stage->service, stage_call(stage), &request));
}

/* The writer works in real time, so what is given up is waited for. */
bool control_unreported(struct stage *stage, const struct script_line *line)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    uint64_t wanted = strtoull(line->words[1].value, NULL, 10);
    struct service_stats stats = {.unreported = 0};

    for (int turn = 0; turn < WAIT_TURNS_MAX && stats.unreported < wanted; turn++) {
        stage->now_ms += 10; /* what is still being written is tried again */
        service_turn(stage->service, stage->now_ms);
        nanosleep(&millisecond, NULL);
        service_stats(stage->service, &stats);
    }
    return stats.unreported == wanted ||
           expect_wrong("requests given up", "not as many as expected");
}
